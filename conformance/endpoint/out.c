/* OUT: subscribing to a channel. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>

#define STOP "{\"kind\":\"stop\"}"

static void content_type(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_sub *sub =
        ep_subscribe(ep, ep_realtime(ep, session->key, "out"), session->token, NULL);
    cs_case_check(run, sub->status == 200, "subscribing answered %d, expected 200", sub->status);
    const char *type = ep_sub_header(sub, "Content-Type");
    cs_case_check(run, type && !strncmp(type, "text/event-stream", 17),
                  "content-type is %s, expected text/event-stream", type ? type : "missing");
    ep_unsubscribe(sub);
}

static void stream_version(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    struct ep_sub *sub = ep_open(ep, ep_session(ep), "out", NULL);
    const char *version = ep_sub_header(sub, "X-Stream-Version");
    cs_case_check(run, version && !strcmp(version, "v2"),
                  "X-Stream-Version is %s, expected v2: clients fall back to the old format",
                  version ? version : "missing");
    ep_unsubscribe(sub);
}

static void only_known_events(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    struct ep_sub *sub = ep_open(ep, session, "in", EP_HEADERS("Timeout-Seconds: 1"));
    const struct cs_event *event;
    while ((event = ep_next(sub, ep_env(ep)->patience_ms + 1000))) {
        cs_case_check(run, event->type != CS_EVENT_UNKNOWN, "an event named \"%.*s\" came",
                      CS_VIEW_ARG(event->sse->event));
    }
}

static void batch_shape(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    struct ep_sub *sub = ep_open(ep, session, "in", EP_HEADERS("Timeout-Seconds: 1"));
    size_t batches = 0;
    const struct cs_event *event;
    while ((event = ep_next(sub, ep_env(ep)->patience_ms + 1000))) {
        if (event->type == CS_EVENT_MALFORMED) {
            cs_case_fail(run, "a batch breaks the protocol: %s", event->fault.text);
        }
        if (event->type == CS_EVENT_BATCH_END) {
            batches++;
            cs_case_check(run, event->batch->n_records > 0, "a batch came without records");
            cs_case_check(run, event->sse->n_data_lines == 1, "a batch came in %zu data lines",
                          event->sse->n_data_lines);
        }
    }
    cs_case_check(run, batches > 0, "no batch came for an appended record");
}

static void record_shape(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    int64_t now = cs_wall_ms();
    ep_append_need(ep, session, STOP);
    struct ep_sub *sub = ep_open(ep, session, "in", NULL);
    const struct cs_event *event;
    do {
        event = ep_next(sub, ep_env(ep)->patience_ms);
        if (!event) {
            cs_case_error(run, "no record came for an append");
        }
    } while (event->type != CS_EVENT_RECORD && event->type != CS_EVENT_MALFORMED);
    cs_case_check(run, event->type == CS_EVENT_RECORD, "a record breaks the protocol: %s",
                  event->fault.text);
    const struct cs_record *record = &event->record;
    cs_case_check(run, record->has_timestamp, "a record has no timestamp");
    /* a day either way: the clocks of two machines */
    int64_t off = record->timestamp - now;
    cs_case_check(run, off > -86400000 && off < 86400000,
                  "a record's timestamp %" PRId64 " is not milliseconds of now", record->timestamp);
    ep_unsubscribe(sub);
}

static void id_lines(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    struct ep_sub *sub = ep_open(ep, session, "in", EP_HEADERS("Timeout-Seconds: 1"));
    const struct cs_event *event;
    while ((event = ep_next(sub, ep_env(ep)->patience_ms + 1000))) {
        struct cs_view id = event->sse->id;
        if (event->type == CS_EVENT_BATCH_END && (event->sse->flags & CS_SSE_HAS_ID)) {
            unsigned commas = 0, digits = 0;
            for (size_t i = 0; i < id.len; i++) {
                commas += id.ptr[i] == ',';
                digits += id.ptr[i] >= '0' && id.ptr[i] <= '9';
            }
            cs_case_check(run, commas == 2 && digits >= 3 && commas + digits == id.len,
                          "the id line \"%.*s\" is not three numbers", CS_VIEW_ARG(id));
        }
        if (event->type == CS_EVENT_PING || event->type == CS_EVENT_DONE) {
            cs_case_check(run, !(event->sse->flags & CS_SSE_HAS_ID), "a %s has an id line",
                          cs_event_name(event->type));
        }
    }
}

static void dense_numbers(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_write_data(ep, stream, "{\"type\":\"start\"}");
    ep_write_control(ep, stream, "turn-complete");
    ep_write_trim(ep, stream, 0);
    ep_write_data(ep, stream, "{\"type\":\"start\"}");
    struct ep_records records = ep_read_all(ep, session, "out", NULL);
    cs_case_check(run, records.n == 4, "4 records were written, %zu came", records.n);
    for (size_t i = 0; i < records.n; i++) {
        cs_case_check(run, records.items[i].seq_num == i,
                      "record %zu has seq_num %" PRIu64 ": data, control and command records are "
                      "numbered alike",
                      i, records.items[i].seq_num);
        cs_case_check(run, i == 0 || records.items[i].timestamp >= records.items[i - 1].timestamp,
                      "timestamps go back at seq_num %zu", i);
    }
}

static void tail_is_next(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "in", NULL);
    ep_wait(sub, CS_EVENT_PING, ep_env(ep)->patience_ms); /* the live edge */
    ep_append_need(ep, session, STOP);
    const struct cs_event *event = ep_wait(sub, CS_EVENT_BATCH_END, ep_env(ep)->patience_ms);
    cs_case_check(run, !event->has_tail || event->tail.seq_num == 1,
                  "after one record tail.seq_num is %" PRIu64 ", expected 1", event->tail.seq_num);
    ep_unsubscribe(sub);
}

static void ping_shape(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    struct ep_sub *sub = ep_open(ep, ep_session(ep), "out", NULL);
    const struct cs_event *event = ep_next(sub, 20000);
    cs_case_check(run, event, "an idle subscription brought nothing for 20 s");
    cs_case_check(run, event->type == CS_EVENT_PING, "an idle subscription brought %s%s%s",
                  cs_event_name(event->type), event->type == CS_EVENT_MALFORMED ? ": " : "",
                  event->type == CS_EVENT_MALFORMED ? event->fault.text : "");
    cs_case_check(run, event->timestamp > 0, "a ping has no timestamp");
    cs_case_observe(run, "ping_has_tail", "%s", event->has_tail ? "yes" : "no");
    cs_case_check(run, !event->has_tail || event->tail.seq_num == 0,
                  "the tail of an untouched stream is %" PRIu64, event->tail.seq_num);
    ep_unsubscribe(sub);
}

static void done_ends(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    struct ep_sub *sub = ep_open(ep, ep_session(ep), "out", EP_HEADERS("Timeout-Seconds: 1"));
    ep_expect_done_once(sub);
}

static void timeout_seconds(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_sub *subs[2];
    int64_t start = cs_now_ms();
    for (int i = 0; i < 2; i++) {
        subs[i] =
            ep_open(ep, session, "out", EP_HEADERS(ep_text(ep, "Timeout-Seconds: %d", i + 1)));
    }
    for (int i = 0; i < 2; i++) {
        ep_wait(subs[i], CS_EVENT_DONE, ep_env(ep)->patience_ms + (i + 1) * 1000);
        int64_t took = cs_now_ms() - start;
        int64_t least = (i + 1) * 1000 - 100;
        int64_t most = (i + 1) * 1000 + 1500 * cs_case_scale(run);
        cs_case_check(run, took >= least, "Timeout-Seconds: %d ended after %lld ms", i + 1,
                      (long long)took);
        if (took > most) {
            cs_case_inconclusive(run, "Timeout-Seconds: %d ended after %lld ms", i + 1,
                                 (long long)took);
        }
    }
}

static void timeout_refused(struct cs_case_run *run, const char *const *bad, size_t n)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_realtime(ep, session->key, "out");
    for (size_t i = 0; i < n; i++) {
        struct ep_sub *sub = ep_subscribe(ep, path, session->token,
                                          EP_HEADERS(ep_text(ep, "Timeout-Seconds: %s", bad[i])));
        cs_case_check(run, sub->status == 400, "Timeout-Seconds: %s answered %d, expected 400",
                      bad[i], sub->status);
        ep_unsubscribe(sub);
    }
    static const char *const good[] = {"1", "600"};
    for (size_t i = 0; i < 2; i++) {
        struct ep_sub *sub = ep_subscribe(ep, path, session->token,
                                          EP_HEADERS(ep_text(ep, "Timeout-Seconds: %s", good[i])));
        cs_case_check(run, sub->status == 200, "Timeout-Seconds: %s answered %d, expected 200",
                      good[i], sub->status);
        ep_unsubscribe(sub);
    }
}

static void timeout_range(struct cs_case_run *run)
{
    static const char *const bad[] = {"0", "-1", "601"};
    timeout_refused(run, bad, 3);
}

static void timeout_not_a_number(struct cs_case_run *run)
{
    static const char *const bad[] = {"abc", "10abc", "1.5", "Infinity", "30, 40"};
    timeout_refused(run, bad, 5);
}

static void live_delivery(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "in", NULL);
    for (uint64_t i = 0; i < 3; i++) {
        ep_append_need(ep, session, STOP);
        const struct cs_record *record = ep_expect_record(sub);
        cs_case_check(run, record->seq_num == i,
                      "append %" PRIu64 " was delivered as seq_num %" PRIu64, i, record->seq_num);
    }
    ep_unsubscribe(sub);
}

static void many_readers(struct cs_case_run *run)
{
    enum {
        N = 5
    };
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_sub *subs[N];
    for (int i = 0; i < N; i++) {
        subs[i] = ep_open(ep, session, "in", NULL);
    }
    for (uint64_t seq = 0; seq < 2; seq++) {
        ep_append_need(ep, session, STOP);
        for (int i = 0; i < N; i++) {
            cs_case_check(run, ep_expect_record(subs[i])->seq_num == seq,
                          "reader %d did not get record %" PRIu64, i, seq);
        }
    }
}

static void unknown_session(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    struct ep_sub *sub =
        ep_subscribe(ep, ep_realtime(ep, "session_000000000000000000000nope", "out"),
                     ep_env(ep)->secret_key, NULL);
    cs_case_check(run, sub->status == 404, "an unknown session_ id answered %d, expected 404",
                  sub->status);
    sub = ep_subscribe(ep, ep_realtime(ep, ep_unique(ep, "nobody"), "out"), ep_env(ep)->secret_key,
                       NULL);
    cs_case_check(run, sub->status == 200,
                  "an externalId without a session answered %d, expected an empty stream",
                  sub->status);
    ep_unsubscribe(sub);
}

static void forms_agree(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    const char *forms[] = {session->id, session->external_id};
    for (int i = 0; i < 2; i++) {
        struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, forms[i], "in"), session->token,
                                          EP_HEADERS("Timeout-Seconds: 1"));
        const struct cs_event *event = ep_next(sub, ep_env(ep)->patience_ms);
        cs_case_check(run, event && event->type == CS_EVENT_RECORD && event->record.seq_num == 0,
                      "reading by %s does not show the record appended by externalId", forms[i]);
        /* to its end: what a reader beside it or its leaving does are questions of other cases */
        while (ep_next(sub, ep_env(ep)->patience_ms + 1000)) {
        }
        ep_unsubscribe(sub);
    }
}

static void readable_after_close(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    ep_need(ep, ep_close(ep, session, "{}"));
    struct ep_sub *sub =
        ep_subscribe(ep, ep_realtime(ep, session->key, "in"), session->token, NULL);
    cs_case_check(run, sub->status == 200, "reading a closed session answered %d", sub->status);
    cs_case_check(run, ep_next_record(sub)->seq_num == 0, "the closed session's record is gone");
    ep_unsubscribe(sub);
}

static void readers_may_vanish(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_sub *stays = ep_open(ep, session, "in", NULL);
    for (int i = 0; i < 20; i++) {
        ep_unsubscribe(ep_open(ep, session, "in", NULL));
    }
    ep_append_need(ep, session, STOP);
    cs_case_check(run, ep_expect_record(stays)->seq_num == 0,
                  "the reader that stayed did not get the record");
    ep_unsubscribe(stays);
}

static void in_is_readable(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    struct ep_sub *sub =
        ep_subscribe(ep, ep_realtime(ep, session->key, "in"), session->token, NULL);
    cs_case_check(run, sub->status == 200, "subscribing to .in answered %d, expected 200",
                  sub->status);
    cs_case_check(run, ep_next_record(sub)->kind == CS_RECORD_DATA,
                  "the record is not a data record");
    ep_unsubscribe(sub);
}

static void runs_share_numbers(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    uint64_t next = 0;
    for (int n_run = 0; n_run < 2; n_run++) {
        /* as an agent does it: each run asks for its own credentials */
        const struct ep_stream *stream = ep_stream(ep, session, "out");
        for (int turn = 0; turn < 2; turn++) {
            uint64_t seq = ep_write_data(ep, stream, "{\"type\":\"start\"}");
            cs_case_check(run, seq == next,
                          "turn %d of run %d begins at %" PRIu64 ", expected %" PRIu64, turn + 1,
                          n_run + 1, seq, next);
            next = ep_write_control(ep, stream, "turn-complete") + 1;
        }
        if (n_run == 0) {
            ep_swap_run(ep, session);
        }
    }
}

static void default_wait(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    struct ep_sub *sub = ep_open(ep, ep_session(ep), "out", NULL);
    int64_t start = cs_now_ms();
    ep_wait(sub, CS_EVENT_DONE, 75000);
    int64_t took = cs_now_ms() - start;
    cs_case_check(run, took >= 58000 && took <= 70000,
                  "without Timeout-Seconds the wait was %lld ms, expected about 60 s",
                  (long long)took);
}

static void before_the_first_record(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_sub *sub =
        ep_subscribe(ep, ep_realtime(ep, session->key, "in"), session->token, NULL);
    cs_case_check(run, sub->status == 200, "subscribing to a fresh channel answered %d",
                  sub->status);
    ep_wait(sub, CS_EVENT_PING, ep_env(ep)->patience_ms); /* it waits at the live edge */
    ep_append_need(ep, session, STOP);
    if (ep_drain_count(ep, session, "in") != 1) {
        cs_case_error(run, "the appended record cannot be read back");
    }
    cs_case_check(run, ep_expect_record(sub)->seq_num == 0,
                  "a subscription from before the first record did not bring it");
    ep_unsubscribe(sub);
}

static void start_latest(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (int i = 0; i < 3; i++) {
        ep_append_need(ep, session, STOP);
    }
    struct ep_sub *sub = ep_open(
        ep, session, "in", EP_HEADERS("X-Trigger-Stream-Start: latest", "Timeout-Seconds: 2"));
    const struct cs_event *event = ep_next(sub, ep_env(ep)->patience_ms);
    if (!event) {
        cs_case_error(run, "nothing came on a subscription with three records behind it");
    }
    ep_append_need(ep, session, STOP);
    /* whether the last old record belongs to it is not documented: 2 or 3 may come first */
    uint64_t first =
        event->type == CS_EVENT_RECORD ? event->record.seq_num : ep_next_record(sub)->seq_num;
    cs_case_check(run, first >= 2, "starting at the latest record began at %" PRIu64 " of 4",
                  first);
    cs_case_observe(run, "first", "%" PRIu64, first);
    ep_unsubscribe(sub);
}

#define SK CS_NEEDS_SECRET_KEY
#define S2 (CS_NEEDS_SECRET_KEY | CS_NEEDS_STREAM)
const struct cs_case endpoint_out_cases[] = {
    {"endpoint/out/content-type", "A subscription answers 200 text/event-stream", "OUT-01", CS_MUST,
     SK, 0, content_type},
    {"endpoint/out/stream-version", "X-Stream-Version says v2", "OUT-03", CS_MUST, SK, 0,
     stream_version},
    {"endpoint/out/only-known-events", "Only batch, ping, error and [DONE] occur", "OUT-06",
     CS_MUST, SK, 0, only_known_events},
    {"endpoint/out/batch-shape", "A batch is one line of JSON with records", "OUT-08", CS_MUST, SK,
     0, batch_shape},
    {"endpoint/out/record-shape", "A record has a number and a time", "OUT-09", CS_MUST, SK, 0,
     record_shape},
    {"endpoint/out/id-lines", "Id lines are three numbers, and only on batches", "OUT-12", CS_MUST,
     SK, 0, id_lines},
    {"endpoint/out/dense-numbers", "seq_num grows by one over records of every kind",
     "OUT-13 OUT-14", CS_MUST, S2, 0, dense_numbers},
    {"endpoint/out/tail-is-next", "tail.seq_num is the next number to be given", "OUT-15", CS_MUST,
     SK, 0, tail_is_next},
    {"endpoint/out/ping-shape", "An idle subscription gets pings with a time", "OUT-18", CS_MUST,
     SK, 0, ping_shape},
    {"endpoint/out/done-ends", "[DONE] comes once, last, before a clean end", "OUT-20", CS_MUST, SK,
     0, done_ends},
    {"endpoint/out/timeout-seconds", "Timeout-Seconds decides how long an idle wait lasts",
     "OUT-21", CS_MUST, SK | CS_TIMING | CS_WAITS, 0, timeout_seconds},
    {"endpoint/out/timeout-range", "Timeout-Seconds is 1 to 600", "OUT-24", CS_MUST, SK, 0,
     timeout_range},
    {"endpoint/out/timeout-not-a-number", "Timeout-Seconds is an integer", "OUT-25", CS_MUST, SK, 0,
     timeout_not_a_number},
    {"endpoint/out/live-delivery", "Appends reach an open subscription", "OUT-28", CS_MUST, SK, 0,
     live_delivery},
    {"endpoint/out/many-readers", "Every reader gets every record", "OUT-29", CS_MUST, SK, 0,
     many_readers},
    {"endpoint/out/unknown-session",
     "An unknown session_ id is 404, an unknown externalId is empty", "OUT-31", CS_MUST, SK, 0,
     unknown_session},
    {"endpoint/out/forms-agree", "Both id forms read one stream", "OUT-32", CS_MUST, SK | CS_WAITS,
     0, forms_agree},
    {"endpoint/out/readable-after-close", "A closed session stays readable", "OUT-33", CS_MUST, SK,
     0, readable_after_close},
    {"endpoint/out/readers-may-vanish", "Readers that vanish leave the others alone", "OUT-40",
     CS_MUST, SK, 0, readers_may_vanish},
    {"endpoint/out/in-is-readable", ".in is read like .out", "OUT-41", CS_MUST, SK, 0,
     in_is_readable},
    {"endpoint/out/runs-share-numbers", "Numbers go on over turns and runs", "OUT-38", CS_MUST, S2,
     0, runs_share_numbers},
    {"endpoint/out/default-wait", "Without Timeout-Seconds the wait is 60 s", "OUT-23", CS_MUST,
     SK | CS_NEEDS_LONG, 100, default_wait},
    {"endpoint/out/before-the-first-record", "A subscription may come before the first record",
     "OUT-30", CS_MUST, SK, 0, before_the_first_record},
    {"endpoint/out/start-latest", "X-Trigger-Stream-Start: latest skips what is old", "OUT-39",
     CS_MUST, SK, 0, start_latest},
    {0},
};
