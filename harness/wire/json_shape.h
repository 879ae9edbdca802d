/* Texts that are written as they mostly are: their fixed parts are compared as a whole, not read
 * token by token. Whoever uses this reads token by token when the text turns out to be written
 * otherwise, so that what is accepted, and every answer, is that of json.h. Internal to wire/. */
#ifndef CHATSPEC_WIRE_JSON_SHAPE_H
#define CHATSPEC_WIRE_JSON_SHAPE_H

#include "wire/json.h"
#include "wire/scan.h"

/* Whether the innermost container, of which there is one, is an object. */
static inline bool cs_json_top_is_object(const struct cs_json *json)
{
    unsigned top = json->depth - 1;

    return json->stack[top / 64] >> top % 64 & 1;
}

/* Passes over `fixed` when the text goes on with it. Nothing else of the state changes. */
static inline bool cs_json_pass(struct cs_json *json, struct cs_view fixed)
{
    if (json->text.len - json->pos < fixed.len ||
        memcmp(json->text.ptr + json->pos, fixed.ptr, fixed.len) != 0) {
        return false;
    }
    json->pos += fixed.len;
    return true;
}

/* Passes over a number of up to 18 digits, with no sign, leading zero, fraction or exponent, and
 * the byte behind it, which must be `after`. */
static inline bool cs_json_pass_number(struct cs_json *json, char after, uint64_t *ret_value)
{
    const char *start = json->text.ptr + json->pos;
    const char *end = json->text.ptr + json->text.len;
    const char *p = start;
    uint64_t value = 0;
    uint32_t eight;

    if (end - p > 8 && cs_scan_eight_digits(p, &eight)) {
        value = eight;
        p += 8;
    }
    for (; p < end && (unsigned)(*p - '0') <= 9 && p - start < 18; p++) {
        value = value * 10 + (unsigned)(*p - '0');
    }
    if (p == start || p == end || *p != after || (*start == '0' && p - start > 1)) {
        return false;
    }
    json->pos += (size_t)(p - start) + 1;
    *ret_value = value;
    return true;
}

/* Passes over the rest of a string whose opening quote was passed, and its closing quote. Gives a
 * token of which `type`, `raw` and `flags` are set; false when there is a fault in it. */
bool cs_json_pass_string(struct cs_json *json, struct cs_json_token *ret_token);

/* As much of such a string as can be decoded at once, while it is looked at: `to` has as much room
 * as the rest of the text is long, and the end of what was written there is returned. */
char *cs_json_pass_decoded(struct cs_json *json, char *to);

/* Passes over an object whose members are strings and numbers that are no fraction, without spaces
 * between them. False when the text does not go on so, and nothing has changed. */
bool cs_json_pass_flat_object(struct cs_json *json);
/* In an array, passes over the comma after an item and the bracket of an object, so that its first
 * key is next. False as above. */
bool cs_json_pass_to_object(struct cs_json *json);
/* At the start of a text, its bracket and first key were passed: a value of the object is next. */
static inline void cs_json_enter_object(struct cs_json *json)
{
    json->stack[0] = 1;
    json->depth = 1;
    json->in_object = true;
    json->expect = CS_JSON_EXPECT_VALUE;
}
/* The closing bracket of the innermost object was passed. */
static inline void cs_json_leave_object(struct cs_json *json)
{
    json->depth--;
    json->in_object = json->depth > 0 && cs_json_top_is_object(json);
    json->expect = json->depth > 0 ? CS_JSON_EXPECT_MORE : CS_JSON_EXPECT_END;
}

#endif
