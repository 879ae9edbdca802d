/* How much memory is held, and how much at most: an oracle for readers that must stay within
 * bounds. And an allocation that fails: the one with the number `fail_at`. For one file of a
 * program that is linked with --wrap for the four functions (see chatspec_fuzz_counts_memory). What
 * libraries allocate by themselves is not counted.
 */
#ifndef CHATSPEC_FUZZ_MEMORY_H
#define CHATSPEC_FUZZ_MEMORY_H

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The wrapped functions are given no context, so this one has to be global. Both count from
 * fuzz_memory_restart, so a call of the target leaves nothing behind. */
static struct {
    int64_t held;
    int64_t peak;
    uint64_t n;       /* allocations so far */
    uint64_t fail_at; /* the number of the one that fails; 0: none */
} fuzz_memory;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *ptr, size_t size);
void __real_free(void *ptr);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void __wrap_free(void *ptr);

static inline void fuzz_memory_restart(void)
{
    fuzz_memory.held = 0;
    fuzz_memory.peak = 0;
    fuzz_memory.n = 0;
    fuzz_memory.fail_at = 0;
}

/* Counts an allocation; true when it is the one that must fail. */
static inline bool fuzz_memory_refuses(void)
{
    return ++fuzz_memory.n == fuzz_memory.fail_at;
}

static inline void *fuzz_memory_add(void *ptr)
{
    fuzz_memory.held += ptr ? (int64_t)malloc_usable_size(ptr) : 0;
    fuzz_memory.peak = fuzz_memory.held > fuzz_memory.peak ? fuzz_memory.held : fuzz_memory.peak;
    return ptr;
}

void *__wrap_malloc(size_t size)
{
    return fuzz_memory_refuses() ? NULL : fuzz_memory_add(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fuzz_memory_refuses() ? NULL : fuzz_memory_add(__real_calloc(n, size));
}

/* Old and new count together for a moment, as they may have to lie side by side. */
void *__wrap_realloc(void *ptr, size_t size)
{
    int64_t old = ptr ? (int64_t)malloc_usable_size(ptr) : 0;
    void *grown = fuzz_memory_refuses() ? NULL : fuzz_memory_add(__real_realloc(ptr, size));

    fuzz_memory.held -= grown ? old : 0;
    return grown;
}

void __wrap_free(void *ptr)
{
    fuzz_memory.held -= ptr ? (int64_t)malloc_usable_size(ptr) : 0;
    __real_free(ptr);
}

#endif
