/* Markdown for a pull request's comment or a job's summary: short, and never over 60 KB, which is
 * under the least that such places take (65,536 characters for a comment).
 */
#ifndef CHATSPEC_REPORTS_MARKDOWN_H
#define CHATSPEC_REPORTS_MARKDOWN_H

#include "reports/compare.h"
#include "reports/report.h"

#define CS_MARKDOWN_MAX ((size_t)60000) /* bytes of a whole document */

/* A run: the verdict, a table of the areas in which something is not as it should be, and each case
 * of them by requirement, with one line of why and the command that runs it again. */
void cs_report_markdown(const struct cs_report *report, struct cs_buf *out);

/* What changed between two reports, regressions first. Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_compare_markdown(const struct cs_read_report *older,
                                            const struct cs_read_report *newer,
                                            const struct cs_requirements *set, struct cs_buf *out);

/* Several versions side by side: what changed from each to the next, the newest step first, and
 * then a table of areas by version. See cs_versions_table for the reports. Errors:
 * CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_versions_markdown(const struct cs_report *reports, size_t n,
                                             const struct cs_requirements *set, struct cs_buf *out);

#endif
