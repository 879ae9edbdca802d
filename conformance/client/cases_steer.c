/* Messages for a turn that is running. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

#define MESSAGE \
    "{\"id\":\"s1\",\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":\"also\"}]}"

static const char *steer(struct ck *ck)
{
    return ck_try(ck, "pending", "{\"message\":" MESSAGE "}");
}

/* A turn that has said one thing and goes on at the gate. */
static int running(struct ck *ck, const char *options, const char *more)
{
    ck_script(ck,
              "app#1: APP(200,0)\n"
              "out#1: OUT{T 0 one; AWAIT go; T 1 two; C 2 turn-complete session-in-event-id=1}\n%s",
              more);
    ck_open_with(ck, options, true);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    return stream;
}

static void reader_goes_on(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = running(ck, "{}", "");
    (void)steer(ck);
    const struct cs_logged *append = ck_wait_request(ck, CS_TARGET_APP, 2);
    ck_expect_body(ck, append, "kind", "\"message\"");
    ck_expect_body(ck, append, "payload.trigger", "\"submit-message\"");
    ck_expect_body(ck, append, "payload.message.role", "\"user\"");
    ck_expect_body(ck, append, "payload.message.parts", "[{\"type\":\"text\",\"text\":\"also\"}]");
    ck_expect_body(ck, append, "payload.messages", NULL);
    ck_expect_body(ck, append, "payload.chatId", ck_text(ck, "\"%s\"", ck_chat(ck)));
    ck_release(ck, "go");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one two");
    ck_expect_counts(ck, 2, 1);
}

static void what_it_gives(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    running(ck, "{}", "app#3: APP(500)\n");
    ck_record(ck, "accepted", "true", "%s", steer(ck));
    ck_record(ck, "refused", "false", "%s", steer(ck));
    ck_record(ck, "appends", "3", "%llu", ck_count(ck, CS_TARGET_APP));
}

static void of_an_unknown_chat(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_open(ck, NULL);
    ck_record(ck, "the call gives", "false", "%s", steer(ck));
    ck_settle(ck);
    ck_record(ck, "requests", "0", "%zu", cs_scripted_count(ck_server(ck)));
}

static void shipped_whole(struct cs_case_run *run)
{
    static const char answer[] =
        "{\"id\":\"a1\",\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"text\":\"x\"},"
        "{\"type\":\"tool-t\",\"toolCallId\":\"c1\",\"state\":\"output-available\","
        "\"input\":{\"q\":1},\"output\":2}]}";
    struct ck *ck = ck_of(run);
    running(ck, "{\"clientData\":{\"a\":1}}", "");
    (void)ck_do(ck, "pending", ck_text(ck, "{\"message\":%s,\"metadata\":{\"b\":2}}", answer));
    const struct cs_logged *append = ck_wait_request(ck, CS_TARGET_APP, 2);
    ck_record(ck, "message", answer, "%s", ck_body(ck, append, "payload.message"));
    ck_record(ck, "messageId", "nothing", "%s", ck_body(ck, append, "payload.messageId"));
    ck_record(ck, "metadata", "{\"a\":1,\"b\":2}", "%s", ck_body(ck, append, "payload.metadata"));
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "steer", __VA_ARGS__)

const struct cs_case client_steer_cases[] = {
    {.id = "client/steer/reader-goes-on",
     .title = "a message for the running turn is a message like any other, and its reader goes on",
     .requirements = "CAP-36",
     .run = reader_goes_on},
    OBSERVED("what-it-gives", "steering says whether it was accepted, and never fails", "CAP-37",
             what_it_gives),
    OBSERVED("of-an-unknown-chat", "a chat that is not known cannot be steered", "CAP-37",
             of_an_unknown_chat),
    OBSERVED("shipped-whole", "a message for the running turn is not made slim", "CAP-38",
             shipped_whole),
    {0},
};
