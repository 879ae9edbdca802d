#include "conformance/peers/reference/lines.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/http_client.h"

#define READ_SIZE 65536

static enum cs_err take(struct cs_lines *lines, size_t len, char **ret_line)
{
    char *line = strndup(lines->bytes.ptr, len);
    if (!line) {
        return CS_ERR_NO_MEMORY;
    }
    cs_buf_consume(&lines->bytes, len + 1);
    *ret_line = line;
    return CS_OK;
}

static enum cs_err read_more(struct cs_lines *lines, int64_t deadline)
{
    int64_t left = deadline - cs_now_ms();
    struct pollfd fd = {.fd = lines->fd, .events = POLLIN};
    int n = poll(&fd, 1, left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left);
    if (n == 0) {
        return CS_ERR_TIMEOUT;
    }
    if (n < 0) {
        return errno == EINTR ? CS_OK : CS_ERR_IO;
    }
    char *room = cs_buf_reserve(&lines->bytes, READ_SIZE);
    if (!room) {
        return cs_buf_error(&lines->bytes);
    }
    ssize_t got = read(lines->fd, room, READ_SIZE);
    if (got < 0) {
        return errno == EINTR || errno == EAGAIN ? CS_OK : CS_ERR_IO;
    }
    lines->bytes.len += (size_t)got;
    return got == 0 ? CS_ERR_CLOSED : CS_OK;
}

enum cs_err cs_lines_next(struct cs_lines *lines, int64_t timeout_ms, char **ret_line)
{
    int64_t now = cs_now_ms();
    int64_t deadline = timeout_ms > INT64_MAX - now ? INT64_MAX : now + timeout_ms;
    size_t seen = 0;
    for (;;) {
        const char *from = lines->bytes.len > seen ? lines->bytes.ptr + seen : NULL;
        const char *end = from ? memchr(from, '\n', lines->bytes.len - seen) : NULL;
        if (end) {
            return take(lines, (size_t)(end - lines->bytes.ptr), ret_line);
        }
        seen = lines->bytes.len;
        enum cs_err err = read_more(lines, deadline);
        if (err != CS_OK) {
            return err;
        }
    }
}
