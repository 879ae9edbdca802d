#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "feed.h"
#include "net/http_request.h"

/* ---- the reader as an event log ---- */

struct log_reader {
    struct cs_request_reader *reader;
    bool bad;
};

static void *open_reader(void *ctx)
{
    struct log_reader *log_reader = calloc(1, sizeof(*log_reader));
    assert_non_null(log_reader);
    log_reader->reader = cs_request_reader_new(ctx);
    assert_non_null(log_reader->reader);
    assert_true(cs_request_reader_idle(log_reader->reader));
    return log_reader;
}

static void log_head(const struct cs_request *request, struct cs_buf *log)
{
    cs_buf_printf(log, "%.*s path=%.*s query=%.*s 1.%u%s", CS_VIEW_ARG(request->method),
                  CS_VIEW_ARG(request->path), CS_VIEW_ARG(request->query), request->minor_version,
                  request->keep_alive ? " keep" : " close");
    if (request->has_content_length) {
        cs_buf_printf(log, " length=%llu", (unsigned long long)request->content_length);
    }
    cs_buf_str(log, request->chunked ? " chunked\n" : "\n");
    for (size_t i = 0; i < request->n_headers; i++) {
        cs_buf_printf(log, "  %.*s=", CS_VIEW_ARG(request->headers[i].name));
        cs_buf_escaped(log, request->headers[i].value, 100);
        cs_buf_char(log, '\n');
    }
}

static void read_piece(void *reader, struct cs_view piece, struct cs_buf *log)
{
    struct log_reader *log_reader = reader;
    const struct cs_request *request = NULL;
    struct cs_diag diag;
    int status = 0;
    while (!log_reader->bad) {
        switch (cs_request_read(log_reader->reader, &piece, &request, &status, &diag)) {
        case CS_REQUEST_MORE:
            assert_int_equal(piece.len, 0);
            return;
        case CS_REQUEST_HEAD:
            log_head(request, log);
            break;
        case CS_REQUEST_DONE:
            cs_buf_str(log, "body \"");
            cs_buf_escaped(log, request->body, 100);
            cs_buf_str(log, "\" raw \"");
            cs_buf_escaped(log, cs_request_reader_raw(log_reader->reader), 1000);
            cs_buf_str(log, "\"\n");
            assert_false(cs_request_reader_idle(log_reader->reader));
            cs_request_reader_next(log_reader->reader);
            assert_true(cs_request_reader_idle(log_reader->reader));
            break;
        case CS_REQUEST_BAD:
            log_reader->bad = true;
            cs_buf_printf(log, "bad %d @%llu\n", status, (unsigned long long)diag.offset);
            break;
        }
    }
}

static void close_reader(void *reader, struct cs_buf *log)
{
    struct log_reader *log_reader = reader;
    if (!log_reader->bad && !cs_request_reader_idle(log_reader->reader)) {
        cs_buf_str(log, "incomplete\n");
    }
    cs_request_reader_free(log_reader->reader);
    free(log_reader);
}

static void check(const struct cs_request_limits *limits, struct cs_view input, const char *log)
{
    struct cs_request_limits copy = limits ? *limits : (struct cs_request_limits){0};
    struct feed feed = {open_reader, read_piece, close_reader, &copy};
    feed_check(&feed, input, log);
}

/* ---- requests that are right ---- */

static void reads_requests_without_body(void **state)
{
    (void)state;
    check(NULL, CS_VIEW("GET /a%2Fb?x=1&y HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX:\t a b \t\r\n\r\n"),
          "GET path=/a%2Fb query=x=1&y 1.1 keep\n  Host=h\n  X-Empty=\n  X=a b\n"
          "body \"\" raw \"GET /a%2Fb?x=1&y HTTP/1.1\\r\\nHost: h\\r\\nX-Empty:\\r\\nX:\\t a b "
          "\\t\\r\\n\\r\\n\"\n");
    check(NULL, CS_VIEW("\r\nGET / HTTP/1.1\r\nhost:\r\n\r\n"),
          "GET path=/ query= 1.1 keep\n  host=\n"
          "body \"\" raw \"\\r\\nGET / HTTP/1.1\\r\\nhost:\\r\\n\\r\\n\"\n");
}

static void reads_every_form_of_target(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        const char *path;
        const char *query;
    } rows[] = {
        {"*", "*", ""},
        {"http://h:1/p?q", "/p", "q"},
        {"https://h?q=/", "/", "q=/"},
        {"a+b-c.1://h", "/", ""},
        {"//x/y", "//x/y", ""},
        {"/p??", "/p", "?"},
        {"/http://h/", "/http://h/", ""},
        {"/{}|^\"", "/{}|^\"", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cs_buf text = CS_BUF(4096);
        cs_buf_printf(&text, "PUT %s HTTP/1.0\r\n\r\n", rows[i].target);
        struct cs_request_reader *reader = cs_request_reader_new(NULL);
        const struct cs_request *request = NULL;
        struct cs_view input = cs_buf_view(&text);
        struct cs_diag diag;
        int status = 0;
        assert_int_equal(cs_request_read(reader, &input, &request, &status, &diag),
                         CS_REQUEST_HEAD);
        assert_true(cs_view_eq(request->target, cs_view_str(rows[i].target)));
        assert_true(cs_view_eq(request->path, cs_view_str(rows[i].path)));
        assert_true(cs_view_eq(request->query, cs_view_str(rows[i].query)));
        cs_request_reader_free(reader);
        cs_buf_free(&text);
    }
}

static void tells_whether_to_keep_the_connection(void **state)
{
    (void)state;
    static const struct {
        const char *rest;
        bool keep;
    } rows[] = {
        {"1.0\r\n\r\n", false},
        {"1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
        {"1.1\r\nHost: h\r\n\r\n", true},
        {"1.9\r\nHost: h\r\n\r\n", true},
        {"1.1\r\nHost: h\r\nConnection: x , CLOSE\r\n\r\n", false},
        {"1.1\r\nHost: h\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n", false},
        {"1.1\r\nHost: h\r\nConnection: closed\r\n\r\n", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cs_buf text = CS_BUF(4096);
        cs_buf_printf(&text, "GET / HTTP/%s", rows[i].rest);
        struct cs_request_reader *reader = cs_request_reader_new(NULL);
        const struct cs_request *request = NULL;
        struct cs_view input = cs_buf_view(&text);
        struct cs_diag diag;
        int status = 0;
        assert_int_equal(cs_request_read(reader, &input, &request, &status, &diag),
                         CS_REQUEST_HEAD);
        assert_int_equal(request->keep_alive, rows[i].keep);
        cs_request_reader_free(reader);
        cs_buf_free(&text);
    }
}

static void reads_bodies_and_what_follows(void **state)
{
    (void)state;
    check(NULL,
          CS_VIEW(
              "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\nab\ncd"
              "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
              "DELETE /c HTTP/1.1\r\nHost: h\r\n\r\nGET"),
          "POST path=/a query= 1.1 keep length=5\n  Host=h\n  Content-Length=5\n"
          "  content-length=5\n"
          "body \"ab\\ncd\" raw \"POST /a HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: 5\\r\\n"
          "content-length: 5\\r\\n\\r\\nab\\ncd\"\n"
          "POST path=/b query= 1.1 keep length=0\n  Host=h\n  Content-Length=0\n"
          "body \"\" raw \"POST /b HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: 0\\r\\n\\r\\n\"\n"
          "DELETE path=/c query= 1.1 keep\n  Host=h\n"
          "body \"\" raw \"DELETE /c HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n\"\n"
          "incomplete\n");
}

#define CHUNKED     "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
#define CHUNKED_LOG "POST path=/ query= 1.1 keep chunked\n  Host=h\n  Transfer-Encoding=Chunked\n"
#define CHUNKED_RAW "POST / HTTP/1.1\\r\\nHost: h\\r\\nTransfer-Encoding: Chunked\\r\\n\\r\\n"

static void reads_chunked_bodies(void **state)
{
    (void)state;
    check(NULL,
          CS_VIEW(CHUNKED "3\r\nabc\r\n00A;x=\"y z\";w\r\n0123456789\r\n0\r\n\r\n" CHUNKED "0\r\n"
                          "X-Sum: 1\r\nY:\r\n\r\n"),
          CHUNKED_LOG "body \"abc0123456789\" raw \"" CHUNKED_RAW
                      "3\\r\\nabc\\r\\n00A;x=\\\"y z\\\";w\\r\\n0123456789\\r\\n0\\r\\n\\r\\n"
                      "\"\n" CHUNKED_LOG "body \"\" raw \"" CHUNKED_RAW
                      "0\\r\\nX-Sum: 1\\r\\nY:\\r\\n\\r\\n\"\n");
}

/* ---- requests that are wrong ---- */

struct bad_row {
    const char *text;
    int status;
    size_t at;
};

#define GET  "GET / HTTP/1.1\r\nHost: h\r\n"                                    /* 25 bytes */
#define BODY "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" /* 56 bytes */

static const struct bad_row bad_rows[] = {
    /* the request line */
    {"GET / HTTP/1.1\n", 400, 14},
    {"GET / HTTP/1.1\r\r\n", 400, 14},
    {"GET  / HTTP/1.1\r\n", 400, 4},
    {"GET /  HTTP/1.1\r\n", 400, 6},
    {" GET / HTTP/1.1\r\n", 400, 0},
    {"GET / HTTP/1.1 \r\n", 400, 14},
    {"GET\t/ HTTP/1.1\r\n", 400, 3},
    {"GET /\r\n", 400, 5},
    {"GET\r\n", 400, 3},
    {"G(T / HTTP/1.1\r\n", 400, 1},
    {"GET /a\tb HTTP/1.1\r\n", 400, 6},
    {"GET /\xc3\xa4 HTTP/1.1\r\n", 400, 5},
    {"GET /#x HTTP/1.1\r\n", 400, 5},
    {"GET a HTTP/1.1\r\n", 400, 4},
    {"GET h:80 HTTP/1.1\r\n", 400, 4},
    {"GET ://h/ HTTP/1.1\r\n", 400, 4},
    {"GET 1s://h/ HTTP/1.1\r\n", 400, 4},
    {"GET http:///p HTTP/1.1\r\n", 400, 4},
    {"GET ** HTTP/1.1\r\n", 400, 4},
    {"GET / http/1.1\r\n", 400, 6},
    {"GET / HTTP/1\r\n", 400, 12},
    {"GET / HTTP/1.x\r\n", 400, 13},
    {"GET / HTTP/1.10\r\n", 400, 14},
    {"GET / HTTP/2.0\r\n", 505, 11},
    {"GET / HTTP/0.9\r\n", 505, 11},
    {"\r\n\r\n", 400, 2},
    /* headers */
    {GET "X: 1\n", 400, 29},
    {GET "\n", 400, 25},
    {GET " folded\r\n", 400, 25},
    {GET "\tfolded\r\n", 400, 25},
    {GET "X : 1\r\n", 400, 26},
    {GET ": 1\r\n", 400, 25},
    {GET "X\r\n", 400, 26},
    {GET "X{: 1\r\n", 400, 26},
    {GET "X: a\rb\r\n", 400, 29},
    {GET "X: a\x01\r\n", 400, 29},
    {GET "X: a\x7f\r\n", 400, 29},
    {"GET / HTTP/1.1\r\nX: y\r\n\r\n", 400, 22},
    {GET "hOST: h\r\n\r\n", 400, 25},
    /* framing */
    {GET "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, 44},
    {GET "Content-Length: 1, 1\r\n\r\n", 400, 25},
    {GET "Content-Length: +1\r\n\r\n", 400, 25},
    {GET "Content-Length: 1 1\r\n\r\n", 400, 25},
    {GET "Content-Length:\r\n\r\n", 400, 25},
    {GET "Content-Length: 18446744073709551616\r\n\r\n", 413, 25},
    {GET "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 44},
    {GET "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400, 53},
    {GET "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, 25},
    {GET "Transfer-Encoding: identity\r\n\r\n", 501, 25},
    {GET "Transfer-Encoding:\r\n\r\n", 400, 25},
    {GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 53},
    {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 16},
    /* chunks */
    {BODY "\r\n", 400, 56},
    {BODY "x\r\n", 400, 56},
    {BODY "-1\r\n", 400, 56},
    {BODY "0x1\r\n", 400, 57},
    {BODY " 1\r\n", 400, 56},
    {BODY "1 \r\n", 400, 57},
    {BODY "1\n", 400, 57},
    {BODY "1\ra\r\n", 400, 57},
    {BODY "1;a\x01\r\n", 400, 59},
    {BODY "1\r\nab\r\n", 400, 60},
    {BODY "1\r\na\n", 400, 60},
    {BODY "1\r\na\rx", 400, 61},
    {BODY "10000000000000000\r\n", 413, 72},
    {BODY "ffffffffffffffff\r\n", 413, 56},
    {BODY "0\r\nX\r\n", 400, 60},
    {BODY "0\r\nX: 1\n", 400, 63},
    {BODY "0\r\nX: 1\r\n folded\r\n", 400, 65},
};

static void refuses_with_status_and_offset(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
        const struct bad_row *row = &bad_rows[i];
        struct cs_request_reader *reader = cs_request_reader_new(NULL);
        struct cs_view input = cs_view_str(row->text);
        const struct cs_request *request = NULL;
        struct cs_diag diag = {0};
        int status = 0;
        enum cs_request_step step;
        do {
            step = cs_request_read(reader, &input, &request, &status, &diag);
        } while (step == CS_REQUEST_HEAD);
        if (step != CS_REQUEST_BAD || status != row->status || diag.offset != row->at) {
            fail_msg("%s: step %d, status %d, at %d: %s", row->text, (int)step, status,
                     (int)diag.offset, diag.text);
        }
        assert_true(diag.text[0] != '\0');
        assert_int_equal(cs_request_read(reader, &input, &request, &status, NULL), CS_REQUEST_BAD);
        cs_request_reader_free(reader);
        check(NULL, cs_view_str(row->text), NULL); /* the same in every split */
    }
}

static void refuses_nul_bytes(void **state)
{
    (void)state;
    check(NULL, CS_VIEW("G\0T / HTTP/1.1\r\n"), "bad 400 @1\n");
    check(NULL, CS_VIEW("GET /\0 HTTP/1.1\r\n"), "bad 400 @5\n");
    check(NULL, CS_VIEW(GET "X\0: 1\r\n"), "bad 400 @26\n");
    check(NULL, CS_VIEW(GET "X: \0\r\n"), "bad 400 @28\n");
}

/* ---- limits ---- */

static void holds_the_head_to_its_limit(void **state)
{
    (void)state;
    struct cs_request_limits limits = {.max_head = 27};
    check(&limits, CS_VIEW("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
          "GET path=/ query= 1.1 keep\n  Host=h\n"
          "body \"\" raw \"GET / HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n\"\n");
    check(&limits, CS_VIEW("GET / HTTP/1.1\r\nHost: hh\r\n\r\n"), "bad 431 @27\n");
    check(&limits, CS_VIEW("GET /12345678901234567890 HTTP/1.1\r\n"), "bad 414 @27\n");
    check(&limits, CS_VIEW("GET / HTTP/1.1\r\nHost: hhh\r\nX: y\r\n\r\n"), "bad 431 @27\n");
}

static void holds_the_body_to_its_limit(void **state)
{
    (void)state;
    struct cs_request_limits limits = {.max_body = 4};
    check(&limits, CS_VIEW(GET "Content-Length: 5\r\n\r\n12345"),
          "GET path=/ query= 1.1 keep length=5\n  Host=h\n  Content-Length=5\nbad 413 @46\n");
    check(&limits, CS_VIEW(CHUNKED "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"),
          CHUNKED_LOG "body \"abcd\" raw \"" CHUNKED_RAW
                      "2\\r\\nab\\r\\n2\\r\\ncd\\r\\n0\\r\\n\\r\\n\"\n");
    check(&limits, CS_VIEW(CHUNKED "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"),
          CHUNKED_LOG "bad 413 @63\n");
}

static void holds_chunk_lines_and_trailers_to_their_limits(void **state)
{
    (void)state;
    struct cs_request_limits limits = {.max_head = 64};
    struct cs_buf text = CS_BUF(16384);
    cs_buf_str(&text, CHUNKED "1;");
    for (int i = 0; i < 4094; i++) {
        cs_buf_char(&text, 'x');
    }
    cs_buf_str(&text, "\r\n");
    check(NULL, cs_buf_view(&text), CHUNKED_LOG "bad 400 @4152\n");
    cs_buf_clear(&text);
    cs_buf_str(&text, CHUNKED "0\r\n");
    for (int i = 0; i < 20; i++) {
        cs_buf_str(&text, "a: b\r\n");
    }
    check(&limits, cs_buf_view(&text), CHUNKED_LOG "bad 431 @123\n");
    cs_buf_free(&text);
}

static enum cs_request_step read_all(struct cs_request_reader *reader, struct cs_view *input,
                                     const struct cs_request **ret_request)
{
    int status = 0;
    return cs_request_read(reader, input, ret_request, &status, NULL);
}

static void passes_over_a_body_that_nobody_wants(void **state)
{
    (void)state;
    struct cs_request_limits limits = {.max_body = 4};
    struct cs_request_reader *reader = cs_request_reader_new(&limits);
    const struct cs_request *request = NULL;
    struct cs_view input = CS_VIEW(CHUNKED "6\r\nabcdef\r\n6");
    assert_int_equal(read_all(reader, &input, &request), CS_REQUEST_HEAD);
    cs_request_reader_discard(reader);
    assert_int_equal(read_all(reader, &input, &request), CS_REQUEST_MORE);
    cs_request_reader_release(reader); /* in the middle of a chunk line: the framing survives */
    assert_int_equal(cs_request_reader_raw(reader).len, 0);
    input = CS_VIEW("\r\nghijkl\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(read_all(reader, &input, &request), CS_REQUEST_DONE);
    assert_int_equal(request->body.len, 0);
    cs_request_reader_next(reader);
    assert_int_equal(read_all(reader, &input, &request), CS_REQUEST_HEAD);
    assert_true(cs_view_eq(request->method, CS_VIEW("GET")));
    cs_request_reader_free(reader);
}

static void keeps_views_in_place_and_cuts_evidence(void **state)
{
    (void)state;
    struct cs_buf body = CS_BUF(1 << 20);
    for (int i = 0; i < 100000; i++) {
        cs_buf_char(&body, (char)('a' + i % 26));
    }
    struct cs_request_reader *reader = cs_request_reader_new(NULL);
    const struct cs_request *request = NULL;
    struct cs_view head = CS_VIEW("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
    struct cs_view input = head;
    assert_int_equal(read_all(reader, &input, &request), CS_REQUEST_HEAD);
    struct cs_view path = request->path;
    struct cs_header first = request->headers[0];
    for (size_t at = 0; at < body.len; at += 1000) {
        input = cs_view_of(body.ptr + at, 1000);
        enum cs_request_step step = read_all(reader, &input, &request);
        assert_int_equal(step, at + 1000 < body.len ? CS_REQUEST_MORE : CS_REQUEST_DONE);
    }
    assert_true(cs_view_eq(path, CS_VIEW("/x")));
    assert_ptr_equal(request->path.ptr, path.ptr);
    assert_ptr_equal(request->headers[0].value.ptr, first.value.ptr);
    assert_true(cs_view_eq(request->head, head));
    assert_true(cs_view_eq(request->body, cs_buf_view(&body)));
    struct cs_view raw = cs_request_reader_raw(reader);
    assert_int_equal(raw.len, head.len + 65536);
    assert_memory_equal(raw.ptr + head.len, body.ptr, 65536);
    cs_request_reader_free(reader);
    cs_buf_free(&body);
}

/* Whatever is done to good requests, all splits must agree on what they are. */
static void agrees_on_damaged_requests(void **state)
{
    (void)state;
    static const char good[] =
        "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" CHUNKED
        "2;e\r\nab\r\n0\r\nT: u\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n";
    static const char bytes[] = "\r\n :;,01fGx\t\x01\x80";
    char text[sizeof(good)];
    uint64_t random = FEED_SEED;
    for (int i = 0; i < 300; i++) {
        memcpy(text, good, sizeof(good));
        for (uint64_t n = feed_random(&random) % 3 + 1; n > 0; n--) {
            text[feed_random(&random) % (sizeof(good) - 1)] =
                bytes[feed_random(&random) % (sizeof(bytes) - 1)];
        }
        check(NULL, cs_view_of(text, sizeof(good) - 1), NULL);
    }
}

/* ---- looking things up ---- */

static void finds_and_joins_headers(void **state)
{
    (void)state;
    struct cs_request_reader *reader = cs_request_reader_new(NULL);
    const struct cs_request *request = NULL;
    struct cs_view input = CS_VIEW(GET "Last-Event-ID: 1\r\nX: y\r\nlast-event-id: 2\r\n\r\n");
    assert_int_equal(read_all(reader, &input, &request), CS_REQUEST_HEAD);
    assert_true(cs_view_eq(cs_request_header(request, "LAST-EVENT-ID")->value, CS_VIEW("1")));
    assert_null(cs_request_header(request, "Last-Event"));
    struct cs_buf out = CS_BUF(100);
    assert_true(cs_request_header_joined(request, "Last-Event-Id", &out));
    assert_true(cs_view_eq(cs_buf_view(&out), CS_VIEW("1, 2")));
    assert_false(cs_request_header_joined(request, "Y", &out));
    cs_buf_free(&out);
    cs_request_reader_free(reader);
}

static void decodes_and_encodes_percent(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *decoded; /* NULL: malformed */
    } rows[] = {
        {"", ""},      {"a%2fb%2F", "a/b/"}, {"a+b", "a+b"}, {"%E2%82%ac", "\xe2\x82\xac"},
        {"%", NULL},   {"%4", NULL},         {"a%4", NULL},  {"%zz", NULL},
        {"%4g", NULL}, {"%%41", NULL},       {"%ff", NULL},  {"%c3", NULL},
        {"%41", "A"},  {"x%25", "x%"},
    };
    struct feed_guard guard = feed_guard_new(100); /* one byte too far crashes */
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cs_buf out = CS_BUF(100);
        cs_buf_str(&out, "kept");
        struct cs_view text = feed_guarded(&guard, cs_view_str(rows[i].text));
        enum cs_err err = cs_percent_decode(text, &out);
        assert_int_equal(err, rows[i].decoded ? CS_OK : CS_ERR_SYNTAX);
        struct cs_view added = cs_view_of(out.ptr + 4, out.len - 4);
        assert_true(cs_view_eq(added, cs_view_str(rows[i].decoded)));
        cs_buf_free(&out);
    }
    feed_guard_free(&guard);
    struct cs_buf out = CS_BUF(100);
    cs_percent_encode(CS_VIEW("aZ0-_.!~*'() /\0%\xc3\xa4"), &out);
    assert_true(cs_view_eq(cs_buf_view(&out), CS_VIEW("aZ0-_.!~*'()%20%2F%00%25%C3%A4")));
    cs_buf_free(&out);
    struct cs_buf small = CS_BUF(2);
    assert_int_equal(cs_percent_decode(CS_VIEW("abc"), &small), CS_ERR_LIMIT);
    cs_buf_free(&small);
}

static void finds_query_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        bool last;
        const char *value; /* NULL: absent or malformed */
    } rows[] = {
        {"x=1", false, "1"},       {"a=b&x=1+2%2B&x=3", false, "1 2+"},
        {"x=1&x=3", true, "3"},    {"x", false, ""},
        {"x=", false, ""},         {"", false, NULL},
        {"xx=1&X=2", false, NULL}, {"&&x=1&", false, "1"},
        {"%78=1", false, "1"},     {"x=a=b", false, "a=b"},
        {"x=%zz", false, NULL},    {"%zz=1&x=2", false, "2"},
        {"=1&x=2", false, "2"},    {"x=1&y=2", true, "1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cs_buf out = CS_BUF(100);
        bool found = cs_query_get(cs_view_str(rows[i].query), "x", rows[i].last, &out);
        assert_int_equal(found, rows[i].value != NULL);
        assert_true(cs_view_eq(cs_buf_view(&out), cs_view_str(rows[i].value)));
        cs_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_requests_without_body),
        cmocka_unit_test(reads_every_form_of_target),
        cmocka_unit_test(tells_whether_to_keep_the_connection),
        cmocka_unit_test(reads_bodies_and_what_follows),
        cmocka_unit_test(reads_chunked_bodies),
        cmocka_unit_test(refuses_with_status_and_offset),
        cmocka_unit_test(refuses_nul_bytes),
        cmocka_unit_test(holds_the_head_to_its_limit),
        cmocka_unit_test(holds_the_body_to_its_limit),
        cmocka_unit_test(holds_chunk_lines_and_trailers_to_their_limits),
        cmocka_unit_test(passes_over_a_body_that_nobody_wants),
        cmocka_unit_test(keeps_views_in_place_and_cuts_evidence),
        cmocka_unit_test(agrees_on_damaged_requests),
        cmocka_unit_test(finds_and_joins_headers),
        cmocka_unit_test(decodes_and_encodes_percent),
        cmocka_unit_test(finds_query_parameters),
    };
    return cmocka_run_group_tests_name("http_request", tests, NULL, NULL) != 0;
}
