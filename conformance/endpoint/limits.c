/* LIM: exact size boundaries. */
#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"

#include <string.h>

#define AGENT_RECORD_MAX ((size_t)1047552)                      /* 1 MiB less 1 KiB */
#define UUID             "01234567-89ab-cdef-0123-456789abcdef" /* a part id of 36 characters */

/* `largest` bytes of `c` are accepted and one more is refused with 413. */
static void boundary(struct ep *ep, char c, const char *part_id, size_t largest)
{
    const struct ep_session *session = ep_session(ep);
    const struct ep_answer *over = ep_append(ep, session, part_id, ep_fill(ep, c, largest + 1));
    cs_case_check(ep_run(ep), over->status == 413, "%zu bytes of 0x%02x answered %d, expected 413",
                  largest + 1, (unsigned char)c, over->status);
    cs_case_check(ep_run(ep), ep_drain_count(ep, session, "in") == 0,
                  "the refused body left a record");
    const struct ep_answer *fits = ep_append(ep, session, part_id, ep_fill(ep, c, largest));
    cs_case_check(ep_run(ep), fits->status == 200, "%zu bytes of 0x%02x answered %d, expected 200",
                  largest, (unsigned char)c, fits->status);
}

/* Length of the part ids that this server makes up: the boundaries depend on it. */
static size_t generated_id_len(struct ep *ep)
{
    const struct ep_session *session = ep_session(ep);
    ep_append_need(ep, session, "{}");
    const cJSON *record = cJSON_GetArrayItem(ep_drain(ep, session, "in"), 0);
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, "id"));
    if (!id || !*id) {
        cs_case_error(ep_run(ep), "an append without X-Part-Id has no envelope id");
    }
    return strlen(id);
}

static void body_limit(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    ep_expect(ep, ep_append(ep, session, NULL, ep_fill(ep, '1', 1048577)), 413);
    ep_accept(ep, ep_append(ep, session, NULL, ep_fill(ep, '1', 1000000)));
}

static void metered_limit(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    boundary(ep, '1', UUID, 1048513);
    boundary(ep, '1', "123456789012345678901", 1048528);
}

static void generated_id_limit(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    boundary(ep, '1', NULL, 1048549 - generated_id_len(ep));
}

static void escapes_cost(struct cs_case_run *run)
{
    static const char two[] = "\\\n\r\t\b\f";
    struct ep *ep = ep_of(run);
    size_t room = 1048549 - strlen(UUID);
    for (const char *c = two; *c; c++) {
        boundary(ep, *c, UUID, room / 2);
    }
    boundary(ep, '\x7f', UUID, room);
    boundary(ep, '/', UUID, room);
}

static void all_quotes(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    boundary(ep, '"', UUID, 524256);
    boundary(ep, '"', NULL, (1048549 - generated_id_len(ep)) / 2);
}

static void all_controls(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    boundary(ep, '\x01', NULL, (1048549 - generated_id_len(ep)) / 6);
}

static void cors_on_413(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_realtime(ep, session->key, "in/append");
    const char *bodies[] = {ep_fill(ep, '1', 1048577), ep_fill(ep, '"', 600000)};
    for (int i = 0; i < 2; i++) {
        const struct ep_answer *answer =
            ep_do(ep, .path = path, .auth = session->token, .body = bodies[i],
                  .headers = EP_HEADERS("Origin: https://app.example"));
        if (answer->status != 413) {
            cs_case_error(run, "an oversize append answered %d", answer->status);
        }
        const char *origin = ep_header(answer, "Access-Control-Allow-Origin");
        cs_case_check(run,
                      origin && (!strcmp(origin, "https://app.example") || !strcmp(origin, "*")),
                      "a 413 has no Access-Control-Allow-Origin for the page that asked");
    }
}

static void delivered_whole(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *body = ep_fill(ep, '"', 524256);
    ep_need(ep, ep_append(ep, session, UUID, body));
    struct ep_records records = ep_read_all(ep, session, "in", NULL);
    cs_case_check(run, records.n == 1, "the largest append came back as %zu records", records.n);
    struct cs_view data, id;
    cs_case_check(run,
                  !cs_envelope_decode(cs_view_of(records.items[0].body, records.items[0].body_len),
                                      &data, &id, NULL),
                  "the record's body is no envelope");
    cs_case_check(run, data.len == 2 * 524256 + 2, "the body came back with %zu bytes of JSON",
                  data.len);
}

static void create_limit(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const char *id = ep_unique(ep, "chat");
    size_t frame = strlen(ep_create_body(ep, id, "\"metadata\":{\"k\":\"\"}"));
    const char *meta = ep_text(ep, "\"metadata\":{\"k\":\"%s\"}", ep_fill(ep, 'x', 32768 - frame));
    const char *fits = ep_create_body(ep, id, meta);
    ep_expect(ep, ep_post_session(ep, ep_text(ep, "%s ", fits)), 413);
    const struct ep_answer *created = ep_accept(ep, ep_post_session(ep, fits));
    const char *path = ep_api(ep, ep_need_text(ep, created, "id"), "");
    const char *key = ep_env(ep)->secret_key;
    const char *patch = ep_text(ep, "{}%*s", 32766, "");
    const char *over = ep_text(ep, "%s ", patch);
    ep_expect(ep, ep_do(ep, .method = "PATCH", .path = path, .auth = key, .body = over), 413);
    const struct ep_answer *patched =
        ep_do(ep, .method = "PATCH", .path = path, .auth = key, .body = patch);
    ep_accept(ep, ep_allowed(ep, patched));
}

static void close_limit(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_api(ep, session->key, "/end-and-continue");
    const char *swap = ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":\"r\"}", session->run_id);
    swap = ep_text(ep, "%-1024s", swap);
    const char *over = ep_text(ep, "%s ", swap);
    ep_expect(ep, ep_do(ep, .path = path, .auth = session->token, .body = over), 413);
    ep_accept(ep, ep_do(ep, .path = path, .auth = session->token, .body = swap));
    const char *fits = ep_text(ep, "{}%*s", 1022, "");
    ep_expect(ep, ep_close(ep, session, ep_text(ep, "%s ", fits)), 413);
    ep_accept(ep, ep_close(ep, session, fits));
}

static void reason_limits(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_api(ep, session->key, "/end-and-continue");
    ep_expect(ep,
              ep_do(ep, .path = path, .auth = session->token,
                    .body = ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":\"%s\"}",
                                    session->run_id, ep_fill(ep, 'r', 65))),
              400);
    ep_accept(ep, ep_do(ep, .path = path, .auth = session->token,
                        .body = ep_text(ep, "{\"callingRunId\":\"%s\",\"reason\":\"%s\"}",
                                        session->run_id, ep_fill(ep, 'r', 64))));
    ep_expect(ep, ep_close(ep, session, ep_text(ep, "{\"reason\":\"%s\"}", ep_fill(ep, 'r', 257))),
              400);
    ep_accept(ep, ep_close(ep, session, ep_text(ep, "{\"reason\":\"%s\"}", ep_fill(ep, 'r', 256))));
}

static void expect_rate_headers(struct ep *ep, const struct ep_answer *answer)
{
    static const char *const names[] = {"x-ratelimit-limit", "x-ratelimit-remaining",
                                        "x-ratelimit-reset"};
    for (int i = 0; i < 3; i++) {
        const char *value = ep_header(answer, names[i]);
        uint64_t number;
        cs_case_check(ep_run(ep), value && !cs_view_u64(cs_view_str(value), &number),
                      "the header %s is %s, expected a number", names[i],
                      value ? value : "missing");
    }
}

static void rate_headers(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const char *path = ep_api(ep, session->key, "");
    expect_rate_headers(ep, ep_need(ep, ep_do(ep, .path = path, .auth = session->token)));
}

static void append_rate_headers(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    expect_rate_headers(ep, ep_need(ep, ep_append(ep, ep_session(ep), NULL, "{}")));
}

static void batch_limits(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_session(ep);
    const struct ep_stream *stream = ep_stream(ep, session, "out");
    struct cs_buf body = CS_BUF((size_t)1024 * 1024);
    for (int round = 0; round < 2; round++) {
        cs_buf_clear(&body);
        cs_buf_str(&body, "{\"records\":[");
        for (int i = 0; i < 600; i++) {
            cs_buf_printf(&body, "%s{\"body\":\"{\\\"data\\\":{},\\\"id\\\":\\\"%07d\\\"}\"}",
                          i ? "," : "", round * 600 + i);
        }
        cs_buf_str(&body, "]}");
        const struct ep_answer *answer =
            ep_stream_post(ep, stream, "raw", ep_text(ep, "%.*s", CS_VIEW_ARG(cs_buf_view(&body))));
        if (answer->status != 200) {
            cs_buf_free(&body);
            cs_case_error(run, "writing records to the store answered %d", answer->status);
        }
    }
    cs_buf_free(&body);
    struct ep_sub *sub = ep_open(ep, session, "out", EP_HEADERS("Timeout-Seconds: 1"));
    size_t seen = 0;
    while (seen < 1200) {
        const struct cs_event *event = ep_next(sub, ep_env(ep)->patience_ms);
        if (!event) {
            cs_case_error(run, "1200 records were written, %zu came", seen);
        }
        if (event->type == CS_EVENT_MALFORMED) {
            cs_case_check(run, event->fault.code != CS_ERR_LIMIT, "a batch is too large: %s",
                          event->fault.text);
            cs_case_error(run, "a batch cannot be read: %s", event->fault.text);
        }
        if (event->type != CS_EVENT_BATCH_END) {
            continue;
        }
        size_t metered = 0;
        for (size_t i = 0; i < event->batch->n_records; i++) {
            const struct cs_record *record = &event->batch->records[i];
            metered += cs_record_metered(record->headers, record->n_headers, record->body.len);
        }
        cs_case_check(run, event->batch->n_records <= CS_BATCH_MAX_RECORDS,
                      "a batch holds %zu records, at most 1000 are allowed",
                      event->batch->n_records);
        cs_case_check(run, metered <= CS_RECORD_MAX_METERED,
                      "a batch weighs %zu metered bytes, at most 1048576 are allowed", metered);
        seen += event->batch->n_records;
    }
    ep_unsubscribe(sub);
}

/* A message nearly as long as a record may be: what the agent makes of it has to fit its own, lower
 * limit, in as many records as it takes. */
static void agent_records(struct cs_case_run *run)
{
    struct ep *ep = ep_of(run);
    const struct ep_session *session = ep_agent_session(ep);
    struct ep_sub *sub = ep_open(ep, session, "out", NULL);
    const char *text = ep_text(ep, "tool %s", ep_fill(ep, 'x', 1047800));
    ep_append_need(ep, session, ep_message(ep, session, text));
    unsigned n = 0;
    for (;;) {
        const struct cs_record *record = ep_next_record(sub);
        if (cs_view_eq(cs_record_control(record), CS_VIEW("turn-complete"))) {
            break;
        }
        n += record->kind == CS_RECORD_DATA;
        cs_case_check(run, record->body.len <= AGENT_RECORD_MAX,
                      "the agent wrote an envelope of %zu bytes, at most %zu are allowed",
                      record->body.len, AGENT_RECORD_MAX);
    }
    ep_unsubscribe(sub);
    if (n == 0) {
        cs_case_error(run, "the agent said nothing to a long message");
    }
}

#define SK CS_NEEDS_SECRET_KEY
const struct cs_case endpoint_limit_cases[] = {
    {"endpoint/limits/append-body", "An append body over 1 MiB is 413", "LIM-01", CS_MUST, SK, 0,
     body_limit},
    {"endpoint/limits/metered", "The wrapped record is measured: 1048576 fits, one more is 413",
     "LIM-04", CS_MUST, SK, 0, metered_limit},
    {"endpoint/limits/generated-id", "A part id of the server's own counts like a given one",
     "LIM-06", CS_MUST, SK, 0, generated_id_limit},
    {"endpoint/limits/escapes", "Escapes count with the length they have in JSON", "LIM-07",
     CS_MUST, SK, 0, escapes_cost},
    {"endpoint/limits/all-quotes", "A body of quotes fits with half the room", "LIM-08", CS_MUST,
     SK, 0, all_quotes},
    {"endpoint/limits/all-controls", "A body of control bytes fits with a sixth of the room",
     "LIM-09", CS_MUST, SK, 0, all_controls},
    {"endpoint/limits/cors-on-413", "Both 413 answers can be read by a page", "LIM-11", CS_MUST, SK,
     0, cors_on_413},
    {"endpoint/limits/delivered-whole", "The largest record is delivered in one piece", "LIM-13",
     CS_MUST, SK, 0, delivered_whole},
    {"endpoint/limits/create-body", "A create or PATCH body over 32768 bytes is 413", "LIM-15",
     CS_MUST, SK, 0, create_limit},
    {"endpoint/limits/close-body", "A close or end-and-continue body over 1024 bytes is 413",
     "LIM-16", CS_MUST, SK, 0, close_limit},
    {"endpoint/limits/reasons", "Reasons have 256 and 64 characters of room", "LIM-17", CS_MUST, SK,
     0, reason_limits},
    {"endpoint/limits/rate-headers", "Rate-limited routes say what is left", "LIM-20", CS_MUST, SK,
     0, rate_headers},
    {"endpoint/limits/append-rate-headers", "An append says what is left", "LIM-22", CS_SHOULD, SK,
     0, append_rate_headers},
    {"endpoint/limits/agent-records", "An agent's records keep a KiB below the limit", "LIM-24",
     CS_MUST, SK | CS_NEEDS_RUN, 0, agent_records},
    {"endpoint/limits/batches", "A batch holds at most 1000 records and 1 MiB", "LIM-25", CS_MUST,
     SK | CS_NEEDS_STREAM, 0, batch_limits},
    {0},
};
