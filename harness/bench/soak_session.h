/* Inside the soak: a session under way, for the files that write and read it. */
#ifndef CHATSPEC_BENCH_SOAK_SESSION_H
#define CHATSPEC_BENCH_SOAK_SESSION_H

#include "bench/soak.h"

#define SOAK_PATH_LEN 256

struct soak_session {
    struct soak *soak;
    const struct soak_fault *fault;
    char id[32];
    struct cs_chat *chat;
    /* `in`, by marks: @0@ is what the client sends, others come from the soak itself. */
    bool acknowledged[SOAK_MARKS];
    unsigned stored[SOAK_MARKS];
    unsigned seen[SOAK_MARKS]; /* by a reader of `in` */
    unsigned order[SOAK_MARKS];
    unsigned n_order;
    uint64_t in_seq; /* of the client's message */
    /* `out` */
    unsigned n_chunks;
    unsigned n_written;
    bool complete;
    bool twin;
    bool by_s2s; /* `out` is written in append sessions */
    struct soak_writer writer;
    unsigned n_seen;
    size_t n_out;        /* records that were written, a twin and the turn's end too */
    size_t n_out_stored; /* the client would not see the second of two: it knows their ids */
};

/* ---- soak_in.c: others that write and read `in`, each message with a mark ---- */

/* The k of "@k@", or SOAK_MARKS. */
unsigned soak_mark_of(struct cs_view body);
/* An append; the status of its answer. */
int soak_write_one(struct soak_session *session, unsigned mark);
/* A writer that dies at a byte of its request, and another that sends it whole. */
void soak_write_half(struct soak_session *session);
/* The same append again after it was acknowledged. */
void soak_write_twice(struct soak_session *session);
/* Two appends, of which the second one's answer comes first. */
void soak_write_reordered(struct soak_session *session);
/* Reads all of `in`, several times resumed where the fault is about that. */
void soak_read_back(struct soak_session *session);

#endif
