/* Slow readers, full queues, many connections, too few descriptors. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <sys/resource.h>
#include <time.h>

#include "server_world.h"

#define GET  "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
#define OK_0 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/* ---- pressure ---- */

static void send_more(struct world *world, struct cs_conn *conn)
{
    static const char block[1000];
    while (world->left > 0 && cs_conn_queued(conn) == 0) {
        world->left--;
        assert_true(cs_conn_send(conn, cs_view_of(block, sizeof(block))));
    }
}

static void counts_pressure_in_bytes(void **state)
{
    struct world *world = *state;
    world->config.send_buffer = 4096;
    world->drained = send_more;
    world_start(world);
    int fd = client_open_held(world, 4096);
    world->left = 2000;
    send_more(world, world->conn);
    /* A reader that does not read stops the sender after what the two kernel buffers hold. */
    size_t left = 0;
    do {
        left = world->left;
        world_turn(world);
    } while (left != world->left);
    assert_true(left > 1500);
    size_t queued = cs_conn_queued(world->conn);
    assert_in_range(queued, 1, 1000);
    uint64_t given = (2000 - left) * 1000;
    assert_int_equal(cs_conn_sent(world->conn) + queued, given);
    assert_in_range(cs_conn_unacked(world->conn), queued, given);
    struct cs_buf out = CS_BUF((size_t)4 << 20);
    WORLD_UNTIL(world, client_take(fd, &out) == CLIENT_OPEN && out.len == 2000 * 1000);
    assert_int_equal(cs_conn_sent(world->conn), 2000 * 1000);
    assert_int_equal(cs_conn_queued(world->conn), 0);
    WORLD_UNTIL(world, cs_conn_unacked(world->conn) == 0);
    cs_buf_free(&out);
    close(fd);
}

static void sends_a_long_queue_whole_before_fin(void **state)
{
    struct world *world = *state;
    world->config.send_buffer = 4096;
    world_start(world);
    int fd = client_open_held(world, 4096);
    struct cs_buf text = CS_BUF((size_t)4 << 20);
    for (int i = 0; i < 100000; i++) {
        cs_buf_printf(&text, "%d,", i);
    }
    for (size_t at = 0; at < text.len; at += 10007) {
        size_t len = text.len - at < 10007 ? text.len - at : 10007;
        assert_true(cs_conn_send(world->conn, cs_view_of(text.ptr + at, len)));
    }
    assert_true(cs_conn_queued(world->conn) > text.len / 2);
    cs_conn_finish(world->conn);
    struct cs_buf out = CS_BUF((size_t)4 << 20);
    assert_int_equal(client_read_end(world, fd, &out), CLIENT_FIN);
    assert_true(cs_view_eq(cs_buf_view(&out), cs_buf_view(&text)));
    cs_buf_free(&out);
    cs_buf_free(&text);
    close(fd);
}

static void half_closes_after_a_long_queue(void **state)
{
    static const char text[300000];
    struct world *world = *state;
    world->config.send_buffer = 4096;
    world_start(world);
    int fd = client_open_held(world, 4096);
    assert_true(cs_conn_send(world->conn, cs_view_of(text, sizeof(text))));
    cs_conn_half_close(world->conn);
    assert_true(cs_conn_queued(world->conn) > 0);
    assert_int_equal(shutdown(fd, SHUT_WR), 0); /* seen long before the queue is empty */
    world_turn(world);
    struct cs_buf out = CS_BUF((size_t)1 << 20);
    assert_int_equal(client_read_end(world, fd, &out), CLIENT_FIN);
    assert_int_equal(out.len, sizeof(text));
    WORLD_UNTIL(world, world->n_open == 0); /* while the client's socket is still there */
    cs_buf_free(&out);
    close(fd);
}

static enum cs_head_action answer_later(struct world *world, struct cs_conn *conn)
{
    (void)world;
    (void)conn;
    return CS_HEAD_ANSWERED;
}

static void patience_starts_after_the_queue(void **state)
{
    static const char text[300000];
    struct world *world = *state;
    world->config.send_buffer = 4096;
    world->config.drain_ms = 20;
    world->head = answer_later;
    world_start(world);
    int fd = client_open(world, 4096);
    client_send(world, fd, CS_VIEW("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"));
    WORLD_UNTIL(world, world->conn && cs_conn_request(world->conn));
    assert_true(cs_conn_send(world->conn, cs_view_of(text, sizeof(text))));
    cs_conn_finish(world->conn);
    /* A slow reader is not a reason to cut the answer, whatever the body's patience was. */
    assert_false(cs_loop_run(world->loop, cs_loop_now(world->loop) + 60));
    struct cs_buf out = CS_BUF((size_t)1 << 20);
    assert_int_equal(client_read_end(world, fd, &out), CLIENT_FIN);
    assert_int_equal(out.len, sizeof(text));
    cs_buf_free(&out);
    close(fd);
}

/* Sends until the kernel takes no more, with the loop running in between; how much that was. */
static size_t fill(struct world *world, int fd)
{
    static const char block[4096];
    size_t sent = 0;
    for (int stuck = 0; stuck < 5;) {
        ssize_t n = send(fd, block, sizeof(block), MSG_NOSIGNAL);
        stuck = n > 0 ? 0 : stuck + 1;
        sent += n > 0 ? (size_t)n : 0;
        world_turn(world);
    }
    return sent;
}

static void a_paused_connection_takes_nothing(void **state)
{
    struct world *world = *state;
    world->config.receive_buffer = 4096;
    world_start(world);
    int fd = client_open(world, 0);
    client_send_buffer(fd, 4096);
    WORLD_UNTIL(world, world->n_open == 1);
    cs_conn_pause(world->conn);
    client_send(world, fd, CS_VIEW("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n"));
    size_t sent = fill(world, fd);
    assert_in_range(sent, 1, 100000);
    assert_int_equal(cs_conn_requests(world->conn), 0);
    cs_conn_resume(world->conn);
    static const char rest[500000];
    client_send(world, fd, cs_view_of(rest, sizeof(rest) - sent));
    WORLD_UNTIL(world, world->log.len > 0);
    close(fd);
}

static void answer_zeros(struct world *world, struct cs_conn *conn)
{
    static const char zeros[200];
    assert_true(world_answer(conn, cs_view_of(zeros, sizeof(zeros))));
    cs_conn_next(conn);
    size_t queued = cs_conn_queued(conn);
    world->left = queued > world->left ? queued : world->left;
    cs_buf_clear(&world->log);
}

static void does_not_hoard_answers_for_a_client_that_never_reads(void **state)
{
    enum {
        N = 40000
    };
    struct world *world = *state;
    world->config.send_buffer = 4096;
    world->config.receive_buffer = 65536;
    world->request = answer_zeros;
    world_start(world);
    int fd = client_open(world, 4096);
    struct cs_buf requests = CS_BUF((size_t)4 << 20);
    for (int i = 0; i < N; i++) {
        cs_buf_str(&requests, GET);
    }
    size_t sent = 0;
    for (int stuck = 0; stuck < 50; (void)cs_loop_run(world->loop, INT64_MIN)) {
        ssize_t n = send(fd, requests.ptr + sent, requests.len - sent, MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        stuck = n > 0 ? 0 : stuck + 1;
    }
    assert_true(cs_conn_requests(world->conn) < N / 2); /* the server does not listen any more */
    assert_in_range(world->left, 256 * 1024, 1024 * 1024);
    struct cs_buf out = CS_BUF((size_t)16 << 20);
    size_t all = N * (strlen("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n") + 200);
    int64_t until_ms = cs_loop_now(world->loop) + PATIENCE_MS;
    while (out.len < all && cs_loop_now(world->loop) < until_ms) {
        ssize_t n = send(fd, requests.ptr + sent, requests.len - sent, MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        (void)cs_loop_run(world->loop, INT64_MIN);
        assert_int_equal(client_take(fd, &out), CLIENT_OPEN);
    }
    assert_int_equal(out.len, all);
    assert_in_range(world->left, 256 * 1024, 1024 * 1024);
    cs_buf_free(&requests);
    cs_buf_free(&out);
    close(fd);
}

/* ---- many ---- */

static size_t heap_bytes(void)
{
    return mallinfo2().uordblks;
}

static void many_idle_connections_come_and_go(void **state)
{
    enum {
        N = 2000
    };
    struct world *world = *state;
    world->request = world_hold;
    world_start(world); /* raises the limit of descriptors */
    int *fds = calloc(N, sizeof(*fds));
    assert_non_null(fds);
    size_t before = heap_bytes();
    for (size_t i = 0; i < N; i++) {
        fds[i] = client_open(world, 0);
        client_send(world, fds[i], CS_VIEW(GET));
        WORLD_UNTIL(world, world->n_open == i + 1 && cs_conn_request(world->conn));
        cs_conn_release_request(world->conn); /* as a subscriber of an event stream waits */
    }
    assert_int_equal(cs_server_connections(world->server), N);
    size_t each = (heap_bytes() - before) / N;
    assert_in_range(each, 0, 1024); /* a sanitizer's allocator says 0 */
    for (size_t i = 0; i < N; i++) {
        close(fds[i]);
    }
    WORLD_UNTIL(world, world->n_open == 0);
    assert_int_equal(cs_server_connections(world->server), 0);
    free(fds);
}

static void keeps_to_its_maximum(void **state)
{
    struct world *world = *state;
    world->config.max_connections = 2;
    world_start(world);
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = client_open(world, 0); /* the third waits in the kernel's queue */
    }
    client_send(world, fds[2], CS_VIEW(GET));
    WORLD_UNTIL(world, world->n_open == 2);
    world_turn(world);
    assert_int_equal(world->n_open, 2);
    assert_int_equal(world->log.len, 0);
    close(fds[0]);
    client_expect(world, fds[2], OK_0);
    close(fds[1]);
    close(fds[2]);
}

static int64_t cpu_ms(void)
{
    struct timespec ts;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts), 0);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void does_not_spin_without_descriptors(void **state)
{
    struct world *world = *state;
    world_start(world);
    int fd = client_open(world, 0);
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int64_t before_ms = cpu_ms();
    assert_false(cs_loop_run(world->loop, cs_loop_now(world->loop) + 200));
    int64_t used_ms = cpu_ms() - before_ms;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(world->n_open, 0);
    assert_in_range(used_ms, 0, 100);
    client_send(world, fd, CS_VIEW(GET));
    client_expect(world, fd, OK_0);
    close(fd);
}

static void stopping_resets_everyone(void **state)
{
    struct world *world = *state;
    world_start(world);
    int held = client_open_held(world, 0);
    int idle = client_open(world, 0);
    WORLD_UNTIL(world, world->n_open == 2);
    cs_server_stop(world->server);
    world->server = NULL;
    assert_int_equal(world->n_open, 0);
    client_expect_end(world, held, "", CLIENT_RESET);
    client_expect_end(world, idle, "", CLIENT_RESET);
    close(held);
    close(idle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(counts_pressure_in_bytes),
        WORLD_TEST(sends_a_long_queue_whole_before_fin),
        WORLD_TEST(half_closes_after_a_long_queue),
        WORLD_TEST(patience_starts_after_the_queue),
        WORLD_TEST(a_paused_connection_takes_nothing),
        WORLD_TEST(does_not_hoard_answers_for_a_client_that_never_reads),
        WORLD_TEST(many_idle_connections_come_and_go),
        WORLD_TEST(keeps_to_its_maximum),
        WORLD_TEST(does_not_spin_without_descriptors),
        WORLD_TEST(stopping_resets_everyone),
    };
    return cmocka_run_group_tests_name("server_load", tests, NULL, NULL) != 0;
}
