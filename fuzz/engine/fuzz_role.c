#include "fuzz/engine/fuzz_role.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/engine/engine_log.h"
#include "net/http_client.h"
#include "peer/process.h"

#define MAX_OPTIONS   24
#define LINE_WAIT_MS  1000
#define SLACK_MS      180000 /* reading the corpus, and making a finding smaller */
#define SMALLER_S     20
#define TAIL          ((size_t)24 * 1024)
#define INPUT_LIMIT_S 25

static void fuzz(struct cs_case_run *run);

static const struct cs_case cases[] = {
    {"fuzz/sse", "Framing: any split of the bytes gives the same events", "CSE-04 CSE-05 CSE-06",
     CS_MUST, 0, 0, fuzz},
    {"fuzz/json", "JSON: what is read is what other readers read, and comes back the same",
     "CRE-01", CS_MUST, 0, 0, fuzz},
    {"fuzz/reader", "Bytes in, protocol events out: cursor, kind and body are told from the text",
     "CRE-03 CRE-04 CRE-07 CRE-08", CS_MUST, 0, 0, fuzz},
    {"fuzz/batch", "Batches: records are those that another reader reads", "CRE-01 CRE-02", CS_MUST,
     0, 0, fuzz},
    {"fuzz/twin", "What is right by construction is read so, and one thing broken is named",
     "CRE-01 CRE-04 CRE-07 CRE-08", CS_MUST, 0, 0, fuzz},
    {"fuzz/cost", "The work for each byte has a ceiling, whatever is repeated", "CLP-07", CS_MUST,
     0, 0, fuzz},
    {"fuzz/append", "Bodies are wrapped, escaped and weighed exactly", "CAP-01", CS_MUST, 0, 0,
     fuzz},
    {"fuzz/token", "Nothing is believed without the right signature", "TOK-01", CS_MUST, 0, 0,
     fuzz},
    {"fuzz/request", "Requests: one framing of a body, whatever the split", "APP-01", CS_MUST, 0, 0,
     fuzz},
    {"fuzz/session",
     "Append sessions: any split gives the same frames, and acknowledgements read back",
     "CHN-10 STO-08", CS_MUST, 0, 0, fuzz},
    {"fuzz/endpoint", "No effect without authority; every reader gets each record once",
     "TOK-01 OUT-29", CS_MUST, 0, 0, fuzz},
    {"fuzz/client", "Whatever a hostile server answers: the right token, an end, no record twice",
     "CTK-01 CRS-11 CRE-03", CS_MUST, 0, 0, fuzz},
    {"fuzz/large", "All of a large payload comes, or a refusal that names the limit",
     "CLP-05 CLP-06", CS_MUST, 0, 0, fuzz},
    {"fuzz/memory",
     "Whichever allocation fails: it is told, nothing stays behind, nothing is half done",
     "CRE-03 TOK-01", CS_MUST, 0, 0, fuzz},
    {"fuzz/text",
     "Scopes, versions, weights and letters are what a second way of telling them gives",
     "TOK-19 TOK-26 LIM-26", CS_MUST, 0, 0, fuzz},
    {0}};
static const struct cs_case *const groups[] = {cases};
#define N_TARGETS (sizeof cases / sizeof cases[0] - 1)
_Static_assert(N_TARGETS <= CS_FUZZ_MAX_TARGETS, "the shared memory has no room for all targets");

/* ---- one run of an engine's program ---- */

struct engine {
    struct cs_case_run *run;
    const struct cs_fuzz_env *env;
    const char *target;
    char *options[MAX_OPTIONS];
    size_t n_options;
    struct cs_engine_log log;
    struct cs_buf tail;
    struct cs_fuzz_count *count; /* NULL: nobody looks */
    int64_t started_ms;
    int status;
};

static bool is_there(const char *path)
{
    return access(path, R_OK) == 0;
}

static void option(struct engine *engine, const char *fmt, ...) CS_PRINTF(2, 3);
static void option(struct engine *engine, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = engine->n_options + 1 < MAX_OPTIONS
                ? vasprintf(&engine->options[engine->n_options], fmt, args)
                : -1;
    va_end(args);
    if (n < 0) {
        cs_case_error(engine->run, "out of memory");
    }
    engine->n_options++;
}

static void option_if_there(struct engine *engine, const char *before, const char *path)
{
    if (is_there(path)) {
        option(engine, "%s%s", before, path);
    }
}

static void make_folder(struct engine *engine, const char *path)
{
    if (mkdir(path, 0777) != 0 && !is_there(path)) {
        cs_case_error(engine->run, "the folder %s cannot be made", path);
    }
}

static void tell(struct engine *engine)
{
    if (engine->count) {
        engine->count->executions = engine->log.executions;
        engine->count->coverage = engine->log.coverage;
        engine->count->features = engine->log.features;
        engine->count->duration_ms = (uint64_t)(cs_now_ms() - engine->started_ms);
    }
}

static void keep_tail(struct engine *engine, struct cs_view line)
{
    if (engine->tail.len > 2 * TAIL) {
        size_t cut = engine->tail.len - TAIL;
        memmove(engine->tail.ptr, engine->tail.ptr + cut, TAIL);
        engine->tail.len = TAIL;
    }
    cs_buf_add(&engine->tail, line);
    cs_buf_append(&engine->tail, "\n", 1);
}

/* Runs the program with its options to its end and reads what it prints. */
static void run_program(struct engine *engine)
{
    struct cs_process *process = NULL;
    struct cs_diag diag = {0};
    static const char *const env[] = {"UBSAN_OPTIONS=print_stacktrace=1", NULL};
    const char *argv[MAX_OPTIONS + 4] = {"sh", "-c", "exec \"$0\" \"$@\" 2>&1"};
    for (size_t i = 0; i < engine->n_options; i++) {
        argv[3 + i] = engine->options[i];
    }
    /* When this case is killed, which Ctrl-C does, the program is to end with it. */
    const struct cs_process_config config = {.argv = argv, .env = env, .shares_group = true};
    if (cs_process_start(&config, &process, &diag) != CS_OK) {
        cs_case_error(engine->run, "%s cannot be started: %s", engine->options[0], diag.text);
    }
    enum cs_err err = CS_OK;
    while (err == CS_OK || err == CS_ERR_TIMEOUT) {
        struct cs_view line;
        err = cs_process_read_line(process, LINE_WAIT_MS, &line);
        if (err == CS_OK) {
            cs_engine_log_line(&engine->log, line);
            keep_tail(engine, line);
            tell(engine);
        }
    }
    /* It has closed its output and is ending: waited for, and left for the process to reap. */
    siginfo_t ignored;
    while (waitid(P_PID, (id_t)cs_process_pid(process), &ignored, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
    (void)cs_process_exited(process, &engine->status);
    cs_process_end(process, 0);
    for (size_t i = 0; i < engine->n_options; i++) {
        free(engine->options[i]);
    }
    engine->n_options = 0;
}

/* Hands on what fuzz/TARGET.options says, a line "name = value" each: what OSS-Fuzz reads as well.
 */
static void add_options_of_target(struct engine *engine)
{
    char line[256];
    snprintf(line, sizeof line, "%s/fuzz/%s.options", engine->env->home, engine->target);
    FILE *file = fopen(line, "r");
    while (file && fgets(line, sizeof line, file)) {
        char name[64];
        unsigned long value;
        if (sscanf(line, "%63[a-z_] = %lu", name, &value) == 2) {
            option(engine, "-%s=%lu", name, value);
        }
    }
    if (file) {
        fclose(file);
    }
}

static void explore(struct engine *engine, const char *inputs)
{
    const struct cs_fuzz_env *env = engine->env;
    static const char *const parts[] = {"seeds", "found", "regressions"};
    char path[4096];
    option(engine, "%s/fuzz_%s", env->programs, engine->target);
    option(engine, "-artifact_prefix=%s/%s-", env->findings, engine->target);
    option(engine, "-seed=%u", (unsigned)(env->seed % UINT32_MAX) + 1);
    option(engine, "-timeout=%d", INPUT_LIMIT_S);
    option(engine, "-print_final_stats=1");
    add_options_of_target(engine);
    if (env->seconds > 0) {
        option(engine, "-max_total_time=%llu", (unsigned long long)env->seconds);
    }
    if (env->runs > 0) {
        option(engine, "-runs=%llu", (unsigned long long)env->runs);
    }
    snprintf(path, sizeof path, "%s/fuzz/%s.dict", env->home, engine->target);
    option_if_there(engine, "-dict=", path);
    option(engine, "%s", inputs);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/corpus/%s/%s", env->home, engine->target, parts[i]);
        option_if_there(engine, "", path);
    }
    run_program(engine);
}

/* The finding's file: a smaller input for the same fault, where the engine comes upon one in time;
 * else the one that it began with. */
static void make_smaller(struct engine *engine, char *path, size_t size)
{
    struct engine smaller = *engine;
    smaller.n_options = 0;
    smaller.count = NULL;
    smaller.tail = CS_BUF(4 * TAIL);
    char out[CS_ENGINE_TEXT_MAX + 8];
    snprintf(out, sizeof out, "%s.small", engine->log.artifact);
    option(&smaller, "%s/fuzz_%s", engine->env->programs, engine->target);
    option(&smaller, "-minimize_crash=1");
    option(&smaller, "-max_total_time=%d", SMALLER_S);
    option(&smaller, "-exact_artifact_path=%s", out);
    option(&smaller, "%s", engine->log.artifact);
    run_program(&smaller);
    cs_buf_free(&smaller.tail);
    snprintf(path, size, "%s", is_there(out) ? out : engine->log.artifact);
}

static void judge(struct engine *engine)
{
    struct cs_case_run *run = engine->run;
    const struct cs_engine_log *log = &engine->log;
    uint64_t ms = engine->count->duration_ms > 0 ? engine->count->duration_ms : 1;
    cs_case_observe(run, "executions", "%llu", (unsigned long long)log->executions);
    cs_case_observe(run, "per-second", "%llu", (unsigned long long)(log->executions * 1000 / ms));
    cs_case_observe(run, "coverage", "%llu", (unsigned long long)log->coverage);
    cs_case_observe(run, "features", "%llu", (unsigned long long)log->features);
    cs_case_observe(run, "inputs", "%llu", (unsigned long long)log->inputs);
    if (log->artifact[0]) {
        char path[CS_ENGINE_TEXT_MAX + 8];
        engine->count->findings = 1;
        make_smaller(engine, path, sizeof path);
        cs_case_evidence(run, "stderr", "the end of what the program printed",
                         cs_buf_view(&engine->tail));
        cs_case_fail(run, "%s; reproduce: ./chatspec replay %s %s",
                     log->cause[0] ? log->cause : "a fault", engine->target, path);
    }
    bool ended_well = WIFEXITED(engine->status) && WEXITSTATUS(engine->status) == 0;
    if (!ended_well || log->executions == 0) {
        cs_case_evidence(run, "stderr", "the end of what the program printed",
                         cs_buf_view(&engine->tail));
        cs_case_error(run, "the program %s",
                      ended_well ? "ran no input" : "ended in a failure and left no input");
    }
    cs_case_note(run, "%llu executions, nothing found", (unsigned long long)log->executions);
}

static void fuzz(struct cs_case_run *run)
{
    const struct cs_case *test = cs_case_of(run);
    const struct cs_fuzz_env *env = cs_case_env(run);
    struct engine engine = {.run = run,
                            .env = env,
                            .target = strchr(test->id, '/') + 1,
                            .count = &env->live->targets[test - cases],
                            .started_ms = cs_now_ms(),
                            .tail = CS_BUF(4 * TAIL)};
    char path[4096];
    snprintf(path, sizeof path, "%s/fuzz_%s", env->programs, engine.target);
    if (!is_there(path)) {
        cs_case_skip(run, "%s is not built: cmake --preset fuzz && cmake --build --preset fuzz",
                     path);
    }
    cs_case_extend(run, (int64_t)env->seconds * 1000 + SLACK_MS);
    snprintf(path, sizeof path, "%s/%s", env->inputs, engine.target);
    make_folder(&engine, path);
    explore(&engine, path);
    judge(&engine);
    cs_buf_free(&engine.tail);
}

static unsigned offers(const void *env)
{
    (void)env;
    return ~0u;
}

static void set_up(struct cs_case_run *run)
{
    cs_case_set_subject(run, NULL);
}

static void tear_down(struct cs_case_run *run)
{
    (void)run;
}

static void waits_for(const void *env, char *text, size_t size)
{
    const struct cs_fuzz_env *fuzz_env = env;
    uint64_t executions = 0;
    uint64_t findings = 0;
    for (size_t i = 0; i < N_TARGETS; i++) {
        executions += fuzz_env->live->targets[i].executions;
        findings += fuzz_env->live->targets[i].findings;
    }
    snprintf(text, size, "%llu executions, %llu findings", (unsigned long long)executions,
             (unsigned long long)findings);
}

void cs_fuzz_table(const struct cs_fuzz_live *live, struct cs_buf *out)
{
    cs_buf_printf(out, "%-12s %14s %12s %9s %9s\n", "target", "executions", "per second",
                  "coverage", "features");
    for (size_t i = 0; i < N_TARGETS; i++) {
        const struct cs_fuzz_count *count = &live->targets[i];
        uint64_t ms = count->duration_ms;
        if (ms > 0) {
            cs_buf_printf(out, "%-12s %14llu %12llu %9llu %9llu%s\n", strchr(cases[i].id, '/') + 1,
                          (unsigned long long)count->executions,
                          (unsigned long long)(count->executions * 1000 / ms),
                          (unsigned long long)count->coverage, (unsigned long long)count->features,
                          count->findings > 0 ? "   found something" : "");
        }
    }
}

const struct cs_role cs_fuzz_role = {
    .name = "fuzz",
    .groups = groups,
    .n_groups = sizeof groups / sizeof groups[0],
    .offers = offers,
    .set_up = set_up,
    .tear_down = tear_down,
    .waits_for = waits_for,
};
