/* What must hold of a record that the reader hands out, told again from the JSON text it came in
 * and not from what the record decoder made of it. */
#ifndef CHATSPEC_FUZZ_READER_ORACLE_H
#define CHATSPEC_FUZZ_READER_ORACLE_H

#include "fuzz/fuzz.h"
#include "wire/json.h"
#include "wire/reader.h"

/* REC-01 over the `headers` text of one record. Its shape is known to be right: arrays of two. */
static inline enum cs_record_kind fuzz_kind_in_text(struct cs_view headers)
{
    struct cs_json json;
    struct cs_json_token token;
    size_t n = 0;
    bool control = false;

    cs_json_init(&json, headers);
    while (cs_json_next(&json, &token, NULL) != CS_JSON_END) {
        if (token.type != CS_JSON_STRING) {
            continue;
        }
        if (n == 0 && token.raw.len == 0) {
            return CS_RECORD_COMMAND;
        }
        control = control || (n % 2 == 0 && cs_json_is(&token, CS_VIEW("trigger-control")));
        n++;
    }
    return control ? CS_RECORD_CONTROL : CS_RECORD_DATA;
}

static inline void fuzz_record_check(const struct cs_record *record, struct cs_view batch)
{
    struct cs_buf body = CS_BUF(FUZZ_BUF_MAX);
    enum cs_record_kind kind = CS_RECORD_DATA;
    struct cs_json json;
    struct cs_json_token token;
    struct cs_view text;
    struct cs_view value;

    FUZZ_CHECK(record->offset < batch.len);
    cs_json_init(&json, cs_view_of(batch.ptr + record->offset, batch.len - record->offset));
    FUZZ_CHECK(cs_json_next(&json, &token, NULL) == CS_JSON_OBJECT);
    FUZZ_CHECK(cs_json_value_text(&json, &token, &text, NULL) == CS_OK);

    FUZZ_CHECK(record->has_headers == (cs_json_get(text, CS_VIEW("headers"), &value) == CS_OK));
    if (record->has_headers) {
        kind = fuzz_kind_in_text(value);
    }
    FUZZ_CHECK(record->kind == kind);

    FUZZ_CHECK(record->has_body == (cs_json_get(text, CS_VIEW("body"), &value) == CS_OK));
    if (record->has_body) {
        FUZZ_CHECK(cs_json_string(value, &body) == CS_OK);
    }
    FUZZ_CHECK(cs_view_eq(record->body, cs_buf_view(&body)));
    cs_buf_free(&body);

    FUZZ_CHECK(cs_json_get(text, CS_VIEW("seq_num"), &value) == CS_OK);
    cs_json_init(&json, value);
    (void)cs_json_next(&json, &token, NULL);
    uint64_t seq_num = 0;
    FUZZ_CHECK(cs_json_u64(&token, &seq_num) == CS_OK && seq_num == record->seq_num);
}

static inline void fuzz_record_log(const struct cs_record *record, struct cs_buf *log)
{
    cs_buf_printf(log, " #%llu %d@%lld %s", (unsigned long long)record->seq_num,
                  record->has_timestamp, (long long)record->timestamp,
                  cs_record_kind_name(record->kind));
    for (size_t i = 0; i < record->n_headers; i++) {
        cs_buf_char(log, '|');
        cs_buf_add(log, record->headers[i].name);
        cs_buf_char(log, '=');
        cs_buf_add(log, record->headers[i].value);
    }
    cs_buf_char(log, '|');
    cs_buf_add(log, record->body);
}

/* All that may not depend on the split. */
static inline void fuzz_event_log(const struct cs_event *event, struct cs_buf *log)
{
    cs_buf_printf(log, "%s %llu-%llu %d@%llu %s", cs_event_name(event->type),
                  (unsigned long long)event->sse->start, (unsigned long long)event->sse->end,
                  event->fault.code, (unsigned long long)event->fault.offset, event->fault.text);
    cs_buf_printf(log, " tail %d %llu@%lld ping %lld", event->has_tail,
                  (unsigned long long)event->tail.seq_num, (long long)event->tail.timestamp,
                  (long long)event->timestamp);
    if (event->type == CS_EVENT_RECORD) {
        fuzz_record_log(&event->record, log);
    }
}

#endif
