/* The text of events: what a store's records look like on the wire (OUT-06 to OUT-18). */
#ifndef CHATSPEC_ENDPOINT_SSE_RENDER_H
#define CHATSPEC_ENDPOINT_SSE_RENDER_H

#include "endpoint/policy/policy.h"
#include "wire/record.h"

/* What the id line counts over one connection (OUT-11). */
struct cs_sse_counters {
    uint64_t n_records;
    uint64_t metered;
};

/* Records as JSON takes them: text, or base64 (CHN-09). */
enum cs_format {
    CS_FORMAT_RAW,
    CS_FORMAT_BASE64
};

/* What a batch is for every subscriber alike, so that it is made once for all of them. */
struct cs_sse_batch {
    const struct cs_record *records; /* borrowed, as is `data` */
    size_t n;
    uint64_t metered;    /* bytes of the records */
    struct cs_view data; /* cs_sse_put_data */
};
/* Appends the data line of a batch and the empty line behind it; `tail` NULL leaves the tail out.
 */
void cs_sse_put_data(const struct cs_policy *policy, enum cs_format format,
                     const struct cs_record *records, size_t n, const struct cs_position *tail,
                     struct cs_buf *out);
/* Appends a batch event. Counts the records. */
void cs_sse_put_batch(const struct cs_policy *policy, const struct cs_sse_batch *batch,
                      struct cs_sse_counters *counters, struct cs_buf *out);
/* Appends the records as they stand in an array, divided by commas; one may come before them. */
void cs_put_records(const struct cs_policy *policy, enum cs_format format,
                    const struct cs_record *records, size_t n, bool comma, struct cs_buf *out);
/* Appends "tail":{...}. */
void cs_put_tail(const struct cs_policy *policy, struct cs_position tail, struct cs_buf *out);
/* `tail` may be NULL: a ping that does not tell it. */
void cs_sse_put_ping(const struct cs_policy *policy, int64_t now_ms, const struct cs_position *tail,
                     struct cs_buf *out);
void cs_sse_put_error(const char *code, const char *message, struct cs_buf *out);
/* A quoted JSON string of bytes in raw format: what is not UTF-8 becomes U+FFFD (REC-14, REC-17).
 */
void cs_put_raw_string(struct cs_buf *out, struct cs_view bytes);
/* [["name","value"],...] in order (REC-17). */
void cs_put_headers(struct cs_buf *out, const struct cs_header *headers, size_t n,
                    bool lower_case_names);

#endif
