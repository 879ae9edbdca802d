/* Breaking text to the width of a terminal, between words. */
#ifndef CHATSPEC_REPORTS_WRAP_H
#define CHATSPEC_REPORTS_WRAP_H

#include "wire/bytes.h"

/* Appends the lines of `text`, each with `indent` and, where it is over `columns` wide, broken,
 * with the indent and its own leading spaces before each part. A word that is longer is not broken.
 * With `columns` under 20, no line is. Every character counts as one column, which is wrong for
 * wide ones, and does no harm: the terminal breaks those lines. */
void cs_wrap(struct cs_view text, const char *indent, size_t columns, struct cs_buf *out);

#endif
