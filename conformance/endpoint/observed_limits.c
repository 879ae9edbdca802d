/* LIM: what is only recorded about sizes and rates. A live server's budget is never used up: only
 * the window of one public token of our own is, and that where its limit is small. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#define UUID             "01234567-89ab-cdef-0123-456789abcdef" /* a part id of 36 characters */
#define UUID_2           "11234567-89ab-cdef-0123-456789abcdef" /* others, so that none is a repeat */
#define UUID_3           "21234567-89ab-cdef-0123-456789abcdef"
#define ORIGIN           "https://app.example"
#define WINDOW_CALLS     60  /* of a public token (LIM-19) */
#define WINDOW_CALLS_MAX 100 /* a larger window is not tried out */

/* ---- sizes ---- */

static const char *presence(const struct ep_answer *answer, const char *member)
{
    return ep_get(answer, member) ? "present" : "absent";
}

static void pre_guard_body(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *answer = ep_append(ep, session, NULL, ep_fill(ep, '1', 1048577));
    const char *error = cJSON_GetStringValue(ep_get(answer, "error"));
    cs_case_observe_as(run, "error", "Request body too large", "%s", error ? error : "absent");
    cs_case_observe_as(run, "ok", "absent", "%s", presence(answer, "ok"));
}

static void untold_length(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *key = ep_env(ep)->secret_key;
    const char *repeat = ep_create_body(ep, session->external_id, NULL);
    const char *swap =
        ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":\"test\"}", session->run_id);
    const struct {
        const char *name;
        struct ep_call call;
    } rows[] = {
        {"append", {.path = ep_realtime(ep, session->key, "in/append"), .body = "{}"}},
        {"create", {.path = "/api/v1/sessions", .body = repeat}},
        {"patch", {.method = "PATCH", .path = ep_api(ep, session->id, ""), .body = "{}"}},
        {"end_and_continue", {.path = ep_api(ep, session->id, "/end-and-continue"), .body = swap}},
        {"close", {.path = ep_api(ep, session->id, "/close"), .body = "{}"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ep_call call = rows[i].call;
        call.auth = key;
        call.chunked = true;
        cs_case_observe_as(run, ep_text(ep, "%s_chunked", rows[i].name), "413", "%d",
                           ep_call(ep, &call)->status);
    }
}

/* The number that follows `before` in the text of the error, or what stands there instead. */
static const char *number_after(struct ep *ep, const struct ep_answer *answer, const char *before)
{
    const char *error = cJSON_GetStringValue(ep_get(answer, "error"));
    const char *at = error ? strstr(error, before) : NULL;
    at = at ? at + strlen(before) : NULL;
    return at && *at ? ep_text(ep, "%.*s", (int)strspn(at, "0123456789"), at) : "absent";
}

static void metered_error(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_answer *answer =
        ep_append(ep, ep_session(ep), UUID_3, ep_fill(ep, '1', 1048514));
    cs_case_observe_as(run, "size", "1048577", "%s",
                       number_after(ep, answer, "Record metered size "));
    cs_case_observe_as(run, "limit", "1048576", "%s", number_after(ep, answer, "limit of "));
    cs_case_observe_as(run, "ok", "false", "%s",
                       cJSON_IsFalse(ep_get(answer, "ok")) ? "false" : "something else");
}

/* Each byte that is no UTF-8 is stored as a replacement character of three. */
static void invalid_utf8(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    size_t largest = (1048549 - strlen(UUID)) / 3;
    const struct ep_session *session = ep_session(ep);
    cs_case_observe_as(run, "largest", "200", "%d",
                       ep_append(ep, session, UUID, ep_fill(ep, '\xff', largest))->status);
    session = ep_session(ep);
    cs_case_observe_as(run, "one_more", "413", "%d",
                       ep_append(ep, session, UUID_2, ep_fill(ep, '\xff', largest + 1))->status);
}

/* Which of the two refusals of a large append has woken a run up before. */
static void oversize_and_runs(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    static const struct {
        const char *name;
        char c;
        size_t n;
        const char *recorded;
    } rows[] = {{"by_content_length", '1', 1048577, "not started"},
                {"by_metered_size", '"', 600000, "started"}};
    for (size_t i = 0; i < 2; i++) {
        const struct ep_session *session = ep_session(ep);
        ep_cancel_run(ep, session->run_id);
        const struct ep_answer *answer =
            ep_append(ep, session, NULL, ep_fill(ep, rows[i].c, rows[i].n));
        if (answer->status != 413) {
            cs_case_error(run, "an oversize append answered %d", answer->status);
        }
        bool same = !strcmp(ep_current_run(ep, session), session->run_id);
        cs_case_observe_as(run, rows[i].name, rows[i].recorded, "%s",
                           same ? "not started" : "started");
    }
}

/* An externalId as long as it may be, of characters that take three bytes each. */
static void long_stream_name(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    struct cs_buf id = CS_BUF((size_t)1024);
    const char *unique = ep_unique(ep, "c");
    cs_buf_str(&id, unique);
    for (size_t units = strlen(unique); units < 256; units++) {
        cs_buf_str(&id, "\xe4\xb8\xad");
    }
    const char *external_id = ep_text(ep, "%.*s", CS_VIEW_ARG(cs_buf_view(&id)));
    cs_buf_free(&id);
    const struct ep_answer *created = ep_post_session(ep, ep_create_body(ep, external_id, NULL));
    cs_case_observe_as(run, "create", "accepted", "%s",
                       created->status / 100 == 2 ? "accepted" : "refused");
    if (created->status / 100 != 2) {
        return;
    }
    const struct ep_session *session = ep_session_from(ep, created);
    /* by the other id, which is short, and with the key that needs no scope */
    const char *key = ep_env(ep)->secret_key;
    const struct ep_answer *answer =
        ep_do(ep, .path = ep_realtime(ep, session->id, "in/append"), .auth = key, .body = "{}");
    cs_case_observe_as(run, "append", "500", "%d", answer->status);
    answer = ep_do(ep, .path = ep_realtime(ep, session->id, "in/records"), .auth = key);
    cs_case_observe_as(run, "records", "500", "%d", answer->status);
    struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, session->id, "out"), key, NULL);
    cs_case_observe_as(run, "subscribe", "500", "%d", sub->status);
    ep_unsubscribe(sub);
}

/* ---- rates ---- */

static int64_t number_in(const struct ep_answer *answer, const char *header)
{
    const char *value = ep_header(answer, header);
    uint64_t number;
    return value && !cs_view_u64(cs_view_str(value), &number) && number <= INT64_MAX
               ? (int64_t)number
               : -1;
}

/* From the headers alone. */
static void bucket_of_keys(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *answer =
        ep_need(ep, ep_do(ep, .path = ep_api(ep, session->id, ""), .auth = ep_env(ep)->secret_key));
    int64_t limit = number_in(answer, "x-ratelimit-limit");
    int64_t reset_in_ms = number_in(answer, "x-ratelimit-reset") - cs_wall_ms();
    cs_case_observe(run, "limit", "%lld", (long long)limit);
    cs_case_observe_as(run, "burst_of_750", "allowed", "%s",
                       limit >= 750 ? "allowed"
                       : limit < 0  ? "not told"
                                    : "not allowed");
    /* a second more than the interval, for clocks that differ */
    cs_case_observe_as(run, "refilled", "within 10 s", "%s",
                       reset_in_ms <= 11000 ? "within 10 s" : "later");
}

static const struct ep_answer *retrieve(struct ep *ep, const struct ep_session *session)
{
    return ep_do(ep, .path = ep_api(ep, session->key, ""), .auth = session->token,
                 .headers = EP_HEADERS("Origin: " ORIGIN));
}

/* Calls until one is refused; NULL when the window was renewed on the way, or none was. */
static const struct ep_answer *use_up(struct ep *ep, const struct ep_session *session,
                                      int64_t limit, int *ret_accepted)
{
    int64_t reset = -1;
    *ret_accepted = 1; /* the one that told the limit */
    for (int64_t i = 1; i <= limit; i++) {
        const struct ep_answer *answer = retrieve(ep, session);
        int64_t now_reset = number_in(answer, "x-ratelimit-reset");
        if (reset >= 0 && now_reset != reset) {
            return NULL;
        }
        reset = now_reset;
        if (answer->status == 429) {
            return answer;
        }
        ++*ret_accepted;
    }
    return NULL;
}

static void observe_429(struct ep *ep, const struct ep_answer *refused)
{
    struct cs_case_run *run = ep_run(ep);
    const char *type = ep_header_or_absent(refused, "Content-Type");
    cs_case_observe_as(run, "content_type", "application/problem+json", "%.*s",
                       (int)strcspn(type, ";"), type);
    cs_case_observe_as(run, "members",
                       "detail error limit remaining reset secondsUntilReset status title type",
                       "%s", ep_member_names(ep, refused->json));
    cs_case_observe_as(run, "retry_after", "absent", "%s",
                       ep_header_or_absent(refused, "Retry-After"));
    cs_case_observe_as(run, "cors_headers", "absent", "%s",
                       ep_header_or_absent(refused, "Access-Control-Allow-Origin"));
}

static void window_of_tokens(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_answer *refused = NULL;
    int accepted = 0;
    /* a window that ends meanwhile is followed by a fresh one: a second try is enough */
    for (int i = 0; i < 2 && !refused; i++) {
        const struct ep_session *session = ep_session(ep);
        const struct ep_answer *answer = retrieve(ep, session);
        int64_t limit = number_in(answer, "x-ratelimit-limit");
        if (i == 0) {
            cs_case_observe_as(run, "limit", "60", "%s",
                               limit < 0 ? "not told" : ep_text(ep, "%lld", (long long)limit));
        }
        if (limit < 1 || limit > WINDOW_CALLS_MAX || answer->status == 429) {
            cs_case_note(run, "the limit is not one to try out");
            return;
        }
        refused = use_up(ep, session, limit, &accepted);
    }
    cs_case_observe_as(run, "calls_accepted", "60", "%s",
                       refused ? ep_text(ep, "%d", accepted) : "all");
    if (!refused) {
        return;
    }
    cs_case_observe_as(run, "another_token", "200", "%d", retrieve(ep, ep_session(ep))->status);
    observe_429(ep, refused);
}

static void exempt_routes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *key = ep_env(ep)->secret_key;
    const struct {
        const char *name;
        struct ep_call call;
    } rows[] = {
        {"preflight", {.method = "OPTIONS", .path = ep_api(ep, session->key, "")}},
        {"snapshot_url",
         {.path = ep_api(ep, session->key, "/snapshot-url"), .auth = session->token}},
        {"claims", {.path = "/api/v1/auth/jwt/claims", .auth = key, .body = ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ep_answer *answer = ep_call(ep, &rows[i].call);
        cs_case_observe_as(run, rows[i].name, "not limited", "%s",
                           ep_header(answer, "x-ratelimit-limit") ? "limited" : "not limited");
    }
}

#define SK   CS_NEEDS_SECRET_KEY
#define RUNS (CS_NEEDS_SECRET_KEY | CS_NEEDS_RUNS_API)
const struct cs_case endpoint_observed_limit_cases[] = {
    {"endpoint/limits/pre-guard-body", "What the 413 by Content-Length says", "LIM-02", CS_OBSERVED,
     SK, 0, pre_guard_body},
    {"endpoint/limits/untold-length", "A body of untold length is too large", "LIM-03", CS_OBSERVED,
     SK, 0, untold_length},
    {"endpoint/limits/metered-error", "The 413 for a metered size names it", "LIM-05", CS_OBSERVED,
     SK, 0, metered_error},
    {"endpoint/limits/invalid-utf8", "A byte that is no UTF-8 counts three", "LIM-10", CS_OBSERVED,
     SK, 0, invalid_utf8},
    {"endpoint/limits/oversize-and-runs", "A record too large may have started a run", "LIM-12",
     CS_OBSERVED, RUNS, 0, oversize_and_runs},
    {"endpoint/limits/long-stream-name", "A long externalId leaves the store without a name",
     "LIM-14", CS_OBSERVED, SK, 0, long_stream_name},
    {"endpoint/limits/bucket-of-keys", "A secret key draws on a bucket", "LIM-18", CS_OBSERVED, SK,
     0, bucket_of_keys},
    {"endpoint/limits/window-of-tokens", "A public token has a window, and what its end looks like",
     "LIM-19 LIM-21", CS_OBSERVED, SK, 0, window_of_tokens},
    {"endpoint/limits/exempt-routes", "Routes under /api that are not limited", "LIM-23",
     CS_OBSERVED, SK, 0, exempt_routes},
    {0},
};
