/* A bare TCP client: a connected descriptor, all bytes out, bytes in until a mark. */
#include "net/raw_client.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_client.h" /* cs_now_ms */

#define READ_STEP ((size_t)16 * 1024)

struct address {
    char host[256];
    char port[6];
};

static bool copy_part(char *to, size_t size, struct cs_view part)
{
    if (part.len == 0 || part.len >= size || memchr(part.ptr, '\0', part.len)) {
        return false;
    }
    memcpy(to, part.ptr, part.len);
    to[part.len] = '\0';
    return true;
}

/* "http://host:port/..." with [::1] in brackets; a missing port is 80. */
static bool split_url(const char *url, struct address *ret_address)
{
    struct cs_view rest = cs_view_str(url);
    struct cs_view scheme = CS_VIEW("http://");
    if (!url || !cs_view_starts_with(rest, scheme)) {
        return false;
    }
    rest = cs_view_of(rest.ptr + scheme.len, rest.len - scheme.len);
    rest.len = strcspn(rest.ptr, "/?#");
    struct cs_view host = rest;
    struct cs_view port = CS_VIEW("80");
    size_t host_end = cs_view_find(rest, CS_VIEW(":"));
    if (rest.len > 0 && rest.ptr[0] == '[') {
        size_t bracket = cs_view_find(rest, CS_VIEW("]"));
        if (bracket == SIZE_MAX) {
            return false;
        }
        host = cs_view_of(rest.ptr + 1, bracket - 1);
        host_end = bracket + 1 < rest.len ? bracket + 1 : SIZE_MAX;
        if (host_end != SIZE_MAX && rest.ptr[host_end] != ':') {
            return false;
        }
    } else if (host_end != SIZE_MAX) {
        host.len = host_end;
    }
    if (host_end != SIZE_MAX) {
        port = cs_view_of(rest.ptr + host_end + 1, rest.len - host_end - 1);
    }
    uint64_t number;
    return cs_view_u64(port, &number) == CS_OK && number <= 65535 &&
           copy_part(ret_address->host, sizeof ret_address->host, host) &&
           copy_part(ret_address->port, sizeof ret_address->port, port);
}

/* Waits for `events`; CS_ERR_TIMEOUT when the deadline passes first. */
static enum cs_err wait_for(int fd, short events, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - cs_now_ms();
        struct pollfd watched = {.fd = fd, .events = events};
        int n = poll(&watched, 1, left > 60000 ? 60000 : left > 0 ? (int)left : 0);
        if (n > 0) {
            return CS_OK;
        }
        if (n < 0 && errno != EINTR) {
            return CS_ERR_IO;
        }
        if (n == 0 && left <= 0) {
            return CS_ERR_TIMEOUT;
        }
    }
}

static int64_t deadline_in(int64_t timeout_ms)
{
    int64_t now = cs_now_ms();
    return timeout_ms > INT64_MAX - now ? INT64_MAX : now + timeout_ms;
}

/* A descriptor, or -1 with errno. */
static int connect_one(const struct addrinfo *info, int64_t deadline)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    int failed = connect(fd, info->ai_addr, info->ai_addrlen) < 0 ? errno : 0;
    if (failed == EINPROGRESS) {
        socklen_t len = sizeof failed;
        if (wait_for(fd, POLLOUT, deadline)) {
            failed = ETIMEDOUT;
        } else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) < 0) {
            failed = errno;
        }
    }
    if (failed) {
        close(fd);
        errno = failed;
        return -1;
    }
    int on = 1; /* each send is a segment of its own, as far as the kernel lets us say so */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int cs_raw_connect(const char *url, int64_t timeout_ms, struct cs_diag *diag)
{
    int64_t deadline = deadline_in(timeout_ms);
    struct address address;
    if (!split_url(url, &address)) {
        cs_fail(diag, CS_ERR_USAGE, 0, "not an http:// URL with a host: %s", url);
        return -1;
    }
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(address.host, address.port, &hints, &found);
    if (failed) {
        cs_fail(diag, CS_ERR_CONNECT, 0, "%s: %s", address.host, gai_strerror(failed));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *info = found; info && fd < 0; info = info->ai_next) {
        fd = connect_one(info, deadline);
    }
    if (fd < 0) {
        cs_fail(diag, errno == ETIMEDOUT ? CS_ERR_TIMEOUT : CS_ERR_CONNECT, 0,
                "connect to %s:%s: %s", address.host, address.port, strerror(errno));
    }
    freeaddrinfo(found);
    return fd;
}

enum cs_err cs_raw_send(int fd, struct cs_view bytes, int64_t timeout_ms)
{
    int64_t deadline = deadline_in(timeout_ms);
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            bytes = cs_view_of(bytes.ptr + n, bytes.len - (size_t)n);
        } else if (errno == EAGAIN) {
            enum cs_err err = wait_for(fd, POLLOUT, deadline);
            if (err) {
                return err;
            }
        } else if (errno != EINTR) {
            return errno == EPIPE || errno == ECONNRESET ? CS_ERR_CLOSED : CS_ERR_IO;
        }
    }
    return CS_OK;
}

/* Was `until` completed by the bytes from `before` on? */
static bool mark_seen(const struct cs_buf *out, size_t before, struct cs_view until)
{
    if (until.len == 0) {
        return false;
    }
    size_t from = before > until.len - 1 ? before - (until.len - 1) : 0;
    return cs_view_find(cs_view_of(out->ptr + from, out->len - from), until) != SIZE_MAX;
}

enum cs_err cs_raw_read(int fd, struct cs_view until, int64_t timeout_ms, struct cs_buf *out)
{
    int64_t deadline = deadline_in(timeout_ms);
    while (out->len < out->max) {
        size_t room = out->max - out->len;
        size_t want = room < READ_STEP ? room : READ_STEP;
        char *to = cs_buf_reserve(out, want);
        if (!to) {
            return cs_buf_error(out);
        }
        ssize_t n = recv(fd, to, want, MSG_DONTWAIT);
        if (n == 0) {
            return CS_OK;
        }
        if (n > 0) {
            size_t before = out->len;
            out->len += (size_t)n;
            if (mark_seen(out, before, until)) {
                return CS_OK;
            }
        } else if (errno == EAGAIN) {
            enum cs_err err = wait_for(fd, POLLIN, deadline);
            if (err) {
                return err;
            }
        } else if (errno != EINTR) {
            return errno == ECONNRESET ? CS_ERR_CLOSED : CS_ERR_IO;
        }
    }
    return CS_OK;
}
