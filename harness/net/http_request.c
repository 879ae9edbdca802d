#include "net/http_head.h"

#include <stdlib.h>

#define DEFAULT_MAX_HEAD ((size_t)16384)
#define DEFAULT_MAX_BODY ((size_t)8 * 1024 * 1024)
/* How much of the body, as it came, is kept as evidence behind the head. */
#define RAW_BODY_MAX ((size_t)64 * 1024)
/* A chunk line is a number and extensions that nobody uses. */
#define CHUNK_LINE_MAX ((size_t)4096)

enum stage {
    STAGE_HEAD,
    STAGE_BODY_START, /* the head was given out, the body not yet looked at */
    STAGE_LENGTH,     /* `left` bytes of a Content-Length body to come */
    STAGE_CHUNK_LINE,
    STAGE_CHUNK_DATA, /* `left` bytes of this chunk to come */
    STAGE_CHUNK_END,  /* the CRLF after them */
    STAGE_TRAILER,
    STAGE_DONE,
    STAGE_BAD
};

struct cs_request_reader {
    struct cs_request_limits limits;
    enum stage stage;
    bool discard;
    bool released;
    uint64_t taken;    /* bytes of this request so far */
    size_t line_start; /* of the current line in `raw` (head) or `line` (trailers) */
    uint64_t left;
    struct cs_buf raw;  /* the head and the first of the body, exact; never moves after the head */
    struct cs_buf line; /* a chunk line, or the trailers */
    struct cs_buf body;
    struct cs_header *headers;
    size_t n_lines; /* complete lines of the head */
    struct cs_request request;
    int bad_status;
    uint64_t bad_at;
    const char *bad_why;
};

/* Thousands of connections each have one. */
_Static_assert(sizeof(struct cs_request_reader) <= 512, "an idle reader must stay small");

struct cs_request_reader *cs_request_reader_new(const struct cs_request_limits *limits)
{
    struct cs_request_reader *reader = calloc(1, sizeof(*reader));
    if (!reader) {
        return NULL;
    }
    if (limits) {
        reader->limits = *limits;
    }
    if (reader->limits.max_head == 0) {
        reader->limits.max_head = DEFAULT_MAX_HEAD;
    }
    if (reader->limits.max_body == 0) {
        reader->limits.max_body = DEFAULT_MAX_BODY;
    }
    if (reader->limits.max_head > SIZE_MAX / 2) {
        reader->limits.max_head = SIZE_MAX / 2; /* leaves room for RAW_BODY_MAX */
    }
    return reader;
}

void cs_request_reader_release(struct cs_request_reader *reader)
{
    /* `line` stays: it may hold half a chunk line of a body that is being passed over. */
    cs_buf_free(&reader->raw);
    cs_buf_free(&reader->body);
    free(reader->headers);
    reader->headers = NULL;
    reader->request = (struct cs_request){0};
    reader->released = true;
}

void cs_request_reader_free(struct cs_request_reader *reader)
{
    if (reader) {
        cs_request_reader_release(reader);
        cs_buf_free(&reader->line);
        free(reader);
    }
}

void cs_request_reader_next(struct cs_request_reader *reader)
{
    struct cs_request_limits limits = reader->limits;
    cs_request_reader_release(reader);
    cs_buf_free(&reader->line);
    *reader = (struct cs_request_reader){.limits = limits};
}

void cs_request_reader_discard(struct cs_request_reader *reader)
{
    reader->discard = true;
}

bool cs_request_reader_idle(const struct cs_request_reader *reader)
{
    return reader->stage == STAGE_HEAD && reader->taken == 0;
}

struct cs_view cs_request_reader_raw(const struct cs_request_reader *reader)
{
    return cs_buf_view(&reader->raw);
}

/* ---- refusals ---- */

static enum cs_request_step bad(struct cs_request_reader *reader, int status, uint64_t at,
                                const char *why)
{
    reader->stage = STAGE_BAD;
    reader->bad_status = status;
    reader->bad_at = at;
    reader->bad_why = why;
    return CS_REQUEST_BAD;
}

static enum cs_request_step bad_memory(struct cs_request_reader *reader)
{
    return bad(reader, 503, reader->taken, "out of memory");
}

/* ---- lines ---- */

enum line_step {
    LINE_MORE,
    LINE_WHOLE,
    LINE_TOO_LONG,
    LINE_NO_MEMORY
};

/* Moves bytes up to and with the next LF from `input` to the end of `text`, which may not reach
 * `max` bytes before that. */
static enum line_step take_line(struct cs_request_reader *reader, struct cs_buf *text, size_t max,
                                struct cs_view *input)
{
    size_t room = max - text->len;
    size_t len = input->len < room ? input->len : room;
    const char *end = len > 0 ? memchr(input->ptr, '\n', len) : NULL;
    if (end) {
        len = (size_t)(end - input->ptr) + 1;
    }
    text->max = max;
    cs_buf_append(text, input->ptr, len);
    if (cs_buf_error(text) != CS_OK) {
        return LINE_NO_MEMORY;
    }
    reader->taken += len;
    *input = cs_view_of(input->len > len ? input->ptr + len : NULL, input->len - len);
    if (end) {
        return LINE_WHOLE;
    }
    return text->len == max ? LINE_TOO_LONG : LINE_MORE;
}

/* The line that was just completed in `text`, without its CRLF. False: it ends in a bare LF. */
static bool whole_line(const struct cs_buf *text, size_t start, struct cs_view *ret_line)
{
    size_t len = text->len - start;
    if (len < 2 || text->ptr[text->len - 2] != '\r') {
        return false;
    }
    *ret_line = cs_view_of(text->ptr + start, len - 2);
    return true;
}

/* ---- head ---- */

/* The head is complete and every line of it is known to be good: sets the views. */
static void give_views(struct cs_request_reader *reader)
{
    struct cs_request *request = &reader->request;
    struct cs_refusal refusal;
    struct cs_view rest = cs_buf_view(&reader->raw);
    size_t n_fields = 0;
    bool have_line = false;
    while (rest.len > 0) {
        size_t len = (size_t)((const char *)memchr(rest.ptr, '\n', rest.len) - rest.ptr) + 1;
        struct cs_view line = cs_view_of(rest.ptr, len - 2);
        rest = cs_view_of(rest.ptr + len, rest.len - len);
        if (line.len == 0) {
            continue;
        }
        if (!have_line) {
            have_line = cs_http_request_line(line, request, &refusal);
        } else if (cs_http_field_line(line, &reader->headers[n_fields], &refusal)) {
            n_fields++;
        }
    }
    request->headers = reader->headers;
    request->n_headers = n_fields;
    request->head = cs_buf_view(&reader->raw);
}

static bool build_request(struct cs_request_reader *reader, struct cs_refusal *refusal)
{
    reader->request = (struct cs_request){0};
    give_views(reader);
    return cs_http_head_judge(&reader->request, refusal);
}

static enum cs_request_step finish_head(struct cs_request_reader *reader)
{
    reader->headers = calloc(reader->n_lines, sizeof(*reader->headers));
    if (!reader->headers) {
        return bad_memory(reader);
    }
    struct cs_refusal refusal = {0};
    if (!build_request(reader, &refusal)) {
        return bad(reader, refusal.status, refusal.at, refusal.why);
    }
    /* Room for the evidence is made now, and the views are set again where the bytes then are, so
     * that they stay put while the body comes in. */
    uint64_t body_len = reader->request.chunked ? RAW_BODY_MAX : reader->request.content_length;
    size_t room = body_len < RAW_BODY_MAX ? (size_t)body_len : RAW_BODY_MAX;
    reader->raw.max = reader->raw.len + room;
    if (!cs_buf_reserve(&reader->raw, room)) {
        return bad_memory(reader);
    }
    (void)build_request(reader, &refusal); /* as before */
    reader->stage = STAGE_BODY_START;
    return CS_REQUEST_HEAD;
}

static enum cs_request_step read_head(struct cs_request_reader *reader, struct cs_view *input)
{
    for (;;) {
        switch (take_line(reader, &reader->raw, reader->limits.max_head, input)) {
        case LINE_MORE:
            return CS_REQUEST_MORE;
        case LINE_NO_MEMORY:
            return bad_memory(reader);
        case LINE_TOO_LONG:
            return bad(reader, reader->n_lines == 0 ? 414 : 431, reader->taken,
                       "the head is longer than allowed");
        case LINE_WHOLE:
            break;
        }
        struct cs_view line;
        size_t start = reader->line_start;
        if (!whole_line(&reader->raw, start, &line)) {
            return bad(reader, 400, reader->taken - 1, "a line feed without a carriage return");
        }
        reader->line_start = reader->raw.len;
        struct cs_refusal refusal = {0};
        if (line.len == 0 && reader->n_lines > 0) {
            return finish_head(reader);
        }
        if (line.len == 0) {
            /* One empty line before a request is passed over, as RFC 9112 asks of servers. */
            if (start > 0) {
                return bad(reader, 400, start, "expected a method and one space");
            }
            continue;
        }
        struct cs_request first;
        struct cs_header field;
        bool fine = reader->n_lines == 0 ? cs_http_request_line(line, &first, &refusal)
                                         : cs_http_field_line(line, &field, &refusal);
        if (!fine) {
            return bad(reader, refusal.status, start + refusal.at, refusal.why);
        }
        reader->n_lines++;
    }
}

/* ---- body ---- */

static enum cs_request_step body_done(struct cs_request_reader *reader)
{
    cs_buf_free(&reader->line);
    reader->request.body = cs_buf_view(&reader->body);
    reader->stage = STAGE_DONE;
    return CS_REQUEST_DONE;
}

static enum cs_request_step start_body(struct cs_request_reader *reader)
{
    reader->line_start = 0;
    reader->left = reader->request.content_length;
    if (reader->left > reader->limits.max_body && !reader->discard) {
        return bad(reader, 413, reader->taken, "Content-Length is more than allowed");
    }
    reader->stage = reader->request.chunked ? STAGE_CHUNK_LINE : STAGE_LENGTH;
    return CS_REQUEST_MORE;
}

/* Takes body bytes, at most `left`. False: out of memory. */
static bool take_body(struct cs_request_reader *reader, struct cs_view *input)
{
    size_t len = input->len < reader->left ? input->len : (size_t)reader->left;
    if (!reader->discard && len > 0) {
        reader->body.max = reader->limits.max_body;
        cs_buf_append(&reader->body, input->ptr, len);
        if (cs_buf_error(&reader->body) != CS_OK) {
            return false;
        }
    }
    reader->left -= len;
    reader->taken += len;
    *input = cs_view_of(input->len > len ? input->ptr + len : NULL, input->len - len);
    return true;
}

static enum cs_request_step read_data(struct cs_request_reader *reader, struct cs_view *input)
{
    if (!take_body(reader, input)) {
        return bad_memory(reader);
    }
    if (reader->left == 0) {
        if (reader->stage == STAGE_LENGTH) {
            return body_done(reader);
        }
        reader->stage = STAGE_CHUNK_END;
    }
    return CS_REQUEST_MORE;
}

static enum cs_request_step read_chunk_line(struct cs_request_reader *reader, struct cs_view *input)
{
    switch (take_line(reader, &reader->line, CHUNK_LINE_MAX, input)) {
    case LINE_MORE:
        return CS_REQUEST_MORE;
    case LINE_NO_MEMORY:
        return bad_memory(reader);
    case LINE_TOO_LONG:
        return bad(reader, 400, reader->taken, "a chunk line longer than allowed");
    case LINE_WHOLE:
        break;
    }
    struct cs_view line;
    uint64_t start = reader->taken - reader->line.len;
    if (!whole_line(&reader->line, 0, &line)) {
        return bad(reader, 400, reader->taken - 1, "a line feed without a carriage return");
    }
    struct cs_refusal refusal = {0};
    if (!cs_http_chunk_line(line, &reader->left, &refusal)) {
        return bad(reader, refusal.status, start + refusal.at, refusal.why);
    }
    if (reader->left > reader->limits.max_body - reader->body.len && !reader->discard) {
        return bad(reader, 413, start, "the chunks are more than allowed");
    }
    cs_buf_clear(&reader->line);
    reader->stage = reader->left > 0 ? STAGE_CHUNK_DATA : STAGE_TRAILER;
    return CS_REQUEST_MORE;
}

static enum cs_request_step read_chunk_end(struct cs_request_reader *reader, struct cs_view *input)
{
    static const char crlf[2] = "\r\n";
    while (input->len > 0 && reader->left < sizeof(crlf)) {
        if (input->ptr[0] != crlf[reader->left]) {
            return bad(reader, 400, reader->taken, "expected a line end after the chunk");
        }
        reader->left++;
        reader->taken++;
        *input = cs_view_of(input->ptr + 1, input->len - 1);
    }
    if (reader->left == sizeof(crlf)) {
        reader->stage = STAGE_CHUNK_LINE;
    }
    return CS_REQUEST_MORE;
}

/* Trailers are checked and then dropped: nothing in the protocol reads them. */
static enum cs_request_step read_trailer(struct cs_request_reader *reader, struct cs_view *input)
{
    switch (take_line(reader, &reader->line, reader->limits.max_head, input)) {
    case LINE_MORE:
        return CS_REQUEST_MORE;
    case LINE_NO_MEMORY:
        return bad_memory(reader);
    case LINE_TOO_LONG:
        return bad(reader, 431, reader->taken, "the trailers are longer than allowed");
    case LINE_WHOLE:
        break;
    }
    struct cs_view line;
    uint64_t start = reader->taken - (reader->line.len - reader->line_start);
    if (!whole_line(&reader->line, reader->line_start, &line)) {
        return bad(reader, 400, reader->taken - 1, "a line feed without a carriage return");
    }
    if (line.len == 0) {
        return body_done(reader);
    }
    struct cs_header field;
    struct cs_refusal refusal = {0};
    if (!cs_http_field_line(line, &field, &refusal)) {
        return bad(reader, refusal.status, start + refusal.at, refusal.why);
    }
    reader->line_start = reader->line.len;
    return CS_REQUEST_MORE;
}

/* ---- the whole ---- */

static enum cs_request_step step(struct cs_request_reader *reader, struct cs_view *input)
{
    switch (reader->stage) {
    case STAGE_HEAD:
        return read_head(reader, input);
    case STAGE_BODY_START:
        return start_body(reader);
    case STAGE_LENGTH:
    case STAGE_CHUNK_DATA:
        return read_data(reader, input);
    case STAGE_CHUNK_LINE:
        return read_chunk_line(reader, input);
    case STAGE_CHUNK_END:
        return read_chunk_end(reader, input);
    case STAGE_TRAILER:
        return read_trailer(reader, input);
    case STAGE_DONE:
        return CS_REQUEST_DONE;
    case STAGE_BAD:
        break;
    }
    return CS_REQUEST_BAD;
}

/* Body bytes as they came, for evidence; finish_head made the room. */
static void keep_raw(struct cs_request_reader *reader, struct cs_view bytes)
{
    if (!reader->released && reader->raw.len < reader->raw.max) {
        size_t room = reader->raw.max - reader->raw.len;
        cs_buf_append(&reader->raw, bytes.ptr, bytes.len < room ? bytes.len : room);
    }
}

static enum cs_err code_of(int status)
{
    switch (status) {
    case 413:
    case 414:
    case 431:
        return CS_ERR_LIMIT;
    case 503:
        return CS_ERR_NO_MEMORY;
    default:
        return CS_ERR_SYNTAX;
    }
}

enum cs_request_step cs_request_read(struct cs_request_reader *reader, struct cs_view *input,
                                     const struct cs_request **ret_request, int *ret_status,
                                     struct cs_diag *diag)
{
    enum cs_request_step result;
    enum stage before;
    do {
        struct cs_view given = *input;
        before = reader->stage;
        result = step(reader, input);
        if (before != STAGE_HEAD && given.len > input->len) {
            keep_raw(reader, cs_view_of(given.ptr, given.len - input->len));
        }
        /* A stage that ended without using up the input, or needs none, hands on to the next. */
    } while (result == CS_REQUEST_MORE && (input->len > 0 || reader->stage != before));
    if (result == CS_REQUEST_HEAD || result == CS_REQUEST_DONE) {
        *ret_request = &reader->request;
    } else if (result == CS_REQUEST_BAD) {
        *ret_status = reader->bad_status;
        (void)cs_fail(diag, code_of(reader->bad_status), reader->bad_at, "%s", reader->bad_why);
    }
    return result;
}
