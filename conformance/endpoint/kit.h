/* What an endpoint case works with: calls, sessions, subscriptions, direct stream writes.
 *
 * Every helper ends the case by itself when it cannot do its job: a transport fault is `error`
 * (nothing of the peer could be judged), a wrong answer is `fail` with both sides as evidence.
 * Every exchange is evidence without further ado. What a helper returns lives until the end of the
 * case; nothing has to be freed.
 */
#ifndef CHATSPEC_CONFORMANCE_ENDPOINT_KIT_H
#define CHATSPEC_CONFORMANCE_ENDPOINT_KIT_H

#include <cjson/cJSON.h>

#include "conformance/endpoint/endpoint_role.h"
#include "net/http_client.h"
#include "wire/append.h"
#include "wire/json.h"
#include "wire/reader.h"
#include "wire/token.h"

struct ep; /* the endpoint under test, as one case sees it */

struct ep *ep_of(struct cs_case_run *run);
struct cs_case_run *ep_run(struct ep *ep);
const struct cs_endpoint_env *ep_env(struct ep *ep);

/* ---- text ---- */

/* printf into memory of the case. */
const char *ep_text(struct ep *ep, const char *fmt, ...) CS_PRINTF(2, 3);
/* `len` times the byte `c`, NUL-terminated. */
const char *ep_fill(struct ep *ep, char c, size_t len);
/* As JavaScript's encodeURIComponent: for path segments. */
const char *ep_encode(struct ep *ep, const char *text);
/* A fresh unique text of letters, digits and '-'. */
const char *ep_unique(struct ep *ep, const char *prefix);

/* ---- calls ---- */

struct ep_call {
    const char *method;         /* NULL: GET, or POST when there is a body */
    const char *path;           /* with its leading slash; or a whole URL (of the stream store) */
    const char *auth;           /* token or key; NULL: no Authorization header */
    const char *body;           /* NULL: none */
    size_t body_len;            /* 0: strlen(body) */
    const char *type;           /* Content-Type; NULL: application/json when there is a body */
    const char *const *headers; /* further "Name: value" lines, ended by NULL; may be NULL */
    bool chunked;
};

#define EP_HEADERS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct ep_answer {
    int status;
    struct cs_view body;
    const cJSON *json; /* NULL when the body is not a JSON text */
    struct cs_exchange *exchange;
    int64_t took_ms;
};

const struct ep_answer *ep_call(struct ep *ep, const struct ep_call *call);
#define ep_do(ep, ...) ep_call((ep), &(struct ep_call){__VA_ARGS__})

/* A call that is under way, for doing several at once. */
struct ep_pending;
struct ep_pending *ep_begin(struct ep *ep, const struct ep_call *call);
const struct ep_answer *ep_end(struct ep *ep, struct ep_pending *pending);

/* Lets time pass between two looks at something eventually consistent. */
void ep_pause(struct ep *ep, int64_t ms);
/* How long it may take until a list shows what was done (SES-51); the deadline moves by that. */
int64_t ep_lag(struct ep *ep);

/* Header of an answer, or NULL. */
const char *ep_header(const struct ep_answer *answer, const char *name);
/* What an answer is to the case; each returns it, so that calls nest.
 *   ep_expect  the thing under test: fails unless the status is that one
 *   ep_accept  the accepted twin of a refusal: fails unless it is 2xx
 *   ep_need    a step on the way there: `error` unless it is 2xx, since nothing can be judged */
const struct ep_answer *ep_expect(struct ep *ep, const struct ep_answer *answer, int status);
const struct ep_answer *ep_accept(struct ep *ep, const struct ep_answer *answer);
const struct ep_answer *ep_need(struct ep *ep, const struct ep_answer *answer);
/* What a 401 or 403 is to it; each returns the answer.
 *   ep_allowed  nothing that the case judges: `error`; any other status passes
 *   ep_granted  the thing under test: fails; `error` when it is not 2xx for another reason */
const struct ep_answer *ep_allowed(struct ep *ep, const struct ep_answer *answer);
const struct ep_answer *ep_granted(struct ep *ep, const struct ep_answer *answer);
/* What it says in one line, for observations: "404 Session not found", or the status alone when the
 * body has no text in "error". */
const char *ep_said(struct ep *ep, const struct ep_answer *answer);
/* Member of the JSON answer by a dotted path ("triggerConfig.tags"); NULL when absent. */
const cJSON *ep_get(const struct ep_answer *answer, const char *path);
/* What facts are made of: the value of a header or "absent", and the names of an object's members
 * in alphabetical order, divided by spaces. */
const char *ep_header_or_absent(const struct ep_answer *answer, const char *name);
const char *ep_member_names(struct ep *ep, const cJSON *object);
/* String or integer member; fails when it is absent or of another type. */
const char *ep_get_text(struct ep *ep, const struct ep_answer *answer, const char *path);
int64_t ep_get_int(struct ep *ep, const struct ep_answer *answer, const char *path);
/* A string member as a step on the way: `error` when it is not there. */
const char *ep_need_text(struct ep *ep, const struct ep_answer *answer, const char *path);

/* ---- sessions ---- */

struct ep_session {
    const char *id;          /* session_... */
    const char *external_id; /* NULL when made without */
    const char *key;         /* the canonical key: external id, or id when there is none */
    const char *run_id;
    const char *token; /* publicAccessToken */
    const struct ep_answer *created;
};

/* The body of a create call; `extra` is more JSON members, such as "\"tags\":[\"a\"]", or NULL. */
const char *ep_create_body(struct ep *ep, const char *external_id, const char *extra);
/* A fresh session with an external id, bound to the task that no agent answers. */
const struct ep_session *ep_session(struct ep *ep);
/* The same with more JSON members in its create body, or without an external id. */
const struct ep_session *ep_session_with(struct ep *ep, const char *external_id, const char *extra);
/* The session that a create call answered (ep_need). */
const struct ep_session *ep_session_from(struct ep *ep, const struct ep_answer *created);
/* A fresh session behind which an agent runs (the case must need CS_NEEDS_RUN). */
const struct ep_session *ep_agent_session(struct ep *ep);
/* A session of that task alone, and a task that no other session has and no agent answers. */
const struct ep_session *ep_task_session(struct ep *ep, const char *task);
const char *ep_own_task(struct ep *ep);
/* The externalId of a session that has expired already. */
const char *ep_expired_session(struct ep *ep);
/* A fresh session whose external id is legal and makes stream names of more than the 512 bytes that
 * a store takes (LIM-14): what needs its channels fails in the store. */
const struct ep_session *ep_unstorable_session(struct ep *ep);
/* POST /api/v1/sessions with that body and the secret key. */
const struct ep_answer *ep_post_session(struct ep *ep, const char *body);
const struct ep_answer *ep_close(struct ep *ep, const struct ep_session *session, const char *body);

/* The session's row as retrieve shows it (ep_need). */
const struct ep_answer *ep_item(struct ep *ep, const struct ep_session *session);
/* Its currentRunId. */
const char *ep_current_run(struct ep *ep, const struct ep_session *session);
/* The session's current run hands over to a new one (end-and-continue; ep_need): its id. */
const char *ep_swap_run(struct ep *ep, const struct ep_session *session);
/* A run through the management API, and its end (the case must need CS_NEEDS_RUNS_API). */
const struct ep_answer *ep_run_item(struct ep *ep, const char *run_id);
void ep_cancel_run(struct ep *ep, const char *run_id);

/* The runs of a task as the management API lists them, newest first (CS_NEEDS_RUNS_API). */
const cJSON *ep_runs_of(struct ep *ep, const char *task);
/* end-and-continue by that run, with the session's token. */
const struct ep_answer *ep_continue(struct ep *ep, const struct ep_session *session,
                                    const char *run_id);
/* GET /api/v1/sessions with this query; and its `data`, asked for until it holds `n` rows or
 * patience ends (SES-51). */
const struct ep_answer *ep_list(struct ep *ep, const char *query);
const cJSON *ep_list_until(struct ep *ep, const char *query, int n);

/* "/api/v1/sessions/<encoded id><rest>" and "/realtime/v1/sessions/<encoded id>/<rest>". */
const char *ep_api(struct ep *ep, const char *id, const char *rest);
const char *ep_realtime(struct ep *ep, const char *id, const char *rest);

/* Append a text to `in` with the session's token; `part_id` may be NULL. */
const struct ep_answer *ep_append(struct ep *ep, const struct ep_session *session,
                                  const char *part_id, const char *body);
/* The same as a step on the way: it must be accepted (ep_need). */
void ep_append_need(struct ep *ep, const struct ep_session *session, const char *body);
/* A message chunk as the page describes it, with this text. */
const char *ep_message(struct ep *ep, const struct ep_session *session, const char *text);

/* GET .../<io>/records: the `records` array (ep_need). */
const cJSON *ep_drain(struct ep *ep, const struct ep_session *session, const char *io);
int ep_drain_count(struct ep *ep, const struct ep_session *session, const char *io);

/* ---- tokens ---- */

/* Decoded session token; fails when it is not a JWT. */
const struct cs_token *ep_decode(struct ep *ep, const char *token);
bool ep_has_scope(const struct cs_token *token, const char *scope);
/* A good token with these scopes for the environment of the session: signed with the secret key, or
 * asked for (the case must need CS_NEEDS_SCOPES). */
const char *ep_mint(struct ep *ep, const struct ep_session *session, const char *const *scopes);
#define EP_SCOPES(...) ((const char *const[]){__VA_ARGS__, NULL})
/* The claims of such a token, for cases that spoil one of them (CS_NEEDS_MINT). */
struct cs_token_claims ep_claims(struct ep *ep, const struct ep_session *session,
                                 const char *const *scopes);
const char *ep_sign(struct ep *ep, const struct cs_token_claims *claims, const char *key);

/* ---- subscriptions ---- */

struct ep_sub {
    struct cs_exchange *exchange;
    struct cs_reader *reader;
    int status;
    struct ep *ep;
    struct cs_view pending; /* bytes taken from the exchange and not yet read */
    uint64_t n_read;        /* bytes of the body that were taken so far */
    bool ended;             /* the body has ended cleanly */
    bool judges_end; /* set by a case for which a broken-off stream is a failure, not an error */
};

/* GET .../<io> with this token and further headers. The answer's head has come. */
struct ep_sub *ep_subscribe(struct ep *ep, const char *path, const char *auth,
                            const char *const *headers);
/* The session's own `io` with its token; must be 200. `headers` may be NULL. */
struct ep_sub *ep_open(struct ep *ep, const struct ep_session *session, const char *io,
                       const char *const *headers);
const char *ep_sub_header(struct ep_sub *sub, const char *name);
/* The next event within `timeout_ms`; NULL when the time is over (not a failure by itself) or, with
 * sub->ended, when the body ended. A stream that breaks off is an `error` (see judges_end). */
const struct cs_event *ep_next(struct ep_sub *sub, int64_t timeout_ms);
/* The next record of any kind: as the thing under test (fails when none comes in time), and as a
 * step on the way (`error` then). */
const struct cs_record *ep_expect_record(struct ep_sub *sub);
const struct cs_record *ep_next_record(struct ep_sub *sub);
/* The next event of that type, passing over others; fails when none comes within `timeout_ms`. */
const struct cs_event *ep_wait(struct ep_sub *sub, enum cs_event_type type, int64_t timeout_ms);
/* Reads to the end, as the thing under test: [DONE] comes once, nothing after it, and then the end.
 */
void ep_expect_done_once(struct ep_sub *sub);
/* The turn-complete of the turn that is going on, as a step on the way. */
const struct cs_record *ep_next_turn_complete(struct ep_sub *sub);
void ep_unsubscribe(struct ep_sub *sub);

/* One record as kept for comparison. */
struct ep_record {
    uint64_t seq_num;
    int64_t timestamp;
    enum cs_record_kind kind;
    const char *body;
    size_t body_len;
    const char *headers; /* "name=value;name=value;" */
};
struct ep_records {
    struct ep_record *items;
    size_t n;
    bool done; /* [DONE] came */
};
/* Everything that a subscription of one second brings (Timeout-Seconds: 1), to its [DONE]. */
struct ep_records ep_read_all(struct ep *ep, const struct ep_session *session, const char *io,
                              const char *const *headers);

/* What comes until the body ends, or until nothing does for the patience and a second. */
struct ep_records ep_rest(struct ep_sub *sub);

/* ---- the stream store, directly ---- */

struct ep_stream {
    const char *url; /* of the records collection */
    const char *token;
    const char *basin;
};

/* PUT initialise with the secret key. */
const struct ep_stream *ep_stream(struct ep *ep, const struct ep_session *session, const char *io);
/* POST {"records":[...]}: `records` is the JSON inside the brackets. `format` is raw or base64. */
const struct ep_answer *ep_stream_post(struct ep *ep, const struct ep_stream *stream,
                                       const char *format, const char *body);
/* Each appends one record and returns its seq_num. */
uint64_t ep_write_data(struct ep *ep, const struct ep_stream *stream, const char *chunk_json);
uint64_t ep_write_control(struct ep *ep, const struct ep_stream *stream, const char *subtype);
uint64_t ep_write_trim(struct ep *ep, const struct ep_stream *stream, uint64_t first_kept);

/* ---- the stream store by itself (kit_s2.c) ----
 *
 * A case of the store works on the one of --s2-url, on the built-in one, or, when it only appends
 * and needs CS_NEEDS_STREAM alone, on what a server's initialise call hands out. */

/* Where the store is, to its version; NULL when only an initialise call tells. */
const char *ep_s2_url(struct ep *ep);
/* A fresh stream. */
const struct ep_stream *ep_s2_stream(struct ep *ep);
/* Appends these records (the JSON inside the brackets), which must be taken (ep_need); the number
 * of the first. */
uint64_t ep_s2_append(struct ep *ep, const struct ep_stream *stream, const char *records);
/* GET of the records with what follows their URL ("?seq_num=0", "/tail") and further headers. */
const struct ep_answer *ep_s2_get(struct ep *ep, const struct ep_stream *stream, const char *query,
                                  const char *const *headers);
/* The same as an event stream, of any status; and one that must be 200 (`error` else). */
struct ep_sub *ep_s2_subscribe(struct ep *ep, const struct ep_stream *stream, const char *query,
                               const char *const *headers);
struct ep_sub *ep_s2_open(struct ep *ep, const struct ep_stream *stream, const char *query,
                          const char *const *headers);
/* ... and everything it brings to its end (`error` when it does not end). */
struct ep_records ep_s2_read(struct ep *ep, const struct ep_stream *stream, const char *query,
                             const char *const *headers);
/* How many items `records` of a unary answer has; fails when it is no array. */
int ep_s2_count(struct ep *ep, const struct ep_answer *answer);
/* seq_num of its first record; -1 when there is none. */
int64_t ep_s2_first(struct ep *ep, const struct ep_answer *answer);
/* Gives the reader time to reach the live edge: until its ping comes, or for two seconds. */
void ep_s2_edge(struct ep_sub *sub);
/* Is it a batch, or a ping, whatever its content? */
bool ep_s2_named(const struct cs_event *event, const char *name);
/* The id line of an event as its three numbers; false when it is not three. */
struct ep_s2_id {
    uint64_t seq_num, count, bytes;
};
bool ep_s2_id(const struct cs_event *event, struct ep_s2_id *ret_id);

#endif
