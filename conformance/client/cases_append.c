/* What is appended, once and in which shape, and what refusals other than 401 lead to. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"
#include "net/http_client.h"

#define ONE_TURN          \
    "app#1: APP(200,0)\n" \
    "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n"

static void message_shape(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, ONE_TURN);
    ck_open(ck, NULL);
    static const char last[] =
        "{\"id\":\"u2\",\"role\":\"user\",\"parts\":[{\"type\":\"text\","
        "\"text\":\"gr\\u00fc\\u00dfe \\ud83d\\ude00 \\\"quoted\\\" \\\\ \\u2028\"}]}";
    int stream = ck_send_messages(
        ck, ck_text(ck,
                    "[{\"id\":\"u1\",\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":"
                    "\"before\"}]},{\"id\":\"a1\",\"role\":\"assistant\",\"parts\":[{\"type\":"
                    "\"text\",\"text\":\"said\"}]},%s]",
                    last));
    ck_wait_end(ck, stream);

    const struct cs_logged *append = ck_wait_request(ck, CS_TARGET_APP, 1);
    const char *type = ck_need_header(ck, append, "Content-Type");
    cs_case_check(run, strncmp(type, "application/json", strlen("application/json")) == 0,
                  "the append's content type is %s", type);
    ck_expect_body(ck, append, "kind", "\"message\"");
    ck_expect_body(ck, append, "payload.trigger", "\"submit-message\"");
    ck_expect_body(ck, append, "payload.chatId", ck_text(ck, "\"%s\"", ck_chat(ck)));
    ck_expect_body(ck, append, "payload.message", last);
    ck_expect_body(ck, append, "payload.messages", NULL);
    ck_expect_body(ck, append, "data", NULL);
    cs_case_check(run, cs_view_eq(append->session, cs_view_str(ck_chat(ck))),
                  "the append went to another session than its payload names");
    ck_expect_counts(ck, 1, 1);
}

static void one_segment(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_use_chat(ck, "a/b?c#d e+f%20:@,;=&$ \xc3\xa9\xf0\x9f\x98\x80 A-Z_.!~*'()");
    ck_script(ck, ONE_TURN);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    static const char id[] = "a%2Fb%3Fc%23d%20e%2Bf%2520%3A%40%2C%3B%3D%26%24%20"
                             "%C3%A9%F0%9F%98%80%20A-Z_.!~*'()";
    ck_expect_path(ck, ck_wait_request(ck, CS_TARGET_APP, 1),
                   ck_text(ck, "/realtime/v1/sessions/%s/in/append", id));
    ck_expect_path(ck, ck_wait_request(ck, CS_TARGET_OUT, 1),
                   ck_text(ck, "/realtime/v1/sessions/%s/out", id));
    ck_expect_counts(ck, 1, 1);
}

static void follow_up(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, ONE_TURN "app#2: APP(200,1)\n"
                           "out#2: OUT{T 2 two; C 3 turn-complete session-in-event-id=1}\n"
                           "app#3: APP(200,2)\n"
                           "out#3: OUT{T 4 three; C 5 turn-complete session-in-event-id=2}\n");
    ck_open(ck, NULL);
    static const char *const texts[] = {"first", "second", "third"};
    for (size_t i = 0; i < 3; i++) {
        int stream = ck_send(ck, texts[i]);
        ck_wait_end(ck, stream);
        const struct cs_logged *append = ck_wait_request(ck, CS_TARGET_APP, i + 1);
        ck_expect_body(ck, append, "payload.message.id", ck_text(ck, "\"u-%s\"", texts[i]));
    }
    ck_expect_asks(ck, "start", 1);
    ck_expect_counts(ck, 3, 3);
}

static void part_ids_differ(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, ONE_TURN "app#2: APP(200,1)\n"
                           "out#2: OUT{T 2 two; C 3 turn-complete session-in-event-id=1}\n");
    ck_open(ck, NULL);
    /* The same message twice: the id belongs to the send and not to what is sent. */
    ck_wait_end(ck, ck_send(ck, "same"));
    ck_wait_end(ck, ck_send(ck, "same"));
    const char *first = ck_need_header(ck, ck_wait_request(ck, CS_TARGET_APP, 1), "X-Part-Id");
    const char *second = ck_need_header(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "X-Part-Id");
    cs_case_check(run, strcmp(first, second) != 0, "two sends carry the same part id %s", first);
    ck_expect_counts(ck, 2, 2);
}

static void regenerate(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, ONE_TURN);
    ck_open(ck, NULL);
    int stream =
        ck_regenerate(ck, "[{\"id\":\"u1\",\"role\":\"user\",\"parts\":[{\"type\":\"text\","
                          "\"text\":\"hello\"}]}]");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    const struct cs_logged *append = ck_wait_request(ck, CS_TARGET_APP, 1);
    ck_expect_body(ck, append, "kind", "\"message\"");
    ck_expect_body(ck, append, "payload.trigger", "\"regenerate-message\"");
    ck_expect_body(ck, append, "payload.message", NULL);
    ck_expect_counts(ck, 1, 1);
}

static void action(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, ONE_TURN);
    ck_open(ck, NULL);
    static const char what[] = "{\"type\":\"undo\",\"steps\":[1,2],\"deep\":{\"null\":null}}";
    int stream = ck_action(ck, what);
    ck_wait_end(ck, stream);
    const struct cs_logged *append = ck_wait_request(ck, CS_TARGET_APP, 1);
    ck_expect_body(ck, append, "kind", "\"message\"");
    ck_expect_body(ck, append, "payload.trigger", "\"action\"");
    ck_expect_body(ck, append, "payload.action", what);
    ck_expect_body(ck, append, "payload.message", NULL);
    ck_expect_counts(ck, 1, 1);
}

static void no_seq(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200)\n"
                  "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    ck_expect_counts(ck, 1, 1);
}

/* ---- refusals ---- */

static void too_large(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(413)\n"
                  "app#2: APP(200,0)\n"
                  "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n");
    ck_open(ck, NULL);
    (void)ck_wait_error(ck, ck_send(ck, "big"));
    ck_settle(ck);
    ck_expect_counts(ck, 1, 0);
    /* A client that stays silent after any refusal would pass so far. */
    int stream = ck_send(ck, "small");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    ck_expect_body(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "payload.message.id", "\"u-small\"");
    ck_expect_counts(ck, 2, 1);
}

static void not_found(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(404)\n"
                  "app#2: APP(200,0)\n"
                  "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n");
    ck_open(ck, ck_text(ck, "{\"%s\":{\"publicAccessToken\":\"%s\",\"isStreaming\":false}}",
                        ck_chat(ck), ck_token(ck, "S1")));
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    const struct cs_logged *refused = ck_wait_request(ck, CS_TARGET_APP, 1);
    const struct cs_logged *resent = ck_wait_request(ck, CS_TARGET_APP, 2);
    ck_expect_bearer(ck, refused, "S1");
    ck_expect_bearer(ck, resent, "P1");
    ck_expect_header(ck, resent, "X-Part-Id", ck_need_header(ck, refused, "X-Part-Id"));
    cs_case_check(run, cs_view_eq(refused->body, resent->body),
                  "the resent append has another body than the refused one");
    ck_expect_counts(ck, 2, 1);
}

/* How long a rate limit lasts that a patient client waits out. */
#define RESET_MS 400
/* Clocks are read a moment after the thing that they time. */
#define CLOCK_SLACK_MS 20

static void rate_limited(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int64_t reset = cs_wall_ms() + RESET_MS;
    ck_script(ck,
              "app#1: APP(429) header x-ratelimit-reset=%lld\n"
              "app#2: APP(200,0)\n"
              "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n",
              (long long)reset);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    const struct cs_logged *refused = ck_wait_request(ck, CS_TARGET_APP, 1);
    const struct cs_logged *resent = ck_wait_request(ck, CS_TARGET_APP, 2);
    ck_expect_header(ck, resent, "X-Part-Id", ck_need_header(ck, refused, "X-Part-Id"));
    int64_t early = reset - (cs_wall_ms() - (ck_now(ck) - resent->at_ms));
    cs_case_check(run, early <= CLOCK_SLACK_MS,
                  "the append was sent again %lld ms before the limit was over", (long long)early);
    ck_expect_counts(ck, 2, 1);
}

static void server_error(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(500)\n"
                  "out*: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    const struct cs_logged *refused = ck_wait_request(ck, CS_TARGET_APP, 1);
    const char *part_id = ck_need_header(ck, refused, "X-Part-Id");
    bool resends = ck_wait_over(ck, stream);
    cs_case_observe(run, "resends after 500", "%s", resends ? "yes" : "no");
    if (resends) {
        ck_expect_header(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "X-Part-Id", part_id);
    }
    ck_settle(ck);
    ck_expect_counts(ck, resends ? 2 : 1, resends ? 1 : 0);
}

static void closed_session(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app*: APP(409) body {\"ok\":false,\"error\":\"closed\","
                  "\"code\":\"session_closed\",\"closedReason\":\"over\"}\n");
    ck_open(ck, NULL);
    (void)ck_wait_error(ck, ck_send(ck, "first"));
    (void)ck_wait_error(ck, ck_send(ck, "second"));
    ck_settle(ck);
    ck_expect_counts(ck, 1, 0);
    ck_expect_asks(ck, "token", 0);
    ck_expect_asks(ck, "start", 1);
}

/* The chat has a turn under way, which it would resume if it were open. */
static void closed_is_not_resumed(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app*: APP(409) body {\"ok\":false,\"error\":\"closed\","
                  "\"code\":\"session_closed\",\"closedReason\":\"over\"}\n"
                  "out*: OUT{T 11 one; C 12 turn-complete}\n");
    ck_open(ck, ck_text(ck,
                        "{\"%s\":{\"publicAccessToken\":\"%s\",\"lastEventId\":\"10\","
                        "\"isStreaming\":true}}",
                        ck_chat(ck), ck_token(ck, "S1")));
    (void)ck_wait_error(ck, ck_send(ck, "first"));
    bool resumed = ck_wait_stream(ck, ck_reconnect(ck));
    ck_settle(ck);
    ck_expect_counts(ck, 1, 0);
    cs_case_check(run, !resumed, "a closed chat was resumed");
}

static void other_conflict(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(409) body {\"ok\":false,\"error\":\"session_closed, or so\"}\n"
                  "app#2: APP(200,0)\n"
                  "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n");
    ck_open(ck, NULL);
    (void)ck_wait_error(ck, ck_send(ck, "first"));
    int stream = ck_send(ck, "second");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    ck_expect_counts(ck, 2, 1);
}

const struct cs_case client_append_cases[] = {
    {.id = "client/append/message-shape",
     .title = "a message is appended as one bare input chunk with the last message only, unchanged",
     .requirements = "CAP-01 CAP-11 CAP-12 CAP-13 CAP-17 CAP-18 CAP-19 CAP-20",
     .run = message_shape},
    {.id = "client/append/id-is-one-segment",
     .title = "the chat id is one path segment, escaped as encodeURIComponent does",
     .requirements = "CAP-02",
     .run = one_segment},
    {.id = "client/append/follow-up-never-creates",
     .title = "follow-up messages are appended in order and never delivered by another create",
     .requirements = "CAP-76 CAP-43 CAP-85",
     .run = follow_up},
    {.id = "client/append/part-ids-differ",
     .title = "two sends of the same message carry different part ids",
     .requirements = "CAP-46",
     .run = part_ids_differ},
    {.id = "client/append/regenerate",
     .title = "a regenerate ships its trigger and no message",
     .requirements = "CAP-25",
     .run = regenerate},
    {.id = "client/append/action",
     .title = "an action ships trigger action, the action unchanged and no message",
     .requirements = "CAP-26",
     .run = action},
    {.id = "client/append/no-seq-is-success",
     .title = "an accepted append without a seq is a success",
     .requirements = "CAP-51",
     .run = no_seq},
    {.id = "client/append/413-is-final",
     .title = "413 is an error to the caller and is not retried; the next message goes out",
     .requirements = "CAP-64 CAP-72 CLP-09",
     .run = too_large},
    {.id = "client/append/404-starts-again-once",
     .title = "404 on an append starts the session anew and sends the same append again, once",
     .requirements = "CTK-40 CAP-45",
     .run = not_found},
    {.id = "client/append/429-waits-and-resends",
     .title = "a rate-limited append is sent again after the limit, with the same part id",
     .requirements = "CAP-65 CAP-66",
     .level = CS_SHOULD,
     .run = rate_limited},
    {.id = "client/append/500-resent-only-as-it-was",
     .title = "an append answered 500 is sent again with the same part id, if it is at all",
     .requirements = "CAP-68 CAP-45",
     .level = CS_SHOULD,
     .run = server_error},
    {.id = "client/append/session-closed-is-final",
     .title = "409 session_closed ends the chat: no retry, no refresh, no later request",
     .requirements = "CAP-57",
     .run = closed_session},
    {.id = "client/append/closed-is-not-resumed",
     .title = "a chat that 409 session_closed has ended is not resumed",
     .requirements = "CRS-41",
     .run = closed_is_not_resumed},
    {.id = "client/append/other-409-closes-nothing",
     .title = "409 without the code session_closed is an ordinary error",
     .requirements = "CAP-59",
     .run = other_conflict},
    {0},
};
