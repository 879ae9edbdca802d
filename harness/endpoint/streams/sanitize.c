/* Only the client's word is taken away: a webhook action is one that the platform itself vouches
 * for, so what a browser appends must not claim to be one. */
#include "endpoint/streams/sanitize.h"

#include "wire/json.h"

#define SOURCE_NAME CS_VIEW("actionSource")

/* True when the JSON text of a value is a string equal to `expected`. */
static bool is_string(struct cs_view text, struct cs_view expected)
{
    struct cs_json json;
    struct cs_json_token token;
    cs_json_init(&json, text);
    return cs_json_next(&json, &token, NULL) == CS_JSON_STRING && cs_json_is(&token, expected);
}

struct writer {
    struct cs_json json; /* where the original is read */
    struct cs_buf *out;
    bool payload_next; /* the name `payload` was just read */
    bool in_payload;
    bool need_comma;
};

static void write_separator(struct writer *writer)
{
    if (writer->need_comma) {
        cs_buf_char(writer->out, ',');
    }
    writer->need_comma = true;
}

/* Strings are decoded and escaped again, as JSON.stringify after JSON.parse does. */
static void write_string(struct cs_buf *out, const struct cs_json_token *token)
{
    cs_buf_char(out, '"');
    if (token->flags & CS_JSON_ESCAPED) {
        struct cs_buf text = CS_BUF(token->raw.len + 16);
        cs_json_unescape(token->raw, &text);
        cs_json_escape(out, cs_buf_view(&text));
        cs_buf_free(&text);
    } else {
        cs_buf_add(out, token->raw);
    }
    cs_buf_char(out, '"');
}

/* Writes a member's name, or passes over the whole member when it is the one to drop. */
static bool write_key(struct writer *writer, const struct cs_json_token *key)
{
    if (key->depth == 1) {
        writer->in_payload = false;
        writer->payload_next = cs_json_is(key, CS_VIEW("payload"));
    } else if (key->depth == 2 && writer->in_payload && cs_json_is(key, SOURCE_NAME)) {
        struct cs_json_token value;
        struct cs_view dropped;
        cs_json_next(&writer->json, &value, NULL);
        return cs_json_value_text(&writer->json, &value, &dropped, NULL) == CS_OK;
    }
    write_separator(writer);
    write_string(writer->out, key);
    cs_buf_char(writer->out, ':');
    writer->need_comma = false;
    return true;
}

static void write_open(struct writer *writer, const struct cs_json_token *token)
{
    write_separator(writer);
    cs_buf_char(writer->out, token->type == CS_JSON_OBJECT ? '{' : '[');
    writer->need_comma = false;
    if (writer->payload_next) {
        writer->in_payload = token->type == CS_JSON_OBJECT;
        writer->payload_next = false;
    }
}

/* Numbers keep their spelling: JSON.stringify would normalise 1.0 and 1e2, which no requirement
 * speaks of and which would cost exactness. */
static bool write_all(struct cs_view body, struct cs_buf *out)
{
    struct writer writer = {.out = out};
    struct cs_json_token token;
    cs_json_init(&writer.json, body);
    for (;;) {
        switch (cs_json_next(&writer.json, &token, NULL)) {
        case CS_JSON_END:
            return cs_buf_error(out) == CS_OK;
        case CS_JSON_ERROR:
            return false;
        case CS_JSON_KEY:
            if (!write_key(&writer, &token)) {
                return false;
            }
            break;
        case CS_JSON_OBJECT:
        case CS_JSON_ARRAY:
            write_open(&writer, &token);
            break;
        case CS_JSON_OBJECT_END:
        case CS_JSON_ARRAY_END:
            cs_buf_char(out, token.type == CS_JSON_OBJECT_END ? '}' : ']');
            writer.need_comma = true;
            break;
        case CS_JSON_STRING:
            write_separator(&writer);
            write_string(out, &token);
            break;
        case CS_JSON_NUMBER:
            write_separator(&writer);
            cs_buf_add(out, token.raw);
            break;
        case CS_JSON_NULL:
        case CS_JSON_TRUE:
        case CS_JSON_FALSE:
            write_separator(&writer);
            cs_buf_str(out, token.type == CS_JSON_NULL   ? "null"
                            : token.type == CS_JSON_TRUE ? "true"
                                                         : "false");
            break;
        }
    }
}

bool cs_sanitize_input(struct cs_view body, bool literal_only, struct cs_buf *out)
{
    if (literal_only && cs_view_find(body, CS_VIEW("\"actionSource\"")) == SIZE_MAX) {
        return false;
    }
    struct cs_view payload;
    struct cs_view source;
    if (cs_json_check(body, NULL) != CS_OK ||
        cs_json_get(body, CS_VIEW("payload"), &payload) != CS_OK ||
        cs_json_get(payload, SOURCE_NAME, &source) != CS_OK ||
        !is_string(source, CS_VIEW("webhook"))) {
        return false;
    }
    size_t before = out->len;
    if (!write_all(body, out)) {
        out->len = before;
        return false;
    }
    return true;
}
