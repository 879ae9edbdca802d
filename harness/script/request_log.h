/* The record of what came, in the order in which it came. Only for the files of this folder. */
#ifndef CHATSPEC_SCRIPT_REQUEST_LOG_H
#define CHATSPEC_SCRIPT_REQUEST_LOG_H

#include "net/http_request.h"
#include "script/scripted_server.h"

/* The session_... id of every session that a scripted server creates. */
#define CS_SCRIPT_SESSION_ID "session_scripted00000000000000001"

struct cs_request_log {
    const char *session; /* external id of the session that is talked about; NULL: any */
    struct cs_logged *entries[CS_SCRIPT_MAX_REQUESTS];
    size_t n;
    size_t bytes; /* of all requests together */
    uint64_t n_of[CS_N_TARGETS];
    size_t n_unexpected;
};

/* A copy of the request with its number. One for another session counts as CS_TARGET_OTHER, so that
 * a client that still works on something of an earlier case disturbs no numbers; NULL when the
 * log is full or memory ran out. The caller fills in the rest. */
struct cs_logged *cs_request_log_add(struct cs_request_log *log, const struct cs_request *request);
void cs_request_log_free(struct cs_request_log *log);

#endif
