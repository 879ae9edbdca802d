/* Made-up cases for tests of the runner: running them, and reading what came of it. */
#ifndef CHATSPEC_TESTS_RUNNER_WORLD_H
#define CHATSPEC_TESTS_RUNNER_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "suite/runner.h"

/* A role has these in its one group; a case is found by its title, which is the end of its id. */
#define ROW(name, function, ...)                                                                   \
    {                                                                                              \
        .id = "fake/kit/" name, .title = name, .requirements = "AAA-01 BBB-02", .run = (function), \
        __VA_ARGS__                                                                                \
    }

#define MAX_ITEMS 32

struct outcome {
    struct cs_work work[MAX_ITEMS];
    struct cs_result results[MAX_ITEMS];
    size_t n;
    struct cs_run_summary summary;
};

static inline const struct cs_case *find_row(const struct cs_role *role, const char *name)
{
    for (const struct cs_case *test = role->groups[0]; test->id; test++) {
        if (strcmp(test->title, name) == 0) {
            return test;
        }
    }
    fail_msg("no row %s", name);
    return NULL;
}

static inline void add(struct outcome *outcome, const struct cs_role *role, const char *name,
                       const void *env)
{
    outcome->work[outcome->n++] =
        (struct cs_work){.role = role, .test = find_row(role, name), .env = env};
}

static inline void run_all(struct outcome *outcome, const struct cs_run_options *options)
{
    struct cs_diag diag = {0};
    assert_int_equal(
        cs_run(outcome->work, outcome->n, options, outcome->results, &outcome->summary, &diag),
        CS_OK);
}

static inline void release(struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->n; i++) {
        cs_result_free(&outcome->results[i]);
    }
}

/* Runs one case and gives its result, of which the caller releases the outcome. */
static inline const struct cs_result *run_one(struct outcome *outcome, const struct cs_role *role,
                                              const char *name)
{
    const struct cs_run_options options = {.jobs = 1, .seed = 1};
    add(outcome, role, name, NULL);
    run_all(outcome, &options);
    return &outcome->results[0];
}

static inline const struct cs_evidence *evidence(const struct cs_result *result, const char *kind)
{
    for (size_t i = 0; i < result->n_evidence; i++) {
        if (strcmp(result->evidence[i].kind, kind) == 0) {
            return &result->evidence[i];
        }
    }
    fail_msg("no evidence of kind %s", kind);
    return NULL;
}

#endif
