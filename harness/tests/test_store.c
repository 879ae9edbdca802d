/* The memory store: numbering, conditions, trims, the newest records, and many of them. */
#include "store_world.h"

#include "endpoint/store/store_log.h"

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
        WITH_STORE(numbers_grow_by_one_from_zero),
        WITH_STORE(timestamps_never_decrease),
        WITH_STORE(match_seq_num_guards_the_tail),
        WITH_STORE(fencing_token_guards_who_offers_one),
        WITH_STORE(illegal_batches_change_nothing),
        WITH_STORE(trim_keeps_its_target_and_never_moves_back),
        WITH_STORE(trim_point_beyond_itself_is_lowered),
        WITH_STORE(who_stood_at_the_edge_sees_what_a_trim_removes),
        WITH_STORE(last_gives_the_newest_oldest_first),
        WITH_STORE(million_records_are_read_from_any_place),
        cmocka_unit_test(log_frees_whole_chunks_and_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
