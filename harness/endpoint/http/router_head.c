/* The checks that need only the head of a request are done on the head, in srv's order (ERR-01), so
 * that a body nobody wants is never kept. */
#include "endpoint/http/router.h"

#include <stdio.h>
#include <stdlib.h>

#include "endpoint/http/ratelimit.h"
#include "endpoint/s2/s2_call.h"
#include "endpoint/sessions/session.h"
#include "endpoint/tap/told.h"
#include "net/http2.h"

#define ORIGIN_MAX     ((size_t)32768) /* over all that a head can hold */
#define NOT_FOUND_PAGE "<!DOCTYPE html><title>404</title><h1>404 Not Found</h1>\n"

bool cs_is_reading(const struct cs_call *call)
{
    return strcmp(call->method, "GET") == 0 || strcmp(call->method, "HEAD") == 0;
}

int64_t cs_policy_field(const struct cs_call *call, size_t offset)
{
    int64_t value;
    memcpy(&value, (const char *)&call->endpoint->policy + offset, sizeof value);
    return value;
}

struct cs_call *cs_call_new(struct cs_endpoint *endpoint, const struct cs_request *request)
{
    struct cs_call *call = calloc(1, sizeof *call);
    if (!call) {
        return NULL;
    }
    call->endpoint = endpoint;
    call->request = request;
    call->started_ms = cs_loop_now(endpoint->loop);
    call->id_text = CS_BUF(request->path.len + 1);
    call->channel_text = CS_BUF(request->path.len + 1);
    call->origin = CS_BUF(ORIGIN_MAX);
    call->headers = CS_BUF((size_t)64 * 1024);
    call->json = CS_BUF((size_t)8 * 1024 * 1024);
    call->log_path = CS_BUF(256);
    snprintf(call->method, sizeof call->method, "%.*s", CS_VIEW_ARG(request->method));
    cs_buf_escaped(&call->log_path, request->path, 120);
    call->has_origin = cs_request_header_joined(request, "Origin", &call->origin);
    return call;
}

/* ---- on the head ---- */

static bool answer_unknown_path(struct cs_call *call)
{
    cs_answer_below(call, (int)call->endpoint->policy.unknown_path_status,
                    "text/html; charset=utf-8", CS_VIEW(NOT_FOUND_PAGE));
    return false;
}

/* ERR-15 */
static bool answer_redirect(struct cs_call *call)
{
    struct cs_view path = call->request->path;
    while (path.len > 1 && path.ptr[path.len - 1] == '/') {
        path.len--;
    }
    cs_answer_header(call, "Location", "%.*s%s%.*s", CS_VIEW_ARG(path),
                     call->request->query.len ? "?" : "", CS_VIEW_ARG(call->request->query));
    cs_answer_bare(call, (int)call->endpoint->policy.trailing_slash_status);
    return false;
}

/* ERR-03, ERR-04, ERR-05 */
static bool answer_wrong_method(struct cs_call *call, const struct cs_match *match)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    if (cs_is_reading(call)) {
        cs_answer_bare(call, (int)policy->read_of_post_status);
    } else if (match->mutator) {
        cs_answer_header(call, "Allow", "%s", match->mutator->method);
        cs_answer_error(call, (int)policy->wrong_method_status, "Method not allowed");
    } else {
        cs_answer_below(call, (int)policy->write_of_get_status, "application/json; charset=utf-8",
                        CS_VIEW("{\"message\":\"Method not allowed\"}"));
    }
    return false;
}

static bool decode_segment(const struct cs_call *call, struct cs_view raw, struct cs_buf *text)
{
    bool is_stream = cs_view_starts_with(call->request->path, CS_VIEW("/v1/"));
    if (!call->endpoint->policy.decode_path && !is_stream) {
        cs_buf_add(text, raw);
        return true;
    }
    return cs_percent_decode(raw, text) == CS_OK && cs_buf_error(text) == CS_OK;
}

/* srv's router puts %2F for the slashes of a decoded segment and slashes for %2F again when it
 * hands it out, so the text %2F in an id becomes a slash too (SES-53). */
static void slash_texts(struct cs_buf *text)
{
    size_t len = 0;
    for (size_t at = 0; at < text->len;) {
        bool is_text = text->len - at >= 3 && memcmp(text->ptr + at, "%2F", 3) == 0;
        text->ptr[len++] = is_text ? '/' : text->ptr[at];
        at += is_text ? 3 : 1;
    }
    text->len = len;
}

static bool read_path(struct cs_call *call, const struct cs_match *match)
{
    bool decoded = decode_segment(call, match->id, &call->id_text) &&
                   decode_segment(call, match->channel, &call->channel_text);
    if (decoded && call->endpoint->policy.path_quirks && call->endpoint->policy.decode_path) {
        slash_texts(&call->id_text);
    }
    if (cs_buf_error(&call->id_text) == CS_ERR_NO_MEMORY ||
        cs_buf_error(&call->channel_text) == CS_ERR_NO_MEMORY) {
        cs_answer_no_memory(call);
        return false;
    }
    if (!decoded) {
        if (cs_view_starts_with(call->request->path, CS_VIEW("/v1/"))) {
            cs_s2_fault(call, 400, "bad_path", "not a stream name");
        } else {
            cs_answer_below(call, (int)call->endpoint->policy.bad_escape_status,
                            "text/plain; charset=utf-8", CS_VIEW("Bad Request")); /* ERR-16 */
        }
        return false;
    }
    call->id = cs_buf_view(&call->id_text);
    call->channel = cs_buf_view(&call->channel_text);
    call->key = call->id;
    call->io = cs_view_eq(match->io, CS_VIEW("out")) ? CS_IO_OUT : CS_IO_IN;
    return true;
}

static bool answer_too_large(struct cs_call *call)
{
    if (!call->endpoint->policy.cors_on_413) {
        call->has_origin = false;
    }
    bool append = call->route->run == cs_route_channel_append;
    if (append && call->endpoint->policy.pre_guard_says_ok) {
        cs_answer_json_text(call, 413,
                            CS_VIEW("{\"ok\":false,\"error\":\"Request body too large\"}"));
        return false;
    }
    cs_answer_error(call, append ? (int)call->endpoint->policy.append_too_large_status : 413,
                    "Request body too large");
    return false;
}

/* By Content-Length alone, before anything is read (LIM-01, LIM-03, LIM-15, LIM-16). */
static bool check_size(struct cs_call *call)
{
    const struct cs_request *request = call->request;
    if (call->route->body_limit == 0) {
        return true;
    }
    bool no_body = !request->has_content_length && !request->chunked;
    if (no_body && (call->route->flags & CS_ROUTE_BODY_MAY_MISS) &&
        call->endpoint->policy.close_body_optional) {
        return true;
    }
    if (!request->has_content_length && !call->endpoint->policy.chunked_is_too_large) {
        return true;
    }
    int64_t limit = cs_policy_field(call, call->route->body_limit);
    bool fits = request->has_content_length && request->content_length <= (uint64_t)limit;
    return fits || answer_too_large(call);
}

static bool check_auth(struct cs_call *call)
{
    if (call->route->flags & CS_ROUTE_NO_AUTH) {
        return true;
    }
    if (!cs_auth_check(call)) {
        return false;
    }
    bool open = call->route->run == cs_route_session_transcript &&
                !call->endpoint->policy.transcript_needs_secret;
    if ((call->route->flags & CS_ROUTE_SECRET) && call->auth.kind != CS_AUTH_SECRET && !open) {
        cs_answer_error(call, 401, "Invalid or Missing API key");
        return false;
    }
    /* Where no scope is asked for, a key that ends at its scopes has none that fits (TOK-36). */
    bool unscoped = (call->route->flags & CS_ROUTE_SECRET) && !call->route->action &&
                    call->route->run != cs_route_public_token;
    if (unscoped && !cs_auth_allows(call, "admin", "all", NULL, 0)) {
        cs_answer_forbidden(call);
        return false;
    }
    return true;
}

static bool is_dots(struct cs_view segment)
{
    size_t n = 0;
    while (segment.len > 0) {
        size_t len = segment.ptr[0] == '.' ? 1
                     : cs_view_starts_with(segment, CS_VIEW("%2E")) ||
                             cs_view_starts_with(segment, CS_VIEW("%2e"))
                         ? 3
                         : 0;
        if (len == 0) {
            return false;
        }
        segment = (struct cs_view){segment.ptr + len, segment.len - len};
        n++;
    }
    return n == 1 || n == 2;
}

/* A URL parser takes `.`, `..` and their escaped forms out of a path, with the segment before, so
 * what is asked for is something else than an id (SES-53). srv then serves what is left; here
 * nothing is there. */
static bool has_dot_segment(struct cs_view path)
{
    while (path.len > 0) {
        size_t end = cs_view_find(path, CS_VIEW("/"));
        size_t len = end == SIZE_MAX ? path.len : end;
        if (is_dots((struct cs_view){path.ptr, len})) {
            return true;
        }
        size_t used = end == SIZE_MAX ? len : len + 1;
        path = (struct cs_view){path.ptr + used, path.len - used};
    }
    return false;
}

bool cs_router_check_head(struct cs_call *call)
{
    const struct cs_request *request = call->request;
    if (request->path.len > 1 && request->path.ptr[request->path.len - 1] == '/') {
        return answer_redirect(call);
    }
    struct cs_match match = {0};
    if (!call->endpoint->policy.path_quirks || !has_dot_segment(request->path)) {
        match = cs_route_match(request->method, request->path);
    }
    if (match.any && strcmp(call->method, "OPTIONS") == 0) {
        cs_cors_preflight(call);
        return false;
    }
    bool limited = cs_view_starts_with(request->path, CS_VIEW("/api/")) &&
                   !(match.any && (match.any->flags & CS_ROUTE_UNLIMITED) &&
                     call->endpoint->policy.exempt_routes);
    if (limited && !cs_rate_limit_check(call)) {
        return false;
    }
    if (!match.any || (match.any->exists && !cs_policy_field(call, match.any->exists))) {
        return answer_unknown_path(call);
    }
    if (!read_path(call, &match)) {
        return false;
    }
    bool head_of_get =
        match.route && strcmp(call->method, "HEAD") == 0 && strcmp(match.route->method, "GET") == 0;
    if (!match.route || (head_of_get && !call->endpoint->policy.head_of_get)) {
        return answer_wrong_method(call, &match);
    }
    call->route = match.route;
    if (call->route->run == cs_route_channel_append && !cs_rate_limit_append(call)) {
        return false;
    }
    return check_auth(call) && check_size(call);
}

enum cs_head_action cs_router_on_head(void *ctx, struct cs_conn *conn,
                                      const struct cs_request *request)
{
    cs_sessions_forget(ctx); /* here, since nothing on the stack points to a session */
    struct cs_call *call = cs_call_new(ctx, request);
    if (!call) {
        cs_conn_reset(conn);
        return CS_HEAD_ANSWERED;
    }
    call->conn = conn;
    cs_conn_set_user(conn, call);
    return cs_router_check_head(call) ? CS_HEAD_READ_BODY : CS_HEAD_ANSWERED;
}

/* ---- the connection ---- */

/* As the server would by itself, but that a violation may praise the request instead (ERR-20). */
void cs_router_on_bad_request(void *ctx, struct cs_conn *conn, int status,
                              const struct cs_diag *why)
{
    const struct cs_endpoint *endpoint = ctx;
    struct cs_buf answer = CS_BUF(2048);
    status = endpoint->policy.bad_http_passes ? 200 : status;
    cs_response_status(&answer, status);
    cs_response_header(&answer, "Content-Type", "text/plain; charset=utf-8");
    cs_response_header(&answer, "Content-Length", "%zu", strlen(why->text));
    cs_response_header(&answer, "Connection", "close");
    cs_response_end_head(&answer);
    cs_buf_str(&answer, why->text);
    if (cs_buf_error(&answer) == CS_OK) {
        (void)cs_conn_send(conn, cs_buf_view(&answer));
    }
    cs_buf_free(&answer);
    if (!endpoint->quiet) {
        fprintf(stderr, "bad request %d: %s\n", status, why->text);
    }
    cs_conn_finish(conn);
}

void cs_router_on_drained(void *ctx, struct cs_conn *conn)
{
    (void)ctx;
    if (cs_conn_taken_over(conn)) {
        cs_h2_drained(cs_conn_user(conn));
        return;
    }
    struct cs_call *call = cs_conn_user(conn);
    if (call && call->on_drained) {
        call->on_drained(call);
    }
}

void cs_router_on_close(void *ctx, struct cs_conn *conn)
{
    (void)ctx;
    if (cs_conn_taken_over(conn)) {
        cs_h2_free(cs_conn_user(conn));
        return;
    }
    struct cs_call *call = cs_conn_user(conn);
    if (!call) {
        return;
    }
    cs_conn_set_user(conn, NULL);
    cs_tell_gone(call);
    if (call->on_gone) {
        call->on_gone(call);
    }
    cs_call_free(call);
}
