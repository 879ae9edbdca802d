#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/feed.h"
#include "wire/json.h"
#include "wire/scan.h"

/* A token in the log: its letter, strings and numbers with their raw text, then its flags:
 * e escaped, s lone surrogate, z NUL, f fraction, i inexact. `$` is the end, `!SYNTAX@4` a fault.
 */
static void log_token(struct cs_buf *log, const struct cs_json_token *token,
                      const struct cs_diag *diag)
{
    static const char letters[] = "$nftNSK{}[]";

    if (token->type == CS_JSON_ERROR) {
        assert_int_equal(token->offset, diag->offset);
        cs_buf_printf(log, "!%s@%llu", cs_err_name(diag->code) + 7,
                      (unsigned long long)diag->offset);
        return;
    }
    cs_buf_char(log, letters[token->type]);
    if (token->type == CS_JSON_NUMBER || token->type == CS_JSON_STRING ||
        token->type == CS_JSON_KEY) {
        cs_buf_char(log, '(');
        cs_buf_escaped(log, token->raw, 100);
        cs_buf_char(log, ')');
    }
    for (size_t i = 0; i < 5; i++) {
        if (token->flags & 1u << i) {
            cs_buf_char(log, "eszfi"[i]);
        }
    }
}

static bool is_last(enum cs_json_type type)
{
    return type == CS_JSON_END || type == CS_JSON_ERROR;
}

static void log_tokens(struct cs_buf *log, struct cs_view text)
{
    struct cs_json json;
    struct cs_json_token token;
    struct cs_json_token again;
    struct cs_diag diag = {0};
    struct cs_diag diag_again = {0};
    enum cs_json_type type;

    cs_json_init(&json, text);
    do {
        type = cs_json_next(&json, &token, &diag);
        assert_int_equal(type, token.type);
        log_token(log, &token, &diag);
    } while (!is_last(type));
    /* The last answer stays the answer. */
    assert_int_equal(cs_json_next(&json, &again, &diag_again), type);
    assert_int_equal(again.offset, token.offset);
    assert_int_equal(diag_again.code, diag.code);
    assert_string_equal(diag_again.text, diag.text);
}

struct row {
    struct cs_view text;
    const char *log;
};

#define ROW(literal, log)                       \
    {                                           \
        {(literal), sizeof(literal) - 1}, (log) \
    }

/* Every text is read where the byte after it cannot be touched. */
static void check_rows(const struct row *rows, size_t n)
{
    struct feed_guard guard = feed_guard_new(4096);
    struct cs_buf log = CS_BUF(10000);

    for (size_t i = 0; i < n; i++) {
        struct cs_view text = feed_guarded(&guard, rows[i].text);
        struct cs_diag diag = {0};
        bool good = rows[i].log[strlen(rows[i].log) - 1] == '$';

        cs_buf_clear(&log);
        log_tokens(&log, text);
        if (!cs_view_eq(cs_buf_view(&log), cs_view_str(rows[i].log))) {
            print_error("row %zu: %s\n  wanted: %s\n  got:    %.*s\n", i, rows[i].text.ptr,
                        rows[i].log, CS_VIEW_ARG(cs_buf_view(&log)));
            fail();
        }
        assert_int_equal(cs_json_check(text, &diag) == CS_OK, good);
        assert_int_equal(diag.code == CS_OK, good);
    }
    cs_buf_free(&log);
    feed_guard_free(&guard);
}
#define CHECK_ROWS(rows) check_rows((rows), sizeof(rows) / sizeof(*(rows)))

static void structure(void **state)
{
    static const struct row rows[] = {
        ROW("null", "n$"),
        ROW("true", "t$"),
        ROW("false", "f$"),
        ROW(" \t\r\nnull \t\r\n", "n$"),
        ROW("{}", "{}$"),
        ROW("[]", "[]$"),
        ROW("[ ]", "[]$"),
        ROW("{\n}", "{}$"),
        ROW("[[],{}]", "[[]{}]$"),
        ROW("[null]", "[n]$"),
        ROW("[1,2 , 3]", "[N(1)N(2)N(3)]$"),
        ROW("{\"a\":1}", "{K(a)N(1)}$"),
        ROW("{ \"a\" : 1 , \"b\" : [ ] }", "{K(a)N(1)K(b)[]}$"),
        ROW("{\"a\":{\"b\":{\"c\":{}}}}", "{K(a){K(b){K(c){}}}}$"),
        ROW("{\"a\":1,\"a\":2}", "{K(a)N(1)K(a)N(2)}$"),
        ROW("{\"\":\"\"}", "{K()S()}$"),
        ROW("[{},[{}],\"x\"]", "[{}[{}]S(x)]$"),
        /* nothing, or not enough */
        ROW("", "!SYNTAX@0"),
        ROW("  ", "!SYNTAX@2"),
        ROW("[", "[!SYNTAX@1"),
        ROW("{", "{!SYNTAX@1"),
        ROW("[1", "[N(1)!SYNTAX@2"),
        ROW("[1,", "[N(1)!SYNTAX@3"),
        ROW("{\"a\"", "{K(a)!SYNTAX@4"),
        ROW("{\"a\":", "{K(a)!SYNTAX@5"),
        ROW("{\"a\":1", "{K(a)N(1)!SYNTAX@6"),
        ROW("{\"a\":1,", "{K(a)N(1)!SYNTAX@7"),
        /* commas and colons */
        ROW("[,]", "[!SYNTAX@1"),
        ROW("[1,]", "[N(1)!SYNTAX@3"),
        ROW("[1,,2]", "[N(1)!SYNTAX@3"),
        ROW("[,1]", "[!SYNTAX@1"),
        ROW("[1 2]", "[N(1)!SYNTAX@3"),
        ROW("[1:2]", "[N(1)!SYNTAX@2"),
        ROW("{,}", "{!SYNTAX@1"),
        ROW("{\"a\":1,}", "{K(a)N(1)!SYNTAX@7"),
        ROW("{\"a\" 1}", "{K(a)!SYNTAX@5"),
        ROW("{\"a\",1}", "{K(a)!SYNTAX@4"),
        ROW("{\"a\"::1}", "{K(a)!SYNTAX@5"),
        ROW("{\"a\":,}", "{K(a)!SYNTAX@5"),
        ROW("{\"a\":}", "{K(a)!SYNTAX@5"),
        ROW("{\"a\":1 \"b\":2}", "{K(a)N(1)!SYNTAX@7"),
        ROW("{\"a\":1;}", "{K(a)N(1)!SYNTAX@6"),
        /* brackets that do not match */
        ROW("]", "!SYNTAX@0"),
        ROW("}", "!SYNTAX@0"),
        ROW("[}", "[!SYNTAX@1"),
        ROW("{]", "{!SYNTAX@1"),
        ROW("[1}", "[N(1)!SYNTAX@2"),
        ROW("{\"a\":1]", "{K(a)N(1)!SYNTAX@6"),
        ROW("[[]", "[[]!SYNTAX@3"),
        ROW("[]]", "[]!SYNTAX@2"),
        ROW("{}}", "{}!SYNTAX@2"),
        /* keys are strings */
        ROW("{a:1}", "{!SYNTAX@1"),
        ROW("{'a':1}", "{!SYNTAX@1"),
        ROW("{1:1}", "{!SYNTAX@1"),
        ROW("{null:1}", "{!SYNTAX@1"),
        ROW("{{}:1}", "{!SYNTAX@1"),
        ROW("{\"a\":1,b:2}", "{K(a)N(1)!SYNTAX@7"),
        /* words */
        ROW("nul", "!SYNTAX@3"),
        ROW("nulL", "!SYNTAX@3"),
        ROW("nxll", "!SYNTAX@1"),
        ROW("True", "!SYNTAX@0"),
        ROW("tru", "!SYNTAX@3"),
        ROW("falsy", "!SYNTAX@4"),
        ROW("nullx", "n!SYNTAX@4"),
        ROW("truefalse", "t!SYNTAX@4"),
        ROW("NaN", "!SYNTAX@0"),
        ROW("Infinity", "!SYNTAX@0"),
        ROW("undefined", "!SYNTAX@0"),
        /* one value and nothing after it */
        ROW("1 2", "N(1)!SYNTAX@2"),
        ROW("{}[]", "{}!SYNTAX@2"),
        ROW("\"a\"\"b\"", "S(a)!SYNTAX@3"),
        ROW("[],", "[]!SYNTAX@2"),
        ROW("null\0", "n!SYNTAX@4"),
        ROW("\0", "!SYNTAX@0"),
        ROW("[\0]", "[!SYNTAX@1"),
        /* neither comments nor other blanks */
        ROW("/**/1", "!SYNTAX@0"),
        ROW("1//", "N(1)!SYNTAX@1"),
        ROW("[1,#\n2]", "[N(1)!SYNTAX@3"),
        ROW("\v1", "!SYNTAX@0"),
        ROW("\f1", "!SYNTAX@0"),
        ROW("\xc2\xa0"
            "1",
            "!SYNTAX@0"),
        ROW("1\xe2\x80\xa8", "N(1)!SYNTAX@1"),
        ROW("\xef\xbb\xbf{}", "!SYNTAX@0"),
        ROW("{}\xef\xbb\xbf", "{}!SYNTAX@2"),
        ROW(" \xef\xbb\xbf{}", "!SYNTAX@1"),
        ROW("\xef", "!SYNTAX@0"),
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void numbers(void **state)
{
    static const struct row rows[] = {
        ROW("0", "N(0)$"),
        ROW("-0", "N(-0)$"),
        ROW("10", "N(10)$"),
        ROW("-12", "N(-12)$"),
        ROW("0.0", "N(0.0)f$"),
        ROW("-0.5", "N(-0.5)f$"),
        ROW("1.25", "N(1.25)f$"),
        ROW("1e5", "N(1e5)f$"),
        ROW("1E5", "N(1E5)f$"),
        ROW("1e+5", "N(1e+5)f$"),
        ROW("1e-5", "N(1e-5)f$"),
        ROW("0e0", "N(0e0)f$"),
        ROW("1.5e007", "N(1.5e007)f$"),
        ROW("1e999", "N(1e999)f$"),
        ROW("9007199254740991", "N(9007199254740991)$"),
        ROW("9007199254740992", "N(9007199254740992)$"),
        ROW("9007199254740993", "N(9007199254740993)i$"),
        ROW("-9007199254740993", "N(-9007199254740993)i$"),
        ROW("9007199254740994", "N(9007199254740994)$"),
        ROW("18446744073709551615", "N(18446744073709551615)i$"),
        ROW("18446744073709551616", "N(18446744073709551616)$"),
        ROW("100000000000000000000000", "N(100000000000000000000000)i$"),
        ROW("10000000000000000000000", "N(10000000000000000000000)$"),
        ROW("[1]", "[N(1)]$"),
        ROW("[1.5]", "[N(1.5)f]$"),
        ROW("[1e1]", "[N(1e1)f]$"),
        ROW("{\"a\":-1}", "{K(a)N(-1)}$"),
        ROW("-", "!SYNTAX@1"),
        ROW("--1", "!SYNTAX@1"),
        ROW("- 1", "!SYNTAX@1"),
        ROW("+1", "!SYNTAX@0"),
        ROW("01", "!SYNTAX@1"),
        ROW("00", "!SYNTAX@1"),
        ROW("-01", "!SYNTAX@2"),
        ROW("01.5", "!SYNTAX@1"),
        ROW("1.", "!SYNTAX@2"),
        ROW("1.e5", "!SYNTAX@2"),
        ROW("[1.]", "[!SYNTAX@3"),
        ROW(".5", "!SYNTAX@0"),
        ROW("-.5", "!SYNTAX@1"),
        ROW("1e", "!SYNTAX@2"),
        ROW("1e+", "!SYNTAX@3"),
        ROW("1e-]", "!SYNTAX@3"),
        ROW("1ee5", "!SYNTAX@2"),
        ROW("1e5.5", "N(1e5)f!SYNTAX@3"),
        ROW("1.2.3", "N(1.2)f!SYNTAX@3"),
        ROW("0x10", "N(0)!SYNTAX@1"),
        ROW("1_000", "N(1)!SYNTAX@1"),
        ROW("1n", "N(1)!SYNTAX@1"),
        ROW("1a", "N(1)!SYNTAX@1"),
        ROW("-Infinity", "!SYNTAX@1"),
        ROW("\xd9\xa1", "!SYNTAX@0"),
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void strings(void **state)
{
    static const struct row rows[] = {
        ROW("\"\"", "S()$"),
        ROW("\"abc\"", "S(abc)$"),
        ROW("\"exactly sixteen!\"", "S(exactly sixteen!)$"),
        ROW("\"fifteen letters\"", "S(fifteen letters)$"),
        ROW("\"/ \x7f\"", "S(/ \\x7f)$"),
        ROW("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
            "S(\\\\\\\"\\\\\\\\\\\\/\\\\b\\\\f\\\\n\\\\r\\\\t)e$"),
        ROW("\"\\u0041\"", "S(\\\\u0041)e$"),
        ROW("\"\\u00aF\\uABCD\"", "S(\\\\u00aF\\\\uABCD)e$"),
        ROW("\"\\u0000\"", "S(\\\\u0000)ez$"),
        ROW("{\"\\u0061\":\"b\"}", "{K(\\\\u0061)eS(b)}$"),
        /* what follows a string's end is not its own, though a block holds both */
        ROW("[\"ab\",\"c\\n\",\"0123456789abcdef\"]", "[S(ab)S(c\\\\n)eS(0123456789abcdef)]$"),
        ROW("[\"a\\\\\",\"\\\\\\\"\",\"0123456789abcdef\"]",
            "[S(a\\\\\\\\)eS(\\\\\\\\\\\\\\\")eS(0123456789abcdef)]$"),
        /* surrogates: pairs, halves, halves in the wrong order */
        ROW("\"\\ud83d\\ude00\"", "S(\\\\ud83d\\\\ude00)e$"),
        ROW("\"\\uD800\\uDC00\\uDBFF\\uDFFF\"", "S(\\\\uD800\\\\uDC00\\\\uDBFF\\\\uDFFF)e$"),
        ROW("\"\\ud83d\"", "S(\\\\ud83d)es$"),
        ROW("\"\\ude00\"", "S(\\\\ude00)es$"),
        ROW("\"\\ude00\\ud83d\"", "S(\\\\ude00\\\\ud83d)es$"),
        ROW("\"\\ud83d\\ud83d\\ude00\"", "S(\\\\ud83d\\\\ud83d\\\\ude00)es$"),
        ROW("\"\\ud83dx\"", "S(\\\\ud83dx)es$"),
        ROW("\"\\ud83d\\n\"", "S(\\\\ud83d\\\\n)es$"),
        ROW("\"\\ud83d\\ndc00\"", "S(\\\\ud83d\\\\ndc00)es$"),
        ROW("\"\\ud83dxude00\"", "S(\\\\ud83dxude00)es$"),
        ROW("\"\\ud7ff\\ue000\"", "S(\\\\ud7ff\\\\ue000)e$"),
        ROW("{\"\\udc00\":1}", "{K(\\\\udc00)esN(1)}$"),
        ROW("\"\\ud83d\\u12\"", "!SYNTAX@11"),
        /* not closed */
        ROW("\"", "!SYNTAX@1"),
        ROW("\"abc", "!SYNTAX@4"),
        ROW("\"abc\\\"", "!SYNTAX@6"),
        ROW("\"0123456789abcdef", "!SYNTAX@17"),
        ROW("{\"a", "{!SYNTAX@3"),
        ROW("\"\\", "!SYNTAX@2"),
        ROW("\"\\u", "!SYNTAX@3"),
        ROW("\"\\u12", "!SYNTAX@5"),
        ROW("'a'", "!SYNTAX@0"),
        /* no such escape */
        ROW("\"\\a\"", "!SYNTAX@2"),
        ROW("\"\\x41\"", "!SYNTAX@2"),
        ROW("\"\\'\"", "!SYNTAX@2"),
        ROW("\"\\0\"", "!SYNTAX@2"),
        ROW("\"\\\0\"", "!SYNTAX@2"),
        ROW("\"\\U0041\"", "!SYNTAX@2"),
        ROW("\"\\\n\"", "!SYNTAX@2"),
        ROW("\"ab\\v\"", "!SYNTAX@4"),
        ROW("\"\\u004\"", "!SYNTAX@6"),
        ROW("\"\\u004g\"", "!SYNTAX@6"),
        ROW("\"\\u00-1\"", "!SYNTAX@5"),
        ROW("\"\\u 041\"", "!SYNTAX@3"),
        ROW("\"\\u{41}\"", "!SYNTAX@3"),
        ROW("\"\\u@000\"", "!SYNTAX@3"),
        ROW("\"\\u`000\"", "!SYNTAX@3"),
        /* raw control characters */
        ROW("\"\n\"", "!SYNTAX@1"),
        ROW("\"a\tb\"", "!SYNTAX@2"),
        ROW("\"a\rb\"", "!SYNTAX@2"),
        ROW("\"a\0b\"", "!SYNTAX@2"),
        ROW("\"\x1f\"", "!SYNTAX@1"),
        ROW("\"0123456789abcde\x01\"", "!SYNTAX@16"),
        ROW("\"0123456789abcdefghij\x1f\"", "!SYNTAX@21"),
        ROW("{\"\n\":1}", "{!SYNTAX@2"),
        /* UTF-8, well formed */
        ROW("\"\xc2\x80\xdf\xbf\"", "S(\\xc2\\x80\\xdf\\xbf)$"),
        ROW("\"\xe0\xa0\x80\xed\x9f\xbf\"", "S(\\xe0\\xa0\\x80\\xed\\x9f\\xbf)$"),
        ROW("\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"", "S(\\xf0\\x90\\x80\\x80\\xf4\\x8f\\xbf\\xbf)$"),
        ROW("\"\xe2\x80\xa8\xef\xbb\xbf\"", "S(\\xe2\\x80\\xa8\\xef\\xbb\\xbf)$"),
        /* and not */
        ROW("\"\x80\"", "!SYNTAX@1"),
        ROW("\"a\xff\"", "!SYNTAX@2"),
        ROW("\"\xc0\x80\"", "!SYNTAX@1"),
        ROW("\"\xc1\xbf\"", "!SYNTAX@1"),
        ROW("\"\xc3\"", "!SYNTAX@1"),
        ROW("\"\xc3", "!SYNTAX@1"),
        ROW("\"\xe2\x82\"", "!SYNTAX@1"),
        ROW("\"\xe2\x82", "!SYNTAX@1"),
        ROW("\"\xe0\x80\x80\"", "!SYNTAX@1"),
        ROW("\"\xed\xa0\x80\"", "!SYNTAX@1"),
        ROW("\"\xf0\x80\x80\x80\"", "!SYNTAX@1"),
        ROW("\"\xf4\x90\x80\x80\"", "!SYNTAX@1"),
        ROW("\"\xf5\x80\x80\x80\"", "!SYNTAX@1"),
        ROW("\"0123456789abcdef\xc3\x28\"", "!SYNTAX@17"),
        ROW("{\"\xff\":1}", "{!SYNTAX@2"),
    };

    (void)state;
    CHECK_ROWS(rows);
}

struct outcome {
    enum cs_json_type type;
    unsigned flags;
    size_t offset;
};

/* Reads a string made of `n_pad` letters and then `content`. */
static struct outcome read_padded(const struct feed_guard *guard, size_t n_pad,
                                  struct cs_view content)
{
    char text[128];
    struct cs_json json;
    struct cs_json_token token;
    struct cs_diag diag = {0};

    assert_true(content.len + n_pad < sizeof(text));
    memset(text, 'x', n_pad + 1);
    text[0] = '"';
    memcpy(text + 1 + n_pad, content.ptr, content.len);
    cs_json_init(&json, feed_guarded(guard, cs_view_of(text, 1 + n_pad + content.len)));
    (void)cs_json_next(&json, &token, &diag);
    return (struct outcome){token.type, token.flags,
                            token.type == CS_JSON_ERROR ? diag.offset - n_pad
                                                        : token.raw.len - n_pad};
}

/* Short strings are read byte by byte and long ones in blocks. Whatever stands before it, the same
 * text has to give the same answer: wherever in a block it falls, and across two of them. */
static void blocks_read_as_bytes_do(void **state)
{
    static const char *const parts[] = {"\\", "\\", "\\",      "\"", "\"",       "n", "u",
                                        "00", "d8", "\\u00e9", "x",  "\xc3\xa9", "\n"};
    struct feed_guard guard = feed_guard_new(4096);
    uint64_t random = FEED_SEED;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct cs_buf content = CS_BUF(100);
        struct outcome wanted;

        while (content.len < 8) {
            size_t pick = (size_t)(feed_random(&random) >> 20) % (sizeof(parts) / sizeof(*parts));
            cs_buf_str(&content, parts[pick]);
        }
        wanted = read_padded(&guard, 0, cs_buf_view(&content));
        for (size_t n_pad = 1; n_pad < 36; n_pad += 1 + (size_t)round % 3) {
            struct outcome got = read_padded(&guard, n_pad, cs_buf_view(&content));

            assert_int_equal(got.type, wanted.type);
            assert_int_equal(got.flags, wanted.flags);
            assert_int_equal(got.offset, wanted.offset);
        }
        cs_buf_free(&content);
    }
    feed_guard_free(&guard);
}

static void bits_are_the_same_without_the_instruction(void **state)
{
    uint64_t random = FEED_SEED;

    (void)state;
    for (int round = 0; round < 1000; round++) {
        char bytes[CS_SCAN_SIZE];
        cs_scan_block block;
        uint32_t wanted = 0;

        for (size_t i = 0; i < CS_SCAN_SIZE; i++) {
            bytes[i] = (char)(feed_random(&random) >> 24);
            wanted |= (uint32_t)((signed char)bytes[i] < 0x20) << i;
        }
        block = cs_scan_load(bytes);
        assert_int_equal(cs_scan_bits(block < 0x20), wanted);
        assert_int_equal(cs_scan_bits_portable(block < 0x20), wanted);
    }
}

/* 309 digits is the longest that a double can hold; 2^1023 is one of them. */
static void very_long_integers(void **state)
{
    struct cs_json json;
    struct cs_json_token token;
    char text[400];

    (void)state;
    (void)snprintf(text, sizeof(text), "%.0f", 0x1p1023);
    cs_json_init(&json, cs_view_str(text));
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_NUMBER);
    assert_int_equal(token.flags, 0);
    text[0]++;
    cs_json_init(&json, cs_view_str(text));
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_NUMBER);
    assert_int_equal(token.flags, CS_JSON_INEXACT);
    memset(text, '9', sizeof(text));
    cs_json_init(&json, cs_view_of(text, sizeof(text)));
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_NUMBER);
    assert_int_equal(token.flags, CS_JSON_INEXACT);
    cs_json_init(&json, cs_view_of(text, 309));
    assert_int_equal(cs_json_next(&json, &token, NULL), CS_JSON_NUMBER);
    assert_int_equal(token.flags, CS_JSON_INEXACT);
}

static void nest(struct cs_buf *text, size_t depth, const char *open, const char *close)
{
    cs_buf_clear(text);
    for (size_t i = 0; i < depth; i++) {
        cs_buf_str(text, open);
    }
    for (size_t i = 0; i < depth; i++) {
        cs_buf_str(text, i == 0 && open[1] ? "1" : "");
        cs_buf_str(text, close);
    }
}

static void depth_has_a_limit(void **state)
{
    struct cs_buf text = CS_BUF(100000);
    struct cs_diag diag;

    (void)state;
    nest(&text, CS_JSON_MAX_DEPTH, "[", "]");
    assert_int_equal(cs_json_check(cs_buf_view(&text), &diag), CS_OK);
    nest(&text, CS_JSON_MAX_DEPTH + 1, "[", "]");
    assert_int_equal(cs_json_check(cs_buf_view(&text), &diag), CS_ERR_LIMIT);
    assert_int_equal(diag.offset, CS_JSON_MAX_DEPTH);
    nest(&text, CS_JSON_MAX_DEPTH, "{\"a\":", "}");
    assert_int_equal(cs_json_check(cs_buf_view(&text), &diag), CS_OK);
    nest(&text, CS_JSON_MAX_DEPTH + 1, "{\"a\":", "}");
    assert_int_equal(cs_json_check(cs_buf_view(&text), &diag), CS_ERR_LIMIT);
    assert_int_equal(diag.offset, (size_t)5 * CS_JSON_MAX_DEPTH);
    /* Kinds alternate across the words of the stack, so that a wrong bit shows. */
    nest(&text, CS_JSON_MAX_DEPTH / 2, "[{\"a\":", "}]");
    assert_int_equal(cs_json_check(cs_buf_view(&text), &diag), CS_OK);
    text.ptr[text.len - 100] ^= '}' ^ ']';
    assert_int_equal(cs_json_check(cs_buf_view(&text), &diag), CS_ERR_SYNTAX);
    assert_int_equal(diag.offset, text.len - 100);
    /* A container that was left makes room. */
    assert_int_equal(cs_json_check(CS_VIEW("[[[]],{},[{}]]"), NULL), CS_OK);
    cs_buf_free(&text);
}

static void tokens_know_their_place(void **state)
{
    static const struct {
        enum cs_json_type type;
        size_t offset;
        unsigned depth;
    } wanted[] = {
        {CS_JSON_OBJECT, 1, 0},      {CS_JSON_KEY, 2, 1},     {CS_JSON_ARRAY, 7, 1},
        {CS_JSON_STRING, 8, 2},      {CS_JSON_NUMBER, 12, 2}, {CS_JSON_ARRAY_END, 13, 1},
        {CS_JSON_OBJECT_END, 15, 0}, {CS_JSON_END, 17, 0},
    };
    struct cs_view text = CS_VIEW(" {\"a\": [\"b\",1] }\n");
    struct cs_json json;
    struct cs_json_token token;

    (void)state;
    cs_json_init(&json, text);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        assert_int_equal(cs_json_next(&json, &token, NULL), wanted[i].type);
        if (wanted[i].type == CS_JSON_NUMBER) {
            assert_true(cs_view_eq(token.raw, CS_VIEW("1")));
        }
        assert_int_equal(token.offset, wanted[i].offset);
        assert_int_equal(token.depth, wanted[i].depth);
    }
}

static void faults_say_why(void **state)
{
    struct cs_diag diag;

    (void)state;
    assert_int_equal(cs_json_check(CS_VIEW("\xef\xbb\xbf{}"), &diag), CS_ERR_SYNTAX);
    assert_string_equal(diag.text, "a byte order mark is not JSON");
    assert_int_equal(cs_json_check(CS_VIEW("[1,01]"), &diag), CS_ERR_SYNTAX);
    assert_string_equal(diag.text, "a number has no leading zeros");
    assert_int_equal(cs_json_check(CS_VIEW("[1"), &diag), CS_ERR_SYNTAX);
    assert_string_equal(diag.text, "expected ',' or ']', but the text ends");
    assert_int_equal(cs_json_check((struct cs_view){NULL, 0}, &diag), CS_ERR_SYNTAX);
    assert_string_equal(diag.text, "expected a value, but the text ends");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structure),
        cmocka_unit_test(numbers),
        cmocka_unit_test(strings),
        cmocka_unit_test(blocks_read_as_bytes_do),
        cmocka_unit_test(bits_are_the_same_without_the_instruction),
        cmocka_unit_test(very_long_integers),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(tokens_know_their_place),
        cmocka_unit_test(faults_say_why),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL) != 0;
}
