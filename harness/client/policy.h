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
    X(adopt_any_token, 0, "even when it cannot stand in a header line (CTK-36)")                 \
    X(forget_token, 0, "a turn-complete without a token takes the old one away (CTK-06)")        \
    X(show_token, 1, "the storable state tells the token (CTK-14)")                              \
    X(append_bearer, 1, "appends carry the token (CTK-01)")                                      \
    X(ask_despite_token, 0, "the callbacks are asked although a token is stored (CTK-33)")       \
    X(token_in_query, 0, "the token also goes into the URL (CTK-35)")

#define CS_CHAT_POLICY_APPENDS(X)                                                               \
    X(encode_id, 1, "the chat id is percent-encoded in paths (CAP-02)")                         \
    X(fold_id_case, 0, "in lower case (CAP-04)")                                                \
    X(accept_dot_ids, 0, "the ids . and .. are taken, and URLs then leave them out (CAP-03)")   \
    X(append_to_channel, 0, "appends go to in and not in/append (CAP-01)")                      \
    X(append_content_type, 1, "Content-Type: application/json is sent (CAP-11)")                \
    X(wrap_body, 0, "the record goes out inside a data field (CAP-12)")                         \
    X(message_in_array, 0, "the message goes out as a list of messages (CAP-19)")               \
    X(regenerate_with_message, 0, "regenerate carries a message (CAP-25)")                      \
    X(fresh_message_ids, 0, "a message of the caller's goes out under another id (CAP-34)")     \
    X(say_preload, 0, "the first message's trigger is preload (CAP-40)")                        \
    X(ship_head_start, 0, "payloads carry headStartMessages (CAP-41)")                          \
    X(ship_continuation, 0, "payloads carry continuation and previousRunId (CAP-42)")           \
    X(trigger_task, 0, "the first send triggers the agent's task as well (CAP-85)")             \
    X(stop_reason_object, 0, "a stop carries an object for a reason (CST-24)")                  \
    X(stop_with_payload, 0, "a stop carries a payload (CAP-29)")                                \
    X(stops_per_call, 1, "records that one stop posts (CST-01)")                                \
    X(appends_per_send, 1, "records that one send posts (CAP-43)")                              \
    X(send_part_id, 1, "X-Part-Id is sent (CAP-44)")                                            \
    X(keep_part_id, 1, "a resend carries the part id of the first try (CAP-45)")                \
    X(one_part_id, 0, "all sends carry the same part id (CAP-46)")                              \
    X(countable_part_id, 0, "part ids count from 1 (CAP-48)")                                   \
    X(repost_for_follow_up, 0, "every send but the first posts the create call again (CAP-76)") \
    X(use_seq, 1, "seq of the answer is remembered for correlation (CAP-50)")                   \
    X(require_seq, 0, "an append answer without seq is an error (CAP-51)")                      \
    X(strict_answers, 0, "so is one with members that are not known (CAP-55)")                  \
    X(believe_ok_false, 0, "a 200 that says ok false is an accepted append (CAP-54)")           \
    X(closed_is_terminal, 1, "409 session_closed ends the chat for good (CAP-57)")              \
    X(any_409_is_closed, 0, "whatever its code (CAP-59)")                                       \
    X(retry_413, 0, "a record that is too large is sent again (CAP-64)")                        \
    X(retry_409, 0, "a 409 is sent again, whatever its code (CAP-63, CAP-79)")                  \
    X(post_aborted, 0, "a send that was aborted beforehand is posted (CAP-75)")                 \
    X(retry_429, 1, "429 is sent again after x-ratelimit-reset (CAP-65)")                       \
    X(wait_for_reset, 1, "and not before it")                                                   \
    X(retry_5xx, 1, "5xx and lost answers are sent again (CAP-68)")                             \
    X(restart_on_404, 1, "404 starts the session once and sends again (CTK-40)")                \
    X(steer_ends_read, 0, "a message for the running turn ends its reader (CAP-36)")            \
    X(create_odd_trigger, 0, "the create call's payload has a trigger of its own (CAP-86)")     \
    X(create_other_chat, 0, "and the id of another chat (CAP-87)")                              \
    X(create_must_be_new, 0, "a session that was there already is an error (CAP-88)")           \
    X(go_on_uncreated, 0, "a refused create call does not keep a send back (CAP-86)")           \
    X(read_after_refusal, 0, "ms of reading that follow a refused append all the same (CAP-72)")

#define CS_CHAT_POLICY_READS(X)                                                            \
    X(accept_event_stream, 1, "Accept: text/event-stream is sent (CSE-47)")                \
    X(cursor_from_id_line, 0, "the SSE id line is the cursor (CSE-18, CRS-02)")            \
    X(cursor_always, 0, "Last-Event-ID: 0 is sent without any history (CRS-01)")           \
    X(cursor_never_zero, 0, "seq 0 is taken for no history (CRS-03)")                      \
    X(cursor_as_float, 0, "the cursor is kept in 24 bits and an exponent (CRE-44)")        \
    X(cursor_follows, 0, "a lower number moves the cursor back (CRE-46)")                  \
    X(forget_cursor, 0, "every subscription starts without a cursor (CRS-04, CRS-08)")     \
    X(skip_moves_cursor, 1, "records that are not delivered move the cursor too (CRE-03)") \
    X(drop_seen_seq, 1, "records at or below the cursor are dropped (CRS-51)")             \
    X(drop_seen_id, 1, "data records with a known envelope id are dropped (REC-04)")       \
    X(fixed_timeout, 0, "Timeout-Seconds is 120 whatever was asked for (CRS-42)")          \
    X(batch_keeps, 0, "records of a batch beyond so many are lost; 0: none (CLP-07)")      \
    X(peek_on_active_send, 0, "X-Peek-Settled is sent when reading an own turn (CRS-30)")  \
    X(peek_on_reconnect, 1, "and after a reload (CRS-29)")                                 \
    X(need_chunked, 0, "a stream that is not chunked is taken for empty (CSE-44)")         \
    X(need_stream_version, 0, "without X-Stream-Version events are chunks (CSE-39)")       \
    X(honour_settled, 1, "X-Session-Settled makes the end of the body final (CRS-26)")     \
    X(resume_after_end, 1, "a clean end before the turn's end is resumed (CRS-22)")        \
    X(resume_after_drop, 1, "a lost connection is resumed (CRS-08)")                       \
    X(error_event_is_drop, 1, "an error event counts as a lost connection (CSE-25)")       \
    X(deliver_done, 0, "[DONE] is delivered as a chunk (CSE-31)")                          \
    X(deliver_unknown, 0, "events with an unknown name are delivered (CSE-22)")            \
    X(abort_old_read, 1, "a send ends the subscription of the one before (CRS-44)")        \
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
    X(consumed_correlates, 0, "session-in-consumed-id correlates (CTC-26)")                  \
    X(fail_on_odd_record, 0, "a record that is none ends the turn (CRE-37)")                 \
    X(legacy_boundary, 1, "a trigger:turn-complete chunk ends the turn (CRE-14)")            \
    X(header_makes_control, 0, "a record with any header is not delivered (CRE-20)")         \
    X(deliver_envelope, 0, "the body is delivered and not its data (CRE-25)")                \
    X(fail_on_odd_body, 0, "a body that is no JSON text with data ends the turn (CRE-26)")   \
    X(deliver_null, 0, "a body without data delivers null (CRE-27)")                         \
    X(need_record_id, 0, "a body without an id is dropped (CRE-28)")                         \
    X(known_types_only, 0, "a chunk of an unknown type ends the turn (CRE-31)")              \
    X(ascii_only, 0, "other characters are delivered as question marks (CRE-55)")            \
    X(upgrade_ends_turn, 0, "upgrade-required ends the turn (CTC-11)")                       \
    X(read_past_boundary, 0, "what follows the boundary in its batch is delivered (CRE-58)") \
    X(close_of_skipped, 1, "a skipped boundary may close the session all the same (CTC-15)") \
    X(gate_when_idle, 0, "a stop while nothing runs hides the next turn (CST-08)")           \
    X(report_lost, 1, "a turn that the gate hid is an error (CST-09)")                       \
    X(hide_stopped_tail, 1, "what a stopped turn still says is not shown (CST-07)")

/* What home-made decoders get wrong: distort.c does to the bytes what such a decoder would make of
 * them. All are off. */
#define CS_CHAT_POLICY_DECODING(X)                                                              \
    X(lf_lines_only, 0, "CR is no part of a line end (CSE-01)")                                 \
    X(cr_is_text, 0, "CR without LF does not end a line (CSE-02)")                              \
    X(crlf_in_two_reads, 0, "CR LF, a byte a read, ends two lines (CSE-05)")                    \
    X(line_per_read, 0, "what a read of 16 bytes leaves over is lost (CSE-04)")                 \
    X(keep_partial_line, 0, "what a connection leaves unfinished is kept (CSE-32, CSE-35)")     \
    X(keep_bom, 0, "a byte order mark is part of the first line (CSE-07)")                      \
    X(comment_ends_event, 0, "a comment ends the event that it is in (CSE-09)")                 \
    X(data_line_is_event, 0, "each data line is an event of its own (CSE-10)")                  \
    X(need_space, 0, "a field without a space behind its colon is passed over (CSE-11)")        \
    X(event_line_first, 0, "data before the event line is lost (CSE-13)")                       \
    X(event_name_sticks, 0, "an event without a name has that of the one before (CSE-16)")      \
    X(empty_event_sticks, 0, "a name without data is that of the next event (CSE-17)")          \
    X(adopt_retry, 0, "a retry field sets the first backoff (CSE-20)")                          \
    X(unknown_field_ends_event, 0, "a field of another name ends its event (CSE-21)")           \
    X(names_by_prefix, 0, "eventx counts as event (CSE-50)")                                    \
    X(need_utf8, 0, "a line that is not UTF-8 is lost (CSE-34)")                                \
    X(unicode_line_ends, 0, "U+2028, U+2029 and U+0085 end lines (CSE-37)")                     \
    X(ignore_batches, 0, "batch events are not known (CSE-38)")                                 \
    X(max_event_bytes, 0, "a longer event breaks the stream; 0: 32 MiB (CSE-49)")               \
    X(fail_on_malformed, 0, "an event that breaks the protocol ends the turn (CSE-45, CRE-49)") \
    X(all_or_nothing, 0, "a batch with something odd in it is lost as a whole (CRE-37)")        \
    X(fail_on_empty_list, 0, "an empty list of records breaks the stream (CRE-02)")             \
    X(lose_null_headers, 0, "a batch with null or empty headers is lost (CRE-21)")              \
    X(lose_unknown_members, 0, "a batch with a member that is not known is lost (CRE-50)")      \
    X(lose_without_timestamp, 0, "a batch whose record has no timestamp is lost (CRE-51)")      \
    X(lose_proto, 0, "a batch with __proto__ in it is lost (CRE-52)")                           \
    X(string_seq_is_cursor, 0, "a seq_num that is a string is the next cursor as it is (CRE-43)")

/* Of the handle of a session and the sessions API, which the adapter makes of the same parts. */
#define CS_CHAT_POLICY_SESSIONS(X)                                           \
    X(wrap_start, 0, "start sends its body inside a session field (CSS-01)") \
    X(retrieve_with_post, 0, "a session is retrieved by POST (CSS-02)")      \
    X(update_with_put, 0, "and updated by PUT (CSS-03)")                     \
    X(close_without_body, 0, "a close has no body (CSS-04)")                 \
    X(open_asks, 0, "opening a handle retrieves the session (CSS-07)")       \
    X(quote_strings, 0, "a string is appended as JSON (CSS-08)")

/* Of the clients that the adapter makes of the same parts: a bare subscription, a head start. */
#define CS_CHAT_POLICY_OTHERS(X)                                                              \
    X(keep_chunks, 0, "what was delivered is kept for ever (CLP-11)")                         \
    X(lose_unread, 0, "a refused subscription loses what nobody has taken yet (CRS-52)")      \
    X(late_stop_ends_read, 0, "a stop ends the turn of a message that waits for it (CST-26)") \
    X(hop_starts_too, 0, "the session is started although a head start begins it (CHS-01)")   \
    X(hop_last_only, 0, "the head start gets the last message alone (CHS-02)")                \
    X(hop_token, 1, "the head start's token becomes the session's (CHS-04)")                  \
    X(hop_complete, 1, "its turn-complete ends the turn in the state (CHS-08)")               \
    X(hop_cursor, 1, "its session-state sets the cursor (CHS-09)")                            \
    X(hop_shows_frames, 0, "frames of both kinds are delivered (CHS-08, CHS-09)")             \
    X(hop_every_turn, 0, "every turn goes to the head start's URL (CHS-11)")                  \
    X(hop_own_framing, 0, "its answer is split by hand at LF LF and \"data: \" (CHS-13)")

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
    CS_CHAT_POLICY_DECODING(X)   \
    CS_CHAT_POLICY_SESSIONS(X)   \
    CS_CHAT_POLICY_OTHERS(X)     \
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
/* What that field decides, or NULL. */
const char *cs_chat_policy_text(const char *name);

#endif
