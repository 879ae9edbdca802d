/* Subscriptions of a running endpoint: the text of events, waits, resuming, the settled peek, many
 * and slow readers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint_world.h"

#include "endpoint/streams/streams.h"

static void stream_text_is_what_the_store_writes(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    store_ok(world, "a", "out",
             "{\"records\":[{\"body\":\"{\\\"data\\\":{},\\\"id\\\":\\\"i\\\"}\"},"
             "{\"headers\":[[\"trigger-control\",\"turn-complete\"],[\"X\",\"y\"]]},"
             "{\"headers\":[[\"\",\"trim\"]],"
             "\"body\":\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\"}]}");
    subscribe(world, &reply, OUT_A, "Timeout-Seconds: 1\r\n");
    assert_string_equal(header_of(&reply, "Content-Type"), "text/event-stream");
    assert_string_equal(header_of(&reply, "X-Stream-Version"), "v2");
    assert_string_equal(header_of(&reply, "Cache-Control"), "no-cache, no-transform");
    assert_string_equal(header_of(&reply, "X-Accel-Buffering"), "no");
    assert_null(header_of(&reply, "Connection"));
    /* Times differ from run to run: they become a T. */
    struct cs_buf text = CS_BUF((size_t)4096);
    struct cs_view body = cs_buf_view(&reply.body);
    static const struct cs_view stamp = {"\"timestamp\":", 12};
    for (size_t at; (at = cs_view_find(body, stamp)) != SIZE_MAX;) {
        cs_buf_append(&text, body.ptr, at + stamp.len);
        cs_buf_char(&text, 'T');
        body = cs_view_of(body.ptr + at + stamp.len, body.len - at - stamp.len);
        while (body.len > 0 && body.ptr[0] >= '0' && body.ptr[0] <= '9') {
            body = cs_view_of(body.ptr + 1, body.len - 1);
        }
    }
    cs_buf_add(&text, body);
    char *seen = cs_buf_take(&text);
    assert_string_equal(
        seen, "event: batch\nid: 2,3,92\n"
              "data: {\"records\":[{\"seq_num\":0,\"timestamp\":T,"
              "\"body\":\"{\\\"data\\\":{},\\\"id\\\":\\\"i\\\"}\"},"
              "{\"seq_num\":1,\"timestamp\":T,"
              "\"headers\":[[\"trigger-control\",\"turn-complete\"],[\"X\",\"y\"]]},"
              "{\"seq_num\":2,\"timestamp\":T,\"headers\":[[\"\",\"trim\"]],"
              "\"body\":\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\"}]}\n\n"
              "event: ping\ndata: {\"timestamp\":T,\"tail\":{\"seq_num\":3,\"timestamp\":T}}\n\n"
              "data: [DONE]\n\n");
    free(seen);
    forget(&reply);
}

static void live_records_come_with_the_tail(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply first;
    struct reply second;
    create_plain(world, "a", &session);
    append_ok(world, "a", "in", "before");
    ask(world, &first, "GET", IN_A, session.token, "Timeout-Seconds: 1\r\n", NO_BODY);
    ask(world, &second, "GET", IN_A, session.token, "Timeout-Seconds: 1\r\n", NO_BODY);
    WORLD_UNTIL(world, body_has(&first, "ping") && body_has(&second, "ping"));
    append_ok(world, "a", "in", "after");
    WORLD_UNTIL(world, is_complete(&first) && is_complete(&second));
    assert_events(&first, "data 0\nbatch\nping 1\ndata 1\nbatch tail 2\ndone\n");
    assert_events(&second, "data 0\nbatch\nping 1\ndata 1\nbatch tail 2\ndone\n");
    forget(&first);
    forget(&second);
}

static void wait_is_restarted_by_batches_not_by_pings(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    world->endpoint->policy.ping_min_ms = 150;
    world->endpoint->policy.ping_max_ms = 200;
    world->endpoint->policy.sse_wait_permille = 500;
    ask(world, &reply, "GET", IN_A, SECRET, "Timeout-Seconds: 1\r\n", NO_BODY);
    WORLD_UNTIL(world, body_has(&reply, "ping"));
    int64_t start = cs_loop_now(world->loop);
    append_ok(world, "a", "in", "x");
    WORLD_UNTIL(world, is_complete(&reply));
    int64_t took = cs_loop_now(world->loop) - start;
    assert_true(took >= 495);
    struct cs_buf log = CS_BUF((size_t)4096);
    tell_events(cs_buf_view(&reply.body), &log);
    /* At least two pings of the silence after the batch, which did not restart the wait. */
    assert_true(cs_view_find(cs_buf_view(&log),
                             CS_VIEW("data 0\nbatch tail 1\nping 1\nping 1\n")) != SIZE_MAX);
    cs_buf_free(&log);
    forget(&reply);
}

static void timeout_seconds_is_read_as_javascript_does(void **state)
{
    static const struct {
        const char *value;
        int status;
        const char *text;
    } rows[] = {
        {"0", 400, "Timeout seconds must be greater than 0"},
        {"-1", 400, "Timeout seconds must be greater than 0"},
        {"601", 400, "Timeout seconds must be less than 600"},
        {"0x259", 400, "Timeout seconds must be less than 600"},
        {"abc", 400, "Invalid timeout seconds"},
        {"10abc", 400, "Invalid timeout seconds"},
        {"1.5", 400, "Invalid timeout seconds"},
        {"Infinity", 400, "Invalid timeout seconds"},
        {"30, 40", 400, "Invalid timeout seconds"},
        {"1", 200, ""},
        {"600", 200, ""},
        {"+5", 200, ""},
        {"1e1", 200, ""},
        {"0x10", 200, ""},
        {"0b11", 200, ""},
        {"0o17", 200, ""},
        {"10.0", 200, ""},
        {"5.", 200, ""},
        {"1_0", 400, "Invalid timeout seconds"},
        {"+0x10", 400, "Invalid timeout seconds"},
        {".", 400, "Invalid timeout seconds"},
        {"1e", 400, "Invalid timeout seconds"},
        {"", 200, ""},
    };
    struct world *world = *state;
    struct session session;
    create_plain(world, "a", &session);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char headers[64];
        struct reply reply;
        snprintf(headers, sizeof(headers), "Timeout-Seconds: %s\r\n", rows[i].value);
        ask(world, &reply, "GET", OUT_A, session.token, headers, NO_BODY);
        if (rows[i].status == 200) {
            WORLD_UNTIL(world, body_has(&reply, "ping"));
        } else {
            WORLD_UNTIL(world, is_complete(&reply));
            assert_body(&reply, rows[i].text);
        }
        assert_int_equal(reply.status, rows[i].status);
        forget(&reply);
    }
}

static void last_event_id_is_read_as_javascript_does(void **state)
{
    static const struct {
        const char *value;
        const char *events;
    } rows[] = {
        {"0", "data 1\ndata 2\nbatch\n"},
        {"1", "data 2\nbatch\n"},
        {"2", ""},
        {"999999", ""},
        {"", "data 0\ndata 1\ndata 2\nbatch\n"},
        {"0,1,106", "data 0\ndata 1\ndata 2\nbatch\n"},
        {"abc", "data 0\ndata 1\ndata 2\nbatch\n"},
        {"42abc", "data 0\ndata 1\ndata 2\nbatch\n"},
        {"1-5", "data 2\nbatch\n"},
        {"-1", "data 1\ndata 2\nbatch\n"},
        {"0x1", "data 2\nbatch\n"},
        {"1e400", "data 0\ndata 1\ndata 2\nbatch\n"},
        {"0.5", "data 0\ndata 1\ndata 2\nbatch\n"},
        {"18446744073709551615", ""},
        {"1e21", ""},
    };
    struct world *world = *state;
    struct session session;
    create_plain(world, "a", &session);
    append_ok(world, "a", "in", "x");
    append_ok(world, "a", "in", "y");
    append_ok(world, "a", "in", "z");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char headers[64];
        char expected[128];
        struct reply reply;
        snprintf(headers, sizeof(headers), "Last-Event-ID: %s\r\n", rows[i].value);
        snprintf(expected, sizeof(expected), "%sping 3\n", rows[i].events);
        ask(world, &reply, "GET", IN_A, session.token, headers, NO_BODY);
        WORLD_UNTIL(world, body_has(&reply, "ping"));
        assert_events(&reply, expected);
        forget(&reply);
    }
}

static void latest_starts_with_the_newest_record(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    append_ok(world, "a", "in", "x");
    append_ok(world, "a", "in", "y");
    ask(world, &reply, "GET", IN_A, SECRET, "X-Trigger-Stream-Start: latest\r\n", NO_BODY);
    WORLD_UNTIL(world, body_has(&reply, "ping"));
    assert_events(&reply, "data 1\nbatch\nping 2\n");
    forget(&reply);
    ask(world, &reply, "GET", IN_A, SECRET,
        "X-Trigger-Stream-Start: latest\r\nLast-Event-ID: abc\r\n", NO_BODY);
    WORLD_UNTIL(world, body_has(&reply, "ping"));
    assert_events(&reply, "data 0\ndata 1\nbatch\nping 2\n");
    forget(&reply);
}

static void unknown_sessions_are_told_apart(void **state)
{
    struct world *world = *state;
    struct reply reply;
    assert_int_equal(
        status_of(world, "GET", "/realtime/v1/sessions/session_x/out", SECRET, "", NO_BODY), 404);
    assert_int_equal(
        status_of(world, "PUT", "/realtime/v1/sessions/session_x/out", SECRET, "", CS_VIEW("")),
        404);
    ask(world, &reply, "GET", "/realtime/v1/sessions/nobody/out", SECRET, "", NO_BODY);
    WORLD_UNTIL(world, body_has(&reply, "ping"));
    assert_events(&reply, "ping 0\n");
    forget(&reply);
    assert_int_equal(exchange(world, &reply, "HEAD", OUT_A, SECRET, "", NO_BODY), 200);
    assert_string_equal(header_of(&reply, "X-Last-Chunk-Index"), "0");
    forget(&reply);
}

/* ---- settled ---- */

#define TRIM                                                          \
    "{\"records\":[{\"headers\":[[\"\",\"trim\"]],\"body\":\"\\u0000" \
    "\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\"}]}"

static void settled_streams_end_at_once(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_plain(world, "a", &session);
    append_ok(world, "a", "out", "x");
    store_ok(world, "a", "out", TURN_COMPLETE);
    subscribe(world, &reply, OUT_A, "X-Peek-Settled: 1\r\nTimeout-Seconds: 30\r\n");
    assert_string_equal(header_of(&reply, "X-Session-Settled"), "true");
    assert_events(&reply, "data 0\ncontrol 1 turn-complete\nbatch\ndone\n");
    forget(&reply);
    store_ok(world, "a", "out", TRIM);
    subscribe(world, &reply, OUT_A, "X-Peek-Settled: 1\r\nLast-Event-ID: 1\r\n");
    assert_string_equal(header_of(&reply, "X-Session-Settled"), "true");
    assert_events(&reply, "command 2\nbatch\ndone\n");
    forget(&reply);
    subscribe(world, &reply, OUT_A, "X-Peek-Settled: 1\r\nLast-Event-ID: 2\r\n");
    assert_events(&reply, "done\n");
    forget(&reply);
}

static void unsettled_streams_go_on(void **state)
{
    struct world *world = *state;
    struct session session;
    create_plain(world, "a", &session);
    create_plain(world, "b", &session);
    store_ok(world, "a", "out", TURN_COMPLETE);
    store_ok(world, "a", "in", TURN_COMPLETE);
    store_ok(world, "b", "out", TURN_COMPLETE);
    store_ok(world, "b", "out", TRIM);
    store_ok(world, "b", "out", TRIM); /* RES-19 */
    static const struct {
        const char *path;
        const char *headers;
    } rows[] = {
        {OUT_A, ""},
        {OUT_A, "X-Peek-Settled: true\r\n"},
        {OUT_A, "X-Peek-Settled: 1\r\nX-Peek-Settled: 1\r\n"},
        {IN_A, "X-Peek-Settled: 1\r\n"},
        {"/realtime/v1/sessions/b/out", "X-Peek-Settled: 1\r\n"},
        {"/realtime/v1/sessions/nobody/out", "X-Peek-Settled: 1\r\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reply reply;
        ask(world, &reply, "GET", rows[i].path, SECRET, rows[i].headers, NO_BODY);
        WORLD_UNTIL(world, body_has(&reply, "ping"));
        assert_null(header_of(&reply, "X-Session-Settled"));
        assert_false(reply.complete);
        forget(&reply);
    }
}

/* ---- many readers, slow readers ---- */

static void readers_that_leave_are_forgotten(void **state)
{
    enum {
        N = 300
    };
    struct world *world = *state;
    struct session session;
    static struct reply replies[N];
    create_plain(world, "a", &session);
    for (size_t i = 0; i < N; i++) {
        ask(world, &replies[i], "GET", IN_A, session.token, "", NO_BODY);
    }
    for (size_t i = 0; i < N; i++) {
        WORLD_UNTIL(world, body_has(&replies[i], "ping"));
    }
    append_ok(world, "a", "in", "x");
    for (size_t i = 0; i < N; i++) {
        WORLD_UNTIL(world, body_has(&replies[i], "batch"));
        assert_events(&replies[i], "ping 0\ndata 0\nbatch tail 1\n");
        forget(&replies[i]);
    }
    WORLD_UNTIL(world, TAILQ_EMPTY(&world->endpoint->streams->subscribers));
    assert_true(cs_server_connections(world->endpoint->server) <= 1);
}

static void slow_readers_hold_the_store_back(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    static char body[400001];
    create_plain(world, "a", &session);
    memset(body, 'x', sizeof(body) - 1);
    for (int i = 0; i < 40; i++) {
        append_ok(world, "a", "in", body);
    }
    reply = (struct reply){.fd = dial(world, 4096),
                           .raw = CS_BUF(BODY_MAX),
                           .head = CS_BUF((size_t)65536),
                           .body = CS_BUF(BODY_MAX)};
    send_bytes(world, reply.fd,
               CS_VIEW("GET " IN_A " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " SECRET
                       "\r\nTimeout-Seconds: 1\r\n\r\n"));
    /* Others are served while this one does not read. */
    append_ok(world, "a", "in", "last");
    struct reply other;
    drain(world, "a", "in", &other);
    forget(&other);
    WORLD_UNTIL(world, is_complete(&reply));
    struct cs_buf log = CS_BUF((size_t)65536);
    tell_events(cs_buf_view(&reply.body), &log);
    for (int i = 0; i <= 40; i++) {
        char line[32];
        snprintf(line, sizeof(line), "data %d\n", i);
        assert_true(cs_view_find(cs_buf_view(&log), cs_view_str(line)) != SIZE_MAX);
    }
    assert_true(body_has(&reply, "data: [DONE]"));
    cs_buf_free(&log);
    forget(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(stream_text_is_what_the_store_writes),
        WORLD_TEST(live_records_come_with_the_tail),
        WORLD_TEST(wait_is_restarted_by_batches_not_by_pings),
        WORLD_TEST(timeout_seconds_is_read_as_javascript_does),
        WORLD_TEST(last_event_id_is_read_as_javascript_does),
        WORLD_TEST(latest_starts_with_the_newest_record),
        WORLD_TEST(unknown_sessions_are_told_apart),
        WORLD_TEST(settled_streams_end_at_once),
        WORLD_TEST(unsettled_streams_go_on),
        WORLD_TEST(readers_that_leave_are_forgotten),
        WORLD_TEST(slow_readers_hold_the_store_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
