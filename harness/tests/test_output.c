/* What a run says on stdout for machines: JSON lines, held against lines.schema.json, and
 * annotations for GitHub. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "json_schema.h"
#include "reports/lines.h"
#include "tests/report_world.h"

/* ---- lines ---- */

static char *line_of(struct cs_buf *out)
{
    char *text = cs_buf_take(out);
    assert_non_null(text);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    schema_assert_holds(CHATSPEC_LINES_SCHEMA, text);
    return text;
}

static void each_line_follows_the_schema(void **state)
{
    struct fixture *fixture = *state;
    struct cs_buf out = CS_BUF((size_t)1 << 20);
    cs_lines_start(&fixture->report, 2, &out);
    char *text = line_of(&out);
    assert_non_null(strstr(text, "\"cases\":8,\"rounds\":2"));
    free(text);
    for (size_t i = 0; i < N_ROWS; i++) {
        out = CS_BUF((size_t)1 << 20);
        cs_lines_case(&fixture->report, i, &fixture->results[i], 1, &out);
        text = line_of(&out);
        assert_non_null(strstr(text, "\"type\":\"case\",\"round\":1}"));
        free(text);
    }
    out = CS_BUF((size_t)1 << 20);
    cs_lines_end(&fixture->report, 1, &out);
    text = line_of(&out);
    assert_non_null(strstr(text, "\"exit_status\":1}"));
    free(text);
}

static void a_later_round_has_its_own_seed(void **state)
{
    struct fixture *fixture = *state;
    struct cs_buf out = CS_BUF((size_t)1 << 20);
    fixture->report.seed = 5;
    cs_lines_case(&fixture->report, 0, &fixture->results[0], 3, &out);
    char *text = line_of(&out);
    assert_non_null(strstr(text, "--seed 7 --only endpoint/token/z-last"));
    free(text);
}

static void the_schema_can_say_no(void **state)
{
    (void)state;
    static const char *const wrong[] = {"{}", "{\"type\":\"start\"}", "{\"type\":\"other\"}",
                                        "{\"type\":\"end\",\"summary\":{}}", "[]"};
    cJSON *root = schema_read(CHATSPEC_LINES_SCHEMA);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct schema schema = {.root = root};
        cJSON *document = cJSON_Parse(wrong[i]);
        assert_false(schema_holds(&schema, root, document));
        cJSON_Delete(document);
    }
    cJSON_Delete(root);
}

/* ---- annotations ---- */

static void annotations_are_one_line_each(void **state)
{
    struct fixture *fixture = *state;
    fixture->results[1].known = true;
    char *text = written(&fixture->report, cs_report_github);
    assert_int_equal(occurrences(text, "::error title="), 3);
    assert_int_equal(occurrences(text, "::warning title="), 0);
    assert_int_equal(occurrences(text, "::notice title=known defect%3A APP-01 (SHOULD)::"), 1);
    assert_int_equal(occurrences(text, "\n"), 4);
    assert_null(strchr(text, '\r'));
    assert_ptr_equal(strstr(text, "::error title=broken%3A TOK-20 TOK-21 (MUST)::"), text);
    assert_non_null(strstr(text, "%0A\\x09 end%0Aexpected: 403%0A./chatspec run"));
    free(text);
}

static void there_are_ten_at_most_of_a_kind(void **state)
{
    (void)state;
    struct cs_work list[25];
    struct cs_result results[25];
    char message[] = "100% ::error::x";
    for (size_t i = 0; i < 25; i++) {
        list[i] = work[0];
        results[i] = (struct cs_result){
            .done = true, .verdict = i < 12 ? CS_WARN : CS_FAIL, .message = message};
    }
    struct cs_report report = {.command = "x", .work = list, .results = results, .n = 25};
    char *text = written(&report, cs_report_github);
    assert_int_equal(occurrences(text, "\n::error ") + 1, 10);
    assert_int_equal(occurrences(text, "\n::warning "), 10);
    assert_non_null(strstr(text, "\n::error title=chatspec::4 more cases"));
    assert_non_null(strstr(text, "\n::warning title=chatspec::3 more cases"));
    assert_non_null(strstr(text, "100%25 ::error::x"));
    free(text);
    report.n = 10; /* just as many as are shown */
    text = written(&report, cs_report_github);
    assert_int_equal(occurrences(text, "::warning title=warning"), 10);
    assert_null(strstr(text, "more cases"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RUN(each_line_follows_the_schema),
        WITH_RUN(a_later_round_has_its_own_seed),
        cmocka_unit_test(the_schema_can_say_no),
        WITH_RUN(annotations_are_one_line_each),
        cmocka_unit_test(there_are_ten_at_most_of_a_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
