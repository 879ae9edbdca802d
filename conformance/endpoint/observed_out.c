/* OUT: what subscriptions show that is recorded and not judged. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>
#include <stdio.h>

#define STOP "{\"kind\":\"stop\"}"

static const char *yes(bool it_is)
{
    return it_is ? "yes" : "no";
}

static void observe_header(struct ep_sub *sub, const char *name, const char *recorded)
{
    const char *value = ep_sub_header(sub, name);
    cs_case_observe_as(ep_run(sub->ep), name, recorded, "%s", value ? value : "absent");
}

static void headers(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    struct ep_sub *sub =
        ep_open(ep, ep_session(ep), "out", EP_HEADERS("Origin: https://app.example"));
    observe_header(sub, "cache-control", "no-cache, no-transform");
    observe_header(sub, "x-accel-buffering", "no");
    const char *expose = ep_sub_header(sub, "Access-Control-Expose-Headers");
    cs_case_observe_as(run, "exposes_all", "yes", "%s", yes(expose && strchr(expose, '*')));
    ep_unsubscribe(sub);
}

/* ---- bytes ---- */

static bool has(struct cs_view text, const char *part)
{
    return cs_view_find(text, cs_view_str(part)) != SIZE_MAX;
}

/* A data record and a control record, and all bytes that a subscription brings of them. */
static struct cs_view raw_stream(struct ep *ep)
{
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_write_data(ep, stream, "{\"type\":\"start\"}");
    ep_write_control(ep, stream, "turn-complete");
    return ep_need(ep,
                   ep_do(ep, .path = ep_realtime(ep, session->key, "out"), .auth = session->token,
                         .headers = EP_HEADERS("Accept: text/event-stream", "Timeout-Seconds: 1")))
        ->body;
}

static void raw_form(struct cs_case_run *run)
{
    struct cs_view text = raw_stream(ep_of(run));
    size_t colon = cs_view_find(text, CS_VIEW(":"));
    struct cs_view first = cs_view_of(text.ptr, colon == SIZE_MAX ? 0 : colon);
    cs_case_observe_as(run, "first_field", "event", "%.*s", CS_VIEW_ARG(first));
    cs_case_observe_as(run, "line_ends", "LF", "%s", has(text, "\r") ? "with CR" : "LF");
    cs_case_observe_as(run, "space_after_colon", "yes", "%s",
                       yes(has(text, "\ndata: ") && !has(text, "\ndata:{")));
    cs_case_observe_as(run, "retry", "absent", "%s", has(text, "retry:") ? "present" : "absent");
    cs_case_observe_as(run, "comments", "absent", "%s", has(text, "\n:") ? "present" : "absent");
}

/* ---- what of batches ---- */

/* The next batch, passing over pings; `error` when none comes. Its records have been read. */
static const struct cs_event *next_batch(struct ep_sub *sub)
{
    int64_t until = cs_now_ms() + ep_env(sub->ep)->patience_ms;
    const struct cs_event *event;
    do {
        event = ep_next(sub, until - cs_now_ms());
        if (!event) {
            cs_case_error(ep_run(sub->ep), "no batch came");
        }
    } while (event->type != CS_EVENT_BATCH_END);
    return event;
}

static void empty_members(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_write_data(ep, stream, "{\"type\":\"start\"}");
    ep_write_control(ep, stream, "turn-complete");
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    bool has_headers = ep_next_record(sub)->has_headers;
    bool has_body = ep_next_record(sub)->has_body;
    cs_case_observe_as(run, "headers_of_a_data_record", "absent", "%s",
                       has_headers ? "empty" : "absent");
    cs_case_observe_as(run, "body_of_a_control_record", "absent", "%s",
                       has_body ? "empty" : "absent");
    ep_unsubscribe(sub);
}

/* "last, count, bytes": which numbers of the id line are what the S2 source says. */
static void observe_id(struct ep *ep, const char *name, const struct cs_event *event, size_t count,
                       size_t metered)
{
    unsigned long long seq, n, bytes;
    char id[128];
    snprintf(id, sizeof id, "%.*s", CS_VIEW_ARG(event->sse->id));
    /* NOLINTNEXTLINE(cert-err34-c): a number too large is a wrong one too */
    if (sscanf(id, "%llu,%llu,%llu", &seq, &n, &bytes) != 3) {
        cs_case_skip(ep_run(ep), "this server's batches have no id line of three numbers");
    }
    uint64_t last = event->batch->records[event->batch->n_records - 1].seq_num;
    cs_case_observe_as(ep_run(ep), name, "last seq, records, bytes", "%s, %s, %s",
                       seq == last ? "last seq" : "another seq",
                       n == count ? "records" : "another count",
                       bytes == metered ? "bytes" : "another sum");
}

static size_t weight(const struct cs_batch *batch)
{
    size_t sum = 0;
    for (size_t i = 0; i < batch->n_records; i++) {
        const struct cs_record *record = &batch->records[i];
        sum += cs_record_metered(record->headers, record->n_headers, record->body.len);
    }
    return sum;
}

static void id_counters(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_need(ep, ep_stream_post(ep, stream, "raw",
                               "{\"records\":[{\"body\":\"a\"},{\"body\":\"bb\"},"
                               "{\"body\":\"ccc\"}]}"));
    /* from the second record on, so that counts of the connection and numbers differ */
    struct ep_sub *sub = ep_open(ep, session, "out", EP_HEADERS("Last-Event-ID: 0"));
    const struct cs_event *event = next_batch(sub);
    size_t count = event->batch->n_records;
    size_t metered = weight(event->batch);
    observe_id(ep, "backlog", event, count, metered);
    ep_write_data(ep, stream, "{}");
    event = next_batch(sub);
    observe_id(ep, "live", event, count + event->batch->n_records, metered + weight(event->batch));
    ep_unsubscribe(sub);
}

static void tails(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "in", NULL);
    const struct cs_event *ping = ep_wait(sub, CS_EVENT_PING, ep_env(ep)->patience_ms);
    cs_case_observe_as(run, "time_of_an_untouched_tail", "0", "%" PRId64, ping->tail.timestamp);
    ep_append_need(ep, session, STOP);
    const struct cs_event *batch = next_batch(sub);
    int64_t written = batch->batch->records[0].timestamp;
    cs_case_observe_as(run, "live_batch_has_tail", "yes", "%s", yes(batch->has_tail));
    cs_case_observe_as(run, "time_of_tail", "the last record's", "%s",
                       !batch->has_tail                   ? "absent"
                       : batch->tail.timestamp == written ? "the last record's"
                                                          : "another");
    ep_unsubscribe(sub);
    ep_pause(ep, 5);
    sub = ep_open(ep, session, "in", NULL);
    cs_case_observe_as(run, "backlog_batch_has_tail", "no", "%s", yes(next_batch(sub)->has_tail));
    ping = ep_wait(sub, CS_EVENT_PING, ep_env(ep)->patience_ms);
    cs_case_observe_as(run, "time_of_pings_tail",
                       cs_case_fact(run, "ping_has_tail") ? "the last record's" : "absent", "%s",
                       !ping->has_tail                   ? "absent"
                       : ping->tail.timestamp == written ? "the last record's"
                                                         : "another");
    ep_unsubscribe(sub);
}

/* ---- time ---- */

static void first_ping(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    struct ep_sub *sub = ep_open(ep, session, "in", NULL);
    ep_next_record(sub);
    int64_t start = cs_now_ms();
    bool came = false;
    const struct cs_event *event;
    while (!came && (event = ep_next(sub, 1500 * cs_case_scale(run) - (cs_now_ms() - start)))) {
        if (event->type == CS_EVENT_MALFORMED) {
            cs_case_error(run, "a malformed event came: %s", event->fault.text);
        }
        came = event->type == CS_EVENT_PING;
    }
    cs_case_observe_as(run, "ping_at_the_live_edge", "at once", "%s",
                       came ? "at once" : "not at once");
    ep_unsubscribe(sub);
}

static void ping_gaps(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    int64_t opened = cs_now_ms();
    struct ep_sub *sub = ep_open(ep, session, "in", EP_HEADERS("Timeout-Seconds: 120"));
    ep_wait(sub, CS_EVENT_PING, 20000);
    cs_case_observe_as(run, "first_ping", "at once", "%s",
                       cs_now_ms() - opened < 2500 ? "at once" : "later");
    int64_t least = INT64_MAX;
    int64_t most = 0;
    for (int i = 0; i < 4; i++) {
        int64_t start = cs_now_ms();
        ep_wait(sub, CS_EVENT_PING, 30000);
        int64_t gap = cs_now_ms() - start;
        least = gap < least ? gap : least;
        most = gap > most ? gap : most;
    }
    cs_case_observe_as(run, "gaps", "5 to 15 s", "%s to %s", least >= 4500 ? "5" : "under 5",
                       most <= 16000   ? "15 s"
                       : most <= 20500 ? "20 s"
                                       : "over 20 s");
    ep_unsubscribe(sub);
}

/* Is the next record delivered before the subscription ends? */
static bool comes(struct ep_sub *sub)
{
    const struct cs_event *event;
    while (!sub->ended && (event = ep_next(sub, ep_env(sub->ep)->patience_ms))) {
        if (event->type == CS_EVENT_MALFORMED) {
            cs_case_error(ep_run(sub->ep), "a malformed event came: %s", event->fault.text);
        }
        if (event->type == CS_EVENT_RECORD) {
            return true;
        }
    }
    return false;
}

static void wait_restarts(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "in", EP_HEADERS("Timeout-Seconds: 1"));
    ep_wait(sub, CS_EVENT_PING, ep_env(ep)->patience_ms);
    int delivered = 0;
    int64_t last = cs_now_ms(); /* when the wait began, at the latest */
    for (int i = 0; i < 3; i++) {
        int64_t at = last + 400;
        while (cs_now_ms() < at) {
            ep_pause(ep, at - cs_now_ms());
        }
        ep_append_need(ep, session, STOP);
        if (cs_now_ms() - last > 950) {
            cs_case_inconclusive(run, "an append came %lld ms after the last record",
                                 (long long)(cs_now_ms() - last));
        }
        last = cs_now_ms();
        delivered += comes(sub);
        if (delivered == 0) {
            cs_case_error(run, "no record was delivered at all");
        }
    }
    cs_case_observe_as(run, "records_within_1200_ms", "3", "%d", delivered);
    ep_unsubscribe(sub);
}

static int subscribe_status(struct ep *ep, const char *id, const char *auth, const char *timeout)
{
    struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, id, "out"), auth, EP_HEADERS(timeout));
    int status = sub->status;
    ep_unsubscribe(sub);
    return status;
}

static void wait_spellings(struct cs_case_run *run)
{
    static const char *const spellings[] = {"+5", "1e1", "0x10", "10.0"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_session *other = ep_session(ep);
    for (size_t i = 0; i < 4; i++) {
        int status = subscribe_status(ep, session->key, session->token,
                                      ep_text(ep, "Timeout-Seconds: %s", spellings[i]));
        cs_case_observe_as(run, spellings[i], "200", "%d", status);
    }
    cs_case_observe_as(run, "empty", "200", "%d",
                       subscribe_status(ep, session->key, session->token, "Timeout-Seconds;"));
    const char *bad = "Timeout-Seconds: 0";
    cs_case_observe_as(run, "bad_without_auth", "401", "%d",
                       subscribe_status(ep, session->key, NULL, bad));
    cs_case_observe_as(
        run, "bad_for_unknown_session", "404", "%d",
        subscribe_status(ep, "session_000000000000000000000nope", ep_env(ep)->secret_key, bad));
    cs_case_observe_as(run, "bad_for_another_session", "403", "%d",
                       subscribe_status(ep, session->key, other->token, bad));
}

/* ---- failures ---- */

static void drop_and_resume(struct cs_case_run *run)
{
    enum {
        N = 6,
        BEFORE = 3
    };
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (int i = 0; i < N; i++) {
        ep_append_need(ep, session, STOP);
    }
    struct ep_sub *sub = ep_open(ep, session, "in", NULL);
    unsigned seen[N] = {0};
    uint64_t seq = 0;
    for (int i = 0; i < N; i++) {
        if (i == BEFORE) {
            ep_unsubscribe(sub); /* in the middle: neither error nor [DONE] */
            sub =
                ep_open(ep, session, "in", EP_HEADERS(ep_text(ep, "Last-Event-ID: %" PRIu64, seq)));
        }
        seq = ep_next_record(sub)->seq_num;
        seen[seq < N ? seq : N - 1]++;
    }
    ep_unsubscribe(sub);
    int lost = 0;
    for (int i = 0; i < N; i++) {
        lost += seen[i] == 0;
    }
    cs_case_observe_as(run, "lost_or_repeated", "0", "%d", lost);
}

/* A stream that the store cannot have fails on every route as the route fails, never as the store
 * does; one that is just not there is empty. */
static void store_failures(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *bad = ep_unstorable_session(ep);
    const char *out = ep_realtime(ep, bad->key, "out");
    const char *peek[] = {NULL, "X-Peek-Settled: 1"};
    static const char *const names[] = {"subscribe", "settled_peek"};
    for (int i = 0; i < 2; i++) {
        struct ep_sub *sub = ep_subscribe(ep, out, bad->token, EP_HEADERS(peek[i]));
        const char *type = ep_sub_header(sub, "Content-Type");
        bool streams = type && !strncmp(type, "text/event-stream", 17);
        cs_case_observe_as(run, names[i], "500 no stream", "%d %s", sub->status,
                           streams ? "stream" : "no stream");
        ep_unsubscribe(sub);
    }
    const struct ep_answer *answer =
        ep_do(ep, .path = out, .auth = bad->token, .headers = EP_HEADERS("Timeout-Seconds: 1"));
    const char *error = cJSON_GetStringValue(ep_get(answer, "error"));
    cs_case_observe_as(run, "subscribe_error", "Internal Server Error", "%s",
                       error ? error : "absent");
    answer = ep_do(ep, .path = ep_realtime(ep, bad->key, "out/records"), .auth = bad->token);
    cs_case_observe_as(run, "drain", "500", "%d", answer->status);
    cs_case_observe_as(run, "append", "500", "%d", ep_append(ep, bad, NULL, STOP)->status);
    cs_case_observe_as(run, "drain_of_no_stream", "0 records", "%d records",
                       ep_drain_count(ep, ep_session(ep), "out"));
}

#define SK CS_NEEDS_SECRET_KEY
#define S2 (CS_NEEDS_SECRET_KEY | CS_NEEDS_STREAM)
const struct cs_case endpoint_observed_out_cases[] = {
    {"endpoint/out/headers", "Which headers keep caches and proxies off a stream", "OUT-04",
     CS_OBSERVED, SK, 0, headers},
    {"endpoint/out/raw-form", "How events are written", "OUT-07", CS_MAY, S2, 0, raw_form},
    {"endpoint/out/empty-members", "Empty headers and bodies are left out", "OUT-10", CS_OBSERVED,
     S2, 0, empty_members},
    {"endpoint/out/id-counters", "What the numbers of an id line count", "OUT-11", CS_OBSERVED, S2,
     0, id_counters},
    {"endpoint/out/tails", "Which events have a tail, and which time it tells", "OUT-16 OUT-17",
     CS_OBSERVED, SK, 0, tails},
    {"endpoint/out/first-ping", "A ping comes at once at the live edge", "OUT-19", CS_OBSERVED,
     SK | CS_TIMING, 0, first_ping},
    {"endpoint/out/ping-gaps", "How long a silence lasts", "OUT-19", CS_OBSERVED,
     SK | CS_NEEDS_LONG, 140, ping_gaps},
    {"endpoint/out/wait-restarts", "Batches start the wait again", "OUT-22", CS_OBSERVED,
     SK | CS_TIMING, 0, wait_restarts},
    {"endpoint/out/timeout-spellings", "Which spellings Timeout-Seconds has, and when it is read",
     "OUT-26", CS_OBSERVED, SK, 0, wait_spellings},
    {"endpoint/out/drop-and-resume", "A dropped connection loses and repeats nothing", "OUT-36",
     CS_MAY, SK, 0, drop_and_resume},
    {"endpoint/out/store-failures", "How failures of the store show on the session's routes",
     "OUT-37 CHN-13", CS_OBSERVED, SK, 0, store_failures},
    {0},
};
