/* The records of one stream in memory: numbered without holes, added at one end, freed at the
 * other.
 *
 * Records stand in chunks of equal size behind a directory, so that adding one and finding one by
 * its number take constant time however long the stream is. Each record owns its bytes and never
 * moves, so a pointer to it stays good until it is trimmed.
 */
#ifndef CHATSPEC_ENDPOINT_STORE_LOG_H
#define CHATSPEC_ENDPOINT_STORE_LOG_H

#include "wire/record.h"

struct cs_log_chunk;

/* A zeroed struct is an empty log whose first record gets number 0. */
struct cs_log {
    struct cs_log_chunk **chunks; /* chunks[i] holds numbers (first_chunk + i) * chunk size on */
    size_t n_chunks;
    size_t cap_chunks;
    uint64_t first_chunk;
    uint64_t first; /* lowest number still here */
    uint64_t end;   /* one past the highest: the number that comes next */
};

void cs_log_free(struct cs_log *log);

/* Copies `record` (headers, body, timestamp) into a block of its own; NULL when out of memory. Done
 * apart from cs_log_add so that a batch can be copied as a whole before any of it is added. */
struct cs_record *cs_log_copy(const struct cs_record *record);
/* Makes sure that `n` records can be added without failing. Errors: CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_log_reserve(struct cs_log *log, size_t n);
/* Adds a record made by cs_log_copy under the next number; the log owns it. Room must have been
 * reserved. */
void cs_log_add(struct cs_log *log, struct cs_record *record);

/* The record of that number, or NULL when it is not here. */
const struct cs_record *cs_log_get(const struct cs_log *log, uint64_t seq_num);
/* Frees all records below `first_kept` (clamped to the end). */
void cs_log_trim(struct cs_log *log, uint64_t first_kept);

#endif
