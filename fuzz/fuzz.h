/* What every fuzz target has at hand: how an oracle says that it is broken, and how configuration
 * is taken from the front of the input. See README.md for the rules of targets.
 */
#ifndef CHATSPEC_FUZZ_FUZZ_H
#define CHATSPEC_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "wire/bytes.h"

/* The target itself. Always returns 0: what other values mean differs between engines. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No input within an engine's limits makes our own buffers longer than this. */
#define FUZZ_BUF_MAX ((size_t)256 * 1024 * 1024)

/* Stays on in every build: without its oracles a target only looks for crashes. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))

_Noreturn static inline void fuzz_broken(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
    abort();
}

static inline bool fuzz_has(struct cs_view text, char c)
{
    return text.len > 0 && memchr(text.ptr, c, text.len) != NULL;
}

/* A decimal number after `before` (NUL: nothing); printf's way to it is most of a log's cost. */
static inline void fuzz_add_number(struct cs_buf *out, char before, uint64_t number)
{
    char digits[21];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    if (before) {
        digits[--at] = before;
    }
    cs_buf_append(out, digits + at, sizeof(digits) - at);
}

/* Takes the first `len` bytes of the input, or what there is. */
static inline struct cs_view fuzz_take(struct cs_view *input, size_t len)
{
    struct cs_view taken = cs_view_of(input->ptr, len < input->len ? len : input->len);

    if (taken.len > 0) { /* the empty view's NULL is not to be added to */
        *input = cs_view_of(input->ptr + taken.len, input->len - taken.len);
    }
    return taken;
}

/* Takes one byte of configuration; 0 where the input has ended. Its low five bits are a number, so
 * that in seeds '@' is 0 and the letters from 'a' on count from 1. */
static inline size_t fuzz_number(struct cs_view *input)
{
    struct cs_view byte = fuzz_take(input, 1);

    return byte.len > 0 ? (unsigned char)byte.ptr[0] & 0x1fu : 0;
}

/* The next line as a string of its own, cut at a NUL. */
static inline char *fuzz_line(struct cs_view *text)
{
    struct cs_buf line = CS_BUF(FUZZ_BUF_MAX);
    char *taken;

    cs_buf_add(&line, fuzz_take(text, cs_view_find(*text, CS_VIEW("\n"))));
    (void)fuzz_take(text, 1);
    taken = cs_buf_take(&line);
    FUZZ_CHECK(taken != NULL);
    return taken;
}

#endif
