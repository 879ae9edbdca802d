/* Runs of plain bytes, sixteen at a time. Internal to wire/: it is what makes strings cheap.
 *
 * Written with the vector types that gcc and clang have on every machine, so there is one code
 * path and no intrinsics. Nothing is read past `end`.
 */
#ifndef CHATSPEC_WIRE_SCAN_H
#define CHATSPEC_WIRE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef signed char cs_scan_block __attribute__((vector_size(16)));
typedef uint64_t cs_scan_halves __attribute__((vector_size(16)));

/* Index of the first byte that is not zero, for a mask of 0x00 and 0xff bytes; 16 when none. */
static inline size_t cs_scan_first(cs_scan_block mask)
{
    cs_scan_halves halves = (cs_scan_halves)mask;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (halves[0]) {
        return (size_t)__builtin_ctzll(halves[0]) / 8;
    }
    return halves[1] ? 8 + (size_t)__builtin_ctzll(halves[1]) / 8 : 16;
#else
    if (halves[0]) {
        return (size_t)__builtin_clzll(halves[0]) / 8;
    }
    return halves[1] ? 8 + (size_t)__builtin_clzll(halves[1]) / 8 : 16;
#endif
}

/* The first byte that is not ASCII, or `end`. */
static inline const char *cs_scan_ascii(const char *p, const char *end)
{
    while (end - p >= 16) {
        cs_scan_block block;
        size_t at;

        memcpy(&block, p, sizeof(block));
        at = cs_scan_first(block < 0);
        p += at;
        if (at < 16) {
            return p;
        }
    }
    while (p < end && (unsigned char)*p < 0x80) {
        p++;
    }
    return p;
}

/* Inside a JSON string these bytes need no thought. Compared as signed, everything from 0x80 up is
 * negative, so that one comparison finds control characters and non-ASCII alike. */
static inline bool cs_scan_is_plain(char c)
{
    return (signed char)c >= 0x20 && c != '"' && c != '\\';
}

/* The first byte that is not plain, or `end`. */
static inline const char *cs_scan_plain(const char *p, const char *end)
{
    while (end - p >= 16) {
        cs_scan_block block;
        size_t at;

        memcpy(&block, p, sizeof(block));
        at = cs_scan_first((block < 0x20) | (block == '"') | (block == '\\'));
        p += at;
        if (at < 16) {
            return p;
        }
    }
    while (p < end && cs_scan_is_plain(*p)) {
        p++;
    }
    return p;
}

#endif
