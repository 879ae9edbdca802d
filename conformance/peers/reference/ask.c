#include <stdlib.h>

#include "conformance/peers/reference/adapter.h"
#include "conformance/peers/reference/say.h"

int number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valueint : -1;
}

cJSON *adapter_read(struct adapter *adapter, int64_t timeout_ms)
{
    char *line;
    enum cs_err err = cs_lines_next(&adapter->lines, timeout_ms, &line);
    if (err != CS_OK) {
        adapter->over = adapter->over || err != CS_ERR_TIMEOUT;
        return NULL;
    }
    cJSON *command = cJSON_Parse(line);
    free(line);
    if (!command) {
        say_refusal(-1, "the line is not JSON");
    }
    return command;
}

/* Asks, and keeps whatever else comes until the answer is there for later. */
static bool ask(struct adapter *adapter, const char *kind, struct cs_buf *ret_token,
                struct cs_diag *diag)
{
    int number = ++adapter->last_ask;
    cJSON *question = cJSON_CreateObject();
    if (!question) {
        out_of_memory();
    }
    cJSON_AddStringToObject(question, "event", "ask");
    cJSON_AddNumberToObject(question, "ask", number);
    cJSON_AddStringToObject(question, "kind", kind);
    say(question);
    while (!adapter->over) {
        cJSON *command = adapter_read(adapter, ADAPTER_FOR_EVER);
        const char *name = text_of(command, "command");
        if (!name || strcmp(name, "answer") != 0 || number_of(command, "ask") != number) {
            cJSON_AddItemToArray(adapter->deferred, command);
            continue;
        }
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(command, "value");
        const char *token = cJSON_IsObject(value) ? text_of(value, "publicAccessToken")
                                                  : cJSON_GetStringValue(value);
        if (token) {
            cs_buf_str(ret_token, token);
        } else {
            const char *why = text_of(command, "error");
            cs_fail(diag, CS_ERR_MISSING, 0, "%.150s", why ? why : "no token was given");
        }
        say_plain("ok", number_of(command, "id"));
        cJSON_Delete(command);
        return token != NULL;
    }
    return false;
}

bool adapter_ask_start(void *ctx, struct cs_buf *ret_token, struct cs_diag *diag)
{
    return ask(ctx, "start", ret_token, diag);
}

bool adapter_ask_token(void *ctx, struct cs_buf *ret_token, struct cs_diag *diag)
{
    return ask(ctx, "token", ret_token, diag);
}
