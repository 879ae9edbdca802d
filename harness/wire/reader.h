/* The whole read path: bytes of an `.out` or `.in` subscription in, protocol events out.
 *
 * It joins framing (sse.h), JSON (json.h) and records (record.h), keeps the resume cursor (the
 * highest seq_num seen, command records included: RES-14) and the last tail. It is what a
 * correct custom transport does; policy (reconnect, dedupe, give up) stays with the caller.
 */
#ifndef CHATSPEC_WIRE_READER_H
#define CHATSPEC_WIRE_READER_H

#include "wire/record.h"
#include "wire/sse.h"

enum cs_event_type {
    CS_EVENT_RECORD,    /* one record of a batch; `record` is set */
    CS_EVENT_BATCH_END, /* after the last record of a batch; `batch` is set */
    CS_EVENT_PING,      /* `timestamp`, and `tail` when has_tail */
    CS_EVENT_ERROR,     /* an `error` event: the read failed, no [DONE] follows (OUT-34) */
    CS_EVENT_DONE,      /* data: [DONE] (OUT-20) */
    CS_EVENT_UNKNOWN,   /* an event name that the protocol does not have (OUT-06) */
    CS_EVENT_MALFORMED  /* a known event whose content breaks the protocol; `fault` says how */
};

struct cs_event {
    enum cs_event_type type;
    const struct cs_sse_event *sse; /* framing of the event that this came in; never NULL */
    struct cs_record record;        /* CS_EVENT_RECORD */
    size_t index;                   /* of the record in its batch */
    const struct cs_batch *batch;   /* CS_EVENT_RECORD and CS_EVENT_BATCH_END */
    int64_t timestamp;              /* CS_EVENT_PING, ms since the epoch */
    bool has_tail;                  /* CS_EVENT_PING, CS_EVENT_BATCH_END */
    struct cs_position tail;
    struct cs_diag fault; /* CS_EVENT_MALFORMED; its offset is the event's start in the
                             stream, its text names the byte of the data: "data+7: ..." */
};

struct cs_reader; /* opaque */

struct cs_reader_limits {
    size_t max_event; /* see cs_sse_new; 0: default */
    struct cs_batch_limits batch;
};

/* NULL limits mean all defaults. NULL when out of memory. */
struct cs_reader *cs_reader_new(const struct cs_reader_limits *limits);
void cs_reader_free(struct cs_reader *reader);
/* A new connection of the same subscription: framing starts afresh, the cursor stays. */
void cs_reader_reconnect(struct cs_reader *reader);

/* As cs_sse_next; views live until the next call. The records of a batch come one by one without
 * taking from *input, which must stay as it is until the reader asks for more. A batch that is
 * malformed anywhere gives no record at all, only CS_EVENT_MALFORMED, and reading goes on. */
enum cs_step cs_reader_next(struct cs_reader *reader, struct cs_view *input,
                            struct cs_event *ret_event, struct cs_diag *diag);
/* As cs_sse_finish. */
uint64_t cs_reader_finish(struct cs_reader *reader);

/* The value for Last-Event-ID: true and the highest seq_num handed out, or false when none was. */
bool cs_reader_cursor(const struct cs_reader *reader, uint64_t *ret_seq_num);
/* Sets the cursor, as after loading it from storage. */
void cs_reader_set_cursor(struct cs_reader *reader, uint64_t seq_num);
/* Highest received + 1 == last known tail: nothing is left to read (OUT-15). */
bool cs_reader_caught_up(const struct cs_reader *reader);

/* Name of an event type, such as "record". */
const char *cs_event_name(enum cs_event_type type);

#endif
