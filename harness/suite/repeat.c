#include "suite/repeat.h"

#include <stdlib.h>

#define SEED_LIMIT (UINT64_C(1) << 53) /* as for any seed: every JSON reader gets it right */

uint64_t cs_repeat_seed(uint64_t seed, unsigned round)
{
    return (seed + round - 1) % SEED_LIMIT;
}

bool cs_repeat_is_flaky(const struct cs_repeat *repeat)
{
    unsigned kinds = 0;
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        kinds += repeat->n_verdicts[v] > 0;
    }
    return kinds > 1;
}

size_t cs_repeat_n_flaky(const struct cs_repeat *repeats, size_t n)
{
    size_t n_flaky = 0;
    for (size_t i = 0; repeats && i < n; i++) {
        n_flaky += cs_repeat_is_flaky(&repeats[i]);
    }
    return n_flaky;
}

void cs_repeat_describe(const struct cs_repeat *repeat, struct cs_buf *out)
{
    unsigned n_rounds = 0;
    unsigned most = 0;
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        n_rounds += repeat->n_verdicts[v];
        most = repeat->n_verdicts[v] > most ? repeat->n_verdicts[v] : most;
    }
    cs_buf_printf(out, "%u of %u rounds differ (", n_rounds - most, n_rounds);
    const char *between = "";
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        if (repeat->n_verdicts[v] > 0) {
            cs_buf_printf(out, "%s%u %s", between, repeat->n_verdicts[v],
                          cs_verdict_name((enum cs_verdict)v));
            between = ", ";
        }
    }
    cs_buf_char(out, ')');
}

void cs_repeat_free(struct cs_repeat *repeat)
{
    cs_result_free(&repeat->different);
}

static void count(const struct cs_result *results, size_t n, struct cs_repeat *repeats)
{
    for (size_t i = 0; i < n; i++) {
        repeats[i].n_verdicts[results[i].verdict] += results[i].done;
    }
}

/* Keeps of a later round what is new, and frees the rest. */
static void fold(const struct cs_result *first, struct cs_result *later, size_t n, unsigned round,
                 uint64_t seed, struct cs_repeat *repeats)
{
    count(later, n, repeats);
    for (size_t i = 0; i < n; i++) {
        struct cs_repeat *repeat = &repeats[i];
        if (later[i].done && first[i].done && later[i].verdict != first[i].verdict &&
            !repeat->different.done) {
            repeat->different = later[i];
            repeat->different_round = round;
            repeat->different_seed = seed;
        } else {
            cs_result_free(&later[i]);
        }
        later[i] = (struct cs_result){0};
    }
}

enum cs_err cs_run_rounds(const struct cs_work *work, size_t n,
                          const struct cs_run_options *options, unsigned n_rounds, unsigned *round,
                          struct cs_result *results, struct cs_repeat *repeats,
                          struct cs_run_summary *ret_summary, struct cs_diag *diag)
{
    *round = 1;
    enum cs_err err = cs_run(work, n, options, results, ret_summary, diag);
    count(results, n, repeats);
    struct cs_result *later = n_rounds > 1 ? calloc(n ? n : 1, sizeof *later) : NULL;
    if (n_rounds > 1 && !later) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    while (err == CS_OK && *round < n_rounds && !ret_summary->interrupted &&
           !ret_summary->trouble[0]) {
        struct cs_run_options next = *options;
        struct cs_run_summary summary;
        ++*round;
        next.seed = cs_repeat_seed(options->seed, *round);
        err = cs_run(work, n, &next, later, &summary, diag);
        fold(results, later, n, *round, next.seed, repeats);
        ret_summary->interrupted = summary.interrupted;
        memcpy(ret_summary->trouble, summary.trouble, sizeof summary.trouble);
    }
    free(later);
    return err;
}
