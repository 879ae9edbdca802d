/* RES: resuming, and the settled peek. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>

#define STOP "{\"kind\":\"stop\"}"

static void append_n(struct ep *ep, const struct ep_session *session, int n)
{
    for (int i = 0; i < n; i++) {
        ep_append_need(ep, session, STOP);
    }
}

/* The first record that a resume with this Last-Event-ID brings; fails when none comes. */
static uint64_t first_after(struct ep *ep, const struct ep_session *session, const char *io,
                            const char *last_event_id)
{
    struct ep_sub *sub =
        ep_open(ep, session, io, EP_HEADERS(ep_text(ep, "Last-Event-ID: %s", last_event_id)));
    uint64_t seq = ep_next_record(sub)->seq_num;
    ep_unsubscribe(sub);
    return seq;
}

static void after_the_cursor(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    append_n(ep, session, 5);
    uint64_t seq = first_after(ep, session, "in", "2");
    cs_case_check(run, seq == 3, "Last-Event-ID: 2 resumed at %" PRIu64 ", expected 3", seq);
    seq = first_after(ep, session, "in", "0");
    cs_case_check(run, seq == 1, "Last-Event-ID: 0 resumed at %" PRIu64 ", expected 1", seq);
}

static void from_the_start(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    append_n(ep, session, 2);
    struct ep_sub *sub = ep_open(ep, session, "in", NULL);
    uint64_t seq = ep_expect_record(sub)->seq_num;
    cs_case_check(run, seq == 0, "a fresh read started at %" PRIu64 ", expected 0", seq);
    ep_unsubscribe(sub);
}

static void id_line_verbatim(struct cs_case_run *run)
{
    static const char *const bad[] = {"0,1,106", "abc", "42abc"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    append_n(ep, session, 2);
    for (int i = 0; i < 3; i++) {
        uint64_t seq = first_after(ep, session, "in", bad[i]);
        cs_case_check(run, seq == 0,
                      "Last-Event-ID: %s resumed at %" PRIu64 ", expected a read from the start",
                      bad[i], seq);
    }
}

static void beyond_the_tail(struct cs_case_run *run)
{
    static const char *const beyond[] = {"1", "999999"};
    struct ep *ep = ep_of(run);
    for (int i = 0; i < 2; i++) {
        const struct ep_session *session = ep_session(ep);
        append_n(ep, session, 2);
        struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, session->key, "in"), session->token,
                                          EP_HEADERS(ep_text(ep, "Last-Event-ID: %s", beyond[i])));
        cs_case_check(run, sub->status == 200, "Last-Event-ID: %s answered %d, expected 200",
                      beyond[i], sub->status);
        const struct cs_event *event = ep_wait(sub, CS_EVENT_PING, 20000);
        cs_case_check(run, event != NULL, "no ping came at the live edge");
        append_n(ep, session, 1);
        uint64_t seq = ep_next_record(sub)->seq_num;
        cs_case_check(run, seq == 2,
                      "after Last-Event-ID: %s the next append came as %" PRIu64 ", expected 2",
                      beyond[i], seq);
        ep_unsubscribe(sub);
    }
}

static void below_the_trim(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    for (int i = 0; i < 4; i++) {
        ep_write_data(ep, stream, "{}");
    }
    ep_write_trim(ep, stream, 3);
    struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, session->key, "out"), session->token,
                                      EP_HEADERS("Last-Event-ID: 0"));
    cs_case_check(run, sub->status == 200, "resuming below the trim point answered %d",
                  sub->status);
    uint64_t seq = ep_expect_record(sub)->seq_num;
    ep_unsubscribe(sub);
    /* trimming is eventually consistent: 1 is allowed, an error or a hole is not */
    cs_case_check(run, seq >= 1 && seq <= 3,
                  "resuming below the trim point started at %" PRIu64 ", expected 1 to 3", seq);
}

static void trim_keeps_its_target(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    for (int i = 0; i < 4; i++) {
        ep_write_data(ep, stream, "{}");
    }
    ep_write_trim(ep, stream, 2);
    struct ep_records records = ep_read_all(ep, session, "out", NULL);
    uint64_t next = records.n ? records.items[0].seq_num : 99;
    cs_case_check(run, next <= 2,
                  "the trim to 2 removed its own target: reading starts at %" PRIu64, next);
    for (size_t i = 0; i < records.n; i++, next++) {
        cs_case_check(run, records.items[i].seq_num == next, "record %" PRIu64 " is missing", next);
    }
    cs_case_check(run, next == 5, "records after the trim target are missing");
}

static void pieces_make_the_whole(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    for (int i = 0; i < 3; i++) {
        ep_write_data(ep, stream, "{}");
        ep_write_control(ep, stream, "turn-complete");
        ep_write_trim(ep, stream, 0);
    }
    uint64_t next = 0;
    while (next < 9) {
        const char *const *headers =
            next ? EP_HEADERS(ep_text(ep, "Last-Event-ID: %" PRIu64, next - 1)) : NULL;
        struct ep_sub *sub = ep_open(ep, session, "out", headers);
        /* one record of each connection, so that every record has been the cursor once */
        uint64_t seq = ep_next_record(sub)->seq_num;
        cs_case_check(run, seq == next, "resumed reading brought %" PRIu64 ", expected %" PRIu64,
                      seq, next);
        next++;
        ep_unsubscribe(sub);
    }
}

static void one_cursor_over_runs(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_write_data(ep, stream, "{}");
    uint64_t cursor = ep_write_control(ep, stream, "turn-complete");
    uint64_t second = ep_write_data(ep, stream, "{}");
    uint64_t seq = first_after(ep, session, "out", ep_text(ep, "%" PRIu64, cursor));
    cs_case_check(run, seq == second,
                  "a cursor of the first turn resumed at %" PRIu64 ", expected %" PRIu64, seq,
                  second);
    ep_swap_run(ep, session);
    uint64_t third = ep_write_data(ep, ep_stream(ep, session, "out"), "{}");
    seq = first_after(ep, session, "out", ep_text(ep, "%" PRIu64, second));
    cs_case_check(run, seq == third,
                  "a cursor of the first run resumed at %" PRIu64 ", expected %" PRIu64, seq,
                  third);
}

/* An odd cursor must not be an internal error, whatever else the server makes of it. */
static void odd_cursor(struct ep *ep, const char *cursor)
{
    const struct ep_session *session = ep_session(ep);
    append_n(ep, session, 3);
    struct ep_sub *sub = ep_subscribe(ep, ep_realtime(ep, session->key, "in"), session->token,
                                      EP_HEADERS(ep_text(ep, "Last-Event-ID: %s", cursor)));
    cs_case_check(ep_run(ep), sub->status < 500, "Last-Event-ID: %s answered %d", cursor,
                  sub->status);
    cs_case_observe(ep_run(ep), cursor, "%d", sub->status);
    ep_unsubscribe(sub);
}

static void fraction(struct cs_case_run *run)
{
    odd_cursor(ep_of(run), "1.5");
}

static void huge(struct cs_case_run *run)
{
    odd_cursor(ep_of(run), "18446744073709551615");
    odd_cursor(ep_of(run), "1e21");
}

/* ---- X-Peek-Settled ---- */

#define PEEK EP_HEADERS("X-Peek-Settled: 1", "Timeout-Seconds: 2")

/* Reads to [DONE] and says how long that took; fails when it does not end. */
static int64_t time_to_done(struct ep_sub *sub)
{
    int64_t start = cs_now_ms();
    ep_wait(sub, CS_EVENT_DONE, ep_env(sub->ep)->patience_ms + 2000);
    return cs_now_ms() - start;
}

static bool is_settled(struct ep_sub *sub)
{
    const char *value = ep_sub_header(sub, "X-Session-Settled");
    return value && !strcmp(value, "true");
}

static const struct ep_session *settled_session(struct ep *ep, unsigned trims)
{
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_write_data(ep, stream, "{}");
    ep_write_control(ep, stream, "turn-complete");
    for (unsigned i = 0; i < trims; i++) {
        ep_write_trim(ep, stream, 0);
    }
    return session;
}

static void settled_closes_at_once(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = settled_session(ep, 0);
    struct ep_sub *sub =
        ep_open(ep, session, "out", EP_HEADERS("X-Peek-Settled: 1", "Timeout-Seconds: 30"));
    cs_case_check(run, is_settled(sub), "a settled tail answered without X-Session-Settled: true");
    cs_case_check(run, ep_next_record(sub)->seq_num == 0,
                  "the records after the cursor did not come");
    int64_t took = time_to_done(sub);
    cs_case_check(run, took < 3000, "[DONE] took %lld ms on a settled session", (long long)took);
}

static void walks_past_a_trim(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    struct ep_sub *sub = ep_open(ep, settled_session(ep, 1), "out", PEEK);
    cs_case_check(run, is_settled(sub),
                  "turn-complete followed by a trim is not taken for settled");
    time_to_done(sub);
}

static void not_settled(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *empty = ep_session(ep);
    const struct ep_session *streaming = settled_session(ep, 0);
    ep_write_data(ep, ep_stream(ep, streaming, "out"), "{}");
    const struct ep_session *other = ep_session(ep);
    ep_write_control(ep, ep_stream(ep, other, "out"), "upgrade-required");
    const struct ep_session *sessions[] = {empty, streaming, other};
    static const char *const what[] = {"an empty stream", "a data record at the tail",
                                       "another control record at the tail"};
    struct ep_sub *subs[3];
    int64_t start = cs_now_ms();
    for (int i = 0; i < 3; i++) {
        subs[i] =
            ep_open(ep, sessions[i], "out", EP_HEADERS("X-Peek-Settled: 1", "Timeout-Seconds: 1"));
        cs_case_check(run, !is_settled(subs[i]), "%s is taken for settled", what[i]);
    }
    for (int i = 0; i < 3; i++) {
        time_to_done(subs[i]);
        cs_case_check(run, cs_now_ms() - start >= 900, "%s closed at once instead of waiting",
                      what[i]);
    }
}

static void only_when_asked(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = settled_session(ep, 0);
    int64_t start = cs_now_ms();
    struct ep_sub *sub = ep_open(ep, session, "out", EP_HEADERS("Timeout-Seconds: 1"));
    cs_case_check(run, !ep_sub_header(sub, "X-Session-Settled"),
                  "X-Session-Settled came without being asked for");
    time_to_done(sub);
    cs_case_check(run, cs_now_ms() - start >= 900,
                  "a settled session closed at once without being asked");
}

static void settled_beyond_the_tail(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = settled_session(ep, 1);
    for (int last = 1; last <= 2; last++) {
        struct ep_sub *sub =
            ep_subscribe(ep, ep_realtime(ep, session->key, "out"), session->token,
                         EP_HEADERS("X-Peek-Settled: 1", ep_text(ep, "Last-Event-ID: %d", last)));
        cs_case_check(run, sub->status == 200, "a settled peek at cursor %d answered %d", last,
                      sub->status);
        cs_case_check(run, is_settled(sub), "at cursor %d X-Session-Settled is missing", last);
        int64_t took = time_to_done(sub);
        cs_case_check(run, took < 3000, "at cursor %d [DONE] took %lld ms", last, (long long)took);
    }
}

static void settled_is_exposed(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    struct ep_sub *sub = ep_open(ep, settled_session(ep, 0), "out",
                                 EP_HEADERS("X-Peek-Settled: 1", "Origin: https://app.example"));
    const char *expose = ep_sub_header(sub, "Access-Control-Expose-Headers");
    cs_case_check(run, expose && (strchr(expose, '*') || strcasestr(expose, "x-session-settled")),
                  "Access-Control-Expose-Headers is %s: a page cannot read X-Session-Settled",
                  expose ? expose : "missing");
    ep_unsubscribe(sub);
}

#define SK CS_NEEDS_SECRET_KEY
#define S2 (CS_NEEDS_SECRET_KEY | CS_NEEDS_STREAM)
const struct cs_case endpoint_resume_cases[] = {
    {"endpoint/resume/after-the-cursor", "Last-Event-ID N resumes at N + 1", "RES-01", CS_MUST, SK,
     0, after_the_cursor},
    {"endpoint/resume/from-the-start", "Without a cursor reading starts at record 0", "RES-02",
     CS_MUST, SK, 0, from_the_start},
    {"endpoint/resume/id-line-verbatim", "An id line sent back starts from the beginning", "RES-03",
     CS_MUST, SK, 0, id_line_verbatim},
    {"endpoint/resume/one-cursor-over-runs", "A cursor of an earlier turn or run still counts",
     "RES-15", CS_MUST, S2, 0, one_cursor_over_runs},
    {"endpoint/resume/fraction", "A cursor with a fraction is no internal error", "RES-07",
     CS_SHOULD, SK, 0, fraction},
    {"endpoint/resume/huge", "A cursor beyond 64 bits is no internal error", "RES-08", CS_SHOULD,
     SK, 0, huge},
    {"endpoint/resume/beyond-the-tail", "A cursor at or beyond the end reads live", "RES-10",
     CS_MUST, SK, 0, beyond_the_tail},
    {"endpoint/resume/below-the-trim", "A cursor below the trim point is no error", "RES-11",
     CS_MUST, S2, 0, below_the_trim},
    {"endpoint/resume/trim-keeps-its-target", "A trim keeps its target and all after it", "RES-13",
     CS_MUST, S2, 0, trim_keeps_its_target},
    {"endpoint/resume/pieces-make-the-whole", "Reading in pieces brings every record once",
     "RES-14", CS_MUST, S2, 0, pieces_make_the_whole},
    {"endpoint/resume/settled-closes-at-once", "A settled peek drains, says so, and ends", "RES-17",
     CS_MUST, S2, 0, settled_closes_at_once},
    {"endpoint/resume/walks-past-a-trim", "The peek looks behind a trailing trim", "RES-18",
     CS_MUST, S2, 0, walks_past_a_trim},
    {"endpoint/resume/not-settled", "An unsettled tail is waited on as usual", "RES-20", CS_MUST,
     S2, 0, not_settled},
    {"endpoint/resume/only-when-asked", "Without X-Peek-Settled nothing is cut short", "RES-21",
     CS_MUST, S2, 0, only_when_asked},
    {"endpoint/resume/settled-beyond-the-tail", "A settled peek at the end is 200 and [DONE]",
     "RES-25", CS_MUST, S2, 0, settled_beyond_the_tail},
    {"endpoint/resume/settled-is-exposed", "A page may read X-Session-Settled", "RES-27", CS_MUST,
     S2, 0, settled_is_exposed},
    {0},
};
