/* Annotations as GitHub reads them from a job's output. It shows ten of each kind per step: the
 * first nine are written, and one that counts the rest.
 */
#ifndef CHATSPEC_REPORTS_GITHUB_H
#define CHATSPEC_REPORTS_GITHUB_H

#include "reports/compare.h"
#include "reports/report.h"

enum cs_annotation {
    CS_ANNOTATE_ERROR,
    CS_ANNOTATE_WARNING,
    CS_ANNOTATE_NOTICE
};
#define CS_N_ANNOTATIONS     3
#define CS_ANNOTATIONS_SHOWN 10u /* of each kind */

/* How many of n are written beside the one that counts the rest. */
size_t cs_annotations_room(size_t n);
/* "error", "warning", "notice" */
const char *cs_annotation_name(enum cs_annotation kind);
/* Appends about `max` bytes of a text as part of a message, or of a property. */
void cs_annotation_text(const char *text, size_t max, bool is_property, struct cs_buf *out);
/* The ones that count what was not written. */
void cs_annotations_rest(const size_t n[CS_N_ANNOTATIONS], struct cs_buf *out);

/* What changed between two reports: regressions are errors, what is not judged any more a warning,
 * the rest notices. */
void cs_compare_github(const struct cs_read_report *older, const struct cs_read_report *newer,
                       const struct cs_requirements *set, struct cs_buf *out);

/* The same of the last version and the one before it that is there; see cs_versions_changes.
 * Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_versions_github(const struct cs_report *reports, size_t n,
                                           const struct cs_requirements *set, struct cs_buf *out);

/* A job's output is read for commands, and a page may hold a line of the peer's that looks like
 * one: appends the page between two lines within which none is obeyed. Errors: CS_ERR_IO (no random
 * bytes), and those of the page. */
CS_MUST_USE enum cs_err cs_github_page(const struct cs_buf *page, struct cs_buf *out);

#endif
