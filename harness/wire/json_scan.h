/* What the scanner (json.c) and what passes over values (json_pass.c) share: the ends of strings
 * and numbers. What most of them need is inline, the rest is in json_scan.c. Internal to wire/. */
#ifndef CHATSPEC_WIRE_JSON_SCAN_H
#define CHATSPEC_WIRE_JSON_SCAN_H

#include "wire/json.h"
#include "wire/scan.h"

/* What a token costs is mostly calls and the registers that they save: the way of a token that is
 * right is one function, and what is rare stays out of it. */
#define CS_HOT  inline __attribute__((always_inline))
#define CS_COLD __attribute__((cold, noinline))

/* Why a token was refused, and at which byte. */
struct cs_json_fault {
    const char *at;
    const char *why;
};

static inline const char *cs_json_text_end(const struct cs_json *json)
{
    return json->text.ptr + json->text.len;
}

/* The first byte that is no space between tokens, or `end`. */
const char *cs_json_skip_spaces(const char *p, const char *end);

static CS_HOT const char *cs_json_skip_space(const char *p, const char *end)
{
    return p < end && (unsigned char)*p > ' ' ? p : cs_json_skip_spaces(p, end);
}

/* The closing quote of a string, `p` being after its opening one; NULL when there is a fault in it,
 * which is told where `fault` is not NULL. */
const char *cs_json_scan_long_string(const struct cs_json *json, const char *p, unsigned *flags,
                                     struct cs_json_fault *fault);
/* The end of a number of any kind, or NULL as above. */
const char *cs_json_scan_any_number(const char *p, const char *end, unsigned *flags,
                                    struct cs_json_fault *fault);
/* The end of `word` (null, false or true) when it stands at `p`, or NULL as above. */
const char *cs_json_scan_word(const char *p, const char *end, const char *word,
                              struct cs_json_fault *fault);
/* The end of an object whose members are strings and numbers without spaces between them, `p` being
 * after its opening brace; NULL when it is none, or not right (json_pass.c). */
const char *cs_json_skip_flat_object(const struct cs_json *json, const char *p);

/* Finds the closing quote of a string, `p` being after its opening one; NULL when there is a
 * fault in it, for which cs_json_scan_long_string is asked once more. Most strings end within one
 * block and hold nothing but plain bytes: keys above all. */
static CS_HOT const char *cs_json_scan_string(const struct cs_json *json, const char *p,
                                              const char *end, unsigned *flags)
{
    if (end - p >= CS_SCAN_SIZE) {
        cs_scan_block block = cs_scan_load(p);
        uint32_t bits = cs_scan_not_plain(block);

        if (bits && p[__builtin_ctz(bits)] == '"') {
            return p + __builtin_ctz(bits);
        }
    }
    return cs_json_scan_long_string(json, p, flags, NULL);
}

static CS_HOT const char *cs_json_skip_digits(const char *p, const char *end)
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

/* The end of a number, quickly for what most numbers are: up to 15 digits and nothing else. */
static CS_HOT const char *cs_json_scan_number(const char *p, const char *end, unsigned *flags)
{
    const char *last = cs_json_skip_digits(p, end);

    if (*p > '0' && last - p <= 15 && last < end && *last != '.' && (*last | 0x20) != 'e') {
        return last;
    }
    return cs_json_scan_any_number(p, end, flags, NULL);
}

#endif
