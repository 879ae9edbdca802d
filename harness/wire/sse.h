/* Server-sent event framing as the WHATWG standard defines it, over bytes in any split.
 *
 * Pull, not push: the caller owns the input and calls cs_sse_next until it asks for more. Any
 * split of the same bytes gives the same events with the same offsets. Memory is bounded by
 * max_event (at worst a small multiple of it); cost is linear in the input. An event is dispatched
 * as soon as its blank line is seen: a CR ends a line at once, and an LF right after it is
 * swallowed when it comes.
 *
 * Besides what the standard dispatches, an event carries facts that conformance cases judge
 * (OUT-06, OUT-07, OUT-12): which line ends were used, whether a retry field came, where the
 * bytes stood.
 */
#ifndef CHATSPEC_WIRE_SSE_H
#define CHATSPEC_WIRE_SSE_H

#include "wire/bytes.h"

enum cs_step {
    CS_STEP_MORE,  /* all input is used up: feed more, or finish */
    CS_STEP_EVENT, /* *ret_event is set and valid until the next call */
    CS_STEP_ERROR  /* *diag is set; the stream cannot be read any further */
};

enum {
    CS_SSE_LF = 1u << 0,          /* a line ended in LF alone */
    CS_SSE_CRLF = 1u << 1,        /* a line ended in CR LF; CR and LF in two reads count too */
    CS_SSE_CR = 1u << 2,          /* a line ended in CR alone (known once the next byte is seen:
                                     when it ends a blank line, it counts for the next block) */
    CS_SSE_HAS_EVENT = 1u << 3,   /* an event field was given */
    CS_SSE_HAS_ID = 1u << 4,      /* an id field was given (and held no NUL) */
    CS_SSE_HAS_RETRY = 1u << 5,   /* a retry field was given */
    CS_SSE_HAS_UNKNOWN = 1u << 6, /* a field with another name was given */
    CS_SSE_HAS_COMMENT = 1u << 7, /* a comment line was given */
    CS_SSE_REPLACED = 1u << 8,    /* invalid UTF-8 was replaced inside this event */
    CS_SSE_NO_SPACE = 1u << 9     /* a data field had no space after its colon */
};

struct cs_sse_event {
    struct cs_view event; /* the event field's value; empty when absent */
    struct cs_view data;  /* data lines joined by LF */
    struct cs_view id;    /* the id field of this block; empty when absent */
    size_t n_data_lines;
    unsigned flags; /* CS_SSE_... */
    uint64_t start; /* offset in the stream of the block's first byte */
    uint64_t end;   /* one past the line end of its blank line's first byte (a CR or LF) */
};

struct cs_sse; /* opaque */

/* A legal line reaches 6 MiB (OUT-27). */
#define CS_SSE_DEFAULT_MAX_EVENT ((size_t)8 * 1024 * 1024)

/* A new reader, or NULL when out of memory. `max_event` bounds the bytes of one block's lines
 * (comments too, line ends not); 0 means CS_SSE_DEFAULT_MAX_EVENT. */
struct cs_sse *cs_sse_new(size_t max_event);
void cs_sse_free(struct cs_sse *sse);
/* Back to the start of a new stream; memory is kept. */
void cs_sse_reset(struct cs_sse *sse);

/* Reads from *input, moves it past what was used, and stops after one event. Blocks without any
 * data line are not events (as the standard says) and are passed over. The event's views may point
 * into the input, which therefore must stay as it is until the next call.
 * Errors, which any later call returns again: CS_ERR_LIMIT (event too large), CS_ERR_NO_MEMORY. */
enum cs_step cs_sse_next(struct cs_sse *sse, struct cs_view *input, struct cs_sse_event *ret_event,
                         struct cs_diag *diag);

/* End of input. Returns the number of bytes of an unfinished block, which the standard discards:
 * 0 means the stream ended between events. */
uint64_t cs_sse_finish(struct cs_sse *sse);

/* Bytes read since the start of the stream. */
uint64_t cs_sse_offset(const struct cs_sse *sse);

#endif
