/* Two versions on one chat: an agent of an older SDK hands over to the one under test (--from; in a
 * matrix each version to the next). What the older one leaves on the wire and in the store has to
 * be enough for the newer. */
#include "conformance/agent/cases.h"

/* A chat whose first turn the older version has answered. */
static int older_begins(struct ak *ak, const char *agent)
{
    ak_use_older(ak);
    int run = ak_boot(ak, agent, "hello", "{'script':[[{'text':'from the older'}]]}");
    ak_wait_turns(ak, 1);
    ak_wait_stored(ak, "from the older");
    ak_wait_subscribed(ak);
    return run;
}

/* The newer one's answer to the message with that text, whose record follows `from`. */
static void expect_answer(struct ak *ak, int heir, size_t from, const char *said)
{
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "what the newer version said", ak_out_text(ak, from), said);
    ak_expect_number(ak, "answers", ak_count_prompts(ak, heir), 1);
    const char *prompt = ak_prompt(ak, heir, 1);
    ak_expect_holds(ak, "the newer version's prompt", prompt, "user: hello");
    ak_expect_holds(ak, "the newer version's prompt", prompt, "assistant: from the older");
}

/* AGT-SNP-05, AGT-REC-01, AGT-REC-04: it reads what the older one stored, and answers nothing twice
 */
static void after_a_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)older_begins(ak, "plain");
    size_t from = ak_out_count(ak);
    ak_use_newer(ak);
    int heir = ak_continue(ak, "plain");
    ak_wait_subscribed(ak);
    ak_message(ak, "go on", "{'script':[[{'text':'from the newer'}]]}");
    expect_answer(ak, heir, from, "from the newer");
    ak_expect_number(ak, "calls of onChatStart", ak_count_hooks(ak, heir, "onChatStart"), 0);
}

/* AGT-REC-05: a message that nobody has answered when the older one dies */
static void unanswered(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)older_begins(ak, "plain");
    ak_kill(ak);
    size_t from = ak_out_count(ak);
    ak_message(ak, "is anybody there?", "{'script':[[{'text':'from the newer'}]]}");
    ak_use_newer(ak);
    int heir = ak_continue(ak, "plain");
    expect_answer(ak, heir, from, "from the newer");
    ak_settle(ak);
    ak_expect_number(ak, "boundaries", ak_count_turns(ak), 2);
}

/* AGT-VUP-01, AGT-VUP-02, AGT-VUP-11 */
static void upgrade(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = older_begins(ak, "plain");
    ak_message(ak, "for the successor",
               "{'do':{'onTurnStart':[{'call':'chat.requestUpgrade','if':{'continuation':false}}]},"
               "'script':[[{'text':'from the newer'}]]}");
    size_t told = ak_wait_word(ak, "ctl:upgrade-required");
    ak_expect_text(ak, "the end of the older run", ak_wait_end(ak, turn), "done");
    const struct ak_trigger *next = ak_trigger(ak, ak_count_triggers(ak) - 1);
    ak_use_newer(ak);
    int heir = ak_run_as(ak, next->run_id, "plain", next->payload, NULL);
    expect_answer(ak, heir, told + 1, "from the newer");
    ak_expect(ak, "onBoot", ak_wait_hook(ak, heir, "onBoot", 1), "continuation", "true");
    ak_expect_number(ak, "calls of onRecoveryBoot", ak_count_hooks(ak, heir, "onRecoveryBoot"), 0);
}

/* AGT-VUP-07: the version is still to come when the older one hands over */
static void pending_version(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int turn = older_begins(ak, "plain");
    ak_need_feature(ak, "chat.close"); /* came with the pending version, in 4.6.0 */
    ak_next_continue(ak, 0, true, false);
    size_t from = ak_out_count(ak);
    ak_message(ak, "for the successor",
               "{'do':{'onTurnStart':[{'call':'chat.requestUpgrade','if':{'continuation':false}}]},"
               "'script':[[{'text':'from the newer'}]]}");
    size_t told = ak_wait_word(ak, "ctl:upgrade-required");
    ak_expect_text(ak, "the end of the older run", ak_wait_end(ak, turn), "done");
    ak_expect_out(ak, from, "... ctl:pending-version ctl:upgrade-required");
    const struct ak_trigger *next = ak_trigger(ak, ak_count_triggers(ak) - 1);
    ak_use_newer(ak);
    int heir = ak_run_as(ak, next->run_id, "plain", next->payload, NULL);
    expect_answer(ak, heir, told + 1, "from the newer");
}

/* AGT-VUP-08: the session is pinned to the newer one's deployment */
static void follows_the_pin(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_use_older(ak);
    ak_need_feature(ak, "chat.close");
    int turn = ak_run(ak, "plain",
                      ak_text(ak,
                              "{'trigger':'submit-message','message':%s,"
                              "'metadata':{'script':[[{'text':'from the older'}]]}}",
                              ak_user_message(ak, "hello")),
                      "{'deployment':{'id':'d1','externalId':'dep-old','version':'1'}}");
    ak_wait_turns(ak, 1);
    ak_wait_stored(ak, "from the older");
    ak_wait_subscribed(ak);
    ak_set_session(ak, "{'basePayload':{},'externalDeploymentId':'dep-new'}");
    ak_message(ak, "go on", "{'script':[[{'text':'from the newer'}]]}");
    size_t told = ak_wait_word(ak, "ctl:upgrade-required");
    ak_expect_text(ak, "the end of the older run", ak_wait_end(ak, turn), "done");
    const struct ak_trigger *next = ak_trigger(ak, ak_count_triggers(ak) - 1);
    ak_use_newer(ak);
    int heir = ak_run_as(ak, next->run_id, "plain", next->payload,
                         "{'deployment':{'id':'d2','externalId':'dep-new','version':'2'}}");
    expect_answer(ak, heir, told + 1, "from the newer");
}

const struct cs_case agent_handover_cases[] = {
    {"agent/handover/after-a-turn", "a newer version goes on with what an older one has stored",
     "AGT-SNP-05 AGT-REC-01 AGT-REC-04", CS_MUST, 0, 90, after_a_turn},
    {"agent/handover/unanswered", "a message that the older one left unanswered is answered once",
     "AGT-REC-05", CS_MUST, 0, 90, unanswered},
    {"agent/handover/upgrade", "the message that made the older one hand over is answered",
     "AGT-VUP-01 AGT-VUP-02 AGT-VUP-11", CS_MUST, 0, 90, upgrade},
    {"agent/handover/pending-version", "also when the newer version was still to come",
     "AGT-VUP-07", CS_MUST, 0, 90, pending_version},
    {"agent/handover/follows-the-pin", "and when the session's pin made it do so", "AGT-VUP-08",
     CS_MUST, 0, 90, follows_the_pin},
    {0},
};
