/* JSON string escaping, byte for byte as JSON.stringify writes it (LIM-07).
 *
 * The exact length matters more than the text: it decides whether a record fits under the store's
 * limit, so a writer that escapes one character more than needed is off by that much (LIM-06).
 */
#include "wire/json.h"
#include "wire/scan.h"

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

/* The first byte that is not plain, or `end`. */
static const char *skip_plain(const char *p, const char *end)
{
    uint32_t bits = end - p >= CS_SCAN_SIZE ? cs_scan_bits(cs_scan_to_escape(p)) : 0;

    if (!bits) { /* the run is a long one */
        p = cs_scan_block_to_escape(p, end, &bits);
    }
    if (bits) {
        return p + __builtin_ctz(bits);
    }
    while (p < end && is_plain((unsigned char)*p)) {
        p++;
    }
    return p;
}

static size_t cost_of(unsigned char byte)
{
    if (is_plain(byte)) {
        return COST_PLAIN;
    }
    return short_escape(byte) != 0 ? COST_SHORT : COST_LONG;
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
    const char *p = text.ptr;
    const char *end = text.len > 0 ? p + text.len : p;
    while (p < end) {
        const char *next = skip_plain(p, end);
        if (next > p) {
            cs_buf_append(out, p, (size_t)(next - p));
        }
        if (next < end) {
            escape_byte(out, (unsigned char)*next++);
        }
        p = next;
    }
}

/* What the escapes add to the length of these bytes: never over five times that. */
static size_t added_by(const char *p, uint32_t bits)
{
    size_t added = 0;
    for (; bits; bits &= bits - 1) {
        added += cost_of((unsigned char)p[__builtin_ctz(bits)]) - COST_PLAIN;
    }
    return added;
}

size_t cs_json_escaped_len(struct cs_view text)
{
    const char *p = text.ptr;
    const char *end = text.len > 0 ? p + text.len : p;
    size_t len = text.len;
    bool fits = true;
    while (p < end) {
        uint32_t bits;
        p = cs_scan_block_to_escape(p, end, &bits);
        size_t n = (size_t)(end - p) < CS_SCAN_SIZE ? (size_t)(end - p) : CS_SCAN_SIZE;
        if (n < CS_SCAN_SIZE) {
            bits = (UINT32_C(1) << n) - 1; /* each of the last ones by itself */
        }
        fits = !__builtin_add_overflow(len, added_by(p, bits), &len) && fits;
        p += n;
    }
    return fits ? len : SIZE_MAX;
}
