/* Tokens: nothing is believed without the right signature, and nothing rightly signed is refused
 * for its signature.
 * Input: 1 byte of how the token is made, 2 of a place in it, then its text:
 *   0  the text is the token                    2  as 1, then one letter is changed
 *   1  header and payload, a line each, signed  3  as 1, signed with another key
 *   4  claims to mint a token of: token_mint.h says how */
#include "fuzz/token_mint.h"
#include "fuzz/token_oracle.h"

#define NOW_S 1700000000
#define KEY   FUZZ_TOKEN_KEY

static void make_token(struct cs_buf *token, size_t how, size_t place, struct cs_view input)
{
    const char *line = input.len > 0 ? memchr(input.ptr, '\n', input.len) : NULL;
    struct cs_view header = fuzz_take(&input, line ? (size_t)(line - input.ptr) : input.len);

    (void)fuzz_take(&input, 1);
    cs_base64url_encode(token, header);
    cs_buf_char(token, '.');
    cs_base64url_encode(token, input);
    struct cs_buf signature = CS_BUF((size_t)64);
    fuzz_sign(&signature, cs_buf_view(token), how == 3 ? "tr_dev_another-key" : KEY);
    cs_buf_char(token, '.');
    cs_buf_add(token, cs_buf_view(&signature));
    cs_buf_free(&signature);
    if (how == 2) {
        char *letter = &token->ptr[place % token->len];
        *letter = *letter == 'A' ? 'B' : 'A';
    }
}

static void check(struct cs_view text)
{
    struct cs_token_checks checks = {.allowed_algs = 1u << CS_ALG_HS256, .now_s = NOW_S};
    struct cs_token decoded = {0};
    struct cs_token believed = {0};
    enum cs_err shape = cs_token_decode(text, &decoded, NULL);
    enum cs_err err = cs_token_verify(text, CS_VIEW(KEY), &checks, &believed, NULL);
    bool hs256 = decoded.alg != NULL && strcmp(decoded.alg, "HS256") == 0 && !decoded.has_crit;

    if (shape == CS_OK) {
        fuzz_one_spelling(text);
    }
    if (shape != CS_OK) {
        FUZZ_CHECK(err == shape && (err == CS_ERR_SYNTAX || err == CS_ERR_LIMIT));
    } else if (!hs256 || !fuzz_rightly_signed(text, KEY)) {
        FUZZ_CHECK(err == CS_ERR_SIGNATURE);
    } else {
        FUZZ_CHECK(err == CS_OK || err == CS_ERR_EXPIRED || err == CS_ERR_CLAIM);
    }
    if (err == CS_OK) {
        FUZZ_CHECK(believed.has_exp && believed.exp > NOW_S && !believed.bad_time);
        FUZZ_CHECK(!believed.has_nbf || believed.nbf <= NOW_S);
        FUZZ_CHECK(strcmp(believed.iss, CS_TOKEN_ISSUER) == 0);
        FUZZ_CHECK(strcmp(believed.aud, CS_TOKEN_AUDIENCE) == 0);
    }
    cs_token_free(&decoded);
    cs_token_free(&believed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_view input = cs_view_of((const char *)data, size);
    struct cs_buf token = CS_BUF(FUZZ_BUF_MAX);
    size_t how = fuzz_number(&input) % 5;
    size_t place = fuzz_number(&input) * 32;

    place += fuzz_number(&input);
    if (how == 4) {
        fuzz_token_mint(place, input, &token);
        input = cs_buf_view(&token);
    } else if (how > 0) {
        make_token(&token, how, place, input);
        input = cs_buf_view(&token);
    }
    check(input);
    cs_buf_free(&token);
    return 0;
}
