/* Decision points of streams, appends and the scripted agent: a part of policy.h. */
#ifndef CHATSPEC_ENDPOINT_POLICY_STREAM_H
#define CHATSPEC_ENDPOINT_POLICY_STREAM_H

/* X(field, default, what it decides) */
#define CS_POLICY_APPEND_FIELDS(X)                                                           \
    X(append_race_ms, 0,                                                                     \
      "two appends within this time take the same number, one is lost (APP-04)")             \
    X(append_out_as_json, 0, "JSON that is appended to out is stored as a value (APP-28)")   \
    X(append_failure_status, 500, "a failure of the store (APP-31)")                         \
    X(append_known_kinds, 0, "only the kinds message and stop are taken (REC-21)")           \
    X(append_empty_status, 200, "an empty body (APP-07)")                                    \
    X(append_closed_first, 1, "closed is tested before who may append to out (APP-27)")      \
    X(repeat_gives_seq, 0, "the answer to a repeat has seq (APP-14)")                        \
    X(append_metered_limit, 1048576, "largest metered record (LIM-04)")                      \
    X(append_meter_escaped, 1, "what JSON escaping adds is metered (LIM-07)")                \
    X(append_max_stored, 0, "bytes of a body that are stored; 0: all (LIM-13)")              \
    X(append_gives_seq, 1, "the answer has seq (APP-01)")                                    \
    X(append_seq_offset, 0, "added to the seq of the answer (APP-02)")                       \
    X(append_gap, 0, "a command record is written before each append (APP-03)")              \
    X(append_unwraps_data, 0, "of a JSON body only its member data is kept (APP-06)")        \
    X(append_renames_data, 0, "the envelope's text is in a member of another name (APP-05)") \
    X(append_data_as_json, 0, "a JSON body is stored as a value and not as text (REC-03)")   \
    X(append_record_header, 0, "the record gets a header (APP-05)")                          \
    X(append_checks_kind, 0, "bodies without kind are 400 (APP-08)")                         \
    X(append_strips_source, 1, "actionSource webhook is removed (APP-10)")                   \
    X(append_strips_escaped, 1, "however its name is spelled (APP-11)")                      \
    X(append_keeps_part_id, 1, "X-Part-Id becomes the envelope id (APP-12)")                 \
    X(append_constant_id, 0, "all generated envelope ids are the same (REC-04)")             \
    X(append_id_as_number, 0, "the envelope id is a number (REC-02)")                        \
    X(append_stream_by_url, 0, "each id form of the URL has a stream of its own (APP-34)")   \
    X(append_needs_reader, 0, "records are dropped while nobody subscribes (APP-35)")        \
    X(dedupe, 1, "repeats of an X-Part-Id add nothing (APP-13)")                             \
    X(dedupe_window_ms, 300000, "for so long (APP-18)")                                      \
    X(dedupe_global, 0, "an id used on one session counts on all (APP-16)")                  \
    X(dedupe_by_url, 0, "ids count for each form of the URL by itself (APP-17)")             \
    X(dedupe_releases, 1, "a failed append gives its id back (APP-19)")                      \
    X(closed_append_status, 409, "append to a closed session (APP-23)")                      \
    X(closed_append_code, 1, "with code and closedReason in the body (APP-23)")              \
    X(closed_append_stores, 0, "the refused record is stored all the same (APP-26)")         \
    X(expired_append_status, 400, "append to an expired session (APP-25)")                   \
    X(out_append_needs_secret, 1, "public tokens may not append to out (TOK-33)")            \
    X(side_channels, 1, "sessions have side channels (CHN-26)")                              \
    X(side_channel_out_needs_secret, 1, "nor to a side channel's out (CHN-28)")              \
    X(side_channel_wakes_run, 0, "an append to a side channel starts a run (CHN-27)")        \
    X(append_missing_status, 404, "append to an unknown session (APP-22)")

#define CS_POLICY_SSE_FIELDS(X)                                                                  \
    X(stream_per_run, 0, "each run after the first has streams of its own (OUT-38)")             \
    X(sse_accept_decides, 0, "who does not accept an event stream gets JSON (OUT-02)")           \
    X(sse_cache_headers, 1, "caches and proxies are told to keep off (OUT-04)")                  \
    X(sse_gzip, 0, "the body is said to be gzip when that is accepted (OUT-05)")                 \
    X(sse_id_starts, 0, "the id line begins with the first number of the batch (OUT-11)")        \
    X(sse_wait_spellings, 1, "Timeout-Seconds is a JavaScript number; else digits (OUT-26)")     \
    X(sse_max_body_text, 0, "JSON text of a body from which on it is cut; 0: never (OUT-27)")    \
    X(sse_failure_status, 500, "a stream that cannot be read (OUT-37)")                          \
    X(sse_plain_too, 0, "each data record comes as an event of its own too (OUT-42)")            \
    X(sse_ends_at_upgrade, 0, "a subscription ends at upgrade-required (REC-10)")                \
    X(sse_hides_closed, 0, "session-closed records are left out (REC-11)")                       \
    X(resume_cuts_at_dash, 1, "Last-Event-ID ends at its first dash (RES-04)")                   \
    X(resume_forgets_run, 0, "a cursor counts until the run is swapped (RES-15)")                \
    X(settled_any_value, 0, "any X-Peek-Settled opts in (RES-22)")                               \
    X(settled_on_in, 0, "the peek works on in too (RES-23)")                                     \
    X(settled_pings, 0, "a settled answer has a ping (RES-24)")                                  \
    X(sse_event_stream_type, 1, "text/event-stream; else application/json (OUT-01)")             \
    X(sse_version_header, 1, "X-Stream-Version: v2 is sent (OUT-03)")                            \
    X(sse_extra_event, 0, "an event of another name follows each ping (OUT-06)")                 \
    X(sse_data_lines, 1, "data lines of a batch (OUT-08)")                                       \
    X(sse_empty_batch, 0, "an empty batch comes first (OUT-08)")                                 \
    X(sse_seq_as_text, 0, "seq_num is a string (OUT-09)")                                        \
    X(sse_id_is_seq, 0, "the id line is one number (OUT-12)")                                    \
    X(sse_ping_has_id, 0, "pings have an id line too (OUT-12)")                                  \
    X(sse_id_bytes_offset, 0, "added to the byte count of the id line (LIM-26)")                 \
    X(sse_repeats_last, 0, "the last record of a batch comes twice (OUT-13)")                    \
    X(sse_time_goes_back, 0, "timestamps fall as numbers rise (OUT-14)")                         \
    X(sse_tail_offset, 0, "added to the tail's seq_num (OUT-15)")                                \
    X(sse_ping_tail, 1, "pings tell the tail (OUT-18)")                                          \
    X(sse_ping_time_as_text, 0, "a ping's timestamp is a string (OUT-18)")                       \
    X(sse_done, 1, "how often [DONE] is sent at the end (OUT-20)")                               \
    X(sse_done_breaks, 0, "the connection is reset after [DONE] (OUT-20)")                       \
    X(sse_wait_permille, 1000, "of the wait time that was asked for (OUT-21)")                   \
    X(sse_default_wait_ms, 60000, "wait time without Timeout-Seconds (OUT-23)")                  \
    X(sse_min_wait_s, 1, "least Timeout-Seconds (OUT-24)")                                       \
    X(sse_max_wait_s, 600, "greatest Timeout-Seconds (OUT-24)")                                  \
    X(sse_wait_strict, 1, "what is not an integer is refused; else the default (OUT-25)")        \
    X(sse_live, 1, "records that come during a subscription are delivered (OUT-28)")             \
    X(sse_max_readers, 0, "subscriptions of one stream that get records; 0: all (OUT-29)")       \
    X(sse_empty_status, 200, "subscribing to a stream without records (OUT-30)")                 \
    X(sse_rowless_status, 200, "subscribing by an unknown external id (OUT-31)")                 \
    X(sse_stream_by_url, 0, "each id form of the URL reads a stream of its own (OUT-32)")        \
    X(sse_closed_status, 200, "subscribing to a closed or expired session (OUT-33)")             \
    X(sse_latest, 1, "X-Trigger-Stream-Start: latest is understood (OUT-39)")                    \
    X(sse_in_status, 200, "subscribing to in (OUT-41)")                                          \
    X(sse_control_body, 0, "control records have a body (REC-05)")                               \
    X(sse_trim_as_decimal, 0, "a trim's body is decimal text (REC-14)")                          \
    X(sse_hides_commands, 0, "command records are left out (REC-16)")                            \
    X(sse_control_by_body, 0, "a body that speaks of a trigger makes a control record (REC-01)") \
    X(sse_hides_unknown_control, 0, "control subtypes that are not known are left out (REC-22)") \
    X(sse_lower_case_headers, 0, "record header names are made lower-case (REC-17)")             \
    X(ping_min_ms, 5000, "shortest silence before a ping (OUT-19)")                              \
    X(ping_max_ms, 15000, "longest (OUT-19)")                                                    \
    X(resume_offset, 1, "what is added to Last-Event-ID (RES-01)")                               \
    X(resume_default_tail, 0, "without Last-Event-ID reading starts at the tail (RES-02)")       \
    X(resume_reads_triple, 0, "of an id triple its first number counts (RES-03)")                \
    X(resume_fraction_status, 200, "Last-Event-ID: 1.5 (RES-07)")                                \
    X(resume_huge_status, 200, "Last-Event-ID over 64 bits (RES-08)")                            \
    X(resume_beyond_status, 200, "Last-Event-ID at or beyond the tail (RES-10)")                 \
    X(resume_trimmed_status, 200, "Last-Event-ID below the trim point (RES-11)")                 \
    X(resume_repeats_commands, 0, "a command record at the cursor is sent again (RES-14)")       \
    X(settled_header, 1, "X-Session-Settled is sent (RES-17)")                                   \
    X(settled_ends, 1, "a settled stream ends at once (RES-17)")                                 \
    X(settled_skips_commands, 1, "the peek looks past a trailing trim (RES-18)")                 \
    X(settled_always, 0, "every stream counts as settled (RES-20)")                              \
    X(settled_unasked, 0, "the peek needs no request header (RES-21)")                           \
    X(settled_beyond_status, 200, "settled, and nothing after the cursor (RES-25)")              \
    X(sse_overfull, 0, "a full batch holds one record more (LIM-25)")                            \
    X(sse_gone_starves, 0, "when a reader leaves, the others get no more records (OUT-40)")

/* What both the session routes and direct reads send, and direct reads alone. */
#define CS_POLICY_STORE_FIELDS(X)                                                             \
    X(sse_empty_members, 0, "empty headers and bodies are sent as members (OUT-10)")          \
    X(sse_id_per_batch, 0, "the id line counts each batch by itself (OUT-11)")                \
    X(sse_tail_time_offset, 0, "added to the tail's timestamp (OUT-16)")                      \
    X(sse_tail_always, 0, "backlog batches have the tail too (OUT-17)")                       \
    X(sse_wait_total, 0, "batches do not restart the wait (OUT-22)")                          \
    X(sse_max_body, 0, "bytes of a body that are sent; 0: all (OUT-27)")                      \
    X(sse_fence_body, 1, "a fence shows its token (REC-15)")                                  \
    X(edge_ping, 1, "a read of records pings when it reaches the edge (OUT-19)")              \
    X(s2_below_trim_status, 200, "a direct read from below the trim, without clamp (RES-12)") \
    X(s2_far_trim_status, 200, "a trim point far beyond the tail (RES-16)")                   \
    X(s2_bounds, 1, "count and bytes bound a read (STO-01)")                                  \
    X(s2_start_offset, 0, "added to where tail_offset and timestamp start (STO-02)")          \
    X(s2_always_clamps, 0, "reads beyond the tail start there unasked (STO-03)")              \
    X(s2_unary_waits, 1, "a unary read waits for a record when told to (STO-04)")             \
    X(s2_last_event_id, 1, "Last-Event-ID is looked at (STO-05)")                             \
    X(s2_id_goes_on, 1, "... and its counts go on (STO-05)")                                  \
    X(s2_query_strict, 1, "a query that cannot be read is refused (STO-06)")                  \
    X(s2_basin_checked, 1, "S2-Basin has to name the basin (STO-07)")                         \
    X(s2_cuts_batches, 0, "of a batch of too many records the first are taken (STO-08)")      \
    X(s2_errors_have_code, 1, "refusals are {code, message} (STO-09)")

#define CS_POLICY_CHANNEL_FIELDS(X)                                                           \
    X(records_max, 0, "most items of a drain; 0: all (CHN-20)")                               \
    X(records_huge_status, 500, "a cursor over 64 bits (CHN-22)")                             \
    X(records_failure_status, 500, "a stream that cannot be drained (CHN-13)")                \
    X(put_in_needs_write, 1, "initialising in needs the write scope (CHN-05)")                \
    X(head_index, 0, "X-Last-Chunk-Index of HEAD (CHN-14)")                                   \
    X(side_records_status, 200, "draining a side channel (CHN-26)")                           \
    X(side_name_max, 0, "longest name of a side channel; 0: any (CHN-26)")                    \
    X(wait_key_max, 2048, "longest idempotencyKey of a wait (CHN-25)")                        \
    X(records_wait_ms, 0, "what a drain waits before it answers (CHN-15)")                    \
    X(records_inclusive, 0, "the record at the cursor is given too (CHN-16)")                 \
    X(records_cursor_strict, 1, "a cursor that is no number is 400; else the start (CHN-17)") \
    X(records_id_as_number, 0, "item ids are numbers (CHN-18)")                               \
    X(records_shows_commands, 0, "command records are given too (CHN-19)")                    \
    X(records_empty_status, 200, "a drain without records (CHN-21)")                          \
    X(records_closed_status, 200, "draining a closed session (CHN-23)")                       \
    X(records_has_headers, 1, "items have the headers of their records (CHN-24)")             \
    X(put_status, 202, "initialising a channel (CHN-01)")                                     \
    X(put_endpoint, 1, "X-S2-Endpoint is sent (CHN-01)")                                      \
    X(put_token, 1, "X-S2-Access-Token is not empty (CHN-02)")                                \
    X(put_stream_by_url, 0, "each id form of the URL names another stream (CHN-04)")          \
    X(put_out_needs_secret, 1, "public tokens may not initialise out (TOK-34)")               \
    X(put_closed_status, 400, "initialising a channel of a closed session (CHN-06)")          \
    X(s2_token_per_stream, 1, "store tokens are good for one stream only (CHN-08)")           \
    X(s2_token_life_s, 86400, "life of a store token (CHN-07)")                               \
    X(s2_needs_token, 1, "direct appends need a store token (CHN-09)")                        \
    X(s2_ack_offset, 0, "added to the positions of an ack (CHN-10)")                          \
    X(s2_knows_base64, 1, "S2-Format: base64 is understood (CHN-11)")                         \
    X(s2_invalid_status, 422, "an illegal batch (CHN-12)")                                    \
    X(s2_malformed_status, 400, "malformed JSON (CHN-12)")                                    \
    X(s2_condition_status, 412, "a condition that does not hold (CHN-12)")                    \
    X(s2_trim_offset, 0, "added to a trim point (RES-13)")

#define CS_POLICY_AGENT_FIELDS(X)                                                             \
    X(agent_last_event_id, 0, "turn-complete has a last-event-id that is no number (REC-13)") \
    X(agent_consumed_id, 1, "turn-complete has session-in-consumed-id (REC-08)")              \
    X(agent_completes_first, 0, "turn-complete comes before the answer (REC-19)")             \
    X(agent_in_id_offset, 0, "added to session-in-event-id (REC-07)")                         \
    X(agent_in_id_as_hex, 0, "session-in-event-id is not decimal (REC-06)")                   \
    X(agent_token, 1, "1 a good token on turn-complete, 2 a damaged one, 0 none (TOK-44)")    \
    X(agent_trims, 1, "trims to the last but one turn-complete (REC-18)")                     \
    X(agent_delta_ms, 50, "between the deltas of a slow answer")

#define CS_POLICY_STREAM_FIELDS(X) \
    CS_POLICY_APPEND_FIELDS(X)     \
    CS_POLICY_SSE_FIELDS(X)        \
    CS_POLICY_STORE_FIELDS(X)      \
    CS_POLICY_CHANNEL_FIELDS(X)    \
    CS_POLICY_AGENT_FIELDS(X)

#endif
