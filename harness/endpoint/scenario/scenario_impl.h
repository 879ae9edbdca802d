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

#endif
