/* The loop and the server below the reference endpoint, without sockets and without a clock: in
 * place of net/loop.c, net/server.c and net/conn.c. A request goes through the real request reader
 * and then to the endpoint's hooks; what is sent is kept. Time is a number that the input moves.
 */
#ifndef CHATSPEC_FUZZ_ENDPOINT_NET_H
#define CHATSPEC_FUZZ_ENDPOINT_NET_H

#include <time.h>

#include "endpoint/store/store_s2.h"
#include "fuzz/fuzz.h"
#include "net/http_client.h"
#include "net/server.h"

enum {
    NET_TIMERS_MAX = 4096,
    NET_TURNS_MAX = 200000 /* timers in a row: more than that do not end */
};

struct cs_loop {
    int64_t now_ms;
    struct cs_timer *timers[NET_TIMERS_MAX]; /* in the order in which they were armed */
    size_t n_timers;
};

struct cs_server {
    struct cs_server_config config;
    struct cs_server_hooks hooks;
    struct cs_conn *conns;
};

struct cs_conn {
    struct cs_server *server;
    struct cs_request_reader *reader;
    const struct cs_request *request;
    void *user;
    struct cs_buf sent;
    bool answered; /* the answer is complete */
    bool dead;     /* to be told by on_close */
    bool gone;     /* told */
    bool stalled;  /* the client does not read */
    struct cs_conn *next;
};

/* The clocks are given no context. */
static struct cs_loop net_loop;
static struct cs_server net_server;

/* ---- the loop ---- */

int64_t cs_loop_now(const struct cs_loop *loop)
{
    return loop->now_ms;
}

int64_t cs_now_ms(void)
{
    return net_loop.now_ms;
}

int64_t cs_wall_ms(void)
{
    return net_loop.now_ms;
}

/* Of Date headers. */
time_t time(time_t *ret_time)
{
    time_t now = (time_t)(net_loop.now_ms / 1000);

    if (ret_time) {
        *ret_time = now;
    }
    return now;
}

void cs_timer_stop(struct cs_loop *loop, struct cs_timer *timer)
{
    if (timer->heap_index == 0) {
        return;
    }
    for (size_t i = timer->heap_index; i < loop->n_timers; i++) {
        loop->timers[i - 1] = loop->timers[i];
        loop->timers[i - 1]->heap_index = (uint32_t)i;
    }
    loop->n_timers--;
    timer->heap_index = 0;
}

enum cs_err cs_timer_start(struct cs_loop *loop, struct cs_timer *timer, int64_t delay_ms)
{
    cs_timer_stop(loop, timer);
    FUZZ_CHECK(loop->n_timers < NET_TIMERS_MAX);
    timer->at_ms = loop->now_ms + (delay_ms > 0 ? delay_ms : 0);
    loop->timers[loop->n_timers++] = timer;
    timer->heap_index = (uint32_t)loop->n_timers;
    return CS_OK;
}

static void net_bury(void)
{
    for (struct cs_conn *conn = net_server.conns; conn; conn = conn->next) {
        if (conn->dead && !conn->gone) {
            conn->gone = true;
            net_server.hooks.on_close(net_server.config.ctx, conn);
        }
    }
}

/* Everything that is due within so many ms, in its order. */
static void net_run(int64_t duration_ms)
{
    int64_t until = net_loop.now_ms + duration_ms;
    size_t n_turns = 0;

    net_bury();
    for (;;) {
        struct cs_timer *first = NULL;

        for (size_t i = 0; i < net_loop.n_timers; i++) {
            if (!first || net_loop.timers[i]->at_ms < first->at_ms) {
                first = net_loop.timers[i];
            }
        }
        if (!first || first->at_ms > until) {
            break;
        }
        FUZZ_CHECK(++n_turns < NET_TURNS_MAX);
        net_loop.now_ms = first->at_ms > net_loop.now_ms ? first->at_ms : net_loop.now_ms;
        cs_timer_stop(&net_loop, first);
        first->fire(first);
        net_bury();
    }
    net_loop.now_ms = until;
}

/* ---- the server ---- */

enum cs_err cs_server_start(struct cs_loop *loop, const struct cs_server_config *config,
                            struct cs_server **ret_server, struct cs_diag *diag)
{
    (void)loop, (void)diag;
    net_server = (struct cs_server){.config = *config, .hooks = *config->hooks};
    *ret_server = &net_server;
    return CS_OK;
}

uint16_t cs_server_port(const struct cs_server *server)
{
    (void)server;
    return 80;
}

void cs_server_stop(struct cs_server *server)
{
    for (struct cs_conn *conn = server->conns; conn; conn = conn->next) {
        conn->dead = true;
    }
    net_bury();
    while (server->conns) {
        struct cs_conn *conn = server->conns;

        server->conns = conn->next;
        cs_request_reader_free(conn->reader);
        cs_buf_free(&conn->sent);
        free(conn);
    }
}

/* A new connection with one request on it. */
static struct cs_conn *net_request(struct cs_view text)
{
    struct cs_conn *conn = calloc(1, sizeof(*conn));
    enum cs_request_step step = CS_REQUEST_HEAD;
    bool answered = false;
    int status = 0;
    struct cs_diag why = {0};

    FUZZ_CHECK(conn != NULL);
    conn->server = &net_server;
    conn->sent = CS_BUF(FUZZ_BUF_MAX);
    conn->reader = cs_request_reader_new(&net_server.config.limits);
    FUZZ_CHECK(conn->reader != NULL);
    conn->next = net_server.conns;
    net_server.conns = conn;
    while (step == CS_REQUEST_HEAD && !conn->dead) {
        step = cs_request_read(conn->reader, &text, &conn->request, &status, &why);
        if (step == CS_REQUEST_HEAD) {
            answered = net_server.hooks.on_head(net_server.config.ctx, conn, conn->request) ==
                       CS_HEAD_ANSWERED;
            if (answered) {
                cs_request_reader_discard(conn->reader);
            }
        } else if (step == CS_REQUEST_DONE && !answered) {
            net_server.hooks.on_request(net_server.config.ctx, conn, conn->request);
        } else if (step == CS_REQUEST_BAD && !answered) {
            net_server.hooks.on_bad_request(net_server.config.ctx, conn, status, &why);
        }
    }
    return conn;
}

/* ---- connections ---- */

void cs_conn_set_user(struct cs_conn *conn, void *user)
{
    conn->user = user;
}

void *cs_conn_user(const struct cs_conn *conn)
{
    return conn->user;
}

uint64_t cs_conn_number(const struct cs_conn *conn)
{
    (void)conn;
    return 1;
}

/* Requests come as HTTP/1.1 only: what HTTP/2 asks of a connection is never reached. */
bool cs_conn_taken_over(const struct cs_conn *conn)
{
    (void)conn;
    return false;
}

struct cs_server *cs_conn_server(const struct cs_conn *conn)
{
    (void)conn;
    return NULL;
}

struct cs_loop *cs_server_loop(const struct cs_server *server)
{
    (void)server;
    return NULL;
}

void cs_conn_release_request(struct cs_conn *conn)
{
    conn->request = NULL;
    cs_request_reader_release(conn->reader);
}

bool cs_conn_send(struct cs_conn *conn, struct cs_view bytes)
{
    if (conn->dead || conn->answered) {
        return false;
    }
    cs_buf_add(&conn->sent, bytes);
    FUZZ_CHECK(cs_buf_error(&conn->sent) == CS_OK);
    return true;
}

/* A client that does not read has filled all buffers on the way with its first byte. */
size_t cs_conn_queued(const struct cs_conn *conn)
{
    return conn->stalled && conn->sent.len > 0 ? (size_t)1 << 20 : 0;
}

void cs_conn_next(struct cs_conn *conn)
{
    FUZZ_CHECK(!conn->answered);
    conn->answered = true;
}

void cs_conn_finish(struct cs_conn *conn)
{
    conn->answered = true;
}

void cs_conn_reset(struct cs_conn *conn)
{
    conn->dead = true;
}

/* ---- what is not there ---- */

struct cs_store *cs_store_s2_new(struct cs_loop *loop, const struct cs_store_s2_config *config)
{
    (void)loop, (void)config;
    return NULL;
}

#endif
