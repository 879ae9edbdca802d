/* What subscribers and drains are given, against the model: every number once, in order, none left
 * out but what a trim took away, and each record as it was stored. */
#ifndef CHATSPEC_FUZZ_ENDPOINT_READS_H
#define CHATSPEC_FUZZ_ENDPOINT_READS_H

#include "fuzz/endpoint_model.h"
#include "wire/reader.h"
#include "wire/utf8.h"

enum {
    READS_MAX = 32
};

struct read {
    struct cs_conn *conn;
    struct model_stream *stream;
    struct cs_reader *reader;
    size_t taken;  /* bytes of the answer */
    uint64_t next; /* number that has to come, or a later one after a trim */
    bool done;
};

/* Status of the answer; 0 while there is none. */
static inline int read_status(const struct cs_conn *conn)
{
    struct cs_view text = cs_buf_view(&conn->sent);

    return cs_view_starts_with(text, CS_VIEW("HTTP/1.1 ")) ? (int)strtol(text.ptr + 9, NULL, 10)
                                                           : 0;
}

/* What follows the head. */
static inline struct cs_view read_body(const struct cs_conn *conn)
{
    struct cs_view text = cs_buf_view(&conn->sent);
    size_t end = cs_view_find(text, CS_VIEW("\r\n\r\n"));

    (void)fuzz_take(&text, end == SIZE_MAX ? text.len : end + 4);
    return text;
}

static inline struct cs_view read_header(const struct cs_conn *conn, const char *name)
{
    struct cs_view text = cs_buf_view(&conn->sent);
    size_t at = cs_view_find(text, cs_view_str(name));

    (void)fuzz_take(&text, at == SIZE_MAX ? text.len : at + strlen(name));
    return fuzz_take(&text, cs_view_find(text, CS_VIEW("\r\n")));
}

static inline void read_record(struct read *read, const struct cs_record *record)
{
    struct model_stream *stream = read->stream;
    const struct model_record *stored;

    FUZZ_CHECK(record->seq_num >= read->next && record->seq_num < stream->tail);
    FUZZ_CHECK(record->seq_num == read->next || record->seq_num <= stream->trim ||
               stream->is_blurred);
    read->next = record->seq_num + 1;
    stored = &stream->records[record->seq_num];
    if (stored->hash == MODEL_UNKNOWN) {
        return;
    }
    FUZZ_CHECK(record->kind == stored->kind);
    /* Bytes that are no text, as in a trim, are shown in another form. */
    FUZZ_CHECK(record->kind == CS_RECORD_COMMAND || model_record_hash(record) == stored->hash);
}

static inline void read_events(struct read *read, struct cs_view bytes)
{
    struct cs_event event;

    while (cs_reader_next(read->reader, &bytes, &event, NULL) == CS_STEP_EVENT) {
        FUZZ_CHECK(event.type != CS_EVENT_MALFORMED && event.type != CS_EVENT_UNKNOWN);
        FUZZ_CHECK(!read->done);
        if (event.type == CS_EVENT_RECORD) {
            read_record(read, &event.record);
        } else if (event.type == CS_EVENT_DONE) {
            read->done = true;
        }
        FUZZ_CHECK(!event.has_tail || event.tail.seq_num <= read->stream->tail);
    }
}

/* Takes whole chunks of what has been sent since. */
static inline void read_more(struct read *read)
{
    struct cs_view body = read_body(read->conn);
    struct cs_view rest = body;

    (void)fuzz_take(&rest, read->taken);
    while (rest.len > 0) {
        size_t size = strtoul(rest.ptr, NULL, 16); /* a buffer of ours ends in text */

        (void)fuzz_take(&rest, cs_view_find(rest, CS_VIEW("\r\n")) + 2);
        read_events(read, fuzz_take(&rest, size));
        (void)fuzz_take(&rest, 2);
    }
    read->taken = body.len;
    FUZZ_CHECK(!read->conn->answered || read->done);
    /* Whoever reads on has everything. */
    if (!read->done && !read->conn->dead && !read->conn->stalled &&
        read_status(read->conn) == 200) {
        FUZZ_CHECK(read->next >= read->stream->tail || read->stream->trim >= read->stream->tail);
    }
}

/* {"records":[{"data":..,"id":..,"seqNum":..}]} of a drain from `from` on: everything but command
 * records; and only data has data (CHN-18, CHN-19). */
static inline void read_drain(const struct model_stream *stream, struct cs_view body, uint64_t from)
{
    cJSON *json = cJSON_ParseWithLength(body.ptr, body.len);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "records");

    FUZZ_CHECK(cJSON_IsArray(item));
    if (stream->is_blurred) {
        cJSON_Delete(json);
        return;
    }
    item = item->child;
    for (uint64_t seq = from > stream->trim ? from : stream->trim; seq < stream->tail; seq++) {
        const struct model_record *stored = &stream->records[seq];
        const cJSON *number = cJSON_GetObjectItemCaseSensitive(item, "seqNum");
        bool here = number && (uint64_t)number->valuedouble == seq;

        if (stored->hash == MODEL_UNKNOWN ? here : stored->kind != CS_RECORD_COMMAND) {
            const cJSON *data = cJSON_GetObjectItemCaseSensitive(item, "data");

            FUZZ_CHECK(here && data);
            FUZZ_CHECK(stored->hash == MODEL_UNKNOWN || stored->kind == CS_RECORD_DATA ||
                       strcmp(data->valuestring, "") == 0);
            item = item->next;
        }
    }
    FUZZ_CHECK(item == NULL);
    cJSON_Delete(json);
}

#endif
