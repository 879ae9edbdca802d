/* Crashes on purpose: shows that each sanitizer is alive and that its reports end the program. The
 * first bytes of the input say which fault. */
#include "fuzz/fuzz.h"
#include "fuzz/work.h"

/* Found by comparing words, which an engine does only when it sees into comparisons. */
static bool asks_for(const uint8_t *data, size_t size, const char *fault)
{
    size_t len = strlen(fault);

    return size >= len && memcmp(data, fault, len) == 0;
}

/* Takes a buffer off byte by byte, and each time moves the rest. */
static void quadratic(void)
{
    const uint64_t len = 16384;
    struct cs_buf buf = CS_BUF(FUZZ_BUF_MAX);
    uint64_t start = fuzz_work();

    FUZZ_CHECK(cs_buf_reserve(&buf, len) != NULL);
    memset(buf.ptr, 'x', len);
    buf.len = len;
    while (buf.len > 0) {
        cs_buf_consume(&buf, 1);
    }
    cs_buf_free(&buf);
    FUZZ_CHECK(fuzz_work() - start <= 120 * len);
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
    if (asks_for(data, size, "quadratic")) {
        quadratic();
    }
    while (asks_for(data, size, "hang")) {
        sum = 0;
    }
    if (!asks_for(data, size, "leak")) {
        free(block);
    }
    return 0; /* NOLINT(clang-analyzer-unix.Malloc): the leak is what it is for */
}
