/* Agents that drive their turns themselves write the same boundaries. */
#include "conformance/agent/cases.h"

static void judge_two_turns(struct cs_case_run *run, const char *agent)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, agent, "hello", "{'script':[[{'text':'one'}]]}");
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_settle(ak);
    ak_expect_out(ak, 0,
                  "start start-step text-start text-delta+ text-end finish-step finish "
                  "TC{!public-access-token}");
    ak_message(ak, "more", "{'script':[[{'text':'two'}]]}");
    ak_wait_turns(ak, 2);
    const char *trim = ak_text(ak, "trim(%llu)", (unsigned long long)ak_turn_complete(ak, 1)->seq);
    ak_wait_word(ak, trim);
    ak_settle(ak);
    ak_expect_out(ak, ak_turn_index(ak, 1) + 1,
                  ak_text(ak,
                          "start start-step text-start text-delta+ text-end finish-step finish "
                          "TC{session-in-event-id=0,!public-access-token} %s",
                          trim));
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "onetwo");
}

/* AGT-TRN-43 */
static void by_hand(struct cs_case_run *run)
{
    judge_two_turns(run, "custom");
}

/* AGT-TRN-43 */
static void by_iterator(struct cs_case_run *run)
{
    judge_two_turns(run, "create-session");
}

/* AGT-TRN-43 */
static void passed_token(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "custom", "hello", "{'publicAccessToken':'a-token-of-its-own'}");
    ak_wait_turns(ak, 1);
    ak_expect_header(ak, ak_turn_complete(ak, 1), "public-access-token", "a-token-of-its-own");
}

static void judge_written(struct ak *ak, const cJSON *written, const struct ak_record *complete,
                          const char *cursor)
{
    ak_expect(ak, "what writeTurnComplete gave", written, "lastEventId",
              ak_text(ak, "'%llu'", (unsigned long long)complete->seq));
    ak_expect_text(ak, "the sessionInEventId that writeTurnComplete gave",
                   ak_member(ak, written, "sessionInEventId"), cursor);
}

/* AGT-TRN-44 */
static void cursors_of_boundary(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "custom", "hello", "{}");
    const cJSON *written = ak_wait_note(ak, agent, "written");
    judge_written(ak, written, ak_turn_complete(ak, 1), "nothing");
    ak_wait_subscribed(ak);
    ak_message(ak, "more", "{'do':{'turn':[{'note':'second'}]}}");
    (void)ak_wait_note(ak, agent, "second");
    ak_wait_turns(ak, 2);
    ak_settle(ak);
    judge_written(ak, ak_wait_nth_note(ak, agent, "written", 2), ak_turn_complete(ak, 2), "\"0\"");
}

const struct cs_case agent_turn_custom_cases[] = {
    {"agent/turn/custom", "a loop by hand writes the same boundaries and trims", "AGT-TRN-43",
     CS_MUST, 0, 0, by_hand},
    {"agent/turn/create-session", "so does the session's iterator", "AGT-TRN-43", CS_MUST, 0, 0,
     by_iterator},
    {"agent/turn/custom-token", "a token that is passed is on the boundary", "AGT-TRN-43", CS_MUST,
     0, 0, passed_token},
    {"agent/turn/cursors-of-boundary", "writeTurnComplete gives both cursors of its record",
     "AGT-TRN-44", CS_MUST, 0, 0, cursors_of_boundary},
    {0},
};
