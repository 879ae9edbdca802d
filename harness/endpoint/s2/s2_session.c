#include "endpoint/s2/s2_session.h"

#include <stdlib.h>

#include "endpoint/s2/s2_append.h"
#include "endpoint/s2/s2_call.h"
#include "net/http2.h"
#include "wire/s2s.h"

#define FRAME_MAX ((size_t)16384) /* of what is written: acknowledgements and errors */
/* Appends that the store has not answered: with more than this the writer is held back. */
#define IN_FLIGHT_MAX 32u

/* Lives until its call is gone and the store has answered everything. */
struct session {
    struct cs_call *call; /* NULL once the answer is complete or the client left */
    struct cs_endpoint *endpoint;
    struct cs_s2s_reader reader;
    struct cs_buf name; /* of the stream, in the store */
    struct cs_buf last; /* the terminal frame that waits for acknowledgements before it */
    size_t in_flight;
    bool no_more; /* the client half-closed, or an error came: nothing more is taken */
    bool refused; /* by the store: nothing after that is acknowledged */
    bool feeding; /* its bytes are being read: it is not freed */
    bool muted;   /* a fault: nothing is said any more, and the stream stays open */
};

/* A batch that the store has, and what a fault makes of its acknowledgement. */
struct batch {
    struct cs_timer timer; /* first member */
    struct session *session;
    struct cs_fault_action fault;
    int status;
    struct cs_buf text;
};

static void free_if_done(struct session *session)
{
    if (session->call == NULL && session->in_flight == 0 && !session->feeding) {
        cs_s2s_reader_free(&session->reader);
        cs_buf_free(&session->name);
        cs_buf_free(&session->last);
        free(session);
    }
}

/* The answer is complete. */
static void end(struct session *session)
{
    struct cs_call *call = session->call;
    session->call = NULL;
    call->user = NULL;
    call->on_gone = NULL;
    call->on_body = NULL;
    call->on_body_end = NULL;
    (void)cs_h2_end(call->stream);
    cs_call_end(call);
}

/* All that was taken has been answered, and nothing more will be taken. */
static void end_if_settled(struct session *session)
{
    if (session->call != NULL && session->no_more && session->in_flight == 0 && !session->muted) {
        if (session->last.len > 0) {
            (void)cs_h2_send(session->call->stream, cs_buf_view(&session->last));
        }
        end(session);
    }
}

static void fail(struct session *session, int status, struct cs_view json)
{
    session->no_more = true;
    cs_buf_clear(&session->last);
    cs_s2s_put_terminal(&session->last, status, json);
}

static void fail_text(struct session *session, int status, const char *code, const char *message)
{
    struct cs_buf text = CS_BUF(FRAME_MAX);
    cs_s2_fault_text(session->endpoint, code, message, &text);
    fail(session, status, cs_buf_view(&text));
    cs_buf_free(&text);
}

static void hold_back(struct session *session)
{
    if (session->call != NULL) {
        bool starved = session->call->fault.what == CS_FAULT_NO_CREDIT;
        cs_h2_stream_hold_credit(session->call->stream,
                                 starved || session->in_flight > IN_FLIGHT_MAX);
    }
}

static void acknowledge(struct session *session, int status, struct cs_view text)
{
    if (session->call == NULL || session->refused || session->muted) {
        return;
    }
    if (status == 200) {
        struct cs_buf frame = CS_BUF(FRAME_MAX);
        cs_s2s_put(&frame, 0, text);
        (void)cs_h2_send(session->call->stream, cs_buf_view(&frame));
        cs_buf_free(&frame);
    } else {
        /* This comes before whatever was wrong with a later frame. Batches behind it that are with
         * the store already are not acknowledged, stored or not. */
        session->refused = true;
        fail(session, status, text);
    }
}

/* The batch is done with: frees it. */
static void settle_batch(struct batch *batch)
{
    struct session *session = batch->session;
    session->in_flight--;
    if (batch->fault.what == CS_FAULT_APPLY_RESET && session->call != NULL) {
        cs_h2_reset(session->call->stream, CS_H2_INTERNAL_ERROR);
    } else {
        session->muted = session->muted || batch->fault.what == CS_FAULT_APPLY_SILENT;
        acknowledge(session, batch->status, cs_buf_view(&batch->text));
    }
    cs_buf_free(&batch->text);
    free(batch);
    hold_back(session);
    if (!session->feeding) {
        end_if_settled(session);
        free_if_done(session);
    }
}

static void on_time(struct cs_timer *timer)
{
    settle_batch((struct batch *)timer);
}

static void on_answered(void *ctx, int status, struct cs_buf *text)
{
    struct batch *batch = ctx;
    batch->status = status;
    batch->text = *text;
    *text = (struct cs_buf){0};
    bool late = batch->fault.what == CS_FAULT_DELAY || batch->fault.what == CS_FAULT_APPLY_DELAY;
    if (!late || cs_timer_start(batch->session->endpoint->loop, &batch->timer,
                                batch->fault.delay_ms) != CS_OK) {
        settle_batch(batch);
    }
}

/* ---- what comes ---- */

/* A fault that keeps the batch from the store. */
static bool is_stopped(struct session *session, const struct cs_fault_action *fault)
{
    switch (fault->what) {
    case CS_FAULT_TERMINAL:
        if (fault->body.len > 0) {
            fail(session, fault->status, fault->body);
        } else {
            fail_text(session, fault->status, "injected", "a fault that was asked for");
        }
        return true;
    case CS_FAULT_SILENT:
        session->muted = true;
        return true;
    case CS_FAULT_RESET:
        session->no_more = true;
        cs_h2_reset(session->call->stream, CS_H2_INTERNAL_ERROR);
        return true;
    default:
        return session->muted;
    }
}

static void start_batch(struct session *session, struct cs_s2_input *input,
                        const struct cs_fault_action *fault)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        fail_text(session, 503, "unavailable", "out of memory");
        return;
    }
    *batch = (struct batch){.timer.fire = on_time, .session = session, .fault = *fault};
    session->in_flight++;
    cs_s2_append_start(session->endpoint, cs_buf_view(&session->name), input, true, fault->what,
                       on_answered, batch);
    hold_back(session);
}

static void take_batch(struct session *session, struct cs_view payload)
{
    struct cs_s2_input input = {0};
    struct cs_buf text = CS_BUF(FRAME_MAX);
    struct cs_diag diag = {0};
    int status = 0;
    enum cs_err err = cs_s2_input_decode_proto(payload, &input, &diag);
    if (err == CS_ERR_NO_MEMORY) {
        fail_text(session, 503, "unavailable", diag.text);
    } else if (err != CS_OK) {
        fail_text(session, 400, "bad_proto", diag.text);
    } else if ((status = cs_s2_refusal(session->endpoint, &input, &text)) != 0) {
        fail(session, status, cs_buf_view(&text));
    } else {
        struct cs_fault_action fault =
            cs_faults_decide(session->endpoint->faults, CS_FORM_S2S_BATCH, (struct cs_view){0});
        if (fault.what == CS_FAULT_NONE) { /* what is said of a session holds for its batches */
            fault = session->call->fault;
        }
        if (!is_stopped(session, &fault)) {
            start_batch(session, &input, &fault);
        }
    }
    cs_buf_free(&text);
    cs_s2_input_free(&input);
}

static void settle(struct session *session)
{
    session->feeding = false;
    end_if_settled(session);
    free_if_done(session);
}

static void on_body(struct cs_call *call, struct cs_view bytes)
{
    struct session *session = call->user;
    session->feeding = true;
    while (!session->no_more && bytes.len > 0) {
        struct cs_s2s_frame frame;
        struct cs_diag diag = {0};
        enum cs_s2s_step step = cs_s2s_read(&session->reader, &bytes, &frame, &diag);
        if (step == CS_S2S_FRAME) {
            take_batch(session, frame.payload);
        } else if (step == CS_S2S_BAD && diag.code == CS_ERR_NO_MEMORY) {
            fail_text(session, 503, "unavailable", diag.text);
        } else if (step == CS_S2S_BAD) {
            fail_text(session, 400, "bad_frame", diag.text);
        }
    }
    settle(session);
}

static void on_body_end(struct cs_call *call)
{
    struct session *session = call->user;
    session->feeding = true;
    if (!session->no_more && !cs_s2s_at_boundary(&session->reader)) {
        fail_text(session, 400, "bad_frame", "the stream ends inside a frame");
    }
    session->no_more = true;
    settle(session);
}

static void on_gone(struct cs_call *call)
{
    struct session *session = call->user;
    session->call = NULL;
    session->no_more = true;
    free_if_done(session);
}

/* ---- the beginning ---- */

bool cs_s2_is_session(const struct cs_call *call)
{
    const struct cs_header *type = cs_request_header(call->request, "content-type");
    return call->stream != NULL && type != NULL &&
           cs_view_eq_nocase(cs_view_trim(type->value), CS_VIEW("s2s/proto"));
}

void cs_s2_session_start(struct cs_call *call)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        cs_s2_fault(call, 503, "unavailable", "out of memory");
        return;
    }
    session->endpoint = call->endpoint;
    session->name = CS_BUF(CS_STREAM_NAME_MAX);
    session->last = CS_BUF(FRAME_MAX);
    if (!cs_s2_open(call, "append", &session->name) || !cs_s2_basin(call)) {
        free_if_done(session);
        return;
    }
    session->call = call;
    call->user = session;
    call->on_gone = on_gone;
    call->on_body = on_body;
    call->on_body_end = on_body_end;
    hold_back(session);
    cs_answer_header(call, "Cache-Control", "no-cache, no-transform");
    if (cs_answer_stream(call, 200, "s2s/proto") && call->fault.what == CS_FAULT_TERMINAL) {
        (void)is_stopped(session, &call->fault);
        end_if_settled(session);
        free_if_done(session);
    }
}
