/* The stream store: numbered records per stream, as S2 keeps them.
 *
 * An interface with two backends: memory (the default) and a real S2 endpoint (store_s2.h). All
 * calls are asynchronous in form, since that one talks HTTP; either may answer before it returns.
 * Appends to one stream are stored, and answered, in the order in which they were asked for. Rules
 * (LIM-25, LIM-26, REC-14, RES-10, RES-16): seq_num from 0, grows by 1 for every record of any
 * kind; a batch is atomic and contiguous; a trim is a command record whose point is clamped to its
 * own seq + 1 and never moves back; timestamps never decrease.
 */
#ifndef CHATSPEC_ENDPOINT_STORE_H
#define CHATSPEC_ENDPOINT_STORE_H

#include "wire/append.h"

struct cs_store;
struct cs_loop;

#define CS_FENCING_TOKEN_MAX ((size_t)36) /* REC-15 */

/* How a store call failed; the routes turn these into answers. */
enum cs_store_status {
    CS_STORE_OK = 0,
    CS_STORE_INVALID,   /* not a legal batch: S2 answers 422 (CHN-12) */
    CS_STORE_CONDITION, /* match_seq_num or fencing_token did not hold: 412 */
    CS_STORE_NOT_FOUND, /* no such stream and it is not created by reading */
    CS_STORE_UNAVAILABLE
};

struct cs_store_append {
    const struct cs_record *records; /* headers and body; seq_num is set by the store; a
                                        timestamp of the caller's is used when has_timestamp */
    size_t n_records;
    bool has_match_seq_num;
    uint64_t match_seq_num;
    bool has_fencing_token;
    struct cs_view fencing_token;
};

struct cs_store_appended {
    enum cs_store_status status;
    const char *message;      /* why not, for people */
    struct cs_position start; /* of the first record */
    struct cs_position end;   /* after the last one */
    struct cs_position tail;  /* on CS_STORE_CONDITION: the tail that did not match */
    bool fencing_mismatch;    /* CS_STORE_CONDITION because of the token and not of the number */
    struct cs_view fencing_token; /* then: the token in force; valid during the call */
};

/* A read session, embedded in whoever reads (zeroed to begin with). The store calls the hooks from
 * the loop, never from inside cs_store_read_start. Records and headers are valid during the call.
 */
struct cs_store_reader {
    /* The stream is there and can be read; comes before all others, and not when the read cannot
     * even begin (then on_error comes alone). May be NULL. */
    void (*on_open)(struct cs_store_reader *reader);
    /* A batch: at most 1000 records and 1 MiB metered. `live` when it arrived at the edge, where
     * `tail` is known; a backlog batch comes without (OUT-17). Return false to be asked again later
     * (after cs_store_read_more): back-pressure. */
    bool (*on_batch)(struct cs_store_reader *reader, const struct cs_record *records, size_t n,
                     bool live, struct cs_position tail);
    /* The live edge was reached for the first time. */
    void (*on_edge)(struct cs_store_reader *reader, struct cs_position tail);
    /* The read cannot go on. No further calls; read_stop is still the owner's to do. */
    void (*on_error)(struct cs_store_reader *reader, enum cs_store_status status,
                     const char *message);
    struct cs_store *store;
    void *impl; /* the backend's */
    /* During on_batch: equal numbers are equal batches, so what was made of one for another reader
     * is good for this one too. 0: nothing is known of that. */
    uint64_t batch;
};

struct cs_store_vtable {
    void (*append)(struct cs_store *store, struct cs_view stream,
                   const struct cs_store_append *input,
                   void (*done)(void *ctx, const struct cs_store_appended *result), void *ctx);
    /* From `from` on (beyond the tail: clamped to it, RES-10), then live until stopped. */
    enum cs_err (*read_start)(struct cs_store *store, struct cs_view stream, uint64_t from,
                              struct cs_store_reader *reader);
    void (*read_more)(struct cs_store_reader *reader);
    void (*read_stop)(struct cs_store_reader *reader);
    /* The last records of a stream, at most `n`, oldest first, without waiting (RES-18). */
    void (*last)(struct cs_store *store, struct cs_view stream, size_t n,
                 void (*done)(void *ctx, enum cs_store_status status,
                              const struct cs_record *records, size_t n_records,
                              struct cs_position tail),
                 void *ctx);
    /* Frees a stream with all of its records, so that its name is new again; one that somebody
     * reads stays. NULL: this store does not. */
    void (*forget)(struct cs_store *store, struct cs_view stream);
    /* Answers what is still waiting, with CS_STORE_UNAVAILABLE, and lets go of readers without a
     * call of their hooks. */
    void (*free)(struct cs_store *store);
};

/* Backends embed this as their first member. */
struct cs_store {
    const struct cs_store_vtable *ops;
};

/* The batch limits of any backend, as a reason why `input` is not legal; NULL when it is. Counts,
 * metered sizes and the form of command records (CHN-12, LIM-25, LIM-26). */
const char *cs_store_append_fault(const struct cs_store_append *input);

/* The memory backend. `clock` gives ms since the epoch and may be NULL (the system's). The loop
 * must outlive the store; NULL when out of memory. */
struct cs_store *cs_store_memory_new(struct cs_loop *loop, int64_t (*clock)(void *ctx), void *ctx);

#endif
