/* HTTP/2 by itself: what a scripted server needs beyond an endpoint: credit that is withheld,
 * resets, GOAWAY. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint_world.h"
#include "h2_client.h"
#include "net/http2.h"

#define WINDOW ((size_t)65535)

struct server {
    struct world world; /* its loop; no endpoint */
    struct cs_server *server;
    struct cs_h2 *h2;
    struct cs_h2_stream *stream;
    size_t n_data;
    size_t n_ends;
    size_t n_closed;
    uint32_t error;
    bool hold_stream;
    bool hold_all;
};

static void on_head(void *ctx, struct cs_h2_stream *stream, const struct cs_h2_head *head)
{
    struct server *server = ctx;
    assert_true(cs_view_eq(head->method, CS_VIEW("POST")));
    assert_true(cs_view_eq(head->path, CS_VIEW("/x?y=1")));
    assert_true(cs_view_eq(head->authority, CS_VIEW("x")));
    assert_int_equal(head->n_headers, 1);
    assert_true(cs_view_eq(head->headers[0].name, CS_VIEW("a-name")));
    assert_true(cs_view_eq(head->headers[0].value, CS_VIEW("a value")));
    server->stream = stream;
    cs_h2_stream_hold_credit(stream, server->hold_stream);
    cs_h2_hold_credit(server->h2, server->hold_all);
}

static void on_data(void *ctx, struct cs_h2_stream *stream, struct cs_view bytes)
{
    (void)stream;
    ((struct server *)ctx)->n_data += bytes.len;
}

static void on_end(void *ctx, struct cs_h2_stream *stream)
{
    (void)stream;
    ((struct server *)ctx)->n_ends++;
}

static void on_close(void *ctx, struct cs_h2_stream *stream, uint32_t error)
{
    (void)stream;
    struct server *server = ctx;
    server->n_closed++;
    server->error = error;
    server->stream = NULL;
}

static bool take_over(void *ctx, struct cs_conn *conn, struct cs_view first_bytes)
{
    static const struct cs_h2_hooks hooks = {on_head, on_data, on_end, on_close};
    struct server *server = ctx;
    server->h2 = cs_h2_new(conn, &hooks, server);
    assert_non_null(server->h2);
    assert_true(cs_conn_taken_over(conn));
    cs_h2_receive(server->h2, first_bytes);
    return true;
}

static void on_raw(void *ctx, struct cs_conn *conn, struct cs_view bytes)
{
    (void)conn;
    cs_h2_receive(((struct server *)ctx)->h2, bytes);
}

static void on_drained(void *ctx, struct cs_conn *conn)
{
    (void)conn;
    cs_h2_drained(((struct server *)ctx)->h2);
}

static void on_conn_close(void *ctx, struct cs_conn *conn)
{
    (void)conn;
    struct server *server = ctx;
    cs_h2_free(server->h2);
    server->h2 = NULL;
}

static void on_request(void *ctx, struct cs_conn *conn, const struct cs_request *request)
{
    (void)ctx, (void)conn, (void)request;
    fail_msg("that was no HTTP/1.1");
}

static int set_up(void **state)
{
    static const struct cs_server_hooks hooks = {.on_request = on_request,
                                                 .on_drained = on_drained,
                                                 .on_close = on_conn_close,
                                                 .on_other_protocol = take_over,
                                                 .on_raw = on_raw};
    struct server *server = calloc(1, sizeof(*server));
    assert_non_null(server);
    server->world.loop = cs_loop_new();
    assert_non_null(server->world.loop);
    const struct cs_server_config config = {.hooks = &hooks, .ctx = server};
    assert_int_equal(cs_server_start(server->world.loop, &config, &server->server, NULL), CS_OK);
    *state = server;
    return 0;
}

static int tear_down(void **state)
{
    struct server *server = *state;
    cs_server_stop(server->server);
    cs_loop_free(server->world.loop);
    free(server);
    return 0;
}

static void begin(struct server *server, struct h2_client *client)
{
    static const char *const lines[] = {"a-name", "a value", NULL};
    /* Only the port is asked of the endpoint. */
    struct cs_endpoint face = {.server = server->server};
    server->world.endpoint = &face;
    h2_client_open(client, dial(&server->world, 0));
    server->world.endpoint = NULL;
    h2_client_ask(client, "POST", "/x?y=1", lines, true);
}

/* Sends 200 kB, of which only a window's worth goes through until credit is given back. */
static void stall(struct server *server)
{
    struct world *world = &server->world;
    struct h2_client client;
    begin(server, &client);
    char *bytes = calloc(1, 200000);
    assert_non_null(bytes);
    h2_client_send(&client, cs_view_of(bytes, 200000), true);
    free(bytes);
    WORLD_UNTIL(world, (h2_client_turn(world, &client), server->n_data == WINDOW));
    /* What was read is answered in the same turn, so credit would be here by now. */
    for (int i = 0; i < 20; i++) {
        h2_client_turn(world, &client);
        world_turn(world, false);
    }
    assert_int_equal(client.n_sent, WINDOW);
    server->hold_all = server->hold_stream = false;
    cs_h2_stream_hold_credit(server->stream, false);
    cs_h2_hold_credit(server->h2, false);
    WORLD_UNTIL(world, (h2_client_turn(world, &client), server->n_ends == 1));
    assert_int_equal(server->n_data, 200000);
    const struct cs_header header = {CS_VIEW("X-Name"), CS_VIEW("v")};
    assert_true(cs_h2_answer(server->stream, 200, &header, 1, false));
    assert_true(cs_h2_send(server->stream, CS_VIEW("body")));
    assert_true(cs_h2_end(server->stream));
    WORLD_UNTIL(world, h2_client_closed(world, &client));
    assert_int_equal(client.status, 200);
    assert_true(cs_view_eq(cs_buf_view(&client.body), CS_VIEW("body")));
    assert_int_equal(server->n_closed, 1);
    assert_int_equal(server->error, 0);
    h2_client_free(&client);
}

static void a_stream_can_be_stalled(void **state)
{
    struct server *server = *state;
    server->hold_stream = true;
    stall(server);
}

static void a_connection_can_be_stalled(void **state)
{
    struct server *server = *state;
    server->hold_all = true;
    stall(server);
}

static void a_long_answer_follows_the_windows(void **state)
{
    struct server *server = *state;
    struct world *world = &server->world;
    struct h2_client client;
    begin(server, &client);
    WORLD_UNTIL(world, (h2_client_turn(world, &client), server->stream != NULL));
    char *bytes = calloc(1, 3000000);
    assert_non_null(bytes);
    assert_true(cs_h2_answer(server->stream, 200, NULL, 0, false));
    assert_true(cs_h2_send(server->stream, cs_view_of(bytes, 3000000)));
    assert_true(cs_h2_end(server->stream));
    free(bytes);
    /* Complete before the request: the stream is reset with NO_ERROR. */
    WORLD_UNTIL(world, h2_client_closed(world, &client));
    assert_int_equal(client.body.len, 3000000);
    assert_int_equal(client.error, CS_H2_NO_ERROR);
    WORLD_UNTIL(world, server->n_closed == 1);
    h2_client_free(&client);
}

static void resets_and_goaway_reach_the_client(void **state)
{
    struct server *server = *state;
    struct world *world = &server->world;
    struct h2_client client;
    begin(server, &client);
    WORLD_UNTIL(world, (h2_client_turn(world, &client), server->stream != NULL));
    cs_h2_reset(server->stream, CS_H2_REFUSED_STREAM);
    assert_false(cs_h2_answer(server->stream, 200, NULL, 0, true));
    WORLD_UNTIL(world, h2_client_closed(world, &client));
    assert_int_equal(client.error, CS_H2_REFUSED_STREAM);
    WORLD_UNTIL(world, server->n_closed == 1);
    cs_h2_goaway(server->h2, CS_H2_INTERNAL_ERROR);
    WORLD_UNTIL(world, (h2_client_turn(world, &client), client.gone));
    assert_int_equal(nghttp2_session_check_request_allowed(client.session), 0);
    h2_client_free(&client);
    WORLD_UNTIL(world, server->h2 == NULL);

    begin(server, &client);
    WORLD_UNTIL(world, (h2_client_turn(world, &client), server->stream != NULL));
    cs_conn_reset(cs_h2_conn(server->h2));
    WORLD_UNTIL(world, (h2_client_turn(world, &client), client.gone));
    WORLD_UNTIL(world, server->n_closed == 2);
    assert_int_equal(server->error, CS_H2_GONE);
    h2_client_free(&client);
}

#define SERVER_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(a_stream_can_be_stalled),
        SERVER_TEST(a_connection_can_be_stalled),
        SERVER_TEST(a_long_answer_follows_the_windows),
        SERVER_TEST(resets_and_goaway_reach_the_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
