/* Runs cases: a child process each, side by side, with deadlines; nothing a case does ends the run.
 *
 * Each child leads a process group of its own, which is killed whole when the case is over, so that
 * nothing a case started outlives it. Single-threaded; everything waits on descriptors.
 */
#ifndef CHATSPEC_SUITE_RUNNER_H
#define CHATSPEC_SUITE_RUNNER_H

#include <signal.h>

#include "suite/result.h"

struct cs_profile;

/* One case against one subject. */
struct cs_work {
    const struct cs_role *role;
    const struct cs_case *test;
    const void *env; /* the role's; items with the same role and env share a subject */
    const struct cs_profile *profile; /* what the subject is held to; NULL: whatever it is */
};

struct cs_progress {
    size_t n_total;
    size_t n_done;
    size_t n_running;
    size_t n_verdicts[CS_N_VERDICTS];
    size_t slowest;     /* index of the item that has run longest, or SIZE_MAX */
    int64_t slowest_ms; /* for how long */
    char waits_for[64]; /* what the peer makes cases wait for, or empty */
};

struct cs_run_options {
    unsigned jobs;      /* side by side; 0: 1 */
    unsigned timeout_s; /* instead of each case's own; 0: the case's own */
    uint64_t seed;
    bool include_long;                 /* run cases that need CS_NEEDS_LONG */
    bool drop_evidence;                /* for runs of thousands of which only the verdicts count */
    const volatile sig_atomic_t *stop; /* not 0: end the run; NULL: never */
    /* All may be NULL. on_result comes once per item, in the order in which they end; on_tick a few
     * times per second. */
    void (*on_start)(void *ctx, size_t index);
    void (*on_result)(void *ctx, size_t index, const struct cs_result *result);
    void (*on_tick)(void *ctx, const struct cs_progress *progress);
    void *ctx;
};

struct cs_run_summary {
    size_t n_verdicts[CS_N_VERDICTS];
    size_t n_known[CS_N_VERDICTS];    /* of these, known defects (suite/defect.h) */
    size_t n_expected[CS_N_VERDICTS]; /* of these, expected failures that are no known defects */
    size_t n_unexpected_passes;       /* against the list of expected failures */
    size_t n_over;                    /* listed until a day that is past */
    size_t n_done;                    /* of all items */
    size_t n_judged;                  /* that ended in pass, fail, warn or info */
    bool interrupted;
    /* What the first subject that could not be worked with is like; empty when all could. */
    char trouble[CS_DIAG_TEXT_MAX + 64];
};

#define CS_RUN_DESCRIPTORS_LEAST 64u

/* Runs all items and fills `results` (n zeroed structs, in the order of `work`; the caller frees
 * each). An item whose subject is dead, or lacks what the case needs, gets its verdict at once.
 * Errors: CS_ERR_NO_MEMORY, CS_ERR_IO (no descriptors or processes, or a limit of open files below
 * CS_RUN_DESCRIPTORS_LEAST that cannot be raised): the results so far stand. */
CS_MUST_USE enum cs_err cs_run(const struct cs_work *work, size_t n,
                               const struct cs_run_options *options, struct cs_result *results,
                               struct cs_run_summary *ret_summary, struct cs_diag *diag);

/* Counts `results`; `interrupted` is left false. */
void cs_run_summarise(const struct cs_result *results, size_t n,
                      struct cs_run_summary *ret_summary);

/* Is a requirement broken (a SHOULD counts when `fail_on_should`) that is neither a known defect
 * nor an expected failure, or does the list of expected failures not fit any more? */
bool cs_run_is_broken(const struct cs_run_summary *summary, bool fail_on_should);

/* The exit status of the program for a run: 0 as expected, 1 broken, as above, 2 every case was
 * skipped, 3 something could not be judged, 130 interrupted. A run that judged nothing is never 0.
 */
int cs_run_exit_status(const struct cs_run_summary *summary, bool fail_on_should);

#endif
