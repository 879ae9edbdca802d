/* The stream store by itself: appends, and what becomes of their text. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>

static void append_answer(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_need(ep, ep_stream_post(ep, stream, "raw", "{\"records\":[{}]}"));
    const struct ep_answer *answer =
        ep_need(ep, ep_stream_post(ep, stream, "raw",
                                   "{\"records\":[{\"timestamp\":1},{\"body\":\"b\"}]}"));
    int64_t start = ep_get_int(ep, answer, "start.seq_num");
    int64_t end = ep_get_int(ep, answer, "end.seq_num");
    int64_t tail = ep_get_int(ep, answer, "tail.seq_num");
    cs_case_check(run, start == 1 && end == 3 && tail == 3,
                  "two records after one gave start %" PRId64 ", end %" PRId64 ", tail %" PRId64,
                  start, end, tail);
    cs_case_check(
        run,
        ep_get_int(ep, answer, "start.timestamp") <= ep_get_int(ep, answer, "end.timestamp") &&
            ep_get_int(ep, answer, "end.timestamp") <= ep_get_int(ep, answer, "tail.timestamp"),
        "the timestamps of start, end and tail do not rise");
}

static void refusals(struct cs_case_run *run)
{
    static const struct {
        int status;
        const char *body, *what;
    } bad[] = {
        {422, "{\"records\":[]}", "no record"},
        {422, "{\"records\":[{\"headers\":[[\"\",\"nonsense\"]]}]}", "an unknown command"},
        {422, "{\"records\":[{\"headers\":[[\"\",\"Trim\"]],\"body\":\"12345678\"}]}",
         "a command in another case"},
        {422, "{\"records\":[{\"headers\":[[\"\",\"trim\"]],\"body\":\"1234567\"}]}",
         "a trim of 7 bytes"},
        {422, "{\"records\":[{\"headers\":[[\"\",\"trim\"],[\"a\",\"b\"]],\"body\":\"12345678\"}]}",
         "an empty header name before another"},
        {422, "{\"records\":[{\"headers\":[[\"a\",\"b\"],[\"\",\"c\"]]}]}",
         "an empty header name behind another"},
        {422, "{\"records\":[{\"body\":\"good\"},{\"headers\":[[\"\",\"nonsense\"]]}]}",
         "a good record before one that is not legal"},
        {400, "{\"records\":[", "malformed JSON"},
        {400, "{}", "no member records"},
        {400, "{\"records\":[{\"body\":1}]}", "a body that is a number"},
        {400, "{\"records\":[{\"headers\":[[\"a\"]]}]}", "a header without a value"},
        {400, "{\"records\":[{\"body\":\"\\ud800\"}]}", "a lone surrogate"},
        {400, "{\"records\":[{\"timestamp\":-1}]}", "a negative timestamp"},
        {412, "{\"records\":[{}],\"match_seq_num\":7}", "a seq_num that does not match"},
        {412, "{\"records\":[{}],\"fencing_token\":\"x\"}", "a token that does not match"},
    };
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct ep_answer *answer = ep_stream_post(ep, stream, "raw", bad[i].body);
        cs_case_check(run, answer->status == bad[i].status, "%s answered %d, expected %d",
                      bad[i].what, answer->status, bad[i].status);
    }
    /* only if nothing of the refused was stored */
    ep_accept(ep, ep_stream_post(ep, stream, "raw",
                                 "{\"records\":[{\"headers\":[[\"a\",\"\"]],\"timestamp\":null}],"
                                 "\"match_seq_num\":0,\"fencing_token\":\"\"}"));
    const struct ep_answer *number =
        ep_stream_post(ep, stream, "raw", "{\"records\":[{}],\"match_seq_num\":0}");
    cs_case_check(run, ep_get_int(ep, number, "seq_num_mismatch") == 1,
                  "the 412 does not tell the number that would match");
    ep_need(ep,
            ep_stream_post(ep, stream, "raw",
                           "{\"records\":[{\"headers\":[[\"\",\"fence\"]],\"body\":\"mine\"}]}"));
    /* the token is looked at before the number */
    const struct ep_answer *token = ep_stream_post(
        ep, stream, "raw", "{\"records\":[{}],\"match_seq_num\":0,\"fencing_token\":\"yours\"}");
    cs_case_check(run, !strcmp(ep_get_text(ep, token, "fencing_token_mismatch"), "mine"),
                  "the 412 does not tell the token that would match");
    ep_accept(ep,
              ep_stream_post(ep, stream, "raw", "{\"records\":[{}],\"fencing_token\":\"mine\"}"));
}

static void text_is_kept(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    ep_s2_append(ep, stream,
                 "{\"headers\":[[\"X-b\",\"2\"],[\"x-B\",\"\xc3\xa9\"],[\"X-b\",\"1\"],"
                 "[\"empty\",\"\"]],\"body\":\"a\\u0000\\u007f\xf0\x9f\x98\x80\\ud83d\\ude00\"}");
    struct ep_records records = ep_s2_read(ep, stream, "?seq_num=0&wait=1", NULL);
    cs_case_check(run, records.n == 1, "1 record was appended, %zu came", records.n);
    cs_case_check(run, !strcmp(records.items[0].headers, "X-b=2;x-B=\xc3\xa9;X-b=1;empty=;"),
                  "headers came as %s: order, case and repeats are kept", records.items[0].headers);
    static const char body[] = "a\0\x7f\xf0\x9f\x98\x80\xf0\x9f\x98\x80";
    cs_case_check(run,
                  records.items[0].body_len == sizeof body - 1 &&
                      !memcmp(records.items[0].body, body, sizeof body - 1),
                  "the body came back changed (%zu bytes)", records.items[0].body_len);
}

static void base64(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_s2_stream(ep);
    /* the bytes 00 ff 80, which are no text */
    ep_expect(
        ep,
        ep_stream_post(ep, stream, "base64",
                       "{\"records\":[{\"headers\":[[\"bg==\",\"/w==\"]],\"body\":\"AP+A\"}]}"),
        200);
    struct ep_records raw = ep_s2_read(ep, stream, "?seq_num=0&wait=0", NULL);
    struct ep_records encoded =
        ep_s2_read(ep, stream, "?seq_num=0&wait=0", EP_HEADERS("S2-Format: base64"));
    cs_case_check(run, raw.n == 1 && encoded.n == 1, "1 record was appended, %zu and %zu came",
                  raw.n, encoded.n);
    cs_case_check(run, !strcmp(encoded.items[0].headers, "bg===/w==;"),
                  "as base64 a header came as %s", encoded.items[0].headers);
    cs_case_check(run, !strcmp(encoded.items[0].body, "AP+A"), "as base64 the body came as %s",
                  encoded.items[0].body);
    cs_case_check(run, !strcmp(raw.items[0].headers, "n=\xef\xbf\xbd;"),
                  "in raw format a header came as %s", raw.items[0].headers);
    static const char body[] = "\0\xef\xbf\xbd\xef\xbf\xbd";
    cs_case_check(run,
                  raw.items[0].body_len == sizeof body - 1 &&
                      !memcmp(raw.items[0].body, body, sizeof body - 1),
                  "in raw format what is no text did not come as replacement characters");
    ep_expect(ep,
              ep_stream_post(ep, stream, "base64",
                             "{\"records\":[{\"headers\":[[\"\",\"dHJpbQ==\"]],"
                             "\"body\":\"AAAAAAAAAAA=\"}]}"),
              200);
    struct ep_records trim = ep_s2_read(ep, stream, "?seq_num=1&wait=0", NULL);
    if (trim.n != 1) {
        cs_case_error(run, "the trim did not come");
    }
    cs_case_check(run, trim.items[0].kind == CS_RECORD_COMMAND, "the trim came as %s",
                  cs_record_kind_name(trim.items[0].kind));
}

#define S2 (CS_NEEDS_STREAM | CS_NEEDS_S2)
const struct cs_case endpoint_s2_append_cases[] = {
    {"endpoint/s2/append-answer", "An append answers where its records are", "CHN-10", CS_MUST,
     CS_NEEDS_STREAM, 0, append_answer},
    {"endpoint/s2/refusals", "Appends that are not legal are 422, 400 or 412, and leave nothing",
     "CHN-12", CS_MUST, CS_NEEDS_STREAM, 0, refusals},
    {"endpoint/s2/text-is-kept", "Text, header order, case and repeats come back as they were",
     "REC-17", CS_MUST, S2, 0, text_is_kept},
    {"endpoint/s2/base64", "Bytes that are no text go as base64, and come so when asked", "CHN-11",
     CS_MUST, S2, 0, base64},
    {0},
};
