/* A stream that is right because of how it is made, and beside it what a reader must say of it.
 *
 * Everything is chosen by the bytes of the input, and both are written at once: the wire's text
 * with its escapes and line ends, and the log in plain text. At most one thing in it is broken; the
 * log then names the fault instead of what it costs. twin_json.h writes strings, twin_record.h
 * records, twin_stream.h events.
 */
#ifndef CHATSPEC_FUZZ_TWIN_H
#define CHATSPEC_FUZZ_TWIN_H

#include "fuzz/fuzz.h"
#include "wire/reader.h"

enum twin_defect {
    TWIN_NONE,
    TWIN_SEQ_MISSING,
    TWIN_SEQ_TEXT,
    TWIN_SEQ_FRACTION,
    TWIN_SEQ_NEGATIVE,
    TWIN_SEQ_OVER_64_BITS,
    TWIN_SEQ_LEADING_ZERO,
    TWIN_TIMESTAMP_TEXT,
    TWIN_TIMESTAMP_OVER_63_BITS,
    TWIN_BODY_NUMBER,
    TWIN_HEADERS_OBJECT,
    TWIN_HEADER_TEXT,
    TWIN_HEADER_OF_ONE,
    TWIN_HEADER_OF_THREE,
    TWIN_HEADER_NAME_NULL,
    TWIN_RECORD_NULL,
    TWIN_RECORDS_MISSING,
    TWIN_RECORDS_OBJECT,
    TWIN_TAIL_WITHOUT_TIME,
    TWIN_CONTROL_CHARACTER,
    TWIN_NO_SUCH_ESCAPE,
    TWIN_HALF_AN_ESCAPE,
    TWIN_COMMA_TOO_MANY,
    TWIN_DATA_ENDS,
    TWIN_BYTES_AFTER,
    TWIN_PING_WITHOUT_TIME,
    TWIN_PING_TIME_TEXT,
    TWIN_EVENT_NAME,
    TWIN_RECORDS_LIMIT,
    TWIN_HEADERS_LIMIT,
    TWIN_EVENT_LIMIT,
    TWIN_CUT,
    TWIN_N_DEFECTS
};

/* What a lenient reader still makes of what is broken inside a record. */
enum twin_cost {
    TWIN_COSTS_BATCH, /* no record of this batch is handed out, leniently or not */
    TWIN_COSTS_PART   /* leniently only the part itself, strictly the batch */
};

struct twin {
    struct cs_view choices;
    enum twin_defect defect;
    size_t victim; /* so many chances to break something are passed over */
    bool lenient;  /* which reader the log is of */
    bool broken;
    struct cs_reader_limits limits; /* for the reader */

    enum cs_err fault; /* of the event that is being written */
    uint64_t fault_at; /* in its data */
    struct cs_buf data;
    struct cs_buf records; /* what will be logged of them */
    size_t n_records;      /* that a reader hands out */
    size_t n_headers;

    struct cs_buf wire;
    struct cs_buf log;
    bool after_cr;
    size_t block_len;
    bool over; /* the reader gave up: nothing is logged any more */

    bool has_cursor;
    uint64_t cursor;
    bool has_batch_cursor;
    uint64_t batch_cursor;
    uint64_t next_seq;
    struct cs_position tail;
    bool has_tail;
};

static inline void twin_free(struct twin *twin)
{
    cs_buf_free(&twin->data);
    cs_buf_free(&twin->records);
    cs_buf_free(&twin->wire);
    cs_buf_free(&twin->log);
}

/* A number below `n`, chosen by the input; 0 once that has ended. */
static inline size_t twin_choose(struct twin *twin, size_t n)
{
    struct cs_view byte = fuzz_take(&twin->choices, 1);

    return byte.len > 0 ? (unsigned char)byte.ptr[0] % n : 0;
}

/* How both logs begin the line of a record. */
static inline void twin_log_record(struct cs_buf *log, size_t index, const struct cs_record *record)
{
    bool negative = record->timestamp < 0;
    uint64_t time = (uint64_t)record->timestamp;

    cs_buf_add(log, CS_VIEW("record"));
    fuzz_add_number(log, ' ', index);
    fuzz_add_number(log, '#', record->seq_num);
    fuzz_add_number(log, ' ', record->has_timestamp);
    fuzz_add_number(log, negative ? '-' : '@', negative ? 0 - time : time);
    cs_buf_char(log, ' ');
    cs_buf_str(log, cs_record_kind_name(record->kind));
    fuzz_add_number(log, ' ', record->has_headers);
    fuzz_add_number(log, ' ', record->has_body);
}

/* How both logs name an event and where in the stream it is. */
static inline void twin_log_event(struct cs_buf *log, const char *name, uint64_t start,
                                  uint64_t end)
{
    cs_buf_str(log, name);
    fuzz_add_number(log, ' ', start);
    fuzz_add_number(log, '-', end);
}

/* Notes the fault of the event at hand; only the first counts, as for a reader. */
static inline void twin_fault(struct twin *twin, enum cs_err code, uint64_t at)
{
    if (twin->fault == CS_OK) {
        twin->fault = code;
        twin->fault_at = at;
    }
}

/* Whether this is the thing to break. */
static inline bool twin_breaks(struct twin *twin, enum twin_defect defect)
{
    if (twin->defect != defect || twin->broken || twin->victim-- > 0) {
        return false;
    }
    twin->broken = true;
    return true;
}

/* The same, with the fault that a reader finds `ahead` bytes from here in the data. */
static inline bool twin_breaks_here(struct twin *twin, enum twin_defect defect, enum cs_err code,
                                    size_t ahead, enum twin_cost cost)
{
    if (!twin_breaks(twin, defect)) {
        return false;
    }
    if (!twin->lenient || cost == TWIN_COSTS_BATCH) {
        twin_fault(twin, code, twin->data.len + ahead);
    }
    return true;
}

#endif
