/* The stream store by itself: where a read starts and what bounds it. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>

/* 11, 20 and 8 bytes metered. */
#define THREE "{\"body\":\"one\"},{\"headers\":[[\"name\",\"value\"]],\"body\":\"2\"},{}"

struct expected {
    const char *query;
    int n;
    int64_t first; /* -1: none */
};

static void unary(struct ep *ep, const struct ep_stream *stream, const struct expected *rows,
                  size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct ep_answer *answer =
            ep_expect(ep, ep_s2_get(ep, stream, rows[i].query, NULL), 200);
        int count = ep_s2_count(ep, answer);
        int64_t first = ep_s2_first(ep, answer);
        cs_case_check(ep_run(ep), count == rows[i].n && first == rows[i].first,
                      "%s gave %d records from %" PRId64 " on, expected %d from %" PRId64,
                      rows[i].query, count, first, rows[i].n, rows[i].first);
    }
}

static void bounds(struct cs_case_run *run)
{
    static const struct expected rows[] = {
        {"?seq_num=0", 3, 0},          {"?seq_num=1", 2, 1},
        {"?seq_num=0&count=2", 2, 0},  {"?seq_num=0&count=0", 0, -1},
        {"?seq_num=0&bytes=30", 1, 0}, {"?seq_num=0&bytes=10", 0, -1},
        {"?seq_num=1&count=1", 1, 1},  {"?seq_num=0&bytes=31", 2, 0},
    };
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, THREE);
    unary(ep, stream, rows, sizeof rows / sizeof rows[0]);
}

static void bounds_of_events(struct cs_case_run *run)
{
    static const struct {
        const char *query;
        size_t n;
    } rows[] = {{"?seq_num=0&wait=0", 3},
                {"?seq_num=0&count=9", 3},
                {"?seq_num=0&count=2", 2},
                {"?seq_num=0&bytes=11&wait=30", 1}};
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, THREE);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ep_sub *sub = ep_s2_open(ep, stream, rows[i].query, NULL);
        struct ep_records records = ep_rest(sub);
        cs_case_check(run, records.n == rows[i].n, "%s brought %zu records, expected %zu",
                      rows[i].query, records.n, rows[i].n);
        cs_case_check(run, sub->ended, "%s did not end when its bound was met", rows[i].query);
    }
}

static void starts(struct cs_case_run *run)
{
    static const struct expected rows[] = {
        {"?tail_offset=1", 1, 3},  {"?tail_offset=99", 4, 0}, {"?timestamp=2000", 3, 1},
        {"?timestamp=1500", 3, 1}, {"?timestamp=0", 4, 0},    {"?tail_offset=2", 2, 2},
    };
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{\"timestamp\":1000},{\"timestamp\":2000},{\"timestamp\":2000},{}");
    unary(ep, stream, rows, sizeof rows / sizeof rows[0]);
}

static void unwritten(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{}");
    static const char *const beyond[] = {"?seq_num=9",
                                         "?seq_num=1",
                                         "?seq_num=1&clamp=true",
                                         "?seq_num=9&wait=1",
                                         "?timestamp=99999999999999",
                                         ""};
    const struct ep_answer *told = ep_need(ep, ep_s2_get(ep, stream, "/tail", NULL));
    int64_t tail = ep_get_int(ep, told, "tail.seq_num");
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        const struct ep_answer *answer = ep_expect(ep, ep_s2_get(ep, stream, beyond[i], NULL), 416);
        cs_case_check(run, ep_get_int(ep, answer, "tail.seq_num") == tail,
                      "the 416 of \"%s\" tells another tail than the tail", beyond[i]);
    }
    struct ep_sub *sub = ep_s2_subscribe(ep, stream, "?seq_num=9&wait=1", NULL);
    cs_case_check(run, sub->status == 416, "events from beyond the tail answered %d", sub->status);
    ep_accept(ep, ep_s2_get(ep, stream, "?seq_num=0", NULL));
    ep_accept(ep, ep_s2_get(ep, stream, "?seq_num=1&wait=1", NULL));
}

static void clamp(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{},{}");
    static const char *const queries[] = {"?seq_num=2&clamp=true&wait=30",
                                          "?seq_num=999999&clamp=true&wait=30"};
    for (uint64_t i = 0; i < 2; i++) {
        struct ep_sub *sub = ep_s2_subscribe(ep, stream, queries[i], NULL);
        cs_case_check(run, sub->status == 200, "%s answered %d", queries[i], sub->status);
        ep_s2_edge(sub);
        uint64_t seq = ep_s2_append(ep, stream, "{}");
        cs_case_check(run, ep_expect_record(sub)->seq_num == seq,
                      "%s did not start with the next record", queries[i]);
        ep_unsubscribe(sub);
    }
}

static void below_the_trim(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{},{},{}");
    ep_write_trim(ep, stream, 2);
    const struct ep_answer *answer = ep_s2_get(ep, stream, "?seq_num=0", NULL);
    cs_case_observe(run, "below-the-trim-without-clamp", "%d", answer->status);
    ep_expect(ep, answer, 200);
    cs_case_check(run, ep_s2_count(ep, answer) > 0, "a read from below the trim is empty");
}

/* The id line of one connection starts the next; what came before counts. */
static void last_event_id(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, THREE);
    struct ep_sub *sub =
        ep_s2_open(ep, stream, "?seq_num=0&wait=0", EP_HEADERS("Last-Event-ID: 0,1,11"));
    cs_case_check(run, ep_expect_record(sub)->seq_num == 1,
                  "the record after Last-Event-ID did not come first");
    const struct cs_event *event = ep_wait(sub, CS_EVENT_BATCH_END, ep_env(ep)->patience_ms);
    struct ep_s2_id id;
    if (!ep_s2_id(event, &id)) {
        cs_case_error(run, "the batch has no id line of three numbers");
    }
    cs_case_check(run, id.count == 3,
                  "after 1 record before and 2 records now the id line counts %" PRIu64, id.count);
    ep_unsubscribe(sub);
    const char *const *after_one = EP_HEADERS("Last-Event-ID: 0,1,11");
    size_t n = ep_s2_read(ep, stream, "?seq_num=0&count=2", after_one).n;
    cs_case_check(run, n == 1, "count=2 after one record brought %zu more", n);
    static const char *const bad[] = {"0", "abc", "1,2", "1,2,3,4", ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *const *headers = EP_HEADERS(ep_text(ep, "Last-Event-ID: %s", bad[i]));
        int status = ep_s2_subscribe(ep, stream, "?seq_num=0&wait=0", headers)->status;
        /* a client that drops an empty header sends none */
        cs_case_check(run, status == 400 || (!*bad[i] && status == 200),
                      "Last-Event-ID: %s answered %d, expected 400", bad[i], status);
    }
}

#define S2 (CS_NEEDS_STREAM | CS_NEEDS_S2)
const struct cs_case endpoint_s2_read_cases[] = {
    {"endpoint/s2/bounds", "count and bytes bound a unary read", "STO-01", CS_MUST, S2, 0, bounds},
    {"endpoint/s2/bounds-of-events", "They end an event stream", "STO-01", CS_MUST, S2, 0,
     bounds_of_events},
    {"endpoint/s2/starts", "tail_offset and timestamp start a read", "STO-02", CS_MUST, S2, 0,
     starts},
    {"endpoint/s2/unwritten", "Beyond the tail is 416 with the tail", "STO-03", CS_MUST, S2, 0,
     unwritten},
    {"endpoint/s2/clamp", "With clamp a read beyond the tail starts at the tail", "RES-10", CS_MUST,
     S2, 0, clamp},
    {"endpoint/s2/below-the-trim", "Reading from below the trim needs no clamp", "RES-12",
     CS_OBSERVED, S2, 0, below_the_trim},
    {"endpoint/s2/last-event-id", "Last-Event-ID goes on where an id line was", "STO-05", CS_MUST,
     S2, 0, last_event_id},
    {0},
};
