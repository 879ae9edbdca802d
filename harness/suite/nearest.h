/* The names that someone may have meant: for misspelt ids, commands, options and globs. */
#ifndef CHATSPEC_SUITE_NEAREST_H
#define CHATSPEC_SUITE_NEAREST_H

#include <stddef.h>

#define CS_NEAREST_MAX 3

/* The candidates nearest to `word`, nearest first, and how many there are (0 to CS_NEAREST_MAX).
 * Letters compare without case. Near is one that holds the word as a part ("cross-session" finds
 * "endpoint/token/cross-session"), or one that a few slips turn into it: a letter added, left out,
 * replaced, or exchanged with its neighbour, at most one slip for four letters and one more. At
 * equal distance the order of the candidates stays. Words longer than 255 bytes are near nothing.
 * The `*` and `?` of a glob are left out of the word. */
size_t cs_nearest(const char *const *candidates, size_t n_candidates, const char *word,
                  const char *ret_nearest[CS_NEAREST_MAX]);

#endif
