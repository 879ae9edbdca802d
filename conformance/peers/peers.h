/* The clients that come with the suite: any published SDK version, and the built-in one. */
#ifndef CHATSPEC_CONFORMANCE_PEERS_PEERS_H
#define CHATSPEC_CONFORMANCE_PEERS_PEERS_H

#include "wire/bytes.h"

/* How to start an adapter. Free with cs_peer_command_free; a zeroed struct is empty. */
struct cs_peer_command {
    char *words[5]; /* argv, NULL-terminated */
    char *name;     /* "@trigger.dev/sdk" */
    char *version;  /* exact: "4.8.3" */
};

void cs_peer_command_free(struct cs_peer_command *command);

/* The SDK's transport at a version ("4.8.3") or "latest". What is missing is installed from the
 * package registry into `cache_dir`/<version>/, without running install scripts; what is there is
 * used as it is, so that runs with the same cache see the same dependencies.
 *
 * Errors, each with one line for people in diag:
 *   CS_ERR_MISSING  node or npm is not there, node is too old, or the adapter's file is not
 *   CS_ERR_USAGE    no such version, or not a version
 *   CS_ERR_CONNECT  the registry cannot be reached
 *   CS_ERR_TIMEOUT  the installation took longer than ten minutes
 *   CS_ERR_IO, CS_ERR_NO_MEMORY */
CS_MUST_USE enum cs_err cs_sdk_peer(const char *version, const char *cache_dir,
                                    struct cs_peer_command *ret_command, struct cs_diag *diag);

/* The reference client of this suite, a program that stands beside ours.
 * Errors: CS_ERR_MISSING, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_builtin_peer(struct cs_peer_command *ret_command, struct cs_diag *diag);

#endif
