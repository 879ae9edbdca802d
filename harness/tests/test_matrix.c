/* The kill matrix over made-up results: each kind of complaint, and the silence when all is well.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "cli/matrix.h"

#define N_CASES      3
#define N_VIOLATIONS 2
#define N_COLUMNS    (1 + N_VIOLATIONS + 1)

static const struct cs_case a = {.id = "x/a", .requirements = "AAA-01"};
static const struct cs_case b = {.id = "x/b", .requirements = "AAA-02 BBB-01"};
static const struct cs_case c = {.id = "x/c", .requirements = "AAA-010"}; /* not AAA-01 */
static const struct cs_case *const cases[N_CASES] = {&a, &b, &c};
static const char *const nulls[] = {"does nothing"};

struct world {
    struct cs_matrix_violation rows[N_VIOLATIONS];
    struct cs_result results[N_COLUMNS * N_CASES];
    const struct cs_result *cells[N_COLUMNS * N_CASES];
};

static struct cs_result *cell(struct world *world, size_t column, size_t row)
{
    return &world->results[column * N_CASES + row];
}

/* All is well: v0 breaks AAA-01 and v1 breaks BBB-01 and AAA-010 is broken by nobody but affected.
 */
static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->rows[0] =
        (struct cs_matrix_violation){.id = "v0", .requirements = "AAA-01", .affects = "y/* x/c"};
    world->rows[1] = (struct cs_matrix_violation){.id = "v1", .requirements = "BBB-01"};
    for (size_t i = 0; i < N_COLUMNS * N_CASES; i++) {
        world->results[i] = (struct cs_result){.done = true, .verdict = CS_PASS};
        world->cells[i] = &world->results[i];
    }
    cell(world, 1, 0)->verdict = CS_FAIL;
    cell(world, 1, 2)->verdict = CS_WARN; /* affected */
    cell(world, 2, 1)->verdict = CS_WARN;
    cell(world, 2, 0)->verdict = CS_ERROR; /* could not get to its point: no complaint */
    for (size_t row = 0; row < N_CASES; row++) {
        cell(world, 3, row)->verdict = CS_ERROR;
    }
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static struct cs_matrix matrix_of(const struct world *world)
{
    return (struct cs_matrix){.cases = cases,
                              .n_cases = N_CASES,
                              .violations = world->rows,
                              .n_violations = N_VIOLATIONS,
                              .nulls = nulls,
                              .n_nulls = 1,
                              .cells = world->cells};
}

static struct cs_matrix_counts judge(const struct world *world, const char *expected)
{
    const struct cs_matrix matrix = matrix_of(world);
    struct cs_buf out = CS_BUF(65536);
    struct cs_matrix_counts counts = cs_matrix_judge(&matrix, &out);
    char *text = cs_buf_take(&out);
    assert_non_null(text);
    if (!strstr(text, expected)) {
        fail_msg("'%s' is not in: %s", expected, text);
    }
    assert_true(expected[0] != '\0' || text[0] == '\0');
    free(text);
    return counts;
}

static void all_is_well(void **state)
{
    struct cs_matrix_counts counts = judge(*state, "");
    assert_true(cs_matrix_is_good(&counts));
    assert_int_equal(counts.n_judged, 3);
    assert_int_equal(counts.n_expected, 2);
    assert_int_equal(counts.n_kills, 2);
    assert_int_equal(counts.n_others, 4);
    assert_int_equal(counts.n_blocked, 1);
}

static void a_violation_that_nobody_notices_survives(void **state)
{
    struct world *world = *state;
    cell(world, 1, 0)->verdict = CS_PASS;
    struct cs_matrix_counts counts = judge(world, "v0 (AAA-01)  x/a");
    assert_int_equal(counts.n_survivors, 1);
    assert_int_equal(counts.n_toothless, 1);
    assert_false(cs_matrix_is_good(&counts));
    cell(world, 1, 0)->verdict = CS_ERROR; /* an error is no kill either */
    assert_int_equal(judge(world, "v0").n_survivors, 1);
    cell(world, 1, 0)->verdict = CS_INFO; /* nor is an info, unless it is not as recorded */
    assert_int_equal(judge(world, "v0").n_survivors, 1);
    cell(world, 1, 0)->differs = true;
    assert_int_equal(judge(world, "").n_survivors, 0);
}

static void what_the_plain_endpoint_shows_is_what_is_recorded(void **state)
{
    struct world *world = *state;
    cell(world, 0, 0)->verdict = CS_INFO;
    assert_int_equal(judge(world, "").n_plain_bad, 0);
    cell(world, 0, 0)->differs = true;
    assert_int_equal(judge(world, "x/a").n_plain_bad, 1);
}

static void a_case_that_fails_for_another_ones_reason_is_collateral(void **state)
{
    struct world *world = *state;
    cell(world, 2, 2)->verdict = CS_FAIL;
    struct cs_matrix_counts counts = judge(world, "v1 (BBB-01)  x/c");
    assert_int_equal(counts.n_collateral, 1);
    assert_false(cs_matrix_is_good(&counts));
    world->cells[2 * N_CASES + 2] = NULL; /* not tried: nothing to say */
    assert_int_equal(judge(world, "").n_collateral, 0);
}

static void what_would_be_a_complaint_is_told_cell_by_cell(void **state)
{
    struct world *world = *state;
    const struct cs_result passed = {.done = true, .verdict = CS_PASS};
    const struct cs_result failed = {.done = true, .verdict = CS_FAIL};
    const struct cs_result skipped = {.done = true, .verdict = CS_SKIP};
    assert_true(cs_matrix_is_complaint(NULL, &a, &failed, &failed));
    assert_false(cs_matrix_is_complaint(NULL, &a, &passed, &passed));
    assert_false(cs_matrix_is_complaint(NULL, &a, &skipped, &skipped));
    const struct cs_matrix_violation *v1 = &world->rows[1];
    assert_true(cs_matrix_is_complaint(v1, &b, &passed, &passed));   /* a survivor */
    assert_false(cs_matrix_is_complaint(v1, &b, &passed, &failed));  /* a kill */
    assert_true(cs_matrix_is_complaint(v1, &c, &passed, &failed));   /* collateral */
    assert_false(cs_matrix_is_complaint(v1, &c, &passed, &passed));  /* as it should be */
    assert_false(cs_matrix_is_complaint(v1, &c, &skipped, &failed)); /* nothing can be said */
    assert_false(cs_matrix_is_complaint(&world->rows[0], &c, &passed, &failed)); /* affected */
}

static void a_case_that_fails_without_violation_is_named_and_judged_no_further(void **state)
{
    struct world *world = *state;
    cell(world, 0, 0)->verdict = CS_FAIL;
    struct cs_matrix_counts counts = judge(world, "Cases that do not pass without any violation");
    assert_int_equal(counts.n_plain_bad, 1);
    assert_int_equal(counts.n_expected, 1);
    assert_false(cs_matrix_is_good(&counts));
}

static void skipped_cases_are_left_out(void **state)
{
    struct world *world = *state;
    cell(world, 0, 2)->verdict = CS_SKIP;
    cell(world, 1, 2)->verdict = CS_SKIP;
    struct cs_matrix_counts counts = judge(world, "");
    assert_int_equal(counts.n_left_out, 1);
    assert_int_equal(counts.n_judged, 2);
    assert_true(cs_matrix_is_good(&counts));
}

static void a_pass_for_a_peer_that_does_nothing_is_a_fault(void **state)
{
    struct world *world = *state;
    cell(world, 3, 1)->verdict = CS_PASS;
    struct cs_matrix_counts counts = judge(world, "does nothing  x/b");
    assert_int_equal(counts.n_null_passes, 1);
    assert_false(cs_matrix_is_good(&counts));
}

static void a_violation_that_no_case_claims_is_named(void **state)
{
    struct world *world = *state;
    world->rows[1].requirements = "AAA-0";
    struct cs_matrix_counts counts = judge(world, "v1 (AAA-0)");
    assert_int_equal(counts.n_unclaimed, 1);
    assert_false(cs_matrix_is_good(&counts));
}

/* Where the cases are named, those must fail, and others that list a requirement may. */
static void the_named_cases_must_notice(void **state)
{
    struct world *world = *state;
    world->rows[1].requirements = "BBB-01 AAA-010";
    world->rows[1].noticed_by = "x/b";
    assert_int_equal(judge(world, "").n_expected, 2);
    cell(world, 2, 2)->verdict = CS_FAIL;
    assert_int_equal(judge(world, "").n_collateral, 0);
    world->rows[1].noticed_by = "x/a x/b";
    assert_int_equal(judge(world, "v1 (BBB-01 AAA-010)  x/a").n_survivors, 1);
    world->rows[1].noticed_by = "x/d";
    assert_int_equal(judge(world, "no case lists").n_unclaimed, 1);
}

/* What cannot be known of a part is not complained about. */
static void a_part_of_the_matrix_says_nothing_of_the_rest(void **state)
{
    struct world *world = *state;
    cell(world, 1, 0)->verdict = CS_PASS;
    world->rows[0].noticed_by = "x/d";
    struct cs_matrix matrix = matrix_of(world);
    struct cs_buf out = CS_BUF(65536);
    struct cs_matrix_counts counts = cs_matrix_judge(&matrix, &out);
    assert_int_equal(counts.n_toothless, 1);
    assert_int_equal(counts.n_unclaimed, 1);
    cs_buf_clear(&out);
    matrix.is_partial = true;
    matrix.claims_unknown = true;
    counts = cs_matrix_judge(&matrix, &out);
    assert_int_equal(counts.n_toothless, 0);
    assert_int_equal(counts.n_unclaimed, 0);
    assert_int_equal(out.len, 0);
    cs_buf_free(&out);
}

static void what_was_not_run_after_an_interruption_is_not_counted(void **state)
{
    struct world *world = *state;
    cell(world, 0, 1)->done = false; /* x/b without a violation */
    cell(world, 1, 0)->done = false; /* v0 against x/a */
    struct cs_matrix matrix = matrix_of(world);
    matrix.is_partial = true;
    struct cs_buf out = CS_BUF(65536);
    struct cs_matrix_counts counts = cs_matrix_judge(&matrix, &out);
    assert_int_equal(counts.n_survivors, 1);
    assert_int_equal(counts.n_plain_bad, 1);
    matrix.interrupted = true;
    cs_buf_clear(&out);
    counts = cs_matrix_judge(&matrix, &out);
    assert_int_equal(counts.n_survivors, 0);
    assert_int_equal(counts.n_plain_bad, 0);
    assert_int_equal(counts.n_expected, 0);
    assert_int_equal(out.len, 0);
    cs_buf_free(&out);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(all_is_well),
        WITH_WORLD(a_violation_that_nobody_notices_survives),
        WITH_WORLD(what_the_plain_endpoint_shows_is_what_is_recorded),
        WITH_WORLD(a_case_that_fails_for_another_ones_reason_is_collateral),
        WITH_WORLD(what_would_be_a_complaint_is_told_cell_by_cell),
        WITH_WORLD(a_case_that_fails_without_violation_is_named_and_judged_no_further),
        WITH_WORLD(skipped_cases_are_left_out),
        WITH_WORLD(a_pass_for_a_peer_that_does_nothing_is_a_fault),
        WITH_WORLD(a_violation_that_no_case_claims_is_named),
        WITH_WORLD(the_named_cases_must_notice),
        WITH_WORLD(what_was_not_run_after_an_interruption_is_not_counted),
        WITH_WORLD(a_part_of_the_matrix_says_nothing_of_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
