/* AgentChat: how it starts its session, and what it makes of each call. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

#define TURN              \
    "app#1: APP(200,0)\n" \
    "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0 | EOF}\n"

static struct ck *opened(struct cs_case_run *run, const char *script, const char *members)
{
    return ck_opened(run, "agent", script, members);
}

static const char *body(struct ck *ck, enum cs_target target, uint64_t number, const char *path)
{
    return ck_starred(ck, ck_body(ck, ck_wait_request(ck, target, number), path));
}

/* A random part of the text as its kind: digits as 9, hex and letters as they come. */
static const char *shape(struct ck *ck, const char *text)
{
    struct cs_buf out = CS_BUF(256);
    for (const char *at = text; *at; at++) {
        bool digit = *at >= '0' && *at <= '9';
        if (!digit || at == text || !(at[-1] >= '0' && at[-1] <= '9')) {
            cs_buf_char(&out, digit ? '9' : *at);
        }
    }
    const char *kept = ck_text(ck, "%.*s", CS_VIEW_ARG(cs_buf_view(&out)));
    cs_buf_free(&out);
    return kept;
}

/* ---- starting ---- */

static void first_send(struct cs_case_run *run)
{
    struct ck *ck = opened(run, TURN, "{\"options\":{\"clientData\":{\"u\":1}}}");
    int stream = ck_send(ck, "first");
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
    ck_record(ck, "the first request", "create", "%s",
              cs_target_name(cs_scripted_request(ck_server(ck), 0)->target));
    ck_record(ck, "type", "\"chat.agent\"", "%s", body(ck, CS_TARGET_CREATE, 1, "type"));
    ck_record(ck, "external id", "\"*\"", "%s", body(ck, CS_TARGET_CREATE, 1, "externalId"));
    ck_record(ck, "task", "\"scripted-agent\"", "%s",
              body(ck, CS_TARGET_CREATE, 1, "taskIdentifier"));
    ck_record(ck, "basePayload",
              "{\"trigger\":\"preload\",\"chatId\":\"*\",\"metadata\":{\"u\":1}}", "%s",
              body(ck, CS_TARGET_CREATE, 1, "triggerConfig.basePayload"));
    ck_record(ck, "the message", "\"u-first\"", "%s",
              body(ck, CS_TARGET_APP, 1, "payload.message.id"));
}

static void preload(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "", NULL);
    ck_do(ck, "preload", NULL);
    ck_do(ck, "preload", NULL);
    ck_settle(ck);
    ck_record(ck, "creates", "1", "%llu", ck_count(ck, CS_TARGET_CREATE));
    ck_record(ck, "requests", "1", "%zu", cs_scripted_count(ck_server(ck)));
}

static bool is_uuid(const char *json)
{
    static const char form[] = "\"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\"";
    size_t i = 0;
    for (; form[i] && json[i]; i++) {
        bool hex = strchr("0123456789abcdef", json[i]) != NULL;
        if (form[i] == 'x' ? !hex : json[i] != form[i]) {
            return false;
        }
    }
    return form[i] == json[i];
}

static void without_an_id(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "", "{\"chat\":null}");
    ck_do(ck, "preload", NULL);
    const char *sent = body(ck, CS_TARGET_CREATE, 1, "externalId");
    ck_record(ck, "external id", "a UUID", "%s", is_uuid(sent) ? "a UUID" : sent);
    const char *told = ck_do(ck, "status", NULL);
    ck_record(ck, "tells it", "yes", "%s", strstr(told, sent) ? "yes" : "no");
}

static void tags(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "", "{\"options\":{\"triggerConfig\":{\"tags\":[\"mine\"]}}}");
    ck_do(ck, "preload", NULL);
    const char *sent = body(ck, CS_TARGET_CREATE, 1, "triggerConfig.tags");
    ck_record(ck, "the caller's tag", "there", "%s", strstr(sent, "\"mine\"") ? "there" : "gone");
    ck_record_flag(ck, "the chat's tag comes first", "agent_chat_tag",
                   strncmp(sent, "[\"chat:", strlen("[\"chat:")) == 0);
}

static bool has(struct ck *ck, const char *key)
{
    return strcmp(body(ck, CS_TARGET_CREATE, 1, ck_text(ck, "triggerConfig.%s", key)), "nothing") !=
           0;
}

static void trigger_config(struct cs_case_run *run)
{
    struct ck *ck =
        opened(run, "",
               "{\"options\":{\"triggerConfig\":{\"machine\":\"small-1x\",\"queue\":\"q\",\"tags\":"
               "[\"t\"],"
               "\"maxAttempts\":2,\"idleTimeoutInSeconds\":30,\"maxDuration\":60,\"region\":\"r\","
               "\"lockToVersion\":\"1.0\",\"ttl\":\"1h\",\"externalDeploymentId\":\"d\","
               "\"concurrencyKey\":\"k\"}}}");
    ck_do(ck, "preload", NULL);
    static const char *const always[] = {
        "machine", "queue", "tags", "maxAttempts", "idleTimeoutInSeconds", "basePayload"};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        ck_record(ck, always[i], "sent", "%s", has(ck, always[i]) ? "sent" : "left out");
    }
    static const char *const later[] = {"maxDuration", "region", "lockToVersion", "ttl",
                                        "externalDeploymentId"};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        ck_record_flag(ck, later[i], "agent_config_keys", has(ck, later[i]));
    }
    ck_record_flag(ck, "concurrencyKey", "agent_concurrency", has(ck, "concurrencyKey"));
}

static void base_payload(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "",
                           "{\"options\":{\"clientData\":{\"u\":1},\"triggerConfig\":{"
                           "\"basePayload\":{\"trigger\":\"mine\",\"chatId\":\"mine\","
                           "\"metadata\":\"mine\",\"more\":2}}}}");
    ck_do(ck, "preload", NULL);
    ck_record(ck, "trigger", "\"mine\"", "%s",
              body(ck, CS_TARGET_CREATE, 1, "triggerConfig.basePayload.trigger"));
    ck_record(ck, "chatId", "\"*\"", "%s",
              body(ck, CS_TARGET_CREATE, 1, "triggerConfig.basePayload.chatId"));
    ck_record(ck, "metadata", "{\"u\":1}", "%s",
              body(ck, CS_TARGET_CREATE, 1, "triggerConfig.basePayload.metadata"));
    ck_record(ck, "more", "2", "%s",
              body(ck, CS_TARGET_CREATE, 1, "triggerConfig.basePayload.more"));
}

/* The append has no answer yet when the run is told of. */
static void triggered(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "agent-chat");
    struct ck *ck = opened(run,
                           "app#1: APP(200,0) after told\n"
                           "out#1: OUT{C 0 turn-complete | EOF}\n",
                           NULL);
    int stream = ck_send(ck, "first");
    const cJSON *told = ck_wait_told(ck, "triggered");
    ck_record(ck, "chat", "\"*\"", "%s", ck_starred(ck, ck_member(ck, told, "chatId")));
    ck_record(ck, "run", "\"run_scripted00000000000000001\"", "%s", ck_member(ck, told, "runId"));
    ck_release(ck, "told");
    ck_wait_over(ck, stream);
    ck_record(ck, "times", "1", "%zu", ck_count_told(ck, "triggered"));
}

static void create_again(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "create#1: CREATE(500)\n" TURN, NULL);
    int stream = ck_send(ck, "first");
    bool ended = ck_wait_over(ck, stream);
    ck_record(ck, "the turn ends", "well", "%s", ended ? "well" : "with an error");
    const struct cs_logged *second = ck_wait_request(ck, CS_TARGET_CREATE, 2);
    int64_t pause = second->at_ms - ck_wait_request(ck, CS_TARGET_CREATE, 1)->at_ms;
    ck_record(ck, "pause", "half a second to three", "%s",
              pause >= 400 && pause < 3000 ? "half a second to three" : "another");
    ck_record(ck, "the append comes", "after it", "%s",
              ck_wait_request(ck, CS_TARGET_APP, 1)->at_ms >= second->at_ms ? "after it"
                                                                            : "before it");
}

static void two_of_one_id(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "", NULL);
    ck_open_kind(ck, "agent", "{\"client\":\"second\"}");
    ck_do(ck, "preload", NULL);
    ck_do(ck, "preload", "{\"client\":\"second\"}");
    ck_record(ck, "creates", "2", "%llu", ck_count(ck, CS_TARGET_CREATE));
    ck_record(ck, "the second names", "\"*\"", "%s", body(ck, CS_TARGET_CREATE, 2, "externalId"));
}

static void restored(struct cs_case_run *run)
{
    struct ck *ck =
        opened(run, "app#1: APP(200,7)\nout#1: OUT{T 20 one; C 21 turn-complete | EOF}\n",
               "{\"options\":{\"session\":{\"lastEventId\":\"19\"}}}");
    int stream = ck_send(ck, "first");
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
    ck_record(ck, "from", "19", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "Last-Event-ID"));
}

static void restored_from_nothing(struct cs_case_run *run)
{
    struct ck *ck = opened(run, TURN, "{\"options\":{\"session\":{}}}");
    ck_wait_over(ck, ck_send(ck, "first"));
    ck_wait_request(ck, CS_TARGET_APP, 1);
    ck_record_flag(ck, "it creates the session", "restored_agent_creates",
                   ck_count(ck, CS_TARGET_CREATE) > 0);
    ck_record(ck, "triggered", "0", "%zu", ck_count_told(ck, "triggered"));
}

static void restored_is_no_start(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "agent-chat");
    struct ck *ck = opened(run, TURN, "{\"options\":{\"session\":{\"lastEventId\":\"19\"}}}");
    ck_do(ck, "preload", NULL);
    ck_record(ck, "creates", "1", "%llu", ck_count(ck, CS_TARGET_CREATE));
    ck_settle(ck);
    ck_record(ck, "runs told of", "0", "%zu", ck_count_told(ck, "triggered"));
}

/* ---- calls ---- */

static void text(struct cs_case_run *run)
{
    struct ck *ck = opened(
        run,
        "app#1: APP(200,0)\n"
        "out#1: OUT{R 0 {\"type\":\"start\"}; R 1 {\"type\":\"reasoning-delta\",\"id\":\"r\","
        "\"delta\":\"hm\"}; T 2 one; R 3 {\"type\":\"tool-input-available\",\"toolCallId\":\"c\","
        "\"toolName\":\"n\",\"input\":{\"a\":1}}; R 4 {\"type\":\"tool-output-available\","
        "\"toolCallId\":\"c\",\"output\":2}; T 5 two; C 6 turn-complete | EOF}\n",
        NULL);
    cJSON *value = cJSON_Parse(ck_do(ck, "text", "{\"text\":\"hello\"}"));
    ck_record(ck, "text", "\"onetwo\"", "%s", ck_member(ck, value, "whole"));
    ck_record(ck, "text of the result", "\"onetwo\"", "%s", ck_member(ck, value, "text"));
    ck_record(ck, "tool calls", "[{\"toolName\":\"n\",\"toolCallId\":\"c\",\"input\":{\"a\":1}}]",
              "%s", ck_member(ck, value, "toolCalls"));
    ck_record(ck, "tool results", "[{\"toolCallId\":\"c\",\"output\":2}]", "%s",
              ck_member(ck, value, "toolResults"));
    cJSON_Delete(value);
    const char *id = body(ck, CS_TARGET_APP, 1, "payload.message.id");
    ck_record(ck, "the message's id", "\"msg-9-", "%.7s", shape(ck, id));
    ck_record(ck, "role", "\"user\"", "%s", body(ck, CS_TARGET_APP, 1, "payload.message.role"));
    ck_record(ck, "parts", "[{\"type\":\"text\",\"text\":\"hello\"}]", "%s",
              body(ck, CS_TARGET_APP, 1, "payload.message.parts"));
}

static void whole_conversation(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "app*: APP(200,+)\nout*: OUT{C 0 turn-complete | EOF}\n", NULL);
    static const char conversation[] =
        "[{\"id\":\"u1\",\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":\"q\"}]},"
        "{\"id\":\"a1\",\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"text\":\"long\"},"
        "{\"type\":\"tool-n\",\"toolCallId\":\"c\",\"state\":\"output-available\","
        "\"input\":{\"a\":1},\"output\":2}]}]";
    ck_wait_over(ck, ck_send_messages(ck, conversation));
    ck_record(ck, "of an answer",
              "{\"id\":\"a1\",\"role\":\"assistant\",\"parts\":[{\"type\":\"tool-n\","
              "\"toolCallId\":\"c\",\"state\":\"output-available\",\"output\":2}]}",
              "%s", body(ck, CS_TARGET_APP, 1, "payload.message"));
    ck_wait_over(ck, ck_regenerate(ck, conversation));
    ck_record(ck, "regenerate's message", "nothing", "%s",
              body(ck, CS_TARGET_APP, 2, "payload.message"));
    ck_record(ck, "its trigger", "\"regenerate-message\"", "%s",
              body(ck, CS_TARGET_APP, 2, "payload.trigger"));
}

#define STEERING                                                                   \
    "{\"message\":{\"id\":\"u2\",\"role\":\"user\",\"parts\":[{\"type\":\"text\"," \
    "\"text\":\"more\"}]}}"

static void steer(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "app#1: APP(200,0)\napp#3: APP(409)\n", NULL);
    ck_record(ck, "before the start", "false", "%s", ck_do(ck, "pending", STEERING));
    ck_record(ck, "requests for it", "0", "%zu", cs_scripted_count(ck_server(ck)));
    ck_do(ck, "preload", NULL);
    ck_record(ck, "then", "true", "%s", ck_do(ck, "pending", STEERING));
    ck_record(ck, "the message's id", "\"steer-9\"", "%s",
              shape(ck, body(ck, CS_TARGET_APP, 1, "payload.message.id")));
    ck_record(ck, "trigger", "\"submit-message\"", "%s",
              body(ck, CS_TARGET_APP, 1, "payload.trigger"));
    ck_do(ck, "pending", STEERING);
    ck_record(ck, "refused", "false", "%s", ck_do(ck, "pending", STEERING));
}

static void action_refused(struct cs_case_run *run)
{
    struct ck *ck = opened(run,
                           "app#1: APP(409) body {\"error\":\"closed\","
                           "\"code\":\"session_closed\"}\n",
                           NULL);
    int action = ck_action(ck, "{\"type\":\"undo\"}");
    ck_record(ck, "it fails with", "Error", "%s", ck_error_text(ck, ck_wait_error(ck, action)));
    ck_settle(ck);
    ck_record(ck, "appends", "1", "%llu", ck_count(ck, CS_TARGET_APP));
}

static void goodbye(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "agent-chat");
    struct ck *ck = opened(run,
                           "app*: APP(200,+)\n"
                           "out#1: OUT{T 0 one; C 1 turn-complete | EOF}\n"
                           "out#2: OUT{T 2 two; C 3 turn-complete | EOF}\n",
                           "{\"options\":{\"clientData\":{\"u\":1}}}");
    ck_wait_over(ck, ck_send(ck, "first"));
    ck_record(ck, "it gives", "true", "%s", ck_do(ck, "close", NULL));
    ck_record(ck, "what it posts", "{\"chatId\":\"*\",\"trigger\":\"close\"}", "%s",
              body(ck, CS_TARGET_APP, 2, "payload"));
    ck_record(ck, "creates before the next send", "1", "%llu", ck_count(ck, CS_TARGET_CREATE));
    int next = ck_send(ck, "second");
    ck_wait_over(ck, next);
    ck_record(ck, "and after it", "2", "%llu", ck_count(ck, CS_TARGET_CREATE));
    ck_record(ck, "the next send delivers", "two", "%s", ck_delivered(ck, next));
    ck_record(ck, "a second close gives", "true", "%s", ck_do(ck, "close", NULL));
    ck_record(ck, "a third, without a send", "false", "%s", ck_do(ck, "close", NULL));
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "agent-chat", __VA_ARGS__)

const struct cs_case client_agent_chat_observed_cases[] = {
    OBSERVED("first-send", "the first send creates the session and appends the message after it",
             "CAC-01 CAC-02", first_send),
    OBSERVED("preload", "a preload creates the session, once", "CAC-03", preload),
    OBSERVED("without-an-id", "without an id it makes one up and tells it", "CAC-04",
             without_an_id),
    OBSERVED("tags", "which tags the run gets", "CAC-05", tags),
    OBSERVED("trigger-config", "which members of the trigger's configuration are sent", "CAC-06",
             trigger_config),
    OBSERVED("base-payload", "what the caller's payload may replace", "CAC-07", base_payload),
    OBSERVED("triggered", "the run is told of before the append has its answer", "CAC-08",
             triggered),
    OBSERVED("text", "what a text is sent as, and what its answer is summed up to", "CAC-09 CAC-13",
             text),
    OBSERVED("whole-conversation", "of a conversation only the last message is sent", "CAC-10",
             whole_conversation),
    OBSERVED("steer", "what steering sends and gives", "CAC-11", steer),
    OBSERVED("action-refused", "a refused action fails without a status", "CAC-12", action_refused),
    OBSERVED("restored-is-no-start", "a restored client that creates its session tells of no run",
             "CAP-78", restored_is_no_start),
    OBSERVED("goodbye", "a close tells the agent, and the next send starts again", "CAP-39",
             goodbye),
    OBSERVED("two-of-one-id", "two clients of one id both create it", "CAC-20", two_of_one_id),
    OBSERVED("restored", "a restored client begins at its cursor", "CAC-21", restored),
    OBSERVED("restored-from-nothing", "an empty state counts as restored", "CAC-22 CAP-77",
             restored_from_nothing),
    OBSERVED("create-again", "a create that fails is tried again before the append", "CAC-24",
             create_again),
    {0},
};
