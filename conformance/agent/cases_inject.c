/* Work beside a turn (chat.defer, chat.deferBeforeOutput) and what is injected into the
 * conversation (chat.inject). */
#include "conformance/agent/cases.h"

#define ANSWER "start start-step text-start text-delta+ text-end finish-step finish"
/* What the runtime gives deferred work before it goes on, and what a busy machine may add. */
#define CAP_MS      5000
#define CAP_EARLY   500
#define CAP_LATE    2500
#define GATE_CAP_MS 10000
/* What is injected: in the conversation, or as instructions. */
#define NOTED     "{'call':'chat.inject','args':[[{'role':'user','content':'noted'}]]}"
#define INSTRUCTS "{'call':'chat.inject','args':[[{'role':'system','content':'be brief'}]]}"

/* ---- deferred work ---- */

/* AGT-INJ-01, AGT-INJ-02 */
static void runs_beside(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "plain", "hello",
                    "{'script':[[{'text':'one'}]],'do':{'run':[{'defer':[{'gate':'work'}]}]}}");
    ak_wait_word(ak, "finish");
    ak_settle(ak);
    ak_expect_out(ak, 0, ANSWER);
    ak_expect_number(ak, "calls of onBeforeTurnComplete while the work goes on",
                     ak_count_hooks(ak, r, "onBeforeTurnComplete"), 0);
    ak_open(ak, "work");
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0, ANSWER " TC");
    ak_expect_number(ak, "calls of onBeforeTurnComplete",
                     ak_count_hooks(ak, r, "onBeforeTurnComplete"), 1);
}

static void expect_span(struct ak *ak, struct cs_case_run *run, const char *what, int64_t took,
                        int64_t cap)
{
    ak_record_fact(ak, what, "", "%lld ms", (long long)took);
    if (took < cap - CAP_EARLY) {
        cs_case_fail(run, "%s after %lld ms, which is too early: work has %lld ms", what,
                     (long long)took, (long long)cap);
    }
    if (took > cap + (int64_t)CAP_LATE * cs_case_scale(run)) {
        cs_case_fail(run, "%s after %lld ms, which is too late: work has %lld ms", what,
                     (long long)took, (long long)cap);
    }
}

/* AGT-INJ-01 */
static void is_given_up(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "plain", "hello",
                    "{'script':[[{'text':'one'}]],'do':{'run':[{'defer':[{'gate':'never'}]}]}}");
    size_t last = ak_wait_word(ak, "finish");
    ak_be_patient(ak, CAP_MS + CAP_LATE);
    ak_wait_turns(ak, 1);
    ak_expect_number(ak, "works begun", ak_count_notes(ak, r, "defer"), 1);
    expect_span(ak, run, "the turn ended", ak_turn_complete(ak, 1)->at_ms - ak_out(ak, last)->at_ms,
                CAP_MS);
    ak_expect_out(ak, 0, ANSWER " TC");
}

/* AGT-INJ-03 */
static void fails_alone(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "plain", "hello",
                    "{'script':[[{'text':'one'}]],'do':{'run':[{'defer':[{'throw':'no'}]}]}}");
    const cJSON *ended = ak_wait_hook(ak, r, "onTurnComplete", 1);
    ak_expect_number(ak, "works begun and failed", ak_count_notes(ak, r, "defer"), 2);
    ak_expect_out(ak, 0, ANSWER " TC");
    ak_expect(ak, "onTurnComplete", ended, "finishReason", "'stop'");
    ak_expect_text(ak, "the error that onTurnComplete is given", ak_member(ak, ended, "error"),
                   "nothing");
    ak_message(ak, "more", "{}");
    ak_wait_turns(ak, 2);
}

/* AGT-INJ-04 */
static void outlives_the_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r =
        ak_boot(ak, "plain", "hello", "{'do':{'onTurnComplete':[{'defer':[{'gate':'work'}]}]}}");
    ak_wait_turns(ak, 1);
    ak_wait_note(ak, r, "defer");
    ak_message(ak, "more", "{}");
    ak_wait_prompt(ak, r, 2);
    ak_wait_word(ak, "TC");
    ak_expect_number(ak, "notes of the work, which goes on", ak_count_notes(ak, r, "defer"), 1);
    ak_open(ak, "work");
    ak_wait_turns(ak, 2);
}

/* AGT-INJ-13 */
static void holds_the_answer(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_need_feature(ak, "chat.deferBeforeOutput");
    int r = ak_boot(ak, "plain", "hello",
                    "{'script':[[{'text':'one'}]],"
                    "'do':{'onTurnStart':[{'deferBeforeOutput':[{'gate':'work'}]}]}}");
    ak_wait_prompt(ak, r, 1);
    ak_settle(ak);
    ak_expect_out(ak, 0, "");
    ak_expect_number(ak, "notes of the work, which goes on",
                     ak_count_notes(ak, r, "deferBeforeOutput"), 1);
    ak_open(ak, "work");
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0, ANSWER " TC");
}

/* AGT-INJ-14 */
static void lets_go_on_failure(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_need_feature(ak, "chat.deferBeforeOutput");
    int r = ak_boot(ak, "plain", "hello",
                    "{'script':[[{'text':'one'}]],'do':{'onTurnStart':"
                    "[{'deferBeforeOutput':[{'gate':'work'},{'throw':'no'}]}]}}");
    ak_wait_prompt(ak, r, 1);
    ak_settle(ak);
    ak_expect_out(ak, 0, "");
    ak_open(ak, "work");
    ak_wait_turns(ak, 1);
    ak_expect_number(ak, "works begun and failed", ak_count_notes(ak, r, "deferBeforeOutput"), 2);
    ak_expect_out(ak, 0, ANSWER " TC");
}

/* AGT-INJ-14 */
static void lets_go_in_time(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_need_feature(ak, "chat.deferBeforeOutput");
    int r = ak_boot(ak, "plain", "hello",
                    "{'script':[[{'text':'one'}]],'do':{'onTurnStart':"
                    "[{'deferBeforeOutput':[{'gate':'never'}]}]}}");
    ak_wait_prompt(ak, r, 1);
    int64_t asked = ak_now(ak);
    ak_settle(ak);
    ak_be_patient(ak, GATE_CAP_MS + CAP_LATE);
    ak_wait_word(ak, "start");
    expect_span(ak, run, "the answer began", ak_out(ak, 0)->at_ms - asked, GATE_CAP_MS);
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0, ANSWER " TC");
}

/* ---- injections ---- */

/* AGT-INJ-05, AGT-INJ-06 */
static void joins_the_conversation(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "plain", "hello", "{'do':{'onTurnComplete':[" NOTED "]}}");
    ak_wait_note(ak, r, "chat.inject");
    ak_settle(ak);
    ak_expect_out(ak, 0, ANSWER " TC");
    ak_message(ak, "more", "{}");
    ak_expect_text(ak, "the next prompt", ak_prompt(ak, r, 2),
                   "user: hello\nassistant: ok\nuser: more\nuser: noted");
    ak_wait_hook(ak, r, "onTurnComplete", 2);
    ak_expect_out(
        ak, ak_turn_index(ak, 1) + 1,
        ak_text(ak, ANSWER " TC trim(%llu)", (unsigned long long)ak_turn_complete(ak, 1)->seq));
    ak_message(ak, "again", "{}");
    ak_expect_text(ak, "the prompt after that", ak_prompt(ak, r, 3),
                   "user: hello\nassistant: ok\nuser: more\nuser: noted\nassistant: ok\n"
                   "user: again");
}

static bool is_instructed(struct ak *ak, int run, size_t n)
{
    return strstr(ak_member(ak, ak_wait_prompt(ak, run, n), "system"), "be brief") != NULL;
}

/* AGT-INJ-07; up to 4.5.16 it is an inline system message that stays. */
static void instructs_once(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "plain", "hello", "{'do':{'onTurnComplete':[" INSTRUCTS "]}}");
    ak_wait_note(ak, r, "chat.inject");
    ak_message(ak, "more", "{}");
    if (!is_instructed(ak, r, 2)) {
        cs_case_fail(run, "the next prompt has no such instructions");
    }
    ak_wait_turns(ak, 2);
    ak_message(ak, "again", "{}");
    bool stays = is_instructed(ak, r, 3);
    bool lane = cs_case_fact(run, "injected_instructions_stay") == 0;
    ak_record_flag(ak, "instructions stay", "injected_instructions_stay", stays);
    if (stays && lane) {
        cs_case_fail(run, "the instructions of one turn are still there in the turn after it");
    }
}

/* AGT-INJ-08; its accepted twin is the case above. */
static void instructs_the_managed(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r =
        ak_boot(ak, "unmanaged", "hello", "{'do':{'onTurnComplete':[" INSTRUCTS "," NOTED "]}}");
    ak_wait_hook(ak, r, "onTurnComplete", 1);
    ak_message(ak, "more", "{}");
    ak_expect_text(ak, "the next prompt", ak_prompt(ak, r, 2),
                   "user: hello\nassistant: ok\nuser: more\nuser: noted");
    if (is_instructed(ak, r, 2)) {
        cs_case_fail(run,
                     "instructions reach a model that was asked without the runtime's options");
    }
}

/* AGT-INJ-09 */
static void idles_meanwhile(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "plain", "hello",
                    "{'do':{'onTurnComplete':[{'defer':[{'gate':'later'}," NOTED "]}]}}");
    ak_wait_hook(ak, r, "onTurnComplete", 1);
    ak_wait_subscribed(ak);
    ak_settle(ak);
    ak_expect_number(ak, "injections before the gate", ak_count_notes(ak, r, "chat.inject"), 0);
    ak_open(ak, "later");
    ak_wait_note(ak, r, "chat.inject");
    ak_message(ak, "more", "{}");
    ak_expect_text(ak, "the next prompt", ak_prompt(ak, r, 2),
                   "user: hello\nassistant: ok\nuser: more\nuser: noted");
}

/* AGT-INJ-10, AGT-INJ-11 */
static void joins_at_the_next_step(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "tools", "hello",
                    "{'script':[[{'tool':'look','id':'call1'}],[{'text':'done'}]],"
                    "'do':{'tool:look':[" NOTED "]}}");
    ak_expect_text(ak, "the next step's prompt", ak_prompt(ak, r, 2),
                   "user: hello\nassistant: [tool-call]\ntool: [tool-result]\nuser: noted");
    ak_wait_turns(ak, 1);
}

static void tells_of_the_injection(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "tools", "hello",
                    "{'script':[[{'tool':'look','id':'call1'}],[{'text':'done'}]],"
                    "'do':{'tool:look':[" NOTED "]}}");
    ak_wait_note(ak, r, "chat.inject");
    ak_wait_turns(ak, 1);
    ak_record_flag(ak, "a part tells of it", "background_injected_part",
                   strstr(ak_notation(ak, 0), "data-background-injected") != NULL);
}

/* AGT-INJ-12 */
static void survives_the_run(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = ak_boot(ak, "plain", "hello", "{'do':{'onTurnComplete':[" NOTED "]}}");
    ak_wait_note(ak, first, "chat.inject");
    ak_wait_request(ak, "PUT */snapshot-url*", 1);
    ak_wait_stored(ak, "noted");
    ak_kill(ak);
    int second = ak_continue(ak, "plain");
    ak_message(ak, "more", "{}");
    ak_expect_text(ak, "the prompt of the next run", ak_prompt(ak, second, 1),
                   "user: hello\nassistant: ok\nuser: more\nuser: noted");
}

/* AGT-INJ-15 */
static void waits_for_the_approval(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "hitl", "hello",
                    "{'script':[[{'tool':'approve','id':'call1'}]],"
                    "'do':{'onTurnComplete':[" NOTED "]}}");
    ak_wait_note(ak, r, "chat.inject");
    size_t at = ak_wait_word(ak, "tool-approval-request");
    const char *approval = ak_member(ak, ak_out(ak, at)->chunk, "approvalId");
    const char *id = ak_member(ak, ak_out(ak, 0)->chunk, "messageId");
    ak_submit(ak, NULL,
              ak_text(ak,
                      "{'id':%s,'role':'assistant','parts':[{'type':'tool-approve',"
                      "'toolCallId':'call1','state':'approval-responded','input':{},"
                      "'approval':{'id':%s,'approved':true}}]}",
                      id, approval),
              "{}");
    const char *prompt = ak_prompt(ak, r, 2);
    ak_expect_number(ak, "notes of the tool, which runs once it is approved",
                     ak_count_notes(ak, r, "tool:approve"), 2);
    ak_expect_text(ak, "the prompt after the approval", prompt,
                   "user: hello\nassistant: [tool-call]\ntool: [tool-result]\nuser: noted");
}

const struct cs_case agent_inject_cases[] = {
    {"agent/inject/defer-beside", "deferred work holds back the end of the turn, not its records",
     "AGT-INJ-01 AGT-INJ-02", CS_MUST, 0, 0, runs_beside},
    {"agent/inject/defer-cap", "deferred work is given 5 s and no more", "AGT-INJ-01", CS_MUST, 0,
     0, is_given_up},
    {"agent/inject/defer-fails", "deferred work that fails leaves the turn as it is", "AGT-INJ-03",
     CS_MUST, 0, 0, fails_alone},
    {"agent/inject/defer-after-turn", "the next turn does not wait for what onTurnComplete defers",
     "AGT-INJ-04", CS_MUST, 0, 0, outlives_the_turn},
    {"agent/inject/conversation",
     "an injected message joins after the next user message, and stays", "AGT-INJ-05 AGT-INJ-06",
     CS_MUST, 0, 0, joins_the_conversation},
    {"agent/inject/instructions", "injected instructions hold for the next turn only", "AGT-INJ-07",
     CS_MUST, 0, 0, instructs_once},
    {"agent/inject/instructions-unmanaged", "they do not reach a model asked without the options",
     "AGT-INJ-08", CS_MUST, 0, 0, instructs_the_managed},
    {"agent/inject/idle", "what is injected while the run idles is used by the next turn",
     "AGT-INJ-09", CS_MUST, 0, 0, idles_meanwhile},
    {"agent/inject/by-tool", "what a tool injects joins at the next step", "AGT-INJ-10", CS_MUST, 0,
     0, joins_at_the_next_step},
    {"agent/inject/by-tool-part", "a part tells of an injection within the turn", "AGT-INJ-11",
     CS_OBSERVED, 0, 0, tells_of_the_injection},
    {"agent/inject/stored", "what is injected and not yet used is used by the next run",
     "AGT-INJ-12", CS_MUST, 0, 0, survives_the_run},
    {"agent/inject/before-output", "no record of the answer while the work before it goes on",
     "AGT-INJ-13", CS_MUST, 0, 0, holds_the_answer},
    {"agent/inject/before-output-fails", "the answer comes when that work fails",
     "AGT-INJ-13 AGT-INJ-14", CS_MUST, 0, 0, lets_go_on_failure},
    {"agent/inject/before-output-cap", "the answer comes after 10 s at the latest", "AGT-INJ-14",
     CS_MUST, 0, 0, lets_go_in_time},
    {"agent/inject/approval", "an injection waits until the approved tool has run", "AGT-INJ-15",
     CS_SHOULD, 0, 0, waits_for_the_approval},
    {0},
};
