/* Which sessions a run made, shared by all its processes, so that none is left open behind it.
 *
 * A create call is entered before it is sent: when its answer never comes, or its case is killed
 * while it waits, the session may be there nevertheless and is then looked for by its external id.
 * Nothing but what stands here is ever closed.
 */
#ifndef CHATSPEC_CONFORMANCE_ENDPOINT_LEDGER_H
#define CHATSPEC_CONFORMANCE_ENDPOINT_LEDGER_H

#include <sys/types.h>

#include "wire/bytes.h"

struct cs_case_run;
struct cs_endpoint_env;
struct cs_ledger;
struct cs_ledger_entry;

/* NULL when out of memory. */
struct cs_ledger *cs_ledger_new(void);
void cs_ledger_free(struct cs_ledger *ledger);

/* A create call is about to be sent. `external_id` may be NULL; `elsewhere`: with the key of the
 * second environment. NULL when the ledger is full. */
struct cs_ledger_entry *cs_ledger_begin(struct cs_ledger *ledger, const char *external_id,
                                        bool elsewhere);
/* Its answer: the id of the session, or NULL when it was refused. */
void cs_ledger_made(struct cs_ledger *ledger, struct cs_ledger_entry *entry, const char *id,
                    int64_t now_ms);
/* A session was closed. */
void cs_ledger_closed(struct cs_ledger *ledger, const char *id);
/* True when this run made the session, by either id, less than `ms` ago: not everything need know
 * of it yet (SES-52). Times are cs_now_ms. */
bool cs_ledger_is_young(struct cs_ledger *ledger, const char *id, int64_t now_ms, int64_t ms);

struct cs_ledger_counts {
    size_t n_made;
    size_t n_open; /* of those that are known to exist */
};
struct cs_ledger_counts cs_ledger_counts(struct cs_ledger *ledger);

struct cs_sweep {
    size_t n_closed;
    size_t n_left;    /* that could not be closed, or not in time */
    char left[3][80]; /* some of them */
    char reason[160]; /* why not: of the first */
};

/* Closes the sessions of process `owner` (0: of all) that may still be open. Ends after `budget_ms`
 * and when the server does not answer any more; waits for its rate limit are not counted (`run`,
 * which may be NULL, is extended by them), but bounded as well. */
struct cs_sweep cs_ledger_sweep(const struct cs_endpoint_env *env, pid_t owner, int64_t budget_ms,
                                struct cs_case_run *run);

#endif
