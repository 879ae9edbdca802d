#include "endpoint/s2/s2_call.h"

#include <inttypes.h>

#include "net/http_request.h"
#include "wire/scope.h"
#include "wire/utf8.h"

#define HEADER_MAX      ((size_t)16384)
#define STREAM_NAME_MAX ((size_t)512) /* LIM-14 */
#define BASIN_NAME_MIN  ((size_t)8)
#define BASIN_NAME_MAX  ((size_t)48)

/* ---- answers ---- */

void cs_s2_answer(struct cs_call *call, int status, struct cs_buf *text)
{
    if (cs_buf_error(text) == CS_OK) {
        cs_answer_body(call, status, "application/json", cs_buf_view(text));
    } else {
        cs_answer_body(call, 500, "application/json",
                       CS_VIEW("{\"code\":\"other\",\"message\":\"out of memory\"}"));
    }
    cs_buf_free(text);
}

void cs_s2_fault_text(const struct cs_endpoint *endpoint, const char *code, const char *message,
                      struct cs_buf *out)
{
    bool coded = endpoint->policy.s2_errors_have_code;
    if (coded) {
        cs_buf_str(out, "{\"code\":");
        cs_json_text(out, cs_view_str(code));
    }
    cs_buf_str(out, coded ? ",\"message\":" : "{\"error\":");
    cs_json_text(out, cs_view_str(message));
    cs_buf_char(out, '}');
}

void cs_s2_fault(struct cs_call *call, int status, const char *code, const char *message)
{
    if (!call->endpoint->policy.s2_errors_have_code) {
        cs_answer_error(call, status, message);
        return;
    }
    struct cs_buf text = CS_BUF((size_t)4096);
    cs_s2_fault_text(call->endpoint, code, message, &text);
    cs_s2_answer(call, status, &text);
}

void cs_s2_unwritten(struct cs_call *call, struct cs_position tail)
{
    struct cs_buf text = CS_BUF((size_t)256);
    cs_buf_char(&text, '{');
    cs_put_tail(&call->endpoint->policy, tail, &text);
    cs_buf_char(&text, '}');
    cs_s2_answer(call, 416, &text);
}

int cs_s2_store_fault_text(const struct cs_endpoint *endpoint, enum cs_store_status status,
                           const char *message, struct cs_buf *out)
{
    switch (status) {
    case CS_STORE_INVALID:
        cs_s2_fault_text(endpoint, "invalid", message, out);
        return (int)endpoint->policy.s2_invalid_status;
    case CS_STORE_NOT_FOUND:
        cs_s2_fault_text(endpoint, "stream_not_found", "there is no such stream", out);
        return 404;
    default:
        cs_s2_fault_text(endpoint, "unavailable", "the store cannot do it now", out);
        return 503;
    }
}

void cs_s2_store_fault(struct cs_call *call, enum cs_store_status status, const char *message)
{
    struct cs_buf text = CS_BUF((size_t)4096);
    int code = cs_s2_store_fault_text(call->endpoint, status, message, &text);
    cs_s2_answer(call, code, &text);
}

/* ---- who calls ---- */

static bool is_key(const struct cs_environment *environment, struct cs_view text)
{
    return cs_view_eq(text, cs_view_str(environment->secret_key));
}

/* The environment that issued the bearer's token for this stream, or NULL. Its secret key is the
 * token of the basin's owner: good for everything. */
static const struct cs_environment *issuer(struct cs_call *call, const char *action,
                                           struct cs_view token_text)
{
    const struct cs_endpoint *endpoint = call->endpoint;
    struct cs_token_checks checks = {.allowed_algs = 1u << CS_ALG_HS256,
                                     .now_s = cs_endpoint_now(endpoint) / 1000};
    for (size_t i = 0; i < endpoint->n_environments; i++) {
        const struct cs_environment *environment = &endpoint->environments[i];
        struct cs_token token = {0};
        if (is_key(environment, token_text)) {
            return environment;
        }
        enum cs_err err = cs_token_verify(token_text, cs_view_str(environment->secret_key), &checks,
                                          &token, NULL);
        if (err != CS_OK) {
            call->no_memory |= err == CS_ERR_NO_MEMORY;
            continue;
        }
        bool good = !token.pub && token.sub != NULL && strcmp(token.sub, environment->id) == 0 &&
                    cs_scopes_allow(token.scopes, token.n_scopes, cs_view_str(action),
                                    CS_VIEW("stream"), call->id);
        cs_token_free(&token);
        if (good) {
            return environment;
        }
    }
    return NULL;
}

/* NULL after having answered. */
static struct cs_environment *authenticate(struct cs_call *call, const char *action)
{
    struct cs_buf value = CS_BUF(HEADER_MAX);
    const struct cs_environment *environment = NULL;
    if (cs_call_header(call, "Authorization", &value) &&
        cs_view_starts_with(cs_buf_view(&value), CS_VIEW("Bearer "))) {
        environment = issuer(call, action, cs_view_of(value.ptr + 7, value.len - 7));
    }
    cs_buf_free(&value);
    if (environment == NULL && !call->endpoint->policy.s2_needs_token) {
        environment = &call->endpoint->environments[0];
    }
    if (environment == NULL) {
        cs_s2_fault(call, 403, "permission_denied", "the token does not allow this");
        return NULL;
    }
    return &call->endpoint->environments[environment - call->endpoint->environments];
}

/* ---- the basin ---- */

static bool can_be_basin(struct cs_view name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') {
            return false;
        }
    }
    return name.len >= BASIN_NAME_MIN && name.len <= BASIN_NAME_MAX;
}

static bool check_basin_name(struct cs_call *call)
{
    struct cs_buf value = CS_BUF(HEADER_MAX);
    bool good =
        cs_call_header(call, "S2-Basin", &value) && can_be_basin(cs_view_trim(cs_buf_view(&value)));
    cs_buf_free(&value);
    if (!good && call->endpoint->policy.s2_basin_checked) {
        cs_s2_fault(call, 400, "bad_header", "S2-Basin is missing or not a basin's name");
        return false;
    }
    return true;
}

bool cs_s2_basin(struct cs_call *call)
{
    struct cs_buf value = CS_BUF(HEADER_MAX);
    bool ours = cs_call_header(call, "S2-Basin", &value) &&
                cs_view_eq(cs_view_trim(cs_buf_view(&value)), CS_VIEW(CS_S2_BASIN));
    cs_buf_free(&value);
    if (!ours && call->endpoint->policy.s2_basin_checked) {
        cs_s2_fault(call, 404, "basin_not_found", "there is no such basin");
        return false;
    }
    return true;
}

/* ---- the stream ---- */

const char *cs_s2_stream_name(const struct cs_environment *environment, struct cs_view public_name,
                              struct cs_buf *out)
{
    cs_buf_str(out, environment->stream_root);
    size_t start = out->len;
    if (cs_percent_decode(public_name, out) != CS_OK || cs_buf_error(out) != CS_OK) {
        return "not a stream name";
    }
    struct cs_view name = cs_view_of(out->ptr + start, out->len - start);
    if (name.len == 0 || name.len > STREAM_NAME_MAX) {
        return "a stream name has 1 to 512 bytes";
    }
    return memchr(name.ptr, '\0', name.len) != NULL || cs_utf8_valid_prefix(name) != name.len
               ? "a stream name is UTF-8 without NUL"
               : NULL;
}

bool cs_s2_open(struct cs_call *call, const char *action, struct cs_buf *name)
{
    struct cs_environment *environment = authenticate(call, action);
    if (environment == NULL || !check_basin_name(call)) {
        return false; /* answered, and so the call is gone */
    }
    call->auth.environment = environment;
    const char *fault = call->id.len > 0 ? cs_s2_stream_name(environment, call->id, name) : NULL;
    if (fault != NULL) {
        call->no_memory |= cs_buf_error(name) == CS_ERR_NO_MEMORY;
        cs_s2_fault(call, 400, "bad_path", fault);
        return false;
    }
    return true;
}

bool cs_s2_format(struct cs_call *call, enum cs_format *ret_format)
{
    struct cs_buf value = CS_BUF(HEADER_MAX);
    bool given = cs_call_header(call, "S2-Format", &value);
    struct cs_view text = cs_view_trim(cs_buf_view(&value));
    bool raw = !given || cs_view_eq(text, CS_VIEW("raw")) || cs_view_eq(text, CS_VIEW("json"));
    bool base64 = cs_view_eq(text, CS_VIEW("base64")) || cs_view_eq(text, CS_VIEW("json-binsafe"));
    cs_buf_free(&value);
    if (!raw && !base64) {
        cs_s2_fault(call, 400, "bad_header", "S2-Format is raw or base64");
        return false;
    }
    *ret_format = base64 ? CS_FORMAT_BASE64 : CS_FORMAT_RAW;
    return true;
}
