/* The tables of client cases: one file per area of the catalogue, each table ended by a NULL id. */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_CASES_H
#define CHATSPEC_CONFORMANCE_CLIENT_CASES_H

#include "suite/case.h"

/* A row of such a table that says no more than these; a file names its area once:
 * #define OBSERVED(...) CK_CASE(CS_OBSERVED, "append", __VA_ARGS__) */
#define CK_CASE(level_, area, name, what, ids, function)                                          \
    {                                                                                             \
        .id = "client/" area "/" name, .title = (what), .requirements = (ids), .level = (level_), \
        .run = (function)                                                                         \
    }

extern const struct cs_case client_token_cases[];
extern const struct cs_case client_token_adopt_cases[];
extern const struct cs_case client_token_refresh_cases[];
extern const struct cs_case client_token_server_observed_cases[];
extern const struct cs_case client_append_cases[];
extern const struct cs_case client_append_refused_cases[];
extern const struct cs_case client_append_server_observed_cases[];
extern const struct cs_case client_message_cases[];
extern const struct cs_case client_message_observed_cases[];
extern const struct cs_case client_framing_cases[];
extern const struct cs_case client_framing_observed_cases[];
extern const struct cs_case client_record_cases[];
extern const struct cs_case client_record_observed_cases[];
extern const struct cs_case client_turn_cases[];
extern const struct cs_case client_turn_observed_cases[];
extern const struct cs_case client_resume_cases[];
extern const struct cs_case client_large_cases[];
extern const struct cs_case client_resume_observed_cases[];
extern const struct cs_case client_reconnect_observed_cases[];
extern const struct cs_case client_subscription_cases[];
extern const struct cs_case client_subscription_observed_cases[];
extern const struct cs_case client_subscription_record_cases[];
extern const struct cs_case client_stop_cases[];
extern const struct cs_case client_stop_observed_cases[];
extern const struct cs_case client_stop_late_cases[];
extern const struct cs_case client_retry_cases[];
extern const struct cs_case client_steer_cases[];
extern const struct cs_case client_create_cases[];
extern const struct cs_case client_start_observed_cases[];
extern const struct cs_case client_head_start_cases[];
extern const struct cs_case client_head_start_handler_cases[];
extern const struct cs_case client_head_start_handler_observed_cases[];
extern const struct cs_case client_agent_chat_cases[];
extern const struct cs_case client_agent_chat_observed_cases[];
extern const struct cs_case client_agent_chat_stream_cases[];
extern const struct cs_case client_agent_chat_turn_cases[];
extern const struct cs_case client_session_handle_cases[];
extern const struct cs_case client_session_handle_observed_cases[];
extern const struct cs_case client_writer_cases[];
extern const struct cs_case client_writer_size_cases[];
extern const struct cs_case client_address_observed_cases[];

#endif
