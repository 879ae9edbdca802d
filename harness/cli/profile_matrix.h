/* Profiles against each other: the built-in endpoint as a server of each version, held to each
 * version, and whether exactly the documented differences show.
 */
#ifndef CHATSPEC_CLI_PROFILE_MATRIX_H
#define CHATSPEC_CLI_PROFILE_MATRIX_H

#include "suite/profile.h"
#include "suite/runner.h"

/* Cells lie held-to by served by case: cells[(held * n_profiles + served) * n_cases + row]. */
struct cs_profile_matrix {
    const struct cs_case *const *cases;
    size_t n_cases;
    const struct cs_profile *profiles;
    size_t n_profiles;
    const struct cs_result *cells;
};

struct cs_profile_counts {
    size_t n_own_bad;    /* cases that do not hold for a server of their own version */
    size_t n_expected;   /* requirements that differ between the two versions of a pair and have a
                            case that was judged */
    size_t n_shown;      /* those of them that a case shows */
    size_t n_silent;     /* those that none does */
    size_t n_blocked;    /* pairs in which a case could not get to its point */
    size_t n_unexpected; /* cases that show a difference where none is documented */
};

/* Counts, and appends a table of the pairs and a line for each thing that is not as it should be.
 */
struct cs_profile_counts cs_profile_matrix_judge(const struct cs_profile_matrix *matrix,
                                                 struct cs_buf *out);
bool cs_profile_matrix_is_good(const struct cs_profile_counts *counts);

#endif
