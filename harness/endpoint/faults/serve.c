#include "endpoint/faults/serve.h"

#include <stdlib.h>

#include "endpoint/http/router.h"
#include "endpoint/s2/s2_call.h"
#include "endpoint/tap/told.h"
#include "net/http2.h"

void cs_fault_ask(struct cs_call *call)
{
    struct cs_endpoint *endpoint = call->endpoint;
    struct cs_buf part = CS_BUF((size_t)16384);
    enum cs_form form = CS_FORM_OTHER;
    /* Reading the part of an append costs something, so only when somebody wants to know. */
    if (endpoint->tap || cs_faults_any(endpoint->faults)) {
        form = cs_form_of(call, &part);
    }
    if (form != CS_FORM_OTHER) {
        call->fault = cs_faults_decide(endpoint->faults, form, cs_buf_view(&part));
    }
    cs_tell_request(call, form, cs_buf_view(&part));
    cs_buf_free(&part);
}

/* Of HTTP/2 the stream alone: other sessions of the peer are on the same connection. */
static void reset(struct cs_call *call)
{
    if (call->stream) {
        cs_h2_reset(call->stream, CS_H2_INTERNAL_ERROR);
    } else {
        cs_conn_reset(call->conn);
    }
}

static void answer_status(struct cs_call *call)
{
    int status = call->fault.status;
    if (call->fault.body.len > 0) {
        cs_answer_json_text(call, status, call->fault.body);
    } else if (call->route->flags & CS_ROUTE_NO_AUTH) {
        cs_s2_fault(call, status, "injected", "a fault that was asked for"); /* the store's words */
    } else {
        cs_answer_error(call, status, "A fault that was asked for");
    }
}

struct delayed {
    struct cs_timer timer; /* first member */
    struct cs_call *call;
    void (*serve)(struct cs_call *call); /* or NULL: then the answer is sent */
    struct cs_buf answer;
};

static void delayed_free(struct delayed *delayed)
{
    cs_timer_stop(delayed->call->endpoint->loop, &delayed->timer);
    cs_buf_free(&delayed->answer);
    free(delayed);
}

static void on_delayed_gone(struct cs_call *call)
{
    delayed_free(call->user);
}

static void on_time(struct cs_timer *timer)
{
    struct delayed *delayed = (struct delayed *)timer;
    struct cs_call *call = delayed->call;
    void (*serve)(struct cs_call *) = delayed->serve;
    struct cs_buf answer = delayed->answer;
    delayed->answer = (struct cs_buf){0};
    delayed_free(delayed);
    call->user = NULL;
    call->on_gone = NULL;
    if (serve) {
        serve(call);
        return;
    }
    cs_tell_answer(call, call->status);
    bool sent = cs_conn_send(call->conn, cs_buf_view(&answer));
    cs_buf_free(&answer);
    if (sent) {
        cs_call_end(call);
    }
}

/* Takes `answer` over. Without memory there is no answer at all, but a reset. */
static void delay(struct cs_call *call, void (*serve)(struct cs_call *call), struct cs_buf answer)
{
    struct delayed *delayed = calloc(1, sizeof(*delayed));
    if (!delayed) {
        cs_buf_free(&answer);
        reset(call);
        return;
    }
    *delayed =
        (struct delayed){.timer.fire = on_time, .call = call, .serve = serve, .answer = answer};
    call->user = delayed;
    call->on_gone = on_delayed_gone;
    call->on_drained = NULL;
    if (cs_timer_start(call->endpoint->loop, &delayed->timer, call->fault.delay_ms) != CS_OK) {
        reset(call);
    }
}

void cs_fault_serve(struct cs_call *call, void (*serve)(struct cs_call *call))
{
    switch (call->fault.what) {
    case CS_FAULT_STATUS:
        answer_status(call);
        return;
    case CS_FAULT_SILENT:
        return; /* freed when the client gives up */
    case CS_FAULT_RESET:
        reset(call);
        return;
    case CS_FAULT_DELAY:
        delay(call, serve, (struct cs_buf){0});
        return;
    default:
        serve(call);
        return;
    }
}

bool cs_fault_withholds(struct cs_call *call, struct cs_buf *answer)
{
    switch (call->fault.what) {
    case CS_FAULT_APPLY_RESET:
        cs_buf_free(answer);
        reset(call);
        return true;
    case CS_FAULT_APPLY_SILENT:
        cs_buf_free(answer);
        call->user = NULL;
        call->on_gone = NULL;
        call->on_drained = NULL;
        return true;
    case CS_FAULT_APPLY_DELAY:
        delay(call, NULL, *answer);
        *answer = (struct cs_buf){0};
        return true;
    default:
        return false;
    }
}
