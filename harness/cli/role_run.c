#include "cli/role_run.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/live.h"
#include "cli/report_files.h"
#include "cli/stop.h"
#include "net/http_client.h"
#include "suite/profile.h"
#include "suite/select.h"

#define DEFAULT_JOBS 16u
#define MAX_SUBJECTS 4
#define MAX_DOCUMENT ((size_t)512 * 1024 * 1024)
#define MAX_TERMINAL ((size_t)64 * 1024 * 1024)

struct cs_role_plan {
    const struct cs_args *args;
    struct cs_work *work;
    size_t n;
    struct cs_report_files reports;
    bool include_long;
    bool fail_on_should;
    bool json_to_stdout;
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
    if (args->fail_on && strcmp(args->fail_on, "must") != 0 &&
        strcmp(args->fail_on, "should") != 0) {
        return cs_say(CS_EXIT_USAGE, "--fail-on takes 'must' or 'should', not '%s'", args->fail_on);
    }
    if (args->format && strcmp(args->format, "human") != 0 && strcmp(args->format, "json") != 0) {
        return cs_say(CS_EXIT_USAGE, "--format takes 'human' or 'json', not '%s'", args->format);
    }
    plan->fail_on_should = args->fail_on && strcmp(args->fail_on, "should") == 0;
    plan->json_to_stdout = args->format && strcmp(args->format, "json") == 0;
    plan->seed = args->has_seed ? args->seed : cs_fresh_seed();
    return CS_EXIT_OK;
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
    return status;
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
    status = status == CS_EXIT_OK ? cs_report_files_open(args, NULL, &plan->reports) : status;
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
    cs_requirements_free(&plan->set);
    free(plan->work);
    free(plan);
}

bool cs_role_plan_has(const struct cs_role_plan *plan, const struct cs_role *role)
{
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->work[i].role == role) {
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

static int print_report(const struct cs_role_plan *plan, const struct cs_report *report)
{
    struct cs_buf out = CS_BUF(plan->json_to_stdout ? MAX_DOCUMENT : MAX_TERMINAL);
    if (plan->json_to_stdout) {
        cs_report_json(report, &out);
    } else {
        const struct cs_report_terminal how = {.color = cs_may_color(plan->args, STDOUT_FILENO),
                                               .verbose = plan->args->verbose};
        cs_report_terminal(report, &how, &out);
    }
    bool good = cs_buf_error(&out) == CS_OK && fwrite(out.ptr, 1, out.len, stdout) == out.len &&
                fflush(stdout) == 0;
    cs_buf_free(&out);
    return good ? CS_EXIT_OK : cs_say(CS_EXIT_TROUBLE, "the report could not be printed");
}

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

static struct cs_report report_of(struct cs_role_plan *plan, const struct cs_role_run *run)
{
    return (struct cs_report){
        .suite = CHATSPEC_VERSION,
        .profile = profile_of(plan, run, run->n_subjects - 1)->name,
        .command = run->command,
        .peer = run->peer,
        .started_ms = cs_wall_ms(),
        .seed = plan->seed,
        .work = plan->work,
        .n = plan->n,
    };
}

static int run_and_report(struct cs_role_plan *plan, const struct cs_role_run *run,
                          struct cs_result *results, struct cs_repeat *repeats)
{
    unsigned n_rounds = plan->args->repeat ? (unsigned)plan->args->repeat : 1;
    struct cs_live live = {.on = isatty(STDERR_FILENO) && !plan->json_to_stdout,
                           .work = plan->work,
                           .n_rounds = n_rounds};
    unsigned default_jobs = run->default_jobs ? run->default_jobs : DEFAULT_JOBS;
    const struct cs_run_options options = {
        .jobs = plan->args->jobs ? (unsigned)plan->args->jobs : default_jobs,
        .timeout_s = (unsigned)plan->args->timeout_s,
        .seed = plan->seed,
        .include_long = plan->include_long,
        .stop = cs_stop_flag(),
        .on_tick = cs_live_tick,
        .ctx = &live,
    };
    struct cs_report report = report_of(plan, run);
    struct cs_diag diag = {0};
    int64_t started = cs_now_ms();
    enum cs_err err = cs_run_rounds(plan->work, plan->n, &options, n_rounds, &live.round, results,
                                    repeats, &report.summary, &diag);
    report.duration_ms = cs_now_ms() - started;
    report.results = results;
    report.repeats = n_rounds > 1 ? repeats : NULL;
    report.n_rounds = live.round;
    report.interrupted = report.summary.interrupted;
    cs_live_end(&live);
    if (err != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the run could not go on: %s", diag.text);
    }
    int printed = print_report(plan, &report);
    int written = cs_report_files_write(&plan->reports, &report);
    if (report.summary.trouble[0] && !run->trouble_is_told) {
        (void)cs_say(CS_EXIT_TROUBLE, "%s", report.summary.trouble);
    }
    int status = cs_run_exit_status(&report.summary, plan->fail_on_should);
    if (!report.summary.interrupted && cs_repeat_n_flaky(report.repeats, plan->n) > 0) {
        status = CS_EXIT_BROKEN;
    }
    if (status == CS_EXIT_OK) {
        status = printed != CS_EXIT_OK ? printed : written;
    }
    return status;
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
