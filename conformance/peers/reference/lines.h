/* Lines from a descriptor, with a deadline each. */
#ifndef CHATSPEC_CONFORMANCE_PEERS_LINES_H
#define CHATSPEC_CONFORMANCE_PEERS_LINES_H

#include "wire/bytes.h"

#define CS_LINES_MAX ((size_t)40 * 1024 * 1024)

struct cs_lines {
    int fd;
    struct cs_buf bytes; /* read and not yet given; make it with CS_BUF(CS_LINES_MAX) */
};

/* The next line without its end, as a string that the caller frees. Errors: CS_ERR_TIMEOUT,
 * CS_ERR_CLOSED (end of input), CS_ERR_LIMIT, CS_ERR_IO, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_lines_next(struct cs_lines *lines, int64_t timeout_ms, char **ret_line);

#endif
