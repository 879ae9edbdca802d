#include "cli/selftest.h"

#include <stdlib.h>

#include "cli/role_run.h"
#include "cli/stop.h"
#include "net/http_client.h"
#include "suite/random.h"

#define MAX_PAGE ((size_t)16 * 1024 * 1024)

const struct cs_matrix_violation *cs_selftest_violation(const struct cs_selftest *test,
                                                        size_t column)
{
    return column > 0 && column <= test->n_violations ? &test->violations[column - 1] : NULL;
}

bool cs_selftest_is_null(const struct cs_selftest *test, size_t column, size_t *ret_null)
{
    bool is_null = column > test->n_violations;
    *ret_null = is_null ? column - 1 - test->n_violations : 0;
    return is_null;
}

struct cs_run_options cs_selftest_options(const struct cs_args *args, unsigned jobs,
                                          struct cs_live *live)
{
    return (struct cs_run_options){
        .jobs = args->jobs ? (unsigned)args->jobs : jobs,
        .seed = args->has_seed ? args->seed : cs_fresh_seed(),
        .include_long = args->include.n > 0,
        .drop_evidence = true,
        .stop = cs_stop_flag(),
        .on_tick = cs_live_tick,
        .ctx = live,
    };
}

/* ---- what is tried ---- */

/* True when cases were chosen among all of them. */
static bool is_selection(const struct cs_args *args)
{
    return args->only.n > 0 || args->skip.n > 0 || args->only_group;
}

/* Violations that the selected cases are about; all of them when nothing was selected. */
static bool is_wanted(const struct cs_selftest *test, const struct cs_matrix_violation *violation)
{
    const struct cs_args *args = test->args;
    for (size_t i = 0; i < args->violate.n; i++) {
        if (strcmp(args->violate.items[i], violation->id) == 0) {
            return true;
        }
    }
    if (args->violate.n > 0) {
        return false;
    }
    bool wanted = !is_selection(args);
    for (size_t i = 0; i < test->n_all_cases && !wanted; i++) {
        wanted = cs_matrix_is_expected(violation, test->all_cases[i]);
    }
    return wanted;
}

static int choose_violations(struct cs_selftest *test)
{
    struct cs_matrix_violation violation;
    size_t n = 0;
    while (test->kind->violation(n, &violation)) {
        n++;
    }
    test->violations = calloc(n + 1, sizeof *test->violations);
    if (!test->violations) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        if (test->kind->violation(i, &violation) && is_wanted(test, &violation)) {
            test->violations[test->n_violations++] = violation;
        }
    }
    return CS_EXIT_OK;
}

/* Of "TOK-20" the "TOK", of "AGT-TRN-17" the "AGT-TRN". */
static size_t area_len(const char *id)
{
    size_t len = strcspn(id, " ");
    while (len > 0 && id[len - 1] != '-') {
        len--;
    }
    return len > 0 ? len - 1 : 0;
}

/* "TOK-20" and "TOK-05 TOK-41" are kin: they name the same area. */
static bool is_kin(const struct cs_case *test, const char *requirements)
{
    for (const char *ours = requirements; ours; ours = strchr(ours, ' ')) {
        ours += *ours == ' ';
        size_t len = area_len(ours);
        for (const char *at = test->requirements; at; at = strchr(at, ' ')) {
            at += *at == ' ';
            if (area_len(at) == len && strncmp(at, ours, len) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Which cases are tried against a violation that they need not notice: kin, where a slip is most
 * likely, and a sample of the others, the same in every run. */
static bool is_tried(const struct cs_selftest *test, size_t column, size_t row)
{
    const struct cs_matrix_violation *violation = cs_selftest_violation(test, column);
    const struct cs_case *item = test->cases[row];
    if (!violation || cs_matrix_is_expected(violation, item)) {
        return true;
    }
    if (test->kind->is_row && !test->kind->is_row(item)) {
        return false;
    }
    /* By names: another violation or case leaves the sample of the rest as it is. */
    uint64_t state = cs_random_state(cs_random_state(0, violation->id), item->id);
    bool is_neighbour =
        is_kin(item, violation->requirements) &&
        (test->kind->one_kin_of == 0 || cs_random_next(&state) % test->kind->one_kin_of == 0);
    return test->args->full || is_neighbour ||
           cs_random_next(&state) % test->n_all_cases < test->kind->sample;
}

static int lay_out(struct cs_selftest *test)
{
    test->n_columns = 1 + test->n_violations + test->kind->n_nulls;
    size_t n = test->n_columns * test->n_cases;
    test->envs = calloc(test->n_columns, sizeof(void *));
    test->work = calloc(n, sizeof *test->work);
    test->results = calloc(n, sizeof *test->results);
    test->cells = calloc(n, sizeof(void *));
    test->first_work = calloc(test->n_columns + 1, sizeof *test->first_work);
    if (!test->first_work || !test->envs || !test->work || !test->results || !test->cells) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    for (size_t column = 0; column < test->n_columns; column++) {
        test->first_work[column] = test->n_work;
        for (size_t row = 0; row < test->n_cases; row++) {
            if (is_tried(test, column, row)) {
                test->cells[column * test->n_cases + row] = &test->results[test->n_work];
                test->work[test->n_work++] = (struct cs_work){
                    .role = test->kind->role, .test = test->cases[row], .profile = test->profile};
            }
        }
    }
    test->first_work[test->n_columns] = test->n_work;
    return CS_EXIT_OK;
}

/* ---- the run ---- */

/* Runs the part of `n` columns from `first` on, whose peers are there. */
static int run_columns(struct cs_selftest *test, size_t first, size_t n)
{
    size_t at = test->first_work[first];
    size_t n_work = test->first_work[first + n] - at;
    for (size_t column = first; column < first + n; column++) {
        for (size_t i = test->first_work[column]; i < test->first_work[column + 1]; i++) {
            test->work[i].env = test->envs[column];
        }
    }
    test->live.work = test->work + at;
    test->live.n_before = at;
    const struct cs_run_options options =
        cs_selftest_options(test->args, test->kind->jobs, &test->live);
    struct cs_run_summary summary;
    struct cs_diag diag = {0};
    enum cs_err err =
        cs_run(test->work + at, n_work, &options, test->results + at, &summary, &diag);
    cs_live_end(&test->live);
    if (err != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the run could not go on: %s", diag.text);
    }
    if (summary.interrupted) {
        return cs_say(CS_EXIT_INTERRUPTED,
                      "interrupted after %zu of %zu runs: they are judged alone",
                      at + summary.n_done, test->n_work);
    }
    return test->kind->is_well(test) ? cs_selftest_again(test, first, n) : CS_EXIT_TROUBLE;
}

static int print_matrix(const struct cs_selftest *test, bool interrupted, int64_t duration_ms)
{
    const struct cs_selftest_role *kind = test->kind;
    bool is_chosen = test->args->violate.n > 0;
    size_t n_run = 0;
    for (size_t i = 0; i < test->n_work; i++) {
        n_run += test->results[i].done;
    }
    const char **nulls = calloc(kind->n_nulls + 1, sizeof(char *));
    if (!nulls) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    for (size_t k = 0; k < kind->n_nulls; k++) {
        nulls[k] = kind->null_name(k);
    }
    const struct cs_matrix matrix = {.cases = test->cases,
                                     .n_cases = test->n_cases,
                                     .claimants = test->all_cases,
                                     .n_claimants = test->n_all_cases,
                                     .violations = test->violations,
                                     .n_violations = test->n_violations,
                                     .nulls = nulls,
                                     .n_nulls = kind->n_nulls,
                                     .cells = test->cells,
                                     .is_partial = is_chosen || interrupted,
                                     .interrupted = interrupted,
                                     .claims_unknown = is_chosen && is_selection(test->args)};
    struct cs_buf page = CS_BUF(MAX_PAGE);
    struct cs_matrix_counts counts = cs_matrix_judge(&matrix, &page);
    free(nulls);
    printf("%s: %zu cases, %zu violations of %s, %zu null peers: %zu runs in %lld.%lld s\n",
           kind->role->name, test->n_cases, test->n_violations, kind->plain, kind->n_nulls, n_run,
           (long long)(duration_ms / 1000), (long long)(duration_ms % 1000 / 100));
    printf("without a violation   %zu pass, %zu do not, %zu skipped\n", counts.n_judged,
           counts.n_plain_bad, counts.n_left_out);
    printf("kills                 %zu of %zu\n", counts.n_kills, counts.n_expected);
    printf("collateral            %zu, and %zu could not be judged, of %zu other pairs%s\n",
           counts.n_collateral, counts.n_blocked, counts.n_others,
           test->args->full ? "" : " tried (--full: all)");
    if (matrix.is_partial) {
        printf("toothless cases       not counted, as pairs are left out\n");
    } else {
        printf("toothless cases       %zu\n", counts.n_toothless);
    }
    if (matrix.claims_unknown) {
        printf("unclaimed violations  not counted, as cases are left out too\n");
    } else {
        printf("unclaimed violations  %zu\n", counts.n_unclaimed);
    }
    printf("passes for null peers %zu\n", counts.n_null_passes);
    if (test->n_again > 0) {
        size_t n_calm = 0;
        for (size_t i = 0; i < test->calm.len; i++) {
            n_calm += test->calm.ptr[i] == '\n';
        }
        printf("run once more         %zu, of which the second run took back %zu\n", test->n_again,
               n_calm);
        fwrite(test->calm.ptr ? test->calm.ptr : "", 1, test->calm.len, stdout);
    }
    fwrite(page.ptr ? page.ptr : "", 1, page.len, stdout);
    bool good = cs_matrix_is_good(&counts);
    printf("\n");
    bool printed = fflush(stdout) == 0 && cs_buf_error(&page) == CS_OK;
    cs_buf_free(&page);
    if (!printed) {
        return cs_say(CS_EXIT_TROUBLE, "the matrix could not be printed");
    }
    return good ? CS_EXIT_OK : CS_EXIT_BROKEN;
}

static int run_all(struct cs_selftest *test)
{
    int64_t started = cs_now_ms();
    int status = choose_violations(test);
    if (status == CS_EXIT_OK && test->args->violate.n > 0 && test->n_violations == 0) {
        return CS_EXIT_OK; /* they are another role's */
    }
    status = status == CS_EXIT_OK ? lay_out(test) : status;
    test->live = cs_live_new(test->work);
    test->live.n_all = test->n_work;
    size_t n_done = 0; /* columns */
    while (status == CS_EXIT_OK && n_done < test->n_columns) {
        size_t left = test->n_columns - n_done;
        size_t n = left < test->kind->columns_at_a_time ? left : test->kind->columns_at_a_time;
        status = test->kind->begin(test, n_done, n);
        status = status == CS_EXIT_OK ? run_columns(test, n_done, n) : status;
        test->kind->end(test);
        n_done += status == CS_EXIT_OK ? n : 0;
    }
    if (status == CS_EXIT_OK || status == CS_EXIT_INTERRUPTED) {
        int printed = print_matrix(test, status == CS_EXIT_INTERRUPTED, cs_now_ms() - started);
        status = status == CS_EXIT_OK ? printed : status;
    }
    return status;
}

static const struct cs_case **cases_of(const struct cs_role *role, const struct cs_work *work,
                                       size_t n, size_t *ret_n)
{
    const struct cs_case **cases = calloc(n + 1, sizeof(void *));
    *ret_n = 0;
    for (size_t i = 0; cases && i < n; i++) {
        if (work[i].role == role) {
            cases[(*ret_n)++] = work[i].test;
        }
    }
    return cases;
}

int cs_selftest_role_run(const struct cs_selftest_role *kind, const struct cs_args *args,
                         const struct cs_profile *profile, const struct cs_selftest_rows *rows)
{
    struct cs_selftest test = {
        .kind = kind, .args = args, .profile = profile, .calm = CS_BUF(MAX_PAGE)};
    int status = CS_EXIT_OK;
    test.cases = cases_of(kind->role, rows->selected, rows->n, &test.n_cases);
    test.all_cases = cases_of(kind->role, rows->whole, rows->n_whole, &test.n_all_cases);
    if (!test.cases || !test.all_cases) {
        free(test.cases);
        free(test.all_cases);
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    if (test.n_cases > 0) {
        status = run_all(&test);
    }
    for (size_t i = 0; test.results && i < test.n_work; i++) {
        cs_result_free(&test.results[i]);
    }
    cs_buf_free(&test.calm);
    free(test.first_work);
    free(test.cells);
    free(test.results);
    free(test.work);
    free(test.envs);
    free(test.violations);
    free(test.cases);
    free(test.all_cases);
    return status;
}
