/* What the Markdown writers share: pieces that are added whole or counted. */
#ifndef CHATSPEC_REPORTS_MARKDOWN_PART_H
#define CHATSPEC_REPORTS_MARKDOWN_PART_H

#include "reports/compare.h"
#include "reports/report.h"

#define CS_MARKDOWN_LINE 300 /* bytes of a peer's text on a line */

/* Pieces that go to `out` as long as it stays under `limit` bytes. */
struct cs_markdown_page {
    struct cs_buf *out;
    size_t limit;
    size_t n_left_out;
};

/* Appends the piece whole and empties it, or counts it as left out. */
void cs_markdown_add(struct cs_markdown_page *page, struct cs_buf *piece);
/* Says how many pieces were left out, where there were any; the count starts afresh. */
void cs_markdown_left_out(struct cs_markdown_page *page, const char *what);

/* The sections of what changed; headings are of that level ("###"). */
void cs_markdown_changes(struct cs_markdown_page *page, const struct cs_read_report *older,
                         const struct cs_read_report *newer, const struct cs_requirements *set,
                         const char *level);

/* The cases that the list of expected failures names, where it holds. */
void cs_markdown_expected(struct cs_markdown_page *page, const struct cs_report *report);

/* How many cases changed in each way, as a paragraph. */
void cs_markdown_counts(const struct cs_comparison *counts, struct cs_buf *out);

/* "✅" and the like. */
const char *cs_markdown_glyph(enum cs_verdict verdict);

#endif
