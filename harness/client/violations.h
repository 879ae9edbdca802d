/* Violations: what the client role proves its cases with. A row turns one decision of the reference
 * client around (policy.h) and names the requirements that this breaks.
 *
 * `selftest` demands: with the fault exactly the cases in `noticed_by` fail. Others that list one
 * of the requirements may; whatever else cannot help but fail is named in `affects` with the
 * reason.
 */
#ifndef CHATSPEC_CLIENT_VIOLATIONS_H
#define CHATSPEC_CLIENT_VIOLATIONS_H

#include <stdbool.h>

struct cs_client_violation {
    const char *fault;        /* "adopt_token=0": for --fault, and its id */
    const char *requirements; /* "CTK-05", or several ids divided by single spaces */
    const char *noticed_by;   /* ids of cases, divided by single spaces: these must fail */
    const char *affects;      /* ids (globs) of cases that fail too, divided by spaces; or NULL */
    const char *reason;       /* why they do; required with affects */
};

extern const struct cs_client_violation cs_client_violations[]; /* ended by a NULL fault */

/* NULL when there is none of that fault. */
const struct cs_client_violation *cs_client_violation_find(const char *fault);
/* Does some row name that requirement? */
bool cs_client_violation_breaks(const char *requirement);
/* True when the row names it among others. */
bool cs_client_violation_is_of(const struct cs_client_violation *violation,
                               const char *requirement);
/* Where the reference client decides rightly, what the decision is: from policy.h. */
const char *cs_client_violation_title(const struct cs_client_violation *violation);

#endif
