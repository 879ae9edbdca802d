/* The tables of cases, one per subject, and how their rows are written. */
#ifndef CHATSPEC_CONFORMANCE_AGENT_CASES_H
#define CHATSPEC_CONFORMANCE_AGENT_CASES_H

#include "conformance/agent/kit.h"

extern const struct cs_case agent_action_cases[];
extern const struct cs_case agent_approval_cases[];
extern const struct cs_case agent_compaction_cases[];
extern const struct cs_case agent_fast_start_cases[];
extern const struct cs_case agent_handover_cases[];
extern const struct cs_case agent_head_start_cases[];
extern const struct cs_case agent_hitl_cases[];
extern const struct cs_case agent_inject_cases[];
extern const struct cs_case agent_kill_cases[];
extern const struct cs_case agent_large_cases[];
extern const struct cs_case agent_local_cases[];
extern const struct cs_case agent_mistakes_cases[];
extern const struct cs_case agent_mistakes_peek_cases[];
extern const struct cs_case agent_mistakes_tools_cases[];
extern const struct cs_case agent_mock_cases[];
extern const struct cs_case agent_mock_parts_cases[];
extern const struct cs_case agent_oom_cases[];
extern const struct cs_case agent_own_cases[];
extern const struct cs_case agent_pair_cases[];
extern const struct cs_case agent_pending_cases[];
extern const struct cs_case agent_recovery_cases[];
extern const struct cs_case agent_recovery_hook_cases[];
extern const struct cs_case agent_session_cases[];
extern const struct cs_case agent_session_in_cases[];
extern const struct cs_case agent_session_out_cases[];
extern const struct cs_case agent_session_send_cases[];
extern const struct cs_case agent_session_wait_cases[];
extern const struct cs_case agent_snapshot_cases[];
extern const struct cs_case agent_sub_cases[];
extern const struct cs_case agent_turn_cases[];
extern const struct cs_case agent_turn_close_cases[];
extern const struct cs_case agent_turn_cursor_cases[];
extern const struct cs_case agent_turn_custom_cases[];
extern const struct cs_case agent_turn_end_cases[];
extern const struct cs_case agent_turn_error_cases[];
extern const struct cs_case agent_turn_message_cases[];
extern const struct cs_case agent_turn_stop_cases[];
extern const struct cs_case agent_turn_token_cases[];
extern const struct cs_case agent_turn_trim_cases[];
extern const struct cs_case agent_upgrade_cases[];

#endif
