/* Inside the bench: what was found, and its writers. */
#ifndef CHATSPEC_BENCH_RESULT_H
#define CHATSPEC_BENCH_RESULT_H

#include "bench/bench.h"

/* Of several figures. */
struct cs_bench_spread {
    double median;
    double least;
    double most;
};

enum cs_bench_state {
    CS_BENCH_MET,
    CS_BENCH_MISSED,
    CS_BENCH_NO_TARGET,
    CS_BENCH_NO_PEER,
    CS_BENCH_FAILED
};

struct cs_bench_result {
    char *name;
    char *what;
    char *unit;
    char *our_name;
    char *peer_name; /* NULL: a figure with a bound, or alone */
    char *trouble;   /* why there is no figure; NULL: there is one */
    unsigned n_pairs;
    struct cs_bench_spread ours;
    struct cs_bench_spread peer;
    struct cs_bench_spread ratio; /* how many times better ours is; with a bound: of the bound */
    bool lower_is_better;
    double want; /* 0: no target */
    double bound;
    bool has_bound;
    enum cs_bench_state state;
};

struct cs_bench_report {
    struct cs_bench_result *items;
    size_t n;
    bool is_short;
    uint64_t seed;
    const char *machine; /* "2 processors, Linux 6.1" */
};

struct cs_bench_spread cs_bench_spread_of(double *figures, size_t n);
void cs_bench_report_free(struct cs_bench_report *report);
/* Did a target fail, or a side? */
bool cs_bench_report_ok(const struct cs_bench_report *report);

void cs_bench_table(const struct cs_bench_report *report, struct cs_buf *out);
void cs_bench_json(const struct cs_bench_report *report, struct cs_buf *out);

#endif
