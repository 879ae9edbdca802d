/* The reference client: stops, steering, time, reloads and state. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/client_fixture.h"

/* ---- stopping, steering, superseding ---- */

static enum cs_chat_result act_stop(struct cs_chat *chat)
{
    return cs_chat_stop(chat, NULL);
}

static enum cs_chat_result act_send(struct cs_chat *chat)
{
    return cs_chat_send(chat, "rather this");
}

static enum cs_chat_result act_steer(struct cs_chat *chat)
{
    return cs_chat_steer(chat, "and this");
}

static enum cs_chat_result act_read(struct cs_chat *chat)
{
    return cs_chat_read_turn(chat, NULL, NULL, WAIT_MS);
}

static void test_stop_and_next_turn(void **state)
{
    static const struct canned_step steps[] = {
        {.on = "POST", .bytes = SEQ(0)},
        {.on = "GET", .bytes = OUT R(0, "act") R(1, "tail"), .end = CANNED_HOLD},
        {.on = "POST", .bytes = SEQ(1)},
        {.on = "POST", .bytes = SEQ(2)},
        {.on = "GET", .bytes = OUT R(2, "tail") END_OF(3, 0) R(4, "own") END_OF(5, 2)}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    fixture->act = act_stop;
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_STOPPED);
    assert_int_equal(fixture->acted, CS_CHAT_OK);
    assert_false(cs_chat_streaming(chat));
    expect_chunks(fixture, " act");
    assert_int_equal(cs_chat_send(chat, "y"), CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    expect_chunks(fixture, " own"); /* CST-07 */
    expect_requests(fixture, "P:T0 G:T0 P:T0 P:T0 G0:T0");
    assert_int_equal(fixture->canned->n_left, 1);
}

static void test_stopped_turn_without_boundary(void **state)
{
    static const struct canned_step steps[] = {
        {.on = "POST", .bytes = SEQ(0)}, {.on = "POST", .bytes = SEQ(1)},
        {.on = "POST", .bytes = SEQ(2)}, {.on = "GET", .bytes = OUT R(0, "own") END_OF(1, 2)},
        {.on = "POST", .bytes = SEQ(3)}, {.on = "GET", .bytes = OUT R(2, "own") END_OF(3, 3)}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
    assert_int_equal(cs_chat_stop(chat, NULL), CS_CHAT_OK);
    assert_int_equal(cs_chat_send(chat, "y"), CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_LOST);
    expect_chunks(fixture, "");
    assert_int_equal(cs_chat_send(chat, "z"), CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    expect_chunks(fixture, " own");
}

static void test_stop_while_idle_hides_nothing(void **state)
{
    static const struct canned_step steps[] = {
        {.on = "POST", .bytes = SEQ(0)},
        {.on = "POST", .bytes = SEQ(1)},
        {.on = "GET", .bytes = OUT R(0, "own") END_OF(1, 1)}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    assert_int_equal(cs_chat_stop(chat, NULL), CS_CHAT_OK);
    assert_int_equal(cs_chat_send(chat, "y"), CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    expect_chunks(fixture, " own");
}

static void test_send_supersedes_the_reader(void **state)
{
    static const struct canned_step steps[] = {
        {.on = "POST", .bytes = SEQ(0)},
        {.on = "GET", .bytes = OUT R(0, "act") R(1, "more"), .end = CANNED_HOLD},
        {.on = "POST", .bytes = SEQ(1)},
        {.on = "GET", .bytes = OUT R(1, "more") END_OF(2, 1)}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    fixture->act = act_send;
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_STOPPED);
    assert_int_equal(fixture->acted, CS_CHAT_OK);
    assert_true(cs_chat_streaming(chat));
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    expect_chunks(fixture, " act more");
    expect_requests(fixture, "P:T0 G:T0 P:T0 G0:T0"); /* and no stop among them (CST-23) */
    assert_null(strstr(body_of(fixture, 2), "\"stop\""));
}

static void test_steering_and_nested_reads(void **state)
{
    static const struct canned_step steps[] = {
        {.on = "POST", .bytes = SEQ(0)},
        {.on = "GET", .bytes = OUT R(0, "act") R(1, "more") END_OF(2, 1), .end = CANNED_HOLD},
        {.on = "POST", .bytes = SEQ(1)},
        {.on = "GET", .bytes = OUT R(3, "act") END(4)}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    fixture->act = act_steer;
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    assert_int_equal(fixture->acted, CS_CHAT_OK);
    expect_chunks(fixture, " act more");
    fixture->act = act_read;
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    assert_int_equal(fixture->acted, CS_CHAT_USAGE);
    expect_requests(fixture, "P:T0 G:T0 P:T0 G2:T0");
}

static enum cs_chat_result act_nothing(struct cs_chat *chat)
{
    return cs_chat_streaming(chat) ? CS_CHAT_OK : CS_CHAT_USAGE;
}

static void test_callback_ends_the_read(void **state)
{
    static const struct canned_step steps[] = {
        {.on = "POST", .bytes = SEQ(0)},
        {.on = "GET", .bytes = OUT R(0, "act") R(1, "more") END(2), .end = CANNED_HOLD},
        {.on = "GET", .bytes = OUT R(1, "more") END(2)}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    fixture->act = act_nothing;
    fixture->stop_reading = true;
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_STOPPED);
    assert_true(cs_chat_streaming(chat));
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    expect_chunks(fixture, " act more");
    expect_requests(fixture, "P:T0 G:T0 G0:T0");
}

/* ---- commands from elsewhere while a read waits ---- */

struct commands {
    struct fixture *fixture;
    int fds[2];
    unsigned n_taken;
};

/* Takes one command: s stop, n send, c cancel, t steer. */
static void take_command(void *ctx)
{
    struct commands *commands = ctx;
    struct cs_chat *chat = commands->fixture->chat;
    char command = '\0';
    assert_int_equal(read(commands->fds[0], &command, 1), 1);
    commands->n_taken++;
    if (command == 's') {
        commands->fixture->acted = cs_chat_stop(chat, NULL);
    } else if (command == 'n') {
        commands->fixture->acted = cs_chat_send(chat, "rather this");
    } else if (command == 't') {
        commands->fixture->acted = cs_chat_steer(chat, "and this");
    } else {
        cs_chat_cancel(chat);
        commands->fixture->acted = CS_CHAT_OK;
    }
}

/* The stream is silent, so nothing but the watched pipe can end the read. */
static void test_commands_during_a_silent_read(void **state)
{
    static const struct canned_step steps[] = {
        {.on = "POST", .bytes = SEQ(0)},
        {.on = "GET", .bytes = OUT R(0, "a"), .end = CANNED_HOLD},
        {.on = "POST", .bytes = SEQ(1)},
        {.on = "GET", .bytes = OUT, .end = CANNED_HOLD},
        {.on = "POST", .bytes = SEQ(2)},
        {.on = "POST", .bytes = SEQ(3)},
        {.on = "GET", .bytes = "", .end = CANNED_HOLD}}; /* no answer at all */
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    struct commands commands = {.fixture = fixture};
    assert_int_equal(pipe(commands.fds), 0);
    cs_chat_watch(chat, commands.fds[0], take_command, &commands);
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
    enum cs_chat_result results[3];
    static const char *const lines[] = {"n", "ts", "c"};
    for (size_t i = 0; i < 3; i++) {
        fixture->acted = CS_CHAT_USAGE;
        assert_int_equal(write(commands.fds[1], lines[i], strlen(lines[i])), strlen(lines[i]));
        results[i] = read_turn(fixture);
        assert_int_equal(fixture->acted, CS_CHAT_OK);
    }
    cs_chat_watch(chat, -1, NULL, NULL);
    close(commands.fds[0]);
    close(commands.fds[1]);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(results[i], CS_CHAT_STOPPED);
    }
    assert_int_equal(commands.n_taken, 4);
}

/* ---- time ---- */

static void test_time_is_over(void **state)
{
    static const struct canned_step steps[] = {
        {.on = "POST", .bytes = SEQ(0)},
        {.on = "GET", .bytes = OUT R(0, "a") PING, .end = CANNED_HOLD},
        {.on = "GET", .bytes = OUT R(0, "a") END(1)}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
    assert_int_equal(cs_chat_read_turn(chat, log_chunk, fixture, 300), CS_CHAT_TIMEOUT);
    assert_true(cs_chat_streaming(chat));
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    expect_chunks(fixture, " a");
}

static void test_silence_is_a_lost_connection(void **state)
{
    static const struct canned_step steps[] = {
        {.on = "POST", .bytes = SEQ(0)},
        {.on = "GET", .bytes = OUT R(0, "a"), .end = CANNED_HOLD},
        {.on = "GET", .bytes = "", .end = CANNED_HOLD}, /* not even a head */
        {.on = "GET", .bytes = OUT END(1)}};
    struct fixture *fixture = *state;
    fixture->policy.silence_timeout_ms = 200;
    fixture->policy.answer_timeout_ms = 1000;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
    assert_int_equal(read_turn(fixture), CS_CHAT_OK);
    expect_requests(fixture, "P:T0 G:T0 G0:T0 G0:T0");
}

static void test_rate_limit_is_waited_out(void **state)
{
    static char answer[128];
    int64_t reset = cs_wall_ms() + 150;
    snprintf(answer, sizeof answer, "HTTP/1.1 429 Slow\r\nx-ratelimit-reset: %lld\r\n\r\n",
             (long long)reset);
    struct canned_step steps[] = {{.bytes = answer}, {.bytes = SEQ(0)}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_OK);
    assert_true(cs_wall_ms() >= reset);
    expect_requests(fixture, "P:T0 P:T0");
}

static void test_no_server(void **state)
{
    static const struct canned_step steps[] = {{.bytes = ""}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, TOKEN);
    canned_stop(fixture->canned);
    assert_int_equal(cs_chat_send(chat, "x"), CS_CHAT_UNREACHABLE);
    assert_int_equal(cs_chat_error(chat)->cause, CS_ERR_CONNECT);
    assert_int_equal(fixture->n_exchanges, 5);
    assert_int_equal(read_turn(fixture), CS_CHAT_GAVE_UP);
    assert_int_equal(cs_chat_error(chat)->cause, CS_ERR_CONNECT);
}

/* ---- reload ---- */

static void test_reconnect(void **state)
{
    static const struct canned_step steps[] = {{.bytes = OUT R(11, "old") END_OF(12, 2) R(13, "a")},
                                               {.bytes = OUT_SETTLED DONE}};
    struct fixture *fixture = *state;
    struct cs_chat *chat =
        OPEN(fixture, steps,
             "{\"publicAccessToken\":\"T7\",\"lastEventId\":\"10\",\"activeInputSeq\":3}");
    assert_int_equal(cs_chat_reconnect(chat, log_chunk, fixture, WAIT_MS), CS_CHAT_SETTLED);
    expect_chunks(fixture, " old a");
    assert_int_equal(cs_chat_reconnect(chat, log_chunk, fixture, WAIT_MS), CS_CHAT_NOTHING);
    expect_requests(fixture, "G10:T7 G13:T7");
    assert_string_equal(header_of(fixture, 0, "X-Peek-Settled"), "1");
    assert_string_equal(header_of(fixture, 1, "X-Peek-Settled"), "1");
    assert_int_equal(fixture->n_starts + fixture->n_refreshes, 0); /* CTK-33 */
}

static void test_reconnect_to_nothing(void **state)
{
    static const struct canned_step steps[] = {{.bytes = ""}};
    static const char *const states[] = {
        "{}", "{\"publicAccessToken\":\"T\",\"isStreaming\":false}",
        "{\"publicAccessToken\":\"T\",\"isStreaming\":true,\"closed\":true}"};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, NULL);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(cs_chat_import(chat, states[i]), CS_OK);
        assert_int_equal(cs_chat_reconnect(chat, log_chunk, fixture, WAIT_MS), CS_CHAT_NOTHING);
    }
    assert_int_equal(read_turn(fixture), CS_CHAT_CLOSED);
    expect_requests(fixture, "");
}

static void test_export_and_import(void **state)
{
    static const char *const good[] = {
        "{\"isStreaming\":false}",
        "{\"isStreaming\":true,\"lastEventId\":\"18446744073709551615\",\"activeInputSeq\":42}",
        "{\"isStreaming\":false,\"lastEventId\":\"0\",\"closed\":true,\"closedReason\":\"b\\n\"}"};
    static const char *const bad[] = {"",
                                      "[]",
                                      "{} x",
                                      "{\"lastEventId\":\"0,1,2\"}",
                                      "{\"lastEventId\":-1}",
                                      "{\"activeInputSeq\":1.5}",
                                      "{\"isStreaming\":\"yes\"}",
                                      "{\"publicAccessToken\":7}",
                                      "{\"publicAccessToken\":\"a\\r\\nX: 1\"}"};
    static const struct canned_step steps[] = {{.bytes = ""}};
    struct fixture *fixture = *state;
    struct cs_chat *chat = OPEN(fixture, steps, NULL);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(cs_chat_import(chat, good[i]), CS_OK);
        char *text = cs_chat_export(chat);
        assert_non_null(text);
        bool same = strcmp(text, good[i]) == 0;
        free(text);
        if (!same && i < 2) {
            fail_msg("state %zu did not come back", i);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_not_equal(cs_chat_import(chat, bad[i]), CS_OK);
        assert_true(cs_chat_closed(chat)); /* as before */
        assert_string_equal(cs_chat_closed_reason(chat), "b\n");
    }
}

static void test_bad_options(void **state)
{
    (void)state;
    const struct cs_chat_options rows[] = {
        {.chat_id = "c"},
        {.base_url = "http://x"},
        {.base_url = "http://x", .chat_id = "\xff"},
        {.base_url = "http://x", .chat_id = "c", .client_data = "[]"},
        {.base_url = "http://x", .chat_id = "c", .client_data = "{"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_null(cs_chat_new(&rows[i]));
    }
    cs_chat_free(NULL);
    struct cs_chat_options options = {.base_url = "http://127.0.0.1:1", .chat_id = "c"};
    struct cs_chat *chat = cs_chat_new(&options);
    enum cs_chat_result result = cs_chat_send(chat, "x");
    cs_chat_free(chat);
    assert_int_equal(result, CS_CHAT_NO_TOKEN);
    assert_string_equal(cs_chat_result_name(result), "no token");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_stop_and_next_turn),
        TEST(test_stopped_turn_without_boundary),
        TEST(test_stop_while_idle_hides_nothing),
        TEST(test_send_supersedes_the_reader),
        TEST(test_steering_and_nested_reads),
        TEST(test_callback_ends_the_read),
        TEST(test_commands_during_a_silent_read),
        TEST(test_time_is_over),
        TEST(test_silence_is_a_lost_connection),
        TEST(test_rate_limit_is_waited_out),
        TEST(test_no_server),
        TEST(test_reconnect),
        TEST(test_reconnect_to_nothing),
        TEST(test_export_and_import),
        TEST(test_bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
