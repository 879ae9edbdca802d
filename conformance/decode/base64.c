#include "conformance/decode/base64.h"

/* Not libcrypto's: the parser's process starts anew for every crash, and that library takes longer
 * to load than all the rest. */
static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void cs_base64_add(struct cs_buf *out, struct cs_view bytes)
{
    const unsigned char *in = (const unsigned char *)bytes.ptr;
    char *to = cs_buf_reserve(out, (bytes.len + 2) / 3 * 4);

    for (size_t i = 0; to && i < bytes.len; i += 3) {
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        unsigned group = (unsigned)in[i] << 16 | (n > 1 ? (unsigned)in[i + 1] << 8 : 0) |
                         (n > 2 ? in[i + 2] : 0);

        *to++ = signs[group >> 18];
        *to++ = signs[group >> 12 & 63];
        *to++ = n > 1 ? signs[group >> 6 & 63] : '=';
        *to++ = n > 2 ? signs[group & 63] : '=';
        out->len += 4;
    }
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool cs_base64_read(struct cs_view text, struct cs_buf *out)
{
    unsigned group = 0;
    unsigned bits = 0;

    if (text.len % 4 != 0) {
        return false;
    }
    for (size_t i = 0; i < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; i++) {
        text.len--;
    }
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.ptr[i]);

        if (value < 0) {
            return false;
        }
        group = (group << 6 | (unsigned)value) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            cs_buf_char(out, (char)(group >> bits & 0xff));
        }
    }
    return cs_buf_error(out) == CS_OK;
}
