/* A strict JSON scanner: RFC 8259 as JSON.parse accepts it, over a complete text in memory.
 *
 * Why not cJSON here: measured on 1.7.15 it cuts strings at \u0000, accepts 01, 1., raw control
 * characters and bad UTF-8, rounds integers over 2^53 and skips a byte order mark. A conformance
 * suite exists to see exactly those faults. cJSON builds and reads our own documents instead.
 *
 * Accepted as JSON.parse does: lone surrogate escapes (flagged), \u0000, duplicate keys (the last
 * wins in cs_json_get), any top-level value. Refused: byte order mark, raw control characters,
 * invalid UTF-8, leading zeros, trailing bytes, nesting deeper than CS_JSON_MAX_DEPTH.
 *
 * No memory is allocated: tokens are views into the text.
 */
#ifndef CHATSPEC_WIRE_JSON_H
#define CHATSPEC_WIRE_JSON_H

#include "wire/bytes.h"

#define CS_JSON_MAX_DEPTH 512

enum cs_json_type {
    CS_JSON_END = 0, /* the whole text was read and is valid */
    CS_JSON_NULL,
    CS_JSON_FALSE,
    CS_JSON_TRUE,
    CS_JSON_NUMBER,
    CS_JSON_STRING,
    CS_JSON_KEY, /* a member name; its value is the next token */
    CS_JSON_OBJECT,
    CS_JSON_OBJECT_END,
    CS_JSON_ARRAY,
    CS_JSON_ARRAY_END,
    CS_JSON_ERROR
};

enum {
    CS_JSON_ESCAPED = 1u << 0,        /* string or key holds a backslash: use cs_json_unescape */
    CS_JSON_LONE_SURROGATE = 1u << 1, /* \uD800..\uDFFF without its partner */
    CS_JSON_NUL = 1u << 2,            /* \u0000 inside */
    CS_JSON_FRACTION = 1u << 3,       /* number with '.' or an exponent */
    CS_JSON_INEXACT = 1u << 4         /* integer that a double cannot hold exactly */
};

struct cs_json_token {
    enum cs_json_type type;
    struct cs_view raw; /* strings and keys without their quotes; numbers as written */
    size_t offset;      /* of the token's first byte (the quote, for strings) */
    unsigned flags;
    unsigned depth; /* number of open containers around the token */
};

/* What may stand at `pos`: json.c's, and here for cs_json_pass_key. Nothing of the state changes
 * when a token is refused, so that asking again gives the same answer. */
enum cs_json_expect {
    CS_JSON_EXPECT_VALUE = 0,  /* the top-level value */
    CS_JSON_EXPECT_FIRST_ITEM, /* after [ */
    CS_JSON_EXPECT_FIRST_KEY,  /* after { */
    CS_JSON_EXPECT_COLON,      /* after a key */
    CS_JSON_EXPECT_MORE,       /* after a value inside a container */
    CS_JSON_EXPECT_END         /* after the top-level value */
};

/* Caller-owned state, no need to free. */
struct cs_json {
    struct cs_view text;
    size_t pos;
    unsigned depth;
    uint8_t expect;
    bool in_object;                         /* the innermost container */
    bool is_utf8;                           /* the text is known to be */
    uint64_t stack[CS_JSON_MAX_DEPTH / 64]; /* one bit per open container: 1 object, 0 array */
};

void cs_json_init(struct cs_json *json, struct cs_view text);
/* The same for a text that is known to be valid UTF-8, since it was decoded (utf8.h) or is part of
 * a text that was read as JSON before: this is then not checked a second time. */
void cs_json_init_utf8(struct cs_json *json, struct cs_view text);
/* The next token. After CS_JSON_END or CS_JSON_ERROR it returns the same again.
 * Errors (in diag, with offset): CS_ERR_SYNTAX, CS_ERR_LIMIT (depth). */
enum cs_json_type cs_json_next(struct cs_json *json, struct cs_json_token *ret_token,
                               struct cs_diag *diag);
/* `pattern` is ,"key": for the key that is most likely to come next. When it does, in just these
 * bytes (the first of an object without the comma), passes over it, so that its value is the next
 * token, and is true; else does nothing. Reading the key as a token gives the same, and takes many
 * times as long. */
static inline bool cs_json_pass_key(struct cs_json *json, struct cs_view pattern)
{
    const char *p = json->text.ptr + json->pos;
    size_t left = json->text.len - json->pos;

    if (json->expect == CS_JSON_EXPECT_MORE && json->in_object && left >= pattern.len &&
        memcmp(p, pattern.ptr, pattern.len) == 0) {
        json->pos += pattern.len - 1;
    } else if (json->expect == CS_JSON_EXPECT_FIRST_KEY && left >= pattern.len - 1 &&
               memcmp(p, pattern.ptr + 1, pattern.len - 1) == 0) {
        json->pos += pattern.len - 2;
    } else {
        return false;
    }
    json->expect = CS_JSON_EXPECT_COLON;
    return true;
}
/* Having read `token` (a scalar, or an opening token), reads to the end of that value and gives
 * its text, quotes and brackets included. */
CS_MUST_USE enum cs_err cs_json_value_text(struct cs_json *json, const struct cs_json_token *token,
                                           struct cs_view *ret_text, struct cs_diag *diag);

/* Checks a whole text. Errors: CS_ERR_SYNTAX, CS_ERR_LIMIT. */
CS_MUST_USE enum cs_err cs_json_check(struct cs_view text, struct cs_diag *diag);

/* Appends a string token's value. A lone surrogate becomes U+FFFD (what a JavaScript client sends
 * on when it encodes the string again). Only for tokens that cs_json_next gave. Asks `out` for
 * raw.len bytes of room, which is never less than what the value takes. */
void cs_json_unescape(struct cs_view raw, struct cs_buf *out);
/* The same as cs_json_is, for a token that holds escapes. */
bool cs_json_is_escaped(const struct cs_json_token *token, struct cs_view text);

/* True when the key or string token's value equals `text`. Inline, since `text` is mostly a literal
 * whose length then is a constant. */
static inline bool cs_json_is(const struct cs_json_token *token, struct cs_view text)
{
    if (token->type != CS_JSON_KEY && token->type != CS_JSON_STRING) {
        return false;
    }
    return token->flags & CS_JSON_ESCAPED ? cs_json_is_escaped(token, text)
                                          : cs_view_eq(token->raw, text);
}
/* A number token as unsigned integer. Errors: CS_ERR_RANGE (negative, over 2^64-1), CS_ERR_TYPE
 * (not a number, or written with fraction or exponent). */
CS_MUST_USE enum cs_err cs_json_u64(const struct cs_json_token *token, uint64_t *ret_value);
/* The same for a signed integer, from -2^63 to 2^63-1. */
CS_MUST_USE enum cs_err cs_json_i64(const struct cs_json_token *token, int64_t *ret_value);

/* The text of object member `key` (decoded comparison, last duplicate wins) in an object text that
 * is valid JSON. Errors: CS_ERR_MISSING; CS_ERR_TYPE (text is not an object); CS_ERR_SYNTAX. */
CS_MUST_USE enum cs_err cs_json_get(struct cs_view object, struct cs_view key,
                                    struct cs_view *ret_value);
/* Appends the decoded value when `text` is a JSON string. Errors: CS_ERR_TYPE. */
CS_MUST_USE enum cs_err cs_json_string(struct cs_view text, struct cs_buf *out);

/* Appends `text` (valid UTF-8) escaped as JSON.stringify does, without quotes (LIM-07). */
void cs_json_escape(struct cs_buf *out, struct cs_view text);
/* How many bytes cs_json_escape would append. SIZE_MAX on overflow. */
size_t cs_json_escaped_len(struct cs_view text);

#endif
