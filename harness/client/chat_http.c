/* Posting: one request until it has an answer that counts, and the append built on it. */
#include "client/chat_impl.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/http_request.h"
#include "wire/json.h"

char *cs_chat_url(const struct cs_chat *chat, const char *rest)
{
    struct cs_buf url = CS_BUF(CHAT_MAX_URL);
    cs_buf_str(&url, chat->base_url);
    cs_buf_str(&url, "/realtime/v1/sessions/");
    if (chat->policy.encode_id) { /* CAP-02: one path segment, whatever is in it */
        size_t start = url.len;
        cs_percent_encode(cs_view_str(chat->chat_id), &url);
        for (size_t i = start; i < url.len && chat->policy.fold_id_case; i++) {
            url.ptr[i] = (char)tolower((unsigned char)url.ptr[i]);
        }
    } else {
        cs_buf_str(&url, chat->chat_id);
    }
    cs_buf_char(&url, '/');
    cs_buf_str(&url, rest);
    if (chat->policy.token_in_query && chat->token) {
        cs_buf_str(&url, "?token=");
        cs_buf_str(&url, chat->token);
    }
    return cs_buf_take(&url);
}

int64_t cs_chat_backoff(const struct cs_chat *chat, int64_t n_failed)
{
    int64_t delay = chat->policy.backoff_first_ms;
    if (chat->distort.retry_ms > 0) {
        return chat->distort.retry_ms;
    }
    for (int64_t i = 1; i < n_failed && delay < chat->policy.backoff_max_ms; i++) {
        delay *= 2;
    }
    return delay < chat->policy.backoff_max_ms ? delay : chat->policy.backoff_max_ms;
}

bool cs_chat_wait(struct cs_chat *chat, int64_t delay_ms, int64_t deadline)
{
    int64_t until = cs_now_ms() + delay_ms;
    bool in_time = until <= deadline;
    until = in_time ? until : deadline;
    int64_t left;
    while ((left = until - cs_now_ms()) > 0 && !(chat->reading && chat->interrupted)) {
        cs_http_pump(chat->http, left); /* an open subscription goes on meanwhile */
    }
    return in_time;
}

int64_t cs_chat_reset_wait(const struct cs_chat *chat, struct cs_exchange *exchange)
{
    uint64_t reset;
    const char *text = cs_exchange_header(exchange, "x-ratelimit-reset");
    if (!text || cs_view_u64(cs_view_str(text), &reset) || reset > INT64_MAX) {
        return -1;
    }
    int64_t now = cs_wall_ms();
    int64_t wait = (int64_t)reset > now ? (int64_t)reset - now : 0;
    return wait <= chat->policy.max_reset_wait_ms ? wait : -1;
}

void cs_chat_exchanged(struct cs_chat *chat, struct cs_exchange *exchange)
{
    if (chat->policy.adopt_header_token && cs_exchange_header(exchange, "x-trigger-jwt")) {
        cs_chat_set(&chat->token, cs_view_str(cs_exchange_header(exchange, "x-trigger-jwt")));
    }
    if (chat->on_exchange) {
        chat->on_exchange(chat->ctx, exchange);
    }
}

/* A string member of a JSON body; NULL when there is none. The caller frees it. */
static char *body_string(struct cs_exchange *exchange, struct cs_view key)
{
    struct cs_view value;
    struct cs_view body = cs_exchange_body(exchange);
    struct cs_buf text = CS_BUF(CHAT_MAX_TOKEN);
    if (cs_json_check(body, NULL) || cs_json_get(body, key, &value) ||
        cs_json_string(value, &text)) {
        cs_buf_free(&text);
        return NULL;
    }
    return cs_buf_take(&text);
}

enum cs_chat_result cs_chat_refused(struct cs_chat *chat, struct cs_exchange *exchange)
{
    struct cs_view body = cs_exchange_body(exchange);
    char *code = body_string(exchange, CS_VIEW("code"));
    body.len = body.len < 160 ? body.len : 160;
    cs_chat_failed(chat, CS_CHAT_REFUSED, CS_OK, cs_exchange_status(exchange), "%d: %.*s",
                   cs_exchange_status(exchange), CS_VIEW_ARG(body));
    snprintf(chat->error.code, sizeof chat->error.code, "%s", code ? code : "");
    free(code);
    return CS_CHAT_REFUSED;
}

/* One try; NULL when out of memory. */
static struct cs_exchange *post_once(struct cs_chat *chat, const struct cs_chat_post *post)
{
    struct cs_buf bearer = CS_BUF(CHAT_MAX_TOKEN + 64);
    struct cs_buf part_id = CS_BUF(128);
    bool shown = *post->bearer && (!post->part_id || chat->policy.append_bearer);
    cs_buf_printf(&bearer, "Authorization: Bearer %s", shown ? *post->bearer : "");
    cs_buf_printf(&part_id, "X-Part-Id: %s", post->part_id ? post->part_id : "");
    char *lines[2] = {cs_buf_take(&bearer), cs_buf_take(&part_id)};
    const char *headers[4] = {lines[0]};
    size_t n = 1;
    if (post->part_id && chat->policy.send_part_id) {
        headers[n++] = lines[1];
    }
    if (!post->part_id || chat->policy.append_content_type) {
        headers[n++] = "Content-Type: application/json"; /* CAP-11 */
    }
    struct cs_http_request request = {.method = "POST",
                                      .url = post->url,
                                      .headers = headers,
                                      .n_headers = n,
                                      .body = post->body,
                                      .has_body = true,
                                      .max_body = CHAT_MAX_ANSWER};
    bool whole = lines[0] && lines[1];
    struct cs_exchange *exchange = whole ? cs_http_start(chat->http, &request) : NULL;
    free(lines[0]);
    free(lines[1]);
    return exchange;
}

/* How long to wait before the next try; -1 when this answer counts, or is the last word. */
static int64_t retry_delay(const struct cs_chat *chat, enum cs_err err,
                           struct cs_exchange *exchange, int64_t n_tries)
{
    const struct cs_chat_policy *policy = &chat->policy;
    int status = err ? 0 : cs_exchange_status(exchange);
    if (n_tries >= policy->max_tries) {
        return -1;
    }
    if (status == 429 && policy->retry_429) { /* CAP-65 */
        return policy->wait_for_reset ? cs_chat_reset_wait(chat, exchange) : 0;
    }
    /* An append that was lost on the way back may have been stored: its part id makes the second
     * one harmless (CAP-68). */
    bool retry = (err || status >= 500) && policy->retry_5xx;
    retry = retry || (status == 413 && policy->retry_413) || (status == 409 && policy->retry_409);
    return retry ? cs_chat_backoff(chat, n_tries) : -1;
}

/* The same record goes out again under the same part id (CAP-45). */
static void before_resend(const struct cs_chat *chat, const struct cs_chat_post *post)
{
    if (post->part_id && !chat->policy.keep_part_id) {
        cs_uuid(post->part_id);
    }
}

enum cs_chat_result cs_chat_post(struct cs_chat *chat, const struct cs_chat_post *post,
                                 struct cs_exchange **ret_exchange)
{
    for (int64_t n_tries = 1;; n_tries++) {
        struct cs_exchange *exchange = post_once(chat, post);
        if (!exchange) {
            return cs_chat_failed(chat, CS_CHAT_NO_MEMORY, CS_ERR_NO_MEMORY, 0, "out of memory");
        }
        enum cs_err err = cs_exchange_wait_end(exchange, chat->policy.answer_timeout_ms);
        if (!cs_exchange_ended(exchange)) {
            cs_exchange_cancel(exchange);
        }
        cs_chat_exchanged(chat, exchange);
        int64_t delay = retry_delay(chat, err, exchange, n_tries);
        if (delay < 0 && !err) {
            *ret_exchange = exchange;
            return CS_CHAT_OK;
        }
        if (delay < 0) {
            cs_chat_failed(chat, CS_CHAT_UNREACHABLE, err, 0, "%s: %s", post->url,
                           cs_exchange_error(exchange));
            cs_exchange_free(exchange);
            return CS_CHAT_UNREACHABLE;
        }
        cs_exchange_free(exchange);
        cs_chat_wait(chat, delay, INT64_MAX);
        before_resend(chat, post);
    }
}

void cs_chat_trigger_task(struct cs_chat *chat)
{
    struct cs_buf url = CS_BUF(CHAT_MAX_URL);
    cs_buf_printf(&url, "%s/api/v1/tasks/%s/trigger", chat->base_url, chat->task);
    char *where = cs_buf_take(&url);
    struct cs_exchange *exchange = NULL;
    struct cs_chat_post post = {.url = where, .bearer = &chat->token, .body = CS_VIEW("{}")};
    if (where && cs_chat_post(chat, &post, &exchange) == CS_CHAT_OK) {
        cs_exchange_free(exchange);
    }
    free(where);
}

/* A 2xx answer whose body says that it was not (CAP-54), or, for the fault, more than it should. */
static bool says_no(const struct cs_chat *chat, struct cs_exchange *exchange)
{
    struct cs_view body = cs_exchange_body(exchange);
    struct cs_view ok;
    if (cs_json_check(body, NULL)) {
        return false;
    }
    bool no = !cs_json_get(body, CS_VIEW("ok"), &ok) && cs_view_eq(ok, CS_VIEW("false"));
    return (no && !chat->policy.believe_ok_false) ||
           (chat->policy.strict_answers && !cs_json_get(body, CS_VIEW("future"), &ok));
}

/* `seq` of an append's answer. Anything but a number is as good as absent (CAP-51, CAP-52). */
static struct seq answer_seq(const struct cs_chat *chat, struct cs_exchange *exchange)
{
    struct seq seq = {0};
    struct cs_view body = cs_exchange_body(exchange);
    struct cs_view text;
    if (chat->policy.use_seq && !cs_json_check(body, NULL) &&
        !cs_json_get(body, CS_VIEW("seq"), &text)) {
        seq.known = cs_view_u64(text, &seq.number) == CS_OK;
    }
    return seq;
}

static bool is_closed(const struct cs_chat *chat)
{
    return chat->error.status == 409 && chat->policy.closed_is_terminal &&
           (strcmp(chat->error.code, "session_closed") == 0 || chat->policy.any_409_is_closed);
}

/* A refused append: CS_CHAT_OK when the obstacle was removed and it should be sent again. */
static enum cs_chat_result overcome(struct cs_chat *chat, struct cs_exchange *exchange,
                                    int64_t *n_refreshed, bool *restarted)
{
    enum cs_chat_result refused = cs_chat_refused(chat, exchange);
    int status = chat->error.status;
    if ((status == 401 || status == 403) && chat->policy.refresh_on_401 &&
        *n_refreshed < chat->policy.max_refreshes) {
        ++*n_refreshed;
        return cs_chat_ask_refresh(chat);
    }
    if (status == 404 && chat->policy.restart_on_404 && !*restarted && cs_chat_can_start(chat)) {
        *restarted = true;
        chat->cursor = (struct seq){0}; /* of a stream that is no more */
        return cs_chat_ask_start(chat);
    }
    if (is_closed(chat)) {
        char *reason = body_string(exchange, CS_VIEW("closedReason"));
        cs_chat_mark_closed(chat, cs_view_str(reason));
        free(reason);
        return CS_CHAT_CLOSED;
    }
    return refused;
}

/* Sends a record to a known URL until it is in or the last word is spoken. */
static enum cs_chat_result append_to(struct cs_chat *chat, struct cs_chat_post *post,
                                     struct seq *ret_seq)
{
    int64_t n_refreshed = 0;
    bool restarted = false;
    for (;;) {
        struct cs_exchange *exchange = NULL;
        enum cs_chat_result result = cs_chat_post(chat, post, &exchange);
        if (result) {
            return result;
        }
        int status = cs_exchange_status(exchange);
        if (status >= 200 && status < 300 && says_no(chat, exchange)) {
            result = cs_chat_refused(chat, exchange);
            cs_exchange_free(exchange);
            return result;
        }
        if (status >= 200 && status < 300) {
            *ret_seq = answer_seq(chat, exchange);
            cs_exchange_free(exchange);
            if (!ret_seq->known && chat->policy.require_seq) {
                return cs_chat_failed(chat, CS_CHAT_REFUSED, CS_OK, status, "no seq in the answer");
            }
            chat->last_seq = ret_seq->known ? *ret_seq : chat->last_seq;
            return CS_CHAT_OK;
        }
        result = overcome(chat, exchange, &n_refreshed, &restarted);
        cs_exchange_free(exchange);
        if (result) {
            return result;
        }
        before_resend(chat, post);
    }
}

enum cs_chat_result cs_chat_append(struct cs_chat *chat, struct cs_view record, struct seq *ret_seq)
{
    if (chat->closed) { /* CAP-57: no request any more */
        cs_chat_failed(chat, CS_CHAT_CLOSED, CS_OK, 409, "the session is closed");
        snprintf(chat->error.code, sizeof chat->error.code, "session_closed");
        return CS_CHAT_CLOSED;
    }
    if (!chat->token || (chat->policy.ask_despite_token && chat->n_sends == 0)) {
        enum cs_chat_result result = cs_chat_ask_start(chat);
        if (result) {
            return result;
        }
    }
    char part_id[CHAT_UUID_SIZE];
    cs_uuid(part_id);
    if (chat->policy.countable_part_id) {
        snprintf(part_id, sizeof part_id, "part-%u", chat->n_sends + 1);
    }
    struct cs_buf wrapped = CS_BUF(CHAT_MAX_BODY + 16);
    cs_buf_str(&wrapped, "{\"data\":");
    cs_buf_add(&wrapped, record);
    cs_buf_char(&wrapped, '}');
    char *url = cs_chat_url(chat, chat->policy.append_to_channel ? "in" : "in/append");
    struct cs_chat_post post = {.url = url,
                                .bearer = &chat->token,
                                .part_id = chat->policy.one_part_id ? chat->part_id : part_id,
                                .body = chat->policy.wrap_body ? cs_buf_view(&wrapped) : record};
    enum cs_chat_result result =
        url ? append_to(chat, &post, ret_seq)
            : cs_chat_failed(chat, CS_CHAT_USAGE, CS_ERR_LIMIT, 0, "the URL is too long");
    free(url);
    cs_buf_free(&wrapped);
    return result;
}
