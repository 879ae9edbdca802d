/* How much of a stream a direct read wants: count, bytes, until, and a time to start from (STO-01,
 * STO-02). */
#ifndef CHATSPEC_ENDPOINT_READ_BOUNDS_H
#define CHATSPEC_ENDPOINT_READ_BOUNDS_H

#include "wire/record.h"

/* A zeroed struct is a read without bounds. */
struct cs_read_bounds {
    bool has_count;
    bool has_bytes;
    bool has_until;
    bool has_since;
    bool over;      /* a bound was met: nothing more is wanted */
    uint64_t count; /* records that may still be given */
    uint64_t bytes; /* metered bytes that may still be given */
    uint64_t until; /* the first timestamp that is not wanted */
    uint64_t since; /* records of earlier times are passed over until one is not */
};

/* Is there a bound at all? Reads with one do not wait for records unless told to. */
bool cs_read_bounds_any(const struct cs_read_bounds *bounds);
/* Nothing can be given any more: a bound of zero, or one that was met. */
bool cs_read_bounds_exhausted(const struct cs_read_bounds *bounds);
/* How many records at the front come before `since`. */
size_t cs_read_bounds_skip(struct cs_read_bounds *bounds, const struct cs_record *records,
                           size_t n);
/* How many records at the front are wanted; they are subtracted from what is left. */
size_t cs_read_bounds_take(struct cs_read_bounds *bounds, const struct cs_record *records,
                           size_t n);

#endif
