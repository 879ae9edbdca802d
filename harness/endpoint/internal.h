/* What the files of the reference endpoint share. Nobody outside this folder includes it.
 *
 * One request is one struct cs_call. The router fills it in (route, authentication, size, ids, row,
 * scope, body) in the order that the protocol fixes (ERR-01, ERR-02) and then calls the route's
 * function, which answers now or later. The cs_answer_... functions complete the call: it is freed
 * and must not be touched afterwards. An event stream begins with cs_answer_stream and is completed
 * by cs_call_end. If the client leaves earlier, on_gone is called and the call freed.
 *
 * Sessions and runs live as long as the endpoint, so pointers to them stay good in callbacks. Where
 * closed sessions are forgotten (forget.c), those live that a call points to or an agent works for.
 */
#ifndef CHATSPEC_ENDPOINT_INTERNAL_H
#define CHATSPEC_ENDPOINT_INTERNAL_H

#include <sys/queue.h>

#include <cjson/cJSON.h>

#include "endpoint/endpoint.h"
#include "endpoint/faults/faults.h"
#include "endpoint/play.h"
#include "endpoint/policy/policy.h"
#include "endpoint/store/store.h"
#include "net/server.h"
#include "wire/token.h"

#define CS_ID_LEN           25 /* of what follows "session_" or "run_" (SES-04) */
#define CS_ENVIRONMENTS_MAX 3
#define CS_STREAM_ROOT_MAX  96
#define CS_NO_TIME          INT64_MIN /* closedAt and the like: null */

struct cs_call;
struct cs_streams; /* the streams' own state: de-duplication and so on */
struct cs_agent;   /* the scripted agent of one run */
struct cs_waitpoint;
struct cs_objects; /* stored snapshots */
struct cs_windows; /* rate limit windows */
struct cs_h2_stream;
struct cs_scenario;

/* What a secret key, or the `sub` of a token, picks. */
struct cs_environment {
    char id[CS_ID_LEN + 1];
    const char *slug;
    char *secret_key;
    char stream_root[CS_STREAM_ROOT_MAX]; /* what the names of its streams begin with */
    const char *branch;                   /* of a preview environment; else NULL */
    /* The token bucket of the management API (LIM-18). */
    int64_t bucket_tokens;
    int64_t bucket_filled_ms;
};

TAILQ_HEAD(cs_session_list, cs_session);
TAILQ_HEAD(cs_run_list, cs_run);
TAILQ_HEAD(cs_waitpoint_list, cs_waitpoint);

struct cs_run {
    char id[sizeof("run_") + CS_ID_LEN];
    struct cs_session *session;
    enum cs_run_status status;
    char *payload; /* JSON text */
    int64_t created_ms;
    int64_t updated_ms;
    int64_t started_ms;     /* CS_NO_TIME until it executes */
    int64_t finished_ms;    /* CS_NO_TIME until it is terminal */
    struct cs_agent *agent; /* the agent's own, NULL when there is none */
    TAILQ_ENTRY(cs_run) link;
    TAILQ_ENTRY(cs_run) session_link;
};

struct cs_session {
    char id[sizeof("session_") + CS_ID_LEN];
    const struct cs_environment *environment;
    char *external_id;  /* NULL when there is none */
    struct cs_view key; /* canonical: external_id, else id */
    uint64_t row;       /* what list cursors are made of (SES-49) */
    char *type;
    char *task;
    char *trigger_config; /* JSON text, known members only (SES-33) */
    char *base_payload;   /* JSON text of an object: the member of trigger_config */
    char *tags;           /* JSON text of an array of strings */
    char *metadata;       /* JSON text of an object, or NULL */
    int64_t created_ms;
    int64_t updated_ms;
    int64_t closed_ms;       /* CS_NO_TIME while open */
    int64_t expires_ms;      /* CS_NO_TIME when never */
    char *closed_reason;     /* JSON text of a string, or NULL */
    struct cs_run *run;      /* the current one, or NULL */
    uint64_t n_runs;         /* that were current so far */
    uint64_t n_turns;        /* that its agents began */
    bool is_spoilt;          /* by malformed input (malformed_spoils_session) */
    bool was_listed;         /* as ACTIVE (list_keeps_active) */
    struct cs_run_list runs; /* all of them, oldest first */
    size_t n_calls;          /* that point here */
    bool has_channels;       /* a call came for a side channel */
    int64_t forget_ms;       /* not before; while it stands in endpoint->closed */
    TAILQ_ENTRY(cs_session) closed_link;
    TAILQ_ENTRY(cs_session) link;
};

struct cs_endpoint {
    struct cs_loop *loop;
    struct cs_server *server;
    struct cs_store *store;
    struct cs_policy policy;
    struct cs_environment environments[CS_ENVIRONMENTS_MAX];
    size_t n_environments;
    struct cs_session_list sessions; /* in order of creation */
    size_t n_sessions;
    struct cs_session_list closed; /* to be forgotten, by time; empty when none is */
    int64_t forget_closed_ms;      /* 0: never */
    uint64_t last_row;
    void *sessions_by_id; /* search.h trees */
    void *sessions_by_external_id;
    struct cs_run_list runs;
    size_t n_runs;
    void *runs_by_id;
    struct cs_objects *objects;
    struct cs_windows *windows;
    struct cs_streams *streams;
    struct cs_waitpoint_list waitpoints;
    size_t n_waitpoints;
    struct cs_faults *faults;
    const struct cs_tap *tap; /* or NULL */
    int64_t started_ms;       /* cs_loop_now */
    uint64_t n_requests;      /* told so far */
    struct cs_play_continue next_continue;
    bool has_next_continue;
    char *marker;                       /* a header line for every answer, with its end; or NULL */
    const struct cs_scenario *scenario; /* what its agents answer, or NULL */
    bool no_agent;
    int64_t (*clock)(void *ctx); /* NULL: the system's */
    void *clock_ctx;
    uint64_t random;
    char url[128];
    char *stream_url; /* of an S2 elsewhere; NULL: the store is ours, and so is its door */
    char *stream_basin;
    char *stream_token; /* NULL: none */
    bool quiet;
};

/* ---- one request ---- */

enum cs_auth_kind {
    CS_AUTH_NONE,
    CS_AUTH_SECRET,
    CS_AUTH_PUBLIC
};

struct cs_auth {
    enum cs_auth_kind kind;
    struct cs_environment *environment; /* NULL only with CS_AUTH_NONE */
    struct cs_token token; /* of a public token: scopes, sub; of a restricted key: scopes */
    bool is_restricted;    /* a secret key that ends at its scopes */
};

struct cs_call {
    struct cs_endpoint *endpoint;
    struct cs_conn *conn;             /* over HTTP/1.1, else NULL */
    struct cs_h2_stream *stream;      /* over HTTP/2, else NULL */
    const struct cs_request *request; /* gone after cs_conn_release_request */
    const struct cs_route *route;
    struct cs_auth auth;
    struct cs_buf id_text;
    struct cs_view id; /* the {session}, {run} or {name} of the path, decoded */
    struct cs_buf channel_text;
    struct cs_view channel; /* of a side channel; empty for the reserved pair */
    enum cs_io io;
    struct cs_session *session; /* NULL on row-optional routes when there is no row */
    struct cs_view key;         /* canonical key: the session's, else `id` */
    struct cs_buf origin;       /* value of Origin, when has_origin */
    bool has_origin;
    struct cs_buf headers; /* header lines that go into the answer */
    struct cs_buf json;    /* of routes with a JSON body: its text, checked */
    char method[8];        /* for the log and for HEAD */
    struct cs_buf log_path;
    int64_t started_ms;
    int status;
    struct cs_fault_action fault;
    uint64_t number;  /* of the request, once it was told to the tap; 0 before */
    bool is_answered; /* told too */
    bool no_memory;   /* something of the request could not be read: see cs_answer_body */
    /* For answers that stay open: */
    void *user;
    void (*on_drained)(struct cs_call *call);
    void (*on_gone)(struct cs_call *call); /* the connection is no more: free `user` */
    /* Over HTTP/2, for routes that take the body as it comes (router_h2.c); else NULL. */
    void (*on_body)(struct cs_call *call, struct cs_view bytes);
    void (*on_body_end)(struct cs_call *call);
};

/* Parameter `name` of the query, the last one of that name (cs_query_get); false when there is none
 * that can be read. */
bool cs_call_query(struct cs_call *call, const char *name, struct cs_buf *out);

/* ---- answers (answer.c) ---- */

/* Adds a header line to the answer to come. */
void cs_answer_header(struct cs_call *call, const char *name, const char *fmt, ...) CS_PRINTF(3, 4);
/* application/json; the text is copied, the cJSON tree freed. */
void cs_answer_json_text(struct cs_call *call, int status, struct cs_view text);
void cs_answer_json(struct cs_call *call, int status, cJSON *json);
/* {"error": message} */
void cs_answer_error(struct cs_call *call, int status, const char *message);
/* A broken schema or a failure inside (ERR-12, ERR-17), as `status` 400 or 500 says. */
void cs_answer_refusal(struct cs_call *call, int status, const char *message);
/* 500: there was no memory to find out what the answer is. */
void cs_answer_no_memory(struct cs_call *call);
/* text/plain; charset=utf-8 */
void cs_answer_text(struct cs_call *call, int status, const char *text);
/* The same from a buffer, which is freed; 500 when it had failed. */
void cs_answer_buf(struct cs_call *call, int status, struct cs_buf *text);
/* Without CORS headers: answers that come from below the routes (ERR-08). */
void cs_answer_below(struct cs_call *call, int status, const char *type, struct cs_view body);
void cs_answer_bare(struct cs_call *call, int status); /* ... and without a body */
/* Any type and body. A call without memory (no_memory) is answered 500 instead of any 4xx, and
 * whatever it reads: nobody is told to be at fault by who could not read what he said. */
void cs_answer_body(struct cs_call *call, int status, const char *type, struct cs_view body);
/* Head of a chunked answer: the headers so far, CORS (exposing everything: OUT-04), and
 * Transfer-Encoding. False when the connection is gone: the call was freed. Chunks follow by
 * cs_conn_send; the end is the last chunk and cs_call_end. */
bool cs_answer_stream(struct cs_call *call, int status, const char *type);
/* The answer is complete: logs it, frees the call and lets the connection go on. */
void cs_call_end(struct cs_call *call);
/* What cs_answer_... do with a head (as HTTP/1.1 writes it, up to its empty line) and a body for a
 * call over HTTP/2 (answer_h2.c). With `end` the answer is complete. False when the stream is
 * closing. */
bool cs_answer_h2(struct cs_call *call, struct cs_view head, struct cs_view body, bool end);
/* The call over HTTP/2 is complete: its stream forgets it (router_h2.c). */
void cs_call_leave_stream(struct cs_call *call);
/* Memory only: for a call whose connection is gone. */
void cs_call_free(struct cs_call *call);

/* CORS lines of an actual answer (ERR-06, ERR-07), `expose` as the exposed header names. */
void cs_cors_headers(const struct cs_call *call, const char *expose, struct cs_buf *out);
void cs_cors_preflight(struct cs_call *call);

/* ---- authentication and scopes (auth.c) ---- */

/* Fills call->auth. False when it answered 401 (the call is freed). */
bool cs_auth_check(struct cs_call *call);
/* May this call do `action` on any of these ids of `type`? A secret key always may. */
bool cs_auth_allows(const struct cs_call *call, const char *action, const char *type,
                    const struct cs_view *ids, size_t n_ids);
/* 403 as srv says it (TOK-19). */
void cs_answer_forbidden(struct cs_call *call);
/* Mints a session's public token (TOK-01 to TOK-05); with `run` its scopes are added (TOK-44). */
CS_MUST_USE enum cs_err cs_token_for_session(const struct cs_endpoint *endpoint,
                                             const struct cs_session *session,
                                             const struct cs_run *run, struct cs_buf *out);
/* The same with another time of issue. */
CS_MUST_USE enum cs_err cs_token_issued_at(const struct cs_endpoint *endpoint,
                                           const struct cs_session *session,
                                           const struct cs_run *run, int64_t now_s,
                                           struct cs_buf *out);

/* ---- sessions (session.c) ---- */

/* By friendly id when `id` begins with "session_", else by external id: never both. NULL: none in
 * this environment. */
struct cs_session *cs_session_find(const struct cs_endpoint *endpoint,
                                   const struct cs_environment *environment, struct cs_view id);
bool cs_session_expired(const struct cs_session *session, int64_t now_ms);
/* The live run; when there is none or it is terminal a new one is started first (CON-01, CON-04).
 * NULL when out of memory or when runs are not to be started. */
struct cs_run *cs_session_ensure_run(struct cs_endpoint *endpoint, struct cs_session *session);
/* True when the value names a friendly id and nothing else. */
bool cs_is_friendly_id(struct cs_view id);

/* ---- runs (runs.c) ---- */

bool cs_run_terminal(const struct cs_run *run);
/* For the agent: it took the run up, waits, or has ended. */
void cs_run_set_status(struct cs_endpoint *endpoint, struct cs_run *run, enum cs_run_status status);
const char *cs_run_status_name(enum cs_run_status status);

/* ---- streams (written elsewhere in this folder) ---- */

/* The store's name of a channel: "<root>/sessions/<key>/<in or out>", for a side channel
 * "<root>/sessions/<key>:channels:<name>/<in or out>", with the root of the environment. Never what
 * the URL said, so both id forms meet (SES, section 0.1). Clears `out` first. */
void cs_stream_name(const struct cs_environment *environment, struct cs_view key,
                    struct cs_view channel, enum cs_io io, struct cs_buf *out);
const char *cs_io_name(enum cs_io io);

/* State of the streams, made and freed with the endpoint. */
struct cs_streams *cs_streams_new(struct cs_endpoint *endpoint);
void cs_streams_free(struct cs_streams *streams);

/* Routes; authentication, ids, row and scope are settled and, for `in_body` routes, the body is
 * complete in call->request->body. GET, HEAD, PUT and records come with session NULL for an unknown
 * external id; append always has a row. */
void cs_route_channel_get(struct cs_call *call);
void cs_route_channel_head(struct cs_call *call);
void cs_route_channel_put(struct cs_call *call);
void cs_route_channel_append(struct cs_call *call);
void cs_route_channel_records(struct cs_call *call);
/* The store's own door, /v1/streams and below: authentication is the store token's and so its own
 * business; call->auth is empty, call->id the decoded stream name. */
void cs_route_s2_append(struct cs_call *call);
void cs_route_s2_create(struct cs_call *call);
void cs_route_s2_read(struct cs_call *call);
void cs_route_s2_tail(struct cs_call *call);

/* A run began (status CS_RUN_QUEUED); the agent sets CS_RUN_EXECUTING when it takes it up. */
void cs_agent_on_run_started(struct cs_endpoint *endpoint, struct cs_session *session,
                             struct cs_run *run);
/* A record was appended to `in`, after its run was ensured. */
void cs_agent_on_input(struct cs_endpoint *endpoint, struct cs_session *session,
                       const struct cs_record *in_record);
/* The run was cancelled from outside, or the endpoint stops: stop timers, free run->agent. Also
 * called for runs without an agent. */
void cs_agent_on_run_ended(struct cs_endpoint *endpoint, struct cs_run *run);

/* ---- small things (ids.c) ---- */

uint64_t cs_endpoint_random(struct cs_endpoint *endpoint);
/* Writes `len` lower-case letters and digits, the first a letter, and a NUL. */
void cs_random_id(struct cs_endpoint *endpoint, char *ret_text, size_t len);
/* Milliseconds since the epoch. */
int64_t cs_endpoint_now(const struct cs_endpoint *endpoint);
/* Appends "2026-08-21T10:00:00.000Z" in quotes, or null for CS_NO_TIME. */
void cs_json_time(struct cs_buf *out, int64_t time_ms);
/* Appends a quoted, escaped string. */
void cs_json_text(struct cs_buf *out, struct cs_view text);

#endif
