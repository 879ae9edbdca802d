/* The life of the client and its exchanges, and waiting for them. */
#include "net/http_client_impl.h"

#include <stdio.h>
#include <stdlib.h>

struct cs_http *cs_http_new(void)
{
    cs_curl_global_init();
    struct cs_http *http = calloc(1, sizeof *http);
    if (!http) {
        return NULL;
    }
    http->watched_fd = -1;
    http->multi = curl_multi_init();
    if (!http->multi) {
        free(http);
        return NULL;
    }
    return http;
}

void cs_http_free(struct cs_http *http)
{
    if (!http) {
        return;
    }
    struct cs_exchange *next;
    for (struct cs_exchange *exchange = http->first; exchange; exchange = next) {
        next = exchange->next;
        cs_exchange_finish_with(exchange, CS_ERR_CLOSED, "the client was freed");
        exchange->http = NULL;
        exchange->prev = NULL;
        exchange->next = NULL;
    }
    curl_multi_cleanup(http->multi);
    free(http);
}

static void link_exchange(struct cs_http *http, struct cs_exchange *exchange)
{
    exchange->http = http;
    exchange->next = http->first;
    if (http->first) {
        http->first->prev = exchange;
    }
    http->first = exchange;
}

static bool copy_request(struct cs_exchange *exchange, const struct cs_http_request *request)
{
    exchange->method = strdup(request->method ? request->method : "GET");
    exchange->url = strdup(request->url ? request->url : "");
    bool copied = !request->has_body || cs_curl_body_copy(request->body, &exchange->request);
    return copied && exchange->method && exchange->url;
}

struct cs_exchange *cs_http_start(struct cs_http *http, const struct cs_http_request *request)
{
    struct cs_exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange) {
        return NULL;
    }
    size_t max_body = request->max_body ? request->max_body : DEFAULT_MAX_BODY;
    exchange->sent = CS_BUF(MAX_SENT_HEAD + MAX_SENT_BODY);
    exchange->head = CS_BUF(MAX_ANSWER_HEAD);
    exchange->body = CS_BUF(max_body);
    exchange->handed = CS_BUF(max_body);
    exchange->started = cs_now_ms();
    exchange->times = (struct cs_exchange_times){exchange->started, -1, -1, -1};
    link_exchange(http, exchange);
    exchange->easy = curl_easy_init();
    if (!copy_request(exchange, request) || !exchange->easy ||
        cs_exchange_set_up(exchange, request) ||
        curl_multi_add_handle(http->multi, exchange->easy)) {
        cs_exchange_free(exchange);
        return NULL;
    }
    return exchange;
}

void cs_exchange_free(struct cs_exchange *exchange)
{
    if (!exchange) {
        return;
    }
    struct cs_http *http = exchange->http;
    if (http) {
        cs_exchange_finish_with(exchange, CS_ERR_CLOSED, "the exchange was freed");
        if (exchange->prev) {
            exchange->prev->next = exchange->next;
        } else {
            http->first = exchange->next;
        }
        if (exchange->next) {
            exchange->next->prev = exchange->prev;
        }
    }
    while (exchange->joined) {
        struct joined_header *joined = exchange->joined;
        exchange->joined = joined->next;
        free(joined->value);
        free(joined);
    }
    cs_buf_free(&exchange->sent);
    cs_buf_free(&exchange->head);
    cs_buf_free(&exchange->body);
    cs_buf_free(&exchange->handed);
    free(exchange->request.bytes);
    free(exchange->method);
    free(exchange->url);
    free(exchange);
}

void cs_exchange_cancel(struct cs_exchange *exchange)
{
    cs_exchange_finish_with(exchange, CS_ERR_CLOSED, "cancelled on this side");
}

/* ---- waiting ---- */

static void perform(struct cs_http *http)
{
    int running;
    curl_multi_perform(http->multi, &running);
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        if (message->msg == CURLMSG_DONE) {
            char *private = NULL;
            CURLcode code = message->data.result; /* finishing frees the message */
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
            cs_exchange_finish((struct cs_exchange *)(void *)private, code);
        }
    }
}

void cs_http_watch(struct cs_http *http, int fd, void (*ready)(void *ctx), void *ctx)
{
    http->watched_fd = fd;
    http->ready = ready;
    http->ready_ctx = ctx;
}

/* Sleeps until something may have happened. The watched descriptor is served from here, where no
 * function of libcurl is on the stack. */
static void sleep_until_ready(struct cs_http *http, int timeout_ms)
{
    struct curl_waitfd watched = {.fd = http->watched_fd, .events = CURL_WAIT_POLLIN};
    unsigned n_watched = http->watched_fd >= 0 && !http->in_ready ? 1 : 0;
    curl_multi_poll(http->multi, n_watched ? &watched : NULL, n_watched, timeout_ms, NULL);
    if (n_watched && watched.revents) {
        http->in_ready = true;
        http->ready(http->ready_ctx);
        http->in_ready = false;
        http->progress++; /* whoever waits looks again */
    }
}

/* Runs everything that is open until something happened; false when the deadline passed. */
static bool step(struct cs_http *http, int64_t deadline)
{
    uint64_t before = http->progress;
    for (;;) {
        perform(http);
        if (http->progress != before) {
            return true;
        }
        int64_t left = deadline - cs_now_ms();
        if (left <= 0) {
            return false;
        }
        sleep_until_ready(http, left < 60000 ? (int)left : 60000);
    }
}

static int64_t deadline_in(int64_t timeout_ms)
{
    int64_t now = cs_now_ms();
    return timeout_ms > INT64_MAX - now ? INT64_MAX : now + timeout_ms;
}

static enum cs_err timed_out(struct cs_exchange *exchange, const char *what, int64_t timeout_ms)
{
    snprintf(exchange->error, sizeof exchange->error, "%s within %lld ms", what,
             (long long)timeout_ms);
    return CS_ERR_TIMEOUT;
}

enum cs_err cs_exchange_wait_head(struct cs_exchange *exchange, int64_t timeout_ms)
{
    int64_t deadline = deadline_in(timeout_ms);
    while (!exchange->head_done && !exchange->ended) {
        if (!step(exchange->http, deadline)) {
            return timed_out(exchange, "no complete head", timeout_ms);
        }
    }
    return exchange->head_done ? CS_OK : exchange->result;
}

enum cs_err cs_exchange_wait_end(struct cs_exchange *exchange, int64_t timeout_ms)
{
    int64_t deadline = deadline_in(timeout_ms);
    while (!exchange->ended) {
        if (!step(exchange->http, deadline)) {
            return timed_out(exchange, "no complete answer", timeout_ms);
        }
    }
    return exchange->result;
}

enum cs_err cs_exchange_read(struct cs_exchange *exchange, int64_t timeout_ms,
                             struct cs_view *ret_bytes)
{
    int64_t deadline = deadline_in(timeout_ms);
    while (exchange->body.len == 0 && !exchange->ended) {
        if (!step(exchange->http, deadline)) {
            return timed_out(exchange, "no more of the body", timeout_ms);
        }
    }
    if (exchange->body.len == 0 && exchange->result) {
        return exchange->result;
    }
    /* The two buffers change places, so that bytes which come in while the caller looks at these
     * (another exchange may be pumped meanwhile) cannot move them. */
    struct cs_buf taken = exchange->body;
    exchange->body = exchange->handed;
    exchange->handed = taken;
    cs_buf_clear(&exchange->body);
    *ret_bytes = cs_buf_view(&exchange->handed);
    return CS_OK;
}

void cs_http_pump(struct cs_http *http, int64_t timeout_ms)
{
    step(http, deadline_in(timeout_ms));
}
