/* Inside the bench: a run. */
#ifndef CHATSPEC_BENCH_RUN_H
#define CHATSPEC_BENCH_RUN_H

#include "bench/result.h"

struct cs_bench {
    struct cs_bench_report report;
    unsigned n_pairs;
    const char *home;
    const char *group; /* that is running */
    const char *only;  /* glob of comparisons' names; NULL: all */
    bool no_memory;
};

#endif
