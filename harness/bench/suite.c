/* The suite itself: what a case costs beside its work, how near a role comes to the longest wait
 * that it cannot avoid, and how versions of an SDK share the time that their adapters take to
 * start. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "peer/process.h"
#include "suite/runner.h"

#define PATIENCE_MS 900000
#define PATH_LEN    4096
#define MAX_REPORT  ((size_t)64 << 20)

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

/* ---- runs of the program ---- */

/* The program beside this one with those arguments (a line for the shell), to its end. What a run
 * finds is no figure; one that did not happen is a failure. */
static enum cs_err chatspec(struct cs_bench *bench, const char *arguments, double *ret_seconds,
                            struct cs_diag *diag)
{
    char folder[PATH_LEN];
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 1);
    folder[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(folder, '/');
    folder[slash ? slash - folder : 0] = '\0';
    struct cs_buf script = CS_BUF((size_t)64 * 1024);
    cs_buf_printf(&script, "\"$0/chatspec\" %s >/dev/null 2>&1; echo $?", arguments);
    cs_buf_char(&script, '\0');
    struct cs_buf home = CS_BUF(PATH_LEN);
    cs_buf_printf(&home, "CHATSPEC_HOME=%s", cs_bench_home(bench));
    cs_buf_char(&home, '\0');
    if (cs_buf_error(&script) != CS_OK || cs_buf_error(&home) != CS_OK) {
        cs_buf_free(&script);
        cs_buf_free(&home);
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    const char *const argv[] = {"sh", "-c", script.ptr, folder, NULL};
    const char *const env[] = {home.ptr, NULL};
    const struct cs_process_config config = {.argv = argv, .env = env, .shares_group = true};
    struct cs_process *process = NULL;
    double start = cs_bench_now();
    enum cs_err err = cs_process_start(&config, &process, diag);
    if (err == CS_OK) {
        struct cs_view line;
        uint64_t status = 0;
        err = cs_process_read_line(process, PATIENCE_MS, &line);
        err = err == CS_OK ? cs_view_u64(line, &status) : err;
        if (err != CS_OK || status == 2 || status > 3) {
            err = cs_fail(diag, err != CS_OK ? err : CS_ERR_IO, 0, "chatspec %s: exit status %u",
                          arguments, (unsigned)status);
        }
        cs_process_end(process, 1000);
    }
    *ret_seconds = cs_bench_now() - start;
    cs_buf_free(&script);
    cs_buf_free(&home);
    return err;
}

/* What a run took, and its longest case. */
struct run_figures {
    double seconds; /* of the run itself, as it reports it */
    double longest;
    double sum; /* of all cases */
    size_t n_cases;
};

static enum cs_err read_report(const char *path, struct run_figures *ret, struct cs_diag *diag)
{
    struct cs_buf text = CS_BUF(MAX_REPORT);
    FILE *file = fopen(path, "r");
    char part[65536];
    for (size_t n; file && (n = fread(part, 1, sizeof part, file)) > 0;) {
        cs_buf_append(&text, part, n);
    }
    if (file) {
        fclose(file);
    }
    cJSON *report = text.len > 0 ? cJSON_ParseWithLength(text.ptr, text.len) : NULL;
    cs_buf_free(&text);
    const cJSON *cases = cJSON_GetObjectItemCaseSensitive(report, "cases");
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(report, "duration_ms");
    *ret = (struct run_figures){.seconds = cJSON_IsNumber(all) ? all->valuedouble / 1e3 : 0};
    const cJSON *item;
    cJSON_ArrayForEach(item, cases)
    {
        const cJSON *duration = cJSON_GetObjectItemCaseSensitive(item, "duration_ms");
        double seconds = cJSON_IsNumber(duration) ? duration->valuedouble / 1e3 : 0;
        ret->longest = seconds > ret->longest ? seconds : ret->longest;
        ret->sum += seconds;
        ret->n_cases++;
    }
    cJSON_Delete(report);
    return ret->n_cases > 0 ? CS_OK : cs_fail(diag, CS_ERR_IO, 0, "there is no report: %s", path);
}

/* A run of the program with a report. */
static enum cs_err reported_run(struct cs_bench *bench, const char *arguments,
                                struct run_figures *ret, struct cs_diag *diag)
{
    char path[] = "/tmp/chatspec-bench-XXXXXX";
    char line[PATH_LEN];
    double seconds = 0;
    int fd = mkstemp(path);
    if (fd < 0) {
        return cs_fail(diag, CS_ERR_IO, 0, "mkstemp");
    }
    close(fd);
    snprintf(line, sizeof line, "%s --seed 1 --report json=%s", arguments, path);
    enum cs_err err = chatspec(bench, line, &seconds, diag);
    if (err == CS_OK) {
        err = read_report(path, ret, diag);
    }
    unlink(path);
    return err;
}

/* ---- roles ---- */

struct role_run {
    const char *name; /* "endpoint" */
    const char *what;
    const char *arguments;
    double bound; /* of its time in longest cases; 0: none */
    bool is_quick;
};

static const struct role_run role_runs[] = {
    {"suite/endpoint", "the endpoint role, in its longest waits", "endpoint", 1.3, true},
    {"suite/client", "the client role on the built-in client, in its longest cases",
     "client --builtin", 0, false},
    {"suite/decode", "the decode vectors on our own reader, in the longest one", "decode --builtin",
     0, false},
};

/* Wall time, the share of it that the longest case needs, and how often that goes into it. The best
 * of several: what a run cannot do without is asked, not what others do to the machine. */
static void measure_role(struct cs_bench *bench, const struct role_run *role)
{
    if (!cs_bench_wants(bench, role->name) || (cs_bench_is_short(bench) && !role->is_quick)) {
        return;
    }
    cs_bench_say(bench, "%s", role->what);
    struct cs_diag diag = {0};
    struct run_figures best = {0};
    enum cs_err err = CS_OK;
    for (int i = 0; i < 3 && err == CS_OK; i++) {
        struct run_figures figures;
        err = reported_run(bench, role->arguments, &figures, &diag);
        if (err == CS_OK && (i == 0 || figures.seconds < best.seconds)) {
            best = figures;
        }
    }
    if (err != CS_OK) {
        cs_bench_trouble(bench, role->name, &diag);
        return;
    }
    char name[64];
    snprintf(name, sizeof name, "%s-wall", role->name);
    struct cs_bench_spec spec = {
        .name = role->name, .what = role->what, .unit = "times", .lower_is_better = true};
    double longest = best.longest > 0 ? best.longest : best.seconds;
    double times = best.seconds / longest;
    if (role->bound > 0) {
        (void)cs_bench_bound(bench, &spec, times, cs_bench_is_short(bench) ? 3 : role->bound);
    } else {
        (void)cs_bench_note(bench, &spec, times);
    }
    spec = (struct cs_bench_spec){
        .name = name, .what = "wall time of that run", .unit = "s", .lower_is_better = true};
    (void)cs_bench_note(bench, &spec, best.seconds);
    snprintf(name, sizeof name, "%s-share", role->name);
    spec.what = "share of it that is the longest wait";
    spec.unit = "%";
    (void)cs_bench_note(bench, &spec, 100 * longest / best.seconds);
}

/* ---- versions side by side ---- */

#define ONE_CASE "--only 'client/framing/*' --shard 1/60" /* few: the start counts */
static const char *const versions[] = {"4.5.0", "4.5.16", "4.6.4", "4.7.7", "4.8.3"};
#define N_VERSIONS (sizeof versions / sizeof versions[0])

static enum cs_err have_versions(struct cs_bench *bench, struct cs_diag *diag)
{
    for (size_t i = 0; i < N_VERSIONS; i++) {
        char path[PATH_LEN];
        snprintf(path, sizeof path, "%s/build/sdk/%s", cs_bench_home(bench), versions[i]);
        if (access(path, R_OK) != 0) {
            return cs_fail(diag, CS_ERR_MISSING, 0,
                           "build/sdk has no %s: ./chatspec client --sdk %s gets it", versions[i],
                           versions[i]);
        }
    }
    return CS_OK;
}

static enum cs_err side_by_side(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    struct cs_buf line = CS_BUF(PATH_LEN);
    cs_buf_str(&line, "matrix --sdk ");
    for (size_t i = 0; i < N_VERSIONS; i++) {
        cs_buf_printf(&line, "%s%s", i > 0 ? "," : "", versions[i]);
    }
    cs_buf_str(&line, " --seed 1 " ONE_CASE);
    cs_buf_char(&line, '\0');
    enum cs_err err = have_versions(ctx, diag);
    if (err == CS_OK) {
        err = chatspec(ctx, line.ptr, ret_figure, diag);
    }
    cs_buf_free(&line);
    return err;
}

static enum cs_err one_after_another(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    enum cs_err err = have_versions(ctx, diag);
    *ret_figure = 0;
    for (size_t i = 0; i < N_VERSIONS && err == CS_OK; i++) {
        char line[PATH_LEN];
        double seconds = 0;
        snprintf(line, sizeof line, "client --sdk %s --jobs 1 --seed 1 " ONE_CASE, versions[i]);
        err = chatspec(ctx, line, &seconds, diag);
        *ret_figure += seconds;
    }
    return err;
}

static void measure_versions(struct cs_bench *bench)
{
    if (cs_bench_is_short(bench)) {
        return; /* needs SDKs, which CI may not have */
    }
    bool parallel = sysconf(_SC_NPROCESSORS_ONLN) > 1;
    const struct cs_bench_spec spec = {
        .name = "suite/versions",
        .what = "five SDK versions, a case each: the starts of their adapters",
        .unit = "s",
        .lower_is_better = true,
        .want = parallel ? 1.2 : 0};
    const struct cs_bench_side ours = {.name = "matrix", .once = side_by_side, .ctx = bench};
    const struct cs_bench_side peer = {
        .name = "one after another", .once = one_after_another, .ctx = bench};
    (void)cs_bench_pair(bench, &spec, &ours, &peer);
}

static void run(struct cs_bench *bench)
{
    measure_case(bench);
    for (size_t i = 0; i < sizeof role_runs / sizeof role_runs[0]; i++) {
        measure_role(bench, &role_runs[i]);
    }
    measure_versions(bench);
}

const struct cs_bench_group cs_bench_suite = {
    .name = "suite", .title = "roles, the cost of a case, versions side by side", .run = run};
