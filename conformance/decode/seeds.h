/* What the campaign changes and crosses: the streams of the vectors, and those of the corpus of our
 * own targets where that is at hand. */
#ifndef CHATSPEC_DECODE_SEEDS_H
#define CHATSPEC_DECODE_SEEDS_H

#include "wire/bytes.h"

#define CS_SEEDS_MAX 1024

struct cs_seeds {
    struct cs_buf streams[CS_SEEDS_MAX];
    size_t n;
};

/* `corpus` is a folder such as corpus/ of this project, or NULL; one that is not there is none.
 * Errors: as cs_vectors_each. */
CS_MUST_USE enum cs_err cs_seeds_load(const char *corpus, struct cs_seeds *ret_seeds,
                                      struct cs_diag *diag);
void cs_seeds_free(struct cs_seeds *seeds);

#endif
