/* What changed between two reports: verdicts, and the observations behind them. */
#ifndef CHATSPEC_REPORTS_COMPARE_H
#define CHATSPEC_REPORTS_COMPARE_H

#include "reports/report_read.h"
#include "suite/requirement.h"

/* What became of a case, in the order in which it is told. */
enum cs_change_kind {
    CS_CHANGE_NONE,
    CS_CHANGE_REGRESSION,
    CS_CHANGE_FIX,
    CS_CHANGE_OBSERVATION,
    CS_CHANGE_UNJUDGED,
    CS_CHANGE_JUDGED,
    CS_CHANGE_NEW,
    CS_CHANGE_REMOVED
};
#define CS_N_CHANGES 8

struct cs_change {
    enum cs_change_kind kind;
    const struct cs_read_case *older; /* NULL: only the newer report has it */
    const struct cs_read_case *newer; /* NULL: only the older one */
};

/* Goes over the cases of both reports by id; start with a and b at 0. */
struct cs_changes {
    const struct cs_read_report *older;
    const struct cs_read_report *newer;
    size_t a;
    size_t b;
};

/* False at the end. */
bool cs_changes_next(struct cs_changes *changes, struct cs_change *ret_change);
/* "Regressions" and the like. */
const char *cs_change_heading(enum cs_change_kind change);
/* True for what a case notes about who the peer is ("peer.version"), which is no change of it. */
bool cs_observation_is_about_peer(const char *name);

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

/* Counts, and appends what changed, in the order of the list above, for people; each with why it
 * matters as far as `set` says it (NULL: without). */
struct cs_comparison cs_compare(const struct cs_read_report *older,
                                const struct cs_read_report *newer,
                                const struct cs_requirements *set, struct cs_buf *out);

/* The same as JSON: an object of the counts, and one of each case that changed. Errors:
 * CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_compare_json(const struct cs_read_report *older,
                                        const struct cs_read_report *newer,
                                        const struct cs_requirements *set, struct cs_buf *out);

#define CS_COMPARE_SCHEMA "chatspec-compare/1"
/* Both reports and what changed as one JSON document, as compare.schema.json describes it. */
CS_MUST_USE enum cs_err cs_compare_document(const struct cs_read_report *older,
                                            const struct cs_read_report *newer,
                                            const struct cs_requirements *set, struct cs_buf *out);

#endif
