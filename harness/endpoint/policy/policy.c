#include "endpoint/policy/policy.h"

struct cs_policy cs_policy_default(void)
{
    struct cs_policy policy = {
#define CS_POLICY_FIELD(name, value, text) .name = (value),
        CS_POLICY_FIELDS(CS_POLICY_FIELD)
#undef CS_POLICY_FIELD
    };
    return policy;
}
