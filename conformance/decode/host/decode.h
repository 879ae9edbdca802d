/* One stream through a parser, and what came of it as a JSON array. */
#ifndef CHATSPEC_DECODE_HOST_DECODE_H
#define CHATSPEC_DECODE_HOST_DECODE_H

#include "conformance/decode/host/parser.h"
#include "wire/bytes.h"

struct decode_room; /* memory for pieces, used again and again */

/* NULL when there is no memory. Lives as long as the process. */
struct decode_room *decode_room_new(void);

struct decode_result {
    const char *refused; /* the parser could not go on: which function said so; else NULL */
    bool endless;        /* more events than bytes: it will never stop */
    size_t leaked;       /* bytes of malloc's that each run leaves behind; 0: none */
};

/* Feeds `stream` in pieces of the lengths in `pieces`, used in turn and again from the first (none,
 * or all 0: one piece), and appends what comes to `out`. */
struct decode_result decode(const struct parser_functions *parser, struct decode_room *room,
                            struct cs_view stream, const uint64_t *pieces, size_t n_pieces,
                            struct cs_buf *out);

#endif
