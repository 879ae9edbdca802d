/* How runs end: told to, cancelled, out of time, out of turns, or by their own wish. */
#include <stdlib.h>

#include "conformance/agent/cases.h"

#define WAITS    "POST /api/v1/runs/*/session-streams/wait"
#define HANDOVER "POST /api/v1/sessions/*/end-and-continue"

/* AGT-TRN-28 */
static void told_to_close(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", NULL);
    (void)ak_wait_hook(ak, agent, "onTurnComplete", 1);
    ak_wait_subscribed(ak);
    ak_settle(ak);
    size_t before = ak_out_count(ak);
    ak_close(ak);
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, agent), "done");
    ak_settle(ak);
    ak_expect_number(ak, "the records after the close", ak_out_count(ak) - before, 0);
    ak_expect_number(ak, "the model's calls", ak_count_prompts(ak, agent), 1);
}

/* AGT-TRN-49. Broken in 4.5.16. */
static void close_after_failure(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", "{'do':{'run':[{'throw':'no'}]}}");
    (void)ak_wait_hook(ak, agent, "onTurnComplete", 1);
    ak_wait_subscribed(ak);
    ak_settle(ak);
    size_t before = ak_out_count(ak);
    ak_close(ak);
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, agent), "done");
    ak_settle(ak);
    ak_expect_number(ak, "the records after the close", ak_out_count(ak) - before, 0);
    ak_expect_number(ak, "the calls of run", ak_count_hooks(ak, agent, "run"), 1);
}

/* AGT-TRN-50 */
static void close_is_read_again(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_close(ak);
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, agent), "done");
    size_t before = ak_out_count(ak);
    int next = ak_continue(ak, "plain");
    ak_settle(ak);
    ak_message(ak, "still there?", NULL);
    const char *end = ak_wait_end(ak, next);
    ak_settle(ak);
    ak_record_fact(ak, "agent.continuation_after_close", "done, 0 records", "%s, %zu records", end,
                   ak_out_count(ak) - before);
}

/* AGT-TRN-31 */
static void cancelled(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent =
        ak_boot(ak, "plain", "hello", "{'script':[[{'text':'begun','delta':1},{'gate':'never'}]]}");
    ak_wait_word(ak, "text-delta");
    (void)ak_wait_note(ak, agent, "gate");
    ak_abort(ak, agent);
    (void)ak_wait_end(ak, agent);
    ak_settle(ak);
    cs_case_check(run, strstr(ak_notation(ak, 0), "TC") == NULL,
                  "a cancelled run has completed its turn: %s", ak_notation(ak, 0));
}

/* "3600s" or "1h", as seconds. */
static unsigned long seconds_of(const char *json)
{
    char *unit = NULL;
    unsigned long n = strtoul(*json == '"' ? json + 1 : json, &unit, 10);
    return *unit == 'h' ? n * 3600 : *unit == 'm' ? n * 60 : n;
}

/* AGT-TRN-32 */
static void suspended(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "impatient", "hello", NULL);
    const struct ak_request *wait = ak_wait_request(ak, WAITS, 1);
    ak_expect_number(ak, "the seconds that the run waits at most",
                     seconds_of(ak_request_member(ak, wait, "timeout")), 3600);
    ak_wait_suspended(ak, agent);
    ak_expect(ak, "onChatSuspend", ak_wait_hook(ak, agent, "onChatSuspend", 1), "phase", "'turn'");
    ak_expect_number(ak, "the calls of onChatResume while suspended",
                     ak_count_hooks(ak, agent, "onChatResume"), 0);
    size_t before = ak_out_count(ak);
    ak_message(ak, "wake up", "{'script':[[{'text':'awake'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect(ak, "onChatResume", ak_wait_hook(ak, agent, "onChatResume", 1), "phase", "'turn'");
    ak_expect_text(ak, "the answer", ak_out_text(ak, before), "awake");
}

/* AGT-TRN-32: nobody comes any more. */
static void expired(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_hold_wakes(ak);
    int agent = ak_boot(ak, "impatient", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_suspended(ak, agent);
    ak_settle(ak);
    size_t before = ak_out_count(ak);
    ak_wake_as(ak, agent,
               "{'type':'BUILT_IN_ERROR','name':'Error','message':'Waitpoint timed out',"
               "'stackTrace':''}",
               true);
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, agent), "done");
    ak_settle(ak);
    ak_expect_number(ak, "the records after the time was up", ak_out_count(ak) - before, 0);
}

/* AGT-TRN-33. Broken in all versions. */
static void out_of_turns(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "max-turns", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "second", NULL);
    ak_wait_turns(ak, 2);
    ak_message(ak, "third", NULL);
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, agent), "done");
    ak_settle(ak);
    bool answered = strstr(ak_notation(ak, ak_turn_index(ak, 2) + 1), "TC") != NULL;
    cs_case_check(run, answered || ak_count(ak, HANDOVER) > 0,
                  "the message after the last turn is neither answered nor handed over");
}

/* AGT-TRN-39 */
static void by_its_own_wish(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello",
                        "{'script':[[{'text':'the last'}]],'do':{'run':[{'call':'chat.endRun'}]}}");
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, agent), "done");
    ak_expect_out(ak, 0, "start ... finish TC");
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "the last");
    ak_expect_number(ak, "the calls of onTurnComplete", ak_count_hooks(ak, agent, "onTurnComplete"),
                     1);
    ak_settle(ak);
    ak_expect_out(ak, ak_turn_index(ak, 1), "TC");
    ak_expect_number(ak, "the waits", ak_count(ak, WAITS), 0);
    ak_expect_number(ak, "the handovers", ak_count(ak, HANDOVER), 0);
    ak_expect_number(ak, "the closes", ak_count(ak, "POST /api/v1/sessions/*/close"), 0);
}

const struct cs_case agent_turn_end_cases[] = {
    {"agent/turn/close", "a close between turns ends the run without a word", "AGT-TRN-28", CS_MUST,
     0, 0, told_to_close},
    {"agent/turn/close-after-failure", "a close after a failed turn ends the run too", "AGT-TRN-49",
     CS_MUST, 0, 0, close_after_failure},
    {"agent/turn/close-is-read-again", "what a continuation makes of the close that ended a run",
     "AGT-TRN-50", CS_OBSERVED, 0, 0, close_is_read_again},
    {"agent/turn/cancelled", "a cancelled run does not complete its turn", "AGT-TRN-31", CS_MUST, 0,
     0, cancelled},
    {"agent/turn/suspended", "an idle run suspends, and is woken by a message", "AGT-TRN-32",
     CS_MUST, 0, 0, suspended},
    {"agent/turn/expired", "a suspended run whose time is up ends without a word", "AGT-TRN-32",
     CS_MUST, 0, 0, expired},
    {"agent/turn/out-of-turns", "the message after the last turn is not lost", "AGT-TRN-33",
     CS_MUST, 0, 0, out_of_turns},
    {"agent/turn/end-run", "chat.endRun lets the turn finish and then ends the run", "AGT-TRN-39",
     CS_MUST, 0, 0, by_its_own_wish},
    {0},
};
