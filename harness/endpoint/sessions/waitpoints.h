/* Waitpoints: what a suspended run waits for, which here is a record of a session's channel or the
 * end of a time (AGT-SES-18 to AGT-SES-21). Nothing is suspended here: who runs the run hears of it
 * by the tap and wakes it. */
#ifndef CHATSPEC_ENDPOINT_WAITPOINTS_H
#define CHATSPEC_ENDPOINT_WAITPOINTS_H

#include "endpoint/internal.h"

#define CS_WAITPOINTS_MAX     ((size_t)4096) /* of one endpoint; then the oldest is forgotten */
#define CS_WAITPOINT_ID_SIZE  (sizeof("waitpoint_") + CS_ID_LEN)
#define CS_WAITPOINT_NO_LIMIT ((int64_t)-1)

/* What is waited for. */
struct cs_waitpoint_wish {
    const char *id; /* the whole id */
    const struct cs_run *run;
    const struct cs_environment *environment;
    struct cs_view key; /* of the session */
    enum cs_io io;
    uint64_t from;   /* the first record that counts */
    int64_t time_ms; /* or CS_WAITPOINT_NO_LIMIT */
};

/* Errors: CS_ERR_LIMIT (the key is too long), CS_ERR_NO_MEMORY. A wish whose id is there already is
 * CS_OK and changes nothing. */
CS_MUST_USE enum cs_err cs_waitpoint_add(struct cs_endpoint *endpoint,
                                         const struct cs_waitpoint_wish *wish);
/* The run waits from now on. False: there is no such waitpoint. */
bool cs_waitpoint_block(struct cs_endpoint *endpoint, struct cs_view id, const struct cs_run *run);
void cs_waitpoints_free(struct cs_endpoint *endpoint);

#endif
