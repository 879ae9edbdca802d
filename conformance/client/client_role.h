/* The client role: cases that test a client, and what they need to know of it. */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_ROLE_H
#define CHATSPEC_CONFORMANCE_CLIENT_ROLE_H

#include "suite/case.h"

struct cs_client_env {
    const char *const *argv; /* the adapter's command, NULL-terminated (peers/PROTOCOL.md) */
    const char *peer_name;   /* for people; NULL: what the adapter says of itself */
    const char *peer_version;
    int64_t patience_ms; /* longest wait for one step of the client; 0: 10000 */
};

/* Starts the adapter once, to its hello, and ends it: can it be talked to at all? The reason why
 * not is in diag. */
CS_MUST_USE enum cs_err cs_client_probe(const struct cs_client_env *env, struct cs_diag *diag);

/* `env` of its cases is a struct cs_client_env. */
extern const struct cs_role cs_client_role;

#endif
