/* Append sessions and other requests over HTTP/2 at the endpoint's port. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint_world.h"
#include "h2_client.h"
#include "wire/s2s.h"

#define RECORDS "/v1/streams/a%2Fb/records"
/* One record each, with the bodies x and y. */
#define FRAME_X CS_VIEW("\0\0\6\0\x0a\3\x1a\1x")
#define FRAME_Y CS_VIEW("\0\0\6\0\x0a\3\x1a\1y")
#define BATCH_X CS_VIEW("\x0a\3\x1a\1x")

static const char *const session_lines[] = {"authorization",
                                            "Bearer " SECRET,
                                            "content-type",
                                            "s2s/proto",
                                            "s2-basin",
                                            "chatspec-basin",
                                            NULL};

static void open_client(struct world *world, struct h2_client *client)
{
    h2_client_open(client, dial(world, 0));
}

/* The frames of the answer so far, as "ack;" or "status code;". */
static void expect_frames(struct h2_client *client, const char *wanted)
{
    struct cs_s2s_reader reader = {.from_server = true};
    struct cs_view input = cs_buf_view(&client->body);
    struct cs_s2s_frame frame;
    struct cs_buf out = CS_BUF((size_t)4096);
    while (cs_s2s_read(&reader, &input, &frame, NULL) == CS_S2S_FRAME) {
        if (frame.status == 0) {
            assert_int_equal(frame.payload.ptr[0], 0x0a);
            cs_buf_str(&out, "ack;");
        } else {
            struct cs_view code;
            assert_int_equal(cs_json_get(frame.payload, CS_VIEW("code"), &code), CS_OK);
            cs_buf_printf(&out, "%d %.*s;", frame.status, CS_VIEW_ARG(code));
        }
    }
    cs_buf_char(&out, '\0');
    assert_string_equal(out.ptr, wanted);
    cs_buf_free(&out);
    cs_s2s_reader_free(&reader);
}

static void expect_stored(struct world *world, const char *bodies)
{
    struct reply reply;
    exchange(world, &reply, "GET", RECORDS "?seq_num=0", SECRET, "S2-Basin: chatspec-basin\r\n",
             NO_BODY);
    struct cs_buf found = CS_BUF((size_t)4096);
    for (size_t i = 0; i + 10 < reply.body.len; i++) {
        if (cs_view_starts_with(cs_view_of(reply.body.ptr + i, reply.body.len - i),
                                CS_VIEW("\"body\":\""))) {
            cs_buf_char(&found, reply.body.ptr[i + 8]);
        }
    }
    cs_buf_char(&found, '\0');
    assert_string_equal(found.ptr, bodies);
    cs_buf_free(&found);
    forget(&reply);
}

/* The head comes at once, each batch is acknowledged while the session is open, and it ends when
 * the client does; a second session on the same connection uses the table of the first's header. */
static void batches_are_acknowledged_one_by_one(void **state)
{
    struct world *world = *state;
    struct h2_client client;
    open_client(world, &client);
    for (int round = 0; round < 2; round++) {
        h2_client_ask(&client, "POST", RECORDS, session_lines, true);
        WORLD_UNTIL(world, (h2_client_turn(world, &client), client.status != 0));
        assert_int_equal(client.status, 200);
        assert_int_equal(client.body.len, 0);
        /* byte by byte, each in a DATA frame of its own */
        for (size_t i = 0; i < FRAME_X.len; i++) {
            h2_client_send(&client, cs_view_of(FRAME_X.ptr + i, 1), false);
            h2_client_turn(world, &client);
            world_turn(world, false);
        }
        WORLD_UNTIL(world, h2_client_got(world, &client, 20));
        expect_frames(&client, "ack;");
        assert_false(client.ended);
        h2_client_send(&client, FRAME_Y, false);
        h2_client_send(&client, FRAME_X, true);
        WORLD_UNTIL(world, h2_client_closed(world, &client));
        expect_frames(&client, "ack;ack;ack;");
        assert_int_equal(client.error, 0);
    }
    expect_stored(world, "xyxxyx");
    h2_client_free(&client);
}

static void errors_are_terminal_frames_behind_the_acks(void **state)
{
    const struct {
        struct cs_view bytes;
        const char *frames;
    } rows[] = {
        {CS_VIEW("\0\0\3\0\xff\xff"), "ack;400 \"bad_proto\";"},
        {CS_VIEW("\0\0\1\0"), "ack;422 \"invalid\";"},
        {CS_VIEW("\0\0\0"), "ack;400 \"bad_frame\";"},
        {CS_VIEW("\0\0\5\x80\1\x90{}"), "ack;400 \"bad_frame\";"},
        {CS_VIEW("\0\0\6\0\x0a"), "ack;400 \"bad_frame\";"}, /* cut */
    };
    struct world *world = *state;
    struct h2_client client;
    open_client(world, &client);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        h2_client_ask(&client, "POST", RECORDS, session_lines, true);
        h2_client_send(&client, FRAME_X, false);
        h2_client_send(&client, rows[i].bytes, i == 4);
        WORLD_UNTIL(world, h2_client_closed(world, &client));
        expect_frames(&client, rows[i].frames);
        assert_int_equal(client.error, 0);
        assert_false(client.gone);
    }
    expect_stored(world, "xxxxx");
    h2_client_free(&client);
}

/* A record near the limit needs credit given back many times over. */
/* What a rule says of a session holds for its batches. */
static void faults_of_a_session_reach_its_batches(void **state)
{
    struct world *world = *state;
    struct h2_client client;
    const char *const rules[] = {"s2s 1: delay 40", "s2s 2: apply-reset"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(cs_endpoint_fault(world->endpoint, rules[i], NULL), CS_OK);
    }
    open_client(world, &client);
    for (int round = 0; round < 2; round++) {
        h2_client_ask(&client, "POST", RECORDS, session_lines, true);
        h2_client_send(&client, FRAME_X, true);
        WORLD_UNTIL(world, h2_client_closed(world, &client));
        expect_frames(&client, round == 0 ? "ack;" : "");
        assert_int_equal(client.error != 0, round == 1);
    }
    expect_stored(world, "xx");
    h2_client_free(&client);
}

static void long_frames_come_through(void **state)
{
    struct world *world = *state;
    struct h2_client client;
    open_client(world, &client);
    h2_client_ask(&client, "POST", RECORDS, session_lines, true);
    struct cs_buf text = CS_BUF(BODY_MAX);
    /* records[0] of 1000004 bytes: body of 1000000 */
    cs_buf_append(&text, "\x0a\xc4\x84\x3d\x1a\xc0\x84\x3d", 8);
    for (size_t i = 0; i < 1000000; i++) {
        cs_buf_char(&text, 'z');
    }
    struct cs_buf frame = CS_BUF(BODY_MAX);
    cs_s2s_put(&frame, 0, cs_buf_view(&text));
    h2_client_send(&client, cs_buf_view(&frame), true);
    WORLD_UNTIL(world, h2_client_closed(world, &client));
    expect_frames(&client, "ack;");
    cs_buf_free(&text);
    cs_buf_free(&frame);
    h2_client_free(&client);
}

static int unary(struct world *world, struct h2_client *client, const char *method,
                 const char *path, const char *const *lines, struct cs_view body)
{
    h2_client_ask(client, method, path, lines, body.len > 0);
    if (body.len > 0) {
        h2_client_send(client, body, true);
    }
    WORLD_UNTIL(world, h2_client_closed(world, client));
    return client->status;
}

static void other_requests_reach_their_routes(void **state)
{
    static const char *const proto[] = {"authorization",
                                        "Bearer " SECRET,
                                        "content-type",
                                        "application/protobuf",
                                        "s2-basin",
                                        "chatspec-basin",
                                        "accept",
                                        "application/protobuf",
                                        NULL};
    static const char *const json[] = {"authorization",
                                       "Bearer " SECRET,
                                       "content-type",
                                       "application/protobuf",
                                       "s2-basin",
                                       "chatspec-basin",
                                       NULL};
    static const char *const stranger[] = {
        "authorization",  "Bearer x", "content-type", "s2s/proto", "s2-basin",
        "chatspec-basin", NULL};
    static const char *const nobody[] = {"authorization",
                                         "Bearer " SECRET,
                                         "content-type",
                                         "s2s/proto",
                                         "s2-basin",
                                         "some-other-basin",
                                         NULL};
    static const char *const key[] = {"authorization", "Bearer " SECRET, NULL};
    struct world *world = *state;
    struct h2_client client;
    open_client(world, &client);
    assert_int_equal(unary(world, &client, "POST", RECORDS, proto, BATCH_X), 200);
    assert_int_equal(client.body.ptr[0], 0x0a);
    assert_int_equal(unary(world, &client, "POST", RECORDS, json, BATCH_X), 200);
    assert_int_equal(client.body.ptr[0], '{');
    assert_int_equal(unary(world, &client, "POST", RECORDS, proto, CS_VIEW("\xff")), 400);
    assert_int_equal(unary(world, &client, "POST", RECORDS, stranger, FRAME_X), 403);
    assert_int_equal(unary(world, &client, "POST", RECORDS, nobody, FRAME_X), 404);
    assert_int_equal(unary(world, &client, "GET", "/api/v1/sessions", key, NO_BODY), 200);
    assert_int_equal(unary(world, &client, "GET", "/nowhere", key, NO_BODY), 404);
    /* HTTP_1_1_REQUIRED */
    assert_int_equal(unary(world, &client, "GET", OUT_A, key, NO_BODY), 0);
    assert_int_equal(client.error, NGHTTP2_HTTP_1_1_REQUIRED);
    expect_stored(world, "xx");
    h2_client_free(&client);
}

static void whoever_leaves_or_breaks_http2_is_let_go(void **state)
{
    struct world *world = *state;
    struct h2_client client;
    open_client(world, &client);
    h2_client_ask(&client, "POST", RECORDS, session_lines, true);
    h2_client_send(&client, FRAME_X, false);
    WORLD_UNTIL(world, h2_client_got(world, &client, 20));
    h2_client_free(&client);
    WORLD_UNTIL(world, cs_server_connections(world->endpoint->server) == 0);
    int fd = dial(world, 0);
    send_bytes(world, fd, CS_VIEW("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"));
    struct reply reply = {.fd = fd, .raw = CS_BUF(BODY_MAX), .head = CS_BUF(65536)};
    char bytes[256];
    WORLD_UNTIL(world, recv(fd, bytes, sizeof(bytes), 0) == 0);
    forget(&reply);
    WORLD_UNTIL(world, cs_server_connections(world->endpoint->server) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(batches_are_acknowledged_one_by_one),
        WORLD_TEST(errors_are_terminal_frames_behind_the_acks),
        WORLD_TEST(faults_of_a_session_reach_its_batches),
        WORLD_TEST(long_frames_come_through),
        WORLD_TEST(other_requests_reach_their_routes),
        WORLD_TEST(whoever_leaves_or_breaks_http2_is_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
