/* The platform, played by whoever runs the endpoint in its own process: rows, records and snapshots
 * without a request, and what the platform is to say next.
 *
 * To be called from the thread of the loop, not from hooks of the tap. `session` is a session's id
 * or external id in the first environment, that of the secret key. Nothing here can be refused by a
 * fault rule, and no request is told to the tap; records and runs are.
 */
#ifndef CHATSPEC_ENDPOINT_PLAY_H
#define CHATSPEC_ENDPOINT_PLAY_H

#include "endpoint/tap.h"

struct cs_endpoint;

#define CS_PLAY_ID_SIZE ((size_t)40)   /* of any id here, with its NUL */
#define CS_PLAY_NO_SEQ  ((uint64_t)-1) /* a store elsewhere has not answered yet */

/* Those from CS_RUN_COMPLETED on are terminal (CON-02). */
enum cs_run_status {
    CS_RUN_QUEUED,
    CS_RUN_EXECUTING,
    CS_RUN_WAITING,
    CS_RUN_COMPLETED,
    CS_RUN_FAILED,
    CS_RUN_CANCELED
};

/* ---- rows ---- */

/* Adds a session: `body` is what POST /api/v1/sessions would get (SES-20 to SES-33). It has no run
 * yet. `ret_id` (CS_PLAY_ID_SIZE) may be NULL. Errors: CS_ERR_SYNTAX with diag (the body, or the
 * external id is taken), CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_play_session(struct cs_endpoint *endpoint, struct cs_view body,
                                        char *ret_id, struct cs_diag *diag);
/* Adds a run and makes it the session's current one, as a continuation of the one before if there
 * was one. `run_id` NULL gives a fresh id; others begin with "run_" and have
 * at most 25 bytes more. Errors: CS_ERR_MISSING (no
 * such session), CS_ERR_RANGE (no id of a run, or taken), CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_play_run(struct cs_endpoint *endpoint, const char *session,
                                    const char *run_id, char *ret_id);
/* A run that ended stays ended. Errors: CS_ERR_MISSING. */
CS_MUST_USE enum cs_err cs_play_run_status(struct cs_endpoint *endpoint, const char *run_id,
                                           enum cs_run_status status);
/* Replaces the session's triggerConfig, the deployment pin in it included (`externalDeploymentId`,
 * `lockToVersion`: AGT-VUP-08, AGT-VUP-09). `config` is the whole object, with its basePayload.
 * Errors: CS_ERR_MISSING, CS_ERR_SYNTAX with diag. */
CS_MUST_USE enum cs_err cs_play_config(struct cs_endpoint *endpoint, const char *session,
                                       struct cs_view config, struct cs_diag *diag);

/* ---- records ---- */

/* Where records go. A session need not exist: `session` is then taken for an external id. */
struct cs_play_place {
    const char *session;
    const char *channel; /* of a side channel; NULL: the reserved pair */
    enum cs_io io;
};

/* Stores `text` as the append route would: {"data":"<text>","id":"<part id>"}; `part_id` NULL gives
 * a fresh one. No run is started by it. `ret_seq` may be NULL. Errors: CS_ERR_LIMIT (too large),
 * CS_ERR_IO (the store refused it), CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_play_append(struct cs_endpoint *endpoint,
                                       const struct cs_play_place *place, struct cs_view text,
                                       const char *part_id, uint64_t *ret_seq);
/* Stores one batch of records as they are: headers, body, and timestamp when has_timestamp.
 * `ret_first_seq` may be NULL. Errors as above. */
CS_MUST_USE enum cs_err cs_play_records(struct cs_endpoint *endpoint,
                                        const struct cs_play_place *place,
                                        const struct cs_record *records, size_t n,
                                        uint64_t *ret_first_seq);
/* Resets all subscriptions of the session's channels. Errors: CS_ERR_MISSING. */
CS_MUST_USE enum cs_err cs_play_cut(struct cs_endpoint *endpoint, const char *session);

/* ---- snapshots ---- */

/* Errors: CS_ERR_MISSING (no such session), CS_ERR_LIMIT, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_play_snapshot_put(struct cs_endpoint *endpoint, const char *session,
                                             struct cs_view bytes);
/* *ret_bytes lives until the next put. Errors: CS_ERR_MISSING (no session, or no snapshot). */
CS_MUST_USE enum cs_err cs_play_snapshot_get(const struct cs_endpoint *endpoint,
                                             const char *session, struct cs_view *ret_bytes);
/* Errors: CS_ERR_MISSING. */
CS_MUST_USE enum cs_err cs_play_snapshot_remove(struct cs_endpoint *endpoint, const char *session);

/* ---- answers to come ---- */

/* What the next end-and-continue does, whoever asks; one time. */
struct cs_play_continue {
    int status; /* 0: as usual; else that status with {"error":...}, and nothing is done */
    bool pending_version; /* says pendingVersion: true (AGT-VUP-07) */
    bool lost;            /* another run has the session: swapped false, no run is started */
};
void cs_play_next_continue(struct cs_endpoint *endpoint, const struct cs_play_continue *next);

/* Puts this header into every answer from now on, such as a marked x-trigger-jwt (AGT-MIS-02);
 * `name` NULL takes it out again. Errors: CS_ERR_SYNTAX (what no header can hold),
 * CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_play_header(struct cs_endpoint *endpoint, const char *name,
                                       const char *value);

#endif
