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

        if (escaped & ~(backslashes | cs_scan_quotes(block) | cs_scan_bits(block == '/'))) {
            break; /* a letter stands for another character */
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

#else

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
