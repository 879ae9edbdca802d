#include "endpoint/http/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/json.h"
#include "wire/utf8.h"

#define DATE_MAX_MS 8.64e15 /* what a JavaScript Date can hold */

bool cs_member(struct cs_view object, const char *name, struct cs_view *ret_value)
{
    return cs_json_get(object, cs_view_str(name), ret_value) == CS_OK;
}

bool cs_refuse(struct cs_refusal *refusal, int status, const char *fmt, ...)
{
    if (refusal->status == 0) {
        va_list args;
        va_start(args, fmt);
        refusal->status = status;
        vsnprintf(refusal->text, sizeof refusal->text, fmt, args);
        va_end(args);
    }
    return false;
}

static bool begins_with(struct cs_view value, const char *firsts)
{
    return value.len > 0 && strchr(firsts, value.ptr[0]) != NULL;
}

bool cs_is_object(struct cs_view value)
{
    return begins_with(value, "{");
}

bool cs_is_string(struct cs_view value)
{
    return begins_with(value, "\"");
}

bool cs_is_number(struct cs_view value)
{
    return begins_with(value, "-0123456789");
}

bool cs_is_null(struct cs_view value)
{
    return cs_view_eq(value, CS_VIEW("null"));
}

char *cs_view_copy(struct cs_view text)
{
    char *copy = malloc(text.len + 1);
    if (copy) {
        if (text.len > 0) {
            memcpy(copy, text.ptr, text.len);
        }
        copy[text.len] = '\0';
    }
    return copy;
}

bool cs_each_member(struct cs_view container,
                    bool (*each)(void *ctx, struct cs_view raw_key, struct cs_view value),
                    void *ctx)
{
    struct cs_json json;
    struct cs_json_token token;
    cs_json_init(&json, container);
    cs_json_next(&json, &token, NULL);
    struct cs_view key = {0};
    for (;;) {
        enum cs_json_type type = cs_json_next(&json, &token, NULL);
        if (type == CS_JSON_KEY) {
            key = token.raw;
            continue;
        }
        if (type == CS_JSON_OBJECT_END || type == CS_JSON_ARRAY_END) {
            return true;
        }
        struct cs_view value;
        if (cs_json_value_text(&json, &token, &value, NULL) != CS_OK || !each(ctx, key, value)) {
            return false;
        }
        key = (struct cs_view){0};
    }
}

/* The database takes neither NUL nor half a surrogate pair, in whatever depth (ERR-21). */
static bool database_takes(struct cs_view value)
{
    struct cs_json json;
    struct cs_json_token token;
    cs_json_init(&json, value);
    for (;;) {
        enum cs_json_type type = cs_json_next(&json, &token, NULL);
        if (type == CS_JSON_END || type == CS_JSON_ERROR) {
            return type == CS_JSON_END;
        }
        if ((type == CS_JSON_STRING || type == CS_JSON_KEY) &&
            token.flags & (CS_JSON_NUL | CS_JSON_LONE_SURROGATE)) {
            return false;
        }
    }
}

static bool copy_checked(struct cs_view value, char **ret_text, struct cs_refusal *refusal)
{
    *ret_text = database_takes(value) ? cs_view_copy(value) : NULL;
    return *ret_text || cs_refuse(refusal, 500, "Something went wrong");
}

/* Spaces as String.prototype.trim knows them: length of the one at `text`, else 0. */
static size_t space_at(struct cs_view text)
{
    static const char *const spaces[] = {" ",
                                         "\t",
                                         "\n",
                                         "\v",
                                         "\f",
                                         "\r",
                                         "\xc2\xa0",
                                         "\xe1\x9a\x80",
                                         "\xe2\x80\x80",
                                         "\xe2\x80\x81",
                                         "\xe2\x80\x82",
                                         "\xe2\x80\x83",
                                         "\xe2\x80\x84",
                                         "\xe2\x80\x85",
                                         "\xe2\x80\x86",
                                         "\xe2\x80\x87",
                                         "\xe2\x80\x88",
                                         "\xe2\x80\x89",
                                         "\xe2\x80\x8a",
                                         "\xe2\x80\xa8",
                                         "\xe2\x80\xa9",
                                         "\xe2\x80\xaf",
                                         "\xe2\x81\x9f",
                                         "\xe3\x80\x80",
                                         "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        if (cs_view_starts_with(text, cs_view_str(spaces[i]))) {
            return strlen(spaces[i]);
        }
    }
    return 0;
}

static struct cs_view trim(struct cs_view text)
{
    for (size_t n; (n = space_at(text)) > 0;) {
        text.ptr += n;
        text.len -= n;
    }
    size_t end = text.len;
    while (end > 0) {
        size_t start = end - 1;
        while (start > 0 && ((unsigned char)text.ptr[start] & 0xc0) == 0x80) {
            start--;
        }
        struct cs_view last = {text.ptr + start, end - start};
        if (space_at(last) != last.len) {
            break;
        }
        end = start;
    }
    return (struct cs_view){text.ptr, end};
}

bool cs_schema_string(struct cs_view value, const char *name, size_t min, size_t max,
                      bool trim_first, char **ret_text, struct cs_refusal *refusal)
{
    if (!cs_is_string(value)) {
        return cs_refuse(refusal, 400, "%s: expected a string", name);
    }
    struct cs_buf text = CS_BUF(value.len + 1);
    if (cs_json_string(value, &text) != CS_OK || cs_buf_error(&text) != CS_OK) {
        cs_buf_free(&text);
        return cs_refuse(refusal, 500, "Something went wrong");
    }
    struct cs_view view = trim_first ? trim(cs_buf_view(&text)) : cs_buf_view(&text);
    size_t units = cs_utf8_utf16_len(view);
    bool ok = true;
    if (units < min || units > max) {
        ok = cs_refuse(refusal, 400, "%s: must be %zu to %zu characters long", name, min, max);
    } else if (!database_takes(value)) {
        ok = cs_refuse(refusal, 500, "Something went wrong");
    } else if (ret_text) {
        free(*ret_text);
        *ret_text = cs_view_copy(view);
        ok = *ret_text || cs_refuse(refusal, 500, "Something went wrong");
    }
    cs_buf_free(&text);
    return ok;
}

/* JSON numbers are strtod's too; the copy ends the text. */
static double number_of(struct cs_view value)
{
    char text[64];
    if (value.len >= sizeof text) {
        return NAN;
    }
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    return strtod(text, NULL);
}

bool cs_schema_integer(struct cs_view value, const char *name, int64_t min, int64_t max,
                       int64_t *ret_value, struct cs_refusal *refusal)
{
    double number = cs_is_number(value) ? number_of(value) : NAN;
    if (!(number >= (double)min && number <= (double)max) || number != floor(number)) {
        return cs_refuse(refusal, 400, "%s: expected an integer from %lld to %lld", name,
                         (long long)min, (long long)max);
    }
    *ret_value = (int64_t)number;
    return true;
}

struct strings {
    const char *name;
    size_t n, max_items, max_len;
    struct cs_refusal *refusal;
};

static bool check_string(void *ctx, struct cs_view key, struct cs_view value)
{
    (void)key;
    struct strings *strings = ctx;
    if (++strings->n > strings->max_items) {
        return cs_refuse(strings->refusal, 400, "%s: at most %zu entries", strings->name,
                         strings->max_items);
    }
    return cs_schema_string(value, strings->name, 0, strings->max_len, false, NULL,
                            strings->refusal);
}

bool cs_schema_strings(struct cs_view value, const char *name, size_t max_items, size_t max_len,
                       char **ret_text, struct cs_refusal *refusal)
{
    if (!begins_with(value, "[")) {
        return cs_refuse(refusal, 400, "%s: expected an array of strings", name);
    }
    struct strings strings = {name, 0, max_items, max_len, refusal};
    if (!cs_each_member(value, check_string, &strings)) {
        return cs_refuse(refusal, 500, "Something went wrong");
    }
    return copy_checked(value, ret_text, refusal);
}

bool cs_schema_object(struct cs_view value, const char *name, char **ret_text,
                      struct cs_refusal *refusal)
{
    if (!cs_is_object(value)) {
        return cs_refuse(refusal, 400, "%s: expected an object", name);
    }
    return copy_checked(value, ret_text, refusal);
}

bool cs_schema_date(struct cs_view value, const char *name, int64_t *ret_ms,
                    struct cs_refusal *refusal)
{
    double number = NAN;
    if (cs_is_number(value)) {
        number = number_of(value);
    } else if (cs_is_null(value) || cs_view_eq(value, CS_VIEW("false"))) {
        number = 0;
    } else if (cs_view_eq(value, CS_VIEW("true"))) {
        number = 1;
    } else if (cs_is_string(value)) {
        char *text = NULL;
        int64_t time_ms = 0;
        if (cs_schema_string(value, name, 0, 64, false, &text, refusal) &&
            cs_iso_time(text, &time_ms)) {
            number = (double)time_ms;
        }
        free(text);
    }
    if (!(fabs(number) <= DATE_MAX_MS)) {
        return cs_refuse(refusal, 400, "%s: invalid date", name);
    }
    *ret_ms = (int64_t)trunc(number);
    return true;
}
