/* The raw HTTP/1.1 server: loopback sockets on one event loop, every byte on the wire under control.
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

/* All hooks but on_request may be NULL. `ctx` is the config's. */
struct cs_server_hooks {
    void (*on_accept)(void *ctx, struct cs_conn *conn);
    enum cs_head_action (*on_head)(void *ctx, struct cs_conn *conn,
                                   const struct cs_request *request);
    /* A complete request. The answer may come later; until cs_conn_next no further request of this
     * connection is read. Views live until then. */
    void (*on_request)(void *ctx, struct cs_conn *conn, const struct cs_request *request);
    /* The peer broke HTTP. NULL: answers `status` with a plain body and closes. */
    void (*on_bad_request)(void *ctx, struct cs_conn *conn, int status, const struct cs_diag *why);
    /* All queued bytes were handed to the kernel. */
    void (*on_drained)(void *ctx, struct cs_conn *conn);
    /* The peer sent FIN while an answer is open (a half-closed client may still read). NULL: as
     * if it had gone. */
    void (*on_half_close)(void *ctx, struct cs_conn *conn);
    /* Last call for this connection, whoever ended it; `conn` is freed after it. */
    void (*on_close)(void *ctx, struct cs_conn *conn);
    /* First bytes are not HTTP/1.x (the HTTP/2 preface starts with "PRI"). NULL: closed. Returns
     * true when the hook takes the connection over: raw bytes then come to on_raw. */
    bool (*on_other_protocol)(void *ctx, struct cs_conn *conn, struct cs_view first_bytes);
    void (*on_raw)(void *ctx, struct cs_conn *conn, struct cs_view bytes);
};

struct cs_server_config {
    const char *address; /* NULL: 127.0.0.1; "::1" works too */
    uint16_t port;       /* 0: the kernel chooses */
    struct cs_request_limits limits;
    size_t max_connections; /* 0: 65536 */
    int send_buffer;        /* SO_SNDBUF in bytes for accepted sockets; 0: the kernel's */
    const struct cs_server_hooks *hooks;
    void *ctx;
};

/* Errors: CS_ERR_IO with the failing call in diag (address in use, no permission),
 * CS_ERR_NO_MEMORY, CS_ERR_USAGE (bad address). */
CS_MUST_USE enum cs_err cs_server_start(struct cs_loop *loop, const struct cs_server_config *config,
                                        struct cs_server **ret_server, struct cs_diag *diag);
/* Closes the listener and resets all connections (on_close is called for each). */
void cs_server_stop(struct cs_server *server);
uint16_t cs_server_port(const struct cs_server *server);
size_t cs_server_connections(const struct cs_server *server);
struct cs_loop *cs_server_loop(const struct cs_server *server);

/* ---- one connection ---- */

void cs_conn_set_user(struct cs_conn *conn, void *user);
void *cs_conn_user(const struct cs_conn *conn);
/* Number of the connection (from 1) and of the current request on it (from 1). */
uint64_t cs_conn_number(const struct cs_conn *conn);
uint64_t cs_conn_requests(const struct cs_conn *conn);
struct cs_server *cs_conn_server(const struct cs_conn *conn);
/* The request being answered, or NULL between requests. */
const struct cs_request *cs_conn_request(const struct cs_conn *conn);

/* Queues bytes and sends what the kernel takes at once. False when the connection is gone or
 * memory ran out (it is then reset). */
bool cs_conn_send(struct cs_conn *conn, struct cs_view bytes);
/* Bytes queued here and not yet taken by the kernel. */
size_t cs_conn_queued(const struct cs_conn *conn);
/* Bytes that the kernel has not seen acknowledged, plus the queued ones (SIOCOUTQ). */
size_t cs_conn_unacked(const struct cs_conn *conn);
uint64_t cs_conn_sent(const struct cs_conn *conn); /* bytes taken by the kernel so far */

/* The answer is complete: read the next request, or finish when the peer asked for close. */
void cs_conn_next(struct cs_conn *conn);
/* After the queue is empty: FIN, then read to the peer's end (bounded), then close: never RST. */
void cs_conn_finish(struct cs_conn *conn);
/* After the queue is empty: FIN, and go on reading requests' bytes without answering. */
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
