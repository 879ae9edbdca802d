#include "cli/selftest.h"

#include <stdlib.h>

#include "cli/role_run.h"

/* More complaints than these are no accident, and not worth the time of running them twice. */
#define MAX_AGAIN 100
#define JOBS      2

static const struct cs_result *cell(const struct cs_selftest *test, size_t column, size_t row)
{
    return test->cells[column * test->n_cases + row];
}

static bool is_complaint(const struct cs_selftest *test, size_t column, size_t row,
                         const struct cs_result *result)
{
    const struct cs_matrix_violation *violation = cs_selftest_violation(test, column);
    return (column == 0 || violation) &&
           cs_matrix_is_complaint(violation, test->cases[row], cell(test, 0, row), result);
}

/* Writes down the complaints of the columns, as places in `work`; at most MAX_AGAIN + 1. */
static size_t find(const struct cs_selftest *test, size_t first, size_t n, size_t *ret_columns,
                   size_t *ret_rows)
{
    size_t n_found = 0;
    for (size_t column = first; column < first + n; column++) {
        for (size_t row = 0; row < test->n_cases && n_found <= MAX_AGAIN; row++) {
            const struct cs_result *result = cell(test, column, row);
            if (result && is_complaint(test, column, row, result)) {
                ret_columns[n_found] = column;
                ret_rows[n_found++] = row;
            }
        }
    }
    return n_found;
}

static void settle(struct cs_selftest *test, size_t column, size_t row, struct cs_result *second)
{
    if (!second->done || is_complaint(test, column, row, second)) {
        return;
    }
    const struct cs_matrix_violation *violation = cs_selftest_violation(test, column);
    struct cs_result *first = &test->results[cell(test, column, row) - test->results];
    cs_buf_printf(&test->calm, "  %s  %s: %s, then %s\n", violation ? violation->id : "-",
                  test->cases[row]->id, cs_verdict_name(first->verdict),
                  cs_verdict_name(second->verdict));
    struct cs_result spare = *first;
    *first = *second;
    *second = spare;
}

int cs_selftest_again(struct cs_selftest *test, size_t first, size_t n)
{
    size_t columns[MAX_AGAIN + 1];
    size_t rows[MAX_AGAIN + 1];
    size_t n_found = find(test, first, n, columns, rows);
    if (n_found == 0 || n_found > MAX_AGAIN) {
        return CS_EXIT_OK;
    }
    struct cs_work work[MAX_AGAIN];
    struct cs_result results[MAX_AGAIN] = {0};
    for (size_t i = 0; i < n_found; i++) {
        work[i] = test->work[cell(test, columns[i], rows[i]) - test->results];
    }
    struct cs_run_options options = cs_selftest_options(test->args, JOBS, NULL);
    options.jobs = JOBS;
    options.on_tick = NULL;
    struct cs_run_summary summary;
    struct cs_diag diag = {0};
    int status = CS_EXIT_OK;
    if (cs_run(work, n_found, &options, results, &summary, &diag) != CS_OK) {
        status = cs_say(CS_EXIT_TROUBLE, "the run could not go on: %s", diag.text);
    } else if (!summary.interrupted) {
        test->n_again += n_found;
        for (size_t i = 0; i < n_found; i++) {
            settle(test, columns[i], rows[i], &results[i]);
        }
    }
    for (size_t i = 0; i < n_found; i++) {
        cs_result_free(&results[i]);
    }
    return status;
}
