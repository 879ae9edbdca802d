/* The inside of OUT{...}: items become bytes of the body, waits and an ending. */
#include <stdlib.h>

#include "script/notation_record.h"

struct stream {
    struct cs_lex *lex;
    struct cs_render render;
    struct cs_buf bytes; /* rendered and not yet a play of its own */
    const struct cs_play **tail;
    struct cs_record_list batch; /* the one being read */
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

static void end_batch(struct stream *stream)
{
    cs_render_batch(&stream->render, stream->batch.items, stream->batch.n);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the array is kept and freed with the stream */
    stream->batch.n = 0;
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
    if (size > CS_NOTATION_MAX_STREAM) {
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
    if (!cs_notation_item_ends(stream->lex)) {
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
    enum cs_err err =
        found ? cs_notation_batch(&stream->batch) : cs_notation_record(&stream->batch, &found);
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
    struct stream stream = {.lex = lex,
                            .batch = {.lex = lex},
                            .bytes = CS_BUF(CS_NOTATION_MAX_STREAM),
                            .tail = &answer->plays};
    stream.render = (struct cs_render){.out = &stream.bytes, .eol = "\n"};
    enum cs_err err = read_items(&stream, answer);
    free(stream.batch.items);
    cs_buf_free(&stream.bytes);
    return err;
}
