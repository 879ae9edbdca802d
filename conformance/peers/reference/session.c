#include "conformance/peers/reference/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/peers/reference/say.h"
#include "net/http_client.h"
#include "net/http_request.h"
#include "wire/reader.h"

#define MAX_URL       ((size_t)65536)
#define PATIENCE_MS   30000
#define MAX_NAME      128
#define NAME_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

struct session {
    const struct cs_chat_policy *policy;
    struct cs_http *http;
    cJSON *opened; /* strings below live in it */
    const char *base;
    const char *id;
    const char *channel; /* NULL: the session's own pair */
    char bearer[512];
    unsigned n_writes;
};

/* ---- exchanges ---- */

static void put_id(const struct session *session, struct cs_buf *url, const char *id)
{
    if (session->policy->encode_id) {
        cs_percent_encode(cs_view_str(id), url);
    } else {
        cs_buf_str(url, id);
    }
}

/* "{base}/api/v1/sessions/{id}{tail}" */
static char *api_url(const struct session *session, const char *id, const char *tail)
{
    struct cs_buf url = CS_BUF(MAX_URL);
    cs_buf_printf(&url, "%s/api/v1/sessions/", session->base);
    put_id(session, &url, id);
    cs_buf_str(&url, tail);
    return cs_buf_take(&url);
}

/* "{base}/realtime/v1/sessions/{id}[/channels/{name}]{tail}" */
static char *realtime_url(const struct session *session, const char *tail)
{
    struct cs_buf url = CS_BUF(MAX_URL);
    cs_buf_printf(&url, "%s/realtime/v1/sessions/", session->base);
    put_id(session, &url, session->id);
    if (session->channel) {
        cs_buf_printf(&url, "/channels/%s", session->channel);
    }
    cs_buf_str(&url, tail);
    return cs_buf_take(&url);
}

/* NULL when nothing answered. Sends it again on 5xx; `part_id` NULL: none. */
static struct cs_exchange *exchange(struct session *session, const char *method, const char *url,
                                    const char *part_id, const char *body)
{
    const char *headers[3] = {session->bearer, "Content-Type: application/json", part_id};
    struct cs_http_request request = {.method = method,
                                      .url = url,
                                      .headers = headers,
                                      .n_headers = part_id ? 3
                                                   : body  ? 2
                                                           : 1,
                                      .body = cs_view_str(body),
                                      .has_body = body != NULL};
    for (int64_t n_tries = 1;; n_tries++) {
        struct cs_exchange *made = url ? cs_http_start(session->http, &request) : NULL;
        if (!made) {
            out_of_memory();
        }
        enum cs_err err = cs_exchange_wait_end(made, PATIENCE_MS);
        int status = err == CS_OK ? cs_exchange_status(made) : 0;
        if (err == CS_OK && status < 500 && !(status == 409 && session->policy->retry_409)) {
            return made;
        }
        cs_exchange_free(made);
        if (n_tries >= session->policy->max_tries) {
            return NULL;
        }
        cs_http_pump(session->http, session->policy->backoff_first_ms);
    }
}

/* Makes one exchange and answers the command with what came of it. Frees the URL. */
static void answer_with(struct session *session, int id, const char *method, char *url,
                        const char *part_id, const char *body)
{
    struct cs_exchange *made = exchange(session, method, url, part_id, body);
    int status = made ? cs_exchange_status(made) : 0;
    if (status >= 200 && status < 300) {
        struct cs_view text = cs_exchange_body(made);
        cJSON *value = cJSON_ParseWithLength(text.ptr, text.len);
        cJSON *event = event_of("ok", id);
        cJSON_AddItemToObject(event, "value", part_id || !value ? cJSON_CreateNull() : value);
        if (part_id) {
            cJSON_Delete(value);
        }
        say(event);
    } else {
        say_error("fail", id, "refused", "the server refused it", status);
    }
    cs_exchange_free(made);
    free(url);
}

/* ---- commands ---- */

static void write_value(struct session *session, const cJSON *command, int id)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(command, "value");
    const char *text = session->policy->quote_strings ? NULL : cJSON_GetStringValue(value);
    char *json = cJSON_PrintUnformatted(value);
    char part_id[64];
    snprintf(part_id, sizeof part_id, "X-Part-Id: part-%" PRId64 "-%u", cs_wall_ms(),
             ++session->n_writes);
    answer_with(session, id, "POST", realtime_url(session, "/in/append"), part_id,
                text ? text : json);
    cJSON_free(json);
}

static void start(struct session *session, const cJSON *arguments, int id)
{
    char *json = cJSON_PrintUnformatted(cJSON_GetArrayItem(arguments, 0));
    struct cs_buf body = CS_BUF((size_t)16 * 1024 * 1024);
    bool wrap = session->policy->wrap_start;
    cs_buf_printf(&body, "%s%s%s", wrap ? "{\"session\":" : "", json ? json : "", wrap ? "}" : "");
    cJSON_free(json);
    struct cs_buf url = CS_BUF(MAX_URL);
    cs_buf_printf(&url, "%s/api/v1/sessions", session->base);
    char *text = cs_buf_take(&body);
    answer_with(session, id, "POST", cs_buf_take(&url), NULL, text);
    free(text);
}

static void call(struct session *session, const cJSON *command, int id)
{
    const char *method = text_of(command, "method");
    const cJSON *arguments = cJSON_GetObjectItemCaseSensitive(command, "arguments");
    const char *target = cJSON_GetStringValue(cJSON_GetArrayItem(arguments, 0));
    const struct cs_chat_policy *policy = session->policy;
    char *body = cJSON_PrintUnformatted(cJSON_GetArrayItem(arguments, 1));
    if (method && strcmp(method, "start") == 0) {
        start(session, arguments, id);
    } else if (method && target && strcmp(method, "retrieve") == 0) {
        answer_with(session, id, policy->retrieve_with_post ? "POST" : "GET",
                    api_url(session, target, ""), NULL, policy->retrieve_with_post ? "{}" : NULL);
    } else if (method && target && strcmp(method, "update") == 0) {
        answer_with(session, id, policy->update_with_put ? "PUT" : "PATCH",
                    api_url(session, target, ""), NULL, body);
    } else if (method && target && strcmp(method, "close") == 0) {
        const char *reason = body ? body : "{}";
        answer_with(session, id, "POST", api_url(session, target, "/close"), NULL,
                    policy->close_without_body ? NULL : reason);
    } else {
        say_unsupported(id, "call", method);
    }
    cJSON_free(body);
}

/* ---- reading ---- */

struct read {
    struct session *session;
    int id;
    bool has_cursor;
    uint64_t cursor;
    int timeout_s; /* negative: not sent */
    bool begun;    /* the command is answered */
};

static struct cs_exchange *subscribe(const struct read *read)
{
    const struct cs_chat_policy *policy = read->session->policy;
    char cursor[64];
    char timeout[64];
    const char *headers[4] = {read->session->bearer, policy->accept_event_stream
                                                         ? "Accept: text/event-stream"
                                                         : "Accept: */*"};
    size_t n = 2;
    if (read->has_cursor && !(read->cursor == 0 && policy->cursor_never_zero)) {
        snprintf(cursor, sizeof cursor, "Last-Event-ID: %" PRIu64, read->cursor);
        headers[n++] = cursor;
    }
    if (read->timeout_s >= 0) {
        snprintf(timeout, sizeof timeout, "Timeout-Seconds: %d", read->timeout_s);
        headers[n++] = timeout;
    }
    char *url = realtime_url(read->session, "/out");
    struct cs_http_request request = {.url = url, .headers = headers, .n_headers = n};
    struct cs_exchange *made = url ? cs_http_start(read->session->http, &request) : NULL;
    free(url);
    if (!made) {
        out_of_memory();
    }
    return made;
}

static void deliver(struct read *read, const struct cs_record *record)
{
    read->has_cursor = true;
    read->cursor = record->seq_num;
    if (record->kind != CS_RECORD_DATA) {
        return;
    }
    cJSON *body = cJSON_ParseWithLength(record->body.ptr, record->body.len);
    cJSON *data = cJSON_DetachItemFromObjectCaseSensitive(body, "data");
    if (data) {
        cJSON *event = event_of("chunk", read->id);
        cJSON_AddItemToObject(event, "chunk", data);
        say(event);
    }
    cJSON_Delete(body);
}

/* One subscription: CS_OK when its body ended cleanly. */
static enum cs_err read_body(struct read *read, struct cs_exchange *made)
{
    struct cs_reader *reader = cs_reader_new(NULL);
    struct cs_view bytes = {0};
    enum cs_err err;
    while ((err = cs_exchange_read(made, INT64_MAX / 2, &bytes)) == CS_OK && bytes.len > 0) {
        struct cs_event event;
        while (cs_reader_next(reader, &bytes, &event, NULL) == CS_STEP_EVENT) {
            if (event.type == CS_EVENT_RECORD) {
                deliver(read, &event.record);
            }
        }
    }
    cs_reader_free(reader);
    return err;
}

/* False when it must be tried again. */
static bool read_once(struct read *read)
{
    struct cs_exchange *made = subscribe(read);
    enum cs_err err = cs_exchange_wait_head(made, PATIENCE_MS);
    int status = err == CS_OK ? cs_exchange_status(made) : 0;
    if (err == CS_OK && status != 200) {
        say_error(read->begun ? "error" : "fail", read->id, "refused", "the server refused it",
                  status);
    } else if (err == CS_OK) {
        if (!read->begun) {
            say_stream(read->id, true);
            read->begun = true;
        }
        err = read_body(read, made);
        if (err == CS_OK) {
            say_plain("end", read->id);
        }
    }
    cs_exchange_free(made);
    return err == CS_OK;
}

static void read_output(struct session *session, const cJSON *command, int id)
{
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(command, "options");
    const cJSON *cursor = cJSON_GetObjectItemCaseSensitive(options, "lastEventId");
    const cJSON *timeout = cJSON_GetObjectItemCaseSensitive(options, "timeoutInSeconds");
    struct read read = {.session = session,
                        .id = id,
                        .has_cursor = cursor != NULL,
                        .timeout_s = cJSON_IsNumber(timeout) ? timeout->valueint : -1};
    const char *text = cJSON_GetStringValue(cursor);
    read.cursor = text ? strtoull(text, NULL, 10) : cursor ? (uint64_t)cursor->valuedouble : 0;
    for (int64_t n_tries = 1; !read_once(&read); n_tries++) {
        if (n_tries >= session->policy->max_tries) {
            say_error(read.begun ? "error" : "fail", id, "unreachable", "no answer", 0);
            return;
        }
        cs_http_pump(session->http, session->policy->backoff_first_ms);
    }
}

/* ---- the client ---- */

struct session *session_open(const cJSON *command, const struct cs_chat_policy *policy, int id)
{
    const char *channel = text_of(command, "channel");
    if (channel && (strspn(channel, NAME_ALPHABET) != strlen(channel) || !*channel ||
                    strlen(channel) > MAX_NAME)) {
        say_refusal(id, "this is no name of a channel");
        return NULL;
    }
    struct session *session = calloc(1, sizeof *session);
    if (!session || !(session->http = cs_http_new())) {
        out_of_memory();
    }
    session->policy = policy;
    session->opened = cJSON_Duplicate(command, true);
    session->base = text_of(session->opened, "baseUrl");
    session->id = text_of(session->opened, "chat");
    session->channel = text_of(session->opened, "channel");
    const char *key = text_of(session->opened, "secretKey");
    snprintf(session->bearer, sizeof session->bearer, "Authorization: Bearer %s", key ? key : "");
    if (!session->base || !session->id) {
        session_free(session);
        say_refusal(id, "a session has a server and an id");
        return NULL;
    }
    if (policy->open_asks) {
        char *url = api_url(session, session->id, "");
        cs_exchange_free(exchange(session, "GET", url, NULL, NULL));
        free(url);
    }
    say_plain("ok", id);
    return session;
}

void session_free(struct session *session)
{
    if (session) {
        cs_http_free(session->http);
        cJSON_Delete(session->opened);
        free(session);
    }
}

void session_obey(struct session *session, const cJSON *command, const char *name, int id)
{
    if (strcmp(name, "write") == 0) {
        write_value(session, command, id);
    } else if (strcmp(name, "read") == 0) {
        read_output(session, command, id);
    } else if (strcmp(name, "call") == 0) {
        call(session, command, id);
    } else {
        say_unsupported(id, name, NULL);
    }
}
