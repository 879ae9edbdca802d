/* What the right signature is, told with libcrypto alone, and how a part must be spelled. */
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

/* No two texts decode alike: what was decoded, encoded again, is the text. */
static inline void fuzz_one_spelling(struct cs_view token)
{
    struct cs_buf bytes = CS_BUF(FUZZ_BUF_MAX);
    struct cs_buf text = CS_BUF(FUZZ_BUF_MAX);

    for (int part = 0; part < 3; part++) {
        struct cs_view given =
            fuzz_take(&token, part < 2 ? cs_view_find(token, CS_VIEW(".")) : token.len);

        (void)fuzz_take(&token, 1);
        cs_buf_clear(&bytes);
        cs_buf_clear(&text);
        FUZZ_CHECK(cs_base64url_decode(given, &bytes) == CS_OK);
        cs_base64url_encode(&text, cs_buf_view(&bytes));
        FUZZ_CHECK(cs_view_eq(cs_buf_view(&text), given));
    }
    cs_buf_free(&bytes);
    cs_buf_free(&text);
}

#endif
