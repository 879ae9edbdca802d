/* TOK: tokens, scopes, authentication. Every refusal has its accepted twin in the same case. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/token_kit.h"

#define STOP        EP_STOP
#define TOKEN_ROUTE "/api/v1/auth/public-tokens"
#define DAY_S       INT64_C(86400)

/* ---- what the session token says ---- */

static void is_hs256(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct cs_token *token = ep_decode(ep, ep_session(ep)->token);
    cs_case_check(run, token->alg && !strcmp(token->alg, "HS256"), "alg is %s, expected HS256",
                  token->alg ? token->alg : "missing");
}

static bool has_scope(const struct cs_token *token, const char *scope)
{
    for (size_t i = 0; i < token->n_scopes; i++) {
        if (!strcmp(token->scopes[i], scope)) {
            return true;
        }
    }
    return false;
}

static void claims(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct cs_token *token = ep_decode(ep, session->token);
    cs_case_check(run, token->pub, "the claim pub is not true");
    cs_case_check(run, token->sub && *token->sub, "the claim sub is missing");
    cs_case_check(run, token->iss && !strcmp(token->iss, CS_TOKEN_ISSUER), "iss is %s, expected %s",
                  token->iss ? token->iss : "missing", CS_TOKEN_ISSUER);
    cs_case_check(run, token->aud && !strcmp(token->aud, CS_TOKEN_AUDIENCE),
                  "aud is %s, expected %s", token->aud ? token->aud : "missing", CS_TOKEN_AUDIENCE);
    cs_case_check(run, token->n_scopes == 2, "there are %zu scopes, expected two", token->n_scopes);
    static const char *const actions[] = {"read", "write"};
    for (size_t i = 0; i < 2; i++) {
        /* which of the two ids it names is another case's question (TOK-03) */
        const char *by_key = ep_text(ep, "%s:sessions:%s", actions[i], session->external_id);
        const char *by_id = ep_text(ep, "%s:sessions:%s", actions[i], session->id);
        cs_case_check(run, has_scope(token, by_key) || has_scope(token, by_id), "no scope %s",
                      by_key);
    }
}

static void scope_key(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *named = ep_session(ep);
    const struct ep_session *unnamed = ep_session_with(ep, NULL, NULL);
    const char *scope = ep_text(ep, "read:sessions:%s", named->external_id);
    cs_case_check(run, has_scope(ep_decode(ep, named->token), scope),
                  "a session with externalId has no scope %s", scope);
    scope = ep_text(ep, "read:sessions:%s", unnamed->id);
    cs_case_check(run, has_scope(ep_decode(ep, unnamed->token), scope),
                  "a session without externalId has no scope %s", scope);
}

static void life(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct cs_token *token = ep_decode(ep, ep_session(ep)->token);
    cs_case_check(run, token->has_exp && token->has_iat, "exp or iat is missing");
    int64_t life_s = token->exp - token->iat;
    cs_case_check(run, life_s == 3600 || life_s == 3599, "exp - iat is %lld s, expected 3600",
                  (long long)life_s);
}

static void signed_by_root_key(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    /* which of the HMACs it is, is another case's question (TOK-01) */
    struct cs_token_checks checks = {.allowed_algs = 1u << CS_ALG_HS256 | 1u << CS_ALG_HS384 |
                                                     1u << CS_ALG_HS512,
                                     .now_s = 0,
                                     .exp_optional = true};
    struct cs_token token;
    struct cs_diag diag;
    enum cs_err err = cs_token_verify(cs_view_str(session->token),
                                      cs_view_str(ep_env(ep)->secret_key), &checks, &token, &diag);
    cs_case_check(run, err != CS_ERR_SIGNATURE,
                  "the token's signature does not verify under the environment's root key");
    if (!err) {
        cs_token_free(&token);
    }
}

/* ---- where it works ---- */

/* Neither 401 nor 403: what else it answers (500, where there is no object store) is not asked. */
static void not_refused(struct ep *ep, const struct ep_answer *answer, const char *what)
{
    cs_case_check(ep_run(ep), answer->status != 401 && answer->status != 403,
                  "%s: the session token got %d", what, answer->status);
}

static const char *handing_over(struct ep *ep, const struct ep_session *session)
{
    return ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":\"test\"}", session->run_id);
}

static void works_on_both_forms(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *token = session->token;
    const char *forms[] = {session->id, session->external_id};
    static const char *const channels[] = {"in", "out"};
    for (size_t i = 0; i < 2; i++) {
        const char *id = forms[i];
        ep_granted(ep, ep_do(ep, .path = ep_api(ep, id, ""), .auth = token));
        ep_granted(
            ep, ep_do(ep, .path = ep_realtime(ep, id, "in/append"), .auth = token, .body = STOP));
        for (size_t k = 0; k < 2; k++) {
            const char *io = channels[k];
            const char *records = ep_realtime(ep, id, ep_text(ep, "%s/records", io));
            ep_granted(ep, ep_do(ep, .path = records, .auth = token));
            struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, id, io), token, NULL);
            cs_case_check(run, sub->status != 401 && sub->status != 403,
                          "subscribing to .%s of %s answered %d", io, id, sub->status);
            ep_unsubscribe(sub);
        }
        const char *snapshot = ep_api(ep, id, "/snapshot-url");
        not_refused(ep, ep_do(ep, .path = snapshot, .auth = token), "snapshot-url");
        not_refused(ep, ep_do(ep, .method = "PUT", .path = snapshot, .auth = token),
                    "snapshot-url for writing");
    }
    /* last, since it changes the run: the second time the caller is no longer the current one */
    for (size_t i = 0; i < 2; i++) {
        ep_granted(ep, ep_do(ep, .path = ep_api(ep, forms[i], "/end-and-continue"), .auth = token,
                             .body = handing_over(ep, session)));
    }
}

/* ---- no token, or no such key: 401 ---- */

/* For requirements that do not name the status of what they withhold. */
static void not_granted(struct ep *ep, const struct ep_answer *answer)
{
    cs_case_check(ep_run(ep), answer->status / 100 == 4, "a scope too weak for it got %d",
                  answer->status);
}

static void no_authorization(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    token_accepted(ep, session, session->token, "with Authorization");
    token_refused(ep, session, NULL, 401, "without Authorization");
    static const char *const drains[] = {"in/records", "out/records"};
    for (size_t i = 0; i < 2; i++) {
        ep_expect(ep, ep_do(ep, .path = ep_realtime(ep, session->key, drains[i])), 401);
    }
    const struct ep_answer *answer =
        ep_do(ep, .method = "PUT", .path = ep_realtime(ep, session->key, "in"), .body = "");
    cs_case_check(run, !ep_header(ep_expect(ep, answer, 401), "X-S2-Access-Token"),
                  "the refusal handed out stream credentials");
    ep_expect(ep, ep_do(ep, .path = ep_api(ep, session->key, "/snapshot-url")), 401);
}

static void unknown_keys(struct cs_case_run *run)
{
    static const char *const bad[] = {"tr_dev_unknownunknownunknown", "tr_pat_0123456789abcdef",
                                      "tr_uat_0123456789abcdef", "pk_dev_0123456789abcdef"};
    struct ep *ep = ep_of(run);
    const char *body = ep_create_body(ep, ep_unique(ep, "chat"), NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ep_expect(ep, ep_do(ep, .path = "/api/v1/sessions", .auth = bad[i], .body = body), 401);
    }
    ep_accept(ep, ep_post_session(ep, body));
}

/* ---- scopes: 403 ---- */

static void unauthorized_body(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *mine = ep_session(ep);
    const struct ep_session *other = ep_session(ep);
    const char *path = ep_realtime(ep, mine->key, "in/append");
    ep_accept(ep, ep_do(ep, .path = path, .auth = mine->token, .body = STOP));
    const struct ep_answer *answer =
        ep_expect(ep, ep_do(ep, .path = path, .auth = other->token, .body = STOP), 403);
    cs_case_check(run, cJSON_IsString(ep_get(answer, "error")), "the 403 has no text in \"error\"");
}

/* Every way in that a session token has, tried with the token of another session. */
static void cross_session(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *mine = ep_session(ep);
    const struct ep_session *theirs = ep_session(ep);
    const char *forms[] = {theirs->id, theirs->external_id};
    static const char *const channels[] = {"in", "out"};
    token_accepted(ep, theirs, theirs->token, "the session's own token");
    int before = ep_drain_count(ep, theirs, "in");
    const char *run_before = ep_current_run(ep, theirs);
    for (size_t i = 0; i < 2; i++) {
        const char *id = forms[i];
        const char *snapshot = ep_api(ep, id, "/snapshot-url");
        const struct ep_call calls[] = {
            {.path = ep_api(ep, id, "")},
            {.path = ep_realtime(ep, id, "in/records")},
            {.path = ep_realtime(ep, id, "out/records")},
            {.path = ep_realtime(ep, id, "in/append"), .body = STOP},
            {.path = ep_realtime(ep, id, "out/append"), .body = STOP},
            {.path = ep_api(ep, id, "/end-and-continue"), .body = handing_over(ep, theirs)},
            {.path = snapshot},
            {.path = snapshot, .method = "PUT"},
        };
        for (size_t k = 0; k < sizeof calls / sizeof calls[0]; k++) {
            struct ep_call call = calls[k];
            call.auth = mine->token;
            ep_expect(ep, ep_call(ep, &call), 403);
        }
        for (size_t k = 0; k < 2; k++) {
            struct ep_sub *sub =
                ep_subscribe(ep, ep_realtime(ep, id, channels[k]), mine->token, NULL);
            cs_case_check(run, sub->status == 403, "another session's token subscribed to .%s: %d",
                          channels[k], sub->status);
            ep_unsubscribe(sub);
        }
    }
    cs_case_check(run, ep_drain_count(ep, theirs, "in") == before,
                  "another session's token left a record");
    cs_case_check(run, !strcmp(ep_current_run(ep, theirs), run_before),
                  "another session's token changed the run");
}

static void run_scoped(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *token = ep_mint(ep, session,
                                EP_SCOPES(ep_text(ep, "read:runs:%s", session->run_id),
                                          ep_text(ep, "write:inputStreams:%s", session->run_id)));
    token_accepted(ep, session, session->token, "the session-scoped publicAccessToken");
    token_refused(ep, session, token, 403, "the run-scoped token of x-trigger-jwt");
}

static void read_or_write_alone(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *reader =
        ep_mint(ep, session, EP_SCOPES(ep_text(ep, "read:sessions:%s", session->key)));
    const char *writer =
        ep_mint(ep, session, EP_SCOPES(ep_text(ep, "write:sessions:%s", session->key)));
    const char *records = ep_realtime(ep, session->key, "in/records");
    const char *item = ep_api(ep, session->key, "");
    ep_granted(ep, token_append(ep, session, writer));
    ep_expect(ep, token_append(ep, session, reader), 403);
    ep_granted(ep, ep_do(ep, .path = records, .auth = reader));
    ep_expect(ep, ep_do(ep, .path = records, .auth = writer), 403);
    ep_granted(ep, ep_do(ep, .path = item, .auth = reader));
    ep_expect(ep, ep_do(ep, .path = item, .auth = writer), 403);
    static const char *const channels[] = {"in", "out"};
    for (size_t i = 0; i < 2; i++) {
        const char *path = ep_realtime(ep, session->key, channels[i]);
        struct ep_sub *sub = ep_subscribe(ep, path, writer, NULL);
        cs_case_check(run, sub->status == 403, "a write scope subscribed to .%s: %d", channels[i],
                      sub->status);
        ep_unsubscribe(sub);
    }
    token_subscribes(ep, session->key, reader, "a read scope");
}

static void type_level(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *one = ep_session(ep);
    const struct ep_session *two = ep_session(ep);
    const char *token = ep_mint(ep, one, EP_SCOPES("read:sessions", "write:sessions"));
    token_accepted(ep, one, token, "type-level scopes on one session");
    token_accepted(ep, two, token, "type-level scopes on another session");
    const char *other = ep_mint(ep, one, EP_SCOPES("read:tasks", "write:tasks"));
    not_granted(ep, ep_do(ep, .path = ep_api(ep, one->key, ""), .auth = other));
    not_granted(ep, token_append(ep, one, other));
}

static void wildcards(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *records = ep_realtime(ep, session->key, "in/records");
    const char *read_all = ep_mint(ep, session, EP_SCOPES("read:all"));
    const char *write_all = ep_mint(ep, session, EP_SCOPES("write:all"));
    const char *admin = ep_mint(ep, session, EP_SCOPES("admin"));
    ep_granted(ep, token_append(ep, session, write_all));
    not_granted(ep, token_append(ep, session, read_all));
    ep_granted(ep, ep_do(ep, .path = records, .auth = read_all));
    not_granted(ep, ep_do(ep, .path = records, .auth = write_all));
    ep_granted(ep, ep_do(ep, .path = records, .auth = admin));
    ep_granted(ep, token_append(ep, session, admin));
}

static void close_needs_admin(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *const weak[] = {"write:sessions", "write:all"};
    const char *const strong[] = {"admin:sessions", "admin:all", "admin"};
    const struct ep_session *session = ep_session(ep);
    for (size_t i = 0; i < 2; i++) {
        ep_expect(ep,
                  ep_do(ep, .path = ep_api(ep, session->id, "/close"), .body = "{}",
                        .auth = ep_mint(ep, session, EP_SCOPES(weak[i]))),
                  403);
    }
    for (size_t i = 0; i < 3; i++) {
        const char *token = ep_mint(ep, session, EP_SCOPES(strong[i]));
        ep_granted(ep, ep_do(ep, .method = "PATCH", .path = ep_api(ep, session->id, ""),
                             .auth = token, .body = "{}"));
    }
    /* close and PATCH compare the scope with the id in the URL, so both name the same one */
    const char *scope = ep_text(ep, "admin:sessions:%s", session->id);
    ep_granted(ep, ep_do(ep, .path = ep_api(ep, session->id, "/close"), .body = "{}",
                         .auth = ep_mint(ep, session, EP_SCOPES(scope))));
}

static void own_token_cannot_close(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *close = ep_api(ep, session->key, "/close");
    ep_expect(ep, ep_do(ep, .path = close, .auth = session->token, .body = "{}"), 403);
    ep_expect(ep,
              ep_do(ep, .method = "PATCH", .path = ep_api(ep, session->key, ""),
                    .auth = session->token, .body = "{}"),
              403);
    cs_case_check(run, cJSON_IsNull(ep_get(ep_item(ep, session), "closedAt")),
                  "the refused close closed the session");
    ep_need(ep, ep_close(ep, session, "{}"));
}

static void create_scopes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *any = ep_session(ep);
    const char *body = ep_create_body(ep, ep_unique(ep, "chat"), NULL);
    const char *const weak[] = {"read:sessions", "read:all", "write:runs", NULL};
    for (size_t i = 0; i < 4; i++) {
        const char *token = ep_mint(ep, any, EP_SCOPES(weak[i]));
        ep_expect(ep, ep_do(ep, .path = "/api/v1/sessions", .auth = token, .body = body), 403);
    }
    ep_granted(ep, ep_do(ep, .path = "/api/v1/sessions", .body = body,
                         .auth = ep_mint(ep, any, EP_SCOPES("write:sessions"))));
    ep_need(ep, ep_post_session(ep, body)); /* the session that the token made */
}

/* Whatever a public token holds, and however the URL names the session, nothing gets on `out`. */
static void append_to_out(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *forms[] = {session->key, session->id};
    const char *body = "{\"type\":\"text-delta\",\"id\":\"x\",\"delta\":\"forged\"}";
    static const char *const scopes[] = {"write:sessions", "write:all", "admin", "*:all"};
    size_t n_scopes =
        ep_env(ep)->can_mint || ep_env(ep)->hands_out_tokens ? sizeof scopes / sizeof scopes[0] : 0;
    for (size_t i = 0; i < 2; i++) {
        const char *path = ep_realtime(ep, forms[i], "out/append");
        ep_expect(ep, ep_do(ep, .path = path, .auth = session->token, .body = body), 403);
        for (size_t k = 0; k < n_scopes; k++) {
            const char *token = ep_mint(ep, session, EP_SCOPES(scopes[k]));
            ep_expect(ep, ep_do(ep, .path = path, .auth = token, .body = body), 403);
        }
        /* other spellings of the path: whether they mean anything is not asked here */
        path = ep_realtime(ep, forms[i], "%6Fut/append");
        ep_do(ep, .path = path, .auth = session->token, .body = body);
    }
    cs_case_check(run, ep_drain_count(ep, session, "out") == 0, "a forged record stands on .out");
    ep_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "out/append"), .body = body,
                         .auth = ep_env(ep)->secret_key));
    cs_case_check(run, ep_drain_count(ep, session, "out") == 1,
                  "the record of the secret key is not on .out");
}

static void initialise_out(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_realtime(ep, session->key, "out");
    const struct ep_answer *answer =
        ep_do(ep, .method = "PUT", .path = path, .auth = session->token, .body = "");
    ep_expect(ep, answer, 403);
    cs_case_check(run, !ep_header(answer, "X-S2-Access-Token"),
                  "the refusal handed out stream credentials");
    ep_accept(ep,
              ep_do(ep, .method = "PUT", .path = path, .auth = ep_env(ep)->secret_key, .body = ""));
}

static void secret_key_does_everything(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *key = ep_env(ep)->secret_key;
    const char *item = ep_api(ep, session->key, "");
    ep_granted(ep, ep_do(ep, .method = "PATCH", .path = item, .auth = key, .body = "{}"));
    ep_granted(ep, ep_do(ep, .path = "/api/v1/sessions", .auth = key));
    ep_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "out/append"), .auth = key,
                         .body = "{}"));
    ep_granted(ep, ep_close(ep, session, "{}"));
}

/* The other environment has a session of the same externalId, so that its token's scopes fit and
 * nothing but the environment keeps it out. */
static void other_environment(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *here = ep_session(ep);
    const struct ep_answer *there =
        ep_need(ep, ep_do(ep, .path = "/api/v1/sessions", .auth = ep_env(ep)->other_secret_key,
                          .body = ep_create_body(ep, here->external_id, NULL)));
    const char *token = ep_need_text(ep, there, "publicAccessToken");
    token_accepted(ep, here, here->token, "the environment's own token");
    int before = ep_drain_count(ep, here, "in");
    const struct ep_answer *answer = ep_do(ep, .path = ep_api(ep, here->id, ""), .auth = token);
    cs_case_check(run, answer->status / 100 != 2,
                  "a token of another environment retrieved a session: %d", answer->status);
    answer = ep_do(ep, .path = ep_realtime(ep, here->id, "in/append"), .auth = token, .body = STOP);
    cs_case_check(run, answer->status / 100 != 2,
                  "a token of another environment appended to a session: %d", answer->status);
    /* by the externalId it is the other environment's own session */
    ep_do(ep, .path = ep_realtime(ep, here->external_id, "in/append"), .auth = token, .body = STOP);
    cs_case_check(run, ep_drain_count(ep, here, "in") == before,
                  "a token of another environment left a record");
}

/* Asks the token route for a token that lives until `exp_s`. */
static const struct ep_answer *ask_until(struct ep *ep, const char *scope, int64_t exp_s)
{
    return ep_do(ep, .path = TOKEN_ROUTE, .auth = ep_env(ep)->secret_key,
                 .body = ep_text(ep, "{\"scopes\":[\"%s\"],\"expirationTime\":%lld}", scope,
                                 (long long)exp_s));
}

/* A key whose one scope is write:sessions hands that out, and nothing else. */
static void within_key(struct ep *ep)
{
    const char *key = ep_env(ep)->restricted_key;
    const struct ep_answer *answer =
        ep_do(ep, .path = TOKEN_ROUTE, .auth = key,
              .body = "{\"scopes\":[\"write:sessions\",\"read:sessions\"]}");
    ep_expect(ep, answer, 403);
    cs_case_check(ep_run(ep), !strcmp(ep_get_text(ep, answer, "code"), "scopes_exceed_key_access"),
                  "the code is not scopes_exceed_key_access");
    const cJSON *denied = ep_get(answer, "deniedScopes");
    const char *first = cJSON_GetStringValue(cJSON_GetArrayItem(denied, 0));
    cs_case_check(ep_run(ep),
                  cJSON_GetArraySize(denied) == 1 && first && !strcmp(first, "read:sessions"),
                  "deniedScopes is not what the key lacks");
    ep_accept(ep, ep_do(ep, .path = TOKEN_ROUTE, .auth = key,
                        .body = "{\"scopes\":[\"write:sessions\"]}"));
}

static void public_tokens_route(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *scope = ep_text(ep, "read:sessions:%s", session->key);
    const char *body = ep_text(ep, "{\"scopes\":[\"%s\"]}", scope);
    const char *key = ep_env(ep)->secret_key;
    const struct ep_answer *answer =
        ep_expect(ep, ep_do(ep, .path = TOKEN_ROUTE, .auth = key, .body = body), 200);
    const char *token = ep_get_text(ep, answer, "token");
    ep_append_need(ep, session, STOP);
    ep_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "in/records"), .auth = token));
    const struct cs_token *decoded = ep_decode(ep, token);
    cs_case_check(run, decoded->n_scopes == 1 && has_scope(decoded, scope),
                  "the token does not carry the one scope that was asked for");
    int64_t life_s = decoded->exp - decoded->iat;
    cs_case_check(run, life_s >= 899 && life_s <= 901, "the default life is %lld s, expected 900",
                  (long long)life_s);
    ep_expect(ep, ep_do(ep, .path = TOKEN_ROUTE, .auth = session->token, .body = body), 401);
    ep_expect(ep, ep_do(ep, .path = TOKEN_ROUTE, .auth = key, .body = "{\"scopes\":[]}"), 400);
    /* an hour on each side leaves room for clocks that differ */
    int64_t now_s = cs_wall_ms() / 1000;
    ep_accept(ep, ask_until(ep, scope, now_s + 30 * DAY_S - 3600));
    ep_expect(ep, ask_until(ep, scope, now_s + 30 * DAY_S + 3600), 400);
    ep_expect(ep, ask_until(ep, scope, now_s - 3600), 400);
    if (ep_env(ep)->restricted_key) {
        within_key(ep);
    }
}

/* Narrowed to one direction too, which is documented later than the channel is: a server that does
 * not know it grants nothing, so that only the refusals are judged. */
static void channel_directions(struct ep *ep, const struct ep_session *session, const char *side)
{
    const char *token = ep_mint(ep, session, EP_SCOPES(ep_text(ep, "read:sessions:%s:in", side)));
    const char *path = ep_realtime(ep, session->key, "channels/side/in/records");
    cs_case_observe(ep_run(ep), "direction_scope_reads_its_direction", "%d",
                    ep_do(ep, .path = path, .auth = token)->status);
    static const char *const beyond[] = {"channels/side/out/records", "in/records",
                                         "channels/other/in/records"};
    for (size_t i = 0; i < 3; i++) {
        path = ep_realtime(ep, session->key, beyond[i]);
        not_granted(ep, ep_do(ep, .path = path, .auth = token));
    }
}

/* Scopes narrowed to a side channel open that one alone. */
static void channel_scopes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *side = ep_text(ep, "%s:channels:side", session->key);
    const char *token = ep_mint(
        ep, session,
        EP_SCOPES(ep_text(ep, "read:sessions:%s", side), ep_text(ep, "write:sessions:%s", side)));
    ep_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "channels/side/in/append"),
                         .auth = token, .body = STOP));
    ep_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "channels/side/in/records"),
                         .auth = token));
    const char *beyond[] = {"in/records", "out/records", "channels/other/in/records"};
    for (size_t i = 0; i < 3; i++) {
        not_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, beyond[i]), .auth = token));
    }
    not_granted(ep, token_append(ep, session, token));
    not_granted(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "channels/other/in/append"),
                          .auth = token, .body = STOP));
    channel_directions(ep, session, side);
}

static void outlives_close(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    ep_need(ep, ep_close(ep, session, "{}"));
    const char *path = ep_realtime(ep, session->key, "in/records");
    ep_granted(ep, ep_do(ep, .path = path, .auth = session->token));
}

#define SK     CS_NEEDS_SECRET_KEY
#define MINT   (CS_NEEDS_SECRET_KEY | CS_NEEDS_MINT)
#define SCOPES (CS_NEEDS_SECRET_KEY | CS_NEEDS_SCOPES)
#define TWO    (CS_NEEDS_SECRET_KEY | CS_NEEDS_TWO_ENVIRONMENTS)
const struct cs_case endpoint_token_cases[] = {
    {"endpoint/token/is-hs256", "The session token is an HS256 JWT", "TOK-01", CS_MUST, SK, 0,
     is_hs256},
    {"endpoint/token/claims", "The session token carries exactly the documented claims", "TOK-02",
     CS_MUST, SK, 0, claims},
    {"endpoint/token/scope-key", "Scopes name the externalId, else the friendly id", "TOK-03",
     CS_MUST, SK, 0, scope_key},
    {"endpoint/token/life", "The session token lives 3600 s", "TOK-04", CS_MUST, SK, 0, life},
    {"endpoint/token/signed-by-root-key", "The root key verifies the session token", "TOK-05",
     CS_MUST, MINT, 0, signed_by_root_key},
    {"endpoint/token/works-on-both-forms", "The session token works under both id forms", "TOK-06",
     CS_MUST, SK, 0, works_on_both_forms},
    {"endpoint/token/no-authorization", "Realtime routes without Authorization are 401", "TOK-15",
     CS_MUST, SK, 0, no_authorization},
    {"endpoint/token/unknown-keys", "Unknown, personal and retired keys are 401", "TOK-17", CS_MUST,
     SK, 0, unknown_keys},
    {"endpoint/token/missing-scope-is-403", "A good token without the scope is 403", "TOK-19",
     CS_MUST, SK, 0, unauthorized_body},
    {"endpoint/token/cross-session", "A session's token works on no other session", "TOK-20",
     CS_MUST, SK, 0, cross_session},
    {"endpoint/token/run-scoped-is-refused",
     "The run-scoped token of x-trigger-jwt neither reads nor appends", "TOK-22", CS_MUST, SCOPES,
     0, run_scoped},
    {"endpoint/token/read-or-write-alone", "read and write scopes grant nothing of each other",
     "TOK-23", CS_MUST, SCOPES, 0, read_or_write_alone},
    {"endpoint/token/type-level", "Type-level scopes cover every session of the environment",
     "TOK-24", CS_MUST, SCOPES, 0, type_level},
    {"endpoint/token/wildcards", "read:all, write:all and admin are wildcards", "TOK-25", CS_MUST,
     SCOPES, 0, wildcards},
    {"endpoint/token/close-needs-admin", "Close and PATCH need the admin action", "TOK-27", CS_MUST,
     SCOPES, 0, close_needs_admin},
    {"endpoint/token/own-token-cannot-close", "A session's own token cannot close or patch it",
     "TOK-28", CS_MUST, SK, 0, own_token_cannot_close},
    {"endpoint/token/create-scopes", "Create needs a key or type-level write:sessions", "TOK-29",
     CS_MUST, SCOPES, 0, create_scopes},
    {"endpoint/token/append-to-out", "No public token appends to .out", "TOK-33", CS_MUST, SK, 0,
     append_to_out},
    {"endpoint/token/initialise-out", "No public token initialises .out", "TOK-34", CS_SHOULD, SK,
     0, initialise_out},
    {"endpoint/token/secret-key-does-everything", "A secret key may do everything", "TOK-35",
     CS_MUST, SK, 0, secret_key_does_everything},
    {"endpoint/token/other-environment", "A token acts only in its own environment", "TOK-38",
     CS_MUST, TWO, 0, other_environment},
    {"endpoint/token/public-tokens-route", "The token route mints narrow, short-lived tokens",
     "TOK-41", CS_MUST, SK, 0, public_tokens_route},
    {"endpoint/token/channel-scopes", "A scope on a side channel opens nothing else", "TOK-43",
     CS_MUST, SCOPES, 0, channel_scopes},
    {"endpoint/token/outlives-close", "Closing a session leaves its token readable", "TOK-46",
     CS_MUST, SK, 0, outlives_close},
    {0},
};
