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

/* A report as one who reads its document sees it; to be freed. Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_versions_reread(const struct cs_report *report,
                                           struct cs_read_report *ret_report);
/* What stands for a version in a heading. */
const char *cs_versions_label(const struct cs_report *report);
/* "role/area" of a case. */
struct cs_view cs_versions_area(const struct cs_case *test);
/* What a cell of the table says of an area (empty: of all), such as "12 ok 1 fail 3 known". */
#define CS_VERSIONS_CELL_MAX 48
void cs_versions_cell(const struct cs_report *report, struct cs_view area,
                      char ret_text[CS_VERSIONS_CELL_MAX]);

#define CS_MATRIX_SCHEMA "chatspec-matrix/1"
/* Both as one JSON document, as matrix.schema.json describes it, with the whole report of each: a
 * matrix that was run in shards can be merged, and two be compared. */
CS_MUST_USE enum cs_err cs_versions_json(const struct cs_report *reports, size_t n,
                                         const struct cs_requirements *set,
                                         struct cs_comparison *ret_newest, struct cs_buf *out);

#endif
