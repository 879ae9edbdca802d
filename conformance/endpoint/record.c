/* REC: record kinds. The suite plays the agent: it writes control and command records itself. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <inttypes.h>
#include <stdio.h>

static void kinds_by_headers(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    /* a data record whose chunk looks like a control record stays a data record */
    ep_write_data(ep, stream, "{\"type\":\"trigger:turn-complete\"}");
    ep_write_control(ep, stream, "turn-complete");
    ep_write_trim(ep, stream, 0);
    static const enum cs_record_kind expected[] = {CS_RECORD_DATA, CS_RECORD_CONTROL,
                                                   CS_RECORD_COMMAND};
    struct ep_records records = ep_read_all(ep, session, "out", NULL);
    cs_case_check(run, records.n == 3, "3 records were written, %zu came", records.n);
    for (size_t i = 0; i < 3; i++) {
        cs_case_check(run, records.items[i].kind == expected[i],
                      "record %zu came as %s record, was written as %s record", i,
                      cs_record_kind_name(records.items[i].kind), cs_record_kind_name(expected[i]));
    }
}

static void data_is_an_envelope(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, "{\"kind\":\"stop\"}");
    struct ep_records records = ep_read_all(ep, session, "in", NULL);
    struct cs_view data, id;
    struct cs_diag diag;
    cs_case_check(run, records.n == 1 && records.items[0].kind == CS_RECORD_DATA,
                  "an appended record did not come as one data record");
    cs_case_check(run,
                  !cs_envelope_decode(cs_view_of(records.items[0].body, records.items[0].body_len),
                                      &data, &id, &diag),
                  "a data record's body has no data and id: %s", diag.text);
}

static void control_record(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    const char *body = "{\"records\":[{\"headers\":[[\"trigger-control\",\"turn-complete\"],"
                       "[\"public-access-token\",\"t\"],[\"session-in-event-id\",\"42\"]]}]}";
    ep_need(ep, ep_stream_post(ep, stream, "raw", body));
    struct ep_records records = ep_read_all(ep, session, "out", NULL);
    const char *expected =
        "trigger-control=turn-complete;public-access-token=t;session-in-event-id=42;";
    cs_case_check(run, records.n == 1, "1 record was written, %zu came", records.n);
    cs_case_check(run, !strcmp(records.items[0].headers, expected), "its headers came as %s",
                  records.items[0].headers);
    cs_case_check(run, records.items[0].body_len == 0, "a control record came with a body");
}

static void trim_record(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    for (int i = 0; i < 3; i++) {
        ep_write_data(ep, stream, "{}");
    }
    uint64_t seq = ep_write_trim(ep, stream, 2);
    struct ep_records records = ep_read_all(ep, session, "out", NULL);
    const struct ep_record *last = records.n ? &records.items[records.n - 1] : NULL;
    cs_case_check(run, last && last->seq_num == seq, "the trim record did not come");
    cs_case_check(run, !strcmp(last->headers, "=trim;"), "its headers came as %s", last->headers);
    uint64_t first_kept = 0;
    enum cs_err err = cs_trim_decode(cs_view_of(last->body, last->body_len), &first_kept);
    cs_case_check(run, !err && first_kept == 2,
                  "its body came as %zu bytes for %" PRIu64 ", expected 8 bytes for 2",
                  last->body_len, first_kept);
}

static void commands_hidden_from_drain(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_write_data(ep, stream, "{}");
    ep_write_trim(ep, stream, 0);
    ep_write_data(ep, stream, "{}");
    const cJSON *records = ep_drain(ep, session, "out");
    int n = cJSON_GetArraySize(records);
    cs_case_check(run, n == 2, "the drain shows %d records, expected the two data records", n);
    const cJSON *seq = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(records, 1), "seqNum");
    cs_case_check(run, cJSON_IsNumber(seq) && seq->valueint == 2,
                  "the record after a command is not numbered 2");
    struct ep_records all = ep_read_all(ep, session, "out", NULL);
    cs_case_check(run, all.n == 3,
                  "the subscription shows %zu records, expected 3 with the command", all.n);
}

static void headers_kept(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    const char *body = "{\"records\":[{\"headers\":[[\"X-b\",\"2\"],[\"x-B\",\"\xc3\xa9\"],"
                       "[\"X-b\",\"1\"]],\"body\":\"{\\\"data\\\":{},\\\"id\\\":\\\"i\\\"}\"}]}";
    ep_need(ep, ep_stream_post(ep, stream, "raw", body));
    struct ep_records records = ep_read_all(ep, session, "out", NULL);
    cs_case_check(run, records.n == 1, "1 record was written, %zu came", records.n);
    cs_case_check(run, !strcmp(records.items[0].headers, "X-b=2;x-B=\xc3\xa9;X-b=1;"),
                  "headers came as %s: order, case and repeats are kept", records.items[0].headers);
}

static void unknown_subtype(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_write_control(ep, stream, "invented-by-chatspec");
    ep_write_data(ep, stream, "{}");
    struct ep_records records = ep_read_all(ep, session, "out", NULL);
    cs_case_check(run, records.n == 2 && records.items[0].kind == CS_RECORD_CONTROL,
                  "an unknown control subtype did not come through as a control record");
}

static void data_forms(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, "{\"kind\":\"stop\"}");
    ep_write_data(ep, ep_stream(ep, session, "out"), "{\"type\":\"start\"}");
    static const char *const channels[] = {"in", "out"};
    for (int i = 0; i < 2; i++) {
        struct ep_records records = ep_read_all(ep, session, channels[i], NULL);
        struct cs_view data, id;
        if (records.n != 1 ||
            cs_envelope_decode(cs_view_of(records.items[0].body, records.items[0].body_len), &data,
                               &id, NULL)) {
            cs_case_error(run, "the record on .%s cannot be read", channels[i]);
        }
        cs_case_check(run, data.ptr[0] == (i ? '{' : '"'),
                      "the data on .%s begins with %c, expected %c", channels[i], data.ptr[0],
                      i ? '{' : '"');
    }
}

static void ids_differ(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    for (int i = 0; i < 5; i++) {
        ep_append_need(ep, session, "{\"kind\":\"stop\"}");
    }
    struct ep_records records = ep_read_all(ep, session, "in", NULL);
    for (size_t i = 0; i < records.n; i++) {
        for (size_t k = 0; k < i; k++) {
            cs_case_check(run,
                          records.items[i].seq_num == records.items[k].seq_num ||
                              strcmp(records.items[i].body, records.items[k].body) != 0,
                          "records %zu and %zu have one envelope id", k, i);
        }
    }
}

/* The byte count of the id line is the metered size of all records so far (OUT-11). */
static void metered_on_id_line(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_write_data(ep, stream, "{\"type\":\"start\"}");
    ep_write_control(ep, stream, "turn-complete");
    ep_write_trim(ep, stream, 0);
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    size_t metered = 0;
    size_t n = 0;
    bool ended = false; /* the batch of the third record */
    while (!ended) {
        const struct cs_event *event = ep_next(sub, ep_env(ep)->patience_ms);
        if (!event) {
            cs_case_error(run, "3 records were written, %zu came", n);
        }
        if (event->type == CS_EVENT_RECORD) {
            n++;
            metered += cs_record_metered(event->record.headers, event->record.n_headers,
                                         event->record.body.len);
        }
        unsigned long long seq, count, bytes;
        char id[128];
        snprintf(id, sizeof id, "%.*s", CS_VIEW_ARG(event->sse->id));
        if (event->type == CS_EVENT_BATCH_END) {
            ended = n >= 3;
            /* NOLINTNEXTLINE(cert-err34-c): a number too large is a wrong one too */
            if (sscanf(id, "%llu,%llu,%llu", &seq, &count, &bytes) != 3) {
                cs_case_skip(run, "this server's batches have no id line of three numbers");
            }
            cs_case_check(run, bytes == metered,
                          "the id line counts %llu metered bytes, the records weigh %zu", bytes,
                          metered);
        }
    }
    ep_unsubscribe(sub);
}

static void upgrade_goes_on(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    sub->judges_end = true;
    ep_write_data(ep, ep_stream(ep, session, "out"), "{\"type\":\"start\"}");
    ep_write_control(ep, ep_stream(ep, session, "out"), "upgrade-required");
    ep_swap_run(ep, session);
    ep_write_data(ep, ep_stream(ep, session, "out"), "{\"type\":\"finish\"}");
    static const enum cs_record_kind expected[] = {CS_RECORD_DATA, CS_RECORD_CONTROL,
                                                   CS_RECORD_DATA};
    for (size_t i = 0; i < 3; i++) {
        const struct cs_record *record = ep_expect_record(sub);
        cs_case_check(run, record->seq_num == i && record->kind == expected[i],
                      "around upgrade-required, %s record %" PRIu64
                      " came where %s record %zu was written",
                      cs_record_kind_name(record->kind), record->seq_num,
                      cs_record_kind_name(expected[i]), i);
    }
    ep_unsubscribe(sub);
}

static void session_closed_is_last(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    ep_write_control(ep, stream, "turn-complete");
    ep_need(ep, ep_stream_post(ep, stream, "raw",
                               "{\"records\":[{\"headers\":[[\"trigger-control\","
                               "\"session-closed\"],[\"session-closed-reason\",\"done\"]]}]}"));
    ep_need(ep, ep_close(ep, session, "{\"reason\":\"done\"}"));
    struct ep_records records = ep_read_all(ep, session, "out", NULL);
    const struct ep_record *last = records.n ? &records.items[records.n - 1] : NULL;
    cs_case_check(run, last && last->kind == CS_RECORD_CONTROL && last->seq_num == 1,
                  "the last record of the closed session is not its session-closed record");
    cs_case_check(
        run, !strcmp(last->headers, "trigger-control=session-closed;session-closed-reason=done;"),
        "its headers came as %s", last->headers);
}

/* ---- what an agent is told ---- */

static void input_kinds(struct cs_case_run *run)
{
    static const char *const triggers[] = {
        "submit-message", "regenerate-message", "preload", "close", "action", "handover-prepare"};
    static const char *const kinds[] = {"stop", "handover", "handover-skip",
                                        "invented-by-chatspec"};
    enum {
        N_TRIGGERS = sizeof triggers / sizeof triggers[0],
        N = N_TRIGGERS + sizeof kinds / sizeof kinds[0]
    };
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *bodies[N];
    for (int i = 0; i < N; i++) {
        bodies[i] = i < N_TRIGGERS ? ep_text(ep,
                                             "{\"kind\":\"message\",\"payload\":{\"chatId\":\"c\","
                                             "\"trigger\":\"%s\"}}",
                                             triggers[i])
                                   : ep_text(ep, "{\"kind\":\"%s\"}", kinds[i - N_TRIGGERS]);
        ep_expect(ep, ep_append(ep, session, NULL, bodies[i]), 200);
    }
    const cJSON *records = ep_drain(ep, session, "in");
    for (int i = 0; i < N; i++) {
        const cJSON *item = cJSON_GetArrayItem(records, i);
        const char *data = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "data"));
        if (!data) {
            cs_case_error(run, "record %d does not read back as a text", i);
        }
        cs_case_check(run, !strcmp(data, bodies[i]), "%s reads back as %s", bodies[i], data);
    }
}

/* ---- with an agent ---- */

/* The channels page lists the header, the SDK's agent does not write it: it may be missing, but
 * what is there has to be a number that can be resumed from. */
static void last_event_id(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_agent_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    ep_append_need(ep, session, ep_message(ep, session, "pong"));
    const struct cs_record *record = ep_next_turn_complete(sub);
    const struct cs_header *header = cs_record_header(record, "last-event-id");
    uint64_t seq = 0;
    cs_case_observe(run, "last_event_id", "%s", header ? "present" : "absent");
    cs_case_check(run, !header || (!cs_view_u64(header->value, &seq) && seq <= record->seq_num),
                  "last-event-id on turn-complete %" PRIu64 " is %.*s", record->seq_num,
                  CS_VIEW_ARG(header->value));
    ep_unsubscribe(sub);
}

#define S2 (CS_NEEDS_SECRET_KEY | CS_NEEDS_STREAM)
const struct cs_case endpoint_record_cases[] = {
    {"endpoint/record/kinds-by-headers", "Headers decide a record's kind, never its chunk's type",
     "REC-01", CS_MUST, S2, 0, kinds_by_headers},
    {"endpoint/record/data-is-an-envelope", "A data record's body is {data, id}", "REC-02", CS_MUST,
     CS_NEEDS_SECRET_KEY, 0, data_is_an_envelope},
    {"endpoint/record/control", "A control record comes with its headers and no body", "REC-05",
     CS_MUST, S2, 0, control_record},
    {"endpoint/record/trim", "A trim comes as an empty-named header and 8 bytes", "REC-14", CS_MUST,
     S2, 0, trim_record},
    {"endpoint/record/commands-hidden-from-drain",
     "Command records use a number, are subscribed to, and are not drained", "REC-16 CHN-19",
     CS_MUST, S2, 0, commands_hidden_from_drain},
    {"endpoint/record/headers-kept", "Header order, case and repeats are kept", "REC-17", CS_MUST,
     S2, 0, headers_kept},
    {"endpoint/record/unknown-subtype", "Unknown control subtypes come through", "REC-22", CS_MUST,
     S2, 0, unknown_subtype},
    {"endpoint/record/upgrade-goes-on", "After upgrade-required the next run writes on", "REC-10",
     CS_MUST, S2, 0, upgrade_goes_on},
    {"endpoint/record/session-closed-is-last", "session-closed comes after the last turn-complete",
     "REC-11", CS_MUST, S2, 0, session_closed_is_last},
    {"endpoint/record/input-kinds", "Every kind and trigger of input is passed on as it is",
     "REC-21", CS_MUST, CS_NEEDS_SECRET_KEY, 0, input_kinds},
    {"endpoint/record/last-event-id", "last-event-id on turn-complete is missing or a number",
     "REC-13", CS_SHOULD, CS_NEEDS_SECRET_KEY | CS_NEEDS_RUN, 0, last_event_id},
    {"endpoint/record/data-forms", "Appended data is a text, an agent's data an object", "REC-03",
     CS_MUST, S2 | CS_WAITS, 0, data_forms},
    {"endpoint/record/ids-differ", "Generated envelope ids differ", "REC-04", CS_MUST,
     CS_NEEDS_SECRET_KEY, 0, ids_differ},
    {"endpoint/record/metered-on-id-line", "The id line counts metered bytes", "LIM-26", CS_MUST,
     S2, 0, metered_on_id_line},
    {0},
};
