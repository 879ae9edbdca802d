/* Frames of S2 sessions: cut anywhere, capped, and refused where the rules say so. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "wire/s2s.h"

/* Reads everything in pieces of `step` bytes; writes what came as "flag status payload;" lines, and
 * "bad: why" at the end of a broken stream. */
static void read_all(struct cs_view input, size_t step, bool from_server, struct cs_buf *out)
{
    struct cs_s2s_reader reader = {.from_server = from_server};
    enum cs_s2s_step result = CS_S2S_MORE;
    while (input.len > 0 && result != CS_S2S_BAD) {
        size_t n = step < input.len ? step : input.len;
        struct cs_view piece = cs_view_of(input.ptr, n);
        input = cs_view_of(input.ptr + n, input.len - n);
        struct cs_s2s_frame frame;
        struct cs_diag diag = {0};
        while ((result = cs_s2s_read(&reader, &piece, &frame, &diag)) == CS_S2S_FRAME) {
            cs_buf_printf(out, "%02x %d %.*s;", frame.flag, frame.status,
                          CS_VIEW_ARG(frame.payload));
        }
        if (result == CS_S2S_BAD) {
            cs_buf_printf(out, "bad at %llu: %s", (unsigned long long)diag.offset, diag.text);
        }
    }
    if (result != CS_S2S_BAD && !cs_s2s_at_boundary(&reader)) {
        cs_buf_str(out, "cut");
    }
    cs_s2s_reader_free(&reader);
}

static void expect(struct cs_view input, size_t step, bool from_server, const char *wanted)
{
    struct cs_buf out = CS_BUF((size_t)4096);
    read_all(input, step, from_server, &out);
    cs_buf_char(&out, '\0');
    assert_int_equal(cs_buf_error(&out), CS_OK);
    assert_string_equal(out.ptr, wanted);
    cs_buf_free(&out);
}

static void frames_come_whole_wherever_they_are_cut(void **state)
{
    (void)state;
    struct cs_buf text = CS_BUF((size_t)4096);
    cs_s2s_put(&text, 0, CS_VIEW("first"));
    cs_s2s_put(&text, 0, CS_VIEW(""));
    cs_s2s_put(&text, CS_S2S_RECONNECT, CS_VIEW("third"));
    cs_s2s_put_terminal(&text, 404, CS_VIEW("{}"));
    assert_int_equal(cs_buf_error(&text), CS_OK);
    for (size_t step = 1; step <= text.len; step++) {
        expect(cs_buf_view(&text), step, true, "00 0 first;00 0 ;10 0 third;80 404 {};");
    }
    for (size_t len = 1; len < 9; len++) {
        expect(cs_view_of(text.ptr, len), 1, false, "cut");
    }
    cs_buf_free(&text);
}

static void what_breaks_the_rules_is_refused(void **state)
{
    (void)state;
    const struct {
        struct cs_view input;
        bool from_server;
        const char *wanted;
    } rows[] = {
        {CS_VIEW("\0\0\0"), true, "bad at 0: a frame of length 0"},
        {CS_VIEW("\0\0\2\0a\0\0\0"), false, "00 0 a;bad at 5: a frame of length 0"},
        {CS_VIEW("\x20\0\1"), true, "bad at 0: a frame over 2 MiB"},
        {CS_VIEW("\0\0\1\x20"), true, "bad at 0: the frame is compressed, which was not offered"},
        {CS_VIEW("\0\0\1\x40"), false, "bad at 0: the frame is compressed, which was not offered"},
        {CS_VIEW("\0\0\1\1"), false,
         "bad at 0: bits of the frame's flag that must be zero are set"},
        {CS_VIEW("\0\0\5\x80\1\x94{}"), false,
         "bad at 0: only a server's frame may be terminal or advise to reconnect"},
        {CS_VIEW("\0\0\1\x10"), false,
         "bad at 0: only a server's frame may be terminal or advise to reconnect"},
        {CS_VIEW("\0\0\2\x80\1"), true, "bad at 0: a terminal frame without a status"},
        {CS_VIEW("\0\0\3\x80\1\xf7"), true, "80 503 ;"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t step = 1; step <= rows[i].input.len; step++) {
            expect(rows[i].input, step, rows[i].from_server, rows[i].wanted);
        }
    }
}

/* The longest frame is taken, and its memory given back; one byte more is refused at its length. */
static void lengths_are_capped(void **state)
{
    (void)state;
    size_t len = CS_S2S_LENGTH_MAX - 1;
    char *payload = calloc(1, len + 1);
    assert_non_null(payload);
    struct cs_buf text = CS_BUF(2 * CS_S2S_LENGTH_MAX);
    cs_s2s_put(&text, 0, cs_view_of(payload, len));
    assert_int_equal(cs_buf_error(&text), CS_OK);
    struct cs_s2s_reader reader = {0};
    struct cs_view input = cs_buf_view(&text);
    struct cs_s2s_frame frame;
    assert_int_equal(cs_s2s_read(&reader, &input, &frame, NULL), CS_S2S_FRAME);
    assert_int_equal(frame.payload.len, len);
    assert_int_equal(cs_s2s_read(&reader, &input, &frame, NULL), CS_S2S_MORE);
    assert_null(reader.buf.ptr);
    cs_s2s_reader_free(&reader);
    cs_buf_clear(&text);
    cs_s2s_put(&text, 0, cs_view_of(payload, len + 1));
    assert_int_equal(cs_buf_error(&text), CS_ERR_LIMIT);
    cs_buf_free(&text);
    free(payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_whole_wherever_they_are_cut),
        cmocka_unit_test(what_breaks_the_rules_is_refused),
        cmocka_unit_test(lengths_are_capped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
