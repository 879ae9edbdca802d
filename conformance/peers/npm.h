/* Asking npm, and one line for people out of what it says. Only for the files of this folder. */
#ifndef CHATSPEC_CONFORMANCE_PEERS_NPM_H
#define CHATSPEC_CONFORMANCE_PEERS_NPM_H

#include "conformance/peers/tool.h"

#define CS_NPM_ASK_MS 60000

/* Few words, and an answer within seconds when there is no network: by itself npm tries for
 * minutes. */
#define CS_NPM_OPTIONS \
    "--loglevel=error", "--no-update-notifier", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"

/* Runs npm; what it printed stays in *run as strings, which the caller frees in any case. `what` is
 * what it is to get, for people. Errors: as cs_tool_run, and CS_ERR_USAGE (there is no such thing),
 * CS_ERR_CONNECT (the registry cannot be reached), CS_ERR_IO (anything else). */
CS_MUST_USE enum cs_err cs_npm_run(const char *const *argv, const char *directory,
                                   int64_t timeout_ms, const char *what, struct cs_tool_run *run,
                                   struct cs_diag *diag);

#endif
