/* What must hold of a single JSON token: its value survives the way out and back, and is what
 * cJSON makes of it where that can read it. */
#ifndef CHATSPEC_FUZZ_JSON_ORACLE_H
#define CHATSPEC_FUZZ_JSON_ORACLE_H

#include <cjson/cJSON.h>

#include "fuzz/differences.h"
#include "wire/json.h"
#include "wire/utf8.h"

static inline void fuzz_json_as_cjson(const struct cs_json_token *token, struct cs_view value)
{
    unsigned traits = fuzz_token_traits(token);
    cJSON *read;

    if (fuzz_differs(FUZZ_CJSON, FUZZ_REFUSES, traits) ||
        fuzz_differs(FUZZ_CJSON, FUZZ_CUTS, traits)) {
        return;
    }
    read = cJSON_ParseWithLength(token->raw.ptr - 1, token->raw.len + 2);
    FUZZ_CHECK(cJSON_IsString(read) && cs_view_eq(cs_view_str(read->valuestring), value));
    cJSON_Delete(read);
}

static inline void fuzz_json_string(const struct cs_json_token *token)
{
    struct cs_buf value = CS_BUF(FUZZ_BUF_MAX);
    struct cs_buf text = CS_BUF(FUZZ_BUF_MAX);
    struct cs_buf again = CS_BUF(FUZZ_BUF_MAX);

    cs_json_unescape(token->raw, &value);
    FUZZ_CHECK(value.len <= token->raw.len && cs_buf_error(&value) == CS_OK);
    FUZZ_CHECK(cs_utf8_valid_prefix(cs_buf_view(&value)) == value.len);
    FUZZ_CHECK(cs_json_is(token, cs_buf_view(&value)));
    FUZZ_CHECK(fuzz_has(token->raw, '\\') == !!(token->flags & CS_JSON_ESCAPED));
    FUZZ_CHECK(fuzz_has(cs_buf_view(&value), '\0') == !!(token->flags & CS_JSON_NUL));
    FUZZ_CHECK(token->flags & CS_JSON_ESCAPED || cs_view_eq(cs_buf_view(&value), token->raw));
    fuzz_json_as_cjson(token, cs_buf_view(&value));
    cs_buf_char(&text, '"');
    cs_json_escape(&text, cs_buf_view(&value));
    cs_buf_char(&text, '"');
    FUZZ_CHECK(text.len == 2 + cs_json_escaped_len(cs_buf_view(&value)));
    FUZZ_CHECK(cs_json_string(cs_buf_view(&text), &again) == CS_OK);
    FUZZ_CHECK(cs_view_eq(cs_buf_view(&again), cs_buf_view(&value)));
    cs_buf_free(&value);
    cs_buf_free(&text);
    cs_buf_free(&again);
}

static inline void fuzz_json_number(const struct cs_json_token *token)
{
    char text[32] = "-0"; /* the one integer that has another spelling */
    uint64_t natural;
    int64_t integer;
    bool fits = cs_json_i64(token, &integer) == CS_OK;

    if (cs_json_u64(token, &natural) == CS_OK) {
        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)natural);
        FUZZ_CHECK(fits == (natural <= INT64_MAX) && (!fits || (uint64_t)integer == natural));
    } else if (fits && integer != 0) {
        (void)snprintf(text, sizeof(text), "%lld", (long long)integer);
        FUZZ_CHECK(integer < 0);
    } else if (!fits) {
        return;
    }
    FUZZ_CHECK(cs_view_eq(token->raw, cs_view_str(text)));
}

#endif
