/* Views, buffers, letters and small JSON texts, each told a second way. */
#ifndef CHATSPEC_FUZZ_TEXT_ORACLE_H
#define CHATSPEC_FUZZ_TEXT_ORACLE_H

#include <ctype.h>
#include <errno.h>
#include <openssl/evp.h>

#include "fuzz/text_names.h"
#include "wire/json.h"
#include "wire/scan.h"
#include "wire/token.h"
#include "wire/utf8.h"

/* Two texts, the first with a line end after it. */
static inline void fuzz_text_views(struct cs_view text)
{
    struct cs_view one = fuzz_take(&text, cs_view_find(text, CS_VIEW("\n")));
    size_t at = 0;
    bool alike;

    (void)fuzz_take(&text, 1);
    while (text.len > 0 && at + text.len <= one.len &&
           memcmp(one.ptr + at, text.ptr, text.len) != 0) {
        at++;
    }
    FUZZ_CHECK(cs_view_find(one, text) == (at + text.len <= one.len ? at : SIZE_MAX));
    FUZZ_CHECK(cs_view_starts_with(one, text) == (at == 0 && text.len <= one.len));
    alike = one.len == text.len;
    for (size_t i = 0; alike && i < one.len; i++) {
        alike = tolower((unsigned char)one.ptr[i]) == tolower((unsigned char)text.ptr[i]);
    }
    FUZZ_CHECK(cs_view_eq_nocase(one, text) == alike);

    struct cs_view trimmed = cs_view_trim(one);
    size_t before = one.len > 0 ? (size_t)(trimmed.ptr - one.ptr) : 0;

    FUZZ_CHECK(trimmed.len == 0 || (!strchr(" \t", trimmed.ptr[0] ? trimmed.ptr[0] : 'x') &&
                                    !fuzz_has(CS_VIEW(" \t"), trimmed.ptr[trimmed.len - 1])));
    for (size_t i = 0; i < one.len; i++) {
        FUZZ_CHECK((i >= before && i < before + trimmed.len) ||
                   fuzz_has(CS_VIEW(" \t"), one.ptr[i]));
    }
}

/* A line of digits, as strtoull reads it. */
static inline void fuzz_text_number(struct cs_view text)
{
    char *line = fuzz_line(&text);
    bool digits = line[0] != '\0' && strspn(line, "0123456789") == strlen(line);
    uint64_t value = 0;
    enum cs_err err = cs_view_u64(cs_view_str(line), &value);

    errno = 0;
    unsigned long long wanted = strtoull(line, NULL, 10);
    FUZZ_CHECK(err == (!digits ? CS_ERR_SYNTAX : errno == ERANGE ? CS_ERR_RANGE : CS_OK));
    FUZZ_CHECK(err != CS_OK || value == wanted);
    free(line);
}

/* Takes one byte, or one that is written as an escape, off a text for people. */
static inline char fuzz_shown_byte(struct cs_view *text)
{
    char c = fuzz_take(text, 1).ptr[0];

    FUZZ_CHECK(c >= ' ' && c <= '~' && c != '"');
    if (c != '\\') {
        return c;
    }
    c = fuzz_take(text, 1).ptr[0];
    if (c == 'x') {
        struct cs_view hex = fuzz_take(text, 2);
        const char digits[] = {hex.ptr[0], hex.ptr[1], '\0'};

        return (char)strtoul(digits, NULL, 16);
    }
    return c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

/* Bytes shown to people are told back from what is shown. Input: 1 byte of the limit. */
static inline void fuzz_text_shown(struct cs_view text)
{
    size_t max = fuzz_number(&text);
    size_t n = max < text.len ? max : text.len;
    struct cs_buf shown = CS_BUF(FUZZ_BUF_MAX);
    struct cs_buf note = CS_BUF(FUZZ_BUF_MAX);
    struct cs_view rest;

    cs_buf_escaped(&shown, text, max);
    rest = cs_buf_view(&shown);
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(fuzz_shown_byte(&rest) == text.ptr[i]);
    }
    if (n < text.len) {
        cs_buf_printf(&note, "... (%zu more bytes)", text.len - n);
    }
    FUZZ_CHECK(cs_view_eq(rest, cs_buf_view(&note)));
    cs_buf_free(&shown);
    cs_buf_free(&note);
}

/* Any bytes, as libcrypto writes them in base64, and any text as base64url. */
static inline void fuzz_text_base64(struct cs_view text)
{
    struct cs_view bytes = fuzz_take(&text, 3 * 512);
    struct cs_buf out = CS_BUF(FUZZ_BUF_MAX);
    struct cs_buf back = CS_BUF(FUZZ_BUF_MAX);
    unsigned char wanted[4 * 512 + 1];
    int len = EVP_EncodeBlock(wanted, (const unsigned char *)(bytes.len ? bytes.ptr : ""),
                              (int)bytes.len);

    cs_base64url_encode(&out, bytes);
    while (len > 0 && wanted[len - 1] == '=') {
        len--;
    }
    FUZZ_CHECK(out.len == (size_t)len);
    for (size_t i = 0; i < out.len; i++) {
        FUZZ_CHECK(out.ptr[i] == (wanted[i] == '+' ? '-' : wanted[i] == '/' ? '_' : wanted[i]));
    }
    FUZZ_CHECK(cs_base64url_decode(cs_buf_view(&out), &back) == CS_OK);
    FUZZ_CHECK(cs_view_eq(cs_buf_view(&back), bytes));

    cs_buf_clear(&out);
    cs_buf_clear(&back);
    if (cs_base64url_decode(bytes, &back) == CS_OK) {
        cs_base64url_encode(&out, cs_buf_view(&back));
        FUZZ_CHECK(cs_view_eq(cs_buf_view(&out), bytes));
    }
    FUZZ_CHECK(back.failed == CS_OK);
    cs_buf_free(&out);
    cs_buf_free(&back);
}

/* Code points of 4 bytes each, big-endian: written, and taken apart by the bits of UTF-8. */
static inline void fuzz_text_points(struct cs_view text)
{
    struct cs_buf all = CS_BUF(FUZZ_BUF_MAX);
    size_t units = 0;

    while (text.len >= 4) {
        struct cs_view four = fuzz_take(&text, 4);
        const unsigned char *in = (const unsigned char *)four.ptr;
        uint32_t point = (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8;
        char bytes[4];
        size_t len = cs_utf8_encode(point |= in[3], bytes);
        const unsigned char *out = (const unsigned char *)bytes;
        uint32_t back = len == 1 ? out[0] : out[0] & (0xffu >> (len + 1));

        for (size_t i = 1; i < len; i++) {
            back = back << 6 | (out[i] & 0x3f);
        }
        FUZZ_CHECK(back == (point > 0x10ffff || (point & 0xfffff800u) == 0xd800 ? 0xfffd : point));
        FUZZ_CHECK(cs_utf8_sequence(cs_view_of(bytes, len)) == len);
        FUZZ_CHECK(cs_utf8_sequence(cs_view_of(bytes, len - 1)) == 0);
        cs_utf8_put(&all, point);
        units += back > 0xffff ? 2 : 1;
    }
    FUZZ_CHECK(cs_utf8_valid_prefix(cs_buf_view(&all)) == all.len);
    FUZZ_CHECK(cs_utf8_utf16_len(cs_buf_view(&all)) == units);
    cs_buf_free(&all);
}

/* A text as an envelope, as a position and as a string: each as its members say one by one. */
static inline void fuzz_text_json(struct cs_view text)
{
    struct cs_buf string = CS_BUF(FUZZ_BUF_MAX);
    struct cs_view data, id, value, other;
    struct cs_position position = {0};
    struct cs_json json;
    struct cs_json_token token;
    enum cs_err valid = cs_json_check(text, NULL);
    enum cs_err err = cs_envelope_decode(text, &data, &id, NULL);

    cs_json_init(&json, text);
    (void)cs_json_next(&json, &token, NULL);
    FUZZ_CHECK(token.type == CS_JSON_STRING || !cs_json_is(&token, CS_VIEW("")));
    FUZZ_CHECK((cs_json_string(text, &string) == CS_OK) ==
               (!valid && token.type == CS_JSON_STRING));
    bool both = !valid && !cs_json_get(text, CS_VIEW("data"), &value) &&
                !cs_json_get(text, CS_VIEW("id"), &other);
    FUZZ_CHECK((err == CS_OK) == (both && other.ptr[0] == '"'));
    FUZZ_CHECK(err || (cs_view_eq(data, value) && id.ptr == other.ptr + 1));
    if (cs_utf8_valid_prefix(text) == text.len) {
        struct cs_view same_data, same_id;

        FUZZ_CHECK(cs_envelope_decode_utf8(text, &same_data, &same_id, NULL) == err);
        FUZZ_CHECK(err || (same_data.ptr == data.ptr && same_data.len == data.len &&
                           same_id.ptr == id.ptr && same_id.len == id.len));
    }
    FUZZ_CHECK(!valid || err == valid);

    err = cs_position_decode(text, &position, NULL);
    FUZZ_CHECK(err || (!cs_json_get(text, CS_VIEW("seq_num"), &value) &&
                       !cs_json_get(text, CS_VIEW("timestamp"), &other)));
    FUZZ_CHECK(!valid || err == valid);
    cs_buf_free(&string);
}

/* 16 bytes: which of them are no ASCII, told one by one. */
static inline void fuzz_text_block(struct cs_view text)
{
    char bytes[CS_SCAN_SIZE] = {0};
    uint32_t wanted = 0;

    for (size_t i = 0; i < text.len && i < CS_SCAN_SIZE; i++) {
        bytes[i] = text.ptr[i];
        wanted |= (uint32_t)((unsigned char)bytes[i] >> 7) << i;
    }
    FUZZ_CHECK(cs_scan_bits(cs_scan_load(bytes) < 0) == wanted);
    FUZZ_CHECK(cs_scan_bits_portable(cs_scan_load(bytes) < 0) == wanted);
}

/* What a processor can do quickly, against each byte by itself. */
static inline void fuzz_text_quick(struct cs_view text)
{
    char long_text[512];
    size_t n = 0;

    for (; n < sizeof(long_text); n++) {
        long_text[n] = n >= 200 && n - 200 < text.len ? text.ptr[n - 200] : 'x';
    }
    const char *end = long_text + sizeof(long_text);
    for (n = 0; n < sizeof(long_text) && (unsigned char)long_text[n] >= 0x20 &&
                long_text[n] != '"' && long_text[n] != '\\';
         n++) {
    }
    uint32_t bits;
    FUZZ_CHECK(cs_scan_skip_plain(long_text, end) <= long_text + n);
    const char *block = cs_scan_block_to_escape(long_text, end, &bits);
    FUZZ_CHECK(bits ? block + __builtin_ctz(bits) == long_text + n : n == sizeof(long_text));
    if (cs_scan_can_compress()) {
        char quick[512];
        const char *at = long_text;
        char *to = cs_scan_compress(&at, end, quick);
        size_t len = 0;

        for (const char *p = long_text; p < at; p++, len++) {
            bool is_escape = *p == '\\';

            FUZZ_CHECK((unsigned char)*p >= 0x20 && *p != '"');
            p += is_escape;
            FUZZ_CHECK(p < at && quick[len] == *p);
            FUZZ_CHECK(!is_escape || fuzz_has(CS_VIEW("\"\\/"), *p));
        }
        FUZZ_CHECK((size_t)(to - quick) == len);
    }
}

#endif
