/* What the right signature is, told with libcrypto alone. */
#ifndef CHATSPEC_FUZZ_TOKEN_ORACLE_H
#define CHATSPEC_FUZZ_TOKEN_ORACLE_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "fuzz/fuzz.h"
#include "wire/token.h"

/* Appends what stands after the last dot of a token whose front is `text`. */
static inline void fuzz_sign(struct cs_buf *out, struct cs_view text, const char *key)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;

    FUZZ_CHECK(HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)text.ptr, text.len,
                    mac, &mac_len) != NULL);
    cs_base64url_encode(out, cs_view_of((const char *)mac, mac_len));
}

static inline bool fuzz_rightly_signed(struct cs_view token, const char *key)
{
    struct cs_buf wanted = CS_BUF((size_t)64);
    size_t dot = token.len;

    while (dot > 0 && token.ptr[dot - 1] != '.') {
        dot--;
    }
    fuzz_sign(&wanted, cs_view_of(token.ptr, dot > 0 ? dot - 1 : 0), key);
    struct cs_view given = cs_view_of(token.ptr + dot, token.len - dot);
    bool same = dot > 0 && cs_view_eq(given, cs_buf_view(&wanted));
    cs_buf_free(&wanted);
    return same;
}

#endif
