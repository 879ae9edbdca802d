#include "net/server_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    ACCEPTS_PER_TURN = 64,
    ACCEPT_PAUSE_MS = 50, /* after running out of descriptors */
    DRAIN_MS = 2000,
    LONG_DRAIN_MS = 5000
};
#define DEFAULT_MAX_CONNECTIONS ((size_t)65536)

/* ---- the dead ---- */

static void reap_all(struct cs_server *server)
{
    while (server->dead) {
        struct cs_conn *conn = server->dead;
        server->dead = conn->next;
        if (server->hooks.on_close) {
            server->hooks.on_close(server->ctx, conn);
        }
        cs_conn_free(conn);
    }
}

static void reap_fire(struct cs_timer *timer)
{
    reap_all(cs_server_of(timer, offsetof(struct cs_server, reap)));
}

void cs_server_reap_soon(struct cs_server *server)
{
    if (server->reap.heap_index == 0 && cs_timer_start(server->loop, &server->reap, 0) != CS_OK) {
        return; /* no memory for a timer: the next death, or cs_server_stop, takes this one along */
    }
}

/* ---- accepting ---- */

/* A full table of descriptors leaves the listener readable: without a pause the loop would spin. */
static void pause_accepting(struct cs_server *server)
{
    if (cs_timer_start(server->loop, &server->accept_again, ACCEPT_PAUSE_MS) != CS_OK ||
        cs_watch_change(server->loop, &server->listener, 0) != CS_OK) {
        return; /* spinning is better than never accepting again */
    }
}

static void accept_again(struct cs_timer *timer)
{
    struct cs_server *server = cs_server_of(timer, offsetof(struct cs_server, accept_again));
    if (cs_watch_change(server->loop, &server->listener, EPOLLIN) != CS_OK) {
        pause_accepting(server);
    }
}

static void accept_ready(struct cs_watch *watch, uint32_t events)
{
    (void)events;
    struct cs_server *server = cs_server_of(watch, offsetof(struct cs_server, listener));
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        if (server->n_live >= server->max_connections) {
            pause_accepting(server);
            return;
        }
        int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0 && server->refusing) {
            close(fd);
        } else if (fd >= 0) {
            int on = 1;
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            cs_conn_open(server, fd);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            pause_accepting(server);
            return;
        }
    }
}

/* ---- listening ---- */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t make_address(const char *text, uint16_t port, union address *address)
{
    memset(address, 0, sizeof(*address));
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        return sizeof(address->v4);
    }
    if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons(port);
        return sizeof(address->v6);
    }
    return 0;
}

static enum cs_err fail_call(struct cs_diag *diag, const char *call, const char *address,
                             uint16_t port)
{
    const char *why = strerrordesc_np(errno);
    return cs_fail(diag, CS_ERR_IO, 0, "%s %s port %u: %s", call, address, (unsigned)port,
                   why ? why : "unknown error");
}

/* Buffer sizes are inherited by accepted sockets, and for receiving only a size that was set before
 * listening shapes the window. */
static void set_options(int fd, const struct cs_server_config *config)
{
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (config->send_buffer > 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &config->send_buffer, sizeof(int));
    }
    if (config->receive_buffer > 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &config->receive_buffer, sizeof(int));
    }
}

static enum cs_err start_listening(struct cs_server *server, const struct cs_server_config *config,
                                   struct cs_diag *diag)
{
    const char *text = config->address ? config->address : "127.0.0.1";
    union address address;
    socklen_t len = make_address(text, config->port, &address);
    if (len == 0) {
        return cs_fail(diag, CS_ERR_USAGE, 0, "%s is not an IP address", text);
    }
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail_call(diag, "socket for", text, config->port);
    }
    server->listener.fd = fd;
    set_options(fd, config);
    if (bind(fd, &address.any, len) < 0) {
        return fail_call(diag, "bind to", text, config->port);
    }
    if (listen(fd, BACKLOG) < 0) {
        return fail_call(diag, "listen on", text, config->port);
    }
    if (getsockname(fd, &address.any, &len) < 0) {
        return fail_call(diag, "getsockname of", text, config->port);
    }
    server->port =
        ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    enum cs_err err = cs_watch_add(server->loop, &server->listener);
    return err == CS_OK ? CS_OK : cs_fail(diag, err, 0, "epoll does not take the listener");
}

/* Thousands of subscribers need as many descriptors; the soft limit is often 1024. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

enum cs_err cs_server_start(struct cs_loop *loop, const struct cs_server_config *config,
                            struct cs_server **ret_server, struct cs_diag *diag)
{
    if (!config->hooks || !config->hooks->on_request) {
        return cs_fail(diag, CS_ERR_USAGE, 0, "a server needs on_request");
    }
    struct cs_server *server = calloc(1, sizeof(*server));
    if (!server) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "no memory for a server");
    }
    server->loop = loop;
    server->hooks = *config->hooks;
    server->ctx = config->ctx;
    server->limits = config->limits;
    server->max_connections =
        config->max_connections ? config->max_connections : DEFAULT_MAX_CONNECTIONS;
    server->drain_ms = config->drain_ms > 0 ? config->drain_ms : DRAIN_MS;
    server->long_drain_ms = config->drain_ms > 0 ? config->drain_ms : LONG_DRAIN_MS;
    server->listener = (struct cs_watch){.fd = -1, .events = EPOLLIN, .ready = accept_ready};
    server->accept_again.fire = accept_again;
    server->reap.fire = reap_fire;
    raise_descriptor_limit();
    enum cs_err err = start_listening(server, config, diag);
    if (err != CS_OK) {
        if (server->listener.fd >= 0) {
            close(server->listener.fd);
        }
        free(server);
        return err;
    }
    *ret_server = server;
    return CS_OK;
}

static void end_connections(struct cs_server *server)
{
    while (server->live || server->dead) {
        if (server->live) {
            cs_conn_end(server->live, true);
        }
        reap_all(server);
    }
}

void cs_server_refuse(struct cs_server *server)
{
    server->refusing = true;
    end_connections(server);
}

void cs_server_stop(struct cs_server *server)
{
    if (!server) {
        return;
    }
    cs_watch_remove(server->loop, &server->listener);
    close(server->listener.fd);
    cs_timer_stop(server->loop, &server->accept_again);
    end_connections(server);
    cs_timer_stop(server->loop, &server->reap);
    free(server);
}

uint16_t cs_server_port(const struct cs_server *server)
{
    return server->port;
}

size_t cs_server_connections(const struct cs_server *server)
{
    return server->n_live;
}

struct cs_loop *cs_server_loop(const struct cs_server *server)
{
    return server->loop;
}
