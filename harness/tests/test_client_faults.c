/* Every decision point of the reference client shows: turned the wrong way, it changes what is on
 * the wire or what the caller gets. Otherwise a case could never catch a client that has the fault.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <time.h>

#include "client/violations.h"
#include "tests/client_fixture.h"

#define MAX_STEPS      6
#define MAX_IDS        32
#define MAX_TRANSCRIPT ((size_t)1024 * 1024)

struct scenario {
    const char *state;
    const char *actions; /* s send, r read, x stop, g regenerate, c reconnect */
    struct canned_step steps[MAX_STEPS];
    size_t n_steps;
};

#define STREAMING "{\"publicAccessToken\":\"T0\"}"
#define POST(answer)                    \
    {                                   \
        .on = "POST", .bytes = (answer) \
    }
#define GET(answer)                    \
    {                                  \
        .on = "GET", .bytes = (answer) \
    }

enum scenario_name {
    TALK,
    RESUME,
    EXPIRED,
    OTHER_CONFLICT,
    CLOSED,
    TOO_LARGE,
    RATE_FAR,
    RATE_PAST,
    SERVER_ERROR,
    UNKNOWN_SESSION,
    BAD_REQUEST,
    STOP,
    REGENERATE,
    RECONNECT
};

static const struct scenario scenarios[] =
    {
        [TALK] =
            {
                TOKEN,
                "srsr",
                {POST("HTTP/1.1 200 OK\r\nx-trigger-jwt: EVIL\r\n\r\n{\"ok\":true,\"seq\":3}"),
                 GET(OUT R(0, "a")
                         BATCH(DATA(1, "id0", CHUNK("twice")))
                             BATCH(HEADERS(2, H("", "trim")))
                                 END_OF(3, 2)
                                     R(4, "b")
                                         BATCH(HEADERS(5, CONTROL("flux-capacitor")))
                                             R(6, "c")
                                                 BATCH(HEADERS(7, CONTROL("upgrade-required")))
                                                     R(8, "trigger:future")
                                                         BATCH(HEADERS(9, H("x", "y") "," CONTROL("turn-complete") "," H("public-access-token", "P2") "," H("session-in-event-id", "9")) "," DATA(10, "id10", CHUNK("late")))),
                 POST(OK("{\"ok\":true}")),
                 GET(OUT BATCH(
                     HEADERS(11, CONTROL("turn-complete") "," H("public-access-token", ""))))},
                4,
            },
        [RESUME] =
            {
                TOKEN,
                "sr",
                {POST(SEQ(0)), GET(OUT R(0, "a") DONE),
                 GET(OUT_CUT BATCH(DATA(0, "other", CHUNK("again"))) R(1, "b")),
                 GET(OUT R(2, "c") "event: error\ndata: x\n\n" R(3, "after")),
                 GET(OUT R(3, "d") BATCH(HEADERS(4, H("", "trim"))) DONE), GET(OUT_SETTLED DONE)},
                6,
            },
        [EXPIRED] = {TOKEN, "s", {POST(STATUS("401 No")), POST(STATUS("401 No"))}, 2},
        [OTHER_CONFLICT] = {TOKEN,
                            "ss",
                            {POST("HTTP/1.1 409 No\r\n\r\n{\"code\":\"other\"}"), POST(SEQ(0))},
                            2},
        [CLOSED] = {TOKEN,
                    "ss",
                    {POST("HTTP/1.1 409 No\r\n\r\n{\"code\":\"session_closed\"}"), POST(SEQ(0))},
                    2},
        [TOO_LARGE] = {TOKEN, "s", {POST(STATUS("413 No")), POST(SEQ(0))}, 2},
        [RATE_FAR] = {TOKEN,
                      "s",
                      {POST("HTTP/1.1 429 No\r\nx-ratelimit-reset: 9999999999999\r\n\r\n"),
                       POST(SEQ(0))},
                      2},
        [RATE_PAST] = {TOKEN,
                       "s",
                       {POST("HTTP/1.1 429 No\r\nx-ratelimit-reset: 1\r\n\r\n"), POST(SEQ(0))},
                       2},
        [SERVER_ERROR] = {TOKEN, "s", {POST(STATUS("500 No")), POST(SEQ(0))}, 2},
        [UNKNOWN_SESSION] = {TOKEN, "s", {POST(STATUS("404 No")), POST(SEQ(0))}, 2},
        [BAD_REQUEST] = {TOKEN, "s", {POST(STATUS("400 No")), GET(OUT END(0))}, 2},
        [STOP] = {TOKEN,
                  "sxsr",
                  {POST(SEQ(0)), POST(SEQ(1)), POST(SEQ(2)), POST(SEQ(3)),
                   GET(OUT R(0, "tail") END_OF(1, 0) R(2, "own") END_OF(3, 3))},
                  5},
        [REGENERATE] = {TOKEN, "g", {POST(SEQ(0))}, 1},
        [RECONNECT] = {STREAMING, "c", {GET(OUT R(0, "a") END(1))}, 1},
};

struct fault {
    const char *name;
    int64_t value;
    enum scenario_name scenario;
    const char *shows; /* stands in the transcript then and only then; with '!': is missing then */
};

#define FAULT(field, value, scenario, shows) \
    {                                        \
#field, (value), (scenario), (shows) \
    }

static const struct fault faults[] = {
    FAULT(refresh_on_401, 0, EXPIRED, "!Bearer F1"),
    FAULT(max_refreshes, 2, EXPIRED, "Bearer F2"),
    FAULT(adopt_token, 0, TALK, "!Bearer P2"),
    FAULT(adopt_empty_token, 1, TALK, "token: \n"),
    FAULT(adopt_header_token, 1, TALK, "Bearer EVIL"),
    FAULT(ask_despite_token, 1, TALK, "Bearer S1"),
    FAULT(token_in_query, 1, TALK, "?token=T0"),
    FAULT(encode_id, 0, TALK, "!c%2F1"),
    FAULT(append_content_type, 0, TALK, "!application/json"),
    FAULT(wrap_body, 1, TALK, "{\"data\":{\"kind\""),
    FAULT(message_in_array, 1, TALK, "\"messages\":[{"),
    FAULT(regenerate_with_message, 1, REGENERATE, "\"message\":{}"),
    FAULT(stop_with_payload, 1, STOP, "\"stop\",\"payload\""),
    FAULT(stops_per_call, 2, STOP, "Part-Id: <5>"),
    FAULT(send_part_id, 0, TALK, "!X-Part-Id"),
    FAULT(keep_part_id, 0, SERVER_ERROR, "Part-Id: <3>"),
    FAULT(one_part_id, 1, TALK, "!Part-Id: <3>"),
    FAULT(repost_for_follow_up, 1, TALK, "Bearer S1"),
    FAULT(use_seq, 0, TALK, "!chunk b\n"),
    FAULT(require_seq, 1, TALK, "send: refused"),
    FAULT(closed_is_terminal, 0, CLOSED, "send: ok"),
    FAULT(any_409_is_closed, 1, OTHER_CONFLICT, "send: closed"),
    FAULT(retry_413, 1, TOO_LARGE, "send: ok"),
    FAULT(retry_429, 0, RATE_PAST, "send: refused"),
    FAULT(wait_for_reset, 0, RATE_FAR, "send: ok"),
    FAULT(retry_5xx, 0, SERVER_ERROR, "send: refused"),
    FAULT(restart_on_404, 0, UNKNOWN_SESSION, "send: refused"),
    FAULT(read_after_refusal, WAIT_MS, BAD_REQUEST, "GET /"),
    FAULT(accept_event_stream, 0, TALK, "!text/event-stream"),
    FAULT(cursor_from_id_line, 1, TALK, "Last-Event-ID: 99,1,7"),
    FAULT(cursor_always, 1, TALK, "Last-Event-ID: 0"),
    FAULT(cursor_never_zero, 1, RESUME, "!Last-Event-ID: 0"),
    FAULT(forget_cursor, 1, TALK, "!Last-Event-ID: 9"),
    FAULT(skip_moves_cursor, 0, RESUME, "!Last-Event-ID: 4"),
    FAULT(drop_seen_seq, 0, RESUME, "chunk again"),
    FAULT(drop_seen_id, 0, TALK, "chunk twice"),
    FAULT(peek_on_active_send, 1, TALK, "X-Peek-Settled: 1"),
    FAULT(peek_on_reconnect, 0, RECONNECT, "!X-Peek-Settled: 1"),
    FAULT(honour_settled, 0, RESUME, "!read: settled"),
    FAULT(resume_after_end, 0, RESUME, "read: gave up"),
    FAULT(resume_after_drop, 0, RESUME, "read: gave up"),
    FAULT(error_event_is_drop, 0, RESUME, "chunk after"),
    FAULT(deliver_done, 1, RESUME, "chunk [DONE]"),
    FAULT(deliver_commands, 1, TALK, "chunk \n"),
    FAULT(deliver_controls, 1, TALK, "chunk flux-capacitor"),
    FAULT(filter_by_chunk_type, 1, TALK, "read: gave up"),
    FAULT(control_first_header_only, 1, TALK, "read: gave up"),
    FAULT(fail_on_unknown_control, 1, TALK, "!chunk c"),
    FAULT(deliver_legacy_controls, 1, TALK, "chunk trigger:future"),
    FAULT(correlate, 0, TALK, "!chunk b\n"),
    FAULT(require_correlation, 1, TALK, "read: gave up"),
    FAULT(exact_correlation, 1, TALK, "read: gave up"),
    FAULT(upgrade_ends_turn, 1, TALK, "!Bearer P2"),
    FAULT(read_past_boundary, 1, TALK, "chunk late"),
    FAULT(hide_stopped_tail, 0, STOP, "chunk tail"),
};

/* ---- the transcript of a scenario ---- */

static bool is_uuid(const char *text)
{
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}

/* Copies a request with every random id replaced by its number of appearance. */
static void put_request(struct cs_buf *out, const char *text, char ids[MAX_IDS][37])
{
    while (*text) {
        if (!is_uuid(text)) {
            cs_buf_char(out, *text++);
            continue;
        }
        size_t i = 0;
        while (i < MAX_IDS - 1 && ids[i][0] && memcmp(ids[i], text, 36) != 0) {
            i++;
        }
        memcpy(ids[i], text, 36);
        cs_buf_printf(out, "<%zu>", i + 1);
        text += 36;
    }
    cs_buf_char(out, '\n');
}

static bool put_chunk(void *ctx, const struct cs_chat_chunk *chunk)
{
    cs_buf_str(ctx, "chunk ");
    cs_buf_add(ctx, chunk->type.len > 0 ? chunk->type : chunk->data);
    cs_buf_char(ctx, '\n');
    return true;
}

static void act(struct cs_chat *chat, char action, struct cs_buf *out)
{
    const char *name = "read";
    enum cs_chat_result result = CS_CHAT_USAGE;
    switch (action) {
    case 's':
        name = "send";
        result = cs_chat_send(chat, "hello");
        break;
    case 'r':
        result = cs_chat_read_turn(chat, put_chunk, out, WAIT_MS);
        break;
    case 'c':
        result = cs_chat_reconnect(chat, put_chunk, out, WAIT_MS);
        break;
    case 'x':
        name = "stop";
        result = cs_chat_stop(chat, NULL);
        break;
    case 'g':
        name = "regenerate";
        result = cs_chat_regenerate(chat);
        break;
    default:
        break;
    }
    cs_buf_printf(out, "%s: %s\n", name, cs_chat_result_name(result));
}

/* Everything that a peer or a caller can tell, as text; the caller frees it. */
static char *play(struct fixture *fixture, const struct scenario *scenario)
{
    struct cs_buf out = CS_BUF(MAX_TRANSCRIPT);
    char ids[MAX_IDS][37] = {{0}};
    struct cs_chat *chat = open_chat(fixture, scenario->steps, scenario->n_steps, scenario->state);
    for (const char *action = scenario->actions; *action; action++) {
        act(chat, *action, &out);
    }
    cs_buf_printf(&out, "token: %s\n", cs_chat_token(chat));
    cs_chat_free(chat);
    canned_stop(fixture->canned);
    for (size_t i = 0; i < fixture->canned->n_requests; i++) {
        put_request(&out, fixture->canned->requests[i].text, ids);
    }
    canned_free(fixture->canned);
    fixture->chat = NULL;
    fixture->canned = NULL;
    fixture->n_starts = 0;
    fixture->n_refreshes = 0;
    return cs_buf_take(&out);
}

static bool shows(const char *transcript, const struct fault *fault)
{
    bool absent = fault->shows[0] == '!';
    return (strstr(transcript, fault->shows + (absent ? 1 : 0)) != NULL) != absent;
}

static void test_each_fault_shows(void **state)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const struct fault *fault = &faults[i];
        struct fixture fixture = *(struct fixture *)*state;
        int64_t *field = cs_chat_policy_field(&fixture.policy, fault->name);
        assert_int_not_equal(*field, fault->value);
        char *right = play(&fixture, &scenarios[fault->scenario]);
        *field = fault->value;
        char *wrong = play(&fixture, &scenarios[fault->scenario]);
        bool told = right && wrong && !shows(right, fault) && shows(wrong, fault);
        if (!told) {
            print_error("%s\n--- right\n%s\n--- wrong\n%s\n", fault->name, right ? right : "",
                        wrong ? wrong : "");
        }
        free(right);
        free(wrong);
        assert_true(told);
    }
}

/* What is not in the table above is turned around in the client role, or has a test of its own. */
static bool has_fault(const char *name)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (strcmp(faults[i].name, name) == 0) {
            return true;
        }
    }
    size_t len = strlen(name);
    for (const struct cs_client_violation *row = cs_client_violations; row->fault; row++) {
        if (strncmp(row->fault, name, len) == 0 && row->fault[len] == '=') {
            return true;
        }
    }
    return false;
}

static void test_no_decision_is_left_out(void **state)
{
    (void)state;
    struct cs_chat_policy policy;
    assert_ptr_equal(cs_chat_policy_field(&policy, "correlate"), &policy.correlate);
    assert_null(cs_chat_policy_field(&policy, "no_such_field"));
#define CHECK(name, value, text)                              \
    if (!has_fault(#name)) {                                  \
        fail_msg("%s: nothing shows that it matters", #name); \
    }
    CS_CHAT_POLICY_TOKENS(CHECK)
    CS_CHAT_POLICY_APPENDS(CHECK)
    CS_CHAT_POLICY_READS(CHECK)
    CS_CHAT_POLICY_TURNS(CHECK)
    CS_CHAT_POLICY_DECODING(CHECK)
    CS_CHAT_POLICY_SESSIONS(CHECK)
#undef CHECK
}

/* True when the client closed a held connection before `timeout_ms` passed. */
static bool has_left(struct canned *canned, long timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&canned->lock);
    int overdue = 0;
    while (canned->n_left == 0 && !overdue) {
        overdue = pthread_cond_timedwait(&canned->changed, &canned->lock, &until);
    }
    bool left = canned->n_left > 0;
    pthread_mutex_unlock(&canned->lock);
    return left;
}

static void test_connection_left_open(void **state)
{
    static const struct canned_step steps[] = {
        POST(SEQ(0)), {.on = "GET", .bytes = OUT END(0), .end = CANNED_HOLD}, POST(SEQ(1))};
    struct fixture *fixture = *state;
    fixture->policy.close_after_turn = 0;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    assert_false(has_left(fixture->canned, 50));
    /* A new send ends the old reader in any case (CRS-44). */
    assert_int_equal(cs_chat_send(chat, "y"), CS_CHAT_OK);
    assert_true(has_left(fixture->canned, WAIT_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_fault_shows, set_up, tear_down),
        cmocka_unit_test(test_no_decision_is_left_out),
        cmocka_unit_test_setup_teardown(test_connection_left_open, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
