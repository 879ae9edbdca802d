/* chatspec compare: what changed between two reports. */
#include "cli/commands.h"
#include "cli/live.h"
#include "cli/report_files.h"
#include "reports/compare.h"
#include "reports/github.h"
#include "reports/wrap.h"

#define MAX_PAGE ((size_t)256 * 1024 * 1024)

static void put_counts(const struct cs_comparison *counts, struct cs_buf *page)
{
    cs_buf_printf(page,
                  "\n%zu regressions, %zu fixes, %zu with other observations, %zu no longer "
                  "judged, %zu newly judged, %zu new, %zu removed, %zu the same\n",
                  counts->n_regressions, counts->n_fixes, counts->n_observations,
                  counts->n_unjudged, counts->n_judged, counts->n_new, counts->n_removed,
                  counts->n_same);
}

/* Broken to the width of the terminal, where there is one; `annotations` (may be empty) go behind
 * it, for GitHub. Frees the page. */
static bool print_page(struct cs_buf *page, const struct cs_buf *annotations)
{
    struct cs_buf broken = CS_BUF(2 * MAX_PAGE);
    if (annotations->len > 0) {
        if (cs_github_page(page, &broken) != CS_OK) {
            broken.failed = CS_ERR_IO;
        }
        cs_buf_add(&broken, cs_buf_view(annotations));
    } else {
        cs_wrap(cs_buf_view(page), "", cs_stdout_columns(), &broken);
    }
    bool good = cs_buf_error(annotations) == CS_OK && cs_buf_error(page) == CS_OK &&
                cs_buf_error(&broken) == CS_OK &&
                fwrite(broken.ptr, 1, broken.len, stdout) == broken.len && fflush(stdout) == 0;
    cs_buf_free(page);
    cs_buf_free(&broken);
    return good;
}

static int print(const struct cs_args *args, const struct cs_read_report *older,
                 const struct cs_read_report *newer, struct cs_report_files *files)
{
    struct cs_buf annotations = CS_BUF(MAX_PAGE);
    struct cs_buf page = CS_BUF(MAX_PAGE);
    struct cs_requirements set = {0};
    struct cs_diag diag = {0};
    if (cs_requirements_load(&set, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    }
    struct cs_comparison counts = cs_compare(older, newer, &set, &page);
    put_counts(&counts, &page);
    if (args->format && strcmp(args->format, "github") == 0) {
        cs_compare_github(older, newer, &set, &annotations);
    }
    bool good = print_page(&page, &annotations);
    cs_buf_free(&annotations);
    int status = good ? CS_EXIT_OK : cs_say(CS_EXIT_TROUBLE, "the comparison could not be printed");
    int written = cs_report_files_write_comparison(files, older, newer, &set);
    cs_requirements_free(&set);
    if (counts.n_regressions > 0) {
        return CS_EXIT_BROKEN;
    }
    return status != CS_EXIT_OK ? status : written;
}

static int run(const struct cs_args *args)
{
    struct cs_read_report older = {0};
    struct cs_read_report newer = {0};
    struct cs_diag diag = {0};
    if (args->rest.n != 2) {
        return cs_say(CS_EXIT_USAGE, "compare takes two JSON reports: chatspec compare OLD.json "
                                     "NEW.json");
    }
    if (args->format && strcmp(args->format, "human") != 0 && strcmp(args->format, "github") != 0) {
        return cs_say(CS_EXIT_USAGE, "--format takes 'human' or 'github', not '%s'", args->format);
    }
    struct cs_report_files files = {0};
    int status = cs_report_files_open(args, CS_REPORT_COMPARISON, NULL, &files);
    if (status != CS_EXIT_OK) {
        return status;
    }
    enum cs_err err = cs_report_read(args->rest.items[0], &older, &diag);
    err = err == CS_OK ? cs_report_read(args->rest.items[1], &newer, &diag) : err;
    status =
        err == CS_OK ? print(args, &older, &newer, &files) : cs_say(CS_EXIT_USAGE, "%s", diag.text);
    cs_report_files_close(&files);
    cs_read_report_free(&older);
    cs_read_report_free(&newer);
    return status;
}

static const struct cs_option options[] = {
    CS_ROW("report", CS_OPTION_LIST, report, "KIND=PATH",
           "write it to a file: json, html or markdown; repeatable", 0),
    CS_ROW("format", CS_OPTION_TEXT, format, "human|github",
           "stdout: a page, or a page and annotations (human)", 0),
    CS_ROWS_END,
};

const struct cs_command cs_command_compare = {
    .name = "compare",
    .summary = "say what changed between two JSON reports",
    .usage = "OLD.json NEW.json [options]",
    .details =
        "Regressions, fixes, cases whose verdict stayed and whose observations did not, and\n"
        "cases that came or went. Exit status: 1 when there is a regression (a case got\n"
        "worse, or could not be judged any more), else 0.\n"
        "\n"
        "Examples:\n"
        "  chatspec endpoint --profile 4.5.16 --report json=old.json\n"
        "  chatspec endpoint --report json=new.json\n"
        "  chatspec compare old.json new.json\n"
        "  chatspec compare old.json new.json --report markdown=comment.md\n"
        "  chatspec compare old.json new.json --report html=changes.html",
    .options = options,
    .max_rest = 2,
    .run = run,
};
