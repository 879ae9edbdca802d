/* The stream store by itself: pings, and the tail. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>

#define AT_ONCE_MS 2500  /* generous: the least gap that a missing first ping would leave is 5 s */
#define MAX_GAP_MS 20000 /* 15 s, and what a busy machine adds */
#define TWO        "{\"body\":\"a\"},{\"body\":\"b\"}"

static void ping_shape(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=60", NULL);
    const struct cs_event *event = ep_next(sub, MAX_GAP_MS);
    cs_case_check(run, event, "an idle read brought nothing for 20 s");
    cs_case_check(run, event->type == CS_EVENT_PING, "an idle read brought %s%s%s",
                  cs_event_name(event->type), event->type == CS_EVENT_MALFORMED ? ": " : "",
                  event->type == CS_EVENT_MALFORMED ? event->fault.text : "");
    /* a day either way: the clocks of two machines */
    int64_t off = event->timestamp - cs_wall_ms();
    cs_case_check(run, off > -86400000 && off < 86400000,
                  "a ping's timestamp %" PRId64 " is not milliseconds of now", event->timestamp);
    ep_unsubscribe(sub);
}

/* Milliseconds until the next ping; fails when none comes within the longest gap. */
static int64_t next_ping(struct ep_sub *sub)
{
    int64_t start = cs_now_ms();
    ep_wait(sub, CS_EVENT_PING, MAX_GAP_MS);
    return cs_now_ms() - start;
}

static void ping_at_once(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, TWO);
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=60", NULL);
    const struct cs_event *event;
    do {
        event = ep_next(sub, AT_ONCE_MS * cs_case_scale(run));
    } while (event && !ep_s2_named(event, "ping"));
    ep_unsubscribe(sub);
    cs_case_observe(run, "ping-at-the-edge", "%s", event ? "at once" : "later or never");
    cs_case_check(run, event, "no ping came when the read had reached the live edge");
}

static void ping_cadence(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{}");
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=600", NULL);
    int64_t first = next_ping(sub);
    int64_t least = INT64_MAX;
    int64_t most = 0;
    for (int i = 0; i < 3; i++) {
        int64_t gap = next_ping(sub);
        least = gap < least ? gap : least;
        most = gap > most ? gap : most;
    }
    ep_unsubscribe(sub);
    cs_case_observe_as(run, "first_ping", "at once", "%s",
                       first < AT_ONCE_MS * cs_case_scale(run) ? "at once" : "later");
    if (most > 15000 + 1000 * cs_case_scale(run) && cs_case_scale(run) < 4) {
        cs_case_inconclusive(run, "a ping came after %" PRId64 " ms", most);
    }
    cs_case_observe_as(run, "gaps", "5 to 15 s", "%s to %s", least > 4500 ? "5" : "under 5",
                       most <= 15000 + 1000 * cs_case_scale(run) ? "15 s" : "over 15 s");
}

static uint64_t ping_tail(struct ep_sub *sub)
{
    const struct cs_event *event = ep_wait(sub, CS_EVENT_PING, MAX_GAP_MS);
    cs_case_check(ep_run(sub->ep), event->has_tail, "a ping has no tail");
    return event->tail.seq_num;
}

static void tail_is_next(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, TWO);
    int64_t tail =
        ep_get_int(ep, ep_expect(ep, ep_s2_get(ep, stream, "/tail", NULL), 200), "tail.seq_num");
    cs_case_check(run, tail == 2, "after two records the tail is %" PRId64, tail);
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=2&wait=60", NULL);
    uint64_t pinged = ping_tail(sub);
    cs_case_check(run, pinged == 2, "after two records a ping's tail is %" PRIu64, pinged);
    ep_s2_append(ep, stream, "{}");
    uint64_t seq = ep_next_record(sub)->seq_num;
    cs_case_check(run, seq == 2, "the next record got number %" PRIu64 ", not the tail's", seq);
    const struct cs_event *event = ep_wait(sub, CS_EVENT_BATCH_END, ep_env(ep)->patience_ms);
    cs_case_check(run, !event->has_tail || event->tail.seq_num == 3,
                  "after three records a batch's tail is %" PRIu64, event->tail.seq_num);
    ep_unsubscribe(sub);
}

static void tail_timestamp(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    const struct ep_answer *fresh = ep_need(ep, ep_s2_get(ep, stream, "/tail", NULL));
    int64_t before = ep_get_int(ep, fresh, "tail.timestamp");
    const struct ep_answer *ack =
        ep_need(ep, ep_stream_post(ep, stream, "raw", "{\"records\":[" TWO "]}"));
    int64_t last = ep_get_int(ep, ack, "end.timestamp");
    const struct ep_answer *written = ep_need(ep, ep_s2_get(ep, stream, "/tail", NULL));
    int64_t after = ep_get_int(ep, written, "tail.timestamp");
    cs_case_observe(run, "tail-timestamp-untouched", "%" PRId64, before);
    cs_case_observe(run, "tail-timestamp", "%s", after == last ? "the last record's" : "another");
    cs_case_check(run, before == 0, "an untouched stream's tail has the timestamp %" PRId64,
                  before);
    cs_case_check(run, after == last,
                  "the tail's timestamp is %" PRId64 ", the last record's %" PRId64, after, last);
}

#define S2 (CS_NEEDS_STREAM | CS_NEEDS_S2)
const struct cs_case endpoint_s2_ping_cases[] = {
    {"endpoint/s2/ping-shape", "A ping has a timestamp", "OUT-18", CS_MUST, S2, 0, ping_shape},
    {"endpoint/s2/ping-at-once", "A ping comes when a read reaches the live edge", "OUT-19",
     CS_OBSERVED, S2 | CS_TIMING, 0, ping_at_once},
    {"endpoint/s2/ping-cadence", "Pings come after 5 to 15 s of silence", "OUT-19", CS_OBSERVED,
     S2 | CS_TIMING | CS_NEEDS_LONG, 100, ping_cadence},
    {"endpoint/s2/tail-is-next", "The tail is the next number, wherever it is told", "OUT-15",
     CS_MUST, S2, 0, tail_is_next},
    {"endpoint/s2/tail-timestamp", "The tail's timestamp is the last record's", "OUT-16",
     CS_OBSERVED, S2, 0, tail_timestamp},
    {0},
};
