/* What the campaign changes and crosses: the streams of files, such as the corpus of our own
 * targets where that is at hand, and those of the vectors. */
#ifndef CHATSPEC_DECODE_SEEDS_H
#define CHATSPEC_DECODE_SEEDS_H

#include "wire/bytes.h"

struct cs_seeds {
    struct cs_buf *streams;
    size_t n;
    size_t n_files; /* those at the start that came from files */
};

/* `paths` are files and folders as of cs_streams_each, in that order so that a seed number means
 * the same run everywhere; NULL ends them, or stands for none. What is not there is passed over.
 * Errors: as cs_vectors_each and cs_streams_each; what was kept is to be freed all the same. */
CS_MUST_USE enum cs_err cs_seeds_load(const char *const *paths, struct cs_seeds *ret_seeds,
                                      struct cs_diag *diag);
void cs_seeds_free(struct cs_seeds *seeds);

#endif
