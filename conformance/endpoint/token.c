/* TOK: tokens, scopes, authentication. Every refusal has its accepted twin in the same case. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

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
    struct cs_token_checks checks = {
        .allowed_algs = 1u << CS_ALG_HS256, .now_s = 0, .exp_optional = true};
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

static void works_on_both_forms(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *forms[] = {session->id, session->external_id};
    for (size_t i = 0; i < 2; i++) {
        const char *id = forms[i];
        ep_expect(ep, ep_do(ep, .path = ep_api(ep, id, ""), .auth = session->token), 200);
        ep_expect(ep,
                  ep_do(ep, .path = ep_realtime(ep, id, "in/append"), .auth = session->token,
                        .body = "{\"kind\":\"stop\"}"),
                  200);
        ep_expect(ep, ep_do(ep, .path = ep_realtime(ep, id, "in/records"), .auth = session->token),
                  200);
        struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, id, "out"), session->token, NULL);
        cs_case_check(run, sub->status == 200, "subscribing by %s answered %d, expected 200", id,
                      sub->status);
        ep_unsubscribe(sub);
    }
}

/* ---- broken tokens: 401 ---- */

/* The token is refused with `status` for reading and appending, and leaves no record. */
static void refused(struct ep *ep, const struct ep_session *session, const char *token, int status,
                    const char *what)
{
    struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, session->key, "out"), token, NULL);
    cs_case_check(ep_run(ep), sub->status == status, "%s: subscribing answered %d, expected %d",
                  what, sub->status, status);
    ep_unsubscribe(sub);
    int before = ep_drain_count(ep, session, "in");
    const struct ep_answer *answer = ep_do(ep, .path = ep_realtime(ep, session->key, "in/append"),
                                           .auth = token, .body = "{\"kind\":\"stop\"}");
    cs_case_check(ep_run(ep), answer->status == status, "%s: appending answered %d, expected %d",
                  what, answer->status, status);
    cs_case_check(ep_run(ep), ep_drain_count(ep, session, "in") == before,
                  "%s: the refused append left a record", what);
}

/* The same with a token that must be accepted: the twin of every refusal. */
static void accepted(struct ep *ep, const struct ep_session *session, const char *token,
                     const char *what)
{
    struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, session->key, "out"), token, NULL);
    cs_case_check(ep_run(ep), sub->status == 200, "%s: subscribing answered %d, expected 200", what,
                  sub->status);
    ep_unsubscribe(sub);
    ep_accept(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "in/append"), .auth = token,
                        .body = "{\"kind\":\"stop\"}"));
}

static void wrong_signature(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    char *spoilt = (char *)ep_text(ep, "%s", session->token);
    /* the first letter of the signature: all of its six bits count */
    char *signature = strrchr(spoilt, '.');
    if (!signature || !signature[1]) {
        cs_case_error(run, "the session token has no signature");
    }
    signature[1] = signature[1] == 'A' ? 'B' : 'A';
    accepted(ep, session, session->token, "the token as it was handed out");
    refused(ep, session, spoilt, 401, "one bit of the signature flipped");
}

static void expired(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *const *scopes = EP_SCOPES(ep_text(ep, "read:sessions:%s", session->key),
                                          ep_text(ep, "write:sessions:%s", session->key));
    struct cs_token_claims good = ep_claims(ep, session, scopes);
    struct cs_token_claims bad = good;
    bad.iat -= 7200;
    bad.exp = good.iat - 60;
    accepted(ep, session, ep_sign(ep, &good, ep_env(ep)->secret_key), "a token that is still good");
    refused(ep, session, ep_sign(ep, &bad, ep_env(ep)->secret_key), 401, "a token past its exp");
}

static void issuer_and_audience(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *const *scopes = EP_SCOPES(ep_text(ep, "read:sessions:%s", session->key),
                                          ep_text(ep, "write:sessions:%s", session->key));
    struct cs_token_claims good = ep_claims(ep, session, scopes);
    const char *key = ep_env(ep)->secret_key;
    accepted(ep, session, ep_sign(ep, &good, key), "right issuer and audience");
    const char *const wrong[] = {"https://example.com", NULL};
    for (size_t i = 0; i < 2; i++) {
        struct cs_token_claims bad = good;
        bad.iss = wrong[i];
        refused(ep, session, ep_sign(ep, &bad, key), 401, wrong[i] ? "wrong issuer" : "no issuer");
        bad = good;
        bad.aud = wrong[i];
        refused(ep, session, ep_sign(ep, &bad, key), 401,
                wrong[i] ? "wrong audience" : "no audience");
    }
}

static void algorithm_none(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *const *scopes = EP_SCOPES(ep_text(ep, "read:sessions:%s", session->key),
                                          ep_text(ep, "write:sessions:%s", session->key));
    struct cs_token_claims claims = ep_claims(ep, session, scopes);
    accepted(ep, session, ep_sign(ep, &claims, ep_env(ep)->secret_key),
             "the same token under HS256");
    claims.alg = CS_ALG_NONE;
    refused(ep, session, ep_sign(ep, &claims, ep_env(ep)->secret_key), 401, "alg none");
}

static void no_authorization(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    accepted(ep, session, session->token, "with Authorization");
    refused(ep, session, NULL, 401, "without Authorization");
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
    ep_accept(ep, ep_do(ep, .path = path, .auth = mine->token, .body = "{\"kind\":\"stop\"}"));
    const struct ep_answer *answer = ep_expect(
        ep, ep_do(ep, .path = path, .auth = other->token, .body = "{\"kind\":\"stop\"}"), 403);
    cs_case_check(run, cJSON_IsString(ep_get(answer, "error")), "the 403 has no text in \"error\"");
}

static void cross_session(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *mine = ep_session(ep);
    const struct ep_session *theirs = ep_session(ep);
    const char *forms[] = {theirs->id, theirs->external_id};
    accepted(ep, theirs, theirs->token, "the session's own token");
    int before = ep_drain_count(ep, theirs, "in");
    for (size_t i = 0; i < 2; i++) {
        const char *id = forms[i];
        ep_expect(ep, ep_do(ep, .path = ep_api(ep, id, ""), .auth = mine->token), 403);
        ep_expect(ep, ep_do(ep, .path = ep_realtime(ep, id, "in/records"), .auth = mine->token),
                  403);
        ep_expect(ep,
                  ep_do(ep, .path = ep_realtime(ep, id, "in/append"), .auth = mine->token,
                        .body = "{\"kind\":\"stop\"}"),
                  403);
        ep_expect(ep,
                  ep_do(ep, .path = ep_api(ep, id, "/end-and-continue"), .auth = mine->token,
                        .body = ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":\"test\"}",
                                        theirs->run_id)),
                  403);
        struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, id, "out"), mine->token, NULL);
        cs_case_check(run, sub->status == 403, "another session's token subscribed: %d",
                      sub->status);
        ep_unsubscribe(sub);
    }
    cs_case_check(run, ep_drain_count(ep, theirs, "in") == before,
                  "another session's token left a record");
}

static void run_scoped(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *token = ep_mint(ep, session,
                                EP_SCOPES(ep_text(ep, "read:runs:%s", session->run_id),
                                          ep_text(ep, "write:inputStreams:%s", session->run_id)));
    accepted(ep, session, session->token, "the session-scoped publicAccessToken");
    refused(ep, session, token, 403, "the run-scoped token of x-trigger-jwt");
}

static void read_or_write_alone(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *reader =
        ep_mint(ep, session, EP_SCOPES(ep_text(ep, "read:sessions:%s", session->key)));
    const char *writer =
        ep_mint(ep, session, EP_SCOPES(ep_text(ep, "write:sessions:%s", session->key)));
    const char *append = ep_realtime(ep, session->key, "in/append");
    const char *records = ep_realtime(ep, session->key, "out/records");
    ep_accept(ep, ep_do(ep, .path = records, .auth = reader));
    ep_expect(ep, ep_do(ep, .path = append, .auth = reader, .body = "{\"kind\":\"stop\"}"), 403);
    ep_accept(ep, ep_do(ep, .path = append, .auth = writer, .body = "{\"kind\":\"stop\"}"));
    ep_expect(ep, ep_do(ep, .path = records, .auth = writer), 403);
}

static void type_level(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *one = ep_session(ep);
    const struct ep_session *two = ep_session(ep);
    const char *token = ep_mint(ep, one, EP_SCOPES("read:sessions", "write:sessions"));
    accepted(ep, one, token, "type-level scopes on one session");
    accepted(ep, two, token, "type-level scopes on another session");
    refused(ep, one, ep_mint(ep, one, EP_SCOPES("read:tasks", "write:tasks")), 403,
            "type-level scopes of another type");
}

static void wildcards(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *append = ep_realtime(ep, session->key, "in/append");
    const char *records = ep_realtime(ep, session->key, "out/records");
    const char *stop = "{\"kind\":\"stop\"}";
    const char *read_all = ep_mint(ep, session, EP_SCOPES("read:all"));
    const char *write_all = ep_mint(ep, session, EP_SCOPES("write:all"));
    const char *admin = ep_mint(ep, session, EP_SCOPES("admin"));
    ep_expect(ep, ep_do(ep, .path = records, .auth = read_all), 200);
    ep_expect(ep, ep_do(ep, .path = append, .auth = read_all, .body = stop), 403);
    ep_expect(ep, ep_do(ep, .path = append, .auth = write_all, .body = stop), 200);
    ep_expect(ep, ep_do(ep, .path = records, .auth = write_all), 403);
    ep_expect(ep, ep_do(ep, .path = records, .auth = admin), 200);
    ep_expect(ep, ep_do(ep, .path = append, .auth = admin, .body = stop), 200);
}

static void close_needs_admin(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *const weak[] = {"write:sessions", "write:all"};
    const char *const strong[] = {"admin:sessions", "admin:all", "admin"};
    const struct ep_session *session = ep_session(ep);
    for (size_t i = 0; i < 2; i++) {
        ep_expect(ep,
                  ep_do(ep, .path = ep_api(ep, session->key, "/close"), .body = "{}",
                        .auth = ep_mint(ep, session, EP_SCOPES(weak[i]))),
                  403);
    }
    for (size_t i = 0; i < 3; i++) {
        const char *token = ep_mint(ep, session, EP_SCOPES(strong[i]));
        ep_accept(ep, ep_do(ep, .method = "PATCH", .path = ep_api(ep, session->key, ""),
                            .auth = token, .body = "{}"));
    }
    const char *scope = ep_text(ep, "admin:sessions:%s", session->key);
    ep_accept(ep, ep_do(ep, .path = ep_api(ep, session->key, "/close"), .body = "{}",
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
    const struct ep_answer *item =
        ep_need(ep, ep_do(ep, .path = ep_api(ep, session->key, ""), .auth = session->token));
    cs_case_check(run, cJSON_IsNull(ep_get(item, "closedAt")),
                  "the refused close closed the session");
    ep_accept(ep, ep_do(ep, .path = close, .auth = ep_env(ep)->secret_key, .body = "{}"));
}

static void create_scopes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *any = ep_session(ep);
    const char *body = ep_create_body(ep, ep_unique(ep, "chat"), NULL);
    const char *const weak[] = {"read:sessions", "read:all", "write:runs"};
    for (size_t i = 0; i < 3; i++) {
        const char *token = ep_mint(ep, any, EP_SCOPES(weak[i]));
        ep_expect(ep, ep_do(ep, .path = "/api/v1/sessions", .auth = token, .body = body), 403);
    }
    ep_accept(ep, ep_do(ep, .path = "/api/v1/sessions", .body = body,
                        .auth = ep_mint(ep, any, EP_SCOPES("write:sessions"))));
}

static void append_to_out(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_realtime(ep, session->key, "out/append");
    const char *body = "{\"type\":\"text-delta\",\"id\":\"x\",\"delta\":\"forged\"}";
    ep_expect(ep, ep_do(ep, .path = path, .auth = session->token, .body = body), 403);
    if (ep_env(ep)->can_mint) {
        const char *admin = ep_mint(ep, session, EP_SCOPES("admin"));
        ep_expect(ep, ep_do(ep, .path = path, .auth = admin, .body = body), 403);
    }
    cs_case_check(run, ep_drain_count(ep, session, "out") == 0, "a forged record stands on .out");
    ep_accept(ep, ep_do(ep, .path = path, .auth = ep_env(ep)->secret_key, .body = body));
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
    ep_expect(ep, ep_do(ep, .method = "PATCH", .path = item, .auth = key, .body = "{}"), 200);
    ep_expect(ep, ep_do(ep, .path = "/api/v1/sessions", .auth = key), 200);
    ep_expect(
        ep,
        ep_do(ep, .path = ep_realtime(ep, session->key, "out/append"), .auth = key, .body = "{}"),
        200);
    ep_expect(ep, ep_close(ep, session, "{}"), 200);
}

static void other_environment(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *here = ep_session(ep);
    const char *id = ep_unique(ep, "chat");
    const struct ep_answer *there =
        ep_need(ep, ep_do(ep, .path = "/api/v1/sessions", .auth = ep_env(ep)->other_secret_key,
                          .body = ep_create_body(ep, id, NULL)));
    const char *token = ep_get_text(ep, there, "publicAccessToken");
    accepted(ep, here, here->token, "the environment's own token");
    const char *forms[] = {here->id, here->key};
    for (size_t i = 0; i < 2; i++) {
        const struct ep_answer *answer = ep_do(ep, .path = ep_api(ep, forms[i], ""), .auth = token);
        cs_case_check(run, answer->status == 403 || answer->status == 404,
                      "a token of another environment read a session: %d", answer->status);
        answer = ep_do(ep, .path = ep_realtime(ep, forms[i], "in/append"), .auth = token,
                       .body = "{\"kind\":\"stop\"}");
        cs_case_check(run, answer->status == 403 || answer->status == 404,
                      "a token of another environment wrote to a session: %d", answer->status);
    }
}

static void public_tokens_route(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = "/api/v1/auth/public-tokens";
    const char *body = ep_text(ep, "{\"scopes\":[\"read:sessions:%s\"]}", session->key);
    const struct ep_answer *answer =
        ep_expect(ep, ep_do(ep, .path = path, .auth = ep_env(ep)->secret_key, .body = body), 200);
    const char *token = ep_get_text(ep, answer, "token");
    ep_accept(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "in/records"), .auth = token));
    ep_expect(ep,
              ep_do(ep, .path = ep_realtime(ep, session->key, "in/append"), .auth = token,
                    .body = "{\"kind\":\"stop\"}"),
              403);
    const struct cs_token *decoded = ep_decode(ep, token);
    cs_case_check(run, decoded->exp - decoded->iat >= 899 && decoded->exp - decoded->iat <= 901,
                  "the default life is %lld s, expected 900",
                  (long long)(decoded->exp - decoded->iat));
    ep_expect(ep, ep_do(ep, .path = path, .auth = session->token, .body = body), 401);
    ep_expect(ep,
              ep_do(ep, .path = path, .auth = ep_env(ep)->secret_key, .body = "{\"scopes\":[]}"),
              400);
}

static void outlives_close(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, "{\"kind\":\"stop\"}");
    ep_need(ep, ep_close(ep, session, "{}"));
    const char *path = ep_realtime(ep, session->key, "in/records");
    ep_expect(ep, ep_do(ep, .path = path, .auth = session->token), 200);
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
    {"endpoint/token/wrong-signature", "One flipped bit of the signature is 401", "TOK-08", CS_MUST,
     SK, 0, wrong_signature},
    {"endpoint/token/expired", "A token past its exp is 401", "TOK-09", CS_MUST, MINT, 0, expired},
    {"endpoint/token/issuer-and-audience", "Issuer and audience must be right", "TOK-10", CS_MUST,
     MINT, 0, issuer_and_audience},
    {"endpoint/token/algorithm-none", "An unsigned token is 401", "TOK-11", CS_MUST, MINT, 0,
     algorithm_none},
    {"endpoint/token/no-authorization", "Realtime routes without Authorization are 401", "TOK-15",
     CS_MUST, SK, 0, no_authorization},
    {"endpoint/token/unknown-keys", "Unknown, personal and retired keys are 401", "TOK-17", CS_MUST,
     SK, 0, unknown_keys},
    {"endpoint/token/missing-scope-is-403", "A good token without the scope is 403", "TOK-19",
     CS_MUST, SK, 0, unauthorized_body},
    {"endpoint/token/cross-session", "A session's token works on no other session", "TOK-20",
     CS_MUST, SK, 0, cross_session},
    {"endpoint/token/run-scoped-is-refused",
     "The run-scoped token of x-trigger-jwt neither reads nor appends", "TOK-22", CS_MUST, MINT, 0,
     run_scoped},
    {"endpoint/token/read-or-write-alone", "read and write scopes grant nothing of each other",
     "TOK-23", CS_MUST, MINT, 0, read_or_write_alone},
    {"endpoint/token/type-level", "Type-level scopes cover every session of the environment",
     "TOK-24", CS_MUST, MINT, 0, type_level},
    {"endpoint/token/wildcards", "read:all, write:all and admin are wildcards", "TOK-25", CS_MUST,
     MINT, 0, wildcards},
    {"endpoint/token/close-needs-admin", "Close and PATCH need the admin action", "TOK-27", CS_MUST,
     MINT, 0, close_needs_admin},
    {"endpoint/token/own-token-cannot-close", "A session's own token cannot close or patch it",
     "TOK-28", CS_MUST, SK, 0, own_token_cannot_close},
    {"endpoint/token/create-scopes", "Create needs a key or type-level write:sessions", "TOK-29",
     CS_MUST, MINT, 0, create_scopes},
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
    {"endpoint/token/outlives-close", "Closing a session leaves its token readable", "TOK-46",
     CS_MUST, SK, 0, outlives_close},
    {0},
};
