#include "wire/json_scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/json_escape.h"
#include "wire/utf8.h"

const char *cs_json_skip_spaces(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    return p;
}

/* Why and where, unless nobody asks. Returns NULL. */
static CS_COLD const char *say(struct cs_json_fault *fault, const char *at, const char *why)
{
    if (fault) {
        *fault = (struct cs_json_fault){at, why};
    }
    return NULL;
}

/* The value of four hexadecimal digits, or -1 with the first byte that is none. */
static int32_t hex4(const char *p, const char *end, struct cs_json_fault *fault)
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
static const char *scan_escape(const char *p, const char *end, unsigned *flags,
                               struct cs_json_fault *fault)
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
static CS_HOT int easy_of_block(cs_scan_block block, unsigned shift, struct easy *easy)
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
static CS_HOT const char *skip_easy(const char *begin, const char *p, const char *end, bool is_utf8,
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

static CS_HOT const char *skip_easy_wide(const char *p, const char *end, bool is_utf8,
                                         unsigned *flags)
{
    bool escaped = false;

    p = cs_scan_wide(p, end, is_utf8, &escaped);
    *flags |= escaped ? CS_JSON_ESCAPED : 0;
    return p;
}

const char *cs_json_scan_long_string(const struct cs_json *json, const char *p, unsigned *flags,
                                     struct cs_json_fault *fault)
{
    const char *end = cs_json_text_end(json);
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
const char *cs_json_scan_any_number(const char *p, const char *end, unsigned *flags,
                                    struct cs_json_fault *fault)
{
    const char *digits;

    p += *p == '-';
    digits = p;
    p = cs_json_skip_digits(p, end);
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
        p = cs_json_skip_digits(digits, end);
        if (p == digits) {
            return say(fault, p, "expected a digit after the decimal point");
        }
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        digits = p;
        p = cs_json_skip_digits(digits, end);
        if (p == digits) {
            return say(fault, p, "expected a digit in the exponent");
        }
    }
    return p;
}

/* null, false or true; returns the end of the word, or NULL. */
const char *cs_json_scan_word(const char *p, const char *end, const char *word,
                              struct cs_json_fault *fault)
{
    for (; *word; word++, p++) {
        if (p == end || *p != *word) {
            return say(fault, p, "expected null, false or true");
        }
    }
    return p;
}
