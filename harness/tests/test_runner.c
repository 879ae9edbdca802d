/* The runner with made-up cases: every way in which one can end, and what the run makes of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/http_client.h"
#include "suite/runner.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif
#ifndef WITH_TSAN
#define WITH_TSAN 0
#endif
#ifndef WITH_ASAN
#define WITH_ASAN 0
#endif

/* ---- cases ---- */

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

static void crashes(struct cs_case_run *run)
{
    cs_case_evidence(run, "sent", "before the crash", CS_VIEW("still there"));
    raise(SIGKILL);
}

static void faults(struct cs_case_run *run)
{
    (void)run;
    raise(SIGSEGV);
}

static void leaks(struct cs_case_run *run)
{
    void *volatile lost = malloc(77);
    (void)run;
    assert_non_null(lost);
    lost = NULL;
} /* NOLINT(clang-analyzer-unix.Malloc): the leak is the point */

static void exits(struct cs_case_run *run)
{
    (void)run;
    fprintf(stderr, "giving up\n");
    _exit(23);
}

static void hangs(struct cs_case_run *run)
{
    cs_case_evidence(run, "sent", "before the hang", CS_VIEW("x"));
    printf("waiting\n");
    for (;;) {
        pause();
    }
}

static void floods(struct cs_case_run *run)
{
    (void)run;
    for (;;) {
        fputs("all work and no play makes a very long line of output\n", stdout);
    }
}

static void floods_evidence(struct cs_case_run *run)
{
    struct cs_buf big = CS_BUF((size_t)1 << 20);
    char *room = cs_buf_reserve(&big, (size_t)1 << 20);
    assert_non_null(room);
    memset(room, 'x', (size_t)1 << 20);
    big.len = (size_t)1 << 20;
    for (int i = 0; i < 400; i++) {
        cs_case_evidence(run, "received", "a lot", cs_buf_view(&big));
    }
    cs_buf_free(&big);
    cs_case_fail(run, "done");
}

/* Two generations in the case's group; their numbers stand in a pipe that the test reads. */
static void leaves_children(struct cs_case_run *run)
{
    int fd = *(const int *)cs_case_env(run);
    for (int i = 0; i < 2; i++) {
        if (fork() == 0) {
            pid_t inner = fork();
            pid_t self = getpid();
            if (inner != 0 && write(fd, &self, sizeof self) != (ssize_t)sizeof self) {
                _exit(1);
            }
            for (;;) {
                pause();
            }
        }
    }
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

#define ROW(name, function, ...)                                                                   \
    {                                                                                              \
        .id = "fake/kit/" name, .title = name, .requirements = "AAA-01 BBB-02", .run = (function), \
        __VA_ARGS__                                                                                \
    }

static const struct cs_case all_rows[] = {
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
    ROW("crashes", crashes, .level = CS_MUST),
    ROW("faults", faults, .level = CS_MUST),
    ROW("leaks", leaks, .level = CS_MUST),
    ROW("exits", exits, .level = CS_MUST),
    ROW("hangs", hangs, .timeout_s = 1),
    ROW("floods", floods, .timeout_s = 1),
    ROW("floods-evidence", floods_evidence, .level = CS_MUST),
    ROW("leaves-children", leaves_children, .level = CS_MUST),
    ROW("unsure", is_unsure, .needs = CS_TIMING),
    ROW("unsure-untimed", is_unsure, .needs = 0),
    ROW("sure-at-4", is_sure_at_4, .needs = CS_TIMING),
    ROW("uses.what", uses_what_it_has, .level = CS_MUST),
    ROW("long", passes, .needs = CS_NEEDS_LONG),
    ROW("mints", passes, .needs = CS_NEEDS_MINT | CS_NEEDS_SECRET_KEY),
    {0},
};

static const struct cs_case *row(const char *name)
{
    for (const struct cs_case *test = all_rows; test->id; test++) {
        if (strcmp(test->title, name) == 0) {
            return test;
        }
    }
    fail_msg("no row %s", name);
    return NULL;
}

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

static const struct cs_case *const groups[] = {all_rows};
static const struct cs_role fake_role = {
    .name = "fake", .groups = groups, .n_groups = 1, .offers = offers, .set_up = set_up};

/* ---- helpers ---- */

#define MAX_ITEMS 32

struct outcome {
    struct cs_work work[MAX_ITEMS];
    struct cs_result results[MAX_ITEMS];
    size_t n;
    struct cs_run_summary summary;
};

static void add(struct outcome *outcome, const struct cs_role *role, const char *name,
                const void *env)
{
    outcome->work[outcome->n++] = (struct cs_work){.role = role, .test = row(name), .env = env};
}

static void run_all(struct outcome *outcome, const struct cs_run_options *options)
{
    struct cs_diag diag = {0};
    assert_int_equal(
        cs_run(outcome->work, outcome->n, options, outcome->results, &outcome->summary, &diag),
        CS_OK);
}

static void release(struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->n; i++) {
        cs_result_free(&outcome->results[i]);
    }
}

/* Runs one case and gives its result, of which the caller releases the outcome. */
static const struct cs_result *run_one(struct outcome *outcome, const char *name)
{
    const struct cs_run_options options = {.jobs = 1, .seed = 1};
    add(outcome, &fake_role, name, NULL);
    run_all(outcome, &options);
    return &outcome->results[0];
}

static const struct cs_evidence *evidence(const struct cs_result *result, const char *kind)
{
    for (size_t i = 0; i < result->n_evidence; i++) {
        if (strcmp(result->evidence[i].kind, kind) == 0) {
            return &result->evidence[i];
        }
    }
    fail_msg("no evidence of kind %s", kind);
    return NULL;
}

static void assert_verdict(const char *name, enum cs_verdict verdict, const char *message)
{
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, name);
    assert_true(result->done);
    assert_string_equal(cs_verdict_name(result->verdict), cs_verdict_name(verdict));
    assert_string_equal(result->message ? result->message : "", message);
    release(&outcome);
}

/* ---- tests ---- */

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
    const struct cs_result *result = run_one(&outcome, "passes");
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
    const struct cs_result *result = run_one(&same, "records");
    assert_int_equal(result->verdict, CS_INFO);
    assert_false(result->differs);
    assert_null(result->message);
    assert_int_equal(result->n_observations, 2);
    assert_null(result->observations[0].recorded);
    release(&same);

    struct outcome other = {0};
    result = run_one(&other, "records-a-difference");
    assert_int_equal(result->verdict, CS_INFO);
    assert_true(result->differs);
    assert_string_equal(result->message, "status is 410, recorded is 404");
    assert_string_equal(result->observations[0].value, "410");
    assert_string_equal(result->observations[0].recorded, "404");
    assert_null(result->observations[1].recorded);
    release(&other);

    struct outcome broken = {0};
    result = run_one(&broken, "informs"); /* what fails on the way is a difference too */
    assert_true(result->differs);
    release(&broken);
}

static void evidence_is_readable_and_without_secrets(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, "fails");
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
    const struct cs_result *result = run_one(&outcome, "asserts");
    assert_int_equal(result->verdict, CS_FAIL);
    assert_non_null(strstr(result->message, "0x1 != 0x2 at "));
    assert_non_null(strstr(result->message, "test_runner.c"));
    release(&outcome);
    struct outcome other = {0};
    assert_int_equal(run_one(&other, "asserts-should")->verdict, CS_WARN);
    release(&other);
}

static void a_crash_is_an_error_that_keeps_the_evidence(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, "crashes");
    assert_int_equal(result->verdict, CS_ERROR);
    assert_string_equal(result->message, "the case's process was ended by signal SIGKILL");
    assert_string_equal(evidence(result, "sent")->text, "still there");
    release(&outcome);
}

static void a_fault_is_not_cmockas_to_catch(void **state)
{
    /* This test runs inside cmocka, whose handler would be inherited: as in the program instead. */
    const struct sigaction *plain = *state;
    struct sigaction of_cmocka;
    sigaction(SIGSEGV, plain, &of_cmocka);
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, "faults");
    sigaction(SIGSEGV, &of_cmocka, NULL);
    assert_int_equal(result->verdict, CS_ERROR);
    if (WITH_ASAN || WITH_TSAN) {
        /* the sanitizer's handler reports the fault and exits */
        assert_non_null(strstr(evidence(result, "output")->text, "Sanitizer"));
    } else {
        assert_non_null(strstr(result->message, "signal SIGSEGV"));
    }
    release(&outcome);
}

static void a_leak_is_an_error_where_it_can_be_seen(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, "leaks");
    assert_int_equal(result->verdict, WITH_ASAN ? CS_ERROR : CS_PASS);
    if (WITH_ASAN) {
        assert_string_equal(result->message, "the case's process leaked memory");
        assert_non_null(strstr(evidence(result, "output")->text, "77 byte(s)"));
    }
    release(&outcome);
}

static void an_exit_is_an_error_with_what_was_printed(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, "exits");
    assert_int_equal(result->verdict, CS_ERROR);
    assert_non_null(strstr(result->message, "status 23"));
    assert_string_equal(evidence(result, "output")->text, "giving up\n");
    release(&outcome);
}

static void a_hang_ends_at_its_deadline(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, "hangs");
    assert_int_equal(result->verdict, CS_ERROR);
    assert_string_equal(result->message, "the case did not end within 1 s");
    assert_string_equal(evidence(result, "output")->text, "waiting\n");
    assert_string_equal(evidence(result, "sent")->text, "x");
    assert_true(result->duration_ms >= 1000 && result->duration_ms < 20000);
    release(&outcome);
}

static void a_flood_of_output_is_bounded(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, "floods");
    assert_int_equal(result->verdict, CS_ERROR);
    const struct cs_evidence *output = evidence(result, "output");
    assert_true(strlen(output->text) <= 64 * 1024);
    assert_true(output->left_out > 0);
    release(&outcome);
}

static void a_flood_of_evidence_is_bounded(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, "floods-evidence");
    assert_int_equal(result->verdict, CS_FAIL);
    size_t total = 0;
    for (size_t i = 0; i < result->n_evidence; i++) {
        assert_true(strlen(result->evidence[i].text) <= 64 * 1024);
        total += strlen(result->evidence[i].text);
    }
    assert_true(total > 0 && total <= 520 * 1024);
    assert_int_equal(evidence(result, "received")->left_out, (1 << 20) - 64 * 1024);
    assert_non_null(strstr(evidence(result, "note")->text, "more pieces of evidence"));
    release(&outcome);
}

static void nothing_that_a_case_started_outlives_it(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct outcome outcome = {0};
    const struct cs_run_options options = {.jobs = 1};
    add(&outcome, &fake_role, "leaves-children", &fds[1]);
    run_all(&outcome, &options);
    assert_int_equal(outcome.results[0].verdict, CS_PASS);
    close(fds[1]);
    /* The end of the pipe comes when the last process that holds it is gone. */
    pid_t pid;
    ssize_t n;
    while ((n = read(fds[0], &pid, sizeof pid)) > 0) {
        assert_int_equal(n, sizeof pid);
    }
    assert_int_equal(n, 0);
    close(fds[0]);
    release(&outcome);
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
    const struct cs_result *result = run_one(&first, "uses.what");
    if (result->verdict != CS_PASS) {
        fail_msg("%s", result->message);
    }
    assert_string_equal(result->message, run_one(&second, "uses.what")->message);
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

/* ---- a peer that dies ---- */

struct peer {
    int n_probes;
    int alive_for; /* probes that succeed */
};

static enum cs_err probe(const void *env, struct cs_diag *diag)
{
    struct peer *peer = *(struct peer *const *)env;
    peer->n_probes++;
    return peer->n_probes <= peer->alive_for ? CS_OK
                                             : cs_fail(diag, CS_ERR_CONNECT, 0, "no one at home");
}

static const struct cs_role mortal_role = {
    .name = "mortal", .groups = groups, .n_groups = 1, .offers = offers, .probe = probe};

static void a_dead_peer_is_noticed_once(void **state)
{
    (void)state;
    struct peer peer = {.alive_for = 1};
    struct peer *const subject = &peer; /* an env is read-only, what it leads to is not */
    struct outcome outcome = {0};
    const struct cs_run_options options = {.jobs = 1};
    for (int i = 0; i < 10; i++) {
        add(&outcome, &mortal_role, "errs", &subject);
    }
    run_all(&outcome, &options);
    assert_int_equal(peer.n_probes, 2);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(outcome.results[i].verdict, CS_ERROR);
        assert_int_equal(outcome.results[i].ran, i < 3);
    }
    assert_string_equal(outcome.results[9].message,
                        "the peer can no longer be reached: no one at home");
    assert_int_equal(cs_run_exit_status(&outcome.summary, false), 3);
    release(&outcome);
}

static void a_peer_that_never_lived_runs_nothing(void **state)
{
    (void)state;
    struct peer dead = {.alive_for = 0};
    struct peer fine = {.alive_for = 100};
    struct peer *const dead_subject = &dead;
    struct peer *const fine_subject = &fine;
    struct outcome outcome = {0};
    const struct cs_run_options options = {.jobs = 2};
    for (int i = 0; i < 4; i++) {
        add(&outcome, &mortal_role, "passes", &dead_subject);
        add(&outcome, &mortal_role, "passes", &fine_subject);
    }
    run_all(&outcome, &options);
    assert_int_equal(dead.n_probes, 1);
    assert_int_equal(outcome.summary.n_verdicts[CS_ERROR], 4);
    assert_int_equal(outcome.summary.n_verdicts[CS_PASS], 4);
    assert_false(outcome.results[0].ran);
    assert_true(outcome.results[1].ran);
    release(&outcome);
}

/* A peer that does not do what all cases begin with is judged by the cases for that, once. */

static enum cs_err canary(const void *env, const char **ret_broken, struct cs_diag *diag)
{
    struct peer *peer = *(struct peer *const *)env;
    peer->n_probes++;
    if (peer->n_probes <= peer->alive_for) {
        return CS_OK;
    }
    *ret_broken = "T-2";
    return cs_fail(diag, CS_ERR_MISSING, 0, "it does not sing");
}

static const struct cs_case singing[] = {
    {"t/passes", "t", "T-1", CS_MUST, 0, 0, passes},
    {"t/errs", "t", "T-1", CS_MUST, 0, 0, errs},
    {"t/judges", "t", "T-3 T-2", CS_MUST, 0, 0, fails},
    {0},
};
static const struct cs_case *const singing_groups[] = {singing};
static const struct cs_role singing_role = {
    .name = "singing", .groups = singing_groups, .n_groups = 1, .canary = canary};

static void sing(struct outcome *outcome, int first, int n, struct peer *const *subject)
{
    for (int i = 0; i < n; i++) {
        outcome->work[outcome->n++] =
            (struct cs_work){.role = &singing_role, .test = &singing[first], .env = subject};
    }
}

static void a_peer_without_the_basics_is_judged_by_the_case_for_them(void **state)
{
    (void)state;
    struct peer peer = {.alive_for = 0};
    struct peer *const subject = &peer;
    struct outcome outcome = {0};
    const struct cs_run_options options = {.jobs = 2};
    sing(&outcome, 0, 3, &subject);
    sing(&outcome, 2, 1, &subject);
    run_all(&outcome, &options);
    assert_int_equal(peer.n_probes, 1);
    assert_int_equal(outcome.summary.n_verdicts[CS_ERROR], 3);
    assert_int_equal(outcome.results[3].verdict, CS_FAIL);
    assert_string_equal(outcome.summary.trouble,
                        "the peer does not do what all cases begin with: it does not sing");
    release(&outcome);
}

static void a_peer_that_breaks_is_asked_ever_more_rarely(void **state)
{
    (void)state;
    struct peer peer = {.alive_for = 2};
    struct peer *const subject = &peer;
    struct outcome outcome = {0};
    const struct cs_run_options options = {.jobs = 1};
    sing(&outcome, 1, 12, &subject); /* asked before the first, after 3, and after 6 more */
    sing(&outcome, 2, 1, &subject);
    run_all(&outcome, &options);
    assert_int_equal(peer.n_probes, 3);
    assert_true(outcome.results[8].ran);
    assert_false(outcome.results[9].ran);
    /* it did sing before: that is trouble, and nothing to be judged by */
    assert_int_equal(outcome.results[12].verdict, CS_ERROR);
    assert_string_equal(outcome.results[12].message,
                        "the peer has stopped answering properly: it does not sing");
    release(&outcome);
}

static void waits(struct cs_case_run *run)
{
    /* more than the limit of a second that the test gives it */
    cs_case_extend(run, 60000);
    struct cs_http *http = cs_http_new();
    int64_t until = cs_now_ms() + 1300;
    while (http && cs_now_ms() < until) {
        cs_http_pump(http, 50);
    }
    cs_http_free(http);
    assert_true(cs_case_time_left(run) > 1000);
}

static const struct cs_case waiting[] = {{"t/waits", "t", "T-1", CS_MUST, 0, 0, waits}, {0}};

static void a_wait_that_is_no_part_of_the_case_moves_its_deadline(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    struct peer peer = {.alive_for = 9};
    struct peer *const subject = &peer;
    const struct cs_run_options options = {.jobs = 1, .timeout_s = 1};
    outcome.work[outcome.n++] =
        (struct cs_work){.role = &singing_role, .test = &waiting[0], .env = &subject};
    run_all(&outcome, &options);
    assert_int_equal(outcome.results[0].verdict, CS_PASS);
    assert_int_equal(outcome.results[0].duration_ms, 0);
    release(&outcome);
}

/* ---- slots ---- */

struct workshop {
    int n_opened;
    int n_closed;
    bool broken;
};

static void *slot_open(const void *env, struct cs_diag *diag)
{
    struct workshop *shop = *(struct workshop *const *)env;
    if (shop->broken) {
        (void)cs_fail(diag, CS_ERR_IO, 0, "no tools");
        return NULL;
    }
    shop->n_opened++;
    return shop;
}

static void slot_close(void *slot)
{
    struct workshop *shop = slot;
    shop->n_closed++;
}

static const struct cs_role slotted_role = {.name = "slotted",
                                            .groups = groups,
                                            .n_groups = 1,
                                            .slot_open = slot_open,
                                            .slot_close = slot_close};

static void a_slot_is_kept_until_a_case_breaks_it(void **state)
{
    (void)state;
    struct workshop shop = {0};
    struct workshop *const subject = &shop;
    struct outcome outcome = {0};
    const struct cs_run_options options = {.jobs = 1};
    static const char *const names[] = {"passes", "fails", "skips", "crashes", "passes", "passes"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        add(&outcome, &slotted_role, names[i], &subject);
    }
    run_all(&outcome, &options);
    assert_int_equal(shop.n_opened, 2);
    assert_int_equal(shop.n_closed, 2);
    release(&outcome);
}

static void slots_that_do_not_open_are_errors_and_soon_given_up(void **state)
{
    (void)state;
    struct workshop shop = {.broken = true};
    struct workshop *const subject = &shop;
    struct outcome outcome = {0};
    const struct cs_run_options options = {.jobs = 1};
    for (int i = 0; i < 5; i++) {
        add(&outcome, &slotted_role, "passes", &subject);
    }
    run_all(&outcome, &options);
    assert_int_equal(outcome.summary.n_verdicts[CS_ERROR], 5);
    assert_string_equal(outcome.results[0].message, "no tools");
    assert_string_equal(outcome.results[4].message, "the peer does not start: no tools");
    assert_int_equal(shop.n_closed, 0);
    release(&outcome);
}

/* ---- interruption ---- */

struct interrupter {
    volatile sig_atomic_t stop;
    size_t after;
    size_t n_results;
    size_t n_started;
};

static void count_start(void *ctx, size_t index)
{
    struct interrupter *interrupter = ctx;
    (void)index;
    interrupter->n_started++;
}

static void stop_after(void *ctx, size_t index, const struct cs_result *result)
{
    struct interrupter *interrupter = ctx;
    (void)index;
    assert_true(result->done);
    interrupter->n_results++;
    if (interrupter->n_results == interrupter->after) {
        interrupter->stop = 1;
    }
}

static void an_interruption_keeps_what_there_is(void **state)
{
    (void)state;
    struct interrupter interrupter = {.after = 1};
    struct outcome outcome = {0};
    const struct cs_run_options options = {.jobs = 2,
                                           .stop = &interrupter.stop,
                                           .on_start = count_start,
                                           .on_result = stop_after,
                                           .ctx = &interrupter};
    add(&outcome, &fake_role, "hangs", NULL);
    add(&outcome, &fake_role, "fails", NULL);
    add(&outcome, &fake_role, "passes", NULL);
    int64_t before = cs_now_ms();
    run_all(&outcome, &options);
    assert_true(cs_now_ms() - before < 900); /* the hanging one was not waited for */
    assert_int_equal(interrupter.n_started, 2);
    assert_false(outcome.results[0].done);
    assert_true(outcome.results[1].done);
    assert_false(outcome.results[2].done);
    assert_true(outcome.summary.interrupted);
    assert_int_equal(outcome.summary.n_done, 1);
    assert_int_equal(cs_run_exit_status(&outcome.summary, false), 130);
    release(&outcome);
}

static void cases_run_side_by_side(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_run_options options = {.jobs = 8};
    for (int i = 0; i < 8; i++) {
        add(&outcome, &fake_role, "hangs", NULL);
    }
    int64_t before = cs_now_ms();
    run_all(&outcome, &options);
    assert_true(cs_now_ms() - before < 7000); /* one after the other they would take 8 s */
    assert_int_equal(outcome.summary.n_verdicts[CS_ERROR], 8);
    release(&outcome);
}

int main(void)
{
    struct sigaction plain;
    sigaction(SIGSEGV, NULL, &plain);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_end_has_its_verdict),
        cmocka_unit_test(a_pass_keeps_notes_and_observations_but_no_evidence),
        cmocka_unit_test(an_observation_informs_and_says_where_it_differs),
        cmocka_unit_test(evidence_is_readable_and_without_secrets),
        cmocka_unit_test(a_plain_assertion_is_a_broken_requirement),
        cmocka_unit_test(a_crash_is_an_error_that_keeps_the_evidence),
        cmocka_unit_test_prestate(a_fault_is_not_cmockas_to_catch, &plain),
        cmocka_unit_test(a_leak_is_an_error_where_it_can_be_seen),
        cmocka_unit_test(an_exit_is_an_error_with_what_was_printed),
        cmocka_unit_test(a_hang_ends_at_its_deadline),
        cmocka_unit_test(a_flood_of_output_is_bounded),
        cmocka_unit_test(a_flood_of_evidence_is_bounded),
        cmocka_unit_test(nothing_that_a_case_started_outlives_it),
        cmocka_unit_test(timing_cases_get_more_time_before_a_verdict),
        cmocka_unit_test(the_same_seed_gives_the_same_numbers),
        cmocka_unit_test(missing_needs_are_skips_that_say_so),
        cmocka_unit_test(exit_statuses_follow_the_contract),
        cmocka_unit_test(a_dead_peer_is_noticed_once),
        cmocka_unit_test(a_peer_that_never_lived_runs_nothing),
        cmocka_unit_test(a_peer_without_the_basics_is_judged_by_the_case_for_them),
        cmocka_unit_test(a_peer_that_breaks_is_asked_ever_more_rarely),
        cmocka_unit_test(a_wait_that_is_no_part_of_the_case_moves_its_deadline),
        cmocka_unit_test(a_slot_is_kept_until_a_case_breaks_it),
        cmocka_unit_test(slots_that_do_not_open_are_errors_and_soon_given_up),
        cmocka_unit_test(an_interruption_keeps_what_there_is),
        cmocka_unit_test(cases_run_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
