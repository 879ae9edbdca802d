/* HTML reports of made-up runs whose every text is hostile, for the unit test and for the browser.
 */
#ifndef CHATSPEC_TESTS_HOSTILE_PAGE_H
#define CHATSPEC_TESTS_HOSTILE_PAGE_H

#include <stdio.h>
#include <stdlib.h>

#include "reports/html.h"

/* Whatever of this is run sets `canary`; the bidirectional and control characters are real. */
#define HOSTILE_MESSAGE                                                                      \
    "</script><script>canary=1</script><!--<script><img src=x onerror=canary=2><svg/onload=" \
    "canary=3>\"'><a href=\"javascript:canary=4\">x</a>{{script}}]]>&lt; \xe2\x80\xae"       \
    "desrever"                                                                               \
    "\xe2\x80\xac \xe2\x81\xa6isolate\xe2\x81\xa9 \xe2\x80\xa8 \xe2\x80\xa9 \xc2\x9b "       \
    "\xef\xbb\xbf "                                                                          \
    "\x1b[31m \x7f __proto__ ${canary=5} http://canary.invalid/x.png"

#define HOSTILE_STREAM                                                                    \
    "event: batch\nid: 1,1,80\ndata: {\"records\":[{\"seq_num\":1,\"headers\":[["         \
    "\"trigger-control\",\"turn-complete\"],[\"<img src=x onerror=canary=6>\",\"y\"]],"   \
    "\"body\":\"</script><script>canary=7</script>\"},{\"seq_num\":2,\"headers\":[[\"\"," \
    "\"trim\"]],\"body\":\"0\"}]}\n\nevent: ping\ndata: {\"timestamp\":1}\n\n"

static const struct cs_role hostile_role = {.name = "endpoint"};

static const struct cs_case hostile_rows[] = {
    {.id = "endpoint/token/first", .title = HOSTILE_MESSAGE, .requirements = "TOK-20"},
    {.id = "endpoint/token/second", .title = "Second", .requirements = "TOK-21"},
    {.id = "endpoint/append/third", .title = "Third", .requirements = "TOK-21", .level = CS_SHOULD},
    {.id = "endpoint/append/constructor", .title = "Fourth", .requirements = "TOK-20"},
};
#define HOSTILE_N (sizeof hostile_rows / sizeof hostile_rows[0])

struct hostile {
    struct cs_work work[HOSTILE_N];
    struct cs_result results[HOSTILE_N];
    struct cs_requirements set;
    struct cs_report report;
};

static inline void hostile_end(struct hostile *hostile, size_t i, enum cs_verdict verdict)
{
    struct cs_result *result = &hostile->results[i];
    result->done = result->ran = true;
    result->verdict = verdict;
    result->duration_ms = 12;
    assert_true(cs_result_set_message(result, HOSTILE_MESSAGE));
    assert_true(cs_result_observe(result, "order <b>", HOSTILE_MESSAGE, NULL));
    assert_true(cs_result_add_evidence(result, "request", HOSTILE_MESSAGE,
                                       "GET /x HTTP/1.1\\r\nHost: <img src=x onerror=canary=8>"
                                       "\\r\n\\r\n" HOSTILE_MESSAGE,
                                       3));
    assert_true(cs_result_add_evidence(result, "received", "event stream, from byte 100",
                                       HOSTILE_STREAM, 0));
    result->evidence[1].at_ms = 7;
    assert_true(cs_result_add_evidence(result, "expected", "expected", HOSTILE_MESSAGE, 0));
    assert_true(cs_result_add_evidence(result, "actual", "actual", HOSTILE_MESSAGE, 0));
    hostile->report.summary.n_verdicts[verdict]++;
}

/* `version` differs from others in its first case's verdict. */
static inline void hostile_set_up(struct hostile *hostile, const char *version, bool first_fails)
{
    *hostile = (struct hostile){0};
    struct cs_diag diag;
    assert_int_equal(cs_requirements_load(&hostile->set, &diag), CS_OK);
    for (size_t i = 0; i < HOSTILE_N; i++) {
        hostile->work[i] = (struct cs_work){.role = &hostile_role, .test = &hostile_rows[i]};
    }
    hostile->report = (struct cs_report){
        .suite = "0.1.0",
        .profile = "4.8.3",
        .command = "./chatspec endpoint",
        .peer = {.kind = "url", .name = HOSTILE_MESSAGE, .version = version},
        .started_ms = 1700000000123,
        .duration_ms = 61500,
        .seed = 7,
        .work = hostile->work,
        .results = hostile->results,
        .n = HOSTILE_N,
        .requirements = &hostile->set,
    };
    hostile_end(hostile, 0, first_fails ? CS_FAIL : CS_PASS);
    hostile_end(hostile, 1, CS_FAIL);
    hostile_end(hostile, 2, CS_WARN);
    hostile_end(hostile, 3, CS_PASS);
}

static inline void hostile_tear_down(struct hostile *hostile)
{
    for (size_t i = 0; i < HOSTILE_N; i++) {
        cs_result_free(&hostile->results[i]);
    }
    cs_requirements_free(&hostile->set);
}

static inline char *hostile_page_of_run(void)
{
    struct hostile run;
    struct cs_buf out = CS_BUF((size_t)4 << 20);
    hostile_set_up(&run, "1.0.0", true);
    cs_report_html(&run.report, &out);
    hostile_tear_down(&run);
    char *page = cs_buf_take(&out);
    assert_non_null(page);
    return page;
}

/* Three versions, of which the second could not be had. */
static inline char *hostile_page_of_versions(void)
{
    struct hostile runs[2];
    struct cs_buf out = CS_BUF((size_t)4 << 20);
    hostile_set_up(&runs[0], "1.0.0", false);
    hostile_set_up(&runs[1], "1.2.0", true);
    const struct cs_report reports[] = {
        runs[0].report,
        {.peer = {.kind = "sdk", .name = "x", .version = "1.1.0", .missing = HOSTILE_MESSAGE}},
        runs[1].report,
    };
    assert_int_equal(cs_versions_html(reports, 3, &runs[0].set, &out), CS_OK);
    hostile_tear_down(&runs[0]);
    hostile_tear_down(&runs[1]);
    char *page = cs_buf_take(&out);
    assert_non_null(page);
    return page;
}

static inline void hostile_read(const struct cs_report *report, struct cs_read_report *ret_report)
{
    struct cs_buf text = CS_BUF((size_t)4 << 20);
    cs_report_json(report, &text);
    assert_int_equal(cs_report_parse(cs_buf_view(&text), "it", ret_report, NULL), CS_OK);
    cs_buf_free(&text);
}

static inline char *hostile_page_of_comparison(void)
{
    struct hostile runs[2];
    struct cs_read_report sides[2];
    struct cs_buf out = CS_BUF((size_t)4 << 20);
    for (size_t i = 0; i < 2; i++) {
        hostile_set_up(&runs[i], i == 0 ? "1.0.0" : "1.2.0", i == 1);
        hostile_read(&runs[i].report, &sides[i]);
    }
    assert_int_equal(cs_compare_html(&sides[0], &sides[1], &runs[0].set, &out), CS_OK);
    for (size_t i = 0; i < 2; i++) {
        cs_read_report_free(&sides[i]);
        hostile_tear_down(&runs[i]);
    }
    char *page = cs_buf_take(&out);
    assert_non_null(page);
    return page;
}

#endif
