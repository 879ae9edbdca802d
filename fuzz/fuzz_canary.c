/* Crashes on purpose: shows that each sanitizer is alive and that its reports end the program. The
 * first bytes of the input say which fault. */
#include "fuzz/fuzz.h"

/* Found by comparing words, which an engine does only when it sees into comparisons. */
static bool asks_for(const uint8_t *data, size_t size, const char *fault)
{
    size_t len = strlen(fault);

    return size >= len && memcmp(data, fault, len) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    volatile int sum = INT32_MAX;
    volatile char read;
    char *block = malloc(8);

    FUZZ_CHECK(block != NULL);
    memset(block, 1, 8);
    if (asks_for(data, size, "heap")) {
        read = ((volatile char *)block)[size + 4]; /* at least the byte after the block */
        (void)read;
    } else if (asks_for(data, size, "signed")) {
        sum = sum + (int)size;
    } else if (asks_for(data, size, "oracle")) {
        FUZZ_CHECK(sum == 0);
    }
    if (!asks_for(data, size, "leak")) {
        free(block);
    }
    return 0; /* NOLINT(clang-analyzer-unix.Malloc): the leak is what it is for */
}
