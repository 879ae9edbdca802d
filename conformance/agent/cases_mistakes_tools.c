/* The common mistakes with tools, each twice: the wrong way and the right one. */
#include <string.h>

#include "conformance/agent/cases.h"

static void lacks(struct ak *ak, struct cs_case_run *run, const char *word)
{
    const char *out = ak_notation(ak, 0);
    if (strstr(out, word)) {
        cs_case_fail(run, "there is a %s on .out: %s", word, out);
    }
}

/* ---- AGT-MIS-05: a question to the user that runs by itself ---- */

#define ASKS "{'script':[[{'tool':'ask','id':'call1','input':{'q':'sure?'}}],[{'text':'done'}]]}"

static void question_executes(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "hitl-with-execute", "hello", ASKS);
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0,
                  "start start-step tool-input-available tool-output-available finish-step "
                  "start-step text-start text-delta+ text-end finish-step finish TC");
    ak_expect_number(ak, "calls of the model without the user", ak_count_prompts(ak, r), 2);
}

static void question_waits(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int r = ak_boot(ak, "hitl", "hello", ASKS);
    ak_wait_turns(ak, 1);
    ak_expect_out(ak, 0, "start start-step tool-input-available finish-step finish TC");
    ak_settle(ak);
    ak_expect_number(ak, "calls of the model without the user", ak_count_prompts(ak, r), 1);
    const char *id = ak_member(ak, ak_out(ak, 0)->chunk, "messageId");
    ak_submit(ak, NULL,
              ak_text(ak,
                      "{'id':%s,'role':'assistant','parts':[{'type':'tool-ask','toolCallId':"
                      "'call1','state':'output-available','output':{'a':'yes'}}]}",
                      id),
              "{'script':[[{'text':'done'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the answer to the user's", ak_out_text(ak, 0), "done");
    lacks(ak, run, "error");
    ak_expect_has(ak, "the prompt after the user's answer",
                  ak_member(ak, ak_wait_prompt(ak, r, 2), "messages"), "\"yes\"");
}

/* ---- AGT-MIS-06: heavy tools named for the call only ---- */

#define HEAVY "{'script':[[{'tool':'heavy','input':{'bytes':300}}],[{'text':'one'}]]}"

/* The prompt of the second turn. */
static const char *later_prompt(struct ak *ak, const char *agent)
{
    int r = ak_boot(ak, agent, "hello", HEAVY);
    ak_wait_turns(ak, 1);
    ak_message(ak, "more", "{'script':[[{'text':'two'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_has(ak, "the prompt of the first turn, with the tool in hand",
                  ak_member(ak, ak_wait_prompt(ak, r, 2), "messages"), "summary of");
    return ak_member(ak, ak_wait_prompt(ak, r, 3), "messages");
}

static void heavy_on_call(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_expect_has(ak, "the second turn's prompt", later_prompt(ak, "heavy-on-call-only"),
                  "xxxxxxxx");
}

static void heavy_on_agent(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const char *prompt = later_prompt(ak, "tools");
    ak_expect_has(ak, "the second turn's prompt", prompt, "summary of");
    if (strstr(prompt, "xxxxxxxx")) {
        cs_case_fail(run, "the second turn's prompt holds the whole output");
    }
}

/* ---- AGT-MIS-07: tools with `execute` in the module of the Head Start route ---- */

/* Posts a first message to a handler with that tool; .out as it is when it has handed over. */
static const char *warm_step(struct ak *ak, const char *tools)
{
    const char *handler = ak_sdk(
        ak, "headStart",
        ak_text(ak,
                "[{'agentId':'tools',%s,'metadata':{'script':[[{'tool':'look','id':'call1'}]]}}]",
                tools));
    (void)ak_begin(ak, "sdk",
                   ak_text(ak,
                           "{'call':'post','args':[{'url':%s,'body':{'chatId':'%s','trigger':"
                           "'submit-message','headStartMessages':[%s]}}]}",
                           ak_value_member(ak, handler, "url"), ak_chat(ak),
                           ak_user_message(ak, "hello")));
    (void)ak_wait_request(ak, "POST /realtime/v1/sessions/{chat}/in/append", 1);
    const char *out = ak_notation(ak, 0);
    /* the agent's turn, which ends the handler's answer */
    ak_seed_control(ak, true, "trigger-control=turn-complete session-in-event-id=0");
    return out;
}

static void warm_tools_execute(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_expect_has(ak, "the warm step", warm_step(ak, "'executing':['look']"),
                  "tool-output-available");
}

static void warm_tools_bare(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const char *out = warm_step(ak, "'tools':['look']");
    ak_expect_has(ak, "the warm step", out, "tool-input-available");
    if (strstr(out, "tool-output")) {
        cs_case_fail(run, "the warm step gives a tool's output: %s", out);
    }
}

/* ---- AGT-MIS-08: megabytes in an output ---- */

static void megabytes(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "megabyte-output", "hello",
                  "{'script':[[{'tool':'look','input':{'bytes':1048576}}],[{'text':'one'}]]}");
    const struct ak_record *error = ak_out(ak, ak_wait_word(ak, "error"));
    const char *text = ak_member(ak, error->chunk, "errorText");
    ak_expect_has(ak, "the error", text, "1047552");
    ak_expect_has(ak, "the error", text, "tool-output-available");
    lacks(ak, run, "tool-output-available");
}

static void summary(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "tools", "hello",
                  "{'script':[[{'tool':'look','input':{'result':{'id':'blob-1','bytes':1048576}}}],"
                  "[{'text':'one'}]]}");
    ak_wait_turns(ak, 1);
    ak_wait_word(ak, "tool-output-available");
    lacks(ak, run, "error");
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "one");
}

#define CASE(name, what, ids, level, function)                   \
    {                                                            \
        "agent/mistakes/" name, what, ids, level, 0, 0, function \
    }
const struct cs_case agent_mistakes_tools_cases[] = {
    CASE("question-executes-wrong", "a question with `execute` is never asked", "AGT-MIS-05",
         CS_MUST, question_executes),
    CASE("question-waits-right", "a question without `execute` waits for the user", "AGT-MIS-05",
         CS_MUST, question_waits),
    CASE("heavy-on-call-wrong", "later turns see the whole output of a tool named for the call",
         "AGT-MIS-06", CS_MUST, heavy_on_call),
    CASE("heavy-on-agent-right", "later turns see the short form of a tool of the agent",
         "AGT-MIS-06", CS_MUST, heavy_on_agent),
    CASE("warm-tools-execute-wrong", "a tool with `execute` runs in the route", "AGT-MIS-07",
         CS_SHOULD, warm_tools_execute),
    CASE("warm-tools-bare-right", "a tool without `execute` is left to the agent", "AGT-MIS-07",
         CS_SHOULD, warm_tools_bare),
    CASE("megabytes-wrong", "an output over the limit breaks the turn", "AGT-MIS-08", CS_MUST,
         megabytes),
    CASE("summary-right", "an id in the place of megabytes goes through", "AGT-MIS-08", CS_MUST,
         summary),
    {0},
};
