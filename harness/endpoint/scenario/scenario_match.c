/* For what an answer is. */
#include "endpoint/scenario/scenario_impl.h"

const cJSON *cs_scenario_get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

double cs_scenario_number(const cJSON *object, const char *name, double otherwise)
{
    const cJSON *item = cs_scenario_get(object, name);
    return item ? item->valuedouble : otherwise;
}

static const char *name_of_ask(const struct cs_agent_input *input)
{
    switch (input->ask) {
    case CS_ASK_ACTION:
        return "action";
    case CS_ASK_RESULT:
        return input->denied ? "denied" : input->approved ? "approved" : "result";
    default:
        return "message";
    }
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Without regard to the case of ASCII letters. */
static bool holds(struct cs_view text, struct cs_view part)
{
    for (size_t at = 0; part.len <= text.len && at <= text.len - part.len; at++) {
        size_t n = 0;
        while (n < part.len && lower(text.ptr[at + n]) == lower(part.ptr[n])) {
            n++;
        }
        if (n == part.len) {
            return true;
        }
    }
    return false;
}

bool cs_scenario_applies(const cJSON *answer, const struct cs_scenario_asked *asked)
{
    const cJSON *on = cs_scenario_get(answer, "on");
    const cJSON *contains = cs_scenario_get(answer, "contains");
    const cJSON *then = cs_scenario_get(answer, "then");
    const char *wanted = on ? on->valuestring : "message";
    return strcmp(wanted, name_of_ask(asked->input)) == 0 &&
           cs_scenario_number(answer, "turn", (double)asked->turn) == (double)asked->turn &&
           cs_scenario_number(answer, "run", (double)asked->run) == (double)asked->run &&
           !(asked->was_handed_over && then && strcmp(then->valuestring, "upgrade") == 0) &&
           (!contains || holds(asked->text, cs_view_str(contains->valuestring)));
}
