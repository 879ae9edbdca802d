/* The reference client against scripted answers: what it sends, what it hands over, how it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/client_fixture.h"

/* ---- conversations ---- */

static void test_two_turns(void **state)
{
    static const struct canned_step steps[] = {
        {.on = "POST", .bytes = SEQ(0)},
        {.on = "GET",
         .bytes = OUT PING R(0, "start") R(1, "text-delta")
             BATCH(HEADERS(2, CONTROL("turn-complete") "," H("public-access-token", "P2") "," H(
                                  "session-in-event-id", "0")) "," DATA(3, "x", CHUNK("late"))),
         .end = CANNED_HOLD},
        {.on = "POST", .bytes = SEQ(1)},
        {.on = "GET",
         .bytes = OUT BATCH(HEADERS(4, H("", "trim")) "," DATA(5, "y", CHUNK("text-delta")))
             END_OF(6, 1),
         .end = CANNED_HOLD}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, NULL);
    uint64_t seq;
    assert_int_equal(cs_chat_send(chat, "hi \"there\"\n"), CS_CHAT_OK);
    assert_true(cs_chat_streaming(chat));
    assert_true(cs_chat_last_seq(chat, &seq));
    assert_int_equal(seq, 0);
    assert_false(cs_chat_cursor(chat, &seq));
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    expect_chunks(fixture, " start text-delta");
    assert_string_equal(cs_chat_token(chat), "P2");
    assert_false(cs_chat_streaming(chat));
    assert_true(cs_chat_cursor(chat, &seq));
    assert_int_equal(seq, 2);
    assert_int_equal(cs_chat_send_message(chat, "{\"id\":\"m\\u0000\",\"n\":1.50,\"parts\":[]}"),
                     CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    expect_chunks(fixture, " text-delta");
    expect_requests(fixture, "P:S1 G:S1 P:P2 G2:P2");
    assert_int_equal(fixture->canned->n_left, 2); /* both readers closed by us (CRS-46) */
    assert_int_equal(fixture->n_starts, 1);
    assert_int_equal(fixture->n_exchanges, 4);

    assert_string_equal(header_of(fixture, 0, "Content-Type"), "application/json");
    assert_string_equal(header_of(fixture, 1, "Accept"), "text/event-stream");
    assert_string_equal(header_of(fixture, 1, "Timeout-Seconds"), "120");
    assert_string_equal(header_of(fixture, 1, "X-Peek-Settled"), "");
    const char *first = body_of(fixture, 0);
    assert_ptr_equal(strstr(first, "{\"kind\":\"message\",\"payload\":{\"message\":{\"id\":\""),
                     first);
    assert_non_null(strstr(first, "\"role\":\"user\",\"parts\":[{\"type\":\"text\","
                                  "\"text\":\"hi \\\"there\\\"\\n\"}]},"
                                  "\"chatId\":\"c/1 \xc3\xa9\",\"trigger\":\"submit-message\"}}"));
    assert_string_equal(body_of(fixture, 2),
                        "{\"kind\":\"message\",\"payload\":{\"message\":"
                        "{\"id\":\"m\\u0000\",\"n\":1.50,\"parts\":[]},"
                        "\"chatId\":\"c/1 \xc3\xa9\",\"trigger\":\"submit-message\"}}");
    char part_id[64];
    snprintf(part_id, sizeof part_id, "%s", header_of(fixture, 0, "X-Part-Id"));
    assert_int_equal(strlen(part_id), 36);
    assert_string_not_equal(part_id, header_of(fixture, 2, "X-Part-Id"));
}

static void test_other_sends(void **state)
{
    static const struct canned_step steps[] = {
        {.bytes = SEQ(0)}, {.bytes = SEQ(1)}, {.bytes = SEQ(2)}, {.bytes = SEQ(3)}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    assert_int_equal(cs_chat_regenerate(chat), CS_CHAT_OK);
    assert_int_equal(cs_chat_action(chat, "{\"do\":[1]}"), CS_CHAT_OK);
    assert_int_equal(cs_chat_stop(chat, NULL), CS_CHAT_OK);
    assert_int_equal(cs_chat_stop(chat, "enough"), CS_CHAT_OK);
    assert_int_equal(cs_chat_send_message(chat, "[]"), CS_CHAT_USAGE);
    assert_int_equal(cs_chat_send_message(chat, "{\"a\":01}"), CS_CHAT_USAGE);
    assert_int_equal(cs_chat_action(chat, "x"), CS_CHAT_USAGE);
    assert_int_equal(cs_chat_send(chat, "\xff"), CS_CHAT_USAGE);
    assert_int_equal(cs_chat_stop(chat, "\xff"), CS_CHAT_USAGE);
    expect_requests(fixture, "P:T0 P:T0 P:T0 P:T0");
    assert_string_equal(body_of(fixture, 0),
                        "{\"kind\":\"message\",\"payload\":{\"chatId\":\"c/1 \xc3\xa9\","
                        "\"trigger\":\"regenerate-message\"}}");
    assert_string_equal(body_of(fixture, 1),
                        "{\"kind\":\"message\",\"payload\":{\"action\":{\"do\":[1]},"
                        "\"chatId\":\"c/1 \xc3\xa9\",\"trigger\":\"action\"}}");
    assert_string_equal(body_of(fixture, 2), "{\"kind\":\"stop\"}");
    assert_string_equal(body_of(fixture, 3), "{\"kind\":\"stop\",\"message\":\"enough\"}");
}

static void test_create_with_secret_key(void **state)
{
    static const struct canned_step steps[] = {
        {.bytes = "HTTP/1.1 201 Created\r\nx-trigger-jwt: EVIL\r\n\r\n"
                  "{\"id\":\"session_1\",\"runId\":\"run_1\",\"publicAccessToken\":\"P1\"}"},
        {.bytes = OK("{\"ok\":true}")},
        {.bytes = STATUS("401 Expired")},
        {.bytes = OK("{\"id\":\"session_1\",\"runId\":\"run_2\",\"isCached\":true,"
                     "\"publicAccessToken\":\"P2\"}")},
        {.bytes = OUT END(0)}};
    struct fixture *fixture = *state;
    fixture->canned = CANNED(steps);
    char base[96];
    snprintf(base, sizeof base, "%s/", fixture->canned->url);
    struct cs_chat_options options = {.base_url = base,
                                      .task = "my-agent",
                                      .chat_id = "c/1 \xc3\xa9",
                                      .secret_key = "tr_dev_x",
                                      .client_data = "{\"userId\":\"u\"}",
                                      .timeout_s = 30,
                                      .policy = &fixture->policy};
    struct cs_chat *chat = fixture->chat = cs_chat_new(&options);
    assert_non_null(chat);
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
    assert_string_equal(cs_chat_session_id(chat), "session_1");
    assert_string_equal(cs_chat_run_id(chat), "run_1");
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    assert_string_equal(cs_chat_run_id(chat), "run_2");
    expect_requests(fixture, "C:tr_dev_x P:P1 G:P1 C:tr_dev_x G:P2");
    assert_string_equal(body_of(fixture, 0),
                        "{\"type\":\"chat.agent\",\"externalId\":\"c/1 \xc3\xa9\","
                        "\"taskIdentifier\":\"my-agent\",\"triggerConfig\":{\"tags\":"
                        "[\"chat:c/1 \xc3\xa9\"],\"basePayload\":{\"chatId\":\"c/1 \xc3\xa9\","
                        "\"trigger\":\"preload\",\"metadata\":{\"userId\":\"u\"}}}}");
    assert_non_null(strstr(body_of(fixture, 1), "\"metadata\":{\"userId\":\"u\"}}}"));
    assert_string_equal(header_of(fixture, 2, "Timeout-Seconds"), "30");
    assert_string_equal(header_of(fixture, 0, "X-Part-Id"), "");
}

/* ---- one send, by what it is answered ---- */

struct send_row {
    struct canned_step steps[4];
    size_t n_steps;
    const char *state; /* to import; NULL: none */
    bool refuse_tokens;
    enum cs_chat_result want;
    int status;           /* in the error */
    const char *requests; /* of this send and a second one, when the first said closed */
};

static const struct send_row sends[] = {
    {{{.bytes = STATUS("401 No")}, {.bytes = SEQ(0)}},
     2,
     TOKEN,
     false,
     CS_CHAT_OK,
     401,
     "P:T0 P:F1"},
    {{{.bytes = STATUS("403 No")}, {.bytes = SEQ(0)}},
     2,
     TOKEN,
     false,
     CS_CHAT_OK,
     403,
     "P:T0 P:F1"},
    {{{.bytes = STATUS("401 No")}, {.bytes = STATUS("403 No")}},
     2,
     TOKEN,
     false,
     CS_CHAT_REFUSED,
     403,
     "P:T0 P:F1"},
    {{{.bytes = STATUS("401 No")}}, 1, TOKEN, true, CS_CHAT_NO_TOKEN, 0, "P:T0"},
    {{{.bytes = ""}}, 1, NULL, true, CS_CHAT_NO_TOKEN, 0, ""},
    {{{.bytes = STATUS("404 No")}, {.bytes = SEQ(0)}},
     2,
     TOKEN,
     false,
     CS_CHAT_OK,
     404,
     "P:T0 P:S1"},
    {{{.bytes = STATUS("404 No")}, {.bytes = STATUS("404 No")}},
     2,
     TOKEN,
     false,
     CS_CHAT_REFUSED,
     404,
     "P:T0 P:S1"},
    {{{.bytes = STATUS("401 No")}, {.bytes = STATUS("404 No")}, {.bytes = SEQ(0)}},
     3,
     TOKEN,
     false,
     CS_CHAT_OK,
     404,
     "P:T0 P:F1 P:S1"},
    {{{.bytes = "HTTP/1.1 409 No\r\n\r\n{\"code\":\"session_closed\",\"closedReason\":\"bye\"}"}},
     1,
     TOKEN,
     false,
     CS_CHAT_CLOSED,
     409,
     "P:T0"},
    {{{.bytes = "HTTP/1.1 409 No\r\n\r\n{\"error\":\"session_closed\"}"}, {.bytes = SEQ(0)}},
     1,
     TOKEN,
     false,
     CS_CHAT_REFUSED,
     409,
     "P:T0"},
    {{{.bytes = STATUS("413 Too large")}}, 1, TOKEN, false, CS_CHAT_REFUSED, 413, "P:T0"},
    {{{.bytes = STATUS("400 Bad")}}, 1, TOKEN, false, CS_CHAT_REFUSED, 400, "P:T0"},
    {{{.bytes = STATUS("500 Oh")}, {.bytes = STATUS("503 Oh")}, {.bytes = SEQ(0)}},
     3,
     TOKEN,
     false,
     CS_CHAT_OK,
     0,
     "P:T0 P:T0 P:T0"},
    {{{.bytes = "", .end = CANNED_RESET}, {.bytes = ""}, {.bytes = SEQ(0)}},
     3,
     TOKEN,
     false,
     CS_CHAT_OK,
     0,
     "P:T0 P:T0 P:T0"},
    {{{.bytes = "HTTP/1.1 429 Slow\r\nx-ratelimit-reset: 1000\r\n\r\n"}, {.bytes = SEQ(0)}},
     2,
     TOKEN,
     false,
     CS_CHAT_OK,
     0,
     "P:T0 P:T0"},
    {{{.bytes = STATUS("429 Slow")}}, 1, TOKEN, false, CS_CHAT_REFUSED, 429, "P:T0"},
    {{{.bytes = "HTTP/1.1 204 Fine\r\n\r\n"}}, 1, TOKEN, false, CS_CHAT_OK, 0, "P:T0"},
    {{{.bytes = OK("<html>")}}, 1, TOKEN, false, CS_CHAT_OK, 0, "P:T0"},
};

static void test_answers_to_an_append(void **state)
{
    for (size_t i = 0; i < sizeof sends / sizeof sends[0]; i++) {
        const struct send_row *row = &sends[i];
        struct fixture *fixture = *state;
        struct cs_chat *chat = open_chat(fixture, row->steps, row->n_steps, row->state);
        fixture->refuse_tokens = row->refuse_tokens;
        enum cs_chat_result got = cs_chat_send(chat, "x");
        if (got != row->want || cs_chat_error(chat)->status != row->status) {
            fail_msg("row %zu: %s, status %d: %s", i, cs_chat_result_name(got),
                     cs_chat_error(chat)->status, cs_chat_error(chat)->text);
        }
        assert_int_equal(cs_chat_streaming(chat), got == CS_CHAT_OK);
        if (got == CS_CHAT_CLOSED) { /* terminal, without any further request (CAP-57) */
            assert_string_equal(cs_chat_error(chat)->code, "session_closed");
            assert_string_equal(cs_chat_closed_reason(chat), "bye");
            assert_int_equal(cs_chat_send(chat, "y"), CS_CHAT_CLOSED);
            assert_int_equal(cs_chat_reconnect(chat, NULL, NULL, WAIT_MS), CS_CHAT_NOTHING);
        }
        expect_requests(fixture, row->requests);
        for (size_t k = 1; k < fixture->canned->n_requests; k++) { /* CAP-45 */
            char part_id[64];
            snprintf(part_id, sizeof part_id, "%s", header_of(fixture, 0, "X-Part-Id"));
            assert_string_equal(part_id, header_of(fixture, k, "X-Part-Id"));
            assert_string_equal(body_of(fixture, 0), body_of(fixture, k));
        }
        cs_chat_free(fixture->chat);
        canned_free(fixture->canned);
        fixture->chat = NULL;
        fixture->canned = NULL;
        fixture->n_starts = 0;
        fixture->n_refreshes = 0;
    }
}

/* ---- one turn, by what the stream does; the append is answered with seq 5 ---- */

struct read_row {
    struct canned_step gets[6];
    size_t n_gets;
    enum cs_chat_result want;
    const char *chunks;
    const char *requests;
    unsigned oddities;
};

#define ODD(seq, rest) "{\"seq_num\":" #seq ",\"timestamp\":1" rest "}"

static const struct read_row reads[] = {
    /* a clean end is no end of the turn; seq 0 is a cursor (CRS-03, CRS-22) */
    {{{.bytes = OUT R(0, "a") DONE}, {.bytes = OUT R(1, "b")}, {.bytes = OUT END(2)}},
     3,
     CS_CHAT_OK,
     " a b",
     "P:T0 G:T0 G0:T0 G1:T0",
     0},
    /* lost connections, before and amid the stream (CRS-08, CRS-09) */
    {{{.bytes = "", .end = CANNED_RESET}, {.bytes = OUT_CUT R(0, "a")}, {.bytes = OUT END(1)}},
     3,
     CS_CHAT_OK,
     " a",
     "P:T0 G:T0 G:T0 G0:T0",
     0},
    /* an event cut in half is not seen (CSE-32) */
    {{{.bytes = OUT R(0, "a") "event: batch\ndata: {\"records\":["}, {.bytes = OUT END(1)}},
     2,
     CS_CHAT_OK,
     " a",
     "P:T0 G:T0 G0:T0",
     0},
    /* an error event is a lost connection, although this one stays open (CSE-25) */
    {{{.bytes = OUT R(0, "a") "event: error\ndata: gone\n\n", .end = CANNED_HOLD},
      {.bytes = OUT END(1)}},
     2,
     CS_CHAT_OK,
     " a",
     "P:T0 G:T0 G0:T0",
     0},
    /* settled is final (CRS-26) */
    {{{.bytes = OUT_SETTLED R(0, "a") DONE}}, 1, CS_CHAT_SETTLED, " a", "P:T0 G:T0", 0},
    /* nothing, again and again */
    {{{.bytes = OUT DONE}, {.bytes = OUT}, {.bytes = OUT PING}, {.bytes = OUT}, {.bytes = OUT}},
     5,
     CS_CHAT_GAVE_UP,
     "",
     "P:T0 G:T0 G:T0 G:T0 G:T0 G:T0",
     0},
    /* tokens (CTK-20, CTK-21); a record re-arms the refresh */
    {{{.bytes = STATUS("401 No")},
      {.bytes = OUT R(0, "a")},
      {.bytes = STATUS("403 No")},
      {.bytes = OUT END(1)}},
     4,
     CS_CHAT_OK,
     " a",
     "P:T0 G:T0 G:F1 G0:F1 G0:F2",
     0},
    {{{.bytes = STATUS("401 No")}, {.bytes = STATUS("401 No")}},
     2,
     CS_CHAT_REFUSED,
     "",
     "P:T0 G:T0 G:F1",
     0},
    {{{.bytes = STATUS("404 No")}}, 1, CS_CHAT_REFUSED, "", "P:T0 G:T0", 0},
    {{{.bytes = STATUS("503 No")}, {.bytes = OUT END(0)}}, 2, CS_CHAT_OK, "", "P:T0 G:T0 G:T0", 0},
    /* boundaries of earlier turns (CTC-02 to CTC-04); a token on one is taken all the same */
    {{{.bytes = OUT BATCH(
           HEADERS(0, CONTROL("turn-complete") "," H("session-in-event-id", "4") "," H(
                          "public-access-token", "P9"))) R(1, "a") END_OF(2, 5) R(3, "b")},
      {.bytes = OUT END(9)}},
     1,
     CS_CHAT_OK,
     " a",
     "P:T0 G:T0",
     0},
    {{{.bytes = OUT R(1, "a") END_OF(2, 99)}}, 1, CS_CHAT_OK, " a", "P:T0 G:T0", 0},
    {{{.bytes = OUT R(1, "a") END(2)}}, 1, CS_CHAT_OK, " a", "P:T0 G:T0", 0},
    {{{.bytes = OUT R(1, "a") END_OF(2, x4)}}, 1, CS_CHAT_OK, " a", "P:T0 G:T0", 0},
    /* controls that end nothing, commands, gaps (CRE-04, CRE-10, CRE-19, CRE-48, CTC-11) */
    {{{.bytes = OUT BATCH(HEADERS(1, CONTROL("upgrade-required")) "," HEADERS(
           2, CONTROL("flux-capacitor")) "," HEADERS(3, H("", "fence")) "," DATA(50, "q",
                                                                                 CHUNK("a")))
           BATCH(HEADERS(70, H("x", "y") "," CONTROL("turn-complete")))}},
     1,
     CS_CHAT_OK,
     " a",
     "P:T0 G:T0",
     0},
    /* the session ends */
    {{{.bytes = OUT R(0, "a")
           BATCH(HEADERS(1, CONTROL("session-closed") "," H("session-closed-reason", "bye")))}},
     1,
     CS_CHAT_CLOSED,
     " a",
     "P:T0 G:T0",
     0},
    /* old agents' controls are chunks (CRE-14 to CRE-16) */
    {{{.bytes = OUT R(0, "trigger:upgrade-required") R(1, "trigger:future") R(2, "a")
           R(3, "trigger:turn-complete") R(4, "b")}},
     1,
     CS_CHAT_OK,
     " a",
     "P:T0 G:T0",
     0},
    /* bodies without a chunk (CRE-26, CRE-27) and without an id (CRE-28) */
    {{{.bytes = OUT BATCH(
           ODD(0, "") "," ODD(1, ",\"body\":\"nope\"") "," ODD(2, ",\"body\":\"7\"") "," ODD(
               3, ",\"body\":\"{}\"") "," ODD(4, ",\"body\":\"{\\\"data\\\":null}"
                                                 "\"") "," ODD(5, ",\"body\":\"{"
                                                                  "\\\"data\\\":[1]}"
                                                                  "\"") "," ODD(6, ",\"b"
                                                                                   "ody"
                                                                                   "\":"
                                                                                   "\"{"
                                                                                   "\\\""
                                                                                   "data"
                                                                                   "\\\""
                                                                                   ":[1]"
                                                                                   "}"
                                                                                   "\"")) END(7)}},
     1,
     CS_CHAT_OK,
     " [1] [1]",
     "P:T0 G:T0",
     5},
    /* events that are no protocol (CSE-22, CRE-49) */
    {{{.bytes = OUT "event: zork\ndata: {}\n\nevent: batch\ndata: null\n\nevent: batch\n"
                    "data: {\"records\":7}\n\nevent: batch\ndata: {\n\n" R(0, "a") END(1)}},
     1,
     CS_CHAT_OK,
     " a",
     "P:T0 G:T0",
     3},
    /* the server repeats itself: by number after a resume, by id at once (CRS-51, REC-04) */
    {{{.bytes = OUT R(0, "a") R(1, "b")},
      {.bytes =
           OUT R(0, "a") R(1, "b") R(2, "c") BATCH(DATA(3, "id2", CHUNK("c"))) R(4, "d") END(5)}},
     2,
     CS_CHAT_OK,
     " a b c d",
     "P:T0 G:T0 G1:T0",
     0},
};

static void test_streams(void **state)
{
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        const struct read_row *row = &reads[i];
        struct fixture *fixture = *state;
        struct canned_step steps[7] = {{.on = "POST", .bytes = SEQ(5)}};
        memcpy(steps + 1, row->gets, sizeof row->gets);
        struct cs_chat *chat = open_chat(fixture, steps, 1 + row->n_gets, TOKEN);
        assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
        enum cs_chat_result got = read_turn(fixture);
        if (got != row->want || cs_chat_oddities(chat) != row->oddities) {
            fail_msg("row %zu: %s, %u oddities, chunks \"%.*s\": %s", i, cs_chat_result_name(got),
                     cs_chat_oddities(chat), CS_VIEW_ARG(cs_buf_view(&fixture->chunks)),
                     cs_chat_error(chat)->text);
        }
        expect_chunks(fixture, row->chunks);
        expect_requests(fixture, row->requests);
        assert_int_equal(cs_chat_closed(chat), got == CS_CHAT_CLOSED);
        cs_chat_free(fixture->chat);
        canned_free(fixture->canned);
        fixture->chat = NULL;
        fixture->canned = NULL;
        fixture->n_refreshes = 0;
    }
}

static void test_bad_tokens_of_the_stream(void **state)
{
    static const struct canned_step steps[] = {
        {.on = "POST", .bytes = SEQ(0)},
        {.on = "GET",
         .bytes = OUT BATCH(HEADERS(0, CONTROL("turn-complete") "," H("public-access-token", "")))},
        {.on = "GET",
         .bytes = OUT BATCH(HEADERS(
             1, CONTROL("turn-complete") "," H("public-access-token", "a\\r\\nX-Evil: 1")))},
        {.on = "POST", .bytes = SEQ(1)}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    assert_int_equal(cs_chat_send(chat, "y"), CS_CHAT_OK);
    expect_requests(fixture, "P:T0 G:T0 G0:T0 P:T0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_two_turns),
        TEST(test_other_sends),
        TEST(test_create_with_secret_key),
        TEST(test_answers_to_an_append),
        TEST(test_streams),
        TEST(test_bad_tokens_of_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
