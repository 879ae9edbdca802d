/* The child process of one case: cmocka around the case, with its exception handling undone. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "suite/case_run.h"

/* There only in builds with AddressSanitizer. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS};
#define N_CRASH_SIGNALS (sizeof crash_signals / sizeof crash_signals[0])

struct trial {
    struct cs_case_run *run;
    /* How crashes were handled before cmocka: by the system, or by a sanitizer. */
    struct sigaction handlers[N_CRASH_SIGNALS];
    bool set_up_done;
};

/* cmocka turns a crash into a failed test and goes on. In a process that is for one case only the
 * plain way is worth more: the runner sees the signal, and a sanitizer gets to print its report. */
static void crash_plainly(const struct trial *trial)
{
    for (size_t i = 0; i < N_CRASH_SIGNALS; i++) {
        sigaction(crash_signals[i], &trial->handlers[i], NULL);
    }
}

static void test(void **state)
{
    struct trial *trial = *state;
    struct cs_case_run *run = trial->run;
    crash_plainly(trial);
    if (run->role->set_up) {
        run->role->set_up(run);
    }
    trial->set_up_done = true;
    run->test->run(run);
    run->returned = true;
}

static int tear_down(void **state)
{
    struct trial *trial = *state;
    struct cs_case_run *run = trial->run;
    crash_plainly(trial);
    if (run->role->tear_down && (trial->set_up_done || run->subject)) {
        run->role->tear_down(run);
    }
    return 0;
}

static int run_in_cmocka(struct trial *trial)
{
    /* Both would change what cmocka does or prints, which is read here. */
    unsetenv("CMOCKA_MESSAGE_OUTPUT");
    unsetenv("CMOCKA_TEST_ABORT");
    for (size_t i = 0; i < N_CRASH_SIGNALS; i++) {
        sigaction(crash_signals[i], NULL, &trial->handlers[i]);
    }
    const struct CMUnitTest tests[] = {{
        .name = trial->run->test->id,
        .test_func = test,
        .teardown_func = tear_down,
        .initial_state = trial,
    }};
    return _cmocka_run_group_tests(trial->run->role->name, tests, 1, NULL, NULL);
}

/* Only where the case came to its own end: one that left in the middle could not free anything. */
static bool leaked(const struct cs_case_run *run)
{
    return run->returned && !run->has_outcome && __lsan_do_recoverable_leak_check &&
           __lsan_do_recoverable_leak_check() != 0;
}

_Noreturn void cs_child_run(struct cs_case_run *run)
{
    struct trial trial = {.run = run};
    int failed = run_in_cmocka(&trial);
    bool only_informs = cs_verdict_broken(run->test->level) == CS_INFO;
    enum cs_verdict verdict = only_informs ? CS_INFO : CS_PASS;
    if (run->has_outcome) {
        verdict = run->outcome;
    } else if (failed != 0) {
        verdict = cs_verdict_broken(run->test->level);
        run->plain_assertion = true;
        run->has_outcome = true;
    } else if (!run->returned) {
        verdict = CS_SKIP;
        run->message = strdup("skipped by the case, which gave no reason");
    } else if (leaked(run)) {
        verdict = CS_ERROR;
        run->message = strdup("the case's process leaked memory");
    }
    if ((verdict == CS_FAIL || verdict == CS_WARN) && (run->test->needs & CS_TIMING) &&
        run->extended_ms > 0) {
        verdict = CS_INCONCLUSIVE; /* what it measured may be the wait */
    }
    fflush(NULL);
    cs_child_send_end(run, verdict);
    /* Not exit: handlers and buffers belong to the runner, whose copy this process is. */
    _exit(0);
}
