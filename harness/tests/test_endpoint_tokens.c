/* Tokens and keys at the reference endpoint: which are taken, and what each may do. */
#include "endpoint_rules.h"

#include "wire/token.h"

/* A right token of the main environment with one scope. */
static struct cs_token_claims good_claims(const struct world *world, const char *const *scope)
{
    return CS_TOKEN_CLAIMS(world->environment, scope, 1, cs_wall_ms() / 1000);
}

static char *mint(const struct cs_token_claims *claims, const char *key)
{
    struct cs_buf out = CS_BUF(CS_TOKEN_MAX_LEN);
    assert_int_equal(cs_token_mint(claims, cs_view_str(key), &out), CS_OK);
    return cs_buf_take(&out);
}

static void expect_with(struct world *world, const struct cs_token_claims *claims, const char *key,
                        int status)
{
    char *token = mint(claims, key);
    call_expect(world->host, "GET", "/api/v1/sessions/alpha", token, NULL, status);
    free(token);
}

static void session_tokens_say_what_they_must(void **state)
{
    struct world *world = *state;
    struct cs_token token;
    struct cs_token_checks checks = {.allowed_algs = 1u << CS_ALG_HS256,
                                     .now_s = cs_wall_ms() / 1000};
    assert_int_equal(
        cs_token_verify(cs_view_str(world->token), CS_VIEW(KEY), &checks, &token, NULL), CS_OK);
    assert_string_equal(token.sub, world->environment);
    assert_true(token.pub);
    assert_int_equal(token.n_scopes, 2);
    assert_string_equal(token.scopes[0], "read:sessions:alpha");
    assert_string_equal(token.scopes[1], "write:sessions:alpha");
    assert_int_equal(token.exp - token.iat, 3600);
    cs_token_free(&token);
}

static void tokens_are_verified(void **state)
{
    struct world *world = *state;
    const char *scope = "read:sessions:alpha";
    int64_t now_s = cs_wall_ms() / 1000;
    struct cs_token_claims claims = good_claims(world, &scope);
    expect_with(world, &claims, KEY, 200);
    expect_with(world, &claims, "another key", 401);
    claims.exp = now_s - 1;
    expect_with(world, &claims, KEY, 401);
    claims.exp = -1;
    expect_with(world, &claims, KEY, 200); /* TOK-12 */
    claims = good_claims(world, &scope);
    claims.iss = "https://else.where";
    expect_with(world, &claims, KEY, 401);
    claims = good_claims(world, &scope);
    claims.aud = NULL;
    expect_with(world, &claims, KEY, 401);
    claims = good_claims(world, &scope);
    claims.alg = CS_ALG_NONE;
    expect_with(world, &claims, KEY, 401);
    claims.alg = CS_ALG_HS512;
    expect_with(world, &claims, KEY, 200);
    claims = good_claims(world, &scope);
    claims.pub = false;
    expect_with(world, &claims, KEY, 401);
    claims = good_claims(world, &scope);
    claims.sub = "nobody";
    expect_with(world, &claims, KEY, 401);
    claims = good_claims(world, &scope);
    claims.no_scopes = true;
    expect_with(world, &claims, KEY, 403);
}

static void refusals_say_why(void **state)
{
    struct world *world = *state;
    const char *path = "/realtime/v1/sessions/alpha/out/records";
    struct reply reply = call(world->host, "GET", path, NULL, NULL, NULL);
    assert_error(&reply, 401, "Invalid or Missing API key");
    reply_free(&reply);
    reply = call(world->host, "GET", path, "tr_pat_x", NULL, NULL);
    assert_error(&reply, 401, "Invalid API key");
    reply_free(&reply);
    reply = call(world->host, "GET", path, NULL, NULL, "Authorization: Basic " KEY);
    assert_error(&reply, 401, "Invalid API key");
    reply_free(&reply);
    reply = call(world->host, "GET", path, NULL, NULL, "Authorization: " KEY);
    assert_int_equal(reply.status, 200); /* TOK-18 */
    reply_free(&reply);
    reply = call(world->host, "GET", path, world->beta_token, NULL, NULL);
    assert_error(&reply, 403, "Unauthorized");
    assert_text(&reply, "code", "unauthorized");
    assert_text(&reply, "param", "access_token");
    reply_free(&reply);
    reply = call(world->host, "GET", "/api/v1/sessions/alpha", NULL, NULL, "Origin: http://a.b");
    assert_int_equal(reply.status, 401);
    assert_string_equal(cs_exchange_header(reply.exchange, "Content-Type"),
                        "application/problem+json; charset=utf-8");
    assert_null(cs_exchange_header(reply.exchange, "Access-Control-Allow-Origin"));
    reply_free(&reply);
}

static void foreign_tokens_reach_nothing(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *method;
        const char *base;
        const char *rest;
        const char *body;
    } rows[] = {
        {"GET", "/api/v1/sessions/", "", NULL},
        {"GET", "/api/v1/sessions/", "/snapshot-url", NULL},
        {"PUT", "/api/v1/sessions/", "/snapshot-url", NULL},
        {"POST", "/api/v1/sessions/", "/end-and-continue",
         "{\"callingRunId\":\"r\",\"reason\":\"x\"}"},
        {"GET", "/realtime/v1/sessions/", "/in/records", NULL},
        {"POST", "/realtime/v1/sessions/", "/in/append", "{}"},
    };
    const char *ids[] = {"alpha", world->id};
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s%s%s", rows[i / 2].base, ids[i % 2], rows[i / 2].rest);
        call_expect(world->host, rows[i / 2].method, path, world->beta_token, rows[i / 2].body,
                    403);
    }
}

static void scopes_grant_what_they_say(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *scope;
        int read, append, patch, create, list;
    } rows[] = {
        {"read:sessions:alpha", 200, 403, 403, 403, 403},
        {"write:sessions:alpha", 403, 200, 403, 403, 403},
        {"read:sessions", 200, 403, 403, 403, 200},
        {"write:sessions", 403, 200, 403, 200, 403},
        {"read:all", 200, 403, 403, 403, 200},
        {"write:all", 403, 200, 403, 200, 403},
        {"admin:sessions", 403, 403, 422, 403, 403},
        {"admin:sessions:alpha", 403, 403, 422, 403, 403},
        {"admin", 200, 200, 422, 200, 200},
        {"write:tasks:absent-task", 403, 403, 403, 200, 403},
        {"write:tasks:other", 403, 403, 403, 403, 403},
        {"read:tasks", 403, 403, 403, 403, 200},
        {"read:runs:alpha", 403, 403, 403, 403, 403},
        {"write", 403, 403, 403, 403, 403},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cs_token_claims claims = good_claims(world, &rows[i].scope);
        char *token = mint(&claims, KEY);
        call_expect(world->host, "GET", "/api/v1/sessions/alpha", token, NULL, rows[i].read);
        call_expect(world->host, "POST", "/realtime/v1/sessions/alpha/in/append", token, "{}",
                    rows[i].append);
        /* Another externalId, so that being allowed to PATCH shows as 422 and changes nothing. */
        call_expect(world->host, "PATCH", "/api/v1/sessions/alpha", token,
                    "{\"externalId\":\"omega\"}", rows[i].patch);
        call_expect(world->host, "POST", "/api/v1/sessions", token,
                    "{\"externalId\":\"alpha\",\"type\":\"x\",\"taskIdentifier\":\"absent-task\","
                    "\"triggerConfig\":{\"basePayload\":{}}}",
                    rows[i].create);
        call_expect(world->host, "GET", "/api/v1/sessions", token, NULL, rows[i].list);
        free(token);
    }
}

static void lookups_and_scopes_come_in_their_order(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *method;
        const char *path;
        const char *body;
        int own_status;    /* of a token of another session */
        int secret_status; /* of the secret key */
    } rows[] = {
        {"GET", "/api/v1/sessions/nobody", NULL, 404, 404},
        {"GET", "/api/v1/sessions/nobody/snapshot-url", NULL, 404, 404},
        {"PUT", "/api/v1/sessions/nobody/snapshot-url", NULL, 403, 404},
        {"POST", "/realtime/v1/sessions/nobody/in/append", "{}", 403, 404},
        {"GET", "/realtime/v1/sessions/nobody/in/records", NULL, 403, 200},
        {"GET", "/realtime/v1/sessions/session_nobody/in/records", NULL, 404, 404},
        {"POST", "/api/v1/sessions/nobody/close", "{}", 403, 404},
        {"POST", "/api/v1/sessions/nobody/close", "{", 400, 400},
        {"POST", "/api/v1/sessions/nobody/close", "{\"reason\":7}", 400, 400},
        {"PATCH", "/api/v1/sessions/nobody", "{\"tags\":7}", 400, 400},
        {"POST", "/api/v1/sessions/nobody/end-and-continue", "{}", 400, 400},
        {"GET", "/realtime/v1/sessions/nobody/in/records?afterEventId=x", NULL, 400, 400},
        {"GET", "/realtime/v1/sessions/alpha/foo", NULL, 400, 400},
        {"GET", "/realtime/v1/sessions/alpha/OUT", NULL, 400, 400},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        call_expect(world->host, rows[i].method, rows[i].path, world->beta_token, rows[i].body,
                    rows[i].own_status);
        call_expect(world->host, rows[i].method, rows[i].path, KEY, rows[i].body,
                    rows[i].secret_status);
    }
}

/* TOK-36: secret where a public token would not do, and bounded by its one scope all the same. */
static void restricted_keys_end_at_their_scopes(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *method, *path, *body;
        int status;
    } rows[] = {
        {"POST", "/realtime/v1/sessions/alpha/out/append", "{}", 200},
        {"PUT", "/realtime/v1/sessions/alpha/out", "", 202},
        {"GET", "/realtime/v1/sessions/alpha/out/records", NULL, 403},
        {"PATCH", "/api/v1/sessions/alpha", "{}", 403},
        {"GET", "/api/v1/sessions", NULL, 403},
        {"POST", "/api/v1/auth/jwt/claims", "{}", 403},
        {"POST", "/api/v1/auth/public-tokens", "{\"scopes\":[\"write:sessions:alpha\"]}", 200},
        {"POST", "/api/v1/auth/public-tokens", "{\"scopes\":[\"admin\"]}", 403},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        call_expect(world->host, rows[i].method, rows[i].path, CS_ENDPOINT_RESTRICTED_KEY,
                    rows[i].body, rows[i].status);
    }
}

/* TOK-39 */
static void preview_keys_need_their_branch(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *branch;
        int status;
    } rows[] = {{NULL, 401},
                {"x-trigger-branch: another", 401},
                {"x-trigger-branch: " CS_ENDPOINT_BRANCH, 200}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply reply = call(world->host, "GET", "/api/v1/sessions", CS_ENDPOINT_PREVIEW_KEY,
                                  NULL, rows[i].branch);
        assert_int_equal(reply.status, rows[i].status);
        reply_free(&reply);
    }
}

static void tokens_stay_in_their_environment(void **state)
{
    struct world *world = *state;
    const char *scope = "admin";
    struct cs_token_claims claims = good_claims(world, &scope);
    claims.sub = world->other_environment;
    expect_with(world, &claims, OTHER, 404);
    expect_with(world, &claims, KEY, 401); /* signed with the wrong environment's key */
}

static void tokens_can_be_asked_for(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *body;
        int status;
        int64_t life_s;
    } rows[] = {
        {"{\"scopes\":[\"read:sessions:alpha\"]}", 200, 900},
        {"{\"scopes\":[\"read:sessions:alpha\"],\"expirationTime\":\"1h\"}", 200, 3600},
        {"{\"scopes\":[\"read:sessions:alpha\"],\"expirationTime\":\"30 days\"}", 200, 2592000},
        {"{\"scopes\":[\"read:sessions:alpha\"],\"expirationTime\":\"31d\"}", 400, 0},
        {"{\"scopes\":[\"read:sessions:alpha\"],\"expirationTime\":1}", 400, 0},
        {"{\"scopes\":[\"read:sessions:alpha\"],\"expirationTime\":\"soon\"}", 400, 0},
        {"{\"scopes\":[]}", 400, 0},
        {"{\"scopes\":[7]}", 400, 0},
        {"{}", 400, 0},
    };
    const char *path = "/api/v1/auth/public-tokens";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t now_s = cs_wall_ms() / 1000;
        struct reply reply = call(world->host, "POST", path, KEY, rows[i].body, NULL);
        assert_int_equal(reply.status, rows[i].status);
        if (reply.status == 200) {
            struct cs_token token;
            const char *text = text_of(&reply, "token");
            assert_int_equal(cs_token_decode(cs_view_str(text), &token, NULL), CS_OK);
            assert_in_range(token.exp - now_s, rows[i].life_s, rows[i].life_s + 5);
            cs_token_free(&token);
            call_expect(world->host, "GET", "/api/v1/sessions/alpha", text, NULL, 200);
        }
        reply_free(&reply);
    }
    call_expect(world->host, "POST", path, world->token, rows[0].body, 401);
}

static void side_channels_have_scopes_of_their_own(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *scope;
        int pair, side, side_in, other;
    } rows[] = {
        {"read:sessions:alpha", 200, 200, 200, 200},
        {"read:sessions:alpha:channels:logs", 403, 200, 200, 403},
        {"read:sessions:alpha:channels:logs:out", 403, 200, 403, 403},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cs_token_claims claims = good_claims(world, &rows[i].scope);
        char *token = mint(&claims, KEY);
        const char *base = "/realtime/v1/sessions/alpha";
        const char *rest[] = {"/out/records", "/channels/logs/out/records",
                              "/channels/logs/in/records", "/channels/else/out/records"};
        const int statuses[] = {rows[i].pair, rows[i].side, rows[i].side_in, rows[i].other};
        for (size_t k = 0; k < 4; k++) {
            char path[128];
            snprintf(path, sizeof path, "%s%s", base, rest[k]);
            call_expect(world->host, "GET", path, token, NULL, statuses[k]);
        }
        free(token);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_tokens_say_what_they_must),
        cmocka_unit_test(tokens_are_verified),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(foreign_tokens_reach_nothing),
        cmocka_unit_test(scopes_grant_what_they_say),
        cmocka_unit_test(lookups_and_scopes_come_in_their_order),
        cmocka_unit_test(restricted_keys_end_at_their_scopes),
        cmocka_unit_test(preview_keys_need_their_branch),
        cmocka_unit_test(tokens_stay_in_their_environment),
        cmocka_unit_test(tokens_can_be_asked_for),
        cmocka_unit_test(side_channels_have_scopes_of_their_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
