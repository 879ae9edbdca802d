#include "cli/merge_matrix.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "cli/expect_option.h"
#include "cli/matrix_output.h"
#include "cli/report_files.h"
#include "reports/merge.h"

#define MAX_COLUMNS 32

struct column {
    const char *label; /* borrowed from the first document */
    const char *missing;
    struct cs_stored_report *parts; /* one of each document */
    struct cs_merged_report whole;
    struct cs_report_files files;
};

struct merging {
    const struct cs_args *args;
    cJSON *const *documents;
    const char *const *labels;
    size_t n;
    struct column columns[MAX_COLUMNS];
    size_t n_columns;
    struct cs_requirements set;
    struct cs_expect_option expect;
    struct cs_report reports[MAX_COLUMNS];
    struct cs_report_files of_all;
};

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(member(object, name));
}

/* ---- the columns ---- */

static int read_columns(struct merging *merging)
{
    const cJSON *columns = member(merging->documents[0], "columns");
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, columns)
    {
        if (merging->n_columns == MAX_COLUMNS || !text_of(row, "label")) {
            return cs_say(CS_EXIT_USAGE, "%s: a damaged matrix", merging->labels[0]);
        }
        struct column *column = &merging->columns[merging->n_columns++];
        column->label = text_of(row, "label");
        column->missing = text_of(row, "skipped");
        column->parts = calloc(merging->n, sizeof *column->parts);
        if (!column->parts) {
            return cs_say(CS_EXIT_TROUBLE, "out of memory");
        }
    }
    return merging->n_columns > 0
               ? CS_EXIT_OK
               : cs_say(CS_EXIT_USAGE, "%s: a matrix without columns", merging->labels[0]);
}

static int check_columns(const struct merging *merging, size_t d)
{
    const cJSON *columns = member(merging->documents[d], "columns");
    if ((size_t)cJSON_GetArraySize(columns) != merging->n_columns) {
        return cs_say(CS_EXIT_USAGE, "%s has %d versions and %s has %zu", merging->labels[d],
                      cJSON_GetArraySize(columns), merging->labels[0], merging->n_columns);
    }
    for (size_t c = 0; c < merging->n_columns; c++) {
        const struct column *column = &merging->columns[c];
        const cJSON *row = cJSON_GetArrayItem(columns, (int)c);
        const char *label = text_of(row, "label");
        if (!label || strcmp(label, column->label) != 0) {
            return cs_say(CS_EXIT_USAGE, "version %zu is %s in %s and %s in %s", c + 1,
                          column->label, merging->labels[0], label ? label : "none",
                          merging->labels[d]);
        }
        if (!text_of(row, "skipped") != !column->missing) {
            return cs_say(CS_EXIT_USAGE, "%s is missing in %s and there in %s", label,
                          merging->labels[column->missing ? 0 : d],
                          merging->labels[column->missing ? d : 0]);
        }
    }
    return CS_EXIT_OK;
}

/* The reports of a document are those of its columns that are there, in their order. */
static int load_document(struct merging *merging, size_t d)
{
    const cJSON *reports = member(merging->documents[d], "reports");
    int status = check_columns(merging, d);
    int at = 0;
    for (size_t c = 0; c < merging->n_columns && status == CS_EXIT_OK; c++) {
        struct cs_diag diag = {0};
        if (merging->columns[c].missing) {
            continue;
        }
        const cJSON *report = cJSON_GetArrayItem(reports, at++);
        if (!report) {
            status = cs_say(CS_EXIT_USAGE, "%s: the report of %s is not in it", merging->labels[d],
                            merging->columns[c].label);
        } else if (cs_report_load_document(report, merging->labels[d],
                                           &merging->columns[c].parts[d], &diag) != CS_OK) {
            status = cs_say(CS_EXIT_USAGE, "%s", diag.text);
        }
    }
    return status;
}

static int merge_columns(struct merging *merging)
{
    for (size_t c = 0; c < merging->n_columns; c++) {
        struct column *column = &merging->columns[c];
        struct cs_report *report = &merging->reports[c];
        struct cs_diag diag = {0};
        *report = (struct cs_report){.peer = {.kind = "sdk",
                                              .name = "@trigger.dev/sdk",
                                              .version = column->label,
                                              .label = column->label,
                                              .missing = column->missing}};
        if (column->missing) {
            continue;
        }
        if (cs_reports_merge(column->parts, merging->labels, merging->n, &column->whole, &diag) !=
            CS_OK) {
            return cs_say(CS_EXIT_USAGE, "%s: %s", column->label, diag.text);
        }
        if (!column->whole.is_proven && c == 0) {
            (void)cs_say(CS_EXIT_OK, "these are no shards of one selection: whether cases are "
                                     "missing between them cannot be told");
        }
        *report = column->whole.report;
        report->peer.label = column->label;
        report->requirements = &merging->set;
    }
    return CS_EXIT_OK;
}

/* ---- the whole ---- */

static bool tag_is_taken(const struct merging *merging, size_t c)
{
    for (size_t i = 0; i < c; i++) {
        if (!merging->columns[i].missing &&
            strcmp(merging->reports[i].peer.version, merging->reports[c].peer.version) == 0) {
            return true;
        }
    }
    return false;
}

static int open_files(struct merging *merging)
{
    int status = cs_report_files_open(merging->args, CS_REPORT_VERSIONS, NULL, &merging->of_all);
    for (size_t c = 0; c < merging->n_columns && status == CS_EXIT_OK; c++) {
        const char *version = merging->reports[c].peer.version;
        if (!merging->columns[c].missing) {
            struct cs_buf tag = CS_BUF(1024);
            cs_buf_str(&tag, strchr(version, '/') ? "version" : version);
            if (tag_is_taken(merging, c)) {
                cs_buf_printf(&tag, "-%zu", c + 1);
            }
            char *text = cs_buf_take(&tag);
            status = text ? cs_report_files_open(merging->args, CS_REPORT_VERSION, text,
                                                 &merging->columns[c].files)
                          : cs_say(CS_EXIT_TROUBLE, "out of memory");
            free(text);
        }
    }
    return status;
}

static int put_out(struct merging *merging)
{
    struct cs_expect_target targets[MAX_COLUMNS];
    struct cs_comparison newest = {0};
    size_t n = 0;
    const struct cs_report *any = NULL;
    for (size_t c = 0; c < merging->n_columns; c++) {
        if (!merging->columns[c].missing) {
            targets[n++] =
                (struct cs_expect_target){&merging->reports[c], merging->columns[c].whole.results};
            any = &merging->reports[c];
        }
    }
    int status = cs_expect_option_open(merging->args, any, &merging->expect);
    status = status == CS_EXIT_OK
                 ? cs_expect_option_apply(&merging->expect, targets, n, true, false)
                 : status;
    if (status != CS_EXIT_OK) {
        return status;
    }
    const struct cs_matrix_output output = {.args = merging->args,
                                            .set = &merging->set,
                                            .reports = merging->reports,
                                            .n = merging->n_columns};
    status = cs_matrix_output_print(&output, &newest);
    for (size_t c = 0; c < merging->n_columns; c++) {
        int written = merging->columns[c].missing
                          ? CS_EXIT_OK
                          : cs_report_files_write(&merging->columns[c].files, &merging->reports[c]);
        status = status == CS_EXIT_OK ? written : status;
    }
    int written = cs_report_files_write_versions(&merging->of_all, merging->reports,
                                                 merging->n_columns, &merging->set);
    status = status == CS_EXIT_OK ? written : status;
    int outcome = cs_matrix_output_status(&output, &newest);
    return outcome != CS_EXIT_OK ? outcome : status;
}

int cs_merge_matrices(const struct cs_args *args, cJSON *const *documents,
                      const char *const *labels, size_t n)
{
    struct merging *merging = calloc(1, sizeof *merging);
    struct cs_diag diag = {0};
    if (args->format && strcmp(args->format, "human") != 0 && strcmp(args->format, "json") != 0) {
        free(merging);
        return cs_say(CS_EXIT_USAGE, "--format of matrices takes 'human' or 'json', not '%s'",
                      args->format);
    }
    if (!merging) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    merging->args = args;
    merging->documents = documents;
    merging->labels = labels;
    merging->n = n;
    int status = cs_requirements_load(&merging->set, &diag) == CS_OK
                     ? read_columns(merging)
                     : cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    for (size_t d = 0; d < n && status == CS_EXIT_OK; d++) {
        status = load_document(merging, d);
    }
    status = status == CS_EXIT_OK ? merge_columns(merging) : status;
    status = status == CS_EXIT_OK ? open_files(merging) : status;
    status = status == CS_EXIT_OK ? put_out(merging) : status;
    cs_expect_option_close(&merging->expect);
    cs_report_files_close(&merging->of_all);
    for (size_t c = 0; c < merging->n_columns; c++) {
        struct column *column = &merging->columns[c];
        cs_report_files_close(&column->files);
        cs_merged_report_free(&column->whole);
        for (size_t d = 0; column->parts && d < n; d++) {
            cs_stored_report_free(&column->parts[d]);
        }
        free(column->parts);
    }
    cs_requirements_free(&merging->set);
    free(merging);
    return status;
}
