/* What needs more of a processor than every one of its kind has; asked for at run time. The plain
 * way of the same is in json_value.c. */
#include "wire/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>

bool cs_scan_can_compress(void)
{
    return __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

/* Eight bytes without those whose bit is set in `drop`, the rest moved together. */
__attribute__((target("bmi2,popcnt"))) static inline char *compress_8(uint64_t bytes, uint32_t drop,
                                                                      char *to)
{
    uint64_t keep = _pdep_u64(~drop & 0xff, UINT64_C(0x0101010101010101)) * 0xff;

    bytes = _pext_u64(bytes, keep);
    memcpy(to, &bytes, sizeof(bytes));
    return to + 8 - _mm_popcnt_u32(drop);
}

__attribute__((target("bmi2,popcnt"))) char *cs_scan_compress(const char **at, const char *end,
                                                              char *to)
{
    const char *p = *at;
    uint32_t carry = 0;

    for (; end - p >= CS_SCAN_SIZE; p += CS_SCAN_SIZE) {
        cs_scan_block block = cs_scan_load(p);
        uint32_t backslashes = cs_scan_backslashes(block);
        uint32_t next_carry = carry;
        uint32_t escaped = cs_scan_escaped(backslashes, CS_SCAN_SIZE, &next_carry);
        uint64_t halves[2];

        uint32_t quotes = cs_scan_quotes(block);

        /* A letter that stands for another character; the string's end, or what it must not hold.
         */
        if ((escaped & ~(backslashes | quotes | cs_scan_bits(block == '/'))) |
            ((quotes & ~escaped) | cs_scan_bad(block, true))) {
            break;
        }
        carry = next_carry;
        backslashes &= ~escaped;
        memcpy(halves, &block, sizeof(halves));
        to = compress_8(halves[0], backslashes & 0xff, to);
        to = compress_8(halves[1], backslashes >> 8, to);
    }
    *at = p - carry; /* the backslash of an escape that goes on in what is left */
    return to;
}

/* One where a writer has something to escape in the 32 bytes at `p`. */
__attribute__((target("avx2"))) static inline __m256i to_escape_32(const char *p)
{
    __m256i block = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(block, _mm256_set1_epi8(0x1f)), block);
    __m256i quote = _mm256_cmpeq_epi8(block, _mm256_set1_epi8('"'));
    __m256i backslash = _mm256_cmpeq_epi8(block, _mm256_set1_epi8('\\'));

    return _mm256_or_si256(control, _mm256_or_si256(quote, backslash));
}

__attribute__((target("avx2"))) static const char *skip_plain_avx2(const char *p, const char *end)
{
    for (; end - p >= 128; p += 128) {
        __m256i any = _mm256_or_si256(_mm256_or_si256(to_escape_32(p), to_escape_32(p + 32)),
                                      _mm256_or_si256(to_escape_32(p + 64), to_escape_32(p + 96)));

        if (!_mm256_testz_si256(any, any)) {
            break;
        }
    }
    return p;
}

const char *cs_scan_skip_plain(const char *p, const char *end)
{
    return __builtin_cpu_supports("avx2") ? skip_plain_avx2(p, end) : p;
}

#else

const char *cs_scan_skip_plain(const char *p, const char *end)
{
    (void)end;
    return p;
}

bool cs_scan_can_compress(void)
{
    return false;
}

char *cs_scan_compress(const char **at, const char *end, char *to)
{
    (void)at;
    (void)end;
    return to;
}

#endif
