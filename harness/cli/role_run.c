#include "cli/role_run.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/expect_option.h"
#include "cli/report_files.h"
#include "cli/role_output.h"
#include "cli/stop.h"
#include "net/http_client.h"
#include "peer/place.h"
#include "suite/profile.h"
#include "suite/select.h"

#define DEFAULT_JOBS 16u
#define MAX_SUBJECTS 4

struct cs_role_plan {
    const struct cs_args *args;
    struct cs_work *work;
    size_t n;
    struct cs_work *whole; /* the selection of which `work` is the shard; NULL: it is all */
    size_t n_whole;
    struct cs_report_shard shard;
    struct cs_expect_option expect;
    struct cs_report_files reports;
    bool include_long;
    bool fail_on_should;
    struct cs_role_output output;
    char *command; /* for rerun lines */
    uint64_t seed;
    struct cs_requirements set;
    struct cs_profile profile;
    struct cs_profile own[MAX_SUBJECTS]; /* of subjects that are held to their own version */
};

uint64_t cs_fresh_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
        seed = (uint64_t)cs_wall_ms();
    }
    return seed >> 32; /* short enough to type */
}

bool cs_may_color(const struct cs_args *args, int fd)
{
    const char *no_color = getenv("NO_COLOR");
    return !args->no_color && !(no_color && no_color[0]) && isatty(fd);
}

bool cs_fails_on_should(const struct cs_args *args)
{
    return args->fail_on && strcmp(args->fail_on, "should") == 0;
}

int cs_check_outcome_options(const struct cs_args *args)
{
    if (args->fail_on && strcmp(args->fail_on, "must") != 0 &&
        strcmp(args->fail_on, "should") != 0) {
        return cs_say(CS_EXIT_USAGE, "--fail-on takes 'must' or 'should', not '%s'", args->fail_on);
    }
    return CS_EXIT_OK;
}

/* ---- before the run ---- */

static int read_profile(struct cs_role_plan *plan)
{
    struct cs_diag diag = {0};
    if (cs_requirements_load(&plan->set, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    }
    if (cs_profile_init(plan->args->profile, &plan->set, &plan->profile, &diag) != CS_OK) {
        return cs_say(CS_EXIT_USAGE, "--profile: %s", diag.text);
    }
    return CS_EXIT_OK;
}

static int read_choices(struct cs_role_plan *plan)
{
    const struct cs_args *args = plan->args;
    for (size_t i = 0; i < args->include.n; i++) {
        if (strcmp(args->include.items[i], "long") != 0) {
            return cs_say(CS_EXIT_USAGE, "--include takes 'long', not '%s'",
                          args->include.items[i]);
        }
        plan->include_long = true;
    }
    int status = cs_check_outcome_options(args);
    if (status != CS_EXIT_OK) {
        return status;
    }
    plan->fail_on_should = cs_fails_on_should(args);
    plan->seed = args->has_seed ? args->seed : cs_fresh_seed();
    return cs_role_output_read(args, &plan->output);
}

/* Which part of what it is: what is needed to run it is decided by the whole, so that all shards
 * have the same peer. */
static int describe_shard(struct cs_role_plan *plan, const struct cs_selection *of_shard,
                          const struct cs_role *const *roles, size_t n_roles)
{
    struct cs_selection selection = *of_shard;
    struct cs_buf why = CS_BUF(4096);
    selection.n_shards = 0;
    enum cs_err err = cs_select(roles, n_roles, &selection, &plan->whole, &plan->n_whole, &why);
    cs_buf_free(&why);
    return err == CS_OK && cs_report_shard_of(plan->whole, plan->n_whole, of_shard->shard,
                                              of_shard->n_shards, &plan->shard)
               ? CS_EXIT_OK
               : cs_say(CS_EXIT_TROUBLE, "out of memory");
}

static int select_cases(struct cs_role_plan *plan, const struct cs_role *const *roles,
                        size_t n_roles)
{
    const struct cs_args *args = plan->args;
    struct cs_selection selection = {.only = args->only.items,
                                     .n_only = args->only.n,
                                     .skip = args->skip.items,
                                     .n_skip = args->skip.n,
                                     .only_group = args->only_group,
                                     .set = &plan->set};
    if (args->shard &&
        cs_shard_parse(args->shard, &selection.shard, &selection.n_shards) != CS_OK) {
        return cs_say(CS_EXIT_USAGE, "--shard takes K/N with 1 <= K <= N, not '%s'", args->shard);
    }
    struct cs_buf why = CS_BUF(4096);
    enum cs_err err = cs_select(roles, n_roles, &selection, &plan->work, &plan->n, &why);
    char *text = cs_buf_take(&why);
    int status = CS_EXIT_OK;
    if (err != CS_OK) {
        bool usage = err == CS_ERR_USAGE && text;
        status =
            cs_say(usage ? CS_EXIT_USAGE : CS_EXIT_TROUBLE, "%s", usage ? text : "out of memory");
    }
    free(text);
    return status == CS_EXIT_OK && selection.n_shards > 0
               ? describe_shard(plan, &selection, roles, n_roles)
               : status;
}

int cs_role_plan_new(const struct cs_args *args, const struct cs_role *const *roles, size_t n_roles,
                     struct cs_role_plan **ret_plan)
{
    struct cs_role_plan *plan = calloc(1, sizeof *plan);
    if (!plan) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    plan->args = args;
    int status = read_choices(plan);
    status = status == CS_EXIT_OK ? read_profile(plan) : status;
    status = status == CS_EXIT_OK ? select_cases(plan, roles, n_roles) : status;
    status = status == CS_EXIT_OK ? cs_report_files_open(args, CS_REPORT_RUN, NULL, &plan->reports)
                                  : status;
    status = status == CS_EXIT_OK ? cs_expect_option_open(args, NULL, &plan->expect) : status;
    if (status != CS_EXIT_OK) {
        cs_role_plan_free(plan);
        return status;
    }
    *ret_plan = plan;
    return CS_EXIT_OK;
}

void cs_role_plan_free(struct cs_role_plan *plan)
{
    if (!plan) {
        return;
    }
    cs_report_files_close(&plan->reports);
    cs_expect_option_close(&plan->expect);
    cs_requirements_free(&plan->set);
    free(plan->command);
    free(plan->whole);
    free(plan->work);
    free(plan);
}

bool cs_role_plan_has(const struct cs_role_plan *plan, const struct cs_role *role)
{
    const struct cs_work *work = plan->whole ? plan->whole : plan->work;
    size_t n = plan->whole ? plan->n_whole : plan->n;
    for (size_t i = 0; i < n; i++) {
        if (work[i].role == role) {
            return true;
        }
    }
    return false;
}

size_t cs_role_plan_count(const struct cs_role_plan *plan, const struct cs_role *role,
                          unsigned offers)
{
    size_t n = 0;
    unsigned there =
        plan->include_long ? offers | CS_NEEDS_LONG : offers & ~(unsigned)CS_NEEDS_LONG;
    for (size_t i = 0; i < plan->n; i++) {
        unsigned needs = plan->work[i].test->needs & ~(unsigned)(CS_TIMING | CS_WAITS);
        n += plan->work[i].role == role && (needs & ~there) == 0;
    }
    return n;
}

unsigned cs_role_plan_jobs(const struct cs_role_plan *plan)
{
    return plan->args->jobs ? (unsigned)plan->args->jobs : DEFAULT_JOBS;
}

/* ---- the run ---- */

/* What the subject is held to. */
static const struct cs_profile *profile_of(struct cs_role_plan *plan, const struct cs_role_run *run,
                                           size_t subject)
{
    const char *version = run->subjects[subject].version;
    struct cs_profile *own = subject < MAX_SUBJECTS ? &plan->own[subject] : NULL;
    if (!own || !version || plan->args->profile) {
        return &plan->profile;
    }
    if (!own->set) {
        char remark[CS_PROFILE_REMARK_MAX];
        cs_profile_of_sdk(version, &plan->set, own, remark);
        if (remark[0]) {
            (void)cs_say(CS_EXIT_OK, "%s", remark);
        }
    }
    return own;
}

static void set_subjects(struct cs_role_plan *plan, const struct cs_role_run *run)
{
    for (size_t s = 0; s < run->n_subjects; s++) {
        const struct cs_profile *profile = profile_of(plan, run, s);
        for (size_t i = 0; i < plan->n; i++) {
            if (plan->work[i].role == run->subjects[s].role) {
                plan->work[i].env = run->subjects[s].env;
                plan->work[i].profile = profile;
            }
        }
    }
}

/* The command, with the program as its user calls it: of an installed one, or from another folder,
 * "./chatspec" is not there. The result is the plan's; the command itself when there is no memory.
 */
static const char *command_of(struct cs_role_plan *plan, const char *command)
{
    static const char written[] = "./chatspec";
    if (strncmp(command, written, sizeof written - 1) != 0) {
        return command;
    }
    free(plan->command);
    if (asprintf(&plan->command, "%s%s", cs_place_called(), command + sizeof written - 1) < 0) {
        plan->command = NULL;
    }
    return plan->command ? plan->command : command;
}

static struct cs_report report_of(struct cs_role_plan *plan, const struct cs_role_run *run)
{
    return (struct cs_report){
        .suite = CHATSPEC_VERSION,
        .profile = profile_of(plan, run, run->n_subjects - 1)->name,
        .command = command_of(plan, run->command),
        .peer = run->peer,
        .started_ms = cs_wall_ms(),
        .seed = plan->seed,
        .work = plan->work,
        .n = plan->n,
        .shard = plan->shard,
        .requirements = &plan->set,
    };
}

static int run_and_report(struct cs_role_plan *plan, const struct cs_role_run *run,
                          struct cs_result *results, struct cs_repeat *repeats)
{
    unsigned n_rounds = plan->args->repeat ? (unsigned)plan->args->repeat : 1;
    struct cs_live *live = &plan->output.live;
    unsigned default_jobs = run->default_jobs ? run->default_jobs : DEFAULT_JOBS;
    const struct cs_run_options options = {
        .jobs = plan->args->jobs ? (unsigned)plan->args->jobs : default_jobs,
        .timeout_s = (unsigned)plan->args->timeout_s,
        .seed = plan->seed,
        .include_long = plan->include_long,
        .stop = cs_stop_flag(),
        .on_result = cs_role_output_result,
        .on_tick = cs_role_output_tick,
        .ctx = &plan->output,
    };
    struct cs_report report = report_of(plan, run);
    struct cs_diag diag = {0};
    int64_t started = cs_now_ms();
    cs_role_output_start(&plan->output, &report, n_rounds);
    enum cs_err err = cs_run_rounds(plan->work, plan->n, &options, n_rounds, &live->round, results,
                                    repeats, &report.summary, &diag);
    report.duration_ms = cs_now_ms() - started;
    report.results = results;
    report.repeats = n_rounds > 1 ? repeats : NULL;
    report.n_rounds = live->round;
    report.interrupted = report.summary.interrupted;
    cs_live_end(live);
    if (err != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the run could not go on: %s", diag.text);
    }
    struct cs_expect_target target = {&report, results};
    int listed = cs_expect_option_apply(&plan->expect, &target, 1, false, plan->fail_on_should);
    int status = cs_report_exit_status(&report, plan->fail_on_should);
    int printed = cs_role_output_end(&plan->output, &report, status);
    int written = cs_report_files_write(&plan->reports, &report);
    if (report.summary.trouble[0] && !run->trouble_is_told) {
        (void)cs_say(CS_EXIT_TROUBLE, "%s", report.summary.trouble);
    }
    if (status == CS_EXIT_OK) {
        status = printed != CS_EXIT_OK ? printed : written;
    }
    return status != CS_EXIT_OK ? status : listed;
}

int cs_role_plan_run(struct cs_role_plan *plan, const struct cs_role_run *run)
{
    struct cs_result *results = calloc(plan->n, sizeof *results);
    struct cs_repeat *repeats = calloc(plan->n, sizeof *repeats);
    if (!results || !repeats) {
        free(results);
        free(repeats);
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    set_subjects(plan, run);
    int status = run_and_report(plan, run, results, repeats);
    for (size_t i = 0; i < plan->n; i++) {
        cs_result_free(&results[i]);
        cs_repeat_free(&repeats[i]);
    }
    free(results);
    free(repeats);
    return status;
}
