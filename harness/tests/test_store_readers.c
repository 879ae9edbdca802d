/* The memory store: what readers are told, and when. */
#include "store_world.h"

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

/* Equal numbers promise equal records: what was written for one reader is sent to another. */
static void equal_batches_have_equal_numbers(void **state)
{
    struct world *world = *state;
    struct listener listeners[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        listen_from(world, &listeners[i], i < 2 ? "s" : "other", 0);
        wait_calls(&listeners[i], 1);
    }
    append_text(world, "s", "a");
    append_text(world, "other", "b");
    for (size_t i = 0; i < 3; i++) {
        wait_calls(&listeners[i], 2);
    }
    uint64_t first = listeners[0].batch;
    assert_int_not_equal(first, 0);
    assert_int_equal(listeners[1].batch, first);
    assert_int_not_equal(listeners[2].batch, first);
    append_text(world, "s", "c");
    wait_calls(&listeners[0], 3);
    wait_calls(&listeners[1], 3);
    assert_int_not_equal(listeners[0].batch, first);
    assert_int_equal(listeners[1].batch, listeners[0].batch);
    /* From elsewhere, but to the same end: other records. */
    struct listener late = {0};
    listen_from(world, &late, "s", 0);
    wait_calls(&late, 1);
    assert_int_equal(late.n_records, 2);
    assert_int_not_equal(late.batch, listeners[0].batch);
    for (size_t i = 0; i < 3; i++) {
        hang_up(&listeners[i]);
    }
    hang_up(&late);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(backlog_comes_before_the_edge_and_live_after),
        WITH_STORE(untouched_stream_has_its_edge_at_zero),
        WITH_STORE(position_beyond_the_tail_is_clamped),
        WITH_STORE(batches_keep_their_limits),
        WITH_STORE(equal_batches_have_equal_numbers),
        WITH_STORE(refused_batch_comes_again_when_asked_for),
        WITH_STORE(reader_may_stop_in_its_own_hook),
        WITH_STORE(stopping_before_the_first_call_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
