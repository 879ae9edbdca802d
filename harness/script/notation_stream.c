/* The inside of OUT{...}: items become bytes of the body, waits and an ending. */
#include <stdio.h>
#include <stdlib.h>

#include "script/lex.h"
#include "script/render.h"
#include "wire/append.h"
#include "wire/json.h"

#define MAX_STREAM         ((size_t)128 * 1024 * 1024)
#define MAX_BATCH          65536
#define MAX_RECORD_HEADERS 64

struct stream {
    struct cs_lex *lex;
    struct cs_render render;
    struct cs_buf bytes; /* rendered and not yet a play of its own */
    const struct cs_play **tail;
    struct cs_render_record *batch; /* of the batch being read */
    size_t n_batch;
    size_t batch_cap;
};

static enum cs_err no_memory(struct stream *stream)
{
    return cs_lex_fail(stream->lex, CS_ERR_NO_MEMORY, "out of memory");
}

static struct cs_play *add_play(struct stream *stream, enum cs_play_kind kind)
{
    struct cs_play *play = cs_arena_alloc(stream->lex->arena, sizeof *play);
    if (play) {
        play->kind = kind;
        *stream->tail = play;
        stream->tail = &play->next;
    }
    return play;
}

/* What was rendered so far becomes one play. */
static enum cs_err flush(struct stream *stream)
{
    if (cs_buf_error(&stream->bytes) != CS_OK) {
        return cs_lex_fail(stream->lex, cs_buf_error(&stream->bytes), "the body is too long");
    }
    if (stream->bytes.len == 0) {
        return CS_OK;
    }
    char *copy = cs_arena_string(stream->lex->arena, cs_buf_view(&stream->bytes));
    struct cs_play *play = copy ? add_play(stream, CS_PLAY_BYTES) : NULL;
    if (!play) {
        return no_memory(stream);
    }
    play->bytes = cs_view_of(copy, stream->bytes.len);
    cs_buf_clear(&stream->bytes);
    return CS_OK;
}

static enum cs_err add_record(struct stream *stream, const struct cs_render_record *record)
{
    if (stream->n_batch == MAX_BATCH) {
        return cs_lex_fail(stream->lex, CS_ERR_LIMIT, "more than %d records in a batch", MAX_BATCH);
    }
    if (stream->n_batch == stream->batch_cap) {
        size_t cap = stream->batch_cap ? stream->batch_cap * 2 : 16;
        struct cs_render_record *grown = realloc(stream->batch, cap * sizeof *grown);
        if (!grown) {
            return no_memory(stream);
        }
        stream->batch = grown;
        stream->batch_cap = cap;
    }
    stream->batch[stream->n_batch++] = *record;
    return CS_OK;
}

/* A finished body of a record, moved into the arena. */
static enum cs_err keep_body(struct stream *stream, struct cs_buf *body, struct cs_view *ret_body)
{
    char *copy =
        cs_buf_error(body) == CS_OK ? cs_arena_string(stream->lex->arena, cs_buf_view(body)) : NULL;
    size_t len = body->len;
    cs_buf_free(body);
    if (!copy) {
        return no_memory(stream);
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
static enum cs_err read_data(struct stream *stream)
{
    struct cs_lex *lex = stream->lex;
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
    struct cs_buf body = CS_BUF(MAX_STREAM);
    cs_render_envelope(&body, json, id);
    err = keep_body(stream, &body, &record.body);
    return err == CS_OK ? add_record(stream, &record) : err;
}

/* A data record with a text delta. */
static enum cs_err add_text(struct stream *stream, uint64_t seq_num, struct cs_view text)
{
    struct cs_render_record record = {.seq_num = seq_num};
    struct cs_buf chunk = CS_BUF(MAX_STREAM);
    struct cs_buf body = CS_BUF(MAX_STREAM);
    char id[RECORD_ID_SIZE];
    cs_buf_str(&chunk, "{\"type\":\"text-delta\",\"id\":\"t1\",\"delta\":\"");
    cs_json_escape(&chunk, text);
    cs_buf_str(&chunk, "\"}");
    cs_render_envelope(&body, cs_buf_view(&chunk), usual_id(seq_num, id));
    bool cut = cs_buf_error(&chunk) != CS_OK;
    cs_buf_free(&chunk);
    enum cs_err err = keep_body(stream, &body, &record.body);
    if (err == CS_OK && cut) {
        err = no_memory(stream);
    }
    return err == CS_OK ? add_record(stream, &record) : err;
}

/* T n TEXT */
static enum cs_err read_text(struct stream *stream)
{
    struct cs_lex *lex = stream->lex;
    uint64_t seq_num = 0;
    struct cs_view text = {0};
    enum cs_err err = cs_lex_u64(lex, &seq_num);
    if (err == CS_OK) {
        cs_lex_space(lex, true);
        err = cs_lex_value(lex, &text);
    }
    return err == CS_OK ? add_text(stream, seq_num, text) : err;
}

/* Two numbers, the second at most `most`. */
static enum cs_err read_pair(struct stream *stream, uint64_t *ret_first, uint64_t *ret_second,
                             uint64_t most)
{
    struct cs_lex *lex = stream->lex;
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
static enum cs_err read_long(struct stream *stream)
{
    uint64_t seq_num = 0;
    uint64_t size = 0;
    enum cs_err err = read_pair(stream, &seq_num, &size, MAX_STREAM / 2);
    if (err != CS_OK) {
        return err;
    }
    char *text = malloc(size + 1);
    if (!text) {
        return no_memory(stream);
    }
    for (uint64_t i = 0; i < size; i++) {
        text[i] = (char)('a' + i % 26);
    }
    err = add_text(stream, seq_num, cs_view_of(text, size));
    free(text);
    return err;
}

/* MANY n COUNT: the text of each is its own number */
static enum cs_err read_many(struct stream *stream)
{
    uint64_t first = 0;
    uint64_t count = 0;
    enum cs_err err = read_pair(stream, &first, &count, MAX_BATCH);
    for (uint64_t i = 0; err == CS_OK && i < count; i++) {
        char text[RECORD_ID_SIZE];
        snprintf(text, sizeof text, "%llu", (unsigned long long)(first + i));
        err = add_text(stream, first + i, cs_view_str(text));
    }
    return err;
}

static bool item_ends(struct cs_lex *lex)
{
    cs_lex_space(lex, true);
    char c = cs_lex_peek(lex);
    return c == '\0' || strchr(";|}]", c) != NULL;
}

/* C n SUBTYPE [name=value]... */
static enum cs_err read_control(struct stream *stream)
{
    struct cs_lex *lex = stream->lex;
    struct cs_header *headers =
        cs_arena_alloc(lex->arena, MAX_RECORD_HEADERS * sizeof(struct cs_header));
    if (!headers) {
        return no_memory(stream);
    }
    struct cs_render_record record = {.headers = headers, .n_headers = 1};
    enum cs_err err = cs_lex_u64(lex, &record.seq_num);
    if (err != CS_OK) {
        return err;
    }
    cs_lex_space(lex, true);
    headers[0].name = CS_VIEW("trigger-control");
    err = cs_lex_value(lex, &headers[0].value);
    while (err == CS_OK && !item_ends(lex)) {
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
    return err == CS_OK ? add_record(stream, &record) : err;
}

/* K n trim [FIRST-KEPT] | K n NAME [BODY] */
static enum cs_err read_command(struct stream *stream)
{
    struct cs_lex *lex = stream->lex;
    struct cs_header *header = cs_arena_alloc(lex->arena, sizeof *header);
    if (!header) {
        return no_memory(stream);
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
        if (!item_ends(lex) && (err = cs_lex_u64(lex, &first_kept)) != CS_OK) {
            return err;
        }
        char *body = cs_arena_alloc(lex->arena, 8);
        if (!body) {
            return no_memory(stream);
        }
        cs_trim_encode(first_kept, body);
        record.body = cs_view_of(body, 8);
    } else if (!item_ends(lex) && (err = cs_lex_value(lex, &record.body)) != CS_OK) {
        return err;
    }
    return add_record(stream, &record);
}

/* REC JSON */
static enum cs_err read_raw_record(struct stream *stream)
{
    struct cs_render_record record = {0};
    enum cs_err err = cs_lex_json(stream->lex, &record.raw);
    return err == CS_OK ? add_record(stream, &record) : err;
}

/* One record, or with MANY several, if there is one here; *ret_found tells. */
static enum cs_err read_record(struct stream *stream, bool *ret_found)
{
    struct cs_lex *lex = stream->lex;
    static const struct {
        const char *word;
        enum cs_err (*read)(struct stream *stream);
    } kinds[] = {{"R", read_data},        {"T", read_text},    {"C", read_control},
                 {"K", read_command},     {"LONG", read_long}, {"MANY", read_many},
                 {"REC", read_raw_record}};
    *ret_found = false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (cs_lex_take_word(lex, kinds[i].word)) {
            *ret_found = true;
            cs_lex_space(lex, true);
            return kinds[i].read(stream);
        }
    }
    return CS_OK;
}

/* [ record; record; ... ]: one batch. The opening bracket was read. */
static enum cs_err read_batch(struct stream *stream)
{
    struct cs_lex *lex = stream->lex;
    cs_lex_space(lex, true);
    while (!cs_lex_take(lex, "]")) {
        bool found;
        enum cs_err err = read_record(stream, &found);
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

static void end_batch(struct stream *stream)
{
    cs_render_batch(&stream->render, stream->batch, stream->n_batch);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the array is kept and freed with the stream */
    stream->n_batch = 0;
}

/* ERR text up to the end of the item */
static void read_error(struct stream *stream)
{
    struct cs_lex *lex = stream->lex;
    size_t start = lex->pos;
    while (cs_lex_peek(lex) != '\0' && !strchr(";|}\n", cs_lex_peek(lex))) {
        lex->pos++;
    }
    cs_render_error(&stream->render,
                    cs_view_trim(cs_view_of(lex->text.ptr + start, lex->pos - start)));
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* HEX pairs of digits: for what is not text */
static enum cs_err read_hex(struct stream *stream)
{
    struct cs_view digits = cs_lex_word(stream->lex);
    for (size_t i = 0; i + 1 < digits.len; i += 2) {
        int high = hex_digit(digits.ptr[i]);
        int low = hex_digit(digits.ptr[i + 1]);
        if (high < 0 || low < 0) {
            return cs_lex_fail(stream->lex, CS_ERR_SYNTAX, "expected pairs of hex digits");
        }
        cs_buf_char(&stream->bytes, (char)(high << 4 | low));
    }
    if (digits.len == 0 || digits.len % 2 != 0) {
        return cs_lex_fail(stream->lex, CS_ERR_SYNTAX, "expected pairs of hex digits");
    }
    return CS_OK;
}

static enum cs_err read_lines(struct stream *stream)
{
    static const struct {
        const char *word;
        const char *eol;
    } kinds[] = {{"lf", "\n"}, {"crlf", "\r\n"}, {"cr", "\r"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (cs_lex_take_word(stream->lex, kinds[i].word)) {
            stream->render.eol = kinds[i].eol;
            return CS_OK;
        }
    }
    return cs_lex_fail(stream->lex, CS_ERR_SYNTAX, "expected lf, crlf or cr");
}

static enum cs_err read_play(struct stream *stream, enum cs_play_kind kind)
{
    struct cs_play read = {.kind = kind};
    uint64_t size = 0;
    enum cs_err err = kind == CS_PLAY_AWAIT ? cs_lex_await(stream->lex, &read.await)
                                            : cs_lex_u64(stream->lex, &size);
    if (err != CS_OK) {
        return err;
    }
    if (size > MAX_STREAM) {
        return cs_lex_fail(stream->lex, CS_ERR_RANGE, "the piece is too big");
    }
    err = flush(stream);
    if (err != CS_OK) {
        return err;
    }
    struct cs_play *play = add_play(stream, kind);
    if (!play) {
        return no_memory(stream);
    }
    play->split = (size_t)size;
    play->await = read.await;
    return CS_OK;
}

static enum cs_err read_ping(struct stream *stream)
{
    struct cs_view data = {0};
    if (!item_ends(stream->lex)) {
        enum cs_err err = cs_lex_json(stream->lex, &data);
        if (err != CS_OK) {
            return err;
        }
    }
    cs_render_ping(&stream->render, data);
    return CS_OK;
}

static enum cs_err read_item(struct stream *stream)
{
    struct cs_lex *lex = stream->lex;
    if (cs_lex_take(lex, "[DONE]") || cs_lex_take_word(lex, "DONE")) {
        cs_render_done(&stream->render);
        return CS_OK;
    }
    bool found = cs_lex_take(lex, "[");
    enum cs_err err = found ? read_batch(stream) : read_record(stream, &found);
    if (found) {
        if (err == CS_OK) {
            end_batch(stream);
        }
        return err;
    }
    struct cs_view word = cs_lex_word(lex);
    cs_lex_space(lex, true);
    if (cs_view_eq(word, CS_VIEW("PING"))) {
        return read_ping(stream);
    }
    if (cs_view_eq(word, CS_VIEW("ERR"))) {
        read_error(stream);
        return CS_OK;
    }
    if (cs_view_eq(word, CS_VIEW("RAW"))) {
        struct cs_view text;
        err = cs_lex_value(lex, &text);
        if (err == CS_OK) {
            cs_buf_add(&stream->bytes, text);
        }
        return err;
    }
    if (cs_view_eq(word, CS_VIEW("HEX"))) {
        return read_hex(stream);
    }
    if (cs_view_eq(word, CS_VIEW("LINES"))) {
        return read_lines(stream);
    }
    if (cs_view_eq(word, CS_VIEW("SPLIT"))) {
        return read_play(stream, CS_PLAY_SPLIT);
    }
    if (cs_view_eq(word, CS_VIEW("AWAIT"))) {
        return read_play(stream, CS_PLAY_AWAIT);
    }
    return cs_lex_fail(lex, CS_ERR_SYNTAX, "unknown item \"%.*s\"", CS_VIEW_ARG(word));
}

/* | EOF, | DONE, | RST or | HOLD; the bar was read. */
static enum cs_err read_ending(struct stream *stream, struct cs_answer *answer)
{
    struct cs_lex *lex = stream->lex;
    cs_lex_space(lex, true);
    if (cs_lex_take_word(lex, "DONE")) {
        cs_render_done(&stream->render);
        answer->ending = CS_ENDING_EOF;
    } else if (cs_lex_take_word(lex, "EOF")) {
        answer->ending = CS_ENDING_EOF;
    } else if (cs_lex_take_word(lex, "RST")) {
        answer->ending = CS_ENDING_RST;
    } else if (cs_lex_take_word(lex, "HOLD")) {
        answer->ending = CS_ENDING_HOLD;
    } else {
        return cs_lex_fail(lex, CS_ERR_SYNTAX, "expected EOF, DONE, RST or HOLD");
    }
    cs_lex_space(lex, true);
    return CS_OK;
}

/* LINE text up to the end of the line, whatever is in it: a line of the body as it stands, so that
 * framing can be read. True when there is one here. */
static bool read_line(struct stream *stream)
{
    struct cs_lex *lex = stream->lex;
    if (!cs_lex_take_word(lex, "LINE")) {
        return false;
    }
    (void)cs_lex_take(lex, " ");
    size_t start = lex->pos;
    while (cs_lex_peek(lex) != '\0' && cs_lex_peek(lex) != '\n') {
        lex->pos++;
    }
    cs_buf_add(&stream->bytes, cs_view_of(lex->text.ptr + start, lex->pos - start));
    cs_buf_str(&stream->bytes, stream->render.eol);
    cs_lex_space(lex, true);
    return true;
}

static enum cs_err read_items(struct stream *stream, struct cs_answer *answer)
{
    struct cs_lex *lex = stream->lex;
    cs_lex_space(lex, true);
    while (cs_lex_peek(lex) != '|' && cs_lex_peek(lex) != '}') {
        if (read_line(stream)) {
            continue;
        }
        enum cs_err err = read_item(stream);
        if (err != CS_OK) {
            return err;
        }
        cs_lex_space(lex, true);
        if (!cs_lex_take(lex, ";") && cs_lex_peek(lex) != '|' && cs_lex_peek(lex) != '}') {
            return cs_lex_fail(lex, CS_ERR_SYNTAX, "expected ';', '|' or '}'");
        }
        cs_lex_space(lex, true);
    }
    if (cs_lex_take(lex, "|")) {
        enum cs_err err = read_ending(stream, answer);
        if (err != CS_OK) {
            return err;
        }
    }
    enum cs_err err = cs_lex_expect(lex, "}");
    return err == CS_OK ? flush(stream) : err;
}

enum cs_err cs_notation_stream(struct cs_lex *lex, struct cs_answer *answer)
{
    struct stream stream = {.lex = lex, .bytes = CS_BUF(MAX_STREAM), .tail = &answer->plays};
    stream.render = (struct cs_render){.out = &stream.bytes, .eol = "\n"};
    enum cs_err err = read_items(&stream, answer);
    free(stream.batch);
    cs_buf_free(&stream.bytes);
    return err;
}
