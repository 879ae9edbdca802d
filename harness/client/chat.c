/* The life of a chat, its plain state, and the sends. */
#include "client/chat_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/json.h"
#include "wire/utf8.h"

static bool copy(char **to, const char *text)
{
    *to = text ? strdup(text) : NULL;
    return *to || !text;
}

static bool is_utf8(const char *text)
{
    struct cs_view view = cs_view_str(text);
    return cs_utf8_valid_prefix(view) == view.len;
}

static bool is_object(struct cs_view json)
{
    struct cs_view member;
    return cs_json_check(json, NULL) == CS_OK &&
           cs_json_get(json, CS_VIEW(""), &member) != CS_ERR_TYPE;
}

/* A path segment that URLs leave out, escaped or not (CAP-03). */
static bool is_dots(const char *id)
{
    return strcmp(id, ".") == 0 || strcmp(id, "..") == 0;
}

/* These become parts of JSON bodies as they stand. */
static bool is_sendable(const struct cs_chat_options *options)
{
    bool accept_dots = options->policy && options->policy->accept_dot_ids;
    return (!is_dots(options->chat_id) || accept_dots) && is_utf8(options->chat_id) &&
           is_utf8(options->task) &&
           (!options->client_data || is_object(cs_view_str(options->client_data)));
}

struct cs_chat *cs_chat_new(const struct cs_chat_options *options)
{
    struct cs_chat *chat = options->base_url && options->chat_id ? calloc(1, sizeof *chat) : NULL;
    if (!chat) {
        return NULL;
    }
    chat->policy = options->policy ? *options->policy : cs_chat_policy_default();
    chat->start = options->start;
    chat->refresh = options->refresh;
    chat->on_exchange = options->on_exchange;
    chat->ctx = options->ctx;
    chat->timeout_s = options->timeout_s ? options->timeout_s : 120;
    cs_uuid(chat->part_id);
    chat->http = cs_http_new();
    if (!chat->http || !is_sendable(options) || !copy(&chat->base_url, options->base_url) ||
        !copy(&chat->task, options->task) || !copy(&chat->chat_id, options->chat_id) ||
        !copy(&chat->secret_key, options->secret_key) ||
        !copy(&chat->client_data, options->client_data)) {
        cs_chat_free(chat);
        return NULL;
    }
    size_t len = strlen(chat->base_url);
    if (len > 0 && chat->base_url[len - 1] == '/') {
        chat->base_url[len - 1] = '\0';
    }
    return chat;
}

void cs_chat_free(struct cs_chat *chat)
{
    if (!chat) {
        return;
    }
    cs_distort_free(&chat->distort);
    cs_exchange_free(chat->out);
    cs_http_free(chat->http);
    free(chat->base_url);
    free(chat->task);
    free(chat->chat_id);
    free(chat->secret_key);
    free(chat->client_data);
    free(chat->token);
    free(chat->session_id);
    free(chat->run_id);
    free(chat->closed_reason);
    free(chat);
}

/* ---- helpers for the other files ---- */

enum cs_chat_result cs_chat_failed(struct cs_chat *chat, enum cs_chat_result result,
                                   enum cs_err cause, int status, const char *fmt, ...)
{
    chat->error = (struct cs_chat_error){.cause = cause, .status = status};
    va_list args;
    va_start(args, fmt);
    vsnprintf(chat->error.text, sizeof chat->error.text, fmt, args);
    va_end(args);
    return result;
}

bool cs_chat_set(char **field, struct cs_view text)
{
    char *own = strndup(text.len > 0 ? text.ptr : "", text.len);
    if (!own) {
        return false;
    }
    free(*field);
    *field = own;
    return true;
}

bool cs_chat_token_fits(struct cs_view token)
{
    for (size_t i = 0; i < token.len; i++) {
        if (token.ptr[i] <= ' ' || token.ptr[i] > '~') {
            return false;
        }
    }
    return token.len <= CHAT_MAX_TOKEN;
}

void cs_chat_mark_closed(struct cs_chat *chat, struct cs_view reason)
{
    chat->closed = true;
    chat->streaming = false;
    if (reason.len > 0) {
        cs_chat_set(&chat->closed_reason, reason);
    }
}

/* ---- sending ---- */

enum cs_chat_result cs_chat_start(struct cs_chat *chat)
{
    if (chat->closed) {
        return cs_chat_failed(chat, CS_CHAT_CLOSED, CS_OK, 0, "the session is closed");
    }
    return chat->secret_key || !chat->token ? cs_chat_ask_start(chat) : CS_CHAT_OK;
}

/* Ends the read that is under way: what it received stays in place, since the callback that got us
 * here may still look at it. */
static void interrupt_read(struct cs_chat *chat)
{
    chat->interrupted = true; /* also between two subscriptions */
    if (chat->out) {
        cs_exchange_cancel(chat->out);
    }
}

void cs_chat_cancel(struct cs_chat *chat)
{
    interrupt_read(chat);
}

void cs_chat_watch(struct cs_chat *chat, int fd, void (*ready)(void *ctx), void *ctx)
{
    cs_http_watch(chat->http, fd, ready, ctx);
}

/* Appends a built record and frees it. */
static enum cs_chat_result append(struct cs_chat *chat, struct cs_buf *record, struct seq *ret_seq)
{
    enum cs_chat_result result;
    if (cs_buf_error(record)) {
        result = cs_chat_failed(chat, CS_CHAT_USAGE, cs_buf_error(record), 0,
                                "the record cannot be built: %s", cs_err_name(record->failed));
    } else {
        result = cs_chat_append(chat, cs_buf_view(record), ret_seq);
    }
    cs_buf_free(record);
    return result;
}

/* A record that begins a turn; reading it is up to the caller. */
static enum cs_chat_result begin_turn(struct cs_chat *chat, struct cs_buf *record)
{
    enum cs_chat_result result = CS_CHAT_OK;
    if (chat->n_sends > 0 && chat->policy.repost_for_follow_up) {
        result = cs_chat_ask_start(chat);
    }
    if (chat->n_sends == 0 && chat->policy.trigger_task) {
        cs_chat_trigger_task(chat);
    }
    struct seq seq = {0};
    for (int64_t i = 1; i < chat->policy.appends_per_send && result == CS_CHAT_OK; i++) {
        result = cs_chat_append(chat, cs_buf_view(record), &seq);
    }
    if (result == CS_CHAT_OK) {
        result = append(chat, record, &seq);
    } else {
        cs_buf_free(record);
    }
    chat->n_sends++;
    if (result == CS_CHAT_OK) {
        if (chat->policy.abort_old_read) {
            interrupt_read(chat);
        }
        chat->active_seq = seq;
        chat->streaming = true;
    } else if (result == CS_CHAT_REFUSED && chat->policy.read_after_refusal) {
        cs_chat_read_turn(chat, NULL, NULL, chat->policy.read_after_refusal);
    }
    return result;
}

static bool is_json(struct cs_chat *chat, const char *text, bool object)
{
    struct cs_view view = cs_view_str(text);
    if (!text || cs_json_check(view, NULL) || (object && !is_object(view))) {
        cs_chat_failed(chat, CS_CHAT_USAGE, CS_ERR_SYNTAX, 0, "not a JSON %s: %.64s",
                       object ? "object" : "value", text ? text : "(null)");
        return false;
    }
    return true;
}

static bool is_text(struct cs_chat *chat, const char *text)
{
    if (!text || !is_utf8(text)) {
        cs_chat_failed(chat, CS_CHAT_USAGE, CS_ERR_SYNTAX, 0, "the text is not valid UTF-8");
        return false;
    }
    return true;
}

enum cs_chat_result cs_chat_send_message(struct cs_chat *chat, const char *message_json)
{
    if (!is_json(chat, message_json, true)) {
        return CS_CHAT_USAGE;
    }
    struct cs_buf record = CS_BUF(CHAT_MAX_BODY);
    bool preload = chat->policy.say_preload && chat->n_sends == 0;
    struct cs_buf other = CS_BUF(CHAT_MAX_BODY);
    if (chat->policy.fresh_message_ids) {
        cs_input_user_message(&other, "something else");
    }
    cs_input_message(&record, chat, preload ? "preload" : "submit-message", "message",
                     other.len > 0 ? cs_buf_view(&other) : cs_view_str(message_json));
    cs_buf_free(&other);
    return begin_turn(chat, &record);
}

static enum cs_chat_result with_text(struct cs_chat *chat, const char *text,
                                     enum cs_chat_result (*send)(struct cs_chat *, const char *))
{
    if (!is_text(chat, text)) {
        return CS_CHAT_USAGE;
    }
    struct cs_buf message = CS_BUF(CHAT_MAX_BODY);
    cs_input_user_message(&message, text);
    char *json = cs_buf_take(&message);
    enum cs_chat_result result =
        json ? send(chat, json)
             : cs_chat_failed(chat, CS_CHAT_USAGE, CS_ERR_LIMIT, 0, "the text is too long");
    free(json);
    return result;
}

enum cs_chat_result cs_chat_send(struct cs_chat *chat, const char *text)
{
    return with_text(chat, text, cs_chat_send_message);
}

enum cs_chat_result cs_chat_steer(struct cs_chat *chat, const char *text)
{
    return with_text(chat, text, cs_chat_steer_message);
}

enum cs_chat_result cs_chat_steer_message(struct cs_chat *chat, const char *message_json)
{
    if (!is_json(chat, message_json, true)) {
        return CS_CHAT_USAGE;
    }
    struct cs_buf record = CS_BUF(CHAT_MAX_BODY);
    struct seq seq;
    cs_input_message(&record, chat, "submit-message", "message", cs_view_str(message_json));
    enum cs_chat_result result = append(chat, &record, &seq);
    if (chat->policy.steer_ends_read) {
        interrupt_read(chat);
    }
    return result;
}

enum cs_chat_result cs_chat_regenerate(struct cs_chat *chat)
{
    struct cs_buf record = CS_BUF(CHAT_MAX_BODY);
    const char *extra = chat->policy.regenerate_with_message ? "message" : NULL;
    cs_input_message(&record, chat, "regenerate-message", extra, CS_VIEW("{}"));
    return begin_turn(chat, &record);
}

enum cs_chat_result cs_chat_action(struct cs_chat *chat, const char *action_json)
{
    if (!is_json(chat, action_json, false)) {
        return CS_CHAT_USAGE;
    }
    struct cs_buf record = CS_BUF(CHAT_MAX_BODY);
    cs_input_message(&record, chat, "action", "action", cs_view_str(action_json));
    return begin_turn(chat, &record);
}

enum cs_chat_result cs_chat_stop(struct cs_chat *chat, const char *reason)
{
    if (reason && !is_text(chat, reason)) {
        return CS_CHAT_USAGE;
    }
    enum cs_chat_result result = CS_CHAT_OK;
    for (int64_t i = 0; i < chat->policy.stops_per_call && result == CS_CHAT_OK; i++) {
        struct cs_buf record = CS_BUF(CHAT_MAX_BODY);
        struct seq seq;
        cs_input_stop(&record, chat, reason);
        result = append(chat, &record, &seq);
    }
    if (result == CS_CHAT_OK && (chat->streaming || chat->policy.gate_when_idle)) {
        interrupt_read(chat);
        chat->gate = chat->policy.hide_stopped_tail != 0;
        chat->gate_seq = chat->active_seq;
        chat->active_seq = (struct seq){0};
        chat->streaming = false;
    }
    return result;
}

/* ---- state ---- */

const struct cs_chat_error *cs_chat_error(const struct cs_chat *chat)
{
    return &chat->error;
}

const char *cs_chat_token(const struct cs_chat *chat)
{
    return chat->token;
}

const char *cs_chat_session_id(const struct cs_chat *chat)
{
    return chat->session_id;
}

const char *cs_chat_run_id(const struct cs_chat *chat)
{
    return chat->run_id;
}

const char *cs_chat_closed_reason(const struct cs_chat *chat)
{
    return chat->closed_reason;
}

bool cs_chat_closed(const struct cs_chat *chat)
{
    return chat->closed;
}

bool cs_chat_streaming(const struct cs_chat *chat)
{
    return chat->streaming;
}

static bool give(const struct seq *seq, uint64_t *ret_seq)
{
    if (seq->known) {
        *ret_seq = seq->number;
    }
    return seq->known;
}

bool cs_chat_cursor(const struct cs_chat *chat, uint64_t *ret_seq)
{
    return give(&chat->cursor, ret_seq);
}

bool cs_chat_last_seq(const struct cs_chat *chat, uint64_t *ret_seq)
{
    return give(&chat->last_seq, ret_seq);
}

unsigned cs_chat_oddities(const struct cs_chat *chat)
{
    return chat->oddities;
}

const char *cs_chat_result_name(enum cs_chat_result result)
{
    static const char *const names[] = {
        [CS_CHAT_OK] = "ok",
        [CS_CHAT_NOTHING] = "nothing to resume",
        [CS_CHAT_SETTLED] = "settled",
        [CS_CHAT_STOPPED] = "stopped",
        [CS_CHAT_CLOSED] = "closed",
        [CS_CHAT_REFUSED] = "refused",
        [CS_CHAT_UNREACHABLE] = "unreachable",
        [CS_CHAT_GAVE_UP] = "gave up",
        [CS_CHAT_LOST] = "lost",
        [CS_CHAT_NO_TOKEN] = "no token",
        [CS_CHAT_TIMEOUT] = "timeout",
        [CS_CHAT_USAGE] = "usage",
        [CS_CHAT_NO_MEMORY] = "out of memory",
    };
    return (size_t)result < sizeof names / sizeof names[0] ? names[result] : "unknown";
}
