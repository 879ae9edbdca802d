/* What reached the wire: requests, records, and the notation that they are compared in. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "conformance/agent/kit_internal.h"

#define CONTROL     "trigger-control"
#define TURN_OVER   "turn-complete"
#define TRIM        "trim"
#define TRIM_LEN    8
#define PATTERN_MAX ((size_t)8192)

/* `*` is any text. */
static bool glob_fits(const char *pattern, const char *text)
{
    for (; *pattern && *pattern != '*'; pattern++, text++) {
        if (*pattern != *text) {
            return false;
        }
    }
    if (!*pattern) {
        return !*text;
    }
    for (const char *rest = text;; rest++) {
        if (glob_fits(pattern + 1, rest)) {
            return true;
        }
        if (!*rest) {
            return false;
        }
    }
}

/* ---- requests ---- */

void ak_note_request(struct ak *ak, struct ak_request *request)
{
    if (!ak_push(&ak->requests, request, AK_MAX_REQUESTS)) {
        ak->no_memory = true;
    }
}

static const char *pattern_of(struct ak *ak, const char *pattern)
{
    const char *chat = strstr(pattern, "{chat}");
    return chat ? ak_text(ak, "%.*s%s%s", (int)(chat - pattern), pattern, ak->chat,
                          chat + strlen("{chat}"))
                : pattern;
}

static bool matches(struct ak *ak, const struct ak_request *request, const char *pattern)
{
    return glob_fits(pattern, ak_text(ak, "%s %s", request->method, request->path));
}

size_t ak_count(const struct ak *opaque, const char *pattern)
{
    struct ak *ak = (struct ak *)opaque; /* texts are made, nothing else changes */
    const char *whole = pattern_of(ak, pattern);
    size_t n = 0;
    for (size_t i = 0; i < ak->requests.n; i++) {
        n += matches(ak, ((struct ak_request **)ak->requests.items)[i], whole);
    }
    return n;
}

const struct ak_request *ak_request(const struct ak *opaque, const char *pattern, size_t n)
{
    struct ak *ak = (struct ak *)opaque;
    const char *whole = pattern_of(ak, pattern);
    for (size_t i = 0; i < ak->requests.n; i++) {
        const struct ak_request *request = ((struct ak_request **)ak->requests.items)[i];
        if (matches(ak, request, whole) && --n == 0) {
            return request;
        }
    }
    return NULL;
}

struct request_wait {
    const char *pattern;
    size_t n;
};

static bool request_came(struct ak *ak, const void *arg)
{
    const struct request_wait *wait = arg;
    return ak_count(ak, wait->pattern) >= wait->n;
}

const struct ak_request *ak_wait_request(struct ak *ak, const char *pattern, size_t n)
{
    const struct request_wait wait = {pattern, n};
    ak_wait(ak, request_came, &wait, "make request %zu of \"%s\"", n, pattern);
    return ak_request(ak, pattern, n);
}

const char *ak_request_header(struct ak *ak, const struct ak_request *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++) {
        struct cs_view its = request->headers[i].name;
        if (its.len == strlen(name) && strncasecmp(its.ptr, name, its.len) == 0) {
            return ak_keep(ak, request->headers[i].value);
        }
    }
    return NULL;
}

const char *ak_request_member(struct ak *ak, const struct ak_request *request, const char *path)
{
    cJSON *body = cJSON_ParseWithLength(request->body.ptr, request->body.len);
    const char *text = ak_member(ak, body, path);
    cJSON_Delete(body);
    return text;
}

/* ---- records ---- */

/* Without memory the record is missing, and whoever waits says so. */
void ak_note_record(struct ak *ak, const char *stream, const struct cs_record *record,
                    int64_t at_ms, bool seeded)
{
    struct ak_stored *stored = cs_arena_alloc(&ak->arena, sizeof *stored);
    struct cs_header *headers =
        cs_arena_alloc(&ak->arena, (record->n_headers + 1) * sizeof *headers);
    char *body = cs_arena_string(&ak->arena, record->body);
    bool kept = stored && headers && body;
    for (size_t i = 0; kept && i < record->n_headers; i++) {
        char *name = cs_arena_string(&ak->arena, record->headers[i].name);
        char *value = cs_arena_string(&ak->arena, record->headers[i].value);
        kept = name && value;
        headers[i] = (struct cs_header){cs_view_of(name, record->headers[i].name.len),
                                        cs_view_of(value, record->headers[i].value.len)};
    }
    if (!kept) {
        ak->no_memory = true;
        return;
    }
    *stored = (struct ak_stored){
        .stream = stream,
        .seeded = seeded,
        .record = {.seq = record->seq_num,
                   .at_ms = at_ms,
                   .kind = cs_record_kind_of(headers, record->n_headers),
                   .headers = headers,
                   .n_headers = record->n_headers,
                   .body = cs_view_of(body, record->body.len)},
    };
    if (stored->record.kind == CS_RECORD_DATA) {
        /* freed with ak->stored: see free_ak */
        cJSON *envelope = cJSON_ParseWithLength(body, record->body.len);
        stored->record.chunk = cJSON_DetachItemFromObjectCaseSensitive(envelope, "data");
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(envelope, "id"));
        stored->record.part_id = id ? cs_arena_string(&ak->arena, cs_view_str(id)) : NULL;
        cJSON_Delete(envelope);
    }
    if (!ak_push(&ak->stored, stored, AK_MAX_RECORDS)) {
        ak->no_memory = true;
    }
}

static const struct ak_stored *nth(const struct ak *ak, const char *stream, size_t n)
{
    for (size_t i = 0; i < ak->stored.n; i++) {
        const struct ak_stored *stored = ((struct ak_stored **)ak->stored.items)[i];
        if (!stored->seeded && strcmp(stored->stream, stream) == 0 && n-- == 0) {
            return stored;
        }
    }
    return NULL;
}

size_t ak_stream_count(const struct ak *ak, const char *stream)
{
    size_t n = 0;
    while (nth(ak, stream, n)) {
        n++;
    }
    return n;
}

const struct ak_record *ak_stream_record(const struct ak *ak, const char *stream, size_t index)
{
    const struct ak_stored *stored = nth(ak, stream, index);
    if (!stored) {
        cs_case_fail(ak->run, "%s holds no record %zu", stream, index);
    }
    return &stored->record;
}

static const char *out_of(const struct ak *opaque)
{
    struct ak *ak = (struct ak *)opaque;
    return ak_text(ak, "%s/out", ak->chat);
}

size_t ak_out_count(const struct ak *ak)
{
    return ak_stream_count(ak, out_of(ak));
}

const struct ak_record *ak_out(const struct ak *ak, size_t index)
{
    return ak_stream_record(ak, out_of(ak), index);
}

static const struct cs_header *find_header(const struct ak_record *record, const char *name)
{
    for (size_t i = 0; i < record->n_headers; i++) {
        if (cs_view_eq(record->headers[i].name, cs_view_str(name))) {
            return &record->headers[i];
        }
    }
    return NULL;
}

const char *ak_record_header(struct ak *ak, const struct ak_record *record, const char *name)
{
    const struct cs_header *header = find_header(record, name);
    return header ? ak_keep(ak, header->value) : NULL;
}

static bool is_turn_complete(const struct ak_record *record)
{
    const struct cs_header *control = find_header(record, CONTROL);
    return control && cs_view_eq(control->value, cs_view_str(TURN_OVER));
}

size_t ak_turn_index(struct ak *ak, size_t n)
{
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        if (is_turn_complete(ak_out(ak, i)) && --n == 0) {
            return i;
        }
    }
    cs_case_fail(ak->run, "there are fewer turn-complete records than that");
}

size_t ak_count_turns(struct ak *ak)
{
    size_t n = 0;
    for (size_t i = 0; i < ak_out_count(ak); i++) {
        n += is_turn_complete(ak_out(ak, i));
    }
    return n;
}

const struct ak_record *ak_turn_complete(struct ak *ak, size_t n)
{
    return ak_out(ak, ak_turn_index(ak, n));
}

/* ---- notation ---- */

static const char *word_of(struct ak *ak, const struct ak_record *record)
{
    const struct cs_header *control = find_header(record, CONTROL);
    if (record->kind == CS_RECORD_CONTROL && control) {
        return cs_view_eq(control->value, cs_view_str(TURN_OVER))
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
    const struct cs_header *header = find_header(record, key);
    if (absent || !header) {
        return absent && !header;
    }
    return !equals || glob_fits(equals + 1, ak_keep(ak, header->value));
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

/* ---- waiting for records ---- */

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
        left -= is_turn_complete(ak_out(ak, i));
    }
    return left == 0;
}

void ak_wait_turns(struct ak *ak, size_t n)
{
    ak_wait(ak, turns_came, &n, "complete turn %zu", n);
}
