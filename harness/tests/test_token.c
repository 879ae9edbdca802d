/* Tokens: known answers, what a verifier must refuse and why, and the alphabet they are written in.
 * Every refusal has a twin that differs in the tested thing only and is accepted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "wire/token.h"

#define KEY       CS_VIEW("tr_dev_key")
#define NOW       ((int64_t)1700000000)
#define HS256     (1u << CS_ALG_HS256)
#define ISS_AUD   "\"iss\":\"https://id.trigger.dev\",\"aud\":\"https://api.trigger.dev\""
#define HEADER    "{\"alg\":\"HS256\"}"
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

static void assert_err(enum cs_err err, enum cs_err expected, const char *what)
{
    if (err != expected) {
        fail_msg("%s: %s, expected %s", what, cs_err_name(err), cs_err_name(expected));
    }
}

/* Signs any header and payload; what the mint would never write. */
static void forge(struct cs_buf *out, struct cs_view header, struct cs_view payload)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    cs_buf_clear(out);
    cs_base64url_encode(out, header);
    cs_buf_char(out, '.');
    cs_base64url_encode(out, payload);
    assert_non_null(HMAC(EVP_sha256(), KEY.ptr, (int)KEY.len, (const unsigned char *)out->ptr,
                         out->len, mac, &mac_len));
    cs_buf_char(out, '.');
    cs_base64url_encode(out, cs_view_of((const char *)mac, mac_len));
    assert_int_equal(cs_buf_error(out), CS_OK);
}

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

static enum cs_err decode_str(const char *text)
{
    struct cs_token token = {0};
    enum cs_err err = cs_token_decode(cs_view_str(text), &token, NULL);
    cs_token_free(&token);
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
    assert_err(cs_token_verify(text, cs_buf_view(&key), &checks, &token, &diag), CS_ERR_CLAIM,
               "right key");
    assert_non_null(strstr(diag.text, "iss is joe"));
    checks.now_s++;
    assert_err(cs_token_verify(text, cs_buf_view(&key), &checks, &token, &diag), CS_ERR_EXPIRED,
               "right key, at exp");
    key.ptr[0] ^= 1;
    assert_err(cs_token_verify(text, cs_buf_view(&key), &checks, &token, &diag), CS_ERR_SIGNATURE,
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
            assert_err(cs_token_verify(cs_buf_view(&text), KEY, &checks, &token, NULL),
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
    assert_err(cs_token_verify(cs_view_of(known, len - 3), KEY, &strict, &token, NULL),
               CS_ERR_SIGNATURE, "short of two bytes");
    assert_err(cs_token_verify(cs_view_of(known, len - 43), KEY, &strict, &token, NULL),
               CS_ERR_SIGNATURE, "no signature");
    struct cs_buf longer = CS_BUF(4096);
    cs_buf_str(&longer, known);
    cs_buf_str(&longer, "A");
    assert_err(cs_token_verify(cs_buf_view(&longer), KEY, &strict, &token, NULL), CS_ERR_SIGNATURE,
               "one byte more");
    cs_buf_free(&longer);
}

static void other_keys_do_not_verify(void **state)
{
    (void)state;
    struct cs_view text = cs_view_str(known_tokens[CS_ALG_HS256]);
    struct cs_token token = {0};
    assert_err(cs_token_verify(text, CS_VIEW("tr_dev_keY"), &strict, &token, NULL),
               CS_ERR_SIGNATURE, "another key");
    assert_err(cs_token_verify(text, CS_VIEW("tr_dev_ke"), &strict, &token, NULL), CS_ERR_SIGNATURE,
               "shorter key");

    /* An empty key is no secret, even for a token that was signed with it. */
    const struct cs_token_claims claims = CS_TOKEN_CLAIMS("env_1", scopes, 2, NOW);
    struct cs_buf out = CS_BUF(4096);
    assert_int_equal(cs_token_mint(&claims, CS_VIEW(""), &out), CS_OK);
    assert_err(cs_token_verify(cs_buf_view(&out), CS_VIEW(""), &strict, &token, NULL),
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
            assert_err(cs_token_verify(text, KEY, &checks, &token, NULL),
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
    assert_err(verify_forged(CS_VIEW(HEADER), CS_VIEW(GOOD), &strict), CS_OK, "the twin");
    assert_err(verify_forged(CS_VIEW("{\"typ\":\"JWT\",\"kid\":1,\"alg\":\"HS256\"}"),
                             CS_VIEW(GOOD), &strict),
               CS_OK, "other members");
    assert_err(verify_forged(CS_VIEW("{\"\\u0061lg\":\"\\u0048S256\"}"), CS_VIEW(GOOD), &strict),
               CS_OK, "escapes mean their characters");
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_err(verify_forged(headers[i], CS_VIEW(GOOD), &strict), CS_ERR_SIGNATURE,
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
        assert_err(verify_forged(CS_VIEW(HEADER), table[i].payload, &strict), table[i].expected,
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
    assert_err(verify_forged(header, none, &strict), CS_ERR_CLAIM, "required");
    assert_err(verify_forged(header, none, &optional), CS_OK, "optional");
    assert_err(verify_forged(header, CS_VIEW("{" ISS_AUD ",\"exp\":1}"), &optional), CS_ERR_EXPIRED,
               "optional does not mean ignored");
    assert_err(verify_forged(header, CS_VIEW("{" ISS_AUD ",\"exp\":\"x\"}"), &optional),
               CS_ERR_CLAIM, "a wrong type is not absence");
}

static void negative_fractions_are_floored(void **state)
{
    (void)state;
    struct cs_buf text = CS_BUF(4096);
    struct cs_token token = {0};
    forge(&text, CS_VIEW(HEADER), CS_VIEW("{\"iat\":-1.5,\"nbf\":-0.0,\"exp\":2.75}"));
    assert_int_equal(cs_token_decode(cs_buf_view(&text), &token, NULL), CS_OK);
    assert_int_equal(token.iat, -2);
    assert_int_equal(token.nbf, 0);
    assert_int_equal(token.exp, 2);
    cs_token_free(&token);
    cs_buf_free(&text);
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
    assert_err(cs_token_verify(cs_buf_view(&text), KEY, &strict, &token, &diag), CS_ERR_SIGNATURE,
               "alg first");
    assert_non_null(strstr(diag.text, "RS256"));
    forge(&text, CS_VIEW(HEADER), CS_VIEW("{\"exp\":1}"));
    assert_err(cs_token_verify(cs_buf_view(&text), CS_VIEW("x"), &strict, &token, &diag),
               CS_ERR_SIGNATURE, "signature next");
    assert_err(cs_token_verify(cs_buf_view(&text), KEY, &strict, &token, &diag), CS_ERR_EXPIRED,
               "then exp");
    cs_buf_free(&text);
}

static void scopes_keep_only_strings(void **state)
{
    (void)state;
    const struct {
        struct cs_view payload;
        bool has_scopes;
        size_t n_scopes;
        const char *first;
    } table[] = {
        {CS_VIEW("{}"), false, 0, NULL},
        {CS_VIEW("{\"scopes\":\"admin\"}"), false, 0, NULL},
        {CS_VIEW("{\"scopes\":{\"0\":\"admin\"}}"), false, 0, NULL},
        {CS_VIEW("{\"scopes\":null}"), false, 0, NULL},
        {CS_VIEW("{\"scopes\":[]}"), true, 0, NULL},
        {CS_VIEW("{\"scopes\":[1,null,true,[\"admin\"],{\"admin\":\"admin\"},\"a\"]}"), true, 1,
         "a"},
        {CS_VIEW("{\"scopes\":[\"\\u0072ead:all\",\"b\"]}"), true, 2, "read:all"},
        {CS_VIEW("{\"scopes\":[\"admin\"],\"scopes\":[]}"), true, 0, NULL},
        /* Cut at the NUL this would be every session instead of one. */
        {CS_VIEW("{\"scopes\":[\"read:sessions\\u0000:K\",\"b\"]}"), true, 1, "b"},
        {CS_VIEW("{\"x\":{\"scopes\":[\"admin\"]}}"), false, 0, NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct cs_buf text = CS_BUF(4096);
        struct cs_token token = {0};
        forge(&text, CS_VIEW(HEADER), table[i].payload);
        assert_err(cs_token_decode(cs_buf_view(&text), &token, NULL), CS_OK, table[i].payload.ptr);
        assert_int_equal(token.has_scopes, table[i].has_scopes);
        assert_int_equal(token.n_scopes, table[i].n_scopes);
        if (table[i].first != NULL) {
            assert_string_equal(token.scopes[0], table[i].first);
        }
        cs_token_free(&token);
        cs_buf_free(&text);
    }
}

/* TOK-13: only the literal true is true. */
static void pub_is_the_literal_true(void **state)
{
    (void)state;
    const struct {
        struct cs_view payload;
        bool pub;
    } table[] = {
        {CS_VIEW("{\"pub\":true}"), true},      {CS_VIEW("{\"pub\": true }"), true},
        {CS_VIEW("{\"pub\":false}"), false},    {CS_VIEW("{\"pub\":1}"), false},
        {CS_VIEW("{\"pub\":\"true\"}"), false}, {CS_VIEW("{\"x\":{\"pub\":true}}"), false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct cs_buf text = CS_BUF(4096);
        struct cs_token token = {0};
        forge(&text, CS_VIEW(HEADER), table[i].payload);
        assert_int_equal(cs_token_decode(cs_buf_view(&text), &token, NULL), CS_OK);
        assert_int_equal(token.pub, table[i].pub);
        cs_token_free(&token);
        cs_buf_free(&text);
    }
}

static void what_is_no_token_is_refused(void **state)
{
    (void)state;
    /* e30 is {}, W10 is [], bnVsbA is null, MQ is 1. */
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "...",
        "e30",
        "e30.e30",
        "e30.e30.AA.AA",
        "e30.e30.AA.",
        ".e30.AA",
        "e30..AA",
        "W10.e30.AA",
        "e30.W10.AA",
        "bnVsbA.e30.AA",
        "e30.bnVsbA.AA",
        "e30.MQ.AA",
        "e30=.e30.AA",
        "e30.e30.AA==",
        "e30.e30.A",
        "e30.e30.A+==",
        "e30.e30.A/",
        "e30 .e30.AA",
        "e30.e30.AA\n",
        " e30.e30.AA",
        "e30.e30.AB" /* spare bits set */,
        "e31.e30.AA" /* spare bits set */,
        "tr_dev_1234567890",
        "e30.ew.AA" /* { */,
        "e30.e30x.AA",
        "77u_e30.e30.AA" /* BOM */,
    };
    assert_err(decode_str("e30.e30.AA"), CS_OK, "the twin");
    assert_err(decode_str("e30.e30."), CS_OK, "an empty signature decodes");
    assert_err(decode_str("IHt9IA.e30.AA"), CS_OK, "space around the object");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_err(decode_str(bad[i]), CS_ERR_SYNTAX, bad[i]);
    }
    struct cs_token token = {0};
    assert_err(cs_token_decode((struct cs_view){NULL, 0}, &token, NULL), CS_ERR_SYNTAX, "no bytes");
    assert_err(cs_token_decode(CS_VIEW("e30.e30\0.AA"), &token, NULL), CS_ERR_SYNTAX, "a NUL");
}

static void faults_name_the_part(void **state)
{
    (void)state;
    const struct {
        const char *text;
        uint64_t offset;
        const char *word;
    } table[] = {
        {"e30=.e30.AA", 0, "header is not base64url"},
        {"e30.e3*.AA", 4, "payload is not base64url"},
        {"e30.e30.A", 8, "signature is not base64url"},
        {"e30.ew.AA", 4, "payload is not JSON"},
        {"W10.e30.AA", 0, "header is not a JSON object"},
        {"e30.e30", 7, "two"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct cs_token token = {0};
        struct cs_diag diag = {0};
        assert_err(cs_token_decode(cs_view_str(table[i].text), &token, &diag), CS_ERR_SYNTAX,
                   table[i].text);
        assert_int_equal(diag.code, CS_ERR_SYNTAX);
        assert_int_equal(diag.offset, table[i].offset);
        assert_non_null(strstr(diag.text, table[i].word));
    }
}

static void deep_and_huge_tokens_are_bounded(void **state)
{
    (void)state;
    struct cs_buf payload = CS_BUF(65536);
    cs_buf_str(&payload, "{\"x\":");
    for (int i = 0; i < 600; i++) {
        cs_buf_char(&payload, '[');
    }
    for (int i = 0; i < 600; i++) {
        cs_buf_char(&payload, ']');
    }
    cs_buf_char(&payload, '}');
    assert_err(verify_forged(CS_VIEW(HEADER), cs_buf_view(&payload), &strict), CS_ERR_LIMIT,
               "600 levels");

    /* Exactly the longest token, then one byte more. */
    struct cs_buf text = CS_BUF(CS_TOKEN_MAX_LEN + 1);
    struct cs_token token = {0};
    cs_buf_str(&text, "e30.e30.");
    while (text.len < CS_TOKEN_MAX_LEN) {
        cs_buf_char(&text, 'A');
    }
    assert_err(cs_token_decode(cs_buf_view(&text), &token, NULL), CS_OK, "longest");
    cs_token_free(&token);
    cs_buf_char(&text, 'A');
    assert_err(cs_token_decode(cs_buf_view(&text), &token, NULL), CS_ERR_LIMIT, "too long");
    cs_buf_free(&payload);
    cs_buf_free(&text);
}

static void base64url_has_one_spelling(void **state)
{
    (void)state;
    const struct {
        struct cs_view bytes;
        struct cs_view text;
    } table[] = {
        {CS_VIEW(""), CS_VIEW("")},
        {CS_VIEW("f"), CS_VIEW("Zg")},
        {CS_VIEW("fo"), CS_VIEW("Zm8")},
        {CS_VIEW("foo"), CS_VIEW("Zm9v")},
        {CS_VIEW("foob"), CS_VIEW("Zm9vYg")},
        {CS_VIEW("\xfb\xff\xfe"), CS_VIEW("-__-")},
        {CS_VIEW("\0\0\0\0"), CS_VIEW("AAAAAA")},
    };
    const struct cs_view bad[] = {
        CS_VIEW("Z"),      CS_VIEW("Zm9vY"),      CS_VIEW("Zg=="), CS_VIEW("Zm8="),
        CS_VIEW("+__-"),   CS_VIEW("-//-"),       CS_VIEW("Zm 8"), CS_VIEW("Zm8\n"),
        CS_VIEW("Zm\x00"), CS_VIEW("Zm\xc3\xa9"), CS_VIEW("Zh"),   CS_VIEW("Zv"),
        CS_VIEW("Zm9"),    CS_VIEW("Zm-"),
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct cs_buf out = CS_BUF(64);
        cs_base64url_encode(&out, table[i].bytes);
        assert_true(cs_view_eq(cs_buf_view(&out), table[i].text));
        cs_buf_clear(&out);
        assert_int_equal(cs_base64url_decode(table[i].text, &out), CS_OK);
        assert_true(cs_view_eq(cs_buf_view(&out), table[i].bytes));
        cs_buf_free(&out);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cs_buf out = CS_BUF(64);
        cs_buf_str(&out, "kept");
        assert_err(cs_base64url_decode(bad[i], &out), CS_ERR_SYNTAX, bad[i].ptr);
        assert_true(cs_view_eq(cs_buf_view(&out), CS_VIEW("kept")));
        cs_buf_free(&out);
    }
    struct cs_buf tiny = CS_BUF(2);
    assert_err(cs_base64url_decode(CS_VIEW("Zm9v"), &tiny), CS_ERR_LIMIT, "no room");
    cs_buf_free(&tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mint_gives_known_answers),
        cmocka_unit_test(minted_token_decodes_to_its_claims),
        cmocka_unit_test(left_out_claims_are_absent),
        cmocka_unit_test(strings_survive_the_round_trip),
        cmocka_unit_test(mint_respects_the_ceiling),
        cmocka_unit_test(example_of_the_standard_verifies),
        cmocka_unit_test(every_bit_of_the_signature_counts),
        cmocka_unit_test(signature_has_exactly_its_length),
        cmocka_unit_test(other_keys_do_not_verify),
        cmocka_unit_test(only_allowed_algorithms_pass),
        cmocka_unit_test(forged_headers_are_refused),
        cmocka_unit_test(times_are_judged_to_the_second),
        cmocka_unit_test(absent_exp_passes_only_when_optional),
        cmocka_unit_test(negative_fractions_are_floored),
        cmocka_unit_test(issuer_and_audience_must_be_ours),
        cmocka_unit_test(reasons_come_in_order),
        cmocka_unit_test(scopes_keep_only_strings),
        cmocka_unit_test(pub_is_the_literal_true),
        cmocka_unit_test(what_is_no_token_is_refused),
        cmocka_unit_test(faults_name_the_part),
        cmocka_unit_test(deep_and_huge_tokens_are_bounded),
        cmocka_unit_test(base64url_has_one_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
