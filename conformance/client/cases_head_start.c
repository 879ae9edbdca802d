/* Head Start as a client sees it: the first turn of a session goes to a URL of the application's
 * own, which brings the token and the cursor for all others. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

#define FIRST                                                             \
    "RAW \"data: {\\\"type\\\":\\\"text-delta\\\",\\\"id\\\":\\\"t1\\\"," \
    "\\\"delta\\\":\\\"one\\\"}\\n\\n\""
#define COMPLETE "RAW \"data: {\\\"type\\\":\\\"trigger:turn-complete\\\"}\\n\\n\""
#define STATE      \
    "RAW \"data: " \
    "{\\\"type\\\":\\\"trigger:session-state\\\",\\\"lastEventId\\\":\\\"7\\\"}\\n\\n\""
#define SECOND "out#1: OUT{T 8 two; C 9 turn-complete}\n"

#define SAID(id, role, text)                               \
    "{\"id\":\"" id "\",\"role\":\"" role "\",\"parts\":[" \
    "{\"type\":\"text\",\"text\":\"" text "\"}]}"
#define HISTORY                        \
    SAID("u-before", "user", "before") \
    "," SAID("a-before", "assistant", "answered") "," SAID("u-first", "user", "first")

/* The first turn of a session, answered like this; gives its stream. The answer's token is P9. */
static int hop(struct ck *ck, const char *answer, const char *attributes, const char *more)
{
    ck_need_feature(ck, "head-start");
    const char *token = ck_text(ck, "header X-Trigger-Chat-Access-Token=%s", ck_token(ck, "P9"));
    ck_script(ck, "hop#1: HOP%s %s\n%s", answer, attributes ? attributes : token, more);
    ck_open_with(ck,
                 ck_text(ck, "{\"headStart\":\"%s/head-start\",\"clientData\":{\"a\":1}}",
                         cs_scripted_url(ck_server(ck))),
                 true);
    return ck_begin(ck, "send",
                    "{\"messages\":[" HISTORY "],\"body\":{\"extra\":1},\"messageId\":\"m1\"}");
}

static int whole_hop(struct ck *ck)
{
    int stream = hop(ck, "{" FIRST "; " COMPLETE "; " STATE " | EOF}", NULL, SECOND);
    ck_wait_end(ck, stream);
    return stream;
}

static void one_request(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_expect_deltas(ck, whole_hop(ck), "one");
    const struct cs_logged *request = ck_wait_request(ck, CS_TARGET_HOP, 1);
    ck_expect_body(ck, request, "headStartMessages", "[" HISTORY "]");
    ck_expect_body(ck, request, "chatId", ck_text(ck, "\"%s\"", ck_chat(ck)));
    ck_expect_body(ck, request, "trigger", "\"submit-message\"");
    ck_expect_body(ck, request, "messageId", "\"m1\"");
    ck_expect_body(ck, request, "metadata", "{\"a\":1}");
    ck_expect_body(ck, request, "extra", "1");
    ck_settle(ck);
    ck_expect_counts(ck, 0, 0);
    ck_expect_asks(ck, "start", 0);
    cs_case_check(run, ck_count(ck, CS_TARGET_HOP) == 1, "the URL was asked %llu times",
                  ck_count(ck, CS_TARGET_HOP));
}

static void second_turn(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    whole_hop(ck);
    int stream = ck_send(ck, "second");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "two");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_APP, 1), "P9");
    ck_expect_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "Last-Event-ID", "7");
    ck_expect_counts(ck, 1, 1);
    ck_expect_asks(ck, "start", 0);
    cs_case_check(run, ck_count(ck, CS_TARGET_HOP) == 1, "the second turn goes to the URL too");
}

static void control_frames(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = hop(ck, "{" FIRST "; " COMPLETE "; " STATE "; AWAIT go | EOF}", NULL, "");
    ck_wait_chunks(ck, stream, 1);
    ck_release(ck, "go");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    const char *streaming = ck_state(ck, "isStreaming");
    cs_case_check(run, strcmp(streaming, "false") == 0, "the state says streaming: %s", streaming);
}

/* What the framing of an event stream allows: every chunk comes, and before the body ends. All
 * published versions fail; that it can be done is seen with an SDK whose hop has a whole parser. */
static void framed(struct cs_case_run *run, const char *items)
{
    struct ck *ck = ck_of(run);
    int stream = hop(ck, ck_text(ck, "{%s; AWAIT go | EOF}", items), NULL, "");
    ck_wait_request(ck, CS_TARGET_HOP, 1);
    ck_settle(ck);
    const char *before = ck_delivered(ck, stream);
    ck_release(ck, "go");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    cs_case_check(run, strcmp(before, "one") == 0, "the chunk came with the end of the body only");
}

static void no_space(struct cs_case_run *run)
{
    framed(run, "RAW \"data:{\\\"type\\\":\\\"text-delta\\\",\\\"id\\\":\\\"t1\\\","
                "\\\"delta\\\":\\\"one\\\"}\\n\\n\"");
}

static void two_data_lines(struct cs_case_run *run)
{
    framed(run, "RAW \"data: {\\\"type\\\":\\\"text-delta\\\",\\n"
                "data: \\\"id\\\":\\\"t1\\\",\\\"delta\\\":\\\"one\\\"}\\n\\n\"");
}

static void crlf(struct cs_case_run *run)
{
    framed(run, "RAW \"data: {\\\"type\\\":\\\"text-delta\\\",\\\"id\\\":\\\"t1\\\","
                "\\\"delta\\\":\\\"one\\\"}\\r\\n\\r\\n\"");
}

/* ---- recorded ---- */

static void pending_version(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    const char *headers =
        ck_text(ck, "header X-Trigger-Chat-Access-Token=%s header X-Trigger-Chat-Pending-Version=1",
                ck_token(ck, "P9"));
    ck_wait_end(ck, hop(ck, "{" FIRST "; " COMPLETE " | EOF}", headers, ""));
    const cJSON *event = ck_life_event(ck, "run-pending-version", 0);
    ck_record_flag(ck, "it is told as an event", "pending_version_event", event != NULL);
    if (event) {
        ck_record(ck, "its source", "\"head-start\"", "%s", ck_member(ck, event, "source"));
    }
    ck_record(ck, "times", event ? "1" : "0", "%zu", ck_count_events(ck, "run-pending-version"));
}

static void headers_sent(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    whole_hop(ck);
    const struct cs_logged *request = ck_wait_request(ck, CS_TARGET_HOP, 1);
    ck_record(ck, "Authorization", "none", "%s", ck_header(ck, request, "Authorization"));
}

static void events_told(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    whole_hop(ck);
    static const char *const types[] = {"message-sent", "stream-connected", "first-chunk",
                                        "turn-completed"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        ck_record(ck, types[i], "1", "%zu", ck_count_events(ck, types[i]));
    }
}

static void refused(struct cs_case_run *run, const char *answer, const char *attributes)
{
    struct ck *ck = ck_of(run);
    int stream = hop(ck, answer, attributes, "");
    ck_record(ck, "the turn ends", "with an error", "%s", ck_ending(ck, stream));
    ck_record(ck, "token in the state", "nothing", "%s", ck_state(ck, "publicAccessToken"));
}

static void no_token(struct cs_case_run *run)
{
    refused(run, "{" FIRST " | EOF}", "");
}

static void server_error(struct cs_case_run *run)
{
    refused(run, "(500)", NULL);
}

static void no_body(struct cs_case_run *run)
{
    refused(run, "(204)", NULL);
}

static void shows(struct cs_case_run *run, const char *items, const char *recorded)
{
    struct ck *ck = ck_of(run);
    int stream = hop(ck, ck_text(ck, "{%s | EOF}", items), NULL, "");
    ck_record(ck, "ends", "well", "%s", ck_ending(ck, stream));
    ck_record(ck, "delivered", recorded, "%s", ck_delivered(ck, stream));
    ck_record(ck, "streaming in the state", "false", "%s", ck_state(ck, "isStreaming"));
}

static void other_frames(struct cs_case_run *run)
{
    shows(run, "RAW \"data: {\\\"type\\\":\\\"trigger:xyz\\\"}\\n\\n\"",
          "{\"type\":\"trigger:xyz\"}");
}

static void malformed(struct cs_case_run *run)
{
    shows(run, "RAW \"data: {oops\\n\\ndata: [DONE]\\n\\n\"; " FIRST, "one");
}

static void no_blank_line(struct cs_case_run *run)
{
    shows(run, FIRST "; RAW \"data: {\\\"type\\\":\\\"last\\\"}\"", "one {\"type\":\"last\"}");
}

static void never_complete(struct cs_case_run *run)
{
    shows(run, FIRST, "one");
}

static void no_cursor(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_wait_over(ck, hop(ck, "{" FIRST "; " COMPLETE " | EOF}", NULL, SECOND));
    ck_wait_over(ck, ck_send(ck, "second"));
    ck_record(ck, "cursor of the second turn", "none", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "Last-Event-ID"));
}

static void restored(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_need_feature(ck, "head-start");
    ck_script(ck, SECOND);
    ck_open_with(ck,
                 ck_text(ck,
                         "{\"headStart\":\"%s/head-start\",\"sessions\":{\"%s\":"
                         "{\"publicAccessToken\":\"%s\",\"isStreaming\":false}}}",
                         cs_scripted_url(ck_server(ck)), ck_chat(ck), ck_token(ck, "S1")),
                 true);
    ck_wait_over(ck, ck_send(ck, "first"));
    ck_record(ck, "requests to the URL", "0", "%llu", ck_count(ck, CS_TARGET_HOP));
    ck_record(ck, "appends", "1", "%llu", ck_count(ck, CS_TARGET_APP));
}

static void cut(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = hop(ck, "{" FIRST "; AWAIT seen | RST}", NULL, "");
    ck_wait_chunks(ck, stream, 1);
    ck_release(ck, "seen");
    ck_record(ck, "the turn ends", "with an error", "%s", ck_ending(ck, stream));
}

static void cursor_meanwhile(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = hop(ck, "{" STATE "; " FIRST " | HOLD}", NULL, "");
    ck_wait_chunks(ck, stream, 1);
    ck_record(ck, "cursor in the state", "nothing", "%s", ck_state(ck, "lastEventId"));
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "head-start", __VA_ARGS__)

const struct cs_case client_head_start_cases[] = {
    {.id = "client/head-start/one-request",
     .title = "the first turn is one request to the URL, with the whole history",
     .requirements = "CHS-01 CHS-02",
     .run = one_request},
    {.id = "client/head-start/second-turn",
     .title = "the second turn is an append with the answer's token, read from its cursor on",
     .requirements = "CHS-04 CHS-09 CHS-11",
     .run = second_turn},
    {.id = "client/head-start/control-frames",
     .title = "turn-complete ends the turn in the state, and no control frame is delivered",
     .requirements = "CHS-08 CHS-09",
     .run = control_frames},
    {.id = "client/head-start/no-space",
     .title = "data without a space behind its colon is delivered",
     .requirements = "CHS-13",
     .level = CS_SHOULD,
     .run = no_space},
    {.id = "client/head-start/two-data-lines",
     .title = "data in two lines is delivered",
     .requirements = "CHS-13",
     .level = CS_SHOULD,
     .run = two_data_lines},
    {.id = "client/head-start/crlf",
     .title = "frames with CRLF line ends are delivered as they come",
     .requirements = "CHS-13",
     .level = CS_SHOULD,
     .run = crlf},
    OBSERVED("pending-version", "whether a waiting version of the agent is told", "CHS-18",
             pending_version),
    OBSERVED("headers-sent", "no token goes to the URL", "CHS-03", headers_sent),
    OBSERVED("no-token", "an answer without a token is an error", "CHS-05", no_token),
    OBSERVED("server-error", "a refusal is an error, and nothing is kept", "CHS-06", server_error),
    OBSERVED("no-body", "an answer without a body is an error", "CHS-07", no_body),
    OBSERVED("other-frames", "other control frames are delivered", "CHS-10", other_frames),
    OBSERVED("restored", "a chat that is known already goes the usual way", "CHS-12", restored),
    OBSERVED("malformed", "frames that are no JSON are dropped", "CHS-14", malformed),
    OBSERVED("no-blank-line", "a last frame without a blank line is delivered", "CHS-15",
             no_blank_line),
    OBSERVED("never-complete", "an end without turn-complete ends the turn", "CHS-16",
             never_complete),
    OBSERVED("no-cursor", "without a cursor the second turn reads from the start", "CHS-17",
             no_cursor),
    OBSERVED("cut", "a lost connection is an error", "CHS-20", cut),
    OBSERVED("events-told", "the events of such a turn", "CHS-19", events_told),
    OBSERVED("cursor-meanwhile", "no cursor is stored while the turn runs", "CHS-21",
             cursor_meanwhile),
    {0},
};
