/* Tokens of one's own choice (TOK-41), and the claims to sign them with (TOK-42). */
#include <stdio.h>
#include <stdlib.h>

#include "endpoint/http/router.h"
#include "endpoint/http/schema.h"
#include "endpoint/sessions/span.h"
#include "wire/json.h"
#include "wire/scope.h"

#define N_SCOPES_MAX 100

struct request {
    char *scopes[N_SCOPES_MAX];
    size_t n_scopes;
    int64_t exp_s;
    struct cs_refusal *refusal;
};

static bool add_scope(void *ctx, struct cs_view key, struct cs_view value)
{
    (void)key;
    struct request *request = ctx;
    if (request->n_scopes == N_SCOPES_MAX) {
        return cs_refuse(request->refusal, 400, "scopes: at most %d", N_SCOPES_MAX);
    }
    char *text = NULL;
    if (!cs_schema_string(value, "scopes", 1, 1024, false, &text, request->refusal)) {
        return false;
    }
    request->scopes[request->n_scopes++] = text;
    return true;
}

/* A number is the moment in seconds, a string a span from now or a date. */
static bool read_expiry(struct cs_view value, int64_t now_s, struct request *request)
{
    if (cs_is_number(value)) {
        return cs_schema_integer(value, "expirationTime", 0, INT64_C(253402300799), &request->exp_s,
                                 request->refusal);
    }
    char *text = NULL;
    int64_t number = 0;
    bool ok = cs_schema_string(value, "expirationTime", 1, 64, false, &text, request->refusal);
    if (ok && cs_span_read(text, &number)) {
        request->exp_s = now_s + number;
    } else if (ok && cs_iso_time(text, &number)) {
        request->exp_s = number / 1000;
    } else {
        ok = cs_refuse(request->refusal, 400, "expirationTime: not a time");
    }
    free(text);
    return ok;
}

static bool read_request(const struct cs_call *call, int64_t now_s, struct request *request)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_view json = cs_buf_view(&call->json);
    struct cs_view value;
    if (!cs_is_object(json) || !cs_member(json, "scopes", &value) || value.ptr[0] != '[') {
        return cs_refuse(request->refusal, 400, "scopes: expected an array of strings");
    }
    if (!cs_each_member(value, add_scope, request)) {
        return cs_refuse(request->refusal, 400, "scopes: expected an array of strings");
    }
    if (request->n_scopes == 0) {
        return cs_refuse(request->refusal, 400, "scopes: at least one");
    }
    request->exp_s = now_s + policy->public_token_life_s;
    if (cs_member(json, "expirationTime", &value) && !read_expiry(value, now_s, request)) {
        return false;
    }
    if (request->exp_s <= now_s && policy->public_token_check_past) {
        return cs_refuse(request->refusal, 400, "expirationTime: lies in the past");
    }
    if (request->exp_s - now_s > policy->public_token_max_life_s) {
        return cs_refuse(request->refusal, 400, "expirationTime: more than 30 days ahead");
    }
    return true;
}

static bool is_beyond_key(const struct cs_call *call, const char *text)
{
    struct cs_scope scope = cs_scope_parse(cs_view_str(text));
    char action[32];
    char type[64];
    snprintf(action, sizeof action, "%.*s", CS_VIEW_ARG(scope.action));
    snprintf(type, sizeof type, "%.*s", CS_VIEW_ARG(scope.type));
    return call->endpoint->policy.public_token_within_key &&
           !cs_auth_allows(call, action, type, &scope.id, scope.id.len > 0);
}

/* False after having answered: a key gives away nothing that it does not have. */
static bool within_key(struct cs_call *call, const struct request *request)
{
    cJSON *denied = cJSON_CreateArray();
    for (size_t i = 0; i < request->n_scopes; i++) {
        if (is_beyond_key(call, request->scopes[i])) {
            cJSON_AddItemToArray(denied, cJSON_CreateString(request->scopes[i]));
        }
    }
    if (cJSON_GetArraySize(denied) == 0) {
        cJSON_Delete(denied);
        return true;
    }
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "error", "The requested scopes exceed those of the API key");
    cJSON_AddStringToObject(json, "code", "scopes_exceed_key_access");
    cJSON_AddItemToObject(json, "deniedScopes", denied);
    cs_answer_json(call, 403, json);
    return false;
}

static void answer_token(struct cs_call *call, int64_t now_s, const struct request *request)
{
    const struct cs_environment *environment = call->auth.environment;
    const char *const *scopes = (const char *const *)request->scopes;
    struct cs_token_claims claims =
        CS_TOKEN_CLAIMS(environment->id, scopes, request->n_scopes, now_s);
    claims.exp = request->exp_s;
    struct cs_buf token = CS_BUF((size_t)1024 * 1024);
    if (cs_token_mint(&claims, cs_view_str(environment->secret_key), &token) != CS_OK) {
        cs_buf_free(&token);
        cs_answer_error(call, 500, "Something went wrong");
        return;
    }
    struct cs_buf text = CS_BUF((size_t)1024 * 1024);
    cs_buf_str(&text, "{\"token\":");
    cs_json_text(&text, cs_buf_view(&token));
    cs_buf_char(&text, '}');
    cs_buf_free(&token);
    cs_answer_buf(call, 200, &text);
}

void cs_route_public_token(struct cs_call *call)
{
    struct cs_refusal refusal = {0};
    struct request request = {.refusal = &refusal};
    int64_t now_s = cs_endpoint_now(call->endpoint) / 1000;
    if (read_request(call, now_s, &request)) {
        if (within_key(call, &request)) {
            answer_token(call, now_s, &request);
        }
    } else {
        cs_answer_error(call, refusal.status, refusal.text);
    }
    for (size_t i = 0; i < request.n_scopes; i++) {
        free(request.scopes[i]);
    }
}

void cs_route_jwt_claims(struct cs_call *call)
{
    if (call->endpoint->policy.jwt_claims_status != 200) {
        cs_answer_error(call, (int)call->endpoint->policy.jwt_claims_status, "Not found");
        return;
    }
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "sub", call->auth.environment->id);
    cJSON_AddBoolToObject(json, "pub", true);
    cs_answer_json(call, 200, json);
}
