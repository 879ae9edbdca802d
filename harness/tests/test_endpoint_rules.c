/* What stands before every route of the reference endpoint: tokens, methods, sizes, CORS, rates. */
#include "endpoint_fixture.h"

#include "endpoint/policy/policy.h"
#include "net/raw_client.h"
#include "wire/token.h"

#define KEY   CS_ENDPOINT_SECRET_KEY
#define OTHER CS_ENDPOINT_OTHER_SECRET_KEY

struct world {
    struct host *host;
    char environment[64]; /* of KEY */
    char other_environment[64];
    char id[64];      /* friendly id of the session "alpha" */
    char token[1024]; /* its token */
    char beta_token[1024];
};

static void ask_environment(struct host *host, const char *key, char *ret_id, size_t size)
{
    struct reply claims = call(host, "POST", "/api/v1/auth/jwt/claims", key, NULL, NULL);
    assert_int_equal(claims.status, 200);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(claims.json, "pub")));
    snprintf(ret_id, size, "%s", text_of(&claims, "sub"));
    reply_free(&claims);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->host = host_start(NULL, 0);
    ask_environment(world->host, KEY, world->environment, sizeof world->environment);
    ask_environment(world->host, OTHER, world->other_environment, sizeof world->other_environment);
    struct reply alpha = create(world->host, "alpha");
    snprintf(world->id, sizeof world->id, "%s", text_of(&alpha, "id"));
    snprintf(world->token, sizeof world->token, "%s", text_of(&alpha, "publicAccessToken"));
    struct reply beta = create(world->host, "beta");
    snprintf(world->beta_token, sizeof world->beta_token, "%s",
             text_of(&beta, "publicAccessToken"));
    reply_free(&alpha);
    reply_free(&beta);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    host_end(world->host);
    free(world);
    return 0;
}

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

static void preflights_are_answered_on_every_route(void **state)
{
    struct world *world = *state;
    static const char *const paths[] = {
        "/api/v1/sessions", "/api/v1/sessions/x/close", "/realtime/v1/sessions/x/out",
        "/realtime/v1/sessions/x/in/append", "/realtime/v1/sessions/x/channels/c/in/records"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char url[256];
        snprintf(url, sizeof url, "%s%s", cs_endpoint_url(world->host->endpoint), paths[i]);
        const char *headers[] = {"Origin: https://app.example",
                                 "Access-Control-Request-Headers: authorization,x-part-id"};
        struct cs_http_request request = {
            .method = "OPTIONS", .url = url, .headers = headers, .n_headers = 2};
        struct cs_exchange *exchange = cs_http_start(world->host->http, &request);
        assert_int_equal(cs_exchange_wait_end(exchange, PATIENCE_MS), CS_OK);
        assert_int_equal(cs_exchange_status(exchange), 200);
        assert_string_equal(cs_exchange_header(exchange, "Access-Control-Allow-Origin"),
                            "https://app.example");
        assert_string_equal(cs_exchange_header(exchange, "Access-Control-Allow-Methods"),
                            "GET,HEAD,PUT,PATCH,POST,DELETE");
        assert_string_equal(cs_exchange_header(exchange, "Access-Control-Allow-Headers"),
                            "authorization,x-part-id");
        assert_string_equal(cs_exchange_header(exchange, "Access-Control-Max-Age"), "300");
        cs_exchange_free(exchange);
    }
}

static void answers_reflect_the_origin(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *path;
        const char *key;
        int status;
    } rows[] = {
        {"/api/v1/sessions/alpha", KEY, 200},
        {"/realtime/v1/sessions/alpha/out/records", "nobody", 401},
        {"/api/v1/sessions/nobody", KEY, 404},
        {"/api/v1/sessions?page%5Bsize%5D=0", KEY, 400},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply reply =
            call(world->host, "GET", rows[i].path, rows[i].key, NULL, "Origin: https://a.b");
        assert_int_equal(reply.status, rows[i].status);
        assert_string_equal(cs_exchange_header(reply.exchange, "Access-Control-Allow-Origin"),
                            "https://a.b");
        assert_string_equal(cs_exchange_header(reply.exchange, "Vary"), "Origin");
        reply_free(&reply);
        reply = call(world->host, "GET", rows[i].path, rows[i].key, NULL, NULL);
        assert_null(cs_exchange_header(reply.exchange, "Access-Control-Allow-Origin"));
        reply_free(&reply);
    }
}

static void wrong_methods_are_405(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *method;
        const char *path;
        const char *allow;
    } rows[] = {
        {"DELETE", "/api/v1/sessions", "POST"},
        {"POST", "/api/v1/sessions/alpha", "PATCH"},
        {"DELETE", "/api/v1/sessions/alpha/close", "POST"},
        {"DELETE", "/api/v1/sessions/alpha/snapshot-url", "PUT"},
        {"POST", "/realtime/v1/sessions/alpha/out", "PUT"},
        {"PATCH", "/realtime/v1/sessions/alpha/in/append", "POST"},
        {"GET", "/realtime/v1/sessions/alpha/in/append", NULL},
        {"GET", "/api/v1/sessions/alpha/close", NULL},
        {"POST", "/realtime/v1/sessions/alpha/in/records", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply reply = call(world->host, rows[i].method, rows[i].path, KEY, NULL, NULL);
        const char *allow = cs_exchange_header(reply.exchange, "Allow");
        assert_int_equal(reply.status, 405);
        if (rows[i].allow) {
            assert_string_equal(allow, rows[i].allow);
            assert_text(&reply, "error", "Method not allowed");
        } else {
            assert_null(allow);
        }
        reply_free(&reply);
    }
}

static void odd_paths_are_told_apart(void **state)
{
    struct world *world = *state;
    call_expect(world->host, "GET", "/realtime/v1/sessions/alpha/in/appendx", KEY, NULL, 404);
    call_expect(world->host, "GET", "/realtime/v1/sessions/alpha/out/append/x", KEY, NULL, 404);
    call_expect(world->host, "GET", "/realtime/v1/sessions//out", KEY, NULL, 404);
    call_expect(world->host, "GET", "/nowhere", NULL, NULL, 404);
    call_expect(world->host, "GET", "/api/v1/nowhere", NULL, NULL, 401);
    call_expect(world->host, "GET", "/realtime/v1/sessions/%zz/out", KEY, NULL, 400);
    struct reply moved =
        call(world->host, "POST", "/realtime/v1/sessions/alpha/in/append/?a=b", KEY, "{}", NULL);
    assert_int_equal(moved.status, 301);
    assert_string_equal(cs_exchange_header(moved.exchange, "Location"),
                        "/realtime/v1/sessions/alpha/in/append?a=b");
    reply_free(&moved);
    struct reply head = call(world->host, "HEAD", "/api/v1/sessions/alpha", KEY, NULL, NULL);
    assert_int_equal(head.status, 200);
    assert_int_equal(cs_exchange_body(head.exchange).len, 0);
    reply_free(&head);
}

static void json_bodies_are_read_strictly(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *body;
        const char *error; /* NULL: some schema error */
    } rows[] = {
        {"", "Request body is empty"},
        {"{", "Invalid JSON"},
        {"{\"a\":01}", "Invalid JSON"},
        {"null", "Invalid JSON"},
        {" false ", "Invalid JSON"},
        {"0", "Invalid JSON"},
        {"-0.0e7", "Invalid JSON"},
        {"\"\"", "Invalid JSON"},
        {"1", NULL},
        {"\"x\"", NULL},
        {"[]", NULL},
        {"{} x", "Invalid JSON"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply reply = call(world->host, "POST", "/api/v1/sessions", KEY, rows[i].body, NULL);
        assert_int_equal(reply.status, 400);
        assert_non_null(text_of(&reply, "error"));
        if (rows[i].error) {
            assert_text(&reply, "error", rows[i].error);
        }
        reply_free(&reply);
    }
}

/* A PATCH or close body of exactly `len` bytes. */
static char *padded(size_t len)
{
    char *body = malloc(len + 1);
    assert_non_null(body);
    memset(body, ' ', len);
    body[0] = '{';
    body[len - 1] = '}';
    body[len] = '\0';
    return body;
}

static void bodies_are_limited_by_their_length(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *method;
        const char *path;
        size_t len;
        int status;
    } rows[] = {
        {"PATCH", "/api/v1/sessions/alpha", 32768, 200},
        {"PATCH", "/api/v1/sessions/alpha", 32769, 413},
        {"POST", "/api/v1/sessions", 32768, 400},
        {"POST", "/api/v1/sessions", 32769, 413},
        {"POST", "/api/v1/sessions/nobody/close", 1024, 404},
        {"POST", "/api/v1/sessions/nobody/close", 1025, 413},
        {"POST", "/api/v1/sessions/alpha/end-and-continue", 1024, 400},
        {"POST", "/api/v1/sessions/alpha/end-and-continue", 1025, 413},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *body = padded(rows[i].len);
        struct reply reply =
            call(world->host, rows[i].method, rows[i].path, KEY, body, "Origin: https://a.b");
        assert_int_equal(reply.status, rows[i].status);
        assert_string_equal(cs_exchange_header(reply.exchange, "Access-Control-Allow-Origin"),
                            "https://a.b");
        reply_free(&reply);
        free(body);
    }
}

static void send_raw(struct world *world, const char *request, const char *expected)
{
    struct cs_buf answer = CS_BUF(65536);
    int fd = cs_raw_connect(cs_endpoint_url(world->host->endpoint), PATIENCE_MS, NULL);
    assert_true(fd >= 0);
    assert_int_equal(cs_raw_send(fd, cs_view_str(request), PATIENCE_MS), CS_OK);
    assert_int_equal(cs_raw_read(fd, CS_VIEW("\r\n\r\n"), PATIENCE_MS, &answer), CS_OK);
    if (!cs_view_starts_with(cs_buf_view(&answer), cs_view_str(expected))) {
        fail_msg("%s gives %.*s", request, CS_VIEW_ARG(cs_buf_view(&answer)));
    }
    cs_buf_free(&answer);
    close(fd);
}

/* No library sends these. */
static void lengths_must_be_said(void **state)
{
    struct world *world = *state;
    send_raw(world,
             "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " KEY
             "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
             "HTTP/1.1 413");
    send_raw(world,
             "POST /api/v1/sessions/nobody/close HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " KEY
             "\r\n\r\n",
             "HTTP/1.1 404");
    send_raw(world,
             "POST /realtime/v1/sessions/alpha/in/append HTTP/1.1\r\nHost: x\r\n"
             "Authorization: Bearer " KEY "\r\nContent-Length: 99999999999\r\n\r\n",
             "HTTP/1.1 413");
    call_expect(world->host, "GET", "/api/v1/sessions/alpha", KEY, NULL, 200);
}

static void snapshots_go_through_signed_urls(void **state)
{
    struct world *world = *state;
    struct reply get =
        call(world->host, "GET", "/api/v1/sessions/alpha/snapshot-url", world->token, NULL, NULL);
    struct reply put =
        call(world->host, "PUT", "/api/v1/sessions/alpha/snapshot-url", world->token, NULL, NULL);
    assert_int_equal(get.status, 200);
    assert_int_equal(put.status, 200);
    size_t origin = strlen(cs_endpoint_url(world->host->endpoint));
    const char *read_path = text_of(&get, "presignedUrl") + origin;
    const char *write_path = text_of(&put, "presignedUrl") + origin;
    char expected[256];
    snprintf(expected, sizeof expected, "/packets/proj_chatspec/dev/sessions/%s/snapshot.json?",
             world->id);
    assert_int_equal(strncmp(read_path, expected, strlen(expected)), 0);
    assert_non_null(strstr(read_path, "X-Amz-Expires=300&"));
    call_expect(world->host, "GET", read_path, NULL, NULL, 404);
    call_expect(world->host, "PUT", read_path, NULL, "{\"version\":1}", 403);
    call_expect(world->host, "PUT", write_path, NULL, "{\"version\":1}", 200);
    struct reply stored = call(world->host, "GET", read_path, NULL, NULL, NULL);
    assert_int_equal(stored.status, 200);
    assert_int_equal(cJSON_GetObjectItem(stored.json, "version")->valueint, 1);
    reply_free(&stored);
    reply_free(&get);
    reply_free(&put);
}

static void transcripts_show_the_snapshot(void **state)
{
    struct world *world = *state;
    struct reply made = create(world->host, "told");
    const char *path = "/api/v1/sessions/told/transcript";
    struct reply empty = call(world->host, "GET", path, KEY, NULL, NULL);
    assert_int_equal(empty.status, 200);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(empty.json, "messages")), 0);
    struct reply put =
        call(world->host, "PUT", "/api/v1/sessions/told/snapshot-url", KEY, NULL, NULL);
    call_expect(world->host, "PUT",
                text_of(&put, "presignedUrl") + strlen(cs_endpoint_url(world->host->endpoint)),
                NULL,
                "{\"version\":2,\"lastOutEventId\":\"9\",\"messages\":["
                "{\"id\":\"a\",\"final\":true,\"message\":{\"id\":\"a\"}},"
                "{\"id\":\"b\",\"final\":true,\"message\":{\"id\":\"b\"}},"
                "{\"id\":\"c\",\"final\":false,\"message\":{\"id\":\"c\"}}]}",
                200);
    struct reply last =
        call(world->host, "GET", "/api/v1/sessions/told/transcript?limit=2", KEY, NULL, NULL);
    char *messages = cJSON_PrintUnformatted(cJSON_GetObjectItem(last.json, "messages"));
    assert_string_equal(messages, "[{\"id\":\"b\"},{\"id\":\"c\"}]");
    cJSON_free(messages);
    assert_text(&last, "nextCursor", "1");
    assert_string_equal(
        cJSON_GetObjectItem(cJSON_GetObjectItem(last.json, "cursors"), "lastOutEventId")
            ->valuestring,
        "9");
    struct reply rest = call(world->host, "GET",
                             "/api/v1/sessions/told/transcript?limit=2&before=1", KEY, NULL, NULL);
    messages = cJSON_PrintUnformatted(cJSON_GetObjectItem(rest.json, "messages"));
    assert_string_equal(messages, "[{\"id\":\"a\"}]");
    cJSON_free(messages);
    assert_null(text_of(&rest, "nextCursor"));
    call_expect(world->host, "GET", path, text_of(&made, "publicAccessToken"), NULL, 401);
    call_expect(world->host, "GET", "/api/v1/sessions/told/transcript?limit=x", KEY, NULL, 400);
    reply_free(&made);
    reply_free(&empty);
    reply_free(&put);
    reply_free(&last);
    reply_free(&rest);
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

static void rates_are_told_and_kept(void **state)
{
    struct world *world = *state;
    struct reply reply =
        call(world->host, "GET", "/api/v1/sessions/alpha", world->token, NULL, NULL);
    assert_string_equal(cs_exchange_header(reply.exchange, "x-ratelimit-limit"), "60");
    assert_non_null(cs_exchange_header(reply.exchange, "x-ratelimit-remaining"));
    assert_non_null(cs_exchange_header(reply.exchange, "x-ratelimit-reset"));
    reply_free(&reply);
    reply = call(world->host, "GET", "/api/v1/sessions/alpha/snapshot-url", KEY, NULL, NULL);
    assert_null(cs_exchange_header(reply.exchange, "x-ratelimit-limit"));
    reply_free(&reply);
    /* An environment of its own, with a bucket of two. */
    const struct cs_violation small = {
        .id = "two-calls", .field = offsetof(struct cs_policy, bucket_size), .value = 2};
    const struct cs_violation *violations[] = {&small};
    struct host *host = host_start(violations, 1);
    call_expect(host, "GET", "/api/v1/sessions", KEY, NULL, 200);
    call_expect(host, "GET", "/api/v1/sessions", KEY, NULL, 200);
    reply = call(host, "GET", "/api/v1/sessions", KEY, NULL, "Origin: https://a.b");
    assert_int_equal(reply.status, 429);
    assert_string_equal(cs_exchange_header(reply.exchange, "x-ratelimit-remaining"), "0");
    assert_null(cs_exchange_header(reply.exchange, "Access-Control-Allow-Origin"));
    assert_true(cJSON_IsNumber(cJSON_GetObjectItem(reply.json, "secondsUntilReset")));
    reply_free(&reply);
    call_expect(host, "GET", "/api/v1/sessions", OTHER, NULL, 200);
    host_end(host);
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
        cmocka_unit_test(preflights_are_answered_on_every_route),
        cmocka_unit_test(answers_reflect_the_origin),
        cmocka_unit_test(wrong_methods_are_405),
        cmocka_unit_test(odd_paths_are_told_apart),
        cmocka_unit_test(json_bodies_are_read_strictly),
        cmocka_unit_test(bodies_are_limited_by_their_length),
        cmocka_unit_test(lengths_must_be_said),
        cmocka_unit_test(snapshots_go_through_signed_urls),
        cmocka_unit_test(transcripts_show_the_snapshot),
        cmocka_unit_test(side_channels_have_scopes_of_their_own),
        cmocka_unit_test(rates_are_told_and_kept),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
