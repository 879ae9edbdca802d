/* The stream store by itself: how long a read waits, and how it ends. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>

static void done_ends(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{}");
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=1", NULL);
    ep_expect_done_once(sub);
}

static void wait_seconds(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    struct ep_sub *subs[2];
    int64_t start = cs_now_ms();
    for (int i = 0; i < 2; i++) {
        subs[i] = ep_s2_open(ep, stream, ep_text(ep, "?seq_num=0&wait=%d", i + 1), NULL);
    }
    for (int i = 0; i < 2; i++) {
        while (ep_next(subs[i], ep_env(ep)->patience_ms + 2000)) {
        }
        int64_t took = cs_now_ms() - start;
        cs_case_check(run, subs[i]->ended, "wait=%d did not end", i + 1);
        cs_case_check(run, took >= (i + 1) * 1000 - 100, "wait=%d ended after %" PRId64 " ms",
                      i + 1, took);
        if (took > (i + 1) * 1000 + 1500 * cs_case_scale(run)) {
            cs_case_inconclusive(run, "wait=%d ended after %" PRId64 " ms", i + 1, took);
        }
    }
}

/* Records that come well within the wait keep the read alive beyond it. */
static void wait_is_idle(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    struct ep_sub *sub = ep_s2_open(ep, stream, "?seq_num=0&wait=2", NULL);
    bool ended = false;
    for (int i = 0; i < 4 && !ended; i++) {
        int64_t start = cs_now_ms();
        const struct cs_event *event;
        while ((event = ep_next(sub, start + 800 - cs_now_ms()))) {
            ended |= event->type == CS_EVENT_DONE;
        }
        ended |= sub->ended;
        ep_s2_append(ep, stream, "{}");
        if (cs_now_ms() - start > 1500) {
            cs_case_inconclusive(run, "this machine is too slow to keep a read of 2 s busy");
        }
    }
    ep_unsubscribe(sub);
    cs_case_observe(run, "wait", "%s", ended ? "of the connection" : "without records");
    cs_case_check(run, !ended, "a read with wait=2 ended although records kept coming");
}

static void long_poll(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    struct ep_call call = {
        .path = ep_text(ep, "%s?seq_num=0&wait=8", stream->url),
        .auth = stream->token,
        .headers = EP_HEADERS(ep_text(ep, "S2-Basin: %s", stream->basin)),
    };
    struct ep_pending *pending = ep_begin(ep, &call);
    ep_pause(ep, 300);
    ep_s2_append(ep, stream, "{\"body\":\"news\"}");
    const struct ep_answer *answer = ep_expect(ep, ep_end(ep, pending), 200);
    cs_case_check(run, ep_s2_count(ep, answer) == 1, "waiting for a record gave %d",
                  ep_s2_count(ep, answer));
    cs_case_check(run, answer->took_ms < 6000, "the record came after %" PRId64 " ms",
                  answer->took_ms);
    const struct ep_answer *idle =
        ep_expect(ep, ep_s2_get(ep, stream, "?seq_num=1&wait=1", NULL), 200);
    cs_case_check(run, ep_s2_count(ep, idle) == 0, "an idle wait gave %d records",
                  ep_s2_count(ep, idle));
    cs_case_check(run, idle->took_ms >= 900, "wait=1 was over after %" PRId64 " ms", idle->took_ms);
}

/* What a settled peek asks for: nothing to come, and no time to wait for it. */
static void zero_wait(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{}");
    static const char *const queries[] = {"?seq_num=1&wait=0&clamp=true",
                                          "?seq_num=99&wait=0&clamp=true"};
    for (size_t i = 0; i < 2; i++) {
        struct ep_sub *sub = ep_s2_subscribe(ep, stream, queries[i], NULL);
        cs_case_check(run, sub->status == 200, "%s answered %d, expected 200", queries[i],
                      sub->status);
        const struct cs_event *event = ep_next(sub, ep_env(ep)->patience_ms);
        cs_case_check(run, event || sub->ended, "%s did not end", queries[i]);
        if (!event) {
            cs_case_error(run, "%s ended without an event", queries[i]);
        }
        cs_case_check(run, event->type == CS_EVENT_DONE, "%s brought %s", queries[i],
                      cs_event_name(event->type));
    }
}

#define S2 (CS_NEEDS_STREAM | CS_NEEDS_S2)
const struct cs_case endpoint_s2_wait_cases[] = {
    {"endpoint/s2/done-ends", "[DONE] is the last event, once", "OUT-20", CS_MUST, S2, 0,
     done_ends},
    {"endpoint/s2/wait-seconds", "A read ends after its wait", "OUT-21", CS_MUST,
     S2 | CS_TIMING | CS_WAITS, 0, wait_seconds},
    {"endpoint/s2/wait-is-idle", "Records restart the wait", "OUT-22", CS_OBSERVED,
     S2 | CS_TIMING | CS_WAITS, 0, wait_is_idle},
    {"endpoint/s2/long-poll", "A unary read waits for records when told to", "STO-04", CS_MUST, S2,
     0, long_poll},
    {"endpoint/s2/zero-wait", "A read at the tail that does not wait is empty, not 416", "RES-25",
     CS_MUST, S2, 0, zero_wait},
    {0},
};
