/* HTTP on the event loop, against scripted bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/loop_http.h"
#include "tests/canned.h"

#define PATIENCE_MS 10000
#define OK_HEAD     "HTTP/1.1 200 OK\r\nContent-Type: text/x\r\n"

struct fixture {
    struct cs_loop *loop;
    struct cs_loop_http *http;
    struct canned *canned;
};

/* One request and what its hooks were told. */
struct asked {
    struct cs_loop_request *request;
    struct fixture *fixture;
    int status;
    char type[64];
    struct cs_buf body;
    size_t largest; /* piece of the body */
    const char *at; /* where refused bytes stand */
    size_t refuse;  /* so many pieces */
    size_t n_refused;
    char cancel_in;   /* 'h', 'b': the hook cancels the request */
    bool more_at_end; /* on_end starts `next` */
    struct asked *next;
    bool ended;
    enum cs_err err;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    assert_non_null(fixture);
    fixture->loop = cs_loop_new();
    assert_non_null(fixture->loop);
    fixture->http = cs_loop_http_new(fixture->loop);
    return fixture->http ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cs_loop_http_free(fixture->http);
    cs_loop_free(fixture->loop);
    if (fixture->canned) {
        canned_free(fixture->canned);
    }
    free(fixture);
    return 0;
}

#define UNTIL(fixture, condition)                                           \
    do {                                                                    \
        int64_t until_ = cs_loop_now((fixture)->loop) + PATIENCE_MS;        \
        while (!(condition)) {                                              \
            assert_true(cs_loop_now((fixture)->loop) < until_);             \
            cs_loop_run((fixture)->loop, cs_loop_now((fixture)->loop) + 1); \
        }                                                                   \
    } while (0)

static void start(struct fixture *fixture, struct asked *asked,
                  const struct cs_loop_http_request *request);

static void on_head(void *ctx, int status, struct cs_view type)
{
    struct asked *asked = ctx;
    asked->status = status;
    snprintf(asked->type, sizeof asked->type, "%.*s", CS_VIEW_ARG(type));
    if (asked->cancel_in == 'h') {
        cs_loop_request_cancel(asked->request);
        asked->ended = true;
    }
}

static bool on_body(void *ctx, struct cs_view bytes)
{
    struct asked *asked = ctx;
    assert_true(asked->n_refused == 0 || asked->at == NULL || asked->at == bytes.ptr);
    asked->at = NULL;
    if (asked->cancel_in == 'b') {
        cs_loop_request_cancel(asked->request);
        asked->ended = true;
        return true;
    }
    if (asked->n_refused < asked->refuse) {
        asked->n_refused++;
        asked->at = bytes.ptr;
        return false;
    }
    asked->largest = bytes.len > asked->largest ? bytes.len : asked->largest;
    cs_buf_add(&asked->body, bytes);
    return true;
}

static void on_end(void *ctx, enum cs_err err, int status, const char *why)
{
    struct asked *asked = ctx;
    asked->ended = true;
    asked->err = err;
    asked->status = status;
    assert_true((err == CS_OK) == (why[0] == '\0'));
    if (asked->more_at_end) {
        start(asked->fixture, asked->next, &(struct cs_loop_http_request){0});
    }
}

/* `request` without a URL goes to the scripted server. */
static void start(struct fixture *fixture, struct asked *asked,
                  const struct cs_loop_http_request *request)
{
    const struct cs_loop_http_hooks hooks = {
        .on_head = on_head, .on_body = on_body, .on_end = on_end, .ctx = asked};
    struct cs_loop_http_request how = *request;
    char url[128];
    snprintf(url, sizeof url, "%s/x", fixture->canned ? fixture->canned->url : "");
    how.url = how.url ? how.url : url;
    asked->fixture = fixture;
    asked->body = CS_BUF((size_t)8 << 20);
    asked->request = cs_loop_http_start(fixture->http, &how, &hooks);
    assert_non_null(asked->request);
    assert_false(asked->ended); /* no hook from inside */
}

static void ask(struct fixture *fixture, struct asked *asked,
                const struct cs_loop_http_request *request)
{
    start(fixture, asked, request);
    UNTIL(fixture, asked->ended);
}

static void assert_body(struct asked *asked, const char *text)
{
    assert_true(cs_view_eq(cs_buf_view(&asked->body), cs_view_str(text)));
    cs_buf_free(&asked->body);
}

static void an_answer_comes_in_pieces_through_the_hooks(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {
        {.bytes = "HTTP/1.1 103 Early\r\nContent-Type: no\r\n\r\n" OK_HEAD
                  "Content-Length: 5\r\n\r\nhello"}};
    fixture->canned = CANNED(steps);
    struct asked asked = {0};
    const char *headers[] = {"X-A: b"};
    ask(fixture, &asked,
        &(struct cs_loop_http_request){.headers = headers,
                                       .n_headers = 1,
                                       .body = CS_VIEW("{}"),
                                       .has_body = true,
                                       .timeout_ms = PATIENCE_MS});
    assert_int_equal(asked.err, CS_OK);
    assert_int_equal(asked.status, 200);
    assert_string_equal(asked.type, "text/x");
    assert_body(&asked, "hello");
    canned_stop(fixture->canned);
    const char *text = fixture->canned->requests[0].text;
    assert_non_null(strstr(text, "POST /x HTTP/1.1\r\n"));
    assert_non_null(strstr(text, "X-A: b\r\n"));
    assert_non_null(strstr(text, "Content-Length: 2\r\n"));
    assert_non_null(strstr(text, "\r\n\r\n{}"));
    assert_null(strstr(text, "Expect"));
}

static void connections_are_used_again(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {
        {.bytes = OK_HEAD "Content-Length: 1\r\n\r\na", .end = CANNED_KEEP},
        {.bytes = OK_HEAD "Content-Length: 1\r\n\r\nb", .end = CANNED_KEEP}};
    fixture->canned = CANNED(steps);
    struct asked second = {0};
    struct asked first = {.more_at_end = true, .next = &second};
    ask(fixture, &first, &(struct cs_loop_http_request){0});
    UNTIL(fixture, second.ended);
    assert_body(&first, "a");
    assert_body(&second, "b");
    canned_stop(fixture->canned);
    assert_int_equal(fixture->canned->requests[1].connection, 1);
}

static void refused_bytes_stay_where_they_are(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {{.bytes = OK_HEAD "Content-Length: 5\r\n\r\nhello"}};
    fixture->canned = CANNED(steps);
    struct asked asked = {.refuse = 3};
    start(fixture, &asked, &(struct cs_loop_http_request){0});
    for (size_t n = 1; n <= 3; n++) {
        UNTIL(fixture, asked.n_refused == n);
        cs_loop_run(fixture->loop, 0);
        assert_false(asked.ended);
        cs_loop_request_resume(asked.request);
    }
    UNTIL(fixture, asked.ended);
    assert_int_equal(asked.err, CS_OK);
    assert_body(&asked, "hello");
}

static void a_flood_waits_in_the_socket(void **state)
{
    struct fixture *fixture = *state;
    static const char head[] = OK_HEAD "Content-Length: 4194304\r\n\r\n";
    size_t len = sizeof head - 1 + 4194304;
    char *bytes = calloc(1, len);
    assert_non_null(bytes);
    memcpy(bytes, head, sizeof head - 1);
    const struct canned_step steps[] = {{.bytes = bytes, .len = len}};
    fixture->canned = CANNED(steps);
    struct asked asked = {.refuse = 1};
    start(fixture, &asked, &(struct cs_loop_http_request){.idle_ms = PATIENCE_MS});
    UNTIL(fixture, asked.n_refused == 1);
    for (int i = 0; i < 20; i++) {
        cs_loop_run(fixture->loop, cs_loop_now(fixture->loop) + 1);
    }
    cs_loop_request_resume(asked.request);
    UNTIL(fixture, asked.ended);
    assert_int_equal(asked.err, CS_OK);
    assert_int_equal(asked.body.len, 4194304);
    assert_in_range(asked.largest, 1, CS_LOOP_HTTP_HELD);
    cs_buf_free(&asked.body);
    canned_stop(fixture->canned); /* its threads read `bytes` */
    free(bytes);
}

static void a_hook_may_cancel_its_own_request(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {
        {.bytes = OK_HEAD "Content-Length: 9\r\n\r\nhello", .end = CANNED_HOLD},
        {.bytes = OK_HEAD "Content-Length: 9\r\n\r\nhello", .end = CANNED_HOLD},
        {.bytes = "", .end = CANNED_HOLD}};
    fixture->canned = CANNED(steps);
    struct asked in_head = {.cancel_in = 'h'};
    struct asked in_body = {.cancel_in = 'b'};
    struct asked before = {0};
    ask(fixture, &in_head, &(struct cs_loop_http_request){0});
    ask(fixture, &in_body, &(struct cs_loop_http_request){0});
    start(fixture, &before, &(struct cs_loop_http_request){0});
    cs_loop_request_cancel(before.request);
    cs_loop_run(fixture->loop, 0);
    assert_false(before.ended);
}

static void what_is_open_is_dropped_with_the_client(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {
        {.bytes = OK_HEAD "Content-Length: 9\r\n\r\nhello", .end = CANNED_HOLD}};
    fixture->canned = CANNED(steps);
    struct asked asked = {0};
    start(fixture, &asked, &(struct cs_loop_http_request){0});
    UNTIL(fixture, asked.body.len == 5);
    cs_loop_http_free(fixture->http);
    fixture->http = NULL;
    cs_loop_run(fixture->loop, 0);
    assert_false(asked.ended);
    cs_buf_free(&asked.body);
}

static void failures_are_told_by_kind(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        struct canned_step step;
        int64_t timeout_ms, idle_ms;
        enum cs_err err;
    } rows[] = {
        {{.bytes = ""}, 0, 0, CS_ERR_CLOSED},
        {{.bytes = "", .end = CANNED_RESET}, 0, 0, CS_ERR_CLOSED},
        {{.bytes = OK_HEAD "Content-Length: 9\r\n\r\nhello"}, 0, 0, CS_ERR_CLOSED},
        {{.bytes = OK_HEAD}, 0, 0, CS_ERR_CLOSED},
        {{.bytes = OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n"}, 0, 0, CS_ERR_SYNTAX},
        {{.bytes = "what?\r\n\r\n"}, 0, 0, CS_ERR_SYNTAX},
        {{.bytes = "", .end = CANNED_HOLD}, 50, 0, CS_ERR_TIMEOUT},
        {{.bytes = "", .end = CANNED_HOLD}, 0, 50, CS_ERR_TIMEOUT},
        {{.bytes = OK_HEAD "\r\nhello", .end = CANNED_HOLD}, 0, 50, CS_ERR_TIMEOUT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct asked asked = {0};
        fixture->canned = canned_start(&rows[i].step, 1);
        ask(fixture, &asked,
            &(struct cs_loop_http_request){.timeout_ms = rows[i].timeout_ms,
                                           .idle_ms = rows[i].idle_ms});
        if (asked.err != rows[i].err) {
            fail_msg("row %zu ended with %s", i, cs_err_name(asked.err));
        }
        cs_buf_free(&asked.body);
        canned_free(fixture->canned);
        fixture->canned = NULL;
    }
}

static void nobody_at_the_other_end(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {{.bytes = ""}};
    struct canned *gone = CANNED(steps);
    char url[128];
    snprintf(url, sizeof url, "%s/x", gone->url);
    canned_free(gone);
    struct asked refused = {0};
    struct asked no_url = {0};
    struct asked scheme = {0};
    ask(fixture, &refused, &(struct cs_loop_http_request){.url = url});
    ask(fixture, &no_url, &(struct cs_loop_http_request){.url = "http://"});
    ask(fixture, &scheme, &(struct cs_loop_http_request){.url = "file:///etc/passwd"});
    assert_int_equal(refused.err, CS_ERR_CONNECT);
    assert_int_equal(no_url.err, CS_ERR_USAGE);
    assert_int_equal(scheme.err, CS_ERR_USAGE);
}

/* A kept connection that dies under the second request. */
static void a_request_that_may_go_out_once_does(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {
        {.bytes = OK_HEAD "Content-Length: 1\r\n\r\na", .end = CANNED_KEEP},
        {.bytes = "", .end = CANNED_CLOSE},
        {.bytes = OK_HEAD "Content-Length: 1\r\n\r\nb", .end = CANNED_KEEP}};
    for (int once = 0; once < 2; once++) {
        struct asked first = {0};
        struct asked second = {0};
        struct cs_loop_http_request request = {
            .body = CS_VIEW("{}"), .has_body = true, .once = once};
        fixture->canned = CANNED(steps);
        ask(fixture, &first, &request);
        ask(fixture, &second, &request);
        canned_stop(fixture->canned);
        assert_int_equal(second.err, once ? CS_ERR_CLOSED : CS_OK);
        assert_int_equal(fixture->canned->n_requests, once ? 2 : 3);
        cs_buf_free(&first.body);
        cs_buf_free(&second.body);
        canned_free(fixture->canned);
        fixture->canned = NULL;
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_answer_comes_in_pieces_through_the_hooks),
        T(connections_are_used_again),
        T(refused_bytes_stay_where_they_are),
        T(a_flood_waits_in_the_socket),
        T(a_hook_may_cancel_its_own_request),
        T(what_is_open_is_dropped_with_the_client),
        T(failures_are_told_by_kind),
        T(nobody_at_the_other_end),
        T(a_request_that_may_go_out_once_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
