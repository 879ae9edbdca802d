/* How connections end, and connections that are not HTTP. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server_world.h"

#define GET  "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
#define OK_0 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/* ---- how the server ends ---- */

static void fin_rst_and_half_close_differ_for_the_client(void **state)
{
    struct world *world = *state;
    world_start(world);
    int fd = client_open_held(world, 0);
    assert_true(cs_conn_send(world->conn, CS_VIEW("part")));
    cs_conn_finish(world->conn);
    cs_conn_finish(world->conn); /* twice is once */
    client_expect_end(world, fd, "part", CLIENT_FIN);
    close(fd);
    WORLD_UNTIL(world, world->n_open == 0);

    fd = client_open_held(world, 0);
    cs_conn_reset(world->conn);
    cs_conn_reset(world->conn);
    client_expect_end(world, fd, "", CLIENT_RESET);
    close(fd);
    WORLD_UNTIL(world, world->n_open == 0);

    fd = client_open_held(world, 0);
    cs_conn_half_close(world->conn);
    client_expect_end(world, fd, "", CLIENT_FIN);
    client_send(world, fd, CS_VIEW("still read, " GET)); /* and neither answered nor refused */
    world_turn(world);
    assert_int_equal(world->n_open, 1);
    assert_int_equal(cs_conn_requests(world->conn), 1);
    assert_false(cs_conn_send(world->conn, CS_VIEW("x")));
    close(fd);
    WORLD_UNTIL(world, world->n_open == 0);
}

static void a_half_closed_connection_can_be_finished(void **state)
{
    struct world *world = *state;
    world->config.drain_ms = 20;
    world_start(world);
    int fd = client_open_held(world, 0);
    cs_conn_half_close(world->conn);
    client_expect_end(world, fd, "", CLIENT_FIN);
    cs_conn_finish(world->conn);
    WORLD_UNTIL(world, world->n_open == 0); /* the client keeps its side open: patience ends it */
    close(fd);
}

static void a_finished_connection_reads_only_so_much(void **state)
{
    struct world *world = *state;
    world->config.drain_ms = 10 * (int64_t)PATIENCE_MS; /* bytes end it, not time */
    world_start(world);
    int fd = client_open_held(world, 0);
    cs_conn_finish(world->conn);
    static const char zeros[65536];
    int64_t until_ms = cs_loop_now(world->loop) + PATIENCE_MS;
    size_t sent = 0;
    while (world->n_open > 0) {
        ssize_t n = send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        assert_true(cs_loop_now(world->loop) < until_ms);
        world_turn(world);
    }
    assert_true(sent > 1024 * 1024);
    close(fd);
}

/* ---- how the client ends ---- */

static void close_with_reset(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
    close(fd);
}

static void a_client_that_leaves_is_noticed(void **state)
{
    struct world *world = *state;
    world_start(world);
    int fd = client_open_held(world, 0);
    close(fd);
    WORLD_UNTIL(world, world->n_open == 0); /* FIN, and nobody asked to be told of it */

    fd = client_open_held(world, 0);
    cs_conn_pause(world->conn);
    close_with_reset(fd);
    WORLD_UNTIL(world, world->n_open == 0); /* RST, while nothing is being read */

    fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW("GET / HT"));
    WORLD_UNTIL(world, world->n_open == 1);
    close_with_reset(fd);
    WORLD_UNTIL(world, world->n_open == 0); /* RST, in the middle of a request */

    fd = client_open_held(world, 0);
    close_with_reset(fd);
    while (cs_conn_send(world->conn, CS_VIEW("x"))) {
        /* loopback: the reset is there at once, or a byte later */
    }
    assert_int_equal(world->n_open, 1); /* on_close comes from the loop */
    WORLD_UNTIL(world, world->n_open == 0);
}

static void a_half_closed_client_gets_its_answer(void **state)
{
    struct world *world = *state;
    world->hooks.on_half_close = world_half_close;
    world_start(world);
    int fd = client_open(world, 0);
    world->request = world_hold;
    client_send(world, fd, CS_VIEW(GET GET));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    WORLD_UNTIL(world, cs_view_find(cs_buf_view(&world->log), CS_VIEW("half-close")) != SIZE_MAX);
    world_turn(world); /* told once, not in every turn */
    for (uint64_t i = 1; i <= 2; i++) {
        WORLD_UNTIL(world, cs_conn_requests(world->conn) == i);
        assert_true(world_answer(world->conn, (struct cs_view){0}));
        cs_conn_next(world->conn);
    }
    client_expect_end(world, fd, OK_0 OK_0, CLIENT_FIN);
    WORLD_UNTIL(world, world->n_open == 0);
    world_logged(world, "GET / \"\"\nhalf-close\nGET / \"\"\nclose\n");
    close(fd);
}

static enum cs_head_action answer_later(struct world *world, struct cs_conn *conn)
{
    (void)world;
    (void)conn;
    return CS_HEAD_ANSWERED;
}

static void a_client_that_cuts_its_body_gets_the_early_answer(void **state)
{
    struct world *world = *state;
    world->hooks.on_half_close = world_half_close;
    world->head = answer_later;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    WORLD_UNTIL(world, world->log.len > 0);
    world_turn(world);
    world_logged(world, "half-close\n");
    assert_true(cs_conn_send(world->conn, CS_VIEW(OK_0)));
    cs_conn_next(world->conn);
    client_expect_end(world, fd, OK_0, CLIENT_FIN);
    close(fd);
}

static enum cs_head_action answer_puts_later(struct world *world, struct cs_conn *conn)
{
    (void)world;
    bool put = cs_view_eq(cs_conn_request(conn)->method, CS_VIEW("PUT"));
    return put ? CS_HEAD_ANSWERED : CS_HEAD_READ_BODY;
}

static void a_half_close_is_told_once(void **state)
{
    struct world *world = *state;
    world->hooks.on_half_close = world_half_close;
    world->head = answer_puts_later;
    world->request = world_hold;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd,
                CS_VIEW(GET "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    WORLD_UNTIL(world, cs_view_find(cs_buf_view(&world->log), CS_VIEW("half-close")) != SIZE_MAX);
    assert_true(cs_conn_send(world->conn, CS_VIEW(OK_0)));
    cs_conn_next(world->conn);
    WORLD_UNTIL(world, cs_conn_requests(world->conn) == 2);
    world_turn(world); /* reads the end of the second request's body */
    assert_true(cs_conn_send(world->conn, CS_VIEW(OK_0)));
    cs_conn_next(world->conn);
    client_expect_end(world, fd, OK_0 OK_0, CLIENT_FIN);
    WORLD_UNTIL(world, world->n_open == 0);
    world_logged(world, "GET / \"\"\nhalf-close\nclose\n");
    close(fd);
}

/* ---- ending inside of hooks ---- */

/* In which hook to end the connection, and how. */
struct where {
    const char *hook;
    void (*end)(struct cs_conn *conn);
};

static void end_now(struct cs_conn *conn, void (*end)(struct cs_conn *conn))
{
    end(conn);
    /* Still there to be asked, and silent. */
    assert_false(cs_conn_send(conn, CS_VIEW("x")));
    (void)cs_conn_unacked(conn);
    cs_conn_next(conn);
    cs_conn_pause(conn);
    cs_conn_resume(conn);
    cs_conn_release_request(conn);
}

static const struct where *where_of(void *world)
{
    return ((struct world *)world)->plan;
}

static void ending_accept(void *ctx, struct cs_conn *conn)
{
    const struct where *where = where_of(ctx);
    world_accept(ctx, conn);
    if (strcmp(where->hook, "accept") == 0) {
        end_now(conn, where->end);
    }
}

static enum cs_head_action ending_head(void *ctx, struct cs_conn *conn,
                                       const struct cs_request *request)
{
    const struct where *where = where_of(ctx);
    (void)world_head(ctx, conn, request);
    if (strncmp(where->hook, "head", 4) == 0) {
        end_now(conn, where->end);
    }
    return strcmp(where->hook, "head answered") == 0 ? CS_HEAD_ANSWERED : CS_HEAD_READ_BODY;
}

static void ending_request(struct world *world, struct cs_conn *conn)
{
    const struct where *where = where_of(world);
    static const char long_body[300000];
    if (strcmp(where->hook, "request") == 0) {
        end_now(conn, where->end);
    } else if (strcmp(where->hook, "drained") == 0) {
        assert_true(world_answer(conn, cs_view_of(long_body, sizeof(long_body))));
        assert_true(cs_conn_queued(conn) > 0);
    }
}

static void ending_drained(struct world *world, struct cs_conn *conn)
{
    const struct where *where = where_of(world);
    end_now(conn, where->end);
}

static void ending_bad(void *ctx, struct cs_conn *conn, int status, const struct cs_diag *why)
{
    const struct where *where = where_of(ctx);
    (void)why;
    assert_int_equal(status, 400);
    end_now(conn, where->end);
}

static void ending_half_close(void *ctx, struct cs_conn *conn)
{
    const struct where *where = where_of(ctx);
    end_now(conn, where->end);
}

static bool ending_other(void *ctx, struct cs_conn *conn, struct cs_view first_bytes)
{
    const struct where *where = where_of(ctx);
    (void)first_bytes;
    if (strcmp(where->hook, "other") == 0) {
        end_now(conn, where->end);
    }
    return true;
}

static void ending_raw(void *ctx, struct cs_conn *conn, struct cs_view bytes)
{
    const struct where *where = where_of(ctx);
    (void)bytes;
    end_now(conn, where->end);
}

static void run_ending(struct world *world, struct cs_view request)
{
    const struct where *where = where_of(world);
    int fd = client_open(world, 0);
    (void)send(fd, request.ptr, request.len, MSG_NOSIGNAL);
    if (strcmp(where->hook, "raw") == 0) {
        WORLD_UNTIL(world, world->n_open == 1);
        world_turn(world);
        (void)send(fd, "more", 4, MSG_NOSIGNAL);
    } else if (strcmp(where->hook, "half close") == 0) {
        WORLD_UNTIL(world, world->log.len > 0);
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
    }
    struct cs_buf out = CS_BUF((size_t)8 << 20);
    enum client_end end = client_read_end(world, fd, &out);
    assert_int_equal(end, where->end == cs_conn_reset ? CLIENT_RESET : CLIENT_FIN);
    cs_buf_free(&out);
    close(fd);
    WORLD_UNTIL(world, world->n_open == 0);
    cs_buf_clear(&world->log);
}

static void every_hook_may_end_its_connection(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {"accept", "head",  "head answered", "request",   "drained",
                                        "bad",    "other", "raw",           "half close"};
    world->hooks = (struct cs_server_hooks){ending_accept, ending_head,   world_request,
                                            ending_bad,    world_drained, ending_half_close,
                                            world_close,   ending_other,  ending_raw};
    world->request = ending_request;
    world->drained = ending_drained;
    world->config.send_buffer = 4096; /* so that an answer has to be queued */
    world_start(world);
    for (size_t i = 0; i < 2 * sizeof(names) / sizeof(names[0]); i++) {
        struct where where = {names[i / 2], i % 2 ? cs_conn_reset : cs_conn_finish};
        world->plan = &where;
        struct cs_view request = CS_VIEW(GET GET);
        if (strncmp(where.hook, "head", 4) == 0) {
            request = CS_VIEW("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
        } else if (strcmp(where.hook, "bad") == 0) {
            request = CS_VIEW("GET /\r\n\r\n");
        } else if (strcmp(where.hook, "other") == 0 || strcmp(where.hook, "raw") == 0) {
            request = CS_VIEW("\x16\x03\x01");
        }
        run_ending(world, request);
    }
}

/* ---- other protocols ---- */

#define PREFACE     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define PREFACE_LOG "PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n"

static void hands_the_whole_preface_over(void **state)
{
    struct world *world = *state;
    world->hooks.on_other_protocol = world_other;
    world->hooks.on_raw = world_raw;
    world->hooks.on_half_close = world_half_close;
    world->take_over = true;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW(PREFACE));
    WORLD_UNTIL(world, world->log.len > 0);
    assert_true(cs_conn_send(world->conn, CS_VIEW("hello")));
    client_expect(world, fd, "hello");
    cs_conn_next(world->conn); /* means nothing here */
    client_send(world, fd, CS_VIEW("GET"));
    WORLD_UNTIL(world, cs_view_find(cs_buf_view(&world->log), CS_VIEW("raw")) != SIZE_MAX);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    WORLD_UNTIL(world, cs_view_find(cs_buf_view(&world->log), CS_VIEW("half")) != SIZE_MAX);
    world_turn(world);
    assert_true(cs_conn_send(world->conn, CS_VIEW("bye")));
    cs_conn_finish(world->conn);
    client_expect_end(world, fd, "bye", CLIENT_FIN);
    WORLD_UNTIL(world, world->n_open == 0);
    world_logged(world, "other \"" PREFACE_LOG "\"\nraw \"GET\"\nhalf-close\nclose\n");
    close(fd);
}

static void finds_the_preface_byte_by_byte(void **state)
{
    struct world *world = *state;
    world->hooks.on_other_protocol = world_other;
    world->hooks.on_raw = world_raw;
    world->take_over = true;
    world_start(world);
    int fd = client_open(world, 0);
    for (size_t i = 0; i < 6; i++) {
        client_send(world, fd, cs_view_of(&PREFACE[i], 1));
        WORLD_UNTIL(world, i < 3 || world->log.len > 0);
        world_turn(world);
    }
    world_logged(world, "other \"PRI \"\nraw \"*\"\nraw \" \"\n");
    close(fd);
}

static void tells_http_from_the_rest(void **state)
{
    struct world *world = *state;
    world->hooks.on_other_protocol = world_other;
    world_start(world);
    static const struct {
        const char *bytes;
        const char *log; /* what the hooks got before the end */
    } rows[] = {
        {"\x16\x03\x01\x02", "other \"\\x16\\x03\\x01\\x02\"\nclose\n"},
        {" GET / HTTP/1.1\r\n\r\n", "other \" GET / HTTP/1.1\\r\\n\\r\\n\"\nclose\n"},
        {"G\x01", "other \"G\\x01\"\nclose\n"},
        {"PRI ", "other \"PRI \"\nclose\n"},
        {"PRINT / HTTP/1.0\r\n\r\n", "PRINT / \"\"\nclose\n"},
        {"PR / HTTP/1.0\r\n\r\n", "PR / \"\"\nclose\n"},
        {"P / HTTP/1.0\r\n\r\n", "P / \"\"\nclose\n"},
        {"\r\nGET / HTTP/1.0\r\n\r\n", "GET / \"\"\nclose\n"},
        {"PRI/ HTTP/1.0\r\n\r\n", "other \"PRI/ HTTP/1.0\\r\\n\\r\\n\"\nclose\n"},
        {"PRI", "close\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int fd = client_open(world, 0);
        struct cs_buf out = CS_BUF(4096);
        client_send(world, fd, cs_view_str(rows[i].bytes));
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        assert_int_equal(client_read_end(world, fd, &out), CLIENT_FIN);
        WORLD_UNTIL(world, world->n_open == 0);
        world_logged(world, rows[i].log);
        cs_buf_clear(&world->log);
        cs_buf_free(&out);
        close(fd);
    }
}

static void closes_other_protocols_without_a_hook(void **state)
{
    struct world *world = *state;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW(PREFACE));
    client_expect_end(world, fd, "", CLIENT_FIN);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(fin_rst_and_half_close_differ_for_the_client),
        WORLD_TEST(a_half_closed_connection_can_be_finished),
        WORLD_TEST(a_finished_connection_reads_only_so_much),
        WORLD_TEST(a_client_that_leaves_is_noticed),
        WORLD_TEST(a_half_closed_client_gets_its_answer),
        WORLD_TEST(a_client_that_cuts_its_body_gets_the_early_answer),
        WORLD_TEST(a_half_close_is_told_once),
        WORLD_TEST(every_hook_may_end_its_connection),
        WORLD_TEST(hands_the_whole_preface_over),
        WORLD_TEST(finds_the_preface_byte_by_byte),
        WORLD_TEST(tells_http_from_the_rest),
        WORLD_TEST(closes_other_protocols_without_a_hook),
    };
    return cmocka_run_group_tests_name("server_end", tests, NULL, NULL) != 0;
}
