/* Violations of the SDK's adapter: what cases are proven with that are about the SDK's own clients
 * alone, its writers and its head-start handler, which the reference client has not got. A row is
 * an id of peers/sdk/violations.mjs and names the requirements that this breaks.
 *
 * The test sdk_client demands: with the violation the cases in `noticed_by` notice, and of the
 * others in the same table none but those in `affects`.
 */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_VIOLATIONS_SDK_H
#define CHATSPEC_CONFORMANCE_CLIENT_VIOLATIONS_SDK_H

#include <stdbool.h>

struct cs_sdk_violation {
    const char *id;           /* for --violate of the adapter */
    const char *title;        /* one line, what is wrong */
    const char *requirements; /* ids divided by single spaces */
    const char *noticed_by;   /* ids of cases, divided by single spaces */
    const char *affects;      /* globs of ids that cannot help but notice too; or NULL */
};

extern const struct cs_sdk_violation cs_sdk_violations[]; /* ended by a NULL id */

/* NULL when there is none of that id. */
const struct cs_sdk_violation *cs_sdk_violation_find(const char *id);
/* True when the row names it among others. */
bool cs_sdk_violation_is_of(const struct cs_sdk_violation *violation, const char *requirement);
/* Does some row name that requirement? */
bool cs_sdk_violation_breaks(const char *requirement);

#endif
