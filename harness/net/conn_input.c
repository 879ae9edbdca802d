#include "net/http_head.h"
#include "net/server_impl.h"

#include <errno.h>
#include <sys/socket.h>

/* What is thrown away of a body whose answer was given early. */
#define DISCARD_BYTES ((uint64_t)16 * 1024 * 1024)

/* ---- HTTP requests ---- */

static bool has_body(const struct cs_request *request)
{
    return request->chunked || request->content_length > 0;
}

static bool wants_continue(const struct cs_request *request)
{
    const struct cs_header *expect = cs_request_header(request, "expect");
    return expect && request->minor_version >= 1 && has_body(request) &&
           cs_view_eq_nocase(expect->value, CS_VIEW("100-continue"));
}

static void handle_head(struct cs_conn *conn, const struct cs_request *request)
{
    const struct cs_server_hooks *hooks = &conn->server->hooks;
    conn->request = request;
    conn->keep_alive = request->keep_alive;
    conn->n_requests++;
    enum cs_head_action action = CS_HEAD_READ_BODY;
    if (hooks->on_head) {
        action = hooks->on_head(conn->server->ctx, conn, request);
    }
    if (conn->state != CONN_READING) {
        return; /* the hook ended the connection */
    }
    if (action == CS_HEAD_READ_BODY) {
        if (wants_continue(request)) {
            (void)cs_conn_send(conn, CS_VIEW("HTTP/1.1 100 Continue\r\n\r\n"));
        }
        return;
    }
    conn->answered = true;
    conn->drain_left = DISCARD_BYTES;
    cs_request_reader_discard(conn->reader);
    if (conn->next_wanted && !conn->keep_alive) {
        cs_conn_finish(conn);
    } else if (has_body(request) && cs_timer_start(conn->server->loop, &conn->timer,
                                                   conn->server->long_drain_ms) != CS_OK) {
        cs_conn_end(conn, true);
    }
}

static void handle_done(struct cs_conn *conn, const struct cs_request *request)
{
    conn->state = CONN_ANSWERING;
    if (!conn->answered) {
        conn->server->hooks.on_request(conn->server->ctx, conn, request);
        return;
    }
    conn->answered = false;
    cs_timer_stop(conn->server->loop, &conn->timer);
    if (conn->next_wanted) {
        cs_conn_begin_next(conn);
    }
}

/* The answer of a server without on_bad_request. */
static void refuse(struct cs_conn *conn, int status, const struct cs_diag *why)
{
    struct cs_buf body = CS_BUF(1024);
    struct cs_buf answer = CS_BUF(2048);
    cs_buf_printf(&body, "%s: %s (byte %llu)\n", cs_status_reason(status), why->text,
                  (unsigned long long)why->offset);
    cs_response_status(&answer, status);
    cs_response_header(&answer, "Content-Type", "text/plain");
    cs_response_header(&answer, "Content-Length", "%zu", body.len);
    cs_response_header(&answer, "Connection", "close");
    cs_response_end_head(&answer);
    cs_buf_add(&answer, cs_buf_view(&body));
    if (cs_buf_error(&body) == CS_OK && cs_buf_error(&answer) == CS_OK) {
        (void)cs_conn_send(conn, cs_buf_view(&answer));
    }
    cs_conn_finish(conn);
    cs_buf_free(&body);
    cs_buf_free(&answer);
}

static void handle_bad(struct cs_conn *conn, int status, const struct cs_diag *why)
{
    bool answered = conn->answered;
    cs_timer_stop(conn->server->loop, &conn->timer);
    conn->state = CONN_ANSWERING;
    conn->answered = false;
    conn->keep_alive = false; /* where a next request would start is not known */
    conn->long_drain = true;
    if (answered) {
        /* Its answer was given from on_head; a second one would belong to no request. */
        if (conn->next_wanted) {
            cs_conn_finish(conn);
        }
    } else if (conn->server->hooks.on_bad_request) {
        conn->server->hooks.on_bad_request(conn->server->ctx, conn, status, why);
    } else {
        refuse(conn, status, why);
    }
}

/* Requests, one after the other, until the bytes are used up or one waits for its answer. */
static void parse(struct cs_conn *conn, struct cs_view input)
{
    conn->parsing = true;
    bool more = false;
    while (conn->state == CONN_READING && !more) {
        const struct cs_request *request = NULL;
        int status = 0;
        struct cs_diag why;
        switch (cs_request_read(conn->reader, &input, &request, &status, &why)) {
        case CS_REQUEST_MORE:
            more = true;
            break;
        case CS_REQUEST_HEAD:
            handle_head(conn, request);
            break;
        case CS_REQUEST_DONE:
            handle_done(conn, request);
            break;
        case CS_REQUEST_BAD:
            handle_bad(conn, status, &why);
            break;
        }
    }
    conn->parsing = false;
    if (conn->state == CONN_ANSWERING && input.len > 0) {
        cs_buf_add(&conn->pending, input);
        if (cs_buf_error(&conn->pending) != CS_OK) {
            cs_conn_end(conn, true);
        }
    }
}

void cs_conn_read_pending(struct cs_conn *conn)
{
    struct cs_buf taken = conn->pending;
    conn->pending = CS_BUF(taken.max);
    parse(conn, cs_buf_view(&taken));
    cs_buf_free(&taken);
}

/* ---- first bytes ---- */

enum protocol {
    PROTOCOL_UNDECIDED,
    PROTOCOL_HTTP,
    PROTOCOL_OTHER
};

static enum protocol sniff(struct cs_view bytes)
{
    for (size_t i = 0; i < bytes.len && i < SNIFF_MAX; i++) {
        char c = bytes.ptr[i];
        if (i == 0 && c == '\r') {
            return PROTOCOL_HTTP; /* an empty line before the request */
        }
        if (!cs_http_is_token_char(c)) {
            bool preface = cs_view_starts_with(bytes, CS_VIEW("PRI "));
            return i > 0 && c == ' ' && !preface ? PROTOCOL_HTTP : PROTOCOL_OTHER;
        }
    }
    bool may_be_preface = cs_view_starts_with(bytes, CS_VIEW("PRI"));
    return bytes.len >= SNIFF_MAX || (bytes.len == SNIFF_MAX - 1 && !may_be_preface)
               ? PROTOCOL_HTTP
               : PROTOCOL_UNDECIDED;
}

static void hand_over(struct cs_conn *conn, struct cs_view first_bytes)
{
    const struct cs_server_hooks *hooks = &conn->server->hooks;
    conn->taken = hooks->on_other_protocol != NULL;
    conn->taken = conn->taken && hooks->on_other_protocol(conn->server->ctx, conn, first_bytes);
    if (conn->state != CONN_SNIFFING) {
        return; /* the hook ended the connection */
    }
    if (conn->taken) {
        conn->state = CONN_RAW;
    } else {
        cs_conn_finish(conn);
    }
}

static void first_input(struct cs_conn *conn, struct cs_view input)
{
    switch (sniff(input)) {
    case PROTOCOL_UNDECIDED:
        memcpy(conn->first, input.ptr, input.len);
        conn->n_first = (uint8_t)input.len;
        break;
    case PROTOCOL_HTTP:
        conn->state = CONN_READING;
        parse(conn, input);
        break;
    case PROTOCOL_OTHER:
        hand_over(conn, input);
        break;
    }
}

/* ---- the socket ---- */

/* Counts bytes that are thrown away. False: that was too much, and the connection is over. */
static bool drained(struct cs_conn *conn, size_t len, bool reset)
{
    if (len > conn->drain_left) {
        cs_conn_end(conn, reset);
        return false;
    }
    conn->drain_left -= len;
    return true;
}

static void handle_input(struct cs_conn *conn, struct cs_view input)
{
    switch (conn->state) {
    case CONN_SNIFFING:
        first_input(conn, input);
        break;
    case CONN_READING:
        if (!conn->answered || drained(conn, input.len, true)) {
            parse(conn, input);
        }
        break;
    case CONN_RAW:
        if (conn->server->hooks.on_raw) {
            conn->server->hooks.on_raw(conn->server->ctx, conn, input);
        }
        break;
    case CONN_FINISHING:
        (void)drained(conn, input.len, false);
        break;
    case CONN_ANSWERING: /* not read in this state */
    case CONN_HALF_CLOSED:
    case CONN_DEAD:
        break;
    }
}

void cs_conn_peer_half_closed(struct cs_conn *conn)
{
    conn->half_closed = true;
    if (conn->server->hooks.on_half_close) {
        conn->server->hooks.on_half_close(conn->server->ctx, conn);
    } else {
        cs_conn_end(conn, false);
    }
}

static void handle_eof(struct cs_conn *conn)
{
    conn->eof = true;
    bool open = conn->state == CONN_RAW || conn->answered;
    if (open && !conn->next_wanted) {
        if (!conn->half_closed) {
            cs_conn_peer_half_closed(conn);
        }
    } else if (conn->state < CONN_FINISHING) {
        cs_conn_finish(conn); /* between requests, or in the middle of one */
    } else if (conn->write_shut) {
        cs_conn_end(conn, false);
    }
}

void cs_conn_readable(struct cs_conn *conn)
{
    /* Bytes of an undecided connection go before the new ones, so that they are seen in one piece.
     */
    char *scratch = conn->server->scratch;
    char *start = scratch + SNIFF_MAX - conn->n_first;
    ssize_t n = recv(conn->watch.fd, scratch + SNIFF_MAX, READ_MAX, 0);
    if (n > 0) {
        memcpy(start, conn->first, conn->n_first);
        size_t len = conn->n_first + (size_t)n;
        conn->n_first = 0;
        handle_input(conn, cs_view_of(start, len));
    } else if (n == 0) {
        handle_eof(conn);
    } else if (errno != EAGAIN && errno != EINTR) {
        cs_conn_end(conn, false);
    }
}
