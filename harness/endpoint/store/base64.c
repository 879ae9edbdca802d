#include "endpoint/store/base64.h"

#include <limits.h>
#include <openssl/evp.h>

/* libcrypto takes an int: longer texts go in pieces of whole groups. */
#define PIECE ((size_t)3 << 20)

void cs_base64_encode(struct cs_buf *out, struct cs_view bytes)
{
    while (bytes.len > 0) {
        size_t len = bytes.len < PIECE ? bytes.len : PIECE;
        char *room = cs_buf_reserve(out, (len + 2) / 3 * 4 + 1); /* it writes a NUL */
        if (room == NULL) {
            return;
        }
        int n = EVP_EncodeBlock((unsigned char *)room, (const unsigned char *)bytes.ptr, (int)len);
        out->len += (size_t)n;
        bytes = cs_view_of(bytes.ptr + len, bytes.len - len);
    }
}

static int letter_value(char letter)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = letter != '\0' ? strchr(letters, letter) : NULL;
    return at != NULL ? (int)(at - letters) : -1;
}

/* libcrypto itself passes over white space and says nothing of padding and spare bits, so the form
 * is checked first. */
enum cs_err cs_base64_decode(struct cs_view text, struct cs_buf *out, const char **ret_why)
{
    size_t padding = 0;
    int last = 0;
    while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=') {
        padding++;
    }
    *ret_why = "not base64";
    for (size_t i = 0; i + padding < text.len; i++) {
        last = letter_value(text.ptr[i]);
        if (last < 0) {
            return CS_ERR_SYNTAX;
        }
    }
    if ((last & (padding == 2 ? 0xf : padding == 1 ? 0x3 : 0)) != 0) {
        return CS_ERR_SYNTAX;
    }
    if (text.len % 4 != 0) {
        *ret_why = "base64 of impossible length";
        return CS_ERR_SYNTAX;
    }
    char *room = cs_buf_reserve(out, text.len / 4 * 3 + 1);
    if (room == NULL || text.len > INT_MAX) {
        *ret_why = "too much text";
        return cs_buf_error(out) != CS_OK ? cs_buf_error(out) : CS_ERR_LIMIT;
    }
    int n = EVP_DecodeBlock((unsigned char *)room, (const unsigned char *)text.ptr, (int)text.len);
    if (n < 0) {
        return CS_ERR_SYNTAX;
    }
    out->len += (size_t)n - padding;
    return CS_OK;
}
