#include "cli/matrix_output.h"

#include <string.h>

#include "cli/live.h"
#include "reports/github.h"
#include "reports/wrap.h"

#define MAX_PAGE ((size_t)512 * 1024 * 1024)

static const struct cs_report *first_there(const struct cs_matrix_output *output, size_t *ret_n)
{
    const struct cs_report *first = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < output->n; i++) {
        if (output->reports[i].n > 0) {
            first = first ? first : &output->reports[i];
            ++*ret_n;
        }
    }
    return first;
}

static enum cs_err print_for_people(const struct cs_matrix_output *output,
                                    struct cs_comparison *ret_newest, struct cs_buf *page)
{
    size_t n_there;
    const struct cs_report *first = first_there(output, &n_there);
    struct cs_buf changes = CS_BUF(MAX_PAGE);
    cs_versions_table(output->reports, output->n, page);
    enum cs_err err =
        cs_versions_changes(output->reports, output->n, output->set, ret_newest, &changes);
    err = err == CS_OK ? cs_buf_error(&changes) : err;
    cs_wrap(cs_buf_view(&changes), "", cs_stdout_columns(), page);
    cs_buf_free(&changes);
    for (size_t i = 0; i < output->n; i++) {
        struct cs_buf listed = CS_BUF(MAX_PAGE);
        cs_report_expected_terminal(&output->reports[i], &listed);
        if (listed.len > 0) {
            const struct cs_report_peer *peer = &output->reports[i].peer;
            cs_buf_printf(page, "\n== %s", peer->label ? peer->label : peer->version);
            cs_wrap(cs_buf_view(&listed), "", cs_stdout_columns(), page);
        }
        cs_buf_free(&listed);
    }
    if (first) {
        cs_buf_printf(page, "\n%zu cases in %zu of %zu versions in %lld.%lld s, seed %llu\n",
                      first->n, n_there, output->n, (long long)(first->duration_ms / 1000),
                      (long long)(first->duration_ms % 1000 / 100),
                      (unsigned long long)first->seed);
    }
    return err;
}

bool cs_matrix_has_format(const struct cs_args *args, const char *name)
{
    return args->format && strcmp(args->format, name) == 0;
}

/* The page, and what changed with the last version as annotations. */
static enum cs_err print_for_github(const struct cs_matrix_output *output,
                                    struct cs_comparison *ret_newest, struct cs_buf *out)
{
    struct cs_buf page = CS_BUF(MAX_PAGE);
    enum cs_err err = print_for_people(output, ret_newest, &page);
    err = err == CS_OK ? cs_github_page(&page, out) : err;
    cs_buf_free(&page);
    return err == CS_OK ? cs_versions_github(output->reports, output->n, output->set, out) : err;
}

int cs_matrix_output_print(const struct cs_matrix_output *output, struct cs_comparison *ret_newest)
{
    struct cs_buf page = CS_BUF(MAX_PAGE);
    enum cs_err err = CS_OK;
    if (cs_matrix_has_format(output->args, "json")) {
        err = cs_versions_json(output->reports, output->n, output->set, ret_newest, &page);
    } else if (cs_matrix_has_format(output->args, "github")) {
        err = print_for_github(output, ret_newest, &page);
    } else {
        err = print_for_people(output, ret_newest, &page);
    }
    bool good = err == CS_OK && cs_buf_error(&page) == CS_OK &&
                fwrite(page.ptr, 1, page.len, stdout) == page.len && fflush(stdout) == 0;
    cs_buf_free(&page);
    return good ? CS_EXIT_OK : cs_say(CS_EXIT_TROUBLE, "the matrix could not be printed");
}

int cs_matrix_output_status(const struct cs_matrix_output *output,
                            const struct cs_comparison *newest)
{
    bool has_list = output->args->expect != NULL;
    bool judged = false;
    bool all = true;
    bool broken = output->args->gate && newest->n_regressions > 0;
    for (size_t i = 0; i < output->n; i++) {
        const struct cs_run_summary *summary = &output->reports[i].summary;
        if (output->reports[i].interrupted) {
            return CS_EXIT_INTERRUPTED;
        }
        judged = judged || summary->n_judged > 0;
        all = all && output->reports[i].n > 0 && summary->n_verdicts[CS_ERROR] == 0 &&
              summary->n_verdicts[CS_INCONCLUSIVE] == 0;
        broken = broken || (has_list ? cs_run_is_broken(summary, false)
                                     : summary->n_unexpected_passes + summary->n_over > 0);
    }
    if (broken) {
        return CS_EXIT_BROKEN;
    }
    return judged && all ? CS_EXIT_OK : CS_EXIT_TROUBLE;
}
