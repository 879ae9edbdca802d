/* The stream store by itself: sizes, to the byte. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>
#include <stdlib.h>

#define MIB 1048576

/* {"records":[...]} of `n` records like this one. */
static const char *batch_of(struct ep *ep, size_t n, const char *record)
{
    struct cs_buf text = CS_BUF((size_t)4 * 1024 * 1024);
    cs_buf_str(&text, "{\"records\":[");
    for (size_t i = 0; i < n; i++) {
        cs_buf_printf(&text, "%s%s", i ? "," : "", record);
    }
    cs_buf_str(&text, "]}");
    const char *body = ep_text(ep, "%.*s", CS_VIEW_ARG(cs_buf_view(&text)));
    cs_buf_free(&text);
    return body;
}

static const char *one_of(struct ep *ep, size_t len)
{
    return batch_of(ep, 1, ep_text(ep, "{\"body\":\"%s\"}", ep_fill(ep, 'x', len)));
}

static void append_limits(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    const char *half = ep_fill(ep, 'x', MIB / 2 - 8);
    const struct {
        const char *good, *bad, *what;
    } pairs[] = {
        {batch_of(ep, 1000, "{}"), batch_of(ep, 1001, "{}"), "1001 records"},
        /* 8 + 2 for the header + 3 for its bytes */
        {ep_text(ep, "{\"records\":[{\"headers\":[[\"ab\",\"c\"]],\"body\":\"%s\"}]}",
                 ep_fill(ep, 'x', MIB - 13)),
         ep_text(ep, "{\"records\":[{\"headers\":[[\"ab\",\"c\"]],\"body\":\"%s\"}]}",
                 ep_fill(ep, 'x', MIB - 12)),
         "a record over 1 MiB"},
        {ep_text(ep, "{\"records\":[{\"body\":\"%s\"},{\"body\":\"%s\"}]}", half, half),
         ep_text(ep, "{\"records\":[{\"body\":\"%s\"},{\"body\":\"%sx\"}]}", half, half),
         "a batch over 1 MiB"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        ep_accept(ep, ep_stream_post(ep, stream, "raw", pairs[i].good));
        int status = ep_stream_post(ep, stream, "raw", pairs[i].bad)->status;
        cs_case_check(run, status / 100 == 4, "%s answered %d", pairs[i].what, status);
    }
    /* base64 has to be canonical: padded, and nothing in the bits that are left over */
    ep_accept(ep, ep_stream_post(ep, stream, "base64", "{\"records\":[{\"body\":\"YQ==\"}]}"));
    static const char *const bad[] = {"YR==", "YQ", "-_-_", "Y Q="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *body = ep_text(ep, "{\"records\":[{\"body\":\"%s\"}]}", bad[i]);
        int status = ep_stream_post(ep, stream, "base64", body)->status;
        cs_case_check(run, status / 100 == 4, "the base64 %s answered %d", bad[i], status);
    }
    ep_accept(ep, ep_stream_post(ep, stream, "raw", "{\"records\":[{}],\"match_seq_num\":1004}"));
}

/* The byte count of the id line is the metered size of all records so far. */
static void metered(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream,
                 "{},{\"body\":\"\xc3\xa9\\n\"},{\"headers\":[[\"a\",\"bc\"],[\"d\",\"\"]]}");
    ep_write_trim(ep, stream, 0);
    ep_s2_append(ep, stream, ep_text(ep, "{\"body\":\"%s\"}", ep_fill(ep, 'x', 100000)));
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=1", NULL);
    size_t weight = 0;
    uint64_t seq = 0;
    const struct cs_event *event;
    while ((event = ep_next(sub, ep_env(ep)->patience_ms + 1000))) {
        if (event->type == CS_EVENT_RECORD) {
            seq = event->record.seq_num;
            weight += cs_record_metered(event->record.headers, event->record.n_headers,
                                        event->record.body.len);
        }
        struct ep_s2_id id;
        if (event->type == CS_EVENT_BATCH_END) {
            if (!ep_s2_id(event, &id)) {
                cs_case_error(run, "a batch has no id line of three numbers");
            }
            cs_case_check(run, id.bytes == weight,
                          "the id line counts %" PRIu64 " metered bytes, the records weigh %zu",
                          id.bytes, weight);
        }
    }
    cs_case_check(run, weight > 0 && seq == 4, "the last of the records did not come");
}

/* Counts the records of each batch, none of which may be too large. */
static size_t count_batches(struct ep_sub *sub, size_t *ret_n_records)
{
    struct cs_case_run *run = ep_run(sub->ep);
    size_t n = 0;
    const struct cs_event *event;
    *ret_n_records = 0;
    while ((event = ep_next(sub, ep_env(sub->ep)->patience_ms + 1000))) {
        cs_case_check(run, event->type != CS_EVENT_MALFORMED || !ep_s2_named(event, "batch"),
                      "a batch breaks the protocol: %s", event->fault.text);
        if (event->type != CS_EVENT_BATCH_END) {
            continue;
        }
        size_t weight = 0;
        for (size_t i = 0; i < event->batch->n_records; i++) {
            const struct cs_record *record = &event->batch->records[i];
            weight += cs_record_metered(record->headers, record->n_headers, record->body.len);
        }
        cs_case_check(run, event->batch->n_records <= 1000 && weight <= MIB,
                      "a batch holds %zu records of %zu metered bytes", event->batch->n_records,
                      weight);
        *ret_n_records += event->batch->n_records;
        n++;
    }
    return n;
}

static void full_batches(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_need(ep, ep_stream_post(ep, stream, "raw", batch_of(ep, 1000, "{}")));
    ep_s2_append(ep, stream, "{}");
    for (int i = 0; i < 2; i++) {
        ep_need(ep, ep_stream_post(ep, stream, "raw", one_of(ep, 600000)));
    }
    size_t n_records = 0;
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=1", NULL);
    size_t n = count_batches(sub, &n_records);
    cs_case_check(run, n >= 3 && n_records == 1003, "1003 records came as %zu in %zu batches",
                  n_records, n);
    int unary = ep_s2_count(ep, ep_need(ep, ep_s2_get(ep, stream, "?seq_num=0", NULL)));
    cs_case_check(run, unary > 0 && unary <= 1000, "one answer holds %d records", unary);
}

/* Control characters take six bytes each as JSON, so one line is six times the record: readers that
 * take no line over 2 MiB break here, and so does who wrote it as raw JSON. */
static void long_line(struct cs_case_run *run)
{
    enum {
        LEN = 360000
    };
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    char *encoded = malloc((size_t)(LEN + 2) / 3 * 4 + 1); /* of 01 01 01 is AQEB */
    if (!encoded) {
        cs_case_error(run, "out of memory");
    }
    size_t len = 0;
    for (size_t i = 0; i + 3 <= LEN; i += 3, len += 4) {
        /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): more follows */
        memcpy(encoded + len, "AQEB", 4);
    }
    static const char *const rest[] = {"", "AQ==", "AQE="};
    memcpy(encoded + len, rest[LEN % 3], strlen(rest[LEN % 3]) + 1);
    const char *body = ep_text(ep, "{\"records\":[{\"body\":\"%s\"}]}", encoded);
    free(encoded);
    ep_need(ep, ep_stream_post(ep, stream, "base64", body));
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=1", NULL);
    const struct cs_event *event;
    do { /* with patience of its own: a busy machine takes its time over so much */
        event = ep_next(sub, 20000);
        if (!event) {
            cs_case_error(run, "the record did not come in 20 s");
        }
    } while (event->type != CS_EVENT_RECORD);
    const struct cs_record *record = &event->record;
    size_t good = 0;
    while (good < record->body.len && record->body.ptr[good] == 1) {
        good++;
    }
    cs_case_check(run, good == LEN && record->body.len == LEN,
                  "a record of %d control characters came as %zu bytes, %zu of them good", LEN,
                  record->body.len, good);
    ep_unsubscribe(sub);
}

#define S2 (CS_NEEDS_STREAM | CS_NEEDS_S2)
const struct cs_case endpoint_s2_limit_cases[] = {
    {"endpoint/s2/append-limits", "1000 records and 1 MiB are taken, one more is refused", "STO-08",
     CS_MUST, CS_NEEDS_STREAM, 0, append_limits},
    {"endpoint/s2/metered", "The id line counts metered bytes", "LIM-26", CS_MUST, S2, 0, metered},
    {"endpoint/s2/full-batches", "No batch is over 1000 records or 1 MiB", "LIM-25", CS_MUST, S2, 0,
     full_batches},
    {"endpoint/s2/long-line", "A record whose line is over 2 MiB comes whole", "OUT-27", CS_MUST,
     S2, 60, long_line},
    {0},
};
