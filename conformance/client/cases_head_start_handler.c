/* What a head-start handler must put on the wire: it is a client of the platform. */
#include "conformance/client/cases.h"
#include "conformance/client/kit_handler.h"

static void expect_frame(struct cs_case_run *run, int stream, size_t n, const char *json)
{
    struct ck *ck = ck_of(run);
    const char *actual = ck_handler_frame(ck, stream, n);
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
    ck_handler_platform(ck, "{\"text\":\"one\",\"chunks\":" CK_HANDLER_CHUNKS "}", options);
    const struct ck_platform_request *request = ck_platform_wait(ck, "create", 1);
    expect_member(run, request, "externalId", ck_text(ck, "\"%s\"", ck_chat(ck)));
    static const char base[] = "triggerConfig.basePayload";
    expect_member(run, request, ck_text(ck, "%s.trigger", base), "\"handover-prepare\"");
    expect_member(run, request, ck_text(ck, "%s.headStartMessages", base), CK_HANDLER_HISTORY);
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
    ck_handler_plain(ck);
    const struct ck_platform_request *append = handed_over(run, 2);
    expect(run, "the second record", ck_platform_chunk(ck, ck_platform_record(ck, 2)),
           CK_HANDLER_DELTA);
    expect_member(run, append, "isFinal", "true");
    expect_member(run, append, "partialAssistantMessage",
                  "[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"one\"}]}]");
}

#define CALL \
    "{\"type\":\"tool-call\",\"toolCallId\":\"c1\",\"toolName\":\"look\",\"input\":{\"q\":1}}"

static void tool_turn(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_handler_platform(
        ck,
        "{\"finishReason\":\"tool-calls\",\"chunks\":[" CK_HANDLER_START
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
    int stream = ck_handler_plain(ck);
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
    int stream = ck_handler_plain(ck);
    uint64_t last = ck_handler_agent(ck, CK_HANDLER_AGENT("two"), CK_HANDLER_AGENT("three"));
    ck_wait_end(ck, stream);
    size_t n = 2;
    expect_frame(run, stream, 1, CK_HANDLER_DELTA);
    const char *third = ck_handler_frame(ck, stream, n);
    n += third && strstr(third, "\"two\"") ? 1 : 0;
    expect_frame(run, stream, n, CK_HANDLER_AGENT("three"));
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
    int stream = ck_handler_plain(ck);
    const struct ck_platform_request *read = ck_platform_wait(ck, "out", 1);
    expect(run, "the cursor that the agent's part is read from",
           ck_platform_header(ck, read, "Last-Event-ID"),
           ck_text(ck, "%llu", (unsigned long long)ck_platform_record(ck, 2)->seq));
    ck_handler_agent(ck, CK_HANDLER_AGENT("two"), NULL);
    ck_wait_end(ck, stream);
    expect_frame(run, stream, 2, CK_HANDLER_AGENT("two"));
}

static void skipped(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = ck_handler_platform(
        ck, "{\"error\":\"no model today\",\"chunks\":" CK_HANDLER_CHUNKS "}", NULL);
    expect(run, "what is appended",
           ck_text(ck, "%.*s", CS_VIEW_ARG(ck_platform_wait(ck, "append/in", 1)->body)),
           "{\"kind\":\"handover-skip\"}");
    ck_wait_over(ck, stream);
    cs_case_check(run, ck_platform_count(ck, "out") == 0,
                  "the agent's part is read although there is none");
}

#define MUST(...) CK_CASE(CS_MUST, "head-start", __VA_ARGS__)

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
    {0},
};
