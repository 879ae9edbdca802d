/* The stream store by itself: what a batch event looks like. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>

#define THREE \
    "{\"body\":\"one\"},{\"headers\":[[\"a\",\"b\"]]},{\"headers\":[[\"c\",\"\"]],\"body\":\"3\"}"

static void batch_shape(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, THREE);
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=1", NULL);
    size_t n_records = 0;
    const struct cs_event *event;
    while ((event = ep_next(sub, ep_env(ep)->patience_ms + 1000))) {
        cs_case_check(run, event->type != CS_EVENT_MALFORMED || !ep_s2_named(event, "batch"),
                      "a batch breaks the protocol: %s", event->fault.text);
        if (event->type == CS_EVENT_RECORD) {
            n_records++;
            cs_case_check(run, event->record.has_timestamp, "a record has no timestamp");
        }
        if (event->type == CS_EVENT_BATCH_END) {
            cs_case_check(run, event->batch->n_records > 0, "a batch came without records");
            cs_case_check(run, event->sse->n_data_lines == 1, "a batch came in %zu data lines",
                          event->sse->n_data_lines);
        }
    }
    cs_case_check(run, n_records > 0, "no record came of the three that were appended");
}

static void absent_members(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{\"body\":\"only a body\"},{\"headers\":[[\"only\",\"headers\"]]}");
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=1", NULL);
    bool has_headers = ep_next_record(sub)->has_headers;
    bool has_body = ep_next_record(sub)->has_body;
    ep_unsubscribe(sub);
    cs_case_observe(run, "empty-headers", "%s", has_headers ? "an empty array" : "left out");
    cs_case_observe(run, "empty-body", "%s", has_body ? "an empty string" : "left out");
    cs_case_check(run, !has_headers && !has_body,
                  "empty members are sent instead of being left out (headers %d, body %d)",
                  has_headers, has_body);
}

static void id_lines(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, THREE);
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=1", NULL);
    struct ep_s2_id id;
    unsigned batches = 0, others = 0;
    const struct cs_event *event;
    while ((event = ep_next(sub, ep_env(ep)->patience_ms + 1000))) {
        bool has_id = event->sse->flags & CS_SSE_HAS_ID;
        if (event->type == CS_EVENT_BATCH_END) {
            batches++;
            cs_case_check(run, !has_id || ep_s2_id(event, &id),
                          "the id line \"%.*s\" is not three numbers", CS_VIEW_ARG(event->sse->id));
        } else if (event->type == CS_EVENT_PING || event->type == CS_EVENT_DONE) {
            others++;
            cs_case_check(run, !has_id, "a %s has an id line", cs_event_name(event->type));
        }
    }
    if (batches == 0 || others == 0) {
        cs_case_error(run, "%u batches and %u other events came", batches, others);
    }
}

/* Two batches, since a thousand records fill one: counted on, not each by itself. */
static void id_counts(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    struct cs_buf records = CS_BUF((size_t)65536);
    for (int i = 0; i < 1000; i++) {
        cs_buf_str(&records, i ? ",{}" : "{}");
    }
    ep_s2_append(ep, stream, ep_text(ep, "%.*s", CS_VIEW_ARG(cs_buf_view(&records))));
    ep_s2_append(ep, stream, "{},{}");
    cs_buf_free(&records);
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=1", NULL);
    struct ep_s2_id id = {0};
    uint64_t n = 0;
    bool is_triple = true, counts = true, names_last = true;
    const struct cs_event *event;
    while ((event = ep_next(sub, ep_env(ep)->patience_ms + 1000))) {
        if (event->type != CS_EVENT_BATCH_END) {
            continue;
        }
        const struct cs_batch *batch = event->batch;
        uint64_t last = batch->records[batch->n_records - 1].seq_num;
        n = last + 1;
        is_triple &= ep_s2_id(event, &id);
        counts &= id.count == n;
        names_last &= id.seq_num == last;
    }
    if (!is_triple || n != 1002) {
        cs_case_error(run, "the batches cannot be followed by their id lines");
    }
    cs_case_observe(run, "id-first", "%s", names_last ? "last seq_num of the batch" : "another");
    cs_case_observe(run, "id-second", "%s", counts ? "records so far" : "another count");
    cs_case_check(run, names_last, "the first number is %" PRIu64 ", expected the last seq_num",
                  id.seq_num);
    cs_case_check(run, counts, "the second number is %" PRIu64 " after 1002 records", id.count);
}

/* Callers may give timestamps; a stream's never go back. */
static void numbers_and_times(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{\"timestamp\":5000},{\"timestamp\":3000},{}");
    ep_s2_append(ep, stream, "{\"headers\":[[\"trigger-control\",\"turn-complete\"]]}");
    ep_write_trim(ep, stream, 0);
    ep_s2_append(ep, stream, "{\"timestamp\":1}");
    struct ep_records records = ep_s2_read(ep, stream, "?seq_num=0&wait=1", NULL);
    cs_case_check(run, records.n == 6, "6 records were appended, %zu came", records.n);
    for (size_t i = 0; i < records.n; i++) {
        const struct ep_record *record = &records.items[i];
        cs_case_check(run, record->seq_num == i, "record %zu has seq_num %" PRIu64, i,
                      record->seq_num);
        cs_case_check(run, i == 0 || record->timestamp >= records.items[i - 1].timestamp,
                      "the timestamp %" PRId64 " of record %zu is less than the one before",
                      record->timestamp, i);
    }
}

static void tail_when_live(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{\"body\":\"backlog\"}");
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=20", NULL);
    bool backlog = ep_wait(sub, CS_EVENT_BATCH_END, ep_env(ep)->patience_ms)->has_tail;
    ep_s2_edge(sub);
    ep_s2_append(ep, stream, "{\"body\":\"live\"}");
    bool live = ep_wait(sub, CS_EVENT_BATCH_END, ep_env(ep)->patience_ms)->has_tail;
    ep_unsubscribe(sub);
    cs_case_observe(run, "backlog-batch", "%s tail", backlog ? "has a" : "has no");
    cs_case_observe(run, "live-batch", "%s tail", live ? "has a" : "has no");
    cs_case_check(run, !backlog && live, "a tail is %s on backlog and %s on live batches",
                  backlog ? "present" : "absent", live ? "present" : "absent");
}

#define S2 (CS_NEEDS_STREAM | CS_NEEDS_S2)
const struct cs_case endpoint_s2_batch_cases[] = {
    {"endpoint/s2/batch-shape", "A batch is one line of JSON with typed records", "OUT-08 OUT-09",
     CS_MUST, S2, 0, batch_shape},
    {"endpoint/s2/absent-members", "Empty headers and bodies are left out", "OUT-10", CS_OBSERVED,
     S2, 0, absent_members},
    {"endpoint/s2/id-lines", "An id line is three numbers, and only batches have one", "OUT-12",
     CS_MUST, S2, 0, id_lines},
    {"endpoint/s2/id-counts", "The id line counts records over the connection", "OUT-11",
     CS_OBSERVED, S2, 0, id_counts},
    {"endpoint/s2/numbers-and-times", "Numbers have no gaps, timestamps never decrease",
     "OUT-13 OUT-14", CS_MUST, S2, 0, numbers_and_times},
    {"endpoint/s2/tail-when-live", "Live batches tell the tail, backlog batches do not", "OUT-17",
     CS_OBSERVED, S2, 0, tail_when_live},
    {0},
};
