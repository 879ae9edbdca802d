/* What the files of the HTTP client share; nobody else includes this. */
#ifndef CHATSPEC_NET_HTTP_CLIENT_IMPL_H
#define CHATSPEC_NET_HTTP_CLIENT_IMPL_H

#include "net/curl_common.h"
#include "net/http_client.h"

#define MAX_ANSWER_HEAD  ((size_t)256 * 1024) /* interim heads included */
#define MAX_SENT_BODY    ((size_t)64 * 1024)  /* of the request's body, kept as evidence */
#define MAX_SENT_HEAD    ((size_t)4 * 1024 * 1024)
#define DEFAULT_MAX_BODY ((size_t)64 * 1024 * 1024)

struct cs_http {
    CURLM *multi;
    struct cs_exchange *first; /* all that were not freed, open or not */
    uint64_t progress;         /* grows with everything that a caller may wait for */
    int watched_fd;            /* -1: none */
    void (*ready)(void *ctx);
    void *ready_ctx;
    bool in_ready;
};

/* A header that was looked up: keeps its string alive as long as the exchange. */
struct joined_header {
    struct joined_header *next;
    char *value;
    char name[];
};

struct cs_exchange {
    struct cs_http *http; /* NULL once the client is gone */
    struct cs_exchange *prev;
    struct cs_exchange *next;
    CURL *easy; /* NULL when libcurl is done with it */
    struct curl_slist *headers;
    char *method;
    char *url;

    struct cs_curl_body request;
    struct cs_buf sent;
    size_t sent_body;

    struct cs_buf head;
    size_t final_head; /* where in `head` the last status line stands */
    int status;        /* of that status line */
    bool head_done;

    struct cs_buf body;   /* received, not taken */
    struct cs_buf handed; /* what the last cs_exchange_read gave away */
    uint64_t received;

    bool ended;
    enum cs_err refused; /* why a callback of ours stopped the transfer */
    enum cs_err result;  /* meaningful once ended */
    char curl_error[CURL_ERROR_SIZE];
    char error[CURL_ERROR_SIZE]; /* what the caller is told */
    int64_t started;
    struct cs_exchange_times times;
    struct joined_header *joined;
};

/* libcurl is done with this exchange: records what that means (http_client_end.c). */
void cs_exchange_finish(struct cs_exchange *exchange, CURLcode code);
/* Ends it for a reason of ours, before or without libcurl. */
void cs_exchange_finish_with(struct cs_exchange *exchange, enum cs_err result, const char *why);
/* Sets all options and callbacks of exchange->easy (http_client_setup.c). */
CS_MUST_USE enum cs_err cs_exchange_set_up(struct cs_exchange *exchange,
                                           const struct cs_http_request *request);

#endif
