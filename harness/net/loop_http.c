/* The life of requests on the loop, and when their hooks are called. */
#include "net/loop_http_impl.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the queue of news ---- */

static void tell_all(struct cs_timer *timer);

struct cs_loop_http *cs_loop_http_new(struct cs_loop *loop)
{
    cs_curl_global_init();
    struct cs_loop_http *http = calloc(1, sizeof *http);
    if (!http) {
        return NULL;
    }
    http->loop = loop;
    http->deliver_timer.fire = tell_all;
    LIST_INIT(&http->sockets);
    TAILQ_INIT(&http->open);
    TAILQ_INIT(&http->news);
    http->multi = curl_multi_init();
    if (!http->multi || cs_loop_http_attach(http) != CS_OK ||
        cs_timer_start(loop, &http->deliver_timer, CS_LOOP_HTTP_NEVER) != CS_OK) {
        cs_loop_http_free(http);
        return NULL;
    }
    return http;
}

static void request_free(struct cs_loop_request *request)
{
    struct cs_loop_http *http = request->http;
    TAILQ_REMOVE(&http->open, request, link);
    if (request->in_news) {
        TAILQ_REMOVE(&http->news, request, news_link);
    }
    if (http->telling == request) {
        http->telling = NULL;
    }
    cs_timer_stop(http->loop, &request->idle);
    if (request->easy) {
        cs_loop_request_give_up(request);
    }
    curl_slist_free_all(request->headers);
    cs_buf_free(&request->held);
    cs_buf_free(&request->type);
    free(request->body.bytes);
    free(request);
}

void cs_loop_http_free(struct cs_loop_http *http)
{
    if (!http) {
        return;
    }
    struct cs_loop_request *request;
    while ((request = TAILQ_FIRST(&http->open))) {
        request_free(request);
    }
    if (http->multi) {
        curl_multi_cleanup(http->multi);
    }
    cs_timer_stop(http->loop, &http->curl_timer);
    cs_timer_stop(http->loop, &http->deliver_timer);
    free(http);
}

void cs_loop_http_arm(struct cs_loop_http *http, struct cs_timer *timer, int64_t delay_ms)
{
    if (cs_timer_start(http->loop, timer, delay_ms) != CS_OK) {
        abort(); /* it was armed: see loop_http_impl.h */
    }
}

static void deliver_soon(struct cs_loop_http *http)
{
    if (!http->delivering) {
        http->delivering = true;
        cs_loop_http_arm(http, &http->deliver_timer, 0);
    }
}

void cs_loop_request_news(struct cs_loop_request *request)
{
    struct cs_loop_http *http = request->http;
    if (!request->in_news) {
        request->in_news = true;
        TAILQ_INSERT_TAIL(&http->news, request, news_link);
    }
    deliver_soon(http);
}

/* Hands the body out. False when the request is gone or its owner wants no more for now. */
static bool tell_body(struct cs_loop_http *http, struct cs_loop_request *request)
{
    if (request->held.len > 0) {
        bool taken = request->hooks.on_body(request->hooks.ctx, cs_buf_view(&request->held));
        if (http->telling != request) {
            return false;
        }
        request->refused = !taken;
        if (!taken) {
            return false;
        }
        cs_buf_clear(&request->held);
    }
    if (request->paused && request->easy) {
        request->paused = false;
        curl_easy_pause(request->easy, CURLPAUSE_CONT); /* may fill `held` before it returns */
        cs_loop_http_collect(http);
    }
    return true;
}

static void tell(struct cs_loop_http *http, struct cs_loop_request *request)
{
    struct cs_loop_http_hooks hooks = request->hooks;
    http->telling = request;
    if (request->head_done && !request->head_told) {
        request->head_told = true;
        if (hooks.on_head) {
            hooks.on_head(hooks.ctx, request->status, cs_buf_view(&request->type));
        }
    }
    if (http->telling == request && !request->refused) {
        (void)tell_body(http, request);
    }
    if (http->telling == request && request->ended && !request->refused && request->held.len == 0) {
        enum cs_err result = request->result;
        int status = request->status;
        char why[CURL_ERROR_SIZE];
        snprintf(why, sizeof why, "%s", request->why);
        request_free(request);
        hooks.on_end(hooks.ctx, result, status, why);
    }
    http->telling = NULL;
}

/* One pass over those who have news now; what these bring waits for the next turn. */
static void tell_all(struct cs_timer *timer)
{
    struct cs_loop_http *http =
        (struct cs_loop_http *)((char *)timer - offsetof(struct cs_loop_http, deliver_timer));
    struct cs_loop_request *request;
    size_t n = 0;
    http->delivering = false;
    cs_loop_http_arm(http, timer, CS_LOOP_HTTP_NEVER);
    TAILQ_FOREACH(request, &http->news, news_link)
    {
        n++;
    }
    while (n-- > 0 && (request = TAILQ_FIRST(&http->news))) {
        TAILQ_REMOVE(&http->news, request, news_link);
        request->in_news = false;
        tell(http, request);
    }
    if (!TAILQ_EMPTY(&http->news)) {
        deliver_soon(http);
    }
}

/* ---- requests ---- */

void cs_loop_request_end(struct cs_loop_request *request, enum cs_err result, const char *why)
{
    if (request->ended) {
        return;
    }
    request->ended = true;
    request->result = result;
    snprintf(request->why, sizeof request->why, "%s", result == CS_OK ? "" : why);
    cs_timer_stop(request->http->loop, &request->idle);
    /* The connection of a complete answer goes back to the others now. */
    cs_loop_request_give_up(request);
    cs_loop_request_news(request);
}

static void on_idle(struct cs_timer *timer)
{
    struct cs_loop_request *request =
        (struct cs_loop_request *)((char *)timer - offsetof(struct cs_loop_request, idle));
    if (request->paused || request->refused) {
        cs_loop_request_alive(request); /* it is us who do not listen */
        return;
    }
    cs_loop_request_end(request, request->connected ? CS_ERR_TIMEOUT : CS_ERR_CONNECT,
                        "the peer has fallen silent");
}

void cs_loop_request_alive(struct cs_loop_request *request)
{
    if (request->idle_ms > 0 && !request->ended) {
        /* Armed since the request began, so this takes no memory. */
        cs_loop_http_arm(request->http, &request->idle, request->idle_ms);
    }
}

struct cs_loop_request *cs_loop_http_start(struct cs_loop_http *http,
                                           const struct cs_loop_http_request *how,
                                           const struct cs_loop_http_hooks *hooks)
{
    struct cs_loop_request *request = calloc(1, sizeof *request);
    if (!request) {
        return NULL;
    }
    request->http = http;
    request->hooks = *hooks;
    request->held = CS_BUF(CS_LOOP_HTTP_HELD * 2);
    request->type = CS_BUF((size_t)64 * 1024);
    request->idle.fire = on_idle;
    request->idle_ms = how->idle_ms;
    TAILQ_INSERT_TAIL(&http->open, request, link);
    request->easy = curl_easy_init();
    if (!request->easy || (how->has_body && !cs_curl_body_copy(how->body, &request->body)) ||
        cs_loop_request_set_up(request, how) != CS_OK ||
        (how->idle_ms > 0 && cs_timer_start(http->loop, &request->idle, how->idle_ms) != CS_OK) ||
        curl_multi_add_handle(http->multi, request->easy) != CURLM_OK) {
        request_free(request);
        return NULL;
    }
    return request;
}

void cs_loop_request_set_idle(struct cs_loop_request *request, int64_t idle_ms)
{
    request->idle_ms = idle_ms;
    cs_loop_request_alive(request);
}

void cs_loop_request_resume(struct cs_loop_request *request)
{
    if (request->refused) {
        request->refused = false;
        cs_loop_request_news(request);
    }
}

void cs_loop_request_cancel(struct cs_loop_request *request)
{
    request_free(request);
}
