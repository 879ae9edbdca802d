#include "peer/null_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct cs_null_server {
    enum cs_null_kind kind;
    struct cs_server *server; /* NULL for CS_NULL_CLOSED */
    int bound_fd;             /* CS_NULL_CLOSED only; -1 otherwise */
    uint16_t port;
};

/* An answer that goes out byte by byte. */
struct trickle {
    struct cs_timer timer; /* first: the hook gets its address */
    struct cs_loop *loop;
    struct cs_conn *conn;
    size_t at;
};

#define HALF_ANSWER                                                         \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " \
    "100\r\n\r\n{\"id\":\"session_"

static const char slow_answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

const char *cs_null_kind_name(enum cs_null_kind kind)
{
    static const char *const names[CS_N_NULL_KINDS] = {
        [CS_NULL_CLOSED] = "never accepts",
        [CS_NULL_HANGS_UP] = "closes at once",
        [CS_NULL_SILENT] = "never answers",
        [CS_NULL_ALWAYS_404] = "always 404",
        [CS_NULL_ALWAYS_500] = "always 500",
        [CS_NULL_ALWAYS_200] = "always 200 with an empty body",
        [CS_NULL_TRICKLES] = "a byte a second",
        [CS_NULL_STALLS] = "half an answer",
        [CS_NULL_BREAKS_OFF] = "half an answer and a reset",
        [CS_NULL_GARBAGE] = "no HTTP",
    };
    return (size_t)kind < CS_N_NULL_KINDS ? names[kind] : "unknown";
}

static void hang_up(void *ctx, struct cs_conn *conn)
{
    const struct cs_null_server *server = ctx;
    if (server->kind == CS_NULL_HANGS_UP) {
        cs_conn_finish(conn);
    }
}

static int status_of(enum cs_null_kind kind)
{
    switch (kind) {
    case CS_NULL_ALWAYS_404:
        return 404;
    case CS_NULL_ALWAYS_500:
        return 500;
    default:
        return 200;
    }
}

/* ---- a byte a second ---- */

static void trickle_on(struct cs_timer *timer)
{
    struct trickle *trickle = (struct trickle *)timer;
    struct cs_view byte = cs_view_of(slow_answer + trickle->at++, 1);
    if (!cs_conn_send(trickle->conn, byte)) {
        return;
    }
    if (trickle->at == sizeof slow_answer - 1) {
        cs_conn_finish(trickle->conn);
    } else if (cs_timer_start(trickle->loop, timer, 1000) != CS_OK) {
        cs_conn_reset(trickle->conn);
    }
}

static void start_trickle(const struct cs_null_server *server, struct cs_conn *conn)
{
    struct trickle *trickle = calloc(1, sizeof *trickle);
    if (!trickle) {
        cs_conn_reset(conn);
        return;
    }
    trickle->timer.fire = trickle_on;
    trickle->loop = cs_server_loop(server->server);
    trickle->conn = conn;
    cs_conn_set_user(conn, trickle);
    trickle_on(&trickle->timer);
}

static void forget(void *ctx, struct cs_conn *conn)
{
    (void)ctx;
    struct trickle *trickle = cs_conn_user(conn);
    if (trickle) {
        cs_timer_stop(trickle->loop, &trickle->timer);
        free(trickle);
    }
}

/* ---- the others ---- */

static void answer_status(struct cs_conn *conn, int status)
{
    struct cs_buf out = CS_BUF(1024);
    cs_response_status(&out, status);
    cs_response_header(&out, "Content-Length", "0");
    cs_response_end_head(&out);
    if (cs_buf_error(&out) == CS_OK && cs_conn_send(conn, cs_buf_view(&out))) {
        cs_conn_next(conn);
    }
    cs_buf_free(&out);
}

static void answer(void *ctx, struct cs_conn *conn, const struct cs_request *request)
{
    const struct cs_null_server *server = ctx;
    (void)request;
    switch (server->kind) {
    case CS_NULL_CLOSED:
    case CS_NULL_HANGS_UP:
    case CS_NULL_SILENT:
        break;
    case CS_NULL_TRICKLES:
        start_trickle(server, conn);
        break;
    case CS_NULL_STALLS:
        (void)cs_conn_send(conn, CS_VIEW(HALF_ANSWER));
        break;
    case CS_NULL_BREAKS_OFF:
        (void)cs_conn_send(conn, CS_VIEW(HALF_ANSWER));
        cs_conn_reset(conn);
        break;
    case CS_NULL_GARBAGE:
        (void)cs_conn_send(conn, CS_VIEW("220 mail.example ESMTP ready\r\n"));
        cs_conn_finish(conn);
        break;
    default:
        answer_status(conn, status_of(server->kind));
        break;
    }
}

static const struct cs_server_hooks hooks = {
    .on_accept = hang_up, .on_request = answer, .on_close = forget};

/* A port that stays ours, so that nobody else can come to listen there. */
static enum cs_err bind_only(struct cs_null_server *server, struct cs_diag *diag)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->bound_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->bound_fd < 0 ||
        bind(server->bound_fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(server->bound_fd, (struct sockaddr *)&address, &len) != 0) {
        return cs_fail(diag, CS_ERR_IO, 0, "bind: %s", strerror(errno));
    }
    server->port = ntohs(address.sin_port);
    return CS_OK;
}

enum cs_err cs_null_server_start(struct cs_loop *loop, enum cs_null_kind kind,
                                 struct cs_null_server **ret_server, struct cs_diag *diag)
{
    struct cs_null_server *server = calloc(1, sizeof *server);
    if (!server) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    server->kind = kind;
    server->bound_fd = -1;
    enum cs_err err;
    if (kind == CS_NULL_CLOSED) {
        err = bind_only(server, diag);
    } else {
        const struct cs_server_config config = {.hooks = &hooks, .ctx = server};
        err = cs_server_start(loop, &config, &server->server, diag);
        server->port = err == CS_OK ? cs_server_port(server->server) : 0;
    }
    if (err != CS_OK) {
        cs_null_server_stop(server);
        return err;
    }
    *ret_server = server;
    return CS_OK;
}

void cs_null_server_stop(struct cs_null_server *server)
{
    if (!server) {
        return;
    }
    if (server->server) {
        cs_server_stop(server->server);
    }
    if (server->bound_fd >= 0) {
        close(server->bound_fd);
    }
    free(server);
}

uint16_t cs_null_server_port(const struct cs_null_server *server)
{
    return server->port;
}
