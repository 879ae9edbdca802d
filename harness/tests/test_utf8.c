#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/feed.h"
#include "wire/utf8.h"

#define FFFD "\xef\xbf\xbd"

static void *open_decoder(void *ctx)
{
    (void)ctx;
    return calloc(1, sizeof(struct cs_utf8));
}

static void decode_piece(void *decoder, struct cs_view piece, struct cs_buf *log)
{
    cs_utf8_feed(decoder, piece, log);
}

static void close_decoder(void *decoder, struct cs_buf *log)
{
    struct cs_utf8 *utf8 = decoder;

    cs_utf8_finish(utf8, log);
    cs_buf_printf(log, "|%llu", (unsigned long long)utf8->replaced);
    free(utf8);
}

static const struct feed decoder = {open_decoder, decode_piece, close_decoder, NULL};

/* The text, then `|` and the number of replacements: as a TextDecoder gives them. */
static void decodes_with_replacement_in_any_split(void **state)
{
    static const struct {
        struct cs_view input;
        const char *log;
    } cases[] = {
        {{"", 0}, "|0"},
        {{"plain", 5}, "plain|0"},
        {{"sixteen bytes or more, then \xc3\xa9", 30}, "sixteen bytes or more, then \xc3\xa9|0"},
        {{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9}, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80|0"},
        /* first and last of each length */
        {{"\xc2\x80\xdf\xbf", 4}, "\xc2\x80\xdf\xbf|0"},
        {{"\xe0\xa0\x80\xef\xbf\xbf", 6}, "\xe0\xa0\x80\xef\xbf\xbf|0"},
        {{"\xed\x9f\xbf\xee\x80\x80", 6}, "\xed\x9f\xbf\xee\x80\x80|0"},
        {{"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8}, "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf|0"},
        /* bytes that never occur, and continuations without a lead */
        {{"a\xff"
          "b",
          3},
         "a" FFFD "b|1"},
        {{"\x80\xbf", 2}, FFFD FFFD "|2"},
        {{"\xc0\xaf", 2}, FFFD FFFD "|2"},
        {{"\xc1\xbf", 2}, FFFD FFFD "|2"},
        {{"\xf5\x80\x80\x80", 4}, FFFD FFFD FFFD FFFD "|4"},
        /* overlong, surrogate and too large: each byte is a maximal part of its own */
        {{"\xe0\x80\xaf", 3}, FFFD FFFD FFFD "|3"},
        {{"\xe0\x9f\xbf", 3}, FFFD FFFD FFFD "|3"},
        {{"\xed\xa0\x80", 3}, FFFD FFFD FFFD "|3"},
        {{"\xed\xbf\xbf", 3}, FFFD FFFD FFFD "|3"},
        {{"\xf0\x8f\xbf\xbf", 4}, FFFD FFFD FFFD FFFD "|4"},
        {{"\xf4\x90\x80\x80", 4}, FFFD FFFD FFFD FFFD "|4"},
        /* cut sequences: one replacement for the part that was right so far */
        {{"\xc3", 1}, FFFD "|1"},
        {{"\xe2\x82", 2}, FFFD "|1"},
        {{"\xf0\x9f\x98", 3}, FFFD "|1"},
        {{"\xe2\x82z", 3}, FFFD "z|1"},
        {{"\xf0\x9f\x98\xc3\xa9", 5}, FFFD "\xc3\xa9|1"},
        {{"\xf0\x9f\xf0\x9f\x98\x80", 6}, FFFD "\xf0\x9f\x98\x80|1"},
        {{"\xc3\xc3\xa9", 3}, FFFD "\xc3\xa9|1"},
        {{"\xe2\xe2\xe2", 3}, FFFD FFFD FFFD "|3"},
        /* byte order mark: dropped once, at the very start only */
        {{"\xef\xbb\xbf", 3}, "|0"},
        {{"\xef\xbb\xbfx", 4}, "x|0"},
        {{"\xef\xbb\xbf\xef\xbb\xbf", 6}, "\xef\xbb\xbf|0"},
        {{"x\xef\xbb\xbf", 4}, "x\xef\xbb\xbf|0"},
        {{"\xef\xbb", 2}, FFFD "|1"},
        {{"\xef\xbbx", 3}, FFFD "x|1"},
        {{"\xef\xbb\xbe", 3}, "\xef\xbb\xbe|0"},
        {{"\xff\xef\xbb\xbf", 4}, FFFD "\xef\xbb\xbf|1"},
        {{"\xefz\xef\xbb\xbf", 5}, FFFD "z\xef\xbb\xbf|1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        feed_check(&decoder, cases[i].input, cases[i].log);
    }
}

static void nul_is_a_character(void **state)
{
    struct cs_utf8 utf8 = {0};
    struct cs_buf out = CS_BUF(10);

    (void)state;
    cs_utf8_feed(&utf8, CS_VIEW("\0\0"), &out);
    cs_utf8_finish(&utf8, &out);
    assert_true(cs_view_eq(cs_buf_view(&out), CS_VIEW("\0\0")));
    cs_buf_free(&out);
}

/* Every code point goes out and comes back; every surrogate and what lies beyond is replaced. */
static void all_code_points(void **state)
{
    struct cs_buf out = CS_BUF(8);

    (void)state;
    for (uint32_t point = 0; point < 0x110100; point++) {
        bool scalar = point < 0xd800 || (point > 0xdfff && point < 0x110000);
        size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

        cs_buf_clear(&out);
        cs_utf8_put(&out, point);
        if (!scalar) {
            assert_true(cs_view_eq(cs_buf_view(&out), CS_VIEW(FFFD)));
            continue;
        }
        assert_int_equal(out.len, len);
        assert_int_equal(cs_utf8_sequence(cs_buf_view(&out)), len);
        assert_int_equal(cs_utf8_valid_prefix(cs_buf_view(&out)), len);
        assert_int_equal(cs_utf8_utf16_len(cs_buf_view(&out)), len == 4 ? 2 : 1);
        assert_int_equal(cs_utf8_sequence(cs_view_of(out.ptr, len - 1)), 0);
    }
    cs_buf_free(&out);
}

static void valid_prefix_finds_the_first_fault(void **state)
{
    static const char good[] =
        "0123456789abcdef0123456789\xc3\xa9\xf0\x9f\x98\x80 0123456789abcdef";
    struct feed_guard guard = feed_guard_new(sizeof(good));

    (void)state;
    assert_int_equal(cs_utf8_valid_prefix((struct cs_view){NULL, 0}), 0);
    for (size_t at = 0; at < sizeof(good) - 1; at++) {
        char bad[sizeof(good)];
        size_t wanted = at;

        memcpy(bad, good, sizeof(good));
        bad[at] = '\xff';
        /* A fault inside a sequence makes the sequence itself the first fault. */
        while ((good[wanted] & 0xc0) == 0x80) {
            wanted--;
        }
        assert_int_equal(
            cs_utf8_valid_prefix(feed_guarded(&guard, cs_view_of(bad, sizeof(bad) - 1))), wanted);
    }
    assert_int_equal(cs_utf8_valid_prefix(feed_guarded(&guard, CS_VIEW(good))), sizeof(good) - 1);
    assert_int_equal(cs_utf8_valid_prefix(feed_guarded(&guard, CS_VIEW("ab\xe2\x82"))), 2);
    feed_guard_free(&guard);
}

static void utf16_length_is_that_of_javascript(void **state)
{
    (void)state;
    assert_int_equal(cs_utf8_utf16_len(CS_VIEW("")), 0);
    assert_int_equal(cs_utf8_utf16_len(CS_VIEW("a\xc3\xa9\xe2\x82\xac")), 3);
    assert_int_equal(cs_utf8_utf16_len(CS_VIEW("\xf0\x9f\x98\x80!")), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_with_replacement_in_any_split),
        cmocka_unit_test(nul_is_a_character),
        cmocka_unit_test(all_code_points),
        cmocka_unit_test(valid_prefix_finds_the_first_fault),
        cmocka_unit_test(utf16_length_is_that_of_javascript),
    };

    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL) != 0;
}
