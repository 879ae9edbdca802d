/* Tokens that the mint would never write, for the tests of those who read them. Include after the
 * cmocka headers. */
#ifndef CHATSPEC_TESTS_FORGE_H
#define CHATSPEC_TESTS_FORGE_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "wire/token.h"

#define FORGE_KEY    CS_VIEW("tr_dev_key")
#define FORGE_HEADER "{\"alg\":\"HS256\"}"

static inline void forge_check(enum cs_err err, enum cs_err expected, const char *what)
{
    if (err != expected) {
        fail_msg("%s: %s, expected %s", what, cs_err_name(err), cs_err_name(expected));
    }
}

/* Signs any header and payload; what the mint would never write. */
static inline void forge(struct cs_buf *out, struct cs_view header, struct cs_view payload)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    cs_buf_clear(out);
    cs_base64url_encode(out, header);
    cs_buf_char(out, '.');
    cs_base64url_encode(out, payload);
    assert_non_null(HMAC(EVP_sha256(), FORGE_KEY.ptr, (int)FORGE_KEY.len,
                         (const unsigned char *)out->ptr, out->len, mac, &mac_len));
    cs_buf_char(out, '.');
    cs_base64url_encode(out, cs_view_of((const char *)mac, mac_len));
    assert_int_equal(cs_buf_error(out), CS_OK);
}

#endif
