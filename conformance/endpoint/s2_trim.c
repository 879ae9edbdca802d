/* The stream store by itself: commands, that is trims and fences. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>

#define FROM_START "?seq_num=0&clamp=true&wait=0"
#define FIVE       "{\"body\":\"0\"},{\"body\":\"1\"},{\"body\":\"2\"},{\"body\":\"3\"},{\"body\":\"4\"}"

static void trim_record(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, FIVE);
    uint64_t seq = ep_write_trim(ep, stream, 3);
    const char *query = ep_text(ep, "?seq_num=%" PRIu64 "&wait=1", seq);
    struct ep_records records = ep_s2_read(ep, stream, query, NULL);
    cs_case_check(run, records.n == 1, "1 trim record was to come, %zu came", records.n);
    const struct ep_record *trim = &records.items[0];
    uint64_t first_kept = 0;
    enum cs_err err = cs_trim_decode(cs_view_of(trim->body, trim->body_len), &first_kept);
    cs_case_check(run, !strcmp(trim->headers, "=trim;"), "its headers came as %s", trim->headers);
    cs_case_check(run, !err && first_kept == 3,
                  "its body came as %zu bytes for %" PRIu64 ", expected 8 bytes for 3",
                  trim->body_len, first_kept);
}

/* seq_num of the first record that can be read, and how many can. */
static uint64_t first_left(struct ep *ep, const struct ep_stream *stream, size_t *ret_n)
{
    struct ep_records records = ep_s2_read(ep, stream, FROM_START, NULL);
    if (records.n == 0) {
        cs_case_error(ep_run(ep), "no record is left to be read");
    }
    *ret_n = records.n;
    return records.items[0].seq_num;
}

/* Trims take effect at once or somewhat later: waits until number 0 is gone, as long as there is
 * patience. */
static uint64_t first_left_later(struct ep *ep, const struct ep_stream *stream, size_t *ret_n)
{
    int64_t until = cs_now_ms() + ep_env(ep)->patience_ms;
    uint64_t first;
    while ((first = first_left(ep, stream, ret_n)) == 0 && cs_now_ms() < until) {
        ep_pause(ep, 50);
    }
    return first;
}

static void reads_below_the_trim(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, FIVE);
    ep_write_trim(ep, stream, 3);
    struct ep_sub *sub = ep_s2_subscribe(ep, stream, FROM_START, NULL);
    cs_case_check(run, sub->status == 200, "reading from below the trim answered %d", sub->status);
    ep_unsubscribe(sub);
    size_t n = 0;
    uint64_t first = first_left_later(ep, stream, &n);
    cs_case_check(run, n == 6 - first, "from %" PRIu64 " on, %zu records of 6 came", first, n);
    cs_case_observe(run, "after-the-trim", "%s", first == 0 ? "still there" : "gone");
}

static void trim_keeps_its_target(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, FIVE);
    ep_write_trim(ep, stream, 3);
    size_t n = 0;
    uint64_t first = first_left_later(ep, stream, &n);
    cs_case_check(run, first <= 3, "after a trim to 3 the first record is %" PRIu64, first);
}

static void trim_points(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{},{}");
    const char *far = "{\"records\":[{\"headers\":[[\"\",\"trim\"]],\"body\":"
                      "\"\\u0000\\u0000\\u0001\\u0000\\u0000\\u0000\\u0000\\u0000\"}]}";
    const struct ep_answer *answer = ep_stream_post(ep, stream, "raw", far);
    cs_case_observe(run, "trim-beyond-the-tail", "%d", answer->status);
    ep_expect(ep, answer, 200);
    ep_write_trim(ep, stream, 1);
    size_t n = 0;
    uint64_t first = first_left_later(ep, stream, &n);
    cs_case_observe(run, "first-after-both-trims", "%" PRIu64, first);
    cs_case_check(run, first == 3,
                  "a trim beyond the tail and one to 1 left %" PRIu64 " first, expected 3", first);
}

static void fence_record(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{\"headers\":[[\"\",\"fence\"]],\"body\":\"token\"}");
    const struct ep_answer *fenced =
        ep_stream_post(ep, stream, "raw", "{\"records\":[{}],\"fencing_token\":\"another\"}");
    const struct ep_answer *too_long = ep_stream_post(
        ep, stream, "raw",
        ep_text(ep, "{\"records\":[{\"headers\":[[\"\",\"fence\"]],\"body\":\"%s\"}]}",
                ep_fill(ep, 'f', 37)));
    ep_need(ep, ep_stream_post(ep, stream, "raw",
                               "{\"records\":[{\"headers\":[[\"\",\"fence\"]]}],"
                               "\"fencing_token\":\"token\"}"));
    struct ep_records records = ep_s2_read(ep, stream, "?seq_num=0&wait=1", NULL);
    cs_case_check(run, fenced->status / 100 == 4 && too_long->status / 100 == 4,
                  "a wrong token answered %d, one of 37 bytes %d", fenced->status,
                  too_long->status);
    if (records.n != 2) {
        cs_case_error(run, "two fences were written, %zu records came", records.n);
    }
    cs_case_observe(run, "fence-headers", "%s", records.items[0].headers);
    cs_case_observe(run, "fence-body", "%s", records.items[0].body);
    cs_case_check(run, !strcmp(records.items[0].headers, "=fence;"), "a fence's headers are %s",
                  records.items[0].headers);
    cs_case_check(run, !strcmp(records.items[0].body, "token") && records.items[1].body_len == 0,
                  "the fences' bodies came as \"%s\" and \"%s\"", records.items[0].body,
                  records.items[1].body);
}

#define S2 (CS_NEEDS_STREAM | CS_NEEDS_S2)
const struct cs_case endpoint_s2_trim_cases[] = {
    {"endpoint/s2/trim-record", "A trim comes as an empty-named header and 8 bytes", "REC-14",
     CS_MUST, S2, 0, trim_record},
    {"endpoint/s2/reads-below-the-trim", "A read from below the trim starts with what is left",
     "RES-11", CS_MUST, S2, 0, reads_below_the_trim},
    {"endpoint/s2/trim-keeps-its-target", "A trim removes nothing from its target on", "RES-13",
     CS_MUST, S2, 0, trim_keeps_its_target},
    {"endpoint/s2/trim-points", "Trim points are lowered to the tail and never go back", "RES-16",
     CS_OBSERVED, S2, 0, trim_points},
    {"endpoint/s2/fence-record", "A fence comes with its token as body", "REC-15", CS_MAY, S2, 0,
     fence_record},
    {0},
};
