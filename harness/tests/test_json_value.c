#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/feed.h"
#include "wire/json.h"

struct row {
    struct cs_view text;
    const char *value;
};

#define ROW(literal, value)                       \
    {                                             \
        {(literal), sizeof(literal) - 1}, (value) \
    }

static void value_texts(void **state)
{
    struct cs_view text = CS_VIEW("[ {\"a\":[1,{}]} , \"x\\n\",-1.5e3,null,[[]],[1,}]");
    static const char *const wanted[] = {"{\"a\":[1,{}]}", "\"x\\n\"", "-1.5e3", "null", "[[]]"};
    struct cs_json json;
    struct cs_json_token token;
    struct cs_view value = {NULL, 0};
    struct cs_diag diag = {0};

    (void)state;
    cs_json_init(&json, text);
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_ARRAY);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        assert_int_not_equal(cs_json_next(&json, &token, NULL), CS_JSON_ERROR);
        assert_int_equal(cs_json_value_text(&json, &token, &value, &diag), CS_OK);
        assert_true(cs_view_eq(value, cs_view_str(wanted[i])));
    }
    value = (struct cs_view){NULL, 0};
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_ARRAY);
    assert_int_equal(cs_json_value_text(&json, &token, &value, &diag), CS_ERR_SYNTAX);
    assert_int_equal(diag.offset, text.len - 2);
    assert_null(value.ptr);
}

static void unescaping(void **state)
{
    static const struct row rows[] = {
        ROW("\"\"", ""),
        ROW("\"plain and longer than a block\"", "plain and longer than a block"),
        ROW("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"),
        ROW("\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"),
        ROW("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"),
        ROW("\"\\ud800\\udc00\\udbff\\udfff\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
        ROW("\"\\ud83d\"", "\xef\xbf\xbd"),
        ROW("\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd"),
        ROW("\"\\ud83d\\ud83d\\ude00x\"", "\xef\xbf\xbd\xf0\x9f\x98\x80x"),
        ROW("\"\\ud83d\\n\"", "\xef\xbf\xbd\n"),
        ROW("\"\\ud83d\\ndc00\"", "\xef\xbf\xbd\ndc00"),
        ROW("\"\\ud83dxude00\"", "\xef\xbf\xbdxude00"),
        ROW("\"0123456789abcde\\n0123456789abcdef\\n\"", "0123456789abcde\n0123456789abcdef\n"),
        ROW("\"\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\"", "\n\n\n\n\n\n\n\n\n\n\n\n"),
        ROW("\"\\\\u0041\"", "\\u0041"),
        ROW("\"\xc3\xa9\\\"\xe2\x82\xac\"", "\xc3\xa9\"\xe2\x82\xac"),
    };
    struct feed_guard guard = feed_guard_new(4096);
    struct cs_buf out = CS_BUF(1000);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct cs_view text = feed_guarded(&guard, rows[i].text);
        struct cs_json json;
        struct cs_json_token token;

        cs_buf_clear(&out);
        assert_int_equal(cs_json_string(text, &out), CS_OK);
        assert_true(cs_view_eq(cs_buf_view(&out), cs_view_str(rows[i].value)));
        cs_json_init(&json, text);
        assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_STRING);
        assert_true(cs_json_is(&token, cs_view_str(rows[i].value)));
        assert_false(cs_json_is(&token, CS_VIEW("something else, and rather longer than those")));
        if (out.len > 0) {
            out.ptr[out.len - 1] ^= 1;
            assert_false(cs_json_is(&token, cs_buf_view(&out)));
            assert_false(cs_json_is(&token, cs_view_of(rows[i].value, out.len - 1)));
        }
    }
    cs_buf_clear(&out);
    cs_buf_str(&out, "kept ");
    assert_int_equal(cs_json_string(CS_VIEW(" \"a\\u0000b\" "), &out), CS_OK);
    assert_true(cs_view_eq(cs_buf_view(&out), CS_VIEW("kept a\0b")));
    assert_int_equal(cs_json_string(CS_VIEW("1"), &out), CS_ERR_TYPE);
    assert_int_equal(cs_json_string(CS_VIEW("\"a\"\"b\""), &out), CS_ERR_TYPE);
    assert_int_equal(cs_json_string(CS_VIEW("{\"a\":\"b\"}"), &out), CS_ERR_TYPE);
    assert_int_equal(cs_json_string(CS_VIEW(""), &out), CS_ERR_TYPE);
    cs_buf_free(&out);
    feed_guard_free(&guard);
}

static void unescaping_respects_the_ceiling(void **state)
{
    struct cs_buf out = CS_BUF(3);

    (void)state;
    assert_int_equal(cs_json_string(CS_VIEW("\"abc\""), &out), CS_OK);
    assert_int_equal(cs_buf_error(&out), CS_OK);
    cs_buf_clear(&out);
    assert_int_equal(cs_json_string(CS_VIEW("\"abcd\""), &out), CS_OK);
    assert_int_equal(cs_buf_error(&out), CS_ERR_LIMIT);
    assert_int_equal(out.len, 0);
    cs_buf_free(&out);
}

/* Short strings are decoded byte by byte and long ones in blocks: whatever stands around it, the
 * same text has to give the same value, wherever in a block it falls and across two of them. */
static void blocks_decode_as_bytes_do(void **state)
{
    static const char *const parts[] = {"\\\\",    "\\\"", "\\n",      "\\u00e9", "\\ud83d",
                                        "\\ude00", "x",    "\xc3\xa9", "\\/"};
    static const char pad[] = "0123456789abcdefghijklmnopqrstuvwxyz0123456789";
    uint64_t random = FEED_SEED;
    struct cs_buf raw = CS_BUF(500);
    struct cs_buf padded = CS_BUF(500);
    struct cs_buf wanted = CS_BUF(500);
    struct cs_buf got = CS_BUF(500);

    (void)state;
    for (int round = 0; round < 5000; round++) {
        size_t n_pad = (size_t)round % 33;

        cs_buf_clear(&raw);
        cs_buf_clear(&padded);
        cs_buf_clear(&wanted);
        cs_buf_clear(&got);
        while (raw.len < 24) {
            cs_buf_str(&raw, parts[(size_t)(feed_random(&random) >> 20) % 9]);
        }
        cs_buf_append(&padded, pad, n_pad);
        cs_buf_add(&padded, cs_buf_view(&raw));
        cs_buf_str(&padded, pad);
        cs_buf_append(&wanted, pad, n_pad);
        cs_json_unescape(cs_buf_view(&raw), &wanted);
        cs_buf_str(&wanted, pad);
        cs_json_unescape(cs_buf_view(&padded), &got);
        assert_true(cs_view_eq(cs_buf_view(&got), cs_buf_view(&wanted)));
    }
    cs_buf_free(&raw);
    cs_buf_free(&padded);
    cs_buf_free(&wanted);
    cs_buf_free(&got);
}

static void unsigned_integers(void **state)
{
    static const struct {
        const char *text;
        enum cs_err err;
        uint64_t value;
    } rows[] = {
        {"0", CS_OK, 0},
        {"17", CS_OK, 17},
        {"9007199254740993", CS_OK, 9007199254740993u},
        {"18446744073709551615", CS_OK, UINT64_MAX},
        {"18446744073709551616", CS_ERR_RANGE, 0},
        {"-1", CS_ERR_RANGE, 0},
        {"-0", CS_ERR_RANGE, 0},
        {"1.0", CS_ERR_TYPE, 0},
        {"-1.0", CS_ERR_TYPE, 0},
        {"1e2", CS_ERR_TYPE, 0},
        {"\"1\"", CS_ERR_TYPE, 0},
        {"null", CS_ERR_TYPE, 0},
        {"[", CS_ERR_TYPE, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct cs_json json;
        struct cs_json_token token;
        uint64_t value = 5;

        cs_json_init(&json, cs_view_str(rows[i].text));
        (void)cs_json_next(&json, &token, NULL);
        assert_int_equal(cs_json_u64(&token, &value), rows[i].err);
        assert_true(value == (rows[i].err ? 5 : rows[i].value));
    }
}

static void signed_integers(void **state)
{
    static const struct {
        const char *text;
        enum cs_err err;
        int64_t value;
    } rows[] = {
        {"0", CS_OK, 0},
        {"-0", CS_OK, 0},
        {"-17", CS_OK, -17},
        {"9223372036854775807", CS_OK, INT64_MAX},
        {"-9223372036854775808", CS_OK, INT64_MIN},
        {"9223372036854775808", CS_ERR_RANGE, 0},
        {"-9223372036854775809", CS_ERR_RANGE, 0},
        {"-99999999999999999999", CS_ERR_RANGE, 0},
        {"-1.0", CS_ERR_TYPE, 0},
        {"1e2", CS_ERR_TYPE, 0},
        {"\"-1\"", CS_ERR_TYPE, 0},
        {"null", CS_ERR_TYPE, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct cs_json json;
        struct cs_json_token token;
        int64_t value = 5;

        cs_json_init(&json, cs_view_str(rows[i].text));
        (void)cs_json_next(&json, &token, NULL);
        assert_int_equal(cs_json_i64(&token, &value), rows[i].err);
        assert_true(value == (rows[i].err ? 5 : rows[i].value));
    }
}

static void members(void **state)
{
    static const struct {
        const char *object;
        const char *key;
        enum cs_err err;
        const char *value;
    } rows[] = {
        {"{\"a\":1,\"b\":[2]}", "a", CS_OK, "1"},
        {"{\"a\":1,\"b\": [2, {}] }", "b", CS_OK, "[2, {}]"},
        {"{\"a\":1,\"a\":\"two\",\"b\":0}", "a", CS_OK, "\"two\""},
        {"{\"\\u0061\":1}", "a", CS_OK, "1"},
        {"{\"a\":1,\"\\u0061\":2}", "a", CS_OK, "2"},
        {"{\"\":null}", "", CS_OK, "null"},
        {"{\"b\":{\"a\":1}}", "a", CS_ERR_MISSING, NULL},
        {"{\"a\":1}", "A", CS_ERR_MISSING, NULL},
        {"{\"ab\":1}", "a", CS_ERR_MISSING, NULL},
        {"{}", "a", CS_ERR_MISSING, NULL},
        {"[\"a\"]", "a", CS_ERR_TYPE, NULL},
        {"\"a\"", "a", CS_ERR_TYPE, NULL},
        {"null", "a", CS_ERR_TYPE, NULL},
        {"", "a", CS_ERR_SYNTAX, NULL},
        {"{\"a\":1", "a", CS_ERR_SYNTAX, NULL},
        {"{\"a\":1,}", "a", CS_ERR_SYNTAX, NULL},
        {"{\"a\":[1,}", "a", CS_ERR_SYNTAX, NULL},
        {"{\"a\":}", "a", CS_ERR_SYNTAX, NULL},
        {"{\"a\":1}x", "a", CS_ERR_SYNTAX, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct cs_view value = CS_VIEW("untouched");
        enum cs_err err =
            cs_json_get(cs_view_str(rows[i].object), cs_view_str(rows[i].key), &value);

        assert_int_equal(err, rows[i].err);
        assert_true(cs_view_eq(value, cs_view_str(err ? "untouched" : rows[i].value)));
    }
}

/* To the end of the value that `token` opens, one token after the other. */
static enum cs_json_type to_its_end(struct cs_json *json, const struct cs_json_token *token,
                                    struct cs_diag *diag)
{
    struct cs_json_token inner;
    enum cs_json_type type;

    do {
        type = cs_json_next(json, &inner, diag);
    } while (type != CS_JSON_ERROR && inner.depth > token->depth);
    return type;
}

/* Objects of every kind of part: what is passed over at once ends where its tokens do, and has the
 * same faults. */
static void whole_values_are_what_their_tokens_are(void **state)
{
    static const char *const parts[] = {
        "\"",
        "\"a\":",
        "\"",
        ":",
        ",",
        "1",
        "-2",
        "10.5",
        "01",
        "{",
        "}",
        "[]",
        "null",
        "\\\"",
        "\\n",
        "\\u00e9",
        "\\x",
        "\xc3\xa9",
        "\xc3",
        " ",
        "\x01",
        "\"b\",",
        "\"cde\"",
        "\\\\",
        "\"k\":\"v\",",
        "\"key\":12,",
        "a text that is longer than a block",
        ",\"\":\"\"",
    };
    uint64_t random = FEED_SEED;

    (void)state;
    for (int round = 0; round < 200000; round++) {
        struct cs_buf text = CS_BUF(1000);
        struct cs_json json;
        struct cs_json by_token;
        struct cs_json_token token;
        struct cs_view value;
        struct cs_diag diag = {0};
        struct cs_diag wanted = {0};
        char *exact;

        cs_buf_str(&text, "{");
        for (size_t n = (size_t)(feed_random(&random) >> 20) % 9; n > 0; n--) {
            size_t pick = (size_t)(feed_random(&random) >> 20) % (sizeof(parts) / sizeof(*parts));
            cs_buf_str(&text, parts[pick]);
        }
        cs_buf_str(&text, round % 3 ? "\"z\":0}" : "}");
        exact = malloc(text.len);
        assert_non_null(exact);
        memcpy(exact, text.ptr, text.len);
        cs_json_init(&json, cs_view_of(exact, text.len));
        assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_OBJECT);
        by_token = json;
        (void)to_its_end(&by_token, &token, &wanted);
        assert_int_equal(cs_json_value_text(&json, &token, &value, &diag), wanted.code);
        assert_int_equal(diag.offset, wanted.offset);
        assert_string_equal(diag.text, wanted.text);
        if (!wanted.code) {
            assert_int_equal(json.pos, by_token.pos);
            assert_int_equal(value.len, json.pos);
            assert_int_equal(cs_json_next(&json, &token, NULL),
                             cs_json_next(&by_token, &token, NULL));
        }
        free(exact);
        cs_buf_free(&text);
    }
}

static void the_usual_key_is_passed_and_no_other(void **state)
{
    static const char text[] = "{\"a\":1,\"b\":[{\"a\" :2},\"b\"],\"a\":3}";
    struct cs_json json;
    struct cs_json_token token;
    struct cs_view value;

    (void)state;
    cs_json_init(&json, CS_VIEW(text));
    assert_false(cs_json_pass_key(&json, CS_VIEW(",\"a\":")));
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_OBJECT);
    assert_false(cs_json_pass_key(&json, CS_VIEW(",\"b\":")));
    assert_true(cs_json_pass_key(&json, CS_VIEW(",\"a\":")));
    assert_false(cs_json_pass_key(&json, CS_VIEW(",\"a\":")));
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_NUMBER);
    assert_true(cs_json_pass_key(&json, CS_VIEW(",\"b\":")));
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_ARRAY);
    assert_false(cs_json_pass_key(&json, CS_VIEW(",\"a\":")));
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_OBJECT);
    assert_false(cs_json_pass_key(&json, CS_VIEW(",\"a\":"))); /* a space */
    assert_int_equal(cs_json_value_text(&json, &token, &value, NULL), CS_OK);
    assert_false(cs_json_pass_key(&json, CS_VIEW(",\"b\":"))); /* an item of an array */
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_STRING);
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_ARRAY_END);
    assert_true(cs_json_pass_key(&json, CS_VIEW(",\"a\":")));
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_NUMBER);
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_OBJECT_END);
    assert_false(cs_json_pass_key(&json, CS_VIEW(",\"a\":")));
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_texts),
        cmocka_unit_test(unescaping),
        cmocka_unit_test(unescaping_respects_the_ceiling),
        cmocka_unit_test(blocks_decode_as_bytes_do),
        cmocka_unit_test(unsigned_integers),
        cmocka_unit_test(signed_integers),
        cmocka_unit_test(members),
        cmocka_unit_test(whole_values_are_what_their_tokens_are),
        cmocka_unit_test(the_usual_key_is_passed_and_no_other),
    };

    return cmocka_run_group_tests_name("json_value", tests, NULL, NULL) != 0;
}
