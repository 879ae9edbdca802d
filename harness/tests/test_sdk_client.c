/* Cases that are about the SDK's own clients alone, its writers and its head-start handler: the SDK
 * passes them, and each fails under a violation of its adapter (peers/sdk/violations.mjs). Where
 * the SDK is not installed, or Node is not there, there is nothing to try.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conformance/client/cases.h"
#include "conformance/client/client_role.h"
#include "conformance/client/violations_sdk.h"
#include "suite/profile.h"
#include "suite/runner.h"

#define JOBS     2 /* each slot starts an SDK of its own */
#define MAX_WORK 64
#define FOLDER   SDK_FOLDER "/" CS_PROFILE_LATEST
#define PATIENCE 3000 /* for what a violation keeps from coming */

struct fixture {
    struct cs_requirements set;
    struct cs_profile profile;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char remark[CS_PROFILE_REMARK_MAX];
    if (!fixture || cs_requirements_load(&fixture->set, NULL) != CS_OK) {
        free(fixture);
        return 1;
    }
    cs_profile_of_sdk(CS_PROFILE_LATEST, &fixture->set, &fixture->profile, remark);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cs_requirements_free(&fixture->set);
    free(fixture);
    return 0;
}

static void need_sdk(void)
{
    if (access(FOLDER "/node_modules/@trigger.dev/sdk", R_OK) != 0 ||
        system("node --version >/dev/null 2>&1") != 0) {
        skip();
    }
}

static bool notices(const struct cs_result *result)
{
    return result->verdict == CS_FAIL || result->verdict == CS_WARN ||
           (result->verdict == CS_INFO && result->differs);
}

static bool any_word(const char *list, const char *id)
{
    char word[128];
    for (; list && *list; list += strspn(list, " ")) {
        size_t len = strcspn(list, " ");
        snprintf(word, sizeof word, "%.*s", (int)len, list);
        if (fnmatch(word, id, 0) == 0) {
            return true;
        }
        list += len;
    }
    return false;
}

/* All cases of the table against the adapter with that violation (NULL: none). */
static size_t run(const struct fixture *fixture, const struct cs_case *cases, const char *violation,
                  struct cs_result *results)
{
    const char *const argv[] = {
        "node", ADAPTER, "--root", FOLDER, violation ? "--violate" : NULL, violation, NULL};
    const struct cs_client_env env = {.argv = argv, .patience_ms = violation ? PATIENCE : 0};
    struct cs_work work[MAX_WORK];
    size_t n = 0;
    for (; cases[n].id; n++) {
        assert_in_range(n, 0, MAX_WORK - 1);
        work[n] = (struct cs_work){
            .role = &cs_client_role, .test = &cases[n], .env = &env, .profile = &fixture->profile};
    }
    const struct cs_run_options options = {.jobs = JOBS, .seed = 1};
    struct cs_run_summary summary;
    struct cs_diag diag = {0};
    if (cs_run(work, n, &options, results, &summary, &diag) != CS_OK) {
        fail_msg("the runner failed: %s", diag.text);
    }
    assert_int_equal(summary.n_done, n);
    return n;
}

/* Prints what is wrong, and says how much there is. */
static size_t judge(const struct cs_sdk_violation *violation, const struct cs_case *test,
                    const struct cs_result *result)
{
    const char *message = result->message ? result->message : "";
    bool must = violation && any_word(violation->noticed_by, test->id);
    bool may = violation && any_word(violation->affects, test->id);
    bool calm = !notices(result) && (result->verdict == CS_PASS || result->verdict == CS_INFO);
    bool good = must ? notices(result) : may || calm;
    if (!good) {
        print_error("%s, %s: %s: %s\n", violation ? violation->id : "no violation", test->id,
                    cs_verdict_name(result->verdict), message);
    }
    return !good;
}

/* The violation is for this table's cases. */
static bool is_for(const struct cs_sdk_violation *violation, const struct cs_case *cases)
{
    bool found = false;
    for (; cases->id && !found; cases++) {
        found = any_word(violation->noticed_by, cases->id);
    }
    return found;
}

static bool is_proven(const struct cs_case *test)
{
    bool proven = false;
    for (const struct cs_sdk_violation *row = cs_sdk_violations; row->id && !proven; row++) {
        proven = any_word(row->noticed_by, test->id);
    }
    return proven;
}

static size_t try_one(const struct fixture *fixture, const struct cs_case *cases,
                      const struct cs_sdk_violation *violation)
{
    struct cs_result results[MAX_WORK] = {0};
    size_t n = run(fixture, cases, violation ? violation->id : NULL, results);
    size_t n_bad = 0;
    for (size_t i = 0; i < n; i++) {
        n_bad += judge(violation, &cases[i], &results[i]);
        cs_result_free(&results[i]);
    }
    return n_bad;
}

/* What is wrong has to be so twice: a machine that does too much at once delays anything. */
static size_t try_twice(const struct fixture *fixture, const struct cs_case *cases,
                        const struct cs_sdk_violation *violation)
{
    size_t n_bad = try_one(fixture, cases, violation);
    if (n_bad > 0) {
        print_message("once more\n");
        n_bad = try_one(fixture, cases, violation);
    }
    return n_bad;
}

static void try_all(const struct fixture *fixture, const struct cs_case *cases)
{
    for (const struct cs_case *test = cases; test->id; test++) {
        if (!is_proven(test)) {
            fail_msg("%s fails under no violation", test->id);
        }
    }
    size_t n_bad = try_twice(fixture, cases, NULL);
    for (const struct cs_sdk_violation *row = cs_sdk_violations; row->id; row++) {
        n_bad += is_for(row, cases) ? try_twice(fixture, cases, row) : 0;
    }
    assert_int_equal(n_bad, 0);
}

static void test_writers(void **state)
{
    need_sdk();
    try_all(*state, client_writer_cases);
}

static void test_sizes(void **state)
{
    need_sdk();
    try_all(*state, client_writer_size_cases);
}

static void test_head_start_handler(void **state)
{
    need_sdk();
    try_all(*state, client_head_start_handler_cases);
}

static void test_head_start_handler_observed(void **state)
{
    need_sdk();
    try_all(*state, client_head_start_handler_observed_cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writers),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_head_start_handler),
        cmocka_unit_test(test_head_start_handler_observed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
