/* What reads 64 bytes of a JSON string at once, held to each byte by itself. Every text stands in
 * memory of just its size, at some places of a block. */
#ifndef CHATSPEC_FUZZ_TEXT_WIDE_H
#define CHATSPEC_FUZZ_TEXT_WIDE_H

#include "fuzz/fuzz.h"
#include "wire/json_escape.h"
#include "wire/scan.h"
#include "wire/utf8.h"

/* The way byte by byte; returns how much of the text it passes. */
static inline size_t wide_plainly(struct cs_view text, bool is_utf8, char *to, size_t *ret_len,
                                  bool *ret_escaped)
{
    size_t i = 0;

    *ret_len = 0;
    *ret_escaped = false;
    while (i < text.len) {
        char c = text.ptr[i];
        bool escape = c == '\\';

        if ((unsigned char)c < 0x20 || c == '"' || ((signed char)c < 0 && !is_utf8)) {
            break;
        }
        if (escape && (i + 1 == text.len || !cs_json_escape_of(text.ptr[i + 1]))) {
            break;
        }
        to[(*ret_len)++] = escape ? cs_json_escape_of(text.ptr[i + 1]) : c;
        *ret_escaped |= escape;
        i += escape ? 2 : 1;
    }
    return i;
}

static inline void wide_check_string(struct cs_view text, bool is_utf8, char *room, char *other)
{
    const char *end = text.ptr + text.len;
    char *to = other;
    bool escaped;
    bool quick_escaped = false;
    bool skip_escaped = false;
    size_t len;
    size_t n = wide_plainly(text, is_utf8, room, &len, &escaped);

    FUZZ_CHECK(cs_scan_wide(text.ptr, end, is_utf8, &skip_escaped) == text.ptr + n);
    FUZZ_CHECK(skip_escaped == escaped);
    FUZZ_CHECK(cs_scan_wide_decode(text.ptr, end, is_utf8, &quick_escaped, &to) == text.ptr + n);
    FUZZ_CHECK(quick_escaped == escaped && (size_t)(to - other) == len);
    FUZZ_CHECK(memcmp(other, room, len) == 0);
}

static inline void wide_check_utf8(struct cs_view text)
{
    size_t passed = (size_t)(cs_scan_wide_utf8(text.ptr, text.ptr + text.len) - text.ptr);
    size_t at = 0;
    size_t len = 1;

    while (at < passed && len > 0) {
        len = cs_utf8_sequence(cs_view_of(text.ptr + at, text.len - at));
        at += len;
    }
    FUZZ_CHECK(at == passed);
    while (at < text.len && len > 0) {
        len = cs_utf8_sequence(cs_view_of(text.ptr + at, text.len - at));
        at += len;
    }
    FUZZ_CHECK(at < text.len || text.len - passed < 64); /* it is quick where it can be */
    FUZZ_CHECK(cs_utf8_valid_prefix(text) == at);
}

static inline void wide_check_line(struct cs_view text)
{
    size_t n = 0;

    while (n < text.len && text.ptr[n] != '\n' && text.ptr[n] != '\r') {
        n++;
    }
    FUZZ_CHECK(cs_scan_wide_line(text.ptr, text.ptr + text.len) == text.ptr + n);
}

static inline void fuzz_text_wide(struct cs_view text)
{
    static const size_t places[] = {0, 1, 37, 62, 63};

    if (!cs_scan_is_wide() || text.len == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        size_t len = places[i] + text.len;
        char *copy = malloc(len);
        char *room = malloc(len);
        char *other = malloc(len);

        FUZZ_CHECK(copy && room && other);
        memset(copy, 'x', places[i]);
        memcpy(copy + places[i], text.ptr, text.len);
        wide_check_string(cs_view_of(copy, len), false, room, other);
        wide_check_string(cs_view_of(copy, len), true, room, other);
        wide_check_utf8(cs_view_of(copy, len));
        wide_check_line(cs_view_of(copy, len));
        free(copy);
        free(room);
        free(other);
    }
}

#endif
