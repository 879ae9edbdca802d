/* ERR: malformed requests, routing, CORS. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>
#include <unistd.h>

#include "net/raw_client.h"

#define ORIGIN "https://app.example"
#define STOP   "{\"kind\":\"stop\"}"

static void preflight(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *paths[] = {"/api/v1/sessions",
                           ep_api(ep, session->key, ""),
                           ep_api(ep, session->key, "/close"),
                           ep_api(ep, session->key, "/end-and-continue"),
                           ep_realtime(ep, session->key, "out"),
                           ep_realtime(ep, session->key, "in/append"),
                           ep_realtime(ep, session->key, "out/records")};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct ep_answer *answer =
            ep_do(ep, .method = "OPTIONS", .path = paths[i],
                  .headers = EP_HEADERS("Origin: " ORIGIN, "Access-Control-Request-Method: POST",
                                        "Access-Control-Request-Headers: authorization,x-part-id"));
        cs_case_check(run, answer->status == 200 || answer->status == 204,
                      "the preflight of %s answered %d, expected 200", paths[i], answer->status);
        const char *origin = ep_header_or_absent(answer, "Access-Control-Allow-Origin");
        const char *headers = ep_header_or_absent(answer, "Access-Control-Allow-Headers");
        const char *methods = ep_header_or_absent(answer, "Access-Control-Allow-Methods");
        const char *max_age = ep_header_or_absent(answer, "Access-Control-Max-Age");
        cs_case_check(run, !strcmp(origin, ORIGIN), "%s allows origin %s", paths[i], origin);
        cs_case_check(run, strcasestr(headers, "x-part-id") && strcasestr(headers, "authorization"),
                      "%s allows headers %s", paths[i], headers);
        static const char *const needed[] = {"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"};
        for (size_t k = 0; k < sizeof needed / sizeof needed[0]; k++) {
            cs_case_check(run, strstr(methods, needed[k]), "%s allows methods %s", paths[i],
                          methods);
        }
        cs_case_check(run, !strcmp(max_age, "300"), "%s holds for %s s, expected 300", paths[i],
                      max_age);
    }
}

static void cors_on_answers(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_session *other = ep_session(ep);
    const struct ep_session *closed = ep_session(ep);
    const char *append = ep_realtime(ep, session->key, "in/append");
    ep_need(ep, ep_close(ep, closed, "{}"));
    const struct {
        const char *path, *auth, *body;
    } calls[] = {
        {append, session->token, STOP},                               /* 200 */
        {ep_realtime(ep, session->key, "foo"), session->token, NULL}, /* 400 */
        {append, NULL, STOP},                                         /* 401 */
        {append, other->token, STOP},                                 /* 403 */
        {ep_realtime(ep, "session_000000000000000000000nope", "in/append"), ep_env(ep)->secret_key,
         STOP},                                                           /* 404 */
        {ep_realtime(ep, closed->key, "in/append"), closed->token, STOP}, /* 409 */
        {ep_api(ep, session->key, "/close"), session->token, "{\"x\":"},  /* 400 of a body */
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const struct ep_answer *answer =
            ep_do(ep, .path = calls[i].path, .auth = calls[i].auth, .body = calls[i].body,
                  .headers = EP_HEADERS("Origin: " ORIGIN));
        const char *origin = ep_header(answer, "Access-Control-Allow-Origin");
        cs_case_check(run, origin && !strcmp(origin, ORIGIN),
                      "a %d answer has Access-Control-Allow-Origin %s, expected the page's origin",
                      answer->status, origin ? origin : "missing");
        const char *vary = ep_header(answer, "Vary");
        cs_case_check(run, vary && strcasestr(vary, "origin"), "a %d answer has Vary %s",
                      answer->status, vary ? vary : "missing");
        answer = ep_do(ep, .path = calls[i].path, .auth = calls[i].auth, .body = calls[i].body);
        cs_case_check(run, !ep_header(answer, "Access-Control-Allow-Origin"),
                      "a %d answer has CORS headers though no Origin was sent", answer->status);
    }
}

static void empty_body(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    ep_expect(ep,
              ep_do(ep, .method = "POST", .path = "/api/v1/sessions",
                    .auth = ep_env(ep)->secret_key, .body = ""),
              400);
    ep_accept(ep, ep_post_session(ep, ep_create_body(ep, NULL, NULL)));
}

static void malformed_json(struct cs_case_run *run)
{
    static const char *const bad[] = {"{",     "nonsense", "{\"type\":}", "null",
                                      "false", "0",        "\"\"",        "[]"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ep_expect(ep, ep_post_session(ep, bad[i]), 400);
        const struct ep_answer *patched =
            ep_do(ep, .method = "PATCH", .path = ep_api(ep, session->id, ""),
                  .auth = ep_env(ep)->secret_key, .body = bad[i]);
        ep_expect(ep, ep_allowed(ep, patched), 400);
        ep_expect(ep, ep_close(ep, session, bad[i]), 400);
    }
    ep_accept(ep, ep_close(ep, session, "{}"));
}

static void schema_errors(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *key = ep_env(ep)->secret_key;
    const char *bad = ep_text(ep, "{\"type\":7,\"taskIdentifier\":\"%s\",\"triggerConfig\":{}}",
                              ep_env(ep)->task);
    const struct ep_call calls[] = {
        {.path = "/api/v1/sessions", .body = bad},
        {.method = "PATCH", .path = ep_api(ep, session->id, ""), .body = "{\"tags\":7}"},
        {.path = ep_api(ep, session->id, "/end-and-continue"), .body = "{\"callingRunId\":7}"},
        {.path = ep_api(ep, session->id, "/close"), .body = "{\"reason\":7}"},
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct ep_call call = calls[i];
        call.auth = key;
        const struct ep_answer *answer = ep_allowed(ep, ep_call(ep, &call));
        const char *text = ep_get_text(ep, ep_expect(ep, answer, 400), "error");
        cs_case_check(run, *text, "a schema error has an empty \"error\"");
    }
    ep_accept(ep, ep_close(ep, session, "{}"));
    ep_accept(ep, ep_post_session(ep, ep_create_body(ep, NULL, NULL)));
}

static void bad_channel(struct cs_case_run *run)
{
    static const char *const bad[] = {"foo", "OUT", "in%20"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (int i = 0; i < 3; i++) {
        ep_expect(ep,
                  ep_do(ep, .path = ep_realtime(ep, session->key, bad[i]), .auth = session->token),
                  400);
    }
    ep_append_need(ep, session, STOP);
    ep_drain(ep, session, "in");
}

static void unknown_paths(struct cs_case_run *run)
{
    static const char *const bad[] = {"in/appendx", "out/append/x", "in/records/1"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (int i = 0; i < 3; i++) {
        ep_expect(ep,
                  ep_do(ep, .path = ep_realtime(ep, session->key, bad[i]), .auth = session->token,
                        .body = STOP),
                  404);
    }
}

/* Sends raw bytes; the connection must be answered or closed in time, and the server live on. */
static void abuse(struct ep *ep, const struct ep_session *session, const char *what,
                  const char *bytes, const char *expected_statuses)
{
    struct cs_case_run *run = ep_run(ep);
    struct cs_diag diag;
    int fd = cs_raw_connect(ep_env(ep)->url, ep_env(ep)->patience_ms, &diag);
    if (fd < 0) {
        cs_case_error(run, "%s", diag.text);
    }
    cs_case_evidence(run, "sent", what, cs_view_str(bytes));
    enum cs_err err = cs_raw_send(fd, cs_view_str(bytes), ep_env(ep)->patience_ms);
    struct cs_buf answer = CS_BUF((size_t)65536);
    if (!err || err == CS_ERR_CLOSED) {
        err = cs_raw_read(fd, CS_VIEW("\r\n\r\n"), ep_env(ep)->patience_ms, &answer);
    }
    close(fd);
    cs_case_evidence(run, "received", what, cs_buf_view(&answer));
    /* "HTTP/1.1 400 ..."; 0 when the connection just ended */
    uint64_t status = 0;
    bool is_http = answer.len == 0 ||
                   (answer.len > 12 && !cs_view_u64(cs_view_of(answer.ptr + 9, 3), &status));
    cs_buf_free(&answer);
    cs_case_check(run, err != CS_ERR_TIMEOUT, "%s: neither an answer nor an end in time", what);
    cs_case_check(run, is_http, "%s: the answer has no status", what);
    bool expected = status == 0 || strstr(expected_statuses, ep_text(ep, "%" PRIu64, status));
    cs_case_check(run, expected,
                  "%s answered %" PRIu64 ", expected one of %s or a closed connection", what,
                  status, expected_statuses);
    cs_case_observe(run, what, "%" PRIu64, status);
    cs_case_check(run, ep_drain_count(ep, session, "in") == 0, "%s left a record", what);
}

/* A body that ends before its Content-Length: the client has gone, and nothing may be stored. */
static void cut_short(struct ep *ep, const struct ep_session *session, const char *bytes)
{
    struct cs_case_run *run = ep_run(ep);
    struct cs_diag diag;
    int fd = cs_raw_connect(ep_env(ep)->url, ep_env(ep)->patience_ms, &diag);
    if (fd < 0) {
        cs_case_error(run, "%s", diag.text);
    }
    cs_case_evidence(run, "sent", "a body shorter than its Content-Length", cs_view_str(bytes));
    enum cs_err err = cs_raw_send(fd, cs_view_str(bytes), ep_env(ep)->patience_ms);
    close(fd);
    if (err) {
        cs_case_error(run, "the beginning of a request could not be sent");
    }
    cs_case_check(run, ep_drain_count(ep, session, "in") == 0, "half a body left a record");
    ep_accept(ep, ep_append(ep, session, NULL, STOP));
}

static void http_abuse(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *head =
        ep_text(ep, "POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n",
                ep_realtime(ep, session->key, "in/append"), session->token);
    abuse(ep, session, "both Content-Length and Transfer-Encoding",
          ep_text(ep,
                  "%sContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                  head),
          "400 403 413 501");
    abuse(ep, session, "bad chunk framing",
          ep_text(ep, "%sTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", head),
          "400 413");
    abuse(ep, session, "a header block over 16 KiB",
          ep_text(ep, "%sX-Big: %s\r\nContent-Length: 2\r\n\r\n{}", head, ep_fill(ep, 'x', 20000)),
          "400 413 431");
    cut_short(ep, session, ep_text(ep, "%sContent-Length: 100\r\n\r\n{\"kind\":", head));
}

static void stays_available(struct cs_case_run *run)
{
    static const char *const junk[] = {"\xff\xfe", "{\"a\":", "[[[[[[[[", "\x00", "{}{}"};
    struct ep *ep = ep_of(run);
    const struct ep_session *canary = ep_session(ep);
    struct ep_sub *sub = ep_open(ep, canary, "in", NULL);
    ep_append_need(ep, canary, STOP);
    ep_next_record(sub);
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        ep_post_session(ep, junk[i]);
        ep_do(ep, .path = ep_text(ep, "/api/v1/sessions/%s", ep_encode(ep, junk[i])),
              .auth = junk[i][0] >= ' ' ? junk[i] : "x");
        ep_do(ep, .path = ep_api(ep, canary->key, "/end-and-continue"), .auth = canary->token,
              .body = junk[i]);
    }
    ep_accept(ep, ep_append(ep, canary, NULL, STOP));
    ep_expect_record(sub);
    ep_unsubscribe(sub);
}

static void errors_say_nothing_internal(struct cs_case_run *run)
{
    static const char *const leaks[] = {"    at ",   "node_modules", "SELECT ", "prisma",
                                        "Traceback", "/usr/",        "/home/",  "127.0.0.1:"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *odd = ep_fill(ep, 'z', 3000);
    const struct ep_answer *answers[] = {
        ep_do(ep, .path = ep_realtime(ep, odd, "out/records"), .auth = ep_env(ep)->secret_key),
        ep_do(ep,
              .path = ep_realtime(ep, session->key, "in/records?afterEventId=99999999999999999999"),
              .auth = session->token),
        ep_post_session(ep, "{\"type\":\"\\u0000\",\"taskIdentifier\":\"\\ud800\","
                            "\"triggerConfig\":{\"basePayload\":{}}}"),
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        const char *body = ep_text(ep, "%.*s", CS_VIEW_ARG(answers[i]->body));
        cs_case_observe(run, ep_text(ep, "status_%zu", i), "%d", answers[i]->status);
        for (size_t k = 0; k < sizeof leaks / sizeof leaks[0]; k++) {
            cs_case_check(run, !strstr(body, leaks[k]), "a %d answer lets out \"%s\"",
                          answers[i]->status, leaks[k]);
        }
    }
}

#define SK CS_NEEDS_SECRET_KEY
const struct cs_case endpoint_error_cases[] = {
    {"endpoint/error/preflight", "OPTIONS answers a page's preflight without a token", "ERR-06",
     CS_MUST, SK, 0, preflight},
    {"endpoint/error/cors-on-answers", "Answers and errors can be read by a page", "ERR-07",
     CS_MUST, SK, 0, cors_on_answers},
    {"endpoint/error/empty-body", "An empty body where JSON is needed is 400", "ERR-10", CS_MUST,
     SK, 0, empty_body},
    {"endpoint/error/malformed-json", "Malformed JSON is 400", "ERR-11", CS_MUST, SK, 0,
     malformed_json},
    {"endpoint/error/schema-errors", "Schema errors are 400 with a text", "ERR-12", CS_MUST, SK, 0,
     schema_errors},
    {"endpoint/error/bad-channel", "Channels other than in and out are 400", "ERR-13", CS_MUST, SK,
     0, bad_channel},
    {"endpoint/error/unknown-paths", "Unknown paths are 404", "ERR-14", CS_MUST, SK, 0,
     unknown_paths},
    {"endpoint/error/nothing-internal", "Errors let out nothing internal", "ERR-17", CS_MUST, SK, 0,
     errors_say_nothing_internal},
    {"endpoint/error/http-abuse", "Broken HTTP is refused without a hang", "ERR-20", CS_MUST, SK, 0,
     http_abuse},
    {"endpoint/error/stays-available", "Malformed input disturbs nobody else", "ERR-25", CS_MUST,
     SK, 0, stays_available},
    {0},
};
