/* What must hold of each request: nothing changes, and nothing is told, without authority; an
 * append that was accepted is stored once under the number it was told, and any other not at all.
 */
#ifndef CHATSPEC_FUZZ_ENDPOINT_ORACLE_H
#define CHATSPEC_FUZZ_ENDPOINT_ORACLE_H

#include "fuzz/endpoint_ops.h"

#define REPEAT_MS 300000 /* for so long a part id is remembered (APP-18) */

struct run {
    struct cs_endpoint *endpoint;
    struct model model;
    struct read reads[READS_MAX];
    size_t n_reads;
    struct store_token store; /* of the last PUT */
};

/* ---- authority ---- */

static inline bool covers(const struct authority *authority,
                          const struct cs_environment *environment, struct cs_view key)
{
    return authority->environment == environment && !authority->stream &&
           (authority->key < 0 || cs_view_eq(key, cs_view_str(op_keys[authority->key])));
}

/* What has changed was this caller's to change; the agent has not yet had its turn. */
static inline void check_changes(const struct run *run, const struct authority *authority)
{
    for (size_t i = 0; i < run->model.n_sessions; i++) {
        const struct model_session *seen = &run->model.sessions[i];

        FUZZ_CHECK(!seen->changed ||
                   (covers(authority, seen->session->environment, seen->session->key) &&
                    (authority->writes || authority->administers)));
    }
    for (size_t i = 0; i < run->model.n_streams; i++) {
        const struct model_stream *stream = &run->model.streams[i];
        bool may = covers(authority, stream->environment, stream->key) && authority->writes &&
                   (authority->secret || stream->io == CS_IO_IN);

        FUZZ_CHECK(stream->tail == stream->before || may || authority->stream == stream);
    }
}

/* A good answer means that the caller may do what was asked. */
static inline void check_answer(const struct op *op, const struct authority *authority,
                                const struct model_stream *stream, int status)
{
    bool here = authority->environment && !authority->stream &&
                (authority->key < 0 || authority->key == op->key);

    if (status == 0 || status >= 300 || op->route == ROUTE_RAW) {
        return;
    }
    switch (op->route) {
    case ROUTE_APPEND:
    case ROUTE_PUT:
        FUZZ_CHECK(here && authority->writes &&
                   (authority->secret || op->io == CS_IO_IN || authority->key < 0));
        return;
    case ROUTE_CONTINUE:
        FUZZ_CHECK(here && authority->writes);
        return;
    case ROUTE_PATCH:
    case ROUTE_CLOSE:
        FUZZ_CHECK(here && authority->administers);
        return;
    case ROUTE_CREATE:
        FUZZ_CHECK(authority->environment && authority->writes);
        return;
    case ROUTE_S2_APPEND:
        FUZZ_CHECK(authority->secret || (stream && authority->stream == stream));
        return;
    case ROUTE_S2_READ:
    case ROUTE_S2_TAIL:
        FUZZ_CHECK(authority->secret);
        return;
    default:
        FUZZ_CHECK(here && authority->reads);
        return;
    }
}

/* ---- appends ---- */

/* The record that an append must become, where the server does not change its text. */
static inline void check_stored(const struct op *op, const struct model_stream *stream)
{
    struct cs_buf part_id = CS_BUF((size_t)64);
    struct cs_buf envelope = CS_BUF(FUZZ_BUF_MAX);
    bool changes = fuzz_has(op->rest, '{') || cs_utf8_valid_prefix(op->rest) != op->rest.len ||
                   cs_view_starts_with(op->rest, CS_VIEW("\xef\xbb\xbf"));

    cs_buf_printf(&part_id, "p%zu", op->number);
    cs_append_wrap(&envelope, op->rest, cs_buf_view(&part_id));
    if (op->headers & 1 && !changes) {
        struct cs_record record = {.body = cs_buf_view(&envelope)};

        FUZZ_CHECK(stream->records[stream->before].hash == model_record_hash(&record));
    }
    FUZZ_CHECK(stream->records[stream->before].kind == CS_RECORD_DATA);
    cs_buf_free(&part_id);
    cs_buf_free(&envelope);
}

static inline void check_append(const struct op *op, struct model_stream *stream,
                                const struct cs_conn *conn)
{
    struct cs_view body = read_body(conn);
    cJSON *json = cJSON_ParseWithLength(body.ptr, body.len);
    const cJSON *seq = cJSON_GetObjectItemCaseSensitive(json, "seq");
    uint32_t part_id = op->headers & 1 ? 1u << op->number : 0;

    FUZZ_CHECK(read_status(conn) != 0);
    if (read_status(conn) != 200 || !stream) {
        FUZZ_CHECK(!stream || stream->tail == stream->before);
    } else if (cJSON_IsNumber(seq)) {
        FUZZ_CHECK((uint64_t)seq->valuedouble == stream->before);
        FUZZ_CHECK(stream->tail == stream->before + 1);
        check_stored(op, stream);
        FUZZ_CHECK(!(stream->part_ids & part_id) ||
                   net_loop.now_ms - stream->part_id_ms[op->number] >= REPEAT_MS);
        if (part_id) {
            stream->part_ids |= part_id;
            stream->part_id_ms[op->number] = net_loop.now_ms;
        }
    } else { /* a repeat, which is not stored again */
        FUZZ_CHECK(stream->tail == stream->before && stream->part_ids & part_id);
    }
    cJSON_Delete(json);
}

static inline void check_s2_append(const struct model_stream *stream, const struct cs_conn *conn)
{
    struct cs_view body = read_body(conn);
    cJSON *json = cJSON_ParseWithLength(body.ptr, body.len);
    const cJSON *start = cJSON_GetObjectItemCaseSensitive(json, "start");
    const cJSON *end = cJSON_GetObjectItemCaseSensitive(json, "end");

    FUZZ_CHECK(read_status(conn) != 0);
    if (read_status(conn) == 200) {
        start = cJSON_GetObjectItemCaseSensitive(start, "seq_num");
        end = cJSON_GetObjectItemCaseSensitive(end, "seq_num");
        FUZZ_CHECK(stream != NULL);
        FUZZ_CHECK(start && (uint64_t)start->valuedouble == stream->before);
        FUZZ_CHECK(end && (uint64_t)end->valuedouble == stream->tail);
        FUZZ_CHECK(stream->tail > stream->before);
    } else {
        FUZZ_CHECK(!stream || stream->tail == stream->before);
    }
    cJSON_Delete(json);
}

/* ---- a request ---- */

static inline void keep_store_token(struct run *run, struct model_stream *stream,
                                    const struct cs_conn *conn)
{
    struct cs_view text = read_header(conn, "X-S2-Access-Token: ");

    FUZZ_CHECK(text.len > 0 && text.len < sizeof(run->store.text));
    memcpy(run->store.text, text.ptr, text.len);
    run->store.text[text.len] = '\0';
    run->store.stream = stream;
}

static inline void look_at_reads(struct run *run)
{
    run->model.endpoint = run->endpoint;
    model_look(&run->model);
    for (size_t i = 0; i < run->n_reads; i++) {
        read_more(&run->reads[i]);
    }
}

static inline void add_read(struct run *run, struct model_stream *stream, struct cs_conn *conn,
                            uint64_t from)
{
    struct read *read = &run->reads[run->n_reads];

    if (run->n_reads < READS_MAX) {
        *read = (struct read){.conn = conn, .stream = stream, .reader = cs_reader_new(NULL)};
        FUZZ_CHECK(read->reader != NULL);
        read->next = from;
        run->n_reads++;
    }
}

static inline void do_request(struct run *run, const struct op *op)
{
    struct authority authority = op_authority(run->endpoint, op, &run->store);
    struct cs_buf text = CS_BUF(FUZZ_BUF_MAX);
    struct model_stream *stream =
        authority.environment ? model_stream(&run->model, authority.environment,
                                             cs_view_str(op_keys[op->key]), op->side, op->io)
                              : NULL;
    uint64_t from = op->headers & 2 ? op->number + 1 : 0;
    struct cs_conn *conn;

    op_request(run->endpoint, op, &run->store, &text);
    conn = net_request(cs_buf_view(&text));
    cs_buf_free(&text);
    model_look(&run->model);
    check_changes(run, &authority);
    if (op->route == ROUTE_APPEND) {
        check_append(op, stream, conn);
    } else if (op->route == ROUTE_S2_APPEND) {
        check_s2_append(stream, conn);
    }
    uint64_t tail = stream ? stream->tail : 0;
    net_run(0);
    check_answer(op, &authority, stream, read_status(conn));
    if (stream && read_status(conn) == 200 && op->route == ROUTE_SUBSCRIBE) {
        add_read(run, stream, conn, from < tail ? from : tail);
    }
    look_at_reads(run);
    if (stream && read_status(conn) == 200 && op->route == ROUTE_RECORDS) {
        read_drain(stream, read_body(conn), from);
    } else if (stream && read_status(conn) / 100 == 2 && op->route == ROUTE_PUT) {
        keep_store_token(run, stream, conn);
    }
}

#endif
