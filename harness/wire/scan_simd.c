/* What needs more of a processor than every one of its kind has; asked for at run time. The plain
 * way of the same is in json_value.c. */
#include "wire/scan.h"

#if defined(__x86_64__) && !defined(CS_SCAN_PLAIN)
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

#define WIDE \
    __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi,bmi2,lzcnt,popcnt")))

/* What the letter of an escape of two characters stands for; 0 where there is no such escape. */
static const char escape_letters[128] __attribute__((aligned(64))) = {
    ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
};

/* 64 bytes, each looked up as the letter of an escape. */
WIDE static inline __m512i letters_of(__m512i block)
{
    return _mm512_permutex2var_epi8(_mm512_load_si512(escape_letters), block,
                                    _mm512_load_si512(escape_letters + 64));
}

/* As cs_scan_escaped, for 64 bytes. */
static inline uint64_t escaped_of(uint64_t backslashes, uint64_t *carry)
{
    const uint64_t even = UINT64_C(0x5555555555555555);
    uint64_t begins = backslashes & ~*carry;
    uint64_t follows = begins << 1 | *carry;
    uint64_t sum;

    *carry = __builtin_add_overflow(begins & ~even & ~follows, begins, &sum);
    return (even ^ sum << 1) & follows;
}

WIDE static inline __attribute__((always_inline)) const char *
scan_wide(const char *p, const char *end, bool is_utf8, bool *ret_escaped, char **to)
{
    uint64_t carry = 0;

    while (p < end) {
        uint64_t in = _bzhi_u64(UINT64_MAX, (unsigned)(end - p < 64 ? end - p : 64));
        __m512i block = _mm512_maskz_loadu_epi8(in, p);
        uint64_t backslashes = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\\'));
        uint64_t hard = _mm512_cmplt_epu8_mask(block, _mm512_set1_epi8(0x20)) |
                        _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('"'));
        uint64_t wide = _mm512_movepi8_mask(block);
        uint64_t escaped = 0;
        uint64_t before;
        ptrdiff_t n;

        hard |= is_utf8 ? 0 : wide;
        if (backslashes | carry) {
            __m512i letters = letters_of(block);

            escaped = escaped_of(backslashes, &carry);
            hard &= ~escaped;
            hard |= escaped & ~(_mm512_test_epi8_mask(letters, letters) & ~wide);
            block = _mm512_mask_mov_epi8(block, escaped, letters);
        }
        hard |= ~in;
        n = (ptrdiff_t)_tzcnt_u64(hard);
        if (hard) {
            /* Back to the backslash, which may be before this block. */
            n -= (ptrdiff_t)(escaped >> n & 1);
        }
        before = n < 0 ? 0 : _bzhi_u64(UINT64_MAX, (unsigned)n);
        *ret_escaped |= (escaped & before) != 0;
        if (to) {
            uint64_t keep = before & ~(backslashes & ~escaped);
            unsigned len = (unsigned)_mm_popcnt_u64(keep);

            _mm512_mask_storeu_epi8(*to, _bzhi_u64(UINT64_MAX, len),
                                    _mm512_maskz_compress_epi8(keep, block));
            *to += len;
        }
        p += n;
        if (hard) {
            return p;
        }
    }
    return p - carry;
}

WIDE const char *cs_scan_wide(const char *p, const char *end, bool is_utf8, bool *ret_escaped)
{
    return scan_wide(p, end, is_utf8, ret_escaped, NULL);
}

WIDE const char *cs_scan_wide_decode(const char *p, const char *end, bool is_utf8,
                                     bool *ret_escaped, char **to)
{
    return scan_wide(p, end, is_utf8, ret_escaped, to);
}

/* The bytes from `low` to `high`. */
WIDE static inline uint64_t bytes_between(__m512i block, unsigned char low, unsigned char high)
{
    return _mm512_cmple_epu8_mask(_mm512_sub_epi8(block, _mm512_set1_epi8((char)low)),
                                  _mm512_set1_epi8((char)(high - low)));
}

/* How many of 64 bytes, which begin with a character, are whole and valid characters: where not all
 * is valid, 0. Each lead says how many bytes must follow it, and no others may. */
WIDE static inline unsigned valid_characters(__m512i block)
{
    uint64_t wide = _mm512_movepi8_mask(block);
    uint64_t lead = bytes_between(block, 0xc2, 0xf4);
    uint64_t lead_3 = bytes_between(block, 0xe0, 0xf4);
    uint64_t lead_4 = bytes_between(block, 0xf0, 0xf4);
    uint64_t follow = bytes_between(block, 0x80, 0xbf);
    /* After some leads less may follow: overlong forms, surrogates, what is over U+10FFFF. */
    uint64_t e0 = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8((char)0xe0));
    uint64_t ed = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8((char)0xed));
    uint64_t f0 = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8((char)0xf0));
    uint64_t f4 = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8((char)0xf4));
    uint64_t below_90 = bytes_between(block, 0x80, 0x8f);
    uint64_t below_a0 = bytes_between(block, 0x80, 0x9f);
    uint64_t bad =
        (e0 << 1 & below_a0) | (ed << 1 & ~below_a0) | (f0 << 1 & below_90) | (f4 << 1 & ~below_90);
    uint64_t cut = lead >> 63 | lead_3 >> 62 | lead_4 >> 61;

    if (bad | (wide ^ (lead | follow)) | (follow ^ (lead << 1 | lead_3 << 2 | lead_4 << 3))) {
        return 0;
    }
    return cut ? (unsigned)(63 - _lzcnt_u64(lead)) : 64;
}

WIDE const char *cs_scan_wide_utf8(const char *p, const char *end)
{
    while (end - p >= 64) {
        __m512i block = _mm512_loadu_si512(p);
        unsigned n = _mm512_movepi8_mask(block) ? valid_characters(block) : 64;

        if (n == 0) {
            break;
        }
        p += n;
    }
    return p;
}

WIDE uint64_t cs_scan_wide_stops(const char *p, const char *end, bool is_utf8, unsigned *ret_n)
{
    uint64_t in = _bzhi_u64(UINT64_MAX, (unsigned)(end - p < 64 ? end - p : 64));
    __m512i block = _mm512_maskz_loadu_epi8(in, p);
    uint64_t backslashes = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\\'));
    uint64_t wide = _mm512_movepi8_mask(block);
    uint64_t hard = _mm512_cmplt_epu8_mask(block, _mm512_set1_epi8(0x20)) |
                    _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('"')) | (is_utf8 ? 0 : wide);
    uint64_t carry = 0;

    if (backslashes) {
        __m512i letters = letters_of(block);
        uint64_t escaped = escaped_of(backslashes, &carry);

        hard &= ~escaped;
        hard |= escaped & ~(_mm512_test_epi8_mask(letters, letters) & ~wide);
    }
    *ret_n = 64 - (unsigned)carry;
    return hard | ~in;
}

WIDE static inline uint64_t line_ends(__m512i block)
{
    return _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\n')) |
           _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\r'));
}

WIDE const char *cs_scan_wide_line(const char *p, const char *end)
{
    uint64_t ends = 0;

    for (; end - p >= 64; p += 64) {
        ends = line_ends(_mm512_loadu_si512(p));
        if (ends) {
            return p + _tzcnt_u64(ends);
        }
    }
    ends = line_ends(_mm512_maskz_loadu_epi8(_bzhi_u64(UINT64_MAX, (unsigned)(end - p)), p));
    return ends ? p + _tzcnt_u64(ends) : end;
}

#else

uint64_t cs_scan_wide_stops(const char *p, const char *end, bool is_utf8, unsigned *ret_n)
{
    (void)p;
    (void)end;
    (void)is_utf8;
    *ret_n = 0;
    return UINT64_MAX;
}

const char *cs_scan_wide_line(const char *p, const char *end)
{
    (void)end;
    return p;
}

const char *cs_scan_wide_utf8(const char *p, const char *end)
{
    (void)end;
    return p;
}

const char *cs_scan_wide(const char *p, const char *end, bool is_utf8, bool *ret_escaped)
{
    (void)end;
    (void)is_utf8;
    (void)ret_escaped;
    return p;
}

const char *cs_scan_wide_decode(const char *p, const char *end, bool is_utf8, bool *ret_escaped,
                                char **to)
{
    (void)to;
    return cs_scan_wide(p, end, is_utf8, ret_escaped);
}

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
