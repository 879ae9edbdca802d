#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "suite/random.h"
#include "suite/redact.h"

static void assert_redacted(const struct cs_secrets *secrets, const char *raw, const char *expected)
{
    struct cs_buf out = CS_BUF(4096);
    cs_redact(secrets, cs_view_str(raw), &out);
    char *text = cs_buf_take(&out);
    assert_string_equal(text ? text : "", expected);
    free(text);
}

static void bearer_values_are_replaced(void **state)
{
    (void)state;
    assert_redacted(NULL, "Authorization: Bearer abc.def~x\r\nHost: a",
                    "Authorization: Bearer [token]\r\nHost: a");
    assert_redacted(NULL, "authorization: bearer   q==", "authorization: bearer   [token]");
    assert_redacted(NULL, "Bearer ", "Bearer ");
    assert_redacted(NULL, "Bearer", "Bearer");
    assert_redacted(NULL, "Bearerx y", "Bearerx y");
    assert_redacted(NULL, "two: Bearer a, Bearer b", "two: Bearer [token], Bearer [token]");
}

static void jwt_keeps_what_it_says_and_loses_what_opens(void **state)
{
    (void)state;
    assert_redacted(NULL, "{\"t\":\"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.AAAA-_9\"}",
                    "{\"t\":\"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.[signature]\"}");
    assert_redacted(NULL, "eyJ.eyJ.", "eyJ.eyJ.");
    assert_redacted(NULL, "eyJ.x", "eyJ.x");
    assert_redacted(NULL, "eyJ", "eyJ");
    assert_redacted(NULL, "heyJa.b.c", "heyJa.b.c");
}

static void environment_keys_are_replaced(void **state)
{
    (void)state;
    assert_redacted(NULL, "key tr_dev_abcdefgh1 end", "key tr_dev_[key] end");
    assert_redacted(NULL, "tr_prod_ABCDEFGH", "tr_prod_[key]");
    assert_redacted(NULL, "tr_dev_short", "tr_dev_short");
    assert_redacted(NULL, "tr_dev", "tr_dev");
    assert_redacted(NULL, "attr_dev_abcdefghijk", "attr_dev_abcdefghijk");
}

static void presigned_urls_lose_what_signs_them(void **state)
{
    (void)state;
    assert_redacted(NULL, "http://s/b/o?X-Amz-Date=1&X-Amz-Signature=0af1&x=y",
                    "http://s/b/o?X-Amz-Date=1&X-Amz-Signature=[signature]&x=y");
    assert_redacted(NULL, "?x-amz-security-token=a%2Fb/c== and",
                    "?x-amz-security-token=[signature] and");
    assert_redacted(NULL, "X-Amz-Signature=", "X-Amz-Signature=");
    assert_redacted(NULL, "X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=host");
}

static void registered_secrets_are_replaced_anywhere(void **state)
{
    (void)state;
    struct cs_secrets secrets = {0};
    assert_int_equal(cs_secrets_add(&secrets, CS_VIEW("hunter22")), CS_OK);
    assert_int_equal(cs_secrets_add(&secrets, CS_VIEW("abc")), CS_OK); /* too short to take */
    assert_redacted(&secrets, "xhunter22x abc hunter2", "x[secret]x abc hunter2");
    cs_secrets_free(&secrets);
    assert_int_equal(secrets.n, 0);
}

static void too_many_secrets_are_refused(void **state)
{
    (void)state;
    struct cs_secrets secrets = {0};
    for (int i = 0; i < 64; i++) {
        assert_int_equal(cs_secrets_add(&secrets, CS_VIEW("secret")), CS_OK);
    }
    assert_int_equal(cs_secrets_add(&secrets, CS_VIEW("secret")), CS_ERR_LIMIT);
    cs_secrets_free(&secrets);
}

static void assert_readable(struct cs_view raw, const char *expected)
{
    struct cs_buf out = CS_BUF(4096);
    cs_readable(CS_TEXT_BYTES, raw, &out);
    char *text = cs_buf_take(&out);
    assert_string_equal(text ? text : "", expected);
    free(text);
}

static void bytes_become_text(void **state)
{
    (void)state;
    assert_readable(CS_VIEW("a\r\nb\tc\\d"), "a\\r\nb\\tc\\\\d");
    assert_readable(CS_VIEW("\x1b[31m\x7f\0z"), "\\x1b[31m\\x7f\\x00z");
    assert_readable(CS_VIEW("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"),
                    "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
    assert_readable(CS_VIEW("\xc3(\xff\xc3"), "\\xc3(\\xff\\xc3");
    /* U+009B starts a control sequence in some terminals, U+00A0 is only a space. */
    assert_readable(CS_VIEW("\xc2\x9bm\xc2\xa0"), "\\xc2\\x9bm\xc2\xa0");
    assert_readable((struct cs_view){NULL, 0}, "");
}

static void prose_keeps_the_escapes_that_are_in_it(void **state)
{
    (void)state;
    static const char raw[] = "said {\\\"a\\\"}\x1b"
                              "\xff";
    char *text = cs_safe_text(NULL, CS_TEXT_PROSE, cs_view_str(raw), 99, NULL);
    assert_string_equal(text, "said {\\\"a\\\"}\\x1b\\xff");
    free(text);
}

static void safe_text_is_cut_at_characters(void **state)
{
    (void)state;
    static const char umlaut[] = "ab\xc3\xbc"
                                 "cd";
    uint64_t left_out = 99;
    char *text = cs_safe_text(NULL, CS_TEXT_BYTES, cs_view_str(umlaut), 3, &left_out);
    assert_string_equal(text, "ab");
    assert_int_equal(left_out, 4);
    free(text);
    text = cs_safe_text(NULL, CS_TEXT_BYTES, CS_VIEW("abc"), 3, &left_out);
    assert_string_equal(text, "abc");
    assert_int_equal(left_out, 0);
    free(text);
}

static void a_secret_across_the_cut_does_not_show(void **state)
{
    (void)state;
    struct cs_secrets secrets = {0};
    assert_int_equal(cs_secrets_add(&secrets, CS_VIEW("opensesame")), CS_OK);
    char *text =
        cs_safe_text(&secrets, CS_TEXT_BYTES, CS_VIEW("12345opensesame and more"), 9, NULL);
    assert_non_null(text);
    assert_null(strstr(text, "open"));
    free(text);
    cs_secrets_free(&secrets);
}

static void random_numbers_depend_on_seed_and_id_alone(void **state)
{
    (void)state;
    uint64_t a = cs_random_state(7, "endpoint/x/y");
    uint64_t b = cs_random_state(7, "endpoint/x/y");
    uint64_t other_id = cs_random_state(7, "endpoint/x/z");
    uint64_t other_seed = cs_random_state(8, "endpoint/x/y");
    uint64_t first = cs_random_next(&a);
    assert_true(first == cs_random_next(&b));
    assert_true(first != cs_random_next(&other_id));
    assert_true(first != cs_random_next(&other_seed));
    assert_true(first != cs_random_next(&a));
    /* The published first output of splitmix64 for state 0. */
    uint64_t zero = 0;
    assert_true(cs_random_next(&zero) == UINT64_C(0xe220a8397b1dcdaf));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bearer_values_are_replaced),
        cmocka_unit_test(jwt_keeps_what_it_says_and_loses_what_opens),
        cmocka_unit_test(environment_keys_are_replaced),
        cmocka_unit_test(presigned_urls_lose_what_signs_them),
        cmocka_unit_test(registered_secrets_are_replaced_anywhere),
        cmocka_unit_test(too_many_secrets_are_refused),
        cmocka_unit_test(bytes_become_text),
        cmocka_unit_test(prose_keeps_the_escapes_that_are_in_it),
        cmocka_unit_test(safe_text_is_cut_at_characters),
        cmocka_unit_test(a_secret_across_the_cut_does_not_show),
        cmocka_unit_test(random_numbers_depend_on_seed_and_id_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
