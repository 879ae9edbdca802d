#include "net/http2_impl.h"

#include <stdlib.h>

/* A peer that does not read gets no more frames made than this. */
#define HIGH_QUEUE ((size_t)256 * 1024)

static void end_connection(struct cs_h2 *h2)
{
    h2->over = true;
    cs_timer_stop(h2->loop, &h2->timer);
    cs_conn_finish(h2->conn);
}

static void break_connection(struct cs_h2 *h2)
{
    h2->over = true;
    cs_timer_stop(h2->loop, &h2->timer);
    cs_conn_reset(h2->conn);
}

static void flush(struct cs_h2 *h2)
{
    while (!h2->over && cs_conn_queued(h2->conn) < HIGH_QUEUE) {
        const uint8_t *bytes = NULL;
        ssize_t n = nghttp2_session_mem_send(h2->session, &bytes);
        if (n < 0) {
            break_connection(h2);
        } else if (n == 0) {
            break;
        } else if (!cs_conn_send(h2->conn, cs_view_of((const char *)bytes, (size_t)n))) {
            h2->over = true; /* its on_close is under way */
        }
    }
    if (!h2->over && !nghttp2_session_want_read(h2->session) &&
        !nghttp2_session_want_write(h2->session)) {
        end_connection(h2);
    }
}

static void on_timer(struct cs_timer *timer)
{
    flush((struct cs_h2 *)((char *)timer - offsetof(struct cs_h2, timer)));
}

void cs_h2_flush_soon(struct cs_h2 *h2)
{
    if (!h2->over && !h2->receiving && cs_timer_start(h2->loop, &h2->timer, 0) != CS_OK) {
        break_connection(h2);
    }
}

/* nghttp2 gives back credit only when it is told to, and forgets about closed streams. */
static bool open_session(struct cs_h2 *h2)
{
    nghttp2_session_callbacks *callbacks = cs_h2_callbacks();
    nghttp2_option *option = NULL;
    bool ok = callbacks != NULL && nghttp2_option_new(&option) == 0;
    if (ok) {
        nghttp2_option_set_no_auto_window_update(option, 1);
        nghttp2_option_set_no_closed_streams(option, 1);
        ok = nghttp2_session_server_new2(&h2->session, callbacks, h2, option) == 0;
    }
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, CS_H2_MAX_STREAMS},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)CS_H2_HEADERS_MAX},
    };
    return ok && nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings,
                                         sizeof settings / sizeof settings[0]) == 0;
}

struct cs_h2 *cs_h2_new(struct cs_conn *conn, const struct cs_h2_hooks *hooks, void *ctx)
{
    struct cs_h2 *h2 = calloc(1, sizeof *h2);
    if (h2 == NULL) {
        return NULL;
    }
    h2->conn = conn;
    h2->loop = cs_server_loop(cs_conn_server(conn));
    h2->hooks = *hooks;
    h2->ctx = ctx;
    h2->timer.fire = on_timer;
    if (!open_session(h2)) {
        cs_h2_free(h2);
        return NULL;
    }
    cs_h2_flush_soon(h2);
    return h2;
}

void cs_h2_free(struct cs_h2 *h2)
{
    if (h2 == NULL) {
        return;
    }
    h2->over = true;
    cs_timer_stop(h2->loop, &h2->timer);
    while (h2->streams != NULL) {
        struct cs_h2_stream *stream = h2->streams;
        stream->closing = true;
        if (stream->has_head) {
            h2->hooks.on_close(h2->ctx, stream, CS_H2_GONE);
        }
        cs_h2_stream_free(stream);
    }
    nghttp2_session_del(h2->session);
    free(h2);
}

void cs_h2_receive(struct cs_h2 *h2, struct cs_view bytes)
{
    if (h2->over) {
        return;
    }
    h2->receiving = true;
    ssize_t used = nghttp2_session_mem_recv(h2->session, (const uint8_t *)bytes.ptr, bytes.len);
    h2->receiving = false;
    flush(h2);
    /* A broken preface, or no memory: the session cannot go on, whatever it still had to say. */
    if (used < 0 && !h2->over) {
        end_connection(h2);
    }
}

void cs_h2_drained(struct cs_h2 *h2)
{
    flush(h2);
}

struct cs_conn *cs_h2_conn(const struct cs_h2 *h2)
{
    return h2->conn;
}

void cs_h2_goaway(struct cs_h2 *h2, uint32_t error)
{
    if (h2->over) {
        return;
    }
    int result = error == CS_H2_NO_ERROR
                     ? nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE,
                                             nghttp2_session_get_last_proc_stream_id(h2->session),
                                             error, NULL, 0)
                     : nghttp2_session_terminate_session(h2->session, error);
    if (result != 0) {
        break_connection(h2);
    } else {
        cs_h2_flush_soon(h2);
    }
}

void cs_h2_hold_credit(struct cs_h2 *h2, bool hold)
{
    h2->credit_held = hold;
    if (!hold && h2->withheld > 0 && !h2->over) {
        (void)nghttp2_session_consume_connection(h2->session, h2->withheld);
        h2->withheld = 0;
        cs_h2_flush_soon(h2);
    }
}
