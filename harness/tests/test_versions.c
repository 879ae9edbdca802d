/* Versions side by side: columns that are there and columns that could not be had. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "json_schema.h"
#include "reports/github.h"
#include "reports/versions.h"

static const struct cs_case test = {
    .id = "client/area/name", .title = "t", .requirements = "AAA-01", .level = CS_MUST};
static const struct cs_role role = {.name = "client"};
static const struct cs_work work = {.role = &role, .test = &test};
static const struct cs_result passed = {.done = true, .ran = true, .verdict = CS_PASS};
static char seen_name[] = "requests";
static char seen_value[] = "2";
static struct cs_observation seen[] = {{.name = seen_name, .value = seen_value}};
static const struct cs_result failed = {
    .done = true, .ran = true, .verdict = CS_FAIL, .observations = seen, .n_observations = 1};

#define REPORT(label_, result_)                                                                \
    {                                                                                          \
        .suite = "0", .profile = "4.8.3", .command = "x", .work = &work, .results = (result_), \
        .n = 1,                                                                                \
        .peer = {.kind = "sdk",                                                                \
                 .name = "sdk",                                                                \
                 .version = "4.8.3",                                                           \
                 .label = (label_),                                                            \
                 .parser = "3.0.0"},                                                           \
    }

static const struct cs_report reports[] = {
    REPORT("4.8.3 parser 3.0.0", &passed),
    {.peer = {.kind = "sdk",
              .name = "sdk",
              .version = "newest",
              .label = "newest",
              .missing = "it is \"not\" published"}},
    REPORT("4.8.3 (a-file-with-a-long-name.tgz)", &failed),
};
#define N_REPORTS (sizeof reports / sizeof reports[0])

static void a_column_that_is_not_there_says_why(void **state)
{
    (void)state;
    struct cs_buf out = CS_BUF(65536);
    cs_versions_table(reports, N_REPORTS, &out);
    char *text = cs_buf_take(&out);
    assert_non_null(strstr(text, "newest   4.8.3 (a-file-with-a-long-name.tgz)\n"));
    assert_non_null(strstr(text, "  1 ok                skipped  1 fail\n"));
    assert_non_null(strstr(text, "\nnewest skipped: it is \"not\" published\n"));
    free(text);
}

static void changes_are_between_those_that_are_there(void **state)
{
    (void)state;
    struct cs_buf out = CS_BUF(65536);
    struct cs_comparison newest = {0};
    assert_int_equal(cs_versions_changes(reports, N_REPORTS, NULL, &newest, &out), CS_OK);
    char *text = cs_buf_take(&out);
    assert_int_equal(newest.n_regressions, 1);
    assert_non_null(strstr(text, "== 4.8.3 parser 3.0.0 -> 4.8.3 (a-file-with-a-long-name.tgz)\n"));
    assert_non_null(strstr(text, "sdk 4.8.3, parser 3.0.0, held to 4.8.3"));
    free(text);
}

static void the_last_step_is_annotated(void **state)
{
    (void)state;
    struct cs_buf out = CS_BUF(65536);
    assert_int_equal(cs_versions_github(reports, N_REPORTS, NULL, &out), CS_OK);
    char *text = cs_buf_take(&out);
    assert_string_equal(text, "::error title=Regressions%3A AAA-01::client/area/name: pass -> "
                              "fail\n");
    free(text);
    out = CS_BUF(65536);
    assert_int_equal(cs_versions_github(reports, 2, NULL, &out), CS_OK); /* one is there */
    assert_int_equal(out.len, 0);
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static void a_matrix_as_json(void **state)
{
    (void)state;
    struct cs_buf out = CS_BUF(65536);
    struct cs_comparison newest = {0};
    assert_int_equal(cs_versions_json(reports, N_REPORTS, NULL, &newest, &out), CS_OK);
    char *text = cs_buf_take(&out);
    cJSON *document = cJSON_ParseWithLengthOpts(text, strlen(text) + 1, NULL, true);
    assert_non_null(document);
    assert_string_equal(text_of(document, "schema"), CS_MATRIX_SCHEMA);
    const cJSON *columns = cJSON_GetObjectItemCaseSensitive(document, "columns");
    assert_int_equal(cJSON_GetArraySize(columns), N_REPORTS);
    assert_string_equal(text_of(cJSON_GetArrayItem(columns, 0), "parser"), "3.0.0");
    assert_string_equal(text_of(cJSON_GetArrayItem(columns, 0), "skipped"), "");
    assert_string_equal(text_of(cJSON_GetArrayItem(columns, 1), "skipped"),
                        "it is \"not\" published");
    const cJSON *steps = cJSON_GetObjectItemCaseSensitive(document, "steps");
    assert_int_equal(cJSON_GetArraySize(steps), 1);
    assert_string_equal(text_of(cJSON_GetArrayItem(steps, 0), "from"), "4.8.3 parser 3.0.0");
    const cJSON *changes =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(steps, 0), "changes");
    const cJSON *change = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(changes, "cases"), 0);
    assert_string_equal(text_of(change, "change"), "regression");
    assert_int_equal(newest.n_regressions, 1);
    cJSON_Delete(document);
    free(text);
}

static void a_matrix_follows_its_schema(void **state)
{
    (void)state;
    for (size_t n = 0; n <= N_REPORTS; n++) {
        struct cs_buf out = CS_BUF(65536);
        struct cs_comparison newest = {0};
        assert_int_equal(cs_versions_json(reports, n, NULL, &newest, &out), CS_OK);
        char *text = cs_buf_take(&out);
        schema_assert_holds(CHATSPEC_MATRIX_SCHEMA, text);
        free(text);
    }
}

/* Else the test above would say little. */
static void the_schema_can_say_no(void **state)
{
    (void)state;
    static const char bad_step[] =
        "{\"schema\":\"chatspec-matrix/1\",\"columns\":[],\"steps\":[{\"from\":\"a\",\"to\":\"b\","
        "\"changes\":{\"summary\":{},\"cases\":[]}}]}";
    static const char *const wrong[] = {
        "{}",
        "{\"schema\":\"chatspec-matrix/1\",\"columns\":[]}",
        "{\"schema\":\"chatspec-matrix/1\",\"columns\":[{}],\"steps\":[]}",
        "{\"schema\":\"chatspec-matrix/1\",\"columns\":[],\"steps\":[],\"more\":1}",
        bad_step,
    };
    cJSON *root = schema_read(CHATSPEC_MATRIX_SCHEMA);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct schema schema = {.root = root};
        cJSON *document = cJSON_Parse(wrong[i]);
        assert_non_null(document);
        assert_false(schema_holds(&schema, root, document));
        cJSON_Delete(document);
    }
    cJSON_Delete(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_that_is_not_there_says_why),
        cmocka_unit_test(changes_are_between_those_that_are_there),
        cmocka_unit_test(the_last_step_is_annotated),
        cmocka_unit_test(a_matrix_as_json),
        cmocka_unit_test(a_matrix_follows_its_schema),
        cmocka_unit_test(the_schema_can_say_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
