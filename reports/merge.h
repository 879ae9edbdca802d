/* Several reports made one: the shards of a run, or runs of disjoint cases. */
#ifndef CHATSPEC_REPORTS_MERGE_H
#define CHATSPEC_REPORTS_MERGE_H

#include "reports/report_load.h"

/* The whole. It borrows texts of its parts, which have to outlive it, and has taken their results:
 * what is left of a part can only be freed. */
struct cs_merged_report {
    struct cs_report report; /* cases sorted by id */
    struct cs_work *work;
    struct cs_result *results;
    struct cs_repeat *repeats;
    struct cs_report_origin *origins;
    bool is_proven; /* nothing is missing: one report, or all shards of one selection */
};

/* Merges; `labels` name the parts for people, n is 1 at least.
 *
 * All must be of the same suite, profile and peer, of one run of each case or of the same number of
 * rounds. Seeds may differ: each case keeps its own. Shards must be of one selection and command,
 * each there once and none missing (but those that are empty because there are more shards than
 * cases), and what they ran must be the selection, or be short of it only because one was
 * interrupted: the whole is then interrupted too. Reports that are no shards must have no case in
 * common. A shard and one that is none do not merge.
 *
 * The whole began with the first part and lasted as long as the longest, as for shards side by
 * side. Errors: CS_ERR_USAGE (they do not fit; diag says which), CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_reports_merge(struct cs_stored_report *parts, const char *const *labels,
                                         size_t n, struct cs_merged_report *ret_merged,
                                         struct cs_diag *diag);
void cs_merged_report_free(struct cs_merged_report *merged);

#endif
