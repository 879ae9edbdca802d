#include "endpoint/tap/told.h"

#include "net/http2.h"

int64_t cs_told_at(const struct cs_endpoint *endpoint)
{
    return cs_loop_now(endpoint->loop) - endpoint->started_ms;
}

/* ---- requests ---- */

static void tell(struct cs_endpoint *endpoint, struct cs_tap_request *request)
{
    request->number = ++endpoint->n_requests;
    request->at_ms = cs_told_at(endpoint);
    const struct cs_tap *tap = endpoint->tap;
    if (tap && tap->on_request) {
        tap->on_request(tap->ctx, request);
    }
}

static void tell_answer(const struct cs_endpoint *endpoint, uint64_t number, int status)
{
    const struct cs_tap *tap = endpoint->tap;
    if (tap && tap->on_answer) {
        const struct cs_tap_answer answer = {
            .number = number, .at_ms = cs_told_at(endpoint), .status = status};
        tap->on_answer(tap->ctx, &answer);
    }
}

static uint64_t connection_of(const struct cs_call *call)
{
    return cs_conn_number(call->stream ? cs_h2_conn(cs_h2_stream_connection(call->stream))
                                       : call->conn);
}

static void tell_request(struct cs_call *call, enum cs_form form, struct cs_view part, bool on_head)
{
    struct cs_tap_request told = {
        .connection = connection_of(call),
        .method = call->request->method,
        .target = call->request->target,
        .headers = call->request->headers,
        .n_headers = call->request->n_headers,
        .body = on_head ? (struct cs_view){0} : call->request->body,
        .on_head = on_head,
        .form = cs_form_name(form),
        .part = part,
        .fault = cs_fault_name(call->fault.what),
    };
    tell(call->endpoint, &told);
    call->number = told.number;
}

void cs_tell_request(struct cs_call *call, enum cs_form form, struct cs_view part)
{
    tell_request(call, form, part, false);
}

void cs_tell_answer(struct cs_call *call, int status)
{
    if (call->number == 0 && call->request) {
        tell_request(call, CS_FORM_OTHER, (struct cs_view){0}, true);
    }
    if (!call->is_answered) {
        call->is_answered = true;
        tell_answer(call->endpoint, call->number, status);
    }
}

void cs_tell_gone(struct cs_call *call)
{
    if (call->number != 0 && !call->is_answered) {
        call->is_answered = true;
        tell_answer(call->endpoint, call->number, 0);
    }
}

/* ---- streams ---- */

/* Takes the name that cs_stream_name made apart. */
static struct cs_tap_stream read_stream(const struct cs_endpoint *endpoint, struct cs_view name)
{
    struct cs_tap_stream stream = {.name = name};
    for (size_t i = 0; i < endpoint->n_environments; i++) {
        struct cs_view root = cs_view_str(endpoint->environments[i].stream_root);
        struct cs_view rest = {name.ptr + root.len, name.len - root.len};
        if (!cs_view_starts_with(name, root) || !cs_view_starts_with(rest, CS_VIEW("/sessions/"))) {
            continue;
        }
        rest = cs_view_of(rest.ptr + 10, rest.len - 10);
        size_t end = rest.len;
        while (end > 0 && rest.ptr[end - 1] != '/') {
            end--;
        }
        struct cs_view io = cs_view_of(rest.ptr + end, rest.len - end);
        bool is_out = cs_view_eq(io, CS_VIEW("out"));
        if (end < 2 || (!is_out && !cs_view_eq(io, CS_VIEW("in")))) {
            continue;
        }
        stream.io = is_out ? CS_IO_OUT : CS_IO_IN;
        stream.key = cs_view_of(rest.ptr, end - 1);
        size_t infix = cs_view_find(stream.key, CS_VIEW(":channels:"));
        if (infix != SIZE_MAX) {
            size_t after = infix + 10;
            stream.channel = cs_view_of(rest.ptr + after, stream.key.len - after);
            stream.key.len = infix;
        }
        break;
    }
    return stream;
}

void cs_told_stored(void *ctx, struct cs_view name, const struct cs_record *records, size_t n)
{
    struct cs_endpoint *endpoint = ctx;
    const struct cs_tap *tap = endpoint->tap;
    if (tap && tap->on_records) {
        const struct cs_tap_records told = {.stream = read_stream(endpoint, name),
                                            .at_ms = cs_told_at(endpoint),
                                            .records = records,
                                            .n_records = n};
        tap->on_records(tap->ctx, &told);
    }
}

void cs_tell_subscribed(const struct cs_call *call, bool begins)
{
    const struct cs_tap *tap = call->endpoint->tap;
    void (*hook)(void *, const struct cs_tap_reader *) = !tap     ? NULL
                                                         : begins ? tap->on_subscribed
                                                                  : tap->on_unsubscribed;
    if (!hook) {
        return;
    }
    struct cs_buf name = CS_BUF((size_t)4096);
    cs_stream_name(call->auth.environment, call->key, call->channel, call->io, &name);
    const struct cs_tap_reader told = {.stream = {.name = cs_buf_view(&name),
                                                  .key = call->key,
                                                  .channel = call->channel,
                                                  .io = call->io},
                                       .number = call->number,
                                       .at_ms = cs_told_at(call->endpoint)};
    hook(tap->ctx, &told);
    cs_buf_free(&name);
}

/* ---- runs ---- */

void cs_tell_run(const struct cs_endpoint *endpoint, const struct cs_run *run, bool is_current)
{
    const struct cs_tap *tap = endpoint->tap;
    if (tap && tap->on_run) {
        const struct cs_tap_run told = {.id = run->id,
                                        .session_id = run->session->id,
                                        .key = run->session->key,
                                        .task = run->session->task,
                                        .payload = run->payload,
                                        .is_current = is_current,
                                        .at_ms = cs_told_at(endpoint)};
        tap->on_run(tap->ctx, &told);
    }
}
