/* A blocking server for tests that answers exact bytes: one thread per connection, one step per
 * request. It shares no code with what it tests. Threads only record; the test's own thread
 * asserts.
 */
#ifndef CHATSPEC_TESTS_CANNED_H
#define CHATSPEC_TESTS_CANNED_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CANNED_MAX_REQUESTS 64

enum canned_end {
    CANNED_CLOSE, /* FIN */
    CANNED_RESET, /* RST */
    CANNED_HOLD,  /* stay open until the client closes */
    CANNED_KEEP   /* wait for the next request on this connection */
};

struct canned_step {
    const char *on;    /* what the request must start with ("GET "); NULL: any request */
    const char *bytes; /* the answer */
    size_t len;        /* of `bytes`; 0: strlen */
    enum canned_end end;
};

struct canned_request {
    char *text; /* NUL-terminated, head and body */
    size_t len;
    unsigned connection; /* from 1 */
};

struct canned {
    const struct canned_step *steps;
    size_t n_steps;
    int listener;
    char url[64];
    pthread_t acceptor;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* all below under the lock */
    bool taken[CANNED_MAX_REQUESTS];
    struct canned_request requests[CANNED_MAX_REQUESTS];
    size_t n_requests;
    size_t n_unexpected; /* requests that no step was left for */
    size_t n_left;       /* held connections that the client closed */
    unsigned n_connections;
    int open_fds[CANNED_MAX_REQUESTS];
    pthread_t threads[CANNED_MAX_REQUESTS];
};

struct canned_thread {
    struct canned *canned;
    int fd;
    unsigned number;
};

/* How long the request in `text` is once complete, 0 while it is not. */
static size_t canned_complete(const char *text, size_t len)
{
    const char *end = memmem(text, len, "\r\n\r\n", 4);
    if (!end) {
        return 0;
    }
    size_t head = (size_t)(end - text) + 4;
    size_t body = 0;
    for (const char *line = text; line < end; line = strstr(line, "\r\n") + 2) {
        if (strncasecmp(line, "Content-Length:", 15) == 0) {
            body = strtoull(line + 15, NULL, 10);
        } else if (strncasecmp(line, "Transfer-Encoding:", 18) == 0) {
            const char *last = memmem(end + 2, len - (size_t)(end + 2 - text), "\r\n0\r\n\r\n", 7);
            return last ? (size_t)(last - text) + 7 : 0;
        }
    }
    return len >= head + body ? head + body : 0;
}

/* Reads one request; NULL when the client ended first. */
static char *canned_read_request(int fd, size_t *ret_len)
{
    size_t cap = 4096;
    size_t len = 0;
    char *text = calloc(1, cap + 1);
    while (text) {
        if (canned_complete(text, len) > 0) {
            *ret_len = len;
            return text;
        }
        if (len == cap) {
            cap *= 2;
            char *larger = realloc(text, cap + 1);
            if (!larger) {
                break;
            }
            text = larger;
        }
        ssize_t n = recv(fd, text + len, cap - len, 0);
        if (n <= 0) {
            break;
        }
        len += (size_t)n;
        text[len] = '\0';
    }
    free(text);
    return NULL;
}

/* Records the request and picks the first unused step that fits it. */
static const struct canned_step *canned_next_step(struct canned *canned, char *text, size_t len,
                                                  unsigned connection)
{
    const struct canned_step *step = NULL;
    pthread_mutex_lock(&canned->lock);
    for (size_t i = 0; i < canned->n_steps && !step; i++) {
        const char *on = canned->steps[i].on;
        if (!canned->taken[i] && (!on || strncmp(text, on, strlen(on)) == 0)) {
            canned->taken[i] = true;
            step = &canned->steps[i];
        }
    }
    canned->n_unexpected += step ? 0 : 1;
    if (canned->n_requests < CANNED_MAX_REQUESTS) {
        canned->requests[canned->n_requests++] = (struct canned_request){text, len, connection};
    } else {
        free(text);
    }
    pthread_cond_broadcast(&canned->changed);
    pthread_mutex_unlock(&canned->lock);
    return step;
}

static void canned_send(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return;
        }
        bytes += n;
        len -= (size_t)n;
    }
}

static void canned_finish(struct canned *canned, int fd, enum canned_end end)
{
    if (end == CANNED_RESET) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return;
    }
    if (end == CANNED_CLOSE) {
        shutdown(fd, SHUT_WR);
    }
    char byte;
    while (recv(fd, &byte, 1, 0) > 0) {
    }
    pthread_mutex_lock(&canned->lock);
    canned->n_left += end == CANNED_HOLD ? 1 : 0;
    pthread_cond_broadcast(&canned->changed);
    pthread_mutex_unlock(&canned->lock);
}

static void *canned_connection(void *ctx)
{
    struct canned_thread self = *(struct canned_thread *)ctx;
    free(ctx);
    enum canned_end end = CANNED_KEEP;
    while (end == CANNED_KEEP) {
        size_t len = 0;
        char *text = canned_read_request(self.fd, &len);
        if (!text) {
            break;
        }
        const struct canned_step *step = canned_next_step(self.canned, text, len, self.number);
        if (!step) {
            break;
        }
        canned_send(self.fd, step->bytes, step->len ? step->len : strlen(step->bytes));
        end = step->end;
    }
    if (end != CANNED_KEEP) {
        canned_finish(self.canned, self.fd, end);
    }
    pthread_mutex_lock(&self.canned->lock);
    self.canned->open_fds[self.number - 1] = -1;
    close(self.fd);
    pthread_mutex_unlock(&self.canned->lock);
    return NULL;
}

static void *canned_accept(void *ctx)
{
    struct canned *canned = ctx;
    int fd;
    while ((fd = accept(canned->listener, NULL, NULL)) >= 0) {
        pthread_mutex_lock(&canned->lock);
        struct canned_thread *thread = malloc(sizeof *thread);
        if (!thread || canned->n_connections == CANNED_MAX_REQUESTS) {
            free(thread);
            close(fd);
        } else {
            unsigned number = ++canned->n_connections;
            *thread = (struct canned_thread){canned, fd, number};
            canned->open_fds[number - 1] = fd;
            pthread_create(&canned->threads[number - 1], NULL, canned_connection, thread);
        }
        pthread_mutex_unlock(&canned->lock);
    }
    return NULL;
}

static struct canned *canned_start(const struct canned_step *steps, size_t n_steps)
{
    struct canned *canned = calloc(1, sizeof *canned);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    if (!canned) {
        abort();
    }
    canned->steps = steps;
    canned->n_steps = n_steps;
    pthread_mutex_init(&canned->lock, NULL);
    pthread_cond_init(&canned->changed, NULL);
    canned->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (canned->listener < 0 ||
        bind(canned->listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(canned->listener, 64) < 0 ||
        getsockname(canned->listener, (struct sockaddr *)&address, &len) < 0 ||
        pthread_create(&canned->acceptor, NULL, canned_accept, canned) != 0) {
        abort();
    }
    snprintf(canned->url, sizeof canned->url, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return canned;
}

#define CANNED(steps) canned_start((steps), sizeof(steps) / sizeof(steps)[0])

/* Ends all threads; the recorded requests stay readable until canned_free. */
static void canned_stop(struct canned *canned)
{
    if (canned->listener < 0) {
        return;
    }
    shutdown(canned->listener, SHUT_RDWR);
    pthread_join(canned->acceptor, NULL);
    close(canned->listener);
    canned->listener = -1;
    pthread_mutex_lock(&canned->lock);
    for (unsigned i = 0; i < canned->n_connections; i++) {
        if (canned->open_fds[i] >= 0) {
            shutdown(canned->open_fds[i], SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&canned->lock);
    for (unsigned i = 0; i < canned->n_connections; i++) {
        pthread_join(canned->threads[i], NULL);
    }
}

static void canned_free(struct canned *canned)
{
    canned_stop(canned);
    for (size_t i = 0; i < canned->n_requests; i++) {
        free(canned->requests[i].text);
    }
    pthread_mutex_destroy(&canned->lock);
    pthread_cond_destroy(&canned->changed);
    free(canned);
}

#endif
