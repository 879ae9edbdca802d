/* POST /v1/streams/{name}/records: appends at the stream store's own door (CHN-07 to CHN-13).
 *
 * Bodies are JSON; another content type becomes another decoder beside s2_input.c.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "endpoint/s2/s2_call.h"
#include "endpoint/s2/s2_input.h"

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

/* ---- answers ---- */

static void put_position(struct cs_buf *out, const char *name, struct cs_position position,
                         int64_t offset)
{
    cs_buf_printf(out, "\"%s\":{\"seq_num\":%" PRIu64 ",\"timestamp\":%" PRId64 "}", name,
                  position.seq_num + (uint64_t)offset, position.timestamp);
}

static void answer_ack(struct cs_call *call, const struct cs_store_appended *result)
{
    int64_t offset = call->endpoint->policy.s2_ack_offset;
    int64_t too_many = call->fault.what == CS_FAULT_WRONG_COUNT;
    if (call->fault.what == CS_FAULT_NO_POSITIONS) {
        cs_answer_body(call, 200, "application/json", CS_VIEW("{}"));
        return;
    }
    struct cs_buf text = CS_BUF((size_t)512);
    cs_buf_char(&text, '{');
    put_position(&text, "start", result->start, offset);
    cs_buf_char(&text, ',');
    put_position(&text, "end", result->end, offset + too_many);
    cs_buf_char(&text, ',');
    put_position(&text, "tail", result->tail, offset + too_many);
    cs_buf_char(&text, '}');
    cs_s2_answer(call, 200, &text);
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
    cs_s2_answer(call, (int)call->endpoint->policy.s2_condition_status, &text);
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
    case CS_STORE_CONDITION:
        answer_condition(call, result);
        return;
    case CS_STORE_INVALID:
    case CS_STORE_NOT_FOUND:
    case CS_STORE_UNAVAILABLE:
        cs_s2_store_fault(call, result->status, result->message);
        return;
    }
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

static void append(struct cs_call *call, struct cs_view name, struct cs_s2_input *input)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    char trim_body[8];
    bend_trims(policy, input, trim_body);
    if (policy->s2_cuts_batches && input->append.n_records > CS_BATCH_MAX_RECORDS) {
        input->append.n_records = CS_BATCH_MAX_RECORDS;
    }
    struct s2_op *op = calloc(1, sizeof(*op));
    if (op == NULL) {
        cs_s2_fault(call, 503, "unavailable", "out of memory");
        return;
    }
    op->call = call;
    call->user = op;
    call->on_gone = on_gone;
    struct cs_store *store = call->endpoint->store;
    store->ops->append(store, name, &input->append, on_stored, op);
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

/* With or without parameters. */
static bool content_is_json(struct cs_call *call)
{
    struct cs_buf value = CS_BUF((size_t)16384);
    bool json = false;
    if (cs_call_header(call, "Content-Type", &value)) {
        size_t semicolon = cs_view_find(cs_buf_view(&value), CS_VIEW(";"));
        json = type_is_json(
            cs_view_trim(cs_view_of(value.ptr, semicolon == SIZE_MAX ? value.len : semicolon)));
    }
    cs_buf_free(&value);
    return json;
}

#define FAR_TRIM 90 /* no stream of a case that trims is that long */

/* A trim point that no stream will ever reach: srv lowers it (RES-16), a policy may refuse it. */
static bool has_far_trim(const struct cs_s2_input *input)
{
    for (size_t i = 0; i < input->append.n_records; i++) {
        uint64_t point = 0;
        if (input->records[i].kind == CS_RECORD_COMMAND &&
            cs_trim_decode(input->records[i].body, &point) == CS_OK && point >= FAR_TRIM) {
            return true;
        }
    }
    return false;
}

/* False after having answered; the input is the caller's to free in any case. */
static bool read_input(struct cs_call *call, struct cs_s2_input *input)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    enum cs_format format;
    if (!cs_s2_format(call, &format)) {
        return false;
    }
    struct cs_view body = call->request->body;
    bool base64 = format == CS_FORMAT_BASE64 && policy->s2_knows_base64;
    struct cs_diag diag = {.text = "the body is too large"};
    if (!content_is_json(call)) {
        cs_s2_fault(call, 400, "bad_json", "the body must be application/json");
    } else if (body.len > JSON_BODY_MAX ||
               cs_s2_input_decode(body, base64, input, &diag) != CS_OK) {
        cs_s2_fault(call, (int)policy->s2_malformed_status, "bad_json", diag.text);
    } else if (input->bad_base64) {
        cs_s2_store_fault(call, CS_STORE_INVALID, "not base64");
    } else if (policy->s2_far_trim_status != 200 && has_far_trim(input)) {
        cs_s2_fault(call, (int)policy->s2_far_trim_status, "invalid",
                    "that is far beyond the tail");
    } else {
        return true;
    }
    return false;
}

void cs_route_s2_append(struct cs_call *call)
{
    struct cs_buf name = CS_BUF(CS_STREAM_NAME_MAX);
    struct cs_s2_input input = {0};
    /* Batches that are not legal are refused before anybody asks whether there is such a basin. */
    if (cs_s2_open(call, "append", &name) && read_input(call, &input)) {
        const char *fault = cs_store_append_fault(&input.append);
        bool cut =
            call->endpoint->policy.s2_cuts_batches && input.append.n_records > CS_BATCH_MAX_RECORDS;
        if (fault != NULL && !cut) {
            cs_s2_store_fault(call, CS_STORE_INVALID, fault);
        } else if (cs_s2_basin(call)) {
            append(call, cs_buf_view(&name), &input);
        }
    }
    cs_s2_input_free(&input);
    cs_buf_free(&name);
}
