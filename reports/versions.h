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
/* What changed from each to the next that is there, with headings and why it matters; see
 * cs_compare. *ret_newest counts the last. Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_versions_changes(const struct cs_report *reports, size_t n,
                                            const struct cs_requirements *set,
                                            struct cs_comparison *ret_newest, struct cs_buf *out);

#define CS_MATRIX_SCHEMA "chatspec-matrix/1"
/* Both as one JSON document, as matrix.schema.json describes it, with the whole report of each: a
 * matrix that was run in shards can be merged, and two be compared. */
CS_MUST_USE enum cs_err cs_versions_json(const struct cs_report *reports, size_t n,
                                         const struct cs_requirements *set,
                                         struct cs_comparison *ret_newest, struct cs_buf *out);

#endif
