#include "net/curl_common.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void set_up_libcurl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void cs_curl_global_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up_libcurl);
}

bool cs_curl_add_header(struct curl_slist **headers, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*headers, line);
    *headers = longer ? longer : *headers;
    return longer != NULL;
}

CURLcode cs_curl_set_plain(CURL *easy, int64_t connect_timeout_ms)
{
    CURLcode code = CURLE_OK;
    CS_CURL_SET(CURLOPT_PATH_AS_IS, 1L);
    CS_CURL_SET(CURLOPT_PROTOCOLS_STR, "http,https");
    CS_CURL_SET(CURLOPT_PROXY, ""); /* also keeps http_proxy and its like out */
    CS_CURL_SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    CS_CURL_SET(CURLOPT_HTTP09_ALLOWED, 0L);
    CS_CURL_SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    CS_CURL_SET(CURLOPT_FOLLOWLOCATION, 0L);
    CS_CURL_SET(CURLOPT_NOSIGNAL, 1L);
    CS_CURL_SET(CURLOPT_TCP_NODELAY, 1L);
    CS_CURL_SET(CURLOPT_USERAGENT, "chatspec");
    CS_CURL_SET(CURLOPT_CONNECTTIMEOUT_MS,
                (long)(connect_timeout_ms > 0 ? connect_timeout_ms : 5000));
    return code;
}

bool cs_curl_body_copy(struct cs_view view, struct cs_curl_body *ret_body)
{
    ret_body->bytes = view.len > 0 ? malloc(view.len) : NULL;
    if (view.len > 0 && !ret_body->bytes) {
        return false;
    }
    if (view.len > 0) {
        memcpy(ret_body->bytes, view.ptr, view.len);
    }
    ret_body->len = view.len;
    ret_body->taken = 0;
    return true;
}

static size_t on_need_body(char *to, size_t size, size_t count, void *ctx)
{
    struct cs_curl_body *body = ctx;
    size_t len = body->len - body->taken;
    len = len < size * count ? len : size * count;
    if (len > 0) {
        memcpy(to, body->bytes + body->taken, len);
    }
    body->taken += len;
    return len;
}

/* libcurl rewinds when a reused connection was dead and it sends the request again. */
static int on_rewind(void *ctx, curl_off_t offset, int origin)
{
    struct cs_curl_body *body = ctx;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > body->len) {
        return CURL_SEEKFUNC_FAIL;
    }
    body->taken = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

CURLcode cs_curl_set_body(CURL *easy, struct cs_curl_body *body, bool chunked)
{
    CURLcode code = CURLE_OK;
    /* An upload under any method: unlike CURLOPT_POST it adds no Content-Type of its own. */
    CS_CURL_SET(CURLOPT_UPLOAD, 1L);
    CS_CURL_SET(CURLOPT_INFILESIZE_LARGE, chunked ? (curl_off_t)-1 : (curl_off_t)body->len);
    CS_CURL_SET(CURLOPT_READFUNCTION, on_need_body);
    CS_CURL_SET(CURLOPT_READDATA, body);
    CS_CURL_SET(CURLOPT_SEEKFUNCTION, on_rewind);
    CS_CURL_SET(CURLOPT_SEEKDATA, body);
    return code;
}

enum cs_err cs_curl_err(CURLcode code, bool connected, const char *curl_error)
{
    switch (code) {
    case CURLE_URL_MALFORMAT:
        return CS_ERR_USAGE;
    case CURLE_UNSUPPORTED_PROTOCOL: /* an odd scheme; or, once connected, an answer without head */
        return connected ? CS_ERR_SYNTAX : CS_ERR_USAGE;
    case CURLE_RECV_ERROR:
        /* libcurl 7.88 uses one code for a reset connection and for bad chunk framing; only the
         * text tells them apart. */
        return strstr(curl_error, "chunked-encoding") ? CS_ERR_SYNTAX : CS_ERR_CLOSED;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
        return CS_ERR_CLOSED;
    default: /* resolving, connecting, TLS before the connection is up; nonsense after that */
        return connected ? CS_ERR_SYNTAX : CS_ERR_CONNECT;
    }
}
