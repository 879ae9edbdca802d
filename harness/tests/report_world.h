/* A made-up run with a hostile peer's text in it, for tests of the writers of reports.
 *
 * To be included after cmocka.h.
 */
#ifndef CHATSPEC_TESTS_REPORT_WORLD_H
#define CHATSPEC_TESTS_REPORT_WORLD_H

#include <stdlib.h>

#include "reports/report.h"

#define HOSTILE "]]> & <x a='1' b=\"2\"> \x01\x1b[31m \xff\xc3( \xef\xbf\xbf \r\n\t end"

/* ---- a run ---- */

static const struct cs_role endpoint_role = {.name = "endpoint"};
static const struct cs_role client_role = {.name = "client"};

static const struct cs_case rows[] = {
    {.id = "endpoint/token/z-last", .title = "A <title>", .requirements = "TOK-20 TOK-21"},
    {.id = "endpoint/append/a-first", .title = "B", .requirements = "APP-01", .level = CS_SHOULD},
    {.id = "client/resume/c", .title = "C", .requirements = "CRS-01", .level = CS_OBSERVED},
    {.id = "client/resume/d", .title = "D", .requirements = "CRS-02"},
    {.id = "client/resume/e", .title = "E", .requirements = "CRS-03", .needs = CS_NEEDS_LONG},
    {.id = "client/resume/f", .title = "F", .requirements = "CRS-04"},
    {.id = "client/resume/never-run", .title = "G", .requirements = "CRS-05"},
    {.id = "client/resume/h", .title = "H", .requirements = "CRS-06"},
};
#define N_ROWS (sizeof rows / sizeof rows[0])

static const struct cs_work work[N_ROWS] = {
    {.role = &endpoint_role, .test = &rows[0]}, {.role = &endpoint_role, .test = &rows[1]},
    {.role = &client_role, .test = &rows[2]},   {.role = &client_role, .test = &rows[3]},
    {.role = &client_role, .test = &rows[4]},   {.role = &client_role, .test = &rows[5]},
    {.role = &client_role, .test = &rows[6]},   {.role = &client_role, .test = &rows[7]},
};

struct fixture {
    struct cs_result results[N_ROWS];
    struct cs_report report;
};

static inline void end_with(struct fixture *fixture, size_t index, enum cs_verdict verdict,
                            const char *message)
{
    struct cs_result *result = &fixture->results[index];
    result->done = true;
    result->ran = true;
    result->verdict = verdict;
    result->duration_ms = 1234;
    assert_true(!message || cs_result_set_message(result, message));
    fixture->report.summary.n_done++;
    fixture->report.summary.n_verdicts[verdict]++;
}

static inline int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->report = (struct cs_report){
        .suite = "0.1.0",
        .profile = "latest",
        .command = "./chatspec run",
        .peer = {.kind = "builtin", .name = "the built-in \"one\"", .version = ""},
        .started_ms = 1700000000123,
        .duration_ms = 61500,
        .seed = 9007199254740991,
        .work = work,
        .results = fixture->results,
        .n = N_ROWS,
    };
    end_with(fixture, 0, CS_FAIL, HOSTILE);
    end_with(fixture, 1, CS_WARN, "slower than it should be");
    end_with(fixture, 2, CS_INFO, "seen");
    end_with(fixture, 3, CS_PASS, NULL);
    end_with(fixture, 4, CS_SKIP, "needs something");
    end_with(fixture, 5, CS_ERROR, "no connection");
    end_with(fixture, 7, CS_ERROR, "no connection");
    fixture->report.summary.n_judged = 4;
    struct cs_result *failed = &fixture->results[0];
    assert_true(cs_result_add_evidence(failed, "request", HOSTILE, HOSTILE, 77));
    assert_true(cs_result_add_evidence(failed, "expected", "expected", "403", 0));
    assert_true(cs_result_observe(failed, "retry <delay>", HOSTILE, NULL));
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < N_ROWS; i++) {
        cs_result_free(&fixture->results[i]);
    }
    free(fixture);
    return 0;
}

static inline char *written(const struct cs_report *report,
                            void (*write)(const struct cs_report *, struct cs_buf *))
{
    struct cs_buf out = CS_BUF((size_t)1 << 20);
    write(report, &out);
    char *text = cs_buf_take(&out);
    assert_non_null(text);
    return text;
}

static inline size_t occurrences(const char *text, const char *word)
{
    size_t n = 0;
    while ((text = strstr(text, word))) {
        n++;
        text += strlen(word);
    }
    return n;
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
