/* What the reader says of a twin, in the words of the twin's own log. */
#ifndef CHATSPEC_FUZZ_TWIN_READ_H
#define CHATSPEC_FUZZ_TWIN_READ_H

#include "fuzz/twin.h"

struct twin_reading {
    struct cs_reader *reader;
    bool failed;
};

static inline void twin_open(void *state, const void *config)
{
    struct twin_reading *reading = state;

    reading->reader = cs_reader_new(config);
    FUZZ_CHECK(reading->reader != NULL);
}

static inline void twin_read_record(const struct cs_event *event, struct cs_buf *log)
{
    const struct cs_record *record = &event->record;

    twin_log_record(log, event->index, record);
    for (size_t i = 0; i < record->n_headers; i++) {
        cs_buf_char(log, '|');
        cs_buf_add(log, record->headers[i].name);
        cs_buf_char(log, '=');
        cs_buf_add(log, record->headers[i].value);
    }
    cs_buf_char(log, '|');
    cs_buf_add(log, record->body);
    cs_buf_char(log, '\n');
}

static inline void twin_read_event(const struct cs_event *event, struct cs_buf *log)
{
    if (event->type == CS_EVENT_RECORD) {
        twin_read_record(event, log);
        return;
    }
    twin_log_event(log, cs_event_name(event->type), event->sse->start, event->sse->end);
    if (event->type == CS_EVENT_MALFORMED) {
        struct cs_view text = cs_view_str(event->fault.text);

        cs_buf_printf(log, " %s@%llu ", cs_err_name(event->fault.code),
                      (unsigned long long)event->fault.offset);
        cs_buf_add(log, cs_view_of(text.ptr, cs_view_find(text, CS_VIEW(":"))));
    } else if (event->type == CS_EVENT_PING) {
        cs_buf_printf(log, " %lld", (long long)event->timestamp);
    } else if (event->type == CS_EVENT_BATCH_END) {
        cs_buf_printf(log, " %zu", event->batch->n_records);
    }
    if (event->type == CS_EVENT_PING || event->type == CS_EVENT_BATCH_END) {
        cs_buf_printf(log, " %d %llu@%lld", event->has_tail,
                      (unsigned long long)event->tail.seq_num, (long long)event->tail.timestamp);
    }
    cs_buf_char(log, '\n');
}

static inline void twin_piece(void *state, struct cs_view piece, struct cs_buf *log)
{
    struct twin_reading *reading = state;
    struct cs_event event;
    struct cs_diag diag = {0};

    while (cs_reader_next(reading->reader, &piece, &event, &diag) == CS_STEP_EVENT) {
        twin_read_event(&event, log);
    }
    if (diag.code != CS_OK && !reading->failed) {
        cs_buf_printf(log, "%s@%llu\n", cs_err_name(diag.code), (unsigned long long)diag.offset);
    }
    reading->failed = diag.code != CS_OK;
}

static inline void twin_close(void *state, struct cs_buf *log)
{
    struct twin_reading *reading = state;
    uint64_t cursor = 0;
    bool has_cursor = cs_reader_cursor(reading->reader, &cursor);

    if (!reading->failed) {
        cs_buf_printf(log, "left %llu\n", (unsigned long long)cs_reader_finish(reading->reader));
    }
    cs_buf_printf(log, "cursor %d %llu caught up %d\n", has_cursor, (unsigned long long)cursor,
                  cs_reader_caught_up(reading->reader));
    cs_reader_free(reading->reader);
}

/* The last line of a twin's log: where a reader stands at the end. */
static inline void twin_log_state(struct twin *twin)
{
    bool caught_up =
        twin->has_tail &&
        (twin->has_cursor ? twin->cursor < UINT64_MAX && twin->tail.seq_num == twin->cursor + 1
                          : twin->tail.seq_num == 0);

    cs_buf_printf(&twin->log, "cursor %d %llu caught up %d\n", twin->has_cursor,
                  (unsigned long long)(twin->has_cursor ? twin->cursor : 0), caught_up);
}

#endif
