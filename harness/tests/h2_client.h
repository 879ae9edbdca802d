/* An HTTP/2 client on nghttp2 for tests, one stream after the other, beside a loop that is turned
 * by hand. Include after endpoint_world.h. */
#ifndef CHATSPEC_TESTS_H2_CLIENT_H
#define CHATSPEC_TESTS_H2_CLIENT_H

#include <netinet/tcp.h>

#include <nghttp2/nghttp2.h>

struct h2_client {
    int fd;
    nghttp2_session *session;
    /* Of the stream under way: */
    int32_t id;
    int status;
    struct cs_buf body; /* of the answer */
    bool ended;         /* by the server */
    bool closed;
    bool gone; /* the connection */
    uint32_t error;
    struct cs_buf out; /* of the request's body */
    size_t out_at;
    bool out_ends;
    size_t n_sent; /* body bytes so far */
};

static inline int h2_client_header(nghttp2_session *session, const nghttp2_frame *frame,
                                   const uint8_t *name, size_t name_len, const uint8_t *value,
                                   size_t value_len, uint8_t flags, void *ctx)
{
    (void)session, (void)frame, (void)flags, (void)value_len;
    struct h2_client *client = ctx;
    if (cs_view_eq(cs_view_of((const char *)name, name_len), CS_VIEW(":status"))) {
        client->status = (int)strtol((const char *)value, NULL, 10);
    }
    return 0;
}

static inline int h2_client_data(nghttp2_session *session, uint8_t flags, int32_t id,
                                 const uint8_t *bytes, size_t len, void *ctx)
{
    (void)session, (void)flags, (void)id;
    cs_buf_append(&((struct h2_client *)ctx)->body, bytes, len);
    return 0;
}

static inline int h2_client_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    (void)session;
    struct h2_client *client = ctx;
    client->ended |= frame->hd.stream_id != 0 && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
                     frame->hd.type <= NGHTTP2_HEADERS;
    return 0;
}

static inline int h2_client_close(nghttp2_session *session, int32_t id, uint32_t error, void *ctx)
{
    (void)session, (void)id;
    struct h2_client *client = ctx;
    client->closed = true;
    client->error = error;
    return 0;
}

static inline ssize_t h2_client_read(nghttp2_session *session, int32_t id, uint8_t *buf, size_t len,
                                     uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
    (void)session, (void)id, (void)source;
    struct h2_client *client = ctx;
    size_t left = client->out.len - client->out_at;
    size_t n = left < len ? left : len;
    if (n > 0) {
        memcpy(buf, client->out.ptr + client->out_at, n);
    }
    client->out_at += n;
    client->n_sent += n;
    if (n == left && client->out_ends) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    } else if (n == 0) {
        return NGHTTP2_ERR_DEFERRED;
    }
    return (ssize_t)n;
}

static inline void h2_client_open(struct h2_client *client, int fd)
{
    /* Window updates are small and must not wait for each other. */
    int on = 1;
    assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    *client = (struct h2_client){.fd = fd, .body = CS_BUF(BODY_MAX), .out = CS_BUF(BODY_MAX)};
    nghttp2_session_callbacks *callbacks = NULL;
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, h2_client_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, h2_client_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, h2_client_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, h2_client_close);
    assert_int_equal(nghttp2_session_client_new(&client->session, callbacks, client), 0);
    nghttp2_session_callbacks_del(callbacks);
    assert_int_equal(nghttp2_submit_settings(client->session, 0, NULL, 0), 0);
}

static inline void h2_client_free(struct h2_client *client)
{
    nghttp2_session_del(client->session);
    cs_buf_free(&client->body);
    cs_buf_free(&client->out);
    close(client->fd);
}

/* Sends what there is to send and takes what has come. */
static inline void h2_client_turn(struct world *world, struct h2_client *client)
{
    const uint8_t *bytes = NULL;
    ssize_t n;
    while (!client->gone && (n = nghttp2_session_mem_send(client->session, &bytes)) > 0) {
        while (n > 0 && !client->gone) {
            ssize_t sent = send(client->fd, bytes, (size_t)n, MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) {
                world_turn(world, true);
                continue;
            }
            client->gone = sent < 0; /* the server reset the connection */
            bytes += sent > 0 ? sent : 0;
            n -= sent > 0 ? sent : 0;
        }
    }
    uint8_t room[65536];
    while ((n = recv(client->fd, room, sizeof(room), 0)) > 0) {
        assert_int_equal(nghttp2_session_mem_recv(client->session, room, (size_t)n), n);
    }
    client->gone |= n == 0 || (errno != EAGAIN && errno != EINTR);
}

/* Begins a request; `lines` are "name", "value", ... ended by NULL. */
static inline void h2_client_ask(struct h2_client *client, const char *method, const char *path,
                                 const char *const *lines, bool has_body)
{
    const char *const pseudo[] = {":method", method,       ":path", path, ":scheme",
                                  "http",    ":authority", "x",     NULL};
    nghttp2_nv fields[16];
    size_t n = 0;
    const char *const *const lists[] = {pseudo, lines};
    for (size_t i = 0; i < 2; i++) {
        for (const char *const *at = lists[i]; *at != NULL; at += 2) {
            fields[n++] = (nghttp2_nv){.name = (uint8_t *)(uintptr_t)at[0],
                                       .namelen = strlen(at[0]),
                                       .value = (uint8_t *)(uintptr_t)at[1],
                                       .valuelen = strlen(at[1])};
        }
    }
    cs_buf_clear(&client->body);
    cs_buf_clear(&client->out);
    client->out_at = client->n_sent = 0;
    client->status = 0;
    client->ended = client->closed = client->out_ends = false;
    const nghttp2_data_provider body = {.read_callback = h2_client_read};
    client->id =
        nghttp2_submit_request(client->session, NULL, fields, n, has_body ? &body : NULL, NULL);
    assert_true(client->id > 0);
}

static inline void h2_client_send(struct h2_client *client, struct cs_view bytes, bool end)
{
    cs_buf_add(&client->out, bytes);
    client->out_ends = end;
    (void)nghttp2_session_resume_data(client->session, client->id);
}

static inline bool h2_client_closed(struct world *world, struct h2_client *client)
{
    h2_client_turn(world, client);
    return client->closed || client->gone;
}

static inline bool h2_client_got(struct world *world, struct h2_client *client, size_t n)
{
    h2_client_turn(world, client);
    return client->body.len >= n || client->gone;
}

#endif
