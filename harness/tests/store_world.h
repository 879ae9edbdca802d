/* The memory store, called directly, and a reader that writes down what it was told. */
#ifndef CHATSPEC_TESTS_STORE_WORLD_H
#define CHATSPEC_TESTS_STORE_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "endpoint/store/store.h"
#include "net/loop.h"

#define PATIENCE_MS 10000

struct world {
    struct cs_loop *loop;
    struct cs_store *store;
    int64_t now; /* the store's clock */
};

/* A reader that writes down what it was told. */
struct listener {
    struct cs_store_reader reader; /* first member */
    struct world *world;
    struct cs_buf log;
    size_t n_calls;
    size_t n_records;
    uint64_t next_seq;
    uint64_t batch;    /* number of the last one */
    size_t refuse;     /* that many batches are refused */
    bool stop_at_once; /* in the first hook */
};

static inline int64_t fake_clock(void *ctx)
{
    return ((struct world *)ctx)->now;
}

static inline int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->loop = cs_loop_new();
    assert_non_null(world->loop);
    world->now = 1000;
    world->store = cs_store_memory_new(world->loop, fake_clock, world);
    assert_non_null(world->store);
    *state = world;
    return 0;
}

static inline int tear_down(void **state)
{
    struct world *world = *state;
    world->store->ops->free(world->store);
    cs_loop_free(world->loop);
    free(world);
    return 0;
}

static inline void told(struct listener *listener)
{
    listener->n_calls++;
    if (listener->stop_at_once) {
        listener->world->store->ops->read_stop(&listener->reader);
    }
    cs_loop_stop(listener->world->loop);
}

static inline bool on_batch(struct cs_store_reader *reader, const struct cs_record *records,
                            size_t n, bool live, struct cs_position tail)
{
    struct listener *listener = (struct listener *)reader;
    assert_true(n > 0 && n <= 1000);
    if (listener->refuse > 0) {
        listener->refuse--;
        cs_buf_str(&listener->log, "refused\n");
        told(listener);
        return false;
    }
    for (size_t i = 1; i < n; i++) {
        assert_int_equal(records[i].seq_num, records[0].seq_num + i);
    }
    listener->n_records += n;
    listener->next_seq = records[n - 1].seq_num + 1;
    listener->batch = reader->batch;
    cs_buf_printf(&listener->log, "%s %llu-%llu tail %llu\n", live ? "live" : "backlog",
                  (unsigned long long)records[0].seq_num,
                  (unsigned long long)records[n - 1].seq_num, (unsigned long long)tail.seq_num);
    told(listener);
    return true;
}

static inline void on_edge(struct cs_store_reader *reader, struct cs_position tail)
{
    struct listener *listener = (struct listener *)reader;
    cs_buf_printf(&listener->log, "edge %llu@%lld\n", (unsigned long long)tail.seq_num,
                  (long long)tail.timestamp);
    told(listener);
}

static inline void on_error(struct cs_store_reader *reader, enum cs_store_status status,
                            const char *message)
{
    (void)reader;
    fail_msg("the read failed: %d %s", status, message);
}

static inline void listen_from(struct world *world, struct listener *listener, const char *stream,
                               uint64_t from)
{
    listener->reader.on_batch = on_batch;
    listener->reader.on_edge = on_edge;
    listener->reader.on_error = on_error;
    listener->world = world;
    listener->log = CS_BUF((size_t)1 << 20);
    assert_int_equal(
        world->store->ops->read_start(world->store, cs_view_str(stream), from, &listener->reader),
        CS_OK);
    assert_int_equal(listener->n_calls, 0);
}

static inline void wait_calls(struct listener *listener, size_t n)
{
    int64_t deadline = cs_loop_now(listener->world->loop) + PATIENCE_MS;
    while (listener->n_calls < n) {
        assert_true(cs_loop_run(listener->world->loop, deadline));
    }
}

static inline void assert_log(struct listener *listener, const char *expected)
{
    cs_buf_char(&listener->log, '\0');
    assert_int_equal(cs_buf_error(&listener->log), CS_OK);
    assert_string_equal(listener->log.ptr, expected);
    listener->log.len--;
}

static inline void hang_up(struct listener *listener)
{
    listener->world->store->ops->read_stop(&listener->reader);
    cs_buf_free(&listener->log);
}

static inline void keep_result(void *ctx, const struct cs_store_appended *result)
{
    *(struct cs_store_appended *)ctx = *result;
}

static inline struct cs_store_appended append(struct world *world, const char *stream,
                                              const struct cs_store_append *input)
{
    struct cs_store_appended result = {.status = CS_STORE_UNAVAILABLE};
    world->store->ops->append(world->store, cs_view_str(stream), input, keep_result, &result);
    return result;
}

static inline struct cs_store_appended append_text(struct world *world, const char *stream,
                                                   const char *text)
{
    struct cs_record record = {.body = cs_view_str(text)};
    return append(world, stream, &(struct cs_store_append){.records = &record, .n_records = 1});
}

static inline struct cs_store_appended append_command(struct world *world, const char *stream,
                                                      const char *name, struct cs_view body)
{
    struct cs_header header = {.value = cs_view_str(name)};
    struct cs_record record = {.headers = &header, .n_headers = 1, .body = body};
    return append(world, stream, &(struct cs_store_append){.records = &record, .n_records = 1});
}

static inline struct cs_store_appended append_trim(struct world *world, const char *stream,
                                                   uint64_t first_kept)
{
    char body[8];
    cs_trim_encode(first_kept, body);
    return append_command(world, stream, "trim", cs_view_of(body, sizeof(body)));
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
