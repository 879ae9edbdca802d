#include "conformance/peers/reference/memory.h"

#include <malloc.h>
#include <stddef.h>

/* A sanitizer brings an allocator of its own, of which mallinfo2 knows nothing. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

double held_bytes(void)
{
    if (__sanitizer_get_current_allocated_bytes) {
        return (double)__sanitizer_get_current_allocated_bytes();
    }
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    struct mallinfo2 info = mallinfo2();
    return (double)info.uordblks + (double)info.hblkhd;
#else
    return -1;
#endif
}
