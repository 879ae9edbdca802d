#include "conformance/endpoint/reach.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/endpoint/ledger.h"
#include "conformance/endpoint/pace.h"
#include "net/http_client.h"
#include "net/http_request.h"

#define MAX_REACH_MS  5000 /* for an answer that only shows that somebody is there */
#define WAIT_SHOWN_MS 1500 /* how long a wait for the rate limit stays in the progress line */
#define NOBODYS_RUN   "/api/v3/runs/run_chatspecnobodysrun0000000"
#define TOKEN_ROUTE   "/api/v1/auth/public-tokens"
#define ONE_SCOPE     "{\"scopes\":[\"read:sessions:chatspec-nobody\"],\"expirationTime\":\"1m\"}"
#define SESSION_PATH  "/api/v1/sessions"

static int64_t patience(const struct cs_endpoint_env *env)
{
    return env->patience_ms < MAX_REACH_MS ? env->patience_ms : MAX_REACH_MS;
}

/* One call outside of any case. */
struct visit {
    const struct cs_endpoint_env *env;
    struct cs_http *http;
    struct cs_exchange *exchange; /* of the last call */
    cJSON *json;                  /* its body; NULL when that is none */
    char title[256];              /* "POST /api/v1/sessions" */
};

static void forget_answer(struct visit *visit)
{
    cJSON_Delete(visit->json);
    cs_exchange_free(visit->exchange);
    visit->json = NULL;
    visit->exchange = NULL;
}

static void leave(struct visit *visit)
{
    forget_answer(visit);
    cs_http_free(visit->http);
}

static void note_limits(const struct visit *visit, uint64_t window)
{
    struct cs_exchange *exchange = visit->exchange;
    struct cs_pace_news news;
    if (visit->env->pace && window &&
        cs_pace_read(cs_exchange_header(exchange, "x-ratelimit-limit"),
                     cs_exchange_header(exchange, "x-ratelimit-remaining"),
                     cs_exchange_header(exchange, "x-ratelimit-reset"),
                     cs_exchange_header(exchange, "date"), cs_wall_ms(), &news)) {
        cs_pace_note(visit->env->pace, window, &news, cs_wall_ms());
    }
}

static void await_pace(struct visit *visit, uint64_t window)
{
    struct cs_pace *pace = visit->env->pace;
    int64_t until = cs_now_ms() + MAX_REACH_MS;
    int64_t wait;
    while (pace && window && (wait = cs_pace_ask(pace, window, cs_wall_ms())) > 0 &&
           cs_now_ms() < until) {
        cs_http_pump(visit->http, wait < 100 ? wait : 100);
    }
}

/* The whole answer in time, whatever it says. `body` NULL: a GET. */
static enum cs_err call(struct visit *visit, const char *path, const char *auth, const char *body,
                        struct cs_diag *diag)
{
    forget_answer(visit);
    snprintf(visit->title, sizeof visit->title, "%s %s", body ? "POST" : "GET", path);
    struct cs_buf url = CS_BUF((size_t)8192);
    struct cs_buf bearer = CS_BUF((size_t)16384);
    cs_buf_printf(&url, "%s%s", visit->env->url, path);
    cs_buf_printf(&bearer, "Authorization: Bearer %s", auth);
    char *url_text = cs_buf_take(&url);
    char *auth_text = cs_buf_take(&bearer);
    const char *headers[] = {auth_text, "Content-Type: application/json"};
    uint64_t window = cs_pace_window(path, auth);
    await_pace(visit, window);
    struct cs_http_request request = {.method = body ? "POST" : "GET",
                                      .url = url_text,
                                      .headers = headers,
                                      .n_headers = body ? 2 : 1,
                                      .body = cs_view_str(body ? body : ""),
                                      .has_body = body != NULL,
                                      .connect_timeout_ms = patience(visit->env)};
    visit->exchange = url_text && auth_text ? cs_http_start(visit->http, &request) : NULL;
    free(url_text);
    free(auth_text);
    enum cs_err err = visit->exchange ? cs_exchange_wait_end(visit->exchange, patience(visit->env))
                                      : CS_ERR_NO_MEMORY;
    if (err != CS_OK) {
        const char *why = visit->exchange ? cs_exchange_error(visit->exchange) : "out of memory";
        return cs_fail(diag, err, 0, "%s: %s", visit->title, *why ? why : cs_err_name(err));
    }
    note_limits(visit, window);
    struct cs_view text = cs_exchange_body(visit->exchange);
    visit->json = cJSON_ParseWithLength(text.ptr, text.len);
    return CS_OK;
}

static const char *member(const struct visit *visit, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(visit->json, name));
}

/* ---- probe ---- */

/* Any HTTP answer at all shows that somebody is there; what it says is for the cases. */
enum cs_err ep_probe(const void *opaque, struct cs_diag *diag)
{
    const struct cs_endpoint_env *env = opaque;
    struct cs_http *http = cs_http_new();
    if (!http) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    const char *url = env->url ? env->url : env->s2_url;
    struct cs_http_request request = {
        .method = "OPTIONS", .url = url, .connect_timeout_ms = patience(env)};
    struct cs_exchange *exchange = cs_http_start(http, &request);
    enum cs_err err = exchange ? cs_exchange_wait_head(exchange, patience(env)) : CS_ERR_NO_MEMORY;
    if (err) {
        const char *why = exchange ? cs_exchange_error(exchange) : "";
        cs_fail(diag, err, 0, "%s: %s", url,
                err == CS_ERR_TIMEOUT  ? "no answer in time"
                : err == CS_ERR_SYNTAX ? "what answers there does not speak HTTP"
                : *why                 ? why
                                       : cs_err_name(err));
    }
    cs_exchange_free(exchange);
    cs_http_free(http);
    return err;
}

/* ---- canary ---- */

/* What an answer that is not 2xx says of the server or of how it was named, for people. */
static const char *advice(const struct visit *visit, int status)
{
    if (status / 100 == 3) {
        return "; give the URL that it leads to";
    }
    if (status == 401 || status == 403) {
        return "; is the secret key one of this server's?";
    }
    if (status / 100 == 5) {
        return "; its own log should tell why";
    }
    if (status == 404 || status == 405 || !visit->json) {
        return "; is this the URL of the API?";
    }
    return "";
}

/* Whether such an answer can be held against the server, and not against how it was named. */
static bool is_judged(const struct visit *visit, int status)
{
    bool misled = status / 100 == 3 || status == 401 || status == 403 || status == 404 ||
                  status == 405 || status == 429;
    return !misled && (status / 100 == 5 || visit->json);
}

static enum cs_err refused(const struct visit *visit, const char *requirement,
                           const char **ret_requirement, struct cs_diag *diag)
{
    int status = cs_exchange_status(visit->exchange);
    const char *location = cs_exchange_header(visit->exchange, "location");
    struct cs_buf body = CS_BUF((size_t)1024);
    cs_buf_readable(&body, cs_exchange_body(visit->exchange), 60);
    char *text = cs_buf_take(&body);
    const char *what = status / 100 == 3 && location ? location : text ? text : "";
    *ret_requirement = is_judged(visit, status) ? requirement : NULL;
    enum cs_err err = cs_fail(
        diag, CS_ERR_MISSING, 0, "%s answered %d%s%.70s%s", visit->title, status, *what ? " " : "",
        what, status / 100 == 2 ? ", which is not as documented" : advice(visit, status));
    free(text);
    return err;
}

static enum cs_err append(struct visit *visit, const char *id, const char *token,
                          const char **ret_requirement, struct cs_diag *diag)
{
    char path[256];
    snprintf(path, sizeof path, "/realtime/v1/sessions/%.100s/in/append", id);
    enum cs_err err = call(visit, path, token, "{\"kind\":\"stop\"}", diag);
    snprintf(visit->title, sizeof visit->title, "POST .../in/append");
    if (err == CS_OK && cs_exchange_status(visit->exchange) / 100 != 2) {
        err = refused(visit, "APP-01", ret_requirement, diag);
    }
    return err;
}

static enum cs_err converse(struct visit *visit, const char **ret_requirement, struct cs_diag *diag)
{
    const struct cs_endpoint_env *env = visit->env;
    char body[512];
    snprintf(body, sizeof body,
             "{\"type\":\"chat.agent\",\"taskIdentifier\":\"%.128s\",\"triggerConfig\":"
             "{\"basePayload\":{\"chatId\":\"chatspec\",\"trigger\":\"preload\"}}}",
             env->task);
    struct cs_ledger_entry *entry = env->ledger ? cs_ledger_begin(env->ledger, NULL, false) : NULL;
    enum cs_err err = call(visit, SESSION_PATH, env->secret_key, body, diag);
    if (err != CS_OK) {
        return err;
    }
    const char *id = member(visit, "id");
    const char *token = member(visit, "publicAccessToken");
    bool good = cs_exchange_status(visit->exchange) / 100 == 2 && id && token;
    if (env->ledger) {
        cs_ledger_made(env->ledger, entry, good ? id : NULL, cs_now_ms());
    }
    if (cs_exchange_status(visit->exchange) == 429) {
        return CS_OK; /* alive, and busy */
    }
    if (!good) {
        return refused(visit, "SES-01", ret_requirement, diag);
    }
    char *id_copy = strdup(id);
    char *token_copy = strdup(token);
    err = id_copy && token_copy ? append(visit, id_copy, token_copy, ret_requirement, diag)
                                : cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    free(id_copy);
    free(token_copy);
    return err;
}

/* The session stays open until the end of the run, whose sweep closes it. */
enum cs_err ep_canary(const void *opaque, const char **ret_requirement, struct cs_diag *diag)
{
    const struct cs_endpoint_env *env = opaque;
    if (!env->is_live || !env->secret_key) {
        return CS_OK;
    }
    struct visit visit = {.env = env, .http = cs_http_new()};
    if (!visit.http) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    enum cs_err err = converse(&visit, ret_requirement, diag);
    leave(&visit);
    return err;
}

/* ---- traits ---- */

static enum cs_err ask(struct visit *visit, struct cs_endpoint_traits *traits, struct cs_diag *diag)
{
    const char *key = visit->env->secret_key;
    if (call(visit, NOBODYS_RUN, key, NULL, diag) != CS_OK) {
        return CS_OK;
    }
    int status = cs_exchange_status(visit->exchange);
    if (status == 401) {
        return cs_fail(diag, CS_ERR_USAGE, 0, "the server refuses the secret key (%s answered 401)",
                       visit->title);
    }
    /* the API's own 404 is JSON; that of a server without it is a page */
    traits->has_runs_api = status == 404 && cJSON_IsObject(visit->json);
    if (!visit->env->can_mint && call(visit, TOKEN_ROUTE, key, ONE_SCOPE, diag) == CS_OK) {
        traits->hands_out_tokens =
            cs_exchange_status(visit->exchange) / 100 == 2 && member(visit, "token");
    }
    return CS_OK;
}

enum cs_err cs_endpoint_ask(const struct cs_endpoint_env *env,
                            struct cs_endpoint_traits *ret_traits, struct cs_diag *diag)
{
    struct cs_endpoint_traits traits = {0};
    struct visit visit = {.env = env, .http = cs_http_new()};
    if (!visit.http) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    enum cs_err err = env->secret_key ? ask(&visit, &traits, diag) : CS_OK;
    leave(&visit);
    if (err == CS_OK) {
        *ret_traits = traits;
    }
    return err;
}

/* ---- progress ---- */

void ep_waits_for(const void *opaque, char *text, size_t size)
{
    const struct cs_endpoint_env *env = opaque;
    if (!env->pace) {
        return;
    }
    struct cs_pace_figures figures = cs_pace_figures(env->pace);
    if (figures.last_wait_ms && cs_wall_ms() - figures.last_wait_ms < WAIT_SHOWN_MS) {
        if (figures.limit > 0) {
            snprintf(text, size, "pacing: the server allows %lld calls at a time",
                     (long long)figures.limit);
        } else {
            snprintf(text, size, "pacing: the server limits the calls of a token");
        }
    }
}
