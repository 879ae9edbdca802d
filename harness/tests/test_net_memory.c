/* What the loop, the request reader and the server do when memory runs out: each allocation of a
 * scenario fails once, in its turn, until the scenario passes without a failure.
 *
 * The program is linked with --wrap for calloc and realloc, which is where all memory comes from.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server_world.h"

/* The wrapped functions are given no context, so this one has to be global. */
static struct {
    size_t until_failure; /* 0: never */
    bool failed;
} memory;

void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *ptr, size_t size);

static bool fails_now(void)
{
    if (memory.until_failure == 0 || --memory.until_failure > 0) {
        return false;
    }
    memory.failed = true;
    return true;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *ptr, size_t size)
{
    return fails_now() ? NULL : __real_realloc(ptr, size);
}

/* Runs the scenario with the first, second, ... allocation failing. */
static size_t fail_each(void (*scenario)(void))
{
    size_t n = 0;
    do {
        memory.until_failure = ++n;
        memory.failed = false;
        scenario();
        memory.until_failure = 0;
        assert_in_range(n, 1, 1000);
    } while (memory.failed);
    return n - 1;
}

/* ---- the reader ---- */

static const char request_text[] =
    "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\nabc\r\n0\r\nT: u\r\n\r\n";

static void read_request(void)
{
    struct cs_request_reader *reader = cs_request_reader_new(NULL);
    if (!reader) {
        return;
    }
    enum cs_request_step step = CS_REQUEST_MORE;
    for (size_t i = 0; i < sizeof(request_text) - 1 && step != CS_REQUEST_BAD; i++) {
        struct cs_view input = cs_view_of(request_text + i, 1);
        do {
            const struct cs_request *request = NULL;
            struct cs_diag diag = {0};
            int status = 0;
            step = cs_request_read(reader, &input, &request, &status, &diag);
            if (step == CS_REQUEST_BAD) {
                assert_int_equal(status, 503);
                assert_int_equal(diag.code, CS_ERR_NO_MEMORY);
            }
        } while (step == CS_REQUEST_HEAD);
    }
    assert_int_equal(step, memory.failed ? CS_REQUEST_BAD : CS_REQUEST_DONE);
    cs_request_reader_free(reader);
}

static void the_reader_says_so(void **state)
{
    (void)state;
    assert_in_range(fail_each(read_request), 5, 100);
}

/* ---- the loop ---- */

static void never(struct cs_timer *timer)
{
    (void)timer;
    fail();
}

static void arm_timers(void)
{
    struct cs_loop *loop = cs_loop_new();
    if (!loop) {
        return;
    }
    struct cs_timer timers[200] = {{0}};
    for (size_t i = 0; i < 200; i++) {
        timers[i].fire = never;
        if (cs_timer_start(loop, &timers[i], 3600 * 1000) != CS_OK) {
            assert_true(memory.failed);
            assert_int_equal(timers[i].heap_index, 0);
        }
    }
    assert_false(cs_loop_run(loop, INT64_MIN));
    for (size_t i = 0; i < 200; i++) {
        cs_timer_stop(loop, &timers[i]);
    }
    cs_loop_free(loop);
}

static void the_loop_says_so(void **state)
{
    (void)state;
    assert_in_range(fail_each(arm_timers), 4, 10);
}

/* ---- the server ---- */

static size_t n_open; /* as `memory`: fail_each has no context to hand on */

static void count_accept(void *ctx, struct cs_conn *conn)
{
    (void)ctx;
    (void)conn;
    n_open++;
}

static void count_close(void *ctx, struct cs_conn *conn)
{
    (void)ctx;
    (void)conn;
    n_open--;
}

static void answer_long(void *ctx, struct cs_conn *conn, const struct cs_request *request)
{
    static const char body[200000]; /* more than the kernel takes, so that it is queued */
    (void)ctx;
    (void)request;
    (void)cs_conn_send(conn, CS_VIEW("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"));
    (void)cs_conn_send(conn, cs_view_of(body, sizeof(body)));
    cs_conn_next(conn);
}

/* Two pipelined requests and a bad one; whatever fails, the client sees an end and nothing leaks.
 */
static void serve(void)
{
    static const struct cs_server_hooks hooks = {
        .on_accept = count_accept, .on_request = answer_long, .on_close = count_close};
    struct world world = {.config = {.hooks = &hooks, .send_buffer = 4096}};
    world.loop = cs_loop_new();
    struct cs_diag diag;
    if (!world.loop || cs_server_start(world.loop, &world.config, &world.server, &diag) != CS_OK) {
        assert_true(memory.failed);
        cs_loop_free(world.loop);
        return;
    }
    int fd = client_open(&world, 4096);
    client_send(&world, fd,
                CS_VIEW("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n"
                        "\r\nGET  /\r\n"));
    int64_t until_ms = cs_loop_now(world.loop) + PATIENCE_MS;
    size_t received = 0;
    for (;;) {
        static char bytes[65536];
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        received += n > 0 ? (size_t)n : 0;
        if (n == 0 || (n < 0 && errno == ECONNRESET)) {
            break;
        }
        assert_true(cs_loop_now(world.loop) < until_ms);
        (void)cs_loop_run(world.loop, INT64_MIN);
    }
    if (!memory.failed) {
        assert_in_range(received, 400100, 401000);
    }
    close(fd);
    cs_server_stop(world.server);
    assert_int_equal(n_open, 0);
    cs_loop_free(world.loop);
}

static void the_server_ends_the_connection(void **state)
{
    (void)state;
    assert_in_range(fail_each(serve), 10, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reader_says_so),
        cmocka_unit_test(the_loop_says_so),
        cmocka_unit_test(the_server_ends_the_connection),
    };
    return cmocka_run_group_tests_name("net_memory", tests, NULL, NULL) != 0;
}
