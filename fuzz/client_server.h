/* A server with the worst intentions, in place of net/http_client.c: what the reference client asks
 * for is looked at (client_oracle.h) and answered from the input, without sockets. Time is a number
 * that grows when somebody waits.
 *
 * An answer is 4 letters and its body, up to the next '~':
 *   how it comes (below); which status (statuses[]); headers, a sum of 1 (X-Session-Settled),
 *   2 (x-ratelimit-reset in a second), 4 (in a thousand years), 8 (x-trigger-jwt); how many bytes
 *   of the body come at once (0: all). After the last answer there is no server any more, or they
 *   begin again.
 */
#ifndef CHATSPEC_FUZZ_CLIENT_SERVER_H
#define CHATSPEC_FUZZ_CLIENT_SERVER_H

#include <inttypes.h>
#include <sys/random.h>

#include "fuzz/client_oracle.h"

enum client_outcome {
    OUTCOME_WHOLE,
    OUTCOME_CUT,     /* reset after the body's bytes */
    OUTCOME_SILENT,  /* nothing after them */
    OUTCOME_HANGS,   /* no head ever */
    OUTCOME_RESET,   /* instead of a head */
    OUTCOME_NO_HTTP, /* something else than a head */
    OUTCOME_NOBODY,  /* no connection */
    N_OUTCOMES
};

/* '@' is 200, 'a' 401, 'b' 403, 'c' 404, 'd' 409, 'e' 429, 'f' 500, ... */
static const int client_statuses[] = {200, 401, 403, 404, 409, 429, 500, 503, 201,
                                      204, 301, 400, 408, 413, 100, 599, 206, 304};

struct cs_http {
    struct client_run *run;
};

struct cs_exchange {
    struct client_run *run;
    enum client_outcome outcome;
    int status; /* 0 until the head is there */
    int coming; /* that status */
    size_t headers;
    size_t piece;
    struct cs_view body;
    size_t taken;
    char *lent; /* what cs_exchange_read gave last */
    bool ended;
    bool cancelled;
    bool is_read;
    char reset[24];
};

struct cs_http *cs_http_new(void)
{
    static struct cs_http http; /* one per run, set anew */

    http.run = client_run;
    return &http;
}

void cs_http_free(struct cs_http *http)
{
    (void)http;
}

void cs_http_pump(struct cs_http *http, int64_t timeout_ms)
{
    http->run->now_ms += timeout_ms > 0 ? timeout_ms : 0;
}

void cs_http_watch(struct cs_http *http, int fd, void (*ready)(void *ctx), void *ctx)
{
    (void)http, (void)fd, (void)ready, (void)ctx;
}

static void client_answer(struct client_run *run, struct cs_exchange *exchange)
{
    struct cs_view text;

    if (run->left.len == 0 && run->cycles) {
        run->left = run->answers;
    }
    exchange->outcome = run->left.len > 0 ? OUTCOME_WHOLE : OUTCOME_NOBODY;
    text = fuzz_take(&run->left, cs_view_find(run->left, CS_VIEW("~")));
    (void)fuzz_take(&run->left, 1);
    if (exchange->outcome == OUTCOME_WHOLE) {
        exchange->outcome = (enum client_outcome)(fuzz_number(&text) % N_OUTCOMES);
    }
    exchange->coming = client_statuses[fuzz_number(&text) %
                                       (sizeof(client_statuses) / sizeof(client_statuses[0]))];
    exchange->headers = fuzz_number(&text);
    exchange->piece = fuzz_number(&text);
    exchange->body = text;
}

struct cs_exchange *cs_http_start(struct cs_http *http, const struct cs_http_request *request)
{
    struct cs_exchange *exchange = calloc(1, sizeof(*exchange));

    FUZZ_CHECK(exchange != NULL);
    exchange->run = http->run;
    exchange->is_read = client_on_request(http->run, request);
    client_answer(http->run, exchange);
    return exchange;
}

void cs_exchange_cancel(struct cs_exchange *exchange)
{
    exchange->cancelled = true;
}

void cs_exchange_free(struct cs_exchange *exchange)
{
    if (exchange) {
        free(exchange->lent);
        free(exchange);
    }
}

/* No more of this answer will come. */
static enum cs_err client_over(struct cs_exchange *exchange, enum cs_err err)
{
    if (!exchange->ended) {
        exchange->ended = true;
        client_on_end(exchange->run, exchange->is_read, exchange->status,
                      exchange->outcome != OUTCOME_WHOLE);
    }
    return err;
}

enum cs_err cs_exchange_wait_head(struct cs_exchange *exchange, int64_t timeout_ms)
{
    if (exchange->cancelled || exchange->outcome == OUTCOME_RESET) {
        return client_over(exchange, CS_ERR_CLOSED);
    }
    if (exchange->outcome == OUTCOME_HANGS) {
        exchange->run->now_ms += timeout_ms > 0 ? timeout_ms : 0;
        return CS_ERR_TIMEOUT;
    }
    if (exchange->outcome > OUTCOME_HANGS) {
        return client_over(exchange,
                           exchange->outcome == OUTCOME_NO_HTTP ? CS_ERR_SYNTAX : CS_ERR_CONNECT);
    }
    exchange->status = exchange->coming;
    return CS_OK;
}

/* All bytes of the body have come, and now the end, whichever it is. */
static enum cs_err client_body_end(struct cs_exchange *exchange, int64_t timeout_ms)
{
    if (exchange->outcome == OUTCOME_SILENT) {
        exchange->run->now_ms += timeout_ms > 0 ? timeout_ms : 0;
        return CS_ERR_TIMEOUT;
    }
    return client_over(exchange, exchange->outcome == OUTCOME_CUT ? CS_ERR_CLOSED : CS_OK);
}

enum cs_err cs_exchange_wait_end(struct cs_exchange *exchange, int64_t timeout_ms)
{
    enum cs_err err = exchange->ended ? CS_OK : cs_exchange_wait_head(exchange, timeout_ms);

    if (!err && !exchange->is_read && exchange->status < 300) {
        exchange->run->told_token = true; /* a create call's answer may hold one */
    }
    return err ? err : client_body_end(exchange, timeout_ms);
}

/* A piece lies in a block of its own until the next call, so that what is kept for longer shows. */
enum cs_err cs_exchange_read(struct cs_exchange *exchange, int64_t timeout_ms,
                             struct cs_view *ret_bytes)
{
    size_t left = exchange->body.len - exchange->taken;
    size_t len = exchange->piece > 0 && exchange->piece < left ? exchange->piece : left;

    free(exchange->lent);
    exchange->lent = NULL;
    *ret_bytes = (struct cs_view){0};
    if (exchange->cancelled) {
        return client_over(exchange, CS_ERR_CLOSED);
    }
    if (len == 0) {
        return client_body_end(exchange, timeout_ms);
    }
    exchange->lent = malloc(len);
    FUZZ_CHECK(exchange->lent != NULL);
    memcpy(exchange->lent, exchange->body.ptr + exchange->taken, len);
    client_on_bytes(exchange->run, exchange->taken == 0, cs_view_of(exchange->lent, len));
    exchange->taken += len;
    *ret_bytes = cs_view_of(exchange->lent, len);
    return CS_OK;
}

int cs_exchange_status(const struct cs_exchange *exchange)
{
    return exchange->status;
}

const char *cs_exchange_header(struct cs_exchange *exchange, const char *name)
{
    if (strcmp(name, "x-ratelimit-reset") == 0 && exchange->headers & 6) {
        int64_t wait_ms = exchange->headers & 4 ? INT64_C(31536000000000) : 1000;

        (void)snprintf(exchange->reset, sizeof(exchange->reset), "%" PRId64,
                       exchange->run->now_ms + wait_ms);
        return exchange->reset;
    }
    if (strcmp(name, "x-session-settled") == 0 && exchange->headers & 1) {
        return "true";
    }
    return strcmp(name, "x-trigger-jwt") == 0 && exchange->headers & 8 ? CLIENT_HEADER_TOKEN : NULL;
}

struct cs_view cs_exchange_body(const struct cs_exchange *exchange)
{
    return exchange->status > 0 ? exchange->body : (struct cs_view){0};
}

bool cs_exchange_ended(const struct cs_exchange *exchange)
{
    return exchange->ended;
}

const char *cs_exchange_error(const struct cs_exchange *exchange)
{
    return exchange->outcome == OUTCOME_WHOLE ? "" : "it went wrong";
}

/* ---- time and chance ---- */

int64_t cs_now_ms(void)
{
    return client_run->now_ms;
}

int64_t cs_wall_ms(void)
{
    return client_run->now_ms;
}

/* Asked for before the first run as well, by libraries. */
ssize_t getrandom(void *buffer, size_t len, unsigned flags)
{
    (void)flags;
    memset(buffer, client_run ? (int)++client_run->n_random : 0, len);
    return (ssize_t)len;
}

#endif
