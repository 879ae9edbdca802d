/* Profiles: which requirements hold in a version, what they ask for, and which cases are left out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "suite/profile.h"

static const char document[] =
    "{\"schema\":\"chatspec-requirements/1\",\"role\":\"x\","
    "\"areas\":[{\"id\":\"A\",\"title\":\"a\"}],"
    "\"facts\":[{\"name\":\"most\",\"requirement\":\"A-1\",\"text\":\"t\",\"values\":["
    "{\"since\":\"4.5.0\",\"value\":5},{\"since\":\"4.5.16\",\"value\":10}]}],"
    "\"requirements\":["
    "{\"id\":\"A-1\",\"area\":\"A\",\"level\":\"MUST\",\"text\":\"t\",\"versions\":\"all\","
    "\"source\":\"s\",\"observe\":\"o\"},"
    "{\"id\":\"A-2\",\"area\":\"A\",\"level\":\"MUST\",\"text\":\"t\",\"versions\":\"v\","
    "\"since\":\"4.6.4\",\"source\":\"s\",\"observe\":\"o\"},"
    "{\"id\":\"A-3\",\"area\":\"A\",\"level\":\"MUST\",\"text\":\"t\",\"versions\":\"v\","
    "\"until\":\"4.6.3\",\"source\":\"s\",\"observe\":\"o\"}]}";

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

static struct cs_profile profile(const char *name)
{
    struct cs_profile made = {0};
    assert_int_equal(cs_profile_init(name, &set, &made, NULL), CS_OK);
    return made;
}

static bool has(const char *version, const char *id)
{
    struct cs_profile made = profile(version);
    return cs_profile_has(&made, cs_requirement_find(&set, id));
}

static void a_requirement_holds_from_and_until(void **state)
{
    (void)state;
    assert_true(has("4.5.0", "A-1"));
    assert_false(has("4.6.3", "A-2"));
    assert_true(has("4.6.4", "A-2"));
    assert_true(has("4.6.3", "A-3"));
    assert_false(has("4.6.4", "A-3"));
    assert_true(has(NULL, "A-2")); /* the newest */
}

static void a_fact_is_that_of_the_version(void **state)
{
    (void)state;
    const struct cs_fact *fact = cs_fact_find(&set, "most");
    assert_non_null(fact);
    assert_null(cs_fact_find(&set, "mos"));
    assert_int_equal(cs_fact_at(fact, profile("4.5.0").version), 5);
    assert_int_equal(cs_fact_at(fact, profile("4.5.15").version), 5);
    assert_int_equal(cs_fact_at(fact, profile("4.5.16").version), 10);
    assert_int_equal(cs_fact_at(fact, profile("5.0.0").version), 10);
}

static void a_case_is_left_out_when_one_of_its_requirements_does_not_hold(void **state)
{
    (void)state;
    const struct cs_case test = {.id = "x/a/b", .requirements = "A-1 A-2"};
    struct cs_profile older = profile("4.5.16");
    struct cs_profile newer = profile("4.6.4");
    char reason[128] = "";
    assert_true(cs_profile_leaves_out(&older, &test, reason, sizeof reason));
    assert_string_equal(reason, "its requirement does not hold in profile 4.5.16");
    assert_false(cs_profile_leaves_out(&newer, &test, reason, sizeof reason));
}

static bool differ(const char *a, const char *b, const char *id)
{
    struct cs_profile left = profile(a);
    struct cs_profile right = profile(b);
    return cs_profiles_differ(&left, &right, cs_requirement_find(&set, id));
}

static void profiles_differ_by_requirement_and_by_fact(void **state)
{
    (void)state;
    assert_true(differ("4.5.0", "4.5.16", "A-1"));
    assert_false(differ("4.5.16", "4.8.3", "A-1"));
    assert_true(differ("4.8.3", "4.5.16", "A-2"));
    assert_true(differ("4.5.16", "4.8.3", "A-3"));
    assert_false(differ("4.5.0", "4.5.16", "A-3"));
}

static void other_texts_are_no_profile(void **state)
{
    (void)state;
    struct cs_profile made = {0};
    struct cs_diag diag = {0};
    assert_int_equal(cs_profile_init("newest", &set, &made, &diag), CS_ERR_SYNTAX);
    assert_string_equal(diag.text, "'newest' is no version such as 4.8.3");
    assert_int_equal(cs_profile_init("4.4.9", &set, &made, &diag), CS_ERR_RANGE);
    assert_null(made.name);
}

/* What is newer or something else altogether is held to the newest, and that is said. */
static void an_sdk_is_held_to_what_is_described(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        const char *profile;
    } rows[] = {{"4.5.16", NULL},
                {CS_PROFILE_LATEST, NULL},
                {"4.6.0-beta.1", NULL},
                {"9.0.0", CS_PROFILE_LATEST},
                {"9.0.0-beta.1", CS_PROFILE_LATEST},
                {"0.0.0-chat-1", CS_PROFILE_LATEST}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cs_profile made;
        char remark[CS_PROFILE_REMARK_MAX];
        cs_profile_of_sdk(rows[i].version, &set, &made, remark);
        assert_true(made.published);
        assert_ptr_equal(made.set, &set);
        assert_string_equal(made.name, rows[i].profile ? rows[i].profile : rows[i].version);
        assert_int_equal(remark[0] != '\0', rows[i].profile != NULL);
        assert_true(!rows[i].profile || strstr(remark, rows[i].version) == remark);
        assert_true(!rows[i].profile || strstr(remark, "it is held to " CS_PROFILE_LATEST));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_requirement_holds_from_and_until),
        cmocka_unit_test(a_fact_is_that_of_the_version),
        cmocka_unit_test(a_case_is_left_out_when_one_of_its_requirements_does_not_hold),
        cmocka_unit_test(profiles_differ_by_requirement_and_by_fact),
        cmocka_unit_test(other_texts_are_no_profile),
        cmocka_unit_test(an_sdk_is_held_to_what_is_described),
    };
    return cmocka_run_group_tests(tests, load, unload) != 0;
}
