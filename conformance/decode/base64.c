#include "conformance/decode/base64.h"

#include <limits.h>
#include <openssl/evp.h>

void cs_base64_add(struct cs_buf *out, struct cs_view bytes)
{
    size_t len = (bytes.len + 2) / 3 * 4;
    char *room = bytes.len > 0 && bytes.len < INT_MAX / 2 ? cs_buf_reserve(out, len + 1) : NULL;

    if (room) {
        (void)EVP_EncodeBlock((unsigned char *)room, (const unsigned char *)bytes.ptr,
                              (int)bytes.len);
        out->len += len;
    }
}

bool cs_base64_read(struct cs_view text, struct cs_buf *out)
{
    size_t len = text.len / 4 * 3;
    size_t padding = 0;
    char *room;

    if (text.len == 0) {
        return true;
    }
    while (padding < 2 && text.ptr[text.len - 1 - padding] == '=') {
        padding++;
    }
    room = text.len % 4 == 0 && text.len < INT_MAX ? cs_buf_reserve(out, len) : NULL;
    if (!room || EVP_DecodeBlock((unsigned char *)room, (const unsigned char *)text.ptr,
                                 (int)text.len) != (int)len) {
        return false;
    }
    out->len += len - padding;
    return true;
}
