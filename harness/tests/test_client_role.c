/* The client role, proven on the reference client: every case passes, each decision of the client
 * turned around is noticed by the case that is there for it, and a client that does nothing passes
 * no case.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "conformance/client/client_role.h"
#include "suite/runner.h"

#define JOBS     4
#define MAX_WORK 1024
/* For what must fail by waiting in vain. */
#define SHORT_PATIENCE_MS 2000

static size_t n_cases(void)
{
    size_t n = 0;
    for (size_t g = 0; g < cs_client_role.n_groups; g++) {
        for (const struct cs_case *test = cs_client_role.groups[g]; test->id; test++) {
            n++;
        }
    }
    return n;
}

static const struct cs_case *find_case(const char *id)
{
    for (size_t g = 0; g < cs_client_role.n_groups; g++) {
        for (const struct cs_case *test = cs_client_role.groups[g]; test->id; test++) {
            if (strcmp(test->id + strlen("client/"), id) == 0) {
                return test;
            }
        }
    }
    fail_msg("there is no case client/%s", id);
    return NULL;
}

/* All cases against one client. */
static size_t add_all(struct cs_work *work, const struct cs_client_env *env)
{
    size_t n = 0;
    for (size_t g = 0; g < cs_client_role.n_groups; g++) {
        for (const struct cs_case *test = cs_client_role.groups[g]; test->id; test++) {
            work[n++] = (struct cs_work){.role = &cs_client_role, .test = test, .env = env};
        }
    }
    return n;
}

static void run(const struct cs_work *work, size_t n, struct cs_result *results)
{
    struct cs_run_options options = {.jobs = JOBS, .seed = 1};
    struct cs_run_summary summary;
    struct cs_diag diag = {0};
    if (cs_run(work, n, &options, results, &summary, &diag) != CS_OK) {
        fail_msg("the runner failed: %s", diag.text);
    }
    assert_int_equal(summary.n_done, n);
}

static void free_results(struct cs_result *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cs_result_free(&results[i]);
    }
    free(results);
}

static struct cs_result *new_results(size_t n)
{
    struct cs_result *results = calloc(n + 1, sizeof *results);
    assert_non_null(results);
    return results;
}

static void test_the_reference_client_passes(void **state)
{
    (void)state;
    static const char *const argv[] = {REFERENCE_CLIENT, NULL};
    const struct cs_client_env env = {.argv = argv};
    size_t n = n_cases();
    assert_in_range(n, 1, MAX_WORK);
    struct cs_work work[MAX_WORK];
    struct cs_result *results = new_results(n);
    assert_int_equal(add_all(work, &env), n);
    run(work, n, results);
    for (size_t i = 0; i < n; i++) {
        if (results[i].verdict != CS_PASS &&
            (results[i].verdict != CS_INFO || results[i].differs)) {
            fail_msg("%s: %s: %s", work[i].test->id, cs_verdict_name(results[i].verdict),
                     results[i].message ? results[i].message : "");
        }
    }
    free_results(results, n);
}

/* One decision turned around, and the case that must notice. */
static const struct {
    const char *fault;
    const char *noticed_by;
} faults[] = {
    {"adopt_token=0", "token/two-turns-roll-over"},
    {"adopt_empty_token=1", "token/empty-value-ignored"},
    {"adopt_header_token=1", "token/jwt-header-never-used"},
    {"control_first_header_only=1", "token/found-in-any-position"},
    {"token_in_query=1", "token/only-in-authorization"},
    {"ask_despite_token=1", "token/stored-is-used"},
    {"refresh_on_401=0", "token/append-401-refreshed-once"},
    {"refresh_on_401=0", "token/append-403-refreshed-once"},
    {"refresh_on_401=0", "token/out-401-refreshed-once"},
    {"keep_part_id=0", "token/append-401-refreshed-once"},
    {"max_refreshes=3", "token/second-refusal-surfaced"},
    {"max_refreshes=3", "token/out-second-refusal-surfaced"},
    {"append_content_type=0", "append/message-shape"},
    {"wrap_body=1", "append/message-shape"},
    {"message_in_array=1", "append/message-shape"},
    {"encode_id=0", "append/id-is-one-segment"},
    {"repost_for_follow_up=1", "append/follow-up-never-creates"},
    {"one_part_id=1", "append/part-ids-differ"},
    {"send_part_id=0", "append/part-ids-differ"},
    {"regenerate_with_message=1", "append/regenerate"},
    {"require_seq=1", "append/no-seq-is-success"},
    {"retry_413=1", "append/413-is-final"},
    {"read_after_refusal=1", "append/413-is-final"},
    {"restart_on_404=0", "append/404-starts-again-once"},
    {"retry_429=0", "append/429-waits-and-resends"},
    {"wait_for_reset=0", "append/429-waits-and-resends"},
    {"keep_part_id=0", "append/500-resent-only-as-it-was"},
    {"closed_is_terminal=0", "append/session-closed-is-final"},
    {"any_409_is_closed=1", "append/other-409-closes-nothing"},
    {"close_after_turn=0", "turn/ends-and-closes"},
    {"filter_by_chunk_type=1", "turn/ends-and-closes"},
    {"use_seq=0", "turn/earlier-boundary-skipped"},
    {"correlate=0", "turn/earlier-boundary-skipped"},
    {"exact_correlation=1", "turn/later-boundary-ends"},
    {"require_correlation=1", "turn/boundary-without-number-ends"},
    {"deliver_controls=1", "turn/control-stays-inside"},
    {"fail_on_unknown_control=1", "turn/control-stays-inside"},
    {"upgrade_ends_turn=1", "turn/upgrade-required-is-silent"},
    {"read_past_boundary=1", "turn/nothing-after-the-boundary"},
    {"deliver_legacy_controls=1", "turn/legacy-controls-dropped"},
    {"drop_seen_id=0", "turn/repeated-id-dropped"},
    {"deliver_commands=1", "turn/command-records"},
    {"skip_moves_cursor=0", "turn/command-records"},
    {"cursor_from_id_line=1", "resume/after-reset"},
    {"cursor_always=1", "resume/after-reset"},
    {"resume_after_drop=0", "resume/after-reset"},
    {"resume_after_end=0", "resume/after-clean-end"},
    {"deliver_done=1", "resume/after-clean-end"},
    {"error_event_is_drop=0", "resume/after-error-event"},
    {"cursor_never_zero=1", "resume/from-zero"},
    {"forget_cursor=1", "resume/next-turn"},
    {"peek_on_active_send=1", "resume/next-turn"},
    {"accept_event_stream=0", "resume/next-turn"},
    {"drop_seen_seq=0", "resume/repeated-records-dropped"},
    {"peek_on_reconnect=0", "resume/reconnect-peeks"},
    {"honour_settled=0", "resume/settled-is-the-end"},
    {"stop_with_payload=1", "stop/exact-body"},
    {"stops_per_call=2", "stop/exact-body"},
    {"hide_stopped_tail=0", "stop/next-turn-is-clean"},
};
#define N_FAULTS (sizeof faults / sizeof faults[0])

/* What a broken requirement of the case's level is worth. */
static enum cs_verdict expected_verdict(const struct cs_case *test)
{
    return test->level == CS_MUST ? CS_FAIL : test->level == CS_SHOULD ? CS_WARN : CS_INFO;
}

static void test_every_fault_is_noticed(void **state)
{
    (void)state;
    const char *argv[N_FAULTS][4];
    struct cs_client_env envs[N_FAULTS];
    struct cs_work work[N_FAULTS];
    for (size_t i = 0; i < N_FAULTS; i++) {
        argv[i][0] = REFERENCE_CLIENT;
        argv[i][1] = "--fault";
        argv[i][2] = faults[i].fault;
        argv[i][3] = NULL;
        envs[i] = (struct cs_client_env){.argv = argv[i], .patience_ms = SHORT_PATIENCE_MS};
        work[i] = (struct cs_work){
            .role = &cs_client_role, .test = find_case(faults[i].noticed_by), .env = &envs[i]};
    }
    struct cs_result *results = new_results(N_FAULTS);
    run(work, N_FAULTS, results);
    for (size_t i = 0; i < N_FAULTS; i++) {
        if (results[i].verdict != expected_verdict(work[i].test)) {
            fail_msg("%s with %s: %s: %s", work[i].test->id, faults[i].fault,
                     cs_verdict_name(results[i].verdict),
                     results[i].message ? results[i].message : "");
        }
    }
    free_results(results, N_FAULTS);
}

/* An adapter in a line of shell: says hello, then `answers` for every command but reset; $id is the
 * command's number. */
#define NULL_ADAPTER(answers)                                                              \
    "echo '{\"event\":\"hello\",\"protocol\":1,\"name\":\"null\",\"version\":\"0\","       \
    "\"capabilities\":[\"open\",\"send\",\"regenerate\",\"action\",\"stop\",\"session\","  \
    "\"reconnect\",\"answer\",\"reset\"]}'\n"                                              \
    "while read -r line; do\n"                                                             \
    "id=${line##*\\\"id\\\":}; id=${id%%[!0-9]*}\n"                                        \
    "case $line in *'\"reset\"'*) echo \"{\\\"event\\\":\\\"ok\\\",\\\"id\\\":$id}\" ;;\n" \
    "*) " answers " ;; esac\ndone"
#define SAY_OK    "echo \"{\\\"event\\\":\\\"ok\\\",\\\"id\\\":$id,\\\"stream\\\":true}\"; "
#define SAY(what) "echo \"{\\\"event\\\":\\\"" what "\\\",\\\"id\\\":$id}\"; "

static void assert_none_pass(const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const struct cs_client_env env = {.argv = argv, .patience_ms = 100};
    struct cs_work work[MAX_WORK];
    size_t n = add_all(work, &env);
    struct cs_result *results = new_results(n);
    run(work, n, results);
    for (size_t i = 0; i < n; i++) {
        if (results[i].verdict != expected_verdict(work[i].test)) {
            fail_msg("%s: %s: %s", work[i].test->id, cs_verdict_name(results[i].verdict),
                     results[i].message ? results[i].message : "");
        }
    }
    free_results(results, n);
}

static void test_refusing_everything_passes_nothing(void **state)
{
    (void)state;
    assert_none_pass(NULL_ADAPTER(SAY("fail")));
}

static void test_claiming_success_passes_nothing(void **state)
{
    (void)state;
    assert_none_pass(NULL_ADAPTER(SAY_OK));
    assert_none_pass(NULL_ADAPTER(SAY_OK SAY("end")));
}

static void test_failing_streams_pass_nothing(void **state)
{
    (void)state;
    assert_none_pass(NULL_ADAPTER(SAY_OK SAY("error")));
}

static void test_empty_promises_pass_nothing(void **state)
{
    (void)state;
    assert_none_pass(NULL_ADAPTER(SAY("unsupported")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_reference_client_passes),
        cmocka_unit_test(test_every_fault_is_noticed),
        cmocka_unit_test(test_refusing_everything_passes_nothing),
        cmocka_unit_test(test_claiming_success_passes_nothing),
        cmocka_unit_test(test_failing_streams_pass_nothing),
        cmocka_unit_test(test_empty_promises_pass_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
