/* What changed between two reports: verdicts, and the observations behind them. */
#ifndef CHATSPEC_REPORTS_COMPARE_H
#define CHATSPEC_REPORTS_COMPARE_H

#include "reports/report_read.h"

struct cs_comparison {
    size_t n_same;         /* cases with the same verdict and the same observations */
    size_t n_regressions;  /* that were as they should be and are not, or got worse */
    size_t n_fixes;        /* the other way round */
    size_t n_observations; /* cases whose verdict is the same, and that observed something else */
    size_t n_unjudged;     /* cases that were judged and are skipped now */
    size_t n_judged;       /* cases that were skipped and are judged now */
    size_t n_new;          /* cases that only the newer report has */
    size_t n_removed;      /* cases that only the older one has */
};

/* Counts, and appends what changed, in the order of the list above, for people. */
struct cs_comparison cs_compare(const struct cs_read_report *older,
                                const struct cs_read_report *newer, struct cs_buf *out);

#endif
