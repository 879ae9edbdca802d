/* HTTP requests on the event loop: libcurl's multi socket interface, its descriptors and timers
 * being the loop's.
 *
 * For programs that must not wait, such as the endpoint with a stream store behind HTTP. The
 * blocking client with its evidence is http_client.h. Nothing is followed or retried behind the
 * caller's back, but a request whose kept-alive connection turns out to be dead before any answer
 * is sent again by libcurl on a fresh one, unless it says `once`.
 *
 * Hooks are called from the loop, never from inside a function of this file and never from inside
 * libcurl, so they may start and cancel anything, their own request included. Memory per request is
 * bounded: what the peer sends beyond CS_LOOP_HTTP_HELD waits in the socket.
 */
#ifndef CHATSPEC_NET_LOOP_HTTP_H
#define CHATSPEC_NET_LOOP_HTTP_H

#include "net/loop.h"
#include "wire/bytes.h"

#define CS_LOOP_HTTP_HELD ((size_t)64 * 1024) /* of a body, before it is handed out */

struct cs_loop_http;
struct cs_loop_request;

struct cs_loop_http_hooks {
    /* The head of the answer is there. `type` is the value of Content-Type. May be NULL. */
    void (*on_head)(void *ctx, int status, struct cs_view type);
    /* Bytes of the body. True: they are done with. False: not now; they stay where they are, at
     * the same address, and the hook is called with the same bytes again after
     * cs_loop_request_resume. */
    bool (*on_body)(void *ctx, struct cs_view bytes);
    /* The answer is complete (CS_OK, `status` its status) or failed: CS_ERR_CONNECT,
     * CS_ERR_TIMEOUT, CS_ERR_CLOSED, CS_ERR_SYNTAX, CS_ERR_USAGE (a bad URL), CS_ERR_NO_MEMORY. The
     * request is freed afterwards. */
    void (*on_end)(void *ctx, enum cs_err err, int status, const char *why);
    void *ctx;
};

struct cs_loop_http_request {
    const char *method; /* NULL: GET, or POST with a body */
    const char *url;
    const char *const *headers; /* "Name: value" lines */
    size_t n_headers;
    struct cs_view body; /* copied; sent when has_body */
    bool has_body;
    bool once;                  /* never send it twice, not even when a kept connection was dead */
    int64_t timeout_ms;         /* of the whole exchange; 0: none */
    int64_t idle_ms;            /* longest silence of the peer, its head included; 0: any */
    int64_t connect_timeout_ms; /* 0: 5000 */
};

/* The loop must outlive the client. NULL when out of memory. */
struct cs_loop_http *cs_loop_http_new(struct cs_loop *loop);
/* Drops what is open, without a call of its hooks. NULL is fine. */
void cs_loop_http_free(struct cs_loop_http *http);

/* NULL when out of memory. */
struct cs_loop_request *cs_loop_http_start(struct cs_loop_http *http,
                                           const struct cs_loop_http_request *request,
                                           const struct cs_loop_http_hooks *hooks);
/* Asks on_body again after it said no. */
void cs_loop_request_resume(struct cs_loop_request *request);
/* Another limit of silence, counted from now; for requests that began with one. */
void cs_loop_request_set_idle(struct cs_loop_request *request, int64_t idle_ms);
/* Drops the request; no hook is called any more. */
void cs_loop_request_cancel(struct cs_loop_request *request);

#endif
