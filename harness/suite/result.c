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

static void observation_free(struct cs_observation *observation)
{
    free(observation->name);
    free(observation->value);
    free(observation->recorded);
}

const char *cs_expected_state_name(enum cs_expected_state state)
{
    static const char *const names[CS_N_EXPECTED_STATES] = {
        [CS_NOT_LISTED] = "not-listed",         [CS_EXPECTED_FAILURE] = "expected",
        [CS_TOLERATED_PASS] = "tolerated-pass", [CS_UNEXPECTED_PASS] = "unexpected-pass",
        [CS_EXPECTATION_OVER] = "expired",
    };
    return (size_t)state < CS_N_EXPECTED_STATES ? names[state] : "unknown";
}

static void expected_free(struct cs_expected *expected)
{
    free(expected->reason);
    free(expected->until);
    *expected = (struct cs_expected){0};
}

bool cs_result_set_expected(struct cs_result *result, const struct cs_expected *expected)
{
    expected_free(&result->expected);
    if (expected->state == CS_NOT_LISTED) {
        return true;
    }
    struct cs_expected copy = *expected;
    copy.reason = strdup(expected->reason);
    copy.until = strdup(expected->until);
    if (!copy.reason || !copy.until) {
        expected_free(&copy);
        return false;
    }
    result->expected = copy;
    return true;
}

void cs_result_free(struct cs_result *result)
{
    expected_free(&result->expected);
    cs_result_drop_evidence(result);
    for (size_t i = 0; i < result->n_observations; i++) {
        observation_free(&result->observations[i]);
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

/* The observation of that name, or a new one at the end; NULL when out of memory. */
static struct cs_observation *observation_at(struct cs_result *result, const char *name)
{
    for (size_t i = 0; i < result->n_observations; i++) {
        if (strcmp(result->observations[i].name, name) == 0) {
            return &result->observations[i];
        }
    }
    struct cs_observation *grown = reallocarray(result->observations, result->n_observations + 1,
                                                sizeof *result->observations);
    if (!grown) {
        return NULL;
    }
    result->observations = grown;
    grown[result->n_observations] = (struct cs_observation){0};
    return &grown[result->n_observations++];
}

bool cs_result_observe(struct cs_result *result, const char *name, const char *value,
                       const char *recorded)
{
    struct cs_observation copy = {strdup(name), strdup(value), recorded ? strdup(recorded) : NULL};
    struct cs_observation *place = copy.name && copy.value && (copy.recorded || !recorded)
                                       ? observation_at(result, name)
                                       : NULL;
    if (!place) {
        observation_free(&copy);
        return false;
    }
    observation_free(place);
    *place = copy;
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
    struct cs_evidence item = {strdup(kind), strdup(title), strdup(text), left_out, -1};
    if (!item.kind || !item.title || !item.text) {
        free(item.kind);
        free(item.title);
        free(item.text);
        return false;
    }
    grown[result->n_evidence++] = item;
    return true;
}
