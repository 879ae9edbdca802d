/* Many clients of one server, on one epoll. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/fan.h"

#define SILENCE_MS 60000 /* nothing comes any more */
#define ANSWER_MAX ((size_t)64 * 1024)
#define AT_A_TIME  256u /* connections whose answers have not begun */
enum {
    EVENTS = 256,
    READ_MAX = 256 * 1024
};

struct client {
    int fd;
    bool appends;
    bool has_head;  /* of its answer */
    bool waits;     /* an append that is not answered */
    uint8_t n_tail; /* of "\r\n\r\n" seen so far */
    size_t n_records;
    struct cs_buf answer;
};

struct cs_fan_clients {
    int epoll_fd;
    struct sockaddr_in address;
    struct client **items;
    size_t n;
    size_t n_subscribers;
    size_t n_heads;
    size_t n_records; /* of all subscribers */
    size_t n_appended;
    size_t n_answers;
    size_t appends_left;
    struct cs_view append;
    struct client *appender; /* the first one */
    char text[READ_MAX];
};

struct cs_fan_clients *cs_fan_clients_new(const char *url)
{
    struct cs_fan_clients *clients = calloc(1, sizeof *clients);
    if (!clients) {
        return NULL;
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    const char *port = strrchr(url, ':');
    clients->address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    clients->address.sin_port = htons((uint16_t)(port ? strtoul(port + 1, NULL, 10) : 0));
    clients->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (clients->epoll_fd < 0) {
        free(clients);
        return NULL;
    }
    return clients;
}

void cs_fan_clients_free(struct cs_fan_clients *clients)
{
    if (!clients) {
        return;
    }
    for (size_t i = 0; i < clients->n; i++) {
        /* With RST, so that thousands of closed connections leave no state behind. */
        struct linger linger = {.l_onoff = 1};
        (void)setsockopt(clients->items[i]->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        close(clients->items[i]->fd);
        cs_buf_free(&clients->items[i]->answer);
        free(clients->items[i]);
    }
    free(clients->items);
    close(clients->epoll_fd);
    free(clients);
}

static enum cs_err no_connection(struct cs_diag *diag, const char *call)
{
    return cs_fail(diag, CS_ERR_IO, 0, "%s: %s", call, strerror(errno));
}

static enum cs_err add(struct cs_fan_clients *clients, bool appends, struct client **ret_client,
                       struct cs_diag *diag)
{
    struct client *client = calloc(1, sizeof *client);
    struct client **more = reallocarray(clients->items, clients->n + 1, sizeof(struct client *));
    if (more) {
        clients->items = more;
    }
    if (!client || !more) {
        free(client);
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    *client = (struct client){.appends = appends, .answer = CS_BUF(ANSWER_MAX)};
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0) {
        free(client);
        return no_connection(diag, "socket");
    }
    clients->items[clients->n++] = client;
    if (connect(client->fd, (const struct sockaddr *)&clients->address, sizeof clients->address) !=
        0) {
        return no_connection(diag, "connect");
    }
    int on = 1;
    (void)setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    if (epoll_ctl(clients->epoll_fd, EPOLL_CTL_ADD, client->fd, &event) != 0) {
        return no_connection(diag, "epoll_ctl");
    }
    *ret_client = client;
    return CS_OK;
}

static enum cs_err say(struct client *client, struct cs_view request, struct cs_diag *diag)
{
    /* A request is far smaller than a socket's buffer: it goes in one piece or not at all. */
    ssize_t n = send(client->fd, request.ptr, request.len, MSG_NOSIGNAL);
    return n == (ssize_t)request.len ? CS_OK : no_connection(diag, "send");
}

/* ---- what comes ---- */

static size_t count(struct cs_view text)
{
    size_t n = 0;
    const char *end = text.ptr + text.len;
    for (const char *at = text.ptr; (at = memchr(at, CS_FAN_MARK, (size_t)(end - at))); at++) {
        n++;
    }
    return n;
}

/* Has the answer's head gone by? It is followed through any number of pieces. */
static bool head_over(struct client *client, struct cs_view *text)
{
    while (!client->has_head && text->len > 0) {
        char c = *text->ptr;
        client->n_tail = c == "\r\n\r\n"[client->n_tail] ? client->n_tail + 1 : c == '\r';
        client->has_head = client->n_tail == 4;
        *text = cs_view_of(text->ptr + 1, text->len - 1);
    }
    return client->has_head;
}

static enum cs_err append_next(struct cs_fan_clients *clients, struct client *client,
                               struct cs_diag *diag)
{
    if (clients->appends_left == 0 || client->waits) {
        return CS_OK;
    }
    clients->appends_left--;
    client->waits = true;
    return say(client, clients->append, diag);
}

/* The answer of an append, whole once its Content-Length is there. */
static enum cs_err take_answer(struct cs_fan_clients *clients, struct client *client,
                               struct cs_view text, struct cs_diag *diag)
{
    cs_buf_add(&client->answer, text);
    cs_buf_char(&client->answer, '\0');
    if (cs_buf_error(&client->answer) != CS_OK) {
        return cs_fail(diag, CS_ERR_LIMIT, 0, "the answer of an append is too long");
    }
    client->answer.len--;
    const char *head_end = strstr(client->answer.ptr, "\r\n\r\n");
    if (!head_end) {
        return CS_OK;
    }
    bool accepted = strncmp(client->answer.ptr, "HTTP/1.1 200 ", strlen("HTTP/1.1 200 ")) == 0;
    const char *length = strcasestr(client->answer.ptr, "\r\nContent-Length: ");
    if (!accepted || !length || length > head_end) {
        return cs_fail(diag, CS_ERR_SYNTAX, 0, "an append was answered: %.*s",
                       CS_VIEW_ARG(cs_buf_view(&client->answer)));
    }
    size_t body = strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);
    if (client->answer.len < (size_t)(head_end - client->answer.ptr) + 4 + body) {
        return CS_OK;
    }
    cs_buf_clear(&client->answer);
    client->waits = false;
    clients->n_answers++;
    return append_next(clients, client, diag);
}

static enum cs_err take(struct cs_fan_clients *clients, struct client *client, struct cs_diag *diag)
{
    ssize_t n = recv(client->fd, clients->text, sizeof clients->text, 0);
    if (n <= 0) {
        return cs_fail(diag, CS_ERR_CLOSED, 0, "the server ended a connection");
    }
    struct cs_view text = cs_view_of(clients->text, (size_t)n);
    if (client->appends) {
        return take_answer(clients, client, text, diag);
    }
    bool had_head = client->has_head;
    if (!had_head && n >= 13 && client->n_tail == 0 && memcmp(text.ptr, "HTTP/1.1 200 ", 13) != 0) {
        return cs_fail(diag, CS_ERR_SYNTAX, 0, "a subscriber was answered: %.*s",
                       (int)(n < 200 ? n : 200), text.ptr);
    }
    if (head_over(client, &text)) {
        clients->n_heads += !had_head;
        size_t n_records = count(text);
        client->n_records += n_records;
        clients->n_records += n_records;
    }
    return CS_OK;
}

/* One look at what is ready. */
static enum cs_err turn(struct cs_fan_clients *clients, struct cs_diag *diag)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(clients->epoll_fd, events, EVENTS, SILENCE_MS);
    if (n == 0) {
        return cs_fail(diag, CS_ERR_TIMEOUT, 0, "nothing came for %d s", SILENCE_MS / 1000);
    }
    enum cs_err err = CS_OK;
    for (int i = 0; i < n && err == CS_OK; i++) {
        err = take(clients, events[i].data.ptr, diag);
    }
    return err;
}

/* ---- what the bench asks for ---- */

enum cs_err cs_fan_subscribe(struct cs_fan_clients *clients, struct cs_view request, size_t n,
                             struct cs_diag *diag)
{
    enum cs_err err = CS_OK;
    for (size_t i = 0; i < n && err == CS_OK; i++) {
        struct client *client = NULL;
        err = add(clients, false, &client, diag);
        if (err == CS_OK) {
            err = say(client, request, diag);
            clients->n_subscribers++;
        }
        while (err == CS_OK && clients->n_subscribers - clients->n_heads >= AT_A_TIME) {
            err = turn(clients, diag);
        }
    }
    while (err == CS_OK && clients->n_heads < clients->n_subscribers) {
        err = turn(clients, diag);
    }
    return err;
}

enum cs_err cs_fan_appenders(struct cs_fan_clients *clients, struct cs_view request, size_t n,
                             struct cs_diag *diag)
{
    enum cs_err err = CS_OK;
    clients->append = request;
    for (size_t i = 0; i < n && err == CS_OK; i++) {
        struct client *client = NULL;
        err = add(clients, true, &client, diag);
        clients->appender = clients->appender ? clients->appender : client;
    }
    return err;
}

/* Every subscriber has every record, none has more. */
static enum cs_err check(const struct cs_fan_clients *clients, struct cs_diag *diag)
{
    for (size_t i = 0; i < clients->n; i++) {
        const struct client *client = clients->items[i];
        if (!client->appends && client->n_records != clients->n_appended) {
            return cs_fail(diag, CS_ERR_RANGE, 0, "a subscriber got %zu records of %zu",
                           client->n_records, clients->n_appended);
        }
    }
    return CS_OK;
}

enum cs_err cs_fan_push(struct cs_fan_clients *clients, size_t n, struct cs_diag *diag)
{
    enum cs_err err = CS_OK;
    size_t answers = clients->n_answers + n;
    clients->appends_left = n;
    clients->n_appended += n;
    for (size_t i = 0; i < clients->n && err == CS_OK; i++) {
        if (clients->items[i]->appends) {
            err = append_next(clients, clients->items[i], diag);
        }
    }
    while (err == CS_OK && (clients->n_answers < answers ||
                            clients->n_records < clients->n_subscribers * clients->n_appended)) {
        err = turn(clients, diag);
    }
    return err == CS_OK ? check(clients, diag) : err;
}

enum cs_err cs_fan_delay(struct cs_fan_clients *clients, double *ret_seconds, struct cs_diag *diag)
{
    size_t answers = clients->n_answers + 1;
    size_t records = clients->n_records + 1;
    double start = cs_bench_now();
    *ret_seconds = 0;
    clients->appends_left = 1;
    clients->n_appended++;
    enum cs_err err = append_next(clients, clients->appender, diag);
    while (err == CS_OK && (clients->n_answers < answers || clients->n_records < records)) {
        err = turn(clients, diag);
        if (*ret_seconds == 0 && clients->n_records >= records) {
            *ret_seconds = cs_bench_now() - start;
        }
    }
    return err;
}

enum cs_err cs_fan_receive(struct cs_fan_clients *clients, size_t n, struct cs_diag *diag)
{
    enum cs_err err = CS_OK;
    while (err == CS_OK && clients->n_records < n) {
        err = turn(clients, diag);
    }
    return err;
}
