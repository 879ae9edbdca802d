/* The kill matrix: every case against the plain peer, against each violation and against each null
 * peer, and what follows from it about the cases.
 */
#ifndef CHATSPEC_CLI_MATRIX_H
#define CHATSPEC_CLI_MATRIX_H

#include "suite/runner.h"

/* A violation as the matrix sees it; the endpoint's and the client's are told in it alike. */
struct cs_matrix_violation {
    const char *id;
    const char *requirements; /* what it breaks: ids divided by spaces */
    const char *noticed_by; /* ids of the cases that must fail; NULL: all that list one of those */
    const char *affects;    /* ids (globs) of others that fail too; or NULL */
};

/* True when the case must fail under the violation. */
bool cs_matrix_is_expected(const struct cs_matrix_violation *violation, const struct cs_case *test);
/* True when the case lists a requirement that the violation breaks. */
bool cs_matrix_is_claimed(const struct cs_matrix_violation *violation, const struct cs_case *test);

/* True when the result is a complaint, given that of the plain peer (the same one for `violation`
 * NULL): a kill that is missing, collateral, or a case that the plain peer does not pass. */
bool cs_matrix_is_complaint(const struct cs_matrix_violation *violation, const struct cs_case *test,
                            const struct cs_result *plain, const struct cs_result *result);

/* Cells lie column by column, n_cases to each: first the plain peer, then one column per violation,
 * then one per null peer. The first and the last ones are complete, and so are the pairs of a
 * violation and a case that must fail under it; other cells may be empty. */
struct cs_matrix {
    const struct cs_case *const *cases;
    size_t n_cases;
    const struct cs_case *const *claimants; /* cases that may claim a violation, those of other */
    size_t n_claimants;                     /* shards too; NULL: `cases` */
    const struct cs_matrix_violation *violations;
    size_t n_violations;
    const char *const *nulls; /* their names */
    size_t n_nulls;
    const struct cs_result *const *cells; /* NULL: was not run */
    bool is_partial;     /* some violations are left out: no case can be called toothless */
    bool interrupted;    /* what was not run is not counted */
    bool claims_unknown; /* and so are cases: no violation can be called unclaimed */
};

struct cs_matrix_counts {
    size_t n_judged;      /* cases that pass (or inform) against the plain peer */
    size_t n_left_out;    /* cases that were skipped there: nothing can be said of them */
    size_t n_plain_bad;   /* cases that neither pass nor are skipped there */
    size_t n_expected;    /* pairs of a violation and a case that must fail under it */
    size_t n_kills;       /* those that the case noticed */
    size_t n_survivors;   /* those that it did not */
    size_t n_others;      /* pairs of a violation and another judged case that were run */
    size_t n_blocked;     /* those that ended in error: the case could not get to its point */
    size_t n_collateral;  /* those that failed without being named in `affects` */
    size_t n_toothless;   /* judged MUST and SHOULD cases that fail under no violation at all */
    size_t n_unclaimed;   /* violations whose requirement no case lists */
    size_t n_null_passes; /* pairs of a null peer and a case that passes for it */
};

/* Counts, and appends a line for each thing that is not as it should be, with a heading per kind.
 */
struct cs_matrix_counts cs_matrix_judge(const struct cs_matrix *matrix, struct cs_buf *out);
/* True when there is at least one judged case and nothing to complain about. */
bool cs_matrix_is_good(const struct cs_matrix_counts *counts);

#endif
