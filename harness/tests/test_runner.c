/* The runner with made-up cases: the verdicts that one can come to, and what the run makes of them.
 */
#include "runner_world.h"

#include <stdio.h>

static void passes(struct cs_case_run *run)
{
    cs_case_observe(run, "colour", "red");
    cs_case_observe(run, "colour", "%s", "green");
    cs_case_note(run, "seen %d", 1);
    cs_case_evidence(run, "note", "not shown for a pass", CS_VIEW("x"));
}

static void fails(struct cs_case_run *run)
{
    cs_case_secret(run, CS_VIEW("open-sesame"));
    cs_case_evidence(run, "request", "what was sent",
                     CS_VIEW("GET / HTTP/1.1\r\nAuthorization: Bearer abc\r\n\r\nopen-sesame"));
    printf("printed open-sesame\n");
    cs_case_fail_diff(run, "200", "500", "status %d", 500);
}

static void skips(struct cs_case_run *run)
{
    cs_case_skip(run, "nothing there");
}

static void errs(struct cs_case_run *run)
{
    cs_case_error(run, "no connection");
}

static void fails_an_assertion(struct cs_case_run *run)
{
    (void)run;
    assert_int_equal(1, 2);
}

static void skips_plainly(struct cs_case_run *run)
{
    (void)run;
    skip();
}

static void is_unsure(struct cs_case_run *run)
{
    cs_case_inconclusive(run, "slow at scale %d", (int)cs_case_scale(run));
}

static void is_sure_at_4(struct cs_case_run *run)
{
    if (cs_case_scale(run) < 4) {
        cs_case_inconclusive(run, "slow");
    }
}

static void uses_what_it_has(struct cs_case_run *run)
{
    assert_true(cs_case_time_left(run) > 0 && cs_case_time_left(run) <= 30000);
    assert_string_equal(cs_case_of(run)->id, "fake/kit/uses.what");
    const char *name = cs_case_name(run);
    assert_true(strncmp(name, "uses-what-", 10) == 0);
    assert_ptr_equal(name, cs_case_name(run));
    assert_string_equal(cs_case_subject(run), "subject");
    cs_case_note(run, "%016llx", (unsigned long long)cs_case_random(run));
}

static void records(struct cs_case_run *run)
{
    cs_case_observe_as(run, "status", "404", "%d", 404);
    cs_case_observe_as(run, "body", "empty", "%s", "empty");
}

static void records_a_difference(struct cs_case_run *run)
{
    cs_case_observe_as(run, "status", "404", "%d", 410);
    cs_case_observe(run, "words", "%s", "gone");
}

static const struct cs_case rows[] = {
    ROW("passes", passes, .level = CS_MUST),
    ROW("fails", fails, .level = CS_MUST),
    ROW("warns", fails, .level = CS_SHOULD),
    ROW("informs", fails, .level = CS_OBSERVED),
    ROW("records", records, .level = CS_OBSERVED),
    ROW("records-a-difference", records_a_difference, .level = CS_MAY),
    ROW("skips", skips, .level = CS_MUST),
    ROW("errs", errs, .level = CS_MUST),
    ROW("asserts", fails_an_assertion, .level = CS_MUST),
    ROW("asserts-should", fails_an_assertion, .level = CS_SHOULD),
    ROW("skips-plainly", skips_plainly, .level = CS_MUST),
    ROW("unsure", is_unsure, .needs = CS_TIMING),
    ROW("unsure-untimed", is_unsure, .needs = 0),
    ROW("sure-at-4", is_sure_at_4, .needs = CS_TIMING),
    ROW("uses.what", uses_what_it_has, .level = CS_MUST),
    ROW("long", passes, .needs = CS_NEEDS_LONG),
    ROW("mints", passes, .needs = CS_NEEDS_MINT | CS_NEEDS_SECRET_KEY),
    {0},
};
static const struct cs_case *const groups[] = {rows};

static unsigned offers(const void *env)
{
    (void)env;
    return CS_NEEDS_SECRET_KEY;
}

static void set_up(struct cs_case_run *run)
{
    static char subject[] = "subject";
    cs_case_set_subject(run, subject);
}

static const struct cs_role fake_role = {
    .name = "fake", .groups = groups, .n_groups = 1, .offers = offers, .set_up = set_up};

static void assert_verdict(const char *name, enum cs_verdict verdict, const char *message)
{
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, &fake_role, name);
    assert_true(result->done);
    assert_string_equal(cs_verdict_name(result->verdict), cs_verdict_name(verdict));
    assert_string_equal(result->message ? result->message : "", message);
    release(&outcome);
}

static void each_way_to_end_has_its_verdict(void **state)
{
    (void)state;
    assert_verdict("fails", CS_FAIL, "status 500");
    assert_verdict("warns", CS_WARN, "status 500");
    assert_verdict("informs", CS_INFO, "status 500");
    assert_verdict("skips", CS_SKIP, "nothing there");
    assert_verdict("errs", CS_ERROR, "no connection");
    assert_verdict("skips-plainly", CS_SKIP, "skipped by the case, which gave no reason");
}

static void a_pass_keeps_notes_and_observations_but_no_evidence(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, &fake_role, "passes");
    assert_int_equal(result->verdict, CS_PASS);
    assert_string_equal(result->message, "seen 1");
    assert_int_equal(result->n_evidence, 0);
    assert_int_equal(result->n_observations, 1);
    assert_string_equal(result->observations[0].value, "green");
    assert_int_equal(outcome.summary.n_judged, 1);
    release(&outcome);
}

static void an_observation_informs_and_says_where_it_differs(void **state)
{
    (void)state;
    struct outcome same = {0};
    const struct cs_result *result = run_one(&same, &fake_role, "records");
    assert_int_equal(result->verdict, CS_INFO);
    assert_false(result->differs);
    assert_null(result->message);
    assert_int_equal(result->n_observations, 2);
    assert_null(result->observations[0].recorded);
    release(&same);

    struct outcome other = {0};
    result = run_one(&other, &fake_role, "records-a-difference");
    assert_int_equal(result->verdict, CS_INFO);
    assert_true(result->differs);
    assert_string_equal(result->message, "status is 410, recorded is 404");
    assert_string_equal(result->observations[0].value, "410");
    assert_string_equal(result->observations[0].recorded, "404");
    assert_null(result->observations[1].recorded);
    release(&other);

    struct outcome broken = {0};
    result =
        run_one(&broken, &fake_role, "informs"); /* what fails on the way is a difference too */
    assert_true(result->differs);
    release(&broken);
}

static void evidence_is_readable_and_without_secrets(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, &fake_role, "fails");
    assert_string_equal(evidence(result, "request")->text,
                        "GET / HTTP/1.1\\r\nAuthorization: Bearer [token]\\r\n\\r\n[secret]");
    assert_string_equal(evidence(result, "expected")->text, "200");
    assert_string_equal(evidence(result, "actual")->text, "500");
    assert_string_equal(evidence(result, "output")->text, "printed [secret]\n");
    release(&outcome);
}

static void a_plain_assertion_is_a_broken_requirement(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, &fake_role, "asserts");
    assert_int_equal(result->verdict, CS_FAIL);
    assert_non_null(strstr(result->message, "0x1 != 0x2 at "));
    assert_non_null(strstr(result->message, "test_runner.c"));
    release(&outcome);
    struct outcome other = {0};
    assert_int_equal(run_one(&other, &fake_role, "asserts-should")->verdict, CS_WARN);
    release(&other);
}

static void timing_cases_get_more_time_before_a_verdict(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_run_options options = {.jobs = 4};
    add(&outcome, &fake_role, "unsure", NULL);
    add(&outcome, &fake_role, "unsure-untimed", NULL);
    add(&outcome, &fake_role, "sure-at-4", NULL);
    run_all(&outcome, &options);
    assert_int_equal(outcome.results[0].verdict, CS_INCONCLUSIVE);
    assert_string_equal(outcome.results[0].message, "slow at scale 4");
    assert_int_equal(outcome.results[0].n_attempts, 3);
    assert_int_equal(outcome.results[1].verdict, CS_INCONCLUSIVE);
    assert_int_equal(outcome.results[1].n_attempts, 1);
    assert_int_equal(outcome.results[2].verdict, CS_PASS);
    assert_int_equal(cs_run_exit_status(&outcome.summary, false), 3);
    release(&outcome);
}

static void the_same_seed_gives_the_same_numbers(void **state)
{
    (void)state;
    struct outcome first = {0};
    struct outcome second = {0};
    const struct cs_result *result = run_one(&first, &fake_role, "uses.what");
    if (result->verdict != CS_PASS) {
        fail_msg("%s", result->message);
    }
    assert_string_equal(result->message, run_one(&second, &fake_role, "uses.what")->message);
    release(&first);
    release(&second);
}

static void missing_needs_are_skips_that_say_so(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    struct cs_run_options options = {.jobs = 1};
    add(&outcome, &fake_role, "long", NULL);
    add(&outcome, &fake_role, "mints", NULL);
    run_all(&outcome, &options);
    assert_int_equal(outcome.results[0].verdict, CS_SKIP);
    assert_non_null(strstr(outcome.results[0].message, "--include long"));
    assert_false(outcome.results[0].ran);
    assert_int_equal(outcome.results[1].verdict, CS_SKIP);
    assert_non_null(strstr(outcome.results[1].message, "key that signs tokens"));
    /* All skipped: nothing was judged, so nothing is green. */
    assert_int_equal(cs_run_exit_status(&outcome.summary, false), 2);
    release(&outcome);
    struct outcome with_long = {0};
    options.include_long = true;
    add(&with_long, &fake_role, "long", NULL);
    run_all(&with_long, &options);
    assert_int_equal(with_long.results[0].verdict, CS_PASS);
    release(&with_long);
}

static void exit_statuses_follow_the_contract(void **state)
{
    (void)state;
    struct cs_run_summary summary = {.n_judged = 1};
    assert_int_equal(cs_run_exit_status(&summary, true), 0);
    summary.n_verdicts[CS_WARN] = 1;
    assert_int_equal(cs_run_exit_status(&summary, false), 0);
    assert_int_equal(cs_run_exit_status(&summary, true), 1);
    summary.n_verdicts[CS_ERROR] = 1;
    assert_int_equal(cs_run_exit_status(&summary, false), 3);
    summary.n_verdicts[CS_FAIL] = 1;
    assert_int_equal(cs_run_exit_status(&summary, false), 1);
    summary.interrupted = true;
    assert_int_equal(cs_run_exit_status(&summary, false), 130);
    struct outcome nothing = {0};
    const struct cs_run_options options = {0};
    run_all(&nothing, &options);
    assert_int_equal(cs_run_exit_status(&nothing.summary, false), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_end_has_its_verdict),
        cmocka_unit_test(a_pass_keeps_notes_and_observations_but_no_evidence),
        cmocka_unit_test(an_observation_informs_and_says_where_it_differs),
        cmocka_unit_test(evidence_is_readable_and_without_secrets),
        cmocka_unit_test(a_plain_assertion_is_a_broken_requirement),
        cmocka_unit_test(timing_cases_get_more_time_before_a_verdict),
        cmocka_unit_test(the_same_seed_gives_the_same_numbers),
        cmocka_unit_test(missing_needs_are_skips_that_say_so),
        cmocka_unit_test(exit_statuses_follow_the_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
