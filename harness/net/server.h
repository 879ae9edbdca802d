/* The raw HTTP/1.1 server: loopback sockets on one event loop, every byte on the wire under
 * control.
 *
 * No server library can do this (measured): they add headers, reorder them, repair framing, refuse
 * to split a chunk header, cannot reset. The same server is the well-behaved reference endpoint and
 * the scripted server of the client role. Pressure is counted in bytes, never in time.
 *
 * Traps that this file takes care of: closing with unread request bytes sends RST, so a clean end
 * drains first; two sends are not two receives, so cs_conn_unacked tells when a part has left.
 */
#ifndef CHATSPEC_NET_SERVER_H
#define CHATSPEC_NET_SERVER_H

#include "net/http_request.h"
#include "net/loop.h"

struct cs_server;
struct cs_conn;

enum cs_head_action {
    CS_HEAD_READ_BODY, /* go on; on_request comes when the body is complete */
    CS_HEAD_ANSWERED   /* an answer was queued already: the body is read and thrown away */
};

/* All hooks but on_request may be NULL. `ctx` is the config's. They are called from the loop only,
 * never from inside a function of this header (cs_server_stop and on_close excepted), and may call
 * all of the cs_conn_ functions, for this connection or others; not cs_server_stop. */
struct cs_server_hooks {
    void (*on_accept)(void *ctx, struct cs_conn *conn);
    enum cs_head_action (*on_head)(void *ctx, struct cs_conn *conn,
                                   const struct cs_request *request);
    /* A complete request. The answer may come later; until cs_conn_next no further request of this
     * connection is read. Views live until then. */
    void (*on_request)(void *ctx, struct cs_conn *conn, const struct cs_request *request);
    /* The peer broke HTTP. NULL: answers `status` with a plain body and closes. */
    void (*on_bad_request)(void *ctx, struct cs_conn *conn, int status, const struct cs_diag *why);
    /* Bytes had to be queued, and now all of them were handed to the kernel. Not called when
     * cs_conn_send got rid of everything at once, so sending from here does not recurse. */
    void (*on_drained)(void *ctx, struct cs_conn *conn);
    /* The peer sent FIN while an answer is open (a half-closed client may still read), or on a
     * connection that was taken over. NULL: as if it had gone. */
    void (*on_half_close)(void *ctx, struct cs_conn *conn);
    /* Last call for this connection, whoever ended it; `conn` is freed after it. It comes from the
     * loop, after the call that ended the connection has returned. */
    void (*on_close)(void *ctx, struct cs_conn *conn);
    /* The first bytes of the connection are not HTTP/1.x: they cannot start a method, or are "PRI "
     * as in the HTTP/2 preface. `first_bytes` is all that was read so far. Returns true when the
     * hook takes the connection over: what comes after them then goes to on_raw. NULL: closed. */
    bool (*on_other_protocol)(void *ctx, struct cs_conn *conn, struct cs_view first_bytes);
    void (*on_raw)(void *ctx, struct cs_conn *conn, struct cs_view bytes);
};

struct cs_server_config {
    const char *address; /* NULL: 127.0.0.1; "::1" works too */
    uint16_t port;       /* 0: the kernel chooses */
    struct cs_request_limits limits;
    size_t max_connections; /* 0: 65536 */
    int send_buffer;        /* SO_SNDBUF in bytes for accepted sockets; 0: the kernel's */
    int receive_buffer;     /* SO_RCVBUF, the same */
    int64_t drain_ms;       /* instead of the 2 s and 5 s of cs_conn_next and cs_conn_finish */
    const struct cs_server_hooks *hooks; /* copied */
    void *ctx;
};

/* Errors: CS_ERR_IO with the failing call in diag (address in use, no permission),
 * CS_ERR_NO_MEMORY, CS_ERR_USAGE (bad address). */
CS_MUST_USE enum cs_err cs_server_start(struct cs_loop *loop, const struct cs_server_config *config,
                                        struct cs_server **ret_server, struct cs_diag *diag);
/* Resets all connections, and from now on every new one. The port stays ours, so that a client that
 * still tries does not come to somebody who was given the number next. Not from inside a hook. */
void cs_server_refuse(struct cs_server *server);
/* Closes the listener and resets all connections (on_close is called for each). NULL is fine. Not
 * from inside a hook. */
void cs_server_stop(struct cs_server *server);
uint16_t cs_server_port(const struct cs_server *server);
size_t cs_server_connections(const struct cs_server *server);
struct cs_loop *cs_server_loop(const struct cs_server *server);

/* ---- one connection ---- */

void cs_conn_set_user(struct cs_conn *conn, void *user);
void *cs_conn_user(const struct cs_conn *conn);
/* A hook took it over (on_other_protocol): its user is that hook's, to its end. */
bool cs_conn_taken_over(const struct cs_conn *conn);
/* Number of the connection (from 1) and of the current request on it (from 1). */
uint64_t cs_conn_number(const struct cs_conn *conn);
uint64_t cs_conn_requests(const struct cs_conn *conn);
struct cs_server *cs_conn_server(const struct cs_conn *conn);
/* The request being answered, or NULL between requests and after cs_conn_release_request. */
const struct cs_request *cs_conn_request(const struct cs_conn *conn);
/* Its exact bytes so far (cs_request_reader_raw), for evidence; in on_bad_request too. */
struct cs_view cs_conn_request_raw(const struct cs_conn *conn);
/* Frees the request's buffers early, for answers that stay open for long: its views are gone. Does
 * nothing while a body is read that on_request will get; with CS_HEAD_ANSWERED it can be called
 * once on_head has returned. */
void cs_conn_release_request(struct cs_conn *conn);

/* Queues bytes and sends what the kernel takes at once. False when the connection is gone, was
 * finished, or memory ran out (it is then reset, as it is over 1 GiB of queue). */
bool cs_conn_send(struct cs_conn *conn, struct cs_view bytes);
/* Bytes queued here and not yet taken by the kernel. */
size_t cs_conn_queued(const struct cs_conn *conn);
/* Bytes that the kernel has not seen acknowledged, plus the queued ones (SIOCOUTQ). */
size_t cs_conn_unacked(const struct cs_conn *conn);
uint64_t cs_conn_sent(const struct cs_conn *conn); /* bytes taken by the kernel so far */

/* The answer is complete: read the next request, or finish when the peer asked for close. After
 * CS_HEAD_ANSWERED the rest of the body is thrown away first; over 16 MiB or 5 s of it: reset. */
void cs_conn_next(struct cs_conn *conn);
/* After the queue is empty: FIN, then read to the peer's end, then close: no RST, unless the peer
 * goes on for more than 1 MiB or 2 s (in the middle of a request's body, or after a bad request:
 * 16 MiB or 5 s). */
void cs_conn_finish(struct cs_conn *conn);
/* After the queue is empty: FIN. From now on the peer's bytes are read and thrown away for as long
 * as it likes; the connection ends with its FIN. */
void cs_conn_half_close(struct cs_conn *conn);
/* RST now, whatever is queued. */
void cs_conn_reset(struct cs_conn *conn);
/* Stop and resume taking bytes from the socket: the peer then feels back-pressure. */
void cs_conn_pause(struct cs_conn *conn);
void cs_conn_resume(struct cs_conn *conn);

/* ---- building answers (http_response.c); all only append to a buffer ---- */

/* "HTTP/1.1 <status> <reason>\r\n" */
void cs_response_status(struct cs_buf *out, int status);
/* "Name: value\r\n" */
void cs_response_header(struct cs_buf *out, const char *name, const char *fmt, ...) CS_PRINTF(3, 4);
/* "\r\n" */
void cs_response_end_head(struct cs_buf *out);
/* A whole chunk of a chunked body; the empty view gives the last chunk. */
void cs_response_chunk(struct cs_buf *out, struct cs_view bytes);
const char *cs_status_reason(int status);

#endif
