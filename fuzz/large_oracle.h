/* What a payload must come to: all of it, or a refusal that names the limit, never a part; and no
 * more memory than its limits say. */
#ifndef CHATSPEC_FUZZ_LARGE_ORACLE_H
#define CHATSPEC_FUZZ_LARGE_ORACLE_H

#include "endpoint/store/store.h"
#include "fuzz/large_payload.h"
#include "fuzz/memory.h"
#include "fuzz/split.h"
#include "net/http_request.h"
#include "wire/reader.h"

/* What our envelope, our metering and cJSON make of a body are the same. */
static inline void large_check_group(const struct large_group *group)
{
    struct cs_view body = cs_buf_view(&group->body);
    struct cs_buf wrapped = CS_BUF(FUZZ_BUF_MAX);

    cs_append_wrap(&wrapped, body, LARGE_PART_ID);
    FUZZ_CHECK(cs_view_eq(cs_buf_view(&wrapped), cs_buf_view(&group->envelope)));
    FUZZ_CHECK(cs_append_metered(body, LARGE_PART_ID) == 8 + group->envelope.len);
    FUZZ_CHECK(fuzz_append_weight(body, LARGE_PART_ID) == 8 + group->envelope.len);
    cs_buf_free(&wrapped);
}

/* LIM-25, LIM-26: a store takes 1 to 1000 records of 1 MiB in all. */
static inline void large_check_store(const struct large_payload *payload)
{
    struct cs_record *records = calloc(payload->n_records, sizeof(*records));
    struct cs_store_append append = {.records = records, .n_records = payload->n_records};
    size_t weight = 0;

    FUZZ_CHECK(records != NULL);
    for (size_t i = 0; i < payload->n_records; i++) {
        const struct large_group *group = &payload->groups[payload->group_of[i]];

        records[i] = (struct cs_record){.headers = &group->header,
                                        .n_headers = group->n_headers,
                                        .body = cs_buf_view(&group->envelope)};
        weight += 8 + group->envelope.len;
        weight += group->n_headers ? 2 + group->header.name.len + group->header.value.len : 0;
    }
    FUZZ_CHECK((cs_store_append_fault(&append) == NULL) ==
               (payload->n_records <= 1000 && weight <= 1048576));
    free(records);
}

/* ---- the read path ---- */

struct large_reading {
    const struct large_payload *payload;
    struct cs_reader *reader;
    size_t n_records; /* handed out so far */
    size_t n_whole;   /* batches */
    size_t n_bad;
    enum cs_err failed;
};

static inline void large_take(struct large_reading *reading, const struct cs_event *event)
{
    const struct large_payload *payload = reading->payload;

    if (event->type == CS_EVENT_MALFORMED) {
        FUZZ_CHECK(payload->n_records > payload->max_records && event->fault.code == CS_ERR_LIMIT);
        reading->n_bad++;
    } else if (event->type == CS_EVENT_BATCH_END) {
        FUZZ_CHECK(reading->n_records == (reading->n_whole + 1) * payload->n_records);
        reading->n_whole++;
    } else {
        size_t i = reading->n_records++ % payload->n_records;
        const struct large_group *group = &payload->groups[payload->group_of[i]];
        bool control = group->n_headers && group->header.name.len > 1;

        FUZZ_CHECK(event->type == CS_EVENT_RECORD && event->record.seq_num == i);
        FUZZ_CHECK(event->record.kind == (control ? CS_RECORD_CONTROL : CS_RECORD_DATA));
        FUZZ_CHECK(cs_view_eq(event->record.body, cs_buf_view(&group->envelope)));
    }
}

static inline void large_feed(struct large_reading *reading, struct cs_view cuts,
                              struct cs_view stream)
{
    size_t scale = stream.len > 65536 ? 512 : 1; /* or cutting is all that is done */
    struct cs_event event;
    struct cs_diag diag = {0};

    for (size_t n = 0; stream.len > 0; n++) {
        struct cs_view piece = fuzz_take(&stream, scale * fuzz_piece_len(cuts, n, stream.len));

        while (cs_reader_next(reading->reader, &piece, &event, &diag) == CS_STEP_EVENT) {
            large_take(reading, &event);
        }
    }
    reading->failed = diag.code;
}

/* The batch as an event, and once more when that is not too much work, with `room` bytes more than
 * its lines need (or less). */
static inline void large_check_stream(const struct large_payload *payload, struct cs_view cuts,
                                      int64_t room)
{
    struct cs_buf stream = CS_BUF(FUZZ_BUF_MAX);
    int64_t limit = (int64_t)payload->batch.len + 12 + 6 + 9 + room;
    struct cs_reader_limits limits = {.max_event = limit > 0 ? (size_t)limit : 1,
                                      .batch = {.max_records = payload->max_records}};
    struct large_reading reading = {.payload = payload};
    size_t n_events = payload->batch.len > 1024 * 1024 ? 1 : 2;
    bool fits = room >= 0;

    for (size_t i = 0; i < n_events; i++) {
        cs_buf_str(&stream, "event: batch\nid: 9,9,9\ndata: ");
        cs_buf_add(&stream, payload->batch);
        cs_buf_str(&stream, "\n\n");
    }
    FUZZ_CHECK(cs_buf_error(&stream) == CS_OK);
    fuzz_memory_restart();
    reading.reader = cs_reader_new(&limits);
    FUZZ_CHECK(reading.reader != NULL);
    large_feed(&reading, cuts, cs_buf_view(&stream));
    /* A line that grows (old and new side by side), the text of the records, and what they are
     * listed in. */
    FUZZ_CHECK(fuzz_memory.peak <= 6 * (int64_t)limits.max_event + 1024 * 1024);
    FUZZ_CHECK(reading.failed == (fits ? CS_OK : CS_ERR_LIMIT));
    FUZZ_CHECK(reading.n_whole ==
               (fits && payload->n_records <= payload->max_records ? n_events : 0));
    FUZZ_CHECK(reading.n_bad == (fits && payload->n_records > payload->max_records ? n_events : 0));
    FUZZ_CHECK(reading.n_records == reading.n_whole * payload->n_records);
    cs_reader_free(reading.reader);
    cs_buf_free(&stream);
}

/* ---- the write path ---- */

/* A body, by length or in one chunk, to a server that takes `room` bytes more than it has. */
static inline void large_check_request(struct cs_view body, struct cs_view cuts, int64_t room,
                                       bool chunked)
{
    int64_t max_body = (int64_t)body.len + room;
    struct cs_request_limits limits = {.max_body = max_body > 0 ? (size_t)max_body : 1};
    struct cs_buf text = CS_BUF(FUZZ_BUF_MAX);
    const struct cs_request *request = NULL;
    enum cs_request_step step = CS_REQUEST_MORE;
    struct cs_request_reader *reader;
    int status = 0;
    bool fits = body.len <= limits.max_body;

    cs_buf_str(&text, "POST /in/append HTTP/1.1\r\nHost: h\r\n");
    cs_buf_printf(&text,
                  chunked ? "Transfer-Encoding: chunked\r\n\r\n%zx\r\n"
                          : "Content-Length: %zu\r\n\r\n",
                  body.len);
    cs_buf_add(&text, body);
    cs_buf_str(&text, !chunked ? "" : body.len > 0 ? "\r\n0\r\n\r\n" : "\r\n");
    FUZZ_CHECK(cs_buf_error(&text) == CS_OK);
    struct cs_view input = cs_buf_view(&text);
    fuzz_memory_restart();
    reader = cs_request_reader_new(&limits);
    FUZZ_CHECK(reader != NULL);
    for (size_t n = 0; step < CS_REQUEST_DONE && (input.len > 0 || step == CS_REQUEST_HEAD); n++) {
        struct cs_view piece =
            fuzz_take(&input, (body.len > 65536 ? 512 : 1) * fuzz_piece_len(cuts, n, input.len));

        do {
            step = cs_request_read(reader, &piece, &request, &status, NULL);
        } while (step == CS_REQUEST_HEAD);
    }
    FUZZ_CHECK(step == (fits ? CS_REQUEST_DONE : CS_REQUEST_BAD));
    FUZZ_CHECK(fits ? cs_view_eq(request->body, body) : status == 413);
    FUZZ_CHECK(fuzz_memory.peak <= 4 * (int64_t)limits.max_body + 1024 * 1024);
    cs_request_reader_free(reader);
    cs_buf_free(&text);
}

#endif
