/* Protobuf messages of S2's append: the bytes that the SDK's client writes and takes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/append.h"
#include "wire/s2_message.h"

/* The trim to 3, as the SDK sends it. */
#define TRIM "\x0a\x12\x12\x06\x12\x04trim\x1a\x08\0\0\0\0\0\0\0\x03"

static void a_trim_is_read(void **state)
{
    (void)state;
    struct cs_s2_message batch = {0};
    assert_int_equal(cs_s2_message_decode(CS_VIEW(TRIM), &batch, NULL), CS_OK);
    assert_int_equal(batch.n_records, 1);
    assert_int_equal(batch.records[0].kind, CS_RECORD_COMMAND);
    assert_int_equal(batch.records[0].headers[0].name.len, 0);
    assert_true(cs_view_eq(batch.records[0].headers[0].value, CS_VIEW("trim")));
    uint64_t point = 0;
    assert_int_equal(cs_trim_decode(batch.records[0].body, &point), CS_OK);
    assert_int_equal(point, 3);
    assert_false(batch.has_match_seq_num || batch.has_fencing_token);
    cs_s2_message_free(&batch);
}

/* Two records, one with a time; conditions; fields that nobody knows, in all three levels. */
static void all_fields_are_read_and_unknown_ones_passed_over(void **state)
{
    (void)state;
    const struct cs_view text = CS_VIEW("\x0a\x0f"
                                        "\x08\x05\x12\x06\x0a\x01k\x1a\x01z"
                                        "\x1a\x01y\x28"
                                        "\x07"
                                        "\x0a\x05\x1a\x03two"
                                        "\x10\x00\x1a\x01t\x4a\x02zz");
    struct cs_s2_message batch = {0};
    struct cs_diag diag = {0};
    if (cs_s2_message_decode(text, &batch, &diag) != CS_OK) {
        fail_msg("%s", diag.text);
    }
    assert_int_equal(batch.n_records, 2);
    assert_true(batch.records[0].has_timestamp);
    assert_int_equal(batch.records[0].timestamp, 5);
    assert_int_equal(batch.records[0].n_headers, 1);
    assert_true(cs_view_eq(batch.records[0].headers[0].name, CS_VIEW("k")));
    assert_true(cs_view_eq(batch.records[0].body, CS_VIEW("y")));
    assert_false(batch.records[1].has_timestamp);
    assert_true(cs_view_eq(batch.records[1].body, CS_VIEW("two")));
    assert_true(batch.has_match_seq_num);
    assert_int_equal(batch.match_seq_num, 0);
    assert_true(cs_view_eq(batch.fencing_token, CS_VIEW("t")));
    cs_s2_message_free(&batch);
}

/* A message that is cut is either refused or, at the end of a field, a shorter message. */
static void a_cut_message_is_refused(void **state)
{
    (void)state;
    const struct cs_view text = CS_VIEW(TRIM);
    for (size_t len = 1; len < text.len; len++) {
        struct cs_s2_message batch = {0};
        assert_int_equal(cs_s2_message_decode(cs_view_of(text.ptr, len), &batch, NULL),
                         CS_ERR_SYNTAX);
        assert_null(batch.message);
    }
    struct cs_s2_message batch = {0};
    assert_int_equal(cs_s2_message_decode((struct cs_view){0}, &batch, NULL), CS_OK);
    assert_int_equal(batch.n_records, 0);
    cs_s2_message_free(&batch);
}

/* A record with a million empty headers takes 2 MB on the wire and many times that unpacked. */
static void memory_is_bounded(void **state)
{
    (void)state;
    size_t n = 1000000;
    struct cs_buf text = CS_BUF((size_t)4 << 20);
    cs_buf_append(&text, "\x0a\x80\x89\x7a", 4); /* 2 000 000 */
    for (size_t i = 0; i < n; i++) {
        cs_buf_append(&text, "\x12\x00", 2);
    }
    struct cs_s2_message batch = {0};
    struct cs_diag diag = {0};
    assert_int_equal(cs_s2_message_decode(cs_buf_view(&text), &batch, &diag), CS_ERR_LIMIT);
    assert_null(batch.message);
    cs_buf_free(&text);
}

static void acks_are_written_as_the_client_reads_them(void **state)
{
    (void)state;
    struct cs_buf out = CS_BUF((size_t)256);
    int64_t time = INT64_C(1794556869729);
    cs_s2_put_ack(&out, (struct cs_position){0, time}, (struct cs_position){3, time},
                  (struct cs_position){3, time});
    const struct cs_view wanted = CS_VIEW("\x0a\x07\x10\xe1\xf8\xb2\x9f\x9d\x34"
                                          "\x12\x09\x08\x03\x10\xe1\xf8\xb2\x9f\x9d\x34"
                                          "\x1a\x09\x08\x03\x10\xe1\xf8\xb2\x9f\x9d\x34");
    assert_int_equal(out.len, wanted.len);
    assert_memory_equal(out.ptr, wanted.ptr, wanted.len);
    cs_buf_clear(&out);
    cs_s2_put_ack(&out, (struct cs_position){0}, (struct cs_position){0}, (struct cs_position){0});
    assert_true(cs_view_eq(cs_buf_view(&out), CS_VIEW("\x0a\0\x12\0\x1a\0")));
    cs_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trim_is_read),
        cmocka_unit_test(all_fields_are_read_and_unknown_ones_passed_over),
        cmocka_unit_test(a_cut_message_is_refused),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(acks_are_written_as_the_client_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
