/* Checks a scenario. Every complaint names the member by its path and says what may stand there:
 * a misspelt member that were passed over would only be noticed as an answer that is not given. */
#include <stdio.h>

#include "endpoint/faults/rule.h"
#include "endpoint/scenario/scenario_impl.h"

enum kind {
    ANY,
    TEXT,
    NAME,      /* a text that is not empty */
    WHOLE,     /* a number without a fraction, from `least` to `most` */
    TRUE_ONLY, /* true: who does not want it leaves it out */
    YES_NO,
    CHUNK, /* an object with a text "type" */
    LIST,
    ON,
    THEN
};

struct member {
    const char *name;
    enum kind kind;
    double least;
    double most;
};

#define DELAY                                       \
    {                                               \
        "delay_ms", WHOLE, 0, CS_SCENARIO_DELAY_MAX \
    }
#define END \
    {       \
        0   \
    }

static const struct member top[] = {{"format", TEXT, 0, 0},
                                    {"$schema", TEXT, 0, 0},
                                    {"about", NAME, 0, 0},
                                    {"answers", LIST, 0, 0},
                                    DELAY,
                                    {"faults", LIST, 0, 0},
                                    END};
static const struct member answer[] = {{"on", ON, 0, 0},
                                       {"contains", NAME, 0, 0},
                                       {"turn", WHOLE, 1, 1e9},
                                       {"run", WHOLE, 1, 1e9},
                                       {"say", LIST, 0, 0},
                                       {"then", THEN, 0, 0},
                                       END};

/* The steps: the first member of each says what it is. */
static const struct member text_step[] = {
    {"text", TEXT, 0, 0}, {"repeat", WHOLE, 1, 1e6}, {"pieces", WHOLE, 1, 10000}, DELAY, END};
static const struct member reasoning_step[] = {
    {"reasoning", TEXT, 0, 0}, {"repeat", WHOLE, 1, 1e6}, {"pieces", WHOLE, 1, 10000}, DELAY, END};
static const struct member tool_step[] = {{"tool", NAME, 0, 0},
                                          {"input", ANY, 0, 0},
                                          {"output", ANY, 0, 0},
                                          {"output_bytes", WHOLE, 1, (double)CS_SCENARIO_TEXT_MAX},
                                          {"fails", TEXT, 0, 0},
                                          {"approve", TRUE_ONLY, 0, 0},
                                          DELAY,
                                          END};
static const struct member output_step[] = {{"tool_output", ANY, 0, 0}, DELAY, END};
static const struct member denied_step[] = {{"tool_denied", TRUE_ONLY, 0, 0}, DELAY, END};
static const struct member data_step[] = {{"data", NAME, 0, 0},
                                          {"value", ANY, 0, 0},
                                          {"id", NAME, 0, 0},
                                          {"transient", YES_NO, 0, 0},
                                          DELAY,
                                          END};
static const struct member chunk_step[] = {{"chunk", CHUNK, 0, 0}, DELAY, END};
static const struct member error_step[] = {{"error", TEXT, 0, 0}, DELAY, END};
static const struct member wait_step[] = {{"wait_ms", WHOLE, 0, CS_SCENARIO_DELAY_MAX}, END};
static const struct member cut_step[] = {{"cut", TRUE_ONLY, 0, 0}, END};
static const struct member *const steps[] = {text_step,   reasoning_step, tool_step,  output_step,
                                             denied_step, data_step,      chunk_step, error_step,
                                             wait_step,   cut_step,       NULL};

static const char *const asks[] = {"message", "approved", "denied", "result", "action", NULL};
static const char *const ends[] = {"complete", "exit",  "close", "upgrade",
                                   "silence",  "crash", NULL};

static bool one_of(const cJSON *item, const char *const *names, const char *path,
                   struct cs_buf *why)
{
    for (size_t i = 0; names[i]; i++) {
        if (cJSON_IsString(item) && strcmp(item->valuestring, names[i]) == 0) {
            return true;
        }
    }
    cs_buf_printf(why, "%s: expected ", path);
    for (size_t i = 0; names[i]; i++) {
        cs_buf_printf(why, "%s\"%s\"", i > 0 ? (names[i + 1] ? ", " : " or ") : "", names[i]);
    }
    return false;
}

static bool expected(bool is_right, const char *path, const char *what, struct cs_buf *why)
{
    if (!is_right) {
        cs_buf_printf(why, "%s: expected %s", path, what);
    }
    return is_right;
}

static bool check_value(const cJSON *item, const struct member *member, const char *path,
                        struct cs_buf *why)
{
    char numbers[96];
    switch (member->kind) {
    case TEXT:
        return expected(cJSON_IsString(item), path, "a text", why);
    case NAME:
        return expected(cJSON_IsString(item) && item->valuestring[0], path,
                        "a text that is not empty", why);
    case WHOLE:
        snprintf(numbers, sizeof numbers, "a whole number from %.0f to %.0f", member->least,
                 member->most);
        return expected(cJSON_IsNumber(item) && item->valuedouble >= member->least &&
                            item->valuedouble <= member->most &&
                            item->valuedouble == (double)(int64_t)item->valuedouble,
                        path, numbers, why);
    case TRUE_ONLY:
        return expected(cJSON_IsTrue(item), path, "true, or the member left out", why);
    case YES_NO:
        return expected(cJSON_IsBool(item), path, "true or false", why);
    case CHUNK:
        return expected(cJSON_IsString(cJSON_GetObjectItemCaseSensitive(item, "type")), path,
                        "an object with a text \"type\"", why);
    case LIST:
        return expected(cJSON_IsArray(item), path, "a list", why);
    case ON:
        return one_of(item, asks, path, why);
    case THEN:
        return one_of(item, ends, path, why);
    case ANY:
        return true;
    }
    return true;
}

static const struct member *find(const struct member *members, const char *name)
{
    for (; members->name; members++) {
        if (strcmp(members->name, name) == 0) {
            return members;
        }
    }
    return NULL;
}

/* Every member of the object is one of these and has the right type; none comes twice. */
static bool check_members(const cJSON *object, const struct member *members, const char *path,
                          struct cs_buf *why)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        char below[160];
        const struct member *member = find(members, item->string);
        snprintf(below, sizeof below, "%s%s%.60s", path, path[0] ? "." : "", item->string);
        if (!member) {
            cs_buf_printf(why, "%s: no such member; allowed here: ", below);
            for (size_t i = 0; members[i].name; i++) {
                cs_buf_printf(why, "%s%s", i > 0 ? ", " : "", members[i].name);
            }
            return false;
        }
        if (cJSON_GetObjectItemCaseSensitive(object, item->string) != item) {
            cs_buf_printf(why, "%s: stands there twice", below);
            return false;
        }
        if (!check_value(item, member, below, why)) {
            return false;
        }
    }
    return true;
}

/* At most one of the three says what the call comes to. */
static bool check_tool(const cJSON *step, const char *path, struct cs_buf *why)
{
    static const char *const outcomes[] = {"output", "output_bytes", "fails", "approve"};
    size_t n = 0;
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        n += cJSON_HasObjectItem(step, outcomes[i]);
    }
    return expected(n <= 1, path, "one of output, output_bytes, fails and approve, or none", why);
}

static bool check_repetition(const cJSON *step, const char *name, const char *path,
                             struct cs_buf *why)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(step, name);
    const cJSON *repeat = cJSON_GetObjectItemCaseSensitive(step, "repeat");
    double len = text ? (double)strlen(text->valuestring) : 0;
    return expected(len * (repeat ? repeat->valuedouble : 1) <= (double)CS_SCENARIO_TEXT_MAX, path,
                    "at most 8 MiB of text with its repetitions", why);
}

static bool check_step(const cJSON *step, const char *path, struct cs_buf *why)
{
    const struct member *const *kind = steps;
    while (*kind && !cJSON_GetObjectItemCaseSensitive(step, (*kind)->name)) {
        kind++;
    }
    if (!cJSON_IsObject(step) || !*kind) {
        cs_buf_printf(why, "%s: expected an object with one of", path);
        for (size_t i = 0; steps[i]; i++) {
            cs_buf_printf(why, "%s %s", i > 0 ? "," : "", steps[i]->name);
        }
        return false;
    }
    return check_members(step, *kind, path, why) &&
           (*kind != tool_step || check_tool(step, path, why)) &&
           check_repetition(step, "text", path, why) &&
           check_repetition(step, "reasoning", path, why);
}

static bool check_answer(const cJSON *object, const char *path, struct cs_buf *why)
{
    if (!expected(cJSON_IsObject(object), path, "an object", why) ||
        !check_members(object, answer, path, why)) {
        return false;
    }
    const cJSON *say = cJSON_GetObjectItemCaseSensitive(object, "say");
    if (!expected(cJSON_GetArraySize(say) <= CS_SCENARIO_MEMBERS, path, "256 steps at most", why)) {
        return false;
    }
    size_t i = 0;
    const cJSON *step;
    cJSON_ArrayForEach(step, say)
    {
        char below[96];
        snprintf(below, sizeof below, "%s.say[%zu]", path, i++);
        if (!check_step(step, below, why)) {
            return false;
        }
    }
    return true;
}

static bool check_fault(const cJSON *rule, size_t i, struct cs_buf *why)
{
    struct cs_fault_rule read;
    struct cs_diag diag = {0};
    char path[48];
    snprintf(path, sizeof path, "faults[%zu]", i);
    if (!expected(cJSON_IsString(rule), path, "a text", why)) {
        return false;
    }
    if (cs_fault_rule_read(cs_view_str(rule->valuestring), &read, &diag) != CS_OK) {
        cs_buf_printf(why, "%s: '%.80s': %s", path, rule->valuestring, diag.text);
        return false;
    }
    return true;
}

static bool check_top(const cJSON *tree, struct cs_buf *why)
{
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(tree, "format");
    const cJSON *answers = cJSON_GetObjectItemCaseSensitive(tree, "answers");
    return expected(cJSON_IsObject(tree), "the file", "an object", why) &&
           expected(cJSON_IsString(format) && strcmp(format->valuestring, CS_SCENARIO_FORMAT) == 0,
                    "format", "\"" CS_SCENARIO_FORMAT "\"", why) &&
           check_members(tree, top, "", why) &&
           expected(cJSON_HasObjectItem(tree, "about"), "about", "a line for people", why) &&
           expected(answers != NULL && cJSON_GetArraySize(answers) <= CS_SCENARIO_MEMBERS,
                    "answers", "a list of 256 at most", why);
}

bool cs_scenario_check(const cJSON *tree, struct cs_buf *why)
{
    if (!check_top(tree, why)) {
        return false;
    }
    const cJSON *item;
    size_t i = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(tree, "answers"))
    {
        char path[48];
        snprintf(path, sizeof path, "answers[%zu]", i++);
        if (!check_answer(item, path, why)) {
            return false;
        }
    }
    const cJSON *faults = cJSON_GetObjectItemCaseSensitive(tree, "faults");
    if (!expected(cJSON_GetArraySize(faults) <= CS_SCENARIO_FAULTS, "faults", "64 rules at most",
                  why)) {
        return false;
    }
    i = 0;
    cJSON_ArrayForEach(item, faults)
    {
        if (!check_fault(item, i++, why)) {
            return false;
        }
    }
    return true;
}
