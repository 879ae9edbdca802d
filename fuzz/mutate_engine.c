/* What libFuzzer calls instead of its own mutations, and falls back to one time in four: a mutator
 * that knows the format alone would never leave it.
 * FUZZ_CONFIG_BYTES, FUZZ_MUTATE and FUZZ_CROSS come from chatspec_fuzz_mutator.
 */
#include "fuzz/mutate.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t max_size, unsigned seed);

/* The configuration stays in front; what is changed comes after it. */
static struct fuzz_mutation after_config(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return (struct fuzz_mutation){.bytes = (char *)data + FUZZ_CONFIG_BYTES,
                                  .len = size - FUZZ_CONFIG_BYTES,
                                  .max = max_size - FUZZ_CONFIG_BYTES,
                                  .random = seed};
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    if (size > FUZZ_CONFIG_BYTES && size <= max_size) {
        struct fuzz_mutation mutation = after_config(data, size, max_size, seed);

        mutation.keeps = fuzz_random(&mutation, 2);
        if (fuzz_random(&mutation, 4) > 0 && FUZZ_MUTATE(&mutation)) {
            return FUZZ_CONFIG_BYTES + mutation.len;
        }
    }
    return LLVMFuzzerMutate(data, size, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t max_size, unsigned seed)
{
    size_t size = one_size < max_size ? one_size : max_size;

    memcpy(out, one, size);
    if (size > FUZZ_CONFIG_BYTES && other_size > FUZZ_CONFIG_BYTES) {
        struct fuzz_mutation mutation = after_config(out, size, max_size, seed);

        (void)FUZZ_CROSS(&mutation, cs_view_of((const char *)other + FUZZ_CONFIG_BYTES,
                                               other_size - FUZZ_CONFIG_BYTES));
        size = FUZZ_CONFIG_BYTES + mutation.len;
    }
    return size;
}
