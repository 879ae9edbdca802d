/* What the files of the agent kit share. */
#ifndef CHATSPEC_CONFORMANCE_AGENT_KIT_INTERNAL_H
#define CHATSPEC_CONFORMANCE_AGENT_KIT_INTERNAL_H

#include "conformance/agent/kit.h"
#include "conformance/client/talk.h"
#include "endpoint/endpoint.h"
#include "endpoint/tap.h"
#include "net/loop.h"
#include "script/arena.h"

#define AK_MAX_REQUESTS 8192
#define AK_MAX_RECORDS  65536
#define AK_MAX_TEXT     ((size_t)64 * 1024 * 1024)
#define AK_MAX_RUNS     32

/* A record that somebody wrote to a stream. */
struct ak_stored {
    struct ak_record record;
    const char *stream; /* "ID/out", "ID/channels/NAME/in" */
    bool seeded;        /* by the case */
};

struct ak_run {
    int command; /* the number of `run`; its events carry it */
    const char *id;
    const char *agent;
    const char *payload; /* JSON, as it was sent */
    bool gone;           /* its process was killed */
};

/* A wait of a run's for a record, as the platform knows it. */
struct ak_waitpoint {
    const char *id;
    const char *run_id;
    enum cs_waitpoint_state state;
    const char *output; /* JSON, once it is done */
    bool is_error;
    bool woken; /* the worker was told */
};

/* An array that grows. */
struct ak_list {
    void *items;
    size_t n;
    size_t cap;
};

struct ak {
    struct cs_case_run *run;
    const struct cs_client_env *env;
    struct cs_talk talk; /* with the worker; its adapter is NULL when there is none */
    bool own_worker;     /* started by this case, after a kill */
    struct cs_loop *loop;
    struct cs_endpoint *platform;
    struct cs_tap tap;
    int64_t started_ms;
    int64_t at_least_ms; /* that a wait lasts */
    const char *chat;
    struct ak_list requests;   /* struct ak_request *, in the order of their coming */
    struct ak_list stored;     /* struct ak_stored * */
    struct ak_list triggers;   /* struct ak_trigger * */
    struct ak_list waitpoints; /* struct ak_waitpoint * */
    size_t n_readers;          /* of the chat's .in, now */
    const char *watched;       /* a stream's public name, or NULL: ak_watch_readers */
    size_t n_watching;         /* its subscriptions, now */
    bool has_session;
    bool seeding;             /* what is stored now is the case's own */
    bool holds_wakes;         /* ak_hold_wakes */
    struct ak_client *client; /* kit_client.c; NULL: none was started */
    unsigned n_messages;
    bool no_memory; /* something could not be kept inside the loop */
    struct ak_run runs[AK_MAX_RUNS];
    size_t n_runs;
    struct cs_arena arena;
};

/* kit.c */
_Noreturn void ak_no_memory(struct ak *ak);
/* A copy that ends with the case. */
char *ak_keep(struct ak *ak, struct cs_view text);
/* The JSON text with " for ', kept; parsed to be sure. */
const char *ak_quotes(struct ak *ak, const char *json);
/* The same as a tree to be freed by the caller. */
cJSON *ak_parse(struct ak *ak, const char *json);
/* As text, kept. */
const char *ak_print(struct ak *ak, const cJSON *value);
/* The member at a dotted path ("a.0.b": numbers index arrays), or NULL. */
const cJSON *ak_at_path(const cJSON *value, const char *path);
bool ak_push(struct ak_list *list, void *item, size_t max);
/* Runs the loop until `done` says so; fails with "the agent did not ..." when the patience is over.
 */
void ak_wait(struct ak *ak, bool (*done)(struct ak *ak, const void *arg), const void *arg,
             const char *fmt, ...) CS_PRINTF(4, 5);
int64_t ak_patience(const struct ak *ak);
struct ak_run *ak_run_of(struct ak *ak, int run);

/* kit_worker.c */
/* To this worker from now on. */
void ak_listen(struct ak *ak, struct cs_adapter *worker);
void ak_unlisten(struct ak *ak);
/* The members of `extra` (JSON with ' for ", or NULL) join those of the object, in the place of
 * what has their names. */
void ak_join(struct ak *ak, cJSON *object, const char *extra);
/* Sends a command (freed here) and gives its number. */
int ak_command(struct ak *ak, cJSON *command);
/* The n-th event (from 0) of that name that belongs to the command, or NULL. */
const cJSON *ak_event(const struct ak *ak, int command, const char *name, size_t n);
/* Lets go of all that the case left in the worker; false when it is not as new. */
bool ak_reset(struct ak *ak);
/* A worker for the runs to come, where the last one was killed. */
void ak_need_worker(struct ak *ak);
/* Tells the worker that the wait is over; may be called inside the loop. */
void ak_wake_worker(struct ak *ak, struct ak_waitpoint *waitpoint, const char *output,
                    bool is_error);

/* kit_platform.c */
void ak_start_platform(struct ak *ak);
void ak_stop_platform(struct ak *ak);
/* A session for the chat with a run of its own, and the run's id. */
const char *ak_new_run(struct ak *ak, const char *agent);

/* kit_client.c: ends the client, if there is one. */
void ak_client_end(struct ak *ak);

/* kit_request.c: from inside the loop, where nothing may leave by a jump. */
void ak_note_request(struct ak *ak, struct ak_request *request);

/* kit_record.c */
#define AK_CONTROL   "trigger-control"
#define AK_TURN_OVER "turn-complete"
/* From inside the loop too. */
void ak_note_record(struct ak *ak, const char *stream, const struct cs_record *record,
                    int64_t at_ms, bool seeded);
/* NULL: it has none of that name. */
const struct cs_header *ak_find_header(const struct ak_record *record, const char *name);
bool ak_is_turn_complete(const struct ak_record *record);

#endif
