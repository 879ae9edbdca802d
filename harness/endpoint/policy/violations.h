/* Violations: one row overrides one decision point and names the requirement that it breaks.
 *
 * `selftest` demands: with violation X exactly the cases that list X's requirement fail. Other
 * cases that cannot help but notice are named in `affects` with the reason.
 */
#ifndef CHATSPEC_ENDPOINT_VIOLATIONS_H
#define CHATSPEC_ENDPOINT_VIOLATIONS_H

#include <stddef.h>
#include <stdint.h>

struct cs_violation {
    const char *id;          /* "token-cross-session": for --violate */
    const char *requirement; /* "TOK-20" */
    const char *title;       /* what the server does wrong, one line */
    size_t field;            /* offsetof(struct cs_policy, ...) */
    int64_t value;
    const char *affects; /* ids (globs) of other cases that fail too, divided by spaces; or NULL */
    const char *reason;  /* why they do; required with affects */
};

extern const struct cs_violation cs_violations[]; /* ended by a row with NULL id */

/* NULL when there is none of that id. */
const struct cs_violation *cs_violation_find(const char *id);

#endif
