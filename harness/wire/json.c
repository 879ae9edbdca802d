#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/json_escape.h"
#include "wire/json_shape.h"
#include "wire/scan.h"
#include "wire/utf8.h"

/* What a token costs is mostly calls and the registers that they save: the way of a token that is
 * right is one function, and what is rare stays out of it. */
#define HOT  inline __attribute__((always_inline))
#define COLD __attribute__((cold, noinline))

/* Why a token was refused, and at which byte. */
struct fault {
    const char *at;
    const char *why;
};

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

static const char *text_end(const struct cs_json *json)
{
    return json->text.ptr + json->text.len;
}

/* Whether the innermost container, of which there is one, is an object. */
static HOT bool top_is_object(const struct cs_json *json)
{
    unsigned top = json->depth - 1;

    return json->stack[top / 64] >> top % 64 & 1;
}

/* Out of the way of what is read: a text is refused once at most. */
static COLD enum cs_json_type refuse(const struct cs_json *json, struct cs_json_token *token,
                                     struct cs_diag *diag, enum cs_err code, struct fault fault)
{
    size_t offset = (size_t)(fault.at - json->text.ptr);

    (void)cs_fail(diag, code, offset, "%s%s", fault.why,
                  fault.at == text_end(json) ? ", but the text ends" : "");
    *token = (struct cs_json_token){
        .type = CS_JSON_ERROR, .raw = {fault.at, 0}, .offset = offset, .depth = json->depth};
    return CS_JSON_ERROR;
}

static COLD enum cs_json_type syntax(const struct cs_json *json, struct cs_json_token *token,
                                     struct cs_diag *diag, const char *at, const char *why)
{
    return refuse(json, token, diag, CS_ERR_SYNTAX, (struct fault){at, why});
}

/* Hands out a token whose last byte is before `next`. */
static HOT enum cs_json_type accept(struct cs_json *json, struct cs_json_token *token,
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

static const char *skip_spaces(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    return p;
}

static HOT const char *skip_space(const char *p, const char *end)
{
    return p < end && (unsigned char)*p > ' ' ? p : skip_spaces(p, end);
}

/* Why and where, unless nobody asks. Returns NULL. */
static COLD const char *say(struct fault *fault, const char *at, const char *why)
{
    if (fault) {
        *fault = (struct fault){at, why};
    }
    return NULL;
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
            (void)say(fault, p, "\\u needs four hexadecimal digits");
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

/* The second half of a surrogate pair that follows right here? */
static bool low_surrogate_follows(const char *p, const char *end)
{
    int32_t unit;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return false;
    }
    unit = hex4(p + 2, end, NULL);
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* One escape, `p` at its backslash. Returns what comes after it, or NULL. */
static const char *scan_escape(const char *p, const char *end, unsigned *flags, struct fault *fault)
{
    int32_t unit;

    *flags |= CS_JSON_ESCAPED;
    p++;
    if (p == end) {
        return say(fault, p, "expected an escape after the backslash");
    }
    if (*p != 'u') {
        if (!cs_json_escape_of(*p)) {
            return say(fault, p, "there is no such escape");
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

/* What skip_easy knows from one block to the next. */
struct easy {
    bool is_utf8;   /* characters that are not ASCII are plain */
    uint32_t carry; /* of cs_scan_escaped */
    uint32_t seen;  /* backslashes */
};

/* Where in a block the first byte is that wants a closer look (-1: an escape that began before it),
 * or 16. The block begins `shift` bytes before the text in question: less than a block is left. */
static HOT int easy_of_block(cs_scan_block block, unsigned shift, struct easy *easy)
{
    uint32_t backslashes = cs_scan_backslashes(block) >> shift;
    uint32_t quotes = cs_scan_quotes(block) >> shift;
    uint32_t hard = quotes | cs_scan_bad(block, easy->is_utf8) >> shift;
    uint32_t before = UINT32_MAX; /* a backslash after the string's end is another string's */
    uint32_t odd = 0; /* escapes that are not of two characters, or of a kind there is not */

    if (backslashes | easy->carry) {
        uint32_t escaped = cs_scan_escaped(backslashes, CS_SCAN_SIZE - shift, &easy->carry);

        odd = escaped & ~(quotes | backslashes);
        if (odd) {
            odd &= ~(cs_scan_escapable(block) >> shift);
        }
        hard = (hard & ~escaped) | odd;
        before = (hard - 1) & ~hard;
        easy->seen |= backslashes & before;
    }
    if (!hard) {
        return CS_SCAN_SIZE;
    }
    return __builtin_ctz(hard) - (int)(odd >> __builtin_ctz(hard) & 1);
}

/* Passes over plain bytes and escapes of two characters; returns the first byte that wants a closer
 * look, which for an escape is its backslash, or `end`. `begin` is where the text begins: at its
 * end the last whole block is looked at once more. */
static HOT const char *skip_easy(const char *begin, const char *p, const char *end, bool is_utf8,
                                 unsigned *flags)
{
    struct easy easy = {.is_utf8 = is_utf8};
    int at = CS_SCAN_SIZE;

    for (; end - p >= CS_SCAN_SIZE; p += CS_SCAN_SIZE) {
        at = easy_of_block(cs_scan_load(p), 0, &easy);
        if (at != CS_SCAN_SIZE) {
            break;
        }
    }
    if (at == CS_SCAN_SIZE && p < end && end - begin >= CS_SCAN_SIZE) {
        at = easy_of_block(cs_scan_load(end - CS_SCAN_SIZE), (unsigned)(CS_SCAN_SIZE - (end - p)),
                           &easy);
        at = at < end - p ? at : (int)(end - p) - (int)easy.carry;
    } else if (at == CS_SCAN_SIZE) {
        p -= easy.carry;
        for (at = 0; p + at < end && cs_scan_is_plain(p[at]); at++) {
        }
    }
    *flags |= easy.seen ? CS_JSON_ESCAPED : 0;
    return p + at;
}

static HOT const char *skip_easy_wide(const char *p, const char *end, bool is_utf8, unsigned *flags)
{
    bool escaped = false;

    p = cs_scan_wide(p, end, is_utf8, &escaped);
    *flags |= escaped ? CS_JSON_ESCAPED : 0;
    return p;
}

static const char *scan_long_string(const struct cs_json *json, const char *p, unsigned *flags,
                                    struct fault *fault)
{
    const char *end = text_end(json);
    const bool wide = cs_scan_is_wide();

    while ((p = wide ? skip_easy_wide(p, end, json->is_utf8, flags)
                     : skip_easy(json->text.ptr, p, end, json->is_utf8, flags)) < end) {
        if (*p == '"') {
            return p;
        }
        if (*p == '\\') {
            p = scan_escape(p, end, flags, fault);
            if (!p) {
                return NULL;
            }
        } else if ((unsigned char)*p < 0x20) {
            return say(fault, p, "a control character in a string must be escaped");
        } else {
            p = cs_utf8_skip_wide(p, end);
            if (p < end && (signed char)*p < 0) {
                return say(fault, p, "invalid UTF-8");
            }
        }
    }
    return say(fault, end, "expected a closing quote");
}

/* Finds the closing quote of a string, `p` being after its opening one; NULL when there is a
 * fault in it, for which scan_long_string is asked once more. Most strings end within one block and
 * hold nothing but plain bytes: keys above all. */
static HOT const char *scan_string(const struct cs_json *json, const char *p, const char *end,
                                   unsigned *flags)
{
    if (end - p >= CS_SCAN_SIZE) {
        cs_scan_block block = cs_scan_load(p);
        uint32_t bits = cs_scan_not_plain(block);

        if (bits && p[__builtin_ctz(bits)] == '"') {
            return p + __builtin_ctz(bits);
        }
    }
    return scan_long_string(json, p, flags, NULL);
}

static HOT const char *skip_digits(const char *p, const char *end)
{
    if (end - p >= CS_SCAN_SIZE) {
        uint32_t others = cs_scan_not_digits(cs_scan_load(p));

        if (others) {
            return p + __builtin_ctz(others);
        }
    }
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
static const char *scan_any_number(const char *p, const char *end, unsigned *flags,
                                   struct fault *fault)
{
    const char *digits;

    p += *p == '-';
    digits = p;
    p = skip_digits(p, end);
    if (p == digits) {
        return say(fault, p, "expected a digit");
    }
    if (*digits == '0' && p - digits > 1) {
        return say(fault, digits + 1, "a number has no leading zeros");
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
            return say(fault, p, "expected a digit after the decimal point");
        }
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        digits = p;
        p = skip_digits(digits, end);
        if (p == digits) {
            return say(fault, p, "expected a digit in the exponent");
        }
    }
    return p;
}

/* The same, quickly for what most numbers are: up to 15 digits and nothing else. */
static HOT const char *scan_number(const char *p, const char *end, unsigned *flags)
{
    const char *last = skip_digits(p, end);

    if (*p > '0' && last - p <= 15 && last < end && *last != '.' && (*last | 0x20) != 'e') {
        return last;
    }
    return scan_any_number(p, end, flags, NULL);
}

/* null, false or true; returns the end of the word, or NULL. */
static const char *scan_word(const char *p, const char *end, const char *word, struct fault *fault)
{
    for (; *word; word++, p++) {
        if (p == end || *p != *word) {
            return say(fault, p, "expected null, false or true");
        }
    }
    return p;
}

static HOT enum cs_json_type open_container(struct cs_json *json, struct cs_json_token *token,
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
    json->in_object = object;
    json->expect = object ? CS_JSON_EXPECT_FIRST_KEY : CS_JSON_EXPECT_FIRST_ITEM;
    return token->type;
}

static HOT enum cs_json_type close_container(struct cs_json *json, struct cs_json_token *token,
                                             const char *p)
{
    json->depth--;
    json->in_object = json->depth > 0 && top_is_object(json);
    return accept(json, token, *p == '}' ? CS_JSON_OBJECT_END : CS_JSON_ARRAY_END, p, p + 1);
}

/* What is wrong with the value, or the key, at `p`. */
static COLD enum cs_json_type refuse_value(const struct cs_json *json, struct cs_json_token *token,
                                           struct cs_diag *diag, const char *p)
{
    const char *end = text_end(json);
    struct fault fault = {p, "expected a value"};
    unsigned flags = 0;

    switch (p < end ? *p : '\0') {
    case '"':
        (void)scan_long_string(json, p + 1, &flags, &fault);
        break;
    case 'n':
        (void)scan_word(p, end, "null", &fault);
        break;
    case 'f':
        (void)scan_word(p, end, "false", &fault);
        break;
    case 't':
        (void)scan_word(p, end, "true", &fault);
        break;
    case '\xef':
        fault.why = p == json->text.ptr ? "a byte order mark is not JSON" : fault.why;
        break;
    default:
        if (p < end && (*p == '-' || (*p >= '0' && *p <= '9'))) {
            (void)scan_any_number(p, end, &flags, &fault);
        }
        break;
    }
    return refuse(json, token, diag, CS_ERR_SYNTAX, fault);
}

static HOT enum cs_json_type read_value(struct cs_json *json, struct cs_json_token *token,
                                        struct cs_diag *diag, const char *p)
{
    const char *end = text_end(json);
    enum cs_json_type type = CS_JSON_ERROR;
    const char *next = NULL;

    switch (p < end ? *p : '\0') {
    case '{':
    case '[':
        return open_container(json, token, diag, p);
    case '"':
        type = CS_JSON_STRING;
        next = scan_string(json, p + 1, end, &token->flags);
        next = next ? next + 1 : NULL;
        break;
    case 'n':
        type = CS_JSON_NULL;
        next = scan_word(p, end, "null", NULL);
        break;
    case 'f':
        type = CS_JSON_FALSE;
        next = scan_word(p, end, "false", NULL);
        break;
    case 't':
        type = CS_JSON_TRUE;
        next = scan_word(p, end, "true", NULL);
        break;
    default:
        if (p < end && (*p == '-' || (*p >= '0' && *p <= '9'))) {
            type = CS_JSON_NUMBER;
            next = scan_number(p, end, &token->flags);
        }
        break;
    }
    return next ? accept(json, token, type, p, next) : refuse_value(json, token, diag, p);
}

static HOT enum cs_json_type read_key(struct cs_json *json, struct cs_json_token *token,
                                      struct cs_diag *diag, const char *p)
{
    const char *end = text_end(json);
    const char *quote;

    if (p == end || *p != '"') {
        return syntax(json, token, diag, p, "expected a key in quotes");
    }
    quote = scan_string(json, p + 1, end, &token->flags);
    return quote ? accept(json, token, CS_JSON_KEY, p, quote + 1)
                 : refuse_value(json, token, diag, p);
}

/* After a value inside a container: a comma and what must follow it, or the end. */
static HOT enum cs_json_type read_more(struct cs_json *json, struct cs_json_token *token,
                                       struct cs_diag *diag, const char *p)
{
    const char *end = text_end(json);
    bool object = json->in_object;

    if (p < end && *p == ',') {
        p = skip_space(p + 1, end);
        return object ? read_key(json, token, diag, p) : read_value(json, token, diag, p);
    }
    if (p < end && *p == (object ? '}' : ']')) {
        return close_container(json, token, p);
    }
    return syntax(json, token, diag, p, object ? "expected ',' or '}'" : "expected ',' or ']'");
}

static HOT enum cs_json_type next(struct cs_json *json, struct cs_json_token *ret_token,
                                  struct cs_diag *diag)
{
    const char *end = text_end(json);
    const char *p = skip_space(json->text.ptr + json->pos, end);

    ret_token->flags = 0;
    /* The common ones first, each with a branch of its own for the processor to predict. */
    if (json->expect == CS_JSON_EXPECT_MORE) {
        return read_more(json, ret_token, diag, p);
    }
    if (json->expect == CS_JSON_EXPECT_COLON) {
        return p < end && *p == ':'
                   ? read_value(json, ret_token, diag, skip_space(p + 1, end))
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

/* Several strings of one text, whose ends lie in blocks of 64 bytes that are looked at once. */
struct strings {
    const char *block;
    const char *end; /* of the text */
    uint64_t stops;  /* cs_scan_wide_stops */
    unsigned n;
    bool is_utf8;
};

static HOT void look_at(struct strings *strings, const char *p)
{
    strings->block = p;
    strings->stops = cs_scan_wide_stops(p, strings->end, strings->is_utf8, &strings->n);
}

/* The closing quote of a string of nothing but plain bytes and escapes of two characters, `p` being
 * after its opening one, in the block or right after it; NULL when there is anything else. */
static HOT const char *end_of_string(struct strings *strings, const char *p)
{
    for (;;) {
        size_t at = (size_t)(p - strings->block);
        uint64_t stops = at < strings->n ? strings->stops >> at : 0;

        if (stops) {
            p += __builtin_ctzll(stops);
            return p < strings->end && *p == '"' ? p : NULL;
        }
        p = at < strings->n ? strings->block + strings->n : p;
        if (p == strings->end) {
            return NULL;
        }
        look_at(strings, p);
    }
}

/* The end of an object whose members are strings and numbers without spaces between them, `p` being
 * after its opening brace; NULL when it is none, or not right. */
static const char *skip_flat_object(const struct cs_json *json, const char *p)
{
    struct strings strings = {.end = text_end(json), .is_utf8 = json->is_utf8};
    const char *end = strings.end;
    const bool wide = cs_scan_is_wide();
    unsigned flags = 0;

    if (wide) {
        look_at(&strings, p);
    }
    for (;;) {
        if (p == end || *p != '"') {
            return NULL;
        }
        p = wide ? end_of_string(&strings, p + 1) : scan_string(json, p + 1, end, &flags);
        if (!p || end - p < 3 || p[1] != ':') {
            return NULL;
        }
        p += 2;
        if (*p == '"') {
            p = wide ? end_of_string(&strings, p + 1) : scan_string(json, p + 1, end, &flags);
            p = p ? p + 1 : NULL;
        } else if (*p >= '0' && *p <= '9') {
            p = scan_number(p, end, &flags);
        } else {
            return NULL;
        }
        if (!p || p == end || (*p != ',' && *p != '}')) {
            return NULL;
        }
        if (*p++ == '}') {
            return p;
        }
    }
}

/* Goes on behind the object that was opened last. */
static void leave_object(struct cs_json *json, const char *p)
{
    json->depth--;
    json->in_object = json->depth > 0 && top_is_object(json);
    json->expect = json->depth > 0 ? CS_JSON_EXPECT_MORE : CS_JSON_EXPECT_END;
    json->pos = (size_t)(p - json->text.ptr);
}

enum cs_err cs_json_value_text(struct cs_json *json, const struct cs_json_token *token,
                               struct cs_view *ret_text, struct cs_diag *diag)
{
    const char *start = json->text.ptr + token->offset;
    const char *flat;

    if (token->type == CS_JSON_OBJECT && (flat = skip_flat_object(json, start + 1)) != NULL) {
        leave_object(json, flat);
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

bool cs_json_pass_string(struct cs_json *json, struct cs_json_token *ret_token)
{
    const char *p = json->text.ptr + json->pos;
    const char *quote;

    ret_token->flags = 0;
    quote = scan_string(json, p, text_end(json), &ret_token->flags);
    if (!quote) {
        return false;
    }
    ret_token->type = CS_JSON_STRING;
    ret_token->offset = json->pos - 1;
    ret_token->raw = cs_view_of(p, (size_t)(quote - p));
    json->pos += (size_t)(quote - p) + 1;
    return true;
}

char *cs_json_pass_decoded(struct cs_json *json, char *to)
{
    const char *p = json->text.ptr + json->pos;
    bool escaped = false;

    if (cs_scan_is_wide()) {
        p = cs_scan_wide_decode(p, text_end(json), json->is_utf8, &escaped, &to);
        json->pos = (size_t)(p - json->text.ptr);
    } else if (json->is_utf8 && cs_scan_can_compress()) {
        to = cs_scan_compress(&p, text_end(json), to);
        json->pos = (size_t)(p - json->text.ptr);
    }
    return to;
}

bool cs_json_pass_flat_object(struct cs_json *json)
{
    const char *p = json->text.ptr + json->pos;

    p = p < text_end(json) && *p == '{' ? skip_flat_object(json, p + 1) : NULL;
    json->pos = p ? (size_t)(p - json->text.ptr) : json->pos;
    return p != NULL;
}

bool cs_json_pass_to_object(struct cs_json *json)
{
    const char *p = json->text.ptr + json->pos;
    unsigned top = json->depth;

    if (json->expect != CS_JSON_EXPECT_MORE || json->in_object || top == CS_JSON_MAX_DEPTH ||
        text_end(json) - p < 2 || p[0] != ',' || p[1] != '{') {
        return false;
    }
    json->stack[top / 64] |= (uint64_t)1 << top % 64;
    json->depth++;
    json->in_object = true;
    json->expect = CS_JSON_EXPECT_FIRST_KEY;
    json->pos += 2;
    return true;
}

void cs_json_enter_object(struct cs_json *json)
{
    json->stack[0] = 1;
    json->depth = 1;
    json->in_object = true;
    json->expect = CS_JSON_EXPECT_VALUE;
}

void cs_json_leave_object(struct cs_json *json)
{
    json->depth--;
    json->in_object = json->depth > 0 && top_is_object(json);
    json->expect = json->depth > 0 ? CS_JSON_EXPECT_MORE : CS_JSON_EXPECT_END;
}
