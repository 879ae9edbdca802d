#include "cli/role_output.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/role_run.h"
#include "reports/github.h"
#include "reports/lines.h"

#define MAX_LINE     ((size_t)64 * 1024 * 1024)
#define MAX_TERMINAL ((size_t)64 * 1024 * 1024)

int cs_role_output_read(const struct cs_args *args, struct cs_role_output *ret_output)
{
    static const char *const names[] = {"human", "github", "json"};
    struct cs_role_output output = {.verbose = args->verbose,
                                    .may_color = cs_may_color(args, STDOUT_FILENO)};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (args->format && strcmp(args->format, names[i]) == 0) {
            output.format = (enum cs_role_format)i;
            *ret_output = output;
            return CS_EXIT_OK;
        }
    }
    if (args->format) {
        return cs_say(CS_EXIT_USAGE, "--format takes 'human', 'github' or 'json', not '%s'",
                      args->format);
    }
    *ret_output = output;
    return CS_EXIT_OK;
}

/* Writes and frees; a line is there for its reader at once. */
static void put(struct cs_role_output *output, struct cs_buf *text)
{
    if (!output->is_broken &&
        (cs_buf_error(text) != CS_OK || fwrite(text->ptr, 1, text->len, stdout) != text->len ||
         fflush(stdout) != 0)) {
        output->is_broken = true;
    }
    cs_buf_free(text);
}

void cs_role_output_start(struct cs_role_output *output, const struct cs_report *report,
                          unsigned n_rounds)
{
    bool is_json = output->format == CS_FORMAT_JSON;
    output->report = report;
    output->live = cs_live_new(report->work);
    output->live.n_rounds = n_rounds;
    if (is_json && output->live.kind == CS_LIVE_TERMINAL && isatty(STDOUT_FILENO)) {
        output->live.kind = CS_LIVE_OFF; /* the lines show it, and would be drawn over */
    }
    if (is_json) {
        struct cs_buf line = CS_BUF(MAX_LINE);
        cs_lines_start(report, n_rounds, &line);
        put(output, &line);
    }
}

void cs_role_output_result(void *ctx, size_t index, const struct cs_result *result)
{
    struct cs_role_output *output = ctx;
    cs_live_result(&output->live, index, result);
    if (output->format == CS_FORMAT_JSON && !output->is_broken) {
        struct cs_buf line = CS_BUF(MAX_LINE);
        cs_lines_case(output->report, index, result, output->live.round, &line);
        put(output, &line);
    }
}

void cs_role_output_tick(void *ctx, const struct cs_progress *progress)
{
    struct cs_role_output *output = ctx;
    cs_live_tick(&output->live, progress);
}

static void put_page(struct cs_role_output *output, const struct cs_report *report)
{
    struct cs_buf page = CS_BUF(MAX_TERMINAL);
    const struct cs_report_terminal how = {
        .color = output->may_color, .verbose = output->verbose, .width = cs_stdout_columns()};
    cs_report_terminal(report, &how, &page);
    if (output->format == CS_FORMAT_GITHUB) {
        struct cs_buf guarded = CS_BUF(2 * MAX_TERMINAL);
        output->is_broken = cs_github_page(&page, &guarded) != CS_OK;
        cs_report_github(report, &guarded);
        cs_buf_free(&page);
        page = guarded;
    }
    put(output, &page);
}

int cs_role_output_end(struct cs_role_output *output, const struct cs_report *report,
                       int exit_status)
{
    if (output->format == CS_FORMAT_JSON) {
        struct cs_buf line = CS_BUF(MAX_LINE);
        cs_lines_end(report, exit_status, &line);
        put(output, &line);
    } else {
        put_page(output, report);
    }
    return output->is_broken ? cs_say(CS_EXIT_TROUBLE, "the report could not be printed")
                             : CS_EXIT_OK;
}
