/* What the head-start handler does beyond that, and the same hand-over by AgentChat. */
#include "conformance/client/cases.h"
#include "conformance/client/kit_handler.h"

static void tags_of(struct ck *ck, const char *options, const char *recorded, const char *what)
{
    ck_handler_open(ck, "{\"chunks\":[]}", options);
    (void)ck_handler_begin(ck);
    ck_record(ck, what, recorded, "%s",
              ck_starred(
                  ck, ck_body(ck, ck_wait_request(ck, CS_TARGET_CREATE, 1), "triggerConfig.tags")));
}

static void tags(struct cs_case_run *run)
{
    tags_of(ck_of(run), "{\"triggerConfig\":{\"tags\":[\"a\",\"b\"]}}", "[\"chat:*\",\"a\",\"b\"]",
            "tags of two");
}

static void many_tags(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_handler_open(ck, "{\"chunks\":[]}",
                    "{\"triggerConfig\":{\"tags\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\","
                    "\"i\",\"j\",\"k\",\"l\"]}}");
    (void)ck_handler_begin(ck);
    cJSON *list =
        cJSON_Parse(ck_body(ck, ck_wait_request(ck, CS_TARGET_CREATE, 1), "triggerConfig.tags"));
    int n = cJSON_GetArraySize(list);
    cJSON_Delete(list);
    long long recorded =
        cs_case_published(run) ? (long long)cs_case_fact(run, "head_start_tags_max") : 10;
    ck_record(ck, "tags of thirteen", ck_text(ck, "%lld", recorded), "%d", n);
}

static void long_tag(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    char name[130];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_use_chat(ck, name);
    ck_handler_open(ck, "{\"chunks\":[]}", "{\"triggerConfig\":{\"tags\":[\"a\"]}}");
    (void)ck_handler_begin(ck);
    const char *list = ck_body(ck, ck_wait_request(ck, CS_TARGET_CREATE, 1), "triggerConfig.tags");
    ck_record_flag(ck, "a tag of more than 128 characters is left out",
                   "head_start_long_tag_left_out", strcmp(list, "[\"a\"]") == 0);
}

static void store_refuses(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_platform_start(ck);
    ck_platform_fault(ck, "s2s: 403");
    ck_handler_open(ck, "{\"text\":\"one\",\"chunks\":" CK_HANDLER_CHUNKS "}", NULL);
    int stream = ck_handler_begin(ck);
    ck_record(ck, "cursor that the agent's part is read from", "none", "%s",
              ck_platform_header(ck, ck_platform_wait(ck, "out", 1), "Last-Event-ID"));
    ck_handler_agent(ck, CK_HANDLER_AGENT("two"), NULL);
    ck_record(ck, "the answer ends", "well", "%s", ck_ending(ck, stream));
    const char *third = ck_handler_frame(ck, stream, 2);
    ck_record(ck, "the agent's part in it", CK_HANDLER_AGENT("two"), "%s",
              third ? third : "missing");
    ck_record(ck, "appended", "\"handover\"", "%s",
              ck_platform_body(ck, ck_platform_wait(ck, "append/in", 1), "kind"));
    ck_record_flag(ck, "a warning is logged", "head_start_store_warning",
                   ck_count_told(ck, "warning") > 0);
}

/* All that a create's answer must have, and that a version waits. */
static void pending_create(struct ck *ck)
{
    ck_script(ck,
              "create*: CREATE(201) body {\"id\":\"session_x\",\"externalId\":\"%s\","
              "\"type\":\"chat.agent\",\"taskIdentifier\":\"t\",\"triggerConfig\":"
              "{\"basePayload\":{}},\"tags\":[],\"metadata\":null,\"closedAt\":null,"
              "\"closedReason\":null,\"expiresAt\":null,\"currentRunId\":\"run_x\","
              "\"createdAt\":\"2026-01-01T00:00:00.000Z\","
              "\"updatedAt\":\"2026-01-01T00:00:00.000Z\",\"runId\":\"run_x\","
              "\"publicAccessToken\":\"%s\",\"isCached\":false,\"pendingVersion\":true}\n"
              "out#1: OUT{C 0 turn-complete}\n",
              ck_chat(ck), ck_token(ck, "P1"));
}

static const char *answered(struct ck *ck, const char *header)
{
    const cJSON *headers =
        cJSON_GetObjectItemCaseSensitive(ck_life_event(ck, "answer", 0), "headers");
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(headers, header));
    return value ? value : "none";
}

static void answer_headers(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    pending_create(ck);
    ck_handler_open(ck, "{\"text\":\"one\",\"chunks\":" CK_HANDLER_CHUNKS "}", NULL);
    ck_wait_over(ck, ck_handler_begin(ck));
    ck_record(ck, "X-Trigger-Chat-Id", "*", "%s",
              ck_starred(ck, answered(ck, "x-trigger-chat-id")));
    const char *token = answered(ck, "x-trigger-chat-access-token");
    ck_record(ck, "X-Trigger-Chat-Access-Token", "the session's", "%s",
              strcmp(token, ck_token(ck, "P1")) == 0 ? "the session's" : "another");
    ck_record(ck, "X-Vercel-AI-UI-Message-Stream", "v1", "%s",
              answered(ck, "x-vercel-ai-ui-message-stream"));
    ck_record_flag(ck, "X-Trigger-Chat-Pending-Version", "head_start_pending_version",
                   strcmp(answered(ck, "x-trigger-chat-pending-version"), "1") == 0);
}

static void no_chat(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_handler_open(ck, "{\"chunks\":[]}", NULL);
    ck_record(
        ck, "a request without chatId", "an error: Error", "%s",
        ck_try(ck, "head-start", "{\"body\":{\"headStartMessages\":" CK_HANDLER_HISTORY "}}"));
    ck_record(ck, "requests to the platform", "0", "%zu", cs_scripted_count(ck_server(ck)));
}

static void leaves(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = ck_handler_plain(ck);
    ck_platform_wait_reader(ck);
    const struct ck_platform_request *read = ck_platform_wait(ck, "out", 1);
    const char *query = strchr(read->path, '?');
    ck_record(ck, "query of the subscription", "none", "%s", query ? query : "none");
    static const char *const probes[] = {"X-Peek-Settled", "X-Session-In-Event-Id"};
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        ck_record(ck, probes[i], "none", "%s", ck_platform_header(ck, read, probes[i]));
    }
    ck_wait_chunks(ck, stream, 2);
    ck_do(ck, "cancel", ck_text(ck, "{\"target\":%d}", stream));
    ck_platform_wait_no_reader(ck);
    ck_record(ck, "after the browser has left, the subscription", "is left", "is left");
}

/* AgentChat can do the same for a handler of another make. */
static void by_agent_chat(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_open_kind(ck, "agent", ck_text(ck, "{\"options\":{\"session\":{\"lastEventId\":\"3\"}}}"));
    ck_do(ck, "handover",
          "{\"messages\":[{\"role\":\"assistant\",\"content\":\"one\"}],\"messageId\":\"m1\","
          "\"isFinal\":true}");
    ck_do(ck, "handover-skip", NULL);
    ck_record(ck, "handed over",
              "{\"kind\":\"handover\",\"partialAssistantMessage\":[{\"role\":\"assistant\","
              "\"content\":\"one\"}],\"messageId\":\"m1\",\"isFinal\":true}",
              "%.*s", CS_VIEW_ARG(ck_wait_request(ck, CS_TARGET_APP, 1)->body));
    ck_record(ck, "skipped", "{\"kind\":\"handover-skip\"}", "%.*s",
              CS_VIEW_ARG(ck_wait_request(ck, CS_TARGET_APP, 2)->body));
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "head-start", __VA_ARGS__)

const struct cs_case client_head_start_handler_observed_cases[] = {
    OBSERVED("handler-tags", "the run's tags begin with the chat's", "CHS-23", tags),
    OBSERVED("handler-many-tags", "how many tags there may be", "CHS-23", many_tags),
    OBSERVED("handler-long-tag", "what becomes of a tag that is too long", "CHS-23", long_tag),
    OBSERVED("handler-store-refuses", "an answer survives a store that refuses it", "CHS-28",
             store_refuses),
    OBSERVED("handler-answer", "the headers of the answer", "CHS-30", answer_headers),
    OBSERVED("handler-no-chat", "a request without a chat goes no further", "CHS-31", no_chat),
    OBSERVED("handler-leaves", "a browser that leaves ends the subscription", "CHS-32", leaves),
    OBSERVED("by-agent-chat", "AgentChat appends the same two kinds", "CHS-33", by_agent_chat),
    {0},
};
