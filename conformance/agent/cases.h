/* The tables of cases, one per subject, and how their rows are written. */
#ifndef CHATSPEC_CONFORMANCE_AGENT_CASES_H
#define CHATSPEC_CONFORMANCE_AGENT_CASES_H

#include "conformance/agent/kit.h"

extern const struct cs_case agent_recovery_cases[];
extern const struct cs_case agent_recovery_hook_cases[];
extern const struct cs_case agent_kill_cases[];
extern const struct cs_case agent_snapshot_cases[];
extern const struct cs_case agent_oom_cases[];
extern const struct cs_case agent_turn_cases[];

#endif
