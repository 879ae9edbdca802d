/* What stands before every route of the reference endpoint: methods, paths, sizes, CORS, rates; and
 * snapshots and transcripts. */
#include "endpoint_rules.h"

#include "endpoint/policy/policy.h"
#include "net/raw_client.h"

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
        cmocka_unit_test(preflights_are_answered_on_every_route),
        cmocka_unit_test(answers_reflect_the_origin),
        cmocka_unit_test(wrong_methods_are_405),
        cmocka_unit_test(odd_paths_are_told_apart),
        cmocka_unit_test(json_bodies_are_read_strictly),
        cmocka_unit_test(bodies_are_limited_by_their_length),
        cmocka_unit_test(lengths_must_be_said),
        cmocka_unit_test(snapshots_go_through_signed_urls),
        cmocka_unit_test(transcripts_show_the_snapshot),
        cmocka_unit_test(rates_are_told_and_kept),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
