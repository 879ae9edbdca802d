/* Decision points of requests in general: what tokens are taken, in which order faults are found,
 * what answers look like. A part of policy.h. */
#ifndef CHATSPEC_ENDPOINT_POLICY_REQUEST_H
#define CHATSPEC_ENDPOINT_POLICY_REQUEST_H

/* X(field, default, what it decides) */
#define CS_POLICY_ACCESS_FIELDS(X)                                                              \
    X(put_compares_literally, 1, "PUT compares scopes with the id of the URL only (TOK-07)")    \
    X(expiry_leeway_s, 0, "how long after its exp a token still counts (TOK-09)")               \
    X(accept_any_alg, 0, "tokens of unknown algorithms are verified as HS256 (TOK-11)")         \
    X(accept_wide_hmacs, 1, "HS384 and HS512 are accepted (TOK-12)")                            \
    X(exp_is_optional, 1, "a token without exp is good for ever (TOK-12)")                      \
    X(pub_makes_public, 1, "a token that does not claim pub is taken for a key (TOK-13)")       \
    X(sub_before_signature, 1, "an unknown sub is told before a wrong signature (TOK-14)")      \
    X(limiter_wants_auth, 1, "the rate limiter refuses calls without Authorization (TOK-16)")   \
    X(bearer_is_exact, 1, "only the spelling `Bearer ` is a prefix (TOK-18)")                   \
    X(unscoped_route, 0, "the one route that takes any session's token (TOK-20): see router.c") \
    X(mutators_look_up_first, 0, "a missing row is told before a missing scope (TOK-21)")       \
    X(bare_action_grants, 0, "an action without a type grants it everywhere (TOK-26)")          \
    X(create_by_task, 1, "write on the task is enough to create (TOK-30)")                      \
    X(create_by_session, 0, "so is write on the session of that externalId (TOK-31)")           \
    X(list_needs_scope, 1, "a token needs a type-level read to list (TOK-32)")                  \
    X(restricted_keys_bounded, 1, "a restricted key ends at its scopes (TOK-36)")               \
    X(no_scopes_grants, 0, "a token without the claim scopes may do everything (TOK-37)")       \
    X(preview_needs_branch, 1, "a preview key needs the header of its branch (TOK-39)")         \
    X(public_token_within_key, 1, "scopes beyond the key are not handed out (TOK-41)")          \
    X(jwt_claims_status, 200, "asking for the claims to sign (TOK-42)")                         \
    X(check_channel_direction, 1, "a scope narrowed to one direction ends there (TOK-43)")

#define CS_POLICY_LIMIT_FIELDS(X)                                                        \
    X(pre_guard_says_ok, 0, "the 413 by Content-Length has ok: false (LIM-02)")          \
    X(chunked_is_too_large, 1, "limited routes refuse bodies of untold length (LIM-03)") \
    X(metered_error_offset, 0, "added to the size that the 413 names (LIM-05)")          \
    X(meter_raw_bytes, 0, "bytes count as they came, not as they are stored (LIM-10)")   \
    X(size_before_run, 0, "a record too large starts no run (LIM-12)")                   \
    X(stream_name_max, 512, "longest name of a stream (LIM-14)")                         \
    X(retry_after, 0, "a 429 says Retry-After (LIM-21)")                                 \
    X(exempt_routes, 1, "some routes under /api are not limited (LIM-23)")               \
    X(agent_record_max, 1047552, "longest envelope that the agent writes (LIM-24)")

#define CS_POLICY_ANSWER_FIELDS(X)                                                             \
    X(body_before_scope, 1, "a bad body is told before a missing scope (ERR-01)")              \
    X(readers_look_up_first, 1, "GET tells a missing row before a missing scope (ERR-02)")     \
    X(wrong_method_status, 405, "a wrong method that is not GET (ERR-03)")                     \
    X(read_of_post_status, 405, "GET on a route that is only posted to (ERR-04)")              \
    X(write_of_get_status, 405, "POST on a route that is only read (ERR-05)")                  \
    X(cors_below, 0, "answers from below the routes carry CORS headers (ERR-08)")              \
    X(cors_credentials, 0, "credentials are allowed (ERR-09)")                                 \
    X(trailing_slash_status, 301, "a path with a slash at its end (ERR-15)")                   \
    X(bad_escape_status, 400, "a path that cannot be percent-decoded (ERR-16)")                \
    X(json_says_charset, 1, "JSON answers name their charset (ERR-18)")                        \
    X(head_of_get, 1, "HEAD works where GET does (ERR-19)")                                    \
    X(bad_text_status, 500, "texts that the database does not take (ERR-21)")                  \
    X(joins_headers, 1, "repeated request headers are joined; else the first counts (ERR-23)") \
    X(transport_security, 1, "answers carry Strict-Transport-Security (ERR-24)")

#define CS_POLICY_REQUEST_FIELDS(X) \
    CS_POLICY_ACCESS_FIELDS(X)      \
    CS_POLICY_LIMIT_FIELDS(X)       \
    CS_POLICY_ANSWER_FIELDS(X)

#endif
