/* Other processes than the slot's worker: the offline harness as a second driver, and an older
 * version that hands its chats over. */
#include <stdlib.h>

#include "conformance/agent/kit_internal.h"

#define MAX_WORDS ((size_t)32)

/* The first process is let go as at the end of a case; one that cannot is ended, and the runner
 * starts another for the next case. */
static void leave_worker(struct ak *ak)
{
    if (!ak->talk.adapter) {
        return;
    }
    if (ak->talk.listening && !ak_reset(ak)) {
        cs_process_kill(ak->talk.adapter->process);
    }
    ak_unlisten(ak);
    if (ak->own_worker) {
        cs_process_kill(ak->talk.adapter->process);
        cs_adapter_end(ak->talk.adapter);
    }
    ak->talk.adapter = NULL;
    ak->own_worker = false;
}

static enum cs_err start_other(struct ak *ak, const char *const *argv, struct cs_diag *diag)
{
    struct cs_client_env env = *ak->env;
    env.argv = argv;
    struct cs_adapter *worker = NULL;
    enum cs_err err = cs_adapter_start(&env, &worker, diag);
    if (err == CS_OK) {
        ak->own_worker = true;
        ak_listen(ak, worker);
    }
    return err;
}

void ak_use_mock(struct ak *ak, const char *option)
{
    const char *words[MAX_WORDS + 2] = {0};
    size_t n = 0;
    for (; ak->env->argv[n]; n++) {
        if (n == MAX_WORDS) {
            cs_case_error(ak->run, "the worker's command has too many words");
        }
        words[n] = ak->env->argv[n];
    }
    words[n] = option;
    leave_worker(ak);
    struct cs_diag diag;
    enum cs_err err = start_other(ak, words, &diag);
    if (err == CS_ERR_TIMEOUT) {
        cs_case_error(ak->run, "the worker does not start with %s: %s", option, diag.text);
    }
    if (err != CS_OK) { /* somebody's own worker without a harness */
        cs_case_skip(ak->run, "the worker does not start with %s: %s", option, diag.text);
    }
}

void ak_use_older(struct ak *ak)
{
    if (!ak->env->older_argv) {
        cs_case_skip(ak->run, "needs an older version that hands over (--from VERSION)");
    }
    leave_worker(ak);
    struct cs_diag diag;
    if (start_other(ak, ak->env->older_argv, &diag) != CS_OK) {
        cs_case_error(ak->run, "the worker of the older version does not start: %s", diag.text);
    }
}

void ak_use_newer(struct ak *ak)
{
    if (ak->talk.adapter) {
        ak_kill(ak);
    }
    ak_need_worker(ak);
}

const cJSON *ak_mock(struct ak *ak, const char *task, const char *members, const char *script)
{
    int command = ak_begin(ak, "mock",
                           ak_text(ak, "{'task':'%s'%s%s,'script':%s}", task, members ? "," : "",
                                   members ? members : "", script));
    const char *told = ak_outcome(ak, command);
    if (strncmp(told, "an error", 8) == 0) {
        cs_case_fail(ak->run, "the harness failed: %s", told);
    }
    return cJSON_GetObjectItemCaseSensitive(ak_event(ak, command, "done", 0), "value");
}

int ak_mock_number(const struct ak *ak)
{
    return ak->talk.last_command;
}

const char *ak_mock_notation(struct ak *ak, const cJSON *raw)
{
    struct cs_buf text = CS_BUF((size_t)1024 * 1024);
    const char *last = "";
    bool many = false;
    const cJSON *chunk;
    cJSON_ArrayForEach(chunk, raw)
    {
        const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(chunk, "type"));
        const char *word = type ? type : "untyped";
        if (strcmp(word, "trigger:turn-complete") == 0) {
            word = "TC";
        } else if (strncmp(word, "trigger:", 8) == 0) {
            word = ak_text(ak, "ctl:%s", word + 8);
        }
        bool same = strcmp(word, last) == 0;
        if (!same) {
            cs_buf_printf(&text, "%s%s", text.len > 0 ? " " : "", word);
        } else if (!many) {
            cs_buf_char(&text, '+');
        }
        many = same;
        last = word;
    }
    const char *kept = ak_keep(ak, cs_buf_view(&text));
    cs_buf_free(&text);
    return kept;
}
