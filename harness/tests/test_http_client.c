/* The HTTP client and the bare TCP client against scripted bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/http_client.h"
#include "net/raw_client.h"
#include "tests/canned.h"

#define WAIT_MS 10000

struct fixture {
    struct cs_http *http;
    struct canned *canned;
    struct cs_exchange *exchange;
    char url[256];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture) {
        return -1;
    }
    *state = fixture; /* tear_down runs after a failed set-up too */
    fixture->http = cs_http_new();
    return fixture->http ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cs_exchange_free(fixture->exchange);
    cs_http_free(fixture->http);
    if (fixture->canned) {
        canned_free(fixture->canned);
    }
    free(fixture);
    return 0;
}

static const char *url_of(struct fixture *fixture, const char *path)
{
    snprintf(fixture->url, sizeof fixture->url, "%s%s", fixture->canned->url, path);
    return fixture->url;
}

/* Starts the server with one step and a GET of `path`. */
static struct cs_exchange *get_from(struct fixture *fixture, const struct canned_step *step,
                                    size_t max_body)
{
    fixture->canned = canned_start(step, 1);
    struct cs_http_request request = {.url = url_of(fixture, "/x"), .max_body = max_body};
    fixture->exchange = cs_http_start(fixture->http, &request);
    assert_non_null(fixture->exchange);
    return fixture->exchange;
}

#define assert_view(view, text) assert_view_at((view), (text), sizeof(text) - 1, __FILE__, __LINE__)
static void assert_view_at(struct cs_view view, const char *text, size_t len, const char *file,
                           int line)
{
    if (!cs_view_eq(view, cs_view_of(text, len))) {
        print_error("got: %.*s\n", CS_VIEW_ARG(view));
        _fail(file, line);
    }
}

static void test_answer_and_evidence(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  one \r\nx-a: two\r\nX-Empty:\r\n"
                  "\r\nhello"}};
    struct cs_exchange *exchange = get_from(fixture, steps, 0);
    assert_int_equal(cs_exchange_wait_end(exchange, WAIT_MS), CS_OK);
    assert_int_equal(cs_exchange_status(exchange), 200);
    assert_view(cs_exchange_body(exchange), "hello");
    assert_int_equal(cs_exchange_received(exchange), 5);
    assert_string_equal(cs_exchange_header(exchange, "X-a"), "one, two");
    assert_ptr_equal(cs_exchange_header(exchange, "x-A"), cs_exchange_header(exchange, "X-a"));
    assert_int_equal(cs_exchange_header_count(exchange, "x-a"), 2);
    assert_string_equal(cs_exchange_header(exchange, "x-empty"), "");
    assert_null(cs_exchange_header(exchange, "x-none"));
    assert_string_equal(cs_exchange_error(exchange), "");
    assert_true(cs_exchange_ended(exchange));
    struct cs_exchange_times times = cs_exchange_times(exchange);
    assert_true(times.connected >= 0 && times.head >= times.connected && times.end >= times.head);

    canned_stop(fixture->canned);
    struct cs_view sent = cs_exchange_sent(exchange);
    assert_int_equal(fixture->canned->n_requests, 1);
    assert_int_equal(sent.len, fixture->canned->requests[0].len);
    assert_memory_equal(sent.ptr, fixture->canned->requests[0].text, sent.len);
    assert_view(cs_exchange_head(exchange), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  one \r\n"
                                            "x-a: two\r\nX-Empty:\r\n\r\n");
}

static void test_request_is_what_was_asked_for(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {{.bytes = "HTTP/1.1 204 No Content\r\n\r\n"},
                                               {.bytes = "HTTP/1.1 204 No Content\r\n\r\n"},
                                               {.bytes = "HTTP/1.1 204 No Content\r\n\r\n"},
                                               {.bytes = "HTTP/1.1 204 No Content\r\n\r\n"}};
    static const char *const headers[] = {"X-One: 1", "X-Empty;", "User-Agent:", "Accept:"};
    fixture->canned = CANNED(steps);
    const struct cs_http_request requests[] = {
        {.method = "POST",
         .url = url_of(fixture, "/a/../b%2fc//?q=%2F#frag"),
         .headers = headers,
         .n_headers = 4,
         .body = CS_VIEW("b\0dy"),
         .has_body = true},
        {.method = "PUT", .url = fixture->url, .has_body = true},
        {.method = "POST", .url = fixture->url},
        {.method = "PATCH",
         .url = fixture->url,
         .body = CS_VIEW("{}"),
         .has_body = true,
         .chunked = true}};
    for (size_t i = 0; i < 4; i++) {
        fixture->exchange = cs_http_start(fixture->http, &requests[i]);
        assert_int_equal(cs_exchange_wait_end(fixture->exchange, WAIT_MS), CS_OK);
        assert_int_equal(cs_exchange_status(fixture->exchange), 204);
        cs_exchange_free(fixture->exchange);
        fixture->exchange = NULL;
    }
    canned_stop(fixture->canned);
    const char *host = fixture->canned->url + strlen("http://");
    char want[512];
    int len = snprintf(want, sizeof want,
                       "POST /a/../b%%2fc//?q=%%2F HTTP/1.1\r\nHost: %s\r\nX-One: 1\r\nX-Empty:\r\n"
                       "Content-Length: 4\r\n\r\nb",
                       host);
    assert_int_equal(fixture->canned->requests[0].len, len + 3);
    assert_memory_equal(fixture->canned->requests[0].text, want, (size_t)len);
    assert_memory_equal(fixture->canned->requests[0].text + len, "\0dy", 3);
    assert_non_null(strstr(fixture->canned->requests[1].text, "PUT "));
    assert_non_null(strstr(fixture->canned->requests[1].text, "\r\nContent-Length: 0\r\n"));
    assert_null(strstr(fixture->canned->requests[2].text, "Content-Length"));
    assert_null(strstr(fixture->canned->requests[2].text, "Content-Type"));
    assert_non_null(
        strstr(fixture->canned->requests[3].text, "\r\nTransfer-Encoding: chunked\r\n"));
    assert_non_null(strstr(fixture->canned->requests[3].text, "\r\n\r\n2\r\n{}\r\n0\r\n\r\n"));
    assert_null(strstr(fixture->canned->requests[3].text, "Content-Length"));
}

static void test_large_body_goes_out_whole(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {{.bytes = "HTTP/1.1 204 No Content\r\n\r\n"}};
    const size_t len = 3 * 1024 * 1024;
    char *body = malloc(len);
    assert_non_null(body);
    for (size_t i = 0; i < len; i++) {
        body[i] = (char)('a' + i % 23);
    }
    fixture->canned = CANNED(steps);
    struct cs_http_request request = {
        .method = "POST", .url = url_of(fixture, "/"), .body = {body, len}, .has_body = true};
    fixture->exchange = cs_http_start(fixture->http, &request);
    enum cs_err err = cs_exchange_wait_end(fixture->exchange, WAIT_MS);
    canned_stop(fixture->canned);
    struct canned_request *got = &fixture->canned->requests[0];
    bool same = got->len > len && memcmp(got->text + got->len - len, body, len) == 0;
    free(body);
    assert_int_equal(err, CS_OK);
    assert_true(same);
    assert_null(strstr(got->text, "Expect"));
    struct cs_view sent = cs_exchange_sent(fixture->exchange);
    assert_int_equal(sent.len, got->len - len + (size_t)64 * 1024);
}

static void wait_until_left(struct canned *canned)
{
    pthread_mutex_lock(&canned->lock);
    while (canned->n_left == 0) {
        pthread_cond_wait(&canned->changed, &canned->lock);
    }
    pthread_mutex_unlock(&canned->lock);
}

static void test_body_in_pieces(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {
        {.bytes =
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3;x=y\r\nefg\r\n",
         .end = CANNED_HOLD}};
    struct cs_exchange *exchange = get_from(fixture, steps, 0);
    assert_int_equal(cs_exchange_wait_head(exchange, WAIT_MS), CS_OK);
    assert_false(cs_exchange_ended(exchange));
    char got[16] = "";
    while (strlen(got) < 7) {
        struct cs_view bytes;
        assert_int_equal(cs_exchange_read(exchange, WAIT_MS, &bytes), CS_OK);
        strncat(got, bytes.ptr, bytes.len);
    }
    assert_string_equal(got, "abcdefg");
    assert_int_equal(cs_exchange_body(exchange).len, 0);
    struct cs_view bytes;
    assert_int_equal(cs_exchange_read(exchange, 20, &bytes), CS_ERR_TIMEOUT);
    assert_int_equal(cs_exchange_wait_end(exchange, 20), CS_ERR_TIMEOUT);
    assert_true(strlen(cs_exchange_error(exchange)) > 0);
    assert_false(cs_exchange_ended(exchange));
    cs_exchange_cancel(exchange);
    assert_true(cs_exchange_ended(exchange));
    assert_int_equal(cs_exchange_read(exchange, 0, &bytes), CS_ERR_CLOSED);
    assert_int_equal(cs_exchange_received(exchange), 7);
    wait_until_left(fixture->canned);
}

static void test_free_closes_the_connection(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {
        {.bytes = "HTTP/1.1 200 OK\r\n\r\nbody", .end = CANNED_HOLD}};
    struct cs_exchange *exchange = get_from(fixture, steps, 0);
    assert_int_equal(cs_exchange_wait_head(exchange, WAIT_MS), CS_OK);
    cs_exchange_free(exchange);
    fixture->exchange = NULL;
    wait_until_left(fixture->canned);
    cs_exchange_free(NULL);
}

static void test_clean_end_reads_empty(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {{.bytes = "HTTP/1.1 200 OK\r\n\r\nuntil close"}};
    struct cs_exchange *exchange = get_from(fixture, steps, 0);
    struct cs_view bytes;
    assert_int_equal(cs_exchange_wait_end(exchange, WAIT_MS), CS_OK);
    assert_int_equal(cs_exchange_read(exchange, 0, &bytes), CS_OK);
    assert_view(bytes, "until close");
    assert_int_equal(cs_exchange_read(exchange, 0, &bytes), CS_OK);
    assert_int_equal(bytes.len, 0);
}

static void test_interim_answers(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {
        {.bytes = "HTTP/1.1 100 Continue\r\nX-A: no\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"
                  "HTTP/1.1 404 Nope\r\nContent-Length: 0\r\nX-A: yes\r\n\r\n"}};
    struct cs_exchange *exchange = get_from(fixture, steps, 0);
    assert_int_equal(cs_exchange_wait_end(exchange, WAIT_MS), CS_OK);
    assert_int_equal(cs_exchange_status(exchange), 404);
    assert_string_equal(cs_exchange_header(exchange, "x-a"), "yes");
    assert_view(cs_view_of(cs_exchange_head(exchange).ptr, 21), "HTTP/1.1 100 Continue");
}

static void test_nothing_is_followed_or_decoded(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {
        {.bytes = "HTTP/1.1 307 Elsewhere\r\nLocation: /y\r\nContent-Encoding: gzip\r\n"
                  "Content-Length: 4\r\n\r\nnogz"}};
    struct cs_exchange *exchange = get_from(fixture, steps, 0);
    assert_int_equal(cs_exchange_wait_end(exchange, WAIT_MS), CS_OK);
    assert_int_equal(cs_exchange_status(exchange), 307);
    assert_view(cs_exchange_body(exchange), "nogz");
    canned_stop(fixture->canned);
    assert_int_equal(fixture->canned->n_requests, 1);
}

/* What is answered, and what the exchange must end with. */
struct ending {
    struct canned_step step;
    size_t max_body;
    enum cs_err want;
    bool head; /* a head was there */
};

static const struct ending endings[] = {
    {{.bytes = "", .end = CANNED_CLOSE}, 0, CS_ERR_CLOSED, false},
    {{.bytes = "", .end = CANNED_RESET}, 0, CS_ERR_CLOSED, false},
    {{.bytes = "HTTP/1.1 200"}, 0, CS_ERR_CLOSED, false},
    {{.bytes = "HTTP/1.1 200 OK\r\nContent-Le"}, 0, CS_ERR_CLOSED, false},
    {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"}, 0, CS_ERR_CLOSED, true},
    {{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
     0,
     CS_ERR_CLOSED,
     true},
    {{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"},
     0,
     CS_ERR_SYNTAX,
     true},
    {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhello"}, 0, CS_ERR_SYNTAX, false},
    {{.bytes = "just text\r\n"}, 0, CS_ERR_SYNTAX, false},
    {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"}, 4, CS_ERR_LIMIT, true},
    {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"}, 5, CS_OK, true},
};

static void test_endings(void **state)
{
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct fixture fixture = *(struct fixture *)*state;
        struct cs_exchange *exchange = get_from(&fixture, &endings[i].step, endings[i].max_body);
        enum cs_err got = cs_exchange_wait_end(exchange, WAIT_MS);
        bool head = cs_exchange_status(exchange) == 200;
        bool head_ok = cs_exchange_wait_head(exchange, 0) == CS_OK;
        bool says_why = strlen(cs_exchange_error(exchange)) > 0;
        if (got != endings[i].want || head != endings[i].head || head_ok != head ||
            says_why != (got != CS_OK)) {
            print_error("row %zu: %s, head %d, \"%s\"\n", i, cs_err_name(got), head,
                        cs_exchange_error(exchange));
            fail();
        }
        cs_exchange_free(exchange);
        canned_free(fixture.canned);
    }
}

static void test_head_limits(void **state)
{
    for (int many = 0; many <= 1; many++) {
        struct fixture fixture = *(struct fixture *)*state;
        struct cs_buf head = CS_BUF((size_t)1024 * 1024);
        cs_buf_str(&head, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 5000; i++) { /* one line of 350 KB, or 5000 of 70 bytes */
            cs_buf_str(&head, many || i == 0 ? "X-Long: " : "--------");
            cs_buf_str(&head, "------------------------------------------------------------");
            cs_buf_str(&head, many ? "\r\n" : "--");
        }
        cs_buf_str(&head, "\r\n\r\n");
        assert_int_equal(cs_buf_error(&head), CS_OK);
        struct canned_step step = {.bytes = head.ptr, .len = head.len};
        struct cs_exchange *exchange = get_from(&fixture, &step, 0);
        enum cs_err got = cs_exchange_wait_head(exchange, WAIT_MS);
        cs_exchange_free(exchange);
        canned_free(fixture.canned);
        cs_buf_free(&head);
        assert_int_equal(got, CS_ERR_LIMIT);
    }
}

static void test_no_one_listens(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {{.bytes = ""}};
    fixture->canned = CANNED(steps);
    canned_stop(fixture->canned); /* its port is free again and nobody is on it */
    struct cs_http_request request = {.url = url_of(fixture, "/")};
    fixture->exchange = cs_http_start(fixture->http, &request);
    assert_int_equal(cs_exchange_wait_head(fixture->exchange, WAIT_MS), CS_ERR_CONNECT);
    assert_true(strlen(cs_exchange_error(fixture->exchange)) > 0);
    assert_int_equal(cs_exchange_times(fixture->exchange).connected, -1);
    assert_int_equal(cs_raw_connect(fixture->url, WAIT_MS, NULL), -1);
}

static void test_bad_urls(void **state)
{
    struct fixture *fixture = *state;
    static const char *const urls[] = {"", "http://", "nonsense://x/", "http://a b/"};
    for (size_t i = 0; i < 4; i++) {
        struct cs_http_request request = {.url = urls[i]};
        struct cs_exchange *exchange = cs_http_start(fixture->http, &request);
        assert_non_null(exchange);
        enum cs_err err = cs_exchange_wait_end(exchange, WAIT_MS);
        cs_exchange_free(exchange);
        assert_int_equal(err, CS_ERR_USAGE);
        struct cs_diag diag;
        assert_int_equal(cs_raw_connect(urls[i], 100, &diag), -1);
    }
}

static void test_reuse_only_when_asked(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {
        {.bytes = "HTTP/1.1 204 No Content\r\n\r\n", .end = CANNED_KEEP},
        {.bytes = "HTTP/1.1 204 No Content\r\n\r\n", .end = CANNED_KEEP},
        /* closes without an answer: the next exchange finds a dead connection or loses it */
        {.bytes = "", .end = CANNED_CLOSE},
        {.bytes = "HTTP/1.1 204 No Content\r\n\r\n", .end = CANNED_KEEP},
        {.bytes = "HTTP/1.1 204 No Content\r\n\r\n", .end = CANNED_CLOSE}};
    fixture->canned = CANNED(steps);
    for (size_t i = 0; i < 4; i++) {
        struct cs_http_request request = {.method = "POST",
                                          .url = url_of(fixture, "/"),
                                          .body = CS_VIEW("body"),
                                          .has_body = true,
                                          .reuse = i < 3};
        struct cs_exchange *exchange = cs_http_start(fixture->http, &request);
        enum cs_err err = cs_exchange_wait_end(exchange, WAIT_MS);
        int status = cs_exchange_status(exchange);
        cs_exchange_free(exchange);
        assert_int_equal(err, CS_OK);
        assert_int_equal(status, 204);
    }
    canned_stop(fixture->canned);
    static const unsigned connections[] = {1, 1, 1, 2, 3};
    assert_int_equal(fixture->canned->n_requests, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(fixture->canned->requests[i].connection, connections[i]);
        assert_non_null(strstr(fixture->canned->requests[i].text, "\r\n\r\nbody"));
    }
}

static void test_side_by_side(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {
        {.on = "GET /held",
         .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nfirst",
         .end = CANNED_HOLD},
        {.on = "GET /other", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}};
    fixture->canned = CANNED(steps);
    struct cs_http_request request = {.url = url_of(fixture, "/held")};
    struct cs_exchange *held = fixture->exchange = cs_http_start(fixture->http, &request);
    struct cs_view first;
    assert_int_equal(cs_exchange_read(held, WAIT_MS, &first), CS_OK);
    assert_view(first, "first");
    request.url = url_of(fixture, "/other");
    struct cs_exchange *other = cs_http_start(fixture->http, &request);
    enum cs_err err = cs_exchange_wait_end(other, WAIT_MS);
    cs_exchange_free(other);
    assert_int_equal(err, CS_OK);
    assert_view(first, "first"); /* still where it was */
    assert_false(cs_exchange_ended(held));
    cs_http_free(fixture->http); /* cancels, and the exchange stays readable */
    fixture->http = NULL;
    assert_int_equal(cs_exchange_wait_end(held, 0), CS_ERR_CLOSED);
    assert_int_equal(cs_exchange_status(held), 200);
    assert_string_equal(cs_exchange_header(held, "content-length"), "99");
}

static void test_pump_moves_things_on(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {{.bytes = "HTTP/1.1 204 No Content\r\n\r\n"}};
    struct cs_exchange *exchange = get_from(fixture, steps, 0);
    int64_t end = cs_now_ms() + WAIT_MS;
    while (!cs_exchange_ended(exchange) && cs_now_ms() < end) {
        cs_http_pump(fixture->http, WAIT_MS);
    }
    assert_int_equal(cs_exchange_status(exchange), 204);
    assert_true(cs_wall_ms() > 1600000000000);
}

static void test_raw_client(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {{.bytes = "one\r\n\r\ntwo", .end = CANNED_HOLD},
                                               {.bytes = "to the end", .end = CANNED_CLOSE},
                                               {.bytes = "", .end = CANNED_RESET}};
    fixture->canned = CANNED(steps);
    for (size_t i = 0; i < 3; i++) {
        struct cs_buf out = CS_BUF(64);
        int fd = cs_raw_connect(url_of(fixture, "/ignored"), WAIT_MS, NULL);
        assert_true(fd >= 0);
        assert_int_equal(cs_raw_send(fd, CS_VIEW("BREW / HTTP/1.1\r\n\r\n"), WAIT_MS), CS_OK);
        struct cs_view until = i == 0 ? CS_VIEW("\r\n\r\n") : (struct cs_view){0};
        enum cs_err err = cs_raw_read(fd, until, WAIT_MS, &out);
        enum cs_err again = CS_OK;
        if (i == 0) { /* what came stays when nothing more comes in time */
            again = cs_raw_read(fd, CS_VIEW("!"), 50, &out);
        }
        close(fd);
        char *text = cs_buf_take(&out);
        assert_non_null(text);
        static const enum cs_err want[] = {CS_OK, CS_OK, CS_ERR_CLOSED};
        static const char *const texts[] = {"one\r\n\r\ntwo", "to the end", ""};
        bool same = strcmp(text, texts[i]) == 0;
        free(text);
        assert_int_equal(err, want[i]);
        assert_int_equal(again, i == 0 ? CS_ERR_TIMEOUT : CS_OK);
        assert_true(same);
    }
}

static void test_raw_client_refuses_bad_urls(void **state)
{
    (void)state;
    static const char *const urls[] = {"ftp://127.0.0.1/", "http://:80/",   "http://[::1/",
                                       "http://[::1]x/",   "http://[]:80/", "http://127.0.0.1:/",
                                       "http://h:65536",   "http://h:8o/",  "http://h:-1/",
                                       "127.0.0.1:80",     "http:///path",  "http://?query"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct cs_diag diag = {0};
        assert_int_equal(cs_raw_connect(urls[i], WAIT_MS, &diag), -1);
        if (diag.code != CS_ERR_USAGE) {
            fail_msg("%s: %s", urls[i], diag.text);
        }
    }
}

/* The buffer's ceiling ends a read; a peer that is gone ends a send. */
static void test_raw_client_limits(void **state)
{
    struct fixture *fixture = *state;
    static const struct canned_step steps[] = {{.bytes = "0123456789", .end = CANNED_RESET}};
    fixture->canned = CANNED(steps);
    struct cs_buf out = CS_BUF(4);
    int fd = cs_raw_connect(url_of(fixture, "?x#y"), WAIT_MS, NULL);
    assert_true(fd >= 0);
    assert_int_equal(cs_raw_send(fd, CS_VIEW("GET / HTTP/1.1\r\n\r\n"), WAIT_MS), CS_OK);
    enum cs_err read = cs_raw_read(fd, CS_VIEW("nothing"), WAIT_MS, &out);
    size_t len = out.len;
    enum cs_err sent = CS_OK;
    int64_t end = cs_now_ms() + WAIT_MS;
    while (sent == CS_OK && cs_now_ms() < end) { /* until the reset has arrived */
        sent = cs_raw_send(fd, CS_VIEW("more"), WAIT_MS);
    }
    close(fd);
    cs_buf_free(&out);
    /* The reset may overtake the bytes. */
    assert_true((read == CS_OK && len == 4) || read == CS_ERR_CLOSED);
    assert_int_equal(sent, CS_ERR_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answer_and_evidence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_request_is_what_was_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large_body_goes_out_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_body_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_free_closes_the_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clean_end_reads_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_interim_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_followed_or_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_endings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_head_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_one_listens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_urls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reuse_only_when_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_side_by_side, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pump_moves_things_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_raw_client, set_up, tear_down),
        cmocka_unit_test(test_raw_client_refuses_bad_urls),
        cmocka_unit_test_setup_teardown(test_raw_client_limits, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
