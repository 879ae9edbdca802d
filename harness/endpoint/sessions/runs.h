/* Runs behind the sessions. Nothing executes here but the scripted agent; a run is a payload, a
 * status and an id that the management API shows. */
#ifndef CHATSPEC_ENDPOINT_RUNS_H
#define CHATSPEC_ENDPOINT_RUNS_H

#include "endpoint/internal.h"

#define CS_RUNS_MAX ((size_t)400000)

/* Triggers a run and makes it the session's current one; a continuation of `previous` unless that
 * is NULL. NULL when out of memory or full. */
struct cs_run *cs_run_start(struct cs_endpoint *endpoint, struct cs_session *session,
                            const struct cs_run *previous);
/* The same without making it current: end-and-continue decides that afterwards (CON-12). */
struct cs_run *cs_run_trigger(struct cs_endpoint *endpoint, struct cs_session *session,
                              const struct cs_run *previous);
/* The same with an id of one's own, that no run has; NULL: a fresh one. */
struct cs_run *cs_run_trigger_as(struct cs_endpoint *endpoint, struct cs_session *session,
                                 const struct cs_run *previous, const char *id);
/* Does lockToVersion name a version that is not deployed (SES-34)? Here those of the form
 * "20260821.1" are deployed and no others. Such a session gets no runs. */
bool cs_run_pin_is_missing(const struct cs_endpoint *endpoint, const struct cs_session *session);
void cs_run_make_current(struct cs_endpoint *endpoint, struct cs_run *run);
void cs_run_cancel(struct cs_endpoint *endpoint, struct cs_run *run);
/* NULL: none in this environment. */
struct cs_run *cs_run_find(const struct cs_endpoint *endpoint,
                           const struct cs_environment *environment, struct cs_view id);
/* Payload of a first run (previous NULL) or a continuation (CON-04 to CON-06), as a new string. */
char *cs_run_payload(const struct cs_endpoint *endpoint, const struct cs_session *session,
                     const struct cs_run *previous);
/* Takes a run out of the table and frees it; its session's `run` is the caller's to see to. */
void cs_run_forget(struct cs_endpoint *endpoint, struct cs_run *run);
void cs_runs_free(struct cs_endpoint *endpoint);

#endif
