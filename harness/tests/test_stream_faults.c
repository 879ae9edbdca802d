/* Stream routes over a store that takes its time and fails: what the memory store never does, and a
 * store behind a network does. Calls wait until the test answers them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint_world.h"

#include "endpoint/streams/streams.h"

struct held_store {
    struct cs_store base; /* first member */
    void (*append_done)(void *ctx, const struct cs_store_appended *result);
    void *append_ctx;
    void (*last_done)(void *ctx, enum cs_store_status status, const struct cs_record *records,
                      size_t n_records, struct cs_position tail);
    void *last_ctx;
    struct cs_store_reader *reader;
    bool refuses_reads;
    bool refuses_appends; /* of records without headers */
};

static void held_append(struct cs_store *base, struct cs_view stream,
                        const struct cs_store_append *input,
                        void (*done)(void *ctx, const struct cs_store_appended *result), void *ctx)
{
    (void)stream;
    assert_int_equal(input->n_records, 1);
    struct held_store *store = (struct held_store *)base;
    if (store->refuses_appends && input->records[0].n_headers == 0) {
        struct cs_store_appended result = {.status = CS_STORE_UNAVAILABLE, .message = "lost"};
        done(ctx, &result);
        return;
    }
    assert_null(store->append_done);
    store->append_done = done;
    store->append_ctx = ctx;
}

static enum cs_err held_read_start(struct cs_store *base, struct cs_view stream, uint64_t from,
                                   struct cs_store_reader *reader)
{
    (void)stream;
    (void)from;
    struct held_store *store = (struct held_store *)base;
    if (store->refuses_reads) {
        return CS_ERR_NO_MEMORY;
    }
    reader->store = base;
    reader->impl = store;
    store->reader = reader;
    return CS_OK;
}

static void held_read_more(struct cs_store_reader *reader)
{
    fail_msg("nobody was held back: %p", (void *)reader);
}

static void held_read_stop(struct cs_store_reader *reader)
{
    struct held_store *store = reader->impl;
    if (store != NULL && store->reader == reader) {
        store->reader = NULL;
    }
    reader->impl = NULL;
}

static void held_last(struct cs_store *base, struct cs_view stream, size_t n,
                      void (*done)(void *ctx, enum cs_store_status status,
                                   const struct cs_record *records, size_t n_records,
                                   struct cs_position tail),
                      void *ctx)
{
    (void)stream;
    assert_true(n >= 2);
    struct held_store *store = (struct held_store *)base;
    store->last_done = done;
    store->last_ctx = ctx;
}

static void held_free(struct cs_store *base)
{
    free(base);
}

/* Puts the held store in the place of the endpoint's own. */
static struct held_store *hold(struct world *world)
{
    static const struct cs_store_vtable ops = {
        .append = held_append,
        .read_start = held_read_start,
        .read_more = held_read_more,
        .read_stop = held_read_stop,
        .last = held_last,
        .free = held_free,
    };
    struct session session;
    create_plain(world, "a", &session);
    struct held_store *store = calloc(1, sizeof(*store));
    assert_non_null(store);
    store->base.ops = &ops;
    world->endpoint->store->ops->free(world->endpoint->store);
    world->endpoint->store = &store->base;
    return store;
}

static void answer_append(struct held_store *store, enum cs_store_status status)
{
    struct cs_store_appended result = {.status = status, .message = "because"};
    void (*done)(void *ctx, const struct cs_store_appended *result) = store->append_done;
    assert_non_null(done);
    store->append_done = NULL;
    done(store->append_ctx, &result);
}

static bool nobody_connected(struct world *world)
{
    return cs_server_connections(world->endpoint->server) == 0;
}

static void failed_append_is_500_and_can_be_repeated(void **state)
{
    struct world *world = *state;
    struct held_store *store = hold(world);
    for (int i = 0; i < 2; i++) {
        struct reply reply;
        ask(world, &reply, "POST", IN_A "/append", SECRET, "X-Part-Id: p\r\n", CS_VIEW("x"));
        WORLD_UNTIL(world, store->append_done != NULL); /* the second try too: no repeat */
        answer_append(store, i == 0 ? CS_STORE_UNAVAILABLE : CS_STORE_OK);
        WORLD_UNTIL(world, is_complete(&reply));
        assert_int_equal(reply.status, i == 0 ? 500 : 200);
        assert_body(&reply, i == 0 ? "{\"ok\":false,\"error\":\"Something went wrong, please try "
                                     "again.\"}"
                                   : "{\"ok\":true,\"seq\":0}");
        forget(&reply);
    }
}

static void clients_may_leave_while_the_store_is_at_work(void **state)
{
    struct world *world = *state;
    struct held_store *store = hold(world);
    struct reply put;
    assert_int_equal(exchange(world, &put, "PUT", OUT_A, SECRET, "", CS_VIEW("")), 202);
    char token[2048];
    snprintf(token, sizeof(token), "%s", header_of(&put, "X-S2-Access-Token"));
    forget(&put);
    static const enum cs_store_status ends[] = {CS_STORE_OK, CS_STORE_UNAVAILABLE};
    for (size_t i = 0; i < 2; i++) {
        struct reply reply;
        ask(world, &reply, "POST", IN_A "/append", SECRET, "", CS_VIEW("x"));
        WORLD_UNTIL(world, store->append_done != NULL);
        forget(&reply);
        WORLD_UNTIL(world, nobody_connected(world));
        answer_append(store, ends[i]);

        ask(world, &reply, "POST", "/v1/streams/%2Fsessions%2Fa%2Fout/records", token,
            "S2-Basin: chatspec-basin\r\nContent-Type: application/json\r\n",
            CS_VIEW("{\"records\":[{}]}"));
        WORLD_UNTIL(world, store->append_done != NULL);
        forget(&reply);
        WORLD_UNTIL(world, nobody_connected(world));
        answer_append(store, ends[i]);

        ask(world, &reply, "GET", OUT_A, SECRET, "X-Peek-Settled: 1\r\n", NO_BODY);
        WORLD_UNTIL(world, store->last_done != NULL);
        forget(&reply);
        WORLD_UNTIL(world, nobody_connected(world));
        store->last_done(store->last_ctx, ends[i], NULL, 0, (struct cs_position){0});
        store->last_done = NULL;

        ask(world, &reply, "GET", OUT_A "/records", SECRET, "", NO_BODY);
        WORLD_UNTIL(world, store->reader != NULL);
        forget(&reply);
        WORLD_UNTIL(world, store->reader == NULL);
    }
}

static void store_faults_have_their_statuses(void **state)
{
    static const struct {
        enum cs_store_status fault;
        int status;
        const char *answer;
    } rows[] = {
        {CS_STORE_INVALID, 422, "{\"code\":\"invalid\",\"message\":\"because\"}"},
        {CS_STORE_CONDITION, 412, "{\"seq_num_mismatch\":0}"},
        {CS_STORE_NOT_FOUND, 404, "{\"code\":\"stream_not_found\""},
        {CS_STORE_UNAVAILABLE, 503, "{\"code\":\"unavailable\""},
    };
    struct world *world = *state;
    struct held_store *store = hold(world);
    struct reply put;
    assert_int_equal(exchange(world, &put, "PUT", OUT_A, SECRET, "", CS_VIEW("")), 202);
    char token[2048];
    snprintf(token, sizeof(token), "%s", header_of(&put, "X-S2-Access-Token"));
    forget(&put);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reply reply;
        ask(world, &reply, "POST", "/v1/streams/%2Fsessions%2Fa%2Fout/records", token,
            "S2-Basin: chatspec-basin\r\nContent-Type: application/json; charset=utf-8\r\n",
            CS_VIEW("{\"records\":[{}]}"));
        WORLD_UNTIL(world, store->append_done != NULL);
        answer_append(store, rows[i].fault);
        WORLD_UNTIL(world, is_complete(&reply));
        assert_int_equal(reply.status, rows[i].status);
        assert_true(body_has(&reply, rows[i].answer));
        forget(&reply);
    }
    assert_int_equal(status_of(world, "POST", "/v1/streams/%2Fsessions%2Fa%2Fout/records", token,
                               "S2-Basin: another-basin\r\nContent-Type: application/json\r\n",
                               CS_VIEW("{\"records\":[{}]}")),
                     404);
    assert_int_equal(status_of(world, "POST", "/v1/streams/%2Fsessions%2Fa%2Fout/records", token,
                               "Content-Type: application/json\r\n", CS_VIEW("{\"records\":[{}]}")),
                     400);
    assert_int_equal(status_of(world, "POST", "/v1/streams/%2Fsessions%2Fa%2Fout/records", token,
                               "S2-Basin: chatspec-basin\r\nContent-Type: text/plain\r\n",
                               CS_VIEW("{\"records\":[{}]}")),
                     400);
}

/* The store says that the stream can be read: only now the answer begins. */
static void open_reader(struct world *world, struct held_store *store, struct reply *reply)
{
    WORLD_UNTIL(world, store->reader != NULL);
    world_turn(world, false);
    assert_false(has_head(reply));
    store->reader->on_open(store->reader);
    WORLD_UNTIL(world, has_head(reply));
}

static void failed_read_ends_in_an_error_event(void **state)
{
    struct world *world = *state;
    struct held_store *store = hold(world);
    struct reply reply;
    ask(world, &reply, "GET", OUT_A, SECRET, "", NO_BODY);
    open_reader(world, store, &reply);
    assert_int_equal(reply.status, 200);
    struct cs_record record = {.body = CS_VIEW("x"), .kind = CS_RECORD_DATA};
    assert_true(store->reader->on_batch(store->reader, &record, 1, false,
                                        (struct cs_position){.seq_num = 1}));
    store->reader->on_error(store->reader, CS_STORE_UNAVAILABLE, "the \"store\" broke");
    WORLD_UNTIL(world, is_complete(&reply));
    assert_events(&reply, "data 0\nbatch\nerror\n");
    assert_true(body_has(&reply, "event: error\ndata: {\"code\":\"unavailable\",\"message\":\"the "
                                 "\\\"store\\\" broke\"}\n\n"));
    assert_null(store->reader);
    forget(&reply);
}

static void failure_before_the_stream_is_500(void **state)
{
    struct world *world = *state;
    struct held_store *store = hold(world);
    struct reply reply;
    store->refuses_reads = true;
    exchange(world, &reply, "GET", OUT_A, SECRET, "", NO_BODY);
    assert_int_equal(reply.status, 500);
    assert_body(&reply, "{\"error\":\"Internal Server Error\"}");
    forget(&reply);
    assert_int_equal(status_of(world, "GET", OUT_A "/records", SECRET, "", NO_BODY), 500);
    store->refuses_reads = false;
    ask(world, &reply, "GET", OUT_A "/records", SECRET, "", NO_BODY);
    WORLD_UNTIL(world, store->reader != NULL);
    store->reader->on_error(store->reader, CS_STORE_UNAVAILABLE, "broke");
    WORLD_UNTIL(world, is_complete(&reply));
    assert_int_equal(reply.status, 500);
    forget(&reply);
    ask(world, &reply, "GET", OUT_A, SECRET, "", NO_BODY);
    WORLD_UNTIL(world, store->reader != NULL);
    store->reader->on_error(store->reader, CS_STORE_NOT_FOUND, "nothing there");
    WORLD_UNTIL(world, is_complete(&reply));
    assert_int_equal(reply.status, 500);
    forget(&reply);
    assert_true(TAILQ_EMPTY(&world->endpoint->streams->subscribers));
}

/* CHN-13: only a drain takes a stream that is not there for an empty one. */
static void draining_no_stream_is_an_empty_list(void **state)
{
    struct world *world = *state;
    struct held_store *store = hold(world);
    struct reply reply;
    ask(world, &reply, "GET", OUT_A "/records", SECRET, "", NO_BODY);
    WORLD_UNTIL(world, store->reader != NULL);
    store->reader->on_error(store->reader, CS_STORE_NOT_FOUND, "nothing there");
    WORLD_UNTIL(world, is_complete(&reply));
    assert_int_equal(reply.status, 200);
    assert_body(&reply, "{\"records\":[]}");
    forget(&reply);
}

static void a_close_waits_for_its_record(void **state)
{
    struct world *world = *state;
    struct held_store *store = hold(world);
    struct reply reply;
    ask(world, &reply, "POST", "/api/v1/sessions/a/close", SECRET, "", CS_VIEW("{}"));
    WORLD_UNTIL(world, store->append_done != NULL);
    world_turn(world, false);
    assert_false(has_head(&reply));
    answer_append(store, CS_STORE_UNAVAILABLE); /* best effort */
    WORLD_UNTIL(world, is_complete(&reply));
    assert_int_equal(reply.status, 200);
    forget(&reply);
    struct session other;
    create_plain(world, "b", &other);
    ask(world, &reply, "POST", "/api/v1/sessions/b/close", SECRET, "", CS_VIEW("{}"));
    WORLD_UNTIL(world, store->append_done != NULL);
    forget(&reply);
    WORLD_UNTIL(world, nobody_connected(world));
    answer_append(store, CS_STORE_OK);
}

/* A turn-complete on its way holds the agent up: its trim comes before the next turn, and its run
 * ends after both. */
static void an_agent_waits_for_its_turn_complete(void **state)
{
    struct world *world = *state;
    struct held_store *store = hold(world);
    struct session session;
    store->refuses_appends = true; /* all but control records are lost at once */
    create_session(world, "c", "echo",
                   "{\"chatId\":\"c\",\"trigger\":\"submit-message\",\"message\":{\"id\":\"u\","
                   "\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":\"end\"}]}}",
                   "", &session);
    WORLD_UNTIL(world, store->append_done != NULL);
    world_turn(world, false);
    const struct cs_run *run = TAILQ_LAST(&world->endpoint->runs, cs_run_list);
    assert_int_equal(run->status, CS_RUN_EXECUTING);
    answer_append(store, CS_STORE_OK);
    WORLD_UNTIL(world, run->status == CS_RUN_COMPLETED);
}

static void failing_peek_falls_back_to_the_long_poll(void **state)
{
    struct world *world = *state;
    struct held_store *store = hold(world);
    struct reply reply;
    ask(world, &reply, "GET", OUT_A, SECRET, "X-Peek-Settled: 1\r\n", NO_BODY);
    WORLD_UNTIL(world, store->last_done != NULL);
    store->last_done(store->last_ctx, CS_STORE_UNAVAILABLE, NULL, 0, (struct cs_position){0});
    open_reader(world, store, &reply);
    assert_int_equal(reply.status, 200);
    assert_null(header_of(&reply, "X-Session-Settled"));
    store->reader->on_edge(store->reader, (struct cs_position){0});
    WORLD_UNTIL(world, body_has(&reply, "ping"));
    forget(&reply);
    WORLD_UNTIL(world, store->reader == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(failed_append_is_500_and_can_be_repeated),
        WORLD_TEST(clients_may_leave_while_the_store_is_at_work),
        WORLD_TEST(store_faults_have_their_statuses),
        WORLD_TEST(failed_read_ends_in_an_error_event),
        WORLD_TEST(failure_before_the_stream_is_500),
        WORLD_TEST(failing_peek_falls_back_to_the_long_poll),
        WORLD_TEST(draining_no_stream_is_an_empty_list),
        WORLD_TEST(a_close_waits_for_its_record),
        WORLD_TEST(an_agent_waits_for_its_turn_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
