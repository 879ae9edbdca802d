/* A stop, while a turn streams and while none does. */
#include "conformance/agent/cases.h"

#define SLOW "{'script':[[{'text':'so far','delta':2},{'gate':'never'},{'text':'too late'}]]}"

/* Boots into a turn that streams and waits; gives the run. */
static int boot_slow(struct ak *ak)
{
    int agent = ak_boot(ak, "plain", "hello", SLOW);
    ak_wait_word(ak, "text-delta");
    (void)ak_wait_note(ak, agent, "gate");
    ak_wait_subscribed(ak);
    return agent;
}

/* AGT-TRN-21 */
static void streaming(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = boot_slow(ak);
    ak_stop(ak);
    ak_wait_turns(ak, 1);
    const cJSON *over = ak_wait_hook(ak, agent, "onTurnComplete", 1);
    ak_expect(ak, "onTurnComplete", over, "stopped", "true");
    ak_open(ak, "never");
    ak_settle(ak);
    ak_expect_text(ak, "the answer", ak_out_text(ak, 0), "so far");
    ak_expect_out(ak, ak_turn_index(ak, 1), "TC");
    ak_message(ak, "more", "{'script':[[{'text':' and on'}]]}");
    ak_wait_turns(ak, 2);
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "so far and on");
    over = ak_wait_hook(ak, agent, "onTurnComplete", 2);
    ak_expect(ak, "onTurnComplete of the next turn", over, "stopped", "false");
}

/* AGT-TRN-22 */
static void kept_text(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = boot_slow(ak);
    ak_stop(ak);
    const cJSON *over = ak_wait_hook(ak, agent, "onTurnComplete", 1);
    const char *seen = ak_text(ak, "\"%s\"", ak_out_text(ak, 0));
    const cJSON *parts = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(over, "responseMessage"), "parts");
    const cJSON *text = NULL;
    const cJSON *part;
    cJSON_ArrayForEach(part, parts)
    {
        const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(part, "type"));
        text = type && strcmp(type, "text") == 0 ? part : text;
    }
    ak_expect(ak, "the text part of responseMessage", text, "text", seen);
    ak_expect(ak, "the text part of responseMessage", text, "state", "'done'");
    ak_message(ak, "more", "{}");
    ak_expect_text(ak, "the next prompt", ak_prompt(ak, agent, 2),
                   "user: hello\nassistant: so far\nuser: more");
}

/* AGT-TRN-22 */
static void unfinished_tool(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "tools", "hello",
                        "{'script':[[{'text':'let me look'},{'tool':'look','input':{}}]],"
                        "'do':{'tool:look':[{'gate':'never'}]}}");
    ak_wait_word(ak, "tool-input-available");
    (void)ak_wait_note(ak, agent, "gate");
    ak_wait_subscribed(ak);
    ak_stop(ak);
    ak_settle(ak);
    ak_open(ak, "never"); /* versions before 4.7.7 wait for the tool to notice */
    const cJSON *over = ak_wait_hook(ak, agent, "onTurnComplete", 1);
    const char *message = ak_member(ak, over, "responseMessage");
    cs_case_check(run, strstr(message, "let me look") != NULL, "the text is not kept: %s", message);
    cs_case_check(run, strstr(message, "tool-look") == NULL, "the unfinished tool is kept: %s",
                  message);
    ak_message(ak, "more", "{}");
    ak_expect_text(ak, "the next prompt", ak_prompt(ak, agent, 2),
                   "user: hello\nassistant: let me look\nuser: more");
}

/* AGT-TRN-23 */
static void between_turns(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int agent = ak_boot(ak, "plain", "hello", NULL);
    (void)ak_wait_hook(ak, agent, "onTurnComplete", 1);
    ak_wait_subscribed(ak);
    ak_stop(ak);
    ak_settle(ak);
    ak_message(ak, "more", "{'script':[[{'text':' in full','delta':1}]]}");
    const cJSON *over = ak_wait_hook(ak, agent, "onTurnComplete", 2);
    ak_expect(ak, "onTurnComplete", over, "stopped", "false");
    ak_expect_text(ak, "the answers", ak_out_text(ak, 0), "ok in full");
    ak_expect_out(ak, ak_turn_index(ak, 1), "TC start ... finish TC ...");
}

/* AGT-TRN-24 */
static void from_before(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "more", "{}");
    ak_wait_turns(ak, 2);
    ak_wait_word(ak, ak_text(ak, "trim(%llu)", (unsigned long long)ak_turn_complete(ak, 1)->seq));
    ak_kill(ak);
    ak_stop(ak);
    size_t before = ak_out_count(ak);
    int agent = ak_continue(ak, "plain");
    ak_wait_subscribed(ak);
    ak_message(ak, "go on", "{'script':[[{'text':'in full','delta':1}]]}");
    const cJSON *over = ak_wait_hook(ak, agent, "onTurnComplete", 1);
    ak_expect(ak, "onTurnComplete", over, "stopped", "false");
    ak_expect_text(ak, "the answer", ak_out_text(ak, before), "in full");
}

const struct cs_case agent_turn_stop_cases[] = {
    {"agent/turn/stop", "a stop ends the turn that streams, and the next message is answered",
     "AGT-TRN-21", CS_MUST, 0, 0, streaming},
    {"agent/turn/stop-keeps-text", "what is kept of a stopped answer is what was sent",
     "AGT-TRN-22", CS_MUST, 0, 0, kept_text},
    {"agent/turn/stop-drops-unfinished-tool", "a tool call that was not done is not kept",
     "AGT-TRN-22", CS_MUST, 0, 0, unfinished_tool},
    {"agent/turn/stop-between-turns", "a stop while no turn runs touches nothing", "AGT-TRN-23",
     CS_MUST, 0, 0, between_turns},
    {"agent/turn/stop-from-before", "a stop that an earlier run left stops nothing", "AGT-TRN-24",
     CS_MUST, 0, 0, from_before},
    {0},
};
