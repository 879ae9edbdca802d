/* TOK: tokens that nobody handed out. Every refusal has its accepted twin in the same case, which
 * is the same token with only the tested thing put right. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/token_kit.h"

#define HS256 "{\"alg\":\"HS256\"}"

/* The token with the tail of `from` after its last dot. */
static const char *with_signature_of(struct ep *ep, const char *token, const char *from)
{
    const char *dot = strrchr(token, '.');
    const char *other = strrchr(from, '.');
    if (!dot || !other || !dot[1] || !other[1]) {
        cs_case_error(ep_run(ep), "a session token has no signature");
    }
    return ep_text(ep, "%.*s%s", (int)(dot - token), token, other);
}

static void wrong_signature(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_session *other = ep_session(ep);
    char *spoilt = (char *)ep_text(ep, "%s", session->token);
    char *signature = strrchr(spoilt, '.');
    if (!signature || strlen(signature) < 12) {
        cs_case_error(run, "the session token has no signature");
    }
    token_accepted(ep, session, session->token, "the token as it was handed out");
    /* the first letter of the signature: all of its six bits count */
    signature[1] = signature[1] == 'A' ? 'B' : 'A';
    token_refused(ep, session, spoilt, 401, "one bit of the signature flipped");
    token_refused(ep, session, with_signature_of(ep, session->token, other->token), 401,
                  "the signature of another token");
    /* eleven letters less are eight bytes and two bits; the bytes that are left are right */
    size_t len = strlen(session->token);
    token_refused(ep, session, ep_text(ep, "%.*s", (int)(len - 11), session->token), 401,
                  "a signature cut short");
    token_refused(ep, session, ep_text(ep, "%.*s.", (int)(signature - spoilt), session->token), 401,
                  "an empty signature");
}

/* To the second, on the clock that stamped the session token. */
static void expired(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct cs_token *own = ep_decode(ep, session->token);
    struct cs_token_claims good = ep_claims(ep, session, token_scopes(ep, session));
    struct cs_token_claims bad = good;
    token_accepted(ep, session, ep_sign(ep, &good, ep_env(ep)->secret_key),
                   "a token that is still good");
    bad.iat -= 7200;
    bad.exp = good.iat - 60;
    token_refused(ep, session, ep_sign(ep, &bad, ep_env(ep)->secret_key), 401,
                  "a token past its exp");
    if (own->has_iat) {
        bad.exp = own->iat; /* the server's own time, a moment ago */
        token_refused(ep, session, ep_sign(ep, &bad, ep_env(ep)->secret_key), 401,
                      "a token at its exp");
    }
}

static void issuer_and_audience(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct cs_token_claims good = ep_claims(ep, session, token_scopes(ep, session));
    const char *key = ep_env(ep)->secret_key;
    token_accepted(ep, session, ep_sign(ep, &good, key), "right issuer and audience");
    const char *const wrong[] = {"https://example.com", NULL};
    for (size_t i = 0; i < 2; i++) {
        struct cs_token_claims bad = good;
        bad.iss = wrong[i];
        token_refused(ep, session, ep_sign(ep, &bad, key), 401,
                      wrong[i] ? "wrong issuer" : "no issuer");
        bad = good;
        bad.aud = wrong[i];
        token_refused(ep, session, ep_sign(ep, &bad, key), 401,
                      wrong[i] ? "wrong audience" : "no audience");
    }
}

/* Unsigned in every spelling, with and without a signature that would be right under HS256; and
 * headers that name an algorithm of key pairs (or none at all) over an HMAC of the key. */
static void algorithm_none(struct cs_case_run *run)
{
    static const char *const none[] = {"none", "None", "NONE", "nOnE"};
    static const char *const others[] = {
        "{\"alg\":\"RS256\"}", "{\"alg\":\"RS512\"}", "{\"alg\":\"ES256\"}",
        "{\"alg\":\"PS256\"}", "{\"alg\":\"EdDSA\"}", "{\"alg\":\"hs256\"}",
        "{\"alg\":\"\"}",      "{\"alg\":null}",      "{\"typ\":\"JWT\"}",
    };
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *payload = TOKEN_PAYLOAD(ep, session, .sub = NULL);
    token_accepted(ep, session, token_forge(ep, HS256, payload, CS_ALG_HS256),
                   "the same token under HS256");
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        const char *header = ep_text(ep, "{\"alg\":\"%s\"}", none[i]);
        token_refused(ep, session, token_forge(ep, header, payload, CS_ALG_NONE), 401,
                      ep_text(ep, "alg %s without a signature", none[i]));
        token_refused(ep, session, token_forge(ep, header, payload, CS_ALG_HS256), 401,
                      ep_text(ep, "alg %s with a signature", none[i]));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        token_refused(ep, session, token_forge(ep, others[i], payload, CS_ALG_HS256), 401,
                      ep_text(ep, "the header %s over an HMAC of the key", others[i]));
    }
}

/* ---- what is only recorded ---- */

static void algorithms_and_exp(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    static const struct {
        const char *name;
        enum cs_token_alg alg;
    } wide[] = {{"hs384", CS_ALG_HS384}, {"hs512", CS_ALG_HS512}};
    struct cs_token_claims good = ep_claims(ep, session, token_scopes(ep, session));
    const char *key = ep_env(ep)->secret_key;
    ep_need(ep, token_drain(ep, session, ep_sign(ep, &good, key)));
    for (size_t i = 0; i < 2; i++) {
        struct cs_token_claims claims = good;
        claims.alg = wide[i].alg;
        cs_case_observe_as(run, wide[i].name, "200", "%d",
                           token_drain(ep, session, ep_sign(ep, &claims, key))->status);
    }
    struct cs_token_claims endless = good;
    endless.exp = -1;
    cs_case_observe_as(run, "no_exp", "200", "%d",
                       token_drain(ep, session, ep_sign(ep, &endless, key))->status);
}

/* "401 Invalid API key": status and text of an error. */
static const char *refusal(struct ep *ep, const struct ep_answer *answer)
{
    const char *text = cJSON_GetStringValue(ep_get(answer, "error"));
    return ep_text(ep, "%d %s", answer->status, text ? text : "");
}

static void not_public(struct cs_case_run *run)
{
    static const struct {
        const char *name, *pub;
    } rows[] = {{"no_pub", ""}, {"pub_false", "false"}, {"pub_text", "\"true\""}};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *good = TOKEN_PAYLOAD(ep, session, .pub = NULL);
    ep_need(ep, token_drain(ep, session, token_forge(ep, HS256, good, CS_ALG_HS256)));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *bad = TOKEN_PAYLOAD(ep, session, .pub = rows[i].pub);
        const struct ep_answer *answer =
            token_drain(ep, session, token_forge(ep, HS256, bad, CS_ALG_HS256));
        cs_case_observe_as(run, rows[i].name, "401 Invalid API key", "%s", refusal(ep, answer));
    }
}

static void unknown_sub(struct cs_case_run *run)
{
    static const struct {
        const char *name, *sub;
    } rows[] = {{"no_sub", ""}, {"sub_number", "7"}, {"sub_unknown", "\"chatspec-unknown\""}};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *good = TOKEN_PAYLOAD(ep, session, .sub = NULL);
    ep_need(ep, token_drain(ep, session, token_forge(ep, HS256, good, CS_ALG_HS256)));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *bad = TOKEN_PAYLOAD(ep, session, .sub = rows[i].sub);
        const char *token = token_forge(ep, HS256, bad, CS_ALG_HS256);
        cs_case_observe_as(run, rows[i].name, "401 Invalid Public Access Token", "%s",
                           refusal(ep, token_drain(ep, session, token)));
        token = with_signature_of(ep, token, session->token);
        cs_case_observe_as(run, ep_text(ep, "%s_badly_signed", rows[i].name),
                           "401 Invalid Public Access Token", "%s",
                           refusal(ep, token_drain(ep, session, token)));
    }
}

static void no_scopes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct {
        const char *name, *scopes;
    } rows[] = {
        {"absent", ""},
        {"empty", "[]"},
        {"text", ep_text(ep, "\"read:sessions:%s\"", session->key)},
        {"object", ep_text(ep, "{\"0\":\"read:sessions:%s\"}", session->key)},
        {"null", "null"},
    };
    const char *good = TOKEN_PAYLOAD(ep, session, .scopes = NULL);
    ep_need(ep, token_drain(ep, session, token_forge(ep, HS256, good, CS_ALG_HS256)));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *bad = TOKEN_PAYLOAD(ep, session, .scopes = rows[i].scopes);
        const char *token = token_forge(ep, HS256, bad, CS_ALG_HS256);
        const char *retrieve = ep_api(ep, session->key, "");
        cs_case_observe_as(run, ep_text(ep, "%s_drains", rows[i].name), "403", "%d",
                           token_drain(ep, session, token)->status);
        cs_case_observe_as(run, ep_text(ep, "%s_appends", rows[i].name), "403", "%d",
                           token_append(ep, session, token)->status);
        cs_case_observe_as(run, ep_text(ep, "%s_retrieves", rows[i].name), "403", "%d",
                           ep_do(ep, .path = retrieve, .auth = token)->status);
    }
}

#define SK   CS_NEEDS_SECRET_KEY
#define MINT (CS_NEEDS_SECRET_KEY | CS_NEEDS_MINT)
const struct cs_case endpoint_forged_cases[] = {
    {"endpoint/token/wrong-signature", "A signature that is not the token's is 401", "TOK-08",
     CS_MUST, SK, 0, wrong_signature},
    {"endpoint/token/expired", "A token past its exp is 401", "TOK-09", CS_MUST, MINT, 0, expired},
    {"endpoint/token/issuer-and-audience", "Issuer and audience must be right", "TOK-10", CS_MUST,
     MINT, 0, issuer_and_audience},
    {"endpoint/token/algorithm-none", "Unsigned tokens and foreign algorithms are 401", "TOK-11",
     CS_MUST, MINT, 0, algorithm_none},
    {"endpoint/token/algorithms-and-exp", "Wider HMACs, and tokens that never expire", "TOK-12",
     CS_OBSERVED, MINT, 0, algorithms_and_exp},
    {"endpoint/token/not-public", "A JWT that does not claim pub is taken for a key", "TOK-13",
     CS_OBSERVED, MINT, 0, not_public},
    {"endpoint/token/unknown-sub", "A sub of no environment is told before the signature", "TOK-14",
     CS_OBSERVED, MINT, 0, unknown_sub},
    {"endpoint/token/no-scopes", "Without an array of scopes a token opens nothing", "TOK-37",
     CS_OBSERVED, MINT, 0, no_scopes},
    {0},
};
