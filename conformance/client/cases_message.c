/* What an append carries, and what it must not. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

#define ONE_TURN          \
    "app#1: APP(200,0)\n" \
    "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n"

static void id_as_given(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_use_chat(ck, "session_aBcDeFgH1234567890");
    ck_script(ck, ONE_TURN);
    ck_open(ck, NULL);
    ck_wait_end(ck, ck_send(ck, "first"));
    ck_expect_path(ck, ck_wait_request(ck, CS_TARGET_APP, 1),
                   "/realtime/v1/sessions/session_aBcDeFgH1234567890/in/append");
    ck_expect_path(ck, ck_wait_request(ck, CS_TARGET_OUT, 1),
                   "/realtime/v1/sessions/session_aBcDeFgH1234567890/out");
    ck_expect_counts(ck, 1, 1);
}

static void dots_are_no_path(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_use_chat(ck, "..");
    ck_script(ck, "out*: OUT{C 0 turn-complete}\n");
    ck_open(ck, NULL);
    ck_wait_over(ck, ck_send(ck, "first"));
    ck_expect_counts(ck, cs_scripted_count_of(ck_server(ck), CS_TARGET_APP),
                     cs_scripted_count_of(ck_server(ck), CS_TARGET_OUT));
    /* Whoever is on the way may take such a path for another. */
    ck_expect_never_sent(ck, "/../", "dots that lead to another path");
    /* A client that refuses every id would pass so far. */
    ck_use_chat(ck, "..a");
    ck_script(ck, ONE_TURN);
    ck_open(ck, NULL);
    ck_wait_end(ck, ck_send(ck, "first"));
    ck_expect_counts(ck, 1, 1);
}

/* A message, a regenerate, an action and a stop: all that is appended in a usual life. */
static struct ck *usual_life(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, ONE_TURN "app#2: APP(200,1)\n"
                           "out#2: OUT{T 2 two; C 3 turn-complete session-in-event-id=1}\n"
                           "app#3: APP(200,2)\n"
                           "out#3: OUT{T 4 three; C 5 turn-complete session-in-event-id=2}\n"
                           "app#4: APP(200,3)\n"
                           "out#4: OUT{T 6 four | HOLD}\n");
    ck_open(ck, NULL);
    ck_wait_end(ck, ck_send(ck, "first"));
    ck_wait_end(ck, ck_regenerate(ck, "[{\"id\":\"u-first\",\"role\":\"user\",\"parts\":[{"
                                      "\"type\":\"text\",\"text\":\"first\"}]}]"));
    ck_wait_end(ck, ck_action(ck, "{\"type\":\"undo\"}"));
    ck_wait_chunks(ck, ck_send(ck, "last"), 1);
    ck_stop(ck);
    ck_wait_request(ck, CS_TARGET_APP, 5);
    return ck;
}

static void nothing_of_the_start(struct cs_case_run *run)
{
    struct ck *ck = usual_life(run);
    for (uint64_t k = 1; k <= 5; k++) {
        const struct cs_logged *append = ck_wait_request(ck, CS_TARGET_APP, k);
        const char *trigger = ck_body(ck, append, "payload.trigger");
        cs_case_check(run,
                      strcmp(trigger, "\"preload\"") != 0 &&
                          strcmp(trigger, "\"handover-prepare\"") != 0,
                      "app#%llu has the trigger %s", (unsigned long long)k, trigger);
        ck_expect_body(ck, append, "payload.headStartMessages", NULL);
    }
}

static void nothing_of_runs(struct cs_case_run *run)
{
    struct ck *ck = usual_life(run);
    static const char *const members[] = {"payload.continuation", "payload.previousRunId",
                                          "payload.sessionId"};
    for (uint64_t k = 1; k <= 5; k++) {
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
            ck_expect_body(ck, ck_wait_request(ck, CS_TARGET_APP, k), members[i], NULL);
        }
    }
}

/* ---- part ids ---- */

#define MAX_PART_ID   64
#define MIN_PART_ID   16
#define MIN_DIFFERENT 8

static void part_ids(struct cs_case_run *run)
{
    struct ck *ck = usual_life(run);
    const char *ids[5];
    for (uint64_t k = 1; k <= 5; k++) {
        ids[k - 1] = ck_need_header(ck, ck_wait_request(ck, CS_TARGET_APP, k), "X-Part-Id");
        size_t len = strlen(ids[k - 1]);
        cs_case_check(run, len >= MIN_PART_ID && len <= MAX_PART_ID,
                      "the part id %s has %zu characters", ids[k - 1], len);
        for (size_t i = 0; i < len; i++) {
            cs_case_check(run, ids[k - 1][i] > ' ' && ids[k - 1][i] <= '~',
                          "the part id %s is not ASCII", ids[k - 1]);
        }
    }
    for (size_t k = 1; k < 5; k++) {
        size_t n = 0;
        for (size_t i = 0; ids[0][i] && ids[k][i]; i++) {
            n += ids[0][i] != ids[k][i];
        }
        cs_case_check(run, n >= MIN_DIFFERENT, "the part ids %s and %s can be guessed", ids[0],
                      ids[k]);
    }
}

/* ---- answers to tool calls ---- */

#define TOOL(state, more)                                                                      \
    "{\"type\":\"tool-look\",\"toolCallId\":\"" state "\",\"state\":\"" state "\",\"input\":{" \
    "\"secret\":1}" more "}"
#define KEPT(state, more) \
    "{\"type\":\"tool-look\",\"toolCallId\":\"" state "\",\"state\":\"" state "\"" more "}"
#define APPROVAL ",\"approval\":{\"id\":\"p1\",\"approved\":true}"
#define DYNAMIC                                                                         \
    "{\"type\":\"dynamic-tool\",\"toolName\":\"find\",\"toolCallId\":\"d1\",\"state\":" \
    "\"output-available\""

/* A turn that starts the answer a1, then the same answer with its tool calls advanced. */
static const struct cs_logged *answered(struct ck *ck)
{
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{R 0 {\"type\":\"start\",\"messageId\":\"a1\"}; T 1 one;"
                  "C 2 turn-complete session-in-event-id=0}\n"
                  "app#2: APP(200,1)\n"
                  "out#2: OUT{T 3 two; C 4 turn-complete session-in-event-id=1}\n");
    ck_open(ck, NULL);
    ck_wait_end(ck, ck_send(ck, "first"));
    int stream = ck_send_messages(
        ck,
        "[{\"id\":\"u-first\",\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":"
        "\"first\"}]},{\"id\":\"a1\",\"role\":\"assistant\",\"metadata\":{\"m\":1},"
        "\"parts\":["
        "{\"type\":\"text\",\"text\":\"one\"},{\"type\":\"reasoning\",\"text\":\"hm\"}"
        "," TOOL("input-available", "") "," TOOL(
            "output-available",
            ",\"output\":{"
            "\"found\":[1,null]"
            "}" APPROVAL) "," TOOL("output-error",
                                   ",\"errorText\":\"no\"") "," TOOL("approval-responded",
                                                                     APPROVAL) "," TOOL("output-"
                                                                                        "denied",
                                                                                        APPROVAL) "," DYNAMIC
                                                                                                  ",\"input\":{},"
                                                                                                  "\"output\":7}]}"
                                                                                                  "]");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "two");
    return ck_wait_request(ck, CS_TARGET_APP, 2);
}

static const char *const advanced[] = {"output-available", "output-error", "approval-responded",
                                       "output-denied"};

static void answer_keeps(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    const struct cs_logged *append = answered(ck);
    ck_expect_body(ck, append, "payload.trigger", "\"submit-message\"");
    ck_expect_body(ck, append, "payload.message.id", "\"a1\"");
    const char *parts = ck_body(ck, append, "payload.message.parts");
    for (size_t i = 0; i < sizeof advanced / sizeof advanced[0]; i++) {
        cs_case_check(run, strstr(parts, ck_text(ck, "\"toolCallId\":\"%s\"", advanced[i])),
                      "the tool call in state %s is not in the answer", advanced[i]);
    }
    cs_case_check(run, strstr(parts, "\"output\":{\"found\":[1,null]}"),
                  "the output of a tool call is not in the answer");
    ck_expect_counts(ck, 2, 2);
}

static void answer_is_slim(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    const struct cs_logged *append = answered(ck);
    ck_expect_body(ck, append, "payload.message.id", "\"a1\"");
    ck_expect_body(ck, append, "payload.message.role", "\"assistant\"");
    if (!cs_case_published(run)) {
        cs_case_note(run, "a transport of its own may ship more of the message (CAP-35)");
        return;
    }
    ck_expect_body(
        ck, append, "payload.message",
        "{\"id\":\"a1\",\"role\":\"assistant\",\"parts\":[" KEPT(
            "output-available",
            ",\"output\":{"
            "\"found\":[1,"
            "null]"
            "}" APPROVAL) "," KEPT("output-error",
                                   ",\"errorText\":\"no\"") "," KEPT("approval-responded",
                                                                     APPROVAL) "," KEPT("output-"
                                                                                        "denied",
                                                                                        APPROVAL) "," DYNAMIC
                                                                                                  ",\"output\":7}]}");
}

/* ---- the answer to an append ---- */

static void unknown_reply_members(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck,
              "app#1: APP(200,5) body {\"future\":{\"a\":[1]},\"ok\":true,\"seq\":5,\"x\":null}\n"
              "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=5}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    ck_expect_counts(ck, 1, 1);
}

static void ok_false(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0) body {\"ok\":false,\"error\":\"not stored\"}\n"
                  "app#2: APP(200,0)\n"
                  "out*: OUT{T 0 one; C 1 turn-complete}\n");
    ck_open(ck, NULL);
    (void)ck_wait_error(ck, ck_send(ck, "first"));
    ck_expect_counts(ck, 1, 0);
    int stream = ck_send(ck, "second");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    ck_expect_counts(ck, 2, 1);
}

const struct cs_case client_message_cases[] = {
    {.id = "client/append/id-as-given",
     .title = "a session_ id is used in paths as it was given",
     .requirements = "CAP-04",
     .run = id_as_given},
    {.id = "client/append/dots-are-no-path",
     .title = "the id .. never leads a request to another path",
     .requirements = "CAP-03",
     .level = CS_SHOULD,
     .run = dots_are_no_path},
    {.id = "client/append/nothing-of-the-start",
     .title = "no append is a preload or a handover, or carries the messages of a head start",
     .requirements = "CAP-40 CAP-41",
     .run = nothing_of_the_start},
    {.id = "client/append/nothing-of-runs",
     .title = "no append speaks of runs or sessions: those are the server's affair",
     .requirements = "CAP-42",
     .level = CS_SHOULD,
     .run = nothing_of_runs},
    {.id = "client/append/part-ids",
     .title = "every append has a part id, of ASCII, of fair length, and not to be guessed",
     .requirements = "CAP-44 CAP-48",
     .level = CS_SHOULD,
     .run = part_ids},
    {.id = "client/append/tool-answer-keeps",
     .title = "an answer to tool calls keeps the message's id and what was resolved",
     .requirements = "CAP-34 CAP-35",
     .run = answer_keeps},
    {.id = "client/append/tool-answer-is-slim",
     .title = "an answer to tool calls ships the advanced calls alone, without their input",
     .requirements = "CAP-30 CAP-31 CAP-32",
     .run = answer_is_slim},
    {.id = "client/append/unknown-reply-members",
     .title = "members of an append's answer that nobody knows are passed over",
     .requirements = "CAP-55",
     .level = CS_SHOULD,
     .run = unknown_reply_members},
    {.id = "client/append/ok-false",
     .title = "a 200 that says ok false is an error to the caller",
     .requirements = "CAP-54",
     .level = CS_SHOULD,
     .run = ok_false},
    {0},
};
