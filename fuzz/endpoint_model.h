/* What an endpoint holds, seen from outside of its routes: sessions as fingerprints, streams as the
 * records that were in them when they were first seen. Whoever reads later must be given the same.
 */
#ifndef CHATSPEC_FUZZ_ENDPOINT_MODEL_H
#define CHATSPEC_FUZZ_ENDPOINT_MODEL_H

#include "endpoint/internal.h"
#include "endpoint/streams/streams.h"
#include "fuzz/endpoint_net.h"

enum {
    MODEL_STREAMS_MAX = 96,
    MODEL_SESSIONS_MAX = 16, /* beyond these nothing is looked at */
    MODEL_NAME_MAX = 256
};

#define MODEL_UNKNOWN UINT64_C(0) /* as hash of a record: not seen in time */

struct model_record {
    uint64_t hash; /* of kind, headers and body */
    enum cs_record_kind kind;
};

struct model_stream {
    char text[MODEL_NAME_MAX];
    struct cs_view name; /* in it */
    const struct cs_environment *environment;
    struct cs_view key; /* of its session; lives as long as the endpoint, or for ever */
    enum cs_io io;
    bool is_there;
    bool is_blurred; /* too much came at once for all trims to be seen */
    uint64_t tail;
    uint64_t before; /* the tail before the last look */
    uint64_t trim;   /* what comes before it is not kept any more */
    struct model_record *records;
    size_t n_room;
    uint32_t part_ids;      /* that were given, one bit each */
    int64_t part_id_ms[32]; /* and when */
};

struct model_session {
    const struct cs_session *session;
    uint64_t fingerprint;
    bool changed;
};

struct model {
    struct cs_endpoint *endpoint;
    struct model_stream streams[MODEL_STREAMS_MAX];
    size_t n_streams;
    struct model_session sessions[MODEL_SESSIONS_MAX];
    size_t n_sessions;
};

static inline uint64_t model_hash(uint64_t hash, struct cs_view bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ (unsigned char)bytes.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return (hash ^ bytes.len) * UINT64_C(0x100000001b3);
}

static inline uint64_t model_record_hash(const struct cs_record *record)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) + (uint64_t)record->kind;

    for (size_t i = 0; i < record->n_headers; i++) {
        hash = model_hash(model_hash(hash, record->headers[i].name), record->headers[i].value);
    }
    hash = model_hash(hash, record->body);
    return hash == MODEL_UNKNOWN ? 1 : hash;
}

/* ---- streams ---- */

/* A trim is a command record; it never reaches beyond itself and never goes back (RES-16). */
static inline void model_apply(struct model_stream *stream, const struct cs_record *record)
{
    uint64_t point = 0;

    if (record->kind == CS_RECORD_COMMAND &&
        cs_view_eq(record->headers[0].value, CS_VIEW("trim")) &&
        cs_trim_decode(record->body, &point) == CS_OK) {
        point = point > record->seq_num + 1 ? record->seq_num + 1 : point;
        stream->trim = point > stream->trim ? point : stream->trim;
    }
}

/* Numbers go on from where they were. */
static inline void model_see_tail(void *ctx, enum cs_store_status status,
                                  const struct cs_record *records, size_t n,
                                  struct cs_position tail)
{
    struct model_stream *stream = ctx;

    (void)records;
    FUZZ_CHECK(status == CS_STORE_OK || (status == CS_STORE_NOT_FOUND && !stream->is_there));
    FUZZ_CHECK(n == 0 && tail.seq_num >= stream->tail);
    stream->is_there = status == CS_STORE_OK;
    stream->tail = tail.seq_num;
}

/* All that is kept of a stream that has grown: new records are noted, old ones are as they were. */
static inline void model_see(void *ctx, enum cs_store_status status,
                             const struct cs_record *records, size_t n, struct cs_position tail)
{
    struct model_stream *stream = ctx;

    FUZZ_CHECK(status == CS_STORE_OK && tail.seq_num == stream->tail);
    if (tail.seq_num > stream->n_room) {
        size_t room = (size_t)tail.seq_num * 2 + 16;

        stream->records = realloc(stream->records, room * sizeof(*stream->records));
        FUZZ_CHECK(stream->records != NULL);
        memset(stream->records + stream->n_room, 0,
               (room - stream->n_room) * sizeof(*stream->records));
        stream->n_room = room;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t seq = tail.seq_num - n + i;
        struct model_record seen = {model_record_hash(&records[i]), records[i].kind};

        FUZZ_CHECK(records[i].seq_num == seq); /* dense, whatever kind they are */
        FUZZ_CHECK(seq >= stream->before || stream->records[seq].hash == MODEL_UNKNOWN ||
                   stream->records[seq].hash == seen.hash);
        stream->records[seq] = seen;
        if (seq >= stream->before) {
            model_apply(stream, &records[i]);
        }
    }
    if (n == CS_BATCH_MAX_RECORDS) {
        stream->is_blurred |= tail.seq_num - stream->before >= CS_BATCH_MAX_RECORDS;
        return; /* more may be kept than one look shows */
    }
    /* What is missing was trimmed by a record that came now, or by one that went with the rest. */
    FUZZ_CHECK(tail.seq_num - n == stream->trim || tail.seq_num - n > stream->before);
    FUZZ_CHECK(tail.seq_num - n >= stream->trim);
    stream->trim = tail.seq_num - n;
}

static inline struct model_stream *model_stream(struct model *model,
                                                const struct cs_environment *environment,
                                                struct cs_view key, bool side, enum cs_io io)
{
    struct cs_buf name = CS_BUF(CS_STREAM_NAME_MAX);
    struct model_stream *stream = NULL;

    cs_stream_name(environment, key, side ? CS_VIEW("x") : (struct cs_view){0}, io, &name);
    for (size_t i = 0; i < model->n_streams && !stream; i++) {
        bool same = cs_view_eq(model->streams[i].name, cs_buf_view(&name));

        stream = same ? &model->streams[i] : NULL;
    }
    if (!stream && model->n_streams < MODEL_STREAMS_MAX && name.len <= MODEL_NAME_MAX) {
        stream = &model->streams[model->n_streams++];
        *stream = (struct model_stream){.environment = environment, .key = key, .io = io};
        memcpy(stream->text, name.ptr, name.len);
        stream->name = cs_view_of(stream->text, name.len);
    }
    cs_buf_free(&name);
    return stream;
}

/* ---- sessions ---- */

static inline uint64_t model_fingerprint(const struct cs_session *session)
{
    const char *texts[] = {session->type, session->task,     session->trigger_config,
                           session->tags, session->metadata, session->closed_reason};
    uint64_t numbers[] = {(uint64_t)session->updated_ms, (uint64_t)session->closed_ms,
                          (uint64_t)session->expires_ms, session->n_runs,
                          session->run ? (uint64_t)session->run->status : 99};
    uint64_t hash = 1;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        hash = (hash ^ numbers[i]) * UINT64_C(0x100000001b3);
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        hash = model_hash(hash, cs_view_str(texts[i]));
    }
    return hash;
}

static inline void model_add_streams(struct model *model, const struct cs_session *session)
{
    for (int i = 0; i < 4; i++) {
        (void)model_stream(model, session->environment, session->key, i & 1,
                           i & 2 ? CS_IO_OUT : CS_IO_IN);
    }
}

/* Looks at everything and notes what is other than it was the last time. */
static inline void model_look(struct model *model)
{
    const struct cs_session *session;
    size_t n = 0;

    TAILQ_FOREACH(session, &model->endpoint->sessions, link)
    {
        struct model_session *seen = &model->sessions[n];
        uint64_t fingerprint = model_fingerprint(session);

        if (n == MODEL_SESSIONS_MAX) {
            break;
        }
        if (n == model->n_sessions) {
            *seen = (struct model_session){.session = session};
            model->n_sessions++;
            model_add_streams(model, session);
        }
        FUZZ_CHECK(seen->session == session); /* they never go away */
        seen->changed = seen->fingerprint != fingerprint;
        seen->fingerprint = fingerprint;
        n++;
    }
    for (size_t i = 0; i < model->n_streams; i++) {
        struct model_stream *stream = &model->streams[i];
        struct cs_store *store = model->endpoint->store;

        stream->before = stream->tail;
        store->ops->last(store, stream->name, 0, model_see_tail, stream);
        if (stream->tail != stream->before) {
            store->ops->last(store, stream->name, CS_BATCH_MAX_RECORDS, model_see, stream);
        }
    }
}

static inline void model_free(struct model *model)
{
    for (size_t i = 0; i < model->n_streams; i++) {
        free(model->streams[i].records);
    }
}

#endif
