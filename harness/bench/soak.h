/* The soak: an hour of an endpoint's life in scripted time, with faults drawn from a seed. What its
 * files share.
 *
 * Everything runs in one thread. Whoever waits for an answer (the reference client, or an exchange
 * of the soak's own) turns the endpoint's loop meanwhile (soak_turn), so there is no scheduling to
 * wait for, and time moves only when the script says so: some ms per session, and to the next timer
 * when nothing else is left to do.
 */
#ifndef CHATSPEC_BENCH_SOAK_H
#define CHATSPEC_BENCH_SOAK_H

#include "client/chat.h"
#include "endpoint/endpoint.h"
#include "endpoint/play.h"
#include "net/http_client.h"

#define SOAK_MARKS   4u /* messages of one session that are told apart */
#define SOAK_WAIT_MS 20000

/* What a session can suffer from. */
enum soak_kind {
    SOAK_RULE,    /* a rule of the fault language */
    SOAK_CUT,     /* the client's connection ends at a byte (soak_pipe.c) */
    SOAK_HALF,    /* a writer dies at a byte of its request, and another sends it whole */
    SOAK_TWICE,   /* the same append comes again after it was acknowledged */
    SOAK_TWIN,    /* a writer of `out` stores a record a second time */
    SOAK_REORDER, /* two appends on their way: the second one's answer comes first */
    SOAK_READER,  /* a reader of `in` leaves at a byte, several times, and resumes */
    SOAK_CLOSE,   /* the answer to a close is lost */
    SOAK_S2S,     /* an append session that an agent writes with */
    SOAK_KINDS
};

struct soak_fault {
    enum soak_kind kind;
    const char *name;
    const char *rule;         /* NULL: none */
    enum cs_chat_result send; /* what the client must make of it */
    enum cs_chat_result read; /* looked at when `send` went well */
};

enum soak_cut_how {
    SOAK_CUT_NOT,
    SOAK_CUT_RESET,
    SOAK_CUT_END, /* FIN: the answer is truncated */
    SOAK_CUT_STALL
};

struct soak_counts {
    uint64_t sessions;
    uint64_t records; /* stored, of all kinds */
    uint64_t acknowledged;
    uint64_t delivered;
    uint64_t lost;
    uint64_t doubled;
    uint64_t faults;
    uint64_t by_kind[SOAK_KINDS];
    uint64_t disk_faults;
    uint64_t adapter_faults;
    uint64_t wrong; /* verdicts */
    uint64_t resumed;
    uint64_t s2s_acks;  /* batches that were acknowledged in append sessions */
    uint64_t s2s_again; /* append sessions whose batches had to be sent again */
};

struct soak_pipe;
struct soak_session;

struct soak {
    int64_t now_ms;
    int64_t jump_left_ms; /* how far time may move to timers before the script moves it again */
    unsigned n_idle;      /* turns in a row with nothing to do */
    int64_t step_ms;      /* from one session to the next */
    struct cs_loop *loop;
    struct cs_endpoint *endpoint;
    struct cs_http *http;
    int ready_fd; /* always readable: who waits comes here again and again */
    struct cs_tap tap;
    struct soak_pipe *pipe;
    uint64_t random;
    struct soak_counts counts;
    struct soak_session *session; /* under way */
    char trouble[512];            /* the first thing that was wrong */
};

/* ---- soak_world.c ---- */

/* Errors: as cs_endpoint_start, CS_ERR_IO (no descriptors), CS_ERR_NO_MEMORY; stop it then too. */
CS_MUST_USE enum cs_err soak_start(struct soak *soak, uint64_t seed, struct cs_diag *diag);
void soak_stop(struct soak *soak);
/* One turn of the endpoint; for cs_http_watch, with the soak. */
void soak_turn(void *ctx);
/* From 0 to below `n`. */
uint64_t soak_draw(struct soak *soak, uint64_t n);
/* Takes down what was wrong; the first text is kept, the first few are told on stderr. */
void soak_wrong(struct soak *soak, const char *fmt, ...) CS_PRINTF(2, 3);
/* An exchange of the soak's own; `headers` ends in NULL and may be NULL. Without `reuse` libcurl
 * does not send it again by itself when the connection dies. NULL when out of memory. */
struct cs_exchange *soak_ask(struct soak *soak, const char *method, const char *path,
                             const char *const *headers, struct cs_view body, bool reuse);
/* Until it is over; its status, or 0. Frees it. */
int soak_answer(struct cs_exchange *exchange);
/* Sends the first `n` bytes of an append to `in` of the session on a connection of its own, and
 * resets that. */
void soak_half_append(struct soak *soak, const char *session, const char *part_id,
                      struct cs_view body, size_t n);

/* ---- soak_pipe.c ---- */

/* A listener of its own before the endpoint, that ends one connection at a byte. NULL: no memory or
 * no descriptors. */
struct soak_pipe *soak_pipe_new(struct cs_loop *loop, const char *endpoint_url);
void soak_pipe_free(struct soak_pipe *pipe);
const char *soak_pipe_url(const struct soak_pipe *pipe);
/* The connection after `skip` others ends once it has carried `at` bytes, of the answer or of the
 * request. */
void soak_pipe_cut(struct soak_pipe *pipe, unsigned skip, bool of_answer, size_t at,
                   enum soak_cut_how how);

/* ---- soak_s2s.c ---- */

/* A writer of a session's `out`, from outside. */
struct soak_writer {
    struct cs_buf url;
    struct cs_buf token; /* header lines */
    struct cs_buf basin;
    uint64_t n_written;
};

/* False when the platform does not hand out what a writer needs. Free it in any case. */
bool soak_writer_open(struct soak *soak, const char *session, struct soak_writer *writer);
void soak_writer_free(struct soak_writer *writer);
/* Appends each as a batch of its own. False when not all could be stored. */
bool soak_writer_append(struct soak *soak, struct soak_writer *writer,
                        const struct cs_record *records, size_t n);

/* ---- soak_faults.c ---- */

const struct soak_fault *soak_draw_fault(struct soak *soak);
const char *soak_kind_name(enum soak_kind kind);

/* ---- soak_session.c ---- */

/* One session from its creation to its close; `fault` may be NULL. `look`: its `in` is read back.
 * False: something of ours failed, see soak->trouble. */
bool soak_run_session(struct soak *soak, const struct soak_fault *fault, bool look);
/* From the tap. */
void soak_on_records(void *ctx, const struct cs_tap_records *records);

/* ---- soak_suite.c ---- */

/* Reports that meet a full disk at any byte, and adapters that die at any byte of what they say. */
void soak_suite(struct soak *soak, unsigned n_disks, unsigned n_adapters);

#endif
