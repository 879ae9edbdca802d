#include "net/http2_impl.h"

#include <stdlib.h>

void cs_h2_stream_free(struct cs_h2_stream *stream)
{
    struct cs_h2 *h2 = stream->h2;
    if (stream->prev != NULL) {
        stream->prev->next = stream->next;
    } else {
        h2->streams = stream->next;
    }
    if (stream->next != NULL) {
        stream->next->prev = stream->prev;
    }
    cs_buf_free(&stream->text);
    cs_buf_free(&stream->out);
    free(stream->headers);
    free(stream);
}

void cs_h2_stream_set_user(struct cs_h2_stream *stream, void *user)
{
    stream->user = user;
}

void *cs_h2_stream_user(const struct cs_h2_stream *stream)
{
    return stream->user;
}

struct cs_h2 *cs_h2_stream_connection(const struct cs_h2_stream *stream)
{
    return stream->h2;
}

static bool is_gone(const struct cs_h2_stream *stream)
{
    return stream->closing || stream->h2->over;
}

static size_t queued(const struct cs_h2_stream *stream)
{
    return stream->out.len - stream->out_at;
}

/* nghttp2 asks for the next piece of the body. */
static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *buf, size_t length,
                         uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
    (void)session, (void)id, (void)ctx;
    struct cs_h2_stream *stream = source->ptr;
    size_t left = queued(stream);
    size_t n = left < length ? left : length;
    if (n > 0) {
        memcpy(buf, stream->out.ptr + stream->out_at, n);
        stream->out_at += n;
    }
    if (n == left) {
        cs_buf_free(&stream->out);
        stream->out_at = 0;
        if (stream->ended) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
        } else if (n == 0) {
            return NGHTTP2_ERR_DEFERRED;
        }
    }
    return (ssize_t)n;
}

/* Names are in lower case in HTTP/2; `names` gets them. */
static void put_field(nghttp2_nv *field, struct cs_view name, struct cs_view value,
                      struct cs_buf *names)
{
    size_t start = names->len;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        cs_buf_char(names, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
    }
    static const char none[1] = "";
    const char *bytes = value.len > 0 ? value.ptr : none;
    *field = (nghttp2_nv){.name = (uint8_t *)names->ptr + start,
                          .namelen = name.len,
                          .value = (uint8_t *)(uintptr_t)bytes,
                          .valuelen = value.len,
                          .flags = NGHTTP2_NV_FLAG_NONE};
}

static bool submit_answer(struct cs_h2_stream *stream, int status, const struct cs_header *headers,
                          size_t n_headers, const nghttp2_data_provider *body)
{
    char digits[4] = {(char)('0' + status / 100 % 10), (char)('0' + status / 10 % 10),
                      (char)('0' + status % 10)};
    size_t room = sizeof(":status");
    for (size_t i = 0; i < n_headers; i++) {
        room += headers[i].name.len;
    }
    struct cs_buf names = CS_BUF(room);
    nghttp2_nv *fields = calloc(n_headers + 1, sizeof *fields);
    bool ok = fields != NULL && cs_buf_reserve(&names, room) != NULL;
    if (ok) {
        put_field(&fields[0], CS_VIEW(":status"), cs_view_of(digits, 3), &names);
        for (size_t i = 0; i < n_headers; i++) {
            put_field(&fields[i + 1], headers[i].name, headers[i].value, &names);
        }
        ok = nghttp2_submit_response(stream->h2->session, stream->id, fields, n_headers + 1,
                                     body) == 0;
    }
    free(fields);
    cs_buf_free(&names);
    return ok;
}

bool cs_h2_answer(struct cs_h2_stream *stream, int status, const struct cs_header *headers,
                  size_t n_headers, bool end)
{
    if (is_gone(stream) || stream->answered) {
        return false;
    }
    stream->answered = true;
    stream->ended = end;
    const nghttp2_data_provider body = {.source.ptr = stream, .read_callback = read_body};
    if (!submit_answer(stream, status, headers, n_headers, end ? NULL : &body)) {
        cs_h2_reset(stream, CS_H2_INTERNAL_ERROR);
        return false;
    }
    cs_h2_flush_soon(stream->h2);
    return true;
}

/* Fails when the body is not waiting for more, which is fine. */
static void resume(struct cs_h2_stream *stream)
{
    (void)nghttp2_session_resume_data(stream->h2->session, stream->id);
    cs_h2_flush_soon(stream->h2);
}

bool cs_h2_send(struct cs_h2_stream *stream, struct cs_view bytes)
{
    if (is_gone(stream) || !stream->answered || stream->ended) {
        return false;
    }
    if (stream->out_at > 0 && stream->out_at >= stream->out.len / 2) {
        cs_buf_consume(&stream->out, stream->out_at);
        stream->out_at = 0;
    }
    cs_buf_add(&stream->out, bytes);
    if (cs_buf_error(&stream->out) != CS_OK) {
        cs_h2_reset(stream, CS_H2_INTERNAL_ERROR);
        return false;
    }
    resume(stream);
    return true;
}

bool cs_h2_end(struct cs_h2_stream *stream)
{
    if (is_gone(stream) || !stream->answered) {
        return false;
    }
    if (!stream->ended) {
        stream->ended = true;
        resume(stream);
    }
    return true;
}

void cs_h2_reset(struct cs_h2_stream *stream, uint32_t error)
{
    if (is_gone(stream)) {
        return;
    }
    stream->closing = true;
    if (nghttp2_submit_rst_stream(stream->h2->session, NGHTTP2_FLAG_NONE, stream->id, error) != 0) {
        cs_conn_reset(stream->h2->conn);
        return;
    }
    cs_h2_flush_soon(stream->h2);
}

void cs_h2_stream_hold_credit(struct cs_h2_stream *stream, bool hold)
{
    stream->credit_held = hold;
    if (!hold && stream->withheld > 0 && !is_gone(stream)) {
        (void)nghttp2_session_consume_stream(stream->h2->session, stream->id, stream->withheld);
        stream->withheld = 0;
        cs_h2_flush_soon(stream->h2);
    }
}
