/* Servers that do nothing useful. `selftest` holds every case against them: whatever passes for one
 * of these tests nothing.
 */
#ifndef CHATSPEC_PEER_NULL_SERVER_H
#define CHATSPEC_PEER_NULL_SERVER_H

#include "net/server.h"

enum cs_null_kind {
    CS_NULL_CLOSED,     /* the port is taken, but nobody listens: connections are refused */
    CS_NULL_HANGS_UP,   /* accepts and closes at once */
    CS_NULL_SILENT,     /* accepts, reads and never answers */
    CS_NULL_ALWAYS_404, /* these three answer every request alike, with an empty body */
    CS_NULL_ALWAYS_500,
    CS_NULL_ALWAYS_200,
    CS_NULL_TRICKLES,   /* answers 200, a byte a second */
    CS_NULL_STALLS,     /* a head and half a body, and then nothing */
    CS_NULL_BREAKS_OFF, /* the same, and then a reset */
    CS_NULL_GARBAGE     /* answers with something that is not HTTP */
};
#define CS_N_NULL_KINDS 10

/* "never answers" and so on. */
const char *cs_null_kind_name(enum cs_null_kind kind);

struct cs_null_server;

/* On 127.0.0.1, at a port that the kernel chooses. Errors: as cs_server_start. */
CS_MUST_USE enum cs_err cs_null_server_start(struct cs_loop *loop, enum cs_null_kind kind,
                                             struct cs_null_server **ret_server,
                                             struct cs_diag *diag);
void cs_null_server_stop(struct cs_null_server *server);
uint16_t cs_null_server_port(const struct cs_null_server *server);

#endif
