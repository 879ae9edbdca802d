/* HTTP/2 on the endpoint's port: a request on a stream becomes a call like any other. Append
 * sessions take their body as it comes; event streams are told to use HTTP/1.1, as no client reads
 * them otherwise. */
#include <stdlib.h>

#include "endpoint/faults/serve.h"
#include "endpoint/http/router.h"
#include "endpoint/s2/s2_session.h"
#include "endpoint/sessions/objects.h"
#include "net/http2.h"

/* The user of a stream, from its head to its close. */
struct exchange {
    struct cs_call *call; /* NULL once it was answered */
    struct cs_request request;
    struct cs_buf body;
};

static void put_request(const struct cs_h2_head *head, struct cs_request *request)
{
    size_t question = cs_view_find(head->path, CS_VIEW("?"));
    size_t path_len = question == SIZE_MAX ? head->path.len : question;
    size_t query_at = question == SIZE_MAX ? head->path.len : question + 1;
    *request = (struct cs_request){
        .method = head->method,
        .target = head->path,
        .path = cs_view_of(head->path.ptr, path_len),
        .query = cs_view_of(head->path.ptr + query_at, head->path.len - query_at),
        .minor_version = 1,
        .headers = head->headers,
        .n_headers = head->n_headers,
        .keep_alive = true,
    };
    const struct cs_header *length = cs_request_header(request, "content-length");
    request->has_content_length =
        length != NULL && cs_view_u64(length->value, &request->content_length) == CS_OK;
}

static bool wants_events(const struct cs_call *call)
{
    const struct cs_header *accept = cs_request_header(call->request, "accept");
    return call->route->run == cs_route_channel_get ||
           (call->route->run == cs_route_s2_read && accept != NULL &&
            cs_view_find(accept->value, CS_VIEW("text/event-stream")) != SIZE_MAX);
}

static void on_head(void *ctx, struct cs_h2_stream *stream, const struct cs_h2_head *head)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        cs_h2_reset(stream, CS_H2_INTERNAL_ERROR);
        return;
    }
    cs_h2_stream_set_user(stream, exchange);
    exchange->body = CS_BUF(CS_OBJECT_MAX); /* as over HTTP/1.1 */
    put_request(head, &exchange->request);
    struct cs_call *call = cs_call_new(ctx, &exchange->request);
    if (call == NULL) {
        cs_h2_reset(stream, CS_H2_INTERNAL_ERROR);
        return;
    }
    call->stream = stream;
    exchange->call = call;
    if (!cs_router_check_head(call)) {
        return;
    }
    if (wants_events(call)) {
        cs_h2_reset(stream, CS_H2_HTTP_1_1_REQUIRED); /* on_close frees the call */
    } else if (call->route->run == cs_route_s2_append && cs_s2_is_session(call)) {
        cs_fault_ask(call);
        if (call->fault.what == CS_FAULT_DELAY) { /* of its batches: the head is at once */
            cs_s2_session_start(call);
        } else {
            cs_fault_serve(call, cs_s2_session_start);
        }
    }
}

static void on_data(void *ctx, struct cs_h2_stream *stream, struct cs_view bytes)
{
    (void)ctx;
    struct exchange *exchange = cs_h2_stream_user(stream);
    struct cs_call *call = exchange != NULL ? exchange->call : NULL;
    if (call == NULL) {
        return; /* answered already: the rest is of no interest */
    }
    if (call->on_body != NULL) {
        call->on_body(call, bytes);
        return;
    }
    cs_buf_add(&exchange->body, bytes);
    if (cs_buf_error(&exchange->body) != CS_OK) {
        cs_answer_error(call, 413, "Request body too large");
    }
}

static void on_end(void *ctx, struct cs_h2_stream *stream)
{
    (void)ctx;
    struct exchange *exchange = cs_h2_stream_user(stream);
    struct cs_call *call = exchange != NULL ? exchange->call : NULL;
    if (call == NULL) {
        return;
    }
    if (call->on_body_end != NULL) {
        call->on_body_end(call);
        return;
    }
    exchange->request.body = cs_buf_view(&exchange->body);
    cs_router_run(call);
}

static void on_close(void *ctx, struct cs_h2_stream *stream, uint32_t error)
{
    (void)ctx, (void)error;
    struct exchange *exchange = cs_h2_stream_user(stream);
    if (exchange == NULL) {
        return;
    }
    struct cs_call *call = exchange->call;
    if (call != NULL) {
        exchange->call = NULL;
        if (call->on_gone != NULL) {
            call->on_gone(call);
        }
        cs_call_free(call);
    }
    cs_buf_free(&exchange->body);
    free(exchange);
}

void cs_call_leave_stream(struct cs_call *call)
{
    struct exchange *exchange = cs_h2_stream_user(call->stream);
    exchange->call = NULL;
}

static const struct cs_h2_hooks hooks = {
    .on_head = on_head, .on_data = on_data, .on_end = on_end, .on_close = on_close};

bool cs_router_on_other_protocol(void *ctx, struct cs_conn *conn, struct cs_view first_bytes)
{
    if (!cs_view_starts_with(first_bytes, CS_VIEW("PRI "))) {
        return false;
    }
    struct cs_h2 *h2 = cs_h2_new(conn, &hooks, ctx);
    if (h2 == NULL) {
        return false;
    }
    cs_conn_set_user(conn, h2);
    cs_h2_receive(h2, first_bytes);
    return true;
}

void cs_router_on_raw(void *ctx, struct cs_conn *conn, struct cs_view bytes)
{
    (void)ctx;
    cs_h2_receive(cs_conn_user(conn), bytes);
}
