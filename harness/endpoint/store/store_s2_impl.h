/* What the files of the S2 backend share; nobody else includes this. */
#ifndef CHATSPEC_ENDPOINT_STORE_S2_IMPL_H
#define CHATSPEC_ENDPOINT_STORE_S2_IMPL_H

#include <sys/queue.h>

#include "endpoint/store/store_s2.h"
#include "net/loop.h"
#include "net/loop_http.h"

#define CS_S2_CONNECT_MS 3000
#define CS_S2_BATCH_TEXT ((size_t)4 << 20) /* of a batch's decoded strings: over 1 MiB metered */

struct cs_s2_reader;
struct cs_s2_last;
struct cs_s2_queue;
TAILQ_HEAD(cs_s2_readers, cs_s2_reader);
TAILQ_HEAD(cs_s2_lasts, cs_s2_last);
TAILQ_HEAD(cs_s2_queues, cs_s2_queue);

/* A batch with its base64 taken off. A zeroed struct with `text` made is ready. */
struct cs_s2_batch {
    struct cs_record records[CS_BATCH_MAX_RECORDS];
    size_t n_records;
    struct cs_header *headers;
    size_t headers_cap;
    struct cs_buf text;
};

struct cs_s2 {
    struct cs_store base;
    struct cs_loop *loop;
    struct cs_loop_http *http;
    char *url;
    char *basin_line; /* "S2-Basin: name" */
    char *token_line; /* "Authorization: Bearer token", or NULL */
    int64_t patience_ms;
    int64_t silence_ms;
    int64_t retry_ms;
    void *queues_by_name; /* a search.h tree */
    struct cs_s2_queues queues;
    uint64_t queued_bytes;
    struct cs_s2_readers readers;
    struct cs_s2_lasts lasts;
    struct cs_s2_reader *serving; /* NULL once the reader that is being served was stopped */
    struct cs_s2_batch batch;     /* the one that is being handed out */
};

static inline struct cs_s2 *cs_s2_of(struct cs_store *store)
{
    return (struct cs_s2 *)store;
}

/* A request to .../streams/<stream>/records<query>; NULL when out of memory. `accept` may be NULL.
 * Adds the headers that all have. */
struct cs_loop_request *cs_s2_request(struct cs_s2 *s2, struct cs_view stream, const char *query,
                                      const char *accept, struct cs_loop_http_request *how,
                                      const struct cs_loop_http_hooks *hooks);
/* What an answer other than 200 means. */
enum cs_store_status cs_s2_status(int status);

/* ---- store_s2_records.c ---- */

/* Appends the records as S2's JSON has them, joined by commas, in base64 format. */
void cs_s2_put_records(struct cs_buf *out, const struct cs_record *records, size_t n);
/* Takes the base64 off what wire/record.h decoded. Errors: CS_ERR_SYNTAX, CS_ERR_LIMIT,
 * CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_s2_take_records(struct cs_s2_batch *batch,
                                           const struct cs_batch *encoded);
void cs_s2_batch_free(struct cs_s2_batch *batch);

/* ---- store_s2_append.c ---- */

void cs_s2_append(struct cs_store *store, struct cs_view stream,
                  const struct cs_store_append *input,
                  void (*done)(void *ctx, const struct cs_store_appended *result), void *ctx);
void cs_s2_appends_free(struct cs_s2 *s2);

/* ---- store_s2_read.c ---- */

enum cs_err cs_s2_read_start(struct cs_store *store, struct cs_view stream, uint64_t from,
                             struct cs_store_reader *reader);
void cs_s2_read_more(struct cs_store_reader *reader);
void cs_s2_read_stop(struct cs_store_reader *reader);
void cs_s2_readers_free(struct cs_s2 *s2);

/* ---- store_s2_last.c ---- */

void cs_s2_last(struct cs_store *store, struct cs_view stream, size_t n,
                void (*done)(void *ctx, enum cs_store_status status,
                             const struct cs_record *records, size_t n_records,
                             struct cs_position tail),
                void *ctx);
void cs_s2_lasts_free(struct cs_s2 *s2);

#endif
