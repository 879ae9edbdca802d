#include "conformance/endpoint/kit_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "net/http_request.h"

#define MAX_HEADERS 24

struct ep *ep_of(struct cs_case_run *run)
{
    return cs_case_subject(run);
}

struct cs_case_run *ep_run(struct ep *ep)
{
    return ep->run;
}

const struct cs_endpoint_env *ep_env(struct ep *ep)
{
    return ep->env;
}

/* ---- memory of the case ---- */

void *ep_own(struct ep *ep, void *object, void (*release)(void *))
{
    struct ep_owned *owned = object ? malloc(sizeof *owned) : NULL;
    if (!owned) {
        if (object) {
            release(object);
        }
        cs_case_error(ep->run, "out of memory");
    }
    *owned = (struct ep_owned){.next = ep->owned, .release = release, .object = object};
    ep->owned = owned;
    return object;
}

void *ep_alloc(struct ep *ep, size_t size)
{
    return ep_own(ep, calloc(1, size ? size : 1), free);
}

/* ---- text ---- */

const char *ep_text(struct ep *ep, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    return ep_own(ep, len < 0 ? NULL : text, free);
}

const char *ep_fill(struct ep *ep, char c, size_t len)
{
    char *text = ep_alloc(ep, len + 1);
    memset(text, c, len);
    return text;
}

static const char *take(struct ep *ep, struct cs_buf *buf)
{
    return ep_own(ep, cs_buf_take(buf), free);
}

const char *ep_encode(struct ep *ep, const char *text)
{
    struct cs_buf out = CS_BUF((size_t)65536);
    cs_percent_encode(cs_view_str(text), &out);
    return take(ep, &out);
}

const char *ep_unique(struct ep *ep, const char *prefix)
{
    return ep_text(ep, "%s-%s-%u", prefix, cs_case_name(ep->run), ++ep->n_unique);
}

/* ---- calls ---- */

static void exchange_release(void *object)
{
    cs_exchange_free(object);
}

static void json_release(void *object)
{
    cJSON_Delete(object);
}

struct cs_exchange *ep_start(struct ep *ep, const struct ep_call *call)
{
    const char *headers[MAX_HEADERS];
    size_t n = 0;
    if (call->auth) {
        headers[n++] = ep_text(ep, "Authorization: Bearer %s", call->auth);
    }
    if (call->body) {
        headers[n++] =
            ep_text(ep, "Content-Type: %s", call->type ? call->type : "application/json");
    }
    for (const char *const *h = call->headers; h && *h; h++) {
        if (n == MAX_HEADERS) {
            cs_case_error(ep->run, "a case gave more than %d headers", MAX_HEADERS);
        }
        headers[n++] = *h;
    }
    size_t body_len = call->body && !call->body_len ? strlen(call->body) : call->body_len;
    struct cs_http_request request = {
        .method = call->method ? call->method
                  : call->body ? "POST"
                               : "GET",
        .url = call->path[0] == '/' ? ep_text(ep, "%s%s", ep->env->url, call->path) : call->path,
        .headers = headers,
        .n_headers = n,
        .body = cs_view_of(call->body, body_len),
        .has_body = call->body != NULL,
        .chunked = call->chunked,
        .connect_timeout_ms = ep->env->patience_ms,
    };
    return ep_own(ep, cs_http_start(ep->http, &request), exchange_release);
}

#define EVIDENCE_BODY ((size_t)4096)

void ep_evidence(struct ep *ep, struct cs_exchange *exchange)
{
    const char *title =
        ep_text(ep, "%s %s", cs_exchange_method(exchange), cs_exchange_url(exchange));
    struct cs_exchange_times times = cs_exchange_times(exchange);
    cs_case_evidence_at(ep->run, times.started, "request", title, cs_exchange_sent(exchange));
    struct cs_buf answer = CS_BUF((size_t)1024 * 1024);
    cs_buf_add(&answer, cs_exchange_head(exchange));
    struct cs_view body = cs_exchange_body(exchange);
    cs_buf_append(&answer, body.ptr, body.len < EVIDENCE_BODY ? body.len : EVIDENCE_BODY);
    title = ep_text(ep, "answer %d after %lld ms%s%s", cs_exchange_status(exchange),
                    (long long)times.head, *cs_exchange_error(exchange) ? ": " : "",
                    cs_exchange_error(exchange));
    int64_t answered_ms = times.head >= 0 ? times.started + times.head : cs_now_ms();
    cs_case_evidence_at(ep->run, answered_ms, "response", title, cs_buf_view(&answer));
    cs_buf_free(&answer);
}

void ep_transport_error(struct ep *ep, struct cs_exchange *exchange, enum cs_err err)
{
    ep_evidence(ep, exchange);
    const char *why = err == CS_ERR_TIMEOUT ? "no answer in time" : cs_exchange_error(exchange);
    cs_case_error(ep->run, "%s %s: %s", cs_exchange_method(exchange), cs_exchange_url(exchange),
                  *why ? why : cs_err_name(err));
}

struct ep_pending *ep_begin(struct ep *ep, const struct ep_call *call)
{
    struct ep_pending *pending = ep_alloc(ep, sizeof *pending);
    pending->live = ep->env->is_live ? ep_live_begin(ep, call) : NULL;
    pending->exchange = ep_start(ep, call);
    if (pending->live) {
        pending->live->exchange = pending->exchange;
    }
    return pending;
}

const struct ep_answer *ep_end(struct ep *ep, struct ep_pending *pending)
{
    do {
        enum cs_err err = cs_exchange_wait_end(pending->exchange, ep->env->patience_ms);
        if (err) {
            ep_transport_error(ep, pending->exchange, err);
        }
        ep_evidence(ep, pending->exchange);
    } while (pending->live && ep_live_again(ep, pending));
    struct cs_exchange *exchange = pending->exchange;
    struct ep_answer *answer = ep_alloc(ep, sizeof *answer);
    answer->status = cs_exchange_status(exchange);
    answer->body = cs_exchange_body(exchange);
    answer->exchange = exchange;
    answer->took_ms = cs_exchange_times(exchange).end;
    cJSON *json = cJSON_ParseWithLength(answer->body.ptr, answer->body.len);
    if (json) {
        answer->json = ep_own(ep, json, json_release);
    }
    return answer;
}

const struct ep_answer *ep_call(struct ep *ep, const struct ep_call *call)
{
    return ep_end(ep, ep_begin(ep, call));
}

void ep_pause(struct ep *ep, int64_t ms)
{
    cs_http_pump(ep->http, ms);
}

const char *ep_header(const struct ep_answer *answer, const char *name)
{
    return cs_exchange_header(answer->exchange, name);
}

/* "POST /path answered 403: {...}", cut to one line. */
static const char *answered(struct ep *ep, const struct ep_answer *answer)
{
    struct cs_buf body = CS_BUF((size_t)2048);
    cs_buf_readable(&body, answer->body, 200);
    return ep_text(ep, "%s %s answered %d: %s", cs_exchange_method(answer->exchange),
                   cs_exchange_url(answer->exchange), answer->status, take(ep, &body));
}

const struct ep_answer *ep_expect(struct ep *ep, const struct ep_answer *answer, int status)
{
    if (answer->status != status) {
        cs_case_fail_diff(ep->run, ep_text(ep, "%d", status), ep_text(ep, "%d", answer->status),
                          "expected status %d, but %s", status, answered(ep, answer));
    }
    return answer;
}

const struct ep_answer *ep_accept(struct ep *ep, const struct ep_answer *answer)
{
    if (answer->status / 100 != 2) {
        cs_case_fail_diff(ep->run, "2xx", ep_text(ep, "%d", answer->status),
                          "expected this one to be accepted, but %s", answered(ep, answer));
    }
    return answer;
}

const struct ep_answer *ep_need(struct ep *ep, const struct ep_answer *answer)
{
    if (answer->status / 100 != 2) {
        cs_case_error(ep->run, "a step on the way failed: %s", answered(ep, answer));
    }
    return answer;
}

static bool is_refusal(const struct ep_answer *answer)
{
    return answer->status == 401 || answer->status == 403;
}

const struct ep_answer *ep_allowed(struct ep *ep, const struct ep_answer *answer)
{
    if (is_refusal(answer)) {
        cs_case_error(ep->run, "a step on the way was not allowed: %s", answered(ep, answer));
    }
    return answer;
}

const struct ep_answer *ep_granted(struct ep *ep, const struct ep_answer *answer)
{
    return is_refusal(answer) ? ep_accept(ep, answer) : ep_need(ep, answer);
}

const char *ep_said(struct ep *ep, const struct ep_answer *answer)
{
    const char *error = cJSON_GetStringValue(ep_get(answer, "error"));
    return ep_text(ep, "%d%s%s", answer->status, error ? " " : "", error ? error : "");
}

const cJSON *ep_get(const struct ep_answer *answer, const char *path)
{
    const cJSON *at = answer->json;
    while (at && *path) {
        char key[64];
        size_t len = strcspn(path, ".");
        if (len >= sizeof key) {
            return NULL;
        }
        memcpy(key, path, len);
        key[len] = '\0';
        at = cJSON_GetObjectItemCaseSensitive(at, key);
        path += len + (path[len] == '.');
    }
    return at;
}

const char *ep_header_or_absent(const struct ep_answer *answer, const char *name)
{
    const char *value = ep_header(answer, name);
    return value ? value : "absent";
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *ep_member_names(struct ep *ep, const cJSON *object)
{
    const char *names[32];
    size_t n = 0;
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        if (member->string && n < sizeof names / sizeof names[0]) {
            names[n++] = member->string;
        }
    }
    qsort(names, n, sizeof names[0], by_name);
    const char *text = "";
    for (size_t i = 0; i < n; i++) {
        text = ep_text(ep, "%s%s%s", text, i ? " " : "", names[i]);
    }
    return text;
}

const char *ep_get_text(struct ep *ep, const struct ep_answer *answer, const char *path)
{
    const cJSON *value = ep_get(answer, path);
    if (!cJSON_IsString(value)) {
        cs_case_fail(ep->run, "the answer's member \"%s\" is %s, expected a string", path,
                     value ? "not a string" : "missing");
    }
    return value->valuestring;
}

int64_t ep_get_int(struct ep *ep, const struct ep_answer *answer, const char *path)
{
    const cJSON *value = ep_get(answer, path);
    if (!cJSON_IsNumber(value) || value->valuedouble != (double)(int64_t)value->valuedouble) {
        cs_case_fail(ep->run, "the answer's member \"%s\" is %s, expected an integer", path,
                     value ? "not an integer" : "missing");
    }
    return (int64_t)value->valuedouble;
}

const char *ep_need_text(struct ep *ep, const struct ep_answer *answer, const char *path)
{
    const char *text = cJSON_GetStringValue(ep_get(answer, path));
    if (!text) {
        cs_case_error(ep->run, "a step on the way has no text in \"%s\": %s", path,
                      answered(ep, answer));
    }
    return text;
}
