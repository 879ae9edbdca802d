/* Event-stream text as a server writes it: batches of records, pings, errors, [DONE]. Pure. */
#ifndef CHATSPEC_SCRIPT_RENDER_H
#define CHATSPEC_SCRIPT_RENDER_H

#include "wire/record.h"

/* One connection's worth of rendering: the `id:` line of a batch counts records and bytes. */
struct cs_render {
    struct cs_buf *out;
    const char *eol; /* line end of the framing */
    uint64_t n_records;
    uint64_t n_bytes;
};

/* A record to be written. `raw` is given instead of everything else to write what no server would.
 */
struct cs_render_record {
    struct cs_view raw; /* JSON text of the record, or whatever stands in its place */
    uint64_t seq_num;
    const struct cs_header *headers;
    size_t n_headers;
    struct cs_view body; /* left out when empty, as the stream store does (OUT-10) */
};

/* `event: batch` with its id and one line of data, tail included (OUT-08, OUT-11). */
void cs_render_batch(struct cs_render *render, const struct cs_render_record *records,
                     size_t n_records);
/* `event: ping`; the usual data when `data` is empty (OUT-18). */
void cs_render_ping(struct cs_render *render, struct cs_view data);
/* `event: error` (OUT-34). */
void cs_render_error(struct cs_render *render, struct cs_view text);
/* `data: [DONE]` (OUT-20). */
void cs_render_done(struct cs_render *render);

/* Appends the body of a data record: {"data":<json>,"id":"<id>"} (REC-02). */
void cs_render_envelope(struct cs_buf *out, struct cs_view json, struct cs_view id);

#endif
