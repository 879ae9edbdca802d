/* The same run several times over: which cases do not always come to the same verdict. */
#ifndef CHATSPEC_SUITE_REPEAT_H
#define CHATSPEC_SUITE_REPEAT_H

#include "suite/runner.h"

/* What became of one item over all rounds. Only the first round's result (which the runner gives)
 * and the first one that differs from it are kept whole: memory does not grow with the rounds. */
struct cs_repeat {
    unsigned n_verdicts[CS_N_VERDICTS];
    struct cs_result different; /* not done: there was none */
    unsigned different_round;   /* from 1 */
    uint64_t different_seed;    /* of that round */
};

/* Runs all items `n_rounds` times (0: once); each round has the next seed. `results` and
 * *ret_summary are those of the first round, as cs_run gives them, except that an interruption or
 * trouble of any round is told: it ends the run. `repeats` are n zeroed structs; free each with
 * cs_repeat_free. *round says at any time which round is running. Errors: as cs_run. */
CS_MUST_USE enum cs_err cs_run_rounds(const struct cs_work *work, size_t n,
                                      const struct cs_run_options *options, unsigned n_rounds,
                                      unsigned *round, struct cs_result *results,
                                      struct cs_repeat *repeats, struct cs_run_summary *ret_summary,
                                      struct cs_diag *diag);
void cs_repeat_free(struct cs_repeat *repeat);
/* The seed of a round (from 1), `seed` being that of the first. */
uint64_t cs_repeat_seed(uint64_t seed, unsigned round);

/* More than one verdict. */
bool cs_repeat_is_flaky(const struct cs_repeat *repeat);
size_t cs_repeat_n_flaky(const struct cs_repeat *repeats, size_t n);
/* "3 of 300 rounds differ (297 pass, 3 fail)" */
void cs_repeat_describe(const struct cs_repeat *repeat, struct cs_buf *out);

#endif
