/* Who calls, and what they may do (TOK-01 to TOK-42). */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <strings.h>

#include "endpoint/http/router.h"
#include "wire/scope.h"

#define N_SCOPES_MAX 4
#define ANOTHER_KEY  "not the root key" /* of a server that breaks TOK-05 */

/* Who calls is then not known, and nobody is told that his key is wrong. */
static bool fail(struct cs_call *call)
{
    cs_answer_no_memory(call);
    return false;
}

static bool refuse(struct cs_call *call, const char *message)
{
    cs_answer_error(call, 401, message);
    return false;
}

/* Lengths of keys are no secret; their bytes are compared in constant time. */
static bool same_secret(struct cs_view a, struct cs_view b)
{
    return a.len == b.len && CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0;
}

static struct cs_environment *environment_of_key(struct cs_endpoint *endpoint, struct cs_view key)
{
    for (size_t i = 0; i < endpoint->n_environments; i++) {
        struct cs_environment *environment = &endpoint->environments[i];
        if (same_secret(cs_view_str(environment->secret_key), key)) {
            return environment;
        }
    }
    /* Something that looks like a key of this kind, when keys are not checked at all. */
    bool looks_right = cs_view_starts_with(key, CS_VIEW("tr_dev_"));
    return !endpoint->policy.check_secret_key && looks_right ? &endpoint->environments[0] : NULL;
}

static struct cs_environment *environment_of_sub(struct cs_endpoint *endpoint, const char *sub)
{
    for (size_t i = 0; sub && i < endpoint->n_environments; i++) {
        if (strcmp(endpoint->environments[i].id, sub) == 0) {
            return &endpoint->environments[i];
        }
    }
    return NULL;
}

/* The token as it would stand if the key had signed it under HS256, whatever its header says. */
static bool resign(struct cs_view text, struct cs_view key, struct cs_buf *out)
{
    size_t first = cs_view_find(text, CS_VIEW("."));
    struct cs_view rest = cs_view_of(text.ptr + first + 1, text.len - first - 1);
    struct cs_view part = cs_view_of(rest.ptr, cs_view_find(rest, CS_VIEW(".")));
    struct cs_buf header = CS_BUF(CS_TOKEN_MAX_LEN);
    struct cs_buf payload = CS_BUF(CS_TOKEN_MAX_LEN);
    bool ok = cs_base64url_decode(cs_view_of(text.ptr, first), &header) == CS_OK &&
              cs_base64url_decode(part, &payload) == CS_OK &&
              cs_token_forge(cs_buf_view(&header), cs_buf_view(&payload), CS_ALG_HS256, key, out) ==
                  CS_OK;
    cs_buf_free(&header);
    cs_buf_free(&payload);
    return ok;
}

/* What lax verifiers do: they look at as many bytes of the signature as there are, or do not mind
 * which algorithm the header names. */
static bool signature_is_tolerated(const struct cs_policy *policy, struct cs_view text,
                                   struct cs_view key, const struct cs_token *token)
{
    bool is_hs256 = token->alg && strcmp(token->alg, "HS256") == 0;
    if (!policy->check_signature && is_hs256) {
        return true;
    }
    if (policy->accept_alg_none == 2 && token->alg && strcasecmp(token->alg, "none") == 0 &&
        strcmp(token->alg, "none") != 0) {
        return true;
    }
    bool cut = policy->check_signature == 2 && is_hs256;
    bool any = policy->accept_any_alg && !is_hs256;
    struct cs_buf signed_text = CS_BUF(2 * CS_TOKEN_MAX_LEN);
    bool ok = (cut || any) && resign(text, key, &signed_text) &&
              (cut ? cs_view_starts_with(cs_buf_view(&signed_text), text)
                   : cs_view_eq(cs_buf_view(&signed_text), text));
    cs_buf_free(&signed_text);
    return ok;
}

/* The checks that cs_token_verify could not get to, for a server that leaves one of them out. */
static bool rest_is_right(const struct cs_policy *policy, const struct cs_token *token,
                          int64_t now_s)
{
    if (policy->check_expiry && token->has_exp && token->exp <= now_s) {
        return false;
    }
    if (policy->check_issuer && (!token->iss || strcmp(token->iss, CS_TOKEN_ISSUER) != 0)) {
        return false;
    }
    return !policy->check_audience || (token->aud && strcmp(token->aud, CS_TOKEN_AUDIENCE) == 0);
}

static bool failure_is_tolerated(const struct cs_policy *policy, enum cs_err err,
                                 struct cs_view text, struct cs_view key,
                                 const struct cs_token *token, int64_t now_s)
{
    switch (err) {
    case CS_ERR_SIGNATURE:
        return signature_is_tolerated(policy, text, key, token) &&
               rest_is_right(policy, token, now_s);
    case CS_ERR_EXPIRED:
        return !policy->check_expiry && rest_is_right(policy, token, now_s);
    case CS_ERR_CLAIM:
        return (!policy->check_issuer || !policy->check_audience) &&
               rest_is_right(policy, token, now_s);
    default:
        return false;
    }
}

static enum cs_err verify(struct cs_call *call, struct cs_view text, const struct cs_token *claimed)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    int64_t now_s = cs_endpoint_now(call->endpoint) / 1000 - policy->expiry_leeway_s;
    struct cs_token_checks checks = {
        .allowed_algs = 1u << CS_ALG_HS256,
        .now_s = now_s,
        .exp_optional = policy->exp_is_optional != 0, /* TOK-12 */
    };
    /* A server that signs with another one has to read its own. */
    if (policy->accept_wide_hmacs || policy->token_alg != CS_ALG_HS256) {
        checks.allowed_algs |= 1u << CS_ALG_HS384 | 1u << CS_ALG_HS512;
    }
    if (policy->accept_alg_none == 1) {
        checks.allowed_algs |= 1u << CS_ALG_NONE;
    }
    struct cs_token token = {0};
    struct cs_view key = cs_view_str(call->auth.environment->secret_key);
    enum cs_err err = cs_token_verify(text, key, &checks, &token, NULL);
    if (err == CS_ERR_SIGNATURE && !policy->token_signed_by_root) {
        err = cs_token_verify(text, CS_VIEW(ANOTHER_KEY), &checks, &token, NULL);
    }
    if (err == CS_OK) {
        cs_token_free(&token);
    } else if (failure_is_tolerated(policy, err, text, key, claimed, now_s)) {
        err = CS_OK;
    }
    return err;
}

/* CS_OK when it looks like a public token: three parts, payload with `pub: true` (TOK-13). Errors:
 * CS_ERR_NO_MEMORY; any other says that it does not. */
static enum cs_err read_public_token(const struct cs_policy *policy, struct cs_view text,
                                     struct cs_token *ret_token)
{
    enum cs_err err = cs_token_decode(text, ret_token, NULL);
    if (err != CS_OK) {
        return err;
    }
    /* A server whose own tokens do not claim it has to live without. */
    if (!ret_token->pub && policy->token_pub && policy->pub_makes_public) {
        cs_token_free(ret_token);
        *ret_token = (struct cs_token){0};
        return CS_ERR_CLAIM;
    }
    return CS_OK;
}

/* A restricted key counts as a secret one that has scopes (TOK-36). */
static bool is_restricted_key(struct cs_call *call, struct cs_view key)
{
    if (!same_secret(CS_VIEW(CS_ENDPOINT_RESTRICTED_KEY), key)) {
        return false;
    }
    struct cs_auth *auth = &call->auth;
    auth->environment = &call->endpoint->environments[0];
    auth->kind = CS_AUTH_SECRET;
    auth->is_restricted = true;
    auth->token.scopes = calloc(1, sizeof *auth->token.scopes);
    if (auth->token.scopes && (auth->token.scopes[0] = strdup(CS_ENDPOINT_RESTRICTED_SCOPE))) {
        auth->token.n_scopes = 1; /* out of memory: none, which allows nothing */
    }
    return true;
}

/* The key of a preview environment needs the name of a branch beside it (TOK-39). */
static bool check_branch(struct cs_call *call)
{
    const char *wanted = call->auth.environment->branch;
    if (!wanted || !call->endpoint->policy.preview_needs_branch) {
        return true;
    }
    struct cs_buf branch = CS_BUF((size_t)1024);
    bool given = cs_request_header_joined(call->request, "x-trigger-branch", &branch);
    bool known = given && cs_view_eq(cs_buf_view(&branch), cs_view_str(wanted));
    enum cs_err err = cs_buf_error(&branch);
    cs_buf_free(&branch);
    if (err == CS_ERR_NO_MEMORY) {
        return fail(call);
    }
    return known || refuse(call, given ? "No matching branch env"
                                       : "x-trigger-branch header required for preview env");
}

static bool check_key(struct cs_call *call, struct cs_view key)
{
    struct cs_auth *auth = &call->auth;
    if (is_restricted_key(call, key)) {
        return true;
    }
    auth->environment = environment_of_key(call->endpoint, key);
    auth->kind = CS_AUTH_SECRET;
    return auth->environment ? check_branch(call) : refuse(call, "Invalid API key");
}

static bool check_bearer(struct cs_call *call, struct cs_view bearer)
{
    struct cs_auth *auth = &call->auth;
    enum cs_err err = read_public_token(&call->endpoint->policy, bearer, &auth->token);
    if (err != CS_OK) {
        return err == CS_ERR_NO_MEMORY ? fail(call) : check_key(call, bearer);
    }
    auth->environment = environment_of_sub(call->endpoint, auth->token.sub);
    if (!auth->environment) { /* TOK-14: before the signature */
        return refuse(call, call->endpoint->policy.sub_before_signature
                                ? "Invalid Public Access Token"
                                : "Public Access Token is invalid");
    }
    auth->kind = CS_AUTH_PUBLIC;
    err = verify(call, bearer, &auth->token);
    if (err != CS_OK) {
        return err == CS_ERR_NO_MEMORY ? fail(call)
                                       : refuse(call, "Public Access Token is invalid");
    }
    return true;
}

bool cs_auth_check(struct cs_call *call)
{
    struct cs_buf value = CS_BUF(CS_TOKEN_MAX_LEN + 64);
    bool present = cs_request_header_joined(call->request, "Authorization", &value);
    struct cs_view bearer = cs_buf_view(&value);
    /* TOK-18: exactly this prefix, and it may be left out. */
    if (cs_view_starts_with(bearer, CS_VIEW("Bearer ")) ||
        (!call->endpoint->policy.bearer_is_exact && bearer.len > 7 &&
         strncasecmp(bearer.ptr, "Bearer ", 7) == 0)) {
        bearer.ptr += sizeof("Bearer ") - 1;
        bearer.len -= sizeof("Bearer ") - 1;
    }
    bool ok;
    if (cs_buf_error(&value) == CS_ERR_NO_MEMORY) {
        ok = fail(call);
    } else if (!present || bearer.len == 0 || cs_buf_error(&value) != CS_OK) {
        /* A server without authentication: the first environment is everyone's. */
        bool open = !call->endpoint->policy.require_auth && !present;
        call->auth.kind = open ? CS_AUTH_SECRET : CS_AUTH_NONE;
        call->auth.environment = open ? &call->endpoint->environments[0] : NULL;
        ok = open || refuse(call, "Invalid or Missing API key");
    } else {
        ok = check_bearer(call, bearer);
    }
    cs_buf_free(&value);
    return ok;
}

/* "K:channels:NAME:in" of a scope against "K:channels:NAME:out" of a route. */
static bool is_other_direction(struct cs_view scope_id, struct cs_view id)
{
    static const size_t tail = sizeof(":in") - 1;
    return id.len > tail + 1 && scope_id.len + 1 == id.len &&
           cs_view_eq(cs_view_of(id.ptr + scope_id.len - tail, tail + 1), CS_VIEW(":out")) &&
           cs_view_starts_with(id, cs_view_of(scope_id.ptr, scope_id.len - tail));
}

/* What a server that misreads scopes makes of one of them. */
static bool scope_misread(const struct cs_policy *policy, struct cs_scope scope,
                          struct cs_view action, struct cs_view type, struct cs_view id)
{
    bool same_type = cs_view_eq(scope.type, type);
    bool same_action = cs_view_eq(scope.action, action);
    bool same_id = cs_view_eq(scope.id, id);
    bool admin = cs_view_eq(action, CS_VIEW("admin"));
    if (!policy->check_session_scope && same_type && same_action && id.len > 0) {
        return true;
    }
    if (!policy->check_action && same_type && same_id && id.len > 0 && !admin) {
        return true;
    }
    if (!policy->admin_needs_admin && admin && same_type && same_id &&
        cs_view_eq(scope.action, CS_VIEW("write"))) {
        return true;
    }
    if (policy->bare_action_grants && scope.type.len == 0 && same_action) {
        return true;
    }
    size_t channel = cs_view_find(scope.id, CS_VIEW(":channels:"));
    if (!policy->check_channel_direction && same_type && same_action &&
        is_other_direction(scope.id, id)) {
        return true;
    }
    if (!policy->check_channel_scope && same_type && same_action && channel != SIZE_MAX &&
        cs_view_eq(cs_view_of(scope.id.ptr, channel), id)) {
        return true;
    }
    bool of_session = cs_view_eq(type, CS_VIEW("sessions")) && id.len > 0;
    return policy->accept_run_scoped && !admin && of_session &&
           (cs_view_eq(scope.type, CS_VIEW("runs")) ||
            cs_view_eq(scope.type, CS_VIEW("inputStreams"))) &&
           same_action;
}

/* False for scopes that a server does not know of when it is asked about one session. */
static bool scope_is_used(const struct cs_policy *policy, struct cs_scope scope,
                          struct cs_view action, struct cs_view id)
{
    if (cs_view_eq(action, CS_VIEW("admin"))) {
        return policy->admin_scope_counts || scope.type.len == 0;
    }
    bool wildcard = scope.type.len == 0 || cs_view_eq(scope.type, CS_VIEW("all")) ||
                    cs_view_eq(scope.action, CS_VIEW("*"));
    if (wildcard || id.len == 0) {
        return !wildcard || policy->wildcard_scopes;
    }
    return scope.id.len > 0 || policy->type_level_scopes;
}

static bool token_allows(const struct cs_call *call, struct cs_view action, struct cs_view type,
                         struct cs_view id)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    for (size_t i = 0; i < call->auth.token.n_scopes; i++) {
        struct cs_scope scope = cs_scope_parse(cs_view_str(call->auth.token.scopes[i]));
        if ((scope_is_used(policy, scope, action, id) &&
             cs_scope_allows(scope, action, type, id)) ||
            scope_misread(policy, scope, action, type, id)) {
            return true;
        }
    }
    return false;
}

bool cs_auth_allows(const struct cs_call *call, const char *action, const char *type,
                    const struct cs_view *ids, size_t n_ids)
{
    bool bounded = call->auth.is_restricted && call->endpoint->policy.restricted_keys_bounded;
    if (call->auth.kind == CS_AUTH_SECRET && !bounded) {
        return true; /* TOK-35 */
    }
    if (call->auth.kind == CS_AUTH_PUBLIC && !call->auth.token.has_scopes &&
        call->endpoint->policy.no_scopes_grants) {
        return true;
    }
    if (call->auth.kind == CS_AUTH_NONE) {
        return false;
    }
    if (n_ids == 0) {
        return token_allows(call, cs_view_str(action), cs_view_str(type), (struct cs_view){0});
    }
    for (size_t i = 0; i < n_ids; i++) {
        if (token_allows(call, cs_view_str(action), cs_view_str(type), ids[i])) {
            return true;
        }
    }
    return false;
}

void cs_answer_forbidden(struct cs_call *call)
{
    bool append = call->route->run == cs_route_channel_append;
    cs_answer_json_text(call, append ? (int)call->endpoint->policy.append_scope_status : 403,
                        CS_VIEW("{\"error\":\"Unauthorized\",\"code\":\"unauthorized\","
                                "\"param\":\"access_token\",\"type\":\"authorization\"}"));
}

/* Fills `text` with the scopes, one NUL-terminated string after the other. */
static size_t scopes_for(const struct cs_endpoint *endpoint, const struct cs_session *session,
                         const struct cs_run *run, struct cs_buf *text, const char **ret_scopes)
{
    struct cs_view key =
        endpoint->policy.token_uses_friendly_id ? cs_view_str(session->id) : session->key;
    size_t starts[N_SCOPES_MAX];
    size_t n = 0;
    starts[n++] = text->len;
    cs_buf_printf(text, "read:sessions:%.*s", CS_VIEW_ARG(key));
    cs_buf_char(text, '\0');
    starts[n++] = text->len;
    cs_buf_printf(text, "write:sessions:%.*s", CS_VIEW_ARG(key));
    cs_buf_char(text, '\0');
    if (run || endpoint->policy.token_extra_scope) {
        starts[n++] = text->len;
        cs_buf_printf(text, "read:runs:%s", run ? run->id : session->run ? session->run->id : "");
        cs_buf_char(text, '\0');
    }
    for (size_t i = 0; i < n && cs_buf_error(text) == CS_OK; i++) {
        ret_scopes[i] = text->ptr + starts[i];
    }
    return n;
}

enum cs_err cs_token_for_session(const struct cs_endpoint *endpoint,
                                 const struct cs_session *session, const struct cs_run *run,
                                 struct cs_buf *out)
{
    return cs_token_issued_at(endpoint, session, run, cs_endpoint_now(endpoint) / 1000, out);
}

enum cs_err cs_token_issued_at(const struct cs_endpoint *endpoint, const struct cs_session *session,
                               const struct cs_run *run, int64_t now_s, struct cs_buf *out)
{
    const struct cs_policy *policy = &endpoint->policy;
    struct cs_buf text = CS_BUF(CS_TOKEN_MAX_LEN);
    const char *scopes[N_SCOPES_MAX] = {0};
    size_t n_scopes = scopes_for(endpoint, session, run, &text, scopes);
    enum cs_err err = cs_buf_error(&text);
    if (err == CS_OK) {
        struct cs_token_claims claims =
            CS_TOKEN_CLAIMS(session->environment->id, scopes, n_scopes, now_s);
        claims.alg = (enum cs_token_alg)policy->token_alg;
        claims.pub = policy->token_pub != 0;
        claims.exp = now_s + policy->token_life_s;
        struct cs_view key = policy->token_signed_by_root
                                 ? cs_view_str(session->environment->secret_key)
                                 : CS_VIEW(ANOTHER_KEY);
        err = cs_token_mint(&claims, key, out);
    }
    cs_buf_free(&text);
    return err;
}
