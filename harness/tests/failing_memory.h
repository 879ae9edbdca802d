/* What happens when memory runs out: each allocation of a scenario fails once, in its turn, until
 * the scenario passes without a failure. Include in one file of a program that is linked with
 * chatspec_fails_memory (cmake/tests.cmake), after the cmocka headers.
 *
 * Only what is under test counts: a scenario arms the failure around it (memory_on, memory_off), so
 * that what the test itself allocates never fails; neither does what other threads and processes
 * allocate. cJSON takes its memory here too; libcurl, libcrypto and nghttp2 have their own.
 */
#ifndef CHATSPEC_TESTS_FAILING_MEMORY_H
#define CHATSPEC_TESTS_FAILING_MEMORY_H

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/error.h"

#define MEMORY_TURNS_MAX 5000u /* allocations of one scenario */

/* The wrapped functions are given no context, so this one has to be global; of each thread, since
 * only those of the thread that asked for it fail. */
static _Thread_local struct {
    pid_t process;
    unsigned on;
    size_t until_failure; /* 0: never */
    bool failed;
} memory;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__real_reallocarray(void *ptr, size_t n, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__real_tsearch(const void *key, void **root, int (*compare)(const void *, const void *));
int __real_vasprintf(char **ret, const char *fmt, va_list args);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void *__wrap_reallocarray(void *ptr, size_t n, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *, const void *));
int __wrap_vasprintf(char **ret, const char *fmt, va_list args);
int __wrap_asprintf(char **ret, const char *fmt, ...) CS_PRINTF(2, 3);

/* A place for a debugger's breakpoint: who asked is up the stack. */
__attribute__((noinline)) static void memory_failed_here(void)
{
    memory.failed = true;
}

static inline bool memory_fails_now(void)
{
    if (memory.on == 0 || memory.until_failure == 0 || getpid() != memory.process ||
        --memory.until_failure > 0) {
        return false;
    }
    memory_failed_here();
    return true;
}

void *__wrap_malloc(size_t size)
{
    return memory_fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return memory_fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *ptr, size_t size)
{
    return memory_fails_now() ? NULL : __real_realloc(ptr, size);
}

void *__wrap_reallocarray(void *ptr, size_t n, size_t size)
{
    return memory_fails_now() ? NULL : __real_reallocarray(ptr, n, size);
}

char *__wrap_strdup(const char *text)
{
    return memory_fails_now() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return memory_fails_now() ? NULL : __real_strndup(text, len);
}

void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *, const void *))
{
    return memory_fails_now() ? NULL : __real_tsearch(key, root, compare);
}

int __wrap_vasprintf(char **ret, const char *fmt, va_list args)
{
    return memory_fails_now() ? -1 : __real_vasprintf(ret, fmt, args);
}

int __wrap_asprintf(char **ret, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = __wrap_vasprintf(ret, fmt, args);
    va_end(args);
    return len;
}

static inline void memory_on(void)
{
    memory.on++;
}

static inline void memory_off(void)
{
    memory.on--;
}

/* How many allocations the scenario has. */
static inline size_t memory_fail_each(void (*scenario)(void *ctx), void *ctx)
{
    cJSON_Hooks hooks = {.malloc_fn = __wrap_malloc, .free_fn = free};
    cJSON_InitHooks(&hooks);
    memory.process = getpid();
    size_t n = 0;
    do {
        memory.on = 0;
        memory.until_failure = ++n;
        memory.failed = false;
        scenario(ctx);
        memory.until_failure = 0;
        assert_int_equal(memory.on, 0);
        assert_in_range(n, 1, MEMORY_TURNS_MAX);
    } while (memory.failed);
    return n - 1;
}

#endif
