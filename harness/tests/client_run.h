/* Running cases of the client role in a test, against any adapter. */
#ifndef CHATSPEC_TESTS_CLIENT_RUN_H
#define CHATSPEC_TESTS_CLIENT_RUN_H

#include <stdio.h>
#include <stdlib.h>

#include "conformance/client/client_role.h"
#include "suite/runner.h"

#define MAX_WORK 1024

static inline const char *short_id(const struct cs_case *test)
{
    return test->id + strlen("client/");
}

/* All cases of the role, against one client. */
static inline size_t add_cases(struct cs_work *work, const struct cs_client_env *env)
{
    size_t n = 0;
    for (size_t g = 0; g < cs_client_role.n_groups; g++) {
        for (const struct cs_case *test = cs_client_role.groups[g]; test->id; test++) {
            assert_true(n < MAX_WORK);
            work[n++] = (struct cs_work){.role = &cs_client_role, .test = test, .env = env};
        }
    }
    assert_true(n > 0);
    return n;
}

/* Free with free_results. */
static inline struct cs_result *run_cases(const struct cs_work *work, size_t n, unsigned jobs)
{
    struct cs_run_options options = {.jobs = jobs, .seed = 1};
    struct cs_run_summary summary;
    struct cs_diag diag = {0};
    struct cs_result *results = calloc(n + 1, sizeof *results);
    assert_non_null(results);
    if (cs_run(work, n, &options, results, &summary, &diag) != CS_OK) {
        fail_msg("the runner failed: %s", diag.text);
    }
    assert_int_equal(summary.n_done, n);
    return results;
}

static inline void free_results(struct cs_result *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cs_result_free(&results[i]);
    }
    free(results);
}

static inline const char *message_of(const struct cs_result *result)
{
    return result->message ? result->message : "";
}

/* ctest shows a program that could test nothing as skipped when it exits like this. */
#define EXIT_SKIPPED 77

#endif
