/* A reference endpoint on a thread of its own, and short ways to call it. */
#ifndef CHATSPEC_TESTS_ENDPOINT_FIXTURE_H
#define CHATSPEC_TESTS_ENDPOINT_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "endpoint/endpoint.h"
#include "net/http_client.h"

#define PATIENCE_MS 10000

struct host {
    struct cs_watch stop; /* first: the callback finds the host by it */
    int stop_write;
    struct cs_loop *loop;
    struct cs_endpoint *endpoint;
    pthread_t thread;
    struct cs_http *http;
};

/* One answer, taken apart. */
struct reply {
    struct cs_exchange *exchange;
    int status;
    cJSON *json; /* NULL when the body is not JSON */
};

static void host_stop_wanted(struct cs_watch *watch, uint32_t events)
{
    (void)events;
    struct host *host = (struct host *)(void *)watch;
    cs_loop_stop(host->loop);
}

static void *host_run(void *arg)
{
    struct host *host = arg;
    (void)cs_loop_run(host->loop, INT64_MAX);
    return NULL;
}

static inline struct host *host_start(const struct cs_violation *const *violations, size_t n)
{
    struct host *host = calloc(1, sizeof *host);
    int ends[2];
    struct cs_diag diag = {0};
    assert_non_null(host);
    assert_int_equal(pipe(ends), 0);
    host->stop_write = ends[1];
    host->stop = (struct cs_watch){.fd = ends[0], .events = EPOLLIN, .ready = host_stop_wanted};
    host->loop = cs_loop_new();
    host->http = cs_http_new();
    assert_non_null(host->loop);
    assert_non_null(host->http);
    assert_int_equal(cs_watch_add(host->loop, &host->stop), CS_OK);
    struct cs_endpoint_config config = {
        .violations = violations, .n_violations = n, .seed = 7, .quiet = true};
    if (cs_endpoint_start(host->loop, &config, &host->endpoint, &diag) != CS_OK) {
        fail_msg("%s", diag.text);
    }
    assert_int_equal(pthread_create(&host->thread, NULL, host_run, host), 0);
    return host;
}

static inline void host_end(struct host *host)
{
    cs_http_free(host->http);
    assert_int_equal(write(host->stop_write, "x", 1), 1);
    pthread_join(host->thread, NULL);
    cs_endpoint_stop(host->endpoint);
    cs_watch_remove(host->loop, &host->stop);
    close(host->stop.fd);
    close(host->stop_write);
    cs_loop_free(host->loop);
    free(host);
}

/* `key` NULL sends no Authorization; `body` NULL sends none; `header` is one more line or NULL. */
static inline struct reply call(struct host *host, const char *method, const char *path,
                                const char *key, const char *body, const char *header)
{
    char url[2048];
    char *authorization = NULL;
    const char *lines[3];
    size_t n = 0;
    snprintf(url, sizeof url, "%s%s", cs_endpoint_url(host->endpoint), path);
    if (key) {
        assert_true(asprintf(&authorization, "Authorization: Bearer %s", key) > 0);
        lines[n++] = authorization;
    }
    if (body) {
        lines[n++] = "Content-Type: application/json";
    }
    if (header) {
        lines[n++] = header;
    }
    struct cs_http_request request = {.method = method,
                                      .url = url,
                                      .headers = lines,
                                      .n_headers = n,
                                      .body = cs_view_str(body),
                                      .has_body = body != NULL};
    struct reply reply = {.exchange = cs_http_start(host->http, &request)};
    assert_non_null(reply.exchange);
    enum cs_err err = cs_exchange_wait_end(reply.exchange, PATIENCE_MS);
    if (err != CS_OK) {
        fail_msg("%s %s: %s %s", method, path, cs_err_name(err), cs_exchange_error(reply.exchange));
    }
    free(authorization);
    reply.status = cs_exchange_status(reply.exchange);
    struct cs_view text = cs_exchange_body(reply.exchange);
    reply.json = text.len ? cJSON_ParseWithLength(text.ptr, text.len) : NULL;
    return reply;
}

static inline void reply_free(struct reply *reply)
{
    cJSON_Delete(reply->json);
    cs_exchange_free(reply->exchange);
    *reply = (struct reply){0};
}

/* Calls, checks the status and lets the answer go. */
static inline void call_expect(struct host *host, const char *method, const char *path,
                               const char *key, const char *body, int status)
{
    struct reply reply = call(host, method, path, key, body, NULL);
    if (reply.status != status) {
        fail_msg("%s %s: %d instead of %d: %.*s", method, path, reply.status, status,
                 CS_VIEW_ARG(cs_exchange_body(reply.exchange)));
    }
    reply_free(&reply);
}

static inline const char *text_of(const struct reply *reply, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(reply->json, name);
    return cJSON_IsString(member) ? member->valuestring : NULL;
}

static inline void assert_text(const struct reply *reply, const char *name, const char *expected)
{
    const char *actual = text_of(reply, name);
    if (!actual || strcmp(actual, expected) != 0) {
        fail_msg("%s is %s instead of %s", name, actual ? actual : "no string", expected);
    }
}

static inline void assert_error(const struct reply *reply, int status, const char *error)
{
    assert_int_equal(reply->status, status);
    assert_text(reply, "error", error);
}

/* A session whose task has no agent behind it, so that its run stays queued. */
static inline struct reply create(struct host *host, const char *external_id)
{
    char body[1024];
    snprintf(body, sizeof body,
             "{\"type\":\"chat.agent\",\"externalId\":\"%s\",\"taskIdentifier\":\"absent-task\","
             "\"triggerConfig\":{\"basePayload\":{\"chatId\":\"%s\",\"message\":{\"x\":1},"
             "\"trigger\":\"preload\",\"kept\":[1, 2]},\"idleTimeoutInSeconds\":30}}",
             external_id, external_id);
    struct reply reply = call(host, "POST", "/api/v1/sessions", CS_ENDPOINT_SECRET_KEY, body, NULL);
    assert_int_equal(reply.status, 201);
    assert_non_null(reply.json);
    return reply;
}

#endif
