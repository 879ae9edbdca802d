/* The clients that come with the suite: any published SDK version, and the built-in one. */
#ifndef CHATSPEC_CONFORMANCE_PEERS_PEERS_H
#define CHATSPEC_CONFORMANCE_PEERS_PEERS_H

#include "wire/bytes.h"

/* How to start an adapter. Free with cs_peer_command_free; a zeroed struct is empty. */
struct cs_peer_command {
    char *words[9]; /* argv, NULL-terminated */
    char *name;     /* "@trigger.dev/sdk" */
    char *version;  /* exact: "4.8.3" */
    char *parser;   /* the version that is pinned; NULL: none */
    char *key;      /* of an SDK, tells it from all others: "4.8.3+parser-3.0.0"; else NULL */
};

void cs_peer_command_free(struct cs_peer_command *command);

/* The SDK from `source`: a version ("4.8.3"), a tag ("latest"), a packed file (a path that ends in
 * .tgz) or the folder of a built package (a path with a '/'). `parser` pins the version of the
 * event stream parser that it uses ("3.0.6", or a tag); NULL: the one that npm takes. What is
 * missing is installed from the package registry into a folder of its own in `cache_dir`, without
 * running install scripts; what is there is used as it is, so that runs with the same cache see the
 * same dependencies. A packed file or folder is told by its bytes.
 *
 * Errors, each with one line for people in diag:
 *   CS_ERR_MISSING  node is not there or too old, npm is not where it is needed, or the adapter's
 *                   file is not
 *   CS_ERR_USAGE    no such version, tag or file, not the SDK, or one from before its chat
 *   CS_ERR_CONNECT  the registry cannot be reached
 *   CS_ERR_TIMEOUT  the installation took longer than ten minutes
 *   CS_ERR_IO, CS_ERR_LIMIT, CS_ERR_NO_MEMORY */
CS_MUST_USE enum cs_err cs_sdk_peer(const char *source, const char *parser, const char *cache_dir,
                                    struct cs_peer_command *ret_command, struct cs_diag *diag);

/* The same with the version of the model library, `ai`, that stands beside the SDK ("6.0.116", or a
 * tag; NULL: the newest 6). It is not checked against what the SDK says that it works with. */
CS_MUST_USE enum cs_err cs_sdk_peer_pinned(const char *source, const char *parser, const char *ai,
                                           const char *cache_dir,
                                           struct cs_peer_command *ret_command,
                                           struct cs_diag *diag);

/* Turns the command of an SDK's clients into that of the worker, which runs agents with that SDK
 * (peers/worker/): those of the suite, or with `agents` (a file) those that it registers.
 * `violation` makes it do one thing wrong; NULL: none. Errors: CS_ERR_MISSING, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_sdk_worker(struct cs_peer_command *command, const char *agents,
                                      const char *violation, struct cs_diag *diag);

/* The reference client of this suite, a program that stands beside ours.
 * Errors: CS_ERR_MISSING, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_builtin_peer(struct cs_peer_command *ret_command, struct cs_diag *diag);

#endif
