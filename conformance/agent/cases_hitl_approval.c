/* Tools that run once the user has agreed. */
#include "conformance/agent/cases.h"
#include "conformance/agent/hitl.h"

/* The user's word on `call1`: an approval of the id that the agent gave. */
static void decide(struct ak *ak, const char *approved, const char *metadata)
{
    const cJSON *request = ak_chunk(ak, "tool-approval-request", 1);
    const char *id = ak_member(ak, request, "approvalId");
    hitl_answer(ak, ak_answer_id(ak, 1), "approve",
                ak_text(ak,
                        "'state':'approval-responded','input':{'q':1},"
                        "'approval':{'id':%s,'approved':%s}",
                        id, approved),
                metadata);
}

/* AGT-HIL-09 */
static void asks_for_approval(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = hitl_ask(ak, "approve");
    ak_expect_out(ak, 0,
                  "start start-step text-start text-delta+ text-end tool-input-available "
                  "tool-approval-request finish-step finish TC ...");
    const cJSON *request = ak_chunk(ak, "tool-approval-request", 1);
    ak_expect(ak, "the request", request, "toolCallId", "'call1'");
    const cJSON *part = hitl_part_after(ak, number, 1);
    ak_expect(ak, "the part", part, "state", "'approval-requested'");
    ak_expect(ak, "the part", part, "approval.id", ak_member(ak, request, "approvalId"));
    ak_expect(ak, "getPendingToolCalls()", ak_wait_note(ak, number, "pending"), "value", "[]");
    ak_expect_number(ak, "calls of the tool", ak_count_notes(ak, number, "tool:approve"), 0);
}

/* AGT-HIL-10 */
static void agreed(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = hitl_ask(ak, "approve");
    ak_expect_number(ak, "calls of the tool before the user's word",
                     ak_count_notes(ak, number, "tool:approve"), 0);
    size_t from = ak_out_count(ak);
    decide(ak, "true", "{'script':[[{'text':'did it'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect(ak, "the tool", ak_wait_note(ak, number, "tool:approve"), "toolCallId", "'call1'");
    ak_expect_out(ak, from,
                  "... start tool-output-available start-step text-start text-delta+ text-end "
                  "finish-step finish TC ...");
    ak_expect_text(ak, "the messageId of the turn with the answer", ak_answer_id(ak, 2),
                   ak_answer_id(ak, 1));
    ak_expect_holds(ak, "the prompt", ak_prompt_json(ak, number, 2), "{\"done\":true}");
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, number), 2);
    ak_expect(ak, "the part", hitl_part_after(ak, number, 2), "state", "'output-available'");
}

/* AGT-HIL-11 */
static void refused(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = hitl_ask(ak, "approve");
    size_t from = ak_out_count(ak);
    decide(ak, "false", "{'script':[[{'text':'as you wish'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_out(ak, from, "... start tool-output-denied start-step ... finish TC ...");
    ak_expect_number(ak, "calls of the tool", ak_count_notes(ak, number, "tool:approve"), 0);
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "waitas you wish");
    ak_expect_holds(ak, "the prompt", ak_prompt_json(ak, number, 2), "denied");
}

const struct cs_case agent_approval_cases[] = {
    {"agent/hitl/asks-for-approval", "a tool that needs approval asks, and does not run",
     "AGT-HIL-09", CS_MUST, 0, 0, asks_for_approval},
    {"agent/hitl/agreed", "once agreed the tool runs before the model is asked", "AGT-HIL-10",
     CS_MUST, 0, 0, agreed},
    {"agent/hitl/refused", "a refused tool never runs, and the model is told", "AGT-HIL-11",
     CS_MUST, 0, 0, refused},
    {0},
};
