/* Built-in servers in a process of their own: any number of reference endpoints and null peers on
 * one event loop, each at a port of its own. The process ends with this one, however that ends.
 */
#ifndef CHATSPEC_CLI_HOST_H
#define CHATSPEC_CLI_HOST_H

#include <sys/types.h>

#include "cli/stream_option.h"
#include "endpoint/endpoint.h"
#include "peer/null_server.h"

struct cs_host_spec {
    bool is_null; /* a null peer, and not an endpoint */
    enum cs_null_kind null_kind;
    const struct cs_violation *violation;  /* of the endpoint; NULL: none */
    const char *profile;                   /* of the endpoint; NULL: the newest */
    const struct cs_stream_option *stream; /* where the endpoint keeps streams; NULL: in memory */
};

struct cs_host {
    pid_t pid;
    size_t n;
    char (*urls)[32]; /* "http://127.0.0.1:PORT" per spec */
};

/* Starts the process and waits until all servers listen. Errors: CS_ERR_IO, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_host_start(const struct cs_host_spec *specs, size_t n, uint64_t seed,
                                      struct cs_host *ret_host, struct cs_diag *diag);
void cs_host_stop(struct cs_host *host);
/* False when the process has ended, which is our own fault and nobody else's: says so. */
bool cs_host_is_well(const struct cs_host *host);

#endif
