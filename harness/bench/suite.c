/* The suite itself: what a case costs beside its work, how near a role comes to the longest wait
 * that it cannot avoid, and how suite_versions of an SDK share the time that their adapters take to
 * start. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/suite.h"
#include "suite/runner.h"

/* ---- a case that does nothing ---- */

static void do_nothing(struct cs_case_run *run)
{
    (void)run;
}

struct cases {
    size_t n;
};

static enum cs_err run_cases(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    static const struct cs_case empty = {
        .id = "bench/empty", .title = "Nothing", .requirements = "OUT-01", .run = do_nothing};
    static const struct cs_role role = {.name = "bench"};
    size_t n = ((const struct cases *)ctx)->n;
    struct cs_work *work = calloc(n, sizeof *work);
    struct cs_result *results = calloc(n, sizeof *results);
    struct cs_run_summary summary = {0};
    for (size_t i = 0; work && i < n; i++) {
        work[i] = (struct cs_work){.role = &role, .test = &empty};
    }
    const struct cs_run_options options = {.jobs = 1, .seed = 1};
    double start = cs_bench_now();
    enum cs_err err = work && results ? cs_run(work, n, &options, results, &summary, diag)
                                      : cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    *ret_figure = (cs_bench_now() - start) * 1e6 / (double)n;
    if (err == CS_OK && summary.n_verdicts[CS_PASS] != n) {
        err = cs_fail(diag, CS_ERR_RANGE, 0, "%zu of %zu empty cases passed",
                      summary.n_verdicts[CS_PASS], n);
    }
    for (size_t i = 0; results && i < n; i++) {
        cs_result_free(&results[i]);
    }
    free(results);
    free(work);
    return err;
}

/* The least that a process for each case can cost. */
static enum cs_err fork_alone(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    size_t n = ((const struct cases *)ctx)->n;
    double start = cs_bench_now();
    for (size_t i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            _exit(0);
        }
        if (pid < 0 || waitpid(pid, NULL, 0) != pid) {
            return cs_fail(diag, CS_ERR_IO, 0, "fork");
        }
    }
    *ret_figure = (cs_bench_now() - start) * 1e6 / (double)n;
    return CS_OK;
}

static void measure_case(struct cs_bench *bench)
{
    const struct cs_bench_spec spec = {.name = "suite/empty-case",
                                       .what = "a case that does nothing, fork to report",
                                       .unit = "us",
                                       .lower_is_better = true};
    struct cases cases = {.n = cs_bench_is_short(bench) ? 100 : 1000};
    const struct cs_bench_side ours = {.name = "chatspec", .once = run_cases, .ctx = &cases};
    const struct cs_bench_side peer = {.name = "fork and wait", .once = fork_alone, .ctx = &cases};
    (void)cs_bench_pair(bench, &spec, &ours, &peer);
}

/* ---- roles ---- */

struct role_run {
    const char *name; /* "suite/endpoint" */
    const char *what;
    const char *arguments;
    double bound; /* of its time in what it cannot do without; 0: none */
    unsigned n_runs;
    unsigned n_places; /* side by side, where each takes a process of a runtime; 0: many */
    bool is_quick;
    const char *const *sdk; /* suite_versions that it needs */
    size_t n_sdk;
};

/* Cases that wait and cases that work may come one after the other where they could have been side
 * by side: then a run takes up to twice the longer of both, however well its cases are placed. */
static const struct role_run role_runs[] = {
    {.name = "suite/endpoint",
     .what = "the endpoint role",
     .arguments = "endpoint",
     .bound = 1.3,
     .n_runs = 3,
     .is_quick = true},
    {.name = "suite/client",
     .what = "the client role on the built-in client",
     .arguments = "client --builtin",
     .bound = 2,
     .n_runs = 3},
    {.name = "suite/decode",
     .what = "the decode vectors on our own reader",
     .arguments = "decode --builtin",
     .bound = 2,
     .n_runs = 3},
    {.name = "suite/agent",
     .what = "the agent role on SDK 4.8.3",
     .arguments = "agent --sdk 4.8.3 --jobs 4",
     .bound = 1.5,
     .n_runs = 1,
     .n_places = 4,
     .sdk = &suite_versions[SUITE_VERSIONS - 1],
     .n_sdk = 1},
    {.name = "suite/matrix",
     .what = "the client role on five SDK versions side by side",
     .arguments = "matrix --jobs 8 --sdk " SUITE_VERSION_LIST,
     .bound = 1.5,
     .n_runs = 1,
     .n_places = 8,
     .sdk = suite_versions,
     .n_sdk = SUITE_VERSIONS},
};

static enum cs_err best_run(struct cs_bench *bench, const struct role_run *role,
                            struct suite_figures *ret, struct cs_diag *diag)
{
    enum cs_err err = suite_have(bench, role->sdk, role->n_sdk, diag);
    for (unsigned i = 0; i < role->n_runs && err == CS_OK; i++) {
        struct suite_figures figures;
        err = suite_reported_run(bench, role->arguments, role->n_sdk, &figures, diag);
        if (err == CS_OK && (i == 0 || figures.seconds < ret->seconds)) {
            *ret = figures;
        }
    }
    return err;
}

static void note(struct cs_bench *bench, const struct role_run *role, const char *which,
                 const char *what, const char *unit, bool lower_is_better, double figure)
{
    char name[64];
    snprintf(name, sizeof name, "%s-%s", role->name, which);
    const struct cs_bench_spec spec = {
        .name = name, .what = what, .unit = unit, .lower_is_better = lower_is_better};
    (void)cs_bench_note(bench, &spec, figure);
}

/* Wall time, and what of it cannot be done without: the longest case, the work of all shared by the
 * processors, and where a place is dear what all cases take shared by the places. The best of
 * several: what a run needs is asked, not what others do to the machine. */
static void measure_role(struct cs_bench *bench, const struct role_run *role)
{
    if (!cs_bench_wants(bench, role->name) || (cs_bench_is_short(bench) && !role->is_quick)) {
        return;
    }
    cs_bench_say(bench, "%s", role->what);
    char what[256];
    snprintf(what, sizeof what, "%s, in the most of its longest case, its work%s", role->what,
             role->n_places > 0 ? " and its waits by its places" : "");
    const struct cs_bench_spec spec = {
        .name = role->name, .what = what, .unit = "times", .lower_is_better = true};
    struct cs_diag diag = {0};
    struct suite_figures best = {0};
    enum cs_err err = best_run(bench, role, &best, &diag);
    if (err == CS_ERR_MISSING) {
        cs_bench_absent(bench, &spec, &diag);
        return;
    }
    if (err != CS_OK) {
        cs_bench_trouble(bench, role->name, &diag);
        return;
    }
    double work = best.processor / suite_processors();
    double waits = role->n_places > 0 ? best.waits / role->n_places : 0;
    double least = best.longest > work ? best.longest : work;
    least = waits > least ? waits : least;
    double times = best.seconds / (least > 0 ? least : best.seconds);
    (void)cs_bench_bound(bench, &spec, times, cs_bench_is_short(bench) ? 3 : role->bound);
    note(bench, role, "wall", "wall time of that run", "s", true, best.seconds);
    note(bench, role, "waits", "what its cases take, one after another", "s", true, best.waits);
    note(bench, role, "share", "share of it that is the longest wait", "%", false,
         100 * best.longest / best.seconds);
    note(bench, role, "work", "share of it that all processors would need for its work", "%", false,
         100 * work / best.seconds);
}

static void run(struct cs_bench *bench)
{
    measure_case(bench);
    for (size_t i = 0; i < sizeof role_runs / sizeof role_runs[0]; i++) {
        measure_role(bench, &role_runs[i]);
    }
    suite_measure_versions(bench);
}

const struct cs_bench_group cs_bench_suite = {
    .name = "suite", .title = "roles, the cost of a case, versions side by side", .run = run};
