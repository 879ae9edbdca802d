/* POST /v1/streams/{name}/records: unary appends at the stream store's own door (CHN-07 to CHN-13),
 * JSON or protobuf. Sessions, which the same path serves over HTTP/2, are s2_session.c's. */
#include <stdlib.h>

#include "endpoint/s2/s2_append.h"
#include "endpoint/s2/s2_call.h"
#include "endpoint/s2/s2_input.h"

#define BODY_MAX     ((size_t)2097152) /* CHN-12 */
#define SCOPE_PREFIX "append:stream"   /* then ":" and the stream's public name */

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

/* ---- the answer ---- */

/* Holds the call while the store is at work; `call` NULL once the client left. */
struct waiting {
    struct cs_call *call;
    bool proto; /* the acknowledgement is protobuf and not JSON */
};

static void on_gone(struct cs_call *call)
{
    ((struct waiting *)call->user)->call = NULL;
}

static void on_answered(void *ctx, int status, struct cs_buf *text)
{
    struct waiting *waiting = ctx;
    struct cs_call *call = waiting->call;
    bool is_proto = waiting->proto && status == 200;
    free(waiting);
    if (call == NULL) {
        return;
    }
    call->user = NULL;
    call->on_gone = NULL;
    if (is_proto && cs_buf_error(text) == CS_OK) {
        cs_answer_body(call, status, "application/protobuf", cs_buf_view(text));
    } else {
        cs_s2_answer(call, status, text);
    }
}

/* Whatever the body was. */
static bool wants_proto(struct cs_call *call)
{
    struct cs_buf value = CS_BUF((size_t)16384);
    bool proto = cs_call_header(call, "Accept", &value) &&
                 cs_view_find(cs_buf_view(&value), CS_VIEW("application/protobuf")) != SIZE_MAX;
    cs_buf_free(&value);
    return proto;
}

static void append(struct cs_call *call, struct cs_view name, struct cs_s2_input *input)
{
    struct waiting *waiting = calloc(1, sizeof(*waiting));
    if (waiting == NULL) {
        cs_s2_fault(call, 503, "unavailable", "out of memory");
        return;
    }
    *waiting = (struct waiting){.call = call, .proto = wants_proto(call)};
    call->user = waiting;
    call->on_gone = on_gone;
    cs_s2_append_start(call->endpoint, name, input, waiting->proto, call->fault.what, on_answered,
                       waiting);
}

/* ---- the request ---- */

/* "application/json" or "application/...+json". */
static bool type_is_json(struct cs_view type)
{
    static const size_t prefix = sizeof("application/") - 1;
    static const size_t suffix = sizeof("+json") - 1;
    if (type.len <= prefix + suffix) {
        return cs_view_eq_nocase(type, CS_VIEW("application/json"));
    }
    struct cs_view end = cs_view_of(type.ptr + type.len - suffix, suffix);
    return cs_view_eq_nocase(cs_view_of(type.ptr, prefix), CS_VIEW("application/")) &&
           cs_view_eq_nocase(end, CS_VIEW("+json"));
}

enum content {
    CONTENT_OTHER,
    CONTENT_JSON,
    CONTENT_PROTO,
    CONTENT_SESSION
};

/* With or without parameters. */
static enum content content_of(struct cs_call *call)
{
    struct cs_buf value = CS_BUF((size_t)16384);
    enum content content = CONTENT_OTHER;
    if (cs_call_header(call, "Content-Type", &value)) {
        size_t semicolon = cs_view_find(cs_buf_view(&value), CS_VIEW(";"));
        struct cs_view type =
            cs_view_trim(cs_view_of(value.ptr, semicolon == SIZE_MAX ? value.len : semicolon));
        content = type_is_json(type)                                         ? CONTENT_JSON
                  : cs_view_eq_nocase(type, CS_VIEW("application/protobuf")) ? CONTENT_PROTO
                  : cs_view_eq_nocase(type, CS_VIEW("s2s/proto"))            ? CONTENT_SESSION
                                                                             : CONTENT_OTHER;
    }
    cs_buf_free(&value);
    return content;
}

/* False after having answered; the input is the caller's to free in any case. */
static bool read_json(struct cs_call *call, struct cs_s2_input *input)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    enum cs_format format;
    if (!cs_s2_format(call, &format)) {
        return false;
    }
    bool base64 = format == CS_FORMAT_BASE64 && policy->s2_knows_base64;
    struct cs_view body = call->request->body;
    struct cs_diag diag = {.text = "the body is too large"};
    enum cs_err err =
        body.len > BODY_MAX ? CS_ERR_LIMIT : cs_s2_input_decode(body, base64, input, &diag);
    if (err != CS_OK) {
        call->no_memory |= err == CS_ERR_NO_MEMORY;
        cs_s2_fault(call, (int)policy->s2_malformed_status, "bad_json", diag.text);
        return false;
    }
    if (input->bad_base64) {
        cs_s2_store_fault(call, CS_STORE_INVALID, "not base64");
        return false;
    }
    return true;
}

static bool read_proto(struct cs_call *call, struct cs_s2_input *input)
{
    struct cs_view body = call->request->body;
    struct cs_diag diag = {.text = "the body is too large"};
    enum cs_err err =
        body.len > BODY_MAX ? CS_ERR_LIMIT : cs_s2_input_decode_proto(body, input, &diag);
    if (err != CS_OK) {
        call->no_memory |= err == CS_ERR_NO_MEMORY;
        cs_s2_fault(call, (int)call->endpoint->policy.s2_malformed_status, "bad_proto", diag.text);
        return false;
    }
    return true;
}

static bool read_input(struct cs_call *call, enum content content, struct cs_s2_input *input)
{
    switch (content) {
    case CONTENT_JSON:
        return read_json(call, input);
    case CONTENT_PROTO:
        return read_proto(call, input);
    case CONTENT_SESSION:
        cs_s2_fault(call, 415, "bad_header", "append sessions are served over HTTP/2");
        return false;
    case CONTENT_OTHER:
        break;
    }
    cs_s2_fault(call, 400, "bad_json", "the body must be application/json or application/protobuf");
    return false;
}

/* False after having answered. */
static bool is_legal(struct cs_call *call, const struct cs_s2_input *input)
{
    struct cs_buf text = CS_BUF((size_t)4096);
    int status = cs_s2_refusal(call->endpoint, input, &text);
    if (status != 0) {
        cs_s2_answer(call, status, &text);
    }
    return status == 0;
}

void cs_route_s2_append(struct cs_call *call)
{
    struct cs_buf name = CS_BUF(CS_STREAM_NAME_MAX);
    struct cs_s2_input input = {0};
    /* Batches that are not legal are refused before anybody asks whether there is such a basin. */
    if (cs_s2_open(call, "append", &name)) {
        enum content content = content_of(call);
        if (read_input(call, content, &input) && is_legal(call, &input) && cs_s2_basin(call)) {
            append(call, cs_buf_view(&name), &input);
        }
    }
    cs_s2_input_free(&input);
    cs_buf_free(&name);
}
