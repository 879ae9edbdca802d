/* Comparing reports: what counts as a regression, and what a damaged report is refused for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "json_schema.h"
#include "reports/compare.h"

#define HEAD                                                                             \
    "{\"schema\":\"chatspec-report/1\",\"suite\":\"0\",\"profile\":\"4.8.3\",\"peer\":{" \
    "\"kind\":\"url\",\"name\":\"peer\",\"version\":\"1\"},\"interrupted\":false,\"cases\":["
#define CASE(id, verdict, observations)                                              \
    "{\"id\":\"" id "\",\"level\":\"MUST\",\"verdict\":\"" verdict "\",\"message\":" \
    "\"\",\"observations\":{" observations "}}"
#define TAIL "]}"

static enum cs_err read_text(const char *text, struct cs_read_report *ret_report,
                             struct cs_diag *diag)
{
    char path[] = "/tmp/chatspec-compare-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    enum cs_err err = cs_report_read(path, ret_report, diag);
    unlink(path);
    return err;
}

static struct cs_comparison compare(const char *older_text, const char *newer_text,
                                    const char *expected)
{
    struct cs_read_report older = {0};
    struct cs_read_report newer = {0};
    struct cs_buf out = CS_BUF(65536);
    assert_int_equal(read_text(older_text, &older, NULL), CS_OK);
    assert_int_equal(read_text(newer_text, &newer, NULL), CS_OK);
    struct cs_comparison counts = cs_compare(&older, &newer, NULL, &out);
    cs_buf_char(&out, '\0');
    if (!strstr(out.ptr, expected)) {
        fail_msg("no '%s' in:\n%s", expected, out.ptr);
    }
    cs_buf_free(&out);
    cs_read_report_free(&older);
    cs_read_report_free(&newer);
    return counts;
}

#define CATALOGUE                                                                             \
    "{\"schema\":\"chatspec-requirements/1\",\"role\":\"client\",\"areas\":[{\"id\":\"AAA\"," \
    "\"title\":\"a\",\"why\":\"the area says it\"}],\"requirements\":[" ROW(                  \
        "AAA-01", "\"why\":\"one says it\",") "," ROW("AAA-02", "") "]}"
#define ROW(id, more)                                                                             \
    "{\"id\":\"" id "\"," more "\"area\":\"AAA\",\"level\":\"MUST\",\"text\":\"t\",\"versions\":" \
    "\"all\",\"source\":\"s\",\"observe\":\"o\"}"
#define OF(ids, verdict)                                          \
    "{\"id\":\"a/b/c\",\"level\":\"MUST\",\"verdict\":\"" verdict \
    "\",\"message\":\"\",\"observations\":{},\"requirements\":[" ids "]}"

/* Of a change, for people and as JSON; NULL: nothing is said. */
static void check_why(const char *older_text, const char *newer_text, const char *why)
{
    struct cs_requirements set = {0};
    struct cs_read_report older = {0};
    struct cs_read_report newer = {0};
    struct cs_buf text = CS_BUF(65536);
    struct cs_buf json = CS_BUF(65536);
    assert_int_equal(cs_requirements_add(&set, CS_VIEW(CATALOGUE), NULL), CS_OK);
    assert_int_equal(read_text(older_text, &older, NULL), CS_OK);
    assert_int_equal(read_text(newer_text, &newer, NULL), CS_OK);
    (void)cs_compare(&older, &newer, &set, &text);
    assert_int_equal(cs_compare_json(&older, &newer, &set, &json), CS_OK);
    cs_buf_char(&text, '\0');
    cs_buf_char(&json, '\0');
    char line[128];
    snprintf(line, sizeof line, "      why: %s\n", why ? why : "");
    assert_true(why ? strstr(text.ptr, line) != NULL : !strstr(text.ptr, "why:"));
    snprintf(line, sizeof line, "\"why\":\"%s\"", why ? why : "");
    assert_true(why ? strstr(json.ptr, line) != NULL : !strstr(json.ptr, "\"why\""));
    cs_buf_free(&text);
    cs_buf_free(&json);
    cs_read_report_free(&older);
    cs_read_report_free(&newer);
    cs_requirements_free(&set);
}

static void a_change_says_why_it_matters(void **state)
{
    (void)state;
#define WHY(ids, why) check_why(HEAD OF(ids, "pass") TAIL, HEAD OF(ids, "fail") TAIL, why)
    WHY("\"AAA-01\"", "one says it");
    WHY("\"AAA-02\"", "the area says it");
    WHY("\"AAA-02\",\"AAA-01\"", "one says it");
    WHY("\"BBB-01\"", NULL);
    WHY("", NULL);
    check_why(HEAD OF("\"AAA-01\"", "pass") TAIL, HEAD OF("\"AAA-01\"", "pass") TAIL, NULL);
    check_why(HEAD OF("\"AAA-01\"", "pass") TAIL, HEAD TAIL, "one says it");
}

static void changes_as_json(void **state)
{
    (void)state;
    struct cs_read_report older = {0};
    struct cs_read_report newer = {0};
    struct cs_buf json = CS_BUF(65536);
    assert_int_equal(
        read_text(HEAD CASE("a/b/c", "pass", "\"x\":\"1\",\"peer.version\":\"1\"") "," CASE(
                      "a/b/d", "pass", "") TAIL,
                  &older, NULL),
        CS_OK);
    assert_int_equal(
        read_text(HEAD CASE("a/b/c", "pass", "\"x\":\"2\",\"peer.version\":\"2\"") "," CASE(
                      "a/b/d", "fail", "") TAIL,
                  &newer, NULL),
        CS_OK);
    assert_int_equal(cs_compare_json(&older, &newer, NULL, &json), CS_OK);
    cs_buf_char(&json, '\0');
    assert_non_null(strstr(json.ptr, "\"regression\":1,\"fix\":0,\"observation\":1,"));
    assert_non_null(strstr(json.ptr, "\"observations\":[{\"name\":\"x\",\"before\":\"1\","
                                     "\"after\":\"2\"}]"));
    assert_non_null(strstr(json.ptr, "\"case\":\"a/b/d\",\"change\":\"regression\""));
    assert_null(strstr(json.ptr, "peer.version"));
    cs_buf_free(&json);
    cs_read_report_free(&older);
    cs_read_report_free(&newer);
}

static void a_worse_verdict_is_a_regression(void **state)
{
    (void)state;
    static const struct {
        const char *older;
        const char *newer;
        size_t n_regressions;
        size_t n_fixes;
    } table[] = {
        {HEAD CASE("a/b/c", "pass", "") TAIL, HEAD CASE("a/b/c", "fail", "") TAIL, 1, 0},
        {HEAD CASE("a/b/c", "info", "") TAIL, HEAD CASE("a/b/c", "warn", "") TAIL, 1, 0},
        {HEAD CASE("a/b/c", "warn", "") TAIL, HEAD CASE("a/b/c", "fail", "") TAIL, 1, 0},
        {HEAD CASE("a/b/c", "pass", "") TAIL, HEAD CASE("a/b/c", "error", "") TAIL, 1, 0},
        {HEAD CASE("a/b/c", "skip", "") TAIL, HEAD CASE("a/b/c", "fail", "") TAIL, 1, 0},
        {HEAD CASE("a/b/c", "fail", "") TAIL, HEAD CASE("a/b/c", "pass", "") TAIL, 0, 1},
        {HEAD CASE("a/b/c", "fail", "") TAIL, HEAD CASE("a/b/c", "fail", "") TAIL, 0, 0},
        {HEAD CASE("a/b/c", "fail", "") TAIL, HEAD CASE("a/b/c", "error", "") TAIL, 0, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct cs_comparison counts =
            compare(table[i].older, table[i].newer, "held to 4.8.3, 1 cases");
        assert_int_equal(counts.n_regressions, table[i].n_regressions);
        assert_int_equal(counts.n_fixes, table[i].n_fixes);
    }
}

static void what_is_no_longer_judged_is_told_and_no_regression(void **state)
{
    (void)state;
    struct cs_comparison counts =
        compare(HEAD CASE("a/b/c", "pass", "") TAIL, HEAD CASE("a/b/c", "skip", "") TAIL,
                "Judged before, skipped now:\n  a/b/c");
    assert_int_equal(counts.n_unjudged, 1);
    assert_int_equal(counts.n_regressions, 0);
}

static void cases_come_and_go(void **state)
{
    (void)state;
    struct cs_comparison counts =
        compare(HEAD CASE("a/b/d", "pass", "") "," CASE("a/b/c", "pass", "") TAIL,
                HEAD CASE("a/b/e", "pass", "") "," CASE("a/b/d", "pass", "") TAIL,
                "New cases:\n  a/b/e (MUST)  pass\n\nRemoved cases:\n  a/b/c (MUST)  pass\n");
    assert_int_equal(counts.n_new, 1);
    assert_int_equal(counts.n_removed, 1);
    assert_int_equal(counts.n_same, 1);
}

static void observations_are_compared_by_name(void **state)
{
    (void)state;
    struct cs_comparison counts = compare(
        HEAD CASE("a/b/c", "pass", "\"tries\":\"1\",\"wait\":\"5\"") TAIL,
        HEAD CASE("a/b/c", "pass", "\"tries\":\"2\",\"status\":\"200\"") TAIL,
        "      tries: 1 -> 2\n      wait: 5 -> (not there)\n      status: (not there) -> 200\n");
    assert_int_equal(counts.n_observations, 1);
    assert_int_equal(counts.n_regressions, 0);
    counts = compare(HEAD CASE("a/b/c", "pass", "\"peer.version\":\"1\"") TAIL,
                     HEAD CASE("a/b/c", "pass", "\"peer.version\":\"2\"") TAIL, "new");
    assert_int_equal(counts.n_same, 1); /* who the peer is stands above the list */
}

static void what_a_report_says_cannot_steer_the_terminal(void **state)
{
    (void)state;
    (void)compare(HEAD CASE("a/b/c", "pass", "\"x\":\"1\"") TAIL,
                  HEAD CASE("a/b/c", "pass", "\"x\":\"\\u001b[2J\"") TAIL, "x: 1 -> \\x1b[2J");
}

static void damaged_reports_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum cs_err err;
        const char *reason;
    } table[] = {
        {"", CS_ERR_SYNTAX, "this is not JSON"},
        {"{\"schema\":\"other/1\"}", CS_ERR_TYPE, "no report of schema chatspec-report/1"},
        {"[]", CS_ERR_TYPE, "no report of schema"},
        {"{\"schema\":\"chatspec-report/1\"}", CS_ERR_TYPE, "a damaged report"},
        {HEAD "7" TAIL, CS_ERR_TYPE, "case 1 of it is damaged"},
        {HEAD CASE("a", "pass", "") "," CASE("b", "great", "") TAIL, CS_ERR_TYPE,
         "case 2 of it is damaged"},
        {HEAD CASE("a", "pass", "\"x\":1") TAIL, CS_ERR_TYPE, "case 1 of it is damaged"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct cs_read_report report = {0};
        struct cs_diag diag = {0};
        assert_int_equal(read_text(table[i].text, &report, &diag), table[i].err);
        assert_non_null(strstr(diag.text, table[i].reason));
        assert_null(report.document);
    }
    struct cs_read_report report = {0};
    assert_int_equal(cs_report_read("/nowhere/at/all", &report, NULL), CS_ERR_IO);
}

#define FULL_CASE(id, verdict, observations)                                                     \
    "{\"id\":\"" id "\",\"level\":\"MUST\",\"requirements\":[\"CRS-01\"],\"verdict\":\"" verdict \
    "\",\"message\":\"\",\"observations\":{" observations "}}"

static void a_comparison_follows_its_schema(void **state)
{
    (void)state;
    static const char old_text[] = HEAD FULL_CASE("a/b/c", "fail", "") "," FULL_CASE(
        "a/b/e", "info", "\"delay\":\"1\"") "," FULL_CASE("a/b/gone", "pass", "") TAIL;
    static const char new_text[] =
        HEAD FULL_CASE("a/b/c", "pass", "") "," FULL_CASE("a/b/e", "info", "\"delay\":\"2\"") TAIL;
    struct cs_read_report older = {0};
    struct cs_read_report newer = {0};
    struct cs_requirements set = {0};
    struct cs_buf out = CS_BUF(65536);
    assert_int_equal(cs_report_parse(CS_VIEW(old_text), "old", &older, NULL), CS_OK);
    assert_int_equal(cs_report_parse(CS_VIEW(new_text), "new", &newer, NULL), CS_OK);
    assert_int_equal(cs_requirements_load(&set, NULL), CS_OK);
    assert_int_equal(cs_compare_document(&older, &newer, &set, &out), CS_OK);
    char *text = cs_buf_take(&out);
    assert_non_null(strstr(text, "\"fix\":1"));
    schema_assert_holds(CHATSPEC_COMPARE_SCHEMA, text);
    free(text);
    cs_requirements_free(&set);
    cs_read_report_free(&older);
    cs_read_report_free(&newer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worse_verdict_is_a_regression),
        cmocka_unit_test(a_change_says_why_it_matters),
        cmocka_unit_test(changes_as_json),
        cmocka_unit_test(what_is_no_longer_judged_is_told_and_no_regression),
        cmocka_unit_test(cases_come_and_go),
        cmocka_unit_test(observations_are_compared_by_name),
        cmocka_unit_test(what_a_report_says_cannot_steer_the_terminal),
        cmocka_unit_test(damaged_reports_are_refused),
        cmocka_unit_test(a_comparison_follows_its_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
