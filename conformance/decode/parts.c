#include "conformance/decode/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/json.h"

#define ID_MAX     ((size_t)64 * 1024 * 1024)
#define NUMBER_MAX ((size_t)4096)

/* ---- one form for all texts of a value ---- */

struct member {
    struct cs_buf name;
    struct cs_buf value;
    size_t n; /* in the order of the text */
};

static enum cs_err write_value(struct cs_json *json, const struct cs_json_token *token,
                               struct cs_buf *out);

static void write_number(struct cs_view raw, struct cs_buf *out)
{
    char digits[NUMBER_MAX + 1];
    size_t len = raw.len < NUMBER_MAX ? raw.len : NUMBER_MAX;
    double value;

    memcpy(digits, raw.ptr, len);
    digits[len] = '\0';
    value = strtod(digits, NULL);
    if (isinf(value)) {
        cs_buf_str(out, "null");
    } else {
        cs_buf_printf(out, "%.17g", value == 0 ? 0.0 : value);
    }
}

static void write_string(struct cs_view raw, struct cs_buf *out)
{
    struct cs_buf text = CS_BUF(raw.len + 1);

    cs_json_unescape(raw, &text);
    cs_buf_char(out, '"');
    cs_json_escape(out, cs_buf_view(&text));
    cs_buf_char(out, '"');
    cs_buf_free(&text);
}

static enum cs_err write_array(struct cs_json *json, struct cs_buf *out)
{
    struct cs_json_token token;
    bool first = true;
    enum cs_err err = CS_OK;

    cs_buf_char(out, '[');
    while (!err && cs_json_next(json, &token, NULL) != CS_JSON_ARRAY_END) {
        if (!first) {
            cs_buf_char(out, ',');
        }
        first = false;
        err = write_value(json, &token, out);
    }
    cs_buf_char(out, ']');
    return err;
}

static int by_name(const void *a, const void *b)
{
    const struct member *left = a;
    const struct member *right = b;
    size_t len = left->name.len < right->name.len ? left->name.len : right->name.len;
    int order = len > 0 ? memcmp(left->name.ptr, right->name.ptr, len) : 0;

    if (order == 0) {
        order = (left->name.len > right->name.len) - (left->name.len < right->name.len);
    }
    return order ? order : (left->n > right->n) - (left->n < right->n);
}

static bool same_name(const struct member *a, const struct member *b)
{
    return cs_view_eq(cs_buf_view(&a->name), cs_buf_view(&b->name));
}

static enum cs_err read_members(struct cs_json *json, struct member **members, size_t *n,
                                size_t max)
{
    struct cs_json_token token;
    size_t capacity = 0;

    while (cs_json_next(json, &token, NULL) == CS_JSON_KEY) {
        if (*n == capacity) {
            capacity = capacity ? capacity * 2 : 4;
            struct member *more = realloc(*members, capacity * sizeof **members);
            if (!more) {
                return CS_ERR_NO_MEMORY;
            }
            *members = more;
        }
        struct member *member = &(*members)[*n];
        *member = (struct member){.name = CS_BUF(max), .value = CS_BUF(max), .n = *n};
        ++*n;
        write_string(token.raw, &member->name);
        (void)cs_json_next(json, &token, NULL);
        enum cs_err err = write_value(json, &token, &member->value);
        if (err) {
            return err;
        }
    }
    return CS_OK;
}

static enum cs_err write_object(struct cs_json *json, struct cs_buf *out)
{
    struct member *members = NULL;
    size_t n = 0;
    enum cs_err err = read_members(json, &members, &n, out->max);
    bool first = true;

    if (n > 0) {
        qsort(members, n, sizeof *members, by_name);
    }
    cs_buf_char(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && same_name(&members[i], &members[i + 1])) {
            continue;
        }
        cs_buf_str(out, first ? "" : ",");
        first = false;
        cs_buf_add(out, cs_buf_view(&members[i].name));
        cs_buf_char(out, ':');
        cs_buf_add(out, cs_buf_view(&members[i].value));
    }
    cs_buf_char(out, '}');
    for (size_t i = 0; i < n; i++) {
        cs_buf_free(&members[i].name);
        cs_buf_free(&members[i].value);
    }
    free(members);
    return err;
}

static enum cs_err write_value(struct cs_json *json, const struct cs_json_token *token,
                               struct cs_buf *out)
{
    switch (token->type) {
    case CS_JSON_OBJECT:
        return write_object(json, out);
    case CS_JSON_ARRAY:
        return write_array(json, out);
    case CS_JSON_STRING:
        write_string(token->raw, out);
        return CS_OK;
    case CS_JSON_NUMBER:
        write_number(token->raw, out);
        return CS_OK;
    default:
        cs_buf_add(out, token->raw);
        return CS_OK;
    }
}

enum cs_err cs_json_canonical(struct cs_view text, struct cs_buf *out)
{
    struct cs_json json;
    struct cs_json_token token;
    enum cs_err err = cs_json_check(text, NULL);

    if (err) {
        return err;
    }
    cs_json_init(&json, text);
    (void)cs_json_next(&json, &token, NULL);
    err = write_value(&json, &token, out);
    return err ? err : cs_buf_error(out);
}

/* ---- ids ---- */

void cs_part_ids_free(struct cs_part_ids *seen)
{
    for (size_t i = 0; i < seen->n; i++) {
        cs_buf_free(&seen->ids[i]);
    }
    free(seen->ids);
    *seen = (struct cs_part_ids){0};
}

/* In a Set two objects are never the same; and 0, "", false and null are no ids. */
static bool is_id(struct cs_view id)
{
    return id.len > 0 && id.ptr[0] != '{' && id.ptr[0] != '[' && !cs_view_eq(id, CS_VIEW("0")) &&
           !cs_view_eq(id, CS_VIEW("\"\"")) && !cs_view_eq(id, CS_VIEW("false")) &&
           !cs_view_eq(id, CS_VIEW("null"));
}

static enum cs_part note_id(struct cs_part_ids *seen, struct cs_view id)
{
    for (size_t i = 0; i < seen->n; i++) {
        if (cs_view_eq(cs_buf_view(&seen->ids[i]), id)) {
            return CS_PART_AGAIN;
        }
    }
    if (seen->n == seen->capacity) {
        size_t capacity = seen->capacity ? seen->capacity * 2 : 16;
        struct cs_buf *more = realloc(seen->ids, capacity * sizeof *more);
        if (!more) {
            return CS_PART_NO_MEMORY;
        }
        seen->ids = more;
        seen->capacity = capacity;
    }
    struct cs_buf *kept = &seen->ids[seen->n++];
    *kept = CS_BUF(ID_MAX);
    cs_buf_add(kept, id);
    return cs_buf_error(kept) ? CS_PART_NO_MEMORY : CS_PART_NEW;
}

enum cs_part cs_part_take(struct cs_part_ids *seen, struct cs_view body, struct cs_buf *data)
{
    struct cs_view value;
    struct cs_buf id = CS_BUF(ID_MAX);
    enum cs_part part = CS_PART_NEW;
    enum cs_err err = cs_json_check(body, NULL);

    if (err) {
        return err == CS_ERR_LIMIT ? CS_PART_TOO_DEEP : CS_PART_NEW;
    }
    if (cs_json_get(body, CS_VIEW("id"), &value) == CS_OK &&
        cs_json_canonical(value, &id) == CS_OK && is_id(cs_buf_view(&id))) {
        part = note_id(seen, cs_buf_view(&id));
    }
    cs_buf_free(&id);
    if (part == CS_PART_NEW && cs_json_get(body, CS_VIEW("data"), &value) == CS_OK &&
        cs_json_canonical(value, data) == CS_ERR_NO_MEMORY) {
        part = CS_PART_NO_MEMORY;
    }
    return part;
}
