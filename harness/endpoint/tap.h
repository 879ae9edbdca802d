/* The tap: whoever runs the endpoint in its own process sees what peers asked for, what was
 * answered, and what the streams hold, as it happens.
 *
 * Hooks are called from the loop, in the order of events. What they are given lives during the call
 * only. They may write down, count, stop the loop or write to other processes, but not call the
 * endpoint: what is to be done there (play.h) is done after the hook has returned, from a timer or
 * once the loop was stopped. Times are milliseconds since the endpoint's start.
 */
#ifndef CHATSPEC_ENDPOINT_TAP_H
#define CHATSPEC_ENDPOINT_TAP_H

#include "wire/record.h"

enum cs_io {
    CS_IO_IN,
    CS_IO_OUT
};

/* A request. One that is refused on its head alone (unknown path, no authorization, too large) is
 * told with `on_head`, without its body, just before its answer. */
struct cs_tap_request {
    uint64_t number;     /* from 1; its answer has the same */
    uint64_t connection; /* from 1 */
    int64_t at_ms;
    struct cs_view method;
    struct cs_view target; /* path and query as sent */
    const struct cs_header *headers;
    size_t n_headers;
    struct cs_view body;
    bool on_head;
    /* What it is, in the words of fault rules (faults/README.md): "put", "json", "wait"...; "other"
     * when no rule can name it. */
    const char *form;
    /* What stands after the slash there: "turn-complete", "get"...; or empty. */
    struct cs_view part;
    /* What a fault rule has the endpoint do, "apply-reset"; NULL: nothing. */
    const char *fault;
};

struct cs_tap_answer {
    uint64_t number; /* of the request */
    int64_t at_ms;
    int status; /* of the head, when it was sent; 0: the connection ended without any answer */
};

/* A stream of a session. One that a peer named itself at the store's door is no channel: `key` is
 * then empty and `io` without meaning. */
struct cs_tap_stream {
    struct cs_view name;    /* in the store: "<environment>/sessions/<key>/out" */
    struct cs_view key;     /* external id of the session, else its id */
    struct cs_view channel; /* of a side channel; empty for the reserved pair */
    enum cs_io io;
};

/* A batch that was stored, commands included: told before it is acknowledged. With a store
 * elsewhere, what peers write there directly is not seen. */
struct cs_tap_records {
    struct cs_tap_stream stream;
    int64_t at_ms;
    const struct cs_record *records; /* seq_num, timestamp, kind, headers and body are set */
    size_t n_records;
};

/* A subscription (SSE of a channel) began to be served, or ended for whatever reason. */
struct cs_tap_reader {
    struct cs_tap_stream stream;
    uint64_t number; /* of its request */
    int64_t at_ms;
};

/* A run that was triggered: somebody has to execute it. */
struct cs_tap_run {
    const char *id;
    const char *session_id;
    struct cs_view key; /* of the session, as above */
    const char *task;
    const char *payload; /* JSON text of an object */
    bool is_current;     /* the session's own from now on, and not the loser of a swap */
    int64_t at_ms;
};

enum cs_waitpoint_state {
    CS_WAITPOINT_CREATED, /* session-streams/wait was answered */
    CS_WAITPOINT_BLOCKED, /* the run waits for it: from now on it is suspended */
    CS_WAITPOINT_DONE     /* the run is to be woken with `output` */
};

/* A waitpoint of a session's channel (AGT-SES-18 to AGT-SES-21). DONE comes once, after BLOCKED,
 * when a record past `lastSeqNum` is there or the time is up. */
struct cs_tap_waitpoint {
    enum cs_waitpoint_state state;
    const char *id;
    const char *run_id;
    struct cs_view key; /* of the session it waits for */
    enum cs_io io;
    struct cs_view output; /* DONE: JSON text, the record's or the error's */
    bool is_error;         /* DONE: the time was up */
    int64_t at_ms;
};

/* All hooks may be NULL. Borrowed by the endpoint, which it has to outlive. */
struct cs_tap {
    void *ctx;
    void (*on_request)(void *ctx, const struct cs_tap_request *request);
    void (*on_answer)(void *ctx, const struct cs_tap_answer *answer);
    void (*on_records)(void *ctx, const struct cs_tap_records *records);
    void (*on_subscribed)(void *ctx, const struct cs_tap_reader *reader);
    void (*on_unsubscribed)(void *ctx, const struct cs_tap_reader *reader);
    void (*on_run)(void *ctx, const struct cs_tap_run *run);
    void (*on_waitpoint)(void *ctx, const struct cs_tap_waitpoint *waitpoint);
};

/* Appends the request as a person reads it: as an HTTP/1.1 message, whatever the connection speaks.
 */
void cs_tap_request_text(const struct cs_tap_request *request, struct cs_buf *out);

#endif
