/* Decision points of sessions, runs, closing and snapshots that are details or races: a part of
 * policy.h. */
#ifndef CHATSPEC_ENDPOINT_POLICY_SESSION_H
#define CHATSPEC_ENDPOINT_POLICY_SESSION_H

/* X(field, default, what it decides) */
#define CS_POLICY_SESSION_FIELDS(X)                                                             \
    X(session_id_len, 25, "characters of a session id after its prefix, 25 at most (SES-04)")   \
    X(create_race_ms, 0, "a create decides and acts so much later: no lock between (SES-15)")   \
    X(cached_updates_rest, 0, "a repeat replaces tags, metadata and expiresAt too (SES-11)")    \
    X(refused_updates_config, 1, "a refused repeat has replaced the trigger config (SES-17)")   \
    X(expired_create_keeps_row, 1, "a create that has expired leaves its row (SES-19)")         \
    X(expires_null_is_epoch, 1, "expiresAt: null is 1970; else absent (SES-20)")                \
    X(check_version_pin, 1, "lockToVersion must name a version that there is (SES-34)")         \
    X(create_jwt_header, 0, "the whole token of a create is in x-trigger-jwt only (SES-36)")    \
    X(create_says_pending, 0, "create says pendingVersion: true (SES-37)")                      \
    X(patch_over_status, 200, "PATCH of a closed or expired session (SES-43)")                  \
    X(list_shows_config, 0, "list rows show the trigger config (SES-48)")                       \
    X(list_cursor_is_id, 0, "list cursors are session ids (SES-49)")                            \
    X(list_matches_trigger_tags, 0, "the tags filter reads triggerConfig.tags too (SES-50)")    \
    X(list_keeps_active, 0, "what was listed as ACTIVE once is so for ever (SES-51)")           \
    X(path_quirks, 1, "dot segments and %2F in paths are as a web framework has them (SES-53)") \
    /* runs */                                                                                  \
    X(completed_is_terminal, 1, "after a completed run the next append starts one (CON-02)")    \
    X(payload_has_idle, 1, "payloads have idleTimeoutInSeconds of the config (CON-06)")         \
    X(continuation_race_ms, 0, "so long an append still sees the ended run: no claim (CON-08)") \
    X(out_append_ensures_run, 1, "an append to out looks after the run too (CON-09)")           \
    X(lost_swap_triggers, 1, "a swap that loses has triggered a run (CON-12)")                  \
    X(continue_unknown_run_status, 404, "end-and-continue by an unknown run (CON-13)")          \
    X(continue_says_pending, 0, "end-and-continue says pendingVersion: true (CON-16)")          \
    /* close */                                                                                 \
    X(close_race_ms, 0, "a close looks and acts so much later: no lock between (CLS-04)")       \
    X(close_needs_admin, 1, "close needs the admin action; else write (CLS-08)")                \
    X(close_cancels_run, 0, "close cancels the run (CLS-11)")                                   \
    X(close_honours_caller, 1, "a close by the current run puts nothing on in (CLS-13)")        \
    X(agent_announces_close, 1, "an agent that closes writes session-closed before (CLS-14)")   \
    X(expired_close_status, 200, "close of an expired session (CLS-15)")                        \
    X(close_cuts_streams, 0, "close resets the session's subscriptions (CLS-17)")               \
    /* snapshots */                                                                             \
    X(snapshot_put_missing_status, 404, "snapshot-url for upload, unknown session (SNP-06)")    \
    X(object_store, 1, "there is an object store (SNP-07)")                                     \
    X(missing_object_status, 404, "reading a snapshot that is not there (SNP-08)")

#endif
