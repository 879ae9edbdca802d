/* How an exchange ended, told in our own closed list, and what can be read off its answer. */
#include "net/http_client_impl.h"

#include <stdio.h>
#include <stdlib.h>

static enum cs_err err_of(const struct cs_exchange *exchange, CURLcode code)
{
    bool connected = exchange->times.connected >= 0;
    if (exchange->refused) {
        return exchange->refused;
    }
    switch (code) {
    case CURLE_OK:
        /* The connection ended inside the head: for libcurl that is an answer without a body. */
        return exchange->head_done ? CS_OK : CS_ERR_CLOSED;
    case CURLE_OUT_OF_MEMORY: /* also what a header line of over 100 KiB ends with */
        return connected ? CS_ERR_LIMIT : CS_ERR_NO_MEMORY;
    default:
        return cs_curl_err(code, connected, exchange->curl_error);
    }
}

static void release_handle(struct cs_exchange *exchange)
{
    if (exchange->easy) {
        curl_multi_remove_handle(exchange->http->multi, exchange->easy);
        curl_easy_cleanup(exchange->easy);
        exchange->easy = NULL;
    }
    curl_slist_free_all(exchange->headers);
    exchange->headers = NULL;
}

void cs_exchange_finish_with(struct cs_exchange *exchange, enum cs_err result, const char *why)
{
    if (exchange->ended) {
        return;
    }
    exchange->ended = true;
    exchange->result = result;
    exchange->times.end = cs_now_ms() - exchange->started;
    release_handle(exchange);
    snprintf(exchange->error, sizeof exchange->error, "%s", result == CS_OK ? "" : why);
    exchange->http->progress++;
}

void cs_exchange_finish(struct cs_exchange *exchange, CURLcode code)
{
    const char *why = exchange->curl_error[0] ? exchange->curl_error : curl_easy_strerror(code);
    if (exchange->refused == CS_ERR_LIMIT) {
        why = "the answer is larger than this exchange allows";
    } else if (code == CURLE_OK && !exchange->head_done) {
        why = "the connection ended inside the head of the answer";
    }
    cs_exchange_finish_with(exchange, err_of(exchange, code), why);
}

/* ---- reading the answer ---- */

/* Splits the next "Name: value" line off *rest; a line without a colon gives an empty name. */
static bool next_header(struct cs_view *rest, struct cs_header *ret_header)
{
    size_t end = cs_view_find(*rest, CS_VIEW("\n"));
    if (rest->len == 0 || end == SIZE_MAX) {
        return false;
    }
    struct cs_view line = cs_view_of(rest->ptr, end);
    *rest = cs_view_of(rest->ptr + end + 1, rest->len - end - 1);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    size_t colon = cs_view_find(line, CS_VIEW(":"));
    *ret_header = (struct cs_header){0};
    if (colon != SIZE_MAX) {
        ret_header->name = cs_view_of(line.ptr, colon);
        ret_header->value = cs_view_trim(cs_view_of(line.ptr + colon + 1, line.len - colon - 1));
    }
    return true;
}

/* The header lines of the final answer; empty before its head is complete. */
static struct cs_view final_lines(const struct cs_exchange *exchange)
{
    if (!exchange->head_done) {
        return (struct cs_view){0};
    }
    struct cs_view text = cs_view_of(exchange->head.ptr + exchange->final_head,
                                     exchange->head.len - exchange->final_head);
    struct cs_header status_line;
    return next_header(&text, &status_line) ? text : (struct cs_view){0};
}

size_t cs_exchange_header_count(const struct cs_exchange *exchange, const char *name)
{
    struct cs_view lines = final_lines(exchange);
    struct cs_header header;
    size_t n = 0;
    while (next_header(&lines, &header)) {
        n += cs_view_eq_nocase(header.name, cs_view_str(name)) ? 1 : 0;
    }
    return n;
}

const char *cs_exchange_header(struct cs_exchange *exchange, const char *name)
{
    if (cs_exchange_header_count(exchange, name) == 0) {
        return NULL;
    }
    for (struct joined_header *known = exchange->joined; known; known = known->next) {
        if (cs_view_eq_nocase(cs_view_str(known->name), cs_view_str(name))) {
            return known->value;
        }
    }
    size_t name_size = strlen(name) + 1;
    struct joined_header *joined = malloc(sizeof *joined + name_size);
    struct cs_buf value = CS_BUF(MAX_ANSWER_HEAD * 2);
    struct cs_view lines = final_lines(exchange);
    struct cs_header header;
    bool first = true;
    while (next_header(&lines, &header)) {
        if (cs_view_eq_nocase(header.name, cs_view_str(name))) {
            cs_buf_str(&value, first ? "" : ", ");
            cs_buf_add(&value, header.value);
            first = false;
        }
    }
    char *text = cs_buf_take(&value);
    if (!joined || !text) {
        free(joined);
        free(text);
        return NULL;
    }
    memcpy(joined->name, name, name_size);
    joined->value = text;
    joined->next = exchange->joined;
    exchange->joined = joined;
    return text;
}

int cs_exchange_status(const struct cs_exchange *exchange)
{
    return exchange->head_done ? exchange->status : 0;
}

struct cs_view cs_exchange_body(const struct cs_exchange *exchange)
{
    return cs_buf_view(&exchange->body);
}

uint64_t cs_exchange_received(const struct cs_exchange *exchange)
{
    return exchange->received;
}

bool cs_exchange_ended(const struct cs_exchange *exchange)
{
    return exchange->ended;
}

const char *cs_exchange_error(const struct cs_exchange *exchange)
{
    return exchange->error;
}

struct cs_view cs_exchange_sent(const struct cs_exchange *exchange)
{
    return cs_buf_view(&exchange->sent);
}

struct cs_view cs_exchange_head(const struct cs_exchange *exchange)
{
    return cs_buf_view(&exchange->head);
}

const char *cs_exchange_method(const struct cs_exchange *exchange)
{
    return exchange->method;
}

const char *cs_exchange_url(const struct cs_exchange *exchange)
{
    return exchange->url;
}

struct cs_exchange_times cs_exchange_times(const struct cs_exchange *exchange)
{
    return exchange->times;
}
