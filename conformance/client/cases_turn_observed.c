/* Boundaries, closes and lifecycle events: what the published SDK does with them. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

/* One turn whose append is answered as `answer` says; *ret_stream tells what was delivered. */
static struct ck *play(struct cs_case_run *run, const char *answer, const char *items,
                       int *ret_stream)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: %s\nout#1: OUT{%s}\nout#2+: OUT{C 90 turn-complete}\n", answer, items);
    ck_open(ck, NULL);
    *ret_stream = ck_send(ck, "first");
    ck_wait_over(ck, *ret_stream);
    return ck;
}

static struct ck *turn(struct cs_case_run *run, const char *answer, const char *items,
                       const char *recorded)
{
    int stream;
    struct ck *ck = play(run, answer, items, &stream);
    ck_record(ck, "delivered", recorded, "%s", ck_delivered(ck, stream));
    return ck;
}

/* The same where versions before boundaries were correlated end at the first one. */
static void correlated_turn(struct cs_case_run *run, unsigned seq, const char *items,
                            const char *deltas)
{
    struct ck *ck = ck_of(run);
    int stream;
    play(run, ck_text(ck, "APP(200,%u)", seq), items, &stream);
    const char *delivered = ck_delivered(ck, stream);
    cs_case_observe(run, "delivered", "%s", delivered);
    ck_record_flag(ck, ck_text(ck, "delivered is \"%s\"", deltas), "boundaries_correlate",
                   strcmp(delivered, deltas) == 0);
}

static void no_seq(struct cs_case_run *run)
{
    turn(run, "APP(200)",
         "T 0 one; C 1 turn-complete session-in-event-id=0; T 2 two;"
         "C 3 turn-complete session-in-event-id=9",
         "one");
}

static void number_in_front(struct cs_case_run *run)
{
    correlated_turn(run, 5,
                    "T 0 one; C 1 turn-complete session-in-event-id=4abc; T 2 two;"
                    "C 3 turn-complete session-in-event-id=5; T 4 three",
                    "one two");
}

static void no_number(struct cs_case_run *run)
{
    turn(run, "APP(200,5)",
         "T 0 one; C 1 turn-complete session-in-event-id=abc; T 2 two; C 3 turn-complete", "one");
}

static void earlier_tail(struct cs_case_run *run)
{
    correlated_turn(run, 1,
                    "T 0 tail; C 1 turn-complete session-in-event-id=0; T 2 own;"
                    "C 3 turn-complete session-in-event-id=1",
                    "tail own");
}

static void only_lower_boundaries(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,5)\n"
                  "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=4 | HOLD}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_settle(ck);
    ck_record(ck, "the turn", "goes on", "%s", ck_is_over(ck, stream) ? "is over" : "goes on");
}

static void active_seq(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,3)\nout#1: OUT{T 0 one | HOLD}\n");
    ck_open(ck, NULL);
    ck_wait_chunks(ck, ck_send(ck, "first"), 1);
    ck_record(ck, "activeInputSeq of the state", "3", "%s", ck_state(ck, "activeInputSeq"));
}

static void active_seq_after_reload(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "out#1: OUT{C 11 turn-complete session-in-event-id=2; T 12 one;"
                  "C 13 turn-complete session-in-event-id=3}\n");
    ck_open(ck, ck_text(ck,
                        "{\"%s\":{\"publicAccessToken\":\"%s\",\"lastEventId\":\"10\","
                        "\"isStreaming\":true,\"activeInputSeq\":3}}",
                        ck_chat(ck), ck_token(ck, "S1")));
    int stream = ck_reconnect(ck);
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
}

/* ---- closed by the stream ---- */

static void closed_by_control(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one; C 1 session-closed session-closed=true"
                  " session-closed-reason=bye; AWAIT go; C 2 turn-complete}\n");
    ck_open(ck, NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_settle(ck);
    bool over = ck_is_over(ck, stream);
    ck_release(ck, "go");
    ck_wait_over(ck, stream);
    ck_record_flag(ck, "the stream ends at once", "session_closed_known", over);
    ck_record_flag(ck, "the state says closed", "session_closed_known",
                   strcmp(ck_state(ck, "closed"), "true") == 0);
    ck_record(ck, "stops posted", "0", "%llu",
              (unsigned long long)cs_scripted_count_of(ck_server(ck), CS_TARGET_APP) - 1);
}

static struct ck *closed_by_boundary(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,0)\n"
                  "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0"
                  " session-closed=true session-closed-reason=bye}\n");
    ck_open(ck, NULL);
    ck_wait_over(ck, ck_send(ck, "first"));
    return ck;
}

static void boundary_that_closes(struct cs_case_run *run)
{
    struct ck *ck = closed_by_boundary(run);
    ck_record(ck, "the state says closed", "true", "%s", ck_state(ck, "closed"));
    ck_record(ck, "with the reason", "bye", "%s", ck_state(ck, "closedReason"));
}

static void after_a_close(struct cs_case_run *run)
{
    struct ck *ck = closed_by_boundary(run);
    const cJSON *error = ck_wait_error(ck, ck_send(ck, "second"));
    bool resumed = ck_wait_stream(ck, ck_reconnect(ck));
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(error, "status");
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(error, "code");
    ck_record(ck, "status of a send", "409", "%d", cJSON_IsNumber(status) ? status->valueint : 0);
    ck_record(ck, "code of a send", "session_closed", "%s",
              cJSON_IsString(code) ? code->valuestring : "none");
    ck_record(ck, "reconnect", "null", "%s", resumed ? "a stream" : "null");
    ck_record(ck, "further requests", "0", "%zu", cs_scripted_count(ck_server(ck)) - 2);
}

/* ---- events ---- */

static void pending_version(struct cs_case_run *run)
{
    struct ck *ck = turn(run, "APP(200,0)",
                         "T 0 one; C 1 pending-version; T 2 two; C 3 turn-complete", "one two");
    ck_record_flag(ck, "it is told as an event", "pending_version_event",
                   ck_count_events(ck, "run-pending-version") > 0);
}

static void turn_completed_event(struct cs_case_run *run)
{
    struct ck *ck =
        turn(run, "APP(200,0)", "T 0 one; C 1 turn-complete session-in-event-id=0", "one");
    const cJSON *event = ck_life_event(ck, "turn-completed", 0);
    static const char *const members[] = {"lastEventId", "sessionInEventId", "messageId"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        bool has = cJSON_GetObjectItemCaseSensitive(event, members[i]) != NULL;
        cs_case_observe(run, ck_text(ck, "event has %s", members[i]), "%s", has ? "yes" : "no");
    }
    ck_record(ck, "turn-completed events", "1", "%zu", ck_count_events(ck, "turn-completed"));
}

static void first_chunk_event(struct cs_case_run *run)
{
    struct ck *ck = turn(run, "APP(200,0)", "T 0 one; T 1 two; C 2 turn-complete", "one two");
    ck_record(ck, "first-chunk events", "1", "%zu", ck_count_events(ck, "first-chunk"));
}

/* A standing subscription: the own boundary, and then a lower one; what says that the session is
 * settled ends it. */
static void watched_boundaries(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,5)\n"
                  "out#1: OUT{T 0 a; C 1 turn-complete session-in-event-id=5; T 2 b;"
                  "C 3 turn-complete session-in-event-id=3; T 4 c | EOF}"
                  " header X-Session-Settled=true\n");
    ck_open_with(ck, "{\"watch\":true}", true);
    int stream = ck_send(ck, "first");
    ck_wait_over(ck, stream);
    ck_record(ck, "delivered", "a b c", "%s", ck_delivered(ck, stream));
    ck_record_flag(ck, "a lower boundary ends a later turn", "watched_turns_unfiltered",
                   ck_count_events(ck, "turn-completed") == 2);
}

/* ---- settlement of actions ---- */

/* An action of seq 5 whose turn ends with these headers; was it settled? */
static void settlement(struct cs_case_run *run, const char *headers, bool settles)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,5)\nout#1: OUT{T 0 one; C 1 turn-complete %s}\n", headers);
    ck_open(ck, NULL);
    int action = ck_begin(ck, "action", "{\"action\":{\"type\":\"undo\"},\"settled\":true}");
    ck_wait_over(ck, action);
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, action));
    size_t times = ck_count_told(ck, "settled");
    if (!settles) {
        ck_record(ck, "settled", "0", "%zu", times);
        return;
    }
    ck_record_flag(ck, "it is settled, once", "actions_settle", times == 1);
    ck_record_flag(ck, "before the stream ends", "actions_settle",
                   ck_said_before(ck, action, "settled", "end"));
    cs_case_observe(run, "told", "%s", ck_member(ck, ck_told(ck, "settled", 0), ""));
}

static void settled(struct cs_case_run *run)
{
    settlement(run, "session-in-event-id=5", true);
}

static void settled_by_later(struct cs_case_run *run)
{
    settlement(run, "session-in-event-id=9", true);
}

static void not_settled_without_number(struct cs_case_run *run)
{
    settlement(run, "", false);
}

static void not_settled_by_other_text(struct cs_case_run *run)
{
    settlement(run, "session-in-event-id=5x", false);
}

/* ---- judged ---- */

static void consumed_id(struct cs_case_run *run)
{
    ck_one_turn(run, 5,
                "T 0 one; C 1 turn-complete session-in-event-id=5 session-in-consumed-id=4;"
                "T 2 later",
                "one");
}

static void skipped_boundary_that_closes(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_script(ck, "app#1: APP(200,5)\n"
                  "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=4"
                  " session-closed=true; C 2 turn-complete session-in-event-id=5}\n"
                  "out#2: OUT{C 3 turn-complete}\n");
    ck_open(ck, NULL);
    int first = ck_send(ck, "first");
    ck_wait_chunks(ck, first, 1);
    ck_wait_over(ck, first);
    int second = ck_send(ck, "second");
    ck_wait_over(ck, second);
    ck_expect_counts(ck, 1, 1);
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "turn", __VA_ARGS__)

const struct cs_case client_turn_observed_cases[] = {
    {.id = "client/turn/consumed-id",
     .title = "session-in-consumed-id decides nothing about turns",
     .requirements = "CTC-26",
     .level = CS_SHOULD,
     .run = consumed_id},
    {.id = "client/turn/skipped-boundary-that-closes",
     .title = "a close on the turn-complete of an earlier turn is noticed",
     .requirements = "CTC-15",
     .level = CS_SHOULD,
     .run = skipped_boundary_that_closes},
    OBSERVED("no-seq", "without a seq the first boundary ends the turn", "CTC-05", no_seq),
    OBSERVED("number-in-front", "of 4abc the 4 counts", "CTC-06", number_in_front),
    OBSERVED("no-number", "a number that is none counts as absent", "CTC-06", no_number),
    OBSERVED("earlier-tail", "what an earlier turn still says is shown before its boundary",
             "CTC-27", earlier_tail),
    OBSERVED("only-lower-boundaries", "a turn with lower boundaries alone does not end", "CTC-08",
             only_lower_boundaries),
    OBSERVED("active-seq", "the seq of the running turn is in the state", "CTC-09", active_seq),
    OBSERVED("active-seq-after-reload", "and correlates after a reload", "CTC-09",
             active_seq_after_reload),
    OBSERVED("closed-by-control", "what a session-closed record ends", "CTC-12", closed_by_control),
    OBSERVED("boundary-that-closes", "a turn-complete may close the session too", "CTC-14",
             boundary_that_closes),
    OBSERVED("after-a-close", "after a close nothing is requested any more", "CTC-16",
             after_a_close),
    OBSERVED("pending-version", "whether a pending-version record is told", "CTC-17",
             pending_version),
    OBSERVED("turn-completed-event", "a completed turn is told as one event", "CTC-21",
             turn_completed_event),
    OBSERVED("first-chunk-event", "the first chunk of a turn is told once", "CTC-22",
             first_chunk_event),
    OBSERVED("watched-boundaries", "which boundaries a standing subscription takes for its own",
             "CTC-10", watched_boundaries),
    OBSERVED("settled", "an action is settled by its own boundary", "CTC-25", settled),
    OBSERVED("settled-by-later", "and by a later one", "CTC-25", settled_by_later),
    OBSERVED("not-settled-without-number", "a boundary without a number settles no action",
             "CTC-25", not_settled_without_number),
    OBSERVED("not-settled-by-other-text", "nor does one whose number is not of digits alone",
             "CTC-25", not_settled_by_other_text),
    {0},
};
