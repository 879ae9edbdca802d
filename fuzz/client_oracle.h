/* What a client must keep to, whatever a server does: the right token, a cursor that does not go
 * back, no record twice, pauses between tries, an end. */
#ifndef CHATSPEC_FUZZ_CLIENT_ORACLE_H
#define CHATSPEC_FUZZ_CLIENT_ORACLE_H

#include "client/chat.h"
#include "fuzz/fuzz.h"
#include "fuzz/memory.h"
#include "wire/json.h"
#include "wire/reader.h"

#define CLIENT_SECRET       "tr_key"
#define CLIENT_HEADER_TOKEN "no token" /* can come from nowhere but a header: it has a space */
#define CLIENT_BASE         "http://h"
#define CLIENT_ID           "c/1 \xc3\xa9"
#define CLIENT_CHANNELS     CLIENT_BASE "/realtime/v1/sessions/c%2F1%20%C3%A9/"
#define CLIENT_PAUSE_MS     100
#define CLIENT_TRIES        5

struct client_run {
    struct cs_chat *chat;
    struct cs_view answers; /* all of them */
    struct cs_view left;
    bool cycles;
    int64_t now_ms;
    unsigned n_random;
    size_t n_requests;

    char token[24];  /* that a callback gave last, or the imported state */
    bool told_token; /* since then the server told something that may be another one */
    unsigned n_tokens;
    bool gives_none;

    struct cs_reader *reader; /* reads what the client was given to read */
    bool has_cursor;          /* of the last subscription */
    uint64_t cursor;
    unsigned n_fruitless; /* subscriptions of this call without a new cursor, in a row */
    bool has_seq;         /* of the last chunk */
    uint64_t seq;
    uint64_t highest;                                 /* that any subscription brought */
    int64_t not_before[2];                            /* the next POST, the next GET */
    enum cs_chat_result (*act)(struct cs_chat *chat); /* what a chunk of type "act" makes us do */
};

/* The functions of net/http_client.h that a client begins with are given no context. */
static struct client_run *client_run;

/* ---- requests ---- */

static inline struct cs_view client_header(const struct cs_http_request *request, const char *name)
{
    struct cs_view found = {0};

    for (size_t i = 0; i < request->n_headers; i++) {
        struct cs_view line = cs_view_str(request->headers[i]);

        for (size_t at = 0; at < line.len; at++) {
            FUZZ_CHECK((unsigned char)line.ptr[at] >= ' ');
        }
        if (cs_view_starts_with(line, cs_view_str(name))) {
            (void)fuzz_take(&line, strlen(name));
            FUZZ_CHECK(found.ptr == NULL);
            found = line;
        }
    }
    return found;
}

static inline void client_check_token(const struct client_run *run, struct cs_view token,
                                      bool creates)
{
    bool hidden = cs_view_find(run->answers, CS_VIEW(CLIENT_SECRET)) == SIZE_MAX &&
                  !fuzz_has(run->answers, '\\');

    if (creates) {
        FUZZ_CHECK(cs_view_eq(token, CS_VIEW(CLIENT_SECRET)));
        return;
    }
    FUZZ_CHECK(token.len > 0 && !fuzz_has(token, ' '));
    FUZZ_CHECK(!hidden || !cs_view_eq(token, CS_VIEW(CLIENT_SECRET)));
    FUZZ_CHECK(
        cs_view_eq(token, cs_view_str(run->told_token ? cs_chat_token(run->chat) : run->token)));
}

/* The cursor is a number that came, none below one that was handed over or sent before. */
static inline void client_check_cursor(struct client_run *run, struct cs_view text)
{
    uint64_t cursor = 0;
    bool given = text.ptr != NULL;

    FUZZ_CHECK(!given || cs_view_u64(text, &cursor) == CS_OK);
    FUZZ_CHECK(given || !(run->has_cursor || run->has_seq));
    FUZZ_CHECK(!run->has_cursor || cursor >= run->cursor);
    FUZZ_CHECK(!run->has_seq || cursor >= run->seq);
    FUZZ_CHECK(cursor <= run->highest);
    run->n_fruitless = given && (!run->has_cursor || cursor > run->cursor) ? 0 : run->n_fruitless;
    FUZZ_CHECK(++run->n_fruitless <= CLIENT_TRIES);
    run->has_cursor = given;
    run->cursor = cursor;
}

/* True for a subscription. */
static inline bool client_on_request(struct client_run *run, const struct cs_http_request *request)
{
    bool is_read = !request->method;
    bool creates = strcmp(request->url, CLIENT_BASE "/api/v1/sessions") == 0;
    struct cs_view token = client_header(request, "Authorization: Bearer ");

    run->n_requests++;
    FUZZ_CHECK(run->now_ms >= run->not_before[is_read]);
    client_check_token(run, token, creates);
    if (is_read) {
        FUZZ_CHECK(strcmp(request->url, CLIENT_CHANNELS "out") == 0);
        client_check_cursor(run, client_header(request, "Last-Event-ID: "));
    } else {
        FUZZ_CHECK(creates || strcmp(request->url, CLIENT_CHANNELS "in/append") == 0);
        FUZZ_CHECK(creates || client_header(request, "X-Part-Id: ").len == 36);
        FUZZ_CHECK(cs_json_check(request->body, NULL) == CS_OK);
    }
    return is_read;
}

/* An answer has ended: a failed one asks for a pause, and a lost session for a new beginning. */
static inline void client_on_end(struct client_run *run, bool is_read, int status, bool failed)
{
    bool pauses = failed || status >= 500;

    if (is_read && status >= 300) { /* a refusal is one, however it ends */
        pauses = status >= 500 || status == 408;
    }
    run->not_before[is_read] = pauses ? run->now_ms + CLIENT_PAUSE_MS : 0;
    if (status == 404 && !is_read) {
        run->has_cursor = false;
        run->has_seq = false;
        run->n_fruitless = 0;
    }
}

/* ---- what is read ---- */

static inline void client_on_bytes(struct client_run *run, bool first, struct cs_view bytes)
{
    struct cs_event event;

    run->told_token = true;
    if (first) {
        cs_reader_reconnect(run->reader);
    }
    while (cs_reader_next(run->reader, &bytes, &event, NULL) == CS_STEP_EVENT) {
        if (event.type == CS_EVENT_RECORD && event.record.seq_num > run->highest) {
            run->highest = event.record.seq_num;
        }
    }
}

static inline bool client_on_chunk(void *ctx, const struct cs_chat_chunk *chunk)
{
    struct client_run *run = ctx;

    FUZZ_CHECK(cs_json_check(chunk->data, NULL) == CS_OK);
    FUZZ_CHECK(!cs_view_starts_with(chunk->type, CS_VIEW("trigger:")));
    FUZZ_CHECK(!run->has_seq || chunk->seq > run->seq);
    FUZZ_CHECK(chunk->seq <= run->highest);
    run->has_seq = true;
    run->seq = chunk->seq;
    if (run->act && cs_view_eq(chunk->type, CS_VIEW("act"))) {
        run->not_before[0] = 0; /* another call */
        (void)run->act(run->chat);
    }
    return !cs_view_eq(chunk->type, CS_VIEW("enough"));
}

/* ---- callbacks ---- */

static inline bool client_give_token(void *ctx, struct cs_buf *token, struct cs_diag *diag)
{
    struct client_run *run = ctx;

    if (run->gives_none) {
        return cs_fail(diag, CS_ERR_USAGE, 0, "not today") == CS_OK;
    }
    (void)snprintf(run->token, sizeof(run->token), "T%u", ++run->n_tokens);
    run->told_token = false;
    cs_buf_str(token, run->token);
    return true;
}

/* ---- a call ---- */

/* What was tried before does not count. */
static inline void client_begin_call(struct client_run *run)
{
    memset(run->not_before, 0, sizeof(run->not_before));
    run->n_fruitless = 0;
}

/* A client gives up: tries are counted, and start afresh only with a record that is new. */
static inline void client_check_effort(const struct client_run *run, size_t n_before,
                                       int64_t began_ms, int64_t timeout_ms)
{
    size_t n = run->n_requests - n_before;

    FUZZ_CHECK(n <= 60 + run->answers.len);
    FUZZ_CHECK(run->now_ms - began_ms <= timeout_ms + (int64_t)(n + 1) * 65000);
    FUZZ_CHECK(fuzz_memory.peak <= 1024 * 1024 + 64 * (int64_t)run->answers.len);
}

#endif
