/* Where the JSON libraries that the targets compare with are known to read otherwise than
 * JSON.parse, and we with it. Each row has a reason and a text that shows it: test_differences
 * asks the library itself, so that a row that is no longer true is noticed. */
#ifndef CHATSPEC_FUZZ_DIFFERENCES_H
#define CHATSPEC_FUZZ_DIFFERENCES_H

#include <math.h>

#include "fuzz/fuzz.h"
#include "wire/json.h"

/* What a token, or the place where the scanner gave up, can have about it. */
enum fuzz_trait {
    FUZZ_LONE_SURROGATE = 1u << 0,
    FUZZ_NUL_IN_KEY = 1u << 1,
    FUZZ_NUL_IN_STRING = 1u << 2,
    FUZZ_OVER_63_BITS = 1u << 3,    /* an integer that no signed 64 bits hold */
    FUZZ_OVER_A_DOUBLE = 1u << 4,   /* a number that is infinite as a double */
    FUZZ_NUL_AFTER_A_WORD = 1u << 5 /* a NUL byte right behind a number, null, false or true */
};

enum fuzz_library {
    FUZZ_CJSON,
    FUZZ_JANSSON
};

enum fuzz_difference_kind {
    FUZZ_REFUSES, /* a text that JSON.parse takes */
    FUZZ_TAKES,   /* a text that JSON.parse refuses */
    FUZZ_CUTS     /* a string at its first NUL */
};

struct fuzz_difference {
    enum fuzz_library library;
    enum fuzz_difference_kind kind;
    enum fuzz_trait trait;
    struct cs_view shown_by;
    const char *reason;
};

#define FUZZ_SHOWN_BY(literal)         \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

static const struct fuzz_difference fuzz_differences[] = {
    {FUZZ_CJSON, FUZZ_REFUSES, FUZZ_LONE_SURROGATE, FUZZ_SHOWN_BY("\"\\ud800\""),
     "it has no UTF-8 for half of a pair"},
    {FUZZ_CJSON, FUZZ_CUTS, FUZZ_NUL_IN_STRING, FUZZ_SHOWN_BY("\"a\\u0000b\""),
     "its strings end in NUL and have no length"},
    {FUZZ_CJSON, FUZZ_CUTS, FUZZ_NUL_IN_KEY, FUZZ_SHOWN_BY("{\"a\\u0000b\":1}"),
     "its strings end in NUL and have no length"},
    {FUZZ_JANSSON, FUZZ_REFUSES, FUZZ_LONE_SURROGATE, FUZZ_SHOWN_BY("\"\\ud800\""),
     "it has no UTF-8 for half of a pair"},
    {FUZZ_JANSSON, FUZZ_REFUSES, FUZZ_NUL_IN_KEY, FUZZ_SHOWN_BY("{\"a\\u0000b\":1}"),
     "the names of its members end in NUL, whatever JSON_ALLOW_NUL says of strings"},
    {FUZZ_JANSSON, FUZZ_REFUSES, FUZZ_OVER_63_BITS, FUZZ_SHOWN_BY("9223372036854775808"),
     "its integers have 64 bits with a sign, and it does not go over to doubles"},
    {FUZZ_JANSSON, FUZZ_REFUSES, FUZZ_OVER_A_DOUBLE, FUZZ_SHOWN_BY("1e999"),
     "it takes no infinity, where JSON.parse gives one"},
    {FUZZ_JANSSON, FUZZ_TAKES, FUZZ_NUL_AFTER_A_WORD, FUZZ_SHOWN_BY("90e9\0"),
     "it puts back the byte that ended the word into a buffer that ends in NUL: a NUL is lost"},
};

#define FUZZ_N_DIFFERENCES (sizeof(fuzz_differences) / sizeof(fuzz_differences[0]))

/* Whether a row says so of one of these traits. */
static inline bool fuzz_differs(enum fuzz_library library, enum fuzz_difference_kind kind,
                                unsigned traits)
{
    for (size_t i = 0; i < FUZZ_N_DIFFERENCES; i++) {
        const struct fuzz_difference *row = &fuzz_differences[i];

        if (row->library == library && row->kind == kind && traits & row->trait) {
            return true;
        }
    }
    return false;
}

static inline unsigned fuzz_number_traits(const struct cs_json_token *token)
{
    struct cs_buf spelled = CS_BUF(FUZZ_BUF_MAX);
    int64_t integer;
    bool other = token->flags & CS_JSON_FRACTION || cs_json_i64(token, &integer) == CS_OK ||
                 cs_view_eq(token->raw, CS_VIEW("-0"));
    char *digits;
    unsigned traits;

    cs_buf_add(&spelled, token->raw);
    digits = cs_buf_take(&spelled);
    FUZZ_CHECK(digits != NULL);
    traits =
        (other ? 0 : FUZZ_OVER_63_BITS) | (isinf(strtod(digits, NULL)) ? FUZZ_OVER_A_DOUBLE : 0);
    free(digits);
    return traits;
}

static inline unsigned fuzz_token_traits(const struct cs_json_token *token)
{
    unsigned nul = token->type == CS_JSON_KEY ? FUZZ_NUL_IN_KEY : FUZZ_NUL_IN_STRING;

    if (token->type == CS_JSON_NUMBER) {
        return fuzz_number_traits(token);
    }
    return (token->flags & CS_JSON_LONE_SURROGATE ? FUZZ_LONE_SURROGATE : 0) |
           (token->flags & CS_JSON_NUL ? nul : 0);
}

/* The traits of all that can be scanned of a text. */
static inline unsigned fuzz_text_traits(struct cs_view text)
{
    struct cs_json json;
    struct cs_json_token token;
    enum cs_json_type before = CS_JSON_END;
    enum cs_json_type type;
    unsigned traits = 0;

    cs_json_init(&json, text);
    while ((type = cs_json_next(&json, &token, NULL)) != CS_JSON_END && type != CS_JSON_ERROR) {
        traits |= fuzz_token_traits(&token);
        before = type;
    }
    if (type == CS_JSON_ERROR && token.offset == json.pos && token.offset < text.len &&
        text.ptr[token.offset] == '\0' && before >= CS_JSON_NULL && before <= CS_JSON_NUMBER) {
        traits |= FUZZ_NUL_AFTER_A_WORD;
    }
    return traits;
}

#endif
