/* What the agent says in a turn: by its scenario, or by the words that it knows. */
#include "endpoint/agent/agent.h"
#include "endpoint/scenario/scenario.h"

static void compose_answer(struct cs_agent *agent, struct cs_view text)
{
    char tool_call_id[CS_AGENT_ID_LEN + 1];
    cs_random_id(agent->endpoint, agent->message_id, CS_AGENT_ID_LEN);
    cs_random_id(agent->endpoint, tool_call_id, CS_AGENT_ID_LEN);
    cs_script_answer(&agent->script, text, agent->message_id, tool_call_id);
}

/* An answer to a call belongs to the message of the call, which is the last one of this run; a
 * run that knows none makes a message of its own. */
static void compose_result(struct cs_agent *agent, const struct cs_agent_input *input)
{
    if (agent->message_id[0] == '\0') {
        cs_random_id(agent->endpoint, agent->message_id, CS_AGENT_ID_LEN);
    }
    cs_script_result(&agent->script, input->denied, agent->message_id,
                     cs_buf_view(&input->tool_call_id));
}

/* False: there is no scenario, or no answer of it is for this. An answer to a call goes on with the
 * call's message, everything else begins one. */
static bool compose_scenario(struct cs_agent *agent, const struct cs_agent_item *item)
{
    const struct cs_scenario *scenario = agent->endpoint->scenario;
    if (scenario == NULL) {
        return false;
    }
    char tool_call_id[CS_AGENT_ID_LEN + 1];
    char message_id[CS_AGENT_ID_LEN + 1];
    cs_random_id(agent->endpoint, message_id, CS_AGENT_ID_LEN);
    cs_random_id(agent->endpoint, tool_call_id, CS_AGENT_ID_LEN);
    bool is_result = item->input.ask == CS_ASK_RESULT && agent->message_id[0] != '\0';
    const struct cs_scenario_asked asked = {
        .input = &item->input,
        .text = cs_buf_view(&agent->last_text),
        .turn = agent->session->n_turns,
        .run = agent->session->n_runs,
        .was_handed_over = item->was_handed_over,
        .message_id = is_result ? agent->message_id : message_id,
        .tool_call_id = cs_view_str(tool_call_id),
    };
    if (!cs_scenario_answer(scenario, &asked, &agent->script)) {
        return false;
    }
    if (!is_result) {
        memcpy(agent->message_id, message_id, sizeof(message_id));
    }
    return true;
}

static void compose_default(struct cs_agent *agent, const struct cs_agent_item *item)
{
    switch (item->input.ask) {
    case CS_ASK_ANSWER:
    case CS_ASK_REGENERATE:
        compose_answer(agent, cs_buf_view(&agent->last_text));
        break;
    case CS_ASK_RESULT:
        compose_result(agent, &item->input);
        break;
    default: /* an action: nothing to say */
        break;
    }
}

void cs_agent_compose(struct cs_agent *agent, const struct cs_agent_item *item)
{
    if (!compose_scenario(agent, item)) {
        compose_default(agent, item);
    }
}
