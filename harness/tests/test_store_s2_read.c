/* The S2 backend against a scripted S2: readers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/s2_world.h"

#define HEAD    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
#define AT(seq) "GET /v1/streams/s/records?seq_num=" seq "&clamp=true HTTP/1.1\r\n"
#define BATCH_01                                                                     \
    "event: batch\nid: 1,2,50\ndata: {\"records\":[{\"seq_num\":0,\"timestamp\":10," \
    "\"body\":\"aGVsbG8=\"},{\"seq_num\":1,\"timestamp\":11,\"headers\":"            \
    "[[\"dHJpZ2dlci1jb250cm9s\",\"eA==\"]]}]}\n\n"
#define PING(tail) \
    "event: ping\ndata: {\"timestamp\":99,\"tail\":{\"seq_num\":" tail ",\"timestamp\":11}}\n\n"
#define LIVE_2                                                                       \
    "event: batch\nid: 2,3,70\ndata: {\"records\":[{\"seq_num\":2,\"timestamp\":12," \
    "\"body\":\"eA==\"}],\"tail\":{\"seq_num\":3,\"timestamp\":12}}\n\n"
#define WHOLE "open\nbacklog 0-1 tail 2 hello\nedge 2\nlive 2-2 tail 3 x\n"

/* A reader that writes down what it is told. */
struct listener {
    struct cs_store_reader reader; /* first member */
    struct cs_buf log;
    size_t n_calls;
    size_t refuse; /* so many batches */
    size_t n_refused;
    char stop_in; /* 'o', 'b', 'e', 'x': that hook stops the reader */
};

static void told(struct listener *listener, char hook)
{
    listener->n_calls++;
    if (listener->stop_in == hook) {
        listener->reader.store->ops->read_stop(&listener->reader);
    }
}

static void on_open(struct cs_store_reader *reader)
{
    struct listener *listener = (struct listener *)reader;
    cs_buf_str(&listener->log, "open\n");
    told(listener, 'o');
}

static bool on_batch(struct cs_store_reader *reader, const struct cs_record *records, size_t n,
                     bool live, struct cs_position tail)
{
    struct listener *listener = (struct listener *)reader;
    if (listener->n_refused < listener->refuse) {
        listener->n_refused++;
        return false;
    }
    cs_buf_printf(&listener->log, "%s %llu-%llu tail %llu %.*s\n", live ? "live" : "backlog",
                  (unsigned long long)records[0].seq_num,
                  (unsigned long long)records[n - 1].seq_num, (unsigned long long)tail.seq_num,
                  CS_VIEW_ARG(records[0].body));
    assert_int_equal(records[n - 1].kind, n == 2 ? CS_RECORD_CONTROL : CS_RECORD_DATA);
    told(listener, 'b');
    return true;
}

static void on_edge(struct cs_store_reader *reader, struct cs_position tail)
{
    struct listener *listener = (struct listener *)reader;
    cs_buf_printf(&listener->log, "edge %llu\n", (unsigned long long)tail.seq_num);
    told(listener, 'e');
}

static void on_error(struct cs_store_reader *reader, enum cs_store_status status,
                     const char *message)
{
    struct listener *listener = (struct listener *)reader;
    assert_non_null(message);
    cs_buf_printf(&listener->log, "error %s\n",
                  status == CS_STORE_NOT_FOUND     ? "not found"
                  : status == CS_STORE_UNAVAILABLE ? "unavailable"
                                                   : "other");
    told(listener, 'x');
}

static void listen_from(struct world *world, struct listener *listener, uint64_t from)
{
    listener->reader.on_open = on_open;
    listener->reader.on_batch = on_batch;
    listener->reader.on_edge = on_edge;
    listener->reader.on_error = on_error;
    listener->log = CS_BUF((size_t)1 << 16);
    assert_int_equal(
        world->store->ops->read_start(world->store, CS_VIEW("s"), from, &listener->reader), CS_OK);
    assert_int_equal(listener->n_calls, 0);
}

/* Stops reading, checks what was told, and ends the world. */
static void end(struct world *world, struct listener *listener, const char *log)
{
    if (listener->reader.store != NULL) {
        world->store->ops->read_stop(&listener->reader);
    }
    cs_loop_run(world->loop, 0);
    cs_buf_char(&listener->log, '\0');
    assert_string_equal(listener->log.ptr, log);
    cs_buf_free(&listener->log);
    world_close(world);
}

static void read_whole(const struct canned_step *steps, size_t n, int64_t patience_ms,
                       size_t n_calls, const char *log)
{
    struct world world;
    struct listener listener = {0};
    world_open(&world, steps, n, patience_ms);
    listen_from(&world, &listener, 0);
    UNTIL(&world, listener.n_calls == n_calls);
    end(&world, &listener, log);
}

#define READ(steps, n_calls, log) \
    read_whole((steps), sizeof(steps) / sizeof(steps)[0], PATIENCE_MS, (n_calls), (log))

static void backlog_edge_and_live(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {
        {.on = AT("0"), .bytes = HEAD BATCH_01 PING("2") LIVE_2, .end = CANNED_HOLD}};
    READ(steps, 4, WHOLE);
}

/* A live batch without a ping before it: the edge is told after it. */
static void a_batch_with_a_tail_tells_the_edge(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {
        {.on = AT("0"), .bytes = HEAD LIVE_2, .end = CANNED_HOLD}};
    READ(steps, 3, "open\nlive 2-2 tail 3 x\nedge 3\n");
}

/* However much of it came before S2 let go, each record is told once and in order. */
static void a_session_cut_anywhere_goes_on(void **state)
{
    (void)state;
    static const char text[] = HEAD BATCH_01 PING("2") LIVE_2;
    static const enum canned_end ends[] = {CANNED_CLOSE, CANNED_RESET};
    for (size_t len = sizeof(HEAD) - 1; len < sizeof(text); len++) {
        /* a reset may take bytes with it that the reader has not seen yet, so not those of the head
         */
        for (size_t e = 0; e < (len == sizeof(text) - 1 ? 2 : 1); e++) {
            const struct canned_step steps[] = {
                {.on = AT("0"), .bytes = text, .len = len, .end = ends[e]},
                {.on = AT("0"), .bytes = text, .end = CANNED_HOLD},
                {.on = AT("2"), .bytes = HEAD PING("2") LIVE_2, .end = CANNED_HOLD},
                {.on = AT("3"), .bytes = HEAD PING("3"), .end = CANNED_HOLD}};
            struct world world;
            struct listener listener = {0};
            WORLD(&world, steps);
            listen_from(&world, &listener, 0);
            UNTIL(&world, listener.n_calls >= 1);
            if (ends[e] == CANNED_RESET &&
                cs_view_find(cs_buf_view(&listener.log), CS_VIEW("error")) != SIZE_MAX) {
                end(&world, &listener, "error unavailable\n"); /* the head went too */
                continue;
            }
            UNTIL(&world, listener.n_calls == 4);
            end(&world, &listener, WHOLE);
        }
    }
}

static void what_is_broken_is_read_again(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "event: batch\ndata: {\"records\":[{\"seq_num\":2,\"timestamp\":1,\"body\":\"?\"}]}\n\n",
        "event: batch\ndata: {\"records\":[{\"seq_num\":1,\"timestamp\":1}]}\n\n", /* goes back */
        "event: batch\ndata: {\"records\":3}\n\n",
        "event: ping\ndata: nothing\n\n",
        "event: error\ndata: {\"code\":\"unavailable\"}\n\n",
        "data: [DONE]\n\n",
        "",
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        char text[2048];
        int len = snprintf(text, sizeof(text), "%s%s%s", HEAD BATCH_01, PING("2"), broken[i]);
        const struct canned_step steps[] = {
            {.on = AT("0"), .bytes = text, .len = (size_t)len, .end = CANNED_CLOSE},
            {.on = AT("2"), .bytes = HEAD PING("2") LIVE_2, .end = CANNED_HOLD}};
        READ(steps, 4, WHOLE);
    }
}

static void silence_is_not_waited_out(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {
        {.on = AT("0"), .bytes = HEAD BATCH_01, .end = CANNED_HOLD},
        {.on = AT("2"), .bytes = HEAD PING("2") LIVE_2, .end = CANNED_HOLD}};
    read_whole(steps, 2, 1000, 4, WHOLE);
}

/* Numbers that lie beyond the tail are lowered to it, and stay lowered. */
static void a_start_beyond_the_tail_is_placed_by_s2(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {
        {.on = AT("99"), .bytes = HEAD PING("2"), .end = CANNED_CLOSE},
        {.on = AT("2"), .bytes = HEAD PING("2") LIVE_2, .end = CANNED_CLOSE},
        {.on = AT("3"), .bytes = HEAD PING("3"), .end = CANNED_HOLD}};
    struct world world;
    struct listener listener = {0};
    WORLD(&world, steps);
    listen_from(&world, &listener, 99);
    UNTIL(&world, listener.n_calls == 3);
    end(&world, &listener, "open\nedge 2\nlive 2-2 tail 3 x\n");
}

static void a_read_that_cannot_begin_is_an_error(void **state)
{
    (void)state;
    static const struct {
        struct canned_step step;
        const char *log;
    } rows[] = {
        {{.bytes = ANSWER("404 No", "2", "{}")}, "error not found\n"},
        {{.bytes = ANSWER("400 No", "2", "{}")}, "error other\n"},
        {{.bytes = ANSWER("403 No", "2", "{}")}, "error unavailable\n"},
        {{.bytes = ANSWER("500 No", "2", "{}")}, "error unavailable\n"},
        {{.bytes = ANSWER("200 OK", "2", "{}")}, "error unavailable\n"}, /* no event stream */
        {{.bytes = ""}, "error unavailable\n"},
        {{.bytes = "", .end = CANNED_RESET}, "error unavailable\n"},
        {{.bytes = "", .end = CANNED_HOLD}, "error unavailable\n"},
        {{.bytes = "@@@@\r\n\r\n"}, "error unavailable\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        read_whole(&rows[i].step, 1, PATIENCE_WITH(rows[i].step), 1, rows[i].log);
    }
}

/* Once it was open, a failing S2 is given several chances, but not without end. */
static void a_read_that_cannot_go_on_is_an_error(void **state)
{
    (void)state;
    static const struct canned_step gone[] = {{.on = AT("0"), .bytes = HEAD BATCH_01},
                                              {.on = AT("2"), .bytes = ANSWER("503 No", "0", "")},
                                              {.on = AT("2"), .bytes = ANSWER("404 No", "0", "")}};
    static const struct canned_step down[] = {{.on = AT("0"), .bytes = HEAD BATCH_01}};
    READ(gone, 3, "open\nbacklog 0-1 tail 2 hello\nerror not found\n");
    READ(down, 3, "open\nbacklog 0-1 tail 2 hello\nerror unavailable\n");
}

static void a_refused_batch_waits_for_its_reader(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {
        {.on = AT("0"), .bytes = HEAD BATCH_01 PING("2") LIVE_2, .end = CANNED_HOLD}};
    struct world world;
    struct listener listener = {.refuse = 5};
    WORLD(&world, steps);
    listen_from(&world, &listener, 0);
    for (size_t n = 1; n <= 5; n++) {
        UNTIL(&world, listener.n_refused == n);
        cs_loop_run(world.loop, 0);
        assert_int_equal(listener.n_refused, n);
        assert_int_equal(listener.n_calls, 1);
        world.store->ops->read_more(&listener.reader);
        assert_int_equal(listener.n_refused, n); /* never from inside */
    }
    UNTIL(&world, listener.n_calls == 4);
    end(&world, &listener, WHOLE);
}

/* What S2 sent before it let go is still told, and then the next session begins behind it. */
static void a_refused_batch_outlives_its_session(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {
        {.on = AT("0"), .bytes = HEAD BATCH_01, .end = CANNED_CLOSE},
        {.on = AT("2"), .bytes = HEAD PING("2") LIVE_2, .end = CANNED_HOLD}};
    struct world world;
    struct listener listener = {.refuse = 1};
    WORLD(&world, steps);
    listen_from(&world, &listener, 0);
    UNTIL(&world, listener.n_refused == 1);
    for (int i = 0; i < 5; i++) {
        cs_loop_run(world.loop, cs_loop_now(world.loop) + 1);
    }
    world.store->ops->read_more(&listener.reader);
    UNTIL(&world, listener.n_calls == 4);
    end(&world, &listener, WHOLE);
}

static void a_hook_may_stop_its_reader(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {
        {.on = AT("0"), .bytes = HEAD BATCH_01 PING("2") LIVE_2, .end = CANNED_CLOSE},
        {.on = AT("3"), .bytes = ANSWER("404 No", "0", "")}};
    static const struct {
        char hook;
        size_t n_calls;
        const char *log;
    } rows[] = {
        {'o', 1, "open\n"},
        {'b', 2, "open\nbacklog 0-1 tail 2 hello\n"},
        {'e', 3, "open\nbacklog 0-1 tail 2 hello\nedge 2\n"},
        {'x', 5, WHOLE "error not found\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        struct listener listener = {.stop_in = rows[i].hook};
        WORLD(&world, steps);
        listen_from(&world, &listener, 0);
        UNTIL(&world, listener.n_calls == rows[i].n_calls);
        assert_null(listener.reader.impl);
        world.store->ops->read_more(&listener.reader); /* nothing to wake */
        end(&world, &listener, rows[i].log);
    }
}

static void a_reader_can_be_stopped_at_any_time(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {
        {.on = AT("0"), .bytes = HEAD BATCH_01 PING("2"), .end = CANNED_CLOSE}};
    struct world world;
    struct listener before = {0};
    WORLD(&world, steps);
    listen_from(&world, &before, 0);
    end(&world, &before, ""); /* not even connected */
    struct listener blocked = {.refuse = 1};
    WORLD(&world, steps);
    listen_from(&world, &blocked, 0);
    UNTIL(&world, blocked.n_refused == 1);
    end(&world, &blocked, "open\n");
    struct listener between = {0};
    WORLD(&world, steps);
    listen_from(&world, &between, 0);
    UNTIL(&world, between.n_calls == 3);
    for (int i = 0; i < 5; i++) { /* somewhere in its attempts to go on */
        cs_loop_run(world.loop, cs_loop_now(world.loop) + 1);
    }
    if (between.n_calls == 3) {
        end(&world, &between, "open\nbacklog 0-1 tail 2 hello\nedge 2\n");
    } else {
        end(&world, &between, "open\nbacklog 0-1 tail 2 hello\nedge 2\nerror unavailable\n");
    }
}

static void freeing_the_store_lets_go_of_readers(void **state)
{
    (void)state;
    static const struct canned_step steps[] = {
        {.on = AT("0"), .bytes = HEAD BATCH_01 PING("2"), .end = CANNED_HOLD}};
    struct world world;
    struct listener listener = {0};
    WORLD(&world, steps);
    listen_from(&world, &listener, 0);
    UNTIL(&world, listener.n_calls == 3);
    world.store->ops->free(world.store);
    world.store = NULL;
    assert_null(listener.reader.impl);
    listener.reader.store = NULL;
    end(&world, &listener, "open\nbacklog 0-1 tail 2 hello\nedge 2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backlog_edge_and_live),
        cmocka_unit_test(a_batch_with_a_tail_tells_the_edge),
        cmocka_unit_test(a_session_cut_anywhere_goes_on),
        cmocka_unit_test(what_is_broken_is_read_again),
        cmocka_unit_test(silence_is_not_waited_out),
        cmocka_unit_test(a_start_beyond_the_tail_is_placed_by_s2),
        cmocka_unit_test(a_read_that_cannot_begin_is_an_error),
        cmocka_unit_test(a_read_that_cannot_go_on_is_an_error),
        cmocka_unit_test(a_refused_batch_waits_for_its_reader),
        cmocka_unit_test(a_refused_batch_outlives_its_session),
        cmocka_unit_test(a_hook_may_stop_its_reader),
        cmocka_unit_test(a_reader_can_be_stopped_at_any_time),
        cmocka_unit_test(freeing_the_store_lets_go_of_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
