/* Channels of a running endpoint: append, drain, initialise, direct appends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint_world.h"

/* ---- append and drain ---- */

static void appends_are_numbered_and_drained(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    const char *by_id = IN_A "/append";
    char by_friendly[128];
    snprintf(by_friendly, sizeof(by_friendly), "/realtime/v1/sessions/%s/in/append", session.id);
    assert_int_equal(exchange(world, &reply, "POST", by_id, session.token, "X-Part-Id: p-0\r\n",
                              CS_VIEW("{\"k\":1}")),
                     200);
    assert_body(&reply, "{\"ok\":true,\"seq\":0}");
    forget(&reply);
    assert_int_equal(exchange(world, &reply, "POST", by_friendly, session.token,
                              "X-Part-Id: p-1\r\n", CS_VIEW("not \"JSON\"")),
                     200);
    assert_body(&reply, "{\"ok\":true,\"seq\":1}");
    forget(&reply);
    drain(world, "a", "in", &reply);
    assert_body(&reply, "{\"records\":[{\"data\":\"{\\\"k\\\":1}\",\"id\":\"p-0\",\"seqNum\":0},"
                        "{\"data\":\"not \\\"JSON\\\"\",\"id\":\"p-1\",\"seqNum\":1}]}");
    forget(&reply);
    drain(world, "a", "out", &reply);
    assert_body(&reply, "{\"records\":[]}");
    forget(&reply);
}

static void cursor_of_a_drain_is_digits_only(void **state)
{
    static const struct {
        const char *query;
        int status;
        const char *first;
    } rows[] = {
        {"", 200, "\"seqNum\":0"},
        {"?afterEventId=0", 200, "\"seqNum\":1"},
        {"?afterEventId=1", 200, "[]"},
        {"?afterEventId=18446744073709551615", 200, "[]"},
        {"?afterEventId=99999999999999999999", 500, "error"},
        {"?afterEventId=", 400, "Query Error"},
        {"?afterEventId=-1", 400, "Query Error"},
        {"?afterEventId=1.5", 400, "Query Error"},
        {"?afterEventId=0,1,106", 400, "Query Error"},
        {"?other=x", 200, "\"seqNum\":0"},
    };
    struct world *world = *state;
    struct session session;
    create_plain(world, "a", &session);
    append_ok(world, "a", "in", "x");
    append_ok(world, "a", "in", "y");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char path[128];
        struct reply reply;
        snprintf(path, sizeof(path), IN_A "/records%s", rows[i].query);
        assert_int_equal(exchange(world, &reply, "GET", path, session.token, "", NO_BODY),
                         rows[i].status);
        struct cs_view body = cs_buf_view(&reply.body);
        size_t at = cs_view_find(body, cs_view_str(rows[i].first));
        assert_true(at != SIZE_MAX);
        forget(&reply);
    }
}

static void repeats_of_a_part_id_add_nothing(void **state)
{
    struct world *world = *state;
    struct session a;
    struct session b;
    struct reply reply;
    create_plain(world, "a", &a);
    create_plain(world, "b", &b);
    static char big[1048600];
    memset(big, '"', sizeof(big));
    /* A failed append gives its id back. */
    assert_int_equal(status_of(world, "POST", IN_A "/append", SECRET, "X-Part-Id: p\r\n",
                               cs_view_of(big, 600000)),
                     413);
    static const struct {
        const char *path;
        const char *expected;
    } rows[] = {
        {IN_A "/append", "{\"ok\":true,\"seq\":0}"},
        {IN_A "/append", "{\"ok\":true}"},
        {"/realtime/v1/sessions/a/out/append", "{\"ok\":true,\"seq\":0}"},
        {"/realtime/v1/sessions/b/in/append", "{\"ok\":true,\"seq\":0}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(
            exchange(world, &reply, "POST", rows[i].path, SECRET, "X-Part-Id: p\r\n", CS_VIEW("x")),
            200);
        assert_body(&reply, rows[i].expected);
        forget(&reply);
    }
    char by_friendly[128];
    snprintf(by_friendly, sizeof(by_friendly), "/realtime/v1/sessions/%s/in/append", a.id);
    exchange(world, &reply, "POST", by_friendly, SECRET, "X-Part-Id: p\r\n", CS_VIEW("x"));
    assert_body(&reply, "{\"ok\":true}");
    forget(&reply);
    /* An empty id is id "" and claims nothing. */
    for (int i = 1; i < 3; i++) {
        exchange(world, &reply, "POST", IN_A "/append", SECRET, "X-Part-Id:\r\n", CS_VIEW("x"));
        assert_body(&reply, i == 1 ? "{\"ok\":true,\"seq\":1}" : "{\"ok\":true,\"seq\":2}");
        forget(&reply);
    }
}

static void part_id_claims_run_out(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    world->endpoint->policy.dedupe_window_ms = 0;
    for (int i = 0; i < 2; i++) {
        exchange(world, &reply, "POST", IN_A "/append", SECRET, "X-Part-Id: p\r\n", CS_VIEW("x"));
        assert_body(&reply, i == 0 ? "{\"ok\":true,\"seq\":0}" : "{\"ok\":true,\"seq\":1}");
        forget(&reply);
    }
}

static void metered_limit_is_exact(void **state)
{
    static const struct {
        char fill;
        size_t accepted;
        const char *part_id;
    } rows[] = {
        {'7', 1048542, ""},
        {'7', 1048528, "X-Part-Id: 123456789012345678901\r\n"},
        {'7', 1048513, "X-Part-Id: 123456789012345678901234567890123456\r\n"},
        {'"', 524271, ""},
        {'"', 524256, "X-Part-Id: 12345678901234567890123456789012345x\r\n"},
        {'\x01', 174757, ""},
        {'\xff', 349514, ""},
        {'\x7f', 1048542, ""},
    };
    struct world *world = *state;
    struct session session;
    static char body[1048576];
    create_plain(world, "a", &session);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reply reply;
        memset(body, rows[i].fill, rows[i].accepted + 1);
        exchange(world, &reply, "POST", IN_A "/append", SECRET, rows[i].part_id,
                 cs_view_of(body, rows[i].accepted + 1));
        assert_int_equal(reply.status, 413);
        assert_true(body_has(&reply, "{\"ok\":false,\"error\":\"Record metered size 1048"));
        assert_true(body_has(&reply, "bytes exceeds the S2 per-record limit of 1048576 bytes"));
        forget(&reply);
        assert_int_equal(status_of(world, "POST", IN_A "/append", SECRET, rows[i].part_id,
                                   cs_view_of(body, rows[i].accepted)),
                         200);
    }
}

static void text_is_decoded_as_a_browser_does(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    static const char bytes[] = "\xef\xbb\xbf"
                                "a\xff\xe2\x82z\xc3\xa9";
    assert_int_equal(status_of(world, "POST", IN_A "/append", SECRET, "X-Part-Id: i\xe9\r\n",
                               cs_view_of(bytes, sizeof(bytes) - 1)),
                     200);
    drain(world, "a", "in", &reply);
    assert_body(&reply, "{\"records\":[{\"data\":\"a\xef\xbf\xbd\xef\xbf\xbdz\xc3\xa9\","
                        "\"id\":\"i\xc3\xa9\",\"seqNum\":0}]}");
    forget(&reply);
}

static void clients_cannot_claim_to_be_a_webhook(void **state)
{
    static const struct {
        const char *sent;
        const char *stored;
    } rows[] = {
        {"{\"kind\":\"message\",\"payload\":{\"a\":1,\"actionSource\":\"webhook\",\"b\":[2,{}]}}",
         "{\"kind\":\"message\",\"payload\":{\"a\":1,\"b\":[2,{}]}}"},
        {"{ \"payload\" : { \"\\u0061ctionSource\" : \"webhook\" } , \"z\" : \"\\u0041\" }",
         "{\"payload\":{},\"z\":\"A\"}"},
        {"{\"payload\":{\"actionSource\":\"user\"} }",
         "{\"payload\":{\"actionSource\":\"user\"} }"},
        {"{\"actionSource\":\"webhook\" }", "{\"actionSource\":\"webhook\" }"},
        {"{\"payload\":{\"in\":{\"actionSource\":\"webhook\"}} }",
         "{\"payload\":{\"in\":{\"actionSource\":\"webhook\"}} }"},
        {"{\"payload\":{\"actionSource\":\"webhook\"",
         "{\"payload\":{\"actionSource\":\"webhook\""},
        {"{\"payload\":{\"actionSource\":\"webhook\"},\"x\":{\"actionSource\":true},\"n\":1e2}",
         "{\"payload\":{},\"x\":{\"actionSource\":true},\"n\":1e2}"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct session session;
        struct reply reply;
        char id[16];
        snprintf(id, sizeof(id), "s%zu", i);
        create_plain(world, id, &session);
        append_ok(world, id, "in", rows[i].sent);
        append_ok(world, id, "out", rows[i].sent);
        static const char *const ios[] = {"in", "out"};
        for (size_t k = 0; k < 2; k++) {
            struct cs_buf expected = CS_BUF((size_t)4096);
            cs_buf_str(&expected, "{\"records\":[{\"data\":");
            cs_json_text(&expected, cs_view_str(k == 0 ? rows[i].stored : rows[i].sent));
            char *text = cs_buf_take(&expected);
            drain(world, id, ios[k], &reply);
            assert_true(body_has(&reply, text));
            free(text);
            forget(&reply);
        }
    }
}

static void out_takes_a_secret_key_only(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    assert_int_equal(
        exchange(world, &reply, "POST", OUT_A "/append", session.token, "", CS_VIEW("x")), 403);
    assert_body(&reply, "{\"ok\":false,\"error\":\"Appending to the out channel requires secret "
                        "key authentication\"}");
    forget(&reply);
    assert_int_equal(status_of(world, "PUT", OUT_A, session.token, "", CS_VIEW("")), 403);
    assert_int_equal(status_of(world, "PUT", IN_A, session.token, "", CS_VIEW("")), 202);
    drain(world, "a", "out", &reply);
    assert_body(&reply, "{\"records\":[]}");
    forget(&reply);
    append_ok(world, "a", "out", "x");
}

static void closed_and_expired_sessions_take_nothing(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    append_ok(world, "a", "in", "x");
    assert_int_equal(status_of(world, "POST", "/api/v1/sessions/a/close", SECRET,
                               "Content-Type: application/json\r\n",
                               CS_VIEW("{\"reason\":\"do\\\"ne\"}")),
                     200);
    assert_int_equal(
        exchange(world, &reply, "POST", IN_A "/append", session.token, "", CS_VIEW("y")), 409);
    assert_body(&reply, "{\"ok\":false,\"error\":\"Cannot append to a closed session\",\"code\":"
                        "\"session_closed\",\"closedReason\":\"do\\\"ne\"}");
    forget(&reply);
    /* APP-27: closed comes before the rule for out. */
    assert_int_equal(status_of(world, "POST", OUT_A "/append", session.token, "", CS_VIEW("y")),
                     409);
    assert_int_equal(status_of(world, "PUT", OUT_A, SECRET, "", CS_VIEW("")), 400);
    drain(world, "a", "in", &reply);
    assert_true(body_has(&reply, "\"data\":\"x\""));
    assert_false(body_has(&reply, "\"data\":\"y\""));
    forget(&reply);
    subscribe(world, &reply, IN_A, "Timeout-Seconds: 1\r\n");
    forget(&reply);

    create_plain(world, "b", &session);
    world->endpoint->policy.expired_append_status = 400;
    struct cs_session *row =
        cs_session_find(world->endpoint, &world->endpoint->environments[0], CS_VIEW("b"));
    row->expires_ms = 1;
    assert_int_equal(exchange(world, &reply, "POST", "/realtime/v1/sessions/b/in/append",
                              session.token, "", CS_VIEW("y")),
                     400);
    assert_body(&reply, "{\"ok\":false,\"error\":\"Cannot append to an expired session\"}");
    forget(&reply);
}

static void side_channels_are_streams_of_their_own(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    append_ok(world, "a", "in", "main");
    append_ok(world, "a/channels/side", "in", "one");
    append_ok(world, "a/channels/side", "in", "two");
    drain(world, "a/channels/side", "in", &reply);
    assert_true(body_has(&reply, "\"data\":\"two\""));
    assert_true(body_has(&reply, "\"seqNum\":1"));
    assert_false(body_has(&reply, "main"));
    forget(&reply);
    assert_int_equal(status_of(world, "POST", "/realtime/v1/sessions/a/channels/side/out/append",
                               session.token, "", CS_VIEW("x")),
                     403);
    assert_int_equal(status_of(world, "POST", "/realtime/v1/sessions/a/channels/side/in/append",
                               session.token, "", CS_VIEW("x")),
                     200);
}

static void names_of_sessions_and_channels_never_meet(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    create_plain(world, "a/channels/side", &session);
    append_ok(world, "a/channels/side", "in", "to the channel");
    append_ok(world, "a%2Fchannels%2Fside", "in", "to the session");
    drain(world, "a/channels/side", "in", &reply);
    assert_true(body_has(&reply, "to the channel"));
    assert_false(body_has(&reply, "to the session"));
    forget(&reply);
}

/* ---- the store's own door ---- */

static void credentials_are_complete(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "caf\xc3\xa9 %2F/x", &session);
    char path[128];
    snprintf(path, sizeof(path), "/realtime/v1/sessions/%s/out", session.id);
    assert_int_equal(exchange(world, &reply, "PUT", path, SECRET, "", CS_VIEW("")), 202);
    assert_body(&reply, "{\"version\":\"v2\"}");
    assert_string_equal(header_of(&reply, "X-S2-Stream-Name"), "/sessions/caf%C3%A9%20%252F/x/out");
    assert_string_equal(header_of(&reply, "X-S2-Basin"), "chatspec-basin");
    assert_string_equal(header_of(&reply, "X-S2-Flush-Interval-Ms"), "100");
    assert_string_equal(header_of(&reply, "X-S2-Max-Retries"), "10");
    char endpoint[160];
    snprintf(endpoint, sizeof(endpoint), "%s/v1", cs_endpoint_url(world->endpoint));
    assert_string_equal(header_of(&reply, "X-S2-Endpoint"), endpoint);
    assert_true(strlen(header_of(&reply, "X-S2-Access-Token")) > 20);
    forget(&reply);
    /* What is written there comes out of the session's stream. */
    store_ok(world, session.id, "out", TURN_COMPLETE);
    drain(world, session.id, "out", &reply);
    assert_body(&reply, "{\"records\":[{\"data\":\"\",\"id\":\"\",\"seqNum\":0,"
                        "\"headers\":[[\"trigger-control\",\"turn-complete\"]]}]}");
    forget(&reply);
}

static void store_tokens_are_for_one_stream(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply put;
    create_plain(world, "a", &session);
    assert_int_equal(exchange(world, &put, "PUT", IN_A, session.token, "", CS_VIEW("")), 202);
    char token[2048];
    snprintf(token, sizeof(token), "%s", header_of(&put, "X-S2-Access-Token"));
    forget(&put);
    static const char *const headers =
        "S2-Basin: chatspec-basin\r\nContent-Type: application/json\r\n";
    static const struct {
        const char *path;
        bool own;
        int status;
    } rows[] = {
        {"/v1/streams/%2Fsessions%2Fa%2Fin/records", true, 200},
        {"/v1/streams/%2Fsessions%2Fa%2Fout/records", true, 403},
        {"/v1/streams/%2Fsessions%2Fb%2Fin/records", true, 403},
        {"/v1/streams/%2Fsessions%2Fa%2Fin/records", false, 403},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(status_of(world, "POST", rows[i].path, rows[i].own ? token : session.token,
                                   headers, CS_VIEW("{\"records\":[{\"body\":\"x\"}]}")),
                         rows[i].status);
    }
    /* And no session route takes them. */
    assert_int_equal(status_of(world, "GET", IN_A "/records", token, "", NO_BODY), 401);
}

static void direct_appends_are_judged(void **state)
{
    static const struct {
        const char *headers;
        const char *body;
        int status;
        const char *answer;
    } rows[] = {
        {"", "{\"records\":[{\"body\":\"a\"},{\"body\":\"b\"}]}", 200, "\"start\":{\"seq_num\":0,"},
        {"", "{\"records\":[{\"body\":\"c\"}],\"match_seq_num\":2}", 200,
         "\"end\":{\"seq_num\":3,"},
        {"", "{\"records\":[{\"body\":\"c\"}],\"match_seq_num\":2}", 412,
         "{\"seq_num_mismatch\":3}"},
        {"", "{\"records\":[{\"headers\":[[\"\",\"fence\"]],\"body\":\"me\"}]}", 200,
         "\"tail\":{\"seq_num\":4,"},
        {"", "{\"records\":[{}],\"fencing_token\":\"you\"}", 412,
         "{\"fencing_token_mismatch\":\"me\"}"},
        {"", "{\"records\":[{\"timestamp\":5,\"extra\":[1,{}]}],\"fencing_token\":\"me\"}", 200,
         "\"start\":{\"seq_num\":4,"},
        {"S2-Format: base64\r\n",
         "{\"records\":[{\"headers\":[[\"\",\"dHJpbQ==\"]],\"body\":\"AAAAAAAAAAE=\"}]}", 200,
         "\"start\":{\"seq_num\":5,"},
        {"S2-Format: base64\r\n", "{\"records\":[{\"body\":\"AA A\"}]}", 422, "\"invalid\""},
        {"S2-Format: base64\r\n", "{\"records\":[{\"body\":\"AAA\"}]}", 422, "\"invalid\""},
        {"S2-Format: base64\r\n", "{\"records\":[{\"body\":\"YR==\"}]}", 422, "\"invalid\""},
        {"S2-Format: base64\r\n",
         "{\"records\":[{\"headers\":[[\"\",\"ZmVuY2U=\"]],\"body\":\"//8=\"}]}", 422, "is text"},
        {"S2-Format: Base64\r\n", "{\"records\":[{}]}", 400, "\"bad_header\""},
        {"", "{\"records\":[{\"body\":\"x\",\"body\":\"y\"}]}", 400, "twice"},
        {"", "{\"records\":[{}],\"records\":[{}]}", 400, "twice"},
        {"", "{\"records\":[{}],\"fencing_token\":\"0123456789012345678901234567890123456\"}", 400,
         "36 bytes"},
        {"", "{\"records\":[]}", 422, "{\"code\":\"invalid\",\"message\""},
        {"", "{\"records\":[{\"headers\":[[\"\",\"trim\"]],\"body\":\"1234567\"}]}", 422,
         "8 bytes"},
        {"", "{\"records\":[{\"headers\":[[\"\",\"shout\"]]}]}", 422, "unknown command"},
        {"", "{\"records\":[{\"headers\":[[\"a\",\"b\"],[\"\",\"fence\"]]}]}", 422, "one header"},
        {"", "{\"records\":[{\"headers\":[[\"a\"]]}]}", 400, "expected a string"},
        {"", "{\"records\":[{\"headers\":[[\"a\",\"b\",\"c\"]]}]}", 400, "two strings"},
        {"", "{\"records\":[{\"body\":1}]}", 400, "a string"},
        {"", "{\"records\":{}}", 400, "an array"},
        {"", "{\"records\":[{\"timestamp\":-1}]}", 400, "timestamp"},
        {"", "{\"match_seq_num\":1}", 400, "missing"},
        {"", "[]", 400, "an object"},
        {"", "{\"records\":[", 400, "\"code\":\"bad_json\""},
        {"", "{\"records\":[{\"body\":\"\\ud800\"}]}", 400, "surrogate"},
    };
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status = store_append(world, "a", "out", rows[i].headers, rows[i].body, &reply);
        if (status != rows[i].status || !body_has(&reply, rows[i].answer)) {
            fail_msg("row %zu: %d %.*s", i, status, CS_VIEW_ARG(cs_buf_view(&reply.body)));
        }
        forget(&reply);
    }
    subscribe(world, &reply, OUT_A, "Timeout-Seconds: 1\r\n");
    assert_events(&reply, "data 1\ndata 2\ncommand 3\ndata 4\ncommand 5\nbatch\nping 6\ndone\n");
    forget(&reply);
}

/* ---- violations ---- */

/* Whatever is switched on, the endpoint stays up and answers. */
static void every_violation_survives_a_conversation(void **state)
{
    (void)state;
    for (const struct cs_violation *violation = cs_violations; violation->id; violation++) {
        struct world world;
        struct reply reply;
        struct reply stream;
        world_open(&world, violation);
        static const char create[] =
            "{\"type\":\"chat.agent\",\"externalId\":\"a\",\"taskIdentifier\":\"t\","
            "\"triggerConfig\":{\"basePayload\":{\"message\":{\"role\":\"user\",\"parts\":"
            "[{\"type\":\"text\",\"text\":\"hi\"}]}}}}";
        assert_true(status_of(&world, "POST", "/api/v1/sessions", SECRET,
                              "Content-Type: application/json\r\n", CS_VIEW(create)) > 0);
        ask(&world, &stream, "GET", OUT_A, SECRET, "Timeout-Seconds: 1\r\n", NO_BODY);
        WORLD_UNTIL(&world, has_head(&stream));
        for (int i = 0; i < 2; i++) {
            assert_true(status_of(&world, "POST", IN_A "/append", SECRET, "X-Part-Id: p\r\n",
                                  CS_VIEW("{\"kind\":\"message\",\"payload\":{}}")) > 0);
        }
        assert_true(status_of(&world, "PUT", OUT_A, SECRET, "", CS_VIEW("")) > 0);
        assert_true(exchange(&world, &reply, "GET", OUT_A "/records", SECRET, "", NO_BODY) > 0);
        forget(&reply);
        ask(&world, &reply, "GET", OUT_A, SECRET,
            "X-Peek-Settled: 1\r\nLast-Event-ID: 1\r\nTimeout-Seconds: 1\r\n", NO_BODY);
        WORLD_UNTIL(&world, has_head(&reply));
        forget(&reply);
        forget(&stream);
        world_close(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(appends_are_numbered_and_drained),
        WORLD_TEST(cursor_of_a_drain_is_digits_only),
        WORLD_TEST(repeats_of_a_part_id_add_nothing),
        WORLD_TEST(part_id_claims_run_out),
        WORLD_TEST(metered_limit_is_exact),
        WORLD_TEST(text_is_decoded_as_a_browser_does),
        WORLD_TEST(clients_cannot_claim_to_be_a_webhook),
        WORLD_TEST(out_takes_a_secret_key_only),
        WORLD_TEST(closed_and_expired_sessions_take_nothing),
        WORLD_TEST(side_channels_are_streams_of_their_own),
        WORLD_TEST(names_of_sessions_and_channels_never_meet),
        WORLD_TEST(credentials_are_complete),
        WORLD_TEST(store_tokens_are_for_one_stream),
        WORLD_TEST(direct_appends_are_judged),
        cmocka_unit_test(every_violation_survives_a_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
