/* What the files of HTTP/2 share: http2.c (a connection), http2_stream.c (what callers do with a
 * stream), http2_input.c (nghttp2's callbacks, from frames to the hooks). */
#ifndef CHATSPEC_NET_HTTP2_IMPL_H
#define CHATSPEC_NET_HTTP2_IMPL_H

#include <sys/types.h>

#include <nghttp2/nghttp2.h>

#include "net/http2.h"

/* A field counts 32 bytes (RFC 9113, 6.5.2), so a head within its limit has fewer than these. */
#define H2_FIELD_COST 32u
#define H2_FIELDS_MAX (CS_H2_HEADERS_MAX / H2_FIELD_COST)

struct cs_h2_stream {
    struct cs_h2 *h2;
    struct cs_h2_stream *prev;
    struct cs_h2_stream *next;
    void *user;
    int32_t id;
    struct cs_h2_head head;
    struct cs_header *headers; /* of `head` */
    size_t headers_cap;
    struct cs_buf text; /* all names and values; its room is made once, so views stay good */
    size_t head_size;
    struct cs_buf out; /* from out_at on not yet in a frame */
    size_t out_at;
    size_t withheld; /* bytes that no credit was given back for */
    bool has_head;   /* on_head was called */
    bool answered;
    bool ended; /* our side, once `out` is sent */
    bool peer_ended;
    bool closing; /* reset by us */
    bool credit_held;
};

struct cs_h2 {
    nghttp2_session *session;
    struct cs_conn *conn;
    struct cs_loop *loop;
    struct cs_h2_hooks hooks;
    void *ctx;
    struct cs_timer timer; /* frames are made from the loop, never inside a caller's function */
    struct cs_h2_stream *streams;
    size_t withheld;
    bool credit_held;
    bool receiving; /* what is submitted now is sent when the input is used up */
    bool over;      /* the connection is ending: nothing more is sent */
};

/* Something was submitted: it will be sent from the loop. */
void cs_h2_flush_soon(struct cs_h2 *h2);
/* Takes the stream out of its connection and frees it, without a call of hooks. */
void cs_h2_stream_free(struct cs_h2_stream *stream);
/* The callbacks of http2_input.c; the caller deletes the object. NULL when out of memory. */
nghttp2_session_callbacks *cs_h2_callbacks(void);

#endif
