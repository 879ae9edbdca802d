/* AgentChat: its streams, and how they are taken up again. */
#include <string.h>

#include "conformance/client/cases.h"
#include "conformance/client/kit.h"

static struct ck *opened(struct cs_case_run *run, const char *script, const char *members)
{
    return ck_opened(run, "agent", script, members);
}

static void dropped(struct cs_case_run *run)
{
    struct ck *ck = opened(run,
                           "app#1: APP(200,0)\n"
                           "out#1: OUT{T 0 one; AWAIT seen | RST}\n"
                           "out#2: OUT{T 1 two; C 2 turn-complete}\n",
                           NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_release(ck, "seen");
    bool ended = ck_wait_over(ck, stream);
    ck_record(ck, "the turn ends", "well", "%s", ended ? "well" : "with an error");
    ck_record(ck, "delivered", "one two", "%s", ck_delivered(ck, stream));
    ck_record(ck, "timeout", "120", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "Timeout-Seconds"));
    ck_record(ck, "resumed from", "0", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "Last-Event-ID"));
}

static void reconnect_before_start(struct cs_case_run *run)
{
    struct ck *ck = opened(run, "", NULL);
    ck_record(ck, "a stream", "none", "%s",
              ck_wait_stream(ck, ck_reconnect(ck)) ? "there is one" : "none");
    ck_settle(ck);
    ck_record(ck, "requests", "0", "%zu", cs_scripted_count(ck_server(ck)));
}

static void aborted_reconnect(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "agent-chat");
    struct ck *ck = opened(run, "out#1: OUT{T 20 one | HOLD}\n",
                           "{\"options\":{\"session\":{\"lastEventId\":\"19\"}}}");
    int stream = ck_reconnect(ck);
    ck_wait_chunks(ck, stream, 1);
    const char *peek = ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 1), "X-Peek-Settled");
    ck_record_flag(ck, "it asks for settled", "agent_reconnect_probes", strcmp(peek, "none") != 0);
    ck_abort(ck, stream);
    ck_wait_over(ck, stream);
    ck_wait_gone(ck, ck_wait_request(ck, CS_TARGET_OUT, 1));
    ck_settle(ck);
    ck_record(ck, "appends", "0", "%llu", ck_count(ck, CS_TARGET_APP));
}

/* The server has not seen the new turn yet and says that all is settled. */
static void settled_too_early(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "agent-chat");
    struct ck *ck = opened(run,
                           "app#1: APP(200,7)\n"
                           "out#1: OUT{AWAIT late; T 1 one; C 2 turn-complete}\n"
                           "out#2: OUT{ | EOF} header X-Session-Settled=true\n",
                           NULL);
    int sent = ck_send(ck, "first");
    ck_wait_request(ck, CS_TARGET_OUT, 1);
    int again = ck_reconnect(ck);
    bool ended = ck_wait_over(ck, again);
    ck_record(ck, "peeks", "1", "%s",
              ck_header(ck, ck_wait_request(ck, CS_TARGET_OUT, 2), "X-Peek-Settled"));
    ck_record(ck, "the resumed stream ends", "well", "%s", ended ? "well" : "with an error");
    ck_record(ck, "and delivers", "", "%s", ck_delivered(ck, again));
    ck_release(ck, "late");
    ck_wait_over(ck, sent);
    ck_record(ck, "the send's own stream delivers", "one", "%s", ck_delivered(ck, sent));
}

static void closed_by_boundary(struct cs_case_run *run)
{
    struct ck *ck = opened(run,
                           "app#1: APP(200,0)\napp#2: APP(200,1)\n"
                           "out#1: OUT{T 0 one; C 1 turn-complete session-closed=true}\n"
                           "out#2: OUT{T 2 two; C 3 turn-complete}\n",
                           NULL);
    int stream = ck_send(ck, "first");
    bool ended = ck_wait_over(ck, stream);
    ck_record(ck, "the turn ends", "well", "%s", ended ? "well" : "with an error");
    ck_record(ck, "turn reports", "1", "%zu", ck_count_told(ck, "turn"));
    int next = ck_send(ck, "second");
    ck_wait_over(ck, next);
    ck_record(ck, "the next one delivers", "two", "%s", ck_delivered(ck, next));
}

/* Aborted while the append has no answer: what is left of it is a stream nobody wants. */
static void aborted_at_once(struct cs_case_run *run)
{
    struct ck *ck =
        opened(run, "app#1: APP(200,0) after aborted\nout#1: OUT{T 0 one | HOLD}\n", NULL);
    int stream = ck_send(ck, "first");
    ck_wait_request(ck, CS_TARGET_APP, 1);
    ck_abort(ck, stream);
    ck_release(ck, "aborted");
    ck_wait_over(ck, stream);
    ck_settle(ck);
    ck_record(ck, "subscriptions", "0", "%llu", ck_count(ck, CS_TARGET_OUT));
    ck_record(ck, "delivered", "", "%s", ck_delivered(ck, stream));
}

/* A stop, and then what the agent still says of the stopped turn. */
static void stopped(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "agent-chat");
    struct ck *ck =
        opened(run,
               "app#1: APP(200,0)\n"
               "out#1: OUT{T 0 one; AWAIT stopped; T 1 tail; C 2 turn-complete | HOLD}\n",
               NULL);
    int stream = ck_send(ck, "first");
    ck_wait_chunks(ck, stream, 1);
    ck_stop(ck);
    ck_wait_request(ck, CS_TARGET_APP, 2);
    ck_release(ck, "stopped");
    ck_settle(ck);
    ck_record_flag(ck, "its stream ends", "stopped_agent_stream_ends", ck_is_over(ck, stream));
    ck_record(ck, "delivered", "one", "%s", ck_delivered(ck, stream));
}

/* One signal for two turns, aborted when both are over. Up to 4.5.16 it posts two stops and loses
 * the third answer; the reference client has no signals. */
static void reused_signal(struct cs_case_run *run)
{
    ck_need_feature(ck_of(run), "signal-of");
    struct ck *ck = opened(run,
                           "app*: APP(200,+)\n"
                           "out#1: OUT{T 0 one; C 1 turn-complete session-in-event-id=0}\n"
                           "out#2: OUT{T 2 two; C 3 turn-complete session-in-event-id=1}\n"
                           "out#3: OUT{T 4 three; C 5 turn-complete | HOLD}\n",
                           NULL);
    int first = ck_send(ck, "first");
    ck_wait_end(ck, first);
    int second = ck_send_with(ck, "second", ck_text(ck, "{\"signalOf\":%d}", first));
    ck_wait_end(ck, second);
    ck_expect_deltas(ck, second, "two");
    ck_abort(ck, first);
    ck_settle(ck);
    uint64_t n = ck_count(ck, CS_TARGET_APP);
    cs_case_check(run, n == 2, "the late abort of two turns that are over posted %llu records",
                  (unsigned long long)n - 2);
    int third = ck_send(ck, "third");
    ck_wait_end(ck, third);
    ck_expect_deltas(ck, third, "three");
}

#define OBSERVED(...) CK_CASE(CS_OBSERVED, "agent-chat", __VA_ARGS__)

const struct cs_case client_agent_chat_stream_cases[] = {
    OBSERVED("dropped", "a connection that is lost in a turn is taken up again", "CAC-14 CAC-15",
             dropped),
    OBSERVED("reconnect-before-start", "before a start there is nothing to reconnect to", "CAC-17",
             reconnect_before_start),
    OBSERVED("aborted-reconnect", "the abort of a resumed stream posts nothing", "CAC-18 CRS-34",
             aborted_reconnect),
    OBSERVED("settled-too-early", "a reconnect right after a send may come back empty", "CAC-19",
             settled_too_early),
    OBSERVED("closed-by-boundary", "a boundary that closes the session is an ordinary end",
             "CAC-23", closed_by_boundary),
    OBSERVED("aborted-at-once", "a stream that is aborted before it begins is not asked for",
             "CAC-25", aborted_at_once),
    {.id = "client/agent-chat/reused-signal",
     .title = "a signal that is aborted when all its turns are over does nothing",
     .requirements = "CST-20",
     .level = CS_SHOULD,
     .run = reused_signal},
    OBSERVED("stopped", "whether a stopped stream ends with the stopped turn", "CST-18", stopped),
    {0},
};
