/* RES: what resuming does that is recorded and not judged. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>
#include <stdio.h>

#define N_RECORDS 20

/* A session whose `out` holds records 0 to 19. */
static const struct ep_session *long_session(struct ep *ep)
{
    const struct ep_session *session = ep_session(ep);
    struct cs_buf body = CS_BUF((size_t)65536);
    cs_buf_str(&body, "{\"records\":[");
    for (int i = 0; i < N_RECORDS; i++) {
        cs_buf_printf(&body, "%s{\"body\":\"{\\\"data\\\":{},\\\"id\\\":\\\"%07d\\\"}\"}",
                      i ? "," : "", i);
    }
    cs_buf_str(&body, "]}");
    const char *text = ep_text(ep, "%.*s", CS_VIEW_ARG(cs_buf_view(&body)));
    cs_buf_free(&body);
    ep_need(ep, ep_stream_post(ep, ep_stream(ep, session, "out"), "raw", text));
    return session;
}

/* The first number that a resume brings, as text; the status when it is not 200. */
static const char *first_after(struct ep *ep, const struct ep_session *session, const char *cursor)
{
    const char *header = cursor ? ep_text(ep, "Last-Event-ID: %s", cursor) : NULL;
    struct ep_sub *sub =
        ep_subscribe(ep, ep_realtime(ep, session->key, "out"), session->token, EP_HEADERS(header));
    const char *first = sub->status == 200 ? ep_text(ep, "%" PRIu64, ep_next_record(sub)->seq_num)
                                           : ep_text(ep, "status %d", sub->status);
    ep_unsubscribe(sub);
    return first;
}

static void cursor_spellings(struct cs_case_run *run)
{
    static const struct {
        const char *cursor, *recorded;
    } table[] = {
        {"2-5", "3"}, {"-1", "1"},    {"-", "1"},     {"1e1", "11"},
        {"+3", "4"},  {"0x10", "17"}, {"1e400", "0"},
    };
    struct ep *ep = ep_of(run);
    const struct ep_session *session = long_session(ep);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cs_case_observe_as(run, table[i].cursor, table[i].recorded, "%s",
                           first_after(ep, session, table[i].cursor));
    }
}

static void trim_points(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    for (int i = 0; i < 3; i++) {
        ep_write_data(ep, stream, "{}");
    }
    const struct ep_answer *beyond = /* number 3 */
        ep_stream_post(ep, stream, "raw",
                       "{\"records\":[{\"headers\":[[\"\",\"trim\"]],\"body\":\"\\u0000\\u0000"
                       "\\u0000\\u0000\\u0000\\u0000\\u0000c\"}]}");
    cs_case_observe_as(run, "a_trim_to_99", "200", "%d", beyond->status);
    ep_write_data(ep, stream, "{}");
    cs_case_observe_as(run, "first_after_a_trim_to_99", "4", "%s", first_after(ep, session, NULL));
    ep_write_trim(ep, stream, 1);
    cs_case_observe_as(run, "first_after_a_lower_trim", "4", "%s", first_after(ep, session, NULL));
}

/* ---- X-Peek-Settled ---- */

static const struct ep_session *settled_session(struct ep *ep, const char *io, int n_trims)
{
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, io);
    ep_write_data(ep, stream, "{}");
    ep_write_control(ep, stream, "turn-complete");
    for (int i = 0; i < n_trims; i++) {
        ep_write_trim(ep, stream, 0);
    }
    return session;
}

static void observe_peek(struct ep *ep, const char *name, const char *recorded,
                         const struct ep_session *session, const char *io,
                         const char *const *headers)
{
    struct ep_sub *sub = ep_open(ep, session, io, headers);
    cs_case_observe_as(ep_run(ep), name, recorded, "%s",
                       ep_sub_header(sub, "X-Session-Settled") ? "settled" : "not settled");
    ep_unsubscribe(sub);
}

static void peek_looks_back(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    static const char *const names[] = {"no_trim", "one_trim", "two_trims"};
    for (int n = 0; n < 3; n++) {
        observe_peek(ep, names[n], n < 2 ? "settled" : "not settled", settled_session(ep, "out", n),
                     "out", EP_HEADERS("X-Peek-Settled: 1"));
    }
}

static void peek_values(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = settled_session(ep, "out", 0);
    observe_peek(ep, "1", "settled", session, "out", EP_HEADERS("X-Peek-Settled: 1"));
    observe_peek(ep, "true", "not settled", session, "out", EP_HEADERS("X-Peek-Settled: true"));
    observe_peek(ep, "yes", "not settled", session, "out", EP_HEADERS("X-Peek-Settled: yes"));
    observe_peek(ep, "twice_1", "not settled", session, "out",
                 EP_HEADERS("X-Peek-Settled: 1", "X-Peek-Settled: 1"));
    observe_peek(ep, "on_in", "not settled", settled_session(ep, "in", 0), "in",
                 EP_HEADERS("X-Peek-Settled: 1"));
}

static void settled_answer(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = settled_session(ep, "out", 0);
    struct ep_sub *sub =
        ep_open(ep, session, "out", EP_HEADERS("X-Peek-Settled: 1", "Timeout-Seconds: 20"));
    int64_t start = cs_now_ms();
    unsigned pings = 0;
    const struct cs_event *event;
    while ((event = ep_next(sub, 3000 * cs_case_scale(run)))) {
        pings += event->type == CS_EVENT_PING;
    }
    cs_case_observe_as(run, "pings", "0", "%u", pings);
    cs_case_observe_as(run, "ends_within_3_s_of_20", "yes", "%s",
                       sub->ended && cs_now_ms() - start < 3000 * cs_case_scale(run) ? "yes"
                                                                                     : "no");
    ep_unsubscribe(sub);
    sub = ep_subscribe(ep, ep_realtime(ep, session->key, "out"), session->token,
                       EP_HEADERS("X-Peek-Settled: 1", "Timeout-Seconds: 0"));
    cs_case_observe_as(run, "timeout_0", "400", "%d", sub->status);
    ep_unsubscribe(sub);
}

#define S2 (CS_NEEDS_SECRET_KEY | CS_NEEDS_STREAM)
const struct cs_case endpoint_observed_resume_cases[] = {
    {"endpoint/resume/cursor-spellings", "Which spellings Last-Event-ID has",
     "RES-04 RES-05 RES-06", CS_OBSERVED, S2, 0, cursor_spellings},
    {"endpoint/resume/trim-points", "Trims reach no further than themselves, and never back",
     "RES-16", CS_OBSERVED, S2, 0, trim_points},
    {"endpoint/resume/peek-looks-back", "How many records the settled peek looks at", "RES-19",
     CS_OBSERVED, S2, 0, peek_looks_back},
    {"endpoint/resume/peek-values", "Which values of X-Peek-Settled opt in, and where",
     "RES-22 RES-23", CS_OBSERVED, S2, 0, peek_values},
    {"endpoint/resume/settled-answer", "A settled answer has no ping and waits for nothing",
     "RES-24", CS_OBSERVED, S2 | CS_TIMING, 0, settled_answer},
    {0},
};
