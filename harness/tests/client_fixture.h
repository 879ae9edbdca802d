/* A chat against canned answers, for the tests of the reference client: scripts in few letters, and
 * what was asked for in one string. Include it after cmocka.
 */
#ifndef CHATSPEC_TESTS_CLIENT_FIXTURE_H
#define CHATSPEC_TESTS_CLIENT_FIXTURE_H

#include "client/chat.h"
#include "tests/canned.h"

#define WAIT_MS 20000

/* ---- scripts ---- */

#define OK(json)       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" json
#define STATUS(status) "HTTP/1.1 " status "\r\n\r\n"
#define SEQ(n)         OK("{\"ok\":true,\"seq\":" #n "}")
#define OUT            "HTTP/1.1 200 OK\r\nX-Stream-Version: v2\r\n\r\n"
#define OUT_SETTLED    "HTTP/1.1 200 OK\r\nX-Session-Settled: true\r\n\r\n"
#define OUT_CUT        "HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" /* ends before that */
#define BATCH(records) "event: batch\nid: 99,1,7\ndata: {\"records\":[" records "]}\n\n"
#define DATA(seq, id, chunk)                                                                      \
    "{\"seq_num\":" #seq ",\"timestamp\":1,\"body\":\"{\\\"data\\\":" chunk ",\\\"id\\\":\\\"" id \
    "\\\"}\"}"
#define CHUNK(type)           "{\\\"type\\\":\\\"" type "\\\"}"
#define HEADERS(seq, headers) "{\"seq_num\":" #seq ",\"timestamp\":1,\"headers\":[" headers "]}"
#define H(name, value)        "[\"" name "\",\"" value "\"]"
#define CONTROL(sub)          H("trigger-control", sub)
#define END(seq)              BATCH(HEADERS(seq, CONTROL("turn-complete")))
#define END_OF(seq, in) \
    BATCH(HEADERS(seq, CONTROL("turn-complete") "," H("session-in-event-id", #in)))
#define R(seq, type) BATCH(DATA(seq, "id" #seq, CHUNK(type)))
#define PING         "event: ping\ndata: {\"timestamp\":1}\n\n"
#define DONE         "data: [DONE]\n\n"
#define TOKEN        "{\"publicAccessToken\":\"T0\",\"isStreaming\":false}"

struct fixture {
    struct canned *canned;
    struct cs_chat *chat;
    struct cs_chat_policy policy;
    struct cs_buf chunks; /* types, each after a space */
    unsigned n_starts;
    unsigned n_refreshes;
    bool refuse_tokens;
    unsigned n_exchanges;
    /* what the callback does at a chunk of type "act" */
    enum cs_chat_result (*act)(struct cs_chat *chat);
    enum cs_chat_result acted;
    bool stop_reading;
};

static inline bool give_token(void *ctx, struct cs_buf *token, struct cs_diag *diag)
{
    struct fixture *fixture = ctx;
    cs_buf_printf(token, "S%u", ++fixture->n_starts);
    return !fixture->refuse_tokens || cs_fail(diag, CS_ERR_USAGE, 0, "not today") == CS_OK;
}

static inline bool refresh_token(void *ctx, struct cs_buf *token, struct cs_diag *diag)
{
    struct fixture *fixture = ctx;
    cs_buf_printf(token, "F%u", ++fixture->n_refreshes);
    return !fixture->refuse_tokens || cs_fail(diag, CS_ERR_USAGE, 0, "not today") == CS_OK;
}

static inline void count_exchange(void *ctx, const struct cs_exchange *exchange)
{
    struct fixture *fixture = ctx;
    assert_non_null(cs_exchange_url(exchange));
    fixture->n_exchanges++;
}

static inline bool log_chunk(void *ctx, const struct cs_chat_chunk *chunk)
{
    struct fixture *fixture = ctx;
    cs_buf_char(&fixture->chunks, ' ');
    cs_buf_add(&fixture->chunks, chunk->type.len > 0 ? chunk->type : chunk->data);
    if (fixture->act && cs_view_eq(chunk->type, CS_VIEW("act"))) {
        fixture->acted = fixture->act(fixture->chat);
        return !fixture->stop_reading;
    }
    return true;
}

static inline int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture) {
        return -1;
    }
    fixture->chunks = CS_BUF(65536);
    fixture->policy = cs_chat_policy_default();
    fixture->policy.backoff_first_ms = 1;
    fixture->policy.backoff_max_ms = 4;
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cs_chat_free(fixture->chat);
    if (fixture->canned) {
        canned_free(fixture->canned);
    }
    cs_buf_free(&fixture->chunks);
    free(fixture);
    return 0;
}

/* A chat of a browser: callbacks for tokens; with `state` imported when given. */
static inline struct cs_chat *open_chat(struct fixture *fixture, const struct canned_step *steps,
                                        size_t n_steps, const char *state)
{
    fixture->canned = canned_start(steps, n_steps);
    struct cs_chat_options options = {.base_url = fixture->canned->url,
                                      .chat_id = "c/1 \xc3\xa9",
                                      .start = give_token,
                                      .refresh = refresh_token,
                                      .ctx = fixture,
                                      .policy = &fixture->policy,
                                      .on_exchange = count_exchange};
    fixture->chat = cs_chat_new(&options);
    assert_non_null(fixture->chat);
    if (state) {
        assert_int_equal(cs_chat_import(fixture->chat, state), CS_OK);
    }
    return fixture->chat;
}

#define OPEN(fixture, steps, state) \
    open_chat((fixture), (steps), sizeof(steps) / sizeof(steps)[0], (state))

static inline enum cs_chat_result read_turn(struct fixture *fixture)
{
    return cs_chat_read_turn(fixture->chat, log_chunk, fixture, WAIT_MS);
}

static inline void expect_chunks(struct fixture *fixture, const char *want)
{
    if (!cs_view_eq(cs_buf_view(&fixture->chunks), cs_view_str(want))) {
        fail_msg("chunks \"%.*s\", wanted \"%s\"", CS_VIEW_ARG(cs_buf_view(&fixture->chunks)),
                 want);
    }
    cs_buf_clear(&fixture->chunks);
}

/* ---- what was asked for ---- */

/* Value of a header of the request (from 0), "" when absent; valid until the next call. */
static inline const char *header_of(struct fixture *fixture, size_t request, const char *name)
{
    static char value[512];
    char start[64];
    value[0] = '\0';
    canned_stop(fixture->canned);
    assert_true(request < fixture->canned->n_requests);
    snprintf(start, sizeof start, "\r\n%s: ", name);
    const char *at = strstr(fixture->canned->requests[request].text, start);
    if (at) {
        snprintf(value, sizeof value, "%.*s", (int)strcspn(at + strlen(start), "\r"),
                 at + strlen(start));
    }
    return value;
}

static inline const char *body_of(struct fixture *fixture, size_t request)
{
    assert_true(request < fixture->canned->n_requests);
    return strstr(fixture->canned->requests[request].text, "\r\n\r\n") + 4;
}

/* All requests in one string: "P" for an append, "C" for a create, "G<cursor>" for a read, each
 * with its token. */
static inline void expect_requests(struct fixture *fixture, const char *want)
{
    struct cs_buf got = CS_BUF(65536);
    canned_stop(fixture->canned);
    for (size_t i = 0; i < fixture->canned->n_requests; i++) {
        const char *text = fixture->canned->requests[i].text;
        const char *kind = "?";
        if (strstr(text, "POST /api/v1/sessions HTTP") == text) {
            kind = "C";
        } else if (strstr(text, "POST /realtime/v1/sessions/c%2F1%20%C3%A9/in/append HTTP") ==
                   text) {
            kind = "P";
        } else if (strstr(text, "GET /realtime/v1/sessions/c%2F1%20%C3%A9/out HTTP") == text) {
            kind = "G";
        }
        cs_buf_printf(&got, "%s%s", i > 0 ? " " : "", kind);
        if (*kind == 'G') {
            cs_buf_str(&got, header_of(fixture, i, "Last-Event-ID"));
        }
        cs_buf_printf(&got, ":%s", header_of(fixture, i, "Authorization") + strlen("Bearer "));
    }
    char *all = cs_buf_take(&got);
    assert_non_null(all);
    bool same = strcmp(all, want) == 0;
    if (!same) {
        print_error("requests \"%s\", wanted \"%s\"\n", all, want);
    }
    free(all);
    assert_true(same);
    assert_int_equal(fixture->canned->n_unexpected, 0);
}

#endif
