/* What is done with tokens: whole values, decoded strings, numbers, members. */
#include "wire/json.h"

#include "wire/json_escape.h"
#include "wire/scan.h"
#include "wire/utf8.h"

/* Four hexadecimal digits that the scanner has checked. */
static uint32_t unit_at(const char *p)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        uint32_t c = (unsigned char)p[i];
        value = value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* Decodes a \u escape, and its partner where it is half of a pair; `p` is after the u. */
static const char *decode_unicode(const char *p, const char *end, char ret_bytes[4],
                                  size_t *ret_len)
{
    uint32_t point = unit_at(p);

    p += 4;
    if (point >= 0xd800 && point <= 0xdbff && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        uint32_t low = unit_at(p + 2);

        if (low >= 0xdc00 && low <= 0xdfff) {
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
            p += 6;
        }
    }
    *ret_len = cs_utf8_encode(point, ret_bytes);
    return p;
}

/* Decodes one escape, `p` at its backslash; returns what comes after it. */
static inline const char *decode_escape(const char *p, const char *end, char ret_bytes[4],
                                        size_t *ret_len)
{
    if (p[1] == 'u') {
        return decode_unicode(p + 2, end, ret_bytes, ret_len);
    }
    ret_bytes[0] = cs_json_escape_of(p[1]);
    *ret_len = 1;
    return p + 2;
}

/* Decodes from *at on, block by block, until a \u escape comes or less than two blocks are left;
 * returns the end of what it wrote. Blocks are copied before it is known how much of them counts:
 * decoded text is never longer than its raw form, so there is always as much room at `to` as there
 * is left to read. */
static char *decode_blocks(const char **at, const char *end, char *to)
{
    const char *p = *at;

    while (end - p >= 2 * CS_SCAN_SIZE) {
        uint32_t bits = cs_scan_backslashes(cs_scan_load(p));
        size_t used = 0;

        while (bits) {
            size_t next = (size_t)__builtin_ctz(bits);
            char value = cs_json_escape_of(p[next + 1]);

            memcpy(to, p + used, CS_SCAN_SIZE);
            to += next - used;
            if (!value) {
                *at = p + next;
                return to;
            }
            *to++ = value;
            bits &= ~((uint32_t)3 << next);
            used = next + 2;
        }
        if (used < CS_SCAN_SIZE) {
            memcpy(to, p + used, CS_SCAN_SIZE);
            to += CS_SCAN_SIZE - used;
            used = CS_SCAN_SIZE;
        }
        p += used;
    }
    *at = p;
    return to;
}

void cs_json_unescape(struct cs_view raw, struct cs_buf *out)
{
    char *const start = cs_buf_reserve(out, raw.len);
    char *to = start;
    const char *p = raw.ptr;
    const char *end = raw.len > 0 ? p + raw.len : p;
    const bool quick = cs_scan_can_compress();
    const bool wide = cs_scan_is_wide();
    bool escaped = false;

    if (!start) {
        return;
    }
    while (p < end) {
        if (wide) {
            p = cs_scan_wide_decode(p, end, true, &escaped, &to);
        } else if (quick) {
            to = cs_scan_compress(&p, end, to);
        } else if (end - p >= 2 * CS_SCAN_SIZE) {
            to = decode_blocks(&p, end, to);
        }
        if (end - p >= CS_SCAN_SIZE) {
            uint32_t bits = cs_scan_backslashes(cs_scan_load(p));
            size_t n = bits ? (size_t)__builtin_ctz(bits) : CS_SCAN_SIZE;

            memcpy(to, p, CS_SCAN_SIZE);
            to += n;
            p += n;
        }
        while (p < end && *p != '\\') {
            *to++ = *p++;
        }
        if (p < end) {
            char bytes[4];
            size_t len;

            p = decode_escape(p, end, bytes, &len);
            memcpy(to, bytes, len);
            to += len;
        }
    }
    out->len += (size_t)(to - start);
}

bool cs_json_is_escaped(const struct cs_json_token *token, struct cs_view text)
{
    const char *p = token->raw.ptr;
    const char *end = p + token->raw.len;

    while (p < end) {
        char bytes[4] = {*p};
        size_t len = 1;

        p = *p == '\\' ? decode_escape(p, end, bytes, &len) : p + 1;
        if (len > text.len || memcmp(bytes, text.ptr, len) != 0) {
            return false;
        }
        text = cs_view_of(text.ptr + len, text.len - len);
    }
    return text.len == 0;
}

enum cs_err cs_json_u64(const struct cs_json_token *token, uint64_t *ret_value)
{
    if (token->type != CS_JSON_NUMBER || token->flags & CS_JSON_FRACTION) {
        return CS_ERR_TYPE;
    }
    if (token->raw.ptr[0] == '-') {
        return CS_ERR_RANGE;
    }
    return cs_view_u64(token->raw, ret_value);
}

enum cs_err cs_json_i64(const struct cs_json_token *token, int64_t *ret_value)
{
    struct cs_json_token magnitude = *token;
    bool negative = token->type == CS_JSON_NUMBER && token->raw.ptr[0] == '-';
    uint64_t value;
    enum cs_err err;

    if (negative) {
        magnitude.raw = cs_view_of(token->raw.ptr + 1, token->raw.len - 1);
    }
    err = cs_json_u64(&magnitude, &value);
    if (!err && value > (uint64_t)INT64_MAX + negative) {
        err = CS_ERR_RANGE;
    }
    if (!err) {
        /* -(2^63) has no positive twin: step over it by one. */
        *ret_value = negative && value > 0 ? -(int64_t)(value - 1) - 1 : (int64_t)value;
    }
    return err;
}

enum cs_err cs_json_get(struct cs_view object, struct cs_view key, struct cs_view *ret_value)
{
    struct cs_view value = {NULL, 0};
    struct cs_json json;
    struct cs_json_token token;
    bool found = false;

    cs_json_init(&json, object);
    if (cs_json_next(&json, &token, NULL) != CS_JSON_OBJECT) {
        return token.type == CS_JSON_ERROR ? CS_ERR_SYNTAX : CS_ERR_TYPE;
    }
    while (cs_json_next(&json, &token, NULL) == CS_JSON_KEY) {
        bool wanted = cs_json_is(&token, key);
        struct cs_view text;

        if (cs_json_next(&json, &token, NULL) == CS_JSON_ERROR ||
            cs_json_value_text(&json, &token, &text, NULL)) {
            return CS_ERR_SYNTAX;
        }
        value = wanted ? text : value;
        found = found || wanted;
    }
    if (token.type != CS_JSON_OBJECT_END || cs_json_next(&json, &token, NULL) != CS_JSON_END) {
        return CS_ERR_SYNTAX;
    }
    if (!found) {
        return CS_ERR_MISSING;
    }
    *ret_value = value;
    return CS_OK;
}

enum cs_err cs_json_string(struct cs_view text, struct cs_buf *out)
{
    struct cs_json json;
    struct cs_json_token string;
    struct cs_json_token end;

    cs_json_init(&json, text);
    if (cs_json_next(&json, &string, NULL) != CS_JSON_STRING ||
        cs_json_next(&json, &end, NULL) != CS_JSON_END) {
        return CS_ERR_TYPE;
    }
    cs_json_unescape(string.raw, out);
    return CS_OK;
}
