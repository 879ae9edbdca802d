#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "tests/feed.h"
#include "wire/sse.h"

#define FFFD "\xef\xbf\xbd"
#define MARK "\xef\xbb\xbf"

/* One letter per flag, in the order of the bits. */
static void log_flags(struct cs_buf *log, unsigned flags)
{
    static const char letters[] = "lwrEITUC!n";

    for (size_t i = 0; i < sizeof(letters) - 1; i++) {
        if (flags & 1u << i) {
            cs_buf_char(log, letters[i]);
        }
    }
}

static void log_event(struct cs_buf *log, const struct cs_sse_event *event)
{
    cs_buf_printf(log, "%llu-%llu ", (unsigned long long)event->start,
                  (unsigned long long)event->end);
    log_flags(log, event->flags);
    cs_buf_str(log, " <");
    cs_buf_add(log, event->event);
    cs_buf_str(log, "> <");
    cs_buf_add(log, event->id);
    cs_buf_printf(log, "> %zu <", event->n_data_lines);
    cs_buf_add(log, event->data);
    cs_buf_str(log, ">;");
}

struct reading {
    struct cs_sse *sse;
    bool failed;
};

static void *open_sse(void *ctx)
{
    const size_t *max_event = ctx;
    struct reading *reading = calloc(1, sizeof(*reading));

    assert_non_null(reading);
    reading->sse = cs_sse_new(max_event ? *max_event : 0);
    assert_non_null(reading->sse);
    return reading;
}

static void piece_sse(void *reader, struct cs_view piece, struct cs_buf *log)
{
    struct reading *reading = reader;
    struct cs_sse_event event;
    struct cs_diag diag;
    enum cs_step step;

    while ((step = cs_sse_next(reading->sse, &piece, &event, &diag)) == CS_STEP_EVENT) {
        log_event(log, &event);
    }
    if (step == CS_STEP_MORE) {
        assert_int_equal(piece.len, 0);
    } else if (!reading->failed) {
        reading->failed = true;
        cs_buf_printf(log, "%s at %llu;", cs_err_name(diag.code), (unsigned long long)diag.offset);
    }
}

static void close_sse(void *reader, struct cs_buf *log)
{
    struct reading *reading = reader;

    if (!reading->failed) {
        cs_buf_printf(log, "%llu left of %llu", (unsigned long long)cs_sse_finish(reading->sse),
                      (unsigned long long)cs_sse_offset(reading->sse));
    }
    cs_sse_free(reading->sse);
    free(reading);
}

static const struct feed sse_feed = {open_sse, piece_sse, close_sse, NULL};

struct framing {
    struct cs_view input;
    const char *log;
};

/* A NUL in the input is why the length is taken from the literal. */
#define FRAME(text, log)                  \
    {                                     \
        {(text), sizeof(text) - 1}, (log) \
    }

static void check_all(const struct framing *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        feed_check(&sse_feed, cases[i].input, cases[i].log);
    }
}
#define CHECK_ALL(cases) check_all((cases), sizeof(cases) / sizeof(*(cases)))

/* start-end flags <event> <id> n_data_lines <data>; flags: l LF, w CRLF, r CR, E event, I id,
 * T retry, U unknown field, C comment, ! replaced UTF-8, n no space after data: */
static void fields(void **state)
{
    static const struct framing cases[] = {
        FRAME("", "0 left of 0"),
        FRAME("data: a\n\n", "0-9 l <> <> 1 <a>;0 left of 9"),
        FRAME("event: batch\nid: 1,2,3\ndata: {}\n\n",
              "0-33 lEI <batch> <1,2,3> 1 <{}>;0 left of 33"),
        FRAME("data: {}\nid: 7\nevent: e\n\n", "0-25 lEI <e> <7> 1 <{}>;0 left of 25"),
        /* one space is dropped, no more and no other blank */
        FRAME("data:a\n\n", "0-8 ln <> <> 1 <a>;0 left of 8"),
        FRAME("data:  a \n\n", "0-11 l <> <> 1 < a >;0 left of 11"),
        FRAME("data:\ta\n\n", "0-9 ln <> <> 1 <\ta>;0 left of 9"),
        FRAME("event:e\nid:1\ndata: a\n\n", "0-22 lEI <e> <1> 1 <a>;0 left of 22"),
        /* only the first colon divides */
        FRAME("data: a: b\n\n", "0-12 l <> <> 1 <a: b>;0 left of 12"),
        FRAME("data::\n\n", "0-8 ln <> <> 1 <:>;0 left of 8"),
        /* a line without a colon is a field without a value */
        FRAME("data\n\n", "0-6 l <> <> 1 <>;0 left of 6"),
        FRAME("data:\n\n", "0-7 ln <> <> 1 <>;0 left of 7"),
        FRAME("data: \n\n", "0-8 l <> <> 1 <>;0 left of 8"),
        FRAME("data\ndata\n\n", "0-11 l <> <> 2 <\n>;0 left of 11"),
        FRAME("data: a\nevent\nid\n\n", "0-18 lEI <> <> 1 <a>;0 left of 18"),
        /* several data lines */
        FRAME("data: a\ndata: b\n\n", "0-17 l <> <> 2 <a\nb>;0 left of 17"),
        FRAME("data: a\nid: 1\ndata:\ndata: c\n\n", "0-29 lIn <> <1> 3 <a\n\nc>;0 left of 29"),
        FRAME("data:\ndata: b\n\n", "0-15 ln <> <> 2 <\nb>;0 left of 15"),
        /* the last event and id of a block count, and nothing stays for the next block */
        FRAME("event: a\nevent: b\nid: 1\nid: 2\ndata: x\n\ndata: y\n\n",
              "0-39 lEI <b> <2> 1 <x>;39-48 l <> <> 1 <y>;0 left of 48"),
        FRAME("event: a\nevent:\ndata: x\n\n", "0-25 lE <> <> 1 <x>;0 left of 25"),
        /* names are exact */
        FRAME("Data: a\n\n", "0 left of 9"),
        FRAME(" data: a\n\n", "0 left of 10"),
        FRAME("data : a\ndata: b\n\n", "0-18 lU <> <> 1 <b>;0 left of 18"),
        FRAME("dat: a\ndata: b\n\n", "0-16 lU <> <> 1 <b>;0 left of 16"),
        FRAME("data\0: a\ndata: b\n\n", "0-18 lU <> <> 1 <b>;0 left of 18"),
        FRAME("retry: 10\ndata: b\n\n", "0-19 lT <> <> 1 <b>;0 left of 19"),
        FRAME("retry: x\ndata: b\n\n", "0-18 lT <> <> 1 <b>;0 left of 18"),
        FRAME(": hello\ndata: b\n:\n\n", "0-19 lC <> <> 1 <b>;0 left of 19"),
        /* an id with a NUL is passed over, an earlier one stays */
        FRAME("id: 1\nid: a\0b\ndata: c\n\n", "0-23 lI <> <1> 1 <c>;0 left of 23"),
        FRAME("id: \0\ndata: c\n\n", "0-15 l <> <> 1 <c>;0 left of 15"),
    };

    (void)state;
    CHECK_ALL(cases);
    /* A NUL in data and event is text; the log would end there as a C string. */
    feed_check(&sse_feed, CS_VIEW("event: a\0b\ndata: \0\0\n\n"), NULL);
}

static void nul_in_data_is_kept(void **state)
{
    struct cs_sse *sse = cs_sse_new(0);
    struct cs_view input = CS_VIEW("event: a\0b\ndata: \0\0\n\n");
    struct cs_sse_event event;

    (void)state;
    assert_non_null(sse);
    assert_int_equal(cs_sse_next(sse, &input, &event, NULL), CS_STEP_EVENT);
    assert_true(cs_view_eq(event.event, CS_VIEW("a\0b")));
    assert_true(cs_view_eq(event.data, CS_VIEW("\0\0")));
    cs_sse_free(sse);
    cs_sse_free(NULL);
}

static void blocks(void **state)
{
    static const struct framing cases[] = {
        /* blank lines alone, comments and blocks without data are no events */
        FRAME("\n\n\n", "0 left of 3"),
        FRAME("\r\r\n\n", "0 left of 4"),
        FRAME(": a\n\n: b\n\n", "0 left of 10"),
        FRAME("event: a\nid: 1\n\ndata: b\n\n", "16-25 l <> <> 1 <b>;0 left of 25"),
        FRAME("retry: 5\n\nx\n\ndata: b\n\n", "13-22 l <> <> 1 <b>;0 left of 22"),
        FRAME("\n\ndata: a\n\n\n\ndata: b\n\n",
              "2-11 l <> <> 1 <a>;13-22 l <> <> 1 <b>;0 left of 22"),
        /* what the end of the stream cuts off is discarded, and counted */
        FRAME("data: a", "7 left of 7"),
        FRAME("data: a\n", "8 left of 8"),
        FRAME("data: a\r", "8 left of 8"),
        FRAME("data: a\r\n", "9 left of 9"),
        FRAME("data: a\n\nd", "0-9 l <> <> 1 <a>;1 left of 10"),
        FRAME("data: a\r\n\r\ndata", "0-10 w <> <> 1 <a>;4 left of 15"),
        FRAME("\n:", "1 left of 2"),
    };

    (void)state;
    CHECK_ALL(cases);
}

static void line_ends(void **state)
{
    static const struct framing cases[] = {
        FRAME("data: a\r\n\r\n", "0-10 w <> <> 1 <a>;0 left of 11"),
        FRAME("data: a\r\n\r\ndata: b\r\n\r\n",
              "0-10 w <> <> 1 <a>;11-21 w <> <> 1 <b>;0 left of 22"),
        FRAME("data: a\r\r", "0-9 r <> <> 1 <a>;0 left of 9"),
        FRAME("data: a\rdata: b\r\rdata: c\r\r",
              "0-17 r <> <> 2 <a\nb>;17-26 r <> <> 1 <c>;0 left of 26"),
        /* mixed: the CR of the blank line is known with the next block only */
        FRAME("data: a\r\n\n", "0-10 lw <> <> 1 <a>;0 left of 10"),
        FRAME("data: a\n\r\n", "0-9 l <> <> 1 <a>;0 left of 10"),
        FRAME("data: a\n\rdata: b\n\n", "0-9 l <> <> 1 <a>;9-18 lr <> <> 1 <b>;0 left of 18"),
        FRAME("data: a\n\r\ndata: b\n\n", "0-9 l <> <> 1 <a>;10-19 lw <> <> 1 <b>;0 left of 19"),
        FRAME("data: a\rdata: b\ndata: c\r\n\n", "0-26 lwr <> <> 3 <a\nb\nc>;0 left of 26"),
        /* LF CR is two line ends, CR CR LF as well */
        FRAME("data: a\n\rx\n\n", "0-9 l <> <> 1 <a>;0 left of 12"),
        FRAME("data: a\r\r\n", "0-9 r <> <> 1 <a>;0 left of 10"),
        FRAME("data: a\r\r\n\n", "0-9 r <> <> 1 <a>;0 left of 11"),
        /* other characters that look like line ends are text */
        FRAME("data: a\v\f\xc2\x85\xe2\x80\xa8z\n\n",
              "0-17 l <> <> 1 <a\v\f\xc2\x85\xe2\x80\xa8z>;0 left of 17"),
        FRAME("data: a\\n\n\n", "0-11 l <> <> 1 <a\\n>;0 left of 11"),
    };

    (void)state;
    CHECK_ALL(cases);
}

static void decoding(void **state)
{
    static const struct framing cases[] = {
        FRAME("data: \xc3\xa9\xf0\x9f\x98\x80\n\n",
              "0-14 l <> <> 1 <\xc3\xa9\xf0\x9f\x98\x80>;0 left of 14"),
        FRAME("data: a\xff"
              "b\n\n",
              "0-11 l! <> <> 1 <a" FFFD "b>;0 left of 11"),
        FRAME("event: \xff\nid: \xc3\ndata: x\n\n",
              "0-24 lEI! <" FFFD "> <" FFFD "> 1 <x>;0 left of 24"),
        /* a line end ends a broken sequence too, and is not swallowed by it */
        FRAME("data: \xe2\x82\n\n", "0-10 l! <> <> 1 <" FFFD ">;0 left of 10"),
        FRAME("data: \xe2\ndata: \x82\xac\n\n",
              "0-18 l! <> <> 2 <" FFFD "\n" FFFD FFFD ">;0 left of 18"),
        FRAME("data: \xf0\x9f\x98\r\n\r\n", "0-12 w! <> <> 1 <" FFFD ">;0 left of 13"),
        /* only the event that held it is marked */
        FRAME("data: \xff\n\ndata: a\n\n",
              "0-9 l! <> <> 1 <" FFFD ">;9-18 l <> <> 1 <a>;0 left of 18"),
        FRAME(": \xff\ndata: a\n\n", "0-13 lC! <> <> 1 <a>;0 left of 13"),
        FRAME("data\xff: a\ndata: b\n\n", "0-18 lU! <> <> 1 <b>;0 left of 18"),
        FRAME("data: \xff\xff\xff\xff\ndata: b\n\n",
              "0-20 l! <> <> 2 <" FFFD FFFD FFFD FFFD "\nb>;0 left of 20"),
        FRAME("data: a\ndata: \xff\n\n", "0-17 l! <> <> 2 <a\n" FFFD ">;0 left of 17"),
    };

    (void)state;
    CHECK_ALL(cases);
}

static void byte_order_mark(void **state)
{
    static const struct framing cases[] = {
        FRAME(MARK, "0 left of 3"),
        FRAME(MARK "data: a\n\n", "3-12 l <> <> 1 <a>;0 left of 12"),
        FRAME(MARK "\n\ndata: a\n\n", "5-14 l <> <> 1 <a>;0 left of 14"),
        FRAME(MARK MARK "data: a\n\n", "0 left of 15"),
        FRAME("\n" MARK "data: a\n\n", "0 left of 13"),
        FRAME("data: a\n\n" MARK "data: b\n\n", "0-9 l <> <> 1 <a>;0 left of 21"),
        FRAME("data: " MARK "\n\n", "0-11 l <> <> 1 <" MARK ">;0 left of 11"),
        FRAME("\xef", "1 left of 1"),
        FRAME("\xef\xbb", "2 left of 2"),
        FRAME("\xef\xbb"
              "data: a\ndata: b\n\n",
              "0-19 lU! <> <> 1 <b>;0 left of 19"),
        FRAME("\xef\n\ndata: b\n\n", "3-12 l <> <> 1 <b>;0 left of 12"),
        FRAME("\xef\xbb\r\rdata: b\r\r", "4-13 r <> <> 1 <b>;0 left of 13"),
    };

    (void)state;
    CHECK_ALL(cases);
}

static void limits(void **state)
{
    size_t max = 10;
    const struct feed small = {open_sse, piece_sse, close_sse, &max};
    size_t one = 1;
    const struct feed tiny = {open_sse, piece_sse, close_sse, &one};

    (void)state;
    /* ten bytes of lines, line ends not counted */
    feed_check(&small, CS_VIEW("data: abcd\n\n"), "0-12 l <> <> 1 <abcd>;0 left of 12");
    feed_check(&small, CS_VIEW("data\r\ndata\r\n:x\r\n\r\n"), "0-17 wC <> <> 2 <\n>;0 left of 18");
    feed_check(&small, CS_VIEW("data: abcde\n\n"), "CS_ERR_LIMIT at 10;");
    feed_check(&small, CS_VIEW("data\ndata\n:xy\n\n"), "CS_ERR_LIMIT at 12;");
    feed_check(&small, CS_VIEW("data: abcde"), "CS_ERR_LIMIT at 10;");
    /* every block has the whole room, and events before the fault are given */
    feed_check(&small, CS_VIEW("data: 1234\n\ndata: 5678\n\ndata: 9\n:abc\n\n"),
               "0-12 l <> <> 1 <1234>;12-24 l <> <> 1 <5678>;CS_ERR_LIMIT at 35;");
    feed_check(&small, CS_VIEW(":23456789x\n\n:234567890x\n\n"), "CS_ERR_LIMIT at 22;");
    /* a byte order mark is no part of any line; one that breaks off is */
    feed_check(&small, CS_VIEW(MARK "data: abcd\n\n"), "3-15 l <> <> 1 <abcd>;0 left of 15");
    feed_check(&small, CS_VIEW("\xef\xbb:2345678\n\n"), "0 left of 12");
    feed_check(&small, CS_VIEW("\xef\xbb:23456789\n\n"), "CS_ERR_LIMIT at 10;");
    feed_check(&tiny, CS_VIEW("\xef\xbbz"), "CS_ERR_LIMIT at 1;");
    /* replaced text is longer than what came in */
    feed_check(&small, CS_VIEW("data: \xff\xff\xff\xff\n\n"),
               "0-12 l! <> <> 1 <" FFFD FFFD FFFD FFFD ">;0 left of 12");
}

static void errors_stay_until_reset(void **state)
{
    struct cs_sse *sse = cs_sse_new(8);
    struct cs_view input = CS_VIEW("data: 123\n\n");
    struct cs_view more = CS_VIEW("\n\ndata: 4\n\n");
    struct cs_view fresh = CS_VIEW(MARK "data: 5\n\n");
    struct cs_sse_event event;
    struct cs_diag diag = {0};

    (void)state;
    assert_int_equal(cs_sse_next(sse, &input, &event, NULL), CS_STEP_ERROR);
    assert_int_equal(cs_sse_next(sse, &more, &event, &diag), CS_STEP_ERROR);
    assert_int_equal(diag.code, CS_ERR_LIMIT);
    assert_int_equal(diag.offset, 8);
    cs_sse_reset(sse);
    assert_int_equal(cs_sse_offset(sse), 0);
    assert_int_equal(cs_sse_next(sse, &fresh, &event, &diag), CS_STEP_EVENT);
    assert_int_equal(event.start, 3);
    assert_true(cs_view_eq(event.data, CS_VIEW("5")));
    cs_sse_free(sse);
}

/* Reset in the middle of everything leaves nothing behind. */
static void reset_forgets_a_cut_block(void **state)
{
    static const char *const cut[] = {"\xef\xbb", "event: x\ndata: a\nda", "data: a\r",
                                      "data: \xff\ndata: b\n\n"};
    struct cs_sse *sse = cs_sse_new(0);

    (void)state;
    for (size_t i = 0; i < sizeof(cut) / sizeof(*cut); i++) {
        struct cs_view first = cs_view_str(cut[i]);
        struct cs_view second = CS_VIEW("\ndata: z\n\n");
        struct cs_sse_event event;

        (void)cs_sse_next(sse, &first, &event, NULL);
        cs_sse_reset(sse);
        assert_int_equal(cs_sse_finish(sse), 0);
        assert_int_equal(cs_sse_next(sse, &second, &event, NULL), CS_STEP_EVENT);
        assert_int_equal(event.flags, CS_SSE_LF);
        assert_int_equal(event.start, 1);
        assert_int_equal(event.event.len, 0);
        assert_true(cs_view_eq(event.data, CS_VIEW("z")));
        cs_sse_reset(sse);
    }
    cs_sse_free(sse);
}

/* Longer than any window of the line search, with each end, and with pieces of every kind. */
static void long_lines(void **state)
{
    static const char *const ends[] = {"\n", "\r", "\r\n"};
    struct cs_buf input = CS_BUF(100000);
    struct cs_buf log = CS_BUF(100000);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        size_t len = 1500 + i;

        cs_buf_clear(&input);
        cs_buf_clear(&log);
        cs_buf_str(&input, "data: ");
        for (size_t n = 0; n < len; n++) {
            cs_buf_char(&input, (char)('a' + n % 26));
        }
        cs_buf_str(&input, ends[i]);
        cs_buf_str(&input, ends[i]);
        cs_buf_printf(&log, "0-%zu %c <> <> 1 <%.*s>;0 left of %zu", len + 6 + strlen(ends[i]) + 1,
                      "lrw"[i], (int)len, input.ptr + 6, input.len);
        cs_buf_char(&log, '\0');
        feed_check(&sse_feed, cs_buf_view(&input), log.ptr);
    }
    cs_buf_free(&input);
    cs_buf_free(&log);
}

static double seconds_now(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Feeds `total` bytes made of `unit` in pieces of `step`; returns how many events came. */
static size_t feed_many(struct cs_view unit, size_t total, size_t step)
{
    struct cs_buf input = CS_BUF(total + unit.len);
    struct cs_sse *sse = cs_sse_new(0);
    struct cs_sse_event event;
    size_t n_events = 0;

    while (input.len < total) {
        cs_buf_add(&input, unit);
    }
    for (size_t pos = 0; pos < input.len; pos += step) {
        size_t len = input.len - pos < step ? input.len - pos : step;
        struct cs_view piece = cs_view_of(input.ptr + pos, len);

        while (cs_sse_next(sse, &piece, &event, NULL) == CS_STEP_EVENT) {
            n_events++;
        }
        assert_int_equal(piece.len, 0);
    }
    assert_int_equal(cs_sse_finish(sse), 0);
    cs_sse_free(sse);
    cs_buf_free(&input);
    return n_events;
}

/* Quadratic reading of any of these takes minutes; the bound leaves room for slow machines. */
static void reading_is_linear(void **state)
{
    double start = seconds_now();
    size_t total = (size_t)2 << 20;

    (void)state;
    assert_int_equal(feed_many(CS_VIEW("data:x\r\r"), total, total * 2), total / 8);
    assert_int_equal(feed_many(CS_VIEW("data:x\n\n"), total, total * 2), total / 8);
    assert_int_equal(feed_many(CS_VIEW("data:x\n\n"), total, 1), total / 8);
    assert_int_equal(feed_many(CS_VIEW("data:x\r\r"), total, 7), total / 8);
    assert_true(seconds_now() - start < 20.0);
}

/* The longest line the protocol makes (OUT-27), as the network would bring it. */
static void six_megabytes_in_one_line(void **state)
{
    size_t len = (size_t)6 << 20;
    struct cs_buf input = CS_BUF(len + 16);
    struct cs_sse *sse = cs_sse_new(0);
    struct cs_sse_event event;
    size_t n_events = 0;
    double start;

    (void)state;
    cs_buf_str(&input, "data: ");
    memset(cs_buf_reserve(&input, len), 'x', len);
    input.len += len;
    cs_buf_str(&input, "\n\n");
    start = seconds_now();
    for (size_t pos = 0; pos < input.len; pos += 16384) {
        size_t n = input.len - pos < 16384 ? input.len - pos : 16384;
        struct cs_view piece = cs_view_of(input.ptr + pos, n);

        while (cs_sse_next(sse, &piece, &event, NULL) == CS_STEP_EVENT) {
            n_events++;
            assert_int_equal(event.data.len, len);
            assert_memory_equal(event.data.ptr, input.ptr + 6, len);
        }
    }
    assert_true(seconds_now() - start < 1.0);
    assert_int_equal(n_events, 1);
    cs_sse_free(sse);
    cs_buf_free(&input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(nul_in_data_is_kept),
        cmocka_unit_test(blocks),
        cmocka_unit_test(line_ends),
        cmocka_unit_test(decoding),
        cmocka_unit_test(byte_order_mark),
        cmocka_unit_test(limits),
        cmocka_unit_test(errors_stay_until_reset),
        cmocka_unit_test(reset_forgets_a_cut_block),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(reading_is_linear),
        cmocka_unit_test(six_megabytes_in_one_line),
    };

    return cmocka_run_group_tests_name("sse", tests, NULL, NULL) != 0;
}
