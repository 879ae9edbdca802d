/* Public access tokens: taking them apart. What needs a key is in token_sign.c. */
#include "wire/token.h"

#include <stdlib.h>

#include "wire/json.h"

/* The parts of a compact JWS, still encoded. */
struct parts {
    struct cs_view text;
    struct cs_view header;
    struct cs_view payload;
    struct cs_view signature;
};

static enum cs_err split(struct cs_view text, struct parts *ret_parts, struct cs_diag *diag)
{
    if (text.len > CS_TOKEN_MAX_LEN) {
        return cs_fail(diag, CS_ERR_LIMIT, 0, "token of %zu bytes; at most %zu are read", text.len,
                       CS_TOKEN_MAX_LEN);
    }
    size_t first = cs_view_find(text, CS_VIEW("."));
    if (first == SIZE_MAX) {
        return cs_fail(diag, CS_ERR_SYNTAX, text.len, "a token has three parts, this has one");
    }
    struct cs_view rest = cs_view_of(text.ptr + first + 1, text.len - first - 1);
    size_t second = cs_view_find(rest, CS_VIEW("."));
    if (second == SIZE_MAX) {
        return cs_fail(diag, CS_ERR_SYNTAX, text.len, "a token has three parts, this has two");
    }
    ret_parts->text = text;
    ret_parts->header = cs_view_of(text.ptr, first);
    ret_parts->payload = cs_view_of(rest.ptr, second);
    ret_parts->signature = cs_view_of(rest.ptr + second + 1, rest.len - second - 1);
    return CS_OK;
}

/* Decodes one part, which must be the text of a JSON object and stands at `offset` in the token. */
static enum cs_err decode_object(struct cs_view part, uint64_t offset, const char *name,
                                 struct cs_buf *out, struct cs_diag *diag)
{
    enum cs_err err = cs_base64url_decode(part, out);
    if (err != CS_OK) {
        return cs_fail(diag, err, offset, "the %s is not base64url", name);
    }
    struct cs_diag inner = {0};
    err = cs_json_check(cs_buf_view(out), &inner);
    if (err != CS_OK) {
        return cs_fail(diag, err, offset, "the %s is not JSON: byte %llu of it: %.100s", name,
                       (unsigned long long)inner.offset, inner.text);
    }
    struct cs_json json;
    struct cs_json_token token;
    cs_json_init(&json, cs_buf_view(out));
    if (cs_json_next(&json, &token, NULL) != CS_JSON_OBJECT) {
        return cs_fail(diag, CS_ERR_SYNTAX, offset, "the %s is not a JSON object", name);
    }
    return CS_OK;
}

/* A string claim. One that is absent or of another type stays NULL, and so does one with a NUL
 * inside: as a C string it would be cut there and could turn into a name that the token does not
 * hold. */
static enum cs_err read_string(struct cs_view object, struct cs_view key, char **ret_text)
{
    struct cs_view value;
    if (cs_json_get(object, key, &value) != CS_OK) {
        return CS_OK;
    }
    struct cs_buf text = CS_BUF(CS_TOKEN_MAX_LEN);
    enum cs_err err = cs_json_string(value, &text);
    if (err == CS_OK && (text.len == 0 || memchr(text.ptr, 0, text.len) == NULL)) {
        *ret_text = cs_buf_take(&text);
        err = *ret_text ? CS_OK : CS_ERR_NO_MEMORY;
    }
    cs_buf_free(&text);
    return err == CS_ERR_TYPE ? CS_OK : err;
}

static int64_t floor_clamped(double value)
{
    if (value >= 0x1p63) {
        return INT64_MAX;
    }
    if (value < -0x1p63) {
        return INT64_MIN;
    }
    int64_t whole = (int64_t)value;
    return (double)whole > value ? whole - 1 : whole;
}

/* A time claim in whole seconds, a fraction floored. A claim that is no number counts as absent and
 * marks the token. */
static enum cs_err read_time(struct cs_view object, struct cs_view key, struct cs_token *token,
                             bool *ret_has, int64_t *ret_seconds)
{
    struct cs_view value;
    if (cs_json_get(object, key, &value) != CS_OK) {
        return CS_OK;
    }
    if (value.ptr[0] != '-' && (value.ptr[0] < '0' || value.ptr[0] > '9')) {
        token->bad_time = true;
        return CS_OK;
    }
    /* strtod wants a NUL at the end, and number texts have no length limit of their own. */
    struct cs_buf number = CS_BUF(CS_TOKEN_MAX_LEN);
    cs_buf_add(&number, value);
    char *text = cs_buf_take(&number);
    if (text == NULL) {
        return CS_ERR_NO_MEMORY;
    }
    *ret_seconds = floor_clamped(strtod(text, NULL));
    *ret_has = true;
    free(text);
    return CS_OK;
}

static enum cs_err add_scope(struct cs_token *token, const struct cs_json_token *member)
{
    if ((member->flags & CS_JSON_NUL) != 0) {
        return CS_OK; /* see read_string */
    }
    char **scopes = realloc(token->scopes, (token->n_scopes + 1) * sizeof *scopes);
    if (scopes == NULL) {
        return CS_ERR_NO_MEMORY;
    }
    token->scopes = scopes;
    struct cs_buf text = CS_BUF(CS_TOKEN_MAX_LEN);
    cs_json_unescape(member->raw, &text);
    scopes[token->n_scopes] = cs_buf_take(&text);
    if (scopes[token->n_scopes] == NULL) {
        return CS_ERR_NO_MEMORY;
    }
    token->n_scopes++;
    return CS_OK;
}

static enum cs_err read_scopes(struct cs_view payload, struct cs_token *token)
{
    struct cs_view value;
    struct cs_json json;
    struct cs_json_token member;
    if (cs_json_get(payload, CS_VIEW("scopes"), &value) != CS_OK) {
        return CS_OK;
    }
    cs_json_init(&json, value);
    if (cs_json_next(&json, &member, NULL) != CS_JSON_ARRAY) {
        return CS_OK;
    }
    token->has_scopes = true;
    enum cs_json_type type = CS_JSON_ARRAY;
    enum cs_err err = CS_OK;
    while (err == CS_OK && type != CS_JSON_END && type != CS_JSON_ERROR) {
        type = cs_json_next(&json, &member, NULL);
        if (type == CS_JSON_STRING && member.depth == 1) {
            err = add_scope(token, &member);
        }
    }
    return err;
}

static enum cs_err read_header(struct cs_view header, struct cs_token *token)
{
    struct cs_view ignored;
    token->has_crit = cs_json_get(header, CS_VIEW("crit"), &ignored) == CS_OK;
    return read_string(header, CS_VIEW("alg"), &token->alg);
}

static enum cs_err read_times(struct cs_view payload, struct cs_token *token)
{
    enum cs_err err = read_time(payload, CS_VIEW("iat"), token, &token->has_iat, &token->iat);
    if (err == CS_OK) {
        err = read_time(payload, CS_VIEW("nbf"), token, &token->has_nbf, &token->nbf);
    }
    return err == CS_OK ? read_time(payload, CS_VIEW("exp"), token, &token->has_exp, &token->exp)
                        : err;
}

static enum cs_err read_payload(struct cs_view payload, struct cs_token *token)
{
    struct cs_view value;
    token->pub =
        cs_json_get(payload, CS_VIEW("pub"), &value) == CS_OK && cs_view_eq(value, CS_VIEW("true"));
    enum cs_err err = read_string(payload, CS_VIEW("sub"), &token->sub);
    if (err == CS_OK) {
        err = read_string(payload, CS_VIEW("iss"), &token->iss);
    }
    if (err == CS_OK) {
        err = read_string(payload, CS_VIEW("aud"), &token->aud);
    }
    if (err == CS_OK) {
        err = read_times(payload, token);
    }
    return err == CS_OK ? read_scopes(payload, token) : err;
}

static enum cs_err check_signature_text(const struct parts *parts, struct cs_diag *diag)
{
    struct cs_buf signature = CS_BUF(CS_TOKEN_MAX_LEN);
    enum cs_err err = cs_base64url_decode(parts->signature, &signature);
    cs_buf_free(&signature);
    return err == CS_OK ? CS_OK
                        : cs_fail(diag, err, (uint64_t)(parts->signature.ptr - parts->text.ptr),
                                  "the signature is not base64url");
}

static enum cs_err decode_parts(const struct parts *parts, struct cs_buf *header,
                                struct cs_buf *payload, struct cs_token *token,
                                struct cs_diag *diag)
{
    enum cs_err err = decode_object(parts->header, 0, "header", header, diag);
    if (err == CS_OK) {
        err = decode_object(parts->payload, (uint64_t)(parts->payload.ptr - parts->text.ptr),
                            "payload", payload, diag);
    }
    if (err == CS_OK) {
        err = check_signature_text(parts, diag);
    }
    if (err != CS_OK) {
        return err;
    }
    err = read_header(cs_buf_view(header), token);
    if (err == CS_OK) {
        err = read_payload(cs_buf_view(payload), token);
    }
    return err == CS_OK ? CS_OK : cs_fail(diag, err, 0, "no memory for the claims");
}

void cs_token_free(struct cs_token *token)
{
    if (token == NULL) {
        return;
    }
    free(token->alg);
    free(token->sub);
    free(token->iss);
    free(token->aud);
    for (size_t i = 0; i < token->n_scopes; i++) {
        free(token->scopes[i]);
    }
    free(token->scopes);
    *token = (struct cs_token){0};
}

enum cs_err cs_token_decode(struct cs_view text, struct cs_token *ret_token, struct cs_diag *diag)
{
    struct parts parts = {0};
    enum cs_err err = split(text, &parts, diag);
    if (err != CS_OK) {
        return err;
    }
    struct cs_token token = {0};
    struct cs_buf header = CS_BUF(CS_TOKEN_MAX_LEN);
    struct cs_buf payload = CS_BUF(CS_TOKEN_MAX_LEN);
    err = decode_parts(&parts, &header, &payload, &token, diag);
    cs_buf_free(&header);
    cs_buf_free(&payload);
    if (err != CS_OK) {
        cs_token_free(&token);
        return err;
    }
    *ret_token = token;
    return CS_OK;
}
