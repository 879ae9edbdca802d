/* Public access tokens: HS256 JWTs (TOK-01 to TOK-14). */
#ifndef CHATSPEC_WIRE_TOKEN_H
#define CHATSPEC_WIRE_TOKEN_H

#include "wire/bytes.h"

#define CS_TOKEN_ISSUER   "https://id.trigger.dev"
#define CS_TOKEN_AUDIENCE "https://api.trigger.dev"
#define CS_TOKEN_LIFE_S   3600 /* TOK-04 */
#define CS_TOKEN_MAX_LEN  ((size_t)16384)

enum cs_token_alg {
    CS_ALG_HS256,
    CS_ALG_HS384,
    CS_ALG_HS512,
    CS_ALG_NONE
};

/* What goes into a token. A NULL string or a negative time leaves the claim out, which is how
 * cases make tokens that must be refused; zero-initialised plus CS_TOKEN_CLAIMS gives a good one.
 */
struct cs_token_claims {
    enum cs_token_alg alg;
    const char *sub;
    const char *iss;
    const char *aud;
    bool pub;       /* false leaves the claim out */
    bool no_scopes; /* leave the scopes claim out altogether (TOK-37) */
    const char *const *scopes;
    size_t n_scopes;
    int64_t iat; /* seconds since the epoch */
    int64_t exp;
};

#define CS_TOKEN_CLAIMS(environment, scope_list, scope_count, now_s) \
    ((struct cs_token_claims){.alg = CS_ALG_HS256,                   \
                              .sub = (environment),                  \
                              .iss = CS_TOKEN_ISSUER,                \
                              .aud = CS_TOKEN_AUDIENCE,              \
                              .pub = true,                           \
                              .scopes = (scope_list),                \
                              .n_scopes = (scope_count),             \
                              .iat = (now_s),                        \
                              .exp = (now_s) + CS_TOKEN_LIFE_S})

/* Appends the signed token; with CS_ALG_NONE its third part is empty. Strings must be valid UTF-8.
 * Only `out` bounds the length, so that cases can make tokens which are too long.
 * Errors: CS_ERR_NO_MEMORY, CS_ERR_LIMIT. */
CS_MUST_USE enum cs_err cs_token_mint(const struct cs_token_claims *claims, struct cs_view key,
                                      struct cs_buf *out);

/* Appends a token of any header and payload text, signed as `alg` says whatever the header claims:
 * for cases that forge, and for what the verifier would have to see. Errors as cs_token_mint. */
CS_MUST_USE enum cs_err cs_token_forge(struct cs_view header, struct cs_view payload,
                                       enum cs_token_alg alg, struct cs_view key,
                                       struct cs_buf *out);

/* A decoded token. Strings are owned; free with cs_token_free. A string that holds a NUL character
 * counts as absent: cut at the NUL it would name something else, such as every session instead of
 * one. Of a claim given twice the last counts. */
struct cs_token {
    char *alg; /* header `alg`, NULL when absent */
    char *sub; /* NULL when absent or not a string, as for iss and aud */
    char *iss;
    char *aud;
    bool pub;        /* the claim is the literal true */
    bool has_scopes; /* the claim is an array */
    char **scopes;   /* its strings; other members are passed over */
    size_t n_scopes;
    bool has_iat;
    bool has_nbf;
    bool has_exp;
    bool bad_time; /* one of the three times is there and is not a number */
    bool has_crit; /* the header asks for extensions to be understood, and none is here */
    int64_t iat;   /* seconds since the epoch; a fraction is floored, out of range is clamped */
    int64_t nbf;
    int64_t exp;
};

void cs_token_free(struct cs_token *token);

/* Splits and decodes without any check of the signature, which may be empty but must be base64url.
 * diag->offset is that of the part at fault. Errors: CS_ERR_SYNTAX (not three base64url parts, or
 * the first two not JSON objects), CS_ERR_LIMIT, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_token_decode(struct cs_view text, struct cs_token *ret_token,
                                        struct cs_diag *diag);

/* Checks, in this order: shape, `alg` (one of allowed_algs, a bit mask of 1u << CS_ALG_...) and no
 * `crit`, signature (constant time; an empty key never fits), exp against now_s (a token at its exp
 * is expired: TOK-09; absent exp passes when `exp_optional`), nbf, iss, aud. CS_ALG_NONE, which
 * only a server with a fault allows, passes with an empty signature. On success the decoded token
 * is in *ret_token. Errors: CS_ERR_SYNTAX, CS_ERR_SIGNATURE, CS_ERR_EXPIRED, CS_ERR_CLAIM,
 * CS_ERR_LIMIT, CS_ERR_NO_MEMORY. */
struct cs_token_checks {
    unsigned allowed_algs;
    int64_t now_s;
    bool exp_optional;
};
CS_MUST_USE enum cs_err cs_token_verify(struct cs_view text, struct cs_view key,
                                        const struct cs_token_checks *checks,
                                        struct cs_token *ret_token, struct cs_diag *diag);

/* Base64url without padding. Decoding refuses padding, other letters, impossible lengths and
 * non-zero bits after the last byte, so that no two texts decode alike (RFC 4648 section 3.5 leaves
 * that choice). Other readers are laxer: a case that wants a wrong signature must not change the
 * last letter only, whose low bits they ignore. Errors: CS_ERR_SYNTAX (`out` is as it was),
 * CS_ERR_LIMIT, CS_ERR_NO_MEMORY. */
void cs_base64url_encode(struct cs_buf *out, struct cs_view bytes);
CS_MUST_USE enum cs_err cs_base64url_decode(struct cs_view text, struct cs_buf *out);

#endif
