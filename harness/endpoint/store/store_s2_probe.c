/* Is there an S2 at all? Asked once, before anything is built on it. */
#include <stdio.h>
#include <stdlib.h>

#include "endpoint/store/store_s2_impl.h"
#include "net/http_client.h"

#define TEXT_MAX    ((size_t)64 * 1024)
#define PATIENCE_MS 5000
#define SAID_MAX    ((size_t)160)

/* What an answer to a listing of streams says about who gave it. */
static enum cs_err judge(const struct cs_store_s2_config *config, struct cs_exchange *exchange,
                         struct cs_diag *diag)
{
    int status = cs_exchange_status(exchange);
    struct cs_view body = cs_exchange_body(exchange);
    body.len = body.len < SAID_MAX ? body.len : SAID_MAX;
    bool of_s2 = status == 200 ? cs_view_find(body, CS_VIEW("\"streams\"")) != SIZE_MAX
                               : cs_view_find(body, CS_VIEW("\"code\"")) != SIZE_MAX;
    if (status == 404 && of_s2) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "the stream store %s has no basin %s", config->url,
                       config->basin);
    }
    if (status == 401 || (status == 400 && of_s2)) {
        return cs_fail(diag, CS_ERR_USAGE, 0, "the stream store %s answered %d: %.*s", config->url,
                       status, CS_VIEW_ARG(body));
    }
    /* A token that may append and read need not be allowed to list. */
    if (of_s2 && (status == 200 || status == 403)) {
        return CS_OK;
    }
    return cs_fail(diag, CS_ERR_TYPE, 0, "%s answered %d, and not as a stream store (S2) does",
                   config->url, status);
}

enum cs_err cs_store_s2_probe(const struct cs_store_s2_config *config, struct cs_diag *diag)
{
    struct cs_buf text = CS_BUF(TEXT_MAX);
    bool has_token = config->token != NULL && config->token[0] != '\0';
    cs_buf_printf(&text, "%s/streams?limit=1", config->url);
    char *url = cs_buf_take(&text);
    cs_buf_printf(&text, "S2-Basin: %s", config->basin);
    char *basin = cs_buf_take(&text);
    cs_buf_printf(&text, "Authorization: Bearer %s", has_token ? config->token : "");
    char *token = cs_buf_take(&text);
    struct cs_http *http = url && basin && token ? cs_http_new() : NULL;
    const char *headers[] = {basin, token};
    int64_t patience = config->patience_ms > 0 ? config->patience_ms : PATIENCE_MS;
    struct cs_http_request request = {.url = url,
                                      .headers = headers,
                                      .n_headers = has_token ? 2 : 1,
                                      .connect_timeout_ms = patience,
                                      .max_body = TEXT_MAX};
    struct cs_exchange *exchange = http != NULL ? cs_http_start(http, &request) : NULL;
    enum cs_err err =
        exchange != NULL ? cs_exchange_wait_end(exchange, patience) : CS_ERR_NO_MEMORY;
    if (err == CS_OK) {
        err = judge(config, exchange, diag);
    } else {
        const char *why = exchange != NULL ? cs_exchange_error(exchange) : "out of memory";
        err = cs_fail(diag, err, 0, "the stream store %s cannot be reached: %s", config->url,
                      err == CS_ERR_TIMEOUT ? "no answer in time" : why);
    }
    cs_exchange_free(exchange);
    cs_http_free(http);
    free(url);
    free(basin);
    free(token);
    return err;
}
