/* The runner and peers that die, break, or do not start. */
#include "runner_world.h"

#include <signal.h>

#include "net/http_client.h"

static void passes(struct cs_case_run *run)
{
    (void)run;
}

static void fails(struct cs_case_run *run)
{
    cs_case_fail(run, "not as it should be");
}

static void skips(struct cs_case_run *run)
{
    cs_case_skip(run, "nothing there");
}

static void errs(struct cs_case_run *run)
{
    cs_case_error(run, "no connection");
}

static void crashes(struct cs_case_run *run)
{
    (void)run;
    raise(SIGKILL);
}

static const struct cs_case rows[] = {
    ROW("passes", passes, .level = CS_MUST),   ROW("fails", fails, .level = CS_MUST),
    ROW("skips", skips, .level = CS_MUST),     ROW("errs", errs, .level = CS_MUST),
    ROW("crashes", crashes, .level = CS_MUST), {0},
};
static const struct cs_case *const groups[] = {rows};

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
    .name = "mortal", .groups = groups, .n_groups = 1, .probe = probe};

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

/* The fail of a case that ended beside a peer's death may be that death, and is not held against
 * it; the fail before it stands. */
static void silence_is_no_verdict(void **state)
{
    (void)state;
    struct peer peer = {.alive_for = 2};
    struct peer *const subject = &peer;
    struct outcome outcome = {0};
    const struct cs_run_options options = {.jobs = 1};
    for (int i = 0; i < 3; i++) {
        add(&outcome, &mortal_role, "fails", &subject);
    }
    run_all(&outcome, &options);
    assert_int_equal(outcome.results[0].verdict, CS_FAIL);
    assert_int_equal(outcome.results[1].verdict, CS_ERROR);
    assert_true(outcome.results[1].ran);
    assert_string_equal(outcome.results[1].message,
                        "the peer can no longer be reached: no one at home");
    assert_int_equal(outcome.results[2].verdict, CS_ERROR);
    assert_false(outcome.results[2].ran);
    assert_int_equal(peer.n_probes, 3);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_peer_is_noticed_once),
        cmocka_unit_test(silence_is_no_verdict),
        cmocka_unit_test(a_peer_that_never_lived_runs_nothing),
        cmocka_unit_test(a_peer_without_the_basics_is_judged_by_the_case_for_them),
        cmocka_unit_test(a_peer_that_breaks_is_asked_ever_more_rarely),
        cmocka_unit_test(a_wait_that_is_no_part_of_the_case_moves_its_deadline),
        cmocka_unit_test(a_slot_is_kept_until_a_case_breaks_it),
        cmocka_unit_test(slots_that_do_not_open_are_errors_and_soon_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
