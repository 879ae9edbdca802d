#include "wire/json.h"

#include "wire/json_scan.h"
#include "wire/json_shape.h"

void cs_json_init(struct cs_json *json, struct cs_view text)
{
    /* `stack` is written before it is read. */
    json->text = text.len > 0 ? text : CS_VIEW("");
    json->pos = 0;
    json->depth = 0;
    json->expect = CS_JSON_EXPECT_VALUE;
    json->in_object = false;
    json->is_utf8 = false;
}

void cs_json_init_utf8(struct cs_json *json, struct cs_view text)
{
    cs_json_init(json, text);
    json->is_utf8 = true;
}

/* Out of the way of what is read: a text is refused once at most. */
static CS_COLD enum cs_json_type refuse(const struct cs_json *json, struct cs_json_token *token,
                                        struct cs_diag *diag, enum cs_err code,
                                        struct cs_json_fault fault)
{
    size_t offset = (size_t)(fault.at - json->text.ptr);

    (void)cs_fail(diag, code, offset, "%s%s", fault.why,
                  fault.at == cs_json_text_end(json) ? ", but the text ends" : "");
    *token = (struct cs_json_token){
        .type = CS_JSON_ERROR, .raw = {fault.at, 0}, .offset = offset, .depth = json->depth};
    return CS_JSON_ERROR;
}

static CS_COLD enum cs_json_type syntax(const struct cs_json *json, struct cs_json_token *token,
                                        struct cs_diag *diag, const char *at, const char *why)
{
    return refuse(json, token, diag, CS_ERR_SYNTAX, (struct cs_json_fault){at, why});
}

/* Hands out a token whose last byte is before `next`. */
static CS_HOT enum cs_json_type accept(struct cs_json *json, struct cs_json_token *token,
                                       enum cs_json_type type, const char *start, const char *next)
{
    size_t quotes = type == CS_JSON_STRING || type == CS_JSON_KEY;

    token->type = type;
    token->raw = cs_view_of(start + quotes, (size_t)(next - start) - 2 * quotes);
    token->offset = (size_t)(start - json->text.ptr);
    token->depth = json->depth;
    json->pos = (size_t)(next - json->text.ptr);
    json->expect = type == CS_JSON_KEY ? CS_JSON_EXPECT_COLON
                   : json->depth       ? CS_JSON_EXPECT_MORE
                                       : CS_JSON_EXPECT_END;
    return type;
}

static CS_HOT enum cs_json_type open_container(struct cs_json *json, struct cs_json_token *token,
                                               struct cs_diag *diag, const char *p)
{
    bool object = *p == '{';
    unsigned top = json->depth;
    uint64_t bit = (uint64_t)1 << top % 64;

    if (top == CS_JSON_MAX_DEPTH) {
        return refuse(json, token, diag, CS_ERR_LIMIT,
                      (struct cs_json_fault){p, "nested too deeply"});
    }
    (void)accept(json, token, object ? CS_JSON_OBJECT : CS_JSON_ARRAY, p, p + 1);
    json->stack[top / 64] = (json->stack[top / 64] & ~bit) | (object ? bit : 0);
    json->depth++;
    json->in_object = object;
    json->expect = object ? CS_JSON_EXPECT_FIRST_KEY : CS_JSON_EXPECT_FIRST_ITEM;
    return token->type;
}

static CS_HOT enum cs_json_type close_container(struct cs_json *json, struct cs_json_token *token,
                                                const char *p)
{
    json->depth--;
    json->in_object = json->depth > 0 && cs_json_top_is_object(json);
    return accept(json, token, *p == '}' ? CS_JSON_OBJECT_END : CS_JSON_ARRAY_END, p, p + 1);
}

/* What is wrong with the value, or the key, at `p`. */
static CS_COLD enum cs_json_type refuse_value(const struct cs_json *json,
                                              struct cs_json_token *token, struct cs_diag *diag,
                                              const char *p)
{
    const char *end = cs_json_text_end(json);
    struct cs_json_fault fault = {p, "expected a value"};
    unsigned flags = 0;

    switch (p < end ? *p : '\0') {
    case '"':
        (void)cs_json_scan_long_string(json, p + 1, &flags, &fault);
        break;
    case 'n':
        (void)cs_json_scan_word(p, end, "null", &fault);
        break;
    case 'f':
        (void)cs_json_scan_word(p, end, "false", &fault);
        break;
    case 't':
        (void)cs_json_scan_word(p, end, "true", &fault);
        break;
    case '\xef':
        fault.why = p == json->text.ptr ? "a byte order mark is not JSON" : fault.why;
        break;
    default:
        if (p < end && (*p == '-' || (*p >= '0' && *p <= '9'))) {
            (void)cs_json_scan_any_number(p, end, &flags, &fault);
        }
        break;
    }
    return refuse(json, token, diag, CS_ERR_SYNTAX, fault);
}

static CS_HOT enum cs_json_type read_value(struct cs_json *json, struct cs_json_token *token,
                                           struct cs_diag *diag, const char *p)
{
    const char *end = cs_json_text_end(json);
    enum cs_json_type type = CS_JSON_ERROR;
    const char *next = NULL;

    switch (p < end ? *p : '\0') {
    case '{':
    case '[':
        return open_container(json, token, diag, p);
    case '"':
        type = CS_JSON_STRING;
        next = cs_json_scan_string(json, p + 1, end, &token->flags);
        next = next ? next + 1 : NULL;
        break;
    case 'n':
        type = CS_JSON_NULL;
        next = cs_json_scan_word(p, end, "null", NULL);
        break;
    case 'f':
        type = CS_JSON_FALSE;
        next = cs_json_scan_word(p, end, "false", NULL);
        break;
    case 't':
        type = CS_JSON_TRUE;
        next = cs_json_scan_word(p, end, "true", NULL);
        break;
    default:
        if (p < end && (*p == '-' || (*p >= '0' && *p <= '9'))) {
            type = CS_JSON_NUMBER;
            next = cs_json_scan_number(p, end, &token->flags);
        }
        break;
    }
    return next ? accept(json, token, type, p, next) : refuse_value(json, token, diag, p);
}

static CS_HOT enum cs_json_type read_key(struct cs_json *json, struct cs_json_token *token,
                                         struct cs_diag *diag, const char *p)
{
    const char *end = cs_json_text_end(json);
    const char *quote;

    if (p == end || *p != '"') {
        return syntax(json, token, diag, p, "expected a key in quotes");
    }
    quote = cs_json_scan_string(json, p + 1, end, &token->flags);
    return quote ? accept(json, token, CS_JSON_KEY, p, quote + 1)
                 : refuse_value(json, token, diag, p);
}

/* After a value inside a container: a comma and what must follow it, or the end. */
static CS_HOT enum cs_json_type read_more(struct cs_json *json, struct cs_json_token *token,
                                          struct cs_diag *diag, const char *p)
{
    const char *end = cs_json_text_end(json);
    bool object = json->in_object;

    if (p < end && *p == ',') {
        p = cs_json_skip_space(p + 1, end);
        return object ? read_key(json, token, diag, p) : read_value(json, token, diag, p);
    }
    if (p < end && *p == (object ? '}' : ']')) {
        return close_container(json, token, p);
    }
    return syntax(json, token, diag, p, object ? "expected ',' or '}'" : "expected ',' or ']'");
}

static CS_HOT enum cs_json_type next(struct cs_json *json, struct cs_json_token *ret_token,
                                     struct cs_diag *diag)
{
    const char *end = cs_json_text_end(json);
    const char *p = cs_json_skip_space(json->text.ptr + json->pos, end);

    ret_token->flags = 0;
    /* The common ones first, each with a branch of its own for the processor to predict. */
    if (json->expect == CS_JSON_EXPECT_MORE) {
        return read_more(json, ret_token, diag, p);
    }
    if (json->expect == CS_JSON_EXPECT_COLON) {
        return p < end && *p == ':'
                   ? read_value(json, ret_token, diag, cs_json_skip_space(p + 1, end))
                   : syntax(json, ret_token, diag, p, "expected ':' after the key");
    }
    if (json->expect == CS_JSON_EXPECT_FIRST_KEY) {
        return p < end && *p == '}' ? close_container(json, ret_token, p)
                                    : read_key(json, ret_token, diag, p);
    }
    if (json->expect == CS_JSON_EXPECT_FIRST_ITEM && p < end && *p == ']') {
        return close_container(json, ret_token, p);
    }
    if (json->expect == CS_JSON_EXPECT_END) {
        return p < end ? syntax(json, ret_token, diag, p, "expected nothing after the value")
                       : accept(json, ret_token, CS_JSON_END, p, p);
    }
    return read_value(json, ret_token, diag, p);
}

enum cs_json_type cs_json_next(struct cs_json *json, struct cs_json_token *ret_token,
                               struct cs_diag *diag)
{
    return next(json, ret_token, diag);
}

enum cs_err cs_json_value_text(struct cs_json *json, const struct cs_json_token *token,
                               struct cs_view *ret_text, struct cs_diag *diag)
{
    const char *start = json->text.ptr + token->offset;
    const char *flat;

    if (token->type == CS_JSON_OBJECT &&
        (flat = cs_json_skip_flat_object(json, start + 1)) != NULL) {
        cs_json_leave_object(json);
        json->pos = (size_t)(flat - json->text.ptr);
    } else if (token->type == CS_JSON_OBJECT || token->type == CS_JSON_ARRAY) {
        struct cs_diag fault; /* written when a token is refused */
        struct cs_json_token inner;

        do {
            if (next(json, &inner, &fault) == CS_JSON_ERROR) {
                return cs_fail(diag, fault.code, fault.offset, "%s", fault.text);
            }
        } while (inner.depth > token->depth);
    }
    *ret_text = cs_view_of(start, (size_t)(json->text.ptr + json->pos - start));
    return CS_OK;
}

enum cs_err cs_json_check(struct cs_view text, struct cs_diag *diag)
{
    struct cs_diag fault; /* written when a token is refused */
    struct cs_json json;
    struct cs_json_token token;
    enum cs_json_type type;

    cs_json_init(&json, text);
    do {
        type = next(&json, &token, &fault);
    } while (type != CS_JSON_END && type != CS_JSON_ERROR);
    if (type == CS_JSON_ERROR) {
        return cs_fail(diag, fault.code, fault.offset, "%s", fault.text);
    }
    return CS_OK;
}
