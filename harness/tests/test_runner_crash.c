/* The runner with made-up cases that end as none should: crashes, leaks, hangs, floods, and what is
 * interrupted. */
#include "runner_world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/http_client.h"

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

static void passes(struct cs_case_run *run)
{
    (void)run;
}

static void fails(struct cs_case_run *run)
{
    cs_case_fail(run, "not as it should be");
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

static const struct cs_case rows[] = {
    ROW("passes", passes, .level = CS_MUST),
    ROW("fails", fails, .level = CS_MUST),
    ROW("crashes", crashes, .level = CS_MUST),
    ROW("faults", faults, .level = CS_MUST),
    ROW("leaks", leaks, .level = CS_MUST),
    ROW("exits", exits, .level = CS_MUST),
    ROW("hangs", hangs, .timeout_s = 1),
    ROW("floods", floods, .timeout_s = 1),
    ROW("floods-evidence", floods_evidence, .level = CS_MUST),
    ROW("leaves-children", leaves_children, .level = CS_MUST),
    {0},
};
static const struct cs_case *const groups[] = {rows};

static const struct cs_role fake_role = {.name = "fake", .groups = groups, .n_groups = 1};

static void a_crash_is_an_error_that_keeps_the_evidence(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, &fake_role, "crashes");
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
    const struct cs_result *result = run_one(&outcome, &fake_role, "faults");
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
    const struct cs_result *result = run_one(&outcome, &fake_role, "leaks");
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
    const struct cs_result *result = run_one(&outcome, &fake_role, "exits");
    assert_int_equal(result->verdict, CS_ERROR);
    assert_non_null(strstr(result->message, "status 23"));
    assert_string_equal(evidence(result, "output")->text, "giving up\n");
    release(&outcome);
}

static void a_hang_ends_at_its_deadline(void **state)
{
    (void)state;
    struct outcome outcome = {0};
    const struct cs_result *result = run_one(&outcome, &fake_role, "hangs");
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
    const struct cs_result *result = run_one(&outcome, &fake_role, "floods");
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
    const struct cs_result *result = run_one(&outcome, &fake_role, "floods-evidence");
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
        cmocka_unit_test(a_crash_is_an_error_that_keeps_the_evidence),
        cmocka_unit_test_prestate(a_fault_is_not_cmockas_to_catch, &plain),
        cmocka_unit_test(a_leak_is_an_error_where_it_can_be_seen),
        cmocka_unit_test(an_exit_is_an_error_with_what_was_printed),
        cmocka_unit_test(a_hang_ends_at_its_deadline),
        cmocka_unit_test(a_flood_of_output_is_bounded),
        cmocka_unit_test(a_flood_of_evidence_is_bounded),
        cmocka_unit_test(nothing_that_a_case_started_outlives_it),
        cmocka_unit_test(an_interruption_keeps_what_there_is),
        cmocka_unit_test(cases_run_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
