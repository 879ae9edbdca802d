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
#include "tests/client_role_faults.h"

#define JOBS     8
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

/* What nobody promises may need a command that this client does not have, and it is a client of
 * some kinds only. */
static bool may_be_left_out(const struct cs_case *test, const struct cs_result *result)
{
    if (result->verdict == CS_SKIP && result->message &&
        strstr(result->message, "does not offer the kind")) {
        return true;
    }
    return test->level == CS_OBSERVED && result->verdict == CS_SKIP && result->message &&
           strstr(result->message, "does not offer the command");
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
        if (results[i].verdict != CS_PASS && !may_be_left_out(work[i].test, &results[i]) &&
            (results[i].verdict != CS_INFO || results[i].differs)) {
            fail_msg("%s: %s: %s", work[i].test->id, cs_verdict_name(results[i].verdict),
                     results[i].message ? results[i].message : "");
        }
    }
    free_results(results, n);
}

/* What a broken requirement of the case's level is worth. */
static enum cs_verdict expected_verdict(const struct cs_case *test)
{
    return test->level == CS_MUST ? CS_FAIL : test->level == CS_SHOULD ? CS_WARN : CS_INFO;
}

static void test_every_fault_is_noticed(void **state)
{
    (void)state;
    const char *argv[N_ROLE_FAULTS][4];
    struct cs_client_env envs[N_ROLE_FAULTS];
    struct cs_work work[N_ROLE_FAULTS];
    for (size_t i = 0; i < N_ROLE_FAULTS; i++) {
        argv[i][0] = REFERENCE_CLIENT;
        argv[i][1] = "--fault";
        argv[i][2] = role_faults[i].fault;
        argv[i][3] = NULL;
        envs[i] = (struct cs_client_env){.argv = argv[i], .patience_ms = SHORT_PATIENCE_MS};
        work[i] = (struct cs_work){
            .role = &cs_client_role, .test = find_case(role_faults[i].noticed_by), .env = &envs[i]};
    }
    struct cs_result *results = new_results(N_ROLE_FAULTS);
    run(work, N_ROLE_FAULTS, results);
    size_t n_missed = 0;
    for (size_t i = 0; i < N_ROLE_FAULTS; i++) {
        if (results[i].verdict != expected_verdict(work[i].test)) {
            print_error("%s with %s: %s: %s\n", work[i].test->id, role_faults[i].fault,
                        cs_verdict_name(results[i].verdict),
                        results[i].message ? results[i].message : "");
            n_missed++;
        }
    }
    free_results(results, N_ROLE_FAULTS);
    assert_int_equal(n_missed, 0);
}

#define KIND_COMMANDS                                                                             \
    "\"send\",\"regenerate\",\"action\",\"stop\",\"reconnect\",\"text\",\"pending\",\"preload\"," \
    "\"status\",\"session\",\"read\",\"write\",\"call\""

/* An adapter in a line of shell: says hello, then `answers` for every command but reset; $id is the
 * command's number. */
#define NULL_ADAPTER(answers)                                                              \
    "echo '{\"event\":\"hello\",\"protocol\":1,\"name\":\"null\",\"version\":\"0\","       \
    "\"capabilities\":[\"open\",\"send\",\"regenerate\",\"action\",\"stop\",\"session\","  \
    "\"reconnect\",\"abort\",\"answer\",\"reset\"," KIND_COMMANDS "],"                     \
    "\"kinds\":{\"agent\":[" KIND_COMMANDS "],\"session\":[" KIND_COMMANDS "]}}'\n"        \
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
