/* Violations: what the agent role proves its cases with. A row is a fault of the worker, which sits
 * between the SDK and the wire (peers/worker/faults/): it names the requirements that this breaks.
 *
 * `selftest --role agent` demands: with the fault exactly the cases in `noticed_by` fail. Others
 * that list one of the requirements may; whatever else cannot help but fail is named in `affects`
 * with the reason.
 */
#ifndef CHATSPEC_CONFORMANCE_AGENT_VIOLATIONS_H
#define CHATSPEC_CONFORMANCE_AGENT_VIOLATIONS_H

#include <stdbool.h>

struct cs_agent_violation {
    const char *fault;        /* "drops-trim": for --violate of the worker, and its id */
    const char *title;        /* one line, what is wrong */
    const char *requirements; /* ids divided by single spaces */
    const char *noticed_by;   /* ids of cases, divided by single spaces: these must fail */
    const char *affects;      /* ids (globs) of cases that fail too, divided by spaces; or NULL */
    const char *reason;       /* why they do; required with affects */
};

extern const struct cs_agent_violation cs_agent_violations[]; /* ended by a NULL fault */

/* NULL when there is none of that fault. */
const struct cs_agent_violation *cs_agent_violation_find(const char *fault);
/* Does some row name that requirement? */
bool cs_agent_violation_breaks(const char *requirement);
/* True when the row names it among others. */
bool cs_agent_violation_is_of(const struct cs_agent_violation *violation, const char *requirement);

#endif
