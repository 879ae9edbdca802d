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
#include "suite/profile.h"
#include "suite/runner.h"

#define JOBS     2 /* each slot starts an SDK of its own */
#define MAX_WORK 64
#define FOLDER   SDK_FOLDER "/" CS_PROFILE_LATEST
#define PATIENCE 3000 /* for what a violation keeps from coming */

struct violation {
    const char *id;
    const char *noticed_by; /* ids behind "client/", divided by spaces: these must notice */
    const char *also;       /* globs of ids that cannot help but notice too; or NULL */
};

static const struct violation writer_violations[] = {
    {"control-with-body", "writer/control", NULL},
    {"makes-up-credentials", "writer/credentials", NULL},
    {"trims-one-less", "writer/trim", NULL},
    {"without-http2", "writer/session writer/plain-http", "writer/tries writer/asked-once"},
    {"bare-data", "writer/envelope", NULL},
    {"asks-every-time", "writer/asked-once", NULL},
    {"gives-up-at-once", "writer/tries", NULL},
    {"reports-the-tail", "writer/last-event-id", NULL},
    {NULL, NULL, NULL},
};

static const struct violation size_violations[] = {
    {"limit-one-lower", "writer/size-limit writer/size-in-bytes", "writer/size-*"},
    {"sends-a-part", "writer/size-limit writer/size-in-bytes", NULL},
    {"error-without-numbers", "writer/size-error", NULL},
    {"counts-characters", "writer/size-in-bytes", NULL},
    {"always-a-type", "writer/size-no-discriminant", NULL},
    {"refuses-large-appends", "writer/append-limit", NULL},
    {NULL, NULL, NULL},
};

static const struct violation handler_violations[] = {
    {"creates-without-history", "head-start/handler-creates head-start/handler-timeout", NULL},
    {"waits-a-minute", "head-start/handler-timeout", NULL},
    {"chat-tag-last", "head-start/handler-tags", "head-start/handler-long-tag"},
    {"three-tags", "head-start/handler-many-tags", NULL},
    {"long-tags", "head-start/handler-long-tag", NULL},
    {"never-final", "head-start/handler-text", "head-start/by-agent-chat"},
    {"always-final", "head-start/handler-tools", NULL},
    {"another-message-id", "head-start/handler-message-id", "head-start/by-agent-chat"},
    {"hands-over-at-once", "head-start/handler-text head-start/handler-tools",
     "head-start/handler-message-id head-start/handler-skips"},
    {"reads-from-the-start", "head-start/handler-no-gap", "head-start/handler-agent-part"},
    {"drops-session-state", "head-start/handler-agent-part", NULL},
    {"drops-turn-complete", "head-start/handler-agent-part", NULL},
    {"invents-a-cursor", "head-start/handler-store-refuses", NULL},
    {"never-skips", "head-start/handler-skips head-start/by-agent-chat", NULL},
    {"answers-without-token", "head-start/handler-answer", NULL},
    {"makes-up-a-chat", "head-start/handler-no-chat", NULL},
    {"asks-whether-settled", "head-start/handler-leaves", NULL},
    {NULL, NULL, NULL},
};

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
static size_t judge(const struct violation *violation, const struct cs_case *test,
                    const struct cs_result *result)
{
    const char *id = test->id + strlen("client/");
    const char *message = result->message ? result->message : "";
    bool must = violation && any_word(violation->noticed_by, id);
    bool may = violation && any_word(violation->also, id);
    bool good = must ? notices(result)
                     : may || (!notices(result) &&
                               (result->verdict == CS_PASS || result->verdict == CS_INFO));
    if (!good) {
        print_error("%s, %s: %s: %s\n", violation ? violation->id : "no violation", id,
                    cs_verdict_name(result->verdict), message);
    }
    return !good;
}

static void try_all(const struct fixture *fixture, const struct cs_case *cases,
                    const struct violation *violations)
{
    size_t n_bad = 0;
    for (const struct violation *violation = NULL; !violation || violation->id;
         violation = violation ? violation + 1 : violations) {
        struct cs_result results[MAX_WORK] = {0};
        size_t n = run(fixture, cases, violation ? violation->id : NULL, results);
        for (size_t i = 0; i < n; i++) {
            n_bad += judge(violation, &cases[i], &results[i]);
            cs_result_free(&results[i]);
        }
    }
    for (const struct cs_case *test = cases; test->id; test++) {
        bool proven = false;
        for (const struct violation *violation = violations; violation->id; violation++) {
            proven = proven || any_word(violation->noticed_by, test->id + strlen("client/"));
        }
        if (!proven) {
            fail_msg("%s fails under no violation", test->id);
        }
    }
    assert_int_equal(n_bad, 0);
}

static void test_writers(void **state)
{
    need_sdk();
    try_all(*state, client_writer_cases, writer_violations);
}

static void test_sizes(void **state)
{
    need_sdk();
    try_all(*state, client_writer_size_cases, size_violations);
}

static void test_head_start_handler(void **state)
{
    need_sdk();
    try_all(*state, client_head_start_handler_cases, handler_violations);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writers),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_head_start_handler),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
