/* The scripted agent behind a running endpoint: what it writes for what it is asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint_world.h"

#include "endpoint/agent/agent_script.h"

static void create_agent(struct world *world, const char *base_payload, struct session *session)
{
    create_session(world, "a", "any-task", base_payload, "", session);
}

/* Appends a user's text as the SDK's transport does. */
static void say(struct world *world, const char *text)
{
    char body[512];
    snprintf(body, sizeof(body),
             "{\"kind\":\"message\",\"payload\":{\"chatId\":\"a\",\"trigger\":\"submit-message\","
             "\"message\":{\"id\":\"u\",\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":"
             "\"%s\"}]}}}",
             text);
    append_ok(world, "a", "in", body);
}

/* The headers' values. How far `in` was seen depends on when the next append came, so of that
 * number only its rule is checked. */
static void tell_control(const struct cs_record *record, struct cs_buf *log)
{
    uint64_t handled = 0;
    for (size_t i = 0; i < record->n_headers; i++) {
        struct cs_view name = record->headers[i].name;
        struct cs_view value = record->headers[i].value;
        if (cs_view_eq(name, CS_VIEW("session-in-consumed-id"))) {
            uint64_t seen = 0;
            assert_int_equal(cs_view_u64(value, &seen), CS_OK);
            assert_true(seen >= handled);
            continue;
        }
        if (cs_view_eq(name, CS_VIEW("session-in-event-id"))) {
            assert_int_equal(cs_view_u64(value, &handled), CS_OK);
        }
        bool token = cs_view_eq(name, CS_VIEW("public-access-token"));
        cs_buf_printf(log, "%s%.*s", i > 0 ? " " : "",
                      CS_VIEW_ARG(token ? CS_VIEW("token") : value));
    }
}

/* One line per record of `out`: the chunk's type (and its delta or tool call id), or the control
 * record with its headers except the token, or "trim N". Ids that are random are left out. */
static void tell_out(struct cs_view text, struct cs_buf *log)
{
    struct cs_reader *reader = cs_reader_new(NULL);
    struct cs_event event;
    assert_non_null(reader);
    while (cs_reader_next(reader, &text, &event, NULL) == CS_STEP_EVENT) {
        const struct cs_record *record = &event.record;
        if (event.type != CS_EVENT_RECORD) {
            continue;
        }
        struct cs_view data;
        struct cs_view id;
        uint64_t point = 0;
        if (record->kind == CS_RECORD_COMMAND) {
            assert_int_equal(cs_trim_decode(record->body, &point), CS_OK);
            cs_buf_printf(log, "trim %llu\n", (unsigned long long)point);
            continue;
        }
        if (record->kind == CS_RECORD_CONTROL) {
            tell_control(record, log);
            cs_buf_char(log, '\n');
            continue;
        }
        assert_int_equal(cs_envelope_decode(record->body, &data, &id, NULL), CS_OK);
        assert_int_equal(id.len, 7);
        struct cs_view value;
        assert_int_equal(cs_json_get(data, CS_VIEW("type"), &value), CS_OK);
        cs_buf_add(log, cs_view_of(value.ptr + 1, value.len - 2));
        if (cs_json_get(data, CS_VIEW("delta"), &value) == CS_OK) {
            cs_buf_printf(log, " %.*s", CS_VIEW_ARG(value));
        }
        cs_buf_char(log, '\n');
    }
    cs_reader_free(reader);
}

/* Reads `out` from the beginning until `n` turns are complete, and compares all of it. */
static void assert_out(struct world *world, size_t n_turns, const char *expected)
{
    struct reply reply;
    struct cs_buf log = CS_BUF((size_t)1 << 20);
    world->endpoint->policy.sse_wait_permille = 200; /* nothing here takes so long */
    ask(world, &reply, "GET", OUT_A, SECRET, "Timeout-Seconds: 1\r\n", NO_BODY);
    WORLD_UNTIL(world, is_complete(&reply));
    tell_out(cs_buf_view(&reply.body), &log);
    size_t n = 0;
    struct cs_view rest = cs_buf_view(&log);
    for (size_t at; (at = cs_view_find(rest, CS_VIEW("turn-complete"))) != SIZE_MAX; n++) {
        rest = cs_view_of(rest.ptr + at + 1, rest.len - at - 1);
    }
    if (n != n_turns || !cs_view_eq(cs_buf_view(&log), cs_view_str(expected))) {
        fail_msg("%zu turns:\n%.*s\nexpected:\n%s", n, CS_VIEW_ARG(cs_buf_view(&log)), expected);
    }
    cs_buf_free(&log);
    forget(&reply);
}

#define ANSWER_OPEN  "start\nstart-step\ntext-start\n"
#define ANSWER_CLOSE "text-end\nfinish-step\nfinish\n"
#define HI           "{\"message\":{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":\"hi\"}]}}"

static void first_message_of_a_run_is_answered(void **state)
{
    struct world *world = *state;
    struct session session;
    create_agent(world, HI, &session);
    assert_out(world, 1, ANSWER_OPEN "text-delta \"hi\"\n" ANSWER_CLOSE "turn-complete token\n");
}

static void second_turn_trims_to_the_first(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_agent(world, "{}", &session);
    ask(world, &reply, "GET", OUT_A, session.token, "", NO_BODY);
    WORLD_UNTIL(world, body_has(&reply, "ping"));
    say(world, "one two");
    WORLD_UNTIL(world, body_has(&reply, "turn-complete"));
    say(world, "three");
    WORLD_UNTIL(world, body_has(&reply, "\"trim\""));
    struct cs_buf log = CS_BUF((size_t)65536);
    tell_out(cs_buf_view(&reply.body), &log);
    static const char expected[] =
        ANSWER_OPEN "text-delta \"one \"\ntext-delta \"two\"\n" ANSWER_CLOSE
                    "turn-complete token 0\n" ANSWER_OPEN "text-delta \"three\"\n" ANSWER_CLOSE
                    "turn-complete token 1\ntrim 8\n";
    assert_true(cs_view_eq(cs_buf_view(&log), CS_VIEW(expected)));
    cs_buf_free(&log);
    forget(&reply);
    /* Who comes later finds the stream from the first turn-complete on. */
    assert_out(world, 2,
               "turn-complete token 0\n" ANSWER_OPEN "text-delta \"three\"\n" ANSWER_CLOSE
               "turn-complete token 1\ntrim 8\n");
}

static void token_of_a_turn_works(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_agent(world, HI, &session);
    ask(world, &reply, "GET", OUT_A, SECRET, "", NO_BODY);
    WORLD_UNTIL(world, body_has(&reply, "turn-complete"));
    static const char name[] = "\"public-access-token\",\"";
    struct cs_view body = cs_buf_view(&reply.body);
    size_t at = cs_view_find(body, CS_VIEW(name));
    assert_true(at != SIZE_MAX);
    char token[2048];
    struct cs_view rest =
        cs_view_of(body.ptr + at + sizeof(name) - 1, body.len - at - sizeof(name) + 1);
    snprintf(token, sizeof(token), "%.*s", (int)cs_view_find(rest, CS_VIEW("\"")), rest.ptr);
    forget(&reply);
    assert_int_equal(status_of(world, "GET", OUT_A "/records", token, "", NO_BODY), 200);
    assert_int_equal(
        status_of(world, "POST", "/realtime/v1/sessions/a/in/append", token, "", CS_VIEW("{}")),
        200);
    assert_int_equal(
        status_of(world, "GET", "/realtime/v1/sessions/b/out/records", token, "", NO_BODY), 403);
}

static void words_choose_the_answer(void **state)
{
    struct world *world = *state;
    struct session session;
    create_agent(world, "{}", &session);
    world->endpoint->policy.agent_trims = 0;
    say(world, "several 3");
    say(world, "tool please");
    say(world, "toolbox");
    assert_out(world, 3,
               ANSWER_OPEN
               "text-delta \"1 \"\ntext-delta \"2 \"\ntext-delta \"3 \"\n" ANSWER_CLOSE
               "turn-complete token 0\n"
               "start\nstart-step\ntool-input-start\ntool-input-available\n"
               "tool-output-available\nfinish-step\n"
               "start-step\ntext-start\ntext-delta \"tool \"\ntext-delta \"please\"\n" ANSWER_CLOSE
               "turn-complete token 1\n" ANSWER_OPEN "text-delta \"toolbox\"\n" ANSWER_CLOSE
               "turn-complete token 2\n");
}

/* Answers the approval that the stream asks for. */
static void answer_approval(struct world *world, bool approved)
{
    struct reply reply;
    drain(world, "a", "out", &reply);
    static const char name[] = "\"type\":\"tool-approval-request\"";
    struct cs_view body = cs_buf_view(&reply.body);
    size_t at = cs_view_find(body, CS_VIEW(name));
    assert_true(at != SIZE_MAX);
    char id[64];
    copy_member(
        cs_view_of(body.ptr + at - 1,
                   cs_view_find(cs_view_of(body.ptr + at, body.len - at), CS_VIEW("}")) + 2),
        "toolCallId", id, sizeof(id));
    forget(&reply);
    char text[512];
    snprintf(text, sizeof(text),
             "{\"kind\":\"message\",\"payload\":{\"trigger\":\"submit-message\",\"message\":"
             "{\"id\":\"m\",\"role\":\"assistant\",\"parts\":[{\"type\":\"tool-lookup\","
             "\"toolCallId\":\"%s\",\"state\":\"approval-responded\",\"approval\":{\"id\":\"x\","
             "\"approved\":%s}}]}}}",
             id, approved ? "true" : "false");
    append_ok(world, "a", "in", text);
}

static void approval_is_asked_for_and_heard(void **state)
{
    struct world *world = *state;
    for (int approved = 0; approved < 2; approved++) {
        struct session session;
        struct reply reply;
        if (approved) {
            world_close(world);
            world_open(world, NULL);
        }
        world->endpoint->policy.agent_trims = 0;
        create_agent(world, "{}", &session);
        say(world, "approve it");
        ask(world, &reply, "GET", OUT_A, SECRET, "", NO_BODY);
        WORLD_UNTIL(world, body_has(&reply, "turn-complete"));
        forget(&reply);
        answer_approval(world, approved);
        struct cs_buf expected = CS_BUF((size_t)4096);
        cs_buf_printf(&expected,
                      "start\nstart-step\ntool-input-start\ntool-input-available\n"
                      "tool-approval-request\nfinish-step\nfinish\nturn-complete token 0\n"
                      "start\ntool-output-%s\nstart-step\ntext-start\ntext-delta \"%s\"\n"
                      "text-end\nfinish-step\nfinish\nturn-complete token 1\n",
                      approved ? "available" : "denied", approved ? "done" : "denied");
        char *text = cs_buf_take(&expected);
        assert_out(world, 2, text);
        free(text);
    }
}

static void stop_ends_a_slow_turn(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_agent(world, "{}", &session);
    world->endpoint->policy.agent_trims = 0;
    world->endpoint->policy.agent_delta_ms = 100;
    ask(world, &reply, "GET", OUT_A, SECRET, "", NO_BODY);
    append_ok(world, "a", "in", "{\"kind\":\"stop\"}"); /* no turn: passed over */
    say(world, "slow two three four five six seven eight nine ten eleven twelve");
    WORLD_UNTIL(world, body_has(&reply, "slow "));
    append_ok(world, "a", "in", "{\"kind\":\"stop\"}");
    WORLD_UNTIL(world, body_has(&reply, "turn-complete"));
    assert_false(body_has(&reply, "twelve"));
    assert_false(body_has(&reply, "text-end"));
    assert_true(body_has(&reply, "[\"session-in-event-id\",\"2\"]"));
    say(world, "next");
    WORLD_UNTIL(world, body_has(&reply, "text-end"));
    forget(&reply);
}

static void ended_run_is_continued_by_the_next_append(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_agent(world, "{}", &session);
    const struct cs_session *row =
        cs_session_find(world->endpoint, &world->endpoint->environments[0], CS_VIEW("a"));
    const struct cs_run *first = row->run;
    ask(world, &reply, "GET", OUT_A, SECRET, "", NO_BODY);
    say(world, "end now");
    WORLD_UNTIL(world, body_has(&reply, "turn-complete"));
    assert_int_equal(first->status, CS_RUN_COMPLETED);
    assert_ptr_equal(row->run, first);
    say(world, "again");
    assert_ptr_not_equal(row->run, first);
    WORLD_UNTIL(world, body_has(&reply, "again"));
    append_ok(world, "a", "in", "{\"kind\":\"message\",\"payload\":{\"trigger\":\"close\"}}");
    WORLD_UNTIL(world, cs_run_terminal(row->run));
    assert_int_equal(row->run->status, CS_RUN_COMPLETED);
    forget(&reply);
}

static void swapped_run_hands_over(void **state)
{
    struct world *world = *state;
    struct session session;
    struct reply reply;
    create_agent(world, "{}", &session);
    world->endpoint->policy.agent_delta_ms = PATIENCE_MS;
    const struct cs_session *row =
        cs_session_find(world->endpoint, &world->endpoint->environments[0], CS_VIEW("a"));
    const struct cs_run *first = row->run;
    ask(world, &reply, "GET", OUT_A, SECRET, "", NO_BODY);
    say(world, "slow start");
    WORLD_UNTIL(world, body_has(&reply, "text-start"));
    say(world, "waits for its turn");
    char body[128];
    snprintf(body, sizeof(body), "{\"callingRunId\":\"%s\",\"reason\":\"test\"}", first->id);
    assert_int_equal(status_of(world, "POST", "/api/v1/sessions/a/end-and-continue", SECRET,
                               "Content-Type: application/json\r\n",
                               cs_view_of(body, strlen(body))),
                     200);
    assert_int_equal(first->status, CS_RUN_COMPLETED);
    WORLD_UNTIL(world, body_has(&reply, "waits "));
    assert_ptr_not_equal(row->run, first);
    forget(&reply);
}

static void actions_regenerate_and_noise(void **state)
{
    struct world *world = *state;
    struct session session;
    create_agent(world, "{}", &session);
    world->endpoint->policy.agent_trims = 0;
    append_ok(world, "a", "in", "{\"kind\":");
    append_ok(world, "a", "in", "{\"kind\":\"whatever\"}");
    append_ok(world, "a", "in", "{\"kind\":\"message\",\"payload\":{\"trigger\":\"preload\"}}");
    say(world, "hi");
    append_ok(world, "a", "in",
              "{\"kind\":\"message\",\"payload\":{\"trigger\":\"action\",\"action\":{\"type\":"
              "\"undo\"}}}");
    append_ok(world, "a", "in",
              "{\"kind\":\"message\",\"payload\":{\"trigger\":\"regenerate-message\"}}");
    assert_out(world, 3,
               ANSWER_OPEN "text-delta \"hi\"\n" ANSWER_CLOSE "turn-complete token 3\n"
                           "turn-complete 4\n" ANSWER_OPEN "text-delta \"hi\"\n" ANSWER_CLOSE
                           "turn-complete token 5\n");
}

static void absent_tasks_have_no_agent(void **state)
{
    struct world *world = *state;
    struct session session;
    create_session(world, "a", "absent-1", HI, "", &session);
    say(world, "anybody there");
    assert_out(world, 0, "");
    const struct cs_session *row =
        cs_session_find(world->endpoint, &world->endpoint->environments[0], CS_VIEW("a"));
    assert_int_equal(row->run->status, CS_RUN_QUEUED);
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    static const char euro[3] = {'\xe2', '\x82', '\xac'};
    static char text[300000];
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = euro[i % 3];
    }
    struct cs_script script = {0};
    struct cs_view chunk;
    size_t total = 0;
    cs_script_answer(&script, cs_view_of(text, 300000), "m", "t");
    while ((chunk = cs_script_next(&script)).len > 0) {
        struct cs_view delta;
        assert_int_equal(cs_json_check(chunk, NULL), CS_OK);
        if (cs_json_get(chunk, CS_VIEW("delta"), &delta) == CS_OK) {
            assert_true(delta.len <= 32 * 1024 + 8);
            total += delta.len - 2;
        }
    }
    assert_int_equal(total, 300000);
    cs_script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(first_message_of_a_run_is_answered),
        WORLD_TEST(second_turn_trims_to_the_first),
        WORLD_TEST(token_of_a_turn_works),
        WORLD_TEST(words_choose_the_answer),
        WORLD_TEST(approval_is_asked_for_and_heard),
        WORLD_TEST(stop_ends_a_slow_turn),
        WORLD_TEST(ended_run_is_continued_by_the_next_append),
        WORLD_TEST(swapped_run_hands_over),
        WORLD_TEST(actions_regenerate_and_noise),
        WORLD_TEST(absent_tasks_have_no_agent),
        cmocka_unit_test(long_texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
