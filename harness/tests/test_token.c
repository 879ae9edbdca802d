/* Tokens: known answers, and what a verifier must refuse and why. Every refusal has a twin that
 * differs in the tested thing only and is accepted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "forge.h"

#define KEY       FORGE_KEY
#define NOW       ((int64_t)1700000000)
#define HS256     (1u << CS_ALG_HS256)
#define ISS_AUD   "\"iss\":\"https://id.trigger.dev\",\"aud\":\"https://api.trigger.dev\""
#define HEADER    FORGE_HEADER
#define GOOD_BODY "{\"sub\":\"env_1\",\"pub\":true,\"scopes\":[\"read:sessions:K\"]," ISS_AUD
#define GOOD      GOOD_BODY ",\"exp\":1700000001}"

static const char *const scopes[] = {"read:sessions:K", "write:sessions:K"};
static const struct cs_token_checks strict = {HS256, NOW, false};

/* The same text as another implementation signed it. */
#define PAYLOAD_64                                                                                \
    "eyJzdWIiOiJlbnZfMSIsInB1YiI6dHJ1ZSwic2NvcGVzIjpbInJlYWQ6c2Vzc2lvbnM6SyIsIndyaXRlOnNlc3Npb25" \
    "zOksiXSwiaXNzIjoiaHR0cHM6Ly9pZC50cmlnZ2VyLmRldiIsImF1ZCI6Imh0dHBzOi8vYXBpLnRyaWdnZXIuZGV2Ii" \
    "wiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDM2MDB9"

static const char *const known_tokens[] = {
    [CS_ALG_HS256] =
        "eyJhbGciOiJIUzI1NiJ9." PAYLOAD_64 ".c02It_XtN3h_rhiz4GvHT0WEeAcAG72iGZ3gjpljai4",
    [CS_ALG_HS384] = "eyJhbGciOiJIUzM4NCJ9." PAYLOAD_64
                     ".jBhElMTVTp4V4sui0L4UCQuUsRfDuPUu47WIp0RhmZJLVU1Xub0ScqnRNhlNQUHM",
    [CS_ALG_HS512] = "eyJhbGciOiJIUzUxMiJ9." PAYLOAD_64
                     ".GwYF11B4LqBZYRcV0g_UfZ81AHukohupLNywKauj5AfFJQ6zPOtYQ3VZhFIyipv3Z1bm9DgSR_n"
                     "Rz68jWpl2IQ",
    [CS_ALG_NONE] = "eyJhbGciOiJub25lIn0." PAYLOAD_64 ".",
};

static enum cs_err verify_forged(struct cs_view header, struct cs_view payload,
                                 const struct cs_token_checks *checks)
{
    struct cs_buf text = CS_BUF(65536);
    struct cs_token token = {0};
    forge(&text, header, payload);
    enum cs_err err = cs_token_verify(cs_buf_view(&text), KEY, checks, &token, NULL);
    cs_token_free(&token);
    cs_buf_free(&text);
    return err;
}

static void mint_gives_known_answers(void **state)
{
    (void)state;
    for (enum cs_token_alg alg = CS_ALG_HS256; alg <= CS_ALG_NONE; alg++) {
        struct cs_token_claims claims = CS_TOKEN_CLAIMS("env_1", scopes, 2, NOW);
        struct cs_buf out = CS_BUF(4096);
        claims.alg = alg;
        assert_int_equal(cs_token_mint(&claims, KEY, &out), CS_OK);
        char *text = cs_buf_take(&out);
        assert_non_null(text);
        assert_string_equal(text, known_tokens[alg]);
        free(text);
    }
}

/* TOK-01 to TOK-04 */
static void minted_token_decodes_to_its_claims(void **state)
{
    (void)state;
    struct cs_token token = {0};
    assert_int_equal(
        cs_token_verify(cs_view_str(known_tokens[CS_ALG_HS256]), KEY, &strict, &token, NULL),
        CS_OK);
    assert_string_equal(token.alg, "HS256");
    assert_string_equal(token.sub, "env_1");
    assert_string_equal(token.iss, CS_TOKEN_ISSUER);
    assert_string_equal(token.aud, CS_TOKEN_AUDIENCE);
    assert_true(token.pub && token.has_scopes && token.has_iat && token.has_exp);
    assert_false(token.bad_time || token.has_crit || token.has_nbf);
    assert_int_equal(token.exp - token.iat, CS_TOKEN_LIFE_S);
    assert_int_equal(token.n_scopes, 2);
    assert_string_equal(token.scopes[0], scopes[0]);
    assert_string_equal(token.scopes[1], scopes[1]);
    cs_token_free(&token);
    assert_null(token.scopes);
    cs_token_free(&token); /* a freed one is an empty one */
    cs_token_free(NULL);
}

static void left_out_claims_are_absent(void **state)
{
    (void)state;
    const struct cs_token_claims claims = {.no_scopes = true, .iat = -1, .exp = -1};
    struct cs_buf out = CS_BUF(4096);
    struct cs_token token = {0};
    assert_int_equal(cs_token_mint(&claims, KEY, &out), CS_OK);
    assert_int_equal(cs_token_decode(cs_buf_view(&out), &token, NULL), CS_OK);
    assert_null(token.sub);
    assert_null(token.iss);
    assert_null(token.aud);
    assert_false(token.pub || token.has_scopes || token.has_iat || token.has_exp);
    assert_int_equal(token.n_scopes, 0);
    cs_token_free(&token);
    cs_buf_free(&out);
}

static void strings_survive_the_round_trip(void **state)
{
    (void)state;
    static const char *const odd[] = {"read:sessions:a\"b\\c\n\x01/\xc3\xa9", ""};
    const struct cs_token_claims claims = CS_TOKEN_CLAIMS("env \"1\"", odd, 2, NOW);
    struct cs_buf out = CS_BUF(4096);
    struct cs_token token = {0};
    cs_buf_str(&out, "Bearer ");
    assert_int_equal(cs_token_mint(&claims, KEY, &out), CS_OK);
    assert_memory_equal(out.ptr, "Bearer ey", 9); /* appended, not put in place of */
    cs_buf_consume(&out, 7);
    assert_int_equal(cs_token_verify(cs_buf_view(&out), KEY, &strict, &token, NULL), CS_OK);
    assert_string_equal(token.sub, "env \"1\"");
    assert_int_equal(token.n_scopes, 2);
    assert_string_equal(token.scopes[0], odd[0]);
    assert_string_equal(token.scopes[1], "");
    cs_token_free(&token);
    cs_buf_free(&out);
}

static void mint_respects_the_ceiling(void **state)
{
    (void)state;
    const struct cs_token_claims claims = CS_TOKEN_CLAIMS("env_1", scopes, 2, NOW);
    size_t len = strlen(known_tokens[CS_ALG_HS256]);
    for (size_t max = 1; max < len; max++) {
        struct cs_buf out = CS_BUF(max);
        assert_int_equal(cs_token_mint(&claims, KEY, &out), CS_ERR_LIMIT);
        cs_buf_free(&out);
    }
    struct cs_buf out = CS_BUF(len);
    assert_int_equal(cs_token_mint(&claims, KEY, &out), CS_OK);
    assert_int_equal(out.len, len);
    cs_buf_free(&out);
}

/* A forged token is signed as asked for, whatever its header says. */
static void forged_tokens_keep_their_texts(void **state)
{
    (void)state;
    struct cs_buf out = CS_BUF(CS_TOKEN_MAX_LEN);
    struct cs_buf none = CS_BUF(CS_TOKEN_MAX_LEN);
    struct cs_token token;
    assert_int_equal(cs_token_forge(CS_VIEW("{\"alg\":\"RS256\"}"), CS_VIEW("{\"sub\":\"s\"}"),
                                    CS_ALG_HS256, KEY, &out),
                     CS_OK);
    assert_int_equal(cs_token_decode(cs_buf_view(&out), &token, NULL), CS_OK);
    assert_string_equal(token.alg, "RS256");
    assert_string_equal(token.sub, "s");
    assert_int_not_equal(out.ptr[out.len - 1], '.');
    assert_int_equal(cs_token_forge(CS_VIEW("{\"alg\":\"RS256\"}"), CS_VIEW("{\"sub\":\"s\"}"),
                                    CS_ALG_NONE, KEY, &none),
                     CS_OK);
    assert_int_equal(none.ptr[none.len - 1], '.');
    cs_token_free(&token);
    cs_buf_free(&out);
    cs_buf_free(&none);
}

/* The example of RFC 7515, appendix A.1: foreign spacing, another issuer. */
static void example_of_the_standard_verifies(void **state)
{
    (void)state;
    struct cs_view text = CS_VIEW("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
                                  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                                  "cGxlLmNvbS9pc19yb290Ijp0cnV"
                                  "lfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    struct cs_view key_64 = CS_VIEW(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
    struct cs_buf key = CS_BUF(64);
    struct cs_token token = {0};
    struct cs_diag diag = {0};
    struct cs_token_checks checks = {HS256, 1300819379, false};
    assert_int_equal(cs_base64url_decode(key_64, &key), CS_OK);
    /* The signature holds, so the issuer is what is wrong. */
    forge_check(cs_token_verify(text, cs_buf_view(&key), &checks, &token, &diag), CS_ERR_CLAIM,
                "right key");
    assert_non_null(strstr(diag.text, "iss is joe"));
    checks.now_s++;
    forge_check(cs_token_verify(text, cs_buf_view(&key), &checks, &token, &diag), CS_ERR_EXPIRED,
                "right key, at exp");
    key.ptr[0] ^= 1;
    forge_check(cs_token_verify(text, cs_buf_view(&key), &checks, &token, &diag), CS_ERR_SIGNATURE,
                "wrong key");
    cs_buf_free(&key);
}

/* TOK-08, bit by bit. */
static void every_bit_of_the_signature_counts(void **state)
{
    (void)state;
    for (enum cs_token_alg alg = CS_ALG_HS256; alg <= CS_ALG_HS512; alg++) {
        const char *known = known_tokens[alg];
        const struct cs_token_checks checks = {1u << alg, NOW, false};
        size_t signed_len = (size_t)(strrchr(known, '.') - known) + 1;
        struct cs_buf mac = CS_BUF(64);
        assert_int_equal(cs_base64url_decode(cs_view_str(known + signed_len), &mac), CS_OK);
        for (size_t bit = 0; bit < mac.len * 8; bit++) {
            struct cs_buf text = CS_BUF(4096);
            struct cs_token token = {0};
            mac.ptr[bit / 8] ^= (char)(1u << bit % 8);
            cs_buf_append(&text, known, signed_len);
            cs_base64url_encode(&text, cs_buf_view(&mac));
            mac.ptr[bit / 8] ^= (char)(1u << bit % 8);
            forge_check(cs_token_verify(cs_buf_view(&text), KEY, &checks, &token, NULL),
                        CS_ERR_SIGNATURE, "one bit of the signature");
            cs_buf_free(&text);
        }
        cs_buf_free(&mac);
    }
}

static void signature_has_exactly_its_length(void **state)
{
    (void)state;
    const char *known = known_tokens[CS_ALG_HS256];
    size_t len = strlen(known);
    struct cs_token token = {0};
    forge_check(cs_token_verify(cs_view_of(known, len - 3), KEY, &strict, &token, NULL),
                CS_ERR_SIGNATURE, "short of two bytes");
    forge_check(cs_token_verify(cs_view_of(known, len - 43), KEY, &strict, &token, NULL),
                CS_ERR_SIGNATURE, "no signature");
    struct cs_buf longer = CS_BUF(4096);
    cs_buf_str(&longer, known);
    cs_buf_str(&longer, "A");
    forge_check(cs_token_verify(cs_buf_view(&longer), KEY, &strict, &token, NULL), CS_ERR_SIGNATURE,
                "one byte more");
    cs_buf_free(&longer);
}

static void other_keys_do_not_verify(void **state)
{
    (void)state;
    struct cs_view text = cs_view_str(known_tokens[CS_ALG_HS256]);
    struct cs_token token = {0};
    forge_check(cs_token_verify(text, CS_VIEW("tr_dev_keY"), &strict, &token, NULL),
                CS_ERR_SIGNATURE, "another key");
    forge_check(cs_token_verify(text, CS_VIEW("tr_dev_ke"), &strict, &token, NULL),
                CS_ERR_SIGNATURE, "shorter key");

    /* An empty key is no secret, even for a token that was signed with it. */
    const struct cs_token_claims claims = CS_TOKEN_CLAIMS("env_1", scopes, 2, NOW);
    struct cs_buf out = CS_BUF(4096);
    assert_int_equal(cs_token_mint(&claims, CS_VIEW(""), &out), CS_OK);
    forge_check(cs_token_verify(cs_buf_view(&out), CS_VIEW(""), &strict, &token, NULL),
                CS_ERR_SIGNATURE, "empty key");
    cs_buf_free(&out);
}

/* TOK-11 and TOK-12: the caller's list decides, and it decides before the signature. */
static void only_allowed_algorithms_pass(void **state)
{
    (void)state;
    for (enum cs_token_alg alg = CS_ALG_HS256; alg <= CS_ALG_NONE; alg++) {
        struct cs_view text = cs_view_str(known_tokens[alg]);
        for (unsigned mask = 0; mask < 16; mask++) {
            const struct cs_token_checks checks = {mask, NOW, false};
            struct cs_token token = {0};
            bool allowed = (mask & 1u << alg) != 0;
            forge_check(cs_token_verify(text, KEY, &checks, &token, NULL),
                        allowed ? CS_OK : CS_ERR_SIGNATURE, known_tokens[alg]);
            cs_token_free(&token);
        }
    }
}

static void forged_headers_are_refused(void **state)
{
    (void)state;
    const struct cs_view headers[] = {
        CS_VIEW("{\"alg\":\"none\"}"),
        CS_VIEW("{\"alg\":\"None\"}"),
        CS_VIEW("{\"alg\":\"RS256\"}"),
        CS_VIEW("{\"alg\":\"ES256\"}"),
        CS_VIEW("{\"alg\":\"hs256\"}"),
        CS_VIEW("{\"alg\":\"HS256 \"}"),
        CS_VIEW("{\"alg\":\"HS256\\u0000\"}"),
        CS_VIEW("{\"alg\":\"\"}"),
        CS_VIEW("{\"alg\":null}"),
        CS_VIEW("{\"alg\":[\"HS256\"]}"),
        CS_VIEW("{\"Alg\":\"HS256\"}"),
        CS_VIEW("{\"typ\":\"JWT\"}"),
        CS_VIEW("{\"jwk\":{\"alg\":\"HS256\"}}"),
        CS_VIEW("{\"alg\":\"HS256\",\"alg\":\"none\"}"), /* the last one counts */
        CS_VIEW("{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}"),
        CS_VIEW("{}"),
    };
    forge_check(verify_forged(CS_VIEW(HEADER), CS_VIEW(GOOD), &strict), CS_OK, "the twin");
    forge_check(verify_forged(CS_VIEW("{\"typ\":\"JWT\",\"kid\":1,\"alg\":\"HS256\"}"),
                              CS_VIEW(GOOD), &strict),
                CS_OK, "other members");
    forge_check(verify_forged(CS_VIEW("{\"\\u0061lg\":\"\\u0048S256\"}"), CS_VIEW(GOOD), &strict),
                CS_OK, "escapes mean their characters");
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        forge_check(verify_forged(headers[i], CS_VIEW(GOOD), &strict), CS_ERR_SIGNATURE,
                    headers[i].ptr);
    }
}

struct payload_row {
    struct cs_view payload;
    enum cs_err expected;
};

static void check_payloads(const struct payload_row *table, size_t n_rows)
{
    for (size_t i = 0; i < n_rows; i++) {
        forge_check(verify_forged(CS_VIEW(HEADER), table[i].payload, &strict), table[i].expected,
                    table[i].payload.ptr);
    }
}

/* TOK-09; NOW is 1700000000. */
static void times_are_judged_to_the_second(void **state)
{
    (void)state;
#define WITH(member) CS_VIEW("{" ISS_AUD "," member "}")
    const struct payload_row table[] = {
        {WITH("\"exp\":1700000001"), CS_OK},
        {WITH("\"exp\":1700000000"), CS_ERR_EXPIRED},
        {WITH("\"exp\":1699999999"), CS_ERR_EXPIRED},
        {WITH("\"exp\":0"), CS_ERR_EXPIRED},
        {WITH("\"exp\":-1700000001"), CS_ERR_EXPIRED},
        {WITH("\"exp\":1700000001.9"), CS_OK},
        {WITH("\"exp\":1700000000.9"), CS_ERR_EXPIRED},
        {WITH("\"exp\":1.700000001e9"), CS_OK},
        {WITH("\"exp\":1e300"), CS_OK},
        {WITH("\"exp\":1e999"), CS_OK},
        {WITH("\"exp\":-1e999"), CS_ERR_EXPIRED},
        {WITH("\"exp\":99999999999999999999999999"), CS_OK},
        {WITH("\"exp\":-99999999999999999999999999"), CS_ERR_EXPIRED},
        {WITH("\"exp\":1,\"exp\":1700000001"), CS_OK}, /* the last one counts */
        {WITH("\"exp\":1700000001,\"exp\":1"), CS_ERR_EXPIRED},
        {WITH("\"exp\":\"1700000001\""), CS_ERR_CLAIM},
        {WITH("\"exp\":null"), CS_ERR_CLAIM},
        {WITH("\"exp\":true"), CS_ERR_CLAIM},
        {WITH("\"exp\":[1700000001]"), CS_ERR_CLAIM},
        {WITH("\"x\":{\"exp\":1700000001}"), CS_ERR_CLAIM}, /* absent */
        {WITH("\"exp\":1700000001,\"iat\":1800000000"), CS_OK},
        {WITH("\"exp\":1700000001,\"iat\":\"x\""), CS_ERR_CLAIM},
        {WITH("\"exp\":1700000001,\"nbf\":1700000000"), CS_OK},
        {WITH("\"exp\":1700000001,\"nbf\":1700000001"), CS_ERR_CLAIM},
        {WITH("\"exp\":1700000001,\"nbf\":false"), CS_ERR_CLAIM},
    };
#undef WITH
    check_payloads(table, sizeof table / sizeof table[0]);
}

static void absent_exp_passes_only_when_optional(void **state)
{
    (void)state;
    const struct cs_token_checks optional = {HS256, NOW, true};
    struct cs_view header = CS_VIEW(HEADER);
    struct cs_view none = CS_VIEW("{" ISS_AUD "}");
    forge_check(verify_forged(header, none, &strict), CS_ERR_CLAIM, "required");
    forge_check(verify_forged(header, none, &optional), CS_OK, "optional");
    forge_check(verify_forged(header, CS_VIEW("{" ISS_AUD ",\"exp\":1}"), &optional),
                CS_ERR_EXPIRED, "optional does not mean ignored");
    forge_check(verify_forged(header, CS_VIEW("{" ISS_AUD ",\"exp\":\"x\"}"), &optional),
                CS_ERR_CLAIM, "a wrong type is not absence");
}

/* TOK-10 */
static void issuer_and_audience_must_be_ours(void **state)
{
    (void)state;
#define WITH(iss, aud) CS_VIEW("{\"exp\":1700000001" iss aud "}")
#define ISS            ",\"iss\":\"https://id.trigger.dev\""
#define AUD            ",\"aud\":\"https://api.trigger.dev\""
    const struct payload_row table[] = {
        {WITH(ISS, AUD), CS_OK},
        {WITH("", AUD), CS_ERR_CLAIM},
        {WITH(ISS, ""), CS_ERR_CLAIM},
        {WITH(",\"iss\":\"https://id.trigger.dev/\"", AUD), CS_ERR_CLAIM},
        {WITH(",\"iss\":\"\"", AUD), CS_ERR_CLAIM},
        {WITH(",\"iss\":null", AUD), CS_ERR_CLAIM},
        {WITH(",\"iss\":\"https://id.trigger.dev\\u0000\"", AUD), CS_ERR_CLAIM},
        {WITH(ISS, ",\"aud\":\"https://api.trigger.de\""), CS_ERR_CLAIM},
        {WITH(ISS, ",\"aud\":\"HTTPS://API.TRIGGER.DEV\""), CS_ERR_CLAIM},
        {WITH(ISS, ",\"aud\":7"), CS_ERR_CLAIM},
        {WITH(ISS, ",\"x\":{\"aud\":\"https://api.trigger.dev\"}"), CS_ERR_CLAIM},
    };
#undef WITH
    check_payloads(table, sizeof table / sizeof table[0]);
}

/* A token with everything wrong is refused for the first reason in the documented order. */
static void reasons_come_in_order(void **state)
{
    (void)state;
    struct cs_buf text = CS_BUF(4096);
    struct cs_token token = {0};
    struct cs_diag diag = {0};
    forge(&text, CS_VIEW("{\"alg\":\"RS256\"}"), CS_VIEW("{\"exp\":1}"));
    text.ptr[text.len - 2] ^= 1;
    forge_check(cs_token_verify(cs_buf_view(&text), KEY, &strict, &token, &diag), CS_ERR_SIGNATURE,
                "alg first");
    assert_non_null(strstr(diag.text, "RS256"));
    forge(&text, CS_VIEW(HEADER), CS_VIEW("{\"exp\":1}"));
    forge_check(cs_token_verify(cs_buf_view(&text), CS_VIEW("x"), &strict, &token, &diag),
                CS_ERR_SIGNATURE, "signature next");
    forge_check(cs_token_verify(cs_buf_view(&text), KEY, &strict, &token, &diag), CS_ERR_EXPIRED,
                "then exp");
    cs_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mint_gives_known_answers),
        cmocka_unit_test(minted_token_decodes_to_its_claims),
        cmocka_unit_test(left_out_claims_are_absent),
        cmocka_unit_test(strings_survive_the_round_trip),
        cmocka_unit_test(mint_respects_the_ceiling),
        cmocka_unit_test(forged_tokens_keep_their_texts),
        cmocka_unit_test(example_of_the_standard_verifies),
        cmocka_unit_test(every_bit_of_the_signature_counts),
        cmocka_unit_test(signature_has_exactly_its_length),
        cmocka_unit_test(other_keys_do_not_verify),
        cmocka_unit_test(only_allowed_algorithms_pass),
        cmocka_unit_test(forged_headers_are_refused),
        cmocka_unit_test(times_are_judged_to_the_second),
        cmocka_unit_test(absent_exp_passes_only_when_optional),
        cmocka_unit_test(issuer_and_audience_must_be_ours),
        cmocka_unit_test(reasons_come_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
