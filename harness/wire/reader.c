#include "wire/reader.h"

#include <stdlib.h>

#include "wire/json.h"

struct cs_reader {
    struct cs_sse *sse;
    struct cs_batch_limits limits;

    struct cs_sse_event framing; /* of the event that is being handed out */
    struct cs_batch_store store;
    struct cs_batch batch;
    size_t next_record;
    bool in_batch; /* records of `batch`, or its end, are still to be handed out */

    bool has_cursor;
    uint64_t cursor;
    bool has_tail;
    struct cs_position tail;
};

struct cs_reader *cs_reader_new(const struct cs_reader_limits *limits)
{
    struct cs_reader *reader = calloc(1, sizeof(*reader));

    if (!reader) {
        return NULL;
    }
    reader->sse = cs_sse_new(limits ? limits->max_event : 0);
    if (!reader->sse) {
        free(reader);
        return NULL;
    }
    if (limits) {
        reader->limits = limits->batch;
    }
    reader->limits.is_utf8 = true; /* framing has replaced what was not */
    return reader;
}

void cs_reader_free(struct cs_reader *reader)
{
    if (!reader) {
        return;
    }
    cs_sse_free(reader->sse);
    cs_batch_store_free(&reader->store);
    free(reader);
}

void cs_reader_reconnect(struct cs_reader *reader)
{
    cs_sse_reset(reader->sse);
    reader->in_batch = false;
}

/* A fault of the peer's content: an event, not the end of reading. */
static void malformed(struct cs_reader *reader, struct cs_event *event, const struct cs_diag *fault)
{
    event->type = CS_EVENT_MALFORMED;
    (void)cs_fail(&event->fault, fault->code, reader->framing.start, "data+%llu: %s",
                  (unsigned long long)fault->offset, fault->text);
}

static void note_tail(struct cs_reader *reader, struct cs_position tail)
{
    reader->has_tail = true;
    reader->tail = tail;
}

/* The next record of the batch at hand, or its end. */
static void hand_out(struct cs_reader *reader, struct cs_event *event)
{
    event->batch = &reader->batch;
    if (reader->next_record == reader->batch.n_records) {
        reader->in_batch = false;
        event->type = CS_EVENT_BATCH_END;
        event->has_tail = reader->batch.has_tail;
        event->tail = reader->batch.tail;
        return;
    }
    event->type = CS_EVENT_RECORD;
    event->index = reader->next_record++;
    event->record = reader->batch.records[event->index];
    /* The highest and not the last: a server that goes back must not make us read twice. */
    if (!reader->has_cursor || event->record.seq_num > reader->cursor) {
        reader->has_cursor = true;
        reader->cursor = event->record.seq_num;
    }
}

static enum cs_step begin_batch(struct cs_reader *reader, struct cs_event *event,
                                struct cs_diag *diag)
{
    struct cs_diag fault = {0};
    enum cs_err err = cs_batch_decode(reader->framing.data, &reader->limits, &reader->store,
                                      &reader->batch, &fault);

    if (err == CS_ERR_NO_MEMORY) {
        (void)cs_fail(diag, err, reader->framing.start, "%s", fault.text);
        return CS_STEP_ERROR;
    }
    if (err) {
        malformed(reader, event, &fault);
        return CS_STEP_EVENT;
    }
    if (reader->batch.has_tail) {
        note_tail(reader, reader->batch.tail);
    }
    reader->in_batch = true;
    reader->next_record = 0;
    hand_out(reader, event);
    return CS_STEP_EVENT;
}

/* The offset of a member's value in the data that it was found in. */
static uint64_t offset_in(struct cs_view data, struct cs_view value)
{
    return (uint64_t)(value.ptr - data.ptr);
}

static enum cs_err ping_timestamp(struct cs_view data, int64_t *ret_timestamp,
                                  struct cs_diag *fault)
{
    struct cs_view text;
    struct cs_json json;
    struct cs_json_token token;
    enum cs_err err = cs_json_get(data, CS_VIEW("timestamp"), &text);

    if (err) {
        return cs_fail(fault, err, 0,
                       err == CS_ERR_TYPE ? "a ping must be an object"
                                          : "a ping without timestamp");
    }
    cs_json_init(&json, text);
    (void)cs_json_next(&json, &token, NULL);
    err = cs_json_i64(&token, ret_timestamp);
    if (err) {
        return cs_fail(fault, err, offset_in(data, text), "timestamp must be an integer");
    }
    return CS_OK;
}

/* OUT-18: an integer timestamp, and a tail on stores that report it. */
static enum cs_err decode_ping(struct cs_view data, struct cs_event *event, struct cs_diag *fault)
{
    struct cs_view tail;
    enum cs_err err = cs_json_check(data, fault);

    if (err || (err = ping_timestamp(data, &event->timestamp, fault)) ||
        cs_json_get(data, CS_VIEW("tail"), &tail)) {
        return err;
    }
    err = cs_position_decode(tail, &event->tail, fault);
    if (err) {
        fault->offset += offset_in(data, tail);
        return err;
    }
    event->has_tail = true;
    return CS_OK;
}

static void take_ping(struct cs_reader *reader, struct cs_event *event)
{
    struct cs_diag fault = {0};

    event->type = CS_EVENT_PING;
    if (decode_ping(reader->framing.data, event, &fault)) {
        malformed(reader, event, &fault);
    } else if (event->has_tail) {
        note_tail(reader, event->tail);
    }
}

/* An event with nothing in it. Not the 200 bytes of a fault's text: they are written with its code,
 * and this is done for every record. */
static void clear_event(const struct cs_reader *reader, struct cs_event *event)
{
    event->type = CS_EVENT_UNKNOWN;
    event->sse = &reader->framing;
    event->record = (struct cs_record){0};
    event->index = 0;
    event->batch = NULL;
    event->timestamp = 0;
    event->has_tail = false;
    event->tail = (struct cs_position){0};
    event->fault.code = CS_OK;
    event->fault.offset = 0;
    event->fault.text[0] = '\0';
}

enum cs_step cs_reader_next(struct cs_reader *reader, struct cs_view *input,
                            struct cs_event *ret_event, struct cs_diag *diag)
{
    enum cs_step step = CS_STEP_EVENT;

    if (reader->in_batch) {
        clear_event(reader, ret_event);
        hand_out(reader, ret_event);
        return CS_STEP_EVENT;
    }
    step = cs_sse_next(reader->sse, input, &reader->framing, diag);
    if (step != CS_STEP_EVENT) {
        return step;
    }
    clear_event(reader, ret_event);
    if (cs_view_eq(reader->framing.event, CS_VIEW("batch"))) {
        step = begin_batch(reader, ret_event, diag);
    } else if (cs_view_eq(reader->framing.event, CS_VIEW("ping"))) {
        take_ping(reader, ret_event);
    } else if (cs_view_eq(reader->framing.event, CS_VIEW("error"))) {
        ret_event->type = CS_EVENT_ERROR;
    } else if (reader->framing.event.len == 0 &&
               cs_view_eq(reader->framing.data, CS_VIEW("[DONE]"))) {
        ret_event->type = CS_EVENT_DONE;
    }
    return step;
}

uint64_t cs_reader_finish(struct cs_reader *reader)
{
    return cs_sse_finish(reader->sse);
}

bool cs_reader_cursor(const struct cs_reader *reader, uint64_t *ret_seq_num)
{
    if (reader->has_cursor) {
        *ret_seq_num = reader->cursor;
    }
    return reader->has_cursor;
}

void cs_reader_set_cursor(struct cs_reader *reader, uint64_t seq_num)
{
    reader->has_cursor = true;
    reader->cursor = seq_num;
}

bool cs_reader_caught_up(const struct cs_reader *reader)
{
    if (!reader->has_tail) {
        return false;
    }
    /* Compared without adding: the highest number has no successor. */
    return reader->has_cursor
               ? reader->tail.seq_num > 0 && reader->tail.seq_num - 1 == reader->cursor
               : reader->tail.seq_num == 0;
}

const char *cs_event_name(enum cs_event_type type)
{
    switch (type) {
    case CS_EVENT_RECORD:
        return "record";
    case CS_EVENT_BATCH_END:
        return "batch-end";
    case CS_EVENT_PING:
        return "ping";
    case CS_EVENT_ERROR:
        return "error";
    case CS_EVENT_DONE:
        return "done";
    case CS_EVENT_UNKNOWN:
        return "unknown";
    case CS_EVENT_MALFORMED:
        return "malformed";
    }
    return "(not an event)";
}
