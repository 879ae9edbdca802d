#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server_world.h"

#define HOST "Host: h\r\n\r\n"
#define OK_0 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/* ---- plain requests ---- */

static void answers_on_a_kept_connection(void **state)
{
    struct world *world = *state;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW("GET /1 HTTP/1.1\r\n" HOST));
    client_expect(world, fd, OK_0);
    client_send(world, fd, CS_VIEW("POST /2 HTTP/1.1\r\nContent-Length: 3\r\n" HOST "abc"));
    client_expect(world, fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    assert_int_equal(cs_conn_number(world->conn), 1);
    assert_int_equal(cs_conn_requests(world->conn), 2);
    assert_int_equal(cs_conn_sent(world->conn), 2 * strlen(OK_0) + 3);
    assert_int_equal(cs_server_connections(world->server), 1);
    assert_ptr_equal(cs_conn_server(world->conn), world->server);
    assert_ptr_equal(cs_server_loop(world->server), world->loop);
    assert_null(cs_conn_request(world->conn));
    assert_null(cs_conn_user(world->conn));
    cs_conn_set_user(world->conn, world);
    assert_ptr_equal(cs_conn_user(world->conn), world);
    close(fd);
    WORLD_UNTIL(world, world->n_open == 0);
    assert_int_equal(cs_server_connections(world->server), 0);
    world_logged(world, "GET /1 \"\"\nPOST /2 \"abc\"\nclose\n");
}

static void reads_a_request_byte_by_byte(void **state)
{
    struct world *world = *state;
    world_start(world);
    int fd = client_open(world, 0);
    static const char text[] = "PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" HOST
                               "2\r\nab\r\n1;e\r\nc\r\n0\r\nT: u\r\n\r\n";
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        assert_int_equal(world->log.len, 0);
        client_send(world, fd, cs_view_of(text + i, 1));
        (void)cs_loop_run(world->loop, INT64_MIN);
    }
    client_expect(world, fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    world_logged(world, "PUT /x \"abc\"\n");
    close(fd);
}

static void answers_pipelined_requests_in_order(void **state)
{
    struct world *world = *state;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd,
                CS_VIEW("GET /1 HTTP/1.1\r\n" HOST "PUT /2 HTTP/1.1\r\nContent-Length: 1\r\n" HOST
                        "x"
                        "GET /3 HTTP/1.1\r\nConnection: close\r\n" HOST "GET /4 HTTP/1.1\r\n"));
    client_expect_end(world, fd, OK_0 "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx" OK_0,
                      CLIENT_FIN);
    close(fd);
    WORLD_UNTIL(world, world->n_open == 0);
    world_logged(world, "GET /1 \"\"\nPUT /2 \"x\"\nGET /3 \"\"\nclose\n");
}

static void keeps_pipelined_requests_until_next(void **state)
{
    struct world *world = *state;
    world->request = world_hold;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW("GET /1 HTTP/1.1\r\n" HOST "GET /2 HTTP/1.1\r\nHo"));
    WORLD_UNTIL(world, world->log.len > 0);
    client_send(world, fd, CS_VIEW("st: h\r\n\r\nGET /3 HTTP/1.1\r\n" HOST));
    world_turn(world);
    world_logged(world, "GET /1 \"\"\n");
    assert_true(cs_view_eq(cs_conn_request(world->conn)->target, CS_VIEW("/1")));
    assert_true(cs_view_eq(cs_conn_request_raw(world->conn), CS_VIEW("GET /1 HTTP/1.1\r\n" HOST)));
    for (int i = 2; i <= 3; i++) {
        assert_true(world_answer(world->conn, (struct cs_view){0}));
        cs_conn_next(world->conn);
        /* The next request comes from the loop, not from inside this call. */
        assert_null(cs_conn_request(world->conn));
        WORLD_UNTIL(world, cs_conn_request(world->conn) != NULL);
    }
    world_logged(world, "GET /1 \"\"\nGET /2 \"\"\nGET /3 \"\"\n");
    client_expect(world, fd, OK_0 OK_0);
    close(fd);
}

static void frees_a_request_early(void **state)
{
    struct world *world = *state;
    world->request = world_hold;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW("GET /1 HTTP/1.1\r\n" HOST));
    WORLD_UNTIL(world, world->log.len > 0);
    cs_conn_release_request(world->conn);
    assert_null(cs_conn_request(world->conn));
    assert_int_equal(cs_conn_request_raw(world->conn).len, 0);
    assert_true(world_answer(world->conn, (struct cs_view){0}));
    cs_conn_next(world->conn);
    client_expect(world, fd, OK_0);
    client_send(world, fd, CS_VIEW("GET /2 HTTP/1.1\r\n" HOST));
    WORLD_UNTIL(world, cs_conn_request(world->conn) != NULL);
    world_logged(world, "GET /1 \"\"\nGET /2 \"\"\n");
    close(fd);
}

static enum cs_head_action release_too_soon(struct world *world, struct cs_conn *conn)
{
    (void)world;
    cs_conn_release_request(conn);
    assert_true(cs_view_eq(cs_conn_request(conn)->path, CS_VIEW("/1")));
    return CS_HEAD_READ_BODY;
}

static void keeps_a_request_that_is_still_to_come(void **state)
{
    struct world *world = *state;
    world->head = release_too_soon;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW("PUT /1 HTTP/1.1\r\nContent-Length: 1\r\n" HOST "x"));
    client_expect(world, fd, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    world_logged(world, "PUT /1 \"x\"\n");
    close(fd);
}

static void closes_when_asked_to(void **state)
{
    struct world *world = *state;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW("GET /1 HTTP/1.0\r\n\r\n"));
    client_expect_end(world, fd, OK_0, CLIENT_FIN);
    close(fd);
    fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW("GET /2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    client_expect(world, fd, OK_0);
    client_send(world, fd, CS_VIEW("GET /3 HTTP/1.0\r\n\r\n"));
    client_expect_end(world, fd, OK_0, CLIENT_FIN);
    close(fd);
}

static void says_continue_when_the_client_waits(void **state)
{
    struct world *world = *state;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd,
                CS_VIEW("PUT / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n" HOST));
    client_expect(world, fd, "HTTP/1.1 100 Continue\r\n\r\n");
    client_send(world, fd, CS_VIEW("ab"));
    client_expect(world, fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
    client_send(world, fd, CS_VIEW("GET / HTTP/1.1\r\nExpect: 100-continue\r\n" HOST));
    client_expect(world, fd, OK_0); /* no body to wait for */
    close(fd);
}

/* ---- requests that are wrong ---- */

static void refuses_bad_requests_by_itself(void **state)
{
    struct world *world = *state;
    world->config.limits = (struct cs_request_limits){.max_head = 100, .max_body = 4};
    world_start(world);
    static const struct {
        const char *text;
        const char *answer; /* its start and its body */
        const char *body;
    } rows[] = {
        {"GET / HTTP/1.1\n", "HTTP/1.1 400 Bad Request\r\n", "(byte 14)\n"},
        {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "no Host (byte 16)\n"},
        {"GET / HTTP/3.0\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n", "(byte 11)\n"},
        {"PUT / HTTP/1.1\r\nTransfer-Encoding: br\r\n" HOST, "HTTP/1.1 501 Not Implemented\r\n",
         "(byte 16)\n"},
        {"PUT / HTTP/1.1\r\nContent-Length: 5\r\n" HOST "abcde",
         "HTTP/1.1 413 Payload Too Large\r\n", "(byte 46)\n"},
        {"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" HOST "9\r\nabcdefghi\r\n0\r\n\r\n",
         "HTTP/1.1 413 Payload Too Large\r\n", "(byte 55)\n"},
        {"GET / HTTP/1.1\r\nX-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: b\r\n",
         "HTTP/1.1 431 Request Header Fields Too Large\r\n", "(byte 100)\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int fd = client_open(world, 0);
        struct cs_buf out = CS_BUF(4096);
        client_send(world, fd, cs_view_str(rows[i].text));
        assert_int_equal(client_read_end(world, fd, &out), CLIENT_FIN);
        char *answer = cs_buf_take(&out);
        assert_non_null(answer);
        assert_int_equal(strncmp(answer, rows[i].answer, strlen(rows[i].answer)), 0);
        assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
        assert_non_null(strstr(answer, rows[i].body));
        assert_int_equal(strlen(strstr(answer, rows[i].body)), strlen(rows[i].body));
        free(answer);
        close(fd);
    }
    WORLD_UNTIL(world, world->n_open == 0);
    world_logged(world, "close\nclose\nclose\nclose\nclose\nclose\nclose\n"); /* no request */
}

static void tells_of_bad_requests(void **state)
{
    struct world *world = *state;
    world->hooks.on_bad_request = world_bad;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW("GET / HTTP/1.1\r\n" HOST "GET /  HTTP/1.1\r\nmore"));
    client_expect_end(world, fd, OK_0, CLIENT_FIN);
    close(fd);
    WORLD_UNTIL(world, world->n_open == 0);
    world_logged(world, "GET / \"\"\nbad 400 @6\nclose\n");
}

static void ask_for_next(void *ctx, struct cs_conn *conn, int status, const struct cs_diag *why)
{
    (void)ctx;
    (void)why;
    assert_int_equal(status, 400);
    assert_true(cs_conn_send(conn, CS_VIEW("no")));
    cs_conn_next(conn);
}

static void there_is_no_next_after_a_bad_request(void **state)
{
    struct world *world = *state;
    world->hooks.on_bad_request = ask_for_next;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW("GET / HTTP/1.1\r\n" HOST "GET\r\nGET / HTTP/1.1\r\n" HOST));
    client_expect_end(world, fd, OK_0 "no", CLIENT_FIN);
    close(fd);
    world_logged(world, "GET / \"\"\n");
}

static void drops_a_request_that_is_cut_off(void **state)
{
    struct world *world = *state;
    world_start(world);
    static const char *const cut[] = {"G", "GET / HT",
                                      "PUT / HTTP/1.1\r\nContent-Length: 9\r\n" HOST "abc"};
    for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
        int fd = client_open(world, 0);
        client_send(world, fd, cs_view_str(cut[i]));
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        client_expect_end(world, fd, "", CLIENT_FIN);
        close(fd);
    }
    WORLD_UNTIL(world, world->n_open == 0);
    world_logged(world, "close\nclose\nclose\n");
}

/* ---- answers before the body ---- */

#define TOO_LARGE "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n"

static enum cs_head_action answer_early(struct world *world, struct cs_conn *conn)
{
    (void)world;
    if (cs_conn_request(conn)->content_length <= 4) {
        return CS_HEAD_READ_BODY;
    }
    assert_true(cs_conn_send(conn, CS_VIEW(TOO_LARGE)));
    cs_conn_next(conn);
    return CS_HEAD_ANSWERED;
}

static void send_zeros(struct world *world, int fd, size_t len)
{
    static const char zeros[65536];
    while (len > 0) {
        size_t n = len < sizeof(zeros) ? len : sizeof(zeros);
        client_send(world, fd, cs_view_of(zeros, n));
        len -= n;
    }
}

static void goes_on_after_an_early_answer(void **state)
{
    struct world *world = *state;
    world->config.limits.max_body = 4;
    world->head = answer_early;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd,
                CS_VIEW("PUT /1 HTTP/1.1\r\nContent-Length: 3000000\r\n"
                        "Expect: 100-continue\r\n" HOST));
    send_zeros(world, fd, 3000000);
    client_send(world, fd, CS_VIEW("PUT /2 HTTP/1.1\r\nContent-Length: 1\r\n" HOST "x"));
    client_expect(world, fd, TOO_LARGE "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    world_logged(world, "PUT /2 \"x\"\n");
    close(fd);
}

static enum cs_head_action answer_all_early(struct world *world, struct cs_conn *conn)
{
    (void)world;
    assert_true(cs_conn_send(conn, CS_VIEW(TOO_LARGE)));
    cs_conn_next(conn);
    return CS_HEAD_ANSWERED;
}

static void finishes_after_an_early_answer_when_it_must(void **state)
{
    struct world *world = *state;
    world->hooks.on_bad_request = world_bad;
    world->head = answer_all_early;
    world_start(world);
    static const char *const requests[] = {
        "PUT / HTTP/1.1\r\nContent-Length: 9\r\nConnection: close\r\n" HOST,
        /* a fault in a body whose answer was given: no second answer */
        "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" HOST "oops\r\n",
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int fd = client_open(world, 0);
        client_send(world, fd, cs_view_str(requests[i]));
        client_expect_end(world, fd, TOO_LARGE, CLIENT_FIN);
        close(fd);
    }
    WORLD_UNTIL(world, world->n_open == 0);
    world_logged(world, "close\nclose\n");
}

static enum cs_head_action answer_and_finish(struct world *world, struct cs_conn *conn)
{
    (void)world;
    assert_true(cs_conn_send(conn, CS_VIEW(TOO_LARGE)));
    cs_conn_finish(conn);
    assert_false(cs_conn_send(conn, CS_VIEW("more")));
    return CS_HEAD_ANSWERED;
}

/* Sends three megabytes that nobody wants: a close with unread bytes would reset this. */
static int send_long_body(struct world *world)
{
    int fd = client_open(world, 0);
    client_send_buffer(fd, 4096);
    client_send(world, fd, CS_VIEW("PUT /1 HTTP/1.1\r\nContent-Length: 3000000\r\n" HOST));
    send_zeros(world, fd, 3000000);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    return fd;
}

static void a_client_reads_the_early_answer_whole(void **state)
{
    struct world *world = *state;
    world->head = answer_and_finish;
    world->config.receive_buffer = 65536;
    world_start(world);
    int fd = send_long_body(world);
    client_expect_end(world, fd, TOO_LARGE, CLIENT_FIN);
    close(fd);
}

static void a_client_reads_the_refusal_whole(void **state)
{
    struct world *world = *state;
    world->config.limits.max_body = 4;
    world->config.receive_buffer = 65536;
    world_start(world);
    int fd = send_long_body(world);
    struct cs_buf out = CS_BUF(4096);
    assert_int_equal(client_read_end(world, fd, &out), CLIENT_FIN);
    assert_true(cs_view_starts_with(cs_buf_view(&out), CS_VIEW("HTTP/1.1 413 ")));
    cs_buf_free(&out);
    close(fd);
}

static enum cs_head_action answer_later(struct world *world, struct cs_conn *conn)
{
    (void)world;
    (void)conn;
    return CS_HEAD_ANSWERED;
}

static void an_early_answer_may_come_in_parts(void **state)
{
    struct world *world = *state;
    world->head = answer_later;
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW("PUT /1 HTTP/1.1\r\nContent-Length: 6\r\n" HOST "abc"));
    WORLD_UNTIL(world, world->conn && cs_conn_request(world->conn));
    cs_conn_release_request(world->conn);
    assert_null(cs_conn_request(world->conn));
    client_send(world, fd, CS_VIEW("defGET /2 HTTP/1.1\r\n" HOST));
    assert_true(cs_conn_send(world->conn, CS_VIEW("HTTP/1.1 200 OK\r\nContent-")));
    client_expect(world, fd, "HTTP/1.1 200 OK\r\nContent-");
    assert_int_equal(cs_conn_requests(world->conn), 1);
    assert_true(cs_conn_send(world->conn, CS_VIEW("Length: 0\r\n\r\n")));
    cs_conn_next(world->conn);
    WORLD_UNTIL(world, cs_conn_requests(world->conn) == 2);
    client_expect(world, fd, "Length: 0\r\n\r\n");
    world_logged(world, "");
    close(fd);
}

static void does_not_swallow_a_body_without_end(void **state)
{
    struct world *world = *state;
    world->head = answer_early;
    world->config.drain_ms = 10 * (int64_t)PATIENCE_MS; /* bytes end it, not time */
    world_start(world);
    int fd = client_open(world, 0);
    client_send(world, fd, CS_VIEW("PUT /1 HTTP/1.1\r\nContent-Length: 99999999999\r\n" HOST));
    static const char zeros[65536];
    size_t sent = 0;
    int64_t until_ms = cs_loop_now(world->loop) + PATIENCE_MS;
    while (world->log.len == 0) {
        ssize_t n = send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        assert_true(cs_loop_now(world->loop) < until_ms);
        world_turn(world);
    }
    assert_true(sent > 16 * 1024 * 1024);
    world_logged(world, "close\n");
    close(fd);
}

static void does_not_wait_for_a_body_for_ever(void **state)
{
    struct world *world = *state;
    world->head = answer_early;
    world->config.drain_ms = 50;
    world_start(world);
    int fd = client_open(world, 0);
    int64_t start_ms = cs_loop_now(world->loop);
    client_send(world, fd, CS_VIEW("PUT /1 HTTP/1.1\r\nContent-Length: 9\r\n" HOST "a"));
    client_expect_end(world, fd, TOO_LARGE, CLIENT_RESET);
    assert_true(cs_loop_now(world->loop) - start_ms >= 50);
    close(fd);
}

/* ---- starting ---- */

static void listens_where_it_is_told(void **state)
{
    struct world *world = *state;
    struct cs_diag diag = {0};
    world->config.address = "not-an-address";
    assert_int_equal(cs_server_start(world->loop, &world->config, &world->server, &diag),
                     CS_ERR_USAGE);
    assert_non_null(strstr(diag.text, "not-an-address"));
    world->config.address = "::1"; /* not every machine has it, but all know what it is */
    enum cs_err err = cs_server_start(world->loop, &world->config, &world->server, &diag);
    assert_true(err == CS_OK || (err == CS_ERR_IO && strstr(diag.text, "::1 port 0: ")));
    cs_server_stop(world->server);
    world->server = NULL;
    world->config.address = "127.0.0.2";
    world_start(world);
    struct cs_server_config second = world->config;
    struct cs_server *other = NULL;
    second.port = cs_server_port(world->server);
    assert_int_equal(cs_server_start(world->loop, &second, &other, &diag), CS_ERR_IO);
    assert_non_null(strstr(diag.text, "bind to 127.0.0.2 port"));
    assert_null(other);
    struct cs_server_hooks none = {0};
    second.hooks = &none;
    assert_int_equal(cs_server_start(world->loop, &second, &other, NULL), CS_ERR_USAGE);
}

static void builds_answers(void **state)
{
    (void)state;
    struct cs_buf out = CS_BUF(200);
    cs_response_status(&out, 429);
    cs_response_header(&out, "Retry-After", "%d", 7);
    cs_response_end_head(&out);
    cs_response_chunk(&out, CS_VIEW("0123456789abcdef!"));
    cs_response_chunk(&out, (struct cs_view){0});
    assert_true(cs_view_eq(cs_buf_view(&out),
                           CS_VIEW("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n\r\n"
                                   "11\r\n0123456789abcdef!\r\n0\r\n\r\n")));
    cs_buf_free(&out);
    assert_string_equal(cs_status_reason(599), "Unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(answers_on_a_kept_connection),
        WORLD_TEST(reads_a_request_byte_by_byte),
        WORLD_TEST(answers_pipelined_requests_in_order),
        WORLD_TEST(keeps_pipelined_requests_until_next),
        WORLD_TEST(frees_a_request_early),
        WORLD_TEST(keeps_a_request_that_is_still_to_come),
        WORLD_TEST(closes_when_asked_to),
        WORLD_TEST(says_continue_when_the_client_waits),
        WORLD_TEST(refuses_bad_requests_by_itself),
        WORLD_TEST(tells_of_bad_requests),
        WORLD_TEST(there_is_no_next_after_a_bad_request),
        WORLD_TEST(drops_a_request_that_is_cut_off),
        WORLD_TEST(goes_on_after_an_early_answer),
        WORLD_TEST(finishes_after_an_early_answer_when_it_must),
        WORLD_TEST(a_client_reads_the_early_answer_whole),
        WORLD_TEST(a_client_reads_the_refusal_whole),
        WORLD_TEST(an_early_answer_may_come_in_parts),
        WORLD_TEST(does_not_swallow_a_body_without_end),
        WORLD_TEST(does_not_wait_for_a_body_for_ever),
        WORLD_TEST(listens_where_it_is_told),
        cmocka_unit_test(builds_answers),
    };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL) != 0;
}
