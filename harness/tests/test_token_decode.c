/* Taking tokens apart without a key: which shapes are tokens, what the claims become, and the
 * alphabet they are written in. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "forge.h"

#define HEADER FORGE_HEADER

static enum cs_err decode_str(const char *text)
{
    struct cs_token token = {0};
    enum cs_err err = cs_token_decode(cs_view_str(text), &token, NULL);
    cs_token_free(&token);
    return err;
}

static void negative_fractions_are_floored(void **state)
{
    (void)state;
    struct cs_buf text = CS_BUF(4096);
    struct cs_token token = {0};
    forge(&text, CS_VIEW(HEADER), CS_VIEW("{\"iat\":-1.5,\"nbf\":-0.0,\"exp\":2.75}"));
    assert_int_equal(cs_token_decode(cs_buf_view(&text), &token, NULL), CS_OK);
    assert_int_equal(token.iat, -2);
    assert_int_equal(token.nbf, 0);
    assert_int_equal(token.exp, 2);
    cs_token_free(&token);
    cs_buf_free(&text);
}

static void scopes_keep_only_strings(void **state)
{
    (void)state;
    const struct {
        struct cs_view payload;
        bool has_scopes;
        size_t n_scopes;
        const char *first;
    } table[] = {
        {CS_VIEW("{}"), false, 0, NULL},
        {CS_VIEW("{\"scopes\":\"admin\"}"), false, 0, NULL},
        {CS_VIEW("{\"scopes\":{\"0\":\"admin\"}}"), false, 0, NULL},
        {CS_VIEW("{\"scopes\":null}"), false, 0, NULL},
        {CS_VIEW("{\"scopes\":[]}"), true, 0, NULL},
        {CS_VIEW("{\"scopes\":[1,null,true,[\"admin\"],{\"admin\":\"admin\"},\"a\"]}"), true, 1,
         "a"},
        {CS_VIEW("{\"scopes\":[\"\\u0072ead:all\",\"b\"]}"), true, 2, "read:all"},
        {CS_VIEW("{\"scopes\":[\"admin\"],\"scopes\":[]}"), true, 0, NULL},
        /* Cut at the NUL this would be every session instead of one. */
        {CS_VIEW("{\"scopes\":[\"read:sessions\\u0000:K\",\"b\"]}"), true, 1, "b"},
        {CS_VIEW("{\"x\":{\"scopes\":[\"admin\"]}}"), false, 0, NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct cs_buf text = CS_BUF(4096);
        struct cs_token token = {0};
        forge(&text, CS_VIEW(HEADER), table[i].payload);
        forge_check(cs_token_decode(cs_buf_view(&text), &token, NULL), CS_OK, table[i].payload.ptr);
        assert_int_equal(token.has_scopes, table[i].has_scopes);
        assert_int_equal(token.n_scopes, table[i].n_scopes);
        if (table[i].first != NULL) {
            assert_string_equal(token.scopes[0], table[i].first);
        }
        cs_token_free(&token);
        cs_buf_free(&text);
    }
}

/* TOK-13: only the literal true is true. */
static void pub_is_the_literal_true(void **state)
{
    (void)state;
    const struct {
        struct cs_view payload;
        bool pub;
    } table[] = {
        {CS_VIEW("{\"pub\":true}"), true},      {CS_VIEW("{\"pub\": true }"), true},
        {CS_VIEW("{\"pub\":false}"), false},    {CS_VIEW("{\"pub\":1}"), false},
        {CS_VIEW("{\"pub\":\"true\"}"), false}, {CS_VIEW("{\"x\":{\"pub\":true}}"), false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct cs_buf text = CS_BUF(4096);
        struct cs_token token = {0};
        forge(&text, CS_VIEW(HEADER), table[i].payload);
        assert_int_equal(cs_token_decode(cs_buf_view(&text), &token, NULL), CS_OK);
        assert_int_equal(token.pub, table[i].pub);
        cs_token_free(&token);
        cs_buf_free(&text);
    }
}

static void what_is_no_token_is_refused(void **state)
{
    (void)state;
    /* e30 is {}, W10 is [], bnVsbA is null, MQ is 1. */
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "...",
        "e30",
        "e30.e30",
        "e30.e30.AA.AA",
        "e30.e30.AA.",
        ".e30.AA",
        "e30..AA",
        "W10.e30.AA",
        "e30.W10.AA",
        "bnVsbA.e30.AA",
        "e30.bnVsbA.AA",
        "e30.MQ.AA",
        "e30=.e30.AA",
        "e30.e30.AA==",
        "e30.e30.A",
        "e30.e30.A+==",
        "e30.e30.A/",
        "e30 .e30.AA",
        "e30.e30.AA\n",
        " e30.e30.AA",
        "e30.e30.AB" /* spare bits set */,
        "e31.e30.AA" /* spare bits set */,
        "tr_dev_1234567890",
        "e30.ew.AA" /* { */,
        "e30.e30x.AA",
        "77u_e30.e30.AA" /* BOM */,
    };
    forge_check(decode_str("e30.e30.AA"), CS_OK, "the twin");
    forge_check(decode_str("e30.e30."), CS_OK, "an empty signature decodes");
    forge_check(decode_str("IHt9IA.e30.AA"), CS_OK, "space around the object");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        forge_check(decode_str(bad[i]), CS_ERR_SYNTAX, bad[i]);
    }
    struct cs_token token = {0};
    forge_check(cs_token_decode((struct cs_view){NULL, 0}, &token, NULL), CS_ERR_SYNTAX,
                "no bytes");
    forge_check(cs_token_decode(CS_VIEW("e30.e30\0.AA"), &token, NULL), CS_ERR_SYNTAX, "a NUL");
}

static void faults_name_the_part(void **state)
{
    (void)state;
    const struct {
        const char *text;
        uint64_t offset;
        const char *word;
    } table[] = {
        {"e30=.e30.AA", 0, "header is not base64url"},
        {"e30.e3*.AA", 4, "payload is not base64url"},
        {"e30.e30.A", 8, "signature is not base64url"},
        {"e30.ew.AA", 4, "payload is not JSON"},
        {"W10.e30.AA", 0, "header is not a JSON object"},
        {"e30.e30", 7, "two"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct cs_token token = {0};
        struct cs_diag diag = {0};
        forge_check(cs_token_decode(cs_view_str(table[i].text), &token, &diag), CS_ERR_SYNTAX,
                    table[i].text);
        assert_int_equal(diag.code, CS_ERR_SYNTAX);
        assert_int_equal(diag.offset, table[i].offset);
        assert_non_null(strstr(diag.text, table[i].word));
    }
}

static void deep_and_huge_tokens_are_bounded(void **state)
{
    (void)state;
    struct cs_buf payload = CS_BUF(65536);
    cs_buf_str(&payload, "{\"x\":");
    for (int i = 0; i < 600; i++) {
        cs_buf_char(&payload, '[');
    }
    for (int i = 0; i < 600; i++) {
        cs_buf_char(&payload, ']');
    }
    cs_buf_char(&payload, '}');
    struct cs_buf deep = CS_BUF(65536);
    struct cs_token token = {0};
    forge(&deep, CS_VIEW(HEADER), cs_buf_view(&payload));
    forge_check(cs_token_decode(cs_buf_view(&deep), &token, NULL), CS_ERR_LIMIT, "600 levels");
    cs_buf_free(&deep);

    /* Exactly the longest token, then one byte more. */
    struct cs_buf text = CS_BUF(CS_TOKEN_MAX_LEN + 1);
    cs_buf_str(&text, "e30.e30.");
    while (text.len < CS_TOKEN_MAX_LEN) {
        cs_buf_char(&text, 'A');
    }
    forge_check(cs_token_decode(cs_buf_view(&text), &token, NULL), CS_OK, "longest");
    cs_token_free(&token);
    cs_buf_char(&text, 'A');
    forge_check(cs_token_decode(cs_buf_view(&text), &token, NULL), CS_ERR_LIMIT, "too long");
    cs_buf_free(&payload);
    cs_buf_free(&text);
}

static void base64url_has_one_spelling(void **state)
{
    (void)state;
    const struct {
        struct cs_view bytes;
        struct cs_view text;
    } table[] = {
        {CS_VIEW(""), CS_VIEW("")},
        {CS_VIEW("f"), CS_VIEW("Zg")},
        {CS_VIEW("fo"), CS_VIEW("Zm8")},
        {CS_VIEW("foo"), CS_VIEW("Zm9v")},
        {CS_VIEW("foob"), CS_VIEW("Zm9vYg")},
        {CS_VIEW("\xfb\xff\xfe"), CS_VIEW("-__-")},
        {CS_VIEW("\0\0\0\0"), CS_VIEW("AAAAAA")},
    };
    const struct cs_view bad[] = {
        CS_VIEW("Z"),      CS_VIEW("Zm9vY"),      CS_VIEW("Zg=="), CS_VIEW("Zm8="),
        CS_VIEW("+__-"),   CS_VIEW("-//-"),       CS_VIEW("Zm 8"), CS_VIEW("Zm8\n"),
        CS_VIEW("Zm\x00"), CS_VIEW("Zm\xc3\xa9"), CS_VIEW("Zh"),   CS_VIEW("Zv"),
        CS_VIEW("Zm9"),    CS_VIEW("Zm-"),
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct cs_buf out = CS_BUF(64);
        cs_base64url_encode(&out, table[i].bytes);
        assert_true(cs_view_eq(cs_buf_view(&out), table[i].text));
        cs_buf_clear(&out);
        assert_int_equal(cs_base64url_decode(table[i].text, &out), CS_OK);
        assert_true(cs_view_eq(cs_buf_view(&out), table[i].bytes));
        cs_buf_free(&out);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cs_buf out = CS_BUF(64);
        cs_buf_str(&out, "kept");
        forge_check(cs_base64url_decode(bad[i], &out), CS_ERR_SYNTAX, bad[i].ptr);
        assert_true(cs_view_eq(cs_buf_view(&out), CS_VIEW("kept")));
        cs_buf_free(&out);
    }
    struct cs_buf tiny = CS_BUF(2);
    forge_check(cs_base64url_decode(CS_VIEW("Zm9v"), &tiny), CS_ERR_LIMIT, "no room");
    cs_buf_free(&tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negative_fractions_are_floored),
        cmocka_unit_test(scopes_keep_only_strings),
        cmocka_unit_test(pub_is_the_literal_true),
        cmocka_unit_test(what_is_no_token_is_refused),
        cmocka_unit_test(faults_name_the_part),
        cmocka_unit_test(deep_and_huge_tokens_are_bounded),
        cmocka_unit_test(base64url_has_one_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
