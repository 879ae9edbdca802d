/* OUT: the form of a stream: its type, its coding, its longest line. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#define MUCH_TIME_MS 20000 /* for 6 MiB on a busy machine */
#define STOP         "{\"kind\":\"stop\"}"

/* What becomes of a request that does not ask for an event stream is not agreed on: the page
 * refuses it, srv streams all the same. An answer of another kind would be neither. */
static void accept_header(struct cs_case_run *run)
{
    static const struct {
        const char *name, *header;
    } accepts[] = {{"with_event_stream", "Accept: text/event-stream"},
                   {"without", "Accept:"},
                   {"with_json", "Accept: application/json"}};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    enum {
        N = sizeof accepts / sizeof accepts[0]
    };
    struct ep_pending *pending[N];
    for (size_t i = 0; i < N; i++) {
        pending[i] = ep_begin(
            ep, &(struct ep_call){.path = ep_realtime(ep, session->key, "out"),
                                  .auth = session->token,
                                  .headers = EP_HEADERS(accepts[i].header, "Timeout-Seconds: 1")});
    }
    for (size_t i = 0; i < N; i++) {
        const struct ep_answer *answer = ep_end(ep, pending[i]);
        const char *type = ep_header(answer, "Content-Type");
        bool streams = answer->status == 200 && answer->body.len && !answer->json;
        bool refused = i > 0 && answer->status / 100 == 4;
        cs_case_observe(run, accepts[i].name, "%d", answer->status);
        cs_case_check(run, streams || refused,
                      "a subscription with \"%s\" answered %d %s: neither a stream nor a refusal",
                      accepts[i].header, answer->status, type ? type : "without a type");
    }
}

static void not_encoded(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_sub *sub =
        ep_open(ep, session, "in", EP_HEADERS("Accept-Encoding: gzip, deflate, br, zstd"));
    const char *encoding = ep_sub_header(sub, "Content-Encoding");
    cs_case_check(run, !encoding || !strcmp(encoding, "identity"),
                  "the stream is encoded as %s: events wait for each other in it", encoding);
    ep_wait(sub, CS_EVENT_PING, ep_env(ep)->patience_ms); /* the live edge */
    ep_append_need(ep, session, STOP);
    cs_case_check(run, ep_expect_record(sub)->seq_num == 0,
                  "the record was not flushed as it happened");
    ep_unsubscribe(sub);
}

static void plain_events(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    struct ep_sub *sub = ep_open(ep, session, "in", EP_HEADERS("Timeout-Seconds: 1"));
    size_t batches = 0;
    const struct cs_event *event;
    while ((event = ep_next(sub, ep_env(ep)->patience_ms + 1000))) {
        bool unnamed = !event->sse->event.len && event->type != CS_EVENT_DONE;
        cs_case_check(run, !unnamed, "an event without a name came: %.*s",
                      CS_VIEW_ARG(event->sse->data));
        if (event->type == CS_EVENT_MALFORMED) {
            cs_case_error(run, "a malformed event came: %s", event->fault.text);
        }
        batches += event->type == CS_EVENT_BATCH_END;
    }
    cs_case_check(run, batches > 0, "the record did not come in a batch");
    cs_case_observe(run, "format", "batch");
}

/* ---- the largest line ---- */

/* {"body": base64 of `len` bytes 0x01} */
static const char *controls_record(struct ep *ep, size_t len)
{
    struct cs_buf record = CS_BUF((size_t)4 * 1024 * 1024);
    cs_buf_str(&record, "{\"records\":[{\"body\":\"");
    for (size_t i = 0; i + 3 <= len; i += 3) {
        cs_buf_str(&record, "AQEB");
    }
    cs_buf_str(&record, len % 3 == 2 ? "AQE=" : len % 3 == 1 ? "AQ==" : "");
    cs_buf_str(&record, "\"}]}");
    const char *text = ep_text(ep, "%.*s", CS_VIEW_ARG(cs_buf_view(&record)));
    cs_buf_free(&record);
    return text;
}

static bool all_controls(struct cs_view body)
{
    for (size_t i = 0; i < body.len; i++) {
        if (body.ptr[i] != 1) {
            return false;
        }
    }
    return true;
}

static void longest_line(struct cs_case_run *run)
{
    /* 1 MiB metered, 6 291 408 bytes as JSON; then one more that a batch has no room for */
    static const size_t lengths[] = {CS_RECORD_MAX_METERED - 8, 1};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    for (size_t i = 0; i < 2; i++) {
        ep_need(ep, ep_stream_post(ep, stream, "base64", controls_record(ep, lengths[i])));
    }
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    for (size_t i = 0; i < 2; i++) {
        const struct cs_record *record = &ep_wait(sub, CS_EVENT_RECORD, MUCH_TIME_MS)->record;
        cs_case_check(run, record->body.len == lengths[i] && all_controls(record->body),
                      "a record of %zu control bytes came as %zu bytes", lengths[i],
                      record->body.len);
        const struct cs_event *end = ep_wait(sub, CS_EVENT_BATCH_END, ep_env(ep)->patience_ms);
        cs_case_check(run, end->batch->n_records == 1,
                      "%zu records came in one batch of over 1 MiB", end->batch->n_records);
        cs_case_observe(run, i ? "short_line" : "longest_line", "%zu", end->sse->data.len);
    }
    ep_unsubscribe(sub);
}

#define SK CS_NEEDS_SECRET_KEY
#define S2 (CS_NEEDS_SECRET_KEY | CS_NEEDS_STREAM)
const struct cs_case endpoint_out_form_cases[] = {
    {"endpoint/out/accept-header", "A subscription is an event stream, whatever it says it accepts",
     "OUT-02", CS_SHOULD, SK, 0, accept_header},
    {"endpoint/out/not-encoded", "A stream is not compressed, and flushed as it happens", "OUT-05",
     CS_MUST, SK, 0, not_encoded},
    {"endpoint/out/longest-line", "A batch keeps its bounds and is sent whole, up to 6 MiB of JSON",
     "OUT-27", CS_MUST, S2, 0, longest_line},
    {"endpoint/out/no-plain-events", "Records come in batches and not as events of their own",
     "OUT-42", CS_SHOULD, SK, 0, plain_events},
    {0},
};
