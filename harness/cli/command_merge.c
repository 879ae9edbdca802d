/* chatspec merge: the reports of shards made one, or a stored report in another form. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/expect_option.h"
#include "cli/merge_matrix.h"
#include "cli/report_files.h"
#include "cli/role_output.h"
#include "cli/role_run.h"
#include "reports/merge.h"
#include "reports/report_read.h"
#include "reports/versions.h"

#define MAX_REPORTS 1000

/* As the run would have: its lines too. */
static int print(struct cs_role_output *output, const struct cs_report *report, int status)
{
    cs_role_output_start(output, report, report->repeats ? report->n_rounds : 1);
    output->live.kind = CS_LIVE_OFF; /* there is nothing to wait for */
    output->live.round = 1;
    for (size_t i = 0; i < report->n; i++) {
        cs_role_output_result(output, i, &report->results[i]);
    }
    return cs_role_output_end(output, report, status);
}

static int finish(const struct cs_args *args, struct cs_merged_report *whole,
                  struct cs_report_files *files, const struct cs_requirements *set)
{
    struct cs_role_output output;
    struct cs_expect_option expect;
    struct cs_expect_target target = {&whole->report, whole->results};
    int status = cs_role_output_read(args, &output);
    if (status != CS_EXIT_OK) {
        return status;
    }
    status = cs_expect_option_open(args, &whole->report, &expect);
    if (status != CS_EXIT_OK) {
        return status;
    }
    whole->report.requirements = set;
    bool fails_on_should = cs_fails_on_should(args);
    int listed = cs_expect_option_apply(&expect, &target, 1, false, fails_on_should);
    status = cs_report_exit_status(&whole->report, fails_on_should);
    int printed = print(&output, &whole->report, status);
    int written = cs_report_files_write(files, &whole->report);
    if (status == CS_EXIT_OK) {
        status = listed != CS_EXIT_OK ? listed : printed != CS_EXIT_OK ? printed : written;
    }
    cs_expect_option_close(&expect);
    return status;
}

static int merge(const struct cs_args *args, struct cs_stored_report *parts,
                 struct cs_report_files *files)
{
    struct cs_merged_report whole = {0};
    struct cs_requirements set = {0};
    struct cs_diag diag = {0};
    enum cs_err err = cs_reports_merge(parts, args->rest.items, args->rest.n, &whole, &diag);
    if (err != CS_OK) {
        return cs_say(err == CS_ERR_USAGE ? CS_EXIT_USAGE : CS_EXIT_TROUBLE, "%s", diag.text);
    }
    if (!whole.is_proven) {
        (void)cs_say(CS_EXIT_OK, "these are no shards of one selection: whether cases are missing "
                                 "between them cannot be told");
    }
    int status = cs_requirements_load(&set, &diag) == CS_OK
                     ? finish(args, &whole, files, &set)
                     : cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    cs_requirements_free(&set);
    cs_merged_report_free(&whole);
    return status;
}

static int merge_reports(const struct cs_args *args, cJSON *const *documents)
{
    size_t n = args->rest.n;
    struct cs_report_files files = {0};
    struct cs_stored_report *parts = calloc(n, sizeof *parts);
    struct cs_role_output output;
    int status = cs_role_output_read(args, &output); /* before the work, what is wrong with it */
    status = status != CS_EXIT_OK ? status
             : parts              ? cs_report_files_open(args, CS_REPORT_RUN, NULL, &files)
                                  : cs_say(CS_EXIT_TROUBLE, "out of memory");
    for (size_t i = 0; i < n && status == CS_EXIT_OK; i++) {
        struct cs_diag diag = {0};
        if (cs_report_load_document(documents[i], args->rest.items[i], &parts[i], &diag) != CS_OK) {
            status = cs_say(CS_EXIT_USAGE, "%s", diag.text);
        }
    }
    status = status == CS_EXIT_OK ? merge(args, parts, &files) : status;
    cs_report_files_close(&files);
    for (size_t i = 0; parts && i < n; i++) {
        cs_stored_report_free(&parts[i]);
    }
    free(parts);
    return status;
}

static bool is_matrix(const cJSON *document)
{
    const char *schema = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, "schema"));
    return schema && strcmp(schema, CS_MATRIX_SCHEMA) == 0;
}

static int merge_documents(const struct cs_args *args, cJSON *const *documents)
{
    size_t n = args->rest.n;
    size_t n_matrices = 0;
    for (size_t i = 0; i < n; i++) {
        n_matrices += is_matrix(documents[i]);
    }
    if (n_matrices == 0) {
        return args->gate ? cs_say(CS_EXIT_USAGE, "--gate is for matrices: these are reports")
                          : merge_reports(args, documents);
    }
    return n_matrices == n
               ? cs_merge_matrices(args, documents, args->rest.items, n)
               : cs_say(CS_EXIT_USAGE, "some of these are matrices and some are reports of a run");
}

static int run(const struct cs_args *args)
{
    size_t n = args->rest.n;
    int status = cs_check_outcome_options(args);
    if (status == CS_EXIT_OK && args->gate && strcmp(args->gate, "regressions") != 0) {
        status = cs_say(CS_EXIT_USAGE, "--gate takes 'regressions', not '%s'", args->gate);
    }
    if (status == CS_EXIT_OK && n == 0) {
        status = cs_say(CS_EXIT_USAGE, "merge takes JSON reports: chatspec merge shard-*.json");
    }
    cJSON **documents = calloc(n + 1, sizeof *documents);
    if (!documents) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    for (size_t i = 0; i < n && status == CS_EXIT_OK; i++) {
        struct cs_diag diag = {0};
        if (cs_document_read(args->rest.items[i], &documents[i], &diag) != CS_OK) {
            status = cs_say(CS_EXIT_USAGE, "%s", diag.text);
        }
    }
    status = status == CS_EXIT_OK ? merge_documents(args, documents) : status;
    for (size_t i = 0; i < n; i++) {
        cJSON_Delete(documents[i]);
    }
    free(documents);
    return status;
}

static const struct cs_option options[] = {
    CS_ROW("report", CS_OPTION_LIST, report, "KIND=PATH",
           "write the whole as a report: json, junit, html, markdown", 0),
    CS_ROWS_EXPECT,
    CS_ROW("fail-on", CS_OPTION_TEXT, fail_on, "must|should", "what makes the exit status 1 (must)",
           0),
    CS_ROW("gate", CS_OPTION_TEXT, gate, "regressions",
           "of matrices: exit 1 when the last version is worse than the one before it", 0),
    CS_ROW("format", CS_OPTION_TEXT, format, "human|json|github",
           "stdout: a page, JSON lines (of matrices the document), or annotations too (human)", 0),
    CS_ROW("verbose", CS_OPTION_FLAG, verbose, NULL, "show all evidence, and observations", 0),
    CS_ROW("no-color", CS_OPTION_FLAG, no_color, NULL, "plain text", 0),
    CS_ROWS_END,
};

const struct cs_command cs_command_merge = {
    .name = "merge",
    .summary = "make one report of the shards of a run, or another form of a stored one",
    .usage = "REPORT.json... [options]",
    .details =
        "Shards (--shard K/N) must all be there, of one selection, suite, profile and peer, and\n"
        "have run together exactly what was selected: a hole or an overlap is refused (exit 2).\n"
        "Seeds may differ. What an interrupted shard did not run makes the whole interrupted\n"
        "(exit 130). Reports that are no shards merge when they have no case in common; it is\n"
        "said then that nothing proves them complete. Documents of matrix --format json merge\n"
        "version by version. One report alone is written in the forms that --report names.\n"
        "\n"
        "Prints what the run would have printed and exits as it would have.\n"
        "\n"
        "Examples:\n"
        "  chatspec endpoint --shard 1/2 --report json=shard-1.json\n"
        "  chatspec endpoint --shard 2/2 --report json=shard-2.json\n"
        "  chatspec merge shard-1.json shard-2.json --report junit=endpoint.xml\n"
        "  chatspec merge stored.json --report junit=stored.xml",
    .options = options,
    .max_rest = MAX_REPORTS,
    .run = run,
};
