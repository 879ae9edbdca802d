/* The HTML report: one page that needs nothing beside it, made of the files in page/ and of the
 * JSON documents that it shows.
 *
 * The documents stand in <script type="application/json">, which a browser does not run, with every
 * byte escaped that could end such an element or mislead a reader. A policy in the page (CSP)
 * forbids every connection, and every script and style but its own two, by their hashes. The script
 * makes text of the data and nothing else.
 */
#ifndef CHATSPEC_REPORTS_HTML_H
#define CHATSPEC_REPORTS_HTML_H

#include "reports/compare.h"
#include "reports/report.h"

/* A page is open, data, ..., close, all to the same `out`, whose failure the caller checks. */
void cs_html_open(struct cs_buf *out);
/* One JSON text as an element of that class; "null" when `json` is empty. Bytes that are no valid
 * UTF-8 become "\xNN", control and bidirectional characters are escaped. */
void cs_html_data(struct cs_buf *out, const char *class, struct cs_view json);
void cs_html_close(struct cs_buf *out);

/* Appends as JSON what the catalogue says of each requirement whose `used` is true (an array along
 * set->items): an object by id. */
void cs_html_requirements(const struct cs_requirements *set, const bool *used, struct cs_buf *out);

/* Appends the page of one run; see cs_report_json. */
void cs_report_html(const struct cs_report *report, struct cs_buf *out);
/* The page of several versions side by side; see cs_versions_json. Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_versions_html(const struct cs_report *reports, size_t n,
                                         const struct cs_requirements *set, struct cs_buf *out);
/* The page of what changed between two reports; see cs_compare_json. Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_compare_html(const struct cs_read_report *older,
                                        const struct cs_read_report *newer,
                                        const struct cs_requirements *set, struct cs_buf *out);

#endif
