#include "conformance/endpoint/kit_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- subscriptions ---- */

static void reader_release(void *object)
{
    cs_reader_free(object);
}

struct ep_sub *ep_subscribe(struct ep *ep, const char *path, const char *auth,
                            const char *const *headers)
{
    struct ep_sub *sub = ep_alloc(ep, sizeof *sub);
    const char *all[24] = {"Accept: text/event-stream"};
    size_t n = 1;
    for (const char *const *h = headers; h && *h && n < 23; h++) {
        all[n++] = *h;
    }
    sub->ep = ep;
    sub->exchange = ep_start(ep, &(struct ep_call){.path = path, .auth = auth, .headers = all});
    sub->reader = ep_own(ep, cs_reader_new(NULL), reader_release);
    enum cs_err err = cs_exchange_wait_head(sub->exchange, ep->env->patience_ms);
    if (err) {
        ep_transport_error(ep, sub->exchange, err);
    }
    sub->status = cs_exchange_status(sub->exchange);
    ep_evidence(ep, sub->exchange);
    return sub;
}

struct ep_sub *ep_open(struct ep *ep, const struct ep_session *session, const char *io,
                       const char *const *headers)
{
    struct ep_sub *sub =
        ep_subscribe(ep, ep_realtime(ep, session->key, io), session->token, headers);
    if (sub->status != 200) {
        cs_case_error(ep->run, "subscribing to .%s answered %d", io, sub->status);
    }
    return sub;
}

const char *ep_sub_header(struct ep_sub *sub, const char *name)
{
    return cs_exchange_header(sub->exchange, name);
}

void ep_unsubscribe(struct ep_sub *sub)
{
    /* Cancelling keeps the object, which the case owns, and closes its connection. */
    cs_exchange_cancel(sub->exchange);
    sub->ended = true;
}

/* The readers of evidence see where in the stream each event stands. */
static void show_bytes(struct ep_sub *sub)
{
    char title[64] = "end of the event stream";
    if (sub->pending.len > 0) {
        snprintf(title, sizeof title, "event stream, from byte %" PRIu64, sub->n_read);
    }
    cs_case_evidence(sub->ep->run, "received", title, sub->pending);
    sub->n_read += sub->pending.len;
}

const struct cs_event *ep_next(struct ep_sub *sub, int64_t timeout_ms)
{
    struct cs_event *event = ep_alloc(sub->ep, sizeof *event);
    int64_t until = cs_now_ms() + timeout_ms;
    for (;;) {
        struct cs_diag diag;
        enum cs_step step = cs_reader_next(sub->reader, &sub->pending, event, &diag);
        if (step == CS_STEP_EVENT) {
            return event;
        }
        if (step == CS_STEP_ERROR) {
            cs_case_fail(sub->ep->run, "the event stream cannot be read: %s (byte %" PRIu64 ")",
                         diag.text, diag.offset);
        }
        int64_t left = until - cs_now_ms();
        if (sub->ended || left < 0) {
            return NULL;
        }
        enum cs_err err = cs_exchange_read(sub->exchange, left, &sub->pending);
        if (err == CS_ERR_TIMEOUT) {
            return NULL;
        }
        if (err) {
            const char *why = cs_exchange_error(sub->exchange);
            if (sub->judges_end) {
                cs_case_fail(sub->ep->run, "the event stream broke off: %s", why);
            }
            cs_case_error(sub->ep->run, "the event stream broke off: %s", why);
        }
        show_bytes(sub);
        if (sub->pending.len == 0) {
            sub->ended = true;
            uint64_t rest = cs_reader_finish(sub->reader);
            cs_case_check(sub->ep->run, rest == 0,
                          "the event stream ended inside an event (%" PRIu64 " bytes)", rest);
            return NULL;
        }
    }
}

const struct cs_event *ep_wait(struct ep_sub *sub, enum cs_event_type type, int64_t timeout_ms)
{
    int64_t until = cs_now_ms() + timeout_ms;
    for (;;) {
        int64_t left = until - cs_now_ms();
        const struct cs_event *event = left < 0 ? NULL : ep_next(sub, left);
        if (!event) {
            cs_case_fail(sub->ep->run, "no %s event came %s", cs_event_name(type),
                         sub->ended ? "before the stream ended" : "in time");
        }
        if (event->type == CS_EVENT_MALFORMED && type != CS_EVENT_MALFORMED) {
            cs_case_error(sub->ep->run, "a malformed event came: %s", event->fault.text);
        }
        if (event->type == type) {
            return event;
        }
    }
}

const struct cs_record *ep_expect_record(struct ep_sub *sub)
{
    return &ep_wait(sub, CS_EVENT_RECORD, sub->ep->env->patience_ms)->record;
}

const struct cs_record *ep_next_record(struct ep_sub *sub)
{
    int64_t until = cs_now_ms() + sub->ep->env->patience_ms;
    for (;;) {
        int64_t left = until - cs_now_ms();
        const struct cs_event *event = left < 0 ? NULL : ep_next(sub, left);
        if (!event) {
            cs_case_error(sub->ep->run, "no record came %s",
                          sub->ended ? "before the stream ended" : "in time");
        }
        if (event->type == CS_EVENT_MALFORMED) {
            cs_case_error(sub->ep->run, "a malformed event came: %s", event->fault.text);
        }
        if (event->type == CS_EVENT_RECORD) {
            return &event->record;
        }
    }
}

void ep_expect_done_once(struct ep_sub *sub)
{
    struct cs_case_run *run = sub->ep->run;
    unsigned done = 0;
    const struct cs_event *event;
    sub->judges_end = true;
    while ((event = ep_next(sub, sub->ep->env->patience_ms + 1000))) {
        cs_case_check(run, !done, "an event came after [DONE]");
        done += event->type == CS_EVENT_DONE;
    }
    cs_case_check(run, sub->ended, "the subscription did not end");
    cs_case_check(run, done == 1, "the subscription ended without [DONE]");
}

const struct cs_record *ep_next_turn_complete(struct ep_sub *sub)
{
    const struct cs_record *record;
    do {
        record = ep_next_record(sub);
    } while (!cs_view_eq(cs_record_control(record), CS_VIEW("turn-complete")));
    return record;
}

static void keep_record(struct ep *ep, struct ep_records *records, const struct cs_record *record)
{
    if ((records->n & (records->n - 1)) == 0) {
        /* full at each power of two: a larger copy */
        struct ep_record *items =
            ep_alloc(ep, (records->n ? records->n * 2 : 1) * sizeof *records->items);
        if (records->n) {
            memcpy(items, records->items, records->n * sizeof *items);
        }
        records->items = items;
    }
    struct cs_buf headers = CS_BUF((size_t)1024 * 1024);
    for (size_t i = 0; i < record->n_headers; i++) {
        cs_buf_add(&headers, record->headers[i].name);
        cs_buf_char(&headers, '=');
        cs_buf_add(&headers, record->headers[i].value);
        cs_buf_char(&headers, ';');
    }
    char *body = ep_alloc(ep, record->body.len + 1);
    if (record->body.len) {
        memcpy(body, record->body.ptr, record->body.len);
    }
    records->items[records->n++] = (struct ep_record){
        .seq_num = record->seq_num,
        .timestamp = record->timestamp,
        .kind = record->kind,
        .body = body,
        .body_len = record->body.len,
        .headers = ep_own(ep, cs_buf_take(&headers), free),
    };
}

struct ep_records ep_read_all(struct ep *ep, const struct ep_session *session, const char *io,
                              const char *const *headers)
{
    const char *all[24] = {"Timeout-Seconds: 1"};
    size_t n = 1;
    for (const char *const *h = headers; h && *h && n < 23; h++) {
        all[n++] = *h;
    }
    struct ep_sub *sub = ep_open(ep, session, io, all);
    struct ep_records records = ep_rest(sub);
    if (!sub->ended) {
        cs_case_error(ep->run, "the subscription with Timeout-Seconds: 1 did not end");
    }
    return records;
}

struct ep_records ep_rest(struct ep_sub *sub)
{
    struct ep *ep = sub->ep;
    struct ep_records records = {0};
    const struct cs_event *event;
    while ((event = ep_next(sub, ep->env->patience_ms + 1000))) {
        if (event->type == CS_EVENT_MALFORMED) {
            cs_case_error(ep->run, "a malformed event came: %s", event->fault.text);
        }
        if (event->type == CS_EVENT_RECORD) {
            keep_record(ep, &records, &event->record);
        }
        records.done |= event->type == CS_EVENT_DONE;
    }
    return records;
}

/* ---- the stream store, directly ---- */

const struct ep_stream *ep_stream(struct ep *ep, const struct ep_session *session, const char *io)
{
    const struct ep_answer *answer =
        ep_do(ep, .method = "PUT", .path = ep_realtime(ep, session->key, io),
              .auth = ep->env->secret_key, .body = "");
    ep_need(ep, answer);
    const char *endpoint = ep_header(answer, "X-S2-Endpoint");
    const char *name = ep_header(answer, "X-S2-Stream-Name");
    struct ep_stream *stream = ep_alloc(ep, sizeof *stream);
    stream->token = ep_header(answer, "X-S2-Access-Token");
    stream->basin = ep_header(answer, "X-S2-Basin");
    if (!endpoint || !name || !stream->token || !stream->basin) {
        cs_case_error(ep->run, "initialising .%s did not hand out stream credentials", io);
    }
    stream->url = ep_text(ep, "%s/streams/%s/records", endpoint, ep_encode(ep, name));
    return stream;
}

const struct ep_answer *ep_stream_post(struct ep *ep, const struct ep_stream *stream,
                                       const char *format, const char *body)
{
    return ep_call(ep, &(struct ep_call){
                           .path = stream->url,
                           .auth = stream->token,
                           .body = body,
                           .headers = EP_HEADERS(ep_text(ep, "S2-Format: %s", format),
                                                 ep_text(ep, "S2-Basin: %s", stream->basin)),
                       });
}

static uint64_t write_one(struct ep *ep, const struct ep_stream *stream, const char *format,
                          const char *record)
{
    const char *body = ep_text(ep, "{\"records\":[%s]}", record);
    const struct ep_answer *answer = ep_need(ep, ep_stream_post(ep, stream, format, body));
    return (uint64_t)ep_get_int(ep, answer, "start.seq_num");
}

uint64_t ep_write_data(struct ep *ep, const struct ep_stream *stream, const char *chunk_json)
{
    const char *body =
        ep_text(ep, "{\"data\":%s,\"id\":\"%07u\"}", chunk_json, ++ep->n_unique % 10000000u);
    struct cs_buf record = CS_BUF((size_t)8 * 1024 * 1024);
    cs_buf_str(&record, "{\"body\":\"");
    cs_json_escape(&record, cs_view_str(body));
    cs_buf_str(&record, "\"}");
    return write_one(ep, stream, "raw", ep_own(ep, cs_buf_take(&record), free));
}

uint64_t ep_write_control(struct ep *ep, const struct ep_stream *stream, const char *subtype)
{
    return write_one(ep, stream, "raw",
                     ep_text(ep, "{\"headers\":[[\"trigger-control\",\"%s\"]]}", subtype));
}

uint64_t ep_write_trim(struct ep *ep, const struct ep_stream *stream, uint64_t first_kept)
{
    /* raw format carries text: numbers below 128 are all ASCII, larger ones need base64 */
    if (first_kept >= 128) {
        cs_case_error(ep->run, "trim points of cases must stay below 128");
    }
    return write_one(
        ep, stream, "raw",
        ep_text(ep,
                "{\"headers\":[[\"\",\"trim\"]],\"body\":\"\\u0000\\u0000\\u0000\\u0000"
                "\\u0000\\u0000\\u0000\\u%04x\"}",
                (unsigned)first_kept));
}
