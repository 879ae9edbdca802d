/* Readers: one SSE read session each, opened anew when it ends.
 *
 * A batch that the owner refuses stays where it is, in the buffers of the request and of the wire
 * reader, and nothing more is read from the connection until the owner asks. While a reader waits
 * at the edge it holds no buffers of size: those of the wire reader go at every ping.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "endpoint/store/store_s2_impl.h"
#include "wire/reader.h"

#define MAX_ATTEMPTS 8 /* without any event between them */

struct cs_s2_reader {
    struct cs_store_reader *owner;
    struct cs_s2 *s2;
    TAILQ_ENTRY(cs_s2_reader) link;
    struct cs_loop_request *request;
    struct cs_reader *wire;
    struct cs_timer retry;
    struct cs_view pending; /* of the request's bytes, not read yet */
    bool has_pending;       /* `pending` is where reading goes on when bytes are given again */
    const struct cs_batch *batch; /* the wire reader's, still to be handed out */
    uint64_t next_seq;
    int64_t last_timestamp;
    unsigned attempts;
    bool placed; /* an event has shown where the read stands: `from` may lie beyond the tail */
    bool opened; /* S2 has said once that it can be read */
    bool edge_told;
    bool blocked;        /* the owner said no */
    struct cs_view name; /* in the same block */
};

static void connect_now(struct cs_s2_reader *reader);

static struct cs_position tail_behind(const struct cs_s2_reader *reader)
{
    return (struct cs_position){reader->next_seq, reader->last_timestamp};
}

static void drop_connection(struct cs_s2_reader *reader)
{
    if (reader->request != NULL) {
        cs_loop_request_cancel(reader->request);
        reader->request = NULL;
    }
    reader->has_pending = false;
    reader->batch = NULL;
    reader->blocked = false;
    cs_reader_reconnect(reader->wire);
}

/* The read is over; the owner lets go of the reader by read_stop. */
static void give_up(struct cs_s2_reader *reader, enum cs_store_status status, const char *why)
{
    drop_connection(reader);
    reader->owner->on_error(reader->owner, status, why);
}

/* The session ended or failed: opens another after a moment, or gives up. */
static void start_over(struct cs_s2_reader *reader, const char *why)
{
    if (!reader->opened || reader->attempts >= MAX_ATTEMPTS) {
        give_up(reader, CS_STORE_UNAVAILABLE, why);
        return;
    }
    drop_connection(reader);
    int64_t delay = 0;
    if (reader->attempts > 0) {
        int64_t first = reader->s2->retry_ms;
        delay = first << (reader->attempts - 1);
        delay = delay < first * 10 ? delay : first * 10;
    }
    reader->attempts++;
    if (cs_timer_start(reader->s2->loop, &reader->retry, delay) != CS_OK) {
        give_up(reader, CS_STORE_UNAVAILABLE, "out of memory");
    }
}

/* ---- events; each gives false when nothing more is to be read from this connection for now ----
 */

/* Tells the edge when it was not told yet. */
static bool tell_edge(struct cs_s2_reader *reader, struct cs_position tail)
{
    const struct cs_s2 *s2 = reader->s2;
    if (reader->edge_told) {
        return true;
    }
    reader->edge_told = true;
    reader->owner->on_edge(reader->owner, tail);
    return s2->serving != NULL;
}

/* Numbers go up, from what was asked for on; holes are what a trim has removed. */
static bool is_in_order(const struct cs_s2_reader *reader, const struct cs_batch *batch)
{
    uint64_t next = reader->placed ? reader->next_seq : 0;
    for (size_t i = 0; i < batch->n_records; i++) {
        if (batch->records[i].seq_num < next) {
            return false;
        }
        next = batch->records[i].seq_num + 1;
    }
    return true;
}

static bool hand_out(struct cs_s2_reader *reader)
{
    struct cs_s2 *s2 = reader->s2;
    const struct cs_batch *encoded = reader->batch;
    enum cs_err err =
        is_in_order(reader, encoded) ? cs_s2_take_records(&s2->batch, encoded) : CS_ERR_SYNTAX;
    if (err != CS_OK) {
        start_over(reader, err == CS_ERR_NO_MEMORY ? "out of memory" : "S2 sent a broken batch");
        return false;
    }
    const struct cs_record *last = &s2->batch.records[s2->batch.n_records - 1];
    struct cs_position tail = encoded->has_tail
                                  ? encoded->tail
                                  : (struct cs_position){last->seq_num + 1, last->timestamp};
    bool has_tail = encoded->has_tail;
    bool taken = reader->owner->on_batch(reader->owner, s2->batch.records, s2->batch.n_records,
                                         has_tail, tail);
    if (s2->serving == NULL) {
        return false;
    }
    reader->blocked = !taken;
    if (!taken) {
        return false;
    }
    reader->batch = NULL;
    reader->placed = true;
    reader->next_seq = last->seq_num + 1;
    reader->last_timestamp = last->timestamp;
    reader->attempts = 0;
    return !has_tail || tell_edge(reader, tail);
}

/* S2 pings at the edge only, the first time as soon as it is reached. */
static bool take_ping(struct cs_s2_reader *reader, const struct cs_event *event)
{
    struct cs_position tail = event->has_tail ? event->tail : tail_behind(reader);
    struct cs_reader *fresh = cs_reader_new(NULL);
    reader->attempts = 0;
    if (!reader->placed && tail.seq_num < reader->next_seq) {
        reader->next_seq = tail.seq_num; /* clamped: RES-10 */
    }
    reader->placed |= event->has_tail;
    if (fresh != NULL) {
        cs_reader_free(reader->wire);
        reader->wire = fresh;
    }
    return tell_edge(reader, tail);
}

static bool take_event(struct cs_s2_reader *reader, const struct cs_event *event)
{
    switch (event->type) {
    case CS_EVENT_RECORD: /* the batch is handed out whole, at its first record */
        reader->batch = event->index == 0 ? event->batch : NULL;
        return reader->batch == NULL || hand_out(reader);
    case CS_EVENT_PING:
        return take_ping(reader, event);
    case CS_EVENT_ERROR:
        start_over(reader, "S2 ended the read with an error");
        return false;
    case CS_EVENT_MALFORMED:
        start_over(reader, "S2 sent a malformed event");
        return false;
    case CS_EVENT_BATCH_END:
    case CS_EVENT_DONE: /* the end of the body follows */
    case CS_EVENT_UNKNOWN:
        return true;
    }
    return true;
}

/* Reads what is pending. True when all of it is read. */
static bool read_on(struct cs_s2_reader *reader)
{
    struct cs_s2 *s2 = reader->s2;
    bool go_on = reader->batch == NULL || hand_out(reader);
    while (go_on) {
        struct cs_event event;
        struct cs_diag diag = {0};
        enum cs_step step = cs_reader_next(reader->wire, &reader->pending, &event, &diag);
        if (step == CS_STEP_MORE) {
            return true;
        }
        if (step == CS_STEP_ERROR) {
            start_over(reader, diag.text);
            return false;
        }
        go_on = take_event(reader, &event) && s2->serving != NULL && reader->request != NULL;
    }
    return false;
}

/* ---- hooks of the request ---- */

static void on_head(void *ctx, int status, struct cs_view type)
{
    struct cs_s2_reader *reader = ctx;
    struct cs_s2 *s2 = reader->s2;
    char why[64];
    if (status == 200 && cs_view_starts_with(type, CS_VIEW("text/event-stream"))) {
        bool first = !reader->opened;
        reader->opened = true;
        cs_loop_request_set_idle(reader->request, s2->silence_ms);
        if (first && reader->owner->on_open != NULL) {
            reader->owner->on_open(reader->owner);
        }
        return;
    }
    snprintf(why, sizeof(why), "S2 answered %d to a read", status);
    if (status == 200 || status == 408 || status == 429 || status >= 500) {
        start_over(reader, why);
    } else {
        give_up(reader, cs_s2_status(status), why);
    }
}

static bool on_body(void *ctx, struct cs_view bytes)
{
    struct cs_s2_reader *reader = ctx;
    struct cs_s2 *s2 = reader->s2;
    if (!reader->has_pending) {
        reader->pending = bytes;
        reader->has_pending = true;
    }
    s2->serving = reader;
    bool done = read_on(reader);
    if (s2->serving != NULL && done) {
        reader->has_pending = false;
    }
    s2->serving = NULL;
    return done;
}

static void on_end(void *ctx, enum cs_err err, int status, const char *why)
{
    (void)status;
    struct cs_s2_reader *reader = ctx;
    reader->request = NULL;
    start_over(reader, err == CS_OK ? "S2 ended the read" : why);
}

static void connect_now(struct cs_s2_reader *reader)
{
    struct cs_s2 *s2 = reader->s2;
    char query[64];
    snprintf(query, sizeof(query), "?seq_num=%" PRIu64 "&clamp=true", reader->next_seq);
    struct cs_loop_http_request how = {.idle_ms = s2->patience_ms};
    const struct cs_loop_http_hooks hooks = {
        .on_head = on_head, .on_body = on_body, .on_end = on_end, .ctx = reader};
    reader->request =
        cs_s2_request(s2, reader->name, query, "Accept: text/event-stream", &how, &hooks);
}

static void on_retry(struct cs_timer *timer)
{
    struct cs_s2_reader *reader =
        (struct cs_s2_reader *)((char *)timer - offsetof(struct cs_s2_reader, retry));
    connect_now(reader);
    if (reader->request == NULL) {
        give_up(reader, CS_STORE_UNAVAILABLE, "out of memory");
    }
}

/* ---- the interface ---- */

static void reader_free(struct cs_s2_reader *reader)
{
    if (reader->request != NULL) {
        cs_loop_request_cancel(reader->request);
    }
    cs_timer_stop(reader->s2->loop, &reader->retry);
    cs_reader_free(reader->wire);
    TAILQ_REMOVE(&reader->s2->readers, reader, link);
    reader->owner->impl = NULL;
    free(reader);
}

enum cs_err cs_s2_read_start(struct cs_store *store, struct cs_view stream, uint64_t from,
                             struct cs_store_reader *owner)
{
    struct cs_s2 *s2 = cs_s2_of(store);
    struct cs_s2_reader *reader = calloc(1, sizeof(*reader) + stream.len);
    if (reader == NULL) {
        return CS_ERR_NO_MEMORY;
    }
    if (stream.len > 0) {
        memcpy(reader + 1, stream.ptr, stream.len);
    }
    reader->name = cs_view_of((const char *)(reader + 1), stream.len);
    reader->owner = owner;
    reader->s2 = s2;
    reader->next_seq = from;
    reader->retry.fire = on_retry;
    TAILQ_INSERT_HEAD(&s2->readers, reader, link);
    reader->wire = cs_reader_new(NULL);
    if (reader->wire != NULL) {
        connect_now(reader);
    }
    if (reader->request == NULL) {
        reader_free(reader);
        return CS_ERR_NO_MEMORY;
    }
    owner->store = store;
    owner->impl = reader;
    return CS_OK;
}

void cs_s2_read_more(struct cs_store_reader *owner)
{
    struct cs_s2_reader *reader = owner->impl;
    if (reader != NULL && reader->blocked && reader->request != NULL) {
        reader->blocked = false;
        cs_loop_request_resume(reader->request);
    }
}

void cs_s2_read_stop(struct cs_store_reader *owner)
{
    struct cs_s2_reader *reader = owner->impl;
    if (reader == NULL) {
        return;
    }
    if (reader->s2->serving == reader) {
        reader->s2->serving = NULL;
    }
    reader_free(reader);
}

void cs_s2_readers_free(struct cs_s2 *s2)
{
    while (!TAILQ_EMPTY(&s2->readers)) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): reader_free takes it out of the list */
        reader_free(TAILQ_FIRST(&s2->readers));
    }
}
