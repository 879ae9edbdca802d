/* The S2 backend: its life, and what all its requests have in common. */
#include "endpoint/store/store_s2_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include "net/http_request.h"

#define URL_MAX     ((size_t)64 * 1024)
#define PATIENCE_MS 10000
#define SILENCE_MS  30000 /* pings come every 5 to 15 s (OUT-19) */
#define RETRY_MS    100
#define HEADERS_MAX 8

struct cs_loop_request *cs_s2_request(struct cs_s2 *s2, struct cs_view stream, const char *query,
                                      const char *accept, struct cs_loop_http_request *how,
                                      const struct cs_loop_http_hooks *hooks)
{
    const char *headers[HEADERS_MAX] = {s2->basin_line, "S2-Format: base64"};
    size_t n = 2;
    struct cs_buf text = CS_BUF(URL_MAX);
    if (s2->token_line != NULL) {
        headers[n++] = s2->token_line;
    }
    if (accept != NULL) {
        headers[n++] = accept;
    }
    if (how->has_body) {
        headers[n++] = "Content-Type: application/json";
    }
    cs_buf_printf(&text, "%s/streams/", s2->url);
    cs_percent_encode(stream, &text);
    cs_buf_printf(&text, "/records%s", query);
    char *url = cs_buf_take(&text);
    struct cs_loop_request *request = NULL;
    if (url != NULL) {
        how->url = url;
        how->headers = headers;
        how->n_headers = n;
        how->connect_timeout_ms = CS_S2_CONNECT_MS;
        request = cs_loop_http_start(s2->http, how, hooks);
        how->url = NULL; /* neither outlives the call */
        how->headers = NULL;
    }
    free(url);
    return request;
}

enum cs_store_status cs_s2_status(int status)
{
    switch (status) {
    case 200:
        return CS_STORE_OK;
    case 404:
        return CS_STORE_NOT_FOUND;
    case 412:
        return CS_STORE_CONDITION;
    case 400: /* a stream name of over 512 bytes (LIM-14) */
    case 413:
    case 416:
    case 422:
        return CS_STORE_INVALID;
    default:
        return CS_STORE_UNAVAILABLE;
    }
}

/* Whoever waits for an answer gets one, so that nothing of theirs is lost. */
static void s2_free(struct cs_store *base)
{
    if (base == NULL) {
        return;
    }
    struct cs_s2 *s2 = cs_s2_of(base);
    cs_s2_appends_free(s2);
    cs_s2_lasts_free(s2);
    cs_s2_readers_free(s2);
    cs_loop_http_free(s2->http);
    cs_s2_batch_free(&s2->batch);
    free(s2->url);
    free(s2->basin_line);
    free(s2->token_line);
    free(s2);
}

static char *make_line(const char *name, const char *value)
{
    struct cs_buf line = CS_BUF(URL_MAX);
    cs_buf_printf(&line, "%s%s", name, value);
    return cs_buf_take(&line);
}

struct cs_store *cs_store_s2_new(struct cs_loop *loop, const struct cs_store_s2_config *config)
{
    static const struct cs_store_vtable ops = {
        .append = cs_s2_append,
        .read_start = cs_s2_read_start,
        .read_more = cs_s2_read_more,
        .read_stop = cs_s2_read_stop,
        .last = cs_s2_last,
        .free = s2_free,
    };
    bool has_token = config->token != NULL && config->token[0] != '\0';
    struct cs_s2 *s2 = calloc(1, sizeof(*s2));
    if (s2 == NULL) {
        return NULL;
    }
    s2->base.ops = &ops;
    s2->loop = loop;
    s2->patience_ms = config->patience_ms > 0 ? config->patience_ms : PATIENCE_MS;
    s2->silence_ms = config->silence_ms > 0 ? config->silence_ms : SILENCE_MS;
    s2->retry_ms = config->retry_ms > 0 ? config->retry_ms : RETRY_MS;
    s2->batch.text = CS_BUF(CS_S2_BATCH_TEXT);
    TAILQ_INIT(&s2->queues);
    TAILQ_INIT(&s2->readers);
    TAILQ_INIT(&s2->lasts);
    s2->http = cs_loop_http_new(loop);
    s2->url = make_line("", config->url);
    s2->basin_line = make_line("S2-Basin: ", config->basin);
    s2->token_line = has_token ? make_line("Authorization: Bearer ", config->token) : NULL;
    if (s2->http == NULL || s2->url == NULL || s2->basin_line == NULL ||
        (has_token && s2->token_line == NULL)) {
        s2_free(&s2->base);
        return NULL;
    }
    return &s2->base;
}
