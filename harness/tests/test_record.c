#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>

#include "tests/feed.h"
#include "wire/record.h"

/* seq@timestamp(kind)offset[headers]<body>; `-` stands for a member that was not there. */
static void log_record(struct cs_buf *log, const struct cs_record *record)
{
    cs_buf_printf(log, "%" PRIu64 "@", record->seq_num);
    if (record->has_timestamp) {
        cs_buf_printf(log, "%" PRId64, record->timestamp);
    } else {
        assert_int_equal(record->timestamp, 0);
        cs_buf_char(log, '-');
    }
    cs_buf_printf(log, "(%s)%zu", cs_record_kind_name(record->kind), record->offset);
    cs_buf_char(log, record->has_headers ? '[' : '-');
    for (size_t i = 0; i < record->n_headers; i++) {
        cs_buf_escaped(log, record->headers[i].name, 50);
        cs_buf_char(log, '=');
        cs_buf_escaped(log, record->headers[i].value, 50);
        cs_buf_char(log, ';');
    }
    cs_buf_str(log, record->has_headers ? "]" : "");
    cs_buf_char(log, record->has_body ? '<' : '-');
    cs_buf_escaped(log, record->body, 50);
    cs_buf_str(log, record->has_body ? ">" : "");
    cs_buf_char(log, ' ');
}

static void log_batch_within(struct cs_buf *log, struct cs_view text,
                             const struct cs_batch_limits *limits_or_null,
                             struct cs_batch_store *store)
{
    struct cs_batch batch = {.n_records = 12345};
    struct cs_diag diag = {0};
    enum cs_err err = cs_batch_decode(text, limits_or_null, store, &batch, &diag);

    if (err) {
        assert_int_equal(batch.n_records, 12345);
        assert_int_equal(diag.code, err);
        assert_true(diag.text[0] != '\0');
        cs_buf_printf(log, "!%s@%" PRIu64, cs_err_name(err) + 7, diag.offset);
        return;
    }
    for (size_t i = 0; i < batch.n_records; i++) {
        log_record(log, &batch.records[i]);
    }
    if (batch.has_tail) {
        cs_buf_printf(log, "tail %" PRIu64 "@%" PRId64, batch.tail.seq_num, batch.tail.timestamp);
    }
    if (batch.n_left_out > 0) {
        cs_buf_printf(log, "~%zu", batch.n_left_out);
    }
}

static void log_batch(struct cs_buf *log, struct cs_view text, struct cs_batch_store *store)
{
    log_batch_within(log, text, NULL, store);
}

struct row {
    const char *text;
    const char *log;
};

/* One store for all rows: nothing of an earlier batch may show in a later one. */
static void check_rows(const struct row *rows, size_t n)
{
    struct feed_guard guard = feed_guard_new(4096);
    struct cs_batch_store store = {0};
    struct cs_buf log = CS_BUF(10000);

    for (size_t i = 0; i < n; i++) {
        cs_buf_clear(&log);
        log_batch(&log, feed_guarded(&guard, cs_view_str(rows[i].text)), &store);
        if (!cs_view_eq(cs_buf_view(&log), cs_view_str(rows[i].log))) {
            print_error("row %zu: %s\n  wanted: %s\n  got:    %.*s\n", i, rows[i].text, rows[i].log,
                        CS_VIEW_ARG(cs_buf_view(&log)));
            fail();
        }
    }
    cs_buf_free(&log);
    cs_batch_store_free(&store);
    cs_batch_store_free(&store);
    feed_guard_free(&guard);
}
#define CHECK_ROWS(rows) check_rows((rows), sizeof(rows) / sizeof(*(rows)))

static void batches(void **state)
{
    static const struct row rows[] = {
        {"{\"records\":[]}", ""},
        {"{\"records\":[],\"tail\":{\"seq_num\":0,\"timestamp\":0}}", "tail 0@0"},
        {"{\"tail\":{\"timestamp\":9,\"x\":[1],\"seq_num\":4},\"records\":[]}", "tail 4@9"},
        {"{\"records\":[{\"seq_num\":0,\"timestamp\":1700000000000,\"body\":\"x\"}]}",
         "0@1700000000000(data)12-<x> "},
        {"{\"records\":[{\"seq_num\":7}]}", "7@-(data)12-- "},
        {"{\"records\":[{\"body\":\"\",\"headers\":[],\"timestamp\":-5,\"seq_num\":1}]}",
         "1@-5(data)12[]<> "},
        {" { \"records\" : [ { \"seq_num\" : 1 } , { \"seq_num\" : 2 } ] } ",
         "1@-(data)17-- 2@-(data)37-- "},
        {"{\"records\":[{\"seq_num\":18446744073709551615}]}", "18446744073709551615@-(data)12-- "},
        {"{\"records\":[{\"seq_num\":1,\"timestamp\":9223372036854775807},"
         "{\"seq_num\":2,\"timestamp\":-9223372036854775808}]}",
         "1@9223372036854775807(data)12-- 2@-9223372036854775808(data)58-- "},
        /* kinds: headers alone decide, whatever the body says */
        {"{\"records\":[{\"seq_num\":3,\"headers\":[[\"trigger-control\",\"turn-complete\"]]}]}",
         "3@-(control)12[trigger-control=turn-complete;]- "},
        {"{\"records\":[{\"seq_num\":3,\"headers\":[[\"a\",\"b\"],[\"trigger-control\",\"\"]],"
         "\"body\":\"{}\"}]}",
         "3@-(control)12[a=b;trigger-control=;]<{}> "},
        {"{\"records\":[{\"seq_num\":3,\"headers\":[[\"\",\"trim\"]],"
         "\"body\":\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0009\"}]}",
         "3@-(command)12[=trim;]<\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\t> "},
        {"{\"records\":[{\"seq_num\":3,\"headers\":[[\"\",\"fence\"],"
         "[\"trigger-control\",\"x\"]]}]}",
         "3@-(command)12[=fence;trigger-control=x;]- "},
        {"{\"records\":[{\"seq_num\":3,\"headers\":[[\"x\",\"1\"],[\"\",\"trim\"]]}]}",
         "3@-(data)12[x=1;=trim;]- "},
        {"{\"records\":[{\"seq_num\":3,\"headers\":[[\"Trigger-Control\",\"x\"]]}]}",
         "3@-(data)12[Trigger-Control=x;]- "},
        {"{\"records\":[{\"seq_num\":3,\"body\":\"trigger-control\"}]}",
         "3@-(data)12-<trigger-control> "},
        /* headers of several records do not mix */
        {"{\"records\":[{\"seq_num\":1,\"headers\":[[\"a\",\"1\"],[\"b\",\"2\"]]},{\"seq_num\":2},"
         "{\"seq_num\":3,\"headers\":[]},{\"seq_num\":4,\"headers\":[[\"c\",\"3\"]]}]}",
         "1@-(data)12[a=1;b=2;]- 2@-(data)58-- 3@-(data)72[]- 4@-(data)99[c=3;]- "},
        /* escapes in keys, headers and bodies */
        {"{\"\\u0072ecords\":[{\"seq\\u005fnum\":1,\"body\":\"a\\nb\"},"
         "{\"seq_num\":2,\"body\":\"plain\",\"headers\":[[\"\\u0061\",\"\\\"\"]]},"
         "{\"seq_num\":3,\"body\":\"\\ud83d\\ude00\\ud83d\"}]}",
         "1@-(data)17-<a\\nb> 2@-(data)50[a=\\\";]<plain> "
         "3@-(data)107-<\\xf0\\x9f\\x98\\x80\\xef\\xbf\\xbd> "},
        /* unknown members are passed over at every level */
        {"{\"x\":{\"records\":1},\"records\":[{\"y\":[{}],\"seq_num\":1,\"z\":null}],\"w\":0}",
         "1@-(data)30-- "},
        /* the last of duplicate members counts */
        {"{\"records\":[{\"seq_num\":1,\"headers\":[[\"a\",\"1\"]]}],"
         "\"records\":[{\"seq_num\":2,\"seq_num\":3,\"body\":\"a\",\"body\":\"b\","
         "\"headers\":[[\"a\",\"1\"]],\"headers\":[[\"b\",\"2\"]]},"
         "{\"seq_num\":4,\"headers\":[[\"c\",\"3\"]]}]}",
         "3@-(data)60[b=2;]<b> 4@-(data)152[c=3;]- "},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void faults(void **state)
{
    static const struct row rows[] = {
        {"", "!SYNTAX@0"},
        {"[DONE]", "!SYNTAX@1"},
        {"null", "!TYPE@0"},
        {"[]", "!TYPE@0"},
        {" \"records\"", "!TYPE@1"},
        {"{}", "!MISSING@0"},
        {"{\"Records\":[]}", "!MISSING@0"},
        {"{\"records\":{}}", "!TYPE@11"},
        {"{\"records\":null}", "!TYPE@11"},
        {"{\"records\":[1]}", "!TYPE@12"},
        {"{\"records\":[null]}", "!TYPE@12"},
        {"{\"records\":[[]]}", "!TYPE@12"},
        {"{\"records\":[{}]}", "!MISSING@12"},
        {"{\"records\":[{\"seq_num\":1},{\"body\":\"\"}]}", "!MISSING@26"},
        {"{\"records\":[{\"seq_num\":\"1\"}]}", "!TYPE@23"},
        {"{\"records\":[{\"seq_num\":null}]}", "!TYPE@23"},
        {"{\"records\":[{\"seq_num\":1.0}]}", "!TYPE@23"},
        {"{\"records\":[{\"seq_num\":1e3}]}", "!TYPE@23"},
        {"{\"records\":[{\"seq_num\":-1}]}", "!RANGE@23"},
        {"{\"records\":[{\"seq_num\":18446744073709551616}]}", "!RANGE@23"},
        {"{\"records\":[{\"seq_num\":1,\"timestamp\":1.5}]}", "!TYPE@37"},
        {"{\"records\":[{\"seq_num\":1,\"timestamp\":null}]}", "!TYPE@37"},
        {"{\"records\":[{\"seq_num\":1,\"timestamp\":9223372036854775808}]}", "!RANGE@37"},
        {"{\"records\":[{\"seq_num\":1,\"timestamp\":-9223372036854775809}]}", "!RANGE@37"},
        {"{\"records\":[{\"seq_num\":1,\"body\":null}]}", "!TYPE@32"},
        {"{\"records\":[{\"seq_num\":1,\"body\":{}}]}", "!TYPE@32"},
        {"{\"records\":[{\"seq_num\":1,\"headers\":{}}]}", "!TYPE@35"},
        {"{\"records\":[{\"seq_num\":1,\"headers\":null}]}", "!TYPE@35"},
        {"{\"records\":[{\"seq_num\":1,\"headers\":[{}]}]}", "!TYPE@36"},
        {"{\"records\":[{\"seq_num\":1,\"headers\":[\"ab\"]}]}", "!TYPE@36"},
        {"{\"records\":[{\"seq_num\":1,\"headers\":[[]]}]}", "!TYPE@37"},
        {"{\"records\":[{\"seq_num\":1,\"headers\":[[\"a\"]]}]}", "!TYPE@40"},
        {"{\"records\":[{\"seq_num\":1,\"headers\":[[\"a\",\"b\",\"c\"]]}]}", "!TYPE@45"},
        {"{\"records\":[{\"seq_num\":1,\"headers\":[[\"a\",1]]}]}", "!TYPE@41"},
        {"{\"records\":[{\"seq_num\":1,\"headers\":[[null,\"a\"]]}]}", "!TYPE@37"},
        {"{\"records\":[],\"tail\":null}", "!TYPE@21"},
        {"{\"records\":[],\"tail\":{}}", "!MISSING@21"},
        {"{\"records\":[],\"tail\":{\"seq_num\":1}}", "!MISSING@21"},
        {"{\"records\":[],\"tail\":{\"timestamp\":1}}", "!MISSING@21"},
        {"{\"records\":[],\"tail\":{\"seq_num\":\"1\",\"timestamp\":1}}", "!TYPE@32"},
        /* grammar, wherever it breaks, comes before content */
        {"{\"records\":[]", "!SYNTAX@13"},
        {"{\"records\":[]}x", "!SYNTAX@14"},
        {"{\"records\":[{\"seq_num\":1,}]}", "!SYNTAX@25"},
        {"{\"records\":[{\"seq_num\":01}]}", "!SYNTAX@24"},
        {"{\"records\":[{\"seq_num\":\"1\"}],}", "!SYNTAX@29"},
        {"{\"records\":[{}],\"x\":\"\x01\"}", "!SYNTAX@21"},
        {"{}x", "!SYNTAX@2"},
        {"\xef\xbb\xbf{\"records\":[]}", "!SYNTAX@0"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

/* `n` records, each with `n_headers` headers. */
/* One odd thing costs itself and nothing beside it. */
static void lenient_readers_leave_out_what_is_odd(void **state)
{
    static const struct row rows[] = {
        {"{\"records\":[null,{\"seq_num\":1},\"x\",[2],{\"body\":\"b\"}]}", "1@-(data)17-- ~4"},
        {"{\"records\":[{\"seq_num\":\"7\",\"headers\":[[\"a\",\"b\"]]},"
         "{\"seq_num\":-1},{\"seq_num\":2.5},{\"seq_num\":3,\"headers\":[[\"c\",\"d\"]]}]}",
         "3@-(data)81[c=d;]- ~6"},
        {"{\"records\":[{\"seq_num\":1,\"body\":null},{\"seq_num\":2,\"body\":{\"a\":[1]}},"
         "{\"seq_num\":3,\"timestamp\":\"now\",\"body\":\"b\"}]}",
         "1@-(data)12-- 2@-(data)38-- 3@-(data)69-<b> ~3"},
        {"{\"records\":[{\"seq_num\":1,\"headers\":null},{\"seq_num\":2,\"headers\":{\"a\":1}},"
         "{\"seq_num\":3,\"headers\":[null,[\"a\"],[\"b\",1],[\"c\",\"d\",\"e\"],\"\",[\"f\",\"g\"]"
         "]}]}",
         "1@-(data)12[]- 2@-(data)41[]- 3@-(data)73[f=g;]- ~6"},
        {"{\"records\":[{\"seq_num\":1}],\"tail\":7}", "1@-(data)12-- ~1"},
        {"{\"records\":[{\"seq_num\":1}],\"tail\":{\"seq_num\":2,\"timestamp\":3}}",
         "1@-(data)12-- tail 2@3"},
        {"{\"records\":null}", "!TYPE@11"},
        {"{\"records\":[{\"seq_num\":1},", "!SYNTAX@26"},
    };
    const struct cs_batch_limits lenient = {.lenient = true};
    struct cs_batch_store store = {0};
    struct cs_buf log = CS_BUF(10000);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        cs_buf_clear(&log);
        log_batch_within(&log, cs_view_str(rows[i].text), &lenient, &store);
        cs_buf_char(&log, '\0');
        assert_string_equal(log.ptr, rows[i].log);
    }
    cs_buf_free(&log);
    cs_batch_store_free(&store);
}

static void make_batch(struct cs_buf *text, size_t n, size_t n_headers)
{
    cs_buf_clear(text);
    cs_buf_str(text, "{\"records\":[");
    for (size_t i = 0; i < n; i++) {
        cs_buf_printf(text, "%s{\"seq_num\":%zu,\"body\":\"\\\"%zu\\\"\",\"headers\":[",
                      i ? "," : "", i, i);
        for (size_t h = 0; h < n_headers; h++) {
            cs_buf_printf(text, "%s[\"n%zu\",\"\\t%zu\"]", h ? "," : "", h, i);
        }
        cs_buf_str(text, "]}");
    }
    cs_buf_str(text, "]}");
}

static void limits(void **state)
{
    const struct cs_batch_limits small = {.max_records = 3, .max_headers = 6};
    struct cs_batch_store store = {0};
    struct cs_buf text = CS_BUF(1000000);
    struct cs_batch batch;
    struct cs_diag diag;

    (void)state;
    make_batch(&text, 3, 2);
    assert_int_equal(cs_batch_decode(cs_buf_view(&text), &small, &store, &batch, &diag), CS_OK);
    make_batch(&text, 4, 0);
    assert_int_equal(cs_batch_decode(cs_buf_view(&text), &small, &store, &batch, &diag),
                     CS_ERR_LIMIT);
    assert_int_equal(text.ptr[diag.offset], '{');
    make_batch(&text, 1, 7);
    assert_int_equal(cs_batch_decode(cs_buf_view(&text), &small, &store, &batch, &diag),
                     CS_ERR_LIMIT);
    assert_memory_equal(text.ptr + diag.offset, "[\"n6\"", 5);
    make_batch(&text, 1000, 3);
    assert_int_equal(cs_batch_decode(cs_buf_view(&text), NULL, &store, &batch, &diag), CS_OK);
    make_batch(&text, 1001, 0);
    assert_int_equal(cs_batch_decode(cs_buf_view(&text), NULL, &store, &batch, NULL), CS_ERR_LIMIT);
    cs_batch_store_free(&store);
    cs_buf_free(&text);
}

/* Arrays and text grow while records are read; nothing that was read before may move away. */
static void large_batches_keep_their_views(void **state)
{
    struct cs_batch_store store = {0};
    struct cs_buf text = CS_BUF(1000000);
    struct cs_buf wanted = CS_BUF(100);
    struct cs_batch batch;

    (void)state;
    make_batch(&text, 900, 5);
    assert_int_equal(cs_batch_decode(cs_buf_view(&text), NULL, &store, &batch, NULL), CS_OK);
    assert_int_equal(batch.n_records, 900);
    for (size_t i = 0; i < batch.n_records; i++) {
        const struct cs_record *record = &batch.records[i];

        cs_buf_clear(&wanted);
        cs_buf_printf(&wanted, "\"%zu\"", i);
        assert_int_equal(record->seq_num, i);
        assert_true(cs_view_eq(record->body, cs_buf_view(&wanted)));
        assert_int_equal(record->n_headers, 5);
        cs_buf_clear(&wanted);
        cs_buf_printf(&wanted, "\t%zu", i);
        assert_true(cs_view_eq(record->headers[4].name, CS_VIEW("n4")));
        assert_true(cs_view_eq(record->headers[4].value, cs_buf_view(&wanted)));
    }
    cs_buf_free(&wanted);
    cs_buf_free(&text);
    cs_batch_store_free(&store);
}

static void headers_are_found_by_exact_name(void **state)
{
    static const struct cs_header headers[] = {
        {{"trigger-control", 15}, {"turn-complete", 13}},
        {{"Name", 4}, {"upper", 5}},
        {{"name", 4}, {"first", 5}},
        {{"name", 4}, {"second", 6}},
    };
    struct cs_record record = {.headers = headers, .n_headers = 4, .kind = CS_RECORD_CONTROL};
    const struct cs_record data = {.kind = CS_RECORD_DATA};

    (void)state;
    assert_ptr_equal(cs_record_header(&record, "name"), &headers[2]);
    assert_ptr_equal(cs_record_header(&record, "Name"), &headers[1]);
    assert_null(cs_record_header(&record, "nam"));
    assert_null(cs_record_header(&data, "name"));
    assert_true(cs_view_eq(cs_record_control(&record), CS_VIEW("turn-complete")));
    assert_int_equal(cs_record_control(&data).len, 0);
    record.kind = CS_RECORD_COMMAND;
    assert_int_equal(cs_record_control(&record).len, 0);
}

static void positions(void **state)
{
    struct cs_position position = {.seq_num = 1};
    struct cs_diag diag;

    (void)state;
    assert_int_equal(
        cs_position_decode(CS_VIEW("{\"seq_num\":5,\"timestamp\":6}"), &position, &diag), CS_OK);
    assert_int_equal(position.seq_num, 5);
    assert_int_equal(position.timestamp, 6);
    assert_int_equal(cs_position_decode(CS_VIEW("{\"seq_num\":7}"), &position, &diag),
                     CS_ERR_MISSING);
    assert_int_equal(
        cs_position_decode(CS_VIEW("{\"seq_num\":7,\"timestamp\":8} {}"), &position, &diag),
        CS_ERR_SYNTAX);
    assert_int_equal(diag.offset, 28);
    assert_int_equal(cs_position_decode(CS_VIEW("[7,8]"), &position, NULL), CS_ERR_TYPE);
    assert_int_equal(position.seq_num, 5);
}

static void envelopes(void **state)
{
    static const struct {
        const char *body;
        enum cs_err err;
        size_t offset;
        const char *data;
        const char *id;
    } rows[] = {
        {"{\"data\":\"x\",\"id\":\"abc1234\"}", CS_OK, 0, "\"x\"", "abc1234"},
        {"{\"id\":\"\",\"data\":{\"type\":\"a\"},\"n\":1}", CS_OK, 0, "{\"type\":\"a\"}", ""},
        {"{\"data\":null,\"id\":\"a\\\"b\"}", CS_OK, 0, "null", "a\\\"b"},
        {"{\"data\":1,\"id\":2,\"data\":[3],\"id\":\"4\"}", CS_OK, 0, "[3]", "4"},
        {" {\"data\":1}", CS_ERR_MISSING, 1, NULL, NULL},
        {"{\"id\":\"a\"}", CS_ERR_MISSING, 0, NULL, NULL},
        {"{}", CS_ERR_MISSING, 0, NULL, NULL},
        {"{\"data\":1,\"id\":2}", CS_ERR_TYPE, 15, NULL, NULL},
        {"{\"data\":1,\"id\":null}", CS_ERR_TYPE, 15, NULL, NULL},
        {"[]", CS_ERR_TYPE, 0, NULL, NULL},
        {" \"data\"", CS_ERR_TYPE, 1, NULL, NULL},
        {"", CS_ERR_SYNTAX, 0, NULL, NULL},
        {"{\"data\":1,\"id\":\"a\"}}", CS_ERR_SYNTAX, 19, NULL, NULL},
        {"{\"data\":1,\"id\":2,}", CS_ERR_SYNTAX, 17, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct cs_view data = CS_VIEW("untouched");
        struct cs_view id = CS_VIEW("untouched");
        struct cs_diag diag = {0};
        enum cs_err err = cs_envelope_decode(cs_view_str(rows[i].body), &data, &id, &diag);

        assert_int_equal(err, rows[i].err);
        assert_int_equal(diag.offset, rows[i].offset);
        assert_true(cs_view_eq(data, cs_view_str(err ? "untouched" : rows[i].data)));
        assert_true(cs_view_eq(id, cs_view_str(err ? "untouched" : rows[i].id)));
    }
}

/* Of members with one name the last counts, for a lenient reader too: where it is left out, nothing
 * of an earlier one stays. */
static void what_is_left_out_leaves_nothing(void **state)
{
    const struct cs_batch_limits lenient = {.lenient = true};
    struct cs_batch_store store = {0};
    struct cs_batch batch = {0};

    (void)state;
    assert_int_equal(
        cs_batch_decode(CS_VIEW("{\"records\":[{\"seq_num\":1,\"body\":\"a\",\"body\":7,"
                                "\"timestamp\":5,\"timestamp\":null}]}"),
                        &lenient, &store, &batch, NULL),
        CS_OK);
    assert_int_equal(batch.n_records, 1);
    assert_false(batch.records[0].has_body);
    assert_int_equal(batch.records[0].body.len, 0);
    assert_false(batch.records[0].has_timestamp);
    assert_int_equal(batch.records[0].timestamp, 0);
    cs_batch_store_free(&store);
}

/* How a record is written decides how it is read, not what is read: a text, and the same with a
 * space where none has been, in which nothing is as it is mostly written. `shift` is where the
 * space is. */
static void same_of_both(struct cs_view text, bool lenient, bool is_utf8)
{
    const size_t shift = sizeof("{\"records\":[{") - 1;
    const struct cs_batch_limits limits = {.lenient = lenient, .is_utf8 = is_utf8};
    struct cs_batch_store store[2] = {{0}, {0}};
    struct cs_batch batch[2] = {{0}, {0}};
    struct cs_diag diag[2] = {{0}, {0}};
    struct cs_buf spaced = CS_BUF(4096);

    cs_buf_append(&spaced, text.ptr, shift);
    cs_buf_char(&spaced, ' ');
    cs_buf_append(&spaced, text.ptr + shift, text.len - shift);
    enum cs_err usual = cs_batch_decode(text, &limits, &store[0], &batch[0], &diag[0]);
    enum cs_err other =
        cs_batch_decode(cs_buf_view(&spaced), &limits, &store[1], &batch[1], &diag[1]);
    assert_int_equal(usual, other);
    assert_string_equal(diag[0].text, diag[1].text);
    if (diag[1].offset > shift) {
        assert_int_equal(diag[0].offset + 1, diag[1].offset);
    }
    assert_int_equal(batch[0].n_records, batch[1].n_records);
    assert_int_equal(batch[0].n_left_out, batch[1].n_left_out);
    for (size_t i = 0; i < batch[0].n_records; i++) {
        const struct cs_record *a = &batch[0].records[i];
        const struct cs_record *b = &batch[1].records[i];

        assert_true(a->seq_num == b->seq_num && a->timestamp == b->timestamp);
        assert_true(a->has_timestamp == b->has_timestamp && a->has_headers == b->has_headers);
        assert_true(a->has_body == b->has_body && a->kind == b->kind);
        assert_true(a->n_headers == b->n_headers && cs_view_eq(a->body, b->body));
    }
    for (size_t i = 0; i < 2; i++) {
        cs_batch_store_free(&store[i]);
    }
    cs_buf_free(&spaced);
}

/* Every byte in turn becomes one that may change what the record is, or whether it is one. */
static void how_a_record_is_written_changes_nothing(void **state)
{
    static const char *const texts[] = {
        ("{\"records\":[{\"seq_num\":12,\"timestamp\":1764000000000,\"body\":\"{\\\"data\\\":"
         "\\\\n caf\xc3\xa9 \\u00e9\\n and some more \\/ text\\\\\"}]}"),
        "{\"records\":[{\"seq_num\":0,\"timestamp\":5,\"headers\":[],\"body\":\"\"}]}",
        "{\"records\":[{\"seq_num\":123456789012345678,\"timestamp\":-1,\"body\":\"plain\"}]}",
    };
    static const char others[] = "\"\\0129.-eu}{][,: \n\x01\xff/xa";

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char text[256];
        size_t len = strlen(texts[i]);

        memcpy(text, texts[i], len + 1);
        same_of_both(cs_view_of(text, len), false, true);
        for (size_t at = sizeof("{\"records\":[{") - 1; at < len; at++) {
            for (size_t n = 0; n < sizeof(others) - 1; n++) {
                bool is_ascii = (signed char)others[n] >= 0 && (signed char)text[at] >= 0;

                text[at] = others[n];
                same_of_both(cs_view_of(text, len), n % 2, is_ascii);
                same_of_both(cs_view_of(text, len), !(n % 2), false);
                text[at] = texts[i][at];
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_a_record_is_written_changes_nothing),
        cmocka_unit_test(batches),
        cmocka_unit_test(faults),
        cmocka_unit_test(limits),
        cmocka_unit_test(lenient_readers_leave_out_what_is_odd),
        cmocka_unit_test(what_is_left_out_leaves_nothing),
        cmocka_unit_test(large_batches_keep_their_views),
        cmocka_unit_test(headers_are_found_by_exact_name),
        cmocka_unit_test(positions),
        cmocka_unit_test(envelopes),
    };

    return cmocka_run_group_tests_name("record", tests, NULL, NULL) != 0;
}
