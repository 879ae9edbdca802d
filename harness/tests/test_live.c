/* Live servers: the pace that they ask for, and the sessions that are made there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "conformance/endpoint/endpoint_role.h"
#include "conformance/endpoint/ledger.h"
#include "conformance/endpoint/pace.h"
#include "tests/program.h"

#define KEY "tr_dev_key"
#define NOW INT64_C(1000000000)

/* ---- pace ---- */

static struct cs_pace_news news(int64_t limit, int64_t remaining, int64_t reset_ms)
{
    return (struct cs_pace_news){.limit = limit, .remaining = remaining, .reset_ms = reset_ms};
}

static void note(struct cs_pace *pace, uint64_t window, struct cs_pace_news what, int64_t now_ms)
{
    cs_pace_note(pace, window, &what, now_ms);
}

static void windows_are_those_of_limits(void **state)
{
    (void)state;
    uint64_t key = cs_pace_window("/api/v1/sessions", KEY);
    assert_int_not_equal(key, 0);
    assert_int_equal(cs_pace_window("/api/v3/runs/x", KEY), key);
    assert_int_not_equal(cs_pace_window("/api/v1/sessions", "other"), key);
    assert_int_not_equal(cs_pace_window("/realtime/v1/sessions/a/in/append", KEY), key);
    assert_int_not_equal(cs_pace_window("/realtime/v1/sessions/a/in/append", KEY), 0);
    assert_int_equal(cs_pace_window("/realtime/v1/sessions/a/out", KEY), 0);
    assert_int_equal(cs_pace_window("http://store/streams/a/records", KEY), 0);
    assert_int_equal(cs_pace_window("/api/v1/sessions", NULL), 0);
}

static void a_window_is_never_overdrawn(void **state)
{
    (void)state;
    struct cs_pace *pace = cs_pace_new(5);
    uint64_t key = cs_pace_window("/api/", KEY);
    assert_int_equal(cs_pace_ask(pace, 0, NOW), 0);
    assert_int_equal(cs_pace_ask(pace, key, NOW), 0); /* nobody knows of a limit yet */
    note(pace, key, news(100, 20, NOW + 3000), NOW);
    for (int i = 0; i < 15; i++) {
        assert_int_equal(cs_pace_ask(pace, key, NOW), 0);
    }
    assert_int_equal(cs_pace_ask(pace, key, NOW), 3000); /* five are held back */
    note(pace, key, news(100, 19, NOW + 3000), NOW);     /* an old answer gives nothing back */
    assert_int_equal(cs_pace_ask(pace, key, NOW + 1000), 2000);
    /* after the reset one goes ahead, and the others wait for what it learns */
    assert_int_equal(cs_pace_ask(pace, key, NOW + 3000), 0);
    assert_true(cs_pace_ask(pace, key, NOW + 3001) > 0);
    note(pace, key, news(100, 7, NOW + 6000), NOW + 3100);
    assert_int_equal(cs_pace_ask(pace, key, NOW + 3100), 0);
    assert_int_equal(cs_pace_ask(pace, key, NOW + 3100), 0);
    assert_int_equal(cs_pace_ask(pace, key, NOW + 3100), 2900);
    /* somebody else calls too: the answer says less than was counted */
    note(pace, key, news(100, 60, NOW + 9000), NOW + 6000);
    note(pace, key, news(100, 5, NOW + 9000), NOW + 6000);
    assert_int_equal(cs_pace_ask(pace, key, NOW + 6000), 3000);
    cs_pace_free(pace);
}

static void one_that_goes_ahead_and_dies_holds_up_nobody(void **state)
{
    (void)state;
    struct cs_pace *pace = cs_pace_new(1);
    uint64_t key = cs_pace_window("/api/", KEY);
    note(pace, key, news(10, 0, NOW), NOW);
    assert_int_equal(cs_pace_ask(pace, key, NOW), 0);
    assert_true(cs_pace_ask(pace, key, NOW + 100) > 0);
    assert_int_equal(cs_pace_ask(pace, key, NOW + 10000), 0);
    cs_pace_free(pace);
}

static void a_lease_is_kept_from_others(void **state)
{
    (void)state;
    struct cs_pace *pace = cs_pace_new(4);
    uint64_t key = cs_pace_window("/api/", KEY);
    note(pace, key, news(100, 20, NOW + 3000), NOW);
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) { /* takes 8 of 16, and is then killed */
        char c = cs_pace_lease(pace, key, 8, NOW) == 0 ? 'y' : 'n';
        if (write(fds[1], &c, 1) != 1) {
            _exit(1);
        }
        pause();
        _exit(0);
    }
    char c = 0;
    assert_int_equal(read(fds[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    for (int i = 0; i < 8; i++) {
        assert_int_equal(cs_pace_ask(pace, key, NOW), 0);
    }
    assert_int_equal(cs_pace_ask(pace, key, NOW), 3000);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(cs_pace_ask(pace, key, NOW), 0); /* the dead need nothing */
    /* what is leased can be called without asking what is left */
    note(pace, key, news(100, 12, NOW + 6000), NOW + 3000);
    assert_int_equal(cs_pace_lease(pace, key, 8, NOW + 3000), 0);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(cs_pace_ask(pace, key, NOW + 3000), 0);
    }
    assert_int_equal(cs_pace_ask(pace, key, NOW + 3000), 3000);
    cs_pace_release(pace);
    close(fds[0]);
    close(fds[1]);
    cs_pace_free(pace);
}

static void a_refusal_is_waited_out(void **state)
{
    (void)state;
    struct cs_pace *pace = cs_pace_new(1);
    uint64_t key = cs_pace_window("/api/", KEY);
    cs_pace_refused(pace, key, NULL, NOW);
    assert_int_equal(cs_pace_ask(pace, key, NOW), 1000);
    struct cs_pace_news later = news(10, 0, NOW + 5000);
    cs_pace_refused(pace, key, &later, NOW);
    assert_int_equal(cs_pace_ask(pace, key, NOW), 5000);
    assert_int_equal(cs_pace_figures(pace).n_refused, 2);
    cs_pace_free(pace);
}

static void headers_are_read_with_the_servers_clock(void **state)
{
    (void)state;
    struct cs_pace_news read;
    const int64_t now = INT64_C(1784030400000); /* Tue, 14 Jul 2026 12:00:00 GMT */
    assert_true(
        cs_pace_read("60", "59", "1784030460000", "Tue, 14 Jul 2026 12:00:01 GMT", now, &read));
    assert_int_equal(read.limit, 60);
    assert_int_equal(read.remaining, 59);
    assert_int_equal(read.ahead_ms, 0); /* a second is no sign of anything */
    assert_true(
        cs_pace_read("60", "59", "1784030460000", "Tue, 14 Jul 2026 12:01:00 GMT", now, &read));
    assert_int_equal(read.ahead_ms, 60500);
    assert_true(cs_pace_read("60", "59", "1784030460000", "yesterday", now, &read));
    assert_int_equal(read.ahead_ms, 0);
    assert_false(cs_pace_read(NULL, "59", "1784030460000", NULL, now, &read));
    assert_false(cs_pace_read("60", "-1", "1784030460000", NULL, now, &read));
    assert_false(cs_pace_read("60", "59", "soon", NULL, now, &read));
}

/* ---- the ledger ---- */

static void the_ledger_knows_what_is_open(void **state)
{
    (void)state;
    struct cs_ledger *ledger = cs_ledger_new();
    struct cs_ledger_entry *one = cs_ledger_begin(ledger, "chat-1", false);
    struct cs_ledger_entry *again = cs_ledger_begin(ledger, "chat-1", false);
    struct cs_ledger_entry *refused = cs_ledger_begin(ledger, NULL, false);
    assert_false(cs_ledger_is_young(ledger, "chat-1", 1000, 2000)); /* not made yet */
    cs_ledger_made(ledger, one, "session_1", 1000);
    cs_ledger_made(ledger, again, "session_1", 1001);
    cs_ledger_made(ledger, refused, NULL, 1002);
    assert_int_equal(cs_ledger_counts(ledger).n_made, 1);
    assert_int_equal(cs_ledger_counts(ledger).n_open, 1);
    assert_true(cs_ledger_is_young(ledger, "chat-1", 2000, 2000));
    assert_true(cs_ledger_is_young(ledger, "session_1", 2000, 2000));
    assert_false(cs_ledger_is_young(ledger, "session_1", 3000, 2000));
    assert_false(cs_ledger_is_young(ledger, "session_2", 2000, 2000));
    assert_false(cs_ledger_is_young(ledger, "", 1000, 2000));
    cs_ledger_closed(ledger, "session_1");
    assert_int_equal(cs_ledger_counts(ledger).n_open, 0);
    assert_int_equal(cs_ledger_counts(ledger).n_made, 1);
    cs_ledger_free(ledger);
}

/* A process that was killed between its create call and the answer leaves no session behind. */
static void a_sweep_closes_what_is_open(void **state)
{
    (void)state;
    struct served served = serve(WORDS("--quiet"), false);
    struct cs_endpoint_env env = {.url = served.url,
                                  .secret_key = served.key,
                                  .task = "absent",
                                  .is_live = true,
                                  .patience_ms = 10000,
                                  .ledger = cs_ledger_new()};
    struct cs_diag diag = {0};
    const char *broken = NULL;
    assert_int_equal(cs_endpoint_role.canary(&env, &broken, &diag), CS_OK); /* makes one */
    (void)cs_ledger_begin(env.ledger, "never-made", false);
    assert_int_equal(cs_ledger_counts(env.ledger).n_open, 1);
    struct cs_sweep sweep = cs_ledger_sweep(&env, getpid() + 1, 5000, NULL);
    assert_int_equal(sweep.n_closed, 0); /* another process's are its own */
    sweep = cs_ledger_sweep(&env, 0, 5000, NULL);
    assert_int_equal(sweep.n_closed, 1);
    assert_int_equal(sweep.n_left, 0);
    assert_int_equal(cs_ledger_counts(env.ledger).n_open, 0);
    assert_int_equal(cs_endpoint_role.canary(&env, &broken, &diag), CS_OK);
    end_served(&served);
    sweep = cs_ledger_sweep(&env, 0, 5000, NULL);
    assert_int_equal(sweep.n_left, 1);
    assert_int_equal(strncmp(sweep.left[0], "session_", 8), 0);
    assert_true(sweep.reason[0] != '\0');
    cs_ledger_free(env.ledger);
}

/* ---- the program ---- */

static void a_paced_run_passes_and_is_never_refused(void **state)
{
    (void)state;
    struct served served = serve(WORDS("--bucket", "60", "--bucket-interval", "500"), false);
    assert_int_equal(setenv("CHATSPEC_TEST_KEY", served.key, 1), 0);
    struct program program =
        start(WORDS("endpoint", "--url", served.url, "--secret-key-env", "CHATSPEC_TEST_KEY",
                    "--only", "endpoint/session/*,endpoint/close/*,endpoint/list/*"));
    struct ended ended = finish(&program);
    if (ended.status != 0) {
        fail_msg("exit status %d: %s%s", ended.status, ended.out, ended.err);
    }
    assert_says(ended.err, "paced: the server allows 60 calls at a time");
    assert_null(strstr(ended.err, "429"));
    assert_null(strstr(ended.err, "could not be closed"));
    release(&ended);
    char *log = content(served.log);
    assert_says(log, "POST /api/v1/sessions 201");
    assert_null(strstr(log, " 429 "));
    free(log);
    end_served(&served);
}

static void sessions_that_a_replica_does_not_know_yet_are_asked_for_again(void **state)
{
    (void)state;
    struct served served = serve(WORDS("--replica-lag", "250"), false);
    assert_int_equal(setenv("CHATSPEC_TEST_KEY", served.key, 1), 0);
    struct program program =
        start(WORDS("endpoint", "--url", served.url, "--secret-key-env", "CHATSPEC_TEST_KEY",
                    "--only", "endpoint/snapshot/*,endpoint/close/*,endpoint/token/*"));
    struct ended ended = finish(&program);
    if (ended.status != 0) {
        fail_msg("exit status %d: %s%s", ended.status, ended.out, ended.err);
    }
    assert_null(strstr(ended.err, "could not be closed"));
    release(&ended);
    char *log = content(served.log);
    assert_non_null(strstr(log, "/close 404 "));
    free(log);
    end_served(&served);
}

/* 0.0.0.0 leads to this machine, and is not one of its loopback names. */
static void what_will_be_made_is_told_beforehand(void **state)
{
    (void)state;
    struct served served = serve(WORDS("--quiet"), false);
    char url[64];
    snprintf(url, sizeof url, "http://0.0.0.0:%s", strrchr(served.url, ':') + 1);
    assert_int_equal(setenv("CHATSPEC_TEST_KEY", served.key, 1), 0);
    struct program program =
        start(WORDS("endpoint", "--url", url, "--secret-key-env", "CHATSPEC_TEST_KEY", "--no-mint",
                    "--only", "endpoint/token/wildcards,endpoint/token/expired"));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 0);
    assert_says(ended.err, "with the key in CHATSPEC_TEST_KEY; cases: 1.");
    assert_says(ended.err, "task \"absent\", and tokens");
    assert_says(ended.err,
                "all 2 sessions that were made are closed"); /* the case's, the runner's */
    assert_says(ended.out, "needs the key that signs tokens");
    release(&ended);
    end_served(&served);
}

static void a_key_that_is_refused_ends_it_at_once(void **state)
{
    (void)state;
    struct served served = serve(WORDS("--quiet"), false);
    assert_int_equal(setenv("CHATSPEC_TEST_KEY", "tr_dev_unknown", 1), 0);
    struct program program =
        start(WORDS("endpoint", "--url", served.url, "--secret-key-env", "CHATSPEC_TEST_KEY"));
    struct ended ended = finish(&program);
    assert_int_equal(ended.status, 2);
    assert_says(ended.err, "refuses the secret key");
    assert_string_equal(ended.out, "");
    release(&ended);
    end_served(&served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_those_of_limits),
        cmocka_unit_test(a_window_is_never_overdrawn),
        cmocka_unit_test(one_that_goes_ahead_and_dies_holds_up_nobody),
        cmocka_unit_test(a_lease_is_kept_from_others),
        cmocka_unit_test(a_refusal_is_waited_out),
        cmocka_unit_test(headers_are_read_with_the_servers_clock),
        cmocka_unit_test(the_ledger_knows_what_is_open),
        cmocka_unit_test(a_sweep_closes_what_is_open),
        cmocka_unit_test(a_paced_run_passes_and_is_never_refused),
        cmocka_unit_test(sessions_that_a_replica_does_not_know_yet_are_asked_for_again),
        cmocka_unit_test(what_will_be_made_is_told_beforehand),
        cmocka_unit_test(a_key_that_is_refused_ends_it_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
