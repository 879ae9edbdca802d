/* TOK: what is only recorded about tokens, scopes and keys. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/token_kit.h"

#define UNKNOWN_ID "session_000000000000000000000nope"

static int put_in(struct ep *ep, const char *id, const char *auth)
{
    return ep_do(ep, .method = "PUT", .path = ep_realtime(ep, id, "in"), .auth = auth, .body = "")
        ->status;
}

static void put_literal_id(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    cs_case_observe_as(run, "by_external_id", "202", "%d",
                       put_in(ep, session->external_id, session->token));
    cs_case_observe_as(run, "by_friendly_id", "403", "%d", put_in(ep, session->id, session->token));
}

/* ---- without a good Authorization ---- */

static void api_without_authorization(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_api(ep, session->key, "");
    const struct ep_answer *answer =
        ep_do(ep, .path = path, .headers = EP_HEADERS("Origin: https://app.example"));
    const char *type = ep_header(answer, "Content-Type");
    cs_case_observe_as(run, "status", "401", "%d", answer->status);
    cs_case_observe_as(run, "content_type", "application/problem+json", "%.*s",
                       (int)strcspn(type ? type : "absent", ";"), type ? type : "absent");
    cs_case_observe_as(run, "members", "detail error status title type", "%s",
                       ep_member_names(ep, answer->json));
    cs_case_observe_as(run, "cors_headers", "absent", "%s",
                       ep_header(answer, "Access-Control-Allow-Origin") ? "present" : "absent");
    static const char *const methods[] = {"POST", "PATCH", "DELETE"};
    for (size_t i = 0; i < 3; i++) {
        answer = ep_do(ep, .method = methods[i], .path = path, .body = "{}");
        cs_case_observe_as(run, ep_text(ep, "status_of_%s", methods[i]), "401", "%d",
                           answer->status);
    }
    cs_case_observe_as(run, "status_of_OPTIONS", "200", "%d",
                       ep_do(ep, .method = "OPTIONS", .path = path)->status);
}

static void bearer_spelling(struct cs_case_run *run)
{
    static const struct {
        const char *name, *prefix, *recorded;
    } rows[] = {
        {"bare_token", "", "200"},
        {"lower_case", "bearer ", "401"},
        {"upper_case", "BEARER ", "401"},
        {"basic", "Basic ", "401"},
    };
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_realtime(ep, session->key, "in/records");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *line = ep_text(ep, "Authorization: %s%s", rows[i].prefix, session->token);
        const struct ep_answer *answer = ep_do(ep, .path = path, .headers = EP_HEADERS(line));
        cs_case_observe_as(run, rows[i].name, rows[i].recorded, "%d", answer->status);
    }
}

/* ---- which is told first ---- */

/* A foreign token on sessions that are not there, in both forms. */
static void missing_session(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct {
        const char *name, *id, *read_status;
    } forms[] = {{"external_id", ep_unique(ep, "nobody"), "403"},
                 {"friendly_id", UNKNOWN_ID, "404"}};
    const char *token = session->token;
    for (size_t i = 0; i < 2; i++) {
        const char *id = forms[i].id;
        const char *snapshot = ep_api(ep, id, "/snapshot-url");
        const char *body =
            ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":\"test\"}", session->run_id);
        const struct {
            const char *name, *recorded;
            struct ep_call call;
        } rows[] = {
            {"append", "403", {.path = ep_realtime(ep, id, "in/append"), .body = EP_STOP}},
            {"put", "403", {.method = "PUT", .path = ep_realtime(ep, id, "in"), .body = ""}},
            {"end_and_continue",
             "403",
             {.path = ep_api(ep, id, "/end-and-continue"), .body = body}},
            {"snapshot_put", "403", {.method = "PUT", .path = snapshot}},
            {"retrieve", "404", {.path = ep_api(ep, id, "")}},
            {"snapshot_get", "404", {.path = snapshot}},
            {"drain", forms[i].read_status, {.path = ep_realtime(ep, id, "in/records")}},
            {"subscribe",
             forms[i].read_status,
             {.path = ep_realtime(ep, id, "out"), .headers = EP_HEADERS("Timeout-Seconds: 1")}},
        };
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            struct ep_call call = rows[k].call;
            call.auth = token;
            cs_case_observe_as(run, ep_text(ep, "%s_by_%s", rows[k].name, forms[i].name),
                               rows[k].recorded, "%d", ep_call(ep, &call)->status);
        }
    }
}

/* ---- scopes ---- */

static void scope_grammar(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *id = ep_text(ep, "%s:b:c", ep_unique(ep, "a"));
    const struct ep_session *session = ep_session_with(ep, id, NULL);
    const struct {
        const char *name, *scope, *recorded;
    } rows[] = {
        {"id_with_colons", ep_text(ep, "read:sessions:%s", id), "200"},
        {"id_cut_at_a_colon", ep_text(ep, "read:sessions:%.*s", (int)strcspn(id, ":"), id), "403"},
        {"any_action", ep_text(ep, "*:sessions:%s", id), "200"},
        {"any_action_of_the_type", "*:sessions", "200"},
        {"any_type", "read:all", "200"},
        {"any_type_with_id", ep_text(ep, "read:all:%s", id), "200"},
        {"empty_id", "read:sessions:", "200"},
        {"admin_empty_type", "admin:", "200"},
        {"admin_empty_type_any_id", "admin::anything", "200"},
        {"action_alone", "read", "403"},
        {"action_empty_type", "read:", "403"},
        {"empty", "", "403"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *token = ep_mint(ep, session, EP_SCOPES(rows[i].scope));
        cs_case_observe_as(run, rows[i].name, rows[i].recorded, "%d",
                           token_drain(ep, session, token)->status);
    }
}

/* Repeats of a session that is there already, so that none is made which nobody closes. */
static const char *repeat_with(struct ep *ep, const struct ep_session *session, const char *token)
{
    int status = ep_do(ep, .path = "/api/v1/sessions", .auth = token,
                       .body = ep_create_body(ep, session->external_id, NULL))
                     ->status;
    return status / 100 == 2 ? "accepted" : ep_text(ep, "%d", status);
}

static void create_by_task(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct {
        const char *name, *scope, *recorded;
    } rows[] = {
        {"write_on_the_task", ep_text(ep, "write:tasks:%s", ep_env(ep)->task), "accepted"},
        {"write_on_another_task", "write:tasks:chatspec-another", "403"},
        {"read_on_the_task", ep_text(ep, "read:tasks:%s", ep_env(ep)->task), "403"},
        {"write_on_sessions", "write:sessions", "accepted"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *token = ep_mint(ep, session, EP_SCOPES(rows[i].scope));
        cs_case_observe_as(run, rows[i].name, rows[i].recorded, "%s",
                           repeat_with(ep, session, token));
    }
}

static void create_by_session_token(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    cs_case_observe_as(run, "own_session", "403", "%s", repeat_with(ep, session, session->token));
    const char *body = ep_create_body(ep, ep_unique(ep, "chat"), NULL);
    const struct ep_answer *other =
        ep_do(ep, .path = "/api/v1/sessions", .auth = session->token, .body = body);
    cs_case_observe_as(run, "another_session", "403", "%d", other->status);
    if (other->status / 100 == 2) {
        ep_session_from(ep, ep_post_session(ep, body)); /* one that nobody else closes */
    }
}

static void list_scopes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *list = "/api/v1/sessions?page%5Bsize%5D=1";
    const char *task = ep_encode(ep, ep_env(ep)->task);
    const char *filtered = ep_text(ep, "%s&filter%%5BtaskIdentifier%%5D=%s", list, task);
    const struct {
        const char *name, *path, *scope, *recorded;
    } rows[] = {
        {"session_token", list, NULL, "403"},
        {"read_sessions", list, "read:sessions", "200"},
        {"read_tasks", list, "read:tasks", "200"},
        {"read_all", list, "read:all", "200"},
        {"admin", list, "admin", "200"},
        {"write_sessions", list, "write:sessions", "403"},
        {"read_the_task", list, ep_text(ep, "read:tasks:%s", ep_env(ep)->task), "403"},
        {"read_the_task_filtered", filtered, ep_text(ep, "read:tasks:%s", ep_env(ep)->task), "200"},
        {"read_another_task_filtered", filtered, "read:tasks:chatspec-another", "403"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *token =
            rows[i].scope ? ep_mint(ep, session, EP_SCOPES(rows[i].scope)) : session->token;
        cs_case_observe_as(run, rows[i].name, rows[i].recorded, "%d",
                           ep_do(ep, .path = rows[i].path, .auth = token)->status);
    }
}

/* ---- keys ---- */

static void restricted_key(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *key = ep_env(ep)->restricted_key;
    const char *item = ep_api(ep, session->id, "");
    const char *out = ep_realtime(ep, session->key, "out/append");
    const struct {
        const char *name, *recorded;
        struct ep_call call;
    } rows[] = {
        {"appends_to_in",
         "200",
         {.path = ep_realtime(ep, session->key, "in/append"), .body = EP_STOP}},
        {"appends_to_out", "200", {.path = out, .body = "{}"}},
        {"initialises_out",
         "202",
         {.method = "PUT", .path = ep_realtime(ep, session->key, "out"), .body = ""}},
        {"drains", "403", {.path = ep_realtime(ep, session->key, "in/records")}},
        {"retrieves", "403", {.path = item}},
        {"patches", "403", {.method = "PATCH", .path = item, .body = "{}"}},
        {"closes", "403", {.path = ep_api(ep, session->id, "/close"), .body = "{}"}},
        {"gets_claims", "403", {.path = "/api/v1/auth/jwt/claims", .method = "POST"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ep_call call = rows[i].call;
        call.auth = key;
        cs_case_observe_as(run, rows[i].name, rows[i].recorded, "%d", ep_call(ep, &call)->status);
    }
    cs_case_observe_as(run, "creates", "accepted", "%s", repeat_with(ep, session, key));
    /* it signs nothing: tokens are signed with the root key (TOK-05) */
    struct cs_token_claims claims = ep_claims(ep, session, token_scopes(ep, session));
    cs_case_observe_as(run, "signs_tokens", "401", "%d",
                       token_drain(ep, session, ep_sign(ep, &claims, key))->status);
}

static const struct ep_answer *with_branch(struct ep *ep, const char *path, const char *body,
                                           const char *branch)
{
    const char *line = ep_text(ep, "x-trigger-branch: %s", branch ? branch : "");
    return ep_do(ep, .path = path, .auth = ep_env(ep)->preview_key, .body = body,
                 .headers = branch ? EP_HEADERS(line) : NULL);
}

static void observe_refusal(struct ep *ep, const char *name, const char *recorded,
                            const struct ep_answer *answer)
{
    const char *text = cJSON_GetStringValue(ep_get(answer, "error"));
    cs_case_observe_as(ep_run(ep), name, recorded, "%d %s", answer->status, text ? text : "");
}

static void preview_branch(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *branch = ep_env(ep)->branch;
    const char *body = ep_create_body(ep, ep_unique(ep, "chat"), NULL);
    const struct ep_session *session =
        ep_session_from(ep, with_branch(ep, "/api/v1/sessions", body, branch));
    const char *item = ep_api(ep, session->id, "");
    observe_refusal(ep, "without_branch", "401 x-trigger-branch header required for preview env",
                    with_branch(ep, item, NULL, NULL));
    observe_refusal(ep, "unknown_branch", "401 No matching branch env",
                    with_branch(ep, item, NULL, "chatspec-no-such-branch"));
    cs_case_observe_as(
        run, "public_token_without_branch", "200", "%d",
        ep_do(ep, .path = ep_api(ep, session->key, ""), .auth = session->token)->status);
    ep_need(ep, with_branch(ep, ep_api(ep, session->id, "/close"), "{}", branch));
}

static void jwt_claims(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = "/api/v1/auth/jwt/claims";
    const struct ep_answer *answer =
        ep_do(ep, .method = "POST", .path = path, .auth = ep_env(ep)->secret_key, .body = "");
    const char *sub = cJSON_GetStringValue(ep_get(answer, "sub"));
    const char *own = ep_decode(ep, session->token)->sub;
    cs_case_observe_as(run, "status", "200", "%d", answer->status);
    cs_case_observe_as(run, "members", "pub sub", "%s", ep_member_names(ep, answer->json));
    cs_case_observe_as(run, "pub", "true", "%s",
                       cJSON_IsTrue(ep_get(answer, "pub")) ? "true" : "something else");
    cs_case_observe_as(run, "sub", "that of session tokens", "%s",
                       sub && own && !strcmp(sub, own) ? "that of session tokens"
                       : sub                           ? "another one"
                                                       : "absent");
    answer = ep_do(ep, .method = "POST", .path = path, .auth = session->token, .body = "");
    cs_case_observe_as(run, "by_public_token", "401", "%d", answer->status);
}

#define SK      CS_NEEDS_SECRET_KEY
#define MINT    (CS_NEEDS_SECRET_KEY | CS_NEEDS_MINT)
#define ONE_KEY (CS_NEEDS_SECRET_KEY | CS_NEEDS_RESTRICTED_KEY)
#define BRANCH  (CS_NEEDS_SECRET_KEY | CS_NEEDS_PREVIEW)
const struct cs_case endpoint_observed_token_cases[] = {
    {"endpoint/token/put-literal-id", "PUT compares a scope with the id of its URL only", "TOK-07",
     CS_OBSERVED, SK, 0, put_literal_id},
    {"endpoint/token/api-without-authorization",
     "Under /api the rate limiter refuses who says no Authorization", "TOK-16", CS_OBSERVED, SK, 0,
     api_without_authorization},
    {"endpoint/token/bearer-spelling",
     "The prefix Bearer counts in one spelling, and may be left "
     "out",
     "TOK-18", CS_OBSERVED, SK, 0, bearer_spelling},
    {"endpoint/token/missing-session", "A foreign token on a session that is not there", "TOK-21",
     CS_OBSERVED, SK, 0, missing_session},
    {"endpoint/token/scope-grammar", "How scopes are read", "TOK-26", CS_OBSERVED, MINT, 0,
     scope_grammar},
    {"endpoint/token/create-by-task", "A scope on the task creates its sessions", "TOK-30",
     CS_OBSERVED, MINT, 0, create_by_task},
    {"endpoint/token/create-by-session-token", "A session token creates nothing", "TOK-31",
     CS_OBSERVED, SK, 0, create_by_session_token},
    {"endpoint/token/list-scopes", "Which scopes list sessions", "TOK-32", CS_OBSERVED, MINT, 0,
     list_scopes},
    {"endpoint/token/restricted-key", "A restricted key is a secret one that ends at its scopes",
     "TOK-36", CS_OBSERVED, ONE_KEY, 0, restricted_key},
    {"endpoint/token/preview-branch", "A preview key needs its branch, a public token does not",
     "TOK-39", CS_OBSERVED, BRANCH, 0, preview_branch},
    {"endpoint/token/jwt-claims", "A secret key gets the claims to sign tokens with", "TOK-42",
     CS_OBSERVED, SK, 0, jwt_claims},
    {0},
};
