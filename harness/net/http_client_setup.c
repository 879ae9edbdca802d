/* How an exchange is put to libcurl: options, and the callbacks that keep the evidence. */
#include "net/http_client_impl.h"

#include <strings.h>

static size_t on_head_line(char *bytes, size_t size, size_t count, void *ctx)
{
    struct cs_exchange *exchange = ctx;
    struct cs_view line = cs_view_of(bytes, size * count);
    if (exchange->head_done) {
        return line.len; /* trailers of a chunked body are not part of the head */
    }
    if (cs_view_starts_with(line, CS_VIEW("HTTP/"))) {
        exchange->final_head = exchange->head.len;
        size_t space = cs_view_find(line, CS_VIEW(" "));
        exchange->status = 0;
        for (size_t i = space + 1; space != SIZE_MAX && i < line.len && i < space + 4; i++) {
            if (bytes[i] < '0' || bytes[i] > '9') {
                break;
            }
            exchange->status = exchange->status * 10 + (bytes[i] - '0');
        }
    }
    cs_buf_add(&exchange->head, line);
    if (cs_buf_error(&exchange->head)) {
        exchange->refused = cs_buf_error(&exchange->head);
        return 0;
    }
    bool blank = cs_view_eq(line, CS_VIEW("\r\n")) || cs_view_eq(line, CS_VIEW("\n"));
    /* 101 is final here: nobody asked for an upgrade. */
    bool interim = exchange->status >= 100 && exchange->status < 200 && exchange->status != 101;
    if (blank && !interim) {
        exchange->head_done = true;
        exchange->times.head = cs_now_ms() - exchange->started;
        exchange->http->progress++;
    }
    return line.len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct cs_exchange *exchange = ctx;
    size_t len = size * count;
    cs_buf_append(&exchange->body, bytes, len);
    if (cs_buf_error(&exchange->body)) {
        exchange->refused = cs_buf_error(&exchange->body);
        return 0;
    }
    exchange->received += len;
    exchange->http->progress++;
    return len;
}

static int on_debug(CURL *easy, curl_infotype type, char *bytes, size_t len, void *ctx)
{
    (void)easy;
    struct cs_exchange *exchange = ctx;
    if (type == CURLINFO_HEADER_OUT) {
        cs_buf_append(&exchange->sent, bytes, len);
    } else if (type == CURLINFO_DATA_OUT) {
        size_t room = MAX_SENT_BODY - exchange->sent_body;
        cs_buf_append(&exchange->sent, bytes, len < room ? len : room);
        exchange->sent_body += len < room ? len : room;
    }
    return 0;
}

static int on_connected(void *ctx, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    (void)peer_ip, (void)own_ip, (void)peer_port, (void)own_port;
    struct cs_exchange *exchange = ctx;
    exchange->times.connected = cs_now_ms() - exchange->started;
    return CURL_PREREQFUNC_OK;
}

static bool add_headers(struct cs_exchange *exchange, const struct cs_http_request *request)
{
    bool has_expect = false;
    bool has_coding = false;
    for (size_t i = 0; i < request->n_headers; i++) {
        has_expect = has_expect || strncasecmp(request->headers[i], "Expect", 6) == 0;
        has_coding = has_coding || strncasecmp(request->headers[i], "Transfer-Encoding", 17) == 0;
        if (!cs_curl_add_header(&exchange->headers, request->headers[i])) {
            return false;
        }
    }
    if (request->has_body && request->chunked && !has_coding &&
        !cs_curl_add_header(&exchange->headers, "Transfer-Encoding: chunked")) {
        return false;
    }
    return has_expect || cs_curl_add_header(&exchange->headers, "Expect:");
}

static CURLcode set_method(struct cs_exchange *exchange, const struct cs_http_request *request)
{
    CURL *easy = exchange->easy;
    CURLcode code = CURLE_OK;
    if (request->has_body) {
        code = cs_curl_set_body(easy, &exchange->request, request->chunked);
    } else if (strcmp(exchange->method, "HEAD") == 0) {
        CS_CURL_SET(CURLOPT_NOBODY, 1L);
    }
    CS_CURL_SET(CURLOPT_CUSTOMREQUEST, exchange->method);
    return code;
}

static CURLcode set_hooks(struct cs_exchange *exchange)
{
    CURL *easy = exchange->easy;
    CURLcode code = CURLE_OK;
    CS_CURL_SET(CURLOPT_ERRORBUFFER, exchange->curl_error);
    CS_CURL_SET(CURLOPT_PRIVATE, exchange);
    CS_CURL_SET(CURLOPT_HEADERFUNCTION, on_head_line);
    CS_CURL_SET(CURLOPT_HEADERDATA, exchange);
    CS_CURL_SET(CURLOPT_WRITEFUNCTION, on_body);
    CS_CURL_SET(CURLOPT_WRITEDATA, exchange);
    CS_CURL_SET(CURLOPT_VERBOSE, 1L); /* without it the debug function is never called */
    CS_CURL_SET(CURLOPT_DEBUGFUNCTION, on_debug);
    CS_CURL_SET(CURLOPT_DEBUGDATA, exchange);
    CS_CURL_SET(CURLOPT_PREREQFUNCTION, on_connected);
    CS_CURL_SET(CURLOPT_PREREQDATA, exchange);
    return code;
}

enum cs_err cs_exchange_set_up(struct cs_exchange *exchange, const struct cs_http_request *request)
{
    CURL *easy = exchange->easy;
    CURLcode code = set_hooks(exchange);
    if (code == CURLE_OK) {
        code = cs_curl_set_plain(easy, request->connect_timeout_ms);
    }
    if (request->http2) {
        CS_CURL_SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
    }
    CS_CURL_SET(CURLOPT_URL, exchange->url);
    CS_CURL_SET(CURLOPT_FRESH_CONNECT, request->reuse ? 0L : 1L);
    CS_CURL_SET(CURLOPT_FORBID_REUSE, request->reuse ? 0L : 1L);
    if (code == CURLE_OK) {
        code = set_method(exchange, request);
    }
    if (code == CURLE_OK && !add_headers(exchange, request)) {
        code = CURLE_OUT_OF_MEMORY;
    }
    CS_CURL_SET(CURLOPT_HTTPHEADER, exchange->headers);
    return code == CURLE_OK ? CS_OK : CS_ERR_NO_MEMORY;
}
