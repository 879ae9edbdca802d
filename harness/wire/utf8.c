#include "wire/utf8.h"

#include "wire/scan.h"

static const char replacement[3] = "\xef\xbf\xbd";

enum shape {
    WHOLE,  /* a complete sequence */
    BROKEN, /* can never be completed: the length is that of the maximal part to replace */
    CUT     /* the input ends inside a sequence that is right so far */
};

/* What a sequence that starts with `lead` must look like: its length (0: no such lead) and the
 * range of its second byte. The narrow ranges keep out overlong forms, surrogates and code points
 * over U+10FFFF. */
static size_t lead_len(unsigned char lead, unsigned char *ret_low, unsigned char *ret_high)
{
    *ret_low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *ret_high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static enum shape sequence(const char *bytes, size_t n, size_t *ret_len)
{
    unsigned char low;
    unsigned char high;
    size_t len = lead_len((unsigned char)bytes[0], &low, &high);

    if (len == 0) {
        *ret_len = 1;
        return BROKEN;
    }
    for (size_t i = 1; i < len; i++) {
        unsigned char byte;

        if (i == n) {
            *ret_len = n;
            return CUT;
        }
        byte = (unsigned char)bytes[i];
        if (byte < low || byte > high) {
            *ret_len = i;
            return BROKEN;
        }
        low = 0x80;
        high = 0xbf;
    }
    *ret_len = len;
    return WHOLE;
}

size_t cs_utf8_sequence(struct cs_view text)
{
    size_t len;

    return text.len > 0 && sequence(text.ptr, text.len, &len) == WHOLE ? len : 0;
}

/* Length of the valid sequence of two to four bytes that the first of these four begin, or 0. The
 * bits that must be set in each form are compared at once; what is left to keep out are overlong
 * forms, surrogates and code points over U+10FFFF, by the bits of the first two bytes. */
static size_t wide_len(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    uint32_t word = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    uint32_t high;

    if ((word & 0xf0c0c000) == 0xe0808000) {
        high = word & 0x0f200000;
        return high != 0 && high != 0x0d200000 ? 3 : 0;
    }
    if ((word & 0xe0c00000) == 0xc0800000) {
        return (word & 0x1e000000) != 0 ? 2 : 0;
    }
    high = word & 0x07300000;
    return (word & 0xf8c0c0c0) == 0xf0808080 && high != 0 && high <= 0x04000000 ? 4 : 0;
}

const char *cs_utf8_skip_wide(const char *p, const char *end)
{
    size_t len = 1;

    while (len > 0 && p < end && (signed char)*p < 0) {
        len = end - p >= 4 ? wide_len(p) : cs_utf8_sequence(cs_view_of(p, (size_t)(end - p)));
        p += len;
    }
    return p;
}

size_t cs_utf8_valid_prefix(struct cs_view text)
{
    const char *p = text.ptr;
    const char *end = text.len > 0 ? p + text.len : p;

    if (text.len >= 64 && cs_scan_is_wide()) {
        p = cs_scan_wide_utf8(p, end);
    }
    while ((p = cs_scan_ascii(p, end)) < end) {
        const char *wide = p;

        p = cs_utf8_skip_wide(p, end);
        if (p == wide) {
            break;
        }
    }
    return text.len > 0 ? (size_t)(p - text.ptr) : 0;
}

static void put_sequence(struct cs_utf8 *utf8, const char *bytes, size_t len, struct cs_buf *out)
{
    bool is_mark = !utf8->started && len == 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0;

    utf8->started = true;
    if (!is_mark) {
        cs_buf_append(out, bytes, len);
    }
}

static void put_replacement(struct cs_utf8 *utf8, struct cs_buf *out)
{
    utf8->started = true;
    utf8->replaced++;
    cs_buf_append(out, replacement, 3);
}

/* Goes on with the sequence that an earlier piece began; returns how many bytes it took. When the
 * next byte does not fit, it takes none: that byte starts afresh. */
static size_t feed_pending(struct cs_utf8 *utf8, struct cs_view bytes, struct cs_buf *out)
{
    size_t used = 0;

    while (utf8->n_pending > 0 && used < bytes.len) {
        char joined[4];
        size_t len;
        enum shape shape;

        memcpy(joined, utf8->pending, utf8->n_pending);
        joined[utf8->n_pending] = bytes.ptr[used];
        shape = sequence(joined, utf8->n_pending + 1u, &len);
        if (shape == BROKEN) {
            utf8->n_pending = 0;
            put_replacement(utf8, out);
            break;
        }
        utf8->pending[utf8->n_pending++] = (unsigned char)bytes.ptr[used++];
        if (shape == WHOLE) {
            utf8->n_pending = 0;
            put_sequence(utf8, joined, len, out);
        }
    }
    return used;
}

void cs_utf8_feed(struct cs_utf8 *utf8, struct cs_view bytes, struct cs_buf *out)
{
    size_t used = feed_pending(utf8, bytes, out);

    if (!utf8->started && used < bytes.len && (unsigned char)bytes.ptr[used] == 0xef) {
        /* Perhaps a byte order mark: bring it to feed_pending, whole or in parts. */
        utf8->pending[0] = 0xef;
        utf8->n_pending = 1;
        used++;
        bytes = cs_view_of(bytes.ptr + used, bytes.len - used);
        used = feed_pending(utf8, bytes, out);
    }
    while (used < bytes.len) {
        struct cs_view rest = cs_view_of(bytes.ptr + used, bytes.len - used);
        size_t valid = cs_utf8_valid_prefix(rest);
        size_t len;

        if (valid > 0) {
            utf8->started = true;
            cs_buf_append(out, rest.ptr, valid);
            used += valid;
        } else if (sequence(rest.ptr, rest.len, &len) == CUT) {
            memcpy(utf8->pending, rest.ptr, len);
            utf8->n_pending = (uint8_t)len;
            return;
        } else {
            put_replacement(utf8, out);
            used += len;
        }
    }
}

void cs_utf8_finish(struct cs_utf8 *utf8, struct cs_buf *out)
{
    if (utf8->n_pending > 0) {
        utf8->n_pending = 0;
        put_replacement(utf8, out);
    }
}

size_t cs_utf8_utf16_len(struct cs_view text)
{
    size_t units = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];

        /* Continuation bytes count nothing, a four byte sequence is a surrogate pair. */
        units += (byte & 0xc0) != 0x80;
        units += byte >= 0xf0;
    }
    return units;
}

size_t cs_utf8_encode(uint32_t code_point, char ret_bytes[4])
{
    size_t len;

    if (code_point < 0x80) {
        ret_bytes[0] = (char)code_point;
        return 1;
    }
    if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff)) {
        code_point = 0xfffd;
    }
    len = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        ret_bytes[i] = (char)(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    /* As many leading ones as there are bytes. */
    ret_bytes[0] = (char)(0xf00u >> len | code_point);
    return len;
}

void cs_utf8_put(struct cs_buf *out, uint32_t code_point)
{
    char bytes[4];

    cs_buf_append(out, bytes, cs_utf8_encode(code_point, bytes));
}
