/* The memory backend of the stream store.
 *
 * Readers are served from one zero-delay timer, never from inside a call of the store: whoever
 * appends or starts to read may hold references that a hook could free. A reader stands in at most
 * one queue, that of those who have something to be told.
 */
#include "endpoint/store/store.h"
#include "endpoint/store/store_log.h"
#include "net/http_client.h" /* cs_wall_ms */
#include "net/loop.h"

#include <search.h>
#include <stdlib.h>
#include <sys/queue.h>

/* What untrusted peers can make us keep: metered bytes of all records, and streams. */
#define MAX_STORED_BYTES ((uint64_t)4 << 30)
#define MAX_STREAMS      ((size_t)1 << 20)

struct reader;
TAILQ_HEAD(reader_list, reader);

struct stream {
    struct cs_view name; /* in the same block */
    struct cs_log log;
    uint64_t trim_point; /* first number that a new read may see; the log follows later */
    int64_t last_timestamp;
    struct reader_list readers;
    bool sweeping; /* in store->sweep */
    SLIST_ENTRY(stream) sweep_link;
    uint8_t fencing_len;
    char fencing_token[36];
};

enum reader_state {
    READER_BACKLOG, /* behind: what it is given was there before it came */
    READER_LIVE     /* at the edge when the next records came */
};

struct reader {
    struct cs_store_reader *owner;
    struct stream *stream;
    uint64_t next_seq;
    TAILQ_ENTRY(reader) link;       /* in stream->readers */
    TAILQ_ENTRY(reader) ready_link; /* in store->ready, while `ready` */
    enum reader_state state;
    bool ready;
    bool blocked; /* its hook said no; waits for read_more */
    bool opened;
    bool edge_told;
};

struct memory_store {
    struct cs_store base;
    struct cs_loop *loop;
    int64_t (*clock)(void *ctx);
    void *clock_ctx;
    void *streams; /* a tsearch tree of struct stream, by name */
    size_t n_streams;
    uint64_t stored_bytes;
    struct cs_timer pump;
    struct reader_list ready;
    SLIST_HEAD(, stream) sweep;   /* streams whose log holds records that a trim has removed */
    struct reader *serving;       /* NULL once the reader that is being served was stopped */
    struct cs_record batch[1000]; /* records of a batch side by side, as the hooks want them */
    size_t n_batch;               /* what stands there, from this number on of this stream */
    uint64_t batch_from;
    const struct stream *batch_of;  /* NULL: nothing that may be used again */
    uint64_t n_gathered;            /* batches so far: the number of this one */
    struct cs_record *copies[1000]; /* of the batch that is being appended */
};

_Static_assert(sizeof(((struct memory_store *)0)->batch) / sizeof(struct cs_record) ==
                   CS_BATCH_MAX_RECORDS,
               "a whole batch fits");

static struct memory_store *memory_of(struct cs_store *store)
{
    return (struct memory_store *)store;
}

static struct cs_position tail_of(const struct stream *stream)
{
    return (struct cs_position){stream->log.end, stream->last_timestamp};
}

static size_t metered(const struct cs_record *record)
{
    return cs_record_metered(record->headers, record->n_headers, record->body.len);
}

/* ---- streams ---- */

static int compare_names(const void *a, const void *b)
{
    struct cs_view x = ((const struct stream *)a)->name;
    struct cs_view y = ((const struct stream *)b)->name;
    if (x.len != y.len) {
        return x.len < y.len ? -1 : 1;
    }
    return x.len == 0 ? 0 : memcmp(x.ptr, y.ptr, x.len);
}

static struct stream *stream_find(struct memory_store *store, struct cs_view name)
{
    struct stream key = {.name = name};
    struct stream *const *found = tfind(&key, &store->streams, compare_names);
    return found != NULL ? *found : NULL;
}

/* The stream of that name, made when there is none; NULL when that is not possible. */
static struct stream *stream_open(struct memory_store *store, struct cs_view name)
{
    struct stream *stream = stream_find(store, name);
    if (stream != NULL || store->n_streams >= MAX_STREAMS ||
        name.len > SIZE_MAX - sizeof(*stream)) {
        return stream;
    }
    stream = calloc(1, sizeof(*stream) + name.len);
    if (stream == NULL) {
        return NULL;
    }
    if (name.len > 0) {
        memcpy(stream + 1, name.ptr, name.len);
    }
    TAILQ_INIT(&stream->readers);
    stream->name = cs_view_of((const char *)(stream + 1), name.len);
    if (tsearch(stream, &store->streams, compare_names) == NULL) {
        free(stream);
        return NULL;
    }
    store->n_streams++;
    return stream;
}

/* ---- the queue of readers that have something to be told ---- */

static void ready_remove(struct memory_store *store, struct reader *reader)
{
    if (!reader->ready) {
        return;
    }
    TAILQ_REMOVE(&store->ready, reader, ready_link);
    reader->ready = false;
}

/* Sees to it that the pump runs. False when out of memory: those who wait stay in the queue, and
 * the next call that arms the pump wakes them too. */
static bool pump_arm(struct memory_store *store)
{
    return store->pump.heap_index != 0 || cs_timer_start(store->loop, &store->pump, 0) == CS_OK;
}

static void ready_add(struct memory_store *store, struct reader *reader)
{
    if (reader->ready || reader->blocked) {
        return;
    }
    TAILQ_INSERT_TAIL(&store->ready, reader, ready_link);
    reader->ready = true;
}

/* ---- append ---- */

static void answer_invalid(const char *fault,
                           void (*done)(void *, const struct cs_store_appended *), void *ctx)
{
    struct cs_store_appended result = {.status = CS_STORE_INVALID, .message = fault};
    done(ctx, &result);
}

static void answer_unavailable(void (*done)(void *, const struct cs_store_appended *), void *ctx)
{
    struct cs_store_appended result = {.status = CS_STORE_UNAVAILABLE,
                                       .message = "the store is full"};
    done(ctx, &result);
}

/* False after having answered that a condition of the append does not hold. */
static bool conditions_hold(const struct stream *stream, const struct cs_store_append *input,
                            void (*done)(void *, const struct cs_store_appended *), void *ctx)
{
    struct cs_store_appended result = {.status = CS_STORE_CONDITION, .tail = tail_of(stream)};
    struct cs_view token = cs_view_of(stream->fencing_token, stream->fencing_len);
    if (input->has_fencing_token && !cs_view_eq(input->fencing_token, token)) {
        result.message = "fencing token mismatch";
        result.fencing_mismatch = true;
        result.fencing_token = token;
    } else if (input->has_match_seq_num && input->match_seq_num != stream->log.end) {
        result.message = "sequence number mismatch";
    } else {
        return true;
    }
    done(ctx, &result);
    return false;
}

/* What a command record does to its stream, which it was just added to. */
static void apply_command(struct memory_store *store, struct stream *stream,
                          const struct cs_record *record)
{
    if (cs_view_eq(record->headers[0].value, CS_VIEW("fence"))) {
        stream->fencing_len = (uint8_t)record->body.len;
        if (record->body.len > 0) {
            memcpy(stream->fencing_token, record->body.ptr, record->body.len);
        }
        return;
    }
    uint64_t point = 0;
    if (cs_trim_decode(record->body, &point) != CS_OK) {
        return; /* checked before the batch was taken */
    }
    point = point > record->seq_num + 1 ? record->seq_num + 1 : point; /* RES-16 */
    if (point <= stream->trim_point) {
        return;
    }
    stream->trim_point = point;
    if (!stream->sweeping) {
        stream->sweeping = true;
        SLIST_INSERT_HEAD(&store->sweep, stream, sweep_link);
    }
}

/* Copies a whole batch before any of it is added, so that it cannot be added by half. */
static bool copy_batch(const struct cs_store_append *input, struct cs_record **copies)
{
    for (size_t i = 0; i < input->n_records; i++) {
        copies[i] = cs_log_copy(&input->records[i]);
        if (copies[i] == NULL) {
            while (i > 0) {
                free(copies[--i]);
            }
            return false;
        }
    }
    return true;
}

static void add_batch(struct memory_store *store, struct stream *stream, struct cs_record **copies,
                      size_t n)
{
    int64_t now = store->clock(store->clock_ctx);
    for (size_t i = 0; i < n; i++) {
        struct cs_record *record = copies[i];
        /* A caller's timestamp may lie in the past but not in the future, and never goes back. */
        int64_t at = record->has_timestamp && record->timestamp < now ? record->timestamp : now;
        record->timestamp = at > stream->last_timestamp ? at : stream->last_timestamp;
        record->has_timestamp = true;
        stream->last_timestamp = record->timestamp;
        store->stored_bytes += metered(record);
        cs_log_add(&stream->log, record);
        if (record->kind == CS_RECORD_COMMAND) {
            apply_command(store, stream, record);
        }
    }
}

static void memory_append(struct cs_store *base, struct cs_view name,
                          const struct cs_store_append *input,
                          void (*done)(void *ctx, const struct cs_store_appended *result),
                          void *ctx)
{
    struct memory_store *store = memory_of(base);
    const char *fault = cs_store_append_fault(input);
    if (fault != NULL) {
        answer_invalid(fault, done, ctx);
        return;
    }
    struct stream *stream = stream_open(store, name);
    if (stream != NULL && !conditions_hold(stream, input, done, ctx)) {
        return;
    }
    struct cs_record **copies = store->copies;
    if (stream == NULL || store->stored_bytes > MAX_STORED_BYTES || !pump_arm(store) ||
        cs_log_reserve(&stream->log, input->n_records) != CS_OK || !copy_batch(input, copies)) {
        answer_unavailable(done, ctx);
        return;
    }
    uint64_t start = stream->log.end;
    add_batch(store, stream, copies, input->n_records);
    struct cs_store_appended result = {
        .start = {start, copies[0]->timestamp}, .end = tail_of(stream), .tail = tail_of(stream)};
    struct reader *reader;
    TAILQ_FOREACH(reader, &stream->readers, link)
    {
        ready_add(store, reader);
    }
    done(ctx, &result);
}

/* ---- reading ---- */

static enum cs_err memory_read_start(struct cs_store *base, struct cs_view name, uint64_t from,
                                     struct cs_store_reader *owner)
{
    struct memory_store *store = memory_of(base);
    struct stream *stream = stream_open(store, name);
    struct reader *reader = stream != NULL ? calloc(1, sizeof(*reader)) : NULL;
    if (reader == NULL || !pump_arm(store)) {
        free(reader);
        return CS_ERR_NO_MEMORY;
    }
    reader->owner = owner;
    reader->stream = stream;
    reader->next_seq = from > stream->log.end ? stream->log.end : from; /* RES-10 */
    TAILQ_INSERT_TAIL(&stream->readers, reader, link);
    owner->store = base;
    owner->impl = reader;
    ready_add(store, reader);
    return CS_OK;
}

static void memory_read_more(struct cs_store_reader *owner)
{
    struct memory_store *store = memory_of(owner->store);
    struct reader *reader = owner->impl;
    if (reader == NULL || !reader->blocked) {
        return;
    }
    reader->blocked = false;
    ready_add(store, reader);
    pump_arm(store);
}

static void memory_read_stop(struct cs_store_reader *owner)
{
    struct reader *reader = owner->impl;
    if (reader == NULL) {
        return;
    }
    struct memory_store *store = memory_of(owner->store);
    ready_remove(store, reader);
    TAILQ_REMOVE(&reader->stream->readers, reader, link);
    if (store->serving == reader) {
        store->serving = NULL;
    }
    owner->impl = NULL;
    free(reader);
}

/* Do the records from `from` on stand side by side already, for the reader before this one? */
static bool is_gathered(const struct memory_store *store, const struct stream *stream,
                        uint64_t from)
{
    return store->batch_of == stream && store->batch_from == from &&
           from + store->n_batch == stream->log.end;
}

/* Puts the records from `from` on side by side, as many as a batch may hold (LIM-25). */
static size_t gather(struct memory_store *store, const struct stream *stream, uint64_t from)
{
    if (is_gathered(store, stream, from)) {
        return store->n_batch;
    }
    size_t n = 0;
    size_t size = 0;
    const struct cs_record *record = cs_log_get(&stream->log, from);
    while (record != NULL && n < CS_BATCH_MAX_RECORDS) {
        size += metered(record);
        if (size > CS_RECORD_MAX_METERED && n > 0) {
            break;
        }
        store->batch[n++] = *record;
        record = cs_log_get(&stream->log, from + n);
    }
    store->batch_of = n > 0 ? stream : NULL;
    store->batch_from = from;
    store->n_batch = n;
    store->n_gathered++;
    return n;
}

/* Tells one reader one thing. True when there is more to tell it at once. */
static bool serve(struct memory_store *store, struct reader *reader)
{
    struct stream *stream = reader->stream;
    /* Whoever stood at the edge gets what came since, even what a trim in it has just removed;
     * whoever comes from behind does not. */
    uint64_t lowest = reader->state == READER_LIVE ? stream->log.first : stream->trim_point;
    if (reader->next_seq < lowest) {
        reader->next_seq = lowest;
    }
    struct cs_store_reader *owner = reader->owner;
    if (!reader->opened) {
        reader->opened = true;
        if (owner->on_open != NULL) {
            owner->on_open(owner);
            return store->serving != NULL; /* the rest comes in its turn */
        }
    }
    size_t n = gather(store, stream, reader->next_seq);
    if (n == 0) {
        reader->state = READER_LIVE;
        if (!reader->edge_told) {
            reader->edge_told = true;
            owner->on_edge(owner, tail_of(stream));
        }
        return false;
    }
    owner->batch = store->n_gathered;
    bool taken =
        owner->on_batch(owner, store->batch, n, reader->state == READER_LIVE, tail_of(stream));
    if (store->serving == NULL) {
        return false;
    }
    if (!taken) {
        reader->blocked = true;
        reader->state = READER_BACKLOG;
        return false;
    }
    reader->next_seq += n;
    if (reader->next_seq < stream->log.end || !reader->edge_told) {
        return true;
    }
    reader->state = READER_LIVE;
    return false;
}

/* Frees what trims have removed, now that those who stood at the edge have seen it. */
static void sweep(struct memory_store *store)
{
    store->batch_of = SLIST_EMPTY(&store->sweep) ? store->batch_of : NULL;
    while (!SLIST_EMPTY(&store->sweep)) {
        struct stream *stream = SLIST_FIRST(&store->sweep);
        SLIST_REMOVE_HEAD(&store->sweep, sweep_link);
        stream->sweeping = false;
        for (uint64_t seq = stream->log.first; seq < stream->trim_point; seq++) {
            store->stored_bytes -= metered(cs_log_get(&stream->log, seq));
        }
        cs_log_trim(&stream->log, stream->trim_point);
    }
}

/* One pass over those who were ready when it began, so that a long backlog does not starve others:
 * who has more to hear goes to the end of the queue. */
static void pump(struct cs_timer *timer)
{
    struct memory_store *store =
        (struct memory_store *)((char *)timer - offsetof(struct memory_store, pump));
    struct reader *last = TAILQ_LAST(&store->ready, reader_list);
    for (bool end = last == NULL; !end;) {
        struct reader *reader = TAILQ_FIRST(&store->ready);
        if (reader == NULL) {
            break;
        }
        end = reader == last;
        ready_remove(store, reader);
        store->serving = reader;
        bool more = serve(store, reader);
        if (store->serving != NULL && more) {
            ready_add(store, reader);
        }
        store->serving = NULL;
    }
    if (TAILQ_EMPTY(&store->ready)) {
        sweep(store);
    } else {
        pump_arm(store);
    }
}

static void memory_last(struct cs_store *base, struct cs_view name, size_t n,
                        void (*done)(void *ctx, enum cs_store_status status,
                                     const struct cs_record *records, size_t n_records,
                                     struct cs_position tail),
                        void *ctx)
{
    struct memory_store *store = memory_of(base);
    const struct stream *stream = stream_find(store, name);
    if (stream == NULL) {
        done(ctx, CS_STORE_NOT_FOUND, NULL, 0, (struct cs_position){0});
        return;
    }
    store->batch_of = NULL; /* its place is taken */
    uint64_t kept = stream->log.end - stream->trim_point;
    n = n > CS_BATCH_MAX_RECORDS ? CS_BATCH_MAX_RECORDS : n;
    n = n > kept ? (size_t)kept : n;
    for (size_t i = 0; i < n; i++) {
        store->batch[i] = *cs_log_get(&stream->log, stream->log.end - n + i);
    }
    done(ctx, CS_STORE_OK, store->batch, n, tail_of(stream));
}

/* ---- the store ---- */

static void stream_free(void *node)
{
    struct stream *stream = node;
    while (!TAILQ_EMPTY(&stream->readers)) {
        struct reader *reader = TAILQ_FIRST(&stream->readers);
        TAILQ_REMOVE(&stream->readers, reader, link);
        reader->owner->impl = NULL;
        free(reader);
    }
    cs_log_free(&stream->log);
    free(stream);
}

static void memory_forget(struct cs_store *base, struct cs_view name)
{
    struct memory_store *store = memory_of(base);
    struct stream *stream = stream_find(store, name);
    if (stream == NULL || !TAILQ_EMPTY(&stream->readers)) {
        return;
    }
    for (uint64_t seq = stream->log.first; seq < stream->log.end; seq++) {
        store->stored_bytes -= metered(cs_log_get(&stream->log, seq));
    }
    if (stream->sweeping) {
        SLIST_REMOVE(&store->sweep, stream, stream, sweep_link);
    }
    tdelete(stream, &store->streams, compare_names);
    store->n_streams--;
    stream_free(stream);
}

static void memory_free(struct cs_store *base)
{
    if (base == NULL) {
        return;
    }
    struct memory_store *store = memory_of(base);
    cs_timer_stop(store->loop, &store->pump);
    tdestroy(store->streams, stream_free);
    free(store);
}

static int64_t system_clock(void *ctx)
{
    (void)ctx;
    return cs_wall_ms();
}

struct cs_store *cs_store_memory_new(struct cs_loop *loop, int64_t (*clock)(void *ctx), void *ctx)
{
    static const struct cs_store_vtable ops = {
        .append = memory_append,
        .read_start = memory_read_start,
        .read_more = memory_read_more,
        .read_stop = memory_read_stop,
        .last = memory_last,
        .forget = memory_forget,
        .free = memory_free,
    };
    struct memory_store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return NULL;
    }
    store->base.ops = &ops;
    store->loop = loop;
    store->clock = clock != NULL ? clock : system_clock;
    store->clock_ctx = ctx;
    store->pump.fire = pump;
    TAILQ_INIT(&store->ready);
    SLIST_INIT(&store->sweep);
    return &store->base;
}
