#include "wire/bytes.h"

#include <stdio.h>
#include <stdlib.h>

/* Small first allocations keep many short buffers cheap; doubling keeps long ones linear. */
#define FIRST_CAP ((size_t)64)

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool cs_view_eq_nocase(struct cs_view a, struct cs_view b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool cs_view_starts_with(struct cs_view text, struct cs_view prefix)
{
    return text.len >= prefix.len &&
           (prefix.len == 0 || memcmp(text.ptr, prefix.ptr, prefix.len) == 0);
}

size_t cs_view_find(struct cs_view text, struct cs_view needle)
{
    const char *found;

    if (needle.len == 0) {
        return 0;
    }
    if (text.len < needle.len) {
        return SIZE_MAX;
    }
    found = memmem(text.ptr, text.len, needle.ptr, needle.len);
    return found ? (size_t)(found - text.ptr) : SIZE_MAX;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct cs_view cs_view_trim(struct cs_view text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

enum cs_err cs_view_u64(struct cs_view text, uint64_t *ret_value)
{
    uint64_t value = 0;
    bool too_large = false;

    if (text.len == 0) {
        return CS_ERR_SYNTAX;
    }
    if (text.len <= 19) { /* cannot be too large */
        for (size_t i = 0; i < text.len; i++) {
            unsigned digit = (unsigned)(unsigned char)text.ptr[i] - '0';
            if (digit > 9) {
                return CS_ERR_SYNTAX;
            }
            value = value * 10 + digit;
        }
        *ret_value = value;
        return CS_OK;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(unsigned char)text.ptr[i] - '0';
        if (digit > 9) {
            return CS_ERR_SYNTAX;
        }
        too_large = too_large || __builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, digit, &value);
    }
    if (too_large) {
        return CS_ERR_RANGE;
    }
    *ret_value = value;
    return CS_OK;
}

void cs_buf_free(struct cs_buf *buf)
{
    free(buf->ptr);
    *buf = CS_BUF(buf->max);
}

void cs_buf_clear(struct cs_buf *buf)
{
    buf->len = 0;
    buf->failed = CS_OK;
}

/* One byte more than `cap` is always there, for the NUL that vsnprintf and cs_buf_take put. */
static bool grow(struct cs_buf *buf, size_t needed)
{
    size_t cap = buf->cap > FIRST_CAP / 2 ? buf->cap : FIRST_CAP / 2;
    char *ptr;

    cap = cap > SIZE_MAX / 2 ? SIZE_MAX : cap * 2;
    cap = cap < needed ? needed : cap;
    cap = cap > buf->max ? buf->max : cap;
    ptr = cap < SIZE_MAX ? realloc(buf->ptr, cap + 1) : NULL;
    if (!ptr) {
        buf->failed = CS_ERR_NO_MEMORY;
        return false;
    }
    buf->ptr = ptr;
    buf->cap = cap;
    return true;
}

char *cs_buf_reserve(struct cs_buf *buf, size_t len)
{
    if (buf->failed) {
        return NULL;
    }
    if (buf->len > buf->max || len > buf->max - buf->len) {
        buf->failed = CS_ERR_LIMIT;
        return NULL;
    }
    if ((!buf->ptr || len > buf->cap - buf->len) && !grow(buf, buf->len + len)) {
        return NULL;
    }
    return buf->ptr + buf->len;
}

void cs_buf_append_slowly(struct cs_buf *buf, const void *bytes, size_t len)
{
    char *to = len > 0 ? cs_buf_reserve(buf, len) : NULL;

    if (to) {
        memcpy(to, bytes, len);
        buf->len += len;
    }
}

void cs_buf_add(struct cs_buf *buf, struct cs_view view)
{
    cs_buf_append(buf, view.ptr, view.len);
}

void cs_buf_str(struct cs_buf *buf, const char *text)
{
    cs_buf_append(buf, text, strlen(text));
}

void cs_buf_char(struct cs_buf *buf, char c)
{
    cs_buf_append(buf, &c, 1);
}

void cs_buf_printf(struct cs_buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    cs_buf_vprintf(buf, fmt, args);
    va_end(args);
}

void cs_buf_vprintf(struct cs_buf *buf, const char *fmt, va_list args)
{
    va_list again;
    int len;
    char *to;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (len < 0) {
        /* Only a text over INT_MAX or an impossible wide character can bring us here. */
        buf->failed = buf->failed ? buf->failed : CS_ERR_LIMIT;
        return;
    }
    to = cs_buf_reserve(buf, (size_t)len);
    if (to) {
        buf->len += (size_t)vsnprintf(to, (size_t)len + 1, fmt, args);
    }
}

void cs_buf_consume(struct cs_buf *buf, size_t len)
{
    if (len == 0) {
        return;
    }
    buf->len -= len;
    memmove(buf->ptr, buf->ptr + len, buf->len);
}

char *cs_buf_take(struct cs_buf *buf)
{
    char *text = NULL;

    if (!buf->failed && (buf->ptr || grow(buf, 0))) {
        text = buf->ptr;
        text[buf->len] = '\0';
        buf->ptr = NULL;
    }
    cs_buf_free(buf);
    return text;
}

static void put_escaped(struct cs_buf *buf, char c)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char byte = (unsigned char)c;

    switch (c) {
    case '\r':
        cs_buf_append(buf, "\\r", 2);
        return;
    case '\n':
        cs_buf_append(buf, "\\n", 2);
        return;
    case '\t':
        cs_buf_append(buf, "\\t", 2);
        return;
    default:
        break;
    }
    if (byte >= 0x20 && byte < 0x7f) {
        cs_buf_char(buf, c);
    } else {
        cs_buf_append(buf, (char[]){'\\', 'x', digits[byte >> 4], digits[byte & 15]}, 4);
    }
}

static void put_bytes(struct cs_buf *buf, struct cs_view bytes, size_t max, const char *marked)
{
    size_t shown = bytes.len < max ? bytes.len : max;

    for (size_t i = 0; i < shown; i++) {
        char c = bytes.ptr[i];
        if (c != '\0' && strchr(marked, c)) {
            cs_buf_char(buf, '\\');
        }
        put_escaped(buf, c);
    }
    if (shown < bytes.len) {
        cs_buf_printf(buf, "... (%zu more bytes)", bytes.len - shown);
    }
}

void cs_buf_escaped(struct cs_buf *buf, struct cs_view bytes, size_t max)
{
    put_bytes(buf, bytes, max, "\"\\");
}

void cs_buf_readable(struct cs_buf *buf, struct cs_view bytes, size_t max)
{
    put_bytes(buf, bytes, max, "");
}
