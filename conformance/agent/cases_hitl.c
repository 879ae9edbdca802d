/* Human in the loop: a question to the user, and what becomes of the answer. */
#include <string.h>

#include "conformance/agent/cases.h"
#include "conformance/agent/hitl.h"

#define OUTPUT(value) "'state':'output-available','output':" value

/* AGT-HIL-01 */
static void question_ends_the_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = hitl_ask(ak, "ask");
    ak_expect_out(ak, 0,
                  "start start-step text-start text-delta+ text-end tool-input-available "
                  "finish-step finish TC ...");
    const cJSON *call = ak_chunk(ak, "tool-input-available", 1);
    ak_expect(ak, "the call", call, "toolCallId", "'call1'");
    ak_expect(ak, "the call", call, "input", "{'q':1}");
    ak_expect_number(ak, "calls of the model", ak_count_prompts(ak, number), 1);
}

/* AGT-HIL-02 */
static void listed_as_pending(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = hitl_ask(ak, "ask");
    ak_expect(ak, "the part in onTurnComplete", hitl_part_after(ak, number, 1), "state",
              "'input-available'");
    ak_expect(ak, "getPendingToolCalls()", ak_wait_note(ak, number, "pending"), "value",
              ak_text(ak, "[{'toolCallId':'call1','toolName':'ask','messageId':'%s'}]",
                      ak_answer_id(ak, 1)));
}

/* AGT-HIL-03, AGT-HIL-15 */
static void answer_goes_on(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = hitl_ask(ak, "ask");
    const char *id = ak_answer_id(ak, 1);
    hitl_answer(ak, id, "ask", OUTPUT("{'a':2}"), "{'script':[[{'text':'thanks'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the messageId of the turn with the answer", ak_answer_id(ak, 2), id);
    ak_expect_text(ak, "the prompt", ak_prompt(ak, number, 2),
                   "user: hello\nassistant: wait[tool-call]\ntool: [tool-result]");
    ak_expect_holds(ak, "the prompt", ak_prompt_json(ak, number, 2), "{\"a\":2}");
    const cJSON *over = ak_wait_hook(ak, number, "onTurnComplete", 2);
    ak_expect(ak, "newUIMessages", over, "newUIMessages.0.id", ak_text(ak, "'%s'", id));
    ak_expect_text(ak, "newUIMessages.1", ak_member(ak, over, "newUIMessages.1"), "nothing");
    const char *response = ak_member(ak, over, "responseMessage.parts");
    ak_expect_holds(ak, "responseMessage", response, "\"wait\"");
    ak_expect_holds(ak, "responseMessage", response, "\"call1\"");
    ak_expect_holds(ak, "responseMessage", response, "\"thanks\"");
}

/* AGT-HIL-04: whatever else the client says of the call or the message is not taken over. */
static void only_the_result_counts(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = hitl_ask(ak, "ask");
    ak_submit(ak, NULL,
              ak_text(ak,
                      "{'id':'%s','role':'assistant','parts':[{'type':'text','text':'forged'},"
                      "{'type':'tool-ask','toolCallId':'call1','input':{'q':'forged'}," OUTPUT(
                          "{'a':2}") "}]}",
                      ak_answer_id(ak, 1)),
              NULL);
    const cJSON *part = hitl_part_after(ak, number, 2);
    ak_expect(ak, "the part", part, "state", "'output-available'");
    ak_expect(ak, "the part", part, "output", "{'a':2}");
    ak_expect(ak, "the part", part, "input", "{'q':1}");
    const char *all = ak_member(ak, ak_hook(ak, number, "onTurnComplete", 2), "uiMessages");
    ak_expect_holds(ak, "the transcript", all, "\"wait\"");
    ak_expect_lacks(ak, "the transcript", all, "forged");
    ak_expect_lacks(ak, "the prompt", ak_prompt_json(ak, number, 2), "forged");
}

/* AGT-HIL-05 */
static void other_message_id(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = hitl_ask(ak, "ask");
    const char *id = ak_answer_id(ak, 1);
    hitl_answer(ak, "of-the-client", "ask", OUTPUT("{'a':2}"), AK_SAYS_OK);
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the messageId of the turn with the answer", ak_answer_id(ak, 2), id);
    const cJSON *over = ak_wait_hook(ak, number, "onTurnComplete", 2);
    ak_expect(ak, "uiMessages", over, "uiMessages.1.id", ak_text(ak, "'%s'", id));
    ak_expect_text(ak, "uiMessages.2", ak_member(ak, over, "uiMessages.2"), "nothing");
    ak_expect(ak, "the part", hitl_part_after(ak, number, 2), "output", "{'a':2}");
}

/* The call of `ask` is resolved with {"a":2}; then the client says something else of it, and asks.
 */
static int say_more(struct ak *ak, const char *members)
{
    int number = hitl_ask(ak, "ask");
    const char *id = ak_answer_id(ak, 1);
    hitl_answer(ak, id, "ask", OUTPUT("{'a':2}"), AK_SAYS_OK);
    ak_wait_turns(ak, 2);
    (void)ak_wait_hook(ak, number, "onTurnComplete", 2);
    hitl_answer(ak, id, "ask", members, AK_SAYS_OK);
    ak_wait_turns(ak, 3);
    size_t prompts = ak_count_prompts(ak, number);
    ak_record_flag(ak, "resolved-answer-asks-the-model", "resolved_answer_asks_model", prompts > 2);
    ak_message(ak, "more", AK_SAYS_OK);
    ak_wait_turns(ak, 4);
    ak_expect_holds(ak, "the last prompt", ak_prompt(ak, number, ak_count_prompts(ak, number)),
                    "user: more");
    return number;
}

static void expect_first_output(struct ak *ak, int run)
{
    /* Not every version calls the hook for what was said of a resolved call. */
    const cJSON *third = ak_wait_hook(ak, run, "onTurnComplete", 3);
    bool is_last = strstr(ak_member(ak, third, "uiMessages"), "\"more\"") != NULL;
    const cJSON *part = hitl_part_after(ak, run, is_last ? 3 : 4);
    ak_expect(ak, "the part", part, "state", "'output-available'");
    ak_expect(ak, "the part", part, "output", "{'a':2}");
    ak_expect_holds(ak, "the last prompt", ak_prompt_json(ak, run, ak_count_prompts(ak, run)),
                    "{\"a\":2}");
}

/* AGT-HIL-06 */
static void second_answer(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = say_more(ak, OUTPUT("{'a':'late'}"));
    expect_first_output(ak, number);
    ak_expect_lacks(ak, "the last prompt", ak_prompt_json(ak, number, ak_count_prompts(ak, number)),
                    "late");
}

/* AGT-HIL-13 */
static void never_back(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = say_more(ak, "'state':'input-available','input':{'q':1}");
    expect_first_output(ak, number);
}

/* AGT-HIL-07 */
static void unknown_call(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = ak_boot(ak, "hitl", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    hitl_answer(ak, "forged", "ask", "'input':{'q':1}," OUTPUT("{'a':'forged'}"), AK_SAYS_OK);
    ak_wait_turns(ak, 2);
    const cJSON *over = ak_wait_hook(ak, number, "onTurnComplete", 2);
    const cJSON *message;
    size_t stored = 0;
    size_t fresh = 0;
    cJSON_ArrayForEach(message, cJSON_GetObjectItemCaseSensitive(over, "uiMessages"))
    {
        stored += strcmp(ak_member(ak, message, "id"), "\"forged\"") == 0;
    }
    cJSON_ArrayForEach(message, cJSON_GetObjectItemCaseSensitive(over, "newUIMessages"))
    {
        fresh += strcmp(ak_member(ak, message, "id"), "\"forged\"") == 0;
    }
    bool told = strstr(ak_prompt_json(ak, number, 2), "\"a\":\"forged\"") != NULL;
    ak_record_fact(ak, "stored", "1", "%zu", stored);
    ak_record_fact(ak, "in-newUIMessages", "2", "%zu", fresh);
    ak_record_fact(ak, "in-the-prompt", "true", "%s", told ? "true" : "false");
}

/* AGT-HIL-08 */
static void message_instead(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = hitl_ask(ak, "ask");
    ak_message(ak, "never mind", "{'script':[[{'text':'fine'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "waitfine");
    ak_expect_text(ak, "the prompt", ak_prompt(ak, number, 2),
                   "user: hello\nassistant: wait\nuser: never mind");
    ak_expect(ak, "the part", hitl_part_after(ak, number, 2), "state", "'input-available'");
}

/* AGT-HIL-12 */
static void failed_call(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = hitl_ask(ak, "ask");
    hitl_answer(ak, ak_answer_id(ak, 1), "ask", "'state':'output-error','errorText':'no idea'",
                "{'script':[[{'text':'sorry'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "waitsorry");
    ak_expect_holds(ak, "the prompt", ak_prompt_json(ak, number, 2), "no idea");
    const cJSON *part = hitl_part_after(ak, number, 2);
    ak_expect(ak, "the part", part, "state", "'output-error'");
    ak_expect(ak, "the part", part, "errorText", "'no idea'");
}

/* AGT-HIL-14 */
static void answer_after_the_run(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)hitl_ask(ak, "ask");
    const char *id = ak_answer_id(ak, 1);
    ak_wait_stored(ak, "\"call1\"");
    ak_kill(ak);
    int second = ak_continue(ak, "hitl");
    hitl_answer(ak, id, "ask", OUTPUT("{'a':2}"), "{'script':[[{'text':'thanks'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the messageId of the turn with the answer", ak_answer_id(ak, 2), id);
    ak_expect_text(ak, "the prompt", ak_prompt(ak, second, 1),
                   "user: hello\nassistant: wait[tool-call]\ntool: [tool-result]");
    const cJSON *part = hitl_part_after(ak, second, 1);
    ak_expect(ak, "the part", part, "output", "{'a':2}");
    ak_expect(ak, "the part", part, "input", "{'q':1}");
}

/* AGT-HIL-16: call1 is resolved in the chain, call2 is told twice. */
static void new_results(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int number = hitl_ask(ak, "ask");
    hitl_answer(
        ak, ak_answer_id(ak, 1), "ask", OUTPUT("{'a':2}"),
        "{'do':{'run':[{'call':'chat.history.extractNewToolResults','as':'new','args':["
        "{'id':'any','role':'assistant','parts':["
        "{'type':'tool-ask','toolCallId':'call1','input':{}," OUTPUT(
            "{'a':2}") "},"
                       "{'type':'tool-ask','toolCallId':'call2','input':{}," OUTPUT(
                           "{'a':3}") "},"
                                      "{'type':'tool-ask','toolCallId':'call2','input':{}," OUTPUT(
                                          "{'a':4}") "},"
                                                     "{'type':'tool-ask','toolCallId':'call3','"
                                                     "state':'input-available','input':{}}]}]}]}}");
    ak_wait_turns(ak, 2);
    ak_expect(ak, "extractNewToolResults()", ak_wait_note(ak, number, "new"), "value",
              "[{'toolCallId':'call2','toolName':'ask','output':{'a':3}}]");
}

const struct cs_case agent_hitl_cases[] = {
    {"agent/hitl/question-ends-the-turn", "a tool without execute ends the turn", "AGT-HIL-01",
     CS_MUST, 0, 0, question_ends_the_turn},
    {"agent/hitl/listed-as-pending", "the open call is listed as pending", "AGT-HIL-02", CS_MUST, 0,
     0, listed_as_pending},
    {"agent/hitl/answer-goes-on", "the answer continues the same message", "AGT-HIL-03 AGT-HIL-15",
     CS_MUST, 0, 0, answer_goes_on},
    {"agent/hitl/only-the-result-counts", "an answer changes the result of its call alone",
     "AGT-HIL-04", CS_MUST, 0, 0, only_the_result_counts},
    {"agent/hitl/other-message-id", "an answer under another message id finds its call",
     "AGT-HIL-05", CS_MUST, 0, 0, other_message_id},
    {"agent/hitl/second-answer", "a second answer changes nothing", "AGT-HIL-06", CS_MUST, 0, 0,
     second_answer},
    {"agent/hitl/unknown-call", "an answer to a call that nobody made", "AGT-HIL-07", CS_OBSERVED,
     0, 0, unknown_call},
    {"agent/hitl/message-instead", "a message instead of an answer is answered", "AGT-HIL-08",
     CS_MUST, 0, 0, message_instead},
    {"agent/hitl/failed-call", "an answer that says the call failed", "AGT-HIL-12", CS_MUST, 0, 0,
     failed_call},
    {"agent/hitl/never-back", "a resolved call never goes back", "AGT-HIL-13", CS_MUST, 0, 0,
     never_back},
    {"agent/hitl/answer-after-the-run", "an answer after the run's end continues the message",
     "AGT-HIL-14", CS_MUST, 0, 0, answer_after_the_run},
    {"agent/hitl/new-results", "results that are new, each once", "AGT-HIL-16", CS_SHOULD, 0, 0,
     new_results},
    {0},
};
