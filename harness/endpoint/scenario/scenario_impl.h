/* What the files of a scenario share: the checked tree, and its names. */
#ifndef CHATSPEC_ENDPOINT_SCENARIO_IMPL_H
#define CHATSPEC_ENDPOINT_SCENARIO_IMPL_H

#include <cjson/cJSON.h>

#include "endpoint/scenario/scenario.h"

struct cs_scenario {
    cJSON *tree;
    const cJSON *answers;
    double delay_ms; /* before each piece, where a step says nothing else */
};

/* Checks the whole tree; false with `why`. */
bool cs_scenario_check(const cJSON *tree, struct cs_buf *why);

/* A member, or NULL; a number, or what stands for one that is left out. */
const cJSON *cs_scenario_get(const cJSON *object, const char *name);
double cs_scenario_number(const cJSON *object, const char *name, double otherwise);

/* Do all conditions of the answer hold? */
bool cs_scenario_applies(const cJSON *answer, const struct cs_scenario_asked *asked);

#endif
