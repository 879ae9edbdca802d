/* Where a refused token is replaced, and where not: the rarer places. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

#define ONE_TURN "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n"

static void action_refused(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(401)\napp#2: APP(200,0)\n" ONE_TURN);
    ck_open(ck, NULL);
    int stream = ck_action(ck, "{\"type\":\"undo\"}");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
    ck_expect_asks(ck, "token", 1);
    const struct cs_logged *resent = ck_wait_request(ck, CS_TARGET_APP, 2);
    ck_expect_bearer(ck, resent, "R1");
    ck_expect_body(ck, resent, "payload.trigger", "\"action\"");
    ck_expect_counts(ck, 2, 1);
}

static void stop_refused(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{T 0 one | HOLD}\n"
                  "app#2: APP(401)\napp#3: APP(200,1)\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_stop(ck);
    ck_expect_asks(ck, "token", 1);
    const struct cs_logged *resent = ck_wait_request(ck, CS_TARGET_APP, 3);
    ck_expect_bearer(ck, resent, "R1");
    ck_expect_body(ck, resent, "kind", "\"stop\"");
    ck_expect_counts(ck, 3, 1);
}

static void expired_while_idle(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n" ONE_TURN "app#2: APP(401)\napp#3: APP(200,1)\n"
                  "out#2: OUT(401)\n"
                  "out#3: OUT{T 2 two; C 3 turn-complete session-in-event-id=1}\n");
    ck_open(ck, NULL);
    ck_wait_end(ck, ck_send(ck, "first"));
    int stream = ck_send(ck, "second");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "two");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_APP, 3), "R1");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "R1");
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_OUT, 3), "R2");
    ck_expect_counts(ck, 3, 3);
}

/* A turn whose first connection ends as `ending` says, and whose second one is refused. */
static int refused_in_mid_turn(struct ck *ck, const char *ending)
{
    ck_script(ck,
              "app#1: APP(200,0)\n"
              "out#1: OUT{T 0 one; AWAIT seen %s}\n"
              "out#2: OUT(401)\n"
              "out#3: OUT{T 1 two; C 2 turn-complete session-in-event-id=0}\n",
              ending);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_release(ck, "seen");
    return stream;
}

static void after_a_drop(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = refused_in_mid_turn(ck, "| RST");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one two");
    ck_expect_asks(ck, "token", 1);
    ck_expect_bearer(ck, ck_wait_request(ck, CS_TARGET_OUT, 3), "R1");
    ck_expect_counts(ck, 1, 3);
}

/* ---- recorded ---- */

static void after_a_clean_end(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = refused_in_mid_turn(ck, "| DONE");
    bool ended = ck_wait_over(ck, stream);
    ck_record(ck, "ends", "well", "%s", ended ? "well" : "with an error");
    ck_record(ck, "delivered", "one two", "%s", ck_delivered(ck, stream));
    ck_record(ck, "tokens asked for", "1", "%u", ck_asks(ck, "token"));
}

static void kept_when_retry_fails(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app*: APP(401)\n");
    ck_open(ck, NULL);
    (void)ck_wait_error(ck, ck_send(ck, "first"));
    ck_record(ck, "token of the state", "R1", "%s", ck_state(ck, "publicAccessToken"));
}

static void streaming_after_refusal(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout*: OUT(401)\n");
    ck_open(ck, NULL);
    (void)ck_wait_error(ck, ck_send(ck, "first"));
    bool streaming = strcmp(ck_state(ck, "isStreaming"), "true") == 0;
    ck_record_flag(ck, "state says streaming", "streaming_after_stream_error", streaming);
}

static void html_refusal(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(401) header content-type=text/html body \"<html>no</html>\"\n"
                  "app#2: APP(200,0)\n" ONE_TURN);
    ck_open(ck, NULL);
    bool ended = ck_wait_over(ck, ck_send(ck, "first"));
    ck_record(ck, "ends", "well", "%s", ended ? "well" : "with an error");
    ck_record(ck, "tokens asked for", "1", "%u", ck_asks(ck, "token"));
}

static void abort_refused(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{T 0 one | HOLD}\n"
                  "app#2: APP(401)\napp#3: APP(200,1)\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_abort(ck, stream);
    ck_wait_request(ck, CS_TARGET_APP, 2);
    bool again = ck_settle_for(ck, CS_TARGET_APP, 3);
    ck_record(ck, "the refused stop", "is lost", "%s", again ? "is sent again" : "is lost");
}

/* ---- options of the transport ---- */

static void option_headers(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n" ONE_TURN);
    ck_open_with(ck, "{\"headers\":{\"Authorization\":\"Bearer OPTION\",\"X-Part-Id\":\"OPTION\"}}",
                 true);
    ck_wait_over(ck, ck_send(ck, "first"));
    static const struct {
        enum cs_target target;
        const char *header;
        const char *fact;
        const char *recorded;
    } rows[] = {{CS_TARGET_APP, "Authorization", "append: Authorization", "no"},
                {CS_TARGET_OUT, "Authorization", ".out: Authorization", "yes"},
                {CS_TARGET_APP, "X-Part-Id", "append: X-Part-Id", "no"},
                {CS_TARGET_OUT, "X-Part-Id", ".out: X-Part-Id", "yes"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *value = ck_header(ck, ck_wait_request(ck, rows[i].target, 1), rows[i].header);
        ck_record(ck, rows[i].fact, rows[i].recorded, "%s", strstr(value, "OPTION") ? "yes" : "no");
    }
}

/* ---- where the first token comes from ---- */

static void asked_of_the_refresher(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n" ONE_TURN);
    ck_open_with(ck, "{}", false);
    bool ended = ck_wait_over(ck, ck_send(ck, "first"));
    ck_record(ck, "ends", "well", "%s", ended ? "well" : "with an error");
    ck_record(ck, "sessions started", "0", "%u", ck_asks(ck, "start"));
    ck_record(ck, "tokens asked for", "1", "%u", ck_asks(ck, "token"));
}

static void asked_of_the_starter(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n" ONE_TURN);
    ck_open_with(ck, "{\"clientData\":{\"a\":1}}", true);
    bool ended = ck_wait_over(ck, ck_send(ck, "first"));
    ck_record(ck, "ends", "well", "%s", ended ? "well" : "with an error");
    ck_record(ck, "sessions started", "1", "%u", ck_asks(ck, "start"));
    ck_record(ck, "tokens asked for", "0", "%u", ck_asks(ck, "token"));
    ck_record(ck, "task told", "\"scripted-agent\"", "%s", ck_asked(ck, "start", "taskId"));
    ck_record(ck, "client data told", "{\"a\":1}", "%s", ck_asked(ck, "start", "clientData"));
}

/* ---- 404 ---- */

static void unknown_without_starter(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app*: APP(404)\n");
    ck_open_with(ck, "{}", false);
    const cJSON *error = ck_wait_error(ck, ck_send(ck, "first"));
    ck_settle(ck);
    ck_record(ck, "error", "Error", "%s", ck_error_text(ck, error));
    ck_record(ck, "appends", "1", "%llu",
              (unsigned long long)cs_scripted_count_of(ck_server(ck), CS_TARGET_APP));
}

static void expired_and_unknown(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(401)\napp#2: APP(404)\napp#3: APP(200,0)\n" ONE_TURN);
    ck_open(ck, NULL);
    bool ended = ck_wait_over(ck, ck_send(ck, "first"));
    ck_record(ck, "ends", "well", "%s", ended ? "well" : "with an error");
    ck_record(ck, "appends", "3", "%llu",
              (unsigned long long)cs_scripted_count_of(ck_server(ck), CS_TARGET_APP));
}

static void unknown_twice(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app*: APP(404)\n");
    ck_open(ck, NULL);
    const cJSON *error = ck_wait_error(ck, ck_send(ck, "first"));
    ck_settle(ck);
    ck_record(ck, "error", "TriggerApiError 404", "%s", ck_error_text(ck, error));
    ck_record(ck, "appends", "2", "%llu",
              (unsigned long long)cs_scripted_count_of(ck_server(ck), CS_TARGET_APP));
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "token", __VA_ARGS__)

const struct cs_case client_token_refresh_cases[] = {
    {.id = "client/token/action-401-refreshed-once",
     .title = "401 on an action leads to one fresh token and one resend",
     .requirements = "CTK-26",
     .level = CS_SHOULD,
     .run = action_refused},
    {.id = "client/token/stop-401-refreshed-once",
     .title = "401 on a stop leads to one fresh token and one resend",
     .requirements = "CTK-26",
     .level = CS_SHOULD,
     .run = stop_refused},
    {.id = "client/token/expired-while-idle",
     .title = "a token that expired between two turns is replaced and not used again",
     .requirements = "CTK-46",
     .level = CS_SHOULD,
     .run = expired_while_idle},
    {.id = "client/token/refused-after-a-drop",
     .title = "401 on the connection after a drop leads to a fresh token and goes on",
     .requirements = "CTK-23",
     .level = CS_SHOULD,
     .run = after_a_drop},
    OBSERVED("refused-after-a-clean-end", "401 behind a clean end is refreshed once and goes on",
             "CTK-24", after_a_clean_end),
    OBSERVED("kept-when-retry-fails", "a fresh token is kept though the append is refused again",
             "CTK-18", kept_when_retry_fails),
    OBSERVED("streaming-after-refusal", "what the state says of a turn that was refused its stream",
             "CTK-22", streaming_after_refusal),
    OBSERVED("html-refusal", "the body of a 401 does not matter", "CTK-48", html_refusal),
    OBSERVED("abort-401", "a stop that an abort posted is not sent again after a 401", "CTK-25",
             abort_refused),
    OBSERVED("option-headers", "headers of the transport's options win on .out alone",
             "CTK-38 CTK-39", option_headers),
    OBSERVED("asked-of-the-refresher", "without a starter the refresher gives the first token",
             "CTK-30", asked_of_the_refresher),
    OBSERVED("asked-of-the-starter", "the starter is told the task and the client data", "CTK-31",
             asked_of_the_starter),
    OBSERVED("unknown-without-starter",
             "404 without a starter is an error, and nothing is repeated", "CTK-41",
             unknown_without_starter),
    OBSERVED("expired-and-unknown", "401, then 404: three appends at most", "CTK-42",
             expired_and_unknown),
    OBSERVED("unknown-twice", "404 again after the restart is an error", "CTK-43", unknown_twice),
    {0},
};
