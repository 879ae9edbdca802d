#include "client/violations.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "client/policy.h"

#define ROW(fault, requirements, noticed_by)        \
    {                                               \
        fault, requirements, noticed_by, NULL, NULL \
    }
#define ROW_AFFECTS(fault, requirements, noticed_by, affects, reason) \
    {                                                                 \
        fault, requirements, noticed_by, affects, reason              \
    }

const struct cs_client_violation cs_client_violations[] = {
#include "client/violations_session.inc"
/* */
#include "client/violations_stream.inc"
/* */
#include "client/violations_decoding.inc"
    {0},
};

const struct cs_client_violation *cs_client_violation_find(const char *fault)
{
    for (const struct cs_client_violation *row = cs_client_violations; row->fault; row++) {
        if (strcmp(row->fault, fault) == 0) {
            return row;
        }
    }
    return NULL;
}

bool cs_client_violation_is_of(const struct cs_client_violation *violation, const char *requirement)
{
    size_t len = strlen(requirement);
    const char *at = violation->requirements;
    while (at && !(strncmp(at, requirement, len) == 0 && (at[len] == ' ' || at[len] == '\0'))) {
        const char *space = strchr(at, ' ');
        at = space ? space + 1 : NULL;
    }
    return at != NULL;
}

bool cs_client_violation_breaks(const char *requirement)
{
    for (const struct cs_client_violation *row = cs_client_violations; row->fault; row++) {
        if (cs_client_violation_is_of(row, requirement)) {
            return true;
        }
    }
    return false;
}

const char *cs_client_violation_title(const struct cs_client_violation *violation)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(violation->fault, "="), violation->fault);
    const char *text = cs_chat_policy_text(name);
    return text ? text : "";
}
