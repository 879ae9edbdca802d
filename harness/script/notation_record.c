/* The records of OUT{...}: one by one, or many at once. */
#include "script/notation_record.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/append.h"
#include "wire/json.h"

#define MAX_BATCH          65536
#define MAX_RECORD_HEADERS 64

static enum cs_err no_memory(const struct cs_record_list *list)
{
    return cs_lex_fail(list->lex, CS_ERR_NO_MEMORY, "out of memory");
}

static enum cs_err add_record(struct cs_record_list *list, const struct cs_render_record *record)
{
    if (list->n == MAX_BATCH) {
        return cs_lex_fail(list->lex, CS_ERR_LIMIT, "more than %d records in a batch", MAX_BATCH);
    }
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 16;
        struct cs_render_record *grown = realloc(list->items, cap * sizeof *grown);
        if (!grown) {
            return no_memory(list);
        }
        list->items = grown;
        list->cap = cap;
    }
    list->items[list->n++] = *record;
    return CS_OK;
}

/* A finished body of a record, moved into the arena. */
static enum cs_err keep_body(struct cs_record_list *list, struct cs_buf *body,
                             struct cs_view *ret_body)
{
    char *copy =
        cs_buf_error(body) == CS_OK ? cs_arena_string(list->lex->arena, cs_buf_view(body)) : NULL;
    size_t len = body->len;
    cs_buf_free(body);
    if (!copy) {
        return no_memory(list);
    }
    *ret_body = cs_view_of(copy, len);
    return CS_OK;
}

#define RECORD_ID_SIZE 24

/* Ids of a script are as long as generated ones, and differ when sequence numbers do. */
static struct cs_view usual_id(uint64_t seq_num, char text[RECORD_ID_SIZE])
{
    snprintf(text, RECORD_ID_SIZE, "r%06llu", (unsigned long long)seq_num);
    return cs_view_str(text);
}

/* R n [id=ID] JSON */
static enum cs_err read_data(struct cs_record_list *list)
{
    struct cs_lex *lex = list->lex;
    struct cs_render_record record = {0};
    enum cs_err err = cs_lex_u64(lex, &record.seq_num);
    if (err != CS_OK) {
        return err;
    }
    cs_lex_space(lex, true);
    char usual[RECORD_ID_SIZE];
    struct cs_view id = usual_id(record.seq_num, usual);
    if (cs_lex_take(lex, "id=")) {
        err = cs_lex_value(lex, &id);
        if (err != CS_OK) {
            return err;
        }
        cs_lex_space(lex, true);
    }
    struct cs_view json;
    err = cs_lex_json(lex, &json);
    if (err != CS_OK) {
        return err;
    }
    struct cs_buf body = CS_BUF(CS_NOTATION_MAX_STREAM);
    cs_render_envelope(&body, json, id);
    err = keep_body(list, &body, &record.body);
    return err == CS_OK ? add_record(list, &record) : err;
}

/* A data record with a text delta. */
static enum cs_err add_text(struct cs_record_list *list, uint64_t seq_num, struct cs_view text)
{
    struct cs_render_record record = {.seq_num = seq_num};
    struct cs_buf chunk = CS_BUF(CS_NOTATION_MAX_STREAM);
    struct cs_buf body = CS_BUF(CS_NOTATION_MAX_STREAM);
    char id[RECORD_ID_SIZE];
    cs_buf_str(&chunk, "{\"type\":\"text-delta\",\"id\":\"t1\",\"delta\":\"");
    cs_json_escape(&chunk, text);
    cs_buf_str(&chunk, "\"}");
    cs_render_envelope(&body, cs_buf_view(&chunk), usual_id(seq_num, id));
    bool cut = cs_buf_error(&chunk) != CS_OK;
    cs_buf_free(&chunk);
    enum cs_err err = keep_body(list, &body, &record.body);
    if (err == CS_OK && cut) {
        err = no_memory(list);
    }
    return err == CS_OK ? add_record(list, &record) : err;
}

/* T n TEXT */
static enum cs_err read_text(struct cs_record_list *list)
{
    struct cs_lex *lex = list->lex;
    uint64_t seq_num = 0;
    struct cs_view text = {0};
    enum cs_err err = cs_lex_u64(lex, &seq_num);
    if (err == CS_OK) {
        cs_lex_space(lex, true);
        err = cs_lex_value(lex, &text);
    }
    return err == CS_OK ? add_text(list, seq_num, text) : err;
}

/* Two numbers, the second at most `most`. */
static enum cs_err read_pair(struct cs_record_list *list, uint64_t *ret_first, uint64_t *ret_second,
                             uint64_t most)
{
    struct cs_lex *lex = list->lex;
    enum cs_err err = cs_lex_u64(lex, ret_first);
    if (err == CS_OK) {
        cs_lex_space(lex, true);
        err = cs_lex_u64(lex, ret_second);
    }
    if (err == CS_OK && *ret_second > most) {
        return cs_lex_fail(lex, CS_ERR_RANGE, "at most %llu", (unsigned long long)most);
    }
    return err;
}

/* LONG n SIZE: the letters of the alphabet in turn */
static enum cs_err read_long(struct cs_record_list *list)
{
    uint64_t seq_num = 0;
    uint64_t size = 0;
    enum cs_err err = read_pair(list, &seq_num, &size, CS_NOTATION_MAX_STREAM / 2);
    if (err != CS_OK) {
        return err;
    }
    char *text = malloc(size + 1);
    if (!text) {
        return no_memory(list);
    }
    for (uint64_t i = 0; i < size; i++) {
        text[i] = (char)('a' + i % 26);
    }
    err = add_text(list, seq_num, cs_view_of(text, size));
    free(text);
    return err;
}

/* MANY n COUNT: the text of each is its own number */
static enum cs_err read_many(struct cs_record_list *list)
{
    uint64_t first = 0;
    uint64_t count = 0;
    enum cs_err err = read_pair(list, &first, &count, MAX_BATCH);
    for (uint64_t i = 0; err == CS_OK && i < count; i++) {
        char text[RECORD_ID_SIZE];
        uint64_t number = first + i;
        snprintf(text, sizeof text, "%llu", (unsigned long long)number);
        err = add_text(list, number, cs_view_str(text));
    }
    return err;
}

bool cs_notation_item_ends(struct cs_lex *lex)
{
    cs_lex_space(lex, true);
    char c = cs_lex_peek(lex);
    return c == '\0' || strchr(";|}]", c) != NULL;
}

/* C n SUBTYPE [name=value]... */
static enum cs_err read_control(struct cs_record_list *list)
{
    struct cs_lex *lex = list->lex;
    struct cs_header *headers =
        cs_arena_alloc(lex->arena, MAX_RECORD_HEADERS * sizeof(struct cs_header));
    if (!headers) {
        return no_memory(list);
    }
    struct cs_render_record record = {.headers = headers, .n_headers = 1};
    enum cs_err err = cs_lex_u64(lex, &record.seq_num);
    if (err != CS_OK) {
        return err;
    }
    cs_lex_space(lex, true);
    headers[0].name = CS_VIEW("trigger-control");
    err = cs_lex_value(lex, &headers[0].value);
    while (err == CS_OK && !cs_notation_item_ends(lex)) {
        if (record.n_headers == MAX_RECORD_HEADERS) {
            return cs_lex_fail(lex, CS_ERR_LIMIT, "too many headers on a record");
        }
        struct cs_header *header = &headers[record.n_headers++];
        err = cs_lex_value(lex, &header->name);
        if (err == CS_OK) {
            err = cs_lex_expect(lex, "=");
        }
        if (err == CS_OK) {
            err = cs_lex_value(lex, &header->value);
        }
    }
    return err == CS_OK ? add_record(list, &record) : err;
}

/* K n trim [FIRST-KEPT] | K n NAME [BODY] */
static enum cs_err read_command(struct cs_record_list *list)
{
    struct cs_lex *lex = list->lex;
    struct cs_header *header = cs_arena_alloc(lex->arena, sizeof *header);
    if (!header) {
        return no_memory(list);
    }
    struct cs_render_record record = {.headers = header, .n_headers = 1};
    enum cs_err err = cs_lex_u64(lex, &record.seq_num);
    if (err != CS_OK) {
        return err;
    }
    cs_lex_space(lex, true);
    err = cs_lex_value(lex, &header->value);
    if (err != CS_OK) {
        return err;
    }
    if (cs_view_eq(header->value, CS_VIEW("trim"))) {
        uint64_t first_kept = 0;
        if (!cs_notation_item_ends(lex) && (err = cs_lex_u64(lex, &first_kept)) != CS_OK) {
            return err;
        }
        char *body = cs_arena_alloc(lex->arena, 8);
        if (!body) {
            return no_memory(list);
        }
        cs_trim_encode(first_kept, body);
        record.body = cs_view_of(body, 8);
    } else if (!cs_notation_item_ends(lex) && (err = cs_lex_value(lex, &record.body)) != CS_OK) {
        return err;
    }
    return add_record(list, &record);
}

/* REC JSON */
static enum cs_err read_raw_record(struct cs_record_list *list)
{
    struct cs_render_record record = {0};
    enum cs_err err = cs_lex_json(list->lex, &record.raw);
    return err == CS_OK ? add_record(list, &record) : err;
}

enum cs_err cs_notation_record(struct cs_record_list *list, bool *ret_found)
{
    struct cs_lex *lex = list->lex;
    static const struct {
        const char *word;
        enum cs_err (*read)(struct cs_record_list *list);
    } kinds[] = {{"R", read_data},        {"T", read_text},    {"C", read_control},
                 {"K", read_command},     {"LONG", read_long}, {"MANY", read_many},
                 {"REC", read_raw_record}};
    *ret_found = false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (cs_lex_take_word(lex, kinds[i].word)) {
            *ret_found = true;
            cs_lex_space(lex, true);
            return kinds[i].read(list);
        }
    }
    return CS_OK;
}

enum cs_err cs_notation_batch(struct cs_record_list *list)
{
    struct cs_lex *lex = list->lex;
    cs_lex_space(lex, true);
    while (!cs_lex_take(lex, "]")) {
        bool found;
        enum cs_err err = cs_notation_record(list, &found);
        if (err != CS_OK) {
            return err;
        }
        if (!found) {
            return cs_lex_fail(lex, CS_ERR_SYNTAX,
                               "expected a record: R, T, C, K, LONG, MANY or REC");
        }
        cs_lex_space(lex, true);
        if (!cs_lex_take(lex, ";") && cs_lex_peek(lex) != ']') {
            return cs_lex_fail(lex, CS_ERR_SYNTAX, "expected ';' or ']'");
        }
        cs_lex_space(lex, true);
    }
    return CS_OK;
}
