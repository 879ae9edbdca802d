#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/json_escape.h"
#include "wire/scan.h"
#include "wire/utf8.h"

/* What may stand at `pos`. Nothing of the state changes when a token is refused, so that asking
 * again gives the same answer. */
enum expect {
    EXPECT_VALUE = 0,  /* the top-level value */
    EXPECT_FIRST_ITEM, /* after [ */
    EXPECT_FIRST_KEY,  /* after { */
    EXPECT_COLON,      /* after a key */
    EXPECT_MORE,       /* after a value inside a container */
    EXPECT_END         /* after the top-level value */
};

/* Why a token was refused, and at which byte. */
struct fault {
    const char *at;
    const char *why;
};

void cs_json_init(struct cs_json *json, struct cs_view text)
{
    memset(json, 0, sizeof(*json));
    json->text = text.len > 0 ? text : CS_VIEW("");
}

static const char *text_end(const struct cs_json *json)
{
    return json->text.ptr + json->text.len;
}

static bool in_object(const struct cs_json *json)
{
    unsigned top = json->depth - 1;

    return json->stack[top / 64] >> top % 64 & 1;
}

static enum cs_json_type refuse(const struct cs_json *json, struct cs_json_token *token,
                                struct cs_diag *diag, enum cs_err code, struct fault fault)
{
    size_t offset = (size_t)(fault.at - json->text.ptr);

    (void)cs_fail(diag, code, offset, "%s%s", fault.why,
                  fault.at == text_end(json) ? ", but the text ends" : "");
    *token = (struct cs_json_token){
        .type = CS_JSON_ERROR, .raw = {fault.at, 0}, .offset = offset, .depth = json->depth};
    return CS_JSON_ERROR;
}

static enum cs_json_type syntax(const struct cs_json *json, struct cs_json_token *token,
                                struct cs_diag *diag, const char *at, const char *why)
{
    return refuse(json, token, diag, CS_ERR_SYNTAX, (struct fault){at, why});
}

/* Hands out a token whose last byte is before `next`. */
static enum cs_json_type accept(struct cs_json *json, struct cs_json_token *token,
                                enum cs_json_type type, const char *start, const char *next)
{
    size_t quotes = type == CS_JSON_STRING || type == CS_JSON_KEY;

    token->type = type;
    token->raw = cs_view_of(start + quotes, (size_t)(next - start) - 2 * quotes);
    token->offset = (size_t)(start - json->text.ptr);
    token->depth = json->depth;
    json->pos = (size_t)(next - json->text.ptr);
    json->expect = type == CS_JSON_KEY ? EXPECT_COLON : json->depth ? EXPECT_MORE : EXPECT_END;
    return type;
}

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    return p;
}

/* The value of four hexadecimal digits, or -1 with the first byte that is none. */
static int32_t hex4(const char *p, const char *end, struct fault *fault)
{
    int32_t value = 0;

    for (int i = 0; i < 4; i++, p++) {
        int32_t digit;

        if (p < end && *p >= '0' && *p <= '9') {
            digit = *p - '0';
        } else if (p < end && (*p | 0x20) >= 'a' && (*p | 0x20) <= 'f') {
            digit = (*p | 0x20) - 'a' + 10;
        } else {
            *fault = (struct fault){p, "\\u needs four hexadecimal digits"};
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

/* The second half of a surrogate pair that follows right here? */
static bool low_surrogate_follows(const char *p, const char *end)
{
    struct fault ignored;
    int32_t unit;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return false;
    }
    unit = hex4(p + 2, end, &ignored);
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* One escape, `p` at its backslash. Returns what comes after it, or NULL. */
static const char *scan_escape(const char *p, const char *end, unsigned *flags, struct fault *fault)
{
    int32_t unit;

    *flags |= CS_JSON_ESCAPED;
    p++;
    if (p == end) {
        *fault = (struct fault){p, "expected an escape after the backslash"};
        return NULL;
    }
    if (*p != 'u') {
        if (!cs_json_escape_of(*p)) {
            *fault = (struct fault){p, "there is no such escape"};
            return NULL;
        }
        return p + 1;
    }
    unit = hex4(p + 1, end, fault);
    if (unit < 0) {
        return NULL;
    }
    p += 5;
    if (unit == 0) {
        *flags |= CS_JSON_NUL;
    } else if (unit >= 0xd800 && unit <= 0xdbff && low_surrogate_follows(p, end)) {
        return p + 6;
    } else if (unit >= 0xd800 && unit <= 0xdfff) {
        *flags |= CS_JSON_LONE_SURROGATE;
    }
    return p;
}

/* Which bytes of a block are the second byte of an escape, told from its backslashes without a
 * branch for each. A run of backslashes escapes what follows it when its length is odd: adding the
 * bit where a run begins carries to the bit after its end, so that where a run began at an even
 * place, or at an odd one, can be seen there. `carry` is 1 when the first byte of the block (next
 * time: of the next block) is escaped. */
static uint32_t escaped_bits(uint32_t backslashes, uint32_t *carry)
{
    const uint32_t even = 0x5555;
    uint32_t begins = backslashes & ~*carry;
    uint32_t follows = begins << 1 | *carry;
    uint32_t sum = (begins & ~even & ~follows) + begins;

    *carry = sum >> CS_SCAN_SIZE;
    return (even ^ sum << 1) & follows & 0xffff;
}

/* Passes over plain bytes and escapes of two characters; returns the first byte that wants a closer
 * look, which for an escape is its backslash, or `end`. */
static const char *skip_easy(const char *p, const char *end, unsigned *flags)
{
    uint32_t carry = 0;

    for (; end - p >= CS_SCAN_SIZE; p += CS_SCAN_SIZE) {
        cs_scan_block block = cs_scan_load(p);
        uint32_t backslashes = cs_scan_backslashes(block);
        uint32_t hard = cs_scan_hard(block);
        uint32_t odd = 0; /* escapes that are not of two characters, or of a kind there is not */

        if (backslashes | carry) {
            uint32_t escaped = escaped_bits(backslashes, &carry);

            odd = escaped & ~cs_scan_escapable(block);
            hard = (hard & ~escaped) | odd;
            /* A backslash after the string's end is another string's. */
            *flags |= backslashes & (hard - 1) & ~hard ? CS_JSON_ESCAPED : 0;
        }
        if (hard) {
            int at = __builtin_ctz(hard);
            return p + at - (odd >> at & 1);
        }
    }
    p -= carry;
    while (p < end && cs_scan_is_plain(*p)) {
        p++;
    }
    return p;
}

/* Passes over well-formed characters that are not ASCII; returns where the first other byte is. */
static const char *skip_wide(const char *p, const char *end)
{
    size_t len;

    do {
        len = cs_utf8_sequence(cs_view_of(p, (size_t)(end - p)));
        p += len;
    } while (len > 0 && p < end && (signed char)*p < 0);
    return p;
}

/* Finds the closing quote of a string, `p` being after its opening one; NULL when there is a
 * fault in it. */
static const char *scan_string(const char *p, const char *end, unsigned *flags, struct fault *fault)
{
    while ((p = skip_easy(p, end, flags)) < end) {
        if (*p == '"') {
            return p;
        }
        if (*p == '\\') {
            p = scan_escape(p, end, flags, fault);
            if (!p) {
                return NULL;
            }
        } else if ((unsigned char)*p < 0x20) {
            *fault = (struct fault){p, "a control character in a string must be escaped"};
            return NULL;
        } else {
            p = skip_wide(p, end);
            if (p < end && (signed char)*p < 0) {
                *fault = (struct fault){p, "invalid UTF-8"};
                return NULL;
            }
        }
    }
    *fault = (struct fault){end, "expected a closing quote"};
    return NULL;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9') {
        p++;
    }
    return p;
}

/* Does a double hold this run of digits as it is? Up to 15 digits always; beyond that the way to a
 * double and back tells, for which glibc is exact. 2^1024 has 309 digits. */
static bool is_exact(const char *digits, size_t n)
{
    char text[312];
    char back[312];

    if (n <= 15) {
        return true;
    }
    if (n > 309) {
        return false;
    }
    memcpy(text, digits, n);
    text[n] = '\0';
    (void)snprintf(back, sizeof(back), "%.0f", strtod(text, NULL));
    return strcmp(text, back) == 0;
}

/* Reads a number; returns its end, or NULL. */
static const char *scan_number(const char *p, const char *end, unsigned *flags, struct fault *fault)
{
    const char *digits;

    p += *p == '-';
    digits = p;
    p = skip_digits(p, end);
    if (p == digits) {
        *fault = (struct fault){p, "expected a digit"};
        return NULL;
    }
    if (*digits == '0' && p - digits > 1) {
        *fault = (struct fault){digits + 1, "a number has no leading zeros"};
        return NULL;
    }
    if (p == end || (*p != '.' && (*p | 0x20) != 'e')) {
        *flags |= is_exact(digits, (size_t)(p - digits)) ? 0 : CS_JSON_INEXACT;
        return p;
    }
    *flags |= CS_JSON_FRACTION;
    if (*p == '.') {
        digits = p + 1;
        p = skip_digits(digits, end);
        if (p == digits) {
            *fault = (struct fault){p, "expected a digit after the decimal point"};
            return NULL;
        }
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        digits = p;
        p = skip_digits(digits, end);
        if (p == digits) {
            *fault = (struct fault){p, "expected a digit in the exponent"};
            return NULL;
        }
    }
    return p;
}

/* null, false or true; returns the end of the word, or NULL. */
static const char *scan_word(const char *p, const char *end, const char *word, struct fault *fault)
{
    for (; *word; word++, p++) {
        if (p == end || *p != *word) {
            *fault = (struct fault){p, "expected null, false or true"};
            return NULL;
        }
    }
    return p;
}

static enum cs_json_type open_container(struct cs_json *json, struct cs_json_token *token,
                                        struct cs_diag *diag, const char *p)
{
    bool object = *p == '{';
    unsigned top = json->depth;
    uint64_t bit = (uint64_t)1 << top % 64;

    if (top == CS_JSON_MAX_DEPTH) {
        return refuse(json, token, diag, CS_ERR_LIMIT, (struct fault){p, "nested too deeply"});
    }
    (void)accept(json, token, object ? CS_JSON_OBJECT : CS_JSON_ARRAY, p, p + 1);
    json->stack[top / 64] = (json->stack[top / 64] & ~bit) | (object ? bit : 0);
    json->depth++;
    json->expect = object ? EXPECT_FIRST_KEY : EXPECT_FIRST_ITEM;
    return token->type;
}

static enum cs_json_type close_container(struct cs_json *json, struct cs_json_token *token,
                                         const char *p)
{
    json->depth--;
    return accept(json, token, *p == '}' ? CS_JSON_OBJECT_END : CS_JSON_ARRAY_END, p, p + 1);
}

static enum cs_json_type read_value(struct cs_json *json, struct cs_json_token *token,
                                    struct cs_diag *diag, const char *p)
{
    const char *end = text_end(json);
    struct fault fault = {p, "expected a value"};
    enum cs_json_type type = CS_JSON_ERROR;
    const char *next = NULL;

    switch (p < end ? *p : '\0') {
    case '{':
    case '[':
        return open_container(json, token, diag, p);
    case '"':
        type = CS_JSON_STRING;
        next = scan_string(p + 1, end, &token->flags, &fault);
        next = next ? next + 1 : NULL;
        break;
    case 'n':
        type = CS_JSON_NULL;
        next = scan_word(p, end, "null", &fault);
        break;
    case 'f':
        type = CS_JSON_FALSE;
        next = scan_word(p, end, "false", &fault);
        break;
    case 't':
        type = CS_JSON_TRUE;
        next = scan_word(p, end, "true", &fault);
        break;
    case '\xef':
        fault.why = p == json->text.ptr ? "a byte order mark is not JSON" : fault.why;
        break;
    default:
        if (p < end && (*p == '-' || (*p >= '0' && *p <= '9'))) {
            type = CS_JSON_NUMBER;
            next = scan_number(p, end, &token->flags, &fault);
        }
        break;
    }
    if (!next) {
        return refuse(json, token, diag, CS_ERR_SYNTAX, fault);
    }
    return accept(json, token, type, p, next);
}

static enum cs_json_type read_key(struct cs_json *json, struct cs_json_token *token,
                                  struct cs_diag *diag, const char *p)
{
    const char *end = text_end(json);
    struct fault fault;
    const char *quote;

    if (p == end || *p != '"') {
        return syntax(json, token, diag, p, "expected a key in quotes");
    }
    quote = scan_string(p + 1, end, &token->flags, &fault);
    if (!quote) {
        return refuse(json, token, diag, CS_ERR_SYNTAX, fault);
    }
    return accept(json, token, CS_JSON_KEY, p, quote + 1);
}

/* After a value inside a container: a comma and what must follow it, or the end. */
static enum cs_json_type read_more(struct cs_json *json, struct cs_json_token *token,
                                   struct cs_diag *diag, const char *p)
{
    const char *end = text_end(json);
    bool object = in_object(json);

    if (p < end && *p == ',') {
        p = skip_space(p + 1, end);
        return object ? read_key(json, token, diag, p) : read_value(json, token, diag, p);
    }
    if (p < end && *p == (object ? '}' : ']')) {
        return close_container(json, token, p);
    }
    return syntax(json, token, diag, p, object ? "expected ',' or '}'" : "expected ',' or ']'");
}

enum cs_json_type cs_json_next(struct cs_json *json, struct cs_json_token *ret_token,
                               struct cs_diag *diag)
{
    const char *end = text_end(json);
    const char *p = skip_space(json->text.ptr + json->pos, end);

    ret_token->flags = 0;
    switch ((enum expect)json->expect) {
    case EXPECT_VALUE:
        break;
    case EXPECT_FIRST_ITEM:
        if (p < end && *p == ']') {
            return close_container(json, ret_token, p);
        }
        break;
    case EXPECT_FIRST_KEY:
        if (p < end && *p == '}') {
            return close_container(json, ret_token, p);
        }
        return read_key(json, ret_token, diag, p);
    case EXPECT_COLON:
        if (p == end || *p != ':') {
            return syntax(json, ret_token, diag, p, "expected ':' after the key");
        }
        p = skip_space(p + 1, end);
        break;
    case EXPECT_MORE:
        return read_more(json, ret_token, diag, p);
    case EXPECT_END:
        if (p < end) {
            return syntax(json, ret_token, diag, p, "expected nothing after the value");
        }
        return accept(json, ret_token, CS_JSON_END, p, p);
    }
    return read_value(json, ret_token, diag, p);
}
