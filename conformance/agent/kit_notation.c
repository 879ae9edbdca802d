/* The notation that the records of .out are compared in and waited for. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/agent/kit_internal.h"

#define TRIM        "trim"
#define TRIM_LEN    8
#define PATTERN_MAX ((size_t)8192)

static const char *word_of(struct ak *ak, const struct ak_record *record)
{
    const struct cs_header *control = ak_find_header(record, AK_CONTROL);
    if (record->kind == CS_RECORD_CONTROL && control) {
        return cs_view_eq(control->value, cs_view_str(AK_TURN_OVER))
                   ? "TC"
                   : ak_text(ak, "ctl:%.*s", CS_VIEW_ARG(control->value));
    }
    if (record->kind == CS_RECORD_COMMAND) {
        uint64_t point = 0;
        for (size_t i = 0; i < record->body.len && i < TRIM_LEN; i++) {
            point = point << 8 | (unsigned char)record->body.ptr[i];
        }
        bool is_trim = cs_view_eq(record->headers[0].value, cs_view_str(TRIM));
        return is_trim && record->body.len == TRIM_LEN
                   ? ak_text(ak, "trim(%llu)", (unsigned long long)point)
                   : ak_text(ak, "command:%.*s", CS_VIEW_ARG(record->headers[0].value));
    }
    const char *type =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record->chunk, "type"));
    return type ? type : "untyped";
}

const char *ak_notation(struct ak *ak, size_t from)
{
    struct cs_buf text = CS_BUF((size_t)1024 * 1024);
    const char *last = "";
    bool many = false;
    for (size_t i = from; i < ak_out_count(ak); i++) {
        const char *word = word_of(ak, ak_out(ak, i));
        if (strcmp(word, last) == 0) {
            if (!many) {
                cs_buf_char(&text, '+');
            }
            many = true;
            continue;
        }
        many = false;
        cs_buf_printf(&text, "%s%s", text.len > 0 ? " " : "", word);
        last = word;
    }
    const char *kept = ak_keep(ak, cs_buf_view(&text));
    cs_buf_free(&text);
    return kept;
}

/* "name=value", "name", "!name" */
static bool header_holds(struct ak *ak, const struct ak_record *record, const char *condition)
{
    bool absent = condition[0] == '!';
    const char *name = condition + absent;
    const char *equals = strchr(name, '=');
    const char *key = ak_text(ak, "%.*s", equals ? (int)(equals - name) : (int)strlen(name), name);
    const struct cs_header *header = ak_find_header(record, key);
    if (absent || !header) {
        return absent && !header;
    }
    return !equals || fnmatch(equals + 1, ak_keep(ak, header->value), 0) == 0;
}

static bool word_fits(struct ak *ak, const struct ak_record *record, const char *word)
{
    const char *brace = strchr(word, '{');
    size_t len = brace ? (size_t)(brace - word) : strlen(word);
    if (strcmp(word_of(ak, record), ak_text(ak, "%.*s", (int)len, word)) != 0) {
        return false;
    }
    char *conditions = brace ? ak_keep(ak, cs_view_str(brace + 1)) : NULL;
    if (!conditions) {
        return true;
    }
    conditions[strcspn(conditions, "}")] = '\0';
    char *state = NULL;
    for (char *one = strtok_r(conditions, ",", &state); one; one = strtok_r(NULL, ",", &state)) {
        if (!header_holds(ak, record, one)) {
            return false;
        }
    }
    return true;
}

/* `words` is the pattern's rest, each word ended by NUL, an empty one at the end. */
static bool fits(struct ak *ak, const char *words, size_t at)
{
    size_t n = ak_out_count(ak);
    if (!*words) {
        return at == n;
    }
    const char *rest = words + strlen(words) + 1;
    if (strcmp(words, "...") == 0) {
        for (; at <= n; at++) {
            if (fits(ak, rest, at)) {
                return true;
            }
        }
        return false;
    }
    size_t len = strlen(words);
    bool many = words[len - 1] == '+';
    const char *word = ak_text(ak, "%.*s", (int)(len - many), words);
    while (at < n && word_fits(ak, ak_out(ak, at), word)) {
        at++;
        if (fits(ak, rest, at)) {
            return true;
        }
        if (!many) {
            return false;
        }
    }
    return false;
}

void ak_expect_out(struct ak *ak, size_t from, const char *pattern)
{
    size_t len = strlen(pattern);
    char *words = cs_arena_alloc(&ak->arena, len + 2);
    if (!words || len > PATTERN_MAX) {
        ak_no_memory(ak);
    }
    size_t used = 0;
    for (const char *c = pattern; *c; c++) {
        if (*c != ' ') {
            words[used++] = *c;
        } else if (used > 0 && words[used - 1]) {
            words[used++] = '\0';
        }
    }
    if (!fits(ak, words, from)) {
        cs_case_fail_diff(ak->run, pattern, ak_notation(ak, from),
                          "the records of .out from %zu on are not right", from);
    }
}

const char *ak_out_text(struct ak *ak, size_t from)
{
    struct cs_buf text = CS_BUF(AK_MAX_TEXT);
    for (size_t i = from; i < ak_out_count(ak); i++) {
        const cJSON *chunk = ak_out(ak, i)->chunk;
        const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(chunk, "type"));
        const char *delta = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(chunk, "delta"));
        if (type && delta && strcmp(type, "text-delta") == 0) {
            cs_buf_str(&text, delta);
        }
    }
    const char *kept = ak_keep(ak, cs_buf_view(&text));
    cs_buf_free(&text);
    return kept;
}

/* ---- waiting ---- */

static bool out_holds(struct ak *ak, const void *arg)
{
    return ak_out_count(ak) >= *(const size_t *)arg;
}

void ak_wait_out(struct ak *ak, size_t n)
{
    ak_wait(ak, out_holds, &n, "write %zu records to .out", n);
}

struct word_wait {
    const char *word;
    size_t index;
};

static bool word_came(struct ak *ak, const void *arg)
{
    struct word_wait *wait = (struct word_wait *)arg;
    for (; wait->index < ak_out_count(ak); wait->index++) {
        if (word_fits(ak, ak_out(ak, wait->index), wait->word)) {
            return true;
        }
    }
    return false;
}

size_t ak_wait_word(struct ak *ak, const char *word)
{
    struct word_wait wait = {word, 0};
    ak_wait(ak, word_came, &wait, "write \"%s\" to .out", word);
    return wait.index;
}

static bool turns_came(struct ak *ak, const void *arg)
{
    size_t left = *(const size_t *)arg;
    for (size_t i = 0; i < ak_out_count(ak) && left > 0; i++) {
        left -= ak_is_turn_complete(ak_out(ak, i));
    }
    return left == 0;
}

void ak_wait_turns(struct ak *ak, size_t n)
{
    ak_wait(ak, turns_came, &n, "complete turn %zu", n);
}
