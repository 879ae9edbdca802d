#include "fuzz/work.h"

#include <stddef.h>

/* What the linker puts in place of the C library's functions (-Wl,--wrap), and under
 * AddressSanitizer in place of those that it calls instead. */
#define BYTES_A_STEP 16u

static uint64_t work;

uint64_t fuzz_work(void)
{
    return work;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,bugprone-macro-parentheses): not our names */
/* The hook that the compiler calls. libFuzzer has one of that name, which does nothing. */
void __wrap___sanitizer_cov_trace_pc(void);
void __wrap___sanitizer_cov_trace_pc(void)
{
    work++;
}

#define COUNTED(result, name, first, first_name, second)            \
    result __real_##name(first first_name, second other, size_t n); \
    result __wrap_##name(first first_name, second other, size_t n); \
    result __wrap_##name(first first_name, second other, size_t n)  \
    {                                                               \
        work += 1 + n / BYTES_A_STEP;                               \
        return __real_##name(first_name, other, n);                 \
    }

COUNTED(void *, memchr, const void *, p, int)
COUNTED(void *, memcpy, void *, p, const void *)
COUNTED(void *, memmove, void *, p, const void *)
COUNTED(void *, memset, void *, p, int)
COUNTED(int, memcmp, const void *, p, const void *)
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
COUNTED(void *, __asan_memcpy, void *, p, const void *)
COUNTED(void *, __asan_memmove, void *, p, const void *)
COUNTED(void *, __asan_memset, void *, p, int)
#endif
#endif

/* Growing a buffer may copy all of it. */
void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size)
{
    work += 1 + size / BYTES_A_STEP;
    return __real_realloc(block, size);
}
/* NOLINTEND(bugprone-reserved-identifier,bugprone-macro-parentheses) */
