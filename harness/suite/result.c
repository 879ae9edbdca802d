#include "suite/result.h"

#include <stdlib.h>

const char *cs_verdict_name(enum cs_verdict verdict)
{
    static const char *const names[CS_N_VERDICTS] = {
        [CS_PASS] = "pass",
        [CS_FAIL] = "fail",
        [CS_WARN] = "warn",
        [CS_INFO] = "info",
        [CS_SKIP] = "skip",
        [CS_ERROR] = "error",
        [CS_INCONCLUSIVE] = "inconclusive",
    };
    return (size_t)verdict < CS_N_VERDICTS ? names[verdict] : "unknown";
}

const char *cs_level_name(enum cs_level level)
{
    static const char *const names[] = {
        [CS_MUST] = "MUST", [CS_SHOULD] = "SHOULD", [CS_MAY] = "MAY", [CS_OBSERVED] = "OBSERVED"};
    return (size_t)level < sizeof names / sizeof names[0] ? names[level] : "unknown";
}

void cs_result_drop_evidence(struct cs_result *result)
{
    for (size_t i = 0; i < result->n_evidence; i++) {
        free(result->evidence[i].kind);
        free(result->evidence[i].title);
        free(result->evidence[i].text);
    }
    free(result->evidence);
    result->evidence = NULL;
    result->n_evidence = 0;
}

void cs_result_free(struct cs_result *result)
{
    cs_result_drop_evidence(result);
    for (size_t i = 0; i < result->n_observations; i++) {
        free(result->observations[i].name);
        free(result->observations[i].value);
    }
    free(result->observations);
    free(result->message);
    *result = (struct cs_result){0};
}

bool cs_result_set_message(struct cs_result *result, const char *text)
{
    char *copy = strdup(text);
    if (!copy) {
        return false;
    }
    free(result->message);
    result->message = copy;
    return true;
}

bool cs_result_observe(struct cs_result *result, const char *name, const char *value)
{
    char *copy = strdup(value);
    if (!copy) {
        return false;
    }
    for (size_t i = 0; i < result->n_observations; i++) {
        if (strcmp(result->observations[i].name, name) == 0) {
            free(result->observations[i].value);
            result->observations[i].value = copy;
            return true;
        }
    }
    struct cs_observation *grown = reallocarray(result->observations, result->n_observations + 1,
                                                sizeof *result->observations);
    char *name_copy = strdup(name);
    if (grown) {
        result->observations = grown;
    }
    if (!grown || !name_copy) {
        free(name_copy);
        free(copy);
        return false;
    }
    grown[result->n_observations++] = (struct cs_observation){name_copy, copy};
    return true;
}

bool cs_result_add_evidence(struct cs_result *result, const char *kind, const char *title,
                            const char *text, uint64_t left_out)
{
    struct cs_evidence *grown =
        reallocarray(result->evidence, result->n_evidence + 1, sizeof *result->evidence);
    if (!grown) {
        return false;
    }
    result->evidence = grown;
    struct cs_evidence item = {strdup(kind), strdup(title), strdup(text), left_out};
    if (!item.kind || !item.title || !item.text) {
        free(item.kind);
        free(item.title);
        free(item.text);
        return false;
    }
    grown[result->n_evidence++] = item;
    return true;
}
