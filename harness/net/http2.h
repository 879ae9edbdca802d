/* The server's side of cleartext HTTP/2 by prior knowledge, on a connection that cs_server handed
 * over (on_other_protocol, on_raw). The protocol itself is nghttp2's; this is streams, bounded
 * buffers and flow control that can be withheld.
 *
 * Windows are HTTP/2's default of 65535 bytes for streams and connection; credit is given back as
 * soon as on_data has returned, unless it is held. A stream whose answer is complete before its
 * request is reset with NO_ERROR, so that the peer stops sending (RFC 9113, 8.1).
 */
#ifndef CHATSPEC_NET_HTTP2_H
#define CHATSPEC_NET_HTTP2_H

#include "net/server.h"

struct cs_h2;
struct cs_h2_stream;

/* Error codes of RST_STREAM and GOAWAY that callers need; any other number works too. */
enum {
    CS_H2_NO_ERROR = 0,
    CS_H2_INTERNAL_ERROR = 2,
    CS_H2_REFUSED_STREAM = 7,
    CS_H2_CANCEL = 8,
    CS_H2_HTTP_1_1_REQUIRED = 13
};
/* on_close: the stream did not end by itself, its connection is gone. */
#define CS_H2_GONE UINT32_MAX

#define CS_H2_MAX_STREAMS 128u                /* at the same time, per connection */
#define CS_H2_HEADERS_MAX ((size_t)16384)     /* names, values and 32 bytes for each field */
#define CS_H2_SEND_MAX    ((size_t)128 << 20) /* queued for one stream */

/* Views live until on_close of the stream. */
struct cs_h2_head {
    struct cs_view method;
    struct cs_view scheme;
    struct cs_view authority;
    struct cs_view path;             /* with the query, as sent */
    const struct cs_header *headers; /* in lower case, without the four above */
    size_t n_headers;
};

/* Called from the loop, never from inside a function of this header (cs_h2_free and on_close
 * excepted). They may call everything but cs_h2_free. None may be NULL. */
struct cs_h2_hooks {
    void (*on_head)(void *ctx, struct cs_h2_stream *stream, const struct cs_h2_head *head);
    void (*on_data)(void *ctx, struct cs_h2_stream *stream, struct cs_view bytes);
    /* The peer half-closed the stream: nothing more will come. */
    void (*on_end)(void *ctx, struct cs_h2_stream *stream);
    /* Last call for this stream, for each that on_head was called for; it is freed afterwards.
     * `error`: 0 when both sides ended, the code of a reset, or CS_H2_GONE. */
    void (*on_close)(void *ctx, struct cs_h2_stream *stream, uint32_t error);
};

/* ---- a connection ---- */

/* Greets with SETTINGS. The hooks are copied. The connection stays the server's: call cs_h2_free
 * from its on_close. NULL when out of memory. */
struct cs_h2 *cs_h2_new(struct cs_conn *conn, const struct cs_h2_hooks *hooks, void *ctx);
/* NULL is fine. Calls on_close for streams that are left. */
void cs_h2_free(struct cs_h2 *h2);
/* All bytes of the connection go here, those that were sniffed first. A peer that breaks HTTP/2
 * gets GOAWAY and the end of the connection. */
void cs_h2_receive(struct cs_h2 *h2, struct cs_view bytes);
/* To be called from the server's on_drained. */
void cs_h2_drained(struct cs_h2 *h2);
/* For cs_conn_reset and the like. */
struct cs_conn *cs_h2_conn(const struct cs_h2 *h2);
/* No new streams; those that are open go on. With an error code other than CS_H2_NO_ERROR the
 * connection ends as soon as this was said. */
void cs_h2_goaway(struct cs_h2 *h2, uint32_t error);
/* While held, no credit is given back for the connection as a whole: all its streams stall once
 * 65535 bytes came. Released, it is given back at once. */
void cs_h2_hold_credit(struct cs_h2 *h2, bool hold);

/* ---- a stream ---- */

void cs_h2_stream_set_user(struct cs_h2_stream *stream, void *user);
void *cs_h2_stream_user(const struct cs_h2_stream *stream);
struct cs_h2 *cs_h2_stream_connection(const struct cs_h2_stream *stream);

/* The head of the answer; names in any case, copied. `end`: there is no body. To be called once.
 * These return false when the stream is closing or memory ran out (it is then reset): on_close
 * says the rest. */
bool cs_h2_answer(struct cs_h2_stream *stream, int status, const struct cs_header *headers,
                  size_t n_headers, bool end);
/* Queues bytes of the answer's body; they are copied and sent as the peer's windows allow. */
bool cs_h2_send(struct cs_h2_stream *stream, struct cs_view bytes);
/* Half-closes our side once everything queued was sent. */
bool cs_h2_end(struct cs_h2_stream *stream);
/* RST_STREAM; what is queued is dropped. */
void cs_h2_reset(struct cs_h2_stream *stream, uint32_t error);
/* As cs_h2_hold_credit, for this stream alone. */
void cs_h2_stream_hold_credit(struct cs_h2_stream *stream, bool hold);

#endif
