/* A server on a loop and plain client sockets beside it, all in one thread: the loop is turned by
 * hand, in small steps, until what the test waits for has happened.
 *
 * What the hooks are told is written into a log, one line each. What they do is set by the test.
 */
#ifndef CHATSPEC_TESTS_SERVER_WORLD_H
#define CHATSPEC_TESTS_SERVER_WORLD_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/server.h"

enum {
    PATIENCE_MS = 10000
};

struct world {
    struct cs_loop *loop;
    struct cs_server *server;
    struct cs_server_hooks hooks;
    struct cs_server_config config;
    struct cs_buf log;
    struct cs_conn *conn; /* the last one that a hook was called for; NULL after its on_close */
    size_t n_open;
    /* What on_head and on_request do; NULL: read the body, and answer with an echo of it. */
    enum cs_head_action (*head)(struct world *world, struct cs_conn *conn);
    void (*request)(struct world *world, struct cs_conn *conn);
    void (*drained)(struct world *world, struct cs_conn *conn);
    bool take_over;   /* what on_other_protocol says */
    size_t left;      /* for tests that count */
    const void *plan; /* for tests that bring their own */
};

/* ---- hooks ---- */

static inline void world_accept(void *ctx, struct cs_conn *conn)
{
    struct world *world = ctx;
    world->conn = conn;
    world->n_open++;
}

static inline enum cs_head_action world_head(void *ctx, struct cs_conn *conn,
                                             const struct cs_request *request)
{
    struct world *world = ctx;
    world->conn = conn;
    assert_ptr_equal(cs_conn_request(conn), request);
    return world->head ? world->head(world, conn) : CS_HEAD_READ_BODY;
}

/* Sends 200 with the body given. */
static inline bool world_answer(struct cs_conn *conn, struct cs_view body)
{
    struct cs_buf out = CS_BUF((size_t)64 * 1024 * 1024);
    cs_response_status(&out, 200);
    cs_response_header(&out, "Content-Length", "%zu", body.len);
    cs_response_end_head(&out);
    cs_buf_add(&out, body);
    assert_int_equal(cs_buf_error(&out), CS_OK);
    bool sent = cs_conn_send(conn, cs_buf_view(&out));
    cs_buf_free(&out);
    return sent;
}

static inline void world_request(void *ctx, struct cs_conn *conn, const struct cs_request *request)
{
    struct world *world = ctx;
    world->conn = conn;
    cs_buf_printf(&world->log, "%.*s %.*s \"", CS_VIEW_ARG(request->method),
                  CS_VIEW_ARG(request->target));
    cs_buf_escaped(&world->log, request->body, 40);
    cs_buf_str(&world->log, "\"\n");
    if (world->request) {
        world->request(world, conn);
    } else {
        world_answer(conn, request->body);
        cs_conn_next(conn);
    }
}

static inline void world_bad(void *ctx, struct cs_conn *conn, int status, const struct cs_diag *why)
{
    struct world *world = ctx;
    cs_buf_printf(&world->log, "bad %d @%llu\n", status, (unsigned long long)why->offset);
    cs_conn_finish(conn);
}

static inline void world_drained(void *ctx, struct cs_conn *conn)
{
    struct world *world = ctx;
    assert_int_equal(cs_conn_queued(conn), 0);
    if (world->drained) {
        world->drained(world, conn);
    }
}

static inline void world_half_close(void *ctx, struct cs_conn *conn)
{
    (void)conn;
    cs_buf_str(&((struct world *)ctx)->log, "half-close\n");
}

static inline void world_close(void *ctx, struct cs_conn *conn)
{
    struct world *world = ctx;
    world->conn = world->conn == conn ? NULL : world->conn;
    world->n_open--;
    cs_buf_str(&world->log, "close\n");
    assert_false(cs_conn_send(conn, CS_VIEW("too late")));
}

static inline bool world_other(void *ctx, struct cs_conn *conn, struct cs_view first_bytes)
{
    struct world *world = ctx;
    world->conn = conn;
    cs_buf_str(&world->log, "other \"");
    cs_buf_escaped(&world->log, first_bytes, 100);
    cs_buf_str(&world->log, "\"\n");
    return world->take_over;
}

static inline void world_raw(void *ctx, struct cs_conn *conn, struct cs_view bytes)
{
    (void)conn;
    struct world *world = ctx;
    cs_buf_str(&world->log, "raw \"");
    cs_buf_escaped(&world->log, bytes, 100);
    cs_buf_str(&world->log, "\"\n");
}

/* ---- set-up ---- */

/* A world whose server is not started yet: hooks and config can still be changed. */
static inline int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->loop = cs_loop_new();
    assert_non_null(world->loop);
    world->log = CS_BUF(1 << 20);
    world->hooks = (struct cs_server_hooks){.on_accept = world_accept,
                                            .on_head = world_head,
                                            .on_request = world_request,
                                            .on_drained = world_drained,
                                            .on_close = world_close};
    world->config = (struct cs_server_config){.hooks = &world->hooks, .ctx = world};
    *state = world;
    return 0;
}

static inline int world_teardown(void **state)
{
    struct world *world = *state;
    cs_server_stop(world->server);
    size_t n_open = world->n_open;
    cs_loop_free(world->loop);
    cs_buf_free(&world->log);
    free(world);
    return n_open == 0 ? 0 : -1; /* every on_accept has its on_close */
}

static inline void world_start(struct world *world)
{
    struct cs_diag diag = {0};
    if (cs_server_start(world->loop, &world->config, &world->server, &diag) != CS_OK) {
        fail_msg("%s", diag.text);
    }
    assert_true(cs_server_port(world->server) > 0);
}

/* ---- turning ---- */

static inline void world_turn(struct world *world)
{
    (void)cs_loop_run(world->loop, cs_loop_now(world->loop) + 2);
}

static inline void world_wait(struct world *world, unsigned turns, int64_t until_ms,
                              const char *what)
{
    if (cs_loop_now(world->loop) > until_ms) {
        fail_msg("waited in vain for: %s", what);
    }
    if (turns % 8 == 0) {
        world_turn(world);
    } else {
        (void)cs_loop_run(world->loop, INT64_MIN); /* what is ready already */
    }
}

#define WORLD_UNTIL(world, condition)                                \
    do {                                                             \
        int64_t until_ms = cs_loop_now((world)->loop) + PATIENCE_MS; \
        for (unsigned turns = 1; !(condition); turns++) {            \
            world_wait(world, turns, until_ms, #condition);          \
        }                                                            \
    } while (0)

static inline void world_logged(struct world *world, const char *expected)
{
    struct cs_view log = cs_buf_view(&world->log);
    if (!cs_view_eq(log, cs_view_str(expected))) {
        fail_msg("logged:\n%.*sexpected:\n%s", CS_VIEW_ARG(log), expected);
    }
}

/* ---- clients ---- */

/* Makes the kernel hold little of what this client sends, so that a server that stops reading (with
 * a small receive buffer of its own) is felt soon. */
static inline void client_send_buffer(int fd, int send_buffer)
{
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(int)), 0);
}

/* A connected non-blocking socket; `receive_buffer` 0: the kernel's. */
static inline int client_open(struct world *world, int receive_buffer)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (receive_buffer > 0) {
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(int)), 0);
    }
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(cs_server_port(world->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* Sends all of it, turning the loop while the kernel takes none. */
static inline void client_send(struct world *world, int fd, struct cs_view bytes)
{
    int64_t until_ms = cs_loop_now(world->loop) + PATIENCE_MS;
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (n < 0) {
            assert_int_equal(errno, EAGAIN);
            assert_true(cs_loop_now(world->loop) < until_ms);
            world_turn(world);
            n = 0;
        }
        bytes = cs_view_of(bytes.ptr + n, bytes.len - (size_t)n);
    }
}

enum client_end {
    CLIENT_OPEN,
    CLIENT_FIN,
    CLIENT_RESET
};

/* Takes what is there now. */
static inline enum client_end client_take(int fd, struct cs_buf *out)
{
    for (;;) {
        char bytes[16384];
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n < 0) {
            assert_true(errno == EAGAIN || errno == ECONNRESET);
            return errno == EAGAIN ? CLIENT_OPEN : CLIENT_RESET;
        }
        if (n == 0) {
            return CLIENT_FIN;
        }
        cs_buf_append(out, bytes, (size_t)n);
    }
}

/* Reads until the server ends the connection, one way or the other. */
static inline enum client_end client_read_end(struct world *world, int fd, struct cs_buf *out)
{
    enum client_end end = CLIENT_OPEN;
    WORLD_UNTIL(world, (end = client_take(fd, out)) != CLIENT_OPEN);
    return end;
}

/* Reads until exactly this has come; nothing more may come. */
static inline void client_expect(struct world *world, int fd, const char *expected)
{
    struct cs_buf out = CS_BUF(1 << 20);
    enum client_end end = CLIENT_OPEN;
    WORLD_UNTIL(world, (end = client_take(fd, &out)) != CLIENT_OPEN || out.len >= strlen(expected));
    if (!cs_view_eq(cs_buf_view(&out), cs_view_str(expected))) {
        fail_msg("got:\n%.*s\nexpected:\n%s", CS_VIEW_ARG(cs_buf_view(&out)), expected);
    }
    cs_buf_free(&out);
}

static inline void client_expect_end(struct world *world, int fd, const char *expected,
                                     enum client_end expected_end)
{
    struct cs_buf out = CS_BUF(1 << 20);
    enum client_end end = client_read_end(world, fd, &out);
    if (!cs_view_eq(cs_buf_view(&out), cs_view_str(expected)) || end != expected_end) {
        fail_msg("got (end %d):\n%.*s\nexpected (end %d):\n%s", (int)end,
                 CS_VIEW_ARG(cs_buf_view(&out)), (int)expected_end, expected);
    }
    cs_buf_free(&out);
}

/* A `request` for tests that answer by hand. */
static inline void world_hold(struct world *world, struct cs_conn *conn)
{
    world->conn = conn;
}

/* A client whose request is waiting for its answer. */
static inline int client_open_held(struct world *world, int receive_buffer)
{
    world->request = world_hold;
    int fd = client_open(world, receive_buffer);
    client_send(world, fd, CS_VIEW("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    WORLD_UNTIL(world, world->conn && cs_conn_request(world->conn));
    return fd;
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

#endif
