/* The decision points of the reference endpoint, as plain numbers.
 *
 * Every place where the endpoint could do otherwise reads a field of this struct. A version profile
 * and a violation are both nothing but overrides of fields, so there is no `if (version)` and no
 * `if (violating)` in the routes. Booleans are 0 and 1, statuses HTTP statuses, sizes bytes, times
 * ms unless the field says otherwise.
 *
 * To add one: a line here (streams and appends: in policy_stream.h; details and races of sessions:
 * in policy_session.h; requests in general: in policy_request.h), its use in one route, and a row
 * in one of violations_*.inc.
 */
#ifndef CHATSPEC_ENDPOINT_POLICY_H
#define CHATSPEC_ENDPOINT_POLICY_H

#include <stdint.h>

#include "endpoint/policy/policy_request.h"
#include "endpoint/policy/policy_session.h"
#include "endpoint/policy/policy_stream.h"
#include "wire/error.h"

/* X(field, default, what it decides) */
#define CS_POLICY_FIELDS(X)                                                                       \
    CS_POLICY_STREAM_FIELDS(X)                                                                    \
    CS_POLICY_SESSION_FIELDS(X)                                                                   \
    CS_POLICY_REQUEST_FIELDS(X)                                                                   \
    X(append_body_limit, 1048576, "largest append body by Content-Length (LIM-01)")               \
    X(append_too_large_status, 413, "status for a larger one (LIM-01)")                           \
    X(create_body_limit, 32768, "largest create body (LIM-15)")                                   \
    X(patch_body_limit, 32768, "largest PATCH body (LIM-15)")                                     \
    X(close_body_limit, 1024, "largest close body (LIM-16)")                                      \
    X(continue_body_limit, 1024, "largest end-and-continue body (LIM-16)")                        \
    X(close_body_optional, 1, "no body at all closes like {} (CLS-05)")                           \
    /* create */                                                                                  \
    X(create_status, 201, "status of a new session (SES-01)")                                     \
    X(fresh_says_cached, 0, "isCached of a new session (SES-01)")                                 \
    X(show_type, 1, "items say their type (SES-02)")                                              \
    X(first_run_is_visible, 1, "the first run can be read at once (SES-06)")                      \
    X(create_is_idempotent, 1, "the same externalId gives the same row (SES-08)")                 \
    X(cached_status, 200, "status of a repeat (SES-08)")                                          \
    X(cached_says_cached, 1, "isCached of a repeat (SES-08)")                                     \
    X(cached_starts_run, 0, "a repeat starts a run although one is alive (SES-08)")               \
    X(cached_token_age_s, 0, "how old the token of a repeat is (SES-09)")                         \
    X(key_includes_task, 0, "the task is part of the idempotency key (SES-10)")                   \
    X(cached_updates_config, 1, "a repeat replaces the trigger config (SES-12)")                  \
    X(cached_rewrites_live_payload, 0, "... and the payload of the live run (SES-12)")            \
    X(cached_delivers_message, 0, "a repeat puts its message on `in` (SES-13)")                   \
    X(anonymous_is_shared, 0, "without externalId the last such session is given again (SES-14)") \
    X(closed_create_status, 409, "repeat for a closed session; 200 lets it through (SES-16)")     \
    X(reopen_on_create, 0, "a repeat opens a closed session again (CLS-09)")                      \
    X(expired_create_status, 409, "repeat for an expired session; 200 lets it through (SES-18)")  \
    X(recreate_after_end, 1, "a repeat starts a run when the last one has ended (SES-21)")        \
    X(check_create_scope, 1, "a token needs type-level write to create (TOK-29)")                 \
    /* what a create body may say */                                                              \
    X(check_reserved_prefix, 1, "externalIds must not begin with session_ (SES-22)")              \
    X(external_id_max, 256, "longest externalId (SES-23)")                                        \
    X(trim_external_id, 1, "spaces around externalIds are cut (SES-23)")                          \
    X(check_channels_infix, 1, "externalIds must not hold :channels: (SES-25)")                   \
    X(type_len_max, 64, "longest type (SES-26)")                                                  \
    X(task_len_max, 128, "longest taskIdentifier (SES-26)")                                       \
    X(tags_max, 10, "most tags (SES-27)")                                                         \
    X(tag_len_max, 128, "longest tag (SES-27)")                                                   \
    X(check_metadata, 1, "metadata must be an object (SES-28)")                                   \
    X(require_base_payload, 1, "basePayload must be an object (SES-29)")                          \
    X(check_machine, 1, "machine must be a known preset (SES-30)")                                \
    X(queue_len_max, 128, "longest queue name (SES-30)")                                          \
    X(max_attempts_max, 10, "largest maxAttempts (SES-30)")                                       \
    X(idle_timeout_max_s, 3600, "largest idleTimeoutInSeconds (SES-30)")                          \
    X(trigger_tags_max, 10, "most tags of triggerConfig; 5 up to 4.5.12 (SES-31)")                \
    X(trigger_tag_len_max, 128, "longest tag of triggerConfig (SES-31)")                          \
    X(check_new_config, 1, "reads the config members of 4.6.4 (SES-32)")                          \
    X(check_concurrency, 1, "reads the config members of 4.7.7 (SES-32)")                         \
    X(echo_unknown, 0, "unknown config members are kept (SES-33)")                                \
    /* how sessions are shown and found */                                                        \
    X(friendly_prefix, 1, "session ids begin with session_ (SES-03)")                             \
    X(run_prefix, 1, "run ids begin with run_ (SES-03)")                                          \
    X(times_as_iso, 1, "createdAt and updatedAt are ISO texts (SES-05)")                          \
    X(show_null_external_id, 1, "an unset externalId is null, else absent (SES-05)")              \
    X(retrieve_shows_config, 1, "retrieve shows the trigger config (SES-38)")                     \
    X(decode_path, 1, "path segments are percent-decoded (SES-24)")                               \
    X(missing_session_status, 404, "status for an unknown session (SES-39)")                      \
    X(replica_lag_ms, 0, "how long reads miss a new session (SES-52)")                            \
    X(isolate_keys, 1, "secret keys find only their environment's sessions (SES-40)")             \
    X(isolate_tokens, 1, "tokens find only their environment's sessions (TOK-38)")                \
    X(patch_applies, 1, "PATCH changes the row (SES-41)")                                         \
    X(patch_keeps_omitted, 1, "PATCH leaves alone what it does not name (SES-41)")                \
    X(patch_external_id_status, 422, "PATCH to another externalId; 200 lets it through (SES-42)") \
    X(list_newest_first, 1, "order of the list (SES-44)")                                         \
    X(list_isolated, 1, "the list shows this environment only (SES-44)")                          \
    X(list_default_size, 20, "rows of a page without page[size] (SES-45)")                        \
    X(list_max_size, 100, "largest page[size] (SES-45)")                                          \
    X(list_query_status, 400, "status for a bad list query (SES-45)")                             \
    X(list_one_cursor, 1, "both cursors at once are refused (SES-45)")                            \
    X(list_by_external_id, 1, "the filter for externalIds is applied (SES-46)")                   \
    X(list_splits_values, 1, "commas and repetitions in filters count (SES-47)")                  \
    /* tokens */                                                                                  \
    X(token_alg, 0, "algorithm of minted tokens (enum cs_token_alg; TOK-01)")                     \
    X(token_pub, 1, "minted tokens claim pub (TOK-02)")                                           \
    X(token_extra_scope, 0, "minted tokens carry a scope too many (TOK-02)")                      \
    X(token_uses_friendly_id, 0, "scopes name the friendly id always (TOK-03)")                   \
    X(token_life_s, 3600, "life of minted tokens (TOK-04)")                                       \
    X(token_signed_by_root, 1, "minted tokens are signed with the root key (TOK-05)")             \
    X(token_works_on_both_ids, 1, "scopes match both ids of the row (TOK-06)")                    \
    X(check_signature, 1, "signatures are checked (TOK-08)")                                      \
    X(check_expiry, 1, "exp is checked (TOK-09)")                                                 \
    X(check_issuer, 1, "iss is checked (TOK-10)")                                                 \
    X(check_audience, 1, "aud is checked (TOK-10)")                                               \
    X(accept_alg_none, 0, "unsigned tokens are accepted (TOK-11)")                                \
    X(require_auth, 1, "calls need authentication (TOK-15)")                                      \
    X(check_secret_key, 1, "secret keys must be known (TOK-17)")                                  \
    X(append_scope_status, 403, "status for a missing scope on append (TOK-19)")                  \
    X(check_session_scope, 1, "a scope's id must be the session's (TOK-20)")                      \
    X(accept_run_scoped, 0, "scopes on runs reach sessions (TOK-22)")                             \
    X(check_action, 1, "a scope's action must be the asked one (TOK-23)")                         \
    X(type_level_scopes, 1, "scopes without id cover all (TOK-24)")                               \
    X(wildcard_scopes, 1, "all, * and bare admin count (TOK-25)")                                 \
    X(admin_needs_admin, 1, "close and PATCH need the admin action (TOK-27)")                     \
    X(admin_scope_counts, 1, "scopes with the admin action close and PATCH (TOK-27)")             \
    X(secret_key_patches, 1, "a secret key may do everything, PATCH too (TOK-35)")                \
    X(check_channel_scope, 1, "scopes narrowed to a side channel end there (TOK-43)")             \
    X(public_tokens, 1, "tokens can be asked for (TOK-41)")                                       \
    X(public_token_life_s, 900, "default life of tokens asked for (TOK-41)")                      \
    X(public_token_max_life_s, 2592000, "longest life of tokens asked for (TOK-41)")              \
    X(public_token_check_past, 1, "an expiry in the past is refused (TOK-41)")                    \
    X(close_revokes_tokens, 0, "tokens do not drain `in` after the close (TOK-46)")               \
    /* runs */                                                                                    \
    X(reuse_live_run, 1, "a live run is used again (CON-03)")                                     \
    X(start_continuations, 1, "an append to a session with an ended run starts one (CON-01)")     \
    X(continuation_flag, 1, "continuation payloads say continuation: true (CON-04)")              \
    X(continuation_names_previous, 1, "continuation payloads name the run before (CON-04)")       \
    X(continuation_drops_first_message, 1,                                                        \
      "continuation payloads lack the first message (CON-05)")                                    \
    X(continuation_keeps_payload, 1,                                                              \
      "continuation payloads keep the rest of basePayload (CON-05)")                              \
    X(swap_makes_current, 1, "end-and-continue makes the new run current (CON-10)")               \
    X(swap_checks_caller, 1, "only the current run may hand over (CON-11)")                       \
    X(continue_needs_reason, 1, "end-and-continue needs a reason (CON-14)")                       \
    X(continue_reason_max, 64, "longest reason of end-and-continue (LIM-17)")                     \
    X(continue_names_caller, 1, "the run swapped in names the calling run (CON-15)")              \
    X(closed_continue_status, 400,                                                                \
      "end-and-continue on a closed session; 200 lets it through (CON-17)")                       \
    X(swap_revokes_tokens, 0, "tokens append no more after a swap (CON-07)")                      \
    /* close */                                                                                   \
    X(close_shows_closed, 1, "the answer of close says closedAt (CLS-01)")                        \
    X(close_keeps_reason_len, 256, "characters of the reason that close stores (CLS-02)")         \
    X(close_again_overwrites, 0, "a second close changes the row (CLS-03)")                       \
    X(close_missing_status, 404, "close of an unknown session (CLS-06)")                          \
    X(close_by_external_id, 1, "close works by externalId (CLS-07)")                              \
    X(closed_retrievable, 1, "tokens retrieve closed sessions (CLS-10)")                          \
    X(close_writes_record, 1, "an external close puts a record on `in` (CLS-12)")                 \
    X(close_lists_closed, 1, "closed sessions list as CLOSED (CLS-16)")                           \
    X(close_reason_max, 256, "longest reason of close (LIM-17)")                                  \
    /* snapshots */                                                                               \
    X(snapshot_status, 200, "status of snapshot-url (SNP-01)")                                    \
    X(snapshot_put_status, 200, "status of snapshot-url for PUT (SNP-02)")                        \
    X(snapshot_by_friendly_id, 1, "the object's path holds the friendly id (SNP-03)")             \
    X(snapshot_url_life_s, 300, "life of a signed URL (SNP-04)")                                  \
    X(snapshot_read_writes, 0, "a read scope is enough for PUT (SNP-05)")                         \
    X(transcripts, 1, "sessions have a transcript (CHN-29)")                                      \
    X(transcript_needs_secret, 1, "public tokens get no transcript (CHN-29)")                     \
    X(transcript_honours_limit, 1, "limit gives the latest messages (CHN-29)")                    \
    /* rates; srv has a bucket of 750 and 250 more every 10 s, which a fast suite empties */      \
    X(bucket_size, 1000000, "calls of a full bucket, secret keys (LIM-18)")                       \
    X(bucket_refill, 1000000, "calls that an interval adds (LIM-18)")                             \
    X(bucket_interval_ms, 10000, "the interval (LIM-18)")                                         \
    X(public_window_calls, 60, "calls per window and token (LIM-19)")                             \
    X(public_window_ms, 60000, "the window (LIM-19)")                                             \
    X(rate_limit_headers, 1, "the API says its limits (LIM-20)")                                  \
    X(append_is_limited, 1, "appends count and say their limits (LIM-22)")                        \
    X(append_window_calls, 100000000, "appends per window and caller (LIM-22)")                   \
    /* requests in general */                                                                     \
    X(preflight_status, 200, "status of OPTIONS (ERR-06)")                                        \
    X(preflight_reflects_headers, 1, "OPTIONS allows the headers asked for (ERR-06)")             \
    X(preflight_max_age_s, 300, "how long a preflight holds (ERR-06)")                            \
    X(cors_reflects_origin, 1, "the Origin is reflected (ERR-07)")                                \
    X(cors_vary, 1, "Vary: Origin (ERR-07)")                                                      \
    X(cors_on_errors, 1, "errors carry CORS headers (ERR-07)")                                    \
    X(cors_on_413, 1, "so does 413 (LIM-11)")                                                     \
    X(stream_exposes_all, 1, "event streams expose all their headers (RES-27)")                   \
    X(empty_body_status, 400, "empty body where JSON is required (ERR-10)")                       \
    X(malformed_status, 400, "malformed JSON (ERR-11)")                                           \
    X(bad_http_passes, 0, "broken HTTP is answered 200 (ERR-20)")                                 \
    X(schema_error_is_text, 1, "the error of a schema violation is a text (ERR-12)")              \
    X(bad_io_status, 400, "{io} other than in and out (ERR-13)")                                  \
    X(malformed_spoils_session, 0, "a session that got malformed JSON is broken (ERR-25)")        \
    X(unknown_path_status, 404, "unknown paths (ERR-14)")                                         \
    X(hide_details, 1, "a 500 says nothing of its cause (ERR-17)")

struct cs_policy {
#define CS_POLICY_FIELD(name, value, text) int64_t name;
    CS_POLICY_FIELDS(CS_POLICY_FIELD)
#undef CS_POLICY_FIELD
};

/* All defaults: the newest documented behaviour. */
struct cs_policy cs_policy_default(void);
/* Turns a default policy into that of a server of an older version (profiles.c). Errors:
 * CS_ERR_SYNTAX: that is no version. */
CS_MUST_USE enum cs_err cs_policy_as_of(const char *version, struct cs_policy *policy);

#endif
