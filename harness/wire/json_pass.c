/* Passing over what nobody asked for, and over what is written as it mostly is (json_shape.h). */
#include "wire/json_scan.h"
#include "wire/json_shape.h"

/* Several strings of one text, whose ends lie in blocks of 64 bytes that are looked at once. */
struct strings {
    const char *block;
    const char *end; /* of the text */
    uint64_t stops;  /* cs_scan_wide_stops */
    unsigned n;
    bool is_utf8;
};

static CS_HOT void look_at(struct strings *strings, const char *p)
{
    strings->block = p;
    strings->stops = cs_scan_wide_stops(p, strings->end, strings->is_utf8, &strings->n);
}

/* The closing quote of a string of nothing but plain bytes and escapes of two characters, `p` being
 * after its opening one, in the block or right after it; NULL when there is anything else. */
static CS_HOT const char *end_of_string(struct strings *strings, const char *p)
{
    for (;;) {
        size_t at = (size_t)(p - strings->block);
        uint64_t stops = at < strings->n ? strings->stops >> at : 0;

        if (stops) {
            p += __builtin_ctzll(stops);
            return p < strings->end && *p == '"' ? p : NULL;
        }
        p = at < strings->n ? strings->block + strings->n : p;
        if (p == strings->end) {
            return NULL;
        }
        look_at(strings, p);
    }
}

const char *cs_json_skip_flat_object(const struct cs_json *json, const char *p)
{
    struct strings strings = {.end = cs_json_text_end(json), .is_utf8 = json->is_utf8};
    const char *end = strings.end;
    const bool wide = cs_scan_is_wide();
    unsigned flags = 0;

    if (wide) {
        look_at(&strings, p);
    }
    for (;;) {
        if (p == end || *p != '"') {
            return NULL;
        }
        p = wide ? end_of_string(&strings, p + 1) : cs_json_scan_string(json, p + 1, end, &flags);
        if (!p || end - p < 3 || p[1] != ':') {
            return NULL;
        }
        p += 2;
        if (*p == '"') {
            p = wide ? end_of_string(&strings, p + 1)
                     : cs_json_scan_string(json, p + 1, end, &flags);
            p = p ? p + 1 : NULL;
        } else if (*p >= '0' && *p <= '9') {
            p = cs_json_scan_number(p, end, &flags);
        } else {
            return NULL;
        }
        if (!p || p == end || (*p != ',' && *p != '}')) {
            return NULL;
        }
        if (*p++ == '}') {
            return p;
        }
    }
}

bool cs_json_pass_string(struct cs_json *json, struct cs_json_token *ret_token)
{
    const char *p = json->text.ptr + json->pos;
    const char *quote;

    ret_token->flags = 0;
    quote = cs_json_scan_string(json, p, cs_json_text_end(json), &ret_token->flags);
    if (!quote) {
        return false;
    }
    ret_token->type = CS_JSON_STRING;
    ret_token->offset = json->pos - 1;
    ret_token->raw = cs_view_of(p, (size_t)(quote - p));
    json->pos += (size_t)(quote - p) + 1;
    return true;
}

char *cs_json_pass_decoded(struct cs_json *json, char *to)
{
    const char *p = json->text.ptr + json->pos;
    bool escaped = false;

    if (cs_scan_is_wide()) {
        p = cs_scan_wide_decode(p, cs_json_text_end(json), json->is_utf8, &escaped, &to);
        json->pos = (size_t)(p - json->text.ptr);
    } else if (json->is_utf8 && cs_scan_can_compress()) {
        to = cs_scan_compress(&p, cs_json_text_end(json), to);
        json->pos = (size_t)(p - json->text.ptr);
    }
    return to;
}

bool cs_json_pass_flat_object(struct cs_json *json)
{
    const char *p = json->text.ptr + json->pos;

    p = p < cs_json_text_end(json) && *p == '{' ? cs_json_skip_flat_object(json, p + 1) : NULL;
    json->pos = p ? (size_t)(p - json->text.ptr) : json->pos;
    return p != NULL;
}

bool cs_json_pass_to_object(struct cs_json *json)
{
    const char *p = json->text.ptr + json->pos;
    unsigned top = json->depth;

    if (json->expect != CS_JSON_EXPECT_MORE || json->in_object || top == CS_JSON_MAX_DEPTH ||
        cs_json_text_end(json) - p < 2 || p[0] != ',' || p[1] != '{') {
        return false;
    }
    json->stack[top / 64] |= (uint64_t)1 << top % 64;
    json->depth++;
    json->in_object = true;
    json->expect = CS_JSON_EXPECT_FIRST_KEY;
    json->pos += 2;
    return true;
}
