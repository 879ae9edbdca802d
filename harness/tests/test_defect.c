/* Known defects: which results are known, and what that makes of a run. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "suite/defect.h"
#include "suite/profile.h"

#define ROW(id, more)                                                                              \
    "{\"id\":\"" id "\",\"area\":\"A\",\"level\":\"MUST\",\"text\":\"t\",\"versions\":\"v\"," more \
    "\"source\":\"s\",\"observe\":\"o\"}"

static const char document[] =
    "{\"schema\":\"chatspec-requirements/1\",\"role\":\"x\","
    "\"areas\":[{\"id\":\"A\",\"title\":\"a\"}],\"requirements\":[" ROW("A-1", "") "," ROW(
        "A-2",
        "\"defect\":{\"since\":\"4.5.4\",\"until\":\"4.7.7\"},") "," ROW("A-3",
                                                                         "\"defect\":{\"since\":"
                                                                         "\"4.5.0\"},") "]}";

static struct cs_requirements set;

static int load(void **state)
{
    (void)state;
    return cs_requirements_add(&set, cs_view_str(document), NULL) == CS_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    cs_requirements_free(&set);
    return 0;
}

/* The message of a case of those requirements; "" when it is not known. */
static const char *marked(const char *version, bool published, const char *requirements,
                          enum cs_verdict verdict)
{
    static char text[256];
    struct cs_profile profile = {0};
    assert_int_equal(cs_profile_init(version, &set, &profile, NULL), CS_OK);
    profile.published = published;
    const struct cs_case test = {.id = "x/a/b", .requirements = requirements};
    const struct cs_work work = {.test = &test, .profile = &profile};
    struct cs_result result = {.done = true, .verdict = verdict};
    assert_true(cs_result_set_message(&result, verdict == CS_PASS ? "" : "it broke"));
    cs_defect_mark(&work, &result);
    assert_int_equal(result.verdict, verdict);
    (void)snprintf(text, sizeof text, "%s", result.known ? result.message : "");
    cs_result_free(&result);
    return text;
}

static void a_failure_of_a_listed_version_is_known(void **state)
{
    (void)state;
    assert_string_equal(marked("4.7.7", true, "A-1 A-2", CS_FAIL),
                        "known defect of 4.7.7 (A-2): it broke");
    assert_string_equal(marked("4.5.4", true, "A-2", CS_WARN),
                        "known defect of 4.5.4 (A-2): it broke");
    assert_string_equal(marked("4.9.0", true, "A-3", CS_FAIL),
                        "known defect of 4.9.0 (A-3): it broke");
}

static void a_failure_of_another_version_is_news(void **state)
{
    (void)state;
    assert_string_equal(marked("4.5.3", true, "A-2", CS_FAIL), "");
    assert_string_equal(marked("4.8.3", true, "A-2", CS_FAIL), "");
    assert_string_equal(marked("4.7.7", true, "A-1", CS_FAIL), "");
}

static void a_pass_of_a_listed_version_is_unexpected(void **state)
{
    (void)state;
    assert_string_equal(marked("4.7.7", true, "A-2", CS_PASS),
                        "unexpected pass: a known defect of 4.7.7 (A-2)");
    assert_string_equal(marked("4.8.3", true, "A-2", CS_PASS), "");
}

static void other_verdicts_say_nothing_of_a_defect(void **state)
{
    (void)state;
    assert_string_equal(marked("4.7.7", true, "A-2", CS_SKIP), "");
    assert_string_equal(marked("4.7.7", true, "A-2", CS_ERROR), "");
    assert_string_equal(marked("4.7.7", true, "A-2", CS_INFO), "");
}

static void other_clients_have_no_known_defects(void **state)
{
    (void)state;
    assert_string_equal(marked("4.7.7", false, "A-2", CS_FAIL), "");
    assert_string_equal(marked("4.7.7", false, "A-2", CS_PASS), "");
}

static void only_news_makes_a_run_fail(void **state)
{
    (void)state;
    struct cs_run_summary summary = {.n_judged = 3};
    summary.n_verdicts[CS_FAIL] = 2;
    summary.n_verdicts[CS_WARN] = 1;
    assert_int_equal(cs_run_exit_status(&summary, false), 1);
    summary.n_known[CS_FAIL] = 1;
    assert_int_equal(cs_run_exit_status(&summary, false), 1);
    summary.n_known[CS_FAIL] = 2;
    assert_int_equal(cs_run_exit_status(&summary, false), 0);
    assert_int_equal(cs_run_exit_status(&summary, true), 1);
    summary.n_known[CS_WARN] = 1;
    assert_int_equal(cs_run_exit_status(&summary, true), 0);
}

static void a_defect_needs_versions(void **state)
{
    (void)state;
    static const char *const wrong[] = {"\"defect\":{},", "\"defect\":true,",
                                        "\"defect\":{\"until\":\"4.5.0\"},",
                                        "\"defect\":{\"since\":\"4.5\"},"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cs_requirements other = {0};
        char text[512];
        (void)snprintf(text, sizeof text,
                       "{\"schema\":\"chatspec-requirements/1\",\"role\":\"x\",\"areas\":[{\"id\":"
                       "\"A\",\"title\":\"a\"}],\"requirements\":[{\"id\":\"A-1\",\"area\":\"A\","
                       "\"level\":\"MUST\",\"text\":\"t\",\"versions\":\"v\",%s\"source\":\"s\","
                       "\"observe\":\"o\"}]}",
                       wrong[i]);
        assert_int_equal(cs_requirements_add(&other, cs_view_str(text), NULL), CS_ERR_TYPE);
        cs_requirements_free(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_of_a_listed_version_is_known),
        cmocka_unit_test(a_failure_of_another_version_is_news),
        cmocka_unit_test(a_pass_of_a_listed_version_is_unexpected),
        cmocka_unit_test(other_verdicts_say_nothing_of_a_defect),
        cmocka_unit_test(other_clients_have_no_known_defects),
        cmocka_unit_test(only_news_makes_a_run_fail),
        cmocka_unit_test(a_defect_needs_versions),
    };
    return cmocka_run_group_tests(tests, load, unload) != 0;
}
