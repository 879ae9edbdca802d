/* The stream store by itself: requests that it refuses. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#define GOOD "?seq_num=0"

static void bad_requests(struct cs_case_run *run)
{
    static const char *const queries[] = {
        "?seq_num=abc",         "?seq_num=-1",          "?seq_num=",
        "?seq_num=0&clamp=1",   "?seq_num=0&wait=x",    "?seq_num=0&wait=-1",
        "?seq_num=0&count=1.5", "?seq_num=0&seq_num=1", "?seq_num=18446744073709551616",
    };
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{}");
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        ep_expect(ep, ep_s2_get(ep, stream, queries[i], NULL), 400);
    }
    ep_expect(ep, ep_s2_get(ep, stream, GOOD, EP_HEADERS("S2-Format: hex")), 400);
    ep_expect(ep, ep_s2_get(ep, stream, GOOD "&tail_offset=1", NULL), 422);
    ep_accept(ep, ep_s2_get(ep, stream, GOOD "&clamp=false&wait=0&unknown=1",
                            EP_HEADERS("S2-Format: raw")));
}

static const struct ep_answer *read_in(struct ep *ep, const struct ep_stream *stream,
                                       const char *basin)
{
    return ep_call(ep, &(struct ep_call){
                           .path = ep_text(ep, "%s" GOOD, stream->url),
                           .auth = stream->token,
                           .headers = basin ? EP_HEADERS(ep_text(ep, "S2-Basin: %s", basin)) : NULL,
                       });
}

static void basins(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{}");
    ep_expect(ep, read_in(ep, stream, NULL), 400);
    ep_expect(ep, read_in(ep, stream, "x"), 400);
    ep_expect(ep, read_in(ep, stream, "chatspec-no-such-basin"), 404);
    ep_accept(ep, read_in(ep, stream, stream->basin));
    /* A stream that was never made is 404, unless the basin makes streams when they are read. */
    struct ep_stream unknown = *stream;
    unknown.url = ep_text(ep, "%s/streams/%s/records", ep_s2_url(ep), ep_unique(ep, "none"));
    int status = ep_s2_get(ep, &unknown, "/tail", NULL)->status;
    cs_case_observe(run, "unknown-stream", "%s", status == 200 ? "made by reading" : "404");
    cs_case_check(run, status == 200 || status == 404, "an unknown stream answered %d", status);
}

/* {"code","message"}, both texts. That it is refused, and how, is for other cases. */
static void check_fault(struct ep *ep, const struct ep_answer *answer, int status, const char *code)
{
    struct cs_case_run *run = ep_run(ep);
    if (answer->status != status) {
        cs_case_error(run, "what should be refused as %d answered %d", status, answer->status);
    }
    const char *said = ep_get_text(ep, answer, "code");
    ep_get_text(ep, answer, "message");
    cs_case_check(run, !strcmp(said, code), "the code of a %d is %s, expected %s", answer->status,
                  said, code);
}

static void error_bodies(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream, "{}");
    check_fault(ep, ep_stream_post(ep, stream, "raw", "{\"records\":[]}"), 422, "invalid");
    check_fault(ep, ep_stream_post(ep, stream, "raw", "{\"records\":"), 400, "bad_json");
    check_fault(ep, ep_stream_post(ep, stream, "hex", "{\"records\":[{}]}"), 400, "bad_header");
    check_fault(ep, ep_s2_get(ep, stream, "?seq_num=abc", NULL), 400, "bad_query");
    check_fault(ep, ep_s2_get(ep, stream, "?seq_num=0&tail_offset=0", NULL), 422, "invalid");
    check_fault(ep, read_in(ep, stream, NULL), 400, "bad_header");
    check_fault(ep, read_in(ep, stream, "chatspec-no-such-basin"), 404, "basin_not_found");
    ep_accept(ep, ep_s2_get(ep, stream, GOOD, NULL));
}

#define S2 (CS_NEEDS_STREAM | CS_NEEDS_S2)
const struct cs_case endpoint_s2_error_cases[] = {
    {"endpoint/s2/bad-requests", "Queries and formats that cannot be read are 400", "STO-06",
     CS_MUST, S2, 0, bad_requests},
    {"endpoint/s2/basins", "S2-Basin has to name a basin that is there", "STO-07", CS_MUST, S2, 0,
     basins},
    {"endpoint/s2/error-bodies", "Refusals say a code and a message", "STO-09", CS_MUST, S2, 0,
     error_bodies},
    {0},
};
