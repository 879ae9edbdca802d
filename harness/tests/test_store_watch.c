/* The store that tells what is stored, around one that answers late. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "endpoint/store/store_watch.h"

/* An inner store that keeps one append until it is told to answer. */
struct late_store {
    struct cs_store base; /* first member */
    void (*done)(void *ctx, const struct cs_store_appended *result);
    void *ctx;
    bool *is_freed;
};

static void late_append(struct cs_store *base, struct cs_view stream,
                        const struct cs_store_append *input,
                        void (*done)(void *ctx, const struct cs_store_appended *result), void *ctx)
{
    (void)stream;
    (void)input;
    struct late_store *store = (struct late_store *)base;
    store->done = done;
    store->ctx = ctx;
}

static void late_free(struct cs_store *base)
{
    *((struct late_store *)base)->is_freed = true;
}

static const struct cs_store_vtable late_ops = {.append = late_append, .free = late_free};

static void on_stored(void *ctx, struct cs_view stream, const struct cs_record *records, size_t n)
{
    struct cs_buf *log = ctx;
    cs_buf_add(log, stream);
    for (size_t i = 0; i < n; i++) {
        cs_buf_printf(log, " %d@%d %s %.*s", (int)records[i].seq_num, (int)records[i].timestamp,
                      cs_record_kind_name(records[i].kind), CS_VIEW_ARG(records[i].body));
    }
    cs_buf_str(log, "; ");
}

static void on_done(void *ctx, const struct cs_store_appended *result)
{
    cs_buf_printf(ctx, "answered %d; ", (int)result->status);
}

static void append(struct cs_store *watch, struct cs_buf *log)
{
    char text[] = "one";
    char name[] = "stream";
    struct cs_header header = {CS_VIEW("trigger-control"), CS_VIEW("turn-complete")};
    const struct cs_record records[] = {
        {.body = cs_view_of(text, 3), .timestamp = 7, .has_timestamp = true},
        {.headers = &header, .n_headers = 1},
        {.body = cs_view_of(text, 3), .timestamp = 5, .has_timestamp = true},
    };
    const struct cs_store_append input = {.records = records, .n_records = 3};
    watch->ops->append(watch, cs_view_of(name, 6), &input, on_done, log);
    memset(text, '?', sizeof(text)); /* the caller's memory is the caller's again */
    memset(name, '?', sizeof(name));
}

static void test_told_before_the_answer(void **state)
{
    (void)state;
    struct cs_buf log = CS_BUF((size_t)4096);
    bool is_freed = false;
    struct late_store inner = {.base.ops = &late_ops, .is_freed = &is_freed};
    struct cs_store *watch = cs_store_watch_new(&inner.base, on_stored, &log);
    assert_non_null(watch);
    append(watch, &log);
    assert_int_equal(log.len, 0);
    /* the second record has the store's time, and the third may not go back behind it */
    const struct cs_store_appended result = {.start = {4, 7}, .end = {7, 9}, .tail = {7, 9}};
    inner.done(inner.ctx, &result);
    assert_true(cs_view_eq(cs_buf_view(&log), CS_VIEW("stream 4@7 data one 5@9 control  6@9 data "
                                                      "one; answered 0; ")));
    cs_buf_clear(&log);
    append(watch, &log);
    const struct cs_store_appended refused = {.status = CS_STORE_UNAVAILABLE};
    inner.done(inner.ctx, &refused);
    assert_true(cs_view_eq(cs_buf_view(&log), CS_VIEW("answered 4; ")));
    watch->ops->free(watch);
    assert_true(is_freed);
    cs_buf_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_before_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
