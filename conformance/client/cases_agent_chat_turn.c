/* AgentChat: where its turns end, what a stop or an abort leaves behind, and what it tells of a
 * turn.
 *
 * The judged cases are known to fail with every published version. `correlate=0` of the reference
 * client breaks the first; for the other two, which it cannot be driven into, it takes a changed
 * SDK to see them pass.
 */
#include <string.h>

#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

#define TURN     "app#1: APP(200,0)\nout#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n"
#define RESTORED "{\"options\":{\"session\":{\"lastEventId\":\"19\"}}}"

static struct ck *opened(struct cs_case_run *run, const char *script, const char *members)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "%s", script);
    ck_open_kind(ck, "agent", members);
    return ck;
}

/* A turn that runs on; gives its stream. */
static int running(struct ck *ck, const char *more)
{
    ck_script(ck, "app#1: APP(200,0)\nout#1: OUT{T 0 one | HOLD}\n%s", more);
    ck_open_kind(ck, "agent", NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    return stream;
}

/* ---- judged ---- */

static void earlier_boundary(struct cs_case_run *run)
{
    struct ck *ck = opened(run,
                           "app#1: APP(200,5)\n"
                           "out#1: OUT{C 0 turn-complete session-in-event-id=4; T 1 mine;"
                           "C 2 turn-complete session-in-event-id=5}\n",
                           NULL);
    int stream = ck_send(ck, "first");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "mine");
}

/* What comes behind the new turn is there for a client that waits for the old one's boundary. */
static void aborted_without_boundary(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_need_feature(ck, "agent-chat");
    int first = running(ck, "app#2: APP(200,1)\napp#3: APP(200,2)\n"
                            "out#2: OUT{T 1 two; C 2 turn-complete session-in-event-id=2;"
                            "T 3 behind; C 4 turn-complete session-in-event-id=2}\n");
    ck_abort(ck, first);
    ck_wait_over(ck, first);
    ck_wait_request(ck, CS_TARGET_APP, 2);
    int stream = ck_send(ck, "second");
    const char *ending = ck_ending(ck, stream);
    cs_case_observe(run, "the next turn ends", "%s", ending);
    cs_case_check(run, strcmp(ending, "well") != 0 || strcmp(ck_delivered(ck, stream), "two") == 0,
                  "the answer after an abort was lost, and the client says that all is well");
    ck_expect_body(ck, ck_wait_request(ck, CS_TARGET_APP, 3), "payload.message.id", "\"u-second\"");
}

static void callback_throws(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "turn-callback");
    struct ck *ck = opened(run, TURN, "{\"turnCallback\":\"throws\"}");
    int stream = ck_send(ck, "first");
    ck_wait_told(ck, "turn");
    ck_wait_end(ck, stream);
    ck_expect_deltas(ck, stream, "one");
}

/* ---- recorded: turns ---- */

static void callback_rejects(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "turn-callback");
    struct ck *ck = opened(run, TURN, "{\"turnCallback\":\"rejects\"}");
    int stream = ck_send(ck, "first");
    ck_wait_told(ck, "turn");
    ck_record(ck, "the turn ends", "well", "%s", ck_ending(ck, stream));
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
}

static void turn_told(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "turn-callback");
    struct ck *ck = opened(run,
                           "app#1: APP(200,0)\n"
                           "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0"
                           " public-access-token=secret}\n",
                           NULL);
    ck_wait_over(ck, ck_send(ck, "first"));
    const cJSON *told = ck_wait_told(ck, "turn");
    ck_record(ck, "told", "{\"chatId\":\"*\",\"lastEventId\":\"1\"}", "%s",
              ck_starred(ck, ck_member(ck, told, "")));
    ck_record(ck, "times", "1", "%zu", ck_count_told(ck, "turn"));
}

static void closed_by_control(struct cs_case_run *run)
{
    struct ck *ck = opened(run,
                           "app#1: APP(200,0)\n"
                           "out#1: OUT{T 0 one; C 1 session-closed session-closed=true; AWAIT go;"
                           "T 2 two; C 3 turn-complete session-in-event-id=0}\n",
                           NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_settle(ck);
    bool over = ck_is_over(ck, stream);
    ck_release(ck, "go");
    ck_record(ck, "the stream ends", "well", "%s", ck_ending(ck, stream));
    ck_record_flag(ck, "at once", "session_closed_known", over);
    ck_record(ck, "turn reports", over ? "0" : "1", "%zu", ck_count_told(ck, "turn"));
    ck_record(ck, "appends", "1", "%llu", ck_count(ck, CS_TARGET_APP));
}

static void session(struct cs_case_run *run)
{
    struct ck *ck = opened(run,
                           "app#1: APP(200,0)\n"
                           "out#1: OUT{T 5 one; AWAIT a; [K 6 trim 0; T 7 two]; AWAIT b;"
                           "C 8 turn-complete session-in-event-id=0}\n",
                           NULL);
    ck_record(ck, "before the start", "nothing", "%s", ck_state(ck, "lastEventId"));
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_record(ck, "cursor after a record", "5", "%s", ck_state(ck, "lastEventId"));
    ck_release(ck, "a");
    ck_wait_chunks(ck, stream, 2);
    ck_record(ck, "after another", "7", "%s", ck_state(ck, "lastEventId"));
    ck_release(ck, "b");
    ck_wait_over(ck, stream);
    ck_record(ck, "after the turn", "8", "%s", ck_state(ck, "lastEventId"));
}

/* ---- recorded: reconnects ---- */

/* What a restored client delivers whose first window is this and ends. */
static void reconnect(struct cs_case_run *run, const char *window, const char *delivered)
{
    ck_need_feature(ck_of(run), "agent-chat");
    struct ck *ck = opened(run, "", RESTORED);
    ck_script(ck,
              "out#1: OUT{%s | EOF}\n"
              "out#2: OUT{T 40 next; C 41 turn-complete session-in-event-id=0}\n",
              window);
    int stream = ck_reconnect(ck);
    ck_wait_request(ck, CS_TARGET_OUT, 1);
    ck_record(ck, "the stream ends", "well", "%s", ck_ending(ck, stream));
    if (!delivered) {
        ck_record(ck, "subscriptions", "1", "%llu", ck_count(ck, CS_TARGET_OUT));
        return;
    }
    const char *shown = ck_delivered(ck, stream);
    cs_case_observe(run, "delivered", "%s", shown);
    ck_record_flag(ck, "the next window is asked for", "agent_reconnect_goes_on",
                   strcmp(shown, delivered) == 0);
}

static void empty_window(struct cs_case_run *run)
{
    reconnect(run, "", NULL);
}

static void unknown_control_window(struct cs_case_run *run)
{
    reconnect(run, "C 20 flux-capacitor", NULL);
}

static void data_window(struct cs_case_run *run)
{
    reconnect(run, "T 20 one", "one next");
}

static void pending_version_window(struct cs_case_run *run)
{
    reconnect(run, "C 20 pending-version", "next");
}

static void upgrade_window(struct cs_case_run *run)
{
    reconnect(run, "C 20 upgrade-required", "next");
}

/* ---- recorded: stops ---- */

static void stop(struct cs_case_run *run)
{
    struct ck *ck = opened(run,
                           "app#1: APP(200,0)\nout#1: OUT{T 0 one | HOLD}\n"
                           "app#2: APP(200,1)\napp#3: APP(500)\n",
                           NULL);
    ck_record(ck, "before the start", "nothing", "%s", ck_try(ck, "stop", NULL));
    ck_record(ck, "requests for it", "0", "%zu", cs_scripted_count(ck_server(ck)));
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_record(ck, "then", "nothing", "%s", ck_try(ck, "stop", NULL));
    ck_record(ck, "posted", "{\"kind\":\"stop\"}", "%s",
              ck_body(ck, ck_wait_request(ck, CS_TARGET_APP, 2), ""));
    ck_record(ck, "refused", "nothing", "%s", ck_try(ck, "stop", NULL));
    ck_settle(ck);
    ck_record(ck, "appends", "3", "%llu", ck_count(ck, CS_TARGET_APP));
}

static void aborted(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    int stream = running(ck, "app#2: APP(200,1)\n");
    ck_abort(ck, stream);
    ck_record(ck, "the stream ends", "well", "%s", ck_ending(ck, stream));
    ck_record(ck, "posted", "{\"kind\":\"stop\"}", "%s",
              ck_body(ck, ck_wait_request(ck, CS_TARGET_APP, 2), ""));
    ck_wait_gone(ck, ck_wait_request(ck, CS_TARGET_OUT, 1));
    ck_settle(ck);
    ck_record(ck, "appends", "2", "%llu", ck_count(ck, CS_TARGET_APP));
}

/* The process that stopped the turn is gone, and with it what would hide the turn's end. */
static void stopped_and_restored(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "agent-chat");
    struct ck *ck = ck_of(run);
    running(ck, "app#2: APP(200,1)\napp#3: APP(200,2)\n"
                "out#2: OUT{T 1 tail; C 2 turn-complete session-in-event-id=0; T 3 two;"
                "C 4 turn-complete session-in-event-id=2}\n");
    ck_stop(ck);
    ck_wait_request(ck, CS_TARGET_APP, 2);
    ck_open_kind(ck, "agent",
                 "{\"client\":\"second\",\"options\":{\"session\":{\"lastEventId\":\"0\"}}}");
    int stream = ck_send_with(ck, "second", "{\"client\":\"second\"}");
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "tail", "%s", ck_delivered(ck, stream));
}

#define CASE(name, what, ids, its_level, function)                               \
    {                                                                            \
        .id = "client/agent-chat/" name, .title = (what), .requirements = (ids), \
        .level = (its_level), .run = (function)                                  \
    }
#define OBSERVED(name, what, ids, function) CASE(name, what, ids, CS_OBSERVED, function)

const struct cs_case client_agent_chat_turn_cases[] = {
    CASE("earlier-boundary", "a turn-complete of an earlier turn does not end this one", "CTC-07",
         CS_SHOULD, earlier_boundary),
    CASE("aborted-without-boundary",
         "when an aborted turn never ends, the next one is shown or an error, never lost silently",
         "CST-21", CS_SHOULD, aborted_without_boundary),
    CASE("callback-throws", "a turn is complete whatever the caller's callback for it does",
         "CTC-24", CS_SHOULD, callback_throws),
    OBSERVED("callback-rejects", "a callback's rejected promise changes nothing", "CTC-24",
             callback_rejects),
    OBSERVED("turn-told", "what the callback for a complete turn is told", "CTC-23", turn_told),
    OBSERVED("closed-by-control", "whether a session-closed record ends the stream", "CTC-13",
             closed_by_control),
    OBSERVED("session", "the storable state has the cursor, record by record", "CRS-64", session),
    OBSERVED("empty-window", "a reconnect that saw nothing ends with its window", "CRS-65",
             empty_window),
    OBSERVED("unknown-control-window", "and so does one that saw an unknown control record alone",
             "CRS-65", unknown_control_window),
    OBSERVED("data-window", "whether a reconnect that saw data asks for the next window", "CRS-65",
             data_window),
    OBSERVED("pending-version-window", "whether one that saw pending-version does", "CTC-18 CRS-65",
             pending_version_window),
    OBSERVED("upgrade-window", "whether one that saw upgrade-required does", "CTC-18 CRS-65",
             upgrade_window),
    OBSERVED("stop", "a stop is posted and never fails, and before a start it is nothing", "CST-17",
             stop),
    OBSERVED("aborted", "an abort posts a stop and ends the stream", "CST-19", aborted),
    OBSERVED("stopped-and-restored", "a restored client knows nothing of a stop", "CST-22",
             stopped_and_restored),
    {0},
};
