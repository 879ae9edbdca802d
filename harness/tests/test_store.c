/* The memory store, called directly: numbering, conditions, trims, and what readers are told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "endpoint/store/store.h"
#include "endpoint/store/store_log.h"
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
    size_t refuse;     /* that many batches are refused */
    bool stop_at_once; /* in the first hook */
};

static int64_t fake_clock(void *ctx)
{
    return ((struct world *)ctx)->now;
}

static int set_up(void **state)
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

static int tear_down(void **state)
{
    struct world *world = *state;
    world->store->ops->free(world->store);
    cs_loop_free(world->loop);
    free(world);
    return 0;
}

static void told(struct listener *listener)
{
    listener->n_calls++;
    if (listener->stop_at_once) {
        listener->world->store->ops->read_stop(&listener->reader);
    }
    cs_loop_stop(listener->world->loop);
}

static bool on_batch(struct cs_store_reader *reader, const struct cs_record *records, size_t n,
                     bool live, struct cs_position tail)
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
    cs_buf_printf(&listener->log, "%s %llu-%llu tail %llu\n", live ? "live" : "backlog",
                  (unsigned long long)records[0].seq_num,
                  (unsigned long long)records[n - 1].seq_num, (unsigned long long)tail.seq_num);
    told(listener);
    return true;
}

static void on_edge(struct cs_store_reader *reader, struct cs_position tail)
{
    struct listener *listener = (struct listener *)reader;
    cs_buf_printf(&listener->log, "edge %llu@%lld\n", (unsigned long long)tail.seq_num,
                  (long long)tail.timestamp);
    told(listener);
}

static void on_error(struct cs_store_reader *reader, enum cs_store_status status,
                     const char *message)
{
    (void)reader;
    fail_msg("the read failed: %d %s", status, message);
}

static void listen_from(struct world *world, struct listener *listener, const char *stream,
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

static void wait_calls(struct listener *listener, size_t n)
{
    int64_t deadline = cs_loop_now(listener->world->loop) + PATIENCE_MS;
    while (listener->n_calls < n) {
        assert_true(cs_loop_run(listener->world->loop, deadline));
    }
}

static void assert_log(struct listener *listener, const char *expected)
{
    cs_buf_char(&listener->log, '\0');
    assert_int_equal(cs_buf_error(&listener->log), CS_OK);
    assert_string_equal(listener->log.ptr, expected);
    listener->log.len--;
}

static void hang_up(struct listener *listener)
{
    listener->world->store->ops->read_stop(&listener->reader);
    cs_buf_free(&listener->log);
}

static void keep_result(void *ctx, const struct cs_store_appended *result)
{
    *(struct cs_store_appended *)ctx = *result;
}

static struct cs_store_appended append(struct world *world, const char *stream,
                                       const struct cs_store_append *input)
{
    struct cs_store_appended result = {.status = CS_STORE_UNAVAILABLE};
    world->store->ops->append(world->store, cs_view_str(stream), input, keep_result, &result);
    return result;
}

static struct cs_store_appended append_text(struct world *world, const char *stream,
                                            const char *text)
{
    struct cs_record record = {.body = cs_view_str(text)};
    return append(world, stream, &(struct cs_store_append){.records = &record, .n_records = 1});
}

static struct cs_store_appended append_command(struct world *world, const char *stream,
                                               const char *name, struct cs_view body)
{
    struct cs_header header = {.value = cs_view_str(name)};
    struct cs_record record = {.headers = &header, .n_headers = 1, .body = body};
    return append(world, stream, &(struct cs_store_append){.records = &record, .n_records = 1});
}

static struct cs_store_appended append_trim(struct world *world, const char *stream,
                                            uint64_t first_kept)
{
    char body[8];
    cs_trim_encode(first_kept, body);
    return append_command(world, stream, "trim", cs_view_of(body, sizeof(body)));
}

/* ---- numbering ---- */

static void numbers_grow_by_one_from_zero(void **state)
{
    struct world *world = *state;
    struct cs_record batch[3] = {{.body = CS_VIEW("a")}, {.body = CS_VIEW("b")}, {0}};
    struct cs_store_appended result =
        append(world, "s", &(struct cs_store_append){.records = batch, .n_records = 3});
    assert_int_equal(result.status, CS_STORE_OK);
    assert_int_equal(result.start.seq_num, 0);
    assert_int_equal(result.end.seq_num, 3);
    assert_int_equal(result.tail.seq_num, 3);
    assert_int_equal(result.start.timestamp, 1000);
    assert_int_equal(append_text(world, "s", "c").start.seq_num, 3);
    assert_int_equal(append_trim(world, "s", 1).start.seq_num, 4);
    assert_int_equal(append_text(world, "other", "c").start.seq_num, 0);
}

static void timestamps_never_decrease(void **state)
{
    struct world *world = *state;
    assert_int_equal(append_text(world, "s", "a").start.timestamp, 1000);
    world->now = 900; /* a clock that went back */
    assert_int_equal(append_text(world, "s", "b").start.timestamp, 1000);
    world->now = 2000;
    struct cs_record past = {.has_timestamp = true, .timestamp = 1500};
    struct cs_store_append input = {.records = &past, .n_records = 1};
    assert_int_equal(append(world, "s", &input).start.timestamp, 1500);
    past.timestamp = 10;
    assert_int_equal(append(world, "s", &input).start.timestamp, 1500);
    past.timestamp = 99999; /* the future is not known yet */
    assert_int_equal(append(world, "s", &input).start.timestamp, 2000);
}

static void match_seq_num_guards_the_tail(void **state)
{
    struct world *world = *state;
    struct cs_record record = {.body = CS_VIEW("a")};
    struct cs_store_append input = {
        .records = &record, .n_records = 1, .has_match_seq_num = true, .match_seq_num = 0};
    assert_int_equal(append(world, "s", &input).status, CS_STORE_OK);
    struct cs_store_appended again = append(world, "s", &input);
    assert_int_equal(again.status, CS_STORE_CONDITION);
    assert_false(again.fencing_mismatch);
    assert_int_equal(again.tail.seq_num, 1);
    input.match_seq_num = 1;
    assert_int_equal(append(world, "s", &input).start.seq_num, 1);
}

static void fencing_token_guards_who_offers_one(void **state)
{
    struct world *world = *state;
    assert_int_equal(append_command(world, "s", "fence", CS_VIEW("me")).status, CS_STORE_OK);
    struct cs_record record = {.body = CS_VIEW("a")};
    struct cs_store_append input = {.records = &record,
                                    .n_records = 1,
                                    .has_fencing_token = true,
                                    .fencing_token = CS_VIEW("you")};
    struct cs_store_appended refused = append(world, "s", &input);
    assert_int_equal(refused.status, CS_STORE_CONDITION);
    assert_true(refused.fencing_mismatch);
    assert_true(cs_view_eq(refused.fencing_token, CS_VIEW("me")));
    input.fencing_token = CS_VIEW("me");
    assert_int_equal(append(world, "s", &input).start.seq_num, 1);
    assert_int_equal(append_text(world, "s", "no token at all").start.seq_num, 2);
}

static void illegal_batches_change_nothing(void **state)
{
    struct world *world = *state;
    struct cs_header headers[2] = {{.value = CS_VIEW("trim")}, {CS_VIEW("a"), CS_VIEW("b")}};
    struct cs_header empty_second[2] = {{CS_VIEW("a"), CS_VIEW("b")}, {.value = CS_VIEW("trim")}};
    struct cs_header unknown = {.value = CS_VIEW("shout")};
    struct cs_header fence = {.value = CS_VIEW("fence")};
    char long_token[37] = {0};
    static char big[CS_RECORD_MAX_METERED - 7];
    memset(big, 'x', sizeof(big));
    struct cs_record bad[] = {
        {.headers = headers, .n_headers = 2, .body = CS_VIEW("12345678")},
        {.headers = empty_second, .n_headers = 2, .body = CS_VIEW("12345678")},
        {.headers = headers, .n_headers = 1, .body = CS_VIEW("1234567")},
        {.headers = &unknown, .n_headers = 1},
        {.headers = &fence, .n_headers = 1, .body = cs_view_of(long_token, sizeof(long_token))},
        {.body = cs_view_of(big, sizeof(big))},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct cs_store_append input = {.records = &bad[i], .n_records = 1};
        struct cs_store_appended result = append(world, "s", &input);
        assert_int_equal(result.status, CS_STORE_INVALID);
        assert_non_null(result.message);
    }
    static struct cs_record many[1001];
    struct cs_store_append input = {.records = many, .n_records = 1001};
    assert_int_equal(append(world, "s", &input).status, CS_STORE_INVALID);
    input.n_records = 0;
    assert_int_equal(append(world, "s", &input).status, CS_STORE_INVALID);
    /* The minimal pairs: one record or one byte less is fine, and gets the first number. */
    input.n_records = 1000;
    assert_int_equal(append(world, "s", &input).start.seq_num, 0);
    struct cs_record largest = {.body = cs_view_of(big, sizeof(big) - 1)};
    input = (struct cs_store_append){.records = &largest, .n_records = 1};
    assert_int_equal(append(world, "s", &input).start.seq_num, 1000);
}

/* ---- readers ---- */

static void backlog_comes_before_the_edge_and_live_after(void **state)
{
    struct world *world = *state;
    append_text(world, "s", "a");
    append_text(world, "s", "b");
    struct listener listener = {0};
    listen_from(world, &listener, "s", 1);
    wait_calls(&listener, 2);
    append_text(world, "s", "c");
    assert_int_equal(listener.n_calls, 2); /* never from inside the append */
    wait_calls(&listener, 3);
    assert_log(&listener, "backlog 1-1 tail 2\nedge 2@1000\nlive 2-2 tail 3\n");
    hang_up(&listener);
}

static void untouched_stream_has_its_edge_at_zero(void **state)
{
    struct world *world = *state;
    struct listener listener = {0};
    listen_from(world, &listener, "nobody", 77);
    wait_calls(&listener, 1);
    append_text(world, "nobody", "first");
    wait_calls(&listener, 2);
    assert_log(&listener, "edge 0@0\nlive 0-0 tail 1\n");
    hang_up(&listener);
}

static void position_beyond_the_tail_is_clamped(void **state)
{
    struct world *world = *state;
    append_text(world, "s", "a");
    struct listener listener = {0};
    listen_from(world, &listener, "s", UINT64_MAX);
    wait_calls(&listener, 1);
    append_text(world, "s", "b");
    wait_calls(&listener, 2);
    assert_log(&listener, "edge 1@1000\nlive 1-1 tail 2\n");
    hang_up(&listener);
}

static void batches_keep_their_limits(void **state)
{
    struct world *world = *state;
    static struct cs_record small[700];
    struct cs_store_append input = {.records = small, .n_records = 700};
    append(world, "count", &input);
    append(world, "count", &input);
    struct listener by_count = {0};
    listen_from(world, &by_count, "count", 0);
    wait_calls(&by_count, 3);
    assert_log(&by_count, "backlog 0-999 tail 1400\nbacklog 1000-1399 tail 1400\nedge 1400@1000\n");
    hang_up(&by_count);

    static char half[CS_RECORD_MAX_METERED / 2 - 8];
    memset(half, 'x', sizeof(half));
    struct cs_record large = {.body = cs_view_of(half, sizeof(half))};
    for (int i = 0; i < 3; i++) {
        append(world, "size", &(struct cs_store_append){.records = &large, .n_records = 1});
    }
    struct listener by_size = {0};
    listen_from(world, &by_size, "size", 0);
    wait_calls(&by_size, 3);
    assert_log(&by_size, "backlog 0-1 tail 3\nbacklog 2-2 tail 3\nedge 3@1000\n");
    hang_up(&by_size);
}

static void refused_batch_comes_again_when_asked_for(void **state)
{
    struct world *world = *state;
    struct listener slow = {.refuse = 1};
    struct listener quick = {0};
    listen_from(world, &slow, "s", 0);
    listen_from(world, &quick, "s", 0);
    wait_calls(&slow, 1);
    wait_calls(&quick, 1);
    append_text(world, "s", "a");
    wait_calls(&slow, 2);
    append_text(world, "s", "b");
    wait_calls(&quick, 3);
    assert_int_equal(slow.n_calls, 2); /* blocked: not told of "b" */
    world->store->ops->read_more(&slow.reader);
    wait_calls(&slow, 3);
    append_text(world, "s", "c");
    wait_calls(&slow, 4);
    /* It fell behind, so what it missed is backlog, and the edge is told only once. */
    assert_log(&slow, "edge 0@0\nrefused\nbacklog 0-1 tail 2\nlive 2-2 tail 3\n");
    hang_up(&slow);
    hang_up(&quick);
}

static void reader_may_stop_in_its_own_hook(void **state)
{
    struct world *world = *state;
    struct listener leaver = {.stop_at_once = true};
    struct listener stayer = {0};
    append_text(world, "s", "a");
    listen_from(world, &leaver, "s", 0);
    listen_from(world, &stayer, "s", 0);
    wait_calls(&leaver, 1);
    wait_calls(&stayer, 2);
    append_text(world, "s", "b");
    wait_calls(&stayer, 3);
    assert_log(&leaver, "backlog 0-0 tail 1\n");
    assert_null(leaver.reader.impl);
    hang_up(&leaver);
    hang_up(&stayer);
}

static void stopping_before_the_first_call_is_silent(void **state)
{
    struct world *world = *state;
    struct listener early = {0};
    struct listener canary = {0};
    append_text(world, "s", "a");
    listen_from(world, &early, "s", 0);
    listen_from(world, &canary, "s", 0);
    world->store->ops->read_stop(&early.reader);
    wait_calls(&canary, 2);
    assert_int_equal(early.n_calls, 0);
    hang_up(&early);
    hang_up(&canary);
}

/* ---- trims ---- */

static void trim_keeps_its_target_and_never_moves_back(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 5; i++) {
        append_text(world, "s", "x");
    }
    append_trim(world, "s", 3); /* number 5 */
    append_trim(world, "s", 1); /* number 6, without effect */
    struct listener listener = {0};
    listen_from(world, &listener, "s", 0);
    wait_calls(&listener, 2);
    assert_log(&listener, "backlog 3-6 tail 7\nedge 7@1000\n");
    hang_up(&listener);
}

static void trim_point_beyond_itself_is_lowered(void **state)
{
    struct world *world = *state;
    append_text(world, "s", "x");
    append_trim(world, "s", 1000);
    assert_int_equal(append_text(world, "s", "kept").start.seq_num, 2);
    struct listener listener = {0};
    listen_from(world, &listener, "s", 0);
    wait_calls(&listener, 2);
    assert_log(&listener, "backlog 2-2 tail 3\nedge 3@1000\n");
    hang_up(&listener);
}

static void who_stood_at_the_edge_sees_what_a_trim_removes(void **state)
{
    struct world *world = *state;
    struct listener watcher = {0};
    listen_from(world, &watcher, "s", 0);
    wait_calls(&watcher, 1);
    append_text(world, "s", "x");
    append_trim(world, "s", 1000);
    struct listener late = {0};
    listen_from(world, &late, "s", 0);
    wait_calls(&watcher, 2);
    wait_calls(&late, 1);
    assert_log(&watcher, "edge 0@0\nlive 0-1 tail 2\n");
    assert_log(&late, "edge 2@1000\n");
    hang_up(&watcher);
    hang_up(&late);
}

/* ---- last ---- */

struct last_records {
    enum cs_store_status status;
    size_t n;
    uint64_t first;
    struct cs_position tail;
};

static void keep_last(void *ctx, enum cs_store_status status, const struct cs_record *records,
                      size_t n, struct cs_position tail)
{
    *(struct last_records *)ctx = (struct last_records){
        .status = status, .n = n, .first = n > 0 ? records[0].seq_num : 0, .tail = tail};
}

static void last_gives_the_newest_oldest_first(void **state)
{
    struct world *world = *state;
    struct last_records last = {0};
    world->store->ops->last(world->store, CS_VIEW("s"), 2, keep_last, &last);
    assert_int_equal(last.status, CS_STORE_NOT_FOUND);
    for (int i = 0; i < 4; i++) {
        append_text(world, "s", "x");
    }
    world->store->ops->last(world->store, CS_VIEW("s"), 2, keep_last, &last);
    assert_int_equal(last.status, CS_STORE_OK);
    assert_int_equal(last.n, 2);
    assert_int_equal(last.first, 2);
    assert_int_equal(last.tail.seq_num, 4);
    append_trim(world, "s", 4);
    world->store->ops->last(world->store, CS_VIEW("s"), 9, keep_last, &last);
    assert_int_equal(last.n, 1);
    assert_int_equal(last.first, 4);
}

/* ---- size ---- */

static void million_records_are_read_from_any_place(void **state)
{
    struct world *world = *state;
    static struct cs_record batch[1000];
    for (size_t i = 0; i < 1000; i++) {
        batch[i].body = CS_VIEW("{\"data\":\"x\"}");
    }
    for (size_t i = 0; i < 1000; i++) {
        struct cs_store_append input = {.records = batch, .n_records = 1000};
        assert_int_equal(append(world, "s", &input).start.seq_num, i * 1000);
    }
    static const uint64_t from[] = {0, 1, 499999, 998000, 999999, 1000000};
    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
        struct listener listener = {0};
        listen_from(world, &listener, "s", from[i]);
        wait_calls(&listener, (size_t)((1000000 - from[i] + 999) / 1000 + 1));
        assert_int_equal(listener.n_records, 1000000 - from[i]);
        hang_up(&listener);
    }
}

static void log_frees_whole_chunks_and_goes_on(void **state)
{
    (void)state;
    struct cs_log log = {0};
    struct cs_record plain = {.body = CS_VIEW("body")};
    for (uint64_t i = 0; i < 1000; i++) {
        assert_int_equal(cs_log_reserve(&log, 1), CS_OK);
        struct cs_record *copy = cs_log_copy(&plain);
        assert_non_null(copy);
        cs_log_add(&log, copy);
        cs_log_trim(&log, i > 200 ? i - 200 : 0);
    }
    assert_int_equal(log.first, 799);
    assert_true(log.n_chunks <= 5);
    assert_null(cs_log_get(&log, 798));
    assert_null(cs_log_get(&log, 1000));
    const struct cs_record *oldest = cs_log_get(&log, 799);
    assert_non_null(oldest);
    assert_int_equal(oldest->seq_num, 799);
    assert_true(cs_view_eq(oldest->body, CS_VIEW("body")));
    cs_log_trim(&log, UINT64_MAX);
    assert_int_equal(log.first, 1000);
    cs_log_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_grow_by_one_from_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(timestamps_never_decrease, set_up, tear_down),
        cmocka_unit_test_setup_teardown(match_seq_num_guards_the_tail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fencing_token_guards_who_offers_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(illegal_batches_change_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backlog_comes_before_the_edge_and_live_after, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(untouched_stream_has_its_edge_at_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(position_beyond_the_tail_is_clamped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(batches_keep_their_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused_batch_comes_again_when_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(reader_may_stop_in_its_own_hook, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopping_before_the_first_call_is_silent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(trim_keeps_its_target_and_never_moves_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(trim_point_beyond_itself_is_lowered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_stood_at_the_edge_sees_what_a_trim_removes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(last_gives_the_newest_oldest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(million_records_are_read_from_any_place, set_up, tear_down),
        cmocka_unit_test(log_frees_whole_chunks_and_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
