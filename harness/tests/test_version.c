/* Versions: what is one, and which is newer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "wire/version.h"

static struct cs_version version(const char *text)
{
    struct cs_version parsed = {0};
    assert_int_equal(cs_version_parse(text, &parsed), CS_OK);
    return parsed;
}

static void parts_are_numbers(void **state)
{
    (void)state;
    struct cs_version parsed = version("4.5.16");
    assert_int_equal(parsed.major, 4);
    assert_int_equal(parsed.minor, 5);
    assert_int_equal(parsed.patch, 16);
    assert_int_equal(version("0.0.999999999").patch, 999999999);
}

static void a_prerelease_is_its_release(void **state)
{
    (void)state;
    assert_int_equal(cs_version_compare(version("4.6.0-beta.1"), version("4.6.0")), 0);
    assert_int_equal(cs_version_compare(version("4.6.0+build"), version("4.6.0")), 0);
}

static void numbers_are_compared_and_not_texts(void **state)
{
    (void)state;
    assert_true(cs_version_compare(version("4.5.16"), version("4.5.4")) > 0);
    assert_true(cs_version_compare(version("4.10.0"), version("4.9.9")) > 0);
    assert_true(cs_version_compare(version("3.9.9"), version("4.0.0")) < 0);
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",        "4",    "4.5",    "4.5.",   "v4.5.0", "4.5.x",
                                        "4.5.0.1", "4..0", " 4.5.0", "4.5.0 ", "latest"};
    struct cs_version parsed = {1, 2, 3};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(cs_version_parse(texts[i], &parsed), CS_ERR_SYNTAX);
    }
    assert_int_equal(cs_version_parse("4.5.1000000000", &parsed), CS_ERR_RANGE);
    assert_int_equal(parsed.patch, 3); /* written only on success */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_numbers),
        cmocka_unit_test(a_prerelease_is_its_release),
        cmocka_unit_test(numbers_are_compared_and_not_texts),
        cmocka_unit_test(anything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
