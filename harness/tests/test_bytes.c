#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "wire/bytes.h"

static void assert_buf(const struct cs_buf *buf, const char *text)
{
    assert_int_equal(cs_buf_error(buf), CS_OK);
    assert_int_equal(buf->len, strlen(text));
    assert_true(cs_view_eq(cs_buf_view(buf), cs_view_str(text)));
}

static void views_compare_bytes(void **state)
{
    (void)state;
    assert_true(cs_view_eq(CS_VIEW("a\0b"), CS_VIEW("a\0b")));
    assert_false(cs_view_eq(CS_VIEW("a\0b"), CS_VIEW("a\0c")));
    assert_false(cs_view_eq(CS_VIEW("a"), CS_VIEW("ab")));
    assert_true(cs_view_eq((struct cs_view){NULL, 0}, CS_VIEW("")));
    assert_int_equal(cs_view_str(NULL).len, 0);
    assert_true(cs_view_eq_nocase(CS_VIEW("Content-TYPE"), CS_VIEW("content-type")));
    assert_false(cs_view_eq_nocase(CS_VIEW("k"), CS_VIEW("\xe2\x84\xaa")));
    /* '[' and '{' differ by the same bit as letters do, and so do '@' and '`'. */
    assert_false(cs_view_eq_nocase(CS_VIEW("["), CS_VIEW("{")));
    assert_false(cs_view_eq_nocase(CS_VIEW("@"), CS_VIEW("`")));
    assert_true(cs_view_starts_with(CS_VIEW("abc"), CS_VIEW("ab")));
    assert_true(cs_view_starts_with((struct cs_view){NULL, 0}, (struct cs_view){NULL, 0}));
    assert_false(cs_view_starts_with(CS_VIEW("ab"), CS_VIEW("abc")));
    assert_false(cs_view_starts_with(CS_VIEW("abc"), CS_VIEW("ac")));
}

static void views_find_and_trim(void **state)
{
    (void)state;
    assert_int_equal(cs_view_find(CS_VIEW("abcabc"), CS_VIEW("ca")), 2);
    assert_int_equal(cs_view_find(CS_VIEW("a\0b"), CS_VIEW("b")), 2);
    assert_int_equal(cs_view_find(CS_VIEW("abc"), CS_VIEW("")), 0);
    assert_int_equal(cs_view_find((struct cs_view){NULL, 0}, CS_VIEW("")), 0);
    assert_true(cs_view_find(CS_VIEW("abc"), CS_VIEW("d")) == SIZE_MAX);
    assert_true(cs_view_find((struct cs_view){NULL, 0}, CS_VIEW("d")) == SIZE_MAX);
    assert_true(cs_view_eq(cs_view_trim(CS_VIEW(" \t a b \t")), CS_VIEW("a b")));
    assert_true(cs_view_eq(cs_view_trim(CS_VIEW("\na\r")), CS_VIEW("\na\r")));
    assert_int_equal(cs_view_trim(CS_VIEW(" \t ")).len, 0);
    assert_int_equal(cs_view_trim((struct cs_view){NULL, 0}).len, 0);
}

static void decimals_are_strict(void **state)
{
    static const struct {
        const char *text;
        enum cs_err err;
        uint64_t value;
    } cases[] = {
        {"0", CS_OK, 0},
        {"42", CS_OK, 42},
        {"007", CS_OK, 7},
        {"18446744073709551615", CS_OK, UINT64_MAX},
        {"18446744073709551616", CS_ERR_RANGE, 0},
        {"18446744073709551620", CS_ERR_RANGE, 0},
        {"99999999999999999999999", CS_ERR_RANGE, 0},
        {"99999999999999999999999x", CS_ERR_SYNTAX, 0},
        {"", CS_ERR_SYNTAX, 0},
        {"+1", CS_ERR_SYNTAX, 0},
        {"-1", CS_ERR_SYNTAX, 0},
        {" 1", CS_ERR_SYNTAX, 0},
        {"1 ", CS_ERR_SYNTAX, 0},
        {"1.0", CS_ERR_SYNTAX, 0},
        {"0x10", CS_ERR_SYNTAX, 0},
        {"\xb2", CS_ERR_SYNTAX, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint64_t value = 77;
        enum cs_err err = cs_view_u64(cs_view_str(cases[i].text), &value);

        assert_int_equal(err, cases[i].err);
        assert_true(value == (err ? 77 : cases[i].value));
    }
}

static void buffers_build_and_clear(void **state)
{
    struct cs_buf buf = CS_BUF(1000);
    char *text;

    (void)state;
    assert_buf(&buf, "");
    cs_buf_append(&buf, NULL, 0);
    assert_null(buf.ptr);
    cs_buf_str(&buf, "ab");
    cs_buf_char(&buf, 'c');
    cs_buf_add(&buf, CS_VIEW("de"));
    cs_buf_printf(&buf, "[%d %s]", 7, "x");
    assert_buf(&buf, "abcde[7 x]");
    cs_buf_consume(&buf, 5);
    assert_buf(&buf, "[7 x]");
    cs_buf_consume(&buf, 5);
    assert_buf(&buf, "");
    cs_buf_str(&buf, "kept");
    cs_buf_clear(&buf);
    assert_buf(&buf, "");
    for (int i = 0; i < 500; i++) {
        cs_buf_str(&buf, "zz");
    }
    assert_int_equal(buf.len, 1000);
    text = cs_buf_take(&buf);
    assert_non_null(text);
    assert_int_equal(strlen(text), 1000);
    free(text);
    assert_null(buf.ptr);
    assert_int_equal(buf.max, 1000);
    text = cs_buf_take(&buf);
    assert_non_null(text);
    assert_string_equal(text, "");
    free(text);
    cs_buf_free(&buf);
    cs_buf_free(&buf);
}

static void buffers_stop_at_their_ceiling(void **state)
{
    struct cs_buf buf = CS_BUF(4);
    struct cs_buf zeroed = {0};

    (void)state;
    cs_buf_str(&buf, "abcd");
    assert_buf(&buf, "abcd");
    cs_buf_char(&buf, 'e');
    assert_int_equal(cs_buf_error(&buf), CS_ERR_LIMIT);
    assert_int_equal(buf.len, 4);
    cs_buf_append(&buf, NULL, 0);
    assert_null(cs_buf_reserve(&buf, 0));
    assert_null(cs_buf_take(&buf));
    assert_buf(&buf, "");
    cs_buf_printf(&buf, "%s", "12345");
    assert_int_equal(cs_buf_error(&buf), CS_ERR_LIMIT);
    assert_int_equal(buf.len, 0);
    cs_buf_str(&buf, "a");
    assert_int_equal(buf.len, 0);
    cs_buf_clear(&buf);
    assert_null(cs_buf_reserve(&buf, SIZE_MAX));
    cs_buf_clear(&buf);
    cs_buf_printf(&buf, "%s", "1234");
    assert_buf(&buf, "1234");
    cs_buf_free(&buf);

    cs_buf_char(&zeroed, 'x');
    assert_int_equal(cs_buf_error(&zeroed), CS_ERR_LIMIT);
    cs_buf_free(&zeroed);
}

static void reserved_room_is_written_in_place(void **state)
{
    struct cs_buf buf = CS_BUF(100);
    char *at;

    (void)state;
    at = cs_buf_reserve(&buf, 0);
    assert_non_null(at);
    at = cs_buf_reserve(&buf, 100);
    assert_non_null(at);
    memset(at, 'x', 100);
    buf.len += 100;
    assert_null(cs_buf_reserve(&buf, 1));
    cs_buf_free(&buf);
}

static void escapes_are_for_people(void **state)
{
    struct cs_buf buf = CS_BUF(1000);

    (void)state;
    cs_buf_escaped(&buf, CS_VIEW("a\r\n\t\\\"\0\x7f\xc3~ "), 100);
    assert_buf(&buf, "a\\r\\n\\t\\\\\\\"\\x00\\x7f\\xc3~ ");
    cs_buf_clear(&buf);
    cs_buf_escaped(&buf, CS_VIEW("abcdef"), 6);
    assert_buf(&buf, "abcdef");
    cs_buf_clear(&buf);
    cs_buf_escaped(&buf, CS_VIEW("abcdef"), 2);
    assert_buf(&buf, "ab... (4 more bytes)");
    cs_buf_clear(&buf);
    cs_buf_readable(&buf, CS_VIEW("{\"a\":\"\\n\"}\n\0\xc3"), 100);
    assert_buf(&buf, "{\"a\":\"\\n\"}\\n\\x00\\xc3");
    cs_buf_free(&buf);
}

static void failures_say_where_and_why(void **state)
{
    struct cs_diag diag = {.offset = 1};
    char text[2 * CS_DIAG_TEXT_MAX];

    (void)state;
    assert_int_equal(cs_fail(NULL, CS_ERR_RANGE, 3, "no diag"), CS_ERR_RANGE);
    assert_int_equal(cs_fail(&diag, CS_ERR_TYPE, 9, "%s\nand %d", "this", 5), CS_ERR_TYPE);
    assert_int_equal(diag.code, CS_ERR_TYPE);
    assert_int_equal(diag.offset, 9);
    assert_string_equal(diag.text, "this?and 5");
    memset(text, 'y', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(cs_fail(&diag, CS_ERR_IO, 0, "%s", text), CS_ERR_IO);
    assert_int_equal(strlen(diag.text), CS_DIAG_TEXT_MAX - 1);
    for (int code = CS_OK; code <= CS_ERR_USAGE; code++) {
        assert_memory_equal(cs_err_name((enum cs_err)code), "CS_", 3);
        for (int other = CS_OK; other < code; other++) {
            assert_string_not_equal(cs_err_name((enum cs_err)code),
                                    cs_err_name((enum cs_err)other));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_compare_bytes),
        cmocka_unit_test(views_find_and_trim),
        cmocka_unit_test(decimals_are_strict),
        cmocka_unit_test(buffers_build_and_clear),
        cmocka_unit_test(buffers_stop_at_their_ceiling),
        cmocka_unit_test(reserved_room_is_written_in_place),
        cmocka_unit_test(escapes_are_for_people),
        cmocka_unit_test(failures_say_where_and_why),
    };

    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL) != 0;
}
