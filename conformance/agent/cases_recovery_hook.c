/* Recovery boots: what onRecoveryBoot is told and may decide, and which turns follow. */
#include "conformance/agent/cases.h"
#include "conformance/agent/kit_past.h"

#define SAYS(text) "{'script':[[{'text':'" text "'}]]}"

/* One settled turn, and one that died half-way with so many messages open from its own on. */
static void died_with(struct ak *ak, size_t open)
{
    ak_past_user(ak, AK_USER("u1", "one"), SAYS("again"));
    ak_past_answer(ak, "a1", "first");
    uint64_t stored = ak_past_boundary(ak, 0);
    ak_past_transcript(ak, "[" AK_USER("u1", "one") "," AK_ASSISTANT("a1", "first") "]",
                       (int64_t)stored, 0);
    ak_past_partial(ak, "a2", "half");
    if (open > 0) {
        ak_past_user(ak, AK_USER("u2", "two"), SAYS("second"));
    }
    if (open > 1) {
        ak_past_user(ak, AK_USER("u3", "three"), SAYS("third"));
    }
}

#define SETTLED "user: one\nassistant: first\n"

/* AGT-REC-07 */
static void partial_calls_hook(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 1);
    int next = ak_continue(ak, "recovery");
    ak_wait_hook(ak, next, "onRecoveryBoot", 1);
    ak_ask_last(ak, "last");
    ak_expect_number(ak, "calls of onRecoveryBoot", ak_count_hooks(ak, next, "onRecoveryBoot"), 1);
}

/* AGT-REC-07, AGT-REC-08: the same but for an answer that was finished. */
static void open_users_alone(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_past_user(ak, AK_USER("u1", "one"), NULL);
    ak_past_answer(ak, "a1", "first");
    ak_past_boundary(ak, 0);
    ak_past_user(ak, AK_USER("u2", "two"), SAYS("second"));
    int next = ak_continue(ak, "recovery");
    ak_wait_turns(ak, 1);
    ak_expect_number(ak, "calls of onRecoveryBoot", ak_count_hooks(ak, next, "onRecoveryBoot"), 0);
    ak_expect_number(ak, "calls of onBoot", ak_count_hooks(ak, next, "onBoot"), 1);
}

/* AGT-REC-08 */
static void fresh_chat(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = ak_boot(ak, "recovery", "hello", NULL);
    ak_wait_hook(ak, first, "onTurnComplete", 1);
    ak_expect_text(ak, "the hooks", ak_hooks(ak, first),
                   "onBoot onChatStart onTurnStart run onBeforeTurnComplete onTurnComplete");
}

/* AGT-REC-08 */
static void after_upgrade(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = ak_boot(ak, "recovery", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "upgrade",
               "{'do':{'onTurnStart':[{'call':'chat.requestUpgrade',"
               "'when':{'continuation':false}}]},'script':[[{'text':'ok'}]]}");
    ak_expect_text(ak, "the end of the first run", ak_wait_end(ak, first), "done");
    int next = ak_continue(ak, "recovery");
    ak_message(ak, "last", SAYS("last"));
    ak_wait_hook(ak, next, "onTurnComplete", 1);
    ak_expect_number(ak, "calls of onRecoveryBoot", ak_count_hooks(ak, next, "onRecoveryBoot"), 0);
    ak_expect_number(ak, "calls of onBoot", ak_count_hooks(ak, next, "onBoot"), 1);
}

/* AGT-REC-09 */
static void event(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 2);
    ak_seed_chunk(ak, "{'type':'tool-input-start','toolCallId':'call1','toolName':'look'}");
    ak_seed_chunk(ak, "{'type':'tool-input-available','toolCallId':'call1','toolName':'look',"
                      "'input':{'at':'it'}}");
    int next = ak_continue(ak, "recovery");
    const cJSON *told = ak_wait_hook(ak, next, "onRecoveryBoot", 1);
    const char *what = "onRecoveryBoot";
    ak_expect(ak, what, told, "cause", "'unknown'");
    ak_expect(ak, what, told, "previousRunId", "'run_previous'");
    ak_expect(ak, what, told, "settledMessages.0.id", "'u1'");
    ak_expect(ak, what, told, "settledMessages.1.id", "'a1'");
    ak_expect_text(ak, "more settled messages", ak_member(ak, told, "settledMessages.2"),
                   "nothing");
    ak_expect(ak, what, told, "inFlightUsers",
              "[" AK_USER("u2", "two") "," AK_USER("u3", "three") "]");
    ak_expect(ak, what, told, "partialAssistant.id", "'a2'");
    ak_expect(ak, what, told, "partialAssistant.role", "'assistant'");
    ak_expect(ak, what, told, "partialAssistant.parts",
              "[{'type':'step-start'},{'type':'text','text':'half','state':'done'}]");
    ak_expect(ak, what, told, "pendingToolCalls",
              "[{'toolCallId':'call1','toolName':'look','input':{'at':'it'},'partIndex':2}]");
}

/* AGT-REC-10 */
static void partial_and_two_users(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 2);
    int next = ak_continue(ak, "recovery");
    ak_expect_text(ak, "the prompt", ak_prompt(ak, next, 1),
                   SETTLED "user: two\nassistant: half\nuser: three");
    ak_ask_last(ak, " last");
    ak_expect_text(ak, "what was said first", ak_text(ak, "%.5s", ak_out_text(ak, 0)), "third");
}

/* AGT-REC-11 */
static void partial_and_one_user(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 1);
    int next = ak_continue(ak, "recovery");
    ak_expect_text(ak, "the prompt", ak_prompt(ak, next, 1), SETTLED "user: two");
    ak_ask_last(ak, " last");
    ak_expect_text(ak, "what was said first", ak_text(ak, "%.6s", ak_out_text(ak, 0)), "second");
}

/* AGT-REC-12 */
static void partial_and_no_user(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 0);
    int next = ak_continue(ak, "recovery");
    ak_wait_hook(ak, next, "onRecoveryBoot", 1);
    ak_wait_subscribed(ak);
    ak_settle(ak);
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, next), 0);
    ak_expect_text(ak, "the records", ak_notation(ak, 0), "");
    ak_ask_last(ak, "last");
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "last");
}

/* AGT-REC-13 */
static void hook_before_boot(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 1);
    int next = ak_continue(ak, "recovery-writes");
    ak_wait_hook(ak, next, "onBoot", 1);
    ak_expect_text(ak, "the hooks", ak_text(ak, "%.21s", ak_hooks(ak, next)),
                   "onRecoveryBoot onBoot");
    ak_ask_last(ak, " last");
    ak_expect_out(ak, 0, "data-recovered start ... finish TC ...");
    ak_expect(ak, "the hook's record", ak_out(ak, 0)->chunk, "data", "{'by':'onRecoveryBoot'}");
}

/* ---- AGT-REC-14 ---- */

/* The default chain would hold the partial. */
static void chain_overrules(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 2);
    int next = ak_continue(ak, "recovery-chain");
    ak_wait_hook(ak, next, "onRecoveryBoot", 1);
    ak_expect_text(ak, "the prompt", ak_prompt(ak, next, 1), SETTLED "user: three");
}

static void turns_overrule(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 2);
    int next = ak_continue(ak, "recovery-turns");
    ak_wait_hook(ak, next, "onRecoveryBoot", 1);
    ak_expect_text(ak, "the prompt", ak_prompt(ak, next, 1), SETTLED "user: made by the hook");
    ak_ask_last(ak, "last");
}

static void no_turns(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 2);
    int next = ak_continue(ak, "recovery-no-turns");
    ak_wait_hook(ak, next, "onRecoveryBoot", 1);
    ak_wait_subscribed(ak);
    ak_ask_last(ak, "last");
    ak_expect_text(ak, "all that was said", ak_out_text(ak, 0), "last");
}

static void before_boot(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 2);
    int next = ak_continue(ak, "recovery-before-boot");
    ak_wait_turns(ak, 1);
    ak_expect_text(ak, "the hooks", ak_text(ak, "%.32s", ak_hooks(ak, next)),
                   "onRecoveryBoot beforeBoot onBoot");
    ak_expect_text(ak, "what was said first", ak_text(ak, "%.5s", ak_out_text(ak, 0)), "third");
}

static void before_boot_throws(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 1);
    int next = ak_continue(ak, "recovery-before-boot-throws");
    ak_wait_hook(ak, next, "onRecoveryBoot", 1);
    ak_expect_text(ak, "the end of the run", ak_wait_end(ak, next),
                   "an error: Error: beforeBoot fails");
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, next), 0);
}

static void throwing_hook(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 2);
    int next = ak_continue(ak, "recovery-throws");
    ak_wait_hook(ak, next, "onRecoveryBoot", 1);
    ak_expect_text(ak, "the prompt", ak_prompt(ak, next, 1),
                   SETTLED "user: two\nassistant: half\nuser: three");
    ak_wait_turns(ak, 1);
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "third");
}

/* AGT-REC-15 */
static void hydrate(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    died_with(ak, 1);
    int next = ak_continue(ak, "hydrate");
    ak_wait_hook(ak, next, "onBoot", 1);
    ak_ask_last(ak, " last");
    ak_wait_hook(ak, next, "hydrateMessages", 1);
    ak_record_flag(ak, "the tail of .in is read", "hydrate_reads_in",
                   ak_count(ak, "GET /realtime/v1/sessions/{chat}/in/records*") > 0);
    ak_record_flag(
        ak, "hydrateMessages gets the open message", "hydrate_gets_recovered",
        strstr(ak_member(ak, ak_hook(ak, next, "hydrateMessages", 1), "incomingMessages"),
               "\"two\"") != NULL);
    ak_record_flag(ak, "onRecoveryBoot is called", "hydrate_recovery_hook",
                   ak_count_hooks(ak, next, "onRecoveryBoot") > 0);
}

/* AGT-REC-17: fails on 4.8.3 itself, which is the proof of the case. Where the message is answered
 * twice (AGT-REC-05), the boundaries count it late too. */
static void failed_turn_releases(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_past_user(ak, AK_USER("u1", "one"), NULL);
    ak_past_answer(ak, "a1", "first");
    ak_past_boundary(ak, 0);
    ak_past_user(ak, AK_USER("u2", "two"), "{'do':{'run':[{'throw':'no'}]}}");
    (void)ak_continue(ak, "plain");
    ak_wait_turns(ak, 1);
    ak_ask_last(ak, "third");
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "third");
    size_t turns = 1;
    for (size_t i = ak_turn_index(ak, 1) + 1; i < ak_out_count(ak); i++) {
        turns += strstr(ak_notation(ak, i), "TC") == ak_notation(ak, i);
    }
    const struct ak_record *last = ak_turn_complete(ak, turns);
    const char *cursor = ak_record_header(ak, last, "session-in-event-id");
    if (!cursor || strcmp(cursor, "0") == 0) {
        ak_expect_header(ak, last, "session-in-event-id", "2");
    }
}

/* AGT-REC-19 */
static void own_metadata(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_past_user(ak, AK_USER("u1", "one"), NULL);
    ak_past_answer(ak, "a1", "first");
    ak_past_boundary(ak, 0);
    ak_past_user(ak, AK_USER("u2", "two"), "{'mark':'second','script':[[{'text':'second'}]]}");
    ak_past_user(ak, AK_USER("u3", "three"), "{'mark':'third','script':[[{'text':' third'}]]}");
    int next = ak_continue(ak, "plain");
    const cJSON *second = ak_wait_hook(ak, next, "onTurnStart", 1);
    ak_expect(ak, "the first recovered turn", second, "clientData.mark", "'second'");
    ak_wait_said(ak, " third");
    const char *said = ak_out_text(ak, 0);
    if (!strstr(said, "second") || !strstr(said, " third")) {
        ak_expect_text(ak, "all that was said", said, "second third");
    }
}

#define ROW(id, title, requirements, run)                             \
    {                                                                 \
        "agent/recovery/" id, title, requirements, CS_MUST, 0, 0, run \
    }

const struct cs_case agent_recovery_hook_cases[] = {
    ROW("partial-calls-hook", "an answer that was cut off calls onRecoveryBoot", "AGT-REC-07",
        partial_calls_hook),
    ROW("open-users-alone", "open messages alone do not call onRecoveryBoot",
        "AGT-REC-07 AGT-REC-08", open_users_alone),
    ROW("fresh-chat", "a fresh chat does not call onRecoveryBoot", "AGT-REC-08", fresh_chat),
    ROW("after-upgrade", "a run after requestUpgrade does not call onRecoveryBoot", "AGT-REC-08",
        after_upgrade),
    ROW("event", "onRecoveryBoot is told all that the dead run left", "AGT-REC-09", event),
    ROW("partial-and-two-users", "the partial stands between its message and the next",
        "AGT-REC-10", partial_and_two_users),
    ROW("partial-and-one-user", "the partial is dropped and its message answered", "AGT-REC-11",
        partial_and_one_user),
    ROW("partial-and-no-user", "without an open message the run waits for one", "AGT-REC-12",
        partial_and_no_user),
    ROW("hook-before-boot", "the hook and its records come before everything else", "AGT-REC-13",
        hook_before_boot),
    ROW("chain-overrules", "a returned chain takes the place of the default", "AGT-REC-14",
        chain_overrules),
    ROW("turns-overrule", "returned turns take the place of the default", "AGT-REC-14",
        turns_overrule),
    ROW("no-turns", "returned turns may be none", "AGT-REC-05 AGT-REC-14", no_turns),
    ROW("before-boot", "beforeBoot runs after the hook and before onBoot", "AGT-REC-14",
        before_boot),
    ROW("before-boot-throws", "a throwing beforeBoot fails the run", "AGT-REC-14",
        before_boot_throws),
    ROW("throwing-hook", "a throwing hook leaves the default", "AGT-REC-14", throwing_hook),
    {"agent/recovery/hydrate", "tails and hook where the application gives the history",
     "AGT-REC-15", CS_OBSERVED, 0, 0, hydrate},
    ROW("failed-turn-releases", "a recovered turn that fails does not hold the cursor back",
        "AGT-REC-05 AGT-REC-17", failed_turn_releases),
    ROW("own-metadata", "a recovered turn has its own message's metadata", "AGT-REC-19",
        own_metadata),
    {0},
};
