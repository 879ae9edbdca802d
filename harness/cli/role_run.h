/* What the commands that run a role have in common: select, run, report, exit status. */
#ifndef CHATSPEC_CLI_ROLE_RUN_H
#define CHATSPEC_CLI_ROLE_RUN_H

#include "cli/options.h"
#include "reports/report.h"

/* One role and the subject that it is run against. */
struct cs_role_subject {
    const struct cs_role *role;
    const void *env;
    const char *version; /* of an SDK: it is held to that version where no --profile says another;
                            NULL, or no version from 4.5.0 on: to the newest */
};

struct cs_role_run {
    const struct cs_role_subject *subjects;
    size_t n_subjects;
    const char *command; /* for rerun lines: "./chatspec endpoint --url ..." */
    struct cs_report_peer peer;
    unsigned default_jobs; /* 0: 16 */
    bool trouble_is_told;  /* that the subject is not there has been said already */
};

/* Things of a run that can be wrong before anything is started: unknown globs, a report that cannot
 * be written. To be made before a subject is. */
struct cs_role_plan;

/* Reads selection, reports and the other options. On failure says why and gives the exit status;
 * 0 with *ret_plan otherwise. */
CS_MUST_USE int cs_role_plan_new(const struct cs_args *args, const struct cs_role *const *roles,
                                 size_t n_roles, struct cs_role_plan **ret_plan);
void cs_role_plan_free(struct cs_role_plan *plan);

/* True when a case of that role was selected, be it in another shard. */
bool cs_role_plan_has(const struct cs_role_plan *plan, const struct cs_role *role);

/* How many of its cases will run against something that offers this (CS_NEEDS_... bits). */
size_t cs_role_plan_count(const struct cs_role_plan *plan, const struct cs_role *role,
                          unsigned offers);
/* How many run side by side, unless the subject has a default of its own. */
unsigned cs_role_plan_jobs(const struct cs_role_plan *plan);

/* Runs the plan, writes the reports, and gives the exit status of the program. */
int cs_role_plan_run(struct cs_role_plan *plan, const struct cs_role_run *run);

/* --fail-on: says what is wrong with it and gives the exit status, or gives 0. */
CS_MUST_USE int cs_check_outcome_options(const struct cs_args *args);
bool cs_fails_on_should(const struct cs_args *args);

/* A seed for when none was given. */
uint64_t cs_fresh_seed(void);
/* True when text for people may be coloured. */
bool cs_may_color(const struct cs_args *args, int fd);

#endif
