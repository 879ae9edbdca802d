/* What comes before a route once its request is complete, in srv's order (ERR-01, ERR-02). */
#include "endpoint/http/router.h"

#include "endpoint/faults/serve.h"
#include "endpoint/sessions/session.h"
#include "wire/json.h"
#include "wire/utf8.h"

/* ERR-13 */
static bool check_io(struct cs_call *call)
{
    struct cs_match match = cs_route_match(call->request->method, call->request->path);
    if (cs_view_eq(match.io, CS_VIEW("in")) || cs_view_eq(match.io, CS_VIEW("out"))) {
        return true;
    }
    cs_answer_json_text(call, (int)call->endpoint->policy.bad_io_status,
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

static void answer_malformed(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    struct cs_session *session =
        policy->malformed_spoils_session
            ? cs_session_find(call->endpoint, call->auth.environment, call->id)
            : NULL;
    if (session) {
        session->is_spoilt = true;
    }
    cs_answer_error(call, (int)policy->malformed_status, "Invalid JSON");
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
    if (cs_buf_error(&call->json) == CS_ERR_NO_MEMORY) {
        cs_answer_no_memory(call);
        return false;
    }
    if (cs_buf_error(&call->json) != CS_OK || cs_json_check(text, NULL) != CS_OK ||
        json_is_falsy(text)) {
        answer_malformed(call);
        return false;
    }
    return true;
}

/* Routes that read a replica do not know of a session at once; appends and subscriptions do. */
static bool is_behind(const struct cs_call *call)
{
    void (*const run)(struct cs_call *) = call->route->run;
    bool from_replica = run == cs_route_session_retrieve || run == cs_route_session_patch ||
                        run == cs_route_session_close || run == cs_route_session_end_and_continue ||
                        run == cs_route_snapshot_url || run == cs_route_channel_records;
    return from_replica && cs_endpoint_now(call->endpoint) - call->session->created_ms <
                               call->endpoint->policy.replica_lag_ms;
}

bool cs_call_query(struct cs_call *call, const char *name, struct cs_buf *out)
{
    bool given = cs_query_get(call->request->query, name, true, out);
    call->no_memory |= cs_buf_error(out) == CS_ERR_NO_MEMORY;
    return given;
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
    if (call->session && is_behind(call)) {
        call->session = NULL;
    }
    call->key = call->session ? call->session->key : call->id;
    if (call->session) {
        call->session->n_calls++;
        call->session->has_channels |= call->channel.len > 0;
    }
}

#define N_IDS_MAX 9

/* The ids that a scope may name: what the URL says, and both ids of the row; for side channels also
 * each with the channel, and with channel and direction (TOK-43). */
static size_t scope_ids(const struct cs_call *call, struct cs_buf *texts, struct cs_view *ret_ids)
{
    struct cs_view bases[3] = {call->id};
    size_t n_bases = 1;
    bool literal =
        (call->route->flags & CS_ROUTE_LITERAL) &&
        (call->route->run != cs_route_channel_put || call->endpoint->policy.put_compares_literally);
    if (call->session && !literal && call->endpoint->policy.token_works_on_both_ids) {
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

/* The route that policy `unscoped_route` opens to the token of any session. */
static bool is_unscoped(const struct cs_call *call)
{
    void (*const routes[])(struct cs_call *) = {
        NULL,
        cs_route_channel_records,
        cs_route_channel_get,
        cs_route_session_end_and_continue,
        cs_route_snapshot_url,
        cs_route_session_retrieve,
    };
    int64_t which = call->endpoint->policy.unscoped_route;
    /* by a friendly id alone, so that a case has to try both forms */
    return which > 0 && call->route->run == routes[which] && cs_is_friendly_id(call->id) &&
           cs_view_find(cs_view_str(call->auth.token.n_scopes ? call->auth.token.scopes[0] : ""),
                        CS_VIEW(":sessions:")) != SIZE_MAX;
}

static bool check_scope(struct cs_call *call)
{
    if (!call->route->action || is_unscoped(call)) {
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
    if (call->route->run == cs_route_session_close && !call->endpoint->policy.close_needs_admin) {
        action = "write";
    }
    bool allowed = cs_auth_allows(call, action, "sessions", ids, n);
    if (call->route->run == cs_route_channel_put && call->io == CS_IO_IN) {
        allowed |= !call->endpoint->policy.put_in_needs_write;
    }
    if (call->route->run == cs_route_session_patch && call->auth.kind == CS_AUTH_SECRET) {
        allowed = allowed && call->endpoint->policy.secret_key_patches;
    }
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
    if (!policy->readers_look_up_first && !check_scope(call)) {
        return false;
    }
    bool hidden = call->session && call->session->closed_ms != CS_NO_TIME &&
                  call->auth.kind == CS_AUTH_PUBLIC && !policy->closed_retrievable &&
                  call->route->run == cs_route_session_retrieve;
    bool missing =
        !call->session && (call->route->row == CS_ROW_REQUIRED || cs_is_friendly_id(call->id));
    if (missing || hidden) {
        cs_answer_header(call, "x-should-retry", "false");
        cs_answer_error(call, (int)policy->missing_session_status, "Not found");
        return false;
    }
    return !policy->readers_look_up_first || check_scope(call);
}

static bool check_row_mutating(struct cs_call *call)
{
    bool missing = !call->session && call->route->row == CS_ROW_REQUIRED;
    bool told_first = missing && call->endpoint->policy.mutators_look_up_first;
    if (!told_first && !check_scope(call)) {
        return false;
    }
    if (!call->session && call->route->row == CS_ROW_REQUIRED) {
        cs_answer_error(call, (int)cs_policy_field(call, call->route->missing_status),
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
    if (policy->side_name_max > 0 && call->channel.len > (size_t)policy->side_name_max) {
        cs_answer_error(call, 400, "Invalid channel name");
        return false;
    }
    const struct cs_session *session = call->session;
    bool by_token = session && call->auth.kind == CS_AUTH_PUBLIC;
    bool appends = call->route->run == cs_route_channel_append;
    bool drains_in = call->route->run == cs_route_channel_records && call->io == CS_IO_IN;
    if (by_token &&
        ((policy->close_revokes_tokens && drains_in && session->closed_ms != CS_NO_TIME) ||
         (policy->swap_revokes_tokens && appends && session->n_runs > 1))) {
        cs_answer_error(call, 401, "Public Access Token is invalid");
        return false;
    }
    if (session && session->is_spoilt && appends) {
        cs_answer_error(call, 500, "Something went wrong");
        return false;
    }
    return cs_is_reading(call) ? check_row_reading(call) : check_row_mutating(call);
}

/* What the request says, whoever says it and of which session. */
static bool check_content(struct cs_call *call)
{
    const struct cs_route *route = call->route;
    return (!(route->flags & CS_ROUTE_JSON) || read_json(call)) &&
           (!route->check || route->check(call));
}

static void serve(struct cs_call *call)
{
    if ((call->route->flags & CS_ROUTE_IO) && !check_io(call)) {
        return;
    }
    if (call->endpoint->policy.body_before_scope) {
        if (check_content(call) && check_row(call)) {
            call->route->run(call);
        }
    } else if (check_row(call) && check_content(call)) {
        call->route->run(call);
    }
}

void cs_router_run(struct cs_call *call)
{
    cs_fault_ask(call);
    cs_fault_serve(call, serve);
}

void cs_router_on_request(void *ctx, struct cs_conn *conn, const struct cs_request *request)
{
    (void)ctx;
    struct cs_call *call = cs_conn_user(conn);
    if (!call) {
        return; /* answered on its head */
    }
    call->request = request;
    cs_router_run(call);
}
