/* The versions of a requirement in words. The catalogues write them in a notation of their own
 * (">=4.5.11 (not 4.5.9)", "srv", "T >=4.6.0"), which each explains in its `versions`; who reads a
 * report has not read that. */
#ifndef CHATSPEC_SUITE_VERSION_WORDS_H
#define CHATSPEC_SUITE_VERSION_WORDS_H

#include "suite/requirement.h"
#include "wire/bytes.h"

/* Appends `item->versions` in words: "from 4.5.11 on (not yet in 4.5.9; ...)". Code in `backticks`
 * stays as it is. Appends nothing where the catalogue says nothing of versions ("-"). */
void cs_version_words(const struct cs_requirement *item, struct cs_buf *out);

#endif
