/* Performance figures, as ratios against a peer that is measured in the same run.
 *
 * Machines are shared and noisy: a figure alone says little, so each is taken in pairs, ours and
 * the peer's turn about, and what is reported is the median of the pairs' ratios with their spread.
 */
#ifndef CHATSPEC_BENCH_BENCH_H
#define CHATSPEC_BENCH_BENCH_H

#include "wire/bytes.h"

#define CS_BENCH_PAIRS     5u /* at least so many, whatever is asked for */
#define CS_BENCH_PAIRS_MAX 99u

struct cs_bench; /* one run of benchmarks and what it found */

/* One side of a comparison. `once` does the work once and gives its figure in the unit of the
 * comparison. Errors, with diag: whatever went wrong; CS_ERR_MISSING: the peer is not on this
 * machine, which is told and fails nothing. */
struct cs_bench_side {
    const char *name; /* "chatspec", "simdjson 3.0.1" */
    enum cs_err (*once)(void *ctx, double *ret_figure, struct cs_diag *diag);
    void *ctx;
};

/* What is compared, and what is wanted of it. */
struct cs_bench_spec {
    const char *name; /* "reader/simdjson" */
    const char *what; /* one line: "64 MB of text deltas, whole buffer" */
    const char *unit; /* "MB/s", "ms", "bytes" */
    bool lower_is_better;
    double want;  /* how many times better than the peer ours has to be; 0: no target */
    double gross; /* the same for a short run, far below any noise; 0: the half of `want` */
};

/* Measures both sides in pairs, each once before the first for warmth, and takes down the
 * result. False when a side failed or something was out of memory: told already. */
bool cs_bench_pair(struct cs_bench *bench, const struct cs_bench_spec *spec,
                   const struct cs_bench_side *ours, const struct cs_bench_side *peer);

/* A figure that has a bound and no peer: bytes per subscriber, events lost. `bound` is the most
 * (lower_is_better) or the least that it may be; `want` and `gross` are not looked at. */
bool cs_bench_bound(struct cs_bench *bench, const struct cs_bench_spec *spec, double figure,
                    double bound);

/* A figure for the table alone. */
bool cs_bench_note(struct cs_bench *bench, const struct cs_bench_spec *spec, double figure);

/* Is the comparison of that name asked for? For work that comes before one. */
bool cs_bench_wants(const struct cs_bench *bench, const char *name);
/* Short runs: a tenth of the work or less, and the gross ratio only. */
bool cs_bench_is_short(const struct cs_bench *bench);
uint64_t cs_bench_seed(const struct cs_bench *bench);
/* Where programs that take part are: the folder of the checkout. */
const char *cs_bench_home(const struct cs_bench *bench);
/* Says on stderr what is being done, when that is a terminal or lasts long. */
void cs_bench_say(struct cs_bench *bench, const char *fmt, ...) CS_PRINTF(2, 3);
/* What a figure needs is not on this machine: told, and fails nothing. */
void cs_bench_absent(struct cs_bench *bench, const struct cs_bench_spec *spec,
                     const struct cs_diag *diag);
/* Something of ours went wrong: told at the end, and the run fails. */
void cs_bench_trouble(struct cs_bench *bench, const char *name, const struct cs_diag *diag);

/* Seconds of a clock that only goes forward. */
double cs_bench_now(void);
/* Seconds of the processor that this program has had: for work in memory alone, on a machine that
 * others use. */
double cs_bench_processor(void);

/* A group of benchmarks, one file each. */
struct cs_bench_group {
    const char *name;  /* "reader": the first part of its comparisons' names */
    const char *title; /* one line */
    void (*run)(struct cs_bench *bench);
};
extern const struct cs_bench_group cs_bench_append;
extern const struct cs_bench_group cs_bench_reader;
extern const struct cs_bench_group cs_bench_endpoint;
extern const struct cs_bench_group cs_bench_suite;
extern const struct cs_bench_group cs_bench_soak;
extern const struct cs_bench_group cs_bench_fuzz;

#endif
