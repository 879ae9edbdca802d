/* The JSON scanner: tokens cover the text and come in order, every way of asking agrees, strings
 * and integers survive the way out and back. Input: the text. */
#include "fuzz/json_oracle.h"

struct walk {
    struct cs_json json;
    struct cs_json_token token;
    size_t end; /* of the token before */
    unsigned depth;
    struct cs_json_token last_key; /* of the outermost object */
    size_t last_value_at;
};

static void check_token(struct walk *walk)
{
    const struct cs_json_token *token = &walk->token;
    bool is_key = token->type == CS_JSON_KEY;
    bool closes = token->type == CS_JSON_OBJECT_END || token->type == CS_JSON_ARRAY_END;

    FUZZ_CHECK(walk->end <= token->offset && token->offset <= walk->json.pos);
    for (size_t i = walk->end; i < token->offset; i++) {
        FUZZ_CHECK(fuzz_has(CS_VIEW(" \t\r\n,:"), walk->json.text.ptr[i]));
    }
    FUZZ_CHECK(token->type == CS_JSON_END ? token->offset == walk->json.text.len
                                          : walk->end < walk->json.pos);
    walk->depth -= closes;
    FUZZ_CHECK(token->depth == walk->depth);
    walk->depth += token->type == CS_JSON_OBJECT || token->type == CS_JSON_ARRAY;
    if (walk->last_key.type == CS_JSON_KEY && walk->last_value_at == 0) {
        walk->last_value_at = token->offset;
    }
    if (is_key && token->depth == 1) {
        walk->last_key = *token;
        walk->last_value_at = 0;
    }
    if (is_key || token->type == CS_JSON_STRING) {
        fuzz_json_string(token);
    } else if (token->type == CS_JSON_NUMBER) {
        fuzz_json_number(token);
    }
    walk->end = walk->json.pos;
}

/* Of members with the same name the last counts. */
static void check_members(const struct walk *walk)
{
    struct cs_buf name = CS_BUF(FUZZ_BUF_MAX);
    struct cs_view value;

    cs_json_unescape(walk->last_key.raw, &name);
    FUZZ_CHECK(cs_json_get(walk->json.text, cs_buf_view(&name), &value) == CS_OK);
    FUZZ_CHECK(value.ptr == walk->json.text.ptr + walk->last_value_at);
    FUZZ_CHECK(cs_json_check(value, NULL) == CS_OK);
    cs_buf_free(&name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct walk walk = {.end = 0};
    struct cs_json_token again;
    struct cs_diag fault = {0};
    struct cs_diag checked = {0};
    enum cs_json_type type;

    cs_json_init(&walk.json, cs_view_of((const char *)data, size));
    while ((type = cs_json_next(&walk.json, &walk.token, &fault)) != CS_JSON_ERROR) {
        check_token(&walk);
        if (type == CS_JSON_END) {
            break;
        }
    }
    FUZZ_CHECK(cs_json_next(&walk.json, &again, NULL) == type && again.offset == walk.token.offset);
    FUZZ_CHECK(cs_json_check(walk.json.text, &checked) == fault.code);
    FUZZ_CHECK(checked.offset == fault.offset && fault.offset <= size);
    FUZZ_CHECK((type == CS_JSON_END) == (fault.code == CS_OK));
    if (type == CS_JSON_END && walk.last_key.type == CS_JSON_KEY) {
        check_members(&walk);
    }
    return 0;
}
