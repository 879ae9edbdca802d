/* Sixteen bytes at a time: what makes strings cheap. Internal to wire/.
 *
 * Written with the vector types that gcc and clang have on every machine; only the step from a
 * vector of answers to a number of bits is better done with an instruction where there is one.
 */
#ifndef CHATSPEC_WIRE_SCAN_H
#define CHATSPEC_WIRE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define CS_SCAN_SIZE 16

typedef signed char cs_scan_block __attribute__((vector_size(CS_SCAN_SIZE)));

static inline cs_scan_block cs_scan_load(const char *p)
{
    cs_scan_block block;

    memcpy(&block, p, sizeof(block));
    return block;
}

/* Bit n tells whether byte n of `mask` is 0xff; the other bytes must be 0. Each byte keeps the one
 * bit that is its own, and the product gathers them in the topmost byte. */
static inline uint32_t cs_scan_bits_portable(cs_scan_block mask)
{
    uint64_t halves[2];
    uint64_t own;

    memcpy(halves, &mask, sizeof(halves));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    own = 0x8040201008040201u;
#else
    own = 0x0102040810204080u;
#endif
    return (uint32_t)((halves[0] & own) * 0x0101010101010101u >> 56 |
                      (halves[1] & own) * 0x0101010101010101u >> 56 << 8);
}

static inline uint32_t cs_scan_bits(cs_scan_block mask)
{
#if defined(__SSE2__)
    return (uint32_t)_mm_movemask_epi8((__m128i)mask);
#else
    return cs_scan_bits_portable(mask);
#endif
}

/* Blocks that are looked at together where long runs are likely: one jump for all of them. */
#define CS_SCAN_STRIDE (4 * CS_SCAN_SIZE)

/* The first byte that is not ASCII, or `end`. */
static inline const char *cs_scan_ascii(const char *p, const char *end)
{
    for (; end - p >= CS_SCAN_STRIDE; p += CS_SCAN_STRIDE) {
        cs_scan_block any = cs_scan_load(p) | cs_scan_load(p + CS_SCAN_SIZE) |
                            cs_scan_load(p + 2 * CS_SCAN_SIZE) | cs_scan_load(p + 3 * CS_SCAN_SIZE);

        if (cs_scan_bits(any < 0)) {
            break;
        }
    }
    for (; end - p >= CS_SCAN_SIZE; p += CS_SCAN_SIZE) {
        uint32_t bits = cs_scan_bits(cs_scan_load(p) < 0);

        if (bits) {
            return p + __builtin_ctz(bits);
        }
    }
    while (p < end && (signed char)*p >= 0) {
        p++;
    }
    return p;
}

/* What a writer has to escape: control characters, quotes and backslashes. */
static inline cs_scan_block cs_scan_to_escape(const char *p)
{
    cs_scan_block block = cs_scan_load(p);

    return ((block < 0x20) & (block >= 0)) | (block == '"') | (block == '\\');
}

/* Passes over as much as it can of what needs no escape, on processors where that is quick; to be
 * gone on with from where it returns. */
const char *cs_scan_skip_plain(const char *p, const char *end);

/* The first block at or after `p` in which a writer has something to escape, or where less than a
 * block is left; *ret_bits tells which of its bytes it is. */
static inline const char *cs_scan_block_to_escape(const char *p, const char *end,
                                                  uint32_t *ret_bits)
{
    if (end - p >= 2 * CS_SCAN_STRIDE) {
        p = cs_scan_skip_plain(p, end);
    }
    for (; end - p >= CS_SCAN_STRIDE; p += CS_SCAN_STRIDE) {
        if (cs_scan_bits(cs_scan_to_escape(p) | cs_scan_to_escape(p + CS_SCAN_SIZE) |
                         cs_scan_to_escape(p + 2 * CS_SCAN_SIZE) |
                         cs_scan_to_escape(p + 3 * CS_SCAN_SIZE))) {
            break;
        }
    }
    *ret_bits = 0;
    for (; end - p >= CS_SCAN_SIZE; p += CS_SCAN_SIZE) {
        *ret_bits = cs_scan_bits(cs_scan_to_escape(p));
        if (*ret_bits) {
            break;
        }
    }
    return p;
}

/* Inside a JSON string these bytes need no thought. Compared as signed, everything from 0x80 up is
 * negative, so that one comparison finds control characters and non-ASCII alike. */
static inline bool cs_scan_is_plain(char c)
{
    return (signed char)c >= 0x20 && c != '"' && c != '\\';
}

/* A bit for each byte of a block that is not plain. */
static inline uint32_t cs_scan_not_plain(cs_scan_block block)
{
    return cs_scan_bits((block < 0x20) | (block == '"') | (block == '\\'));
}

/* A bit for each control character and, unless `is_utf8`, each byte that is not ASCII. */
static inline uint32_t cs_scan_bad(cs_scan_block block, bool is_utf8)
{
    return cs_scan_bits(block < 0x20) & ~(is_utf8 ? cs_scan_bits(block < 0) : 0);
}

static inline uint32_t cs_scan_quotes(cs_scan_block block)
{
    return cs_scan_bits(block == '"');
}

static inline uint32_t cs_scan_backslashes(cs_scan_block block)
{
    return cs_scan_bits(block == '\\');
}

/* A bit for each byte that makes an escape of two characters after a backslash. */
static inline uint32_t cs_scan_escapable(cs_scan_block block)
{
    return cs_scan_bits((block == '"') | (block == '\\') | (block == '/') | (block == 'b') |
                        (block == 'f') | (block == 'n') | (block == 'r') | (block == 't'));
}

/* A bit for each byte that is no decimal digit. */
static inline uint32_t cs_scan_not_digits(cs_scan_block block)
{
    return cs_scan_bits((block < '0') | (block > '9'));
}

/* The value of eight decimal digits; false when not all are. Neighbours are joined to numbers of
 * two digits, these to numbers of four, and those to the value: each product adds a multiple of the
 * left half to the right one. */
static inline bool cs_scan_eight_digits(const char *p, uint32_t *ret_value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t bytes;

    memcpy(&bytes, p, sizeof(bytes));
    /* A digit is 0x30 to 0x39: its high half is 3, and adding 6 does not change that. */
    if (((bytes & 0xf0f0f0f0f0f0f0f0u) |
         ((bytes + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4) != 0x3333333333333333u) {
        return false;
    }
    bytes = (bytes & 0x0f0f0f0f0f0f0f0fu) * (10 << 8 | 1) >> 8;
    bytes = (bytes & 0x00ff00ff00ff00ffu) * (100 << 16 | 1) >> 16;
    bytes = (bytes & 0x0000ffff0000ffffu) * ((uint64_t)10000 << 32 | 1) >> 32;
    *ret_value = (uint32_t)bytes;
    return true;
#else
    (void)p;
    (void)ret_value;
    return false;
#endif
}

/* Which bytes of a block are the second byte of an escape, told from its backslashes without a
 * branch for each. A run of backslashes escapes what follows it when its length is odd: adding the
 * bit where a run begins carries to the bit after its end, so that where a run began at an even
 * place, or at an odd one, can be seen there. `carry` is 1 when the first byte of the block (next
 * time: of the next block) is escaped. The block has `n` bytes. */
static inline uint32_t cs_scan_escaped(uint32_t backslashes, unsigned n, uint32_t *carry)
{
    const uint32_t even = 0x5555;
    uint32_t begins = backslashes & ~*carry;
    uint32_t follows = begins << 1 | *carry;
    uint32_t sum = (begins & ~even & ~follows) + begins;

    *carry = sum >> n;
    return (even ^ sum << 1) & follows & ((UINT32_C(1) << n) - 1);
}

/* Decodes as much of a JSON string, which is valid UTF-8, as is plain or an escape that stands for
 * itself (a quote, a backslash or a slash), by whole blocks; moves *at past it, and returns the end
 * of what it wrote at `to`, where there is as much room as there is to read. Needs a processor for
 * which cs_scan_can_compress is true. */
char *cs_scan_compress(const char **at, const char *end, char *to);
/* Whether this processor has what cs_scan_compress is made of. */
bool cs_scan_can_compress(void);

/* Passes over what is plain in a JSON string, and escapes of two characters, 64 bytes at a time.
 * Returns the first byte that wants a closer look: a quote, a control character, the backslash of
 * any other escape and, unless `is_utf8`, what is not ASCII; or `end`. Sets *ret_escaped when it
 * passed an escape. Needs a processor for which cs_scan_is_wide is true. */
const char *cs_scan_wide(const char *p, const char *end, bool is_utf8, bool *ret_escaped);
/* The same, and writes what the bytes stand for to *to, which it moves; there must be as much room
 * as there is to read. */
const char *cs_scan_wide_decode(const char *p, const char *end, bool is_utf8, bool *ret_escaped,
                                char **to);
/* Passes over valid UTF-8, 64 bytes at a time; stops, between two characters, at the latest where
 * it is not valid, and maybe before. Needs the same. */
const char *cs_scan_wide_utf8(const char *p, const char *end);
/* A bit for each of the 64 bytes at `p` that cs_scan_wide would stop at, a quote above all, or that
 * is not before `end`. *ret_n tells how many bytes this is about: 63 when an escape is cut. Needs
 * the same. */
uint64_t cs_scan_wide_stops(const char *p, const char *end, bool is_utf8, unsigned *ret_n);
/* The first CR or LF, or `end`. Needs the same. */
const char *cs_scan_wide_line(const char *p, const char *end);
/* Whether this processor has what these are made of. */
static inline bool cs_scan_is_wide(void)
{
#if defined(__x86_64__) && !defined(CS_SCAN_PLAIN)
    return __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vbmi") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi2");
#else
    return false;
#endif
}

#endif
