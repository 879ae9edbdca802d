#include "conformance/agent/cases.h"
const struct cs_case agent_mistakes_cases[] = {
    {0},
};
