/* A token of any claims that we mint: who has its key and takes its algorithm believes just what
 * was asked for, others do not.
 */
#ifndef CHATSPEC_FUZZ_TOKEN_MINT_H
#define CHATSPEC_FUZZ_TOKEN_MINT_H

#include "fuzz/fuzz.h"
#include "wire/token.h"
#include "wire/utf8.h"

#define FUZZ_TOKEN_KEY        "tr_dev_the-right-key"
#define FUZZ_TOKEN_NOW_S      1700000000
#define FUZZ_TOKEN_MAX_SCOPES ((size_t)1024)

/* What of a token is left out, or is otherwise. */
enum {
    FUZZ_MINT_NOT_PUBLIC = 1u << 0,
    FUZZ_MINT_NO_SCOPES = 1u << 1,
    FUZZ_MINT_NO_TIMES = 1u << 2,
    FUZZ_MINT_NO_KEY = 1u << 3,
    FUZZ_MINT_TIMES_OPTIONAL = 1u << 4
};

/* A line as text; NULL for "-", and for "=" what a good token has. */
static inline char *fuzz_claim(struct cs_view *text, const char *good)
{
    char *line = fuzz_line(text);
    struct cs_buf claim = CS_BUF(FUZZ_BUF_MAX);
    struct cs_utf8 utf8 = {0};

    if (strcmp(line, "-") == 0) {
        free(line);
        return NULL;
    }
    cs_utf8_feed(&utf8, cs_view_str(strcmp(line, "=") == 0 ? good : line), &claim);
    cs_utf8_finish(&utf8, &claim);
    free(line);
    return cs_buf_take(&claim);
}

static inline bool fuzz_same_claim(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

/* What the verifier has to say of them to somebody with that key and that algorithm. */
static inline enum cs_err fuzz_mint_verdict(const struct cs_token_claims *claims, unsigned flags)
{
    if (flags & FUZZ_MINT_NO_KEY && claims->alg != CS_ALG_NONE) {
        return CS_ERR_SIGNATURE;
    }
    return (flags & FUZZ_MINT_NO_TIMES && !(flags & FUZZ_MINT_TIMES_OPTIONAL)) ||
                   !fuzz_same_claim(claims->iss, CS_TOKEN_ISSUER) ||
                   !fuzz_same_claim(claims->aud, CS_TOKEN_AUDIENCE)
               ? CS_ERR_CLAIM
               : CS_OK;
}

static inline void fuzz_mint_check(const struct cs_token_claims *claims, unsigned flags,
                                   struct cs_view key, struct cs_view text)
{
    struct cs_token_checks checks = {.allowed_algs = 1u << claims->alg,
                                     .now_s = FUZZ_TOKEN_NOW_S,
                                     .exp_optional = (flags & FUZZ_MINT_TIMES_OPTIONAL) != 0};
    bool too_long = text.len > CS_TOKEN_MAX_LEN;
    struct cs_token token = {0};
    enum cs_err err = cs_token_verify(text, key, &checks, &token, NULL);

    FUZZ_CHECK(err == (too_long ? CS_ERR_LIMIT : fuzz_mint_verdict(claims, flags)));
    cs_token_free(&token);
    checks.allowed_algs = ~checks.allowed_algs;
    FUZZ_CHECK(cs_token_verify(text, key, &checks, &token, NULL) ==
               (too_long ? CS_ERR_LIMIT : CS_ERR_SIGNATURE));
    if (too_long) {
        return;
    }
    FUZZ_CHECK(cs_token_decode(text, &token, NULL) == CS_OK);
    FUZZ_CHECK(fuzz_same_claim(token.sub, claims->sub) && fuzz_same_claim(token.iss, claims->iss));
    FUZZ_CHECK(fuzz_same_claim(token.aud, claims->aud) && token.pub == claims->pub);
    FUZZ_CHECK(token.has_scopes != claims->no_scopes && token.has_exp == (claims->exp >= 0));
    FUZZ_CHECK(token.n_scopes == (claims->no_scopes ? 0 : claims->n_scopes));
    for (size_t i = 0; i < token.n_scopes; i++) {
        FUZZ_CHECK(strcmp(token.scopes[i], claims->scopes[i]) == 0);
    }
    cs_token_free(&token);
    cs_token_free(NULL);
}

/* No key is longer than libcrypto can say. Nothing looks at these bytes. */
static inline void fuzz_mint_endless_key(const struct cs_token_claims *claims)
{
    struct cs_buf token = CS_BUF(FUZZ_BUF_MAX);

    FUZZ_CHECK(cs_token_mint(claims, cs_view_of("k", SIZE_MAX), &token) ==
               (claims->alg == CS_ALG_NONE ? CS_OK : CS_ERR_NO_MEMORY));
    cs_buf_free(&token);
}

/* Input: `place` has the algorithm (times 32) and the flags; then 1 byte of how often (times 32)
 * the scopes come, and lines: subject, issuer, audience, scopes. The token is left in `out`. */
static inline void fuzz_token_mint(size_t place, struct cs_view text, struct cs_buf *out)
{
    unsigned flags = place % 32;
    size_t times = fuzz_number(&text) * 32 + 1;
    char *sub = fuzz_claim(&text, "env_1");
    char *iss = fuzz_claim(&text, CS_TOKEN_ISSUER);
    char *aud = fuzz_claim(&text, CS_TOKEN_AUDIENCE);
    char *given[4] = {NULL};
    const char *scopes[FUZZ_TOKEN_MAX_SCOPES];
    size_t n_given = 0;
    struct cs_view key = flags & FUZZ_MINT_NO_KEY ? CS_VIEW("") : CS_VIEW(FUZZ_TOKEN_KEY);
    struct cs_token_claims claims = CS_TOKEN_CLAIMS(sub, scopes, 0, FUZZ_TOKEN_NOW_S);

    while (n_given < 4 && text.len > 0) {
        char *scope = fuzz_claim(&text, "read:sessions:s1");
        if (scope) {
            given[n_given++] = scope;
        }
    }
    for (size_t i = 0; i < times * n_given && i < FUZZ_TOKEN_MAX_SCOPES; i++) {
        scopes[claims.n_scopes++] = given[i % n_given];
    }
    claims.alg = (enum cs_token_alg)(place / 32 % 4);
    claims.iss = iss;
    claims.aud = aud;
    claims.pub = !(flags & FUZZ_MINT_NOT_PUBLIC);
    claims.no_scopes = (flags & FUZZ_MINT_NO_SCOPES) != 0;
    claims.iat = flags & FUZZ_MINT_NO_TIMES ? -1 : claims.iat;
    claims.exp = flags & FUZZ_MINT_NO_TIMES ? -1 : claims.exp;
    FUZZ_CHECK(cs_token_mint(&claims, key, out) == CS_OK);
    fuzz_mint_check(&claims, flags, key, cs_buf_view(out));
    fuzz_mint_endless_key(&claims);
    while (n_given > 0) {
        free(given[--n_given]);
    }
    free(sub);
    free(iss);
    free(aud);
}

#endif
