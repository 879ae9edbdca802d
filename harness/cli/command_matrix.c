/* chatspec matrix: the client and the agent role for several versions of the SDK side by side, and
 * what changed from each to the next. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/expect_option.h"
#include "cli/live.h"
#include "cli/matrix_columns.h"
#include "cli/matrix_output.h"
#include "cli/report_files.h"
#include "cli/role_run.h"
#include "cli/stop.h"
#include "cli/subject_client.h"
#include "conformance/agent/agent_role.h"
#include "net/http_client.h"
#include "reports/versions.h"
#include "suite/profile.h"
#include "suite/select.h"

#define CLIENT_JOBS 8u
#define AGENT_JOBS  4u

struct matrix {
    const struct cs_args *args;
    struct cs_requirements set;
    struct cs_matrix_columns columns;
    struct cs_work *selected;
    size_t n_cases;
    struct cs_report_shard shard;
    struct cs_expect_option expect;
    struct cs_work *work; /* column by column, of those that are there */
    struct cs_result *results;
    struct cs_run_summary summary;
    int64_t started_ms; /* wall clock */
    uint64_t seed;
    int64_t duration_ms;
};

/* ---- before the run ---- */

static int choose_roles(struct matrix *matrix)
{
    const char *name = matrix->args->role ? matrix->args->role : "client";
    bool both = strcmp(name, "all") == 0;
    if (both || strcmp(name, "client") == 0) {
        matrix->columns.roles[matrix->columns.n_roles++] = &cs_client_role;
    }
    if (both || strcmp(name, "agent") == 0) {
        matrix->columns.roles[matrix->columns.n_roles++] = &cs_agent_role;
    }
    return matrix->columns.n_roles > 0
               ? CS_EXIT_OK
               : cs_say(CS_EXIT_USAGE, "--role takes client, agent or all, not '%s'", name);
}

/* Every version runs the cases of the shard: a version has its shards as any run has. */
static int describe_shard(struct matrix *matrix, const struct cs_selection *of_shard)
{
    struct cs_selection selection = *of_shard;
    struct cs_work *whole = NULL;
    size_t n = 0;
    struct cs_buf why = CS_BUF(4096);
    selection.n_shards = 0;
    enum cs_err err =
        cs_select(matrix->columns.roles, matrix->columns.n_roles, &selection, &whole, &n, &why);
    cs_buf_free(&why);
    bool good = err == CS_OK &&
                cs_report_shard_of(whole, n, of_shard->shard, of_shard->n_shards, &matrix->shard);
    free(whole);
    return good ? CS_EXIT_OK : cs_say(CS_EXIT_TROUBLE, "out of memory");
}

static int select_cases(struct matrix *matrix)
{
    const struct cs_args *args = matrix->args;
    struct cs_diag diag = {0};
    if (cs_requirements_load(&matrix->set, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    }
    struct cs_selection selection = {.only = args->only.items,
                                     .n_only = args->only.n,
                                     .skip = args->skip.items,
                                     .n_skip = args->skip.n,
                                     .only_group = args->only_group,
                                     .set = &matrix->set};
    if (args->shard &&
        cs_shard_parse(args->shard, &selection.shard, &selection.n_shards) != CS_OK) {
        return cs_say(CS_EXIT_USAGE, "--shard takes K/N with 1 <= K <= N, not '%s'", args->shard);
    }
    struct cs_buf why = CS_BUF(4096);
    enum cs_err err = cs_select(matrix->columns.roles, matrix->columns.n_roles, &selection,
                                &matrix->selected, &matrix->n_cases, &why);
    char *text = cs_buf_take(&why);
    int status = CS_EXIT_OK;
    if (err != CS_OK) {
        status = cs_say(err == CS_ERR_USAGE ? CS_EXIT_USAGE : CS_EXIT_TROUBLE, "%s",
                        text && err == CS_ERR_USAGE ? text : "out of memory");
    }
    free(text);
    return status == CS_EXIT_OK && selection.n_shards > 0 ? describe_shard(matrix, &selection)
                                                          : status;
}

/* ---- the run ---- */

static int lay_out(struct matrix *matrix)
{
    cs_matrix_columns_chain(&matrix->columns);
    size_t n = matrix->columns.n_there * matrix->n_cases;
    matrix->work = calloc(n ? n : 1, sizeof *matrix->work);
    matrix->results = calloc(n ? n : 1, sizeof *matrix->results);
    if (!matrix->work || !matrix->results) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    size_t at = 0;
    for (size_t i = 0; i < matrix->columns.n; i++) {
        struct cs_matrix_column *column = &matrix->columns.items[i];
        for (size_t row = 0; column->is_there && row < matrix->n_cases; row++) {
            const struct cs_work *chosen = &matrix->selected[row];
            matrix->work[at++] = (struct cs_work){
                .role = chosen->role,
                .test = chosen->test,
                .env = cs_matrix_column_env(&matrix->columns, column, chosen->role),
                .profile = &column->profile,
            };
        }
    }
    return CS_EXIT_OK;
}

/* As for one version: clients wait for most of their time, agents work. */
static unsigned places_of(const struct cs_matrix_columns *columns)
{
    bool clients_alone = columns->n_roles == 1 && columns->roles[0] == &cs_client_role;
    return clients_alone ? CLIENT_JOBS : AGENT_JOBS;
}

static int run_all(struct matrix *matrix)
{
    const struct cs_args *args = matrix->args;
    struct cs_live live = cs_live_new(matrix->work);
    matrix->seed = args->has_seed ? args->seed : cs_fresh_seed();
    const struct cs_run_options options = {
        .jobs = args->jobs ? (unsigned)args->jobs : places_of(&matrix->columns),
        .timeout_s = (unsigned)args->timeout_s,
        .seed = matrix->seed,
        .include_long = args->include.n > 0,
        .stop = cs_stop_flag(),
        .on_result = cs_live_result,
        .on_tick = cs_live_tick,
        .ctx = &live,
    };
    struct cs_diag diag = {0};
    int64_t started = cs_now_ms();
    matrix->started_ms = cs_wall_ms();
    enum cs_err err = cs_run(matrix->work, matrix->columns.n_there * matrix->n_cases, &options,
                             matrix->results, &matrix->summary, &diag);
    matrix->duration_ms = cs_now_ms() - started;
    cs_live_end(&live);
    return err == CS_OK ? CS_EXIT_OK
                        : cs_say(CS_EXIT_TROUBLE, "the run could not go on: %s", diag.text);
}

/* ---- what came of it ---- */

static void fill_reports(const struct matrix *matrix, struct cs_report *reports,
                         struct cs_expect_target *targets)
{
    size_t place = 0;
    for (size_t i = 0; i < matrix->columns.n; i++) {
        const struct cs_matrix_column *column = &matrix->columns.items[i];
        reports[i] = (struct cs_report){.peer = {.kind = "sdk",
                                                 .name = "@trigger.dev/sdk",
                                                 .version = column->asked,
                                                 .label = column->label,
                                                 .missing = column->why_not.text}};
        if (!column->is_there) {
            continue;
        }
        reports[i] = (struct cs_report){
            .suite = CHATSPEC_VERSION,
            .profile = column->profile.name,
            .command = column->command,
            .peer = cs_client_subject_peer(&column->subject),
            .started_ms = matrix->started_ms,
            .duration_ms = matrix->duration_ms,
            .seed = matrix->seed,
            .interrupted = matrix->summary.interrupted,
            .work = matrix->work + place * matrix->n_cases,
            .results = matrix->results + place * matrix->n_cases,
            .n = matrix->n_cases,
            .shard = matrix->shard,
            .requirements = &matrix->set,
        };
        cs_run_summarise(reports[i].results, reports[i].n, &reports[i].summary);
        reports[i].summary.interrupted = reports[i].interrupted;
        targets[place] =
            (struct cs_expect_target){&reports[i], matrix->results + place * matrix->n_cases};
        place++;
    }
}

static int report(struct matrix *matrix, struct cs_report_files *files,
                  struct cs_report_files *of_all)
{
    struct cs_report reports[CS_MATRIX_COLUMNS_MAX];
    struct cs_expect_target targets[CS_MATRIX_COLUMNS_MAX];
    struct cs_comparison newest = {0};
    fill_reports(matrix, reports, targets);
    int listed =
        cs_expect_option_apply(&matrix->expect, targets, matrix->columns.n_there, true, false);
    const struct cs_matrix_output output = {
        .args = matrix->args, .set = &matrix->set, .reports = reports, .n = matrix->columns.n};
    int status = cs_matrix_output_print(&output, &newest);
    status = status == CS_EXIT_OK ? listed : status;
    for (size_t i = 0; i < matrix->columns.n; i++) {
        int written = reports[i].n > 0 ? cs_report_files_write(&files[i], &reports[i]) : CS_EXIT_OK;
        status = status == CS_EXIT_OK ? written : status;
    }
    int written = cs_report_files_write_versions(of_all, reports, matrix->columns.n, &matrix->set);
    status = status == CS_EXIT_OK ? written : status;
    int outcome = cs_matrix_output_status(&output, &newest);
    return outcome != CS_EXIT_OK ? outcome : status;
}

static int run_columns(struct matrix *matrix)
{
    struct cs_report_files files[CS_MATRIX_COLUMNS_MAX] = {0};
    struct cs_report_files of_all = {0};
    int status = cs_report_files_open(matrix->args, CS_REPORT_VERSIONS, NULL, &of_all);
    for (size_t i = 0; i < matrix->columns.n && status == CS_EXIT_OK; i++) {
        const struct cs_matrix_column *column = &matrix->columns.items[i];
        if (column->is_there) {
            status = cs_report_files_open(matrix->args, CS_REPORT_VERSION, column->tag, &files[i]);
        }
    }
    status = status == CS_EXIT_OK ? lay_out(matrix) : status;
    status = status == CS_EXIT_OK ? run_all(matrix) : status;
    status = status == CS_EXIT_OK ? report(matrix, files, &of_all) : status;
    for (size_t i = 0; i < matrix->columns.n; i++) {
        cs_report_files_close(&files[i]);
    }
    cs_report_files_close(&of_all);
    return status;
}

static void release(struct matrix *matrix)
{
    for (size_t i = 0; matrix->results && i < matrix->columns.n_there * matrix->n_cases; i++) {
        cs_result_free(&matrix->results[i]);
    }
    cs_matrix_columns_close(&matrix->columns);
    free(matrix->results);
    free(matrix->work);
    free(matrix->selected);
    cs_expect_option_close(&matrix->expect);
    cs_requirements_free(&matrix->set);
}

static int run(const struct cs_args *args)
{
    struct matrix matrix = {.args = args, .columns = {.args = args}};
    matrix.columns.set = &matrix.set;
    if (args->gate && strcmp(args->gate, "regressions") != 0) {
        return cs_say(CS_EXIT_USAGE, "--gate takes 'regressions', not '%s'", args->gate);
    }
    if (args->format && !cs_matrix_has_format(args, "human") &&
        !cs_matrix_has_format(args, "github") && !cs_matrix_has_format(args, "json")) {
        return cs_say(CS_EXIT_USAGE, "--format takes 'human', 'github' or 'json', not '%s'",
                      args->format);
    }
    int status = choose_roles(&matrix);
    status = status == CS_EXIT_OK ? cs_matrix_columns_read(&matrix.columns) : status;
    status = status == CS_EXIT_OK ? select_cases(&matrix) : status;
    status = status == CS_EXIT_OK ? cs_expect_option_open(args, NULL, &matrix.expect) : status;
    status = status == CS_EXIT_OK ? cs_matrix_columns_open(&matrix.columns) : status;
    status = status == CS_EXIT_OK ? run_columns(&matrix) : status;
    release(&matrix);
    return status;
}

static const struct cs_option options[] = {
    CS_ROW("sdk", CS_OPTION_TEXT, sdk, "S1,S2,...",
           "versions, tags, .tgz files or ./folders, oldest first: 4.7.7,latest", 0),
    CS_ROW("parser", CS_OPTION_TEXT, parser, "V1,V2,...",
           "each of them with each of these versions of eventsource-parser", 0),
    CS_ROW("role", CS_OPTION_TEXT, role, "client|agent|all", "which cases (client)", 0),
    CS_ROW("gate", CS_OPTION_TEXT, gate, "regressions",
           "exit 1 when the last version is worse than the one before it", 0),
    CS_ROWS_SELECTION,
    CS_ROW("include", CS_OPTION_LIST, include, "long", "run cases that take 30 s or more too", 0),
    CS_ROW("shard", CS_OPTION_TEXT, shard, "K/N", "run the K-th of N parts of the cases", 0),
    CS_ROW("jobs", CS_OPTION_NUMBER, jobs, "N", "cases side by side (8; with agents 4)", 512),
    CS_ROW("timeout", CS_OPTION_NUMBER, timeout_s, "SECONDS", "limit of each case (its own)",
           86400),
    CS_ROW("seed", CS_OPTION_SEED, seed, "N", "seed of all random choices (a fresh one)",
           CS_SEED_LIMIT),
    CS_ROW("report", CS_OPTION_LIST, report, "KIND=PATH",
           "html, markdown: one of all; json, junit: one per version", 0),
    CS_ROWS_EXPECT,
    CS_ROW("format", CS_OPTION_TEXT, format, "human|json|github",
           "stdout: a page, one document, or a page and annotations (human)", 0),
    CS_ROWS_END,
};

const struct cs_command cs_command_matrix = {
    .name = "matrix",
    .summary = "test several SDK versions side by side: what an upgrade changes",
    .usage = "--sdk S1,S2,... [--parser V1,V2,...] [options]",
    .details =
        "Runs the client role, the agent role or both for each version, each held to its own\n"
        "version of the protocol, and shows a table of areas by version and then what changed\n"
        "from each version to the next: verdicts, and observations such as retry delays or the\n"
        "order of requests, each with why it matters to who upgrades. A version that cannot be\n"
        "had is a skipped column with its reason (exit 3). One that is newer than what the\n"
        "catalogue describes is held to the newest version that it does.\n"
        "Failures of a version do not count; with --expect those do that the file does not\n"
        "name (exit 1).\n"
        "\n"
        "Examples:\n"
        "  chatspec matrix --sdk 4.7.7,4.8.3\n"
        "  chatspec matrix --sdk 4.6.4,4.7.7,4.8.3 --role all\n"
        "  chatspec matrix --sdk 4.8.3,latest --gate regressions --report json=client.json\n"
        "  chatspec matrix --sdk 4.8.3,./trigger.dev-sdk-4.9.0-beta.1.tgz\n"
        "  chatspec matrix --sdk 4.8.3 --parser 3.0.0,3.0.6,latest --only 'client/framing/*'",
    .options = options,
    .run = run,
};
