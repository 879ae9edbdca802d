/* Every known difference is still one: the library itself is asked about the text that shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <jansson.h>

#include "fuzz/differences.h"

static bool cjson_takes(struct cs_view text, bool *ret_whole)
{
    cJSON *read = cJSON_ParseWithLengthOpts(text.ptr, text.len + 1, NULL, true);
    const cJSON *value = read && read->child ? read->child : read;
    const char *string = value && value->string ? value->string : value ? value->valuestring : NULL;
    bool takes = read != NULL;

    *ret_whole = string && strlen(string) == strlen("a?b");
    cJSON_Delete(read);
    return takes;
}

static bool jansson_takes(struct cs_view text)
{
    json_t *read = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    bool takes = read != NULL;

    json_decref(read);
    return takes;
}

static void test_rows_are_true(void **state)
{
    (void)state;
    for (size_t i = 0; i < FUZZ_N_DIFFERENCES; i++) {
        const struct fuzz_difference *row = &fuzz_differences[i];
        bool whole = true;
        bool takes = row->library == FUZZ_CJSON ? cjson_takes(row->shown_by, &whole)
                                                : jansson_takes(row->shown_by);

        assert_int_equal(takes, row->kind != FUZZ_REFUSES);
        assert_true(row->kind != FUZZ_CUTS || !whole);
        assert_int_equal(cs_json_check(row->shown_by, NULL),
                         row->kind == FUZZ_TAKES ? CS_ERR_SYNTAX : CS_OK);
        assert_true(fuzz_text_traits(row->shown_by) & row->trait);
        assert_true(fuzz_differs(row->library, row->kind, row->trait));
        assert_true(row->reason[0] != '\0');
    }
}

static void test_nothing_else_is_excused(void **state)
{
    static const char *const plain[] = {
        "{}",   "[null,true,false,0,-1,1.5e3]", "\"\\ud83d\\ude00\"",
        "-0",   "9223372036854775807",          "\"a\\\\u0000\"",
        "1e-9", "-9223372036854775808"};

    (void)state;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        assert_int_equal(fuzz_text_traits(cs_view_str(plain[i])), 0);
    }
    assert_int_equal(fuzz_text_traits(CS_VIEW("[]\0")), 0);
    assert_int_equal(fuzz_text_traits(CS_VIEW("[1,\0]")), 0);
    assert_int_equal(fuzz_text_traits(CS_VIEW("1 \0")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_true),
        cmocka_unit_test(test_nothing_else_is_excused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
