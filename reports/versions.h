/* Several versions of one peer side by side: how each did by area, and what changed from each to
 * the next.
 */
#ifndef CHATSPEC_REPORTS_VERSIONS_H
#define CHATSPEC_REPORTS_VERSIONS_H

#include "reports/compare.h"
#include "reports/report.h"

/* A table of areas by version, for people. The reports, oldest first, are of the same cases in the
 * same order; those with n 0 are of versions that could not be had. */
void cs_versions_table(const struct cs_report *reports, size_t n, struct cs_buf *out);
/* What changed from one to the other, with a heading; see cs_compare. Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_versions_change(const struct cs_report *older,
                                           const struct cs_report *newer,
                                           struct cs_comparison *ret_counts, struct cs_buf *out);

#endif
