/* Bytes: borrowed (cs_view) and owned with a ceiling (cs_buf).
 *
 * Wire bytes are never assumed to end in NUL. A buffer cannot be made without a maximum, so no
 * input can make us grow without bound. All sizes are in bytes.
 */
#ifndef CHATSPEC_WIRE_BYTES_H
#define CHATSPEC_WIRE_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire/error.h"

/* Borrowed bytes: whoever made the view says how long they live. {NULL, 0} is a valid empty view.
 */
struct cs_view {
    const char *ptr;
    size_t len;
};

#define CS_VIEW(literal) ((struct cs_view){(literal), sizeof(literal) - 1})
/* For printf: printf("%.*s", CS_VIEW_ARG(v)). Cut to INT_MAX bytes. */
#define CS_VIEW_ARG(v) \
    ((int)((v).len > 0x7fffffff ? 0x7fffffff : (v).len)), ((v).len ? (v).ptr : "")

static inline struct cs_view cs_view_of(const char *ptr, size_t len)
{
    return (struct cs_view){ptr, len};
}

/* A view of a NUL-terminated string without its NUL; NULL gives the empty view. */
static inline struct cs_view cs_view_str(const char *text)
{
    return (struct cs_view){text, text ? strlen(text) : 0};
}

static inline bool cs_view_eq(struct cs_view a, struct cs_view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII letters compare without case; all other bytes exactly. For header names. */
bool cs_view_eq_nocase(struct cs_view a, struct cs_view b);
bool cs_view_starts_with(struct cs_view text, struct cs_view prefix);
/* First position of `needle` in `text`, or SIZE_MAX. An empty needle is at 0. */
size_t cs_view_find(struct cs_view text, struct cs_view needle);
/* Without spaces and tabs at both ends. */
struct cs_view cs_view_trim(struct cs_view text);
/* Plain decimal digits only, the whole view, no sign; CS_ERR_SYNTAX or CS_ERR_RANGE otherwise. */
CS_MUST_USE enum cs_err cs_view_u64(struct cs_view text, uint64_t *ret_value);

/* Owned bytes. A zeroed struct with `max` set is an empty buffer; cs_buf_free makes it one again.
 * The appending functions are sticky: after the first failure (out of memory, or `max` reached)
 * they do nothing, so that a builder checks once at its end with cs_buf_error.
 */
struct cs_buf {
    char *ptr; /* NULL while nothing was appended */
    size_t len;
    size_t cap;
    size_t max;
    enum cs_err failed;
};

#define CS_BUF(max_bytes) ((struct cs_buf){.max = (max_bytes)})

void cs_buf_free(struct cs_buf *buf);
/* Empties the buffer, clears its failure and keeps its memory. */
void cs_buf_clear(struct cs_buf *buf);
/* What cs_buf_append does when there may be no room. */
void cs_buf_append_slowly(struct cs_buf *buf, const void *bytes, size_t len);
static inline void cs_buf_append(struct cs_buf *buf, const void *bytes, size_t len)
{
    /* Room is no right to it: a buffer's `max` may have been lowered since. */
    if (len > 0 && buf->ptr && !buf->failed && buf->cap <= buf->max && len <= buf->cap - buf->len) {
        memcpy(buf->ptr + buf->len, bytes, len);
        buf->len += len;
    } else {
        cs_buf_append_slowly(buf, bytes, len);
    }
}
void cs_buf_add(struct cs_buf *buf, struct cs_view view);
void cs_buf_str(struct cs_buf *buf, const char *text);
void cs_buf_char(struct cs_buf *buf, char c);
void cs_buf_printf(struct cs_buf *buf, const char *fmt, ...) CS_PRINTF(2, 3);
void cs_buf_vprintf(struct cs_buf *buf, const char *fmt, va_list args) CS_PRINTF(2, 0);
/* Makes room for `len` more bytes and returns where they go (the caller then adds to buf->len what
 * it wrote), or NULL after marking the buffer failed. */
char *cs_buf_reserve(struct cs_buf *buf, size_t len);
/* Removes the first `len` bytes (len <= buf->len) by moving the rest down. */
void cs_buf_consume(struct cs_buf *buf, size_t len);

static inline struct cs_view cs_buf_view(const struct cs_buf *buf)
{
    return (struct cs_view){buf->ptr, buf->len};
}

/* CS_OK, CS_ERR_NO_MEMORY or CS_ERR_LIMIT: the first failure since the last clear. */
static inline enum cs_err cs_buf_error(const struct cs_buf *buf)
{
    return buf->failed;
}

/* The content as a NUL-terminated string that the caller frees, or NULL (out of memory, or the
 * buffer had failed). The buffer is empty afterwards. */
char *cs_buf_take(struct cs_buf *buf);

/* Writes bytes for people: printable ASCII as it is, \r \n \t \\ \" and \xNN for the rest, cut
 * after `max` input bytes with a note of how many were left out. */
void cs_buf_escaped(struct cs_buf *buf, struct cs_view bytes, size_t max);
/* The same with \ and " as they are, for text that stands in no quotes: JSON stays legible. */
void cs_buf_readable(struct cs_buf *buf, struct cs_view bytes, size_t max);

#endif
