/* Stops and aborts beyond the plain one: idle, refused, late, twice. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

static unsigned long long n_appends(const struct ck *ck)
{
    return (unsigned long long)cs_scripted_count_of(ck_server(ck), CS_TARGET_APP);
}

/* A turn that runs on; gives its stream. */
static int running(struct ck *ck, const char *more)
{
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{T 0 one | HOLD}\n%s", more);
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    return stream;
}

/* ---- judged ---- */

static void while_idle(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n"
                  "app#2: APP(200,1)\n"
                  "app#3: APP(200,2)\n"
                  "out#2: OUT{T 2 two; C 3 turn-complete session-in-event-id=2}\n");
    ck_open(ck, NULL);
    ck_wait_end(ck, ck_send(ck, "first"));
    ck_stop(ck);
    int stream = ck_send(ck, "second");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "two");
}

static void without_a_boundary(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    running(ck, "app#2: APP(200,1)\napp#3: APP(200,2)\n"
                "out#2: OUT{T 1 two; C 2 turn-complete session-in-event-id=2}\n");
    ck_stop(ck);
    int stream = ck_send(ck, "second");
    bool ended = ck_wait_over(ck, stream);
    const char *shown = ck_delivered(ck, stream);
    cs_case_observe(run, "the next turn", "%s", ended ? "ends well" : "fails");
    cs_case_check(run, !ended || strcmp(shown, "two") == 0,
                  "the answer after a stop was lost, and the client says that all is well");
    ck_expect_body(ck, ck_wait_request(ck, CS_TARGET_APP, 3), "payload.message.id", "\"u-second\"");
}

/* ---- recorded ---- */

static void what_it_ends(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = running(ck, "app#2: APP(200,1)\n");
    ck_record(ck, "the call gives", "true", "%s", ck_try_stop(ck));
    bool ended = ck_wait_over(ck, stream);
    ck_record(ck, "the stream ends", "well", "%s", ended ? "well" : "with an error");
    ck_wait_gone(ck, ck_wait_request(ck, CS_TARGET_OUT, 1));
    ck_record(ck, "streaming in the state", "false", "%s", ck_state(ck, "isStreaming"));
    ck_record(ck, "cursor in the state", "0", "%s", ck_state(ck, "lastEventId"));
}

static void refused(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one; AWAIT go; T 1 two; C 2 turn-complete}\n"
                  "app#2+: APP(500)\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_record(ck, "the call gives", "false", "%s", ck_try_stop(ck));
    ck_record(ck, "the stream", "goes on", "%s", ck_is_over(ck, stream) ? "is over" : "goes on");
    ck_release(ck, "go");
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "one two", "%s", ck_delivered(ck, stream));
}

static void of_an_unknown_chat(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_open(ck, NULL);
    ck_record(ck, "the call gives", "false", "%s", ck_try_stop(ck));
    ck_settle(ck);
    ck_record(ck, "appends", "0", "%llu", n_appends(ck));
}

static void lifted_by(struct cs_case_run *run, const char *boundary, const char *recorded)
{
    struct ck *ck = ck_of(run);
    running(ck, ck_text(ck,
                        "app#2: APP(200,6)\napp#3: APP(200,7)\n"
                        "out#2: OUT{T 1 tail; %s; T 3 after; C 4 turn-complete"
                        " session-in-event-id=7}\n",
                        boundary));
    ck_stop(ck);
    int stream = ck_send(ck, "second");
    bool ended = ck_wait_over(ck, stream);
    const char *shown = ck_delivered(ck, stream);
    ck_record(ck, "the next turn shows", recorded, "%s%s", *shown ? shown : "nothing",
              ended ? "" : ", and fails");
}

static void lifted_by_no_number(struct cs_case_run *run)
{
    lifted_by(run, "C 2 turn-complete", "nothing");
}

static void not_hidden(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    running(ck, "app#2: APP(200,1)\napp#3: APP(200,2)\n"
                "out#2: OUT{T 1 tail; C 2 pending-version; C 3 session-closed"
                " session-closed=true; C 4 turn-complete session-in-event-id=2}\n");
    ck_stop(ck);
    ck_wait_over(ck, ck_send(ck, "second"));
    ck_record(ck, "closed in the state", "true", "%s", ck_state(ck, "closed"));
    ck_record(ck, "run-pending-version events", "1", "%zu",
              ck_count_events(ck, "run-pending-version"));
}

/* Nothing comes of the stopped turn, so that the gate would hide the next one (CST-09). */
static void gate_cleared(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    running(ck, "app#2: APP(200,1)\napp#3: APP(200,2)\n"
                "out#2: OUT{T 1 two; C 2 turn-complete session-in-event-id=2}\n");
    ck_stop(ck);
    ck_do(ck, "clear-gate", NULL);
    int stream = ck_send(ck, "second");
    ck_record(ck, "the next turn ends", "well", "%s", ck_ending(ck, stream));
    ck_record(ck, "and shows", "two", "%s", ck_delivered(ck, stream));
}

/* Two tabs of a browser: while one reads a turn, the other may not send. */
static void frees_the_chat(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_need_feature(ck, "tabs");
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{T 0 one | HOLD}\napp#2: APP(200,1)\n"
                  "app#3: APP(200,2)\n"
                  "out#2: OUT{T 2 two; C 3 turn-complete session-in-event-id=2}\n");
    ck_open_with(ck, "{\"multiTab\":true}", true);
    ck_do(ck, "open",
          ck_text(ck,
                  "{\"client\":\"second\",\"task\":\"scripted-agent\",\"baseUrl\":\"%s\","
                  "\"options\":{\"multiTab\":true,\"sessions\":{\"%s\":"
                  "{\"publicAccessToken\":\"%s\",\"lastEventId\":\"1\"}}}}",
                  cs_scripted_url(ck_server(ck)), ck_chat(ck), ck_token(ck, "P1")));
    int first = ck_send(ck, "first");
    ck_wait_chunks(ck, first, 1);
    int refused = ck_send_with(ck, "early", "{\"client\":\"second\"}");
    ck_record(ck, "before the stop the other tab's send ends", "with an error", "%s",
              ck_ending(ck, refused));
    ck_stop(ck);
    ck_wait_over(ck, first);
    int second = ck_send_with(ck, "second", "{\"client\":\"second\"}");
    ck_record(ck, "after it", "well", "%s", ck_ending(ck, second));
    ck_record(ck, "and delivers", "two", "%s", ck_delivered(ck, second));
    ck_record(ck, "appends", "3", "%llu", ck_count(ck, CS_TARGET_APP));
}

/* ---- aborts ---- */

static void aborted(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = running(ck, "app#2: APP(200,1)\n");
    ck_abort(ck, stream);
    bool ended = ck_wait_over(ck, stream);
    ck_record(ck, "the stream ends", "well", "%s", ended ? "well" : "with an error");
    ck_record(ck, "posted", "\"stop\"", "%s",
              ck_body(ck, ck_wait_request(ck, CS_TARGET_APP, 2), "kind"));
    ck_wait_gone(ck, ck_wait_request(ck, CS_TARGET_OUT, 1));
    ck_settle(ck);
    ck_record(ck, "appends", "2", "%llu", n_appends(ck));
}

static void aborted_and_stopped(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = running(ck, "");
    ck_abort(ck, stream);
    ck_stop(ck);
    ck_settle(ck);
    ck_record(ck, "stops posted", "2", "%llu", n_appends(ck) - 1);
}

static void aborted_reconnect(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{T 11 one | HOLD}\n");
    ck_open(ck, ck_text(ck,
                        "{\"%s\":{\"publicAccessToken\":\"%s\",\"lastEventId\":\"10\","
                        "\"isStreaming\":true}}",
                        ck_chat(ck), ck_token(ck, "S1")));
    int stream = ck_reconnect(ck);
    ck_wait_chunks(ck, stream, 1);
    ck_abort(ck, stream);
    ck_wait_over(ck, stream);
    ck_settle(ck);
    ck_record_flag(ck, "a stop is posted", "abort_of_reconnect_stops", n_appends(ck) > 0);
}

static void aborted_late(struct cs_case_run *run)
{
    struct ck *ck = ck_one_turn(run, 0, "T 0 one; C 1 turn-complete session-in-event-id=0", "one");
    ck_abort(ck, 1 + 1); /* the stream of the second command: open, send */
    ck_settle(ck);
    ck_record_flag(ck, "a stop is posted", "abort_after_end_stops", n_appends(ck) > 1);
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "stop", __VA_ARGS__)

const struct cs_case client_stop_observed_cases[] = {
    {.id = "client/stop/while-idle",
     .title = "a stop while nothing runs takes nothing of the next turn",
     .requirements = "CST-08",
     .level = CS_SHOULD,
     .run = while_idle},
    {.id = "client/stop/without-a-boundary",
     .title =
         "when a stopped turn never ends, the next one is shown or an error, never lost silently",
     .requirements = "CST-09",
     .level = CS_SHOULD,
     .run = without_a_boundary},
    OBSERVED("what-it-ends", "a stop ends the stream, its connection, and streaming in the state",
             "CST-02 CST-03 CST-05", what_it_ends),
    OBSERVED("refused", "a stop that is refused leaves the stream alone", "CST-04", refused),
    OBSERVED("of-an-unknown-chat", "a stop of a chat that is not known does nothing", "CST-02",
             of_an_unknown_chat),
    OBSERVED("lifted-by-no-number", "a boundary without a number ends the turn behind a stop",
             "CST-11", lifted_by_no_number),
    OBSERVED("gate-cleared", "what a stop holds back can be let go of", "CST-10", gate_cleared),
    OBSERVED("frees-the-chat", "after a stop another tab can send", "CST-25", frees_the_chat),
    OBSERVED("not-hidden", "closes and pending versions are seen behind a stop", "CST-12",
             not_hidden),
    OBSERVED("aborted", "an abort posts one stop and ends the stream", "CST-13", aborted),
    OBSERVED("aborted-and-stopped", "an abort and a stop post two", "CST-16", aborted_and_stopped),
    OBSERVED("aborted-reconnect", "whether the abort of a resumed stream stops the turn", "CST-15",
             aborted_reconnect),
    OBSERVED("aborted-late", "whether an abort after the turn's end posts a stop", "CST-14",
             aborted_late),
    {0},
};
