/* Clients that do nothing useful, as adapters (conformance/peers/PROTOCOL.md). `selftest` runs
 * every case with them: whatever passes for one of these tests nothing.
 */
#ifndef CHATSPEC_PEER_NULL_CLIENT_H
#define CHATSPEC_PEER_NULL_CLIENT_H

#define CS_N_NULL_CLIENTS 11

struct cs_null_client {
    const char *name;   /* "never answers" and so on */
    const char *script; /* for /bin/sh -c */
};

extern const struct cs_null_client cs_null_clients[CS_N_NULL_CLIENTS];

#endif
