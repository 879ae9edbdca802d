/* JSON string escaping, byte for byte as JSON.stringify writes it (LIM-07).
 *
 * The exact length matters more than the text: it decides whether a record fits under the store's
 * limit, so a writer that escapes one character more than needed is off by that much (LIM-06).
 */
#include "wire/json.h"

enum {
    COST_PLAIN = 1,
    COST_SHORT = 2, /* a backslash and a letter */
    COST_LONG = 6   /* \u00XX */
};

/* The letter of a two-character escape, or 0 when the byte has none. */
static char short_escape(unsigned char byte)
{
    switch (byte) {
    case '"':
    case '\\':
        return (char)byte;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* DEL, '/', U+2028 and every byte of a multi-byte character stand for themselves. */
static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

static size_t plain_run(struct cs_view text, size_t from)
{
    size_t at = from;
    while (at < text.len && is_plain((unsigned char)text.ptr[at])) {
        at++;
    }
    return at - from;
}

static void escape_byte(struct cs_buf *out, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    char letter = short_escape(byte);
    if (letter != 0) {
        cs_buf_append(out, (const char[]){'\\', letter}, COST_SHORT);
        return;
    }
    cs_buf_append(out, (const char[]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 0xf]},
                  COST_LONG);
}

void cs_json_escape(struct cs_buf *out, struct cs_view text)
{
    size_t at = 0;
    while (at < text.len) {
        size_t run = plain_run(text, at);
        if (run > 0) {
            cs_buf_append(out, text.ptr + at, run);
            at += run;
        } else {
            escape_byte(out, (unsigned char)text.ptr[at]);
            at++;
        }
    }
}

size_t cs_json_escaped_len(struct cs_view text)
{
    size_t len = 0;
    for (size_t at = 0; at < text.len; at++) {
        unsigned char byte = (unsigned char)text.ptr[at];
        size_t cost = COST_PLAIN;
        if (!is_plain(byte)) {
            cost = short_escape(byte) != 0 ? COST_SHORT : COST_LONG;
        }
        if (__builtin_add_overflow(len, cost, &len)) {
            return SIZE_MAX;
        }
    }
    return len;
}
