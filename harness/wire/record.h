/* S2 batches and records: the JSON inside a `batch` event (OUT-08, OUT-09, REC-01).
 *
 * The kind of a record is decided by its headers alone, never by its body:
 *   - first header name empty:            command (trim, fence)
 *   - else a header named trigger-control: control (turn-complete, ...)
 *   - else:                                data
 */
#ifndef CHATSPEC_WIRE_RECORD_H
#define CHATSPEC_WIRE_RECORD_H

#include "wire/bytes.h"

enum cs_record_kind {
    CS_RECORD_DATA,
    CS_RECORD_CONTROL,
    CS_RECORD_COMMAND
};

struct cs_header {
    struct cs_view name;
    struct cs_view value;
};

struct cs_position {
    uint64_t seq_num;
    int64_t timestamp; /* ms since the epoch */
};

struct cs_record {
    uint64_t seq_num;
    int64_t timestamp; /* ms since the epoch; 0 when has_timestamp is false */
    const struct cs_header *headers;
    size_t n_headers;
    struct cs_view body; /* decoded; empty when absent */
    enum cs_record_kind kind;
    bool has_timestamp;
    bool has_headers; /* the member was present (even if empty): OUT-10 */
    bool has_body;
    size_t offset; /* of the record's `{` in the batch text */
};

struct cs_batch {
    const struct cs_record *records;
    size_t n_records;
    size_t n_left_out; /* what a lenient reader passed over */
    bool has_tail;
    struct cs_position tail;
};

struct cs_batch_limits {
    size_t max_records; /* 0: 1000, as the protocol says (LIM-25) */
    size_t max_headers; /* over the whole batch; 0: 65536 */
    /* For a client, which must not lose a batch to one odd record: what breaks the protocol inside
     * a record costs no more than itself. Headers that are no pair of strings, other timestamps,
     * bodies and header lists are left out; so is a record without a usable seq_num. */
    bool lenient;
    /* The text is known to be valid UTF-8, as what an event stream's framing gives always is. */
    bool is_utf8;
};

/* Memory that a decoder uses again and again. A zeroed struct is ready. */
struct cs_batch_store {
    struct cs_record *records;
    size_t records_cap;
    struct cs_header *headers;
    size_t headers_cap;
    struct cs_buf text; /* decoded strings; only those that held escapes */
};

void cs_batch_store_free(struct cs_batch_store *store);

/* Decodes a whole batch, or nothing of it. Views in *ret_batch point into `text` and `store` and
 * live until either changes.
 * Strict: `records` must be an array of objects with integer seq_num; headers must be arrays of
 * exactly two strings; body a string; unknown members are passed over. An empty `records` array
 * decodes (whether it is allowed is for the caller to judge: OUT-08).
 * Errors: CS_ERR_SYNTAX, CS_ERR_TYPE, CS_ERR_MISSING, CS_ERR_RANGE, CS_ERR_LIMIT,
 * CS_ERR_NO_MEMORY; diag->offset counts from the start of `text`. */
CS_MUST_USE enum cs_err cs_batch_decode(struct cs_view text, const struct cs_batch_limits *limits,
                                        struct cs_batch_store *store, struct cs_batch *ret_batch,
                                        struct cs_diag *diag);

/* `{"seq_num":n,"timestamp":ms}` as in `tail` and in append answers. */
CS_MUST_USE enum cs_err cs_position_decode(struct cs_view text, struct cs_position *ret_position,
                                           struct cs_diag *diag);

/* The kind that these headers make (REC-01). */
enum cs_record_kind cs_record_kind_of(const struct cs_header *headers, size_t n_headers);
/* First header of that name (exact case, first match wins: REC-17), or NULL. */
const struct cs_header *cs_record_header(const struct cs_record *record, const char *name);
/* Value of `trigger-control`, or the empty view when the record is not a control record. */
struct cs_view cs_record_control(const struct cs_record *record);
/* "data", "control" or "command". */
const char *cs_record_kind_name(enum cs_record_kind kind);

/* The envelope of a data record's body: {"data": ..., "id": "..."} (REC-02). `ret_data` is the JSON
 * text of the value as it stands in the body; `ret_id` the raw string between its quotes. */
CS_MUST_USE enum cs_err cs_envelope_decode(struct cs_view body, struct cs_view *ret_data,
                                           struct cs_view *ret_id, struct cs_diag *diag);
/* The same for a body that is known to be valid UTF-8, as that of a record which a reader
 * (reader.h) hands out always is: this is then not checked a second time. */
CS_MUST_USE enum cs_err cs_envelope_decode_utf8(struct cs_view body, struct cs_view *ret_data,
                                                struct cs_view *ret_id, struct cs_diag *diag);

#endif
