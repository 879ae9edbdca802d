/* What the two files of the loop's HTTP client share; nobody else includes this. */
#ifndef CHATSPEC_NET_LOOP_HTTP_IMPL_H
#define CHATSPEC_NET_LOOP_HTTP_IMPL_H

#include <sys/queue.h>

#include "net/curl_common.h"
#include "net/loop_http.h"

#define CS_LOOP_HTTP_NEVER INT64_MAX

TAILQ_HEAD(cs_loop_requests, cs_loop_request);
LIST_HEAD(cs_loop_http_sockets, cs_loop_http_socket);

struct cs_loop_http {
    struct cs_loop *loop;
    CURLM *multi;
    /* Both are armed all the time, far off when there is nothing to wait for: a timer that is armed
     * can be armed anew without memory. */
    struct cs_timer curl_timer;    /* what libcurl asked for */
    struct cs_timer deliver_timer; /* the hooks of those who have news */
    bool delivering;               /* deliver_timer is due */
    bool broken;                   /* a callback of ours failed, which libcurl takes as the end */
    struct cs_loop_http_sockets sockets; /* those libcurl asked to be told of */
    struct cs_loop_requests open;
    struct cs_loop_requests news;    /* those whose hooks have something to be told */
    struct cs_loop_request *telling; /* NULL once that one was cancelled by its own hook */
};

struct cs_loop_request {
    struct cs_loop_http *http;
    CURL *easy;
    struct curl_slist *headers;
    struct cs_loop_http_hooks hooks;
    struct cs_curl_body body; /* of the request */

    struct cs_buf held; /* of the answer's body, not handed out yet */
    bool refused;       /* on_body said no: `held` must not move */
    bool paused;        /* libcurl was told to wait */
    int status;
    struct cs_buf type;
    bool head_done;
    bool head_told;

    bool ended;
    enum cs_err result;
    char why[CURL_ERROR_SIZE];
    char curl_error[CURL_ERROR_SIZE];

    struct cs_timer idle;
    int64_t idle_ms;
    bool in_news;
    bool connected;
    TAILQ_ENTRY(cs_loop_request) link;
    TAILQ_ENTRY(cs_loop_request) news_link;
};

/* ---- loop_http.c ---- */

/* Re-arms one of the client's timers; CS_LOOP_HTTP_NEVER for far off. */
void cs_loop_http_arm(struct cs_loop_http *http, struct cs_timer *timer, int64_t delay_ms);
/* There is something to tell the request's owner. */
void cs_loop_request_news(struct cs_loop_request *request);
/* The peer gave a sign of life. */
void cs_loop_request_alive(struct cs_loop_request *request);
void cs_loop_request_end(struct cs_loop_request *request, enum cs_err result, const char *why);

/* ---- loop_http_curl.c ---- */

/* Sets all options and callbacks of request->easy. */
CS_MUST_USE enum cs_err cs_loop_request_set_up(struct cs_loop_request *request,
                                               const struct cs_loop_http_request *how);
/* Puts libcurl's descriptors and timer on the loop. */
CS_MUST_USE enum cs_err cs_loop_http_attach(struct cs_loop_http *http);
/* Frees request->easy, having taken its descriptors off the loop first: libcurl closes one that is
 * still connecting without a word, says only afterwards that it wants to know no more of it, and by
 * then the number may be somebody else's. */
void cs_loop_request_give_up(struct cs_loop_request *request);
/* Reads what libcurl has finished. */
void cs_loop_http_collect(struct cs_loop_http *http);

#endif
