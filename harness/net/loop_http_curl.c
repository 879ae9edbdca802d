/* The loop's HTTP client as libcurl sees it: options, callbacks, descriptors. Nothing here calls a
 * hook: libcurl is on the stack. */
#include "net/loop_http_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>

#define TYPE_MAX ((size_t)1024)

/* ---- the answer ---- */

static size_t on_head_line(char *bytes, size_t size, size_t count, void *ctx)
{
    struct cs_loop_request *request = ctx;
    struct cs_view line = cs_view_of(bytes, size * count);
    static const char type[] = "content-type:";
    long status = 0;
    cs_loop_request_alive(request);
    if (request->head_done) {
        return line.len; /* a trailer */
    }
    if (cs_view_starts_with(line, CS_VIEW("HTTP/"))) {
        cs_buf_clear(&request->type);
    } else if (line.len >= sizeof type - 1 && strncasecmp(line.ptr, type, sizeof type - 1) == 0) {
        size_t end = cs_view_find(line, CS_VIEW("\r"));
        end = end != SIZE_MAX ? end : line.len;
        cs_buf_clear(&request->type);
        cs_buf_add(&request->type,
                   cs_view_trim(cs_view_of(line.ptr + sizeof type - 1, end - (sizeof type - 1))));
    }
    bool blank = cs_view_eq(line, CS_VIEW("\r\n")) || cs_view_eq(line, CS_VIEW("\n"));
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    if (blank && (status >= 200 || status == 101)) {
        request->status = (int)status;
        request->head_done = true;
        cs_loop_request_news(request);
    }
    return line.len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct cs_loop_request *request = ctx;
    size_t len = size * count;
    cs_loop_request_alive(request);
    /* libcurl gives this piece again when it goes on. */
    if (request->refused ||
        (request->held.len > 0 && len > CS_LOOP_HTTP_HELD - request->held.len)) {
        request->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    cs_buf_append(&request->held, bytes, len);
    if (cs_buf_error(&request->held)) {
        return CURL_WRITEFUNC_ERROR;
    }
    cs_loop_request_news(request);
    return len;
}

/* A request that may go out once only cannot be rewound, and libcurl gives up instead. */
static int on_rewind_never(void *ctx, curl_off_t offset, int origin)
{
    const struct cs_curl_body *body = ctx;
    bool untouched = origin == SEEK_SET && offset == 0 && body->taken == 0;
    return untouched ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static int on_connected(void *ctx, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    (void)peer_ip, (void)own_ip, (void)peer_port, (void)own_port;
    ((struct cs_loop_request *)ctx)->connected = true;
    return CURL_PREREQFUNC_OK;
}

/* ---- options ---- */

enum cs_err cs_loop_request_set_up(struct cs_loop_request *request,
                                   const struct cs_loop_http_request *how)
{
    CURL *easy = request->easy;
    CURLcode code = cs_curl_set_plain(easy, how->connect_timeout_ms);
    bool complete = cs_curl_add_header(&request->headers, "Expect:");
    for (size_t i = 0; i < how->n_headers; i++) {
        complete = complete && cs_curl_add_header(&request->headers, how->headers[i]);
    }
    CS_CURL_SET(CURLOPT_URL, how->url);
    CS_CURL_SET(CURLOPT_HTTPHEADER, request->headers);
    CS_CURL_SET(CURLOPT_PRIVATE, request);
    CS_CURL_SET(CURLOPT_ERRORBUFFER, request->curl_error);
    CS_CURL_SET(CURLOPT_HEADERFUNCTION, on_head_line);
    CS_CURL_SET(CURLOPT_HEADERDATA, request);
    CS_CURL_SET(CURLOPT_WRITEFUNCTION, on_body);
    CS_CURL_SET(CURLOPT_WRITEDATA, request);
    CS_CURL_SET(CURLOPT_BUFFERSIZE, 16384L);
    CS_CURL_SET(CURLOPT_PREREQFUNCTION, on_connected);
    CS_CURL_SET(CURLOPT_PREREQDATA, request);
    CS_CURL_SET(CURLOPT_TIMEOUT_MS, (long)how->timeout_ms);
    /* Connections that were idle for longer may be closing just now. */
    CS_CURL_SET(CURLOPT_MAXAGE_CONN, 15L);
    if (how->has_body) {
        code = code == CURLE_OK ? cs_curl_set_body(easy, &request->body, false) : code;
    }
    if (how->has_body && how->once) {
        CS_CURL_SET(CURLOPT_SEEKFUNCTION, on_rewind_never);
    }
    CS_CURL_SET(CURLOPT_CUSTOMREQUEST, how->method ? how->method : how->has_body ? "POST" : "GET");
    return code == CURLE_OK && complete ? CS_OK : CS_ERR_NO_MEMORY;
}

/* ---- how it ended ---- */

static enum cs_err err_of(const struct cs_loop_request *request, CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return request->head_done ? CS_OK : CS_ERR_CLOSED;
    case CURLE_OPERATION_TIMEDOUT:
        return request->connected ? CS_ERR_TIMEOUT : CS_ERR_CONNECT;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_WRITE_ERROR: /* `held` could not grow */
        return CS_ERR_NO_MEMORY;
    case CURLE_SEND_FAIL_REWIND:
        return CS_ERR_CLOSED;
    default:
        return cs_curl_err(code, request->connected, request->curl_error);
    }
}

/* After a callback that failed libcurl does nothing more for anybody, until it has no transfers
 * left and begins anew. */
static void end_all(struct cs_loop_http *http)
{
    struct cs_loop_request *request;
    http->broken = false;
    TAILQ_FOREACH(request, &http->open, link)
    {
        cs_loop_request_end(request, CS_ERR_NO_MEMORY, "out of memory");
    }
}

void cs_loop_http_collect(struct cs_loop_http *http)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        char *private = NULL;
        CURLcode code = message->data.result; /* ending frees the message */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct cs_loop_request *request = (struct cs_loop_request *)(void *)private;
        const char *why = request->curl_error[0] ? request->curl_error : curl_easy_strerror(code);
        cs_loop_request_end(request, err_of(request, code), why);
    }
    if (http->broken) {
        end_all(http);
    }
}

/* ---- descriptors and the timer ---- */

struct cs_loop_http_socket {
    struct cs_watch watch; /* first: the hook gets its address; fd is -1 once that is closed */
    struct cs_loop_http *http;
    CURL *easy; /* the transfer that uses it */
    LIST_ENTRY(cs_loop_http_socket) link;
};

static void act(struct cs_loop_http *http, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(http->multi, fd, events, &running);
    cs_loop_http_collect(http);
}

static void on_ready(struct cs_watch *watch, uint32_t events)
{
    int bits = events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0;
    bits |= events & EPOLLOUT ? CURL_CSELECT_OUT : 0;
    bits |= events & EPOLLERR ? CURL_CSELECT_ERR : 0;
    act(((struct cs_loop_http_socket *)watch)->http, watch->fd, bits);
}

static uint32_t epoll_bits(int what)
{
    uint32_t events = what == CURL_POLL_IN || what == CURL_POLL_INOUT ? EPOLLIN : 0;
    return events | (what == CURL_POLL_OUT || what == CURL_POLL_INOUT ? EPOLLOUT : 0);
}

static int broken(struct cs_loop_http *http)
{
    http->broken = true;
    return -1;
}

static void stop_watching(struct cs_loop_http_socket *watch)
{
    if (watch->watch.fd >= 0) {
        cs_watch_remove(watch->http->loop, &watch->watch);
        watch->watch.fd = -1;
    }
}

void cs_loop_request_give_up(struct cs_loop_request *request)
{
    struct cs_loop_http_socket *watch;
    LIST_FOREACH(watch, &request->http->sockets, link)
    {
        if (watch->easy == request->easy) {
            stop_watching(watch);
        }
    }
    curl_multi_remove_handle(request->http->multi, request->easy);
    curl_easy_cleanup(request->easy);
    request->easy = NULL;
}

/* libcurl wants to know of this descriptor, or no longer. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct cs_loop_http *http = ctx;
    struct cs_loop_http_socket *watch = socket_ctx;
    if (what == CURL_POLL_REMOVE) {
        if (watch) {
            stop_watching(watch);
            LIST_REMOVE(watch, link);
            free(watch);
            curl_multi_assign(http->multi, fd, NULL);
        }
        return 0;
    }
    if (watch && watch->watch.fd >= 0) {
        watch->easy = easy;
        bool changed = cs_watch_change(http->loop, &watch->watch, epoll_bits(what)) == CS_OK;
        return changed ? 0 : broken(http);
    }
    if (!watch) {
        watch = calloc(1, sizeof *watch);
        if (!watch) {
            return broken(http);
        }
        watch->http = http;
        LIST_INSERT_HEAD(&http->sockets, watch, link);
        curl_multi_assign(http->multi, fd, watch);
    }
    watch->easy = easy;
    watch->watch = (struct cs_watch){.fd = fd, .events = epoll_bits(what), .ready = on_ready};
    if (cs_watch_add(http->loop, &watch->watch) != CS_OK) {
        watch->watch.fd = -1;
        return broken(http);
    }
    return 0;
}

static void on_curl_timer(struct cs_timer *timer)
{
    struct cs_loop_http *http =
        (struct cs_loop_http *)((char *)timer - offsetof(struct cs_loop_http, curl_timer));
    cs_loop_http_arm(http, timer, CS_LOOP_HTTP_NEVER);
    act(http, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long timeout_ms, void *ctx)
{
    (void)multi;
    struct cs_loop_http *http = ctx;
    cs_loop_http_arm(http, &http->curl_timer, timeout_ms < 0 ? CS_LOOP_HTTP_NEVER : timeout_ms);
    return 0;
}

enum cs_err cs_loop_http_attach(struct cs_loop_http *http)
{
    http->curl_timer.fire = on_curl_timer;
    bool set = cs_timer_start(http->loop, &http->curl_timer, CS_LOOP_HTTP_NEVER) == CS_OK &&
               curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
               curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) == CURLM_OK &&
               curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timeout) == CURLM_OK &&
               curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) == CURLM_OK;
    return set ? CS_OK : CS_ERR_NO_MEMORY;
}
