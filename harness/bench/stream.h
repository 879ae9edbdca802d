/* A subscription's bytes as a chat writes them, made from a seed, and the list of events that every
 * reader makes of them: the same work for each side of a comparison, with the same result. */
#ifndef CHATSPEC_BENCH_STREAM_H
#define CHATSPEC_BENCH_STREAM_H

#include "wire/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that may be read, and are 0, behind the stream: simdjson wants them. */
#define CS_BENCH_PADDING ((size_t)64)

/* Appends events until `out` has `len` bytes or a little more: batches of 1 to 16 records whose
 * bodies are enveloped text deltas (words, other scripts, emoji, code with what has to be escaped),
 * a control record now and then, and pings. False when out of memory. */
bool cs_bench_stream(struct cs_buf *out, size_t len, uint64_t seed);

/* A part of a list's text. */
struct cs_bench_text {
    size_t at;
    size_t len;
};

struct cs_bench_event {
    uint64_t seq_num;
    int64_t timestamp;
    size_t n_headers;
    struct cs_bench_text id;    /* of the envelope */
    struct cs_bench_text type;  /* of the chunk: "text-delta" */
    struct cs_bench_text delta; /* decoded */
};

/* Owned by the caller; a zeroed one with a maximum for `text` is empty. */
struct cs_bench_events {
    struct cs_bench_event *items;
    size_t n;
    size_t cap;
    struct cs_buf text;
};

/* Makes room for `n` events and `text` bytes, so that growing is no part of what is measured. */
bool cs_bench_events_room(struct cs_bench_events *events, size_t n, size_t text);
void cs_bench_events_clear(struct cs_bench_events *events);
void cs_bench_events_free(struct cs_bench_events *events);
/* The next event, or NULL when the room is used up. */
struct cs_bench_event *cs_bench_events_add(struct cs_bench_events *events);
/* Copies text to the list's. */
struct cs_bench_text cs_bench_events_text(struct cs_bench_events *events, const char *ptr,
                                          size_t len);
/* Tells two lists apart. */
uint64_t cs_bench_events_digest(const struct cs_bench_events *events);

/* The framing that peers use who have none of their own: lines that end in LF, one data line an
 * event. Moves *at past the event and gives its name and data; false at the end. */
bool cs_bench_next_event(const char **at, const char *end, struct cs_view *ret_name,
                         struct cs_view *ret_data);

/* The same for all events of a stream, until `read` is false of one; so is the result then. */
bool cs_bench_each_event(struct cs_view stream, struct cs_bench_events *events,
                         bool (*read)(struct cs_view name, struct cs_view data,
                                      struct cs_bench_events *events));

/* Readers of the whole stream: framing, batches, envelopes, one list. False: not understood. */
bool cs_bench_read_cjson(struct cs_view stream, struct cs_bench_events *events);
bool cs_bench_read_jansson(struct cs_view stream, struct cs_bench_events *events);
/* `stream` has CS_BENCH_PADDING behind it. Writes what runs: "simdjson 3.0.1 (icelake)". */
bool cs_bench_read_simdjson(struct cs_view stream, struct cs_bench_events *events);
void cs_bench_simdjson_name(char *ret_name, size_t size);

#ifdef __cplusplus
}
#endif

#endif
