/* Tokens: where they come from, and the create call that gives them. */
#include "client/chat_impl.h"

#include <stdlib.h>

#include "wire/json.h"

bool cs_chat_can_start(const struct cs_chat *chat)
{
    return chat->start || (chat->secret_key && chat->task);
}

static enum cs_chat_result take_token(struct cs_chat *chat, struct cs_view token)
{
    if (token.len == 0 || !cs_chat_token_fits(token)) {
        return cs_chat_failed(chat, CS_CHAT_NO_TOKEN, CS_ERR_SYNTAX, 0,
                              "what came is no token: %zu bytes", token.len);
    }
    return cs_chat_set(&chat->token, token)
               ? CS_CHAT_OK
               : cs_chat_failed(chat, CS_CHAT_NO_MEMORY, CS_ERR_NO_MEMORY, 0, "out of memory");
}

static enum cs_chat_result ask(struct cs_chat *chat, cs_chat_token_fn *give)
{
    struct cs_buf token = CS_BUF(CHAT_MAX_TOKEN);
    struct cs_diag diag = {.text = "no reason given"};
    enum cs_chat_result result;
    if (give(chat->ctx, &token, &diag)) {
        result = take_token(chat, cs_buf_view(&token));
    } else {
        result = cs_chat_failed(chat, CS_CHAT_NO_TOKEN, diag.code, 0, "no token: %s", diag.text);
    }
    cs_buf_free(&token);
    return result;
}

static void take_string(char **field, struct cs_view body, struct cs_view key)
{
    struct cs_view value;
    struct cs_buf text = CS_BUF(CHAT_MAX_TOKEN);
    if (!cs_json_get(body, key, &value) && !cs_json_string(value, &text)) {
        cs_chat_set(field, cs_buf_view(&text));
    }
    cs_buf_free(&text);
}

/* 201 for a new session, 200 for one that was there: both bring a fresh token (CAP-88). */
static enum cs_chat_result created(struct cs_chat *chat, struct cs_exchange *exchange)
{
    int status = cs_exchange_status(exchange);
    struct cs_view body = cs_exchange_body(exchange);
    if (status == 400 && chat->policy.go_on_uncreated) {
        return take_token(chat, cs_view_str(chat->secret_key));
    }
    if ((status != 200 || chat->policy.create_must_be_new) && status != 201) {
        enum cs_chat_result refused = cs_chat_refused(chat, exchange);
        if (status == 409) { /* closed or expired: the id is used up (SES-16) */
            cs_chat_mark_closed(chat, (struct cs_view){0});
            return CS_CHAT_CLOSED;
        }
        return refused;
    }
    char *token = NULL;
    if (!cs_json_check(body, NULL)) {
        take_string(&token, body, CS_VIEW("publicAccessToken"));
        take_string(&chat->session_id, body, CS_VIEW("id"));
        take_string(&chat->run_id, body, CS_VIEW("runId"));
    }
    enum cs_chat_result result = take_token(chat, cs_view_str(token));
    free(token);
    return result;
}

static enum cs_chat_result create(struct cs_chat *chat)
{
    struct cs_buf url = CS_BUF(CHAT_MAX_URL);
    struct cs_buf body = CS_BUF(CHAT_MAX_BODY);
    cs_buf_str(&url, chat->base_url);
    cs_buf_str(&url, "/api/v1/sessions");
    cs_input_create(&body, chat);
    char *where = cs_buf_take(&url);
    struct cs_exchange *exchange = NULL;
    struct cs_chat_post post = {
        .url = where, .bearer = &chat->secret_key, .body = cs_buf_view(&body)};
    enum cs_chat_result result =
        where && !cs_buf_error(&body)
            ? cs_chat_post(chat, &post, &exchange)
            : cs_chat_failed(chat, CS_CHAT_USAGE, CS_ERR_LIMIT, 0, "the create call is too long");
    if (result == CS_CHAT_OK) {
        result = created(chat, exchange);
    }
    cs_exchange_free(exchange);
    cs_buf_free(&body);
    free(where);
    return result;
}

enum cs_chat_result cs_chat_ask_start(struct cs_chat *chat)
{
    if (chat->start) {
        return ask(chat, chat->start);
    }
    if (cs_chat_can_start(chat)) {
        return create(chat);
    }
    if (chat->refresh) {
        return ask(chat, chat->refresh);
    }
    return cs_chat_failed(chat, CS_CHAT_NO_TOKEN, CS_ERR_MISSING, 0,
                          "no token, and nothing that could give one");
}

enum cs_chat_result cs_chat_ask_refresh(struct cs_chat *chat)
{
    if (chat->refresh) {
        return ask(chat, chat->refresh);
    }
    /* Starting is idempotent and gives a fresh token (CTK-46); else the refusal stands. */
    return cs_chat_can_start(chat) ? cs_chat_ask_start(chat) : CS_CHAT_REFUSED;
}
