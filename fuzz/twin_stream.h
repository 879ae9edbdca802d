/* The events of a twin: batches, pings and the rest, in any line ends, with comments between. */
#ifndef CHATSPEC_FUZZ_TWIN_STREAM_H
#define CHATSPEC_FUZZ_TWIN_STREAM_H

#include "fuzz/twin_record.h"

/* No more events than this: the work is bounded by the input anyway, this keeps one run short. */
enum {
    TWIN_MAX_EVENTS = 12
};

/* One line and its end. A blank line's LF would belong to a CR before it. */
static inline void twin_line(struct twin *twin, struct cs_view line)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    size_t end = twin_choose(twin, 3);
    size_t max = twin->limits.max_event;

    if (max && !twin->over && line.len > max - twin->block_len) {
        cs_buf_printf(&twin->log, "CS_ERR_LIMIT@%zu\n", twin->wire.len + max - twin->block_len);
        twin->over = true;
        twin->broken = true;
    }
    twin->block_len += line.len;
    end = line.len == 0 && twin->after_cr && end == 0 ? 1 : end;
    cs_buf_add(&twin->wire, line);
    cs_buf_str(&twin->wire, ends[end]);
    twin->after_cr = end == 2;
}

static inline void twin_field(struct twin *twin, const char *name, struct cs_view value)
{
    bool space = (value.len > 0 && value.ptr[0] == ' ') || twin_choose(twin, 4) != 1;
    struct cs_buf line = CS_BUF(FUZZ_BUF_MAX);

    cs_buf_str(&line, name);
    cs_buf_str(&line, space ? ": " : ":");
    cs_buf_add(&line, value);
    twin_line(twin, cs_buf_view(&line));
    cs_buf_free(&line);
}

/* Lines that change nothing. */
static inline void twin_ignored_lines(struct twin *twin)
{
    static const char *const lines[] = {
        ":", ": data: {\"records\":[]}", "retry: 3000", "id: 0,1,2", "datas: x", "Data: x"};

    for (size_t n = twin_choose(twin, 8); n > 5; n--) {
        twin_line(twin, cs_view_str(lines[twin_choose(twin, sizeof(lines) / sizeof(lines[0]))]));
    }
}

/* Writes the block of an event; where it starts and where it ends. */
static inline void twin_block(struct twin *twin, const char *event, size_t *ret_start,
                              size_t *ret_end)
{
    struct cs_view data = cs_buf_view(&twin->data);
    bool name_last = twin_choose(twin, 4) == 1;
    size_t len;

    twin->block_len = 0;
    *ret_start = twin->wire.len;
    twin_ignored_lines(twin);
    if (event && !name_last) {
        twin_field(twin, "event", cs_view_str(event));
    }
    do {
        len = cs_view_find(data, CS_VIEW("\n"));
        twin_field(twin, "data", fuzz_take(&data, len));
        (void)fuzz_take(&data, 1);
    } while (len != SIZE_MAX);
    if (event && name_last) {
        twin_field(twin, "event", cs_view_str(event));
    }
    twin_ignored_lines(twin);
    twin_line(twin, CS_VIEW(""));
    /* One past the first byte of the last line end. */
    *ret_end = twin->wire.len - (twin->wire.ptr[twin->wire.len - 1] == '\n' &&
                                 twin->wire.ptr[twin->wire.len - 2] == '\r');
}

static inline void twin_position(struct twin *twin, struct cs_position *ret_position, bool *ret_has)
{
    size_t start = twin->data.len;
    bool first = true;

    ret_position->seq_num = twin_choose(twin, 3) ? twin->next_seq : twin_choose(twin, 200);
    ret_position->timestamp = (int64_t)twin_choose(twin, 200) * 1000003;
    *ret_has = true;
    twin_token(twin, "{");
    twin_key(twin, &first, "seq_num");
    twin_number(twin, ret_position->seq_num);
    if (twin_breaks(twin, TWIN_TAIL_WITHOUT_TIME)) {
        *ret_has = false;
        *ret_position = (struct cs_position){0};
        if (!twin->lenient) {
            twin_fault(twin, CS_ERR_MISSING, start);
        }
    } else {
        twin_key(twin, &first, "timestamp");
        twin_time(twin, ret_position->timestamp);
    }
    twin_token(twin, "}");
}

static inline void twin_records(struct twin *twin)
{
    size_t n = twin_choose(twin, 5);

    if (twin_breaks_here(twin, TWIN_RECORDS_OBJECT, CS_ERR_TYPE, 0, TWIN_COSTS_BATCH)) {
        twin_token(twin, "{}");
        return;
    }
    twin_token(twin, "[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            twin_token(twin, ",");
        }
        if (twin_breaks_here(twin, TWIN_RECORD_NULL, CS_ERR_TYPE, 0, TWIN_COSTS_PART)) {
            twin_token(twin, "null");
            twin_token(twin, ",");
        }
        twin_write_record(twin);
    }
    twin_token(twin, "]");
}

/* Writes the fault of the event, if it has one. */
static inline bool twin_malformed(struct twin *twin, size_t start, size_t end)
{
    if (twin->fault != CS_OK) {
        cs_buf_printf(&twin->log, "malformed %zu-%zu %s@%zu data+%llu\n", start, end,
                      cs_err_name(twin->fault), start, (unsigned long long)twin->fault_at);
    }
    return twin->fault != CS_OK;
}

static inline void twin_note_tail(struct twin *twin, bool has, struct cs_position tail)
{
    twin->has_tail = twin->has_tail || has;
    twin->tail = has ? tail : twin->tail;
}

static inline void twin_batch(struct twin *twin)
{
    struct cs_position tail = {0};
    bool has_tail = false;
    bool named = !twin_breaks(twin, TWIN_EVENT_NAME);
    bool tail_first = twin_choose(twin, 4) == 1;
    bool wants_tail = twin_choose(twin, 2);
    bool first = true;
    size_t start;
    size_t end;

    twin_token(twin, "{");
    if (wants_tail && tail_first) {
        twin_key(twin, &first, "tail");
        twin_position(twin, &tail, &has_tail);
    }
    twin_unknown(twin, &first);
    if (twin_breaks(twin, TWIN_RECORDS_MISSING)) {
        twin_fault(twin, CS_ERR_MISSING, 0);
    } else {
        twin_key(twin, &first, "records");
        twin_records(twin);
    }
    if (wants_tail && !tail_first) {
        twin_key(twin, &first, "tail");
        twin_position(twin, &tail, &has_tail);
    }
    if (!twin_breaks_here(twin, TWIN_DATA_ENDS, CS_ERR_SYNTAX, 0, TWIN_COSTS_BATCH)) {
        twin_token(twin, "}");
    }
    if (twin_breaks_here(twin, TWIN_BYTES_AFTER, CS_ERR_SYNTAX, 0, TWIN_COSTS_BATCH)) {
        twin_token(twin, "]");
    }
    twin_block(twin, named ? "batch" : "Batch", &start, &end);
    if (twin->over || (named && twin_malformed(twin, start, end))) {
        return;
    }
    if (!named) {
        twin_log_event(&twin->log, "unknown", start, end);
        cs_buf_char(&twin->log, '\n');
        return;
    }
    twin_note_tail(twin, has_tail, tail);
    if (twin->has_batch_cursor && (!twin->has_cursor || twin->batch_cursor > twin->cursor)) {
        twin->has_cursor = true;
        twin->cursor = twin->batch_cursor;
    }
    cs_buf_add(&twin->log, cs_buf_view(&twin->records));
    cs_buf_printf(&twin->log, "batch-end %zu-%zu %zu %d %llu@%lld\n", start, end, twin->n_records,
                  has_tail, (unsigned long long)tail.seq_num, (long long)tail.timestamp);
}

static inline void twin_ping(struct twin *twin)
{
    struct cs_position tail = {0};
    bool has_tail = false;
    bool first = true;
    bool lenient = twin->lenient;
    int64_t timestamp = (int64_t)twin_choose(twin, 200) * 1000003;
    size_t start;
    size_t end;

    twin_token(twin, "{");
    twin->lenient = false; /* there is no lenient reading of a ping */
    if (twin_choose(twin, 2)) {
        twin_key(twin, &first, "tail");
        twin_position(twin, &tail, &has_tail);
    }
    if (twin_breaks(twin, TWIN_PING_WITHOUT_TIME)) {
        twin_fault(twin, CS_ERR_MISSING, 0);
    } else {
        twin_key(twin, &first, "timestamp");
        if (twin_breaks_here(twin, TWIN_PING_TIME_TEXT, CS_ERR_TYPE, 0, TWIN_COSTS_BATCH)) {
            twin_token(twin, "\"now\"");
        } else {
            twin_time(twin, timestamp);
        }
    }
    twin_token(twin, "}");
    twin->lenient = lenient;
    twin_block(twin, "ping", &start, &end);
    if (twin->over || twin_malformed(twin, start, end)) {
        return;
    }
    twin_note_tail(twin, has_tail, tail);
    cs_buf_printf(&twin->log, "ping %zu-%zu %lld %d %llu@%lld\n", start, end, (long long)timestamp,
                  has_tail, (unsigned long long)tail.seq_num, (long long)tail.timestamp);
}

/* An event whose data says nothing to the protocol. */
static inline void twin_plain_event(struct twin *twin, const char *event, const char *data,
                                    const char *logged)
{
    size_t start;
    size_t end;

    cs_buf_str(&twin->data, data);
    twin_block(twin, event, &start, &end);
    if (!twin->over) {
        twin_log_event(&twin->log, logged, start, end);
        cs_buf_char(&twin->log, '\n');
    }
}

static inline void twin_event(struct twin *twin)
{
    twin->fault = CS_OK;
    twin->n_records = 0;
    twin->n_headers = 0;
    twin->has_batch_cursor = false;
    cs_buf_clear(&twin->data);
    cs_buf_clear(&twin->records);
    switch (twin_choose(twin, 12)) {
    case 1:
    case 2:
        twin_ping(twin);
        break;
    case 3:
        twin_plain_event(twin, NULL, "[DONE]", "done");
        break;
    case 4:
        twin_plain_event(twin, "error", "{\"message\":\"x\"}", "error");
        break;
    case 5:
        twin_plain_event(twin, "batches", "{\"records\":[]}", "unknown");
        break;
    case 6: /* a block without data is no event */
        twin->block_len = 0;
        twin_ignored_lines(twin);
        twin_line(twin, CS_VIEW(""));
        break;
    default:
        twin_batch(twin);
        break;
    }
}

/* Cuts the last event somewhere, so that it never was; `before` is the twin before it. */
static inline bool twin_cut(struct twin *twin, const struct twin *before)
{
    size_t len = twin->wire.len - before->wire.len;

    if (len <= 3) {
        return false;
    }
    len = 1 + twin->victim * 7 % (len - 3); /* the last line end, of two bytes at most, stays out */
    twin->wire.len = before->wire.len + len;
    twin->log.len = before->log.len;
    twin->broken = true;
    twin->has_cursor = before->has_cursor;
    twin->cursor = before->cursor;
    twin->has_tail = before->has_tail;
    twin->tail = before->tail;
    cs_buf_printf(&twin->log, "left %zu\n", len);
    return true;
}

/* The whole stream. */
static inline void twin_write(struct twin *twin)
{
    struct twin before;

    if (twin_choose(twin, 8) == 1) {
        cs_buf_str(&twin->wire, "\xef\xbb\xbf");
    }
    before = *twin;
    for (size_t n = 0; n < TWIN_MAX_EVENTS && twin->choices.len > 0; n++) {
        before = *twin;
        twin_event(twin);
    }
    if (twin->defect == TWIN_CUT && twin_cut(twin, &before)) {
        return;
    }
    if (!twin->over) {
        cs_buf_str(&twin->log, "left 0\n");
    }
}

#endif
