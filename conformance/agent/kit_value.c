/* Judging JSON that comes as text: values of calls, bodies of requests. */
#include <string.h>

#include "conformance/agent/kit_internal.h"

const char *ak_value_member(struct ak *ak, const char *text, const char *path)
{
    cJSON *value = cJSON_Parse(text);
    const char *member = value ? ak_member(ak, value, path) : "nothing";
    cJSON_Delete(value);
    return member;
}

void ak_expect_value(struct ak *ak, const char *what, const char *text, const char *path,
                     const char *json)
{
    cJSON *expected = ak_parse(ak, json);
    const char *shown = ak_print(ak, expected);
    cJSON *value = cJSON_Parse(text);
    const cJSON *actual = ak_at_path(value, path);
    bool equal = actual && cJSON_Compare(actual, expected, true);
    const char *seen = value ? ak_member(ak, value, path) : text;
    cJSON_Delete(expected);
    cJSON_Delete(value);
    if (!equal) {
        cs_case_fail_diff(ak->run, shown, seen, "%s%s%s is not right", what, *path ? ": " : "",
                          path);
    }
}

void ak_expect_body(struct ak *ak, const struct ak_request *request, const char *path,
                    const char *json)
{
    if (!request) {
        cs_case_fail(ak->run, "a request did not come whose body should be %s", json);
    }
    ak_expect_value(ak, ak_text(ak, "the body of %s %s", request->method, request->path),
                    ak_keep(ak, request->body), path, json);
}

void ak_expect_has(struct ak *ak, const char *what, const char *text, const char *part)
{
    if (!text || !strstr(text, part)) {
        cs_case_fail_diff(ak->run, ak_text(ak, "...%s...", part), text ? text : "nothing",
                          "%s is not right", what);
    }
}

void ak_expect_note(struct ak *ak, int run, const char *name, const char *path, const char *json)
{
    ak_expect(ak, ak_text(ak, "what \"%s\" gave", name), ak_wait_note(ak, run, name), path, json);
}

bool ak_is_done(const struct ak *ak, int command)
{
    return ak_event(ak, command, "done", 0) || ak_event(ak, command, "error", 0);
}
