/* The tap and the played platform: what an embedder sees and can put there, and waitpoints. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint_world.h"

#define JSON "Content-Type: application/json\r\n"
#define RUN  "run_mine000000000000000000001"
#define WAIT "/api/v1/runs/" RUN "/session-streams/wait"
#define A_SESSION                                                                \
    "{\"type\":\"chat.agent\",\"externalId\":\"a\",\"taskIdentifier\":\"mine\"," \
    "\"triggerConfig\":{\"basePayload\":{\"chatId\":\"a\"}}}"

/* One line per event. */
struct seen {
    struct world world;
    struct cs_tap tap;
    struct cs_buf log;
};

static void on_request(void *ctx, const struct cs_tap_request *request)
{
    struct seen *seen = ctx;
    assert_true(request->at_ms >= 0 && request->connection > 0 && request->n_headers > 0);
    cs_buf_printf(&seen->log, "request %d %.*s %s%s%.*s%s%s%s%zu\n", (int)request->number,
                  CS_VIEW_ARG(request->method), request->form, request->part.len ? "/" : "",
                  CS_VIEW_ARG(request->part), request->on_head ? " on head" : "",
                  request->fault ? " " : "", request->fault ? request->fault : " ",
                  request->body.len);
}

static void on_answer(void *ctx, const struct cs_tap_answer *answer)
{
    struct seen *seen = ctx;
    cs_buf_printf(&seen->log, "answer %d %d\n", (int)answer->number, answer->status);
}

static void on_records(void *ctx, const struct cs_tap_records *records)
{
    struct seen *seen = ctx;
    cs_buf_printf(&seen->log, "stored %.*s %s%s%.*s", CS_VIEW_ARG(records->stream.key),
                  cs_io_name(records->stream.io), records->stream.channel.len ? " " : "",
                  CS_VIEW_ARG(records->stream.channel));
    for (size_t i = 0; i < records->n_records; i++) {
        const struct cs_record *record = &records->records[i];
        assert_true(record->timestamp > 0);
        cs_buf_printf(&seen->log, " %d %s", (int)record->seq_num,
                      cs_record_kind_name(record->kind));
    }
    cs_buf_char(&seen->log, '\n');
}

static void on_subscribed(void *ctx, const struct cs_tap_reader *reader)
{
    cs_buf_printf(&((struct seen *)ctx)->log, "subscribed %.*s %s\n",
                  CS_VIEW_ARG(reader->stream.key), cs_io_name(reader->stream.io));
}

static void on_unsubscribed(void *ctx, const struct cs_tap_reader *reader)
{
    cs_buf_printf(&((struct seen *)ctx)->log, "unsubscribed %.*s %s\n",
                  CS_VIEW_ARG(reader->stream.key), cs_io_name(reader->stream.io));
}

static void on_run(void *ctx, const struct cs_tap_run *run)
{
    cs_buf_printf(&((struct seen *)ctx)->log, "run %s%s of %.*s\n", run->task,
                  strstr(run->payload, "\"continuation\":true") ? " continued" : "",
                  CS_VIEW_ARG(run->key));
}

static void on_waitpoint(void *ctx, const struct cs_tap_waitpoint *waitpoint)
{
    static const char *const states[] = {"created", "blocked", "done"};
    assert_string_equal(waitpoint->run_id, RUN);
    cs_buf_printf(&((struct seen *)ctx)->log, "waitpoint %s %.*s%s%.*s\n", states[waitpoint->state],
                  CS_VIEW_ARG(waitpoint->key), waitpoint->is_error ? " error " : " ",
                  CS_VIEW_ARG(waitpoint->output));
}

static int setup(void **state)
{
    struct seen *seen = calloc(1, sizeof(*seen));
    assert_non_null(seen);
    seen->log = CS_BUF((size_t)1 << 20);
    seen->tap = (struct cs_tap){.ctx = seen,
                                .on_request = on_request,
                                .on_answer = on_answer,
                                .on_records = on_records,
                                .on_subscribed = on_subscribed,
                                .on_unsubscribed = on_unsubscribed,
                                .on_run = on_run,
                                .on_waitpoint = on_waitpoint};
    const struct cs_endpoint_config config = {
        .seed = 7, .quiet = true, .no_agent = true, .tap = &seen->tap};
    world_open_config(&seen->world, &config);
    *state = seen;
    return 0;
}

static int teardown(void **state)
{
    struct seen *seen = *state;
    world_close(&seen->world);
    cs_buf_free(&seen->log);
    free(seen);
    return 0;
}

static bool saw(struct seen *seen, const char *text)
{
    return cs_view_find(cs_buf_view(&seen->log), cs_view_str(text)) != SIZE_MAX;
}

static void assert_log(struct seen *seen, const char *expected)
{
    if (!cs_view_eq(cs_buf_view(&seen->log), cs_view_str(expected))) {
        fail_msg("seen:\n%.*s\nexpected:\n%s", CS_VIEW_ARG(cs_buf_view(&seen->log)), expected);
    }
    cs_buf_clear(&seen->log);
}

/* A session with a run that somebody else executes. */
static void play(struct seen *seen)
{
    struct cs_diag diag = {0};
    struct cs_endpoint *endpoint = seen->world.endpoint;
    char id[CS_PLAY_ID_SIZE];
    if (cs_play_session(endpoint, CS_VIEW(A_SESSION), id, &diag) != CS_OK) {
        fail_msg("%s", diag.text);
    }
    assert_true(strncmp(id, "session_", 8) == 0);
    assert_int_equal(cs_play_run(endpoint, "a", RUN, id), CS_OK);
    assert_string_equal(id, RUN);
    assert_int_equal(cs_play_run_status(endpoint, RUN, CS_RUN_EXECUTING), CS_OK);
}

static void test_requests_are_told(void **state)
{
    struct seen *seen = *state;
    struct world *world = &seen->world;
    struct reply reply;
    play(seen);
    assert_log(seen, "run mine of a\n");
    append_ok(world, "a", "in", "x");
    assert_log(seen, "request 1 POST append/in 1\nstored a in 0 data\nanswer 1 200\n");
    assert_int_equal(status_of(world, "POST", "/nowhere", SECRET, "", CS_VIEW("x")), 404);
    assert_log(seen, "request 2 POST other on head 0\nanswer 2 404\n");
    store_ok(world, "a", "out", TURN_COMPLETE);
    assert_log(seen, "request 3 PUT put/out 0\nanswer 3 202\n"
                     "request 4 POST json/turn-complete 63\nstored a out 0 control\n"
                     "answer 4 200\n");
    assert_int_equal(cs_endpoint_fault(world->endpoint, "append: silent", NULL), CS_OK);
    ask(world, &reply, "POST", IN_A "/append", SECRET, "", CS_VIEW("x"));
    WORLD_UNTIL(world, saw(seen, "request 5"));
    forget(&reply);
    WORLD_UNTIL(world, saw(seen, "answer 5"));
    assert_log(seen, "request 5 POST append/in silent1\nanswer 5 0\n");
}

static void test_subscriptions_are_told(void **state)
{
    struct seen *seen = *state;
    struct world *world = &seen->world;
    struct reply reply;
    play(seen);
    ask(world, &reply, "GET", IN_A, SECRET, "", NO_BODY);
    WORLD_UNTIL(world, saw(seen, "\nsubscribed a in\n"));
    assert_int_equal(cs_play_cut(world->endpoint, "a"), CS_OK);
    WORLD_UNTIL(world, is_complete(&reply));
    assert_true(reply.reset);
    WORLD_UNTIL(world, saw(seen, "unsubscribed a in\n"));
    forget(&reply);
}

static void test_records_can_be_put(void **state)
{
    struct seen *seen = *state;
    struct world *world = &seen->world;
    struct cs_endpoint *endpoint = world->endpoint;
    struct reply reply;
    uint64_t seq = 9;
    play(seen);
    cs_buf_clear(&seen->log);
    const struct cs_play_place in = {.session = "a", .io = CS_IO_IN};
    const struct cs_play_place out = {.session = "a", .io = CS_IO_OUT};
    const struct cs_play_place side = {.session = "nobody", .channel = "c", .io = CS_IO_IN};
    assert_int_equal(cs_play_append(endpoint, &in, CS_VIEW("{\"kind\":\"stop\"}"), "p1", &seq),
                     CS_OK);
    assert_int_equal(seq, 0);
    struct cs_header control[] = {{CS_VIEW("trigger-control"), CS_VIEW("turn-complete")},
                                  {CS_VIEW("session-in-event-id"), CS_VIEW("0")}};
    struct cs_header trim = {{0}, CS_VIEW("trim")};
    char point[8] = {0};
    const struct cs_record records[] = {
        {.headers = control, .n_headers = 2, .timestamp = 5, .has_timestamp = true},
        {.headers = &trim, .n_headers = 1, .body = {point, 8}},
        {.body = CS_VIEW("raw")},
    };
    assert_int_equal(cs_play_records(endpoint, &out, records, 3, &seq), CS_OK);
    assert_int_equal(seq, 0);
    assert_int_equal(cs_play_append(endpoint, &side, CS_VIEW("x"), NULL, NULL), CS_OK);
    assert_log(seen, "stored a in 0 data\nstored a out 0 control 1 command 2 data\n"
                     "stored nobody in c 0 data\n");
    drain(world, "a", "in", &reply);
    assert_body(&reply, "{\"records\":[{\"data\":\"{\\\"kind\\\":\\\"stop\\\"}\",\"id\":\"p1\","
                        "\"seqNum\":0}]}");
    forget(&reply);
    struct cs_header bad = {{0}, CS_VIEW("nothing")};
    const struct cs_record wrong = {.headers = &bad, .n_headers = 1};
    assert_int_equal(cs_play_records(endpoint, &out, &wrong, 1, NULL), CS_ERR_LIMIT);
}

static void test_rows_and_snapshots(void **state)
{
    struct seen *seen = *state;
    struct world *world = &seen->world;
    struct cs_endpoint *endpoint = world->endpoint;
    struct cs_view bytes;
    struct cs_diag diag = {0};
    struct reply reply;
    play(seen);
    assert_int_equal(cs_play_session(endpoint, CS_VIEW(A_SESSION), NULL, &diag), CS_ERR_SYNTAX);
    assert_int_equal(cs_play_session(endpoint, CS_VIEW("{"), NULL, &diag), CS_ERR_SYNTAX);
    assert_int_equal(cs_play_session(endpoint, CS_VIEW("{}"), NULL, &diag), CS_ERR_SYNTAX);
    assert_int_equal(cs_play_run(endpoint, "b", NULL, NULL), CS_ERR_MISSING);
    assert_int_equal(cs_play_run(endpoint, "a", RUN, NULL), CS_ERR_RANGE);
    assert_int_equal(cs_play_run(endpoint, "a", "mine", NULL), CS_ERR_RANGE);
    assert_int_equal(cs_play_config(endpoint, "a",
                                    CS_VIEW("{\"basePayload\":{},\"externalDeploymentId\":\"d2\","
                                            "\"lockToVersion\":\"20260821.1\"}"),
                                    &diag),
                     CS_OK);
    assert_int_equal(exchange(world, &reply, "GET", "/api/v1/sessions/a", SECRET, "", NO_BODY),
                     200);
    assert_true(body_has(&reply, "\"externalDeploymentId\":\"d2\""));
    assert_true(body_has(&reply, "\"currentRunId\":\"" RUN "\""));
    forget(&reply);
    assert_int_equal(cs_play_snapshot_get(endpoint, "a", &bytes), CS_ERR_MISSING);
    assert_int_equal(cs_play_snapshot_put(endpoint, "a", CS_VIEW("seed")), CS_OK);
    char url[1024];
    assert_int_equal(
        exchange(world, &reply, "GET", "/api/v1/sessions/a/snapshot-url", SECRET, "", NO_BODY),
        200);
    copy_member(cs_buf_view(&reply.body), "presignedUrl", url, sizeof(url));
    forget(&reply);
    const char *path = url + strlen(cs_endpoint_url(endpoint));
    assert_int_equal(exchange(world, &reply, "GET", path, NULL, "", NO_BODY), 200);
    assert_body(&reply, "seed");
    forget(&reply);
    assert_int_equal(cs_play_snapshot_get(endpoint, "a", &bytes), CS_OK);
    assert_true(cs_view_eq(bytes, CS_VIEW("seed")));
    assert_int_equal(cs_play_snapshot_remove(endpoint, "a"), CS_OK);
    assert_int_equal(status_of(world, "GET", path, NULL, "", NO_BODY), 404);
    assert_int_equal(cs_play_header(endpoint, "x-trigger-jwt", "marker"), CS_OK);
    assert_int_equal(cs_play_header(endpoint, "x y", "marker"), CS_ERR_SYNTAX);
    exchange(world, &reply, "POST", "/api/v1/auth/jwt/claims", SECRET, "", CS_VIEW(""));
    assert_string_equal(header_of(&reply, "x-trigger-jwt"), "marker");
    forget(&reply);
    assert_int_equal(cs_play_header(endpoint, NULL, NULL), CS_OK);
}

static void test_next_continue(void **state)
{
    struct seen *seen = *state;
    struct world *world = &seen->world;
    struct reply reply;
    static const char path[] = "/api/v1/sessions/a/end-and-continue";
    struct cs_view body = CS_VIEW("{\"callingRunId\":\"" RUN
                                  "\",\"reason\":\"upgrade\",\"externalDeploymentId\":\"d3\"}");
    play(seen);
    cs_play_next_continue(world->endpoint, &(struct cs_play_continue){.status = 500});
    assert_int_equal(status_of(world, "POST", path, SECRET, JSON, body), 500);
    cs_play_next_continue(world->endpoint, &(struct cs_play_continue){.lost = true});
    exchange(world, &reply, "POST", path, SECRET, JSON, body);
    assert_body(&reply, "{\"runId\":\"" RUN "\",\"swapped\":false}");
    forget(&reply);
    assert_false(saw(seen, "continued"));
    cs_play_next_continue(world->endpoint, &(struct cs_play_continue){.pending_version = true});
    exchange(world, &reply, "POST", path, SECRET, JSON, body);
    assert_true(body_has(&reply, "\"swapped\":true,\"pendingVersion\":true}"));
    forget(&reply);
    assert_true(saw(seen, "run mine continued of a\n"));
    /* the pin goes where the upgrade said, and goes away when it said nothing */
    exchange(world, &reply, "GET", "/api/v1/sessions/a", SECRET, "", NO_BODY);
    assert_true(body_has(&reply, "\"externalDeploymentId\":\"d3\""));
    forget(&reply);
}

/* ---- waitpoints ---- */

static void create_waitpoint(struct seen *seen, const char *more, char id[64])
{
    struct reply reply;
    char body[256];
    snprintf(body, sizeof(body), "{\"session\":\"a\",\"io\":\"in\"%s}", more);
    assert_int_equal(exchange(&seen->world, &reply, "POST", WAIT, SECRET, JSON, cs_view_str(body)),
                     200);
    copy_member(cs_buf_view(&reply.body), "waitpointId", id, 64);
    forget(&reply);
}

static void block(struct seen *seen, const char *id, int status)
{
    char path[256];
    struct reply reply;
    snprintf(path, sizeof(path), "/engine/v1/runs/" RUN "/waitpoints/tokens/%s/wait", id);
    assert_int_equal(exchange(&seen->world, &reply, "POST", path, SECRET, JSON, CS_VIEW("")),
                     status);
    if (status == 200) {
        assert_body(&reply, "{\"success\":true}");
    }
    forget(&reply);
}

static void test_a_record_wakes(void **state)
{
    struct seen *seen = *state;
    char id[64];
    play(seen);
    append_ok(&seen->world, "a", "in", "old");
    create_waitpoint(seen, ",\"lastSeqNum\":0,\"timeout\":\"1h\"", id);
    block(seen, "waitpoint_none", 404);
    block(seen, id, 200);
    assert_true(saw(seen, "waitpoint created a \n"));
    assert_true(saw(seen, "waitpoint blocked a \n"));
    assert_false(saw(seen, "waitpoint done"));
    append_ok(&seen->world, "a", "in", "{\"kind\":\"stop\"}");
    WORLD_UNTIL(&seen->world, saw(seen, "waitpoint done a {\"kind\":\"stop\"}\n"));
    cs_buf_clear(&seen->log);
    append_ok(&seen->world, "a", "in", "more");
    block(seen, id, 200); /* asked again: it is not told again */
    assert_false(saw(seen, "waitpoint"));
}

static void test_a_record_was_there(void **state)
{
    struct seen *seen = *state;
    char id[64];
    play(seen);
    append_ok(&seen->world, "a", "in", "first");
    append_ok(&seen->world, "a", "in", "second");
    create_waitpoint(seen, "", id);
    block(seen, id, 200);
    WORLD_UNTIL(&seen->world, saw(seen, "waitpoint done a first\n"));
    create_waitpoint(seen, ",\"lastSeqNum\":0", id);
    /* nobody waits yet, so nobody is told, until somebody does */
    append_ok(&seen->world, "a", "in", "third");
    assert_false(saw(seen, "done a second"));
    block(seen, id, 200);
    WORLD_UNTIL(&seen->world, saw(seen, "waitpoint done a second\n"));
}

static void test_the_time_is_up(void **state)
{
    struct seen *seen = *state;
    char id[64];
    play(seen);
    create_waitpoint(seen, ",\"timeout\":\"0s\"", id);
    block(seen, id, 200);
    WORLD_UNTIL(&seen->world, saw(seen, "waitpoint done a error "
                                        "{\"code\":\"TRIGGER_WAITPOINT_TIMEOUT\",\"message\":"
                                        "\"Waitpoint timed out at 2"));
    /* a run that is over is not woken */
    create_waitpoint(seen, ",\"timeout\":\"1h\"", id);
    block(seen, id, 200);
    assert_int_equal(cs_play_run_status(seen->world.endpoint, RUN, CS_RUN_FAILED), CS_OK);
    cs_buf_clear(&seen->log);
    append_ok(&seen->world, "a", "in", "x"); /* starts a continuation instead */
    assert_int_equal(status_of(&seen->world, "GET", "/api/v1/sessions/a", SECRET, "", NO_BODY),
                     200);
    assert_true(saw(seen, "run mine continued of a\n"));
    assert_false(saw(seen, "waitpoint"));
}

#define SEEN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SEEN_TEST(test_requests_are_told),  SEEN_TEST(test_subscriptions_are_told),
        SEEN_TEST(test_records_can_be_put), SEEN_TEST(test_rows_and_snapshots),
        SEEN_TEST(test_next_continue),      SEEN_TEST(test_a_record_wakes),
        SEEN_TEST(test_a_record_was_there), SEEN_TEST(test_the_time_is_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
