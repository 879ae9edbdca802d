/* The tables of cases, one per subject, and how their rows are written. */
#ifndef CHATSPEC_CONFORMANCE_AGENT_CASES_H
#define CHATSPEC_CONFORMANCE_AGENT_CASES_H

#include "conformance/agent/kit.h"

extern const struct cs_case agent_turn_cases[];
extern const struct cs_case agent_turn_cursor_cases[];
extern const struct cs_case agent_turn_token_cases[];
extern const struct cs_case agent_turn_trim_cases[];
extern const struct cs_case agent_turn_stop_cases[];
extern const struct cs_case agent_turn_end_cases[];
extern const struct cs_case agent_turn_close_cases[];
extern const struct cs_case agent_turn_error_cases[];
extern const struct cs_case agent_turn_message_cases[];
extern const struct cs_case agent_turn_custom_cases[];

#endif
