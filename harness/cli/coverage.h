/* Which requirements have cases, and which of those have violations: the table of list --coverage.
 */
#ifndef CHATSPEC_CLI_COVERAGE_H
#define CHATSPEC_CLI_COVERAGE_H

#include "suite/requirement.h"

struct cs_coverage {
    size_t n_rows;
    size_t n_covered;           /* some case lists it */
    size_t n_unobservable;      /* no case can see it, and the row says why */
    size_t n_uncovered;         /* neither; MUST and SHOULD rows only */
    size_t n_unrecorded;        /* neither; MAY and OBSERVED rows */
    size_t n_without_violation; /* covered MUST and SHOULD rows that nothing proves */
};

/* Counts the rows of one area of a role (`area` NULL: of all areas). When `out` is not NULL it gets
 * a line for each row that is uncovered or has no violation. */
struct cs_coverage cs_coverage_count(const struct cs_requirements *set, const char *role,
                                     const char *area, struct cs_buf *out);
/* The whole table, role by role, area by area, and the lines of what is missing. */
void cs_coverage_table(const struct cs_requirements *set, struct cs_buf *out);

#endif
