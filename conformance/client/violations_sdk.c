#include "conformance/client/violations_sdk.h"

#include <stddef.h>
#include <string.h>

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
    size_t len = strlen(requirement);
    const char *at = violation->requirements;
    while (at && !(strncmp(at, requirement, len) == 0 && (at[len] == ' ' || at[len] == '\0'))) {
        const char *space = strchr(at, ' ');
        at = space ? space + 1 : NULL;
    }
    return at != NULL;
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
