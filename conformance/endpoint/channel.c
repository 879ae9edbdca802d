/* CHN: initialise, direct stream access, drains. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <ctype.h>

#define STOP "{\"kind\":\"stop\"}"

static const struct ep_answer *initialise(struct ep *ep, const char *id, const char *io,
                                          const char *auth)
{
    return ep_do(ep, .method = "PUT", .path = ep_realtime(ep, id, io), .auth = auth, .body = "");
}

static void put_initialises(struct cs_case_run *run)
{
    static const char *const names[] = {"X-S2-Access-Token", "X-S2-Stream-Name",
                                        "X-S2-Basin",        "X-S2-Flush-Interval-Ms",
                                        "X-S2-Max-Retries",  "X-S2-Endpoint"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *answer = initialise(ep, session->key, "out", ep_env(ep)->secret_key);
    ep_expect(ep, answer, 202);
    cs_case_check(run, !strcmp(ep_get_text(ep, answer, "version"), "v2"), "version is not v2");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cs_case_check(run, ep_header(answer, names[i]), "the header %s is missing", names[i]);
    }
}

static void credentials_are_filled(struct cs_case_run *run)
{
    static const char *const texts[] = {"X-S2-Access-Token", "X-S2-Stream-Name", "X-S2-Basin"};
    static const char *const numbers[] = {"X-S2-Flush-Interval-Ms", "X-S2-Max-Retries"};
    struct ep *ep = ep_of(run);
    const struct ep_answer *answer =
        ep_need(ep, initialise(ep, ep_session(ep)->key, "out", ep_env(ep)->secret_key));
    for (size_t i = 0; i < 3; i++) {
        const char *value = ep_header(answer, texts[i]);
        cs_case_check(run, value && *value, "the header %s is empty", texts[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        const char *value = ep_header(answer, numbers[i]);
        uint64_t number;
        cs_case_check(run, value && !cs_view_u64(cs_view_str(value), &number),
                      "the header %s is %s, expected a number", numbers[i],
                      value ? value : "missing");
    }
}

static void initialise_needs(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_session *other = ep_session(ep);
    ep_expect(ep, initialise(ep, session->key, "in", other->token), 403);
    ep_accept(ep, initialise(ep, session->key, "in", session->token));
    ep_expect(ep, initialise(ep, session->key, "out", session->token), 403);
    ep_accept(ep, initialise(ep, session->key, "out", ep_env(ep)->secret_key));
}

static void forms_share_a_stream(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *by_id =
        ep_header(ep_need(ep, initialise(ep, session->id, "out", ep_env(ep)->secret_key)),
                  "X-S2-Stream-Name");
    const char *by_key =
        ep_header(ep_need(ep, initialise(ep, session->key, "out", ep_env(ep)->secret_key)),
                  "X-S2-Stream-Name");
    cs_case_check(run, by_id && by_key && !strcmp(by_id, by_key),
                  "the two id forms name two streams: %s and %s", by_id ? by_id : "none",
                  by_key ? by_key : "none");
}

/* With a stream store that takes any token, as s2-lite does, who may write cannot be judged. */
static void need_store_tokens(struct ep *ep)
{
    if (!ep_env(ep)->store_checks_tokens) {
        cs_case_skip(ep_run(ep), "the stream store behind this server takes any token");
    }
}

static void in_credentials_stay_in(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    need_store_tokens(ep);
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *in = ep_need(ep, initialise(ep, session->key, "in", session->token));
    const struct ep_stream *out = ep_stream(ep, session, "out");
    struct ep_stream crossed = *out;
    crossed.token = ep_header(in, "X-S2-Access-Token");
    ep_stream_post(ep, &crossed, "raw", "{\"records\":[{\"body\":\"forged\"}]}");
    cs_case_check(run, ep_drain_count(ep, session, "out") == 0,
                  "stream credentials handed to a public token wrote a record to .out");
    ep_need(ep, ep_stream_post(
                    ep, out, "raw",
                    "{\"records\":[{\"body\":\"{\\\"data\\\":{},\\\"id\\\":\\\"i\\\"}\"}]}"));
}

static void direct_append(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_expect(
        ep,
        ep_stream_post(ep, stream, "raw",
                       "{\"records\":[{\"body\":\"{\\\"data\\\":1,\\\"id\\\":\\\"a\\\"}\"}]}"),
        200);
    if (ep_env(ep)->store_checks_tokens) {
        struct ep_stream nobody = *stream;
        nobody.token = "not-a-store-token";
        const struct ep_answer *refused =
            ep_stream_post(ep, &nobody, "raw", "{\"records\":[{\"body\":\"forged\"}]}");
        cs_case_check(run, refused->status / 100 == 4,
                      "a direct append without a store token answered %d", refused->status);
    }
    struct ep_records records = ep_read_all(ep, session, "out", NULL);
    cs_case_check(run, records.n == 1, "1 record was written, %zu came", records.n);
    cs_case_check(run, !strcmp(records.items[0].body, "{\"data\":1,\"id\":\"a\"}"),
                  "the raw record came as %s", records.items[0].body);
    need_store_tokens(ep); /* the half of it that holds everywhere did hold */
}

static void control_and_trim(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    const char *control = "{\"records\":[{\"headers\":[[\"trigger-control\",\"turn-complete\"]]}]}";
    /* [["","trim"]] with the 8 bytes of 0 and {"data":2,"id":"b"}, names and values in base64 */
    const char *encoded =
        "{\"records\":[{\"headers\":[[\"\",\"dHJpbQ==\"]],\"body\":\"AAAAAAAAAAA=\"},"
        "{\"body\":\"eyJkYXRhIjoyLCJpZCI6ImIifQ==\"}]}";
    ep_expect(ep, ep_stream_post(ep, stream, "raw", control), 200);
    ep_expect(ep, ep_stream_post(ep, stream, "base64", encoded), 200);
    struct ep_records records = ep_read_all(ep, session, "out", NULL);
    cs_case_check(run, records.n == 3, "3 records were written, %zu came", records.n);
    cs_case_check(run, records.items[0].kind == CS_RECORD_CONTROL, "the control record came as %s",
                  cs_record_kind_name(records.items[0].kind));
    cs_case_check(run, records.items[1].kind == CS_RECORD_COMMAND, "the trim came as %s",
                  cs_record_kind_name(records.items[1].kind));
    cs_case_check(run, !strcmp(records.items[2].body, "{\"data\":2,\"id\":\"b\"}"),
                  "the base64 record came as %s", records.items[2].body);
}

static void append_positions(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_stream *stream = ep_stream(ep, ep_session(ep), "out");
    ep_write_data(ep, stream, "{}");
    const struct ep_answer *answer = ep_need(
        ep, ep_stream_post(ep, stream, "raw", "{\"records\":[{\"body\":\"a\"},{\"body\":\"b\"}]}"));
    int64_t start = ep_get_int(ep, answer, "start.seq_num");
    int64_t end = ep_get_int(ep, answer, "end.seq_num");
    int64_t tail = ep_get_int(ep, answer, "tail.seq_num");
    cs_case_check(run, start == 1 && end == 3 && tail >= end,
                  "two records after one gave start %lld, end %lld, tail %lld", (long long)start,
                  (long long)end, (long long)tail);
    cs_case_check(run, ep_get_int(ep, answer, "end.timestamp") > 0, "end has no timestamp");
}

static void direct_errors(struct cs_case_run *run)
{
    static const struct {
        int status;
        const char *body, *what;
    } bad[] = {
        {422, "{\"records\":[]}", "no record"},
        {422, "{\"records\":[{\"headers\":[[\"\",\"nonsense\"]]}]}", "an unknown command"},
        {422, "{\"records\":[{\"headers\":[[\"\",\"trim\"]],\"body\":\"1234\"}]}", "a short trim"},
        {422, "{\"records\":[{\"headers\":[[\"\",\"trim\"],[\"a\",\"b\"]],\"body\":\"12345678\"}]}",
         "an empty header name in company"},
        {400, "{\"records\":[", "malformed JSON"},
        {412, "{\"records\":[{\"body\":\"x\"}],\"match_seq_num\":7}",
         "a seq_num that does not match"},
    };
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct ep_answer *answer = ep_stream_post(ep, stream, "raw", bad[i].body);
        cs_case_check(run, answer->status == bad[i].status, "%s answered %d, expected %d",
                      bad[i].what, answer->status, bad[i].status);
    }
    cs_case_check(run, ep_read_all(ep, session, "out", NULL).n == 0,
                  "a refused batch left a record");
    ep_accept(ep, ep_stream_post(ep, stream, "raw",
                                 "{\"records\":[{\"body\":\"x\"}],\"match_seq_num\":0}"));
}

static void drain_returns_at_once(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, STOP);
    int64_t least = INT64_MAX;
    /* the quickest of three: a busy machine delays one, a waiting server all of them */
    for (int i = 0; i < 3; i++) {
        const struct ep_answer *answer =
            ep_do(ep, .path = ep_realtime(ep, session->key, "in/records"), .auth = session->token);
        ep_expect(ep, answer, 200);
        cs_case_check(run, cJSON_GetArraySize(ep_get(answer, "records")) == 1,
                      "the drain does not hold the appended record");
        least = answer->took_ms < least ? answer->took_ms : least;
    }
    cs_case_check(run, least < 1000, "the quickest of three drains took %lld ms", (long long)least);
}

static const cJSON *drain_after(struct ep *ep, const struct ep_session *session, const char *after)
{
    const char *path =
        ep_realtime(ep, session->key, ep_text(ep, "in/records?afterEventId=%s", after));
    return ep_get(ep_need(ep, ep_do(ep, .path = path, .auth = session->token)), "records");
}

static void drain_after_is_exclusive(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (int i = 0; i < 3; i++) {
        ep_append_need(ep, session, STOP);
    }
    const cJSON *records = drain_after(ep, session, "0");
    const cJSON *seq = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(records, 0), "seqNum");
    cs_case_check(run,
                  cJSON_GetArraySize(records) == 2 && cJSON_IsNumber(seq) && seq->valueint == 1,
                  "afterEventId=0 gave %d records, expected 1 and 2", cJSON_GetArraySize(records));
    int n = ep_drain_count(ep, session, "in");
    cs_case_check(run, n == 3, "a drain without a cursor gave %d records, expected 3", n);
}

static void drain_cursor_is_digits(struct cs_case_run *run)
{
    static const char *const bad[] = {"", "-1", "1.5", "0,1,106", "abc"};
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *path =
            ep_realtime(ep, session->key, ep_text(ep, "in/records?afterEventId=%s", bad[i]));
        ep_expect(ep, ep_do(ep, .path = path, .auth = session->token), 400);
    }
    ep_accept(ep, ep_do(ep, .path = ep_realtime(ep, session->key, "in/records?afterEventId=0"),
                        .auth = session->token));
}

static void drain_items(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_write_data(ep, stream, "{\"type\":\"start\"}");
    ep_write_control(ep, stream, "turn-complete");
    const cJSON *records = ep_drain(ep, session, "out");
    cs_case_check(run, cJSON_GetArraySize(records) == 2, "the drain holds %d records, expected 2",
                  cJSON_GetArraySize(records));
    const cJSON *data = cJSON_GetArrayItem(records, 0);
    const cJSON *control = cJSON_GetArrayItem(records, 1);
    cs_case_check(run, cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(data, "data")),
                  "an agent's chunk is not an object in the drain");
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(data, "id"));
    cs_case_check(run, id && isdigit((unsigned char)*id), "the data record's id is missing");
    const cJSON *headers = cJSON_GetObjectItemCaseSensitive(control, "headers");
    const cJSON *name = cJSON_GetArrayItem(cJSON_GetArrayItem(headers, 0), 0);
    cs_case_check(run, cJSON_IsString(name) && !strcmp(name->valuestring, "trigger-control"),
                  "the control record has no trigger-control header in the drain");
    const char *control_id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(control, "id"));
    cs_case_check(run, control_id && !*control_id, "a control record's id is not empty");
}

static void drain_may_be_empty(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_realtime(ep, session->key, "out/records");
    const struct ep_answer *empty =
        ep_expect(ep, ep_do(ep, .path = path, .auth = session->token), 200);
    cs_case_check(run, cJSON_IsArray(ep_get(empty, "records")), "\"records\" is not an array");
    int n = cJSON_GetArraySize(ep_get(empty, "records"));
    cs_case_check(run, n == 0, "a channel never written drains %d records", n);
    ep_append_need(ep, session, STOP);
    n = cJSON_GetArraySize(drain_after(ep, session, "0"));
    cs_case_check(run, n == 0, "a drain at the tail gave %d records", n);
    n = cJSON_GetArraySize(drain_after(ep, session, "999999"));
    cs_case_check(run, n == 0, "a drain beyond the tail gave %d records", n);
}

static void drain_and_stream_agree(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_write_data(ep, stream, "{\"type\":\"start\"}");
    ep_write_control(ep, stream, "turn-complete");
    ep_write_trim(ep, stream, 0);
    ep_write_data(ep, stream, "{\"type\":\"finish\"}");
    const cJSON *drained = ep_drain(ep, session, "out");
    struct ep_records read = ep_read_all(ep, session, "out", NULL);
    int at = 0;
    for (size_t i = 0; i < read.n; i++) {
        if (read.items[i].kind == CS_RECORD_COMMAND) {
            continue;
        }
        const cJSON *item = cJSON_GetArrayItem(drained, at++);
        const cJSON *seq = cJSON_GetObjectItemCaseSensitive(item, "seqNum");
        cs_case_check(run, cJSON_IsNumber(seq) && seq->valuedouble == (double)read.items[i].seq_num,
                      "record %zu of the stream is not in the drain", i);
        const cJSON *headers = cJSON_GetObjectItemCaseSensitive(item, "headers");
        cs_case_check(run, cJSON_GetArraySize(headers) == (read.items[i].kind == CS_RECORD_CONTROL),
                      "record %zu has other headers in the drain", i);
        if (read.items[i].kind == CS_RECORD_DATA) {
            cJSON *body = cJSON_Parse(read.items[i].body);
            bool same = cJSON_Compare(cJSON_GetObjectItemCaseSensitive(body, "data"),
                                      cJSON_GetObjectItemCaseSensitive(item, "data"), true);
            cJSON_Delete(body);
            cs_case_check(run, same, "record %zu has other data in the drain", i);
        }
    }
    cs_case_check(run, at == cJSON_GetArraySize(drained), "the drain holds more than the stream");
}

static void drain_like_subscription(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_session *other = ep_session(ep);
    const char *path = ep_realtime(ep, session->key, "in/records");
    const char *nobody = ep_realtime(ep, "session_000000000000000000000nope", "in/records");
    ep_expect(ep, ep_do(ep, .path = path), 401);
    ep_expect(ep, ep_do(ep, .path = path, .auth = other->token), 403);
    ep_expect(ep, ep_do(ep, .path = nobody, .auth = ep_env(ep)->secret_key), 404);
    ep_accept(ep, ep_do(ep, .path = path, .auth = session->token));
    ep_need(ep, ep_close(ep, session, "{}"));
    ep_expect(ep, ep_do(ep, .path = path, .auth = session->token), 200);
}

/* ---- side channels ---- */

static const char *side(struct ep *ep, const struct ep_session *session, const char *rest)
{
    return ep_realtime(ep, session->key, ep_text(ep, "channels/side/%s", rest));
}

static void side_channel_is_apart(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_cancel_run(ep, session->run_id);
    const struct ep_answer *answer = ep_expect(
        ep, ep_do(ep, .path = side(ep, session, "in/append"), .auth = session->token, .body = STOP),
        200);
    cs_case_check(run, ep_get_int(ep, answer, "seq") == 0,
                  "a side channel has no numbering of its own");
    cs_case_check(run, ep_drain_count(ep, session, "in") == 0,
                  "a record of a side channel stands on .in");
    cs_case_check(run, !strcmp(ep_current_run(ep, session), session->run_id),
                  "an append to a side channel started a run");
}

static void side_channel_out(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *out = side(ep, session, "out/append");
    ep_expect(ep, ep_do(ep, .path = out, .auth = session->token, .body = "{}"), 403);
    ep_accept(ep, ep_do(ep, .path = out, .auth = ep_env(ep)->secret_key, .body = "{}"));
    ep_accept(ep, ep_do(ep, .path = side(ep, session, "in/append"), .auth = session->token,
                        .body = "{}"));
}

static void side_channel_operations(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *names[] = {"a", "A-z_0.9", ep_fill(ep, 'n', 128)};
    for (int i = 0; i < 3; i++) {
        const char *in = ep_realtime(ep, session->key, ep_text(ep, "channels/%s/in", names[i]));
        ep_expect(
            ep,
            ep_do(ep, .path = ep_text(ep, "%s/append", in), .auth = session->token, .body = STOP),
            200);
        const struct ep_answer *drained = ep_expect(
            ep, ep_do(ep, .path = ep_text(ep, "%s/records", in), .auth = session->token), 200);
        int n = cJSON_GetArraySize(ep_get(drained, "records"));
        cs_case_check(run, n == 1, "one append to channel %s drains as %d records", names[i], n);
        struct ep_sub *sub = ep_subscribe(ep, in, session->token, NULL);
        cs_case_check(run, sub->status == 200, "subscribing to channel %s answered %d", names[i],
                      sub->status);
        cs_case_check(run, ep_expect_record(sub)->seq_num == 0,
                      "the record of channel %s has another number", names[i]);
        ep_unsubscribe(sub);
        ep_accept(
            ep, ep_do(ep, .method = "PUT", .path = in, .auth = ep_env(ep)->secret_key, .body = ""));
    }
    const struct ep_answer *odd =
        ep_do(ep, .path = ep_realtime(ep, session->key, "channels/a%20b/in/records"),
              .auth = session->token);
    cs_case_observe(run, "name_with_a_space", "%d", odd->status);
}

#define SK CS_NEEDS_SECRET_KEY
#define S2 (CS_NEEDS_SECRET_KEY | CS_NEEDS_STREAM)
const struct cs_case endpoint_channel_cases[] = {
    {"endpoint/channel/put-initialises", "PUT answers 202 with stream credentials", "CHN-01",
     CS_MUST, SK, 0, put_initialises},
    {"endpoint/channel/credentials-are-filled", "No stream credential is empty", "CHN-02", CS_MUST,
     SK, 0, credentials_are_filled},
    {"endpoint/channel/initialise-needs",
     "Initialising .in takes the write scope, .out a secret key", "CHN-05", CS_MUST, SK, 0,
     initialise_needs},
    {"endpoint/channel/forms-share-a-stream", "Both id forms name one stream", "CHN-04", CS_MUST,
     SK, 0, forms_share_a_stream},
    {"endpoint/channel/in-credentials-stay-in", "Credentials for .in do not write to .out",
     "CHN-08", CS_SHOULD, S2, 0, in_credentials_stay_in},
    {"endpoint/channel/direct-append", "Records are appended directly, with a store token",
     "CHN-09", CS_MUST, S2, 0, direct_append},
    {"endpoint/channel/control-and-trim", "Control and trim records are appended, raw and base64",
     "CHN-11", CS_MUST, S2, 0, control_and_trim},
    {"endpoint/channel/append-positions", "A direct append answers start, end and tail", "CHN-10",
     CS_MUST, S2, 0, append_positions},
    {"endpoint/channel/direct-errors", "Illegal batches are refused whole", "CHN-12", CS_MUST, S2,
     0, direct_errors},
    {"endpoint/channel/drain-returns-at-once", "A drain answers without waiting", "CHN-15", CS_MUST,
     SK, 0, drain_returns_at_once},
    {"endpoint/channel/drain-after-is-exclusive", "afterEventId=N starts at N + 1", "CHN-16",
     CS_MUST, SK, 0, drain_after_is_exclusive},
    {"endpoint/channel/drain-cursor-is-digits", "afterEventId is digits only", "CHN-17", CS_MUST,
     SK, 0, drain_cursor_is_digits},
    {"endpoint/channel/drain-items", "Drained items have data, id, seqNum and headers", "CHN-18",
     CS_MUST, S2, 0, drain_items},
    {"endpoint/channel/drain-may-be-empty", "Nothing to drain is an empty list", "CHN-21", CS_MUST,
     SK, 0, drain_may_be_empty},
    {"endpoint/channel/drain-and-stream-agree", "Drain and subscription show the same records",
     "CHN-24", CS_MUST, S2, 0, drain_and_stream_agree},
    {"endpoint/channel/drain-like-subscription", "A drain asks for what a subscription asks for",
     "CHN-23", CS_MUST, SK, 0, drain_like_subscription},
    {"endpoint/channel/side-channel-operations",
     "A side channel is appended to, drained, read and initialised", "CHN-26", CS_MUST, SK, 0,
     side_channel_operations},
    {"endpoint/channel/side-channel-is-apart", "A side channel is numbered apart and wakes nobody",
     "CHN-27", CS_MUST, SK | CS_NEEDS_RUNS_API, 0, side_channel_is_apart},
    {"endpoint/channel/side-channel-out", "Only a secret key writes a side channel's out", "CHN-28",
     CS_MUST, SK, 0, side_channel_out},
    {0},
};
