/* The HTTP client: libcurl's multi interface, several exchanges side by side, evidence kept.
 *
 * Blocking in style: a call pumps all open exchanges until what it waits for has happened or its
 * deadline passed. Nothing is followed, retried, decoded or decompressed behind the caller's back:
 * no redirects, no Expect: 100-continue, no proxy, no automatic headers but Host, Accept,
 * User-Agent (each can be set or, given as "Name:", removed). The path goes out as it stands in the
 * URL.
 *
 * Not for several threads: a client and its exchanges belong to one thread at a time.
 */
#ifndef CHATSPEC_NET_HTTP_CLIENT_H
#define CHATSPEC_NET_HTTP_CLIENT_H

#include "wire/record.h"

struct cs_http;
struct cs_exchange;

/* NULL when out of memory. Global libcurl set-up is done once, safely. */
struct cs_http *cs_http_new(void);
/* Cancels what is open. */
void cs_http_free(struct cs_http *http);

struct cs_http_request {
    const char *method; /* NULL: GET */
    const char *url;
    const char *const *headers; /* "Name: value" lines; "Name;" sends an empty value */
    size_t n_headers;
    struct cs_view body; /* copied; sent when has_body */
    bool has_body;       /* a body of zero bytes sends Content-Length: 0 */
    bool chunked;        /* send the body chunked, without Content-Length */
    bool http2;          /* speaks HTTP/2 at once, without asking; its body is never chunked */
    bool reuse; /* may use an idle connection of this client and leave its own open for others; when
                   such a connection turns out to be dead before any answer, libcurl sends the
                   request again on a new one. Without it: one exchange, one connection, and what
                   the peer saw is exactly what was asked for */
    int64_t connect_timeout_ms; /* 0: 5000 */
    size_t max_body; /* bytes of the answer held at once, so all of them unless cs_exchange_read
                        takes them; 0: 64 MiB; more ends with CS_ERR_LIMIT */
};

/* Starts an exchange; it runs while any wait call of this client runs. Free with
 * cs_exchange_free. NULL when out of memory; a bad URL shows as an error of the exchange. */
struct cs_exchange *cs_http_start(struct cs_http *http, const struct cs_http_request *request);
/* Closes the connection if the exchange is still open. NULL is fine. */
void cs_exchange_free(struct cs_exchange *exchange);
/* Closes the connection and keeps what was received; nothing more will come. */
void cs_exchange_cancel(struct cs_exchange *exchange);

/* Deadlines count from now, in ms. */
/* Until the answer's head is complete. Errors: CS_ERR_CONNECT, CS_ERR_TIMEOUT (the exchange stays
 * open), CS_ERR_CLOSED (reset, or ended too early), CS_ERR_SYNTAX (not HTTP), CS_ERR_LIMIT (a head
 * of over 256 KiB, or one line of it over 100 KiB), CS_ERR_USAGE (bad URL), CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_exchange_wait_head(struct cs_exchange *exchange, int64_t timeout_ms);
/* Until the whole answer is there. Errors as above, and CS_ERR_LIMIT. */
CS_MUST_USE enum cs_err cs_exchange_wait_end(struct cs_exchange *exchange, int64_t timeout_ms);
/* Until there are body bytes that were not yet taken: gives them (valid until the next call for
 * this exchange). CS_OK with an empty view means a clean end of the body. */
CS_MUST_USE enum cs_err cs_exchange_read(struct cs_exchange *exchange, int64_t timeout_ms,
                                         struct cs_view *ret_bytes);
/* While any call of this client waits, `ready` is called whenever `fd` is readable: for programs
 * that take commands meanwhile. It may start exchanges and wait for them; it is not called again
 * before it returned. One descriptor per client; -1 ends it. */
void cs_http_watch(struct cs_http *http, int fd, void (*ready)(void *ctx), void *ctx);
/* Lets open exchanges run for that long, or until one of them makes progress. */
void cs_http_pump(struct cs_http *http, int64_t timeout_ms);

int cs_exchange_status(const struct cs_exchange *exchange); /* 0 before the head is there */
/* Header of the final answer, any case; all values joined by ", " for repeats; NULL when absent.
 * The string lives as long as the exchange. */
const char *cs_exchange_header(struct cs_exchange *exchange, const char *name);
/* How often the header came. */
size_t cs_exchange_header_count(const struct cs_exchange *exchange, const char *name);
/* Body bytes received so far and not taken by cs_exchange_read (all of them when never called). */
struct cs_view cs_exchange_body(const struct cs_exchange *exchange);
uint64_t cs_exchange_received(const struct cs_exchange *exchange); /* body bytes, in all */
bool cs_exchange_ended(const struct cs_exchange *exchange);
/* What went wrong, or "" */
const char *cs_exchange_error(const struct cs_exchange *exchange);

/* Evidence: exact bytes of the request (head, and up to 64 KiB of body), of the answer's head with
 * any interim (1xx) heads before it. Trailers of a chunked answer are not kept. */
struct cs_view cs_exchange_sent(const struct cs_exchange *exchange);
struct cs_view cs_exchange_head(const struct cs_exchange *exchange);
const char *cs_exchange_method(const struct cs_exchange *exchange);
const char *cs_exchange_url(const struct cs_exchange *exchange);

struct cs_exchange_times { /* ms since cs_http_start; -1 when not reached */
    int64_t started;       /* of cs_http_start, as cs_now_ms tells it */
    int64_t connected;
    int64_t head;
    int64_t end;
};
struct cs_exchange_times cs_exchange_times(const struct cs_exchange *exchange);

/* Monotonic clock in ms, and wall clock in ms since the epoch. */
int64_t cs_now_ms(void);
int64_t cs_wall_ms(void);

#endif
