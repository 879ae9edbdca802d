/* A scripted server and plain sockets that talk to it, all on one loop. */
#ifndef CHATSPEC_TESTS_SCRIPT_WORLD_H
#define CHATSPEC_TESTS_SCRIPT_WORLD_H

#include "script_text.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "script/scripted_server.h"

#define PATIENCE_MS 5000
#define SESSION     "chat-1"
#define APPEND_PATH "/realtime/v1/sessions/" SESSION "/in/append"
#define OUT_PATH    "/realtime/v1/sessions/" SESSION "/out"

#define HEAD_END "Host: x\r\n\r\n"
#define GET_OUT  "GET " OUT_PATH " HTTP/1.1\r\n" HEAD_END
#define STREAM_HEAD                                                                  \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Stream-Version: v2\r\n" \
    "Cache-Control: no-cache, no-transform\r\nTransfer-Encoding: chunked\r\n\r\n"
#define APPEND(body_len, body) \
    "POST " APPEND_PATH " HTTP/1.1\r\nContent-Length: " body_len "\r\n" HEAD_END body

struct fixture {
    struct cs_loop *loop;
    struct cs_scripted *server;
    unsigned changes;
};

struct client {
    struct cs_watch watch; /* first, so that the callback finds its client */
    struct fixture *fixture;
    struct cs_buf received;
    bool ended;
    int error; /* errno of the read that failed */
};

static inline void count_change(void *ctx)
{
    struct fixture *fixture = ctx;
    fixture->changes++;
    cs_loop_stop(fixture->loop);
}

static inline int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->loop = cs_loop_new();
    assert_non_null(fixture->loop);
    struct cs_scripted_config config = {.loop = fixture->loop,
                                        .session = SESSION,
                                        .token = "P1",
                                        .changed = count_change,
                                        .ctx = fixture};
    assert_int_equal(cs_scripted_start(&config, &fixture->server, NULL), CS_OK);
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cs_scripted_stop(fixture->server);
    cs_loop_free(fixture->loop);
    free(fixture);
    return 0;
}

static inline void play(struct fixture *fixture, const char *text)
{
    assert_true(cs_scripted_play(fixture->server, parse(text)));
}

static inline void client_ready(struct cs_watch *watch, uint32_t events)
{
    (void)events;
    struct client *client = (struct client *)watch;
    char bytes[4096];
    ssize_t n = recv(watch->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) {
        cs_buf_append(&client->received, bytes, (size_t)n);
    } else if (n == 0 || errno != EAGAIN) {
        client->ended = true;
        client->error = n < 0 ? errno : 0;
        cs_watch_remove(client->fixture->loop, watch);
    }
    cs_loop_stop(client->fixture->loop);
}

static inline void client_open(struct client *client, struct fixture *fixture)
{
    *client = (struct client){.fixture = fixture, .received = CS_BUF(1 << 20)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const char *port = strrchr(cs_scripted_url(fixture->server), ':') + 1;
    address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    client->watch = (struct cs_watch){.fd = fd, .events = EPOLLIN, .ready = client_ready};
    assert_int_equal(cs_watch_add(fixture->loop, &client->watch), CS_OK);
}

static inline void client_send(struct client *client, const char *text)
{
    assert_int_equal(send(client->watch.fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline void client_close(struct client *client)
{
    if (!client->ended) {
        cs_watch_remove(client->fixture->loop, &client->watch);
    }
    close(client->watch.fd);
    cs_buf_free(&client->received);
}

/* Runs the loop until `what` was received or, without `what`, the connection is over. */
static inline void client_wait(struct client *client, const char *what)
{
    int64_t deadline = cs_loop_now(client->fixture->loop) + PATIENCE_MS;
    while (what ? cs_view_find(cs_buf_view(&client->received), cs_view_str(what)) == SIZE_MAX
                : !client->ended) {
        if (!cs_loop_run(client->fixture->loop, deadline) ||
            (what && client->ended &&
             cs_view_find(cs_buf_view(&client->received), cs_view_str(what)) == SIZE_MAX)) {
            fail_msg("never came: %s; received %.*s", what ? what : "the end",
                     CS_VIEW_ARG(cs_buf_view(&client->received)));
        }
    }
}

static inline void wait_requests(struct fixture *fixture, size_t n)
{
    int64_t deadline = cs_loop_now(fixture->loop) + PATIENCE_MS;
    while (cs_scripted_count(fixture->server) < n) {
        assert_true(cs_loop_run(fixture->loop, deadline));
    }
}

/* One request on a connection of its own; gives the whole answer in `text`. */
static inline void exchange(struct fixture *fixture, const char *request, char *text, size_t size)
{
    struct client client;
    client_open(&client, fixture);
    client_send(&client, request);
    client_wait(&client, NULL);
    assert_true(client.received.len < size);
    memcpy(text, client.received.ptr, client.received.len);
    text[client.received.len] = '\0';
    client_close(&client);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
