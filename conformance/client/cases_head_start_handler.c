/* The head-start handler: a route of the application's own that begins a first turn itself, and
 * hands it over to the agent. It is a client of the platform; the case plays its browser's request,
 * its model and the agent. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"
#include "conformance/client/kit_platform.h"

#define HISTORY                                     \
    "[{\"id\":\"u1\",\"role\":\"user\",\"parts\":[" \
    "{\"type\":\"text\",\"text\":\"hello\"}]}]"
#define START       "{\"type\":\"start\"}"
#define DELTA       "{\"type\":\"text-delta\",\"id\":\"t1\",\"delta\":\"one\"}"
#define CHUNKS      "[" START "," DELTA "]"
#define AGENT(text) "{\"type\":\"text-delta\",\"id\":\"t2\",\"delta\":\"" text "\"}"
#define COMPLETE    "turn-complete"

static void need_handler(struct ck *ck, const char *model, const char *options)
{
    ck_open_kind(ck, "head-start",
                 ck_text(ck, "{\"model\":%s,\"options\":%s}", model, options ? options : "{}"));
}

static int begin(struct ck *ck)
{
    return ck_begin(ck, "head-start",
                    ck_text(ck,
                            "{\"body\":{\"chatId\":\"%s\",\"trigger\":\"submit-message\","
                            "\"metadata\":{\"a\":1},\"headStartMessages\":" HISTORY "}}",
                            ck_chat(ck)));
}

/* On the reference endpoint; gives the stream of the answer. */
static int handled(struct ck *ck, const char *model, const char *options)
{
    ck_platform_start(ck);
    need_handler(ck, model, options);
    return begin(ck);
}

/* The model says one word in a turn that is over with it. */
static int plain(struct ck *ck)
{
    return handled(ck, "{\"text\":\"one\",\"chunks\":" CHUNKS "}", NULL);
}

/* The agent's side of the turn, once the handler listens. */
static uint64_t play_agent(struct ck *ck, const char *first, const char *second)
{
    ck_platform_wait_reader(ck);
    if (first) {
        ck_platform_put_chunk(ck, first);
    }
    if (second) {
        ck_platform_put_chunk(ck, second);
    }
    return ck_platform_put_control(ck, COMPLETE);
}

/* The n-th frame of the answer as JSON text, or NULL. */
static const char *frame(struct ck *ck, int stream, size_t n)
{
    struct cs_buf text = CS_BUF((size_t)1024 * 1024);
    const cJSON *event;
    for (size_t i = 0; (event = ck_said(ck, stream, "chunk", i)); i++) {
        const char *piece = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "chunk"));
        cs_buf_str(&text, piece ? piece : "");
    }
    const char *whole = ck_text(ck, "%.*s", CS_VIEW_ARG(cs_buf_view(&text)));
    cs_buf_free(&text);
    while (*whole) {
        const char *end = strstr(whole, "\n\n");
        size_t len = end ? (size_t)(end - whole) : strlen(whole);
        if (n-- == 0) {
            const char *prefix = "data: ";
            size_t skip = strncmp(whole, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
            return ck_text(ck, "%.*s", (int)(len - skip), whole + skip);
        }
        whole += len + (end ? 2 : 0);
    }
    return NULL;
}

static void expect_frame(struct cs_case_run *run, int stream, size_t n, const char *json)
{
    struct ck *ck = ck_of(run);
    const char *actual = frame(ck, stream, n);
    cJSON *a = cJSON_Parse(actual ? actual : "");
    cJSON *b = cJSON_Parse(json ? json : "");
    bool same = json && actual ? cJSON_Compare(a, b, true) : json == actual;
    cJSON_Delete(a);
    cJSON_Delete(b);
    if (!same) {
        cs_case_fail_diff(run, json ? json : "no frame", actual ? actual : "no frame",
                          "frame %zu of the answer is not right", n);
    }
}

static void expect(struct cs_case_run *run, const char *what, const char *actual,
                   const char *expected)
{
    cJSON *a = cJSON_Parse(actual);
    cJSON *b = cJSON_Parse(expected);
    bool same = (a && b && cJSON_Compare(a, b, true)) || strcmp(actual, expected) == 0;
    cJSON_Delete(a);
    cJSON_Delete(b);
    if (!same) {
        cs_case_fail_diff(run, expected, actual, "%s is not right", what);
    }
}

static void expect_member(struct cs_case_run *run, const struct ck_platform_request *request,
                          const char *path, const char *json)
{
    expect(run, path, ck_platform_body(ck_of(run), request, path), json);
}

/* ---- the session ---- */

static void expect_create(struct cs_case_run *run, const char *options, const char *idle)
{
    struct ck *ck = ck_of(run);
    handled(ck, "{\"text\":\"one\",\"chunks\":" CHUNKS "}", options);
    const struct ck_platform_request *request = ck_platform_wait(ck, "create", 1);
    expect_member(run, request, "externalId", ck_text(ck, "\"%s\"", ck_chat(ck)));
    static const char base[] = "triggerConfig.basePayload";
    expect_member(run, request, ck_text(ck, "%s.trigger", base), "\"handover-prepare\"");
    expect_member(run, request, ck_text(ck, "%s.headStartMessages", base), HISTORY);
    expect_member(run, request, ck_text(ck, "%s.chatId", base), ck_text(ck, "\"%s\"", ck_chat(ck)));
    expect_member(run, request, ck_text(ck, "%s.metadata", base), "{\"a\":1}");
    expect_member(run, request, ck_text(ck, "%s.idleTimeoutInSeconds", base), idle);
    expect_member(run, request, "triggerConfig.idleTimeoutInSeconds", idle);
}

static void created(struct cs_case_run *run)
{
    expect_create(run, NULL, "60");
}

static void created_with_timeout(struct cs_case_run *run)
{
    expect_create(run, "{\"idleTimeoutInSeconds\":7}", "7");
}

/* ---- handing over ---- */

/* The append that hands over, after all of step 1. */
static const struct ck_platform_request *handed_over(struct cs_case_run *run, size_t n_records)
{
    struct ck *ck = ck_of(run);
    const struct ck_platform_request *append = ck_platform_wait(ck, "append/in", 1);
    const struct ck_platform_request *put = ck_platform_wait(ck, "put/out", 1);
    cs_case_check(run, put->order > ck_platform_wait(ck, "create", 1)->order,
                  "credentials are asked for before there is a session");
    for (size_t i = 1; i <= n_records; i++) {
        cs_case_check(run, ck_platform_record(ck, i)->order < append->order,
                      "the hand-over comes before record %zu of step 1", i);
    }
    cs_case_check(run, ck_platform_written(ck) == n_records, "step 1 has %zu records and not %zu",
                  ck_platform_written(ck), n_records);
    expect_member(run, append, "kind", "\"handover\"");
    return append;
}

static void text_turn(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    plain(ck);
    const struct ck_platform_request *append = handed_over(run, 2);
    expect(run, "the second record", ck_platform_chunk(ck, ck_platform_record(ck, 2)), DELTA);
    expect_member(run, append, "isFinal", "true");
    expect_member(run, append, "partialAssistantMessage",
                  "[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"one\"}]}]");
}

#define CALL \
    "{\"type\":\"tool-call\",\"toolCallId\":\"c1\",\"toolName\":\"look\",\"input\":{\"q\":1}}"

static void tool_turn(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    handled(ck,
            "{\"finishReason\":\"tool-calls\",\"chunks\":[" START
            ",{\"type\":\"tool-input-available\",\"toolCallId\":\"c1\",\"toolName\":\"look\","
            "\"input\":{\"q\":1}}],\"messages\":[{\"role\":\"assistant\",\"content\":[" CALL "]}]}",
            NULL);
    const struct ck_platform_request *append = handed_over(run, 2);
    expect_member(run, append, "isFinal", "false");
    const char *partial = ck_platform_body(ck, append, "partialAssistantMessage");
    cs_case_check(run, strstr(partial, "\"toolCallId\":\"c1\""), "the call is not handed over: %s",
                  partial);
}

static void message_id(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = plain(ck);
    const struct ck_platform_request *append = ck_platform_wait(ck, "append/in", 1);
    const char *id = ck_platform_body(ck, append, "messageId");
    cs_case_check(run, strlen(id) > 2 && id[0] == '"', "the hand-over has no messageId: %s", id);
    ck_wait_chunks(ck, stream, 1);
    expect_frame(run, stream, 0, ck_text(ck, "{\"type\":\"start\",\"messageId\":%s}", id));
    expect(run, "the first record", ck_platform_chunk(ck, ck_platform_record(ck, 1)),
           ck_text(ck, "{\"type\":\"start\",\"messageId\":%s}", id));
}

/* ---- the agent's part ---- */

/* Whether the first of its records is shown is another case's to say. */
static void agent_part(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = plain(ck);
    uint64_t last = play_agent(ck, AGENT("two"), AGENT("three"));
    ck_wait_end(ck, stream);
    size_t n = 2;
    expect_frame(run, stream, 1, DELTA);
    const char *third = frame(ck, stream, n);
    n += third && strstr(third, "\"two\"") ? 1 : 0;
    expect_frame(run, stream, n, AGENT("three"));
    expect_frame(run, stream, n + 1, "{\"type\":\"trigger:turn-complete\"}");
    expect_frame(run, stream, n + 2,
                 ck_text(ck, "{\"type\":\"trigger:session-state\",\"lastEventId\":\"%llu\"}",
                         (unsigned long long)last));
    expect_frame(run, stream, n + 3, NULL);
    ck_platform_wait_no_reader(ck);
}

static void no_gap(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = plain(ck);
    const struct ck_platform_request *read = ck_platform_wait(ck, "out", 1);
    expect(run, "the cursor that the agent's part is read from",
           ck_platform_header(ck, read, "Last-Event-ID"),
           ck_text(ck, "%llu", (unsigned long long)ck_platform_record(ck, 2)->seq));
    play_agent(ck, AGENT("two"), NULL);
    ck_wait_end(ck, stream);
    expect_frame(run, stream, 2, AGENT("two"));
}

static void skipped(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = handled(ck, "{\"error\":\"no model today\",\"chunks\":" CHUNKS "}", NULL);
    expect(run, "what is appended",
           ck_text(ck, "%.*s", CS_VIEW_ARG(ck_platform_wait(ck, "append/in", 1)->body)),
           "{\"kind\":\"handover-skip\"}");
    ck_wait_over(ck, stream);
    cs_case_check(run, ck_platform_count(ck, "out") == 0,
                  "the agent's part is read although there is none");
}

/* ---- recorded ---- */

static void tags_of(struct ck *ck, const char *options, const char *recorded, const char *what)
{
    need_handler(ck, "{\"chunks\":[]}", options);
    (void)begin(ck);
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
    need_handler(ck, "{\"chunks\":[]}",
                 "{\"triggerConfig\":{\"tags\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\","
                 "\"i\",\"j\",\"k\",\"l\"]}}");
    (void)begin(ck);
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
    need_handler(ck, "{\"chunks\":[]}", "{\"triggerConfig\":{\"tags\":[\"a\"]}}");
    (void)begin(ck);
    const char *list = ck_body(ck, ck_wait_request(ck, CS_TARGET_CREATE, 1), "triggerConfig.tags");
    ck_record_flag(ck, "a tag of more than 128 characters is left out",
                   "head_start_long_tag_left_out", strcmp(list, "[\"a\"]") == 0);
}

static void store_refuses(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_platform_start(ck);
    ck_platform_fault(ck, "s2s: 403");
    need_handler(ck, "{\"text\":\"one\",\"chunks\":" CHUNKS "}", NULL);
    int stream = begin(ck);
    ck_record(ck, "cursor that the agent's part is read from", "none", "%s",
              ck_platform_header(ck, ck_platform_wait(ck, "out", 1), "Last-Event-ID"));
    play_agent(ck, AGENT("two"), NULL);
    ck_record(ck, "the answer ends", "well", "%s", ck_ending(ck, stream));
    const char *third = frame(ck, stream, 2);
    ck_record(ck, "the agent's part in it", AGENT("two"), "%s", third ? third : "missing");
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
    need_handler(ck, "{\"text\":\"one\",\"chunks\":" CHUNKS "}", NULL);
    ck_wait_over(ck, begin(ck));
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
    need_handler(ck, "{\"chunks\":[]}", NULL);
    ck_record(ck, "a request without chatId", "an error: Error", "%s",
              ck_try(ck, "head-start", "{\"body\":{\"headStartMessages\":" HISTORY "}}"));
    ck_record(ck, "requests to the platform", "0", "%zu", cs_scripted_count(ck_server(ck)));
}

static void leaves(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = plain(ck);
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

#define MUST(...)     CK_CASE(CS_MUST, "head-start", __VA_ARGS__)
#define OBSERVED(...) CK_CASE(CS_OBSERVED, "head-start", __VA_ARGS__)

const struct cs_case client_head_start_handler_cases[] = {
    MUST("handler-creates", "the handler creates the session with the history in its payload",
         "CHS-22", created),
    MUST("handler-timeout", "the payload tells the agent how long to wait for the hand-over",
         "CHS-22", created_with_timeout),
    MUST("handler-text", "an answer of text alone is written, then handed over as final", "CHS-24",
         text_turn),
    MUST("handler-tools", "an answer that calls tools is handed over to be gone on with", "CHS-24",
         tool_turn),
    MUST("handler-message-id", "the hand-over names the message that the browser has", "CHS-25",
         message_id),
    MUST("handler-agent-part", "the agent's part follows, up to the end and the cursor", "CHS-26",
         agent_part),
    MUST("handler-no-gap", "the agent's part is read from behind the handler's own",
         "CHS-26 CHS-27", no_gap),
    MUST("handler-skips", "a model that fails ends in a skip", "CHS-29", skipped),
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
