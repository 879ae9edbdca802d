#include "script/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/json.h"

#define MAX_STRING ((size_t)64 * 1024 * 1024)

enum cs_err cs_lex_fail(const struct cs_lex *lex, enum cs_err code, const char *fmt, ...)
{
    char text[CS_DIAG_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return cs_fail(lex->diag, code, lex->pos, "%s", text);
}

char cs_lex_peek(const struct cs_lex *lex)
{
    return lex->pos < lex->text.len ? lex->text.ptr[lex->pos] : '\0';
}

void cs_lex_space(struct cs_lex *lex, bool lines)
{
    for (; lex->pos < lex->text.len; lex->pos++) {
        char c = lex->text.ptr[lex->pos];
        bool line_start = lex->pos == 0 || lex->text.ptr[lex->pos - 1] == '\n';
        if (lines && c == '#' && line_start) {
            while (lex->pos + 1 < lex->text.len && lex->text.ptr[lex->pos + 1] != '\n') {
                lex->pos++;
            }
        } else if (c != ' ' && c != '\t' && !(lines && c == '\n')) {
            return;
        }
    }
}

static bool is_word_char(char c)
{
    return c != '\0' && (unsigned char)c > ' ' && !strchr(";|{}[](),=\"", c);
}

bool cs_lex_take(struct cs_lex *lex, const char *token)
{
    struct cs_view rest = cs_view_of(lex->text.ptr + lex->pos, lex->text.len - lex->pos);
    if (!cs_view_starts_with(rest, cs_view_str(token))) {
        return false;
    }
    lex->pos += strlen(token);
    return true;
}

bool cs_lex_take_word(struct cs_lex *lex, const char *word)
{
    size_t start = lex->pos;
    if (cs_view_eq(cs_lex_word(lex), cs_view_str(word))) {
        return true;
    }
    lex->pos = start;
    return false;
}

enum cs_err cs_lex_expect(struct cs_lex *lex, const char *token)
{
    if (!cs_lex_take(lex, token)) {
        return cs_lex_fail(lex, CS_ERR_SYNTAX, "expected '%s'", token);
    }
    return CS_OK;
}

struct cs_view cs_lex_word(struct cs_lex *lex)
{
    size_t start = lex->pos;
    while (is_word_char(cs_lex_peek(lex))) {
        lex->pos++;
    }
    return cs_view_of(lex->text.ptr + start, lex->pos - start);
}

enum cs_err cs_lex_u64(struct cs_lex *lex, uint64_t *ret_value)
{
    size_t start = lex->pos;
    while (cs_lex_peek(lex) >= '0' && cs_lex_peek(lex) <= '9') {
        lex->pos++;
    }
    struct cs_view digits = cs_view_of(lex->text.ptr + start, lex->pos - start);
    enum cs_err err = cs_view_u64(digits, ret_value);
    if (err != CS_OK) {
        lex->pos = start;
        return cs_lex_fail(lex, err,
                           err == CS_ERR_RANGE ? "the number is too big" : "expected a number");
    }
    return CS_OK;
}

enum cs_err cs_lex_json(struct cs_lex *lex, struct cs_view *ret_text)
{
    struct cs_json json;
    struct cs_json_token token;
    struct cs_diag why = {.code = CS_ERR_SYNTAX, .text = "expected a value"};
    cs_json_init(&json, cs_view_of(lex->text.ptr + lex->pos, lex->text.len - lex->pos));
    enum cs_json_type type = cs_json_next(&json, &token, &why);
    enum cs_err err = why.code;
    if (type != CS_JSON_ERROR && type != CS_JSON_END) {
        err = cs_json_value_text(&json, &token, ret_text, &why);
        if (err == CS_OK) {
            lex->pos += (size_t)(ret_text->ptr - (lex->text.ptr + lex->pos)) + ret_text->len;
            return CS_OK;
        }
    }
    return cs_fail(lex->diag, err, lex->pos + why.offset, "in JSON: %s", why.text);
}

enum cs_err cs_lex_value(struct cs_lex *lex, struct cs_view *ret_value)
{
    struct cs_view value;
    char *copy;
    if (cs_lex_peek(lex) != '"') {
        value = cs_lex_word(lex);
        copy = cs_arena_string(lex->arena, value);
    } else {
        struct cs_view quoted = {0};
        enum cs_err err = cs_lex_json(lex, &quoted);
        if (err != CS_OK) {
            return err;
        }
        struct cs_buf text = CS_BUF(MAX_STRING);
        err = cs_json_string(quoted, &text);
        if (err != CS_OK || cs_buf_error(&text) != CS_OK) {
            cs_buf_free(&text);
            return cs_lex_fail(lex, CS_ERR_LIMIT, "the string cannot be kept");
        }
        value = cs_buf_view(&text);
        copy = cs_arena_string(lex->arena, value);
        cs_buf_free(&text);
    }
    if (!copy) {
        return cs_lex_fail(lex, CS_ERR_NO_MEMORY, "out of memory");
    }
    *ret_value = cs_view_of(copy, value.len);
    return CS_OK;
}

enum cs_err cs_lex_await(struct cs_lex *lex, struct cs_await *ret_await)
{
    size_t start = lex->pos;
    for (enum cs_target target = CS_TARGET_CREATE; target < CS_TARGET_OTHER; target++) {
        if (cs_lex_take(lex, cs_target_name(target)) && cs_lex_take(lex, "#")) {
            *ret_await = (struct cs_await){.target = target};
            enum cs_err err = cs_lex_u64(lex, &ret_await->number);
            if (err == CS_OK && ret_await->number == 0) {
                err = cs_lex_fail(lex, CS_ERR_RANGE, "requests are numbered from 1");
            }
            return err;
        }
        lex->pos = start;
    }
    struct cs_view gate = {0};
    enum cs_err err = cs_lex_value(lex, &gate);
    if (err != CS_OK) {
        return err;
    }
    if (gate.len == 0) {
        return cs_lex_fail(lex, CS_ERR_SYNTAX, "expected app#N, out#N, create#N or a gate's name");
    }
    *ret_await = (struct cs_await){.gate = gate.ptr};
    return CS_OK;
}
