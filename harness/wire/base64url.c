/* Base64url as RFC 4648 section 5 has it, without padding. */
#include "wire/token.h"

void cs_base64url_encode(struct cs_buf *out, struct cs_view bytes)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t at = 0; at < bytes.len; at += 3) {
        size_t left = bytes.len - at;
        uint32_t group = (uint32_t)(unsigned char)bytes.ptr[at] << 16;
        if (left > 1) {
            group |= (uint32_t)(unsigned char)bytes.ptr[at + 1] << 8;
        }
        if (left > 2) {
            group |= (uint32_t)(unsigned char)bytes.ptr[at + 2];
        }
        char text[4];
        for (unsigned i = 0; i < sizeof text; i++) {
            text[i] = letters[group >> (18 - 6 * i) & 0x3f];
        }
        cs_buf_append(out, text, left > 2 ? 4 : left + 1);
    }
}

/* The six bits of a letter, or -1. */
static int letter_value(char letter)
{
    if (letter >= 'A' && letter <= 'Z') {
        return letter - 'A';
    }
    if (letter >= 'a' && letter <= 'z') {
        return letter - 'a' + 26;
    }
    if (letter >= '0' && letter <= '9') {
        return letter - '0' + 52;
    }
    if (letter == '-') {
        return 62;
    }
    return letter == '_' ? 63 : -1;
}

static bool is_base64url(struct cs_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (letter_value(text.ptr[i]) < 0) {
            return false;
        }
    }
    if (text.len % 4 == 0) {
        return true;
    }
    if (text.len % 4 == 1) {
        return false;
    }
    /* The last letter carries 4 or 2 bits that belong to no byte. They must be zero, so that the
     * same bytes have one spelling only. */
    unsigned unused = text.len % 4 == 2 ? 0xf : 0x3;
    return ((unsigned)letter_value(text.ptr[text.len - 1]) & unused) == 0;
}

enum cs_err cs_base64url_decode(struct cs_view text, struct cs_buf *out)
{
    if (!is_base64url(text)) {
        return CS_ERR_SYNTAX;
    }
    uint32_t bits = 0;
    unsigned n_bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        bits = bits << 6 | (uint32_t)letter_value(text.ptr[i]);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            cs_buf_char(out, (char)(bits >> n_bits & 0xff));
        }
    }
    return cs_buf_error(out);
}
