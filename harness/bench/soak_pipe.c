/* What stands between the client and the endpoint when a connection has to end at a byte. */
#include "bench/soak.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/raw_client.h"

#define PIECE 16384

struct carried;

struct side {
    struct cs_watch watch; /* first member; fd -1: ended */
    struct carried *carried;
    struct side *other;
};

struct carried {
    struct soak_pipe *pipe;
    struct side client;
    struct side endpoint;
    size_t left; /* bytes until the cut */
    bool of_answer;
    enum soak_cut_how how;
    bool stalled;
    LIST_ENTRY(carried) link;
};

struct soak_pipe {
    struct cs_watch watch; /* first member */
    struct cs_loop *loop;
    const char *endpoint_url;
    char url[64];
    unsigned skip;
    size_t at;
    bool of_answer;
    enum soak_cut_how how; /* of the connection after `skip` others */
    LIST_HEAD(, carried) all;
};

static void end(struct carried *carried, bool reset)
{
    const struct linger at_once = {.l_onoff = 1};
    struct side *sides[] = {&carried->client, &carried->endpoint};
    for (size_t i = 0; i < 2; i++) {
        cs_watch_remove(carried->pipe->loop, &sides[i]->watch);
        if (reset) {
            setsockopt(sides[i]->watch.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        close(sides[i]->watch.fd);
    }
    LIST_REMOVE(carried, link);
    free(carried);
}

/* False: the connection is over. */
static bool carry(struct side *from, const char *bytes, size_t n)
{
    struct carried *carried = from->carried;
    bool counts =
        carried->how != SOAK_CUT_NOT && carried->of_answer == (from == &carried->endpoint);
    bool last = counts && n >= carried->left;
    n = last ? carried->left : n;
    if (!carried->stalled && n > 0 &&
        send(from->other->watch.fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n) {
        end(carried, true);
        return false;
    }
    carried->left -= counts ? n : 0;
    if (last && carried->how != SOAK_CUT_STALL) {
        end(carried, carried->how == SOAK_CUT_RESET);
        return false;
    }
    carried->stalled |= last; /* what comes is taken and goes nowhere, until somebody leaves */
    return true;
}

static void ready(struct cs_watch *watch, uint32_t events)
{
    (void)events;
    struct side *from = (struct side *)watch;
    char bytes[PIECE];
    ssize_t n = recv(watch->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) {
        (void)carry(from, bytes, (size_t)n);
    } else if (n == 0) {
        end(from->carried, false);
    } else if (errno != EAGAIN && errno != EINTR) {
        end(from->carried, true);
    }
}

static void on_connection(struct cs_watch *watch, uint32_t events)
{
    (void)events;
    struct soak_pipe *pipe = (struct soak_pipe *)watch;
    struct cs_diag diag;
    int client = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC);
    int endpoint = client < 0 ? -1 : cs_raw_connect(pipe->endpoint_url, SOAK_WAIT_MS, &diag);
    struct carried *carried = endpoint < 0 ? NULL : calloc(1, sizeof *carried);
    if (!carried) {
        if (client >= 0) {
            close(client);
        }
        if (endpoint >= 0) {
            close(endpoint);
        }
        return;
    }
    carried->pipe = pipe;
    carried->client = (struct side){
        .watch = {client, EPOLLIN, ready}, .carried = carried, .other = &carried->endpoint};
    carried->endpoint = (struct side){
        .watch = {endpoint, EPOLLIN, ready}, .carried = carried, .other = &carried->client};
    if (pipe->how != SOAK_CUT_NOT && pipe->skip == 0) {
        carried->how = pipe->how;
        carried->left = pipe->at;
        carried->of_answer = pipe->of_answer;
        pipe->how = SOAK_CUT_NOT;
    }
    pipe->skip -= pipe->skip > 0;
    LIST_INSERT_HEAD(&pipe->all, carried, link);
    bool watched = cs_watch_add(pipe->loop, &carried->client.watch) == CS_OK &&
                   cs_watch_add(pipe->loop, &carried->endpoint.watch) == CS_OK;
    if (!watched ||
        (carried->how != SOAK_CUT_NOT && carried->left == 0 && carried->how != SOAK_CUT_STALL)) {
        end(carried, true);
    }
}

struct soak_pipe *soak_pipe_new(struct cs_loop *loop, const char *endpoint_url)
{
    struct soak_pipe *pipe = calloc(1, sizeof *pipe);
    if (!pipe) {
        return NULL;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    LIST_INIT(&pipe->all);
    pipe->loop = loop;
    pipe->endpoint_url = endpoint_url;
    pipe->watch = (struct cs_watch){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                                    .events = EPOLLIN,
                                    .ready = on_connection};
    if (pipe->watch.fd < 0 ||
        bind(pipe->watch.fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(pipe->watch.fd, 64) != 0 ||
        getsockname(pipe->watch.fd, (struct sockaddr *)&address, &len) != 0 ||
        cs_watch_add(loop, &pipe->watch) != CS_OK) {
        if (pipe->watch.fd >= 0) {
            close(pipe->watch.fd);
        }
        free(pipe);
        return NULL;
    }
    snprintf(pipe->url, sizeof pipe->url, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return pipe;
}

void soak_pipe_free(struct soak_pipe *pipe)
{
    if (!pipe) {
        return;
    }
    while (!LIST_EMPTY(&pipe->all)) {
        end(LIST_FIRST(&pipe->all), true);
    }
    cs_watch_remove(pipe->loop, &pipe->watch);
    close(pipe->watch.fd);
    free(pipe);
}

const char *soak_pipe_url(const struct soak_pipe *pipe)
{
    return pipe->url;
}

void soak_pipe_cut(struct soak_pipe *pipe, unsigned skip, bool of_answer, size_t at,
                   enum soak_cut_how how)
{
    pipe->skip = skip;
    pipe->of_answer = of_answer;
    pipe->at = at;
    pipe->how = how;
}
