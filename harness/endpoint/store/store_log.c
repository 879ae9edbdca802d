#include "endpoint/store/store_log.h"

#include <assert.h>
#include <stdlib.h>

/* Small, since most streams of a test run hold a handful of records. */
#define CHUNK_RECORDS ((size_t)64)

struct cs_log_chunk {
    struct cs_record *records[CHUNK_RECORDS];
};

void cs_log_free(struct cs_log *log)
{
    cs_log_trim(log, log->end);
    for (size_t i = 0; i < log->n_chunks; i++) {
        free(log->chunks[i]);
    }
    free(log->chunks);
    *log = (struct cs_log){0};
}

/* Bytes of one block for the record, its headers and all their text, or SIZE_MAX. */
static size_t block_size(const struct cs_record *record)
{
    size_t size = sizeof(struct cs_record);
    if (record->n_headers > (SIZE_MAX - size) / sizeof(struct cs_header)) {
        return SIZE_MAX;
    }
    size += record->n_headers * sizeof(struct cs_header);
    for (size_t i = 0; i < record->n_headers; i++) {
        if (__builtin_add_overflow(size, record->headers[i].name.len, &size) ||
            __builtin_add_overflow(size, record->headers[i].value.len, &size)) {
            return SIZE_MAX;
        }
    }
    return __builtin_add_overflow(size, record->body.len, &size) ? SIZE_MAX : size;
}

/* Moves a view's bytes to *at and goes past them. */
static struct cs_view place(char **at, struct cs_view view)
{
    struct cs_view copy = cs_view_of(*at, view.len);
    if (view.len > 0) {
        memcpy(*at, view.ptr, view.len);
        *at += view.len;
    }
    return copy;
}

struct cs_record *cs_log_copy(const struct cs_record *record)
{
    size_t size = block_size(record);
    struct cs_record *copy = size == SIZE_MAX ? NULL : malloc(size);
    if (copy == NULL) {
        return NULL;
    }
    struct cs_header *headers = (struct cs_header *)(copy + 1);
    char *at = (char *)(headers + record->n_headers);
    for (size_t i = 0; i < record->n_headers; i++) {
        headers[i].name = place(&at, record->headers[i].name);
        headers[i].value = place(&at, record->headers[i].value);
    }
    *copy = (struct cs_record){
        .timestamp = record->timestamp,
        .headers = headers,
        .n_headers = record->n_headers,
        .body = place(&at, record->body),
        .kind = cs_record_kind_of(record->headers, record->n_headers),
        .has_timestamp = record->has_timestamp,
        .has_headers = record->n_headers > 0,
        .has_body = record->body.len > 0,
    };
    return copy;
}

static enum cs_err grow_directory(struct cs_log *log, size_t n_chunks)
{
    if (n_chunks <= log->cap_chunks) {
        return CS_OK;
    }
    size_t cap = log->cap_chunks > 0 ? log->cap_chunks : 1;
    while (cap < n_chunks) {
        if (cap > SIZE_MAX / 2 / sizeof(struct cs_log_chunk *)) {
            return CS_ERR_NO_MEMORY;
        }
        cap *= 2;
    }
    struct cs_log_chunk **chunks = realloc(log->chunks, cap * sizeof(struct cs_log_chunk *));
    if (chunks == NULL) {
        return CS_ERR_NO_MEMORY;
    }
    log->chunks = chunks;
    log->cap_chunks = cap;
    return CS_OK;
}

enum cs_err cs_log_reserve(struct cs_log *log, size_t n)
{
    uint64_t last_chunk = (log->end + n + CHUNK_RECORDS - 1) / CHUNK_RECORDS;
    size_t n_chunks = (size_t)(last_chunk - log->first_chunk);
    enum cs_err err = grow_directory(log, n_chunks);
    if (err != CS_OK) {
        return err;
    }
    while (log->n_chunks < n_chunks) {
        struct cs_log_chunk *chunk = calloc(1, sizeof(*chunk));
        if (chunk == NULL) {
            return CS_ERR_NO_MEMORY;
        }
        log->chunks[log->n_chunks++] = chunk;
    }
    return CS_OK;
}

/* Where the record of a number stands; its chunk must be here. */
static struct cs_record **slot(const struct cs_log *log, uint64_t seq_num)
{
    size_t chunk = (size_t)(seq_num / CHUNK_RECORDS - log->first_chunk);
    assert(chunk < log->n_chunks);
    return &log->chunks[chunk]->records[seq_num % CHUNK_RECORDS];
}

void cs_log_add(struct cs_log *log, struct cs_record *record)
{
    record->seq_num = log->end;
    *slot(log, log->end) = record;
    log->end++;
}

const struct cs_record *cs_log_get(const struct cs_log *log, uint64_t seq_num)
{
    if (seq_num < log->first || seq_num >= log->end) {
        return NULL;
    }
    return *slot(log, seq_num);
}

void cs_log_trim(struct cs_log *log, uint64_t first_kept)
{
    if (first_kept > log->end) {
        first_kept = log->end;
    }
    while (log->first < first_kept) {
        struct cs_record **record = slot(log, log->first);
        free(*record);
        *record = NULL;
        log->first++;
    }
    size_t n_empty = (size_t)(log->first / CHUNK_RECORDS - log->first_chunk);
    if (n_empty == 0) {
        return;
    }
    for (size_t i = 0; i < n_empty; i++) {
        free(log->chunks[i]);
    }
    log->n_chunks -= n_empty;
    memmove(log->chunks, log->chunks + n_empty, log->n_chunks * sizeof(struct cs_log_chunk *));
    log->first_chunk += n_empty;
}
