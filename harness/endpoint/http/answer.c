#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "endpoint/faults/serve.h"
#include "endpoint/http/router.h"
#include "endpoint/tap/told.h"

#define EXPOSED "x-trigger-jwt,x-trigger-jwt-claims" /* ERR-09 */

/* Two years, as srv says on every answer (ERR-24); it means nothing over plain HTTP. */
#define TRANSPORT_SECURITY "max-age=3153600000; includeSubDomains"

void cs_answer_header(struct cs_call *call, const char *name, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    cs_buf_printf(&call->headers, "%s: ", name);
    cs_buf_vprintf(&call->headers, fmt, args);
    cs_buf_str(&call->headers, "\r\n");
    va_end(args);
}

static void log_call(const struct cs_call *call)
{
    if (call->endpoint->quiet) {
        return;
    }
    /* Without the query: snapshot URLs carry their signature there. */
    fprintf(stderr, "%s %.*s %d %lld ms\n", call->method, CS_VIEW_ARG(cs_buf_view(&call->log_path)),
            call->status, (long long)(cs_loop_now(call->endpoint->loop) - call->started_ms));
}

void cs_call_free(struct cs_call *call)
{
    if (call->session) {
        call->session->n_calls--;
    }
    cs_token_free(&call->auth.token);
    cs_buf_free(&call->id_text);
    cs_buf_free(&call->channel_text);
    cs_buf_free(&call->origin);
    cs_buf_free(&call->headers);
    cs_buf_free(&call->json);
    cs_buf_free(&call->log_path);
    free(call);
}

void cs_call_end(struct cs_call *call)
{
    struct cs_conn *conn = call->conn;
    log_call(call);
    if (conn == NULL) {
        cs_call_leave_stream(call);
        cs_call_free(call);
        return;
    }
    cs_conn_set_user(conn, NULL);
    cs_call_free(call);
    cs_conn_next(conn);
}

static void add_date(struct cs_buf *out)
{
    time_t now = time(NULL);
    struct tm tm;
    char text[64];
    if (gmtime_r(&now, &tm) && strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0) {
        cs_response_header(out, "Date", "%s", text);
    }
}

static void begin_head(struct cs_call *call, int status, struct cs_buf *out)
{
    call->status = status;
    cs_response_status(out, status);
    add_date(out);
    if (call->endpoint->policy.transport_security) {
        cs_response_header(out, "Strict-Transport-Security", "%s", TRANSPORT_SECURITY);
    }
    cs_buf_add(out, cs_buf_view(&call->headers));
    if (cs_buf_error(&call->headers) != CS_OK) {
        out->failed = cs_buf_error(&call->headers); /* an answer lacks none of its headers */
    }
    if (call->endpoint->marker) {
        cs_buf_str(out, call->endpoint->marker);
    }
}

/* Empty when it could not be written, which resets the stream. */
static struct cs_view head_view(const struct cs_buf *head)
{
    return cs_buf_error(head) == CS_OK ? cs_buf_view(head) : (struct cs_view){0};
}

/* Sends a whole answer and ends the call. */
static void send_whole(struct cs_call *call, struct cs_buf *head, const char *type,
                       struct cs_view body)
{
    if (type) {
        cs_response_header(head, "Content-Type", "%s", type);
    }
    cs_response_header(head, "Content-Length", "%zu", body.len);
    cs_response_end_head(head);
    if (call->stream != NULL) {
        bool has_body = strcmp(call->method, "HEAD") != 0;
        cs_tell_answer(call, call->status);
        (void)cs_answer_h2(call, head_view(head), has_body ? body : (struct cs_view){0}, true);
        cs_buf_free(head);
        cs_call_end(call);
        return;
    }
    if (strcmp(call->method, "HEAD") != 0) {
        cs_buf_add(head, body);
    }
    if (cs_buf_error(head) != CS_OK) {
        cs_buf_free(head);
        cs_conn_reset(call->conn); /* frees the call through on_close */
        return;
    }
    if (cs_fault_withholds(call, head)) {
        return;
    }
    cs_tell_answer(call, call->status);
    bool sent = cs_conn_send(call->conn, cs_buf_view(head));
    cs_buf_free(head);
    if (sent) {
        cs_call_end(call);
    }
}

#define NO_MEMORY_BODY CS_VIEW("{\"error\":\"Something went wrong\"}")

static bool is_unfounded(const struct cs_call *call, int status)
{
    return call->no_memory && status < 500 && (status >= 400 || cs_is_reading(call));
}

void cs_answer_body(struct cs_call *call, int status, const char *type, struct cs_view body)
{
    if (is_unfounded(call, status)) {
        cs_answer_body(call, 500, "application/json", NO_MEMORY_BODY);
        return;
    }
    struct cs_buf head = CS_BUF(SIZE_MAX / 2);
    begin_head(call, status, &head);
    if (status < 400 || call->endpoint->policy.cors_on_errors) {
        cs_cors_headers(call, EXPOSED, &head);
    }
    send_whole(call, &head, type, body);
}

void cs_answer_below(struct cs_call *call, int status, const char *type, struct cs_view body)
{
    if (is_unfounded(call, status)) {
        cs_answer_below(call, 500, "application/json", NO_MEMORY_BODY);
        return;
    }
    struct cs_buf head = CS_BUF((size_t)64 * 1024);
    begin_head(call, status, &head);
    if (call->endpoint->policy.cors_below) {
        cs_cors_headers(call, EXPOSED, &head);
    }
    send_whole(call, &head, type, body);
}

void cs_answer_bare(struct cs_call *call, int status)
{
    cs_answer_below(call, status, NULL, (struct cs_view){0});
}

void cs_answer_json_text(struct cs_call *call, int status, struct cs_view text)
{
    cs_answer_body(call, status,
                   call->endpoint->policy.json_says_charset ? "application/json; charset=utf-8"
                                                            : "application/json",
                   text);
}

void cs_answer_json(struct cs_call *call, int status, cJSON *json)
{
    char *text = json ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    if (text) {
        cs_answer_json_text(call, status, cs_view_str(text));
        cJSON_free(text);
    } else {
        cs_answer_json_text(call, 500, CS_VIEW("{\"error\":\"Something went wrong\"}"));
    }
}

void cs_answer_buf(struct cs_call *call, int status, struct cs_buf *text)
{
    if (cs_buf_error(text) == CS_OK) {
        cs_answer_json_text(call, status, cs_buf_view(text));
    } else {
        cs_answer_json_text(call, 500, CS_VIEW("{\"error\":\"Something went wrong\"}"));
    }
    cs_buf_free(text);
}

void cs_answer_error(struct cs_call *call, int status, const char *message)
{
    struct cs_buf text = CS_BUF((size_t)64 * 1024);
    cs_buf_str(&text, "{\"error\":");
    cs_json_text(&text, cs_view_str(message));
    cs_buf_char(&text, '}');
    cs_answer_buf(call, status, &text);
}

void cs_answer_refusal(struct cs_call *call, int status, const char *message)
{
    const struct cs_policy *policy = &call->endpoint->policy;
    if (status == 400 && !policy->schema_error_is_text) {
        cs_answer_json_text(call, status, CS_VIEW("{\"error\":{\"code\":\"invalid\"}}"));
        return;
    }
    bool leaks = status == 500 && !policy->hide_details;
    cs_answer_error(call, status,
                    leaks ? "Error: invalid input\n    at findOrCreate (session.c:91)" : message);
}

void cs_answer_no_memory(struct cs_call *call)
{
    cs_answer_error(call, 500, "Something went wrong");
}

void cs_answer_text(struct cs_call *call, int status, const char *text)
{
    cs_answer_body(call, status, "text/plain; charset=utf-8", cs_view_str(text));
}

bool cs_answer_stream(struct cs_call *call, int status, const char *type)
{
    struct cs_buf head = CS_BUF((size_t)64 * 1024);
    begin_head(call, status, &head);
    cs_cors_headers(call, call->endpoint->policy.stream_exposes_all ? "*" : EXPOSED, &head);
    cs_response_header(&head, "Content-Type", "%s", type);
    if (call->stream == NULL) {
        cs_response_header(&head, "Transfer-Encoding", "chunked");
    }
    cs_response_end_head(&head);
    if (call->stream != NULL) {
        cs_tell_answer(call, status);
        bool begun = cs_answer_h2(call, head_view(&head), (struct cs_view){0}, false);
        cs_buf_free(&head);
        return begun;
    }
    if (cs_buf_error(&head) != CS_OK) {
        cs_buf_free(&head);
        cs_conn_reset(call->conn);
        return false;
    }
    cs_tell_answer(call, status);
    bool sent = cs_conn_send(call->conn, cs_buf_view(&head));
    cs_buf_free(&head);
    return sent;
}
