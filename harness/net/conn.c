#include "net/server_impl.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A caller that never looks at cs_conn_queued is stopped here. */
#define MAX_QUEUE ((size_t)1024 * 1024 * 1024)
/* A client that sends requests and never reads answers is not listened to beyond this. */
#define HIGH_QUEUE ((size_t)256 * 1024)
/* How much is read before a finished connection is closed. */
#define DRAIN_BYTES      ((uint64_t)1024 * 1024)
#define LONG_DRAIN_BYTES ((uint64_t)16 * 1024 * 1024)

static void conn_ready(struct cs_watch *watch, uint32_t events);
static void conn_timer(struct cs_timer *timer);

/* ---- life ---- */

static void link_conn(struct cs_conn **list, struct cs_conn *conn)
{
    conn->prev = NULL;
    conn->next = *list;
    if (conn->next) {
        conn->next->prev = conn;
    }
    *list = conn;
}

static void unlink_live(struct cs_conn *conn)
{
    if (conn->prev) {
        conn->prev->next = conn->next;
    } else {
        conn->server->live = conn->next;
    }
    if (conn->next) {
        conn->next->prev = conn->prev;
    }
}

void cs_conn_open(struct cs_server *server, int fd)
{
    struct cs_conn *conn = calloc(1, sizeof(*conn));
    struct cs_request_reader *reader = cs_request_reader_new(&server->limits);
    if (!conn || !reader) {
        goto fail;
    }
    conn->watch = (struct cs_watch){.fd = fd, .events = EPOLLIN, .ready = conn_ready};
    conn->timer.fire = conn_timer;
    conn->server = server;
    conn->reader = reader;
    conn->out = CS_BUF(MAX_QUEUE);
    conn->pending = CS_BUF(READ_MAX + SNIFF_MAX);
    conn->number = server->n_accepted + 1;
    if (cs_watch_add(server->loop, &conn->watch) != CS_OK) {
        goto fail;
    }
    server->n_accepted++;
    server->n_live++;
    link_conn(&server->live, conn);
    if (server->hooks.on_accept) {
        server->hooks.on_accept(server->ctx, conn);
    }
    return;
fail:
    cs_request_reader_free(reader);
    free(conn);
    close(fd);
}

void cs_conn_end(struct cs_conn *conn, bool reset)
{
    if (conn->state == CONN_DEAD) {
        return;
    }
    struct cs_server *server = conn->server;
    if (reset) {
        struct linger linger = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(conn->watch.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }
    cs_watch_remove(server->loop, &conn->watch);
    cs_timer_stop(server->loop, &conn->timer);
    close(conn->watch.fd);
    conn->state = CONN_DEAD;
    unlink_live(conn);
    server->n_live--;
    link_conn(&server->dead, conn);
    cs_server_reap_soon(server);
}

void cs_conn_free(struct cs_conn *conn)
{
    cs_request_reader_free(conn->reader);
    cs_buf_free(&conn->out);
    cs_buf_free(&conn->pending);
    free(conn);
}

/* ---- events ---- */

static bool wants_input(const struct cs_conn *conn)
{
    if (conn->paused || conn->eof || conn->pending.len > 0) {
        return false; /* what is pending came first and is read before anything new */
    }
    return conn->state != CONN_READING || conn->request || cs_conn_queued(conn) <= HIGH_QUEUE;
}

static uint32_t wanted_events(const struct cs_conn *conn)
{
    uint32_t events = cs_conn_queued(conn) > 0 ? EPOLLOUT : 0;
    switch (conn->state) {
    case CONN_SNIFFING:
    case CONN_READING:
    case CONN_RAW:
        return events | (wants_input(conn) ? EPOLLIN : 0);
    case CONN_ANSWERING:
        return events | (conn->half_closed ? 0 : EPOLLRDHUP);
    case CONN_FINISHING:
        return events | (conn->write_shut ? EPOLLIN : 0);
    case CONN_HALF_CLOSED:
        return events | (conn->eof ? 0 : EPOLLIN);
    case CONN_DEAD:
        break;
    }
    return 0;
}

void cs_conn_update(struct cs_conn *conn)
{
    if (conn->state != CONN_DEAD && !conn->busy &&
        cs_watch_change(conn->server->loop, &conn->watch, wanted_events(conn)) != CS_OK) {
        cs_conn_end(conn, true);
    }
}

/* Everything was handed to the kernel and nothing more will come. */
static void shut_write(struct cs_conn *conn)
{
    if (shutdown(conn->watch.fd, SHUT_WR) < 0 || conn->eof) {
        cs_conn_end(conn, false);
        return;
    }
    conn->write_shut = true;
    if (conn->state == CONN_FINISHING) {
        const struct cs_server *server = conn->server;
        conn->drain_left = conn->long_drain ? LONG_DRAIN_BYTES : DRAIN_BYTES;
        int64_t patience_ms = conn->long_drain ? server->long_drain_ms : server->drain_ms;
        if (cs_timer_start(server->loop, &conn->timer, patience_ms) != CS_OK) {
            cs_conn_end(conn, true);
        }
    }
}

/* What the kernel takes of `bytes` now; -1 when the peer is gone. */
static ssize_t send_now(struct cs_conn *conn, struct cs_view bytes)
{
    ssize_t n;
    do {
        n = send(conn->watch.fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
        return 0;
    }
    if (n > 0) {
        conn->n_sent += (uint64_t)n;
    }
    return n;
}

static void flush(struct cs_conn *conn)
{
    struct cs_view rest = cs_view_of(conn->out.ptr + conn->out_at, cs_conn_queued(conn));
    ssize_t n = send_now(conn, rest);
    if (n < 0) {
        cs_conn_end(conn, false);
        return;
    }
    conn->out_at += (size_t)n;
    if (cs_conn_queued(conn) > 0) {
        return;
    }
    cs_buf_free(&conn->out);
    conn->out_at = 0;
    if (conn->state == CONN_FINISHING || conn->state == CONN_HALF_CLOSED) {
        shut_write(conn);
    } else if (conn->server->hooks.on_drained) {
        conn->server->hooks.on_drained(conn->server->ctx, conn);
    }
}

static void conn_ready(struct cs_watch *watch, uint32_t events)
{
    struct cs_conn *conn = (struct cs_conn *)(void *)watch; /* its first member */
    conn->busy = true;
    if (events & EPOLLOUT && cs_conn_queued(conn) > 0) {
        flush(conn);
    }
    if (conn->state == CONN_DEAD) {
        return;
    }
    if (events & EPOLLIN) {
        cs_conn_readable(conn);
    } else if (events & (EPOLLERR | EPOLLHUP)) {
        cs_conn_end(conn, false);
    } else if (events & EPOLLRDHUP && conn->state == CONN_ANSWERING) {
        cs_conn_peer_half_closed(conn);
    }
    conn->busy = false;
    cs_conn_update(conn);
}

static void conn_timer(struct cs_timer *timer)
{
    struct cs_conn *conn =
        (struct cs_conn *)(void *)((char *)timer - offsetof(struct cs_conn, timer));
    if (conn->state == CONN_FINISHING) {
        cs_conn_end(conn, false);
    } else if (conn->answered) {
        cs_conn_end(conn, true);
    } else {
        conn->busy = true;
        cs_conn_read_pending(conn);
        conn->busy = false;
        cs_conn_update(conn);
    }
}

/* ---- what callers see ---- */

void cs_conn_set_user(struct cs_conn *conn, void *user)
{
    conn->user = user;
}

void *cs_conn_user(const struct cs_conn *conn)
{
    return conn->user;
}

bool cs_conn_taken_over(const struct cs_conn *conn)
{
    return conn->taken;
}

uint64_t cs_conn_number(const struct cs_conn *conn)
{
    return conn->number;
}

uint64_t cs_conn_requests(const struct cs_conn *conn)
{
    return conn->n_requests;
}

struct cs_server *cs_conn_server(const struct cs_conn *conn)
{
    return conn->server;
}

const struct cs_request *cs_conn_request(const struct cs_conn *conn)
{
    return conn->request;
}

struct cs_view cs_conn_request_raw(const struct cs_conn *conn)
{
    return cs_request_reader_raw(conn->reader);
}

void cs_conn_release_request(struct cs_conn *conn)
{
    if (conn->state == CONN_ANSWERING || conn->answered) {
        conn->request = NULL;
        cs_request_reader_release(conn->reader);
    }
}

bool cs_conn_send(struct cs_conn *conn, struct cs_view bytes)
{
    if (conn->state >= CONN_FINISHING) {
        return false;
    }
    if (bytes.len > 0 && cs_conn_queued(conn) == 0) {
        ssize_t n = send_now(conn, bytes);
        if (n < 0) {
            cs_conn_end(conn, false);
            return false;
        }
        bytes = cs_view_of(bytes.ptr + n, bytes.len - (size_t)n);
    }
    if (bytes.len == 0) {
        return true;
    }
    if (conn->out_at > 0 && conn->out_at >= conn->out.len / 2) {
        cs_buf_consume(&conn->out, conn->out_at);
        conn->out_at = 0;
    }
    cs_buf_add(&conn->out, bytes);
    if (cs_buf_error(&conn->out) != CS_OK) {
        cs_conn_end(conn, true);
        return false;
    }
    cs_conn_update(conn);
    return conn->state != CONN_DEAD;
}

size_t cs_conn_queued(const struct cs_conn *conn)
{
    return conn->out.len - conn->out_at;
}

size_t cs_conn_unacked(const struct cs_conn *conn)
{
    int in_kernel = 0;
    if (conn->state == CONN_DEAD || ioctl(conn->watch.fd, SIOCOUTQ, &in_kernel) < 0) {
        return 0;
    }
    return cs_conn_queued(conn) + (size_t)(in_kernel > 0 ? in_kernel : 0);
}

uint64_t cs_conn_sent(const struct cs_conn *conn)
{
    return conn->n_sent;
}

void cs_conn_begin_next(struct cs_conn *conn)
{
    conn->state = CONN_READING;
    conn->answered = false;
    conn->next_wanted = false;
    conn->request = NULL;
    cs_request_reader_next(conn->reader);
}

void cs_conn_next(struct cs_conn *conn)
{
    if (conn->state == CONN_READING && (conn->request || conn->answered)) {
        /* Answered before the body was complete, perhaps from within on_head. */
        conn->next_wanted = true;
        if (conn->answered && (!conn->keep_alive || conn->eof)) {
            cs_conn_finish(conn);
        }
    } else if (conn->state == CONN_ANSWERING && !conn->keep_alive) {
        cs_conn_finish(conn);
    } else if (conn->state == CONN_ANSWERING) {
        cs_conn_begin_next(conn);
        if (conn->pending.len > 0 && !conn->parsing &&
            cs_timer_start(conn->server->loop, &conn->timer, 0) != CS_OK) {
            cs_conn_end(conn, true);
        }
        cs_conn_update(conn);
    }
}

static void leave(struct cs_conn *conn, enum conn_state state)
{
    bool in_body = conn->state == CONN_READING && (conn->request || conn->answered);
    conn->long_drain = conn->long_drain || in_body;
    conn->state = state;
    cs_timer_stop(conn->server->loop, &conn->timer);
    cs_buf_free(&conn->pending);
    if (cs_conn_queued(conn) == 0) {
        shut_write(conn);
    }
    cs_conn_update(conn);
}

void cs_conn_finish(struct cs_conn *conn)
{
    if (conn->state < CONN_FINISHING || conn->state == CONN_HALF_CLOSED) {
        leave(conn, CONN_FINISHING);
    }
}

void cs_conn_half_close(struct cs_conn *conn)
{
    if (conn->state < CONN_FINISHING) {
        leave(conn, CONN_HALF_CLOSED);
    }
}

void cs_conn_reset(struct cs_conn *conn)
{
    cs_conn_end(conn, true);
}

void cs_conn_pause(struct cs_conn *conn)
{
    conn->paused = true;
    cs_conn_update(conn);
}

void cs_conn_resume(struct cs_conn *conn)
{
    conn->paused = false;
    cs_conn_update(conn);
}
