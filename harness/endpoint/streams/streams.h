/* What the stream files of the reference endpoint share: routes_channel.c, routes_append.c,
 * routes_s2.c and its siblings, sse_out.c, agent.c. */
#ifndef CHATSPEC_ENDPOINT_STREAMS_H
#define CHATSPEC_ENDPOINT_STREAMS_H

#include "endpoint/streams/dedupe.h"
#include "endpoint/internal.h"
#include "endpoint/streams/read_bounds.h"
#include "endpoint/streams/sse_render.h"

#define CS_STREAM_NAME_MAX ((size_t)4096)
/* Of what srv's names begin with and those here do not: "org/<25 characters>/env/dev/" (LIM-14). */
#define CS_STREAM_PREFIX_LEN ((size_t)38)
#define CS_PART_ID_LEN       7 /* of a generated part id (APP-12) */

struct cs_subscriber;
TAILQ_HEAD(cs_subscriber_list, cs_subscriber);

/* The text of the last batch that went out, for the next subscriber who is given the same. */
struct cs_sse_shared {
    uint64_t batch; /* its number in the store; 0: none that may be used again */
    size_t skipped; /* of its records, as are those that were wanted */
    size_t n;
    enum cs_format format;
    bool has_tail;
    struct cs_position tail;
    uint64_t metered;
    struct cs_buf data;
};

struct cs_streams {
    struct cs_endpoint *endpoint;
    struct cs_dedupe dedupe;
    struct cs_subscriber_list subscribers;
    /* Lent for one call at a time: the text of the event that is being written, and its chunk. */
    struct cs_buf text;
    struct cs_buf chunk;
    struct cs_sse_shared shared;
};

/* The stream that a call reads or writes. With `by_url` it is named by what the URL said instead of
 * by the canonical key: a fault that a policy can switch on. */
void cs_call_stream_name(const struct cs_call *call, bool by_url, struct cs_buf *out);
/* A header's value as a Fetch Headers object gives it (ERR-23); false when there is none. Clears
 * `out` first. */
bool cs_call_header(struct cs_call *call, const char *name, struct cs_buf *out);

/* ---- sse_out.c ---- */

struct cs_sse_start {
    uint64_t from; /* first number to send */
    bool latest;   /* instead of `from`: the newest record, then live (OUT-39) */
    bool peek;     /* end at once when the stream is settled (RES-17) */
    /* Without news; 0: end at the edge. */
    int64_t wait_ms;
    /* Of direct reads of the store (routes_s2_read.c) only: */
    bool direct;
    struct cs_view stream; /* its name in the store; needed during the start only */
    enum cs_format format;
    struct cs_read_bounds bounds;
    struct cs_sse_counters counters; /* what the id line begins with (STO-05) */
};

#define CS_WAIT_FOREVER ((int64_t)-1)

/* Answers the call with an event stream. */
void cs_sse_out_start(struct cs_call *call, const struct cs_sse_start *start);
/* Open subscriptions of the channel that the call is about, its own included. */
int64_t cs_sse_count_readers(const struct cs_call *call);

/* Resets all subscriptions of the session's channels: a fault that a policy can switch on. */
void cs_sse_cut(const struct cs_endpoint *endpoint, const struct cs_session *session);

/* ---- routes_s2.c ---- */

/* Appends the access token that PUT hands out for a stream (CHN-07, CHN-08); `name` as in
 * X-S2-Stream-Name. */
CS_MUST_USE enum cs_err cs_s2_token(const struct cs_endpoint *endpoint,
                                    const struct cs_environment *environment, struct cs_view name,
                                    struct cs_buf *out);

#define CS_S2_BASIN "chatspec-basin"

#endif
