/* What the selftest of every role shares: which cases are tried against which violation, the run,
 * and the matrix. What a role's violations and null peers are is in selftest_ROLE.c.
 */
#ifndef CHATSPEC_CLI_SELFTEST_H
#define CHATSPEC_CLI_SELFTEST_H

#include "cli/live.h"
#include "cli/matrix.h"
#include "cli/options.h"
#include "suite/profile.h"

struct cs_selftest;

/* A role as the selftest sees it. Column 0 is the plain peer, then come the violations that were
 * chosen, then the null peers. */
struct cs_selftest_role {
    const struct cs_role *role;
    const char *plain;        /* what the violations are violations of: "the built-in endpoint" */
    unsigned jobs;            /* side by side, where --jobs does not say */
    uint64_t sample;          /* cases per violation that are tried without any kinship */
    uint64_t one_kin_of;      /* of so many cases with kinship one is tried; 0: all of them */
    size_t columns_at_a_time; /* peers that there are at once */
    size_t n_nulls;
    const char *(*null_name)(size_t null);
    /* The n-th violation of the role; false: there are no more. */
    bool (*violation)(size_t n, struct cs_matrix_violation *ret_violation);
    /* Cases that violations are held against. */
    bool (*is_row)(const struct cs_case *test);
    /* Makes the peers of `n` columns from `first` on, and sets test->envs of each. Says why not. */
    int (*begin)(struct cs_selftest *test, size_t first, size_t n);
    /* False when they are gone and should not be; says so. */
    bool (*is_well)(const struct cs_selftest *test);
    void (*end)(struct cs_selftest *test);
};

struct cs_selftest {
    const struct cs_selftest_role *kind;
    const struct cs_args *args;
    const struct cs_profile *profile;
    const struct cs_case **cases; /* the rows of the matrix */
    size_t n_cases;
    const struct cs_case **all_cases; /* those of the other shards too: what decides which */
    size_t n_all_cases;               /* violations there are, and whether a case claims each */
    struct cs_matrix_violation *violations;
    size_t n_violations;
    size_t n_columns;
    const void **envs;    /* per column: what `begin` made */
    void *state;          /* of `begin` and `end` */
    struct cs_work *work; /* what is run, n_work of n_columns * n_cases cells */
    struct cs_result *results;
    size_t n_work;
    size_t *first_work; /* per column, and one more: where its part of `work` begins */
    const struct cs_result **cells;
    struct cs_live live; /* of all columns together */
    size_t n_again;     /* complaints that were run once more, */
    struct cs_buf calm; /* and those that it took back: a line each */
};

extern const struct cs_selftest_role cs_selftest_endpoint;
extern const struct cs_selftest_role cs_selftest_client;
extern const struct cs_selftest_role cs_selftest_agent;

/* What a column is: at most one of a violation and a null peer. */
const struct cs_matrix_violation *cs_selftest_violation(const struct cs_selftest *test,
                                                        size_t column);
bool cs_selftest_is_null(const struct cs_selftest *test, size_t column, size_t *ret_null);

/* What was selected (`role` and `test` of each are read): those to run, and those of all shards. */
struct cs_selftest_rows {
    const struct cs_work *selected;
    size_t n;
    const struct cs_work *whole;
    size_t n_whole;
};

/* Runs the role's cases among those and prints the matrix; a role that nothing was selected of is
 * passed over. Gives the exit status. */
int cs_selftest_role_run(const struct cs_selftest_role *kind, const struct cs_args *args,
                         const struct cs_profile *profile, const struct cs_selftest_rows *rows);

/* Runs what there is to complain about in `n` columns from `first` on, whose peers are there, once
 * more with next to nothing beside it. A complaint stands when it comes twice: hundreds of
 * thousands of runs, a hundred at a time, meet every delay that a machine has in store. Others are
 * replaced by what the second run says, and named in `calm`. Gives the exit status. */
int cs_selftest_again(struct cs_selftest *test, size_t first, size_t n);

/* How selftests run their work: nothing is kept but verdicts, and the progress is on stderr. */
struct cs_run_options cs_selftest_options(const struct cs_args *args, unsigned jobs,
                                          struct cs_live *live);

#endif
