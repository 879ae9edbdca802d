/* The client role on the reference client: every case passes, and for a client that does nothing
 * none does. That each decision of the client turned around is noticed is what selftest proves; the
 * table of them is looked at here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "client/violations.h"
#include "conformance/client/client_role.h"
#include "conformance/client/violations_sdk.h"
#include "peer/null_client.h"
#include "suite/runner.h"

#define JOBS     48 /* most of a case is waiting */
#define MAX_WORK 1024

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

/* All cases against one client, but those that take minutes. */
static size_t add_all(struct cs_work *work, const struct cs_client_env *env)
{
    size_t n = 0;
    for (size_t g = 0; g < cs_client_role.n_groups; g++) {
        for (const struct cs_case *test = cs_client_role.groups[g]; test->id; test++) {
            if (!(test->needs & CS_NEEDS_LONG)) {
                work[n++] = (struct cs_work){.role = &cs_client_role, .test = test, .env = env};
            }
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

/* Judged for the sake of known defects of the SDK's client for servers, in ways that nobody else
 * has: published versions show them. */
static bool is_of_the_sdk_alone(const struct cs_case *test)
{
    static const char *const ids[] = {
        "client/agent-chat/aborted-without-boundary", /* CST-21 */
        "client/agent-chat/callback-throws",          /* CTC-24 */
        "client/agent-chat/reused-signal",            /* CST-20: to 4.5.16, and not after */
    };
    bool found = false;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        found = found || strcmp(ids[i], test->id) == 0;
    }
    return found;
}

/* Of clients that this one has not got: proven with violations of the SDK's adapter. */
static bool is_proven_elsewhere(const struct cs_case *test)
{
    size_t len = strlen(test->id);
    bool found = false;
    for (const struct cs_sdk_violation *row = cs_sdk_violations; row->id && !found; row++) {
        const char *at = strstr(row->noticed_by, test->id);
        found = at && (at[len] == ' ' || at[len] == '\0');
    }
    return found;
}

/* What nobody promises may need a command that this client does not have. What is judged it can,
 * but for the kinds and features that are the SDK's alone. */
static bool may_be_left_out(const struct cs_case *test, const struct cs_result *result)
{
    const char *why = result->verdict == CS_SKIP && result->message ? result->message : "";
    return (test->level == CS_OBSERVED || is_of_the_sdk_alone(test) || is_proven_elsewhere(test)) &&
           (strstr(why, "does not offer the command") || strstr(why, "does not offer the kind") ||
            strstr(why, "says nothing of the feature"));
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
    n = add_all(work, &env);
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

static bool lists_one_of(const struct cs_case *test, const char *requirements)
{
    bool found = false;
    for (const char *at = requirements; *at && !found; at += strspn(at, " ")) {
        char id[32];
        snprintf(id, sizeof id, "%.*s", (int)strcspn(at, " "), at);
        found = cs_case_lists(test, id);
        at += strcspn(at, " ");
    }
    return found;
}

/* The table is well formed: ids of cases that there are, each of which lists a requirement that the
 * fault is said to break, and no such requirement without a case. What the cases make of the
 * faults is for selftest to say. */
static void test_the_violations_name_what_there_is(void **state)
{
    (void)state;
    for (const struct cs_client_violation *row = cs_client_violations; row->fault; row++) {
        assert_ptr_equal(cs_client_violation_find(row->fault), row); /* no fault twice */
        assert_true(cs_client_violation_title(row)[0] != '\0');      /* of a policy field */
        assert_int_equal(row->affects != NULL, row->reason != NULL);
        for (const char *at = row->noticed_by; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
            char id[128];
            snprintf(id, sizeof id, "%.*s", (int)strcspn(at, " "), at);
            if (!lists_one_of(find_case(id + strlen("client/")), row->requirements)) {
                fail_msg("%s: %s lists none of %s", row->fault, id, row->requirements);
            }
        }
    }
}

static void assert_none_pass(const struct cs_null_client *client)
{
    const char *const argv[] = {"/bin/sh", "-c", client->script, NULL};
    const struct cs_client_env env = {.argv = argv, .patience_ms = 100};
    struct cs_work work[MAX_WORK];
    size_t n = add_all(work, &env);
    struct cs_result *results = new_results(n);
    run(work, n, results);
    for (size_t i = 0; i < n; i++) {
        if (results[i].verdict == CS_PASS) {
            fail_msg("%s passes for a client that %s", work[i].test->id, client->name);
        }
    }
    free_results(results, n);
}

static void test_clients_that_do_nothing_pass_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < CS_N_NULL_CLIENTS; i++) {
        assert_none_pass(&cs_null_clients[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_reference_client_passes),
        cmocka_unit_test(test_the_violations_name_what_there_is),
        cmocka_unit_test(test_clients_that_do_nothing_pass_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
