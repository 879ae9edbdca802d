#include "conformance/agent/violations.h"

#include <stddef.h>
#include <string.h>

#include "suite/case.h"

#define ROW(fault, title, requirements, noticed_by)        \
    {                                                      \
        fault, title, requirements, noticed_by, NULL, NULL \
    }
#define ROW_AFFECTS(fault, title, requirements, noticed_by, affects, reason) \
    {                                                                        \
        fault, title, requirements, noticed_by, affects, reason              \
    }

const struct cs_agent_violation cs_agent_violations[] = {
#include "conformance/agent/violations_action.inc"
/* */
#include "conformance/agent/violations_compaction.inc"
/* */
#include "conformance/agent/violations_fast_start.inc"
/* */
#include "conformance/agent/violations_hitl.inc"
/* */
#include "conformance/agent/violations_inject.inc"
/* */
#include "conformance/agent/violations_large.inc"
/* */
#include "conformance/agent/violations_local.inc"
/* */
#include "conformance/agent/violations_mistakes.inc"
/* */
#include "conformance/agent/violations_mock.inc"
/* */
#include "conformance/agent/violations_pair.inc"
/* */
#include "conformance/agent/violations_pending.inc"
/* */
#include "conformance/agent/violations_recovery.inc"
/* */
#include "conformance/agent/violations_session.inc"
/* */
#include "conformance/agent/violations_sub.inc"
/* */
#include "conformance/agent/violations_turn.inc"
/* */
#include "conformance/agent/violations_upgrade.inc"
    {0},
};

const struct cs_agent_violation *cs_agent_violation_find(const char *fault)
{
    for (const struct cs_agent_violation *row = cs_agent_violations; row->fault; row++) {
        if (strcmp(row->fault, fault) == 0) {
            return row;
        }
    }
    return NULL;
}

bool cs_agent_violation_is_of(const struct cs_agent_violation *violation, const char *requirement)
{
    return cs_ids_hold(violation->requirements, requirement);
}

bool cs_agent_violation_breaks(const char *requirement)
{
    for (const struct cs_agent_violation *row = cs_agent_violations; row->fault; row++) {
        if (cs_agent_violation_is_of(row, requirement)) {
            return true;
        }
    }
    return false;
}
