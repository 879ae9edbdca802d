#include "endpoint/scenario/scenario_impl.h"

#include <stdlib.h>

/* Where the JSON stops being JSON, in lines and columns from 1. */
static void tell_place(struct cs_view text, const char *end, struct cs_buf *why)
{
    size_t line = 1;
    size_t column = 1;
    for (const char *at = text.ptr; at < end && at < text.ptr + text.len; at++) {
        line += *at == '\n';
        column = *at == '\n' ? 1 : column + 1;
    }
    cs_buf_printf(why, "no JSON from line %zu, column %zu on", line, column);
}

enum cs_err cs_scenario_read(struct cs_view text, struct cs_scenario **ret_scenario,
                             struct cs_buf *why)
{
    if (text.len > CS_SCENARIO_FILE_MAX) {
        cs_buf_printf(why, "%zu bytes; %zu are allowed", text.len, CS_SCENARIO_FILE_MAX);
        return CS_ERR_LIMIT;
    }
    /* cJSON wants a NUL behind the text when it is to refuse what follows the value. */
    struct cs_buf copy = CS_BUF(CS_SCENARIO_FILE_MAX + 1);
    cs_buf_add(&copy, text);
    cs_buf_char(&copy, '\0');
    struct cs_scenario *scenario = calloc(1, sizeof(*scenario));
    if (!scenario || cs_buf_error(&copy) != CS_OK) {
        cs_buf_free(&copy);
        free(scenario);
        cs_buf_str(why, "out of memory");
        return CS_ERR_NO_MEMORY;
    }
    const char *end = copy.ptr;
    scenario->tree = cJSON_ParseWithLengthOpts(copy.ptr, copy.len, &end, true);
    if (!scenario->tree) {
        tell_place(cs_buf_view(&copy), end, why);
    }
    cs_buf_free(&copy);
    if (!scenario->tree || !cs_scenario_check(scenario->tree, why)) {
        cs_scenario_free(scenario);
        return CS_ERR_SYNTAX;
    }
    const cJSON *delay = cJSON_GetObjectItemCaseSensitive(scenario->tree, "delay_ms");
    scenario->answers = cJSON_GetObjectItemCaseSensitive(scenario->tree, "answers");
    scenario->delay_ms = delay ? delay->valuedouble : 0;
    *ret_scenario = scenario;
    return CS_OK;
}

void cs_scenario_free(struct cs_scenario *scenario)
{
    if (scenario) {
        cJSON_Delete(scenario->tree);
        free(scenario);
    }
}

const char *cs_scenario_about(const struct cs_scenario *scenario)
{
    return cJSON_GetObjectItemCaseSensitive(scenario->tree, "about")->valuestring;
}

static const cJSON *faults_of(const struct cs_scenario *scenario)
{
    return cJSON_GetObjectItemCaseSensitive(scenario->tree, "faults");
}

size_t cs_scenario_n_faults(const struct cs_scenario *scenario)
{
    return (size_t)cJSON_GetArraySize(faults_of(scenario));
}

const char *cs_scenario_fault(const struct cs_scenario *scenario, size_t i)
{
    return cJSON_GetArrayItem(faults_of(scenario), (int)i)->valuestring;
}
