/* Inputs of full size stay rare: of what the engine makes, one in a thousand. The rest takes the
 * same ways with limits that are scaled down, some thousand times as fast (fuzz_large.c). */
#include <stddef.h>
#include <stdint.h>

#define MODE     ((size_t)5) /* where in the input it stands */
#define LETTER   0x1f
#define SCALED   4 /* the first mode that is */
#define FULL_ONE 1000

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, max_size);
    if (size > MODE && (data[MODE] & LETTER) < SCALED && seed % FULL_ONE != 0) {
        data[MODE] = (uint8_t)(data[MODE] + SCALED);
    }
    return size;
}
