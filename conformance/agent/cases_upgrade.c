/* Version upgrades: a run hands its chat over to a fresh one. */
#include <stdlib.h>

#include "conformance/agent/cases.h"

#define HANDOVER "POST /api/v1/sessions/{chat}/end-and-continue"
#define UPGRADE  "{'call':'chat.requestUpgrade'}"

/* ---- asked for before the answer ---- */

/* The run ended with the handover: nothing was run, nothing completed. */
static void expect_handover(struct cs_case_run *run, int turn, size_t from)
{
    struct ak *ak = ak_of(run);
    ak_wait_word(ak, "ctl:upgrade-required");
    ak_expect_text(ak, "the end of the run", ak_wait_end(ak, turn), "done");
    ak_expect_out(ak, from, "ctl:upgrade-required");
    ak_expect_number(ak, "requests to hand over", ak_count(ak, HANDOVER), 1);
    const struct ak_request *request = ak_request(ak, HANDOVER, 1);
    ak_expect_text(ak, "callingRunId", ak_request_member(ak, request, "callingRunId"),
                   ak_text(ak, "\"%s\"", ak_run_id(ak, turn)));
    ak_expect_text(ak, "reason", ak_request_member(ak, request, "reason"), "\"upgrade\"");
    if (request->at_ms > ak_out(ak, from)->at_ms) {
        cs_case_fail(run, "the client was told before the handover");
    }
}

static void before_run(struct cs_case_run *run, const char *hook)
{
    struct ak *ak = ak_of(run);
    int turn = ak_boot(ak, "validating", "hello",
                       ak_text(ak, "{'do':{'%s':[" UPGRADE "]},'script':[[{'text':'no'}]]}", hook));
    ak_wait_hook(ak, turn, hook, 1);
    expect_handover(run, turn, 0);
    ak_expect_number(ak, "calls of run()", ak_count_hooks(ak, turn, "run"), 0);
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, turn), 0);
}

/* AGT-VUP-01 */
static void turn_start(struct cs_case_run *run)
{
    before_run(run, "onTurnStart");
}

static void validation(struct cs_case_run *run)
{
    before_run(run, "onValidateMessages");
}

/* AGT-VUP-02, AGT-VUP-11. The successor answers the message that the first run left. */
static void successor(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = ak_boot(ak, "recovery", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    uint64_t seq = ak_message(
        ak, "for the successor",
        "{'do':{'onTurnStart':[{'call':'chat.requestUpgrade','if':{'continuation':false}}]},"
        "'script':[[{'text':'from the successor'}]]}");
    size_t last = ak_turn_index(ak, 1);
    ak_wait_word(ak, "ctl:upgrade-required");
    ak_expect_text(ak, "the end of the run", ak_wait_end(ak, turn), "done");
    ak_expect_out(ak, last + 1, "ctl:upgrade-required");
    const char *cursor = ak_record_header(ak, ak_out(ak, last), "session-in-event-id");
    if (cursor && strtoull(cursor, NULL, 10) >= seq) {
        cs_case_fail(run, "the cursor %s has passed the message %llu", cursor,
                     (unsigned long long)seq);
    }
    ak_expect_number(ak, "runs for the chat", ak_count_triggers(ak), 2);
    const struct ak_trigger *next = ak_trigger(ak, ak_count_triggers(ak) - 1);
    int heir = ak_run_as(ak, next->run_id, "recovery", next->payload, NULL);
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the successor's answer", ak_out_text(ak, last + 1), "from the successor");
    ak_expect(ak, "onBoot", ak_wait_hook(ak, heir, "onBoot", 1), "continuation", "true");
    ak_expect_number(ak, "calls of onRecoveryBoot", ak_count_hooks(ak, heir, "onRecoveryBoot"), 0);
    ak_expect_number(ak, "calls of run()", ak_count_hooks(ak, heir, "run"), 1);
}

/* AGT-VUP-05 */
static void target(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = ak_boot(ak, "plain", "hello",
                       "{'do':{'onTurnStart':[{'call':'chat.requestUpgrade',"
                       "'args':[{'externalDeploymentId':'dep-9'}]}]}}");
    expect_handover(run, turn, 0);
    ak_expect_text(ak, "the target",
                   ak_request_member(ak, ak_request(ak, HANDOVER, 1), "externalDeploymentId"),
                   "\"dep-9\"");
}

/* AGT-VUP-06. With a refusal, which is not tried again. */
static void handover_fails(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_fault(ak, "end-and-continue: 400 {\"error\":\"not now\"}");
    int turn = ak_boot(ak, "plain", "hello", "{'do':{'onTurnStart':[" UPGRADE "]}}");
    expect_handover(run, turn, 0);
    ak_expect_number(ak, "the platform's answer", (uint64_t)ak_request(ak, HANDOVER, 1)->status,
                     400);
}

/* AGT-VUP-07 */
static void pending_version(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_next_continue(ak, 0, true, false);
    int turn = ak_boot(ak, "plain", "hello", "{'do':{'onTurnStart':[" UPGRADE "]}}");
    ak_wait_word(ak, "ctl:upgrade-required");
    ak_expect_text(ak, "the end of the run", ak_wait_end(ak, turn), "done");
    ak_expect_out(ak, 0, "ctl:pending-version ctl:upgrade-required");
}

/* ---- asked for in the turn ---- */

static int late_upgrade(struct ak *ak, const char *acts)
{
    int turn =
        ak_boot(ak, "plain", "hello",
                ak_text(ak, "{'do':{'run':%s},'script':[[{'text':'the last answer'}]]}", acts));
    ak_wait_turns(ak, 1);
    ak_expect_text(ak, "the end of the run", ak_wait_end(ak, turn), "done");
    return turn;
}

/* AGT-VUP-03 */
static void expect_normal_turn(struct ak *ak, int turn)
{
    ak_expect_out(ak, 0, "start start-step text-start text-delta+ text-end finish-step finish TC");
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "the last answer");
    ak_expect_number(ak, "calls of onTurnComplete", ak_count_hooks(ak, turn, "onTurnComplete"), 1);
}

static void from_run(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    expect_normal_turn(ak, late_upgrade(ak, "[" UPGRADE "]"));
}

static void from_defer(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    expect_normal_turn(ak, late_upgrade(ak, "[{'defer':[" UPGRADE "]}]"));
}

/* AGT-VUP-04 */
static void handed_over_after(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = late_upgrade(ak, "[" UPGRADE "]");
    ak_expect_number(ak, "requests to hand over", ak_count(ak, HANDOVER), 1);
    const struct ak_request *request = ak_request(ak, HANDOVER, 1);
    ak_expect_text(ak, "callingRunId", ak_request_member(ak, request, "callingRunId"),
                   ak_text(ak, "\"%s\"", ak_run_id(ak, turn)));
    if (request->at_ms < ak_turn_complete(ak, 1)->at_ms) {
        cs_case_fail(run, "the chat was handed over before the turn was complete");
    }
}

/* ---- the session's pin ---- */

#define ROW "GET /api/v1/sessions/{chat}"

/* A run of deployment dep-1, its session with these members beside the payload in its config. */
static int deployed(struct ak *ak, const char *agent, const char *config)
{
    ak_set_session(ak, ak_text(ak, "{'basePayload':{'chatId':'%s'}%s}", ak_chat(ak), config));
    return ak_run(
        ak, agent,
        ak_text(ak, "{'trigger':'submit-message','message':%s}", ak_user_message(ak, "hello")),
        "{'deployment':{'externalId':'dep-1'}}");
}

static void pin(struct ak *ak, const char *config)
{
    ak_wait_subscribed(ak);
    ak_set_session(ak, ak_text(ak, "{'basePayload':{'chatId':'%s'}%s}", ak_chat(ak), config));
}

/* AGT-VUP-08 */
static void follows_pin(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = deployed(ak, "plain", ",'externalDeploymentId':'dep-1'");
    ak_wait_turns(ak, 1);
    ak_expect_number(ak, "looks at the session in the first turn", ak_count(ak, ROW), 1);
    pin(ak, ",'externalDeploymentId':'dep-2'");
    ak_message(ak, "more", NULL);
    size_t last = ak_turn_index(ak, 1);
    ak_wait_word(ak, "ctl:upgrade-required");
    ak_expect_text(ak, "the end of the run", ak_wait_end(ak, turn), "done");
    ak_expect_out(ak, last + 1, "ctl:upgrade-required");
    ak_expect_number(ak, "looks at the session", ak_count(ak, ROW), 2);
    ak_expect_text(ak, "the target",
                   ak_request_member(ak, ak_wait_request(ak, HANDOVER, 1), "externalDeploymentId"),
                   "\"dep-2\"");
}

/* AGT-VUP-09 */
static void keeps_version(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = deployed(ak, "plain", ",'externalDeploymentId':'dep-1'");
    ak_wait_turns(ak, 1);
    pin(ak, "");
    ak_message(ak, "without a pin", NULL);
    ak_wait_turns(ak, 2);
    pin(ak, ",'externalDeploymentId':'dep-2','lockToVersion':'20260101.1'");
    ak_message(ak, "locked", NULL);
    ak_wait_turns(ak, 3);
    ak_expect_number(ak, "calls of run()", ak_count_hooks(ak, turn, "run"), 3);
    ak_expect_number(ak, "requests to hand over", ak_count(ak, HANDOVER), 0);
    /* It does follow: the lock is gone. */
    pin(ak, ",'externalDeploymentId':'dep-2'");
    ak_message(ak, "pinned", NULL);
    ak_wait_request(ak, HANDOVER, 1);
    ak_expect_text(ak, "the end of the run", ak_wait_end(ak, turn), "done");
}

static void hold(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = deployed(ak, "skew-hold", ",'externalDeploymentId':'dep-2'");
    ak_wait_turns(ak, 1);
    ak_expect_number(ak, "calls of run()", ak_count_hooks(ak, turn, "run"), 1);
    ak_expect_number(ak, "requests to hand over", ak_count(ak, HANDOVER), 0);
    /* It can be handed over all the same. */
    ak_wait_subscribed(ak);
    ak_message(ak, "more", "{'do':{'onTurnStart':[" UPGRADE "]}}");
    ak_wait_request(ak, HANDOVER, 1);
}

/* ---- chat.endAndContinue ---- */

/* AGT-VUP-10 */
static void custom_agent(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_need_feature(ak, "chat.endAndContinue");
    int turn = ak_boot(ak, "custom", "hello", "{'endAndContinue':true}");
    const struct ak_request *request = ak_wait_request(ak, HANDOVER, 1);
    ak_expect_text(ak, "callingRunId", ak_request_member(ak, request, "callingRunId"),
                   ak_text(ak, "\"%s\"", ak_run_id(ak, turn)));
    ak_expect_text(ak, "the end of the run", ak_wait_end(ak, turn), "done");
    ak_expect_out(ak, 0, "start ... finish TC ...");
}

/* AGT-VUP-12 */
static void custom_reason(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_need_feature(ak, "chat.endAndContinue");
    (void)ak_boot(ak, "custom", "hello", "{'endAndContinue':true}");
    const struct ak_request *request = ak_wait_request(ak, HANDOVER, 1);
    ak_expect_text(ak, "reason", ak_request_member(ak, request, "reason"), "\"continuation\"");
}

static void expect_refused(struct cs_case_run *run, const char *agent, const char *point)
{
    struct ak *ak = ak_of(run);
    int turn = ak_boot(ak, agent, "hello",
                       ak_text(ak,
                               "{'do':{'%s':[{'call':'chat.endAndContinue','as':'ended',"
                               "'caught':true}]}}",
                               point));
    const cJSON *told = ak_wait_note(ak, turn, "ended");
    const char *message = ak_member(ak, told, "error.message");
    if (!strstr(message, "chat.endAndContinue()")) {
        cs_case_fail(run, "the call was not refused: %s", ak_member(ak, told, ""));
    }
    ak_wait_turns(ak, 1);
    ak_expect_number(ak, "requests to hand over", ak_count(ak, HANDOVER), 0);
}

static void not_in_agent(struct cs_case_run *run)
{
    ak_need_feature(ak_of(run), "chat.endAndContinue");
    expect_refused(run, "plain", "run");
}

static void not_in_iterator(struct cs_case_run *run)
{
    ak_need_feature(ak_of(run), "chat.endAndContinue");
    expect_refused(run, "create-session", "turn");
}

const struct cs_case agent_upgrade_cases[] = {
    {"agent/upgrade/turn-start", "asked for in onTurnStart: handed over, the client told, no turn",
     "AGT-VUP-01 AGT-VUP-02", CS_MUST, 0, 0, turn_start},
    {"agent/upgrade/validation", "asked for in onValidateMessages: the same",
     "AGT-VUP-01 AGT-VUP-02", CS_MUST, 0, 0, validation},
    {"agent/upgrade/successor", "the successor answers the message, and it is no recovery",
     "AGT-VUP-02 AGT-VUP-11", CS_MUST, 0, 0, successor},
    {"agent/upgrade/from-run", "asked for in run(): the turn completes, the run ends", "AGT-VUP-03",
     CS_MUST, 0, 0, from_run},
    {"agent/upgrade/from-defer", "asked for in deferred work: the turn completes, the run ends",
     "AGT-VUP-03", CS_MUST, 0, 0, from_defer},
    {"agent/upgrade/handed-over-after",
     "asked for in run(): the chat is handed over after the turn", "AGT-VUP-04", CS_MUST, 0, 0,
     handed_over_after},
    {"agent/upgrade/target", "the target deployment is passed on", "AGT-VUP-05", CS_MUST, 0, 0,
     target},
    {"agent/upgrade/handover-fails", "a handover that fails is announced all the same",
     "AGT-VUP-06", CS_MUST, 0, 0, handover_fails},
    {"agent/upgrade/pending-version", "a version still to come is announced first", "AGT-VUP-07",
     CS_MUST, 0, 0, pending_version},
    {"agent/upgrade/follows-pin", "a turn goes to the deployment that the session pins",
     "AGT-VUP-08", CS_MUST, 0, 0, follows_pin},
    {"agent/upgrade/keeps-version", "no handover for an equal pin, none, or a locked version",
     "AGT-VUP-09", CS_MUST, 0, 0, keeps_version},
    {"agent/upgrade/hold", "no handover with versionSkew hold", "AGT-VUP-09", CS_MUST, 0, 0, hold},
    {"agent/upgrade/custom-agent", "endAndContinue of a custom agent asks for a successor",
     "AGT-VUP-10", CS_MUST, 0, 0, custom_agent},
    {"agent/upgrade/custom-reason", "endAndContinue of a custom agent is no upgrade", "AGT-VUP-12",
     CS_MUST, 0, 0, custom_reason},
    {"agent/upgrade/not-in-agent", "endAndContinue throws in a managed agent", "AGT-VUP-10",
     CS_MUST, 0, 0, not_in_agent},
    {"agent/upgrade/not-in-iterator", "endAndContinue throws beside a live createSession iterator",
     "AGT-VUP-10", CS_MUST, 0, 0, not_in_iterator},
    {0},
};
