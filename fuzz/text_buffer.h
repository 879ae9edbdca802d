/* A buffer beside a model of it: an array, and what was the first thing to go wrong. */
#ifndef CHATSPEC_FUZZ_TEXT_BUFFER_H
#define CHATSPEC_FUZZ_TEXT_BUFFER_H

#include <wchar.h>

#include "fuzz/fuzz.h"

struct fuzz_buffer {
    struct cs_buf buf;
    char bytes[512];
    size_t len;
    enum cs_err failed;
};

/* What is to be appended at most fits the model's array: the limit is below its half. */
static inline void fuzz_model_add(struct fuzz_buffer *both, struct cs_view text)
{
    if (both->failed || text.len == 0) {
        return;
    }
    if (both->len > both->buf.max || text.len > both->buf.max - both->len) {
        both->failed = CS_ERR_LIMIT;
        return;
    }
    memcpy(both->bytes + both->len, text.ptr, text.len);
    both->len += text.len;
}

static inline void fuzz_buffer_check(const struct fuzz_buffer *both)
{
    FUZZ_CHECK(cs_buf_error(&both->buf) == both->failed);
    FUZZ_CHECK(cs_view_eq(cs_buf_view(&both->buf), cs_view_of(both->bytes, both->len)));
}

/* The content as a string; afterwards both are empty. */
static inline void fuzz_buffer_take(struct fuzz_buffer *both)
{
    char *text = cs_buf_take(&both->buf);

    FUZZ_CHECK((text == NULL) == (both->failed != CS_OK));
    FUZZ_CHECK(!text || (memcmp(text, both->bytes, both->len) == 0 && text[both->len] == '\0'));
    free(text);
    both->len = 0;
    both->failed = CS_OK;
}

/* More than there is memory for, under a limit that allows it. */
static inline void fuzz_buffer_endless(void)
{
    struct cs_buf endless = CS_BUF(SIZE_MAX);

    FUZZ_CHECK(cs_buf_reserve(&endless, SIZE_MAX) == NULL);
    FUZZ_CHECK(cs_buf_error(&endless) == CS_ERR_NO_MEMORY);
    cs_buf_free(&endless);
}

/* Does what one byte says, with what follows it. */
static inline void fuzz_buffer_step(struct fuzz_buffer *both, struct cs_view *text)
{
    size_t op = fuzz_number(text);
    size_t n = fuzz_number(text);
    struct cs_view piece = fuzz_take(text, op < 3 ? n : 0);
    char number[32];

    switch (op) {
    case 0:
        cs_buf_add(&both->buf, piece);
        fuzz_model_add(both, piece);
        break;
    case 1:
        (void)snprintf(number, sizeof(number), "%zu!", n);
        cs_buf_printf(&both->buf, "%zu!", n);
        fuzz_model_add(both, cs_view_str(number));
        break;
    case 2:
        cs_buf_char(&both->buf, 'c');
        fuzz_model_add(both, CS_VIEW("c"));
        cs_buf_str(&both->buf, "");
        break;
    case 3:
        n = n < both->len ? n : both->len;
        cs_buf_consume(&both->buf, n);
        memmove(both->bytes, both->bytes + n, both->len - n);
        both->len -= n;
        break;
    case 4:
        cs_buf_clear(&both->buf);
        both->len = 0;
        both->failed = CS_OK;
        break;
    case 5:
        fuzz_buffer_take(both);
        break;
    case 6: /* half of a pair is no character, so nothing can be written */
        cs_buf_printf(&both->buf, "%lc", (wint_t)0xd800);
        both->failed = both->failed ? both->failed : CS_ERR_LIMIT;
        break;
    case 7:
        both->buf.max = n * 8;
        break;
    case 8:
        fuzz_buffer_endless();
        break;
    default: /* room that is not used changes nothing but what failed */
        if (!cs_buf_reserve(&both->buf, n) && !both->failed) {
            FUZZ_CHECK(both->len > both->buf.max || n > both->buf.max - both->len);
            both->failed = CS_ERR_LIMIT;
        }
        break;
    }
}

/* Input: steps, each a byte of what is done, one of how much, and the bytes it takes. */
static inline void fuzz_text_buffer(struct cs_view text)
{
    struct fuzz_buffer both = {.buf = CS_BUF(200)};

    while (text.len > 0) {
        fuzz_buffer_step(&both, &text);
        fuzz_buffer_check(&both);
    }
    cs_buf_free(&both.buf);
}

#endif
