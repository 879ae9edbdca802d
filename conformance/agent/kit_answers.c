/* Calls of the SDK outside runs: begun, and the values of their answers. */
#include "conformance/agent/kit_internal.h"

int ak_begin_sdk(struct ak *ak, const char *call, const char *args)
{
    return ak_begin(ak, "sdk",
                    ak_text(ak, "{'call':'%s','url':'%s','secretKey':'%s','args':%s}", call,
                            ak_url(ak), CS_ENDPOINT_SECRET_KEY, args ? args : "[]"));
}

const cJSON *ak_outcome_value(struct ak *ak, int command)
{
    const char *outcome = ak_outcome(ak, command);
    const cJSON *done = ak_event(ak, command, "done", 0);
    if (!done) {
        cs_case_fail(ak->run, "the call came to nothing: %s", outcome);
    }
    return cJSON_GetObjectItemCaseSensitive(done, "value");
}
