/* What the published SDK puts into its appends beside what the protocol asks for. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

#define ANY_TURN                               \
    "out#1: OUT{T 0 one; C 1 turn-complete}\n" \
    "out#2: OUT{T 2 two; C 3 turn-complete}\n"

static struct ck *opened(struct cs_case_run *run, const char *options)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, ANY_TURN);
    ck_open_with(ck, options, true);
    return ck;
}

/* The append that the command made. */
static const struct cs_logged *append_of(struct ck *ck, int stream, uint64_t number)
{
    ck_wait_over(ck, stream);
    return ck_wait_request(ck, CS_TARGET_APP, number);
}

static void base_url(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_use_base(ck, "/prefix/");
    ck_open(ck, NULL);
    ck_wait_over(ck, ck_send(ck, "first"));
    const struct cs_logged *request = cs_scripted_request(ck_server(ck), 0);
    cs_case_check(run, request != NULL, "no request came");
    const char *path = ck_text(ck, "/prefix/realtime/v1/sessions/%s/in/append", ck_chat(ck));
    ck_record(ck, "the path is kept, without a second slash", "yes", "%s",
              cs_view_eq(request->path, cs_view_str(path)) ? "yes" : "no");
}

static void headers_sent(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "{}");
    const struct cs_logged *append = append_of(ck, ck_send(ck, "first"), 1);
    static const struct {
        const char *name;
        const char *recorded;
    } rows[] = {{"x-trigger-source", "sdk"},
                {"trigger-version", "none"},
                {"x-trigger-api-version", "none"},
                {"x-trigger-realtime-streams-version", "none"},
                {"x-trigger-request-idempotency-key", "none"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_record(ck, rows[i].name, rows[i].recorded, "%s", ck_header(ck, append, rows[i].name));
    }
}

static void empty_list(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "{}");
    bool ended = ck_wait_over(ck, ck_send_messages(ck, "[]"));
    ck_record(ck, "ends", "with an error", "%s", ended ? "well" : "with an error");
    ck_record(ck, "appends", "0", "%llu",
              (unsigned long long)cs_scripted_count_of(ck_server(ck), CS_TARGET_APP));
}

static void message_id(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "{}");
    const struct cs_logged *with =
        append_of(ck, ck_send_with(ck, "first", "{\"messageId\":\"m1\"}"), 1);
    const struct cs_logged *without = append_of(ck, ck_send(ck, "second"), 2);
    ck_record(ck, "messageId, given", "\"m1\"", "%s", ck_body(ck, with, "payload.messageId"));
    ck_record(ck, "messageId, not given", "nothing", "%s",
              ck_body(ck, without, "payload.messageId"));
}

static void metadata(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "{\"clientData\":{\"a\":1,\"b\":1}}");
    const struct cs_logged *both =
        append_of(ck, ck_send_with(ck, "first", "{\"metadata\":{\"b\":2,\"c\":3}}"), 1);
    const struct cs_logged *data = append_of(ck, ck_send(ck, "second"), 2);
    ck_record(ck, "metadata of both", "{\"a\":1,\"b\":2,\"c\":3}", "%s",
              ck_body(ck, both, "payload.metadata"));
    ck_record(ck, "metadata of client data", "{\"a\":1,\"b\":1}", "%s",
              ck_body(ck, data, "payload.metadata"));
}

static void no_metadata(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "{}");
    const struct cs_logged *append = append_of(ck, ck_send(ck, "first"), 1);
    ck_record(ck, "metadata", "nothing", "%s", ck_body(ck, append, "payload.metadata"));
}

static void body_members(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "{}");
    const struct cs_logged *append =
        append_of(ck,
                  ck_send_with(ck, "first",
                               "{\"body\":{\"extra\":1,\"chatId\":\"EVIL\",\"trigger\":\"EVIL\","
                               "\"message\":\"EVIL\",\"metadata\":\"EVIL\"}}"),
                  1);
    ck_record(ck, "extra", "1", "%s", ck_body(ck, append, "payload.extra"));
    ck_record(ck, "anything replaced", "no", "%s",
              cs_view_find(append->body, CS_VIEW("\"chatId\":\"EVIL\"")) != SIZE_MAX ||
                      cs_view_find(append->body, CS_VIEW("\"trigger\":\"EVIL\"")) != SIZE_MAX ||
                      cs_view_find(append->body, CS_VIEW("\"message\":\"EVIL\"")) != SIZE_MAX
                  ? "yes"
                  : "no");
}

static void body_action(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "{}");
    const struct cs_logged *append =
        append_of(ck, ck_send_with(ck, "first", "{\"body\":{\"action\":{\"type\":\"undo\"}}}"), 1);
    bool action = strcmp(ck_body(ck, append, "payload.trigger"), "\"action\"") == 0;
    ck_record_flag(ck, "becomes an action", "body_action_is_action", action);
    ck_record_flag(ck, "ships no message", "body_action_is_action",
                   strcmp(ck_body(ck, append, "payload.message"), "nothing") == 0);
}

static void action_metadata(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "{\"clientData\":{\"a\":1}}");
    const struct cs_logged *append =
        append_of(ck, ck_action_with(ck, "{\"type\":\"undo\"}", "{\"b\":2}"), 1);
    const char *told = ck_body(ck, append, "payload.metadata");
    ck_record_flag(ck, "metadata of the call is shipped", "action_metadata_merged",
                   strstr(told, "\"b\":2") != NULL);
    ck_record(ck, "client data is shipped", "yes", "%s", strstr(told, "\"a\":1") ? "yes" : "no");
}

static void plain_assistant_message(struct cs_case_run *run)
{
    static const char message[] =
        "{\"id\":\"a1\",\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"text\":\"x\"}]}";
    struct ck *ck = opened(run, "{}");
    const struct cs_logged *append =
        append_of(ck, ck_send_messages(ck, ck_text(ck, "[%s]", message)), 1);
    ck_record(ck, "message", message, "%s", ck_body(ck, append, "payload.message"));
}

/* 8-4-4-4-12 hex digits. */
static bool is_uuid(const char *text)
{
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !text[i] || !strchr("0123456789abcdef", text[i])) {
            return false;
        }
    }
    return text[36] == '\0';
}

static void part_ids(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 0 one | HOLD}\n");
    ck_open(ck, NULL);
    ck_wait_chunks(ck, ck_send(ck, "first"), 1);
    ck_stop(ck);
    const char *message = ck_header(ck, ck_wait_request(ck, CS_TARGET_APP, 1), "X-Part-Id");
    const char *stop = ck_header(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "X-Part-Id");
    ck_record(ck, "of a message", "a UUID", "%s", is_uuid(message) ? "a UUID" : message);
    ck_record(ck, "of a stop", "a UUID", "%s", is_uuid(stop) ? "a UUID" : stop);
    ck_record(ck, "the same", "no", "%s", strcmp(message, stop) == 0 ? "yes" : "no");
}

static void order(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0) after GO\n" ANY_TURN);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_request(ck, CS_TARGET_APP, 1);
    ck_settle(ck);
    bool early = cs_scripted_count_of(ck_server(ck), CS_TARGET_OUT) > 0;
    ck_release(ck, "GO");
    ck_wait_over(ck, stream);
    ck_record(ck, ".out is opened", "after the append's answer", "%s",
              early ? "before it" : "after the append's answer");
}

static void large_message(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "{}");
    static char text[3 * 1024 * 1024 + 1];
    memset(text, 'x', sizeof text - 1);
    const struct cs_logged *append = append_of(
        ck,
        ck_send_messages(ck, ck_text(ck,
                                     "[{\"id\":\"u1\",\"role\":\"user\",\"parts\":[{\"type\":"
                                     "\"text\",\"text\":\"%s\"}]}]",
                                     text)),
        1);
    ck_record(ck, "3 MiB are posted", "yes", "%s", append->body.len >= sizeof text ? "yes" : "no");
}

/* The signal of the call was aborted before it was made. The reference client is asked too; every
 * published version fails here. */
static void aborted_before(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_need_feature(ck, "aborted-send");
    ck_script(ck, ANY_TURN);
    ck_open(ck, NULL);
    int aborted = ck_send_with(ck, "first", "{\"aborted\":true}");
    bool over = ck_wait_over_or_request(ck, aborted, CS_TARGET_APP, 1);
    cs_case_check(run, over && ck_count(ck, CS_TARGET_APP) == 0,
                  "a message is posted although its send was aborted before");
    int stream = ck_send(ck, "second");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    ck_expect_body(ck, ck_wait_request(ck, CS_TARGET_APP, 1), "payload.message.id", "\"u-second\"");
    ck_expect_counts(ck, 1, 1);
}

static void after_aborted_before(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_need_feature(ck, "aborted-send");
    ck_script(ck, ANY_TURN);
    ck_open(ck, NULL);
    int stream = ck_send_with(ck, "first", "{\"aborted\":true}");
    ck_wait_over(ck, stream);
    ck_settle(ck);
    ck_record(ck, "subscriptions", "0", "%llu", ck_count(ck, CS_TARGET_OUT));
    ck_record(ck, "appends", "1", "%llu", ck_count(ck, CS_TARGET_APP));
    ck_record(ck, "delivered", "", "%s", ck_delivered(ck, stream));
    ck_record_flag(ck, "streaming in the state", "aborted_send_is_streaming",
                   strcmp(ck_state(ck, "isStreaming"), "true") == 0);
}

/* Two tabs of a browser with the same chat; the first is in the middle of a turn. */
static void second_tab(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_need_feature(ck, "tabs");
    ck_script(ck, "out#1: OUT{T 0 one | HOLD}\n");
    ck_open_with(ck, "{\"multiTab\":true}", true);
    ck_do(ck, "open",
          ck_text(ck,
                  "{\"client\":\"second\",\"task\":\"t\",\"starter\":true,\"baseUrl\":\"%s\","
                  "\"options\":{\"multiTab\":true}}",
                  cs_scripted_url(ck_server(ck))));
    ck_wait_chunks(ck, ck_send(ck, "first"), 1);
    int refused = ck_send_with(ck, "second", "{\"client\":\"second\"}");
    ck_record(ck, "a send of the second tab ends", "with an error", "%s", ck_ending(ck, refused));
    ck_settle(ck);
    ck_record(ck, "appends", "1", "%llu", ck_count(ck, CS_TARGET_APP));
    ck_record(ck, "asked for a session", "1", "%u", ck_asks(ck, "start"));
}

static void sent_event(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "{}");
    (void)append_of(ck, ck_send(ck, "first"), 1);
    ck_record(ck, "message-sent events", "1", "%zu", ck_count_events(ck, "message-sent"));
    ck_record(ck, "message-send-failed events", "0", "%zu",
              ck_count_events(ck, "message-send-failed"));
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "append", __VA_ARGS__)

const struct cs_case client_message_observed_cases[] = {
    OBSERVED("base-url", "one slash at the end of the base URL is dropped, a path in it kept",
             "CAP-05", base_url),
    OBSERVED("headers-sent", "which headers of the SDK's own an append carries", "CAP-14 CAP-16",
             headers_sent),
    OBSERVED("empty-list", "a send without messages fails without a request", "CAP-21", empty_list),
    OBSERVED("message-id", "a message id of the caller's is shipped", "CAP-22", message_id),
    OBSERVED("metadata", "metadata of the call lies over the client data", "CAP-23", metadata),
    OBSERVED("no-metadata", "without either there is no metadata", "CAP-23", no_metadata),
    OBSERVED("body-members", "members of body are shipped, and replace none of the client's own",
             "CAP-24", body_members),
    OBSERVED("body-action", "what becomes of body.action on a plain send", "CAP-28", body_action),
    OBSERVED("action-metadata", "whether metadata of an action's call is shipped", "CAP-27",
             action_metadata),
    OBSERVED("plain-assistant-message", "an assistant message without tool calls is shipped whole",
             "CAP-33", plain_assistant_message),
    OBSERVED("part-ids-are-uuids", "part ids are UUIDs, and a stop has one of its own",
             "CAP-47 CAP-49", part_ids),
    OBSERVED("order", "a send opens .out once its append was answered", "CAP-74", order),
    OBSERVED("large-message", "no message is too large for the client", "CAP-84", large_message),
    {.id = "client/append/aborted-before",
     .title = "a send that was aborted before it is made posts nothing",
     .requirements = "CAP-75",
     .level = CS_SHOULD,
     .run = aborted_before},
    OBSERVED("after-aborted-before", "what else such a send does", "CAP-75", after_aborted_before),
    OBSERVED("second-tab", "a tab that does not hold the chat sends nothing", "CAP-81", second_tab),
    OBSERVED("sent-event", "a sent message is told as one event", "CAP-82", sent_event),
    {0},
};
