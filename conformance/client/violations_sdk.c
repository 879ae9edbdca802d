#include "conformance/client/violations_sdk.h"

#include <stddef.h>
#include <string.h>

#include "suite/case.h"

#define ROW(id, title, requirements, noticed_by, affects) \
    {                                                     \
        id, title, requirements, noticed_by, affects      \
    }

const struct cs_sdk_violation cs_sdk_violations[] = {
#include "conformance/client/violations_sdk.inc"
    {0},
};

const struct cs_sdk_violation *cs_sdk_violation_find(const char *id)
{
    for (const struct cs_sdk_violation *row = cs_sdk_violations; row->id; row++) {
        if (strcmp(row->id, id) == 0) {
            return row;
        }
    }
    return NULL;
}

bool cs_sdk_violation_is_of(const struct cs_sdk_violation *violation, const char *requirement)
{
    return cs_ids_hold(violation->requirements, requirement);
}

bool cs_sdk_violation_breaks(const char *requirement)
{
    for (const struct cs_sdk_violation *row = cs_sdk_violations; row->id; row++) {
        if (cs_sdk_violation_is_of(row, requirement)) {
            return true;
        }
    }
    return false;
}
