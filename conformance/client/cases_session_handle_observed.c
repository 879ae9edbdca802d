/* The sessions API and the handle of a session beyond their plain requests. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

static struct ck *opened(struct cs_case_run *run, const char *script)
{
    return ck_opened(run, "session", script, NULL);
}

/* The path of the first request of that target, from "channels/" on. */
static const char *channel_path(struct ck *ck, enum cs_target target)
{
    const struct cs_logged *request = ck_wait_request(ck, target, 1);
    const char *path = ck_text(ck, "%.*s", CS_VIEW_ARG(request->path));
    const char *at = strstr(path, "channels/");
    return at ? at : path;
}

static const char *call(struct ck *ck, const char *method, const char *arguments)
{
    return ck_try(ck, "call",
                  ck_text(ck, "{\"method\":\"%s\",\"arguments\":[%s]}", method, arguments));
}

/* ---- lists ---- */

static void list_query(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "list*: LIST(200)\n");
    call(ck, "list",
         "{\"type\":\"chat.agent\",\"tag\":[\"a b\",\"c\"],\"status\":\"ACTIVE\",\"limit\":5,"
         "\"after\":\"session_x\"}");
    const struct cs_logged *request = ck_wait_request(ck, CS_TARGET_LIST, 1);
    ck_record(ck, "asked for",
              "/api/v1/sessions?filter%5Btype%5D=chat.agent&filter%5Btags%5D=a+b%2Cc"
              "&filter%5Bstatus%5D=ACTIVE&page%5Bsize%5D=5&page%5Bafter%5D=session_x",
              "%.*s", CS_VIEW_ARG(request->path));
    call(ck, "list", "{\"before\":\"session_y\"}");
    request = ck_wait_request(ck, CS_TARGET_LIST, 2);
    ck_record(ck, "backwards", "/api/v1/sessions?page%5Bbefore%5D=session_y", "%.*s",
              CS_VIEW_ARG(request->path));
}

#define ITEM(id)                                                                    \
    "{\"id\":\"session_" id "\",\"externalId\":null,\"type\":\"chat.agent\","       \
    "\"taskIdentifier\":\"t\",\"triggerConfig\":{\"basePayload\":{}},\"tags\":[],"  \
    "\"metadata\":null,\"closedAt\":null,\"closedReason\":null,\"expiresAt\":null," \
    "\"currentRunId\":null,\"createdAt\":\"2026-01-01T00:00:00.000Z\","             \
    "\"updatedAt\":\"2026-01-01T00:00:00.000Z\"}"

static void list_pages(struct cs_case_run *run)
{
    struct ck *ck =
        opened(run, "list#1: LIST(200) body {\"data\":[" ITEM(
                        "a") "],"
                             "\"pagination\":{\"next\":\"session_a\"}}\n"
                             "list#2: LIST(200) body {\"data\":[" ITEM(
                                 "b") "],"
                                      "\"pagination\":{}}\n"
                                      "list#3: LIST(200) body {\"data\":[" ITEM("c") "]}\n");
    const char *all =
        ck_try(ck, "call", "{\"method\":\"list\",\"arguments\":[{\"limit\":1}],\"every\":true}");
    cJSON *value = cJSON_Parse(all);
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(value, "data");
    ck_record(ck, "items", "2", "%d", cJSON_GetArraySize(data));
    cJSON_Delete(value);
    ck_record(ck, "the second page", "/api/v1/sessions?page%5Bsize%5D=1&page%5Bafter%5D=session_a",
              "%.*s", CS_VIEW_ARG(ck_wait_request(ck, CS_TARGET_LIST, 2)->path));
    ck_record(ck, "a page without pagination", "an error: TriggerApiError 200", "%s",
              call(ck, "list", "{}"));
}

/* ---- appends ---- */

static void write_answers(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "app#1: APP(200,5)\napp#2: APP(200) body {}\n");
    ck_record(ck, "it gives", "null", "%s", ck_try(ck, "write", "{\"value\":\"x\"}"));
    ck_record(ck, "for an empty answer", "an error: TriggerApiError 200", "%s",
              ck_try(ck, "write", "{\"value\":\"y\"}"));
    ck_record(ck, "appends", "2", "%llu", ck_count(ck, CS_TARGET_APP));
}

static void write_again(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "app#1: APP(500)\n");
    ck_record(ck, "it gives", "null", "%s", ck_try(ck, "write", "{\"value\":\"x\"}"));
    const char *first = ck_header(ck, ck_wait_request(ck, CS_TARGET_APP, 1), "X-Part-Id");
    const char *second = ck_header(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "X-Part-Id");
    ck_record(ck, "the part id's length", "21", "%zu", strlen(first));
    ck_record(ck, "in the second try", "the same", "%s",
              strcmp(first, second) == 0 ? "the same" : "another");
}

/* ---- reading ---- */

static void what_read_reports(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0;"
                                " C 2 flux-capacitor a=b; T 3 two | EOF}\n");
    int stream = ck_begin(ck, "read", NULL);
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "one two", "%s", ck_delivered(ck, stream));
    ck_record(ck, "control records", "2", "%zu", ck_count_told(ck, "control"));
    ck_record(ck, "the first of them", "\"turn-complete\"", "%s",
              ck_member(ck, ck_told(ck, "control", 0), "subtype"));
    ck_record(ck, "parts", "4", "%zu", ck_count_told(ck, "part"));
}

static void control_callback(struct cs_case_run *run)
{
    struct ck *ck =
        opened(run, "out#1: OUT{C 4 flux-capacitor a=b; REC {\"seq_num\":\"abc\",\"timestamp\":1,"
                    "\"headers\":[[\"trigger-control\",\"odd\"]]}; T 6 one | EOF}\n");
    int stream = ck_begin(ck, "read", NULL);
    ck_wait_over(ck, stream);
    const cJSON *told = ck_told(ck, "control", 0);
    ck_record(ck, "subtype", "\"flux-capacitor\"", "%s", ck_member(ck, told, "subtype"));
    ck_record(ck, "seqNum", "4", "%s", ck_member(ck, told, "seqNum"));
    ck_record(ck, "headers", "[[\"trigger-control\",\"flux-capacitor\"],[\"a\",\"b\"]]", "%s",
              ck_member(ck, told, "headers"));
    ck_record(ck, "timestamp", "a number", "%s",
              cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(told, "timestamp")) ? "a number"
                                                                                  : "none");
    ck_record(ck, "control records", "1", "%zu", ck_count_told(ck, "control"));
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
}

static void behind_the_boundary(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "out#1: OUT{[T 0 one; C 1 turn-complete session-in-event-id=0;"
                                "T 2 two]; T 3 three; AWAIT go | EOF}\n");
    int stream = ck_begin(ck, "read", NULL);
    ck_wait_chunks(ck, stream, 3);
    ck_record(ck, "before the end of the body", "goes on", "%s",
              ck_is_over(ck, stream) ? "is over" : "goes on");
    ck_release(ck, "go");
    ck_record(ck, "then it ends", "well", "%s", ck_ending(ck, stream));
    ck_record(ck, "delivered", "one two three", "%s", ck_delivered(ck, stream));
    ck_record(ck, "subscriptions", "1", "%llu", ck_count(ck, CS_TARGET_OUT));
}

static void legacy_chunks(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "out#1: OUT{R 0 {\"type\":\"trigger:turn-complete\"};"
                                "T 1 one | EOF}\n");
    int stream = ck_begin(ck, "read", NULL);
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "{\"type\":\"trigger:turn-complete\"} one", "%s",
              ck_delivered(ck, stream));
    ck_record(ck, "control records", "0", "%zu", ck_count_told(ck, "control"));
}

static void how_read_ends(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "out#1: OUT{T 0 one; AWAIT seen | RST}\n"
                                "out#2: OUT{T 1 two | EOF}\n");
    int stream = ck_begin(ck, "read", NULL);
    ck_wait_chunks(ck, stream, 1);
    ck_release(ck, "seen");
    bool ended = ck_wait_over(ck, stream);
    ck_record(ck, "the stream ends", "well", "%s", ended ? "well" : "with an error");
    ck_record(ck, "delivered", "one two", "%s", ck_delivered(ck, stream));
    ck_record(ck, "after the drop from", "0", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Last-Event-ID"));
    ck_settle(ck);
    ck_record(ck, "subscriptions", "2", "%llu", ck_count(ck, CS_TARGET_OUT));
    ck_record(ck, "complete events", "1", "%zu", ck_count_events(ck, "complete"));
}

/* A read that is refused at once fails as a command or as a stream, depending on the version. */
static void read_refused(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "out*: OUT(401)\n");
    int stream = ck_begin(ck, "read", NULL);
    const char *error = ck_error_text(ck, ck_wait_error(ck, stream));
    ck_record(ck, "the stream fails", "TriggerApiError 401", "%s", error);
    ck_record(ck, "error events", "1", "%zu", ck_count_events(ck, "error"));
    ck_settle(ck);
    ck_record(ck, "subscriptions", "1", "%llu", ck_count(ck, CS_TARGET_OUT));
}

/* ---- side channels ---- */

static void side_channel(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "side-app#1: APP(200,0)\nside-out#1: OUT{T 0 one | EOF}\n");
    ck_open_kind(ck, "session", "{\"channel\":\"a.b_c-1\"}");
    ck_do(ck, "write", "{\"value\":\"x\"}");
    int stream = ck_begin(ck, "read", NULL);
    ck_wait_over(ck, stream);
    ck_record(ck, "appended to", "channels/a.b_c-1/in/append", "%s",
              channel_path(ck, CS_TARGET_SIDE_APP));
    ck_record(ck, "read from", "channels/a.b_c-1/out", "%s", channel_path(ck, CS_TARGET_SIDE_OUT));
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
    ck_record(ck, "opening a/b", "an error: Error", "%s",
              ck_try_open_kind(ck, "session", "{\"channel\":\"a/b\"}"));
    char name[130];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_record(ck, "opening a name of 129", "an error: Error", "%s",
              ck_try_open_kind(ck, "session", ck_text(ck, "{\"channel\":\"%s\"}", name)));
    ck_record(ck, "opening a name of 128", "nothing", "%s",
              ck_try_open_kind(ck, "session", ck_text(ck, "{\"channel\":\"%s\"}", name + 1)));
}

/* ---- a browser's session, started for it ---- */

static void start_action(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "");
    const char *given = call(
        ck, "startAction",
        ck_text(ck, "\"agent-1\",{},{\"chatId\":\"%s\",\"clientData\":{\"u\":1}}", ck_chat(ck)));
    const struct cs_logged *create = ck_wait_request(ck, CS_TARGET_CREATE, 1);
    ck_record(ck, "basePayload",
              "{\"messages\":[],\"trigger\":\"preload\",\"metadata\":{\"u\":1},\"chatId\":\"*\"}",
              "%s", ck_starred(ck, ck_body(ck, create, "triggerConfig.basePayload")));
    ck_record(ck, "tags", "[\"chat:*\"]", "%s",
              ck_starred(ck, ck_body(ck, create, "triggerConfig.tags")));
    cJSON *value = cJSON_Parse(given);
    const char *token =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(value, "publicAccessToken"));
    ck_record(ck, "gives the token of the answer", "yes", "%s",
              token && strcmp(token, ck_token(ck, "P1")) == 0 ? "yes" : "no");
    ck_record(ck, "gives the run", "yes", "%s",
              cJSON_GetObjectItemCaseSensitive(value, "runId") ? "yes" : "no");
    ck_record(ck, "gives the session", "yes", "%s",
              cJSON_GetObjectItemCaseSensitive(value, "sessionId") ? "yes" : "no");
    cJSON_Delete(value);
}

static void start_action_ttl(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "claims#1: CLAIMS(200) body {\"sub\":\"env_x\",\"pub\":true}\n");
    const char *given =
        call(ck, "startAction",
             ck_text(ck, "\"agent-1\",{\"tokenTTL\":\"2h\"},{\"chatId\":\"%s\"}", ck_chat(ck)));
    ck_wait_request(ck, CS_TARGET_CREATE, 1);
    ck_record(ck, "asks for claims", "1", "%llu", ck_count(ck, CS_TARGET_CLAIMS));
    cJSON *value = cJSON_Parse(given);
    const char *token =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(value, "publicAccessToken"));
    ck_record(ck, "gives a token of its own", "yes", "%s",
              token && strcmp(token, ck_token(ck, "P1")) != 0 ? "yes" : "no");
    cJSON_Delete(value);
}

/* ---- headers ---- */

static const char *key_of(struct ck *ck, enum cs_target target, uint64_t number)
{
    return ck_header(ck, ck_wait_request(ck, target, number), "x-trigger-request-idempotency-key");
}

static void headers_sent(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "app#1: APP(500)\nclose#1: CLOSE(200)\nupdate#1: UPDATE(200)\n"
                                "retrieve#1: RETRIEVE(200)\n");
    ck_do(ck, "write", "{\"value\":\"x\"}");
    const char *id = ck_text(ck, "\"%s\"", ck_chat(ck));
    call(ck, "start",
         ck_text(ck,
                 "{\"type\":\"chat.agent\",\"externalId\":%s,\"taskIdentifier\":\"t\","
                 "\"triggerConfig\":{\"basePayload\":{}}}",
                 id));
    call(ck, "update", ck_text(ck, "%s,{\"tags\":[]}", id));
    call(ck, "close", id);
    call(ck, "retrieve", id);
    const struct cs_logged *append = ck_wait_request(ck, CS_TARGET_APP, 1);
    ck_record(ck, "x-trigger-realtime-streams-version", "v2", "%s",
              ck_header(ck, append, "x-trigger-realtime-streams-version"));
    static const char *const there[] = {"trigger-version", "x-trigger-api-version"};
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++) {
        const char *value = ck_header(ck, append, there[i]);
        cs_case_observe(run, ck_text(ck, "value of %s", there[i]), "%s", value);
        ck_record(ck, there[i], "sent", "%s", strcmp(value, "none") == 0 ? "not sent" : "sent");
    }
    ck_record(ck, "idempotency key of the second try", "the same", "%s",
              strcmp(key_of(ck, CS_TARGET_APP, 1), key_of(ck, CS_TARGET_APP, 2)) == 0 ? "the same"
                                                                                      : "another");
    static const enum cs_target targets[] = {CS_TARGET_APP, CS_TARGET_CREATE, CS_TARGET_UPDATE,
                                             CS_TARGET_CLOSE};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        ck_record(ck, ck_text(ck, "idempotency key on %s", cs_target_name(targets[i])), "sent",
                  "%s", strcmp(key_of(ck, targets[i], 1), "none") == 0 ? "not sent" : "sent");
    }
    cs_case_observe(run, "idempotency key on retrieve", "%s",
                    strcmp(key_of(ck, CS_TARGET_RETRIEVE, 1), "none") == 0 ? "not sent" : "sent");
}

/* ---- refusals ---- */

static void refused(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "retrieve#1: RETRIEVE(404) body {\"error\":\"gone\","
                                "\"code\":\"gone_for_good\"}\n");
    const char *error = call(ck, "retrieve", ck_text(ck, "\"%s\"", ck_chat(ck)));
    ck_record(ck, "status", "told", "%s", strstr(error, " 404") ? "told" : "not told");
    ck_record_flag(ck, "the code", "handle_errors_have_code",
                   strstr(error, "gone_for_good") != NULL);
    ck_record(ck, "requests", "1", "%llu", ck_count(ck, CS_TARGET_RETRIEVE));
}

static void answer_of_another_shape(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "retrieve*: RETRIEVE(200) body {\"id\":5}\n");
    ck_record(ck, "it fails with", "an error: TriggerApiError 200", "%s",
              call(ck, "retrieve", ck_text(ck, "\"%s\"", ck_chat(ck))));
    ck_settle(ck);
    ck_record(ck, "requests", "1", "%llu", ck_count(ck, CS_TARGET_RETRIEVE));
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "session", __VA_ARGS__)

const struct cs_case client_session_handle_observed_cases[] = {
    OBSERVED("list-query", "how filters and pages of a list are asked for", "CSS-05", list_query),
    OBSERVED("list-pages", "a list is followed from page to page", "CSS-06", list_pages),
    OBSERVED("write-answers", "an append needs ok in its answer, and tells no seq", "CSS-09",
             write_answers),
    OBSERVED("write-again", "an append that is tried again keeps its part id", "CSS-10",
             write_again),
    OBSERVED("what-read-reports", "data is delivered, control records are reported apart", "CSS-12",
             what_read_reports),
    OBSERVED("control-callback", "what is told of a control record, and of which", "CRE-56",
             control_callback),
    OBSERVED("behind-the-boundary", "a turn-complete ends no read", "CRE-57", behind_the_boundary),
    OBSERVED("legacy-chunks", "control chunks of old agents are data", "CRE-17", legacy_chunks),
    OBSERVED("how-read-ends", "a read is resumed after a drop and ends with the body", "CSS-13",
             how_read_ends),
    OBSERVED("read-refused", "a refused read is told once and fails", "CSS-14", read_refused),
    OBSERVED("side-channel", "side channels have paths of their own, and names with limits",
             "CSS-15", side_channel),
    OBSERVED("start-action", "how a browser's session is started for it", "CSS-25", start_action),
    OBSERVED("start-action-ttl", "with a lifetime of its own it mints the token itself", "CSS-26",
             start_action_ttl),
    OBSERVED("headers-sent", "which headers of its own the SDK sends", "CAP-15", headers_sent),
    OBSERVED("refused", "what an error of the API tells", "CSS-29", refused),
    OBSERVED("answer-of-another-shape", "an answer of another shape is an error and final",
             "CSS-30", answer_of_another_shape),
    {0},
};
