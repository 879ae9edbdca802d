/* Fast starts as the agent sees them: a preloaded run, and a run that waits for what Head Start
 * hands over. */
#include "conformance/agent/cases.h"

#define ANSWER  "start start-step text-start text-delta+ text-end finish-step finish"
#define PRELOAD "{'trigger':'preload'}"
/* What a handler leaves: its step was the whole answer, or ended with a call. */
#define FINAL                                                                             \
    "{'kind':'handover','messageId':'warm-1','isFinal':true,'partialAssistantMessage':[{" \
    "'role':'assistant','content':[{'type':'text','text':'warm'}]}]}"
#define PENDING                                                                                 \
    "{'kind':'handover','messageId':'warm-1','isFinal':false,'partialAssistantMessage':[{"      \
    "'role':'assistant','content':[{'type':'tool-call','toolCallId':'call1','toolName':'look'," \
    "'input':{}},{'type':'tool-approval-request','approvalId':'handover-approval-1',"           \
    "'toolCallId':'call1'}]},{'role':'tool','content':[{'type':'tool-approval-response',"       \
    "'approvalId':'handover-approval-1','approved':true}]}]}"

/* ---- preload ---- */

static int preload(struct ak *ak, const char *agent)
{
    int r = ak_run(ak, agent, PRELOAD, NULL);
    ak_wait_hook(ak, r, "onPreload", 1);
    ak_wait_subscribed(ak);
    return r;
}

/* AGT-FST-01, AGT-FST-02 */
static void preloaded(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = preload(ak, "plain");
    ak_settle(ak);
    ak_expect_text(ak, "the hooks before a message", ak_hooks(ak, r), "onBoot onPreload");
    ak_expect(ak, "onBoot", ak_hook(ak, r, "onBoot", 1), "preloaded", "true");
    ak_expect_out(ak, 0, "");
    ak_message(ak, "hello", "{}");
    const cJSON *started = ak_wait_hook(ak, r, "onChatStart", 1);
    ak_expect(ak, "onChatStart", started, "preloaded", "true");
    ak_wait_turns(ak, 1);
    ak_expect_text(ak, "the prompt", ak_prompt(ak, r, 1), "user: hello");
    ak_expect_out(ak, 0, ANSWER " TC{session-in-event-id=0}");
}

/* AGT-FST-03 */
static void stopped(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = preload(ak, "plain");
    ak_stop(ak);
    ak_message(ak, "hello", "{'script':[[{'text':'one'},{'gate':'go'},{'text':'two'}]]}");
    ak_wait_word(ak, "text-delta");
    ak_settle(ak);
    ak_open(ak, "go");
    const cJSON *ended = ak_wait_hook(ak, r, "onTurnComplete", 1);
    ak_expect(ak, "onTurnComplete", ended, "stopped", "false");
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "onetwo");
    ak_expect_header(ak, ak_turn_complete(ak, 1), "session-in-event-id", "1");
}

/* AGT-FST-04; that a preloaded run answers a message is shown above. */
static void closed(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = preload(ak, "plain");
    ak_close(ak);
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, r), "done");
    ak_expect_out(ak, 0, "");
}

/* AGT-FST-05 */
static void out_of_memory(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = preload(ak, "oom");
    ak_message(ak, "hello", "{'do':{'run':[{'oom':true}]}}");
    const char *end = ak_wait_end(ak, r);
    if (strcmp(end, "done") == 0) {
        cs_case_fail(run, "the run did not end for want of memory");
    }
    ak_expect_number(ak, "turns before the retry", ak_count_prompts(ak, r), 0);
    ak_expect_out(ak, 0, "");
    int again = ak_retry(ak, r);
    ak_wait_hook(ak, again, "run", 1);
    ak_expect(ak, "run", ak_hook(ak, again, "run", 1), "messages.0.content.0.text", "'hello'");
}

/* ---- handover ---- */

static int await_handover(struct ak *ak, const char *agent)
{
    return ak_run(ak, agent,
                  ak_text(ak,
                          "{'trigger':'handover-prepare','headStartMessages':[%s],"
                          "'idleTimeoutInSeconds':60}",
                          ak_user_message(ak, "hello")),
                  NULL);
}

/* AGT-FST-20, AGT-FST-21 */
static void whole_answer(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = await_handover(ak, "tools");
    ak_wait_hook(ak, r, "onBoot", 1);
    ak_wait_subscribed(ak);
    ak_settle(ak);
    ak_expect_text(ak, "the hooks before the handover", ak_hooks(ak, r), "onBoot");
    ak_expect_out(ak, 0, "");
    ak_append(ak, FINAL);
    const cJSON *ended = ak_wait_hook(ak, r, "onTurnComplete", 1);
    ak_expect_text(ak, "the hooks", ak_hooks(ak, r),
                   "onBoot onChatStart onTurnStart onBeforeTurnComplete onTurnComplete");
    ak_expect(ak, "onTurnComplete", ended, "responseMessage.id", "'warm-1'");
    ak_expect(ak, "onTurnComplete", ended, "responseMessage.parts.0.text", "'warm'");
    ak_expect(ak, "onTurnComplete", ended, "uiMessages.0.parts.0.text", "'hello'");
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, r), 0);
    ak_expect_out(ak, 0, "TC");
    ak_message(ak, "more", "{}");
    ak_expect_text(ak, "the next prompt", ak_prompt(ak, r, 1),
                   "user: hello\nassistant: warm\nuser: more");
}

/* AGT-FST-22: a known defect beside the model library of every version at hand, which is the proof
 * that the case can fail. */
static void pending_call(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = await_handover(ak, "tools");
    ak_wait_subscribed(ak);
    ak_append(ak, PENDING);
    ak_wait_turns(ak, 1);
    ak_expect(ak, "start", ak_out(ak, 0)->chunk, "messageId", "'warm-1'");
    ak_expect_number(ak, "notes of the tool, called and done", ak_count_notes(ak, r, "tool:look"),
                     2);
    ak_expect_out(ak, 0,
                  "start tool-output-available start-step text-start text-delta+ text-end "
                  "finish-step finish TC");
}

/* AGT-FST-27: the tail is there when the call comes to something, whatever the model library makes
 * of it (AGT-FST-22). */
static void keeps_the_tail(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = await_handover(ak, "head-start-prepare");
    ak_wait_subscribed(ak);
    ak_append(ak, PENDING);
    ak_wait_turns(ak, 1);
    if (ak_count_hooks(ak, r, "prepareMessages") == 0) {
        cs_case_fail(run, "prepareMessages was not called");
    }
    const char *out = ak_notation(ak, 0);
    if (!strstr(out, "tool-output-available") && !strstr(out, "tool-output-denied")) {
        cs_case_fail_diff(run, "tool-output-available, or tool-output-denied", out,
                          "nothing came of the call that was handed over");
    }
}

/* AGT-FST-23 */
static void skipped(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = await_handover(ak, "tools");
    ak_wait_hook(ak, r, "onBoot", 1);
    ak_wait_subscribed(ak);
    ak_append(ak, "{'kind':'handover-skip'}");
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, r), "done");
    ak_expect_text(ak, "the hooks", ak_hooks(ak, r), "onBoot");
    ak_expect_out(ak, 0, "");
}

/* AGT-FST-24: nobody is awaited for ever where the platform ends the wait. */
static void nobody_came(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_hold_wakes(ak);
    int r = await_handover(ak, "impatient");
    ak_wait_suspended(ak, r);
    ak_expect_text(ak, "the hooks before the end", ak_hooks(ak, r), "onBoot");
    ak_record_fact(
        ak, "timeout of the wait", "nothing", "%s",
        ak_request_member(ak, ak_request(ak, "POST */session-streams/wait", 1), "timeout"));
    ak_wake_as(ak, r, "{'message':'the time is up'}", true);
    ak_expect_text(ak, "the run's end", ak_wait_end(ak, r), "done");
    ak_expect_text(ak, "the hooks", ak_hooks(ak, r), "onBoot");
    ak_expect_out(ak, 0, "");
}

/* AGT-FST-26 */
static void left_behind(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_append(ak, FINAL);
    int r = ak_continue(ak, "tools");
    ak_wait_subscribed(ak);
    ak_message(ak, "hello", "{}");
    ak_expect_text(ak, "the prompt", ak_prompt(ak, r, 1), "user: hello");
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0, ANSWER " TC");
    if (strcmp(ak_member(ak, ak_out(ak, 0)->chunk, "messageId"), "\"warm-1\"") == 0) {
        cs_case_fail(run, "the answer has the id of the handover that was left behind");
    }
}

const struct cs_case agent_fast_start_cases[] = {
    {"agent/fast-start/preload", "a preloaded run waits in silence and answers the first message",
     "AGT-FST-01 AGT-FST-02", CS_MUST, 0, 0, preloaded},
    {"agent/fast-start/preload-stop", "a stop before the first message is dropped", "AGT-FST-03",
     CS_MUST, 0, 0, stopped},
    {"agent/fast-start/preload-close", "a close before the first message ends the run in silence",
     "AGT-FST-04", CS_MUST, 0, 0, closed},
    {"agent/fast-start/preload-oom", "a retry of a preloaded run answers what was in flight",
     "AGT-FST-05", CS_MUST, 0, 0, out_of_memory},
    {"agent/fast-start/handover-final", "a whole answer is handed over: hooks, and no call",
     "AGT-FST-20 AGT-FST-21", CS_MUST, 0, 0, whole_answer},
    {"agent/fast-start/handover-tool", "a pending call is handed over: the agent makes it",
     "AGT-FST-22", CS_MUST, 0, 0, pending_call},
    {"agent/fast-start/handover-prepare", "prepareMessages cannot take away what was handed over",
     "AGT-FST-27", CS_SHOULD, 0, 0, keeps_the_tail},
    {"agent/fast-start/handover-skip", "handover-skip ends the run in silence", "AGT-FST-23",
     CS_MUST, 0, 0, skipped},
    {"agent/fast-start/handover-timeout", "a run that is handed nothing ends in silence",
     "AGT-FST-24", CS_MUST, 0, 0, nobody_came},
    {"agent/fast-start/handover-old", "a later run does not take up an old handover", "AGT-FST-26",
     CS_MUST, 0, 0, left_behind},
    {0},
};
