/* --expect FILE and --update-expect: the list of expected failures around a run. */
#ifndef CHATSPEC_CLI_EXPECT_OPTION_H
#define CHATSPEC_CLI_EXPECT_OPTION_H

#include "cli/options.h"
#include "reports/expect.h"
#include "reports/output_file.h"

/* A zeroed struct is that of a run without --expect. */
struct cs_expect_option {
    const char *path; /* NULL: there is none */
    struct cs_expect list;
    struct cs_output_file file; /* of an update; its path is NULL else */
    bool is_missing;            /* the update makes the file */
};

/* A report and its own results, to be written to. */
struct cs_expect_target {
    struct cs_report *report;
    struct cs_result *results;
};

/* Reads the list, and opens it for an update, before anything is run. Each entry must name a case
 * or a requirement of this program or, where `stored` is not NULL, a case of that report: a
 * misspelt name would quietly expect nothing. On failure says why and gives the exit status with
 * nothing left open; 0 otherwise. */
CS_MUST_USE int cs_expect_option_open(const struct cs_args *args, const struct cs_report *stored,
                                      struct cs_expect_option *ret_option);
/* Says in all results what the list says of them. An update is made unless a run was interrupted;
 * the results are then held against the new list. `by_version`: new entries name versions. Gives 0,
 * or says what went wrong and gives the exit status. */
CS_MUST_USE int cs_expect_option_apply(struct cs_expect_option *option,
                                       struct cs_expect_target *targets, size_t n, bool by_version,
                                       bool fail_on_should);
void cs_expect_option_close(struct cs_expect_option *option);

#endif
