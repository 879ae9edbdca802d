/* nghttp2's callbacks: from its frames to the hooks. nghttp2 checks the messages themselves: order
 * and form of fields, lengths that do not match, frames on streams that are closed. */
#include "net/http2_impl.h"

#include <stdlib.h>

static struct cs_h2_stream *find(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

static bool is_request(const nghttp2_frame *frame)
{
    return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct cs_h2 *h2 = ctx;
    if (!is_request(frame)) {
        return 0;
    }
    struct cs_h2_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    stream->h2 = h2;
    stream->id = frame->hd.stream_id;
    stream->text = CS_BUF(CS_H2_HEADERS_MAX);
    stream->out = CS_BUF(CS_H2_SEND_MAX);
    stream->next = h2->streams;
    if (stream->next != NULL) {
        stream->next->prev = stream;
    }
    h2->streams = stream;
    bool ok = cs_buf_reserve(&stream->text, CS_H2_HEADERS_MAX) != NULL &&
              nghttp2_session_set_stream_user_data(session, stream->id, stream) == 0;
    if (!ok) {
        cs_h2_stream_free(stream);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return 0;
}

static struct cs_view keep(struct cs_h2_stream *stream, const uint8_t *bytes, size_t len)
{
    size_t start = stream->text.len;
    cs_buf_append(&stream->text, bytes, len);
    return cs_view_of(stream->text.ptr + start, len);
}

/* Where a pseudo-header goes; NULL for ordinary fields. */
static struct cs_view *pseudo(struct cs_h2_head *head, struct cs_view name)
{
    return cs_view_eq(name, CS_VIEW(":method"))      ? &head->method
           : cs_view_eq(name, CS_VIEW(":scheme"))    ? &head->scheme
           : cs_view_eq(name, CS_VIEW(":authority")) ? &head->authority
           : cs_view_eq(name, CS_VIEW(":path"))      ? &head->path
                                                     : NULL;
}

static bool add_field(struct cs_h2_stream *stream, struct cs_view name, struct cs_view value)
{
    struct cs_h2_head *head = &stream->head;
    if (head->n_headers == stream->headers_cap) {
        size_t cap = stream->headers_cap > 0 ? 2 * stream->headers_cap : 16;
        struct cs_header *headers = realloc(stream->headers, cap * sizeof *headers);
        if (headers == NULL) {
            return false;
        }
        stream->headers = headers;
        stream->headers_cap = cap;
    }
    stream->headers[head->n_headers++] = (struct cs_header){.name = name, .value = value};
    head->headers = stream->headers;
    return true;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *ctx)
{
    (void)flags, (void)ctx;
    struct cs_h2_stream *stream = find(session, frame->hd.stream_id);
    if (stream == NULL || !is_request(frame)) {
        return 0; /* trailers are not looked at */
    }
    /* Neither length is over nghttp2's own limit for a head, so this cannot overflow. */
    stream->head_size += name_len + value_len + H2_FIELD_COST;
    if (stream->head_size > CS_H2_HEADERS_MAX) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    struct cs_view key = keep(stream, name, name_len);
    struct cs_view text = keep(stream, value, value_len);
    struct cs_view *place = pseudo(&stream->head, key);
    if (place != NULL) {
        *place = text;
        return 0;
    }
    return add_field(stream, key, text) ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct cs_h2 *h2 = ctx;
    bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    struct cs_h2_stream *stream = carries ? find(session, frame->hd.stream_id) : NULL;
    if (stream == NULL || stream->closing) {
        return 0;
    }
    if (is_request(frame)) {
        stream->has_head = true;
        h2->hooks.on_head(h2->ctx, stream, &stream->head);
    }
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM && !stream->peer_ended) {
        stream->peer_ended = true;
        if (!stream->closing) {
            h2->hooks.on_end(h2->ctx, stream);
        }
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                   size_t len, void *ctx)
{
    (void)flags;
    struct cs_h2 *h2 = ctx;
    struct cs_h2_stream *stream = find(session, id);
    if (stream != NULL && stream->has_head && !stream->closing) {
        h2->hooks.on_data(h2->ctx, stream, cs_view_of((const char *)bytes, len));
    }
    if (h2->credit_held) {
        h2->withheld += len; /* at most a window of it */
    } else {
        (void)nghttp2_session_consume_connection(session, len);
    }
    if (stream != NULL && stream->credit_held) {
        stream->withheld += len;
    } else {
        (void)nghttp2_session_consume_stream(session, id, len);
    }
    return 0;
}

/* An answer that was complete before its request: what is still to come is of no use. */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    (void)ctx;
    bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    struct cs_h2_stream *stream = carries ? find(session, frame->hd.stream_id) : NULL;
    if (stream != NULL && frame->hd.flags & NGHTTP2_FLAG_END_STREAM && !stream->peer_ended &&
        !stream->closing) {
        stream->closing = true;
        (void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
    }
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *ctx)
{
    struct cs_h2 *h2 = ctx;
    struct cs_h2_stream *stream = find(session, id);
    if (stream != NULL) {
        stream->closing = true;
        if (stream->has_head) {
            h2->hooks.on_close(h2->ctx, stream, error);
        }
        cs_h2_stream_free(stream);
    }
    return 0;
}

nghttp2_session_callbacks *cs_h2_callbacks(void)
{
    nghttp2_session_callbacks *callbacks = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        return NULL;
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    return callbacks;
}
