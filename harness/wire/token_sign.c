/* Public access tokens: what needs the key. Minting, and checking whether to believe one. */
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "wire/json.h"
#include "wire/token.h"

struct algorithm {
    const char *name;
    const EVP_MD *(*digest)(void);
};

static const struct algorithm algorithms[] = {
    [CS_ALG_HS256] = {"HS256", EVP_sha256},
    [CS_ALG_HS384] = {"HS384", EVP_sha384},
    [CS_ALG_HS512] = {"HS512", EVP_sha512},
    [CS_ALG_NONE] = {"none", NULL},
};
#define N_ALGORITHMS (sizeof algorithms / sizeof algorithms[0])

/* Writes the raw signature, nothing for CS_ALG_NONE; false when libcrypto failed. */
static bool sign(enum cs_token_alg alg, struct cs_view key, struct cs_view text,
                 unsigned char ret_mac[EVP_MAX_MD_SIZE], unsigned *ret_len)
{
    *ret_len = 0;
    if (algorithms[alg].digest == NULL) {
        return true;
    }
    /* A NULL key means "the key of last time" to HMAC. */
    const char *key_bytes = key.len ? key.ptr : "";
    return key.len <= INT_MAX &&
           HMAC(algorithms[alg].digest(), key_bytes, (int)key.len, (const unsigned char *)text.ptr,
                text.len, ret_mac, ret_len) != NULL;
}

static void write_string(struct cs_buf *out, const char *text)
{
    cs_buf_char(out, '"');
    cs_json_escape(out, cs_view_str(text));
    cs_buf_char(out, '"');
}

/* Begins a member: a comma unless it is the first of the object. */
static void write_key(struct cs_buf *out, const char *key)
{
    cs_buf_printf(out, "%s\"%s\":", out->len > 1 ? "," : "", key);
}

static void write_string_claim(struct cs_buf *out, const char *key, const char *text)
{
    if (text != NULL) {
        write_key(out, key);
        write_string(out, text);
    }
}

static void write_time_claim(struct cs_buf *out, const char *key, int64_t seconds)
{
    if (seconds >= 0) {
        write_key(out, key);
        cs_buf_printf(out, "%lld", (long long)seconds);
    }
}

static void write_payload(struct cs_buf *out, const struct cs_token_claims *claims)
{
    cs_buf_char(out, '{');
    write_string_claim(out, "sub", claims->sub);
    if (claims->pub) {
        write_key(out, "pub");
        cs_buf_str(out, "true");
    }
    if (!claims->no_scopes) {
        write_key(out, "scopes");
        cs_buf_char(out, '[');
        for (size_t i = 0; i < claims->n_scopes; i++) {
            cs_buf_str(out, i ? "," : "");
            write_string(out, claims->scopes[i]);
        }
        cs_buf_char(out, ']');
    }
    write_string_claim(out, "iss", claims->iss);
    write_string_claim(out, "aud", claims->aud);
    write_time_claim(out, "iat", claims->iat);
    write_time_claim(out, "exp", claims->exp);
    cs_buf_char(out, '}');
}

/* Appends the signature over what `out` holds from `start` on. */
static enum cs_err append_signature(struct cs_buf *out, size_t start, enum cs_token_alg alg,
                                    struct cs_view key)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    if (cs_buf_error(out) != CS_OK) {
        return cs_buf_error(out);
    }
    if (!sign(alg, key, cs_view_of(out->ptr + start, out->len - start), mac, &mac_len)) {
        return CS_ERR_NO_MEMORY;
    }
    cs_buf_char(out, '.');
    cs_base64url_encode(out, cs_view_of((const char *)mac, mac_len));
    return cs_buf_error(out);
}

enum cs_err cs_token_forge(struct cs_view header, struct cs_view payload, enum cs_token_alg alg,
                           struct cs_view key, struct cs_buf *out)
{
    size_t start = out->len;
    cs_base64url_encode(out, header);
    cs_buf_char(out, '.');
    cs_base64url_encode(out, payload);
    return append_signature(out, start, alg, key);
}

enum cs_err cs_token_mint(const struct cs_token_claims *claims, struct cs_view key,
                          struct cs_buf *out)
{
    struct cs_buf header = CS_BUF(64);
    struct cs_buf payload = CS_BUF(out->max);
    cs_buf_printf(&header, "{\"alg\":\"%s\"}", algorithms[claims->alg].name);
    write_payload(&payload, claims);
    enum cs_err err = cs_buf_error(&header);
    err = err == CS_OK ? cs_buf_error(&payload) : err;
    if (err == CS_OK) {
        err = cs_token_forge(cs_buf_view(&header), cs_buf_view(&payload), claims->alg, key, out);
    }
    cs_buf_free(&header);
    cs_buf_free(&payload);
    return err;
}

/* TOK-11: the algorithm is settled before any byte of the signature is looked at. */
static enum cs_err check_alg(const struct cs_token *token, unsigned allowed_algs,
                             enum cs_token_alg *ret_alg, struct cs_diag *diag)
{
    if (token->has_crit) {
        return cs_fail(diag, CS_ERR_SIGNATURE, 0, "the header has crit, which is not understood");
    }
    for (unsigned i = 0; i < N_ALGORITHMS && token->alg != NULL; i++) {
        if ((allowed_algs & 1u << i) != 0 && strcmp(token->alg, algorithms[i].name) == 0) {
            *ret_alg = (enum cs_token_alg)i;
            return CS_OK;
        }
    }
    return cs_fail(diag, CS_ERR_SIGNATURE, 0, "alg %.32s is not allowed",
                   token->alg ? token->alg : "(absent)");
}

static enum cs_err check_signature(struct cs_view text, enum cs_token_alg alg, struct cs_view key,
                                   struct cs_diag *diag)
{
    /* The text was decoded before, so there is a last dot. */
    size_t dot = text.len - 1;
    while (text.ptr[dot] != '.') {
        dot--;
    }
    if (key.len == 0 && alg != CS_ALG_NONE) {
        return cs_fail(diag, CS_ERR_SIGNATURE, dot + 1, "an empty key verifies nothing");
    }
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    if (!sign(alg, key, cs_view_of(text.ptr, dot), mac, &mac_len)) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "the signature could not be computed");
    }
    struct cs_buf given = CS_BUF(CS_TOKEN_MAX_LEN);
    enum cs_err err =
        cs_base64url_decode(cs_view_of(text.ptr + dot + 1, text.len - dot - 1), &given);
    bool same = err == CS_OK && given.len == mac_len &&
                (mac_len == 0 || CRYPTO_memcmp(given.ptr, mac, mac_len) == 0);
    cs_buf_free(&given);
    if (err != CS_OK) {
        return cs_fail(diag, err, dot + 1, "no memory for the signature");
    }
    if (same) {
        return CS_OK;
    }
    return cs_fail(diag, CS_ERR_SIGNATURE, dot + 1, "the signature is not that of the key");
}

static enum cs_err check_times(const struct cs_token *token, const struct cs_token_checks *checks,
                               struct cs_diag *diag)
{
    if (token->bad_time) {
        return cs_fail(diag, CS_ERR_CLAIM, 0, "exp, nbf or iat is not a number");
    }
    if (!token->has_exp && !checks->exp_optional) {
        return cs_fail(diag, CS_ERR_CLAIM, 0, "there is no exp");
    }
    if (token->has_exp && token->exp <= checks->now_s) {
        return cs_fail(diag, CS_ERR_EXPIRED, 0, "expired at %lld, now is %lld",
                       (long long)token->exp, (long long)checks->now_s);
    }
    if (token->has_nbf && token->nbf > checks->now_s) {
        return cs_fail(diag, CS_ERR_CLAIM, 0, "not valid before %lld, now is %lld",
                       (long long)token->nbf, (long long)checks->now_s);
    }
    return CS_OK;
}

static enum cs_err check_name(const char *claim, const char *value, const char *wanted,
                              struct cs_diag *diag)
{
    if (value != NULL && strcmp(value, wanted) == 0) {
        return CS_OK;
    }
    return cs_fail(diag, CS_ERR_CLAIM, 0, "%s is %.64s, not %s", claim, value ? value : "(absent)",
                   wanted);
}

static enum cs_err check_all(struct cs_view text, struct cs_view key,
                             const struct cs_token_checks *checks, const struct cs_token *token,
                             struct cs_diag *diag)
{
    enum cs_token_alg alg = CS_ALG_NONE;
    enum cs_err err = check_alg(token, checks->allowed_algs, &alg, diag);
    if (err == CS_OK) {
        err = check_signature(text, alg, key, diag);
    }
    if (err == CS_OK) {
        err = check_times(token, checks, diag);
    }
    if (err == CS_OK) {
        err = check_name("iss", token->iss, CS_TOKEN_ISSUER, diag);
    }
    return err == CS_OK ? check_name("aud", token->aud, CS_TOKEN_AUDIENCE, diag) : err;
}

enum cs_err cs_token_verify(struct cs_view text, struct cs_view key,
                            const struct cs_token_checks *checks, struct cs_token *ret_token,
                            struct cs_diag *diag)
{
    struct cs_token token = {0};
    enum cs_err err = cs_token_decode(text, &token, diag);
    if (err == CS_OK) {
        err = check_all(text, key, checks, &token, diag);
    }
    if (err != CS_OK) {
        cs_token_free(&token);
        return err;
    }
    *ret_token = token;
    return CS_OK;
}
