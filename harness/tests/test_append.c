/* The write path: escaping, the envelope, what it weighs, trim bodies, and text decoding before the
 * envelope, fed in every split. Expected sizes are those of LIM-06 to LIM-10. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "feed.h"
#include "wire/append.h"
#include "wire/json.h"
#include "wire/utf8.h"

#define UUID           "123e4567-e89b-42d3-a456-426614174000" /* 36 characters */
#define NANOID_7       "aB3-_x9"                              /* what a server makes up */
#define NANOID_21      "V1StGXR8_Z5jdHi6B-myT"
#define FOUR_CONTROLS  "\x01\x1f\x0b\x7f"
#define LIMIT_TEST_MAX ((size_t)8 * 1024 * 1024)

static void assert_text(struct cs_buf *buf, struct cs_view expected)
{
    assert_int_equal(cs_buf_error(buf), CS_OK);
    if (!cs_view_eq(cs_buf_view(buf), expected)) {
        fail_msg("got %.*s, expected %.*s", CS_VIEW_ARG(cs_buf_view(buf)), CS_VIEW_ARG(expected));
    }
}

static void escapes_are_those_of_stringify(void **state)
{
    (void)state;
    const struct {
        struct cs_view text;
        struct cs_view escaped;
    } rows[] = {
        {CS_VIEW(""), CS_VIEW("")},
        {CS_VIEW("plain"), CS_VIEW("plain")},
        {CS_VIEW("\""), CS_VIEW("\\\"")},
        {CS_VIEW("\\"), CS_VIEW("\\\\")},
        {CS_VIEW("/"), CS_VIEW("/")},
        {CS_VIEW("\n\r\t\b\f"), CS_VIEW("\\n\\r\\t\\b\\f")},
        {CS_VIEW("\0"), CS_VIEW("\\u0000")},
        {CS_VIEW(FOUR_CONTROLS), CS_VIEW("\\u0001\\u001f\\u000b\x7f")},
        {CS_VIEW("h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
         CS_VIEW("h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")},
        {CS_VIEW("\xe2\x80\xa8\xe2\x80\xa9"), CS_VIEW("\xe2\x80\xa8\xe2\x80\xa9")},
        {CS_VIEW("a\"b\nc"), CS_VIEW("a\\\"b\\nc")},
        {CS_VIEW("\"\"tail"), CS_VIEW("\\\"\\\"tail")},
        {CS_VIEW("<script>&'"), CS_VIEW("<script>&'")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cs_buf out = CS_BUF(256);
        cs_json_escape(&out, rows[i].text);
        assert_text(&out, rows[i].escaped);
        assert_int_equal(cs_json_escaped_len(rows[i].text), rows[i].escaped.len);
        cs_buf_free(&out);
    }
}

/* LIM-07, every byte by itself: the length function, the text and the table agree. */
static void each_byte_costs_what_the_table_says(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        struct cs_view view = cs_view_of(&text, 1);
        size_t expected = byte < 0x20 ? 6 : 1;
        if (byte != 0 && strchr("\"\\\n\r\t\b\f", (int)byte) != NULL) {
            expected = 2;
        }
        struct cs_buf out = CS_BUF(16);
        cs_json_escape(&out, view);
        assert_int_equal(out.len, expected);
        assert_int_equal(cs_json_escaped_len(view), expected);
        cs_buf_free(&out);
    }
}

static void escaping_stops_at_the_ceiling(void **state)
{
    (void)state;
    struct cs_buf out = CS_BUF(6);
    cs_json_escape(&out, CS_VIEW("\x01"));
    assert_int_equal(cs_buf_error(&out), CS_OK);
    cs_json_escape(&out, CS_VIEW("x"));
    assert_int_equal(cs_buf_error(&out), CS_ERR_LIMIT);
    assert_int_equal(out.len, 6);
    cs_buf_free(&out);
}

static void envelope_text_is_exact(void **state)
{
    (void)state;
    const struct {
        struct cs_view body;
        struct cs_view part_id;
        struct cs_view envelope;
    } rows[] = {
        {CS_VIEW(""), CS_VIEW(""), CS_VIEW("{\"data\":\"\",\"id\":\"\"}")},
        {CS_VIEW("{\"kind\":\"message\"}"), CS_VIEW("p1"),
         CS_VIEW("{\"data\":\"{\\\"kind\\\":\\\"message\\\"}\",\"id\":\"p1\"}")},
        {CS_VIEW("not json\n"), CS_VIEW("a\"b\\"),
         CS_VIEW("{\"data\":\"not json\\n\",\"id\":\"a\\\"b\\\\\"}")},
        {CS_VIEW("\0\xc3\xa9"), CS_VIEW("x"),
         CS_VIEW("{\"data\":\"\\u0000\xc3\xa9\",\"id\":\"x\"}")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cs_buf out = CS_BUF(256);
        cs_append_wrap(&out, rows[i].body, rows[i].part_id);
        assert_text(&out, rows[i].envelope);
        assert_int_equal(cs_append_metered(rows[i].body, rows[i].part_id), 8 + out.len);
        cs_buf_free(&out);
    }
}

/* What was wrapped comes out again through the strict readers. */
static void envelope_reads_back(void **state)
{
    (void)state;
    struct cs_view body = CS_VIEW("a\"\\/\b\f\n\r\t\0\x1f\x7f\xf0\x9f\x98\x80");
    struct cs_buf out = CS_BUF(512);
    struct cs_buf data = CS_BUF(512);
    struct cs_view value;
    cs_append_wrap(&out, body, CS_VIEW("id \"1\""));
    assert_int_equal(cs_json_check(cs_buf_view(&out), NULL), CS_OK);
    assert_int_equal(cs_json_get(cs_buf_view(&out), CS_VIEW("data"), &value), CS_OK);
    assert_int_equal(cs_json_string(value, &data), CS_OK);
    assert_text(&data, body);
    cs_buf_clear(&data);
    assert_int_equal(cs_json_get(cs_buf_view(&out), CS_VIEW("id"), &value), CS_OK);
    assert_int_equal(cs_json_string(value, &data), CS_OK);
    assert_text(&data, CS_VIEW("id \"1\""));
    cs_buf_free(&out);
    cs_buf_free(&data);
}

/* One body of `len` times `byte` at the limit and one more byte past it; the built envelope weighs
 * what the count says. */
static void check_boundary(char byte, size_t len, struct cs_view part_id, size_t over)
{
    char *body = malloc(len + 1);
    assert_non_null(body);
    memset(body, byte, len + 1);
    size_t metered = cs_append_metered(cs_view_of(body, len), part_id);
    assert_true(metered <= CS_RECORD_MAX_METERED);
    assert_int_equal(cs_append_metered(cs_view_of(body, len + 1), part_id),
                     CS_RECORD_MAX_METERED + over);

    struct cs_buf out = CS_BUF(LIMIT_TEST_MAX);
    cs_append_wrap(&out, cs_view_of(body, len), part_id);
    assert_int_equal(cs_buf_error(&out), CS_OK);
    assert_int_equal(8 + out.len, metered);
    cs_buf_free(&out);
    free(body);
}

static void largest_bodies_fit_to_the_byte(void **state)
{
    (void)state;
    /* LIM-06: no escapes; the limit is reached exactly. */
    check_boundary('1', 1048542, CS_VIEW(NANOID_7), 1);
    check_boundary('1', 1048528, CS_VIEW(NANOID_21), 1);
    check_boundary('1', 1048513, CS_VIEW(UUID), 1);
    check_boundary('1', 1048549, CS_VIEW(""), 1);
    /* LIM-08: each byte costs 2. With 36 characters one byte of room stays unused. */
    check_boundary('"', 524271, CS_VIEW(NANOID_7), 2);
    check_boundary('"', 524256, CS_VIEW(UUID), 1);
    check_boundary('\n', 524271, CS_VIEW(NANOID_7), 2);
    /* LIM-09: each byte costs 6. */
    check_boundary('\x01', 174757, CS_VIEW(NANOID_7), 6);
    /* DEL costs 1 (LIM-07). */
    check_boundary('\x7f', 1048542, CS_VIEW(NANOID_7), 1);
    /* A part id that needs escapes takes its room from the body. */
    check_boundary('1', 1048549 - 4, CS_VIEW("\"\""), 1);
}

/* LIM-10: bytes that are not UTF-8 weigh what their replacement weighs. */
static void invalid_bytes_weigh_three(void **state)
{
    (void)state;
    const struct {
        size_t len;
        bool fits;
    } rows[] = {{349514, true}, {349515, false}};
    for (size_t i = 0; i < 2; i++) {
        char *raw = malloc(rows[i].len);
        assert_non_null(raw);
        memset(raw, 0xff, rows[i].len);
        struct cs_utf8 utf8 = {0};
        struct cs_buf text = CS_BUF(LIMIT_TEST_MAX);
        cs_utf8_feed(&utf8, cs_view_of(raw, rows[i].len), &text);
        cs_utf8_finish(&utf8, &text);
        assert_int_equal(cs_buf_error(&text), CS_OK);
        size_t metered = cs_append_metered(cs_buf_view(&text), CS_VIEW(NANOID_7));
        assert_int_equal(metered <= CS_RECORD_MAX_METERED, rows[i].fits);
        cs_buf_free(&text);
        free(raw);
    }
}

/* A request body arrives in pieces: decoded piece by piece, then wrapped. */
struct wrapper {
    struct cs_utf8 utf8;
    struct cs_buf text;
};

static void *wrapper_open(void *ctx)
{
    (void)ctx;
    struct wrapper *wrapper = calloc(1, sizeof *wrapper);
    if (wrapper != NULL) {
        wrapper->text = CS_BUF(LIMIT_TEST_MAX);
    }
    return wrapper;
}

static void wrapper_piece(void *reader, struct cs_view piece, struct cs_buf *log)
{
    struct wrapper *wrapper = reader;
    (void)log;
    cs_utf8_feed(&wrapper->utf8, piece, &wrapper->text);
}

static void wrapper_close(void *reader, struct cs_buf *log)
{
    struct wrapper *wrapper = reader;
    cs_utf8_finish(&wrapper->utf8, &wrapper->text);
    cs_append_wrap(log, cs_buf_view(&wrapper->text), CS_VIEW("p"));
    cs_buf_free(&wrapper->text);
    free(wrapper);
}

static void wrapping_is_the_same_for_every_split(void **state)
{
    (void)state;
    const struct feed wrapping = {wrapper_open, wrapper_piece, wrapper_close, NULL};
    /* APP-09: mark dropped, well-started sequences replaced as a whole, stray bytes one by one. */
    feed_check(&wrapping, CS_VIEW("\xef\xbb\xbf{\"a\":\"\xc3\xa9\n\"}"),
               "{\"data\":\"{\\\"a\\\":\\\"\xc3\xa9\\n\\\"}\",\"id\":\"p\"}");
    feed_check(&wrapping, CS_VIEW("\xe2\x82x\xff\xff\xf0\x9f\x98"),
               "{\"data\":\"\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",\"id\":\"p\"}");
    feed_check(&wrapping, CS_VIEW(""), "{\"data\":\"\",\"id\":\"p\"}");
}

static void metered_counts_headers(void **state)
{
    (void)state;
    const struct cs_header trim[] = {{CS_VIEW(""), CS_VIEW("trim")}};
    const struct cs_header two[] = {{CS_VIEW("trigger-control"), CS_VIEW("turn-complete")},
                                    {CS_VIEW("x"), CS_VIEW("")}};
    assert_int_equal(cs_record_metered(NULL, 0, 0), 8);
    assert_int_equal(cs_record_metered(NULL, 0, 100), 108);
    assert_int_equal(cs_record_metered(trim, 1, 8), 22); /* LIM-26 */
    assert_int_equal(cs_record_metered(two, 2, 5), 8 + 4 + 15 + 13 + 1 + 5);
}

static void metered_overflow_saturates(void **state)
{
    (void)state;
    const struct cs_header name[] = {{{"", SIZE_MAX - 9}, {"", 0}}};
    const struct cs_header value[] = {{{"", 1}, {"", SIZE_MAX - 10}}, {{"", 1}, {"", 1}}};
    assert_true(cs_record_metered(NULL, 0, SIZE_MAX - 9) == SIZE_MAX - 1);
    assert_true(cs_record_metered(NULL, 0, SIZE_MAX - 7) == SIZE_MAX);
    assert_true(cs_record_metered(NULL, 0, SIZE_MAX) == SIZE_MAX);
    assert_true(cs_record_metered(name, 1, 0) == SIZE_MAX);
    assert_true(cs_record_metered(value, 2, 0) == SIZE_MAX);
}

static void trim_bodies_are_big_endian(void **state)
{
    (void)state;
    const struct {
        uint64_t first_kept;
        struct cs_view body;
    } rows[] = {
        {0, CS_VIEW("\0\0\0\0\0\0\0\0")},
        {1, CS_VIEW("\0\0\0\0\0\0\0\x01")},
        {0x0102030405060708, CS_VIEW("\x01\x02\x03\x04\x05\x06\x07\x08")},
        {UINT64_MAX, CS_VIEW("\xff\xff\xff\xff\xff\xff\xff\xff")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char body[8];
        uint64_t read = 42;
        cs_trim_encode(rows[i].first_kept, body);
        assert_memory_equal(body, rows[i].body.ptr, sizeof body);
        assert_int_equal(cs_trim_decode(rows[i].body, &read), CS_OK);
        assert_true(read == rows[i].first_kept);
    }
    uint64_t untouched = 42;
    assert_int_equal(cs_trim_decode(CS_VIEW(""), &untouched), CS_ERR_SYNTAX);
    assert_int_equal(cs_trim_decode(CS_VIEW("1234567"), &untouched), CS_ERR_SYNTAX);
    assert_int_equal(cs_trim_decode(CS_VIEW("123456789"), &untouched), CS_ERR_SYNTAX);
    assert_true(untouched == 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_those_of_stringify),
        cmocka_unit_test(each_byte_costs_what_the_table_says),
        cmocka_unit_test(escaping_stops_at_the_ceiling),
        cmocka_unit_test(envelope_text_is_exact),
        cmocka_unit_test(envelope_reads_back),
        cmocka_unit_test(largest_bodies_fit_to_the_byte),
        cmocka_unit_test(invalid_bytes_weigh_three),
        cmocka_unit_test(wrapping_is_the_same_for_every_split),
        cmocka_unit_test(metered_counts_headers),
        cmocka_unit_test(metered_overflow_saturates),
        cmocka_unit_test(trim_bodies_are_big_endian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
