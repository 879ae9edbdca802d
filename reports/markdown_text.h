/* Text of a peer inside Markdown as GitHub and GitLab read it: no markup, no HTML, no mention of
 * anybody, no link, no end of a table's cell comes of it.
 */
#ifndef CHATSPEC_REPORTS_MARKDOWN_TEXT_H
#define CHATSPEC_REPORTS_MARKDOWN_TEXT_H

#include "wire/bytes.h"

/* Appends about `max` bytes of it as running text on one line. */
void cs_markdown_text(const char *text, size_t max, struct cs_buf *out);
/* As a code span on one line, in which nothing is read as anything; not for a table, whose cells a
 * '|' ends even there. Of an empty text: "-". */
void cs_markdown_code(const char *text, size_t max, struct cs_buf *out);
/* As an HTML element of plain text, all on one line, for where HTML stands: in it nothing is read
 * as Markdown. */
void cs_markdown_pre(const char *text, size_t max, struct cs_buf *out);

#endif
