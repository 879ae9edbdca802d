/* POST /v1/streams/{name}/records: the stream store's own door (CHN-07 to CHN-13).
 *
 * Bodies are JSON; another content type becomes another decoder beside s2_input.c.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "endpoint/s2_input.h"
#include "endpoint/streams.h"
#include "wire/scope.h"

#define JSON_BODY_MAX ((size_t)2097152) /* CHN-12 */
#define SCOPE_PREFIX  "append:stream"   /* then ":" and the stream's public name */

/* ---- tokens ---- */

enum cs_err cs_s2_token(const struct cs_endpoint *endpoint,
                        const struct cs_environment *environment, struct cs_view name,
                        struct cs_buf *out)
{
    struct cs_buf scope = CS_BUF(CS_TOKEN_MAX_LEN);
    cs_buf_str(&scope, SCOPE_PREFIX);
    if (endpoint->policy.s2_token_per_stream) {
        cs_buf_char(&scope, ':');
        cs_buf_add(&scope, name);
    }
    char *text = cs_buf_take(&scope);
    cs_buf_free(&scope);
    if (text == NULL) {
        return CS_ERR_NO_MEMORY;
    }
    const char *scopes[] = {text};
    int64_t now_s = cs_endpoint_now(endpoint) / 1000;
    struct cs_token_claims claims = CS_TOKEN_CLAIMS(environment->id, scopes, 1, now_s);
    claims.pub = false; /* no session route takes it: TOK-13 */
    claims.exp = now_s + endpoint->policy.s2_token_life_s;
    enum cs_err err = cs_token_mint(&claims, cs_view_str(environment->secret_key), out);
    free(text);
    return err;
}

/* The environment that issued the bearer's token for this stream, or NULL. */
static const struct cs_environment *issuer(const struct cs_call *call, struct cs_view token_text)
{
    const struct cs_endpoint *endpoint = call->endpoint;
    struct cs_token_checks checks = {.allowed_algs = 1u << CS_ALG_HS256,
                                     .now_s = cs_endpoint_now(endpoint) / 1000};
    for (size_t i = 0; i < endpoint->n_environments; i++) {
        const struct cs_environment *environment = &endpoint->environments[i];
        struct cs_token token = {0};
        if (cs_token_verify(token_text, cs_view_str(environment->secret_key), &checks, &token,
                            NULL) != CS_OK) {
            continue;
        }
        bool good = !token.pub && token.sub != NULL && strcmp(token.sub, environment->id) == 0 &&
                    cs_scopes_allow(token.scopes, token.n_scopes, CS_VIEW("append"),
                                    CS_VIEW("stream"), call->id);
        cs_token_free(&token);
        if (good) {
            return environment;
        }
    }
    return NULL;
}

/* ---- answers ---- */

/* As S2 says it: without the charset that our own routes name. */
static void answer_s2(struct cs_call *call, int status, struct cs_buf *text)
{
    if (cs_buf_error(text) == CS_OK) {
        cs_answer_body(call, status, "application/json", cs_buf_view(text));
        cs_buf_free(text);
    } else {
        cs_answer_buf(call, status, text);
    }
}

/* {"code":...,"message":...} */
static void answer_fault(struct cs_call *call, int status, const char *code, const char *message)
{
    struct cs_buf text = CS_BUF((size_t)4096);
    cs_buf_str(&text, "{\"code\":");
    cs_json_text(&text, cs_view_str(code));
    cs_buf_str(&text, ",\"message\":");
    cs_json_text(&text, cs_view_str(message));
    cs_buf_char(&text, '}');
    answer_s2(call, status, &text);
}

static void put_position(struct cs_buf *out, const char *name, struct cs_position position,
                         int64_t offset)
{
    cs_buf_printf(out, "\"%s\":{\"seq_num\":%" PRIu64 ",\"timestamp\":%" PRId64 "}", name,
                  position.seq_num + (uint64_t)offset, position.timestamp);
}

static void answer_ack(struct cs_call *call, const struct cs_store_appended *result)
{
    int64_t offset = call->endpoint->policy.s2_ack_offset;
    struct cs_buf text = CS_BUF((size_t)512);
    cs_buf_char(&text, '{');
    put_position(&text, "start", result->start, offset);
    cs_buf_char(&text, ',');
    put_position(&text, "end", result->end, offset);
    cs_buf_char(&text, ',');
    put_position(&text, "tail", result->tail, offset);
    cs_buf_char(&text, '}');
    answer_s2(call, 200, &text);
}

static void answer_condition(struct cs_call *call, const struct cs_store_appended *result)
{
    struct cs_buf text = CS_BUF((size_t)512);
    if (result->fencing_mismatch) {
        cs_buf_str(&text, "{\"fencing_token_mismatch\":");
        cs_json_text(&text, result->fencing_token);
        cs_buf_char(&text, '}');
    } else {
        cs_buf_printf(&text, "{\"seq_num_mismatch\":%" PRIu64 "}", result->tail.seq_num);
    }
    answer_s2(call, (int)call->endpoint->policy.s2_condition_status, &text);
}

/* ---- the append ---- */

/* Holds the call while the store is at work; `call` NULL once the client left. */
struct s2_op {
    struct cs_call *call;
};

static void on_gone(struct cs_call *call)
{
    ((struct s2_op *)call->user)->call = NULL;
}

static void on_stored(void *ctx, const struct cs_store_appended *result)
{
    struct s2_op *op = ctx;
    struct cs_call *call = op->call;
    free(op);
    if (call == NULL) {
        return;
    }
    call->user = NULL;
    call->on_gone = NULL;
    switch (result->status) {
    case CS_STORE_OK:
        answer_ack(call, result);
        return;
    case CS_STORE_INVALID:
        answer_fault(call, (int)call->endpoint->policy.s2_invalid_status, "invalid",
                     result->message);
        return;
    case CS_STORE_CONDITION:
        answer_condition(call, result);
        return;
    case CS_STORE_NOT_FOUND:
        answer_fault(call, 404, "stream_not_found", "there is no such stream");
        return;
    case CS_STORE_UNAVAILABLE:
        answer_fault(call, 503, "unavailable", "the store cannot take it now");
        return;
    }
}

/* What X-S2-Stream-Name said, back to the store's own name. */
static enum cs_err store_name(const struct cs_environment *environment, struct cs_view public_name,
                              struct cs_buf *out)
{
    cs_buf_str(out, environment->stream_root);
    enum cs_err err = cs_percent_decode(public_name, out);
    return err != CS_OK ? err : cs_buf_error(out);
}

/* The faults that a policy can put on trims on their way. */
static void bend_trims(const struct cs_policy *policy, struct cs_s2_input *input, char trim_body[8])
{
    for (size_t i = 0; i < input->append.n_records; i++) {
        struct cs_record *record = &input->records[i];
        uint64_t point = 0;
        if (record->kind == CS_RECORD_COMMAND && record->body.len == 8 &&
            cs_trim_decode(record->body, &point) == CS_OK && policy->s2_trim_offset != 0) {
            cs_trim_encode(point + (uint64_t)policy->s2_trim_offset, trim_body);
            record->body = cs_view_of(trim_body, 8);
        }
    }
}

static void append(struct cs_call *call, const struct cs_environment *environment,
                   struct cs_s2_input *input)
{
    char trim_body[8];
    bend_trims(&call->endpoint->policy, input, trim_body);
    struct cs_buf name = CS_BUF(CS_STREAM_NAME_MAX);
    if (store_name(environment, call->id, &name) != CS_OK) {
        cs_buf_free(&name);
        answer_fault(call, 400, "bad_path", "not a stream name");
        return;
    }
    struct s2_op *op = calloc(1, sizeof(*op));
    if (op == NULL) {
        cs_buf_free(&name);
        answer_fault(call, 503, "unavailable", "out of memory");
        return;
    }
    op->call = call;
    call->user = op;
    call->on_gone = on_gone;
    struct cs_store *store = call->endpoint->store;
    store->ops->append(store, cs_buf_view(&name), &input->append, on_stored, op);
    cs_buf_free(&name);
}

/* ---- the request ---- */

/* "application/json" or another type of JSON, with or without parameters. */
static bool content_is_json(struct cs_call *call)
{
    struct cs_buf value = CS_BUF((size_t)16384);
    bool json = false;
    if (cs_call_header(call, "Content-Type", &value)) {
        size_t semicolon = cs_view_find(cs_buf_view(&value), CS_VIEW(";"));
        struct cs_view type =
            cs_view_trim(cs_view_of(value.ptr, semicolon == SIZE_MAX ? value.len : semicolon));
        struct cs_view start = CS_VIEW("application/");
        struct cs_view end = CS_VIEW("+json");
        bool of_kind = type.len > start.len + end.len &&
                       cs_view_eq_nocase(cs_view_of(type.ptr, start.len), start) &&
                       cs_view_eq_nocase(cs_view_of(type.ptr + type.len - end.len, end.len), end);
        json = of_kind || cs_view_eq_nocase(type, CS_VIEW("application/json"));
    }
    cs_buf_free(&value);
    return json;
}

/* S2-Format: raw (as without it) or base64. False after having answered. */
static bool read_format(struct cs_call *call, bool *ret_base64)
{
    struct cs_buf value = CS_BUF((size_t)16384);
    bool given = cs_call_header(call, "S2-Format", &value);
    struct cs_view format = cs_buf_view(&value);
    *ret_base64 = given && cs_view_eq(format, CS_VIEW("base64"));
    bool known = !given || *ret_base64 || cs_view_eq(format, CS_VIEW("raw"));
    cs_buf_free(&value);
    if (!known) {
        answer_fault(call, 400, "bad_header", "Invalid header `s2-format`");
    }
    return known;
}

/* The one basin that there is. False after having answered. */
static bool basin_is_ours(struct cs_call *call)
{
    struct cs_buf value = CS_BUF((size_t)16384);
    bool given = cs_call_header(call, "S2-Basin", &value);
    bool ours = given && cs_view_eq(cs_buf_view(&value), CS_VIEW(CS_S2_BASIN));
    bool named = given && value.len >= 8 && value.len <= 48;
    cs_buf_free(&value);
    if (!named) {
        answer_fault(call, 400, "bad_header",
                     given ? "Invalid header `s2-basin`" : "Missing header `s2-basin`");
    } else if (!ours) {
        answer_fault(call, 404, "basin_not_found", "there is no such basin");
    }
    return ours;
}

/* The environment whose stream this is; NULL after having answered. */
static const struct cs_environment *authenticate(struct cs_call *call)
{
    struct cs_buf value = CS_BUF((size_t)16384);
    const struct cs_environment *environment = NULL;
    if (cs_call_header(call, "Authorization", &value) &&
        cs_view_starts_with(cs_buf_view(&value), CS_VIEW("Bearer "))) {
        environment = issuer(call, cs_view_of(value.ptr + 7, value.len - 7));
    }
    cs_buf_free(&value);
    if (environment == NULL && !call->endpoint->policy.s2_needs_token) {
        environment = &call->endpoint->environments[0];
    }
    if (environment == NULL) {
        answer_fault(call, 403, "permission_denied", "the token does not allow this append");
    }
    return environment;
}

void cs_route_s2_append(struct cs_call *call)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    const struct cs_environment *environment = authenticate(call);
    if (environment == NULL) {
        return;
    }
    bool base64 = false;
    if (!basin_is_ours(call) || !read_format(call, &base64)) {
        return;
    }
    if (!content_is_json(call)) {
        answer_fault(call, 400, "bad_json",
                     "Expected request with `Content-Type: application/json`");
        return;
    }
    struct cs_view body = call->request->body;
    base64 = base64 && policy->s2_knows_base64;
    struct cs_s2_input input = {0};
    struct cs_diag diag = {.text = "the body is too large"};
    bool fits = body.len <= JSON_BODY_MAX;
    if (!fits || cs_s2_input_decode(body, base64, &input, &diag) != CS_OK) {
        if (input.bad_base64) {
            answer_fault(call, (int)policy->s2_invalid_status, "invalid", diag.text);
        } else {
            answer_fault(call, (int)policy->s2_malformed_status, "bad_json", diag.text);
        }
    } else {
        append(call, environment, &input);
    }
    cs_s2_input_free(&input);
}
