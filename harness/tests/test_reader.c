#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <time.h>

#include "tests/feed.h"
#include "wire/reader.h"

/* One line per event: the name, where its framing stood, and what it brought. */
static void log_event(struct cs_buf *log, const struct cs_event *event)
{
    cs_buf_printf(log, "%s %" PRIu64 "-%" PRIu64, cs_event_name(event->type), event->sse->start,
                  event->sse->end);
    switch (event->type) {
    case CS_EVENT_RECORD:
        assert_ptr_equal(event->record.headers, event->batch->records[event->index].headers);
        cs_buf_printf(log, " %zu/%zu seq %" PRIu64 " %s <", event->index + 1,
                      event->batch->n_records, event->record.seq_num,
                      cs_record_kind_name(event->record.kind));
        cs_buf_escaped(log, event->record.body, 60);
        cs_buf_char(log, '>');
        break;
    case CS_EVENT_BATCH_END:
        cs_buf_printf(log, " of %zu", event->batch->n_records);
        break;
    case CS_EVENT_PING:
        cs_buf_printf(log, " at %" PRId64, event->timestamp);
        break;
    case CS_EVENT_MALFORMED:
        cs_buf_printf(log, " %s@%" PRIu64 " %s", cs_err_name(event->fault.code) + 7,
                      event->fault.offset, event->fault.text);
        break;
    default:
        cs_buf_str(log, " <");
        cs_buf_escaped(log, event->sse->data, 60);
        cs_buf_char(log, '>');
        break;
    }
    if (event->has_tail) {
        cs_buf_printf(log, " tail %" PRIu64 "@%" PRId64, event->tail.seq_num,
                      event->tail.timestamp);
    }
    cs_buf_char(log, '\n');
}

struct reading {
    struct cs_reader *reader;
    bool failed;
};

static void *open_reader(void *ctx)
{
    struct reading *reading = calloc(1, sizeof(*reading));

    assert_non_null(reading);
    reading->reader = cs_reader_new(ctx);
    assert_non_null(reading->reader);
    return reading;
}

static void read_all(struct cs_reader *reader, struct cs_view piece, struct cs_buf *log,
                     bool *failed)
{
    struct cs_event event;
    struct cs_diag diag;
    enum cs_step step;

    while ((step = cs_reader_next(reader, &piece, &event, &diag)) == CS_STEP_EVENT) {
        log_event(log, &event);
    }
    if (step == CS_STEP_ERROR && !*failed) {
        *failed = true;
        cs_buf_printf(log, "%s at %" PRIu64 "\n", cs_err_name(diag.code), diag.offset);
    }
}

static void piece_reader(void *state, struct cs_view piece, struct cs_buf *log)
{
    struct reading *reading = state;

    read_all(reading->reader, piece, log, &reading->failed);
}

static void log_end(struct cs_reader *reader, struct cs_buf *log)
{
    uint64_t cursor;

    if (cs_reader_cursor(reader, &cursor)) {
        cs_buf_printf(log, "cursor %" PRIu64, cursor);
    } else {
        cs_buf_str(log, "no cursor");
    }
    cs_buf_printf(log, "%s, %" PRIu64 " left", cs_reader_caught_up(reader) ? ", caught up" : "",
                  cs_reader_finish(reader));
}

static void close_reader(void *state, struct cs_buf *log)
{
    struct reading *reading = state;

    if (!reading->failed) {
        log_end(reading->reader, log);
    }
    cs_reader_free(reading->reader);
    free(reading);
}

static const struct feed reader_feed = {open_reader, piece_reader, close_reader, NULL};

static void check(const char *input, const char *log)
{
    feed_check(&reader_feed, cs_view_str(input), log);
}

static void a_whole_conversation(void **state)
{
    (void)state;
    check(
        "event: batch\nid: 1,2,40\ndata: {\"records\":["
        "{\"seq_num\":0,\"timestamp\":5,\"body\":\"{\\\"data\\\":\\\"\\u00e9\\\"}\"},"
        "{\"seq_num\":1,\"timestamp\":6,\"headers\":[[\"trigger-control\",\"turn-complete\"]]}"
        "]}\n\n"
        "event: ping\ndata: {\"timestamp\":1700000000000,\"tail\":{\"seq_num\":2,\"timestamp\":6}}"
        "\n\n"
        "event: batch\nid: 2,3,62\ndata: {\"records\":["
        "{\"seq_num\":2,\"timestamp\":7,\"headers\":[[\"\",\"trim\"]],\"body\":\"\\u0000\"}],"
        "\"tail\":{\"seq_num\":3,\"timestamp\":7}}\n\n"
        "data: [DONE]\n\n",
        "record 0-180 1/2 seq 0 data <{\\\"data\\\":\\\"\\xc3\\xa9\\\"}>\n"
        "record 0-180 2/2 seq 1 control <>\n"
        "batch-end 0-180 of 2\n"
        "ping 180-262 at 1700000000000 tail 2@6\n"
        "record 262-410 1/1 seq 2 command <\\x00>\n"
        "batch-end 262-410 of 1 tail 3@7\n"
        "done 410-424 <[DONE]>\n"
        "cursor 2, caught up, 0 left");
}

static void names_decide(void **state)
{
    (void)state;
    check("data: [DONE]\n\n", "done 0-14 <[DONE]>\nno cursor, 0 left");
    check("data: [DONE] \n\n", "unknown 0-15 <[DONE] >\nno cursor, 0 left");
    check("data: [done]\n\n", "unknown 0-14 <[done]>\nno cursor, 0 left");
    check("data: {\"records\":[]}\n\n", "unknown 0-22 <{\\\"records\\\":[]}>\nno cursor, 0 left");
    check("event:\ndata: [DONE]\n\n", "done 0-21 <[DONE]>\nno cursor, 0 left");
    check("event: message\ndata: [DONE]\n\n", "unknown 0-29 <[DONE]>\nno cursor, 0 left");
    check("event: Batch\ndata: {}\n\n", "unknown 0-23 <{}>\nno cursor, 0 left");
    check("event: batch \ndata: {}\n\n", "unknown 0-24 <{}>\nno cursor, 0 left");
    check("event: error\ndata: {\"code\":\"x\"}\n\n",
          "error 0-33 <{\\\"code\\\":\\\"x\\\"}>\nno cursor, 0 left");
    check("event: error\ndata: a\ndata: b\n\n", "error 0-30 <a\\nb>\nno cursor, 0 left");
    /* without any data line there is no event at all; an empty one makes one */
    check("event: error\n\n", "no cursor, 0 left");
    check("event: error\ndata:\n\n", "error 0-20 <>\nno cursor, 0 left");
    check("event: batch\n\n", "no cursor, 0 left");
    check(": comment\n\nretry: 5\n\n", "no cursor, 0 left");
}

static void pings(void **state)
{
    (void)state;
    check("event: ping\ndata: {\"timestamp\":1}\n\n", "ping 0-35 at 1\nno cursor, 0 left");
    check("event: ping\ndata: {\"x\":[],\"timestamp\":-1}\n\n",
          "ping 0-43 at -1\nno cursor, 0 left");
    check("event: ping\ndata: {\"timestamp\":1,\"tail\":{\"seq_num\":0,\"timestamp\":0}}\n\n",
          "ping 0-70 at 1 tail 0@0\nno cursor, caught up, 0 left");
    check("event: ping\ndata: {\"timestamp\":1.5}\n\n",
          "malformed 0-37 TYPE@0 data+13: timestamp must be an integer\nno cursor, 0 left");
    check("event: ping\ndata: {\"timestamp\":\"1\"}\n\n",
          "malformed 0-37 TYPE@0 data+13: timestamp must be an integer\nno cursor, 0 left");
    check("event: ping\ndata: {}\n\n",
          "malformed 0-22 MISSING@0 data+0: a ping without timestamp\nno cursor, 0 left");
    check("event: ping\ndata: 5\n\n",
          "malformed 0-21 TYPE@0 data+0: a ping must be an object\nno cursor, 0 left");
    check("event: ping\ndata:\n\n",
          "malformed 0-19 SYNTAX@0 data+0: expected a value, but the text ends\n"
          "no cursor, 0 left");
    check("event: ping\ndata: {\"timestamp\":1,\"tail\":[]}\n\n",
          "malformed 0-45 TYPE@0 data+22: a position must be an object\nno cursor, 0 left");
    check("\nevent: ping\ndata: {\"timestamp\":1,}\n\n",
          "malformed 1-37 SYNTAX@1 data+15: expected a key in quotes\nno cursor, 0 left");
}

/* A batch with a fault anywhere gives none of its records, and reading goes on. */
static void malformed_batches(void **state)
{
    (void)state;
    check("event: batch\ndata: {\"records\":[{\"seq_num\":1},{\"seq_num\":2}]\n\n"
          "event: batch\ndata: {\"records\":[{\"seq_num\":3}]}\n\n",
          "malformed 0-61 SYNTAX@0 data+40: expected ',' or '}', but the text ends\n"
          "record 61-109 1/1 seq 3 data <>\n"
          "batch-end 61-109 of 1\n"
          "cursor 3, 0 left");
    check("event: batch\ndata: {\"records\":[{\"seq_num\":1},{\"seq_num\":\"2\"}],"
          "\"tail\":{\"seq_num\":2,\"timestamp\":0}}\n\n",
          "malformed 0-99 TYPE@0 data+37: seq_num must be an integer from 0 to 2^64-1\n"
          "no cursor, 0 left");
    check("event: batch\ndata: [DONE]\n\n",
          "malformed 0-27 SYNTAX@0 data+1: expected a value\nno cursor, 0 left");
    check("event: batch\ndata: {\"records\":null}\n\n",
          "malformed 0-37 TYPE@0 data+11: records must be an array\nno cursor, 0 left");
    /* bytes that are no UTF-8 become replacement characters before JSON is read */
    check("event: batch\ndata: {\"records\":[{\"seq_num\":1,\"body\":\"\xff\"}]}\n\n",
          "record 0-59 1/1 seq 1 data <\\xef\\xbf\\xbd>\nbatch-end 0-59 of 1\ncursor 1, 0 left");
    /* JSON over several data lines is joined by line feeds, which are blanks there */
    check("event: batch\ndata: {\"records\":\ndata: [{\"seq_num\":1}]}\n\n",
          "record 0-55 1/1 seq 1 data <>\nbatch-end 0-55 of 1\ncursor 1, 0 left");
    check("event: batch\ndata: {\"records\":[]}\n\n", "batch-end 0-35 of 0\nno cursor, 0 left");
}

static void too_many_records_are_a_fault_of_the_batch(void **state)
{
    struct cs_reader_limits limits = {.max_event = 200, .batch = {.max_records = 2}};
    const struct feed small = {open_reader, piece_reader, close_reader, &limits};

    (void)state;
    feed_check(
        &small,
        CS_VIEW("event: batch\r\n"
                "data: {\"records\":[{\"seq_num\":1},{\"seq_num\":2},{\"seq_num\":3}]}\r\n\r\n"
                "data: [DONE]\r\n\r\n"),
        "malformed 0-78 LIMIT@0 data+40: more records than a batch may hold\n"
        "done 79-94 <[DONE]>\nno cursor, 0 left");
    limits.max_event = 20;
    feed_check(&small, CS_VIEW("data: [DONE]\n\nevent: batch\ndata: {\"records\":[]}\n\n"),
               "done 0-14 <[DONE]>\nCS_ERR_LIMIT at 35\n");
}

static void the_cursor_is_the_highest(void **state)
{
    (void)state;
    check("event: batch\ndata: {\"records\":[{\"seq_num\":5},{\"seq_num\":3}],"
          "\"tail\":{\"seq_num\":6,\"timestamp\":0}}\n\n",
          "record 0-97 1/2 seq 5 data <>\nrecord 0-97 2/2 seq 3 data <>\n"
          "batch-end 0-97 of 2 tail 6@0\ncursor 5, caught up, 0 left");
    check("event: batch\ndata: {\"records\":[{\"seq_num\":0}]}\n\n"
          "event: ping\ndata: {\"timestamp\":1,\"tail\":{\"seq_num\":2,\"timestamp\":0}}\n\n",
          "record 0-48 1/1 seq 0 data <>\nbatch-end 0-48 of 1\n"
          "ping 48-118 at 1 tail 2@0\ncursor 0, 0 left");
    /* the highest number of all has no successor that could equal a tail */
    check("event: batch\ndata: {\"records\":[{\"seq_num\":18446744073709551615}],"
          "\"tail\":{\"seq_num\":0,\"timestamp\":0}}\n\n",
          "record 0-102 1/1 seq 18446744073709551615 data <>\nbatch-end 0-102 of 1 tail 0@0\n"
          "cursor 18446744073709551615, 0 left");
}

static void reconnecting_keeps_the_cursor(void **state)
{
    struct cs_reader *reader = cs_reader_new(NULL);
    struct cs_buf log = CS_BUF(10000);
    struct cs_view input = CS_VIEW("event: batch\ndata: {\"records\":[{\"seq_num\":8},"
                                   "{\"seq_num\":9}]}\n\ndata: left");
    struct cs_event event;
    uint64_t cursor = 0;
    bool failed = false;

    (void)state;
    assert_false(cs_reader_cursor(reader, &cursor));
    assert_false(cs_reader_caught_up(reader));
    cs_reader_set_cursor(reader, 7);
    assert_true(cs_reader_cursor(reader, &cursor));
    assert_int_equal(cursor, 7);
    assert_int_equal(cs_reader_next(reader, &input, &event, NULL), CS_STEP_EVENT);
    assert_int_equal(event.type, CS_EVENT_RECORD);
    /* In the middle of a batch: what was not handed out yet is not counted. */
    cs_reader_reconnect(reader);
    assert_true(cs_reader_cursor(reader, &cursor));
    assert_int_equal(cursor, 8);
    assert_int_equal(cs_reader_finish(reader), 0);
    read_all(reader,
             CS_VIEW("\xef\xbb\xbf"
                     "event: batch\ndata: {\"records\":[{\"seq_num\":9}]}\n\nda"),
             &log, &failed);
    log_end(reader, &log);
    assert_true(
        cs_view_eq(cs_buf_view(&log), CS_VIEW("record 3-51 1/1 seq 9 data <>\nbatch-end 3-51 of 1\n"
                                              "cursor 9, 2 left")));
    cs_reader_set_cursor(reader, 2);
    assert_true(cs_reader_cursor(reader, &cursor));
    assert_int_equal(cursor, 2);
    cs_buf_free(&log);
    cs_reader_free(reader);
    cs_reader_free(NULL);
}

/* The largest record there is, all control characters: one line of 6 MiB (OUT-27), as the network
 * would bring it. */
static void the_largest_record(void **state)
{
    size_t len = (size_t)1 << 20;
    struct cs_buf input = CS_BUF(8 * len);
    struct cs_reader *reader = cs_reader_new(NULL);
    struct cs_event event;
    size_t n_records = 0;
    clock_t start;

    (void)state;
    cs_buf_str(&input, "event: batch\ndata: {\"records\":[{\"seq_num\":0,\"body\":\"");
    for (size_t i = 0; i < len; i++) {
        cs_buf_str(&input, "\\u0001");
    }
    cs_buf_str(&input, "\"}]}\n\n");
    assert_int_equal(cs_buf_error(&input), CS_OK);
    start = clock();
    for (size_t pos = 0; pos < input.len; pos += 16384) {
        size_t left = input.len - pos;
        struct cs_view piece = cs_view_of(input.ptr + pos, left < 16384 ? left : 16384);

        while (cs_reader_next(reader, &piece, &event, NULL) == CS_STEP_EVENT) {
            if (event.type == CS_EVENT_RECORD) {
                n_records++;
                assert_int_equal(event.record.body.len, len);
                assert_int_equal(event.record.body.ptr[len - 1], 1);
            }
        }
    }
    assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
    assert_int_equal(n_records, 1);
    cs_reader_free(reader);
    cs_buf_free(&input);
}

static void names_of_events(void **state)
{
    (void)state;
    for (int a = CS_EVENT_RECORD; a <= CS_EVENT_MALFORMED; a++) {
        assert_true(cs_event_name((enum cs_event_type)a)[0] != '(');
        for (int b = CS_EVENT_RECORD; b < a; b++) {
            assert_string_not_equal(cs_event_name((enum cs_event_type)a),
                                    cs_event_name((enum cs_event_type)b));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_conversation),
        cmocka_unit_test(names_decide),
        cmocka_unit_test(pings),
        cmocka_unit_test(malformed_batches),
        cmocka_unit_test(too_many_records_are_a_fault_of_the_batch),
        cmocka_unit_test(the_cursor_is_the_highest),
        cmocka_unit_test(reconnecting_keeps_the_cursor),
        cmocka_unit_test(the_largest_record),
        cmocka_unit_test(names_of_events),
    };

    return cmocka_run_group_tests_name("reader", tests, NULL, NULL) != 0;
}
