/* ERR: what is only recorded about malformed requests, routing and headers. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#define ORIGIN     "https://app.example"
#define STOP       "{\"kind\":\"stop\"}"
#define UNKNOWN_ID "session_000000000000000000000nope"

/* One call and what its status is recorded as. */
struct row {
    const char *name;
    const char *recorded;
    struct ep_call call;
};

static void observe_statuses(struct ep *ep, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cs_case_observe_as(ep_run(ep), rows[i].name, rows[i].recorded, "%d",
                           ep_call(ep, &rows[i].call)->status);
    }
}
#define OBSERVE_STATUSES(ep, rows) observe_statuses((ep), (rows), sizeof(rows) / sizeof *(rows))

static const char *presence(const struct ep_answer *answer, const char *name)
{
    return ep_header(answer, name) ? "present" : "absent";
}

/* "text/plain" of "text/plain; charset=utf-8". */
static const char *media_type(struct ep *ep, const struct ep_answer *answer)
{
    const char *type = ep_header_or_absent(answer, "Content-Type");
    return ep_text(ep, "%.*s", (int)strcspn(type, ";"), type);
}

/* ---- which fault is told first ---- */

static void order_of_writes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_session *other = ep_session(ep);
    const char *append = ep_realtime(ep, session->key, "in/append");
    const char *close = ep_api(ep, session->id, "/close");
    const char *long_body = ep_fill(ep, ' ', 1025);
    const struct row rows[] = {
        {"method_before_auth", "405", {.method = "DELETE", .path = append}},
        {"auth_before_size",
         "401",
         {.path = close, .auth = "tr_dev_unknownunknownunknown", .body = long_body}},
        {"size_before_body", "413", {.path = close, .auth = session->token, .body = long_body}},
        {"size_before_params",
         "413",
         {.path = ep_realtime(ep, session->key, "foo/append"),
          .auth = session->token,
          .body = ep_fill(ep, '1', 1048577)}},
        {"params_before_scope",
         "400",
         {.path = ep_realtime(ep, session->key, "foo/append"), .auth = other->token, .body = STOP}},
        {"empty_body_before_scope", "400", {.path = close, .auth = session->token, .body = " "}},
        {"json_before_scope", "400", {.path = close, .auth = session->token, .body = "{"}},
        {"schema_before_scope",
         "400",
         {.path = close, .auth = session->token, .body = "{\"reason\":7}"}},
        {"scope_before_missing_row",
         "403",
         {.path = ep_api(ep, UNKNOWN_ID, "/close"), .auth = session->token, .body = "{}"}},
        {"json_before_missing_row",
         "400",
         {.path = ep_api(ep, UNKNOWN_ID, "/close"), .auth = ep_env(ep)->secret_key, .body = "{"}},
        {"missing_row",
         "404",
         {.path = ep_api(ep, UNKNOWN_ID, "/close"), .auth = ep_env(ep)->secret_key, .body = "{}"}},
    };
    OBSERVE_STATUSES(ep, rows);
}

static void order_of_reads(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_session *other = ep_session(ep);
    const char *const *bad_wait = EP_HEADERS("Timeout-Seconds: 0");
    const struct row rows[] = {
        {"auth_before_params", "401", {.path = ep_realtime(ep, session->key, "foo")}},
        {"params_before_missing_row",
         "400",
         {.path = ep_realtime(ep, UNKNOWN_ID, "foo"), .auth = session->token}},
        {"query_before_missing_row",
         "400",
         {.path = ep_realtime(ep, UNKNOWN_ID, "in/records?afterEventId=x"),
          .auth = session->token}},
        {"query_before_scope",
         "400",
         {.path = ep_realtime(ep, session->key, "in/records?afterEventId=x"),
          .auth = other->token}},
        {"missing_row_before_scope",
         "404",
         {.path = ep_api(ep, UNKNOWN_ID, ""), .auth = session->token}},
        {"scope_before_handler",
         "403",
         {.path = ep_realtime(ep, session->key, "out"), .auth = other->token, .headers = bad_wait}},
        {"handler",
         "400",
         {.path = ep_realtime(ep, session->key, "out"),
          .auth = session->token,
          .headers = bad_wait}},
    };
    OBSERVE_STATUSES(ep, rows);
}

/* ---- methods ---- */

/* "405 POST": the status, and the method that Allow names. */
static void observe_allow(struct ep *ep, const char *name, const char *recorded,
                          const struct ep_answer *answer)
{
    const char *allow = ep_header(answer, "Allow");
    cs_case_observe_as(ep_run(ep), name, recorded, "%d %s", answer->status,
                       allow ? allow : "without Allow");
}

static void wrong_method(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *key = ep_env(ep)->secret_key;
    const struct {
        const char *name, *recorded, *method, *path, *auth;
    } rows[] = {
        {"create", "405 POST", "DELETE", "/api/v1/sessions", key},
        {"session", "405 PATCH", "DELETE", ep_api(ep, session->id, ""), key},
        {"close", "405 POST", "PUT", ep_api(ep, session->id, "/close"), key},
        {"end_and_continue", "405 POST", "PATCH", ep_api(ep, session->id, "/end-and-continue"),
         key},
        {"snapshot_url", "405 PUT", "POST", ep_api(ep, session->id, "/snapshot-url"), key},
        {"channel", "405 PUT", "POST", ep_realtime(ep, session->key, "out"), NULL},
        {"append", "405 POST", "PUT", ep_realtime(ep, session->key, "in/append"), NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ep_answer *answer = ep_do(ep, .method = rows[i].method, .path = rows[i].path,
                                               .auth = rows[i].auth, .body = "{}");
        observe_allow(ep, rows[i].name, rows[i].recorded, answer);
        if (i == 0) {
            const char *text = cJSON_GetStringValue(ep_get(answer, "error"));
            cs_case_observe_as(run, "error", "Method not allowed", "%s", text ? text : "absent");
        }
    }
    cs_case_observe_as(run, "session_without_authorization", "401", "%d",
                       ep_do(ep, .method = "DELETE", .path = ep_api(ep, session->id, ""))->status);
}

static void reading_post_routes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct {
        const char *name, *path;
    } routes[] = {
        {"append", ep_realtime(ep, session->key, "in/append")},
        {"close", ep_api(ep, session->id, "/close")},
        {"end_and_continue", ep_api(ep, session->id, "/end-and-continue")},
    };
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const struct ep_answer *answer =
            ep_do(ep, .path = routes[i].path, .auth = ep_env(ep)->secret_key,
                  .headers = EP_HEADERS("Origin: " ORIGIN));
        observe_allow(ep, routes[i].name, "405 without Allow", answer);
        cs_case_observe_as(run, ep_text(ep, "%s_body", routes[i].name), "empty", "%s",
                           answer->body.len ? "not empty" : "empty");
        cs_case_observe_as(
            run, ep_text(ep, "%s_by_HEAD", routes[i].name), "405", "%d",
            ep_do(ep, .method = "HEAD", .path = routes[i].path, .auth = ep_env(ep)->secret_key)
                ->status);
    }
}

static void writing_records(struct cs_case_run *run)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_realtime(ep, session->key, "in/records");
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        const struct ep_answer *answer =
            ep_do(ep, .method = methods[i], .path = path, .body = "{}");
        observe_allow(ep, methods[i], "405 without Allow", answer);
        if (i == 0) {
            cs_case_observe_as(run, "text", "in the member message", "%s",
                               cJSON_IsString(ep_get(answer, "message")) ? "in the member message"
                                                                         : "elsewhere");
        }
    }
}

/* HEAD answers as GET does, without a body. */
static void head_of_get(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct {
        const char *name, *path;
    } routes[] = {
        {"retrieve", ep_api(ep, session->key, "")},
        {"records", ep_realtime(ep, session->key, "in/records")},
    };
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const struct ep_answer *answer =
            ep_do(ep, .method = "HEAD", .path = routes[i].path, .auth = session->token);
        cs_case_observe_as(run, routes[i].name, "200", "%d", answer->status);
        cs_case_observe_as(run, ep_text(ep, "%s_body", routes[i].name), "empty", "%s",
                           answer->body.len ? "not empty" : "empty");
    }
}

/* ---- headers of answers ---- */

static void answers_without_cors(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *append = ep_realtime(ep, session->key, "in/append");
    const struct {
        const char *name;
        struct ep_call call;
    } rows[] = {
        {"limiter_401", {.path = ep_api(ep, session->key, "")}},
        {"get_on_append", {.path = append, .auth = session->token}},
        {"post_on_records", {.path = ep_realtime(ep, session->key, "in/records"), .body = "{}"}},
        {"unknown_path", {.path = ep_realtime(ep, session->key, "in/appendx")}},
        {"redirect", {.path = ep_text(ep, "%s/", append), .auth = session->token, .body = STOP}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ep_call call = rows[i].call;
        call.headers = EP_HEADERS("Origin: " ORIGIN);
        cs_case_observe_as(run, rows[i].name, "absent", "%s",
                           presence(ep_call(ep, &call), "Access-Control-Allow-Origin"));
    }
}

static void exposed_headers(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *answer =
        ep_need(ep, ep_do(ep, .path = ep_api(ep, session->key, ""), .auth = session->token,
                          .headers = EP_HEADERS("Origin: " ORIGIN)));
    cs_case_observe_as(run, "exposed", "x-trigger-jwt,x-trigger-jwt-claims", "%s",
                       ep_header_or_absent(answer, "Access-Control-Expose-Headers"));
    cs_case_observe_as(run, "credentials", "absent", "%s",
                       ep_header_or_absent(answer, "Access-Control-Allow-Credentials"));
    struct ep_sub *sub = ep_open(ep, session, "out", EP_HEADERS("Origin: " ORIGIN));
    const char *value = ep_sub_header(sub, "Access-Control-Allow-Credentials");
    cs_case_observe_as(run, "credentials_of_streams", "absent", "%s", value ? value : "absent");
    ep_unsubscribe(sub);
}

static void content_types(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *out = ep_realtime(ep, session->key, "out");
    const struct ep_answer *answer =
        ep_do(ep, .path = ep_api(ep, session->key, ""), .auth = session->token);
    cs_case_observe_as(run, "json", "application/json; charset=utf-8", "%s",
                       ep_header_or_absent(answer, "Content-Type"));
    answer = ep_do(ep, .path = ep_realtime(ep, session->key, "foo"), .auth = session->token);
    cs_case_observe_as(run, "json_error", "application/json; charset=utf-8", "%s",
                       ep_header_or_absent(answer, "Content-Type"));
    answer =
        ep_do(ep, .path = out, .auth = session->token, .headers = EP_HEADERS("Timeout-Seconds: 0"));
    cs_case_observe_as(run, "timeout_error", "text/plain", "%s", media_type(ep, answer));
    answer = ep_do(ep, .method = "PUT", .path = ep_realtime(ep, UNKNOWN_ID, "out"), .body = "",
                   .auth = ep_env(ep)->secret_key);
    cs_case_observe_as(run, "initialise_error", "text/plain", "%s", media_type(ep, answer));
    answer = ep_do(ep, .path = ep_api(ep, session->key, ""));
    cs_case_observe_as(run, "limiter", "application/problem+json", "%s", media_type(ep, answer));
}

/* The number after "max-age=", or what stands there instead. */
static const char *max_age(struct ep *ep, const char *value)
{
    const char *at = value ? strstr(value, "max-age=") : NULL;
    return at ? ep_text(ep, "%.*s", (int)strspn(at + 8, "0123456789"), at + 8) : "absent";
}

static void transport_security(struct cs_case_run *run)
{
    static const char name[] = "Strict-Transport-Security";
    static const char recorded[] = "3153600000";
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct {
        const char *name;
        struct ep_call call;
    } rows[] = {
        {"success", {.path = ep_api(ep, session->key, ""), .auth = session->token}},
        {"limiter", {.path = ep_api(ep, session->key, "")}},
        {"unauthorized", {.path = ep_realtime(ep, session->key, "in/records")}},
        {"unknown_path", {.path = ep_realtime(ep, session->key, "in/appendx")}},
        {"preflight", {.method = "OPTIONS", .path = ep_api(ep, session->key, "")}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cs_case_observe_as(run, rows[i].name, recorded, "%s",
                           max_age(ep, ep_header(ep_call(ep, &rows[i].call), name)));
    }
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    cs_case_observe_as(run, "stream", recorded, "%s", max_age(ep, ep_sub_header(sub, name)));
    ep_unsubscribe(sub);
}

/* ---- paths ---- */

static void trailing_slash(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    static const char *const methods[] = {"GET", "POST", "PUT"};
    const char *path = ep_realtime(ep, session->key, "in/append");
    for (size_t i = 0; i < 3; i++) {
        const struct ep_answer *answer =
            ep_do(ep, .method = methods[i], .path = ep_text(ep, "%s/", path),
                  .auth = session->token, .body = i ? STOP : NULL);
        const char *location = ep_header_or_absent(answer, "Location");
        size_t len = strlen(location);
        bool same = len >= strlen(path) && !strcmp(location + len - strlen(path), path);
        cs_case_observe_as(run, methods[i], "301 to the path without it", "%d %s", answer->status,
                           same ? "to the path without it" : "elsewhere");
    }
    cs_case_observe_as(run, "records_stored", "0", "%d", ep_drain_count(ep, session, "in"));
}

static void bad_escape(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *key = ep_env(ep)->secret_key;
    static const struct {
        const char *name, *path;
    } rows[] = {{"realtime", "/realtime/v1/sessions/%zz/out"}, {"api", "/api/v1/sessions/%zz"}};
    for (size_t i = 0; i < 2; i++) {
        const struct ep_answer *answer = ep_do(ep, .path = rows[i].path, .auth = key);
        cs_case_observe_as(run, rows[i].name, "400 not JSON", "%d %s", answer->status,
                           answer->json ? "JSON" : "not JSON");
    }
}

/* ---- what requests say ---- */

/* Texts that the schema takes and the database does not. */
static void texts_for_the_database(struct cs_case_run *run)
{
    static const struct {
        const char *name, *text;
    } texts[] = {{"nul", "a\\u0000b"}, {"half_a_pair", "a\\ud800b"}};
    struct ep *ep = ep_of(run);
    for (size_t i = 0; i < 2; i++) {
        const char *text = texts[i].text;
        const char *payload = "\"triggerConfig\":{\"basePayload\":{\"chatId\":\"c\"}}";
        const struct {
            const char *name, *members;
        } fields[] = {
            {"external_id", ep_text(ep, "%s,\"externalId\":\"%s\"", payload, text)},
            {"metadata", ep_text(ep, "%s,\"metadata\":{\"k\":\"%s\"}", payload, text)},
            {"tags", ep_text(ep, "%s,\"tags\":[\"%s\"]", payload, text)},
            {"base_payload",
             ep_text(ep, "\"triggerConfig\":{\"basePayload\":{\"chatId\":\"%s\"}}", text)},
        };
        for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
            const struct ep_answer *answer = ep_post_session(
                ep, ep_text(ep, "{\"type\":\"chat.agent\",\"taskIdentifier\":\"%s\",%s}",
                            ep_env(ep)->task, fields[k].members));
            const char *error = cJSON_GetStringValue(ep_get(answer, "error"));
            cs_case_observe_as(run, ep_text(ep, "%s_in_%s", texts[i].name, fields[k].name),
                               "500 Something went wrong", "%d %s", answer->status,
                               error ? error : "without error");
        }
    }
}

static void repeated_headers(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_write_data(ep, stream, "{}");
    ep_write_control(ep, stream, "turn-complete");
    struct ep_sub *sub =
        ep_open(ep, session, "out", EP_HEADERS("Last-Event-ID: 0", "Last-Event-ID: 0"));
    cs_case_observe_as(run, "two_cursors_begin_at", "0", "%llu",
                       (unsigned long long)ep_next_record(sub)->seq_num);
    ep_unsubscribe(sub);
    sub = ep_subscribe(ep, ep_realtime(ep, session->key, "out"), session->token,
                       EP_HEADERS("Timeout-Seconds: 1", "Timeout-Seconds: 1"));
    cs_case_observe_as(run, "two_timeouts", "400", "%d", sub->status);
    ep_unsubscribe(sub);
    sub = ep_open(ep, session, "out", EP_HEADERS("X-Peek-Settled: 1", "X-Peek-Settled: 1"));
    cs_case_observe_as(run, "two_peeks", "no peek", "%s",
                       ep_sub_header(sub, "X-Session-Settled") ? "peek" : "no peek");
    ep_unsubscribe(sub);
}

#define SK     CS_NEEDS_SECRET_KEY
#define STREAM (CS_NEEDS_SECRET_KEY | CS_NEEDS_STREAM)
const struct cs_case endpoint_observed_error_cases[] = {
    {"endpoint/error/order-of-writes", "Which fault of a write is told first", "ERR-01",
     CS_OBSERVED, SK, 0, order_of_writes},
    {"endpoint/error/order-of-reads", "Which fault of a read is told first", "ERR-02", CS_OBSERVED,
     SK, 0, order_of_reads},
    {"endpoint/error/wrong-method", "A wrong method is 405 and Allow names the right one", "ERR-03",
     CS_OBSERVED, SK, 0, wrong_method},
    {"endpoint/error/reading-post-routes", "GET on a route that is only posted to is a bare 405",
     "ERR-04", CS_OBSERVED, SK, 0, reading_post_routes},
    {"endpoint/error/writing-records", "Records can only be read", "ERR-05", CS_OBSERVED, SK, 0,
     writing_records},
    {"endpoint/error/answers-without-cors", "Answers from below the routes have no CORS headers",
     "ERR-08", CS_OBSERVED, SK, 0, answers_without_cors},
    {"endpoint/error/exposed-headers", "What a page may read of an answer", "ERR-09", CS_OBSERVED,
     SK, 0, exposed_headers},
    {"endpoint/error/trailing-slash", "A slash at the end is redirected away", "ERR-15",
     CS_OBSERVED, SK, 0, trailing_slash},
    {"endpoint/error/bad-escape", "A malformed percent escape is 400", "ERR-16", CS_OBSERVED, SK, 0,
     bad_escape},
    {"endpoint/error/content-types", "Content types of answers", "ERR-18", CS_OBSERVED, SK, 0,
     content_types},
    {"endpoint/error/head-of-get", "HEAD works where GET does", "ERR-19", CS_OBSERVED, SK, 0,
     head_of_get},
    {"endpoint/error/texts-for-the-database", "Texts that the database does not take", "ERR-21",
     CS_OBSERVED, SK, 0, texts_for_the_database},
    {"endpoint/error/repeated-headers", "Repeated request headers are joined", "ERR-23",
     CS_OBSERVED, STREAM, 0, repeated_headers},
    {"endpoint/error/transport-security", "Every answer asks for HTTPS", "ERR-24", CS_OBSERVED, SK,
     0, transport_security},
    {0},
};
