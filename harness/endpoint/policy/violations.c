#include "endpoint/policy/violations.h"

#include <string.h>

#include "endpoint/policy/policy.h"

#define ROW(name, requirement_id, text, policy_field, policy_value)                \
    {                                                                              \
        .id = (name), .requirement = (requirement_id), .title = (text),            \
        .field = offsetof(struct cs_policy, policy_field), .value = (policy_value) \
    }

/* ... and names the cases that cannot help but notice, and why. */
#define ROW_AFFECTS(name, requirement_id, text, policy_field, policy_value, cases, why) \
    {                                                                                   \
        .id = (name), .requirement = (requirement_id), .title = (text),                 \
        .field = offsetof(struct cs_policy, policy_field), .value = (policy_value),     \
        .affects = (cases), .reason = (why)                                             \
    }

const struct cs_violation cs_violations[] = {
#include "endpoint/policy/violations_core.inc"
#include "endpoint/policy/violations_session.inc"
#include "endpoint/policy/violations_request.inc"
#include "endpoint/policy/violations_stream.inc"
    {0},
};

const struct cs_violation *cs_violation_find(const char *id)
{
    for (const struct cs_violation *violation = cs_violations; violation->id; violation++) {
        if (strcmp(violation->id, id) == 0) {
            return violation;
        }
    }
    return NULL;
}
