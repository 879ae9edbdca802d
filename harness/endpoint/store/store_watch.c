#include "endpoint/store/store_watch.h"
#include "endpoint/store/store_log.h"

#include <stdlib.h>

struct watch_store {
    struct cs_store base; /* first member */
    struct cs_store *inner;
    cs_stored_fn *stored;
    void *ctx;
};

/* One append on its way. The caller's records live until the inner store returns; a store that has
 * not answered by then makes a copy of them necessary. */
struct watched {
    struct watch_store *store;
    void (*done)(void *ctx, const struct cs_store_appended *result);
    void *ctx;
    struct cs_record *records;
    struct cs_record **copies; /* own their bytes; NULL while the caller's are used */
    size_t n;
    struct cs_buf stream;
    bool inside; /* the inner store's append has not returned */
    bool answered;
};

static void watched_free(struct watched *watched)
{
    for (size_t i = 0; watched->copies && i < watched->n; i++) {
        free(watched->copies[i]);
    }
    free(watched->copies);
    free(watched->records);
    cs_buf_free(&watched->stream);
    free(watched);
}

/* The store answers with the first position and the last; those between follow from its rules: a
 * record without a time of its own gets the store's, and times never decrease. */
static void number(struct watched *watched, const struct cs_store_appended *result)
{
    int64_t last = result->start.timestamp;
    for (size_t i = 0; i < watched->n; i++) {
        struct cs_record *record = &watched->records[i];
        int64_t end = result->end.timestamp;
        int64_t at = record->has_timestamp && record->timestamp < end ? record->timestamp : end;
        at = i == 0 || at < last ? last : at;
        last = at;
        record->seq_num = result->start.seq_num + i;
        record->timestamp = at;
        record->has_timestamp = true;
        record->kind = cs_record_kind_of(record->headers, record->n_headers);
    }
}

static void on_done(void *ctx, const struct cs_store_appended *result)
{
    struct watched *watched = ctx;
    struct watch_store *store = watched->store;
    if (result->status == CS_STORE_OK && watched->records) {
        number(watched, result);
        store->stored(store->ctx, cs_buf_view(&watched->stream), watched->records, watched->n);
    }
    watched->answered = true;
    watched->done(watched->ctx, result);
    if (!watched->inside) {
        watched_free(watched);
    }
}

/* Makes the records outlive the caller's; without memory they are forgotten. */
static void keep(struct watched *watched)
{
    watched->copies = calloc(watched->n, sizeof(*watched->copies));
    bool whole = watched->copies != NULL;
    for (size_t i = 0; whole && i < watched->n; i++) {
        watched->copies[i] = cs_log_copy(&watched->records[i]);
        whole = watched->copies[i] != NULL;
        if (whole) {
            watched->records[i] = *watched->copies[i];
        }
    }
    if (!whole) {
        free(watched->records);
        watched->records = NULL;
    }
}

static void watch_append(struct cs_store *base, struct cs_view stream,
                         const struct cs_store_append *input,
                         void (*done)(void *ctx, const struct cs_store_appended *result), void *ctx)
{
    struct watch_store *store = (struct watch_store *)base;
    struct watched *watched = calloc(1, sizeof(*watched));
    struct cs_record *records = calloc(input->n_records ? input->n_records : 1, sizeof(*records));
    if (!watched || !records) {
        free(watched);
        free(records);
        store->inner->ops->append(store->inner, stream, input, done, ctx);
        return;
    }
    if (input->n_records > 0) {
        memcpy(records, input->records, input->n_records * sizeof(*records));
    }
    *watched = (struct watched){.store = store,
                                .done = done,
                                .ctx = ctx,
                                .records = records,
                                .n = input->n_records,
                                .stream = CS_BUF(stream.len + 1),
                                .inside = true};
    cs_buf_add(&watched->stream, stream);
    store->inner->ops->append(store->inner, stream, input, on_done, watched);
    watched->inside = false;
    if (watched->answered) {
        watched_free(watched);
    } else {
        keep(watched);
    }
}

static enum cs_err watch_read_start(struct cs_store *base, struct cs_view stream, uint64_t from,
                                    struct cs_store_reader *reader)
{
    struct cs_store *inner = ((struct watch_store *)base)->inner;
    return inner->ops->read_start(inner, stream, from, reader);
}

/* Readers belong to the inner store from their start on, so these two are for form's sake. */
static void watch_read_more(struct cs_store_reader *reader)
{
    reader->store->ops->read_more(reader);
}

static void watch_read_stop(struct cs_store_reader *reader)
{
    reader->store->ops->read_stop(reader);
}

static void watch_last(struct cs_store *base, struct cs_view stream, size_t n,
                       void (*done)(void *ctx, enum cs_store_status status,
                                    const struct cs_record *records, size_t n_records,
                                    struct cs_position tail),
                       void *ctx)
{
    struct cs_store *inner = ((struct watch_store *)base)->inner;
    inner->ops->last(inner, stream, n, done, ctx);
}

static void watch_forget(struct cs_store *base, struct cs_view stream)
{
    struct cs_store *inner = ((struct watch_store *)base)->inner;
    if (inner->ops->forget) {
        inner->ops->forget(inner, stream);
    }
}

static void watch_free(struct cs_store *base)
{
    struct watch_store *store = (struct watch_store *)base;
    store->inner->ops->free(store->inner);
    free(store);
}

struct cs_store *cs_store_watch_new(struct cs_store *inner, cs_stored_fn *stored, void *ctx)
{
    static const struct cs_store_vtable ops = {
        .append = watch_append,
        .read_start = watch_read_start,
        .read_more = watch_read_more,
        .read_stop = watch_read_stop,
        .last = watch_last,
        .forget = watch_forget,
        .free = watch_free,
    };
    struct watch_store *store = calloc(1, sizeof(*store));
    if (store) {
        *store =
            (struct watch_store){.base.ops = &ops, .inner = inner, .stored = stored, .ctx = ctx};
    }
    return store ? &store->base : NULL;
}
