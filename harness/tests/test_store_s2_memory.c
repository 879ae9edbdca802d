/* What the S2 backend and the HTTP below it do when memory runs out: each allocation of a scenario
 * fails once, in its turn, until the scenario passes without a failure.
 * Threads of the scripted S2 are left alone.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/failing_memory.h"
#include "tests/s2_world.h"

#define STREAM(text) "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" text
#define BATCH                                                                        \
    "event: batch\ndata: {\"records\":[{\"seq_num\":0,\"timestamp\":10,\"headers\":" \
    "[[\"YQ==\",\"Yg==\"]],\"body\":\"aGVsbG8=\"}]}\n\n"
#define PING "event: ping\ndata: {\"timestamp\":99,\"tail\":{\"seq_num\":1,\"timestamp\":10}}\n\n"

struct told {
    struct cs_store_reader reader; /* first member */
    bool appended;
    bool looked;
    bool ended; /* the edge, or an error */
    size_t n_failed;
    size_t n_records;
};

static void on_appended(void *ctx, const struct cs_store_appended *result)
{
    struct told *told = ctx;
    told->appended = true;
    told->n_failed += result->status != CS_STORE_OK;
}

static void on_last(void *ctx, enum cs_store_status status, const struct cs_record *records,
                    size_t n, struct cs_position tail)
{
    (void)records;
    (void)tail;
    struct told *told = ctx;
    told->looked = true;
    told->n_failed += status != CS_STORE_OK;
    assert_int_equal(n, status == CS_STORE_OK ? 1 : 0);
}

static bool on_batch(struct cs_store_reader *reader, const struct cs_record *records, size_t n,
                     bool live, struct cs_position tail)
{
    (void)live;
    (void)tail;
    struct told *told = (struct told *)reader;
    told->n_records += n;
    assert_true(cs_view_eq(records[0].body, CS_VIEW("hello")));
    return true;
}

static void on_edge(struct cs_store_reader *reader, struct cs_position tail)
{
    struct told *told = (struct told *)reader;
    told->ended = true;
    assert_int_equal(told->n_records, 1);
    assert_int_equal(tail.seq_num, 1);
}

static void on_error(struct cs_store_reader *reader, enum cs_store_status status,
                     const char *message)
{
    (void)message;
    struct told *told = (struct told *)reader;
    told->ended = true;
    told->n_failed++;
    assert_int_equal(status, CS_STORE_UNAVAILABLE);
}

static const struct canned_step steps[] = {
    {.on = "POST ",
     .bytes = ANSWER("200 OK", "109",
                     "{\"start\":{\"seq_num\":0,\"timestamp\":10},\"end\":{\"seq_num\":1,"
                     "\"timestamp\":10},\"tail\":{\"seq_num\":1,\"timestamp\":10}}"),
     .end = CANNED_KEEP},
    {.on = "GET /v1/streams/s/records?tail",
     .bytes =
         ANSWER("200 OK", "66",
                "{\"records\":[{\"seq_num\":0,\"timestamp\":10,\"body\":\"aGVsbG8=\"}]}      "),
     .end = CANNED_KEEP},
    {.on = "GET /v1/streams/s/records?seq", .bytes = STREAM(BATCH PING), .end = CANNED_HOLD},
    /* after a failure a read session may be opened anew */
    {.on = "GET /v1/streams/s/records?seq", .bytes = STREAM(BATCH PING), .end = CANNED_HOLD},
};

static void use_all(struct cs_store *store, struct told *told)
{
    static const struct cs_header header = {{"a", 1}, {"b", 1}};
    const struct cs_record record = {.headers = &header, .n_headers = 1, .body = CS_VIEW("hello")};
    const struct cs_store_append input = {.records = &record, .n_records = 1};
    told->reader.on_batch = on_batch;
    told->reader.on_edge = on_edge;
    told->reader.on_error = on_error;
    store->ops->append(store, CS_VIEW("s"), &input, on_appended, told);
    store->ops->last(store, CS_VIEW("s"), 1, on_last, told);
    if (store->ops->read_start(store, CS_VIEW("s"), 0, &told->reader) != CS_OK) {
        told->ended = true;
        told->n_failed++;
    }
}

/* Every call comes to an end, one way or the other. */
static void scenario(void *ctx)
{
    (void)ctx;
    struct canned *canned = CANNED(steps);
    char url[128];
    snprintf(url, sizeof(url), "%s/v1", canned->url);
    struct cs_loop *loop = cs_loop_new();
    assert_non_null(loop);
    memory_on();
    const struct cs_store_s2_config config = {.url = url,
                                              .basin = "chatspec-basin",
                                              .patience_ms = HASTE_MS,
                                              .silence_ms = HASTE_MS,
                                              .retry_ms = 1};
    struct told told = {0};
    struct cs_store *store = cs_store_s2_new(loop, &config);
    if (store != NULL) {
        use_all(store, &told);
        int64_t until = cs_loop_now(loop) + PATIENCE_MS;
        while (!(told.appended && told.looked && told.ended)) {
            assert_true(cs_loop_now(loop) < until);
            cs_loop_run(loop, cs_loop_now(loop) + 1);
        }
        if (!memory.failed) {
            assert_int_equal(told.n_failed, 0);
        }
        if (told.reader.store != NULL) {
            store->ops->read_stop(&told.reader);
        }
        store->ops->free(store);
    }
    memory_off();
    cs_loop_free(loop);
    canned_free(canned);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    size_t n = memory_fail_each(scenario, NULL);
    assert_in_range(n, 20, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
