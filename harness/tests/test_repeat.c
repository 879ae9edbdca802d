/* Several rounds of the same cases: what changes is counted and kept once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "suite/repeat.h"

/* Each case runs in a process of its own, so what outlives one is a file. */
static char count_file[] = "/tmp/chatspec-repeat-XXXXXX";

static void passes(struct cs_case_run *run)
{
    (void)run;
}

static void fails(struct cs_case_run *run)
{
    cs_case_fail(run, "always");
}

/* In its third and fourth round. */
static void fails_now_and_then(struct cs_case_run *run)
{
    FILE *file = fopen(count_file, "a+e");
    cs_case_check(run, file != NULL, "no file");
    fputc('x', file);
    long n = ftell(file);
    fclose(file);
    cs_case_evidence(run, "note", "round", CS_VIEW("x"));
    cs_case_check(run, n != 3 && n != 4, "the %ld. time", n);
}

static const struct cs_case cases[] = {
    {.id = "x/y/passes", .title = "passes", .requirements = "A-1", .run = passes},
    {.id = "x/y/now-and-then", .title = "flaky", .requirements = "A-1", .run = fails_now_and_then},
    {.id = "x/y/fails", .title = "fails", .requirements = "A-1", .run = fails},
    {0},
};
static const struct cs_case *const groups[] = {cases};

static unsigned offers(const void *env)
{
    (void)env;
    return 0;
}

static void nothing(struct cs_case_run *run)
{
    (void)run;
}

static const struct cs_role role = {.name = "x",
                                    .groups = groups,
                                    .n_groups = 1,
                                    .offers = offers,
                                    .set_up = nothing,
                                    .tear_down = nothing};

static const struct cs_work work[] = {
    {.role = &role, .test = &cases[0]},
    {.role = &role, .test = &cases[1]},
    {.role = &role, .test = &cases[2]},
};
#define N_WORK (sizeof work / sizeof work[0])

struct rounds {
    struct cs_result results[N_WORK];
    struct cs_repeat repeats[N_WORK];
    struct cs_run_summary summary;
    unsigned round;
};

static void run_rounds(struct rounds *rounds, unsigned n, const volatile sig_atomic_t *stop)
{
    const struct cs_run_options options = {.jobs = 2, .seed = 7, .stop = stop};
    struct cs_diag diag = {0};
    *rounds = (struct rounds){0};
    assert_int_equal(cs_run_rounds(work, N_WORK, &options, n, &rounds->round, rounds->results,
                                   rounds->repeats, &rounds->summary, &diag),
                     CS_OK);
}

static void free_rounds(struct rounds *rounds)
{
    for (size_t i = 0; i < N_WORK; i++) {
        cs_result_free(&rounds->results[i]);
        cs_repeat_free(&rounds->repeats[i]);
    }
}

static int set_up(void **state)
{
    (void)state;
    snprintf(count_file, sizeof count_file, "/tmp/chatspec-repeat-XXXXXX");
    int fd = mkstemp(count_file);
    return fd >= 0 ? close(fd) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(count_file);
}

static void test_what_changes_is_counted(void **state)
{
    (void)state;
    struct rounds rounds;
    run_rounds(&rounds, 6, NULL);
    assert_int_equal(rounds.round, 6);
    assert_int_equal(cs_repeat_n_flaky(rounds.repeats, N_WORK), 1);
    assert_int_equal(rounds.repeats[0].n_verdicts[CS_PASS], 6);
    assert_int_equal(rounds.repeats[2].n_verdicts[CS_FAIL], 6);
    assert_false(rounds.repeats[2].different.done);
    const struct cs_repeat *flaky = &rounds.repeats[1];
    assert_true(cs_repeat_is_flaky(flaky));
    assert_int_equal(flaky->n_verdicts[CS_PASS], 4);
    assert_int_equal(flaky->n_verdicts[CS_FAIL], 2);
    /* The first that differs is there with its evidence, and the seed that it ran with. */
    assert_int_equal(flaky->different_round, 3);
    assert_int_equal(flaky->different_seed, 9);
    assert_string_equal(flaky->different.message, "the 3. time");
    assert_int_equal(flaky->different.n_evidence, 1);
    struct cs_buf text = CS_BUF(256);
    cs_repeat_describe(flaky, &text);
    char *said = cs_buf_take(&text);
    assert_string_equal(said, "2 of 6 rounds differ (4 pass, 2 fail)");
    free(said);
    /* The results are those of the first round. */
    assert_int_equal(rounds.results[1].verdict, CS_PASS);
    assert_int_equal(rounds.summary.n_verdicts[CS_PASS], 2);
    free_rounds(&rounds);
}

static void test_one_round_is_a_run(void **state)
{
    (void)state;
    struct rounds rounds;
    for (unsigned n = 0; n < 2; n++) {
        run_rounds(&rounds, n, NULL);
        assert_int_equal(rounds.round, 1);
        assert_int_equal(cs_repeat_n_flaky(rounds.repeats, N_WORK), 0);
        assert_int_equal(rounds.summary.n_done, N_WORK);
        free_rounds(&rounds);
    }
    assert_int_equal(cs_repeat_n_flaky(NULL, N_WORK), 0);
}

static void test_an_interruption_ends_it(void **state)
{
    (void)state;
    struct rounds rounds;
    const volatile sig_atomic_t stop = 1;
    run_rounds(&rounds, 1000, &stop);
    assert_int_equal(rounds.round, 1);
    assert_true(rounds.summary.interrupted);
    free_rounds(&rounds);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILE(test_what_changes_is_counted),
        WITH_FILE(test_one_round_is_a_run),
        WITH_FILE(test_an_interruption_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
