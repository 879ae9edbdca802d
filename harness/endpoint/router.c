/* The order of checks is srv's (ERR-01, ERR-02). All that needs only the head is done on the head,
 * so that a body nobody wants is never kept. */
#include "endpoint/router.h"

#include <stdio.h>
#include <stdlib.h>

#include "endpoint/ratelimit.h"
#include "wire/json.h"
#include "wire/utf8.h"

#define NOT_FOUND_PAGE "<!DOCTYPE html><title>404</title><h1>404 Not Found</h1>\n"

static bool is_reading(const struct cs_call *call)
{
    return strcmp(call->method, "GET") == 0 || strcmp(call->method, "HEAD") == 0;
}

static struct cs_call *call_new(struct cs_endpoint *endpoint, struct cs_conn *conn,
                                const struct cs_request *request)
{
    struct cs_call *call = calloc(1, sizeof *call);
    if (!call) {
        return NULL;
    }
    call->endpoint = endpoint;
    call->conn = conn;
    call->request = request;
    call->started_ms = cs_loop_now(endpoint->loop);
    call->id_text = CS_BUF(request->path.len + 1);
    call->channel_text = CS_BUF(request->path.len + 1);
    call->origin = CS_BUF(request->head.len + 1);
    call->headers = CS_BUF((size_t)64 * 1024);
    call->json = CS_BUF((size_t)8 * 1024 * 1024);
    call->log_path = CS_BUF(256);
    snprintf(call->method, sizeof call->method, "%.*s", CS_VIEW_ARG(request->method));
    cs_buf_escaped(&call->log_path, request->path, 120);
    call->has_origin = cs_request_header_joined(request, "Origin", &call->origin);
    cs_conn_set_user(conn, call);
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
    cs_answer_bare(call, 301);
    return false;
}

/* ERR-03, ERR-04, ERR-05 */
static bool answer_wrong_method(struct cs_call *call, const struct cs_match *match)
{
    if (is_reading(call)) {
        cs_answer_bare(call, 405);
    } else if (match->mutator) {
        cs_answer_header(call, "Allow", "%s", match->mutator->method);
        cs_answer_error(call, 405, "Method not allowed");
    } else {
        cs_answer_below(call, 405, "application/json; charset=utf-8",
                        CS_VIEW("{\"message\":\"Method not allowed\"}"));
    }
    return false;
}

static bool decode_segment(const struct cs_call *call, struct cs_view raw, struct cs_buf *text)
{
    if (!call->endpoint->policy.decode_path) {
        cs_buf_add(text, raw);
        return true;
    }
    return cs_percent_decode(raw, text) == CS_OK && cs_buf_error(text) == CS_OK;
}

static bool read_path(struct cs_call *call, const struct cs_match *match)
{
    if (!decode_segment(call, match->id, &call->id_text) ||
        !decode_segment(call, match->channel, &call->channel_text)) {
        cs_answer_below(call, 400, "text/plain; charset=utf-8",
                        CS_VIEW("Bad Request")); /* ERR-16 */
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
    cs_answer_error(call, append ? (int)call->endpoint->policy.append_too_large_status : 413,
                    "Request body too large");
    return false;
}

static int64_t policy_field(const struct cs_call *call, size_t offset)
{
    int64_t value;
    memcpy(&value, (const char *)&call->endpoint->policy + offset, sizeof value);
    return value;
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
    int64_t limit = policy_field(call, call->route->body_limit);
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
    return true;
}

/* False when it answered. */
static bool check_head(struct cs_call *call)
{
    const struct cs_request *request = call->request;
    if (request->path.len > 1 && request->path.ptr[request->path.len - 1] == '/') {
        return answer_redirect(call);
    }
    struct cs_match match = cs_route_match(request->method, request->path);
    if (match.any && strcmp(call->method, "OPTIONS") == 0) {
        cs_cors_preflight(call);
        return false;
    }
    bool limited = cs_view_starts_with(request->path, CS_VIEW("/api/")) &&
                   !(match.any && (match.any->flags & CS_ROUTE_UNLIMITED));
    if (limited && !cs_rate_limit_check(call)) {
        return false;
    }
    if (!match.any) {
        return answer_unknown_path(call);
    }
    if (!read_path(call, &match)) {
        return false;
    }
    if (!match.route) {
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
    struct cs_call *call = call_new(ctx, conn, request);
    if (!call) {
        cs_conn_reset(conn);
        return CS_HEAD_ANSWERED;
    }
    return check_head(call) ? CS_HEAD_READ_BODY : CS_HEAD_ANSWERED;
}

/* ---- on the whole request ---- */

/* ERR-13 */
static bool check_io(struct cs_call *call)
{
    struct cs_match match = cs_route_match(call->request->method, call->request->path);
    if (cs_view_eq(match.io, CS_VIEW("in")) || cs_view_eq(match.io, CS_VIEW("out")) ||
        !call->endpoint->policy.check_io) {
        return true;
    }
    cs_answer_json_text(call, 400,
                        CS_VIEW("{\"error\":\"Params Error\",\"details\":[{\"code\":"
                                "\"invalid_enum_value\",\"options\":[\"out\",\"in\"],\"path\":"
                                "[\"io\"],\"message\":\"Invalid enum value\"}]}"));
    return false;
}

/* What JavaScript takes for false, srv takes for no JSON at all (ERR-11). */
static bool json_is_falsy(struct cs_view text)
{
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[text.len - 1])) {
        text.len--;
    }
    if (cs_view_eq(text, CS_VIEW("null")) || cs_view_eq(text, CS_VIEW("false")) ||
        cs_view_eq(text, CS_VIEW("\"\""))) {
        return true;
    }
    struct cs_json json;
    struct cs_json_token token;
    cs_json_init(&json, text);
    if (cs_json_next(&json, &token, NULL) != CS_JSON_NUMBER) {
        return false;
    }
    /* Zero in any spelling has no digit but 0 before its exponent. */
    for (size_t i = 0; i < token.raw.len && !strchr("eE", token.raw.ptr[i]); i++) {
        if (token.raw.ptr[i] >= '1' && token.raw.ptr[i] <= '9') {
            return false;
        }
    }
    return true;
}

static bool read_json(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    if (call->request->body.len == 0) {
        if ((call->route->flags & CS_ROUTE_BODY_MAY_MISS) && policy->close_body_optional) {
            cs_buf_str(&call->json, "{}");
            return true;
        }
        cs_answer_error(call, (int)policy->empty_body_status, "Request body is empty");
        return false;
    }
    struct cs_utf8 utf8 = {0};
    cs_utf8_feed(&utf8, call->request->body, &call->json);
    cs_utf8_finish(&utf8, &call->json);
    struct cs_view text = cs_buf_view(&call->json);
    if (cs_buf_error(&call->json) != CS_OK || cs_json_check(text, NULL) != CS_OK ||
        json_is_falsy(text)) {
        cs_answer_error(call, (int)policy->malformed_status, "Invalid JSON");
        return false;
    }
    return true;
}

static void find_row(struct cs_call *call)
{
    const struct cs_endpoint *endpoint = call->endpoint;
    bool isolated = call->auth.kind == CS_AUTH_PUBLIC ? endpoint->policy.isolate_tokens
                                                      : endpoint->policy.isolate_keys;
    call->session = cs_session_find(endpoint, call->auth.environment, call->id);
    for (size_t i = 0; !isolated && !call->session && i < endpoint->n_environments; i++) {
        call->session = cs_session_find(endpoint, &endpoint->environments[i], call->id);
    }
    if (call->route->run == cs_route_session_close && !endpoint->policy.close_by_external_id &&
        !cs_is_friendly_id(call->id)) {
        call->session = NULL;
    }
    call->key = call->session ? call->session->key : call->id;
}

#define N_IDS_MAX 9

/* The ids that a scope may name: what the URL says, and both ids of the row; for side channels also
 * each with the channel, and with channel and direction (TOK-43). */
static size_t scope_ids(const struct cs_call *call, struct cs_buf *texts, struct cs_view *ret_ids)
{
    struct cs_view bases[3] = {call->id};
    size_t n_bases = 1;
    if (call->session && !(call->route->flags & CS_ROUTE_LITERAL) &&
        call->endpoint->policy.token_works_on_both_ids) {
        bases[n_bases++] = cs_view_str(call->session->id);
        if (call->session->external_id) {
            bases[n_bases++] = cs_view_str(call->session->external_id);
        }
    }
    size_t n = 0;
    for (size_t i = 0; i < n_bases; i++) {
        ret_ids[n++] = bases[i];
        if (call->channel.len == 0) {
            continue;
        }
        struct cs_buf *plain = &texts[2 * i];
        struct cs_buf *directed = &texts[2 * i + 1];
        cs_buf_printf(plain, "%.*s:channels:%.*s", CS_VIEW_ARG(bases[i]),
                      CS_VIEW_ARG(call->channel));
        cs_buf_add(directed, cs_buf_view(plain));
        cs_buf_printf(directed, ":%s", cs_io_name(call->io));
        ret_ids[n++] = cs_buf_view(plain);
        ret_ids[n++] = cs_buf_view(directed);
    }
    return n;
}

static bool check_scope(struct cs_call *call)
{
    if (!call->route->action) {
        return true;
    }
    struct cs_view ids[N_IDS_MAX];
    struct cs_buf texts[N_IDS_MAX - 3];
    for (size_t i = 0; i < N_IDS_MAX - 3; i++) {
        texts[i] = CS_BUF(65536);
    }
    size_t n = scope_ids(call, texts, ids);
    const char *action = call->route->action;
    if (call->route->run == cs_route_snapshot_url && call->endpoint->policy.snapshot_read_writes) {
        action = "read";
    }
    bool allowed = cs_auth_allows(call, action, "sessions", ids, n);
    for (size_t i = 0; i < N_IDS_MAX - 3; i++) {
        cs_buf_free(&texts[i]);
    }
    if (!allowed) {
        cs_answer_forbidden(call);
    }
    return allowed;
}

/* GET looks up first and judges then; the others judge first (TOK-21). */
static bool check_row_reading(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    bool closed = call->session && call->session->closed_ms != CS_NO_TIME;
    bool missing =
        !call->session && (call->route->row == CS_ROW_REQUIRED || cs_is_friendly_id(call->id));
    if (missing || (closed && !policy->closed_readable)) {
        cs_answer_header(call, "x-should-retry", "false");
        cs_answer_error(call, (int)policy->missing_session_status, "Not found");
        return false;
    }
    return check_scope(call);
}

static bool check_row_mutating(struct cs_call *call)
{
    if (!check_scope(call)) {
        return false;
    }
    if (!call->session && call->route->row == CS_ROW_REQUIRED) {
        cs_answer_error(call, (int)policy_field(call, call->route->missing_status),
                        call->route->missing);
        return false;
    }
    return true;
}

static bool check_row(struct cs_call *call)
{
    if (call->route->row == CS_ROW_NONE) {
        return true;
    }
    find_row(call);
    const struct cs_policy *policy = &call->endpoint->policy;
    const struct cs_session *session = call->session;
    bool revoked = session && call->auth.kind == CS_AUTH_PUBLIC &&
                   ((policy->close_revokes_tokens && session->closed_ms != CS_NO_TIME) ||
                    (policy->swap_revokes_tokens && session->n_runs > 1));
    if (revoked) {
        cs_answer_error(call, 401, "Public Access Token is invalid");
        return false;
    }
    return is_reading(call) ? check_row_reading(call) : check_row_mutating(call);
}

void cs_router_on_request(void *ctx, struct cs_conn *conn, const struct cs_request *request)
{
    (void)ctx;
    struct cs_call *call = cs_conn_user(conn);
    if (!call) {
        return; /* answered on its head */
    }
    call->request = request;
    if ((call->route->flags & CS_ROUTE_IO) && !check_io(call)) {
        return;
    }
    if ((call->route->flags & CS_ROUTE_JSON) && !read_json(call)) {
        return;
    }
    if (check_row(call)) {
        call->route->run(call);
    }
}

void cs_router_on_drained(void *ctx, struct cs_conn *conn)
{
    (void)ctx;
    struct cs_call *call = cs_conn_user(conn);
    if (call && call->on_drained) {
        call->on_drained(call);
    }
}

void cs_router_on_close(void *ctx, struct cs_conn *conn)
{
    (void)ctx;
    struct cs_call *call = cs_conn_user(conn);
    if (!call) {
        return;
    }
    cs_conn_set_user(conn, NULL);
    if (call->on_gone) {
        call->on_gone(call);
    }
    cs_call_free(call);
}
