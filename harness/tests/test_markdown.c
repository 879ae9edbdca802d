/* The Markdown writers: what a peer sends is never markup, and a document has its bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "reports/expect.h"
#include "reports/markdown.h"
#include "reports/markdown_text.h"
#include "reports/versions.h"
#include "reports/wrap.h"
#include "tests/report_world.h"

static char *as_text(const char *text)
{
    struct cs_buf out = CS_BUF(65536);
    cs_markdown_text(text, 1000, &out);
    return cs_buf_take(&out);
}

static char *as_code(const char *text)
{
    struct cs_buf out = CS_BUF(65536);
    cs_markdown_code(text, 1000, &out);
    return cs_buf_take(&out);
}

static void assert_taken(char *text, const char *expected)
{
    assert_string_equal(text, expected);
    free(text);
}

static void running_text_is_no_markup(void **state)
{
    (void)state;
    assert_taken(as_text("plain, text (4.8.3) - fine"), "plain, text (4.8.3) - fine");
    assert_taken(as_text("<script>a|b*_[x](y)`"), "\\<script\\>a\\|b\\*\\_\\[x\\](y)\\`");
    assert_taken(as_text("@you #12 GH-3 www.a https://b"), "\\@\xe2\x80\x8byou \\#\xe2\x80\x8b"
                                                           "12 GH\xe2\x80\x8b-3 www\xe2\x80\x8b.a "
                                                           "https\\://b");
    assert_taken(as_text("two\nlines\x01 \xff \xe2\x80\xaex"),
                 "two lines\\\\x01 \\\\xff \\\\u{202e}x");
}

static void code_ends_where_it_should(void **state)
{
    (void)state;
    assert_taken(as_code("a @b <i> #1"), "`a @b <i> #1`");
    assert_taken(as_code("a `` b"), "```a `` b```");
    assert_taken(as_code("`a"), "`` `a ``");
    assert_taken(as_code("a\n\nb"), "`a  b`");
    assert_taken(as_code(" \n"), "-");
    assert_taken(as_code(NULL), "-");
    struct cs_buf out = CS_BUF(65536);
    cs_markdown_pre("</pre>\n\n&`@x", 1000, &out);
    assert_taken(cs_buf_take(&out), "<pre>&lt;/pre&gt;&#10;&#10;&amp;`@x</pre>");
}

static void a_long_run_of_ticks_does_not_get_out(void **state)
{
    (void)state;
    char ticks[501];
    memset(ticks, '`', 500);
    ticks[500] = '\0';
    char *text = as_code(ticks);
    size_t fence = strspn(text, "`");
    assert_true(fence <= 70);
    assert_int_equal(occurrences(text + fence, " "), 2);
    free(text);
}

static void a_run_is_told_by_what_matters(void **state)
{
    struct fixture *fixture = *state;
    char *text = written(&fixture->report, cs_report_markdown);
    assert_non_null(strstr(text, "## \xe2\x9d\x8c chatspec: failed\n"));
    assert_non_null(strstr(text, "**1 broken, 2 errors, 1 warning**"));
    const char *broken = strstr(text, "### Broken (1)");
    const char *warned = strstr(text, "### Warnings (1)");
    assert_non_null(broken);
    assert_true(warned > broken);
    assert_non_null(strstr(text, "- **TOK-20 TOK-21** (MUST) A \\<title\\>\n"));
    assert_non_null(strstr(text, "`endpoint/token/z-last`: `]]> & <x a='1'"));
    assert_null(strstr(text, "never-run"));
    assert_non_null(strstr(text, "<pre>./chatspec run --seed 9007199254740991 --only "
                                 "endpoint/token/z-last</pre>"));
    assert_null(strchr(text, '\x01'));
    assert_null(strchr(text, '\x1b'));
    free(text);
}

/* Those that hold are named with reason and day; what does not fit the list is broken. */
static void expected_failures_are_named(void **state)
{
    struct fixture *fixture = *state;
    char ticket[] = "ticket <7>, @you";
    char missing[] = CS_EXPECT_NO_REASON;
    char day[] = "2027-01-31";
    struct cs_expected listed = {CS_EXPECTED_FAILURE, ticket, day, false};
    assert_true(cs_result_set_expected(&fixture->results[0], &listed));
    listed = (struct cs_expected){CS_TOLERATED_PASS, missing, day, true};
    assert_true(cs_result_set_expected(&fixture->results[3], &listed));
    char *text = written(&fixture->report, cs_report_markdown);
    assert_non_null(strstr(text, "<summary>2 listed as expected failures</summary>"));
    assert_non_null(strstr(text, "`endpoint/token/z-last` until 2027-01-31: ticket \\<7\\>, "
                                 "\\@\xe2\x80\x8byou\n"));
    assert_non_null(strstr(text, " passed this time, until 2027-01-31: reason missing (flaky)\n"));
    assert_null(strstr(text, "### Broken"));
    assert_int_equal(occurrences(text, "endpoint/token/z-last"), 1);
    free(text);
    listed = (struct cs_expected){CS_UNEXPECTED_PASS, ticket, day, false};
    assert_true(cs_result_set_expected(&fixture->results[3], &listed));
    text = written(&fixture->report, cs_report_markdown);
    assert_non_null(strstr(text, "<summary>1 listed as expected failure</summary>"));
    assert_non_null(strstr(text, "### Broken (1)"));
    free(text);
}

/* 3,000 failures, each with as much to say as goes on a line. */
static void a_document_has_its_bounds(void **state)
{
    (void)state;
    enum {
        N = 3000
    };
    struct cs_case *tests = calloc(N, sizeof *tests);
    struct cs_work *list = calloc(N, sizeof *list);
    struct cs_result *results = calloc(N, sizeof *results);
    char(*texts)[2][32] = calloc(N, sizeof *texts);
    char message[1000];
    char day[] = "2027-01-31";
    memset(message, '`', sizeof message - 1);
    message[sizeof message - 1] = '\0';
    for (int kind = 0; kind <= 2; kind++) {
        for (size_t i = 0; i < N; i++) {
            snprintf(texts[i][0], sizeof texts[i][0], "role/area-%zu/case-%zu", i, i);
            snprintf(texts[i][1], sizeof texts[i][1], "REQ-%zu", i);
            tests[i] = (struct cs_case){
                .id = texts[i][0], .title = "a title", .requirements = texts[i][1]};
            list[i] = (struct cs_work){.role = &endpoint_role, .test = &tests[i]};
            results[i] = (struct cs_result){
                .done = true, .verdict = CS_FAIL, .known = kind == 1, .message = message};
            if (kind == 2) {
                results[i].expected =
                    (struct cs_expected){CS_EXPECTED_FAILURE, message, day, false};
            }
        }
        struct cs_report report = {.suite = "0",
                                   .profile = "latest",
                                   .command = "x",
                                   .peer = {.kind = "url", .name = "n", .version = "1"},
                                   .work = list,
                                   .results = results,
                                   .n = N};
        report.summary.n_verdicts[CS_FAIL] = N;
        char *text = written(&report, cs_report_markdown);
        assert_true(strlen(text) <= CS_MARKDOWN_MAX);
        assert_true(strlen(text) > CS_MARKDOWN_MAX / 2);
        static const char *const left_out[] = {
            " more requirements, for which there is no room here.",
            " more known defects, for which there is no room here.",
            " more expected failures, for which there is no room here."};
        assert_non_null(strstr(text, left_out[kind]));
        assert_int_equal(occurrences(text, "<details>"), occurrences(text, "</details>"));
        free(text);
    }
    free(tests);
    free(list);
    free(results);
    free(texts);
}

/* ---- what changed ---- */

#define HEAD                                                                            \
    "{\"schema\":\"chatspec-report/1\",\"suite\":\"0\",\"profile\":\"4.8.3\",\"peer\":" \
    "{\"kind\":\"url\",\"name\":\"p`@x\",\"version\":\"1|2\"},\"interrupted\":false,\"cases\":["
#define CASE(id, verdict, message, observations)                                              \
    "{\"id\":\"" id "\",\"level\":\"MUST\",\"requirements\":[\"A-1\"],\"verdict\":\"" verdict \
    "\",\"message\":\"" message "\",\"observations\":{" observations "}}"

static void changes_come_with_regressions_first(void **state)
{
    (void)state;
    static const char old_text[] = HEAD CASE("a/b/c", "fail", "", "") "," CASE(
        "a/b/d", "pass", "", "") "," CASE("a/b/e", "info", "", "\"delay\":\"1\"") "]}";
    static const char new_text[] = HEAD CASE("a/b/c", "pass", "", "") "," CASE(
        "a/b/d", "fail", "<b> `@you`", "") "," CASE("a/b/e", "info", "", "\"delay\":\"<i>\"") "]}";
    struct cs_read_report older = {0};
    struct cs_read_report newer = {0};
    struct cs_buf out = CS_BUF(65536);
    assert_int_equal(cs_report_parse(CS_VIEW(old_text), "old", &older, NULL), CS_OK);
    assert_int_equal(cs_report_parse(CS_VIEW(new_text), "new", &newer, NULL), CS_OK);
    assert_int_equal(cs_compare_markdown(&older, &newer, NULL, &out), CS_OK);
    char *text = cs_buf_take(&out);
    assert_non_null(strstr(text, "chatspec compare: 1 regression\n"));
    const char *regressions = strstr(text, "### Regressions (1)");
    const char *fixes = strstr(text, "### Fixes (1)");
    assert_non_null(regressions);
    assert_true(fixes > regressions);
    assert_non_null(strstr(text, "`a/b/d` (A-1, MUST): `` <b> `@you` ``\n"));
    assert_non_null(strstr(text, "  - `delay`: `1` \xe2\x86\x92 `<i>`\n"));
    assert_non_null(strstr(text, "``p`@x`` `1|2`"));
    free(text);
    cs_read_report_free(&older);
    cs_read_report_free(&newer);
}

static void versions_begin_with_the_newest_step(void **state)
{
    struct fixture *fixture = *state;
    struct cs_report reports[3] = {fixture->report, fixture->report, fixture->report};
    reports[0].peer.label = "1|0";
    reports[1].peer.label = "2.0";
    reports[1].peer.missing = "it is `not` there";
    reports[1].n = 0;
    reports[2].peer.label = "3.0";
    struct cs_buf out = CS_BUF(65536);
    assert_int_equal(cs_versions_markdown(reports, 3, NULL, &out), CS_OK);
    char *text = cs_buf_take(&out);
    assert_non_null(strstr(text, "chatspec matrix: 1\\|0 \xe2\x86\x92 3.0\n"));
    assert_non_null(strstr(text, " 2.0 is left out: ``it is `not` there``\n"));
    assert_non_null(strstr(text, "\n| area | 1\\|0 | 2.0 | 3.0 |\n|---|---|---|---|\n"
                                 "| endpoint/token | 1 fail | skipped | 1 fail |\n"));
    free(text);
}

/* ---- the width of a terminal ---- */

static void text_is_broken_between_words(void **state)
{
    (void)state;
    struct cs_buf out = CS_BUF(4096);
    cs_wrap(CS_VIEW("  one two three four five six\n\nanunbreakablewordofmanyletters next\n"), "",
            26, &out);
    assert_taken(cs_buf_take(&out), "  one two three four five\n  six\n\n"
                                    "anunbreakablewordofmanyletters\nnext\n");
    out = CS_BUF(4096);
    cs_wrap(CS_VIEW("\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4 "
                    "\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4 abcde f"),
            "-", 26, &out);
    char *text = cs_buf_take(&out);
    assert_non_null(strstr(text, " abcde\n-f\n"));
    free(text);
    out = CS_BUF(4096);
    cs_wrap(CS_VIEW("a line that stays as it is, be it as long as it may"), "> ", 0, &out);
    assert_taken(cs_buf_take(&out), "> a line that stays as it is, be it as long as it may\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_text_is_no_markup),
        cmocka_unit_test(code_ends_where_it_should),
        cmocka_unit_test(a_long_run_of_ticks_does_not_get_out),
        WITH_RUN(a_run_is_told_by_what_matters),
        WITH_RUN(expected_failures_are_named),
        cmocka_unit_test(a_document_has_its_bounds),
        cmocka_unit_test(changes_come_with_regressions_first),
        WITH_RUN(versions_begin_with_the_newest_step),
        cmocka_unit_test(text_is_broken_between_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
