/* The decision points of the reference client, as plain numbers.
 *
 * Every place where a client is known to go wrong reads a field of this struct. The defaults are a
 * correct client; a faulty one, to prove that the cases of the client role can fail, is an override
 * of one field. Booleans are 0 and 1, times ms, the rest counts.
 */
#ifndef CHATSPEC_CLIENT_POLICY_H
#define CHATSPEC_CLIENT_POLICY_H

#include <stdint.h>

/* X(field, default, what it decides) */
#define CS_CHAT_POLICY_TOKENS(X)                                                                 \
    X(refresh_on_401, 1, "a 401 or 403 asks for a fresh token (CTK-15, CTK-16, CTK-20)")         \
    X(max_refreshes, 1, "how often per send, or between two records of a read (CTK-17, CTK-21)") \
    X(adopt_token, 1, "public-access-token of a turn-complete replaces the token (CTK-05)")      \
    X(adopt_empty_token, 0, "even when it is empty (CTK-07)")                                    \
    X(adopt_header_token, 0, "an x-trigger-jwt response header replaces the token (CTK-04)")     \
    X(ask_despite_token, 0, "the callbacks are asked although a token is stored (CTK-33)")       \
    X(token_in_query, 0, "the token also goes into the URL (CTK-35)")

#define CS_CHAT_POLICY_APPENDS(X)                                                               \
    X(encode_id, 1, "the chat id is percent-encoded in paths (CAP-02)")                         \
    X(append_content_type, 1, "Content-Type: application/json is sent (CAP-11)")                \
    X(wrap_body, 0, "the record goes out inside a data field (CAP-12)")                         \
    X(message_in_array, 0, "the message goes out as a list of messages (CAP-19)")               \
    X(regenerate_with_message, 0, "regenerate carries a message (CAP-25)")                      \
    X(stop_with_payload, 0, "a stop carries a payload (CAP-29)")                                \
    X(stops_per_call, 1, "records that one stop posts (CST-01)")                                \
    X(send_part_id, 1, "X-Part-Id is sent (CAP-44)")                                            \
    X(keep_part_id, 1, "a resend carries the part id of the first try (CAP-45)")                \
    X(one_part_id, 0, "all sends carry the same part id (CAP-46)")                              \
    X(repost_for_follow_up, 0, "every send but the first posts the create call again (CAP-76)") \
    X(use_seq, 1, "seq of the answer is remembered for correlation (CAP-50)")                   \
    X(require_seq, 0, "an append answer without seq is an error (CAP-51)")                      \
    X(closed_is_terminal, 1, "409 session_closed ends the chat for good (CAP-57)")              \
    X(any_409_is_closed, 0, "whatever its code (CAP-59)")                                       \
    X(retry_413, 0, "a record that is too large is sent again (CAP-64)")                        \
    X(retry_429, 1, "429 is sent again after x-ratelimit-reset (CAP-65)")                       \
    X(wait_for_reset, 1, "and not before it")                                                   \
    X(retry_5xx, 1, "5xx and lost answers are sent again (CAP-68)")                             \
    X(restart_on_404, 1, "404 starts the session once and sends again (CTK-40)")                \
    X(read_after_refusal, 0, "ms of reading that follow a refused append all the same (CAP-72)")

#define CS_CHAT_POLICY_READS(X)                                                            \
    X(accept_event_stream, 1, "Accept: text/event-stream is sent (CSE-47)")                \
    X(cursor_from_id_line, 0, "the SSE id line is the cursor (CSE-18, CRS-02)")            \
    X(cursor_always, 0, "Last-Event-ID: 0 is sent without any history (CRS-01)")           \
    X(cursor_never_zero, 0, "seq 0 is taken for no history (CRS-03)")                      \
    X(forget_cursor, 0, "every subscription starts without a cursor (CRS-04, CRS-08)")     \
    X(skip_moves_cursor, 1, "records that are not delivered move the cursor too (CRE-03)") \
    X(drop_seen_seq, 1, "records at or below the cursor are dropped (CRS-51)")             \
    X(drop_seen_id, 1, "data records with a known envelope id are dropped (REC-04)")       \
    X(peek_on_active_send, 0, "X-Peek-Settled is sent when reading an own turn (CRS-30)")  \
    X(peek_on_reconnect, 1, "and after a reload (CRS-29)")                                 \
    X(honour_settled, 1, "X-Session-Settled makes the end of the body final (CRS-26)")     \
    X(resume_after_end, 1, "a clean end before the turn's end is resumed (CRS-22)")        \
    X(resume_after_drop, 1, "a lost connection is resumed (CRS-08)")                       \
    X(error_event_is_drop, 1, "an error event counts as a lost connection (CSE-25)")       \
    X(deliver_done, 0, "[DONE] is delivered as a chunk (CSE-31)")                          \
    X(close_after_turn, 1, "the connection is closed at the turn's end (CRS-46)")

#define CS_CHAT_POLICY_TURNS(X)                                                              \
    X(deliver_commands, 0, "S2 command records are delivered (CRE-04)")                      \
    X(deliver_controls, 0, "control records are delivered (CRE-08)")                         \
    X(filter_by_chunk_type, 0, "control records are known by their chunk's type (CRE-07)")   \
    X(control_first_header_only, 0, "only the first header makes a control record (CRE-10)") \
    X(fail_on_unknown_control, 0, "an unknown control subtype ends the turn (CRE-19)")       \
    X(deliver_legacy_controls, 0, "data chunks of a trigger: type are delivered (CRE-16)")   \
    X(correlate, 1, "boundaries of earlier turns are skipped (CTC-02)")                      \
    X(require_correlation, 0, "a boundary without session-in-event-id is skipped (CTC-04)")  \
    X(exact_correlation, 0, "a boundary above the own seq is skipped (CTC-03)")              \
    X(upgrade_ends_turn, 0, "upgrade-required ends the turn (CTC-11)")                       \
    X(read_past_boundary, 0, "what follows the boundary in its batch is delivered (CRE-58)") \
    X(hide_stopped_tail, 1, "what a stopped turn still says is not shown (CST-07)")

/* Numbers that cases of ours turn down, to be quick. */
#define CS_CHAT_POLICY_TIMES(X)                                                        \
    X(max_tries, 5, "tries of one request, and reads in a row that brought no record") \
    X(backoff_first_ms, 100, "wait before the second try; doubles")                    \
    X(backoff_max_ms, 2000, "up to this")                                              \
    X(max_reset_wait_ms, 60000, "longest wait for x-ratelimit-reset")                  \
    X(answer_timeout_ms, 30000, "until the head of an answer is there")                \
    X(silence_timeout_ms, 60000, "without any byte of a stream, pings included")

#define CS_CHAT_POLICY_FIELDS(X) \
    CS_CHAT_POLICY_TOKENS(X)     \
    CS_CHAT_POLICY_APPENDS(X)    \
    CS_CHAT_POLICY_READS(X)      \
    CS_CHAT_POLICY_TURNS(X)      \
    CS_CHAT_POLICY_TIMES(X)

struct cs_chat_policy {
#define CS_CHAT_POLICY_FIELD(name, value, text) int64_t name;
    CS_CHAT_POLICY_FIELDS(CS_CHAT_POLICY_FIELD)
#undef CS_CHAT_POLICY_FIELD
};

/* All defaults: a correct client. */
struct cs_chat_policy cs_chat_policy_default(void);
/* The field of that name, or NULL. */
int64_t *cs_chat_policy_field(struct cs_chat_policy *policy, const char *name);

#endif
