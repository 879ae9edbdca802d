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
        cs_case_check(run, ep_has_scope(token, by_key) || ep_has_scope(token, by_id), "no scope %s",
                      by_key);
    }
}

static void scope_key(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *named = ep_session(ep);
    const struct ep_session *unnamed = ep_session_with(ep, NULL, NULL);
    const char *scope = ep_text(ep, "read:sessions:%s", named->external_id);
    cs_case_check(run, ep_has_scope(ep_decode(ep, named->token), scope),
                  "a session with externalId has no scope %s", scope);
    scope = ep_text(ep, "read:sessions:%s", unnamed->id);
    cs_case_check(run, ep_has_scope(ep_decode(ep, unnamed->token), scope),
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
                             .body = token_handing_over(ep, session)));
    }
}

/* ---- no token, or no such key: 401 ---- */

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
    cs_case_check(run, decoded->n_scopes == 1 && ep_has_scope(decoded, scope),
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

static void outlives_close(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    ep_need(ep, ep_close(ep, session, "{}"));
    const char *path = ep_realtime(ep, session->key, "in/records");
    ep_granted(ep, ep_do(ep, .path = path, .auth = session->token));
}

#define SK   CS_NEEDS_SECRET_KEY
#define MINT (CS_NEEDS_SECRET_KEY | CS_NEEDS_MINT)
#define TWO  (CS_NEEDS_SECRET_KEY | CS_NEEDS_TWO_ENVIRONMENTS)
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
    {"endpoint/token/other-environment", "A token acts only in its own environment", "TOK-38",
     CS_MUST, TWO, 0, other_environment},
    {"endpoint/token/public-tokens-route", "The token route mints narrow, short-lived tokens",
     "TOK-41", CS_MUST, SK, 0, public_tokens_route},
    {"endpoint/token/outlives-close", "Closing a session leaves its token readable", "TOK-46",
     CS_MUST, SK, 0, outlives_close},
    {0},
};
