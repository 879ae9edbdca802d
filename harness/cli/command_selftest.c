/* chatspec selftest: proof that the cases can fail. Every case is run against the plain endpoint,
 * against each violation and against each null peer, all in one run so that waits overlap. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/live.h"
#include "cli/matrix.h"
#include "cli/role_run.h"
#include "cli/roles.h"
#include "cli/selftest_profiles.h"
#include "cli/stop.h"
#include "cli/subject_endpoint.h"
#include "cli/violation_option.h"
#include "net/http_client.h"
#include "suite/profile.h"
#include "suite/random.h"
#include "suite/select.h"

#define DEFAULT_JOBS       128u
#define PLAIN_PATIENCE_MS  10000
#define BROKEN_PATIENCE_MS 2500 /* for answers that a violation keeps back */
#define NULL_PATIENCE_MS   300
#define COLUMNS_AT_A_TIME  100 /* servers on one loop; what they store goes with them */
#define SAMPLE             16  /* cases per violation that are tried without any kinship */
#define MAX_PAGE           ((size_t)16 * 1024 * 1024)

struct selftest {
    const struct cs_args *args;
    struct cs_requirements set;
    struct cs_profile profile; /* the newest: what the reference endpoint is by default */
    struct cs_work *selected;  /* of cs_select: the rows of the matrix */
    const struct cs_case **cases;
    size_t n_cases;
    const struct cs_violation **violations;
    size_t n_violations;
    size_t n_columns;
    struct cs_host host;
    struct cs_endpoint_env *envs; /* per column */
    struct cs_work *work;         /* what is run, n_work of n_columns * n_cases cells */
    struct cs_result *results;
    size_t n_work;
    size_t *first_work; /* per column, and one more: where its part of `work` begins */
    const struct cs_result **cells;
};

/* Violations that the selected cases are about; all of them when nothing was selected. */
static bool is_wanted(const struct selftest *test, const struct cs_violation *row)
{
    const struct cs_args *args = test->args;
    for (size_t i = 0; i < args->violate.n; i++) {
        if (strcmp(args->violate.items[i], row->id) == 0) {
            return true;
        }
    }
    bool wanted = args->violate.n == 0 && args->only.n == 0 && args->skip.n == 0;
    for (size_t i = 0; args->violate.n == 0 && i < test->n_cases && !wanted; i++) {
        wanted = cs_case_lists(test->cases[i], row->requirement);
    }
    return wanted;
}

static void choose_violations(struct selftest *test)
{
    for (const struct cs_violation *row = cs_violations; row->id; row++) {
        if (is_wanted(test, row)) {
            test->violations[test->n_violations++] = row;
        }
    }
}

static int check_violations(const struct cs_args *args)
{
    for (size_t i = 0; i < args->violate.n; i++) {
        if (!cs_violation_find(args->violate.items[i])) {
            return cs_unknown_violation(args->violate.items[i]);
        }
    }
    return CS_EXIT_OK;
}

static size_t count_violations(void)
{
    size_t n = 0;
    while (cs_violations[n].id) {
        n++;
    }
    return n;
}

static int choose(struct selftest *test)
{
    static const struct cs_role *const roles[] = {&cs_endpoint_role};
    const struct cs_args *args = test->args;
    struct cs_diag diag = {0};
    if (check_violations(args) != CS_EXIT_OK) {
        return CS_EXIT_USAGE;
    }
    if (cs_requirements_load(&test->set, &diag) != CS_OK ||
        cs_profile_init(NULL, &test->set, &test->profile, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    }
    const struct cs_selection selection = {.only_group = args->only_group,
                                           .set = &test->set,
                                           .only = args->only.items,
                                           .n_only = args->only.n,
                                           .skip = args->skip.items,
                                           .n_skip = args->skip.n};
    struct cs_buf why = CS_BUF(4096);
    enum cs_err err = cs_select(roles, 1, &selection, &test->selected, &test->n_cases, &why);
    char *text = cs_buf_take(&why);
    int status = CS_EXIT_OK;
    if (err != CS_OK) {
        status = cs_say(err == CS_ERR_USAGE ? CS_EXIT_USAGE : CS_EXIT_TROUBLE, "%s",
                        text ? text : "out of memory");
    }
    free(text);
    if (status != CS_EXIT_OK) {
        return status;
    }
    test->cases = calloc(test->n_cases, sizeof(void *));
    test->violations = calloc(count_violations() + 1, sizeof(void *));
    if (!test->cases || !test->violations) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    for (size_t i = 0; i < test->n_cases; i++) {
        test->cases[i] = test->selected[i].test;
    }
    choose_violations(test);
    test->n_columns = 1 + test->n_violations + CS_N_NULL_KINDS;
    return CS_EXIT_OK;
}

static int64_t patience(const struct selftest *test, size_t column)
{
    if (column == 0) {
        return PLAIN_PATIENCE_MS;
    }
    return column <= test->n_violations ? BROKEN_PATIENCE_MS : NULL_PATIENCE_MS;
}

/* "TOK-20" and "TOK-05 TOK-41" are kin: they name the same area. */
static bool is_kin(const struct cs_case *test, const char *requirement)
{
    size_t len = strcspn(requirement, "-");
    for (const char *at = test->requirements; at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strcspn(at, "- ") == len && strncmp(at, requirement, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Which cases are tried against a violation whose requirement they do not list: kin, where a slip
 * is most likely, and a sample of the others, the same in every run. */
static bool is_tried(const struct selftest *test, size_t column, size_t row)
{
    if (test->args->full || column == 0 || column > test->n_violations) {
        return true;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): choose_violations filled the table */
    const char *requirement = test->violations[column - 1]->requirement;
    uint64_t state = cs_random_state(column, test->cases[row]->id);
    return is_kin(test->cases[row], requirement) || cs_random_next(&state) % test->n_cases < SAMPLE;
}

static void fill_spec(const struct selftest *test, size_t column, struct cs_host_spec *ret_spec)
{
    *ret_spec = (struct cs_host_spec){0};
    if (column > test->n_violations) {
        ret_spec->is_null = true;
        ret_spec->null_kind = (enum cs_null_kind)(column - 1 - test->n_violations);
    } else if (column > 0) {
        ret_spec->violation = test->violations[column - 1];
    }
}

/* Servers of `n` columns from `first` on. */
static int start_servers(struct selftest *test, size_t first, size_t n)
{
    struct cs_host_spec *specs = calloc(n, sizeof *specs);
    struct cs_diag diag = {0};
    if (!specs) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        fill_spec(test, first + i, &specs[i]);
    }
    enum cs_err err = cs_host_start(specs, n, test->args->seed, &test->host, &diag);
    free(specs);
    for (size_t i = 0; err == CS_OK && i < n; i++) {
        test->envs[first + i] = cs_builtin_env(test->host.urls[i], patience(test, first + i));
    }
    return err == CS_OK ? CS_EXIT_OK : cs_say(CS_EXIT_TROUBLE, "%s", diag.text);
}

static int lay_out(struct selftest *test)
{
    size_t n = test->n_columns * test->n_cases;
    test->envs = calloc(test->n_columns, sizeof *test->envs);
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
                test->work[test->n_work++] = (struct cs_work){.role = &cs_endpoint_role,
                                                              .test = test->cases[row],
                                                              .env = &test->envs[column],
                                                              .profile = &test->profile};
            }
        }
    }
    test->first_work[test->n_columns] = test->n_work;
    return CS_EXIT_OK;
}

static int print_matrix(const struct selftest *test, int64_t duration_ms)
{
    const char *nulls[CS_N_NULL_KINDS];
    for (size_t k = 0; k < CS_N_NULL_KINDS; k++) {
        nulls[k] = cs_null_kind_name((enum cs_null_kind)k);
    }
    const struct cs_matrix matrix = {.cases = test->cases,
                                     .n_cases = test->n_cases,
                                     .violations = test->violations,
                                     .n_violations = test->n_violations,
                                     .nulls = nulls,
                                     .n_nulls = CS_N_NULL_KINDS,
                                     .cells = test->cells,
                                     .is_partial = test->args->violate.n > 0};
    struct cs_buf page = CS_BUF(MAX_PAGE);
    struct cs_matrix_counts counts = cs_matrix_judge(&matrix, &page);
    printf("%zu cases, %zu violations, %d null peers: %zu runs in %lld.%lld s\n", test->n_cases,
           test->n_violations, CS_N_NULL_KINDS, test->n_work, (long long)(duration_ms / 1000),
           (long long)(duration_ms % 1000 / 100));
    printf("without a violation   %zu pass, %zu do not, %zu skipped\n", counts.n_judged,
           counts.n_plain_bad, counts.n_left_out);
    printf("kills                 %zu of %zu\n", counts.n_kills, counts.n_expected);
    printf("collateral            %zu, and %zu could not be judged, of %zu other pairs%s\n",
           counts.n_collateral, counts.n_blocked, counts.n_others,
           test->args->full ? "" : " tried (--full: all)");
    printf("toothless cases       %zu\n", counts.n_toothless);
    printf("unclaimed violations  %zu\n", counts.n_unclaimed);
    printf("passes for null peers %zu\n", counts.n_null_passes);
    fwrite(page.ptr ? page.ptr : "", 1, page.len, stdout);
    bool good = cs_matrix_is_good(&counts);
    printf("\n%s\n", good ? "selftest passed" : "selftest failed");
    bool printed = fflush(stdout) == 0 && cs_buf_error(&page) == CS_OK;
    cs_buf_free(&page);
    if (!printed) {
        return cs_say(CS_EXIT_TROUBLE, "the matrix could not be printed");
    }
    return good ? CS_EXIT_OK : CS_EXIT_BROKEN;
}

/* Runs the part of `n` columns from `first` on. */
static int run_columns(struct selftest *test, size_t first, size_t n)
{
    size_t at = test->first_work[first];
    size_t n_work = test->first_work[first + n] - at;
    struct cs_live live = {.on = isatty(STDERR_FILENO), .work = test->work + at};
    const struct cs_run_options options = {
        .jobs = test->args->jobs ? (unsigned)test->args->jobs : DEFAULT_JOBS,
        .seed = test->args->has_seed ? test->args->seed : cs_fresh_seed(),
        .include_long = test->args->include.n > 0,
        .drop_evidence = true,
        .stop = cs_stop_flag(),
        .on_tick = cs_live_tick,
        .ctx = &live,
    };
    struct cs_run_summary summary;
    struct cs_diag diag = {0};
    enum cs_err err =
        cs_run(test->work + at, n_work, &options, test->results + at, &summary, &diag);
    cs_live_end(&live);
    if (err != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the run could not go on: %s", diag.text);
    }
    if (summary.interrupted) {
        return cs_say(130, "interrupted after %zu of %zu runs: there is no matrix",
                      at + summary.n_done, test->n_work);
    }
    return cs_host_is_well(&test->host) ? CS_EXIT_OK : CS_EXIT_TROUBLE;
}

static int run_violations(struct selftest *test)
{
    int64_t started = cs_now_ms();
    int status = lay_out(test);
    for (size_t first = 0; status == CS_EXIT_OK && first < test->n_columns;) {
        size_t left = test->n_columns - first;
        size_t n = left < COLUMNS_AT_A_TIME ? left : COLUMNS_AT_A_TIME;
        status = start_servers(test, first, n);
        status = status == CS_EXIT_OK ? run_columns(test, first, n) : status;
        cs_host_stop(&test->host);
        first += n;
    }
    return status == CS_EXIT_OK ? print_matrix(test, cs_now_ms() - started) : status;
}

static int run(const struct cs_args *args)
{
    struct selftest test = {.args = args};
    int status = choose(&test);
    if (status == CS_EXIT_OK && args->profiles) {
        status = cs_selftest_profiles(args, &test.set, test.selected, test.n_cases);
    } else if (status == CS_EXIT_OK) {
        status = run_violations(&test);
    }
    for (size_t i = 0; test.results && i < test.n_work; i++) {
        cs_result_free(&test.results[i]);
    }
    free(test.first_work);
    free(test.cells);
    free(test.results);
    free(test.work);
    free(test.envs);
    free(test.violations);
    free(test.cases);
    free(test.selected);
    cs_requirements_free(&test.set);
    return status;
}

static const struct cs_option options[] = {
    CS_ROWS_SELECTION,
    CS_ROW("include", CS_OPTION_LIST, include, "long", "cases that take 30 s or more too", 0),
    CS_ROW("profiles", CS_OPTION_FLAG, profiles, NULL,
           "instead: servers of all versions, held to all versions", 0),
    CS_ROW("violate", CS_OPTION_LIST, violate, "ID", "these violations alone; repeatable", 0),
    CS_ROW("full", CS_OPTION_FLAG, full, NULL, "every case against every violation", 0),
    CS_ROW("jobs", CS_OPTION_NUMBER, jobs, "N", "cases side by side (128)", 512),
    CS_ROW("seed", CS_OPTION_SEED, seed, "N", "seed of all random choices (a fresh one)",
           CS_SEED_LIMIT),
    CS_ROW("no-color", CS_OPTION_FLAG, no_color, NULL, "plain text (it always is)", 0),
    CS_ROWS_END,
};

const struct cs_command cs_command_selftest = {
    .name = "selftest",
    .summary = "prove that the cases can fail: the kill matrix",
    .usage = "[options]",
    .details =
        "Runs every case against the built-in endpoint, against each of its violations and\n"
        "against peers that do nothing. With a violation, exactly the cases that list its\n"
        "requirement must fail (and those that the violation names as affected may); for a\n"
        "peer that does nothing no case may pass. Cases that do not list the requirement are\n"
        "tried where they are about the same area, and a sample of the others; all of them\n"
        "with --full. With --only, the violations are those of the requirements that the\n"
        "selected cases list.\n"
        "\n"
        "Examples:\n"
        "  chatspec selftest\n"
        "  chatspec selftest --full\n"
        "  chatspec selftest --only TOK-20\n"
        "  chatspec selftest --violate token-cross-session --full\n"
        "  chatspec selftest --profiles",
    .options = options,
    .run = run,
};
