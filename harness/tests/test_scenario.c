/* Scenarios: what a file may say, what is said of a wrong one, and what the agent then does. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "endpoint_world.h"

#include "endpoint/scenario/scenario.h"
#include "json_schema.h"

#define HEAD       "{\"format\":\"chatspec-scenario/1\",\"about\":\"a test\",\"answers\":"
#define SAY(steps) HEAD "[{\"say\":[" steps "]}]}"

static cJSON *read_schema(void)
{
    char bytes[65536];
    FILE *file = fopen(SCENARIO_SCHEMA, "r");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    cJSON *tree = cJSON_ParseWithLength(bytes, len);
    assert_non_null(tree);
    return tree;
}

/* Does the published schema take the file? */
static bool fits_schema(const cJSON *rules, struct cs_view text, char *ret_reason)
{
    struct schema schema = {.root = rules};
    cJSON *tree = cJSON_ParseWithLength(text.ptr, text.len);
    assert_non_null(tree);
    bool fits = schema_holds(&schema, rules, tree);
    memcpy(ret_reason, schema.reason, sizeof(schema.reason));
    cJSON_Delete(tree);
    return fits;
}

struct refused {
    const char *text;
    const char *why;
    enum {
        BY_SCHEMA_TOO,
        BY_READER_ONLY
    } by; /* no schema can say all */
};

static struct cs_scenario *read_scenario(struct cs_view text)
{
    struct cs_scenario *scenario = NULL;
    struct cs_buf why = CS_BUF((size_t)4096);
    if (cs_scenario_read(text, &scenario, &why) != CS_OK) {
        fail_msg("%.*s", CS_VIEW_ARG(cs_buf_view(&why)));
    }
    cs_buf_free(&why);
    return scenario;
}

static const struct refused refused[] = {
    {"{\n  \"format\": oops}", "line 2, column 13", BY_READER_ONLY},
    {"", "line 1, column 1", BY_READER_ONLY},
    {"[]", "the file: expected an object", BY_SCHEMA_TOO},
    {"{\"format\":\"x\"}", "format: expected \"chatspec-scenario/1\"", BY_READER_ONLY},
    {"{\"format\":\"chatspec-scenario/1\",\"answers\":[]}", "about: expected", BY_SCHEMA_TOO},
    {"{\"format\":\"chatspec-scenario/1\",\"about\":\"a\"}", "answers: expected", BY_SCHEMA_TOO},
    {HEAD "[]} x", "no JSON", BY_READER_ONLY},
    {HEAD "[],\"delay\":1}", "delay: no such member; allowed here: format", BY_SCHEMA_TOO},
    {HEAD "[],\"delay_ms\":-1}", "delay_ms: expected a whole number from 0 to 600000",
     BY_SCHEMA_TOO},
    {HEAD "[{\"on\":\"never\"}]}", "answers[0].on: expected \"message\", \"approved\"",
     BY_READER_ONLY},
    {HEAD "[{},{\"then\":\"\"}]}", "answers[1].then: expected \"complete\"", BY_SCHEMA_TOO},
    {HEAD "[{\"turn\":0}]}", "answers[0].turn: expected a whole number from 1", BY_SCHEMA_TOO},
    {SAY("{}"), "answers[0].say[0]: expected an object with one of text, reasoning", BY_SCHEMA_TOO},
    {SAY("{\"text\":\"a\",\"cut\":true}"),
     "answers[0].say[0].cut: no such member; allowed here: text, repeat", BY_SCHEMA_TOO},
    {SAY("{\"cut\":true},{\"txet\":\"a\"}"), "answers[0].say[1]: expected an object",
     BY_SCHEMA_TOO},
    {SAY("{\"text\":1}"), "say[0].text: expected a text", BY_SCHEMA_TOO},
    {SAY("{\"text\":\"a\",\"text\":\"b\"}"), "say[0].text: stands there twice", BY_READER_ONLY},
    {SAY("{\"chunk\":{\"kind\":\"a\"}}"), "say[0].chunk: expected an object with a", BY_SCHEMA_TOO},
    {SAY("{\"tool\":\"a\",\"output\":1,\"approve\":true}"), "say[0]: expected one of",
     BY_READER_ONLY},
    {SAY("{\"tool\":\"a\",\"approve\":false}"), "say[0].approve: expected true", BY_SCHEMA_TOO},
    {SAY("{\"text\":\"0123456789\",\"repeat\":1000000}"), "8 MiB", BY_READER_ONLY},
    {HEAD "[],\"faults\":[\"out 1: vanish\"]}", "faults[0]: 'out 1: vanish'", BY_READER_ONLY},
};

static void a_wrong_file_is_refused_by_the_path_to_what_is_wrong(void **state)
{
    (void)state;
    char reason[SCHEMA_MAX_REASON];
    cJSON *schema = read_schema();
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct cs_scenario *scenario = NULL;
        struct cs_buf why = CS_BUF((size_t)4096);
        struct cs_view text = cs_view_str(refused[i].text);
        assert_int_not_equal(cs_scenario_read(text, &scenario, &why), CS_OK);
        if (cs_view_find(cs_buf_view(&why), cs_view_str(refused[i].why)) == SIZE_MAX) {
            fail_msg("%.*s\nexpected: %s", CS_VIEW_ARG(cs_buf_view(&why)), refused[i].why);
        }
        if (refused[i].by == BY_SCHEMA_TOO && fits_schema(schema, text, reason)) {
            fail_msg("the schema takes %s", refused[i].text);
        }
        cs_buf_free(&why);
    }
    cJSON_Delete(schema);
}

static void shipped_ones_are_right(void **state)
{
    (void)state;
    size_t n = 0;
    char reason[SCHEMA_MAX_REASON];
    cJSON *schema = read_schema();
    for (const struct cs_shipped_scenario *row = cs_shipped_scenarios; row->name; row++, n++) {
        struct cs_scenario *scenario = read_scenario(row->text());
        assert_true(strlen(cs_scenario_about(scenario)) > 20);
        if (!fits_schema(schema, row->text(), reason)) {
            fail_msg("%s: %s", row->name, reason);
        }
        cs_scenario_free(scenario);
    }
    assert_int_equal(n, 5);
    cJSON_Delete(schema);
}

/* A prefix of a file is no scenario, and reading it touches nothing that it should not. */
static void prefixes_are_refused(void **state)
{
    (void)state;
    struct cs_view text = cs_shipped_scenarios[1].text();
    for (size_t len = 0; len + 2 < text.len; len++) {
        struct cs_scenario *scenario = NULL;
        struct cs_buf why = CS_BUF((size_t)4096);
        assert_int_not_equal(cs_scenario_read(cs_view_of(text.ptr, len), &scenario, &why), CS_OK);
        cs_buf_free(&why);
    }
}

/* ---- what the agent does ---- */

static void put(struct world *world, const char *message)
{
    char body[1024];
    snprintf(body, sizeof(body),
             "{\"kind\":\"message\",\"payload\":{\"chatId\":\"a\",\"trigger\":\"submit-message\","
             "\"message\":{\"id\":\"u\",%s}}}",
             message);
    append_ok(world, "a", "in", body);
}

static void say(struct world *world, const char *text)
{
    char message[512];
    snprintf(message, sizeof(message),
             "\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":\"%s\"}]", text);
    put(world, message);
}

#define APPROVAL(yes)                                                                            \
    "\"role\":\"assistant\",\"parts\":[{\"type\":\"tool-send\",\"toolCallId\":\"c9\",\"state\":" \
    "\"approval-responded\",\"approval\":{\"id\":\"approval-c9\",\"approved\":" yes "}}]"
#define OUTPUT                                                                                  \
    "\"role\":\"assistant\",\"parts\":[{\"type\":\"tool-ask\",\"toolCallId\":\"c9\",\"state\":" \
    "\"output-available\",\"output\":4}]"

static void tell_data(struct cs_view data, struct cs_buf *log)
{
    static const char *const shown[] = {"delta", "input",    "output", "errorText",
                                        "data",  "toolName", "extra",  "transient"};
    struct cs_view value;
    assert_int_equal(cs_json_check(data, NULL), CS_OK);
    assert_int_equal(cs_json_get(data, CS_VIEW("type"), &value), CS_OK);
    cs_buf_add(log, cs_view_of(value.ptr + 1, value.len - 2));
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        if (cs_json_get(data, cs_view_str(shown[i]), &value) == CS_OK) {
            size_t len = value.len < 90 ? value.len : 90;
            cs_buf_printf(log, " %.*s", (int)len, value.ptr);
        }
    }
    cs_buf_char(log, '\n');
}

/* One line per record of `out` with what a scenario decides; trims are left out. */
static void tell(struct cs_view text, struct cs_buf *log)
{
    struct cs_reader *reader = cs_reader_new(NULL);
    struct cs_event event;
    assert_non_null(reader);
    while (cs_reader_next(reader, &text, &event, NULL) == CS_STEP_EVENT) {
        struct cs_view data;
        struct cs_view id;
        if (event.type != CS_EVENT_RECORD || event.record.kind == CS_RECORD_COMMAND) {
            continue;
        }
        if (event.record.kind == CS_RECORD_CONTROL) {
            cs_buf_printf(log, "= %.*s\n", CS_VIEW_ARG(cs_record_control(&event.record)));
            continue;
        }
        assert_int_equal(cs_envelope_decode(event.record.body, &data, &id, NULL), CS_OK);
        tell_data(data, log);
    }
    cs_reader_free(reader);
}

/* Reads all of `out` until one second without news, of which a fifth is waited, and compares it. */
static void assert_out(struct world *world, const char *expected)
{
    struct reply reply;
    struct cs_buf log = CS_BUF((size_t)1 << 20);
    world->endpoint->policy.sse_wait_permille = 200;
    ask(world, &reply, "GET", OUT_A, SECRET, "Timeout-Seconds: 1\r\n", NO_BODY);
    WORLD_UNTIL(world, is_complete(&reply));
    tell(cs_buf_view(&reply.body), &log);
    if (!cs_view_eq(cs_buf_view(&log), cs_view_str(expected))) {
        fail_msg("\n%.*s\nexpected:\n%s", CS_VIEW_ARG(cs_buf_view(&log)), expected);
    }
    cs_buf_free(&log);
    forget(&reply);
}

static struct cs_scenario *begin(struct world *world, const char *text)
{
    struct session session;
    struct cs_scenario *scenario = read_scenario(cs_view_str(text));
    cs_endpoint_scenario(world->endpoint, scenario);
    world->endpoint->policy.agent_trims = 0; /* all turns are to be seen */
    create_session(world, "a", "any-task", "{}", "", &session);
    return scenario;
}

static void end(struct world *world, struct cs_scenario *scenario)
{
    cs_endpoint_scenario(world->endpoint, NULL);
    cs_scenario_free(scenario);
}

static void every_kind_of_step_is_said(void **state)
{
    struct world *world = *state;
    struct cs_scenario *scenario = begin(
        world,
        SAY("{\"reasoning\":\"hm\"},{\"text\":\"You said {{text}} in {{turn}}/{{run}} {{x}}\","
            "\"pieces\":1,\"delay_ms\":1},"
            "{\"tool\":\"find\",\"input\":{\"q\":[1]},\"output\":{\"n\":2}},"
            "{\"tool\":\"find\",\"fails\":\"no\"},{\"wait_ms\":2},"
            "{\"data\":\"weather\",\"value\":{\"c\":3},\"id\":\"w\",\"transient\":true},"
            "{\"chunk\":{\"type\":\"mine\",\"extra\":5}},{\"text\":\"ab \",\"repeat\":2},"
            "{\"tool\":\"ask\"}"));
    say(world, "\\\"hi\\\"");
    assert_out(world, "start\nstart-step\nreasoning-start\nreasoning-delta \"hm\"\nreasoning-end\n"
                      "text-start\ntext-delta \"You said \\\"hi\\\" in 1/1 {{x}}\"\ntext-end\n"
                      "tool-input-start \"find\"\ntool-input-available {\"q\":[1]} \"find\"\n"
                      "tool-output-available {\"n\":2}\nfinish-step\n"
                      "start-step\ntool-input-start \"find\"\ntool-input-available {} \"find\"\n"
                      "tool-output-error \"no\"\nfinish-step\n"
                      "data-weather {\"c\":3} true\nmine 5\n"
                      "start-step\ntext-start\ntext-delta \"ab \"\ntext-delta \"ab \"\ntext-end\n"
                      "tool-input-start \"ask\"\ntool-input-available {} \"ask\"\nfinish-step\n"
                      "finish\n= turn-complete\n");
    end(world, scenario);
}

static void the_first_answer_that_fits_is_given(void **state)
{
    struct world *world = *state;
    struct cs_scenario *scenario =
        begin(world, HEAD "[{\"on\":\"approved\",\"say\":[{\"tool_output\":1}]},"
                          "{\"on\":\"denied\",\"say\":[{\"tool_denied\":true}]},"
                          "{\"on\":\"result\",\"say\":[{\"text\":\"four\"}]},"
                          "{\"contains\":\"MAY I\",\"say\":[{\"tool\":\"send\",\"approve\":true}]},"
                          "{\"turn\":5,\"say\":[{\"error\":\"five\"},{\"text\":\"never\"}]}]}");
    say(world, "so may I?");
    put(world, APPROVAL("true"));
    put(world, APPROVAL("false"));
    put(world, OUTPUT);
    say(world, "x");
    say(world, "y");
    assert_out(world, "start\nstart-step\ntool-input-start \"send\"\n"
                      "tool-input-available {} \"send\"\ntool-approval-request\nfinish-step\n"
                      "finish\n= turn-complete\n"
                      "start\ntool-output-available 1\nfinish\n= turn-complete\n"
                      "start\ntool-output-denied\nfinish\n= turn-complete\n"
                      "start\nstart-step\ntext-start\ntext-delta \"four\"\ntext-end\nfinish-step\n"
                      "finish\n= turn-complete\n"
                      "start\nerror \"five\"\n= turn-complete\n"
                      "start\nstart-step\ntext-start\ntext-delta \"y\"\ntext-end\nfinish-step\n"
                      "finish\n= turn-complete\n");
    end(world, scenario);
}

static void an_upgrade_hands_the_message_over_once(void **state)
{
    struct world *world = *state;
    struct cs_scenario *scenario =
        begin(world, HEAD "[{\"then\":\"upgrade\"},"
                          "{\"run\":2,\"say\":[{\"text\":\"{{text}}{{turn}}\"}]}]}");
    say(world, "new");
    assert_out(world, "= upgrade-required\nstart\nstart-step\ntext-start\ntext-delta \"new1\"\n"
                      "text-end\nfinish-step\nfinish\n= turn-complete\n");
    assert_int_equal(world->endpoint->n_runs, 2);
    end(world, scenario);
}

static void a_turn_can_end_in_silence_or_with_its_run(void **state)
{
    struct world *world = *state;
    struct cs_scenario *scenario =
        begin(world, HEAD "[{\"turn\":1,\"say\":[{\"data\":\"a\"}],\"then\":\"silence\"},"
                          "{\"turn\":2,\"say\":[{\"data\":\"b\"}],\"then\":\"crash\"},"
                          "{\"turn\":3,\"then\":\"exit\"},"
                          "{\"turn\":4,\"say\":[{\"data\":\"{{run}}\"}],\"then\":\"close\"}]}");
    say(world, "1");
    say(world, "2");
    WORLD_UNTIL(world, world->endpoint->sessions.tqh_first->run->status == CS_RUN_FAILED);
    say(world, "3");
    WORLD_UNTIL(world, world->endpoint->sessions.tqh_first->run->status == CS_RUN_COMPLETED);
    say(world, "4");
    assert_out(world, "start\ndata-a null\nfinish\nstart\ndata-b null\n= turn-complete\n"
                      "start\ndata-{{run}} null\nfinish\n= turn-complete\n= session-closed\n");
    assert_int_equal(world->endpoint->n_runs, 3);
    end(world, scenario);
}

static void what_is_too_large_for_a_record_fails_the_turn(void **state)
{
    struct world *world = *state;
    struct cs_scenario *scenario =
        begin(world, HEAD "[{\"turn\":1,\"say\":[{\"tool\":\"t\",\"output_bytes\":1047600},"
                          "{\"text\":\"never\"}]},{\"say\":[{\"data\":\"ok\"}]}]}");
    say(world, "x");
    say(world, "y");
    assert_out(
        world,
        "start\nstart-step\ntool-input-start \"t\"\ntool-input-available {} \"t\"\n"
        "error \"chat.agent chunk of type \\\"tool-output-available\\\" is 1047709 bytes, over "
        "the realtime st\n"
        "= turn-complete\nstart\ndata-ok null\nfinish\n= turn-complete\n");
    end(world, scenario);
}

static void a_cut_breaks_subscriptions_and_loses_nothing(void **state)
{
    struct world *world = *state;
    struct reply reply;
    struct cs_scenario *scenario = begin(
        world, SAY("{\"data\":\"before\"},{\"wait_ms\":1},{\"cut\":true},{\"data\":\"after\"}"));
    ask(world, &reply, "GET", OUT_A, SECRET, "Timeout-Seconds: 60\r\n", NO_BODY);
    say(world, "x");
    WORLD_UNTIL(world, is_complete(&reply));
    assert_true(reply.reset);
    forget(&reply);
    assert_out(world, "start\ndata-before null\ndata-after null\nfinish\n= turn-complete\n");
    end(world, scenario);
}

static void another_scenario_counts_from_the_next_turn_on(void **state)
{
    struct world *world = *state;
    struct cs_scenario *first = begin(world, SAY("{\"data\":\"a\"}"));
    struct cs_scenario *second = read_scenario(CS_VIEW(SAY("{\"data\":\"b\"}")));
    say(world, "x");
    WORLD_UNTIL(world, world->endpoint->sessions.tqh_first->n_turns == 1);
    cs_endpoint_scenario(world->endpoint, second);
    cs_scenario_free(first);
    say(world, "x");
    assert_out(world, "start\ndata-a null\nfinish\n= turn-complete\n"
                      "start\ndata-b null\nfinish\n= turn-complete\n");
    end(world, second);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_file_is_refused_by_the_path_to_what_is_wrong),
        cmocka_unit_test(shipped_ones_are_right),
        cmocka_unit_test(prefixes_are_refused),
        TEST(every_kind_of_step_is_said),
        TEST(the_first_answer_that_fits_is_given),
        TEST(an_upgrade_hands_the_message_over_once),
        TEST(a_turn_can_end_in_silence_or_with_its_run),
        TEST(what_is_too_large_for_a_record_fails_the_turn),
        TEST(a_cut_breaks_subscriptions_and_loses_nothing),
        TEST(another_scenario_counts_from_the_next_turn_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
