/* What a client case works with: a scripted server on one side of the client, its adapter on the
 * other, and judgements about what the client put on the wire in between.
 *
 * Every wait has a deadline and ends the case with a failure when it passes; every request and
 * every line of the adapter is evidence without further ado. What a helper returns lives until the
 * end of the case; nothing has to be freed.
 */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_KIT_H
#define CHATSPEC_CONFORMANCE_CLIENT_KIT_H

#include <cjson/cJSON.h>

#include "conformance/client/client_role.h"
#include "script/scripted_server.h"

struct ck; /* the client under test, as one case sees it */

struct ck *ck_of(struct cs_case_run *run);

/* ---- names ---- */

/* The chat id of the case: unique to it. */
const char *ck_chat(const struct ck *ck);
/* Another chat id from here on; before anything else is done. */
void ck_use_chat(struct ck *ck, const char *chat);
/* The client's base URL ends in this from here on ("/", "/prefix"). */
void ck_use_base(struct ck *ck, const char *suffix);
/* A token by its name: a JWT for the case's session, the same for the same name and another for
 * every other name. The client gets "P1" when the session is started; its k-th question for a fresh
 * one is answered with "Rk". */
const char *ck_token(struct ck *ck, const char *name);
/* printf into memory of the case. */
const char *ck_text(struct ck *ck, const char *fmt, ...) CS_PRINTF(2, 3);

/* ---- the server ---- */

/* From now on the server answers as this script says (harness/script/README.md). */
void ck_script(struct ck *ck, const char *fmt, ...) CS_PRINTF(2, 3);
/* Opens a gate of the script. */
void ck_release(struct ck *ck, const char *gate);
/* A second server with a script of its own, for clients that are told of several addresses. */
const struct cs_scripted *ck_other_server(struct ck *ck, const char *script);

/* ---- the client ---- */

/* Opens the client: its session starter and its token refresher are ours. `sessions` is the stored
 * state of chats as JSON ({"chat-id":{...}}), as after a page reload; NULL: a fresh client. */
void ck_open(struct ck *ck, const char *sessions);
/* As ck_open with options of the client's own (a JSON object, handed on as it is: PROTOCOL.md);
 * without a starter it cannot begin a session by asking. */
void ck_open_with(struct ck *ck, const char *options_json, bool starter);
/* From now on the client's questions for a fresh token are answered with an error. */
void ck_refuse_tokens(struct ck *ck);
/* The next commands start something that runs on: the number names its stream. */
int ck_send(struct ck *ck, const char *text);
/* As ck_send, with more members of the command (a JSON object: messageId, metadata, body). */
int ck_send_with(struct ck *ck, const char *text, const char *members);
/* A whole conversation; `messages` is a JSON array of UI messages. */
int ck_send_messages(struct ck *ck, const char *messages);
int ck_regenerate(struct ck *ck, const char *messages);
int ck_action(struct ck *ck, const char *action_json);
/* With metadata of the call (JSON). */
int ck_action_with(struct ck *ck, const char *action_json, const char *metadata);
int ck_reconnect(struct ck *ck);
/* Stops the running turn and waits until the client has answered. */
void ck_stop(struct ck *ck);
/* The same for a stop that may fail: what the client says of it ("true", "false", "nothing", or
 * "an error"). */
const char *ck_try_stop(struct ck *ck);
/* Aborts the stream and waits until the adapter has done so. */
void ck_abort(struct ck *ck, int stream);
/* The client's storable state of the case's chat; NULL when it keeps none. */
const cJSON *ck_session(struct ck *ck);

/* ---- clients of other kinds (PROTOCOL.md), and commands in general ---- */

/* Opens a client of that kind, with a secret key and the server's URL; `members` is a JSON object
 * of what else `open` takes ({"options":{...}}), or NULL. Skips the case when the adapter does not
 * offer the kind. */
void ck_open_kind(struct ck *ck, const char *kind, const char *members);
/* ck_script and ck_open_kind at once. */
struct ck *ck_opened(struct cs_case_run *run, const char *kind, const char *script,
                     const char *members);
/* The same for an open that may fail: "nothing" when it did not, else "an error: ...". */
const char *ck_try_open_kind(struct ck *ck, const char *kind, const char *members);
/* Skips the case unless hello lists that feature. */
void ck_need_feature(struct ck *ck, const char *feature);
/* The secret key that such a client gets. */
const char *ck_secret_key(void);
/* Sends a command with these members (a JSON object, or NULL) beside `chat`, which "chat":null
 * takes out (as "secretKey":null does the key of an open), and gives its number: that of its
 * stream, if it begins one. */
int ck_begin(struct ck *ck, const char *name, const char *members);
/* The same and waits for the answer: its value as JSON, or "nothing". Fails when the client
 * refuses. */
const char *ck_do(struct ck *ck, const char *name, const char *members);
/* The same for a command that may fail: then "an error: NAME STATUS CODE". */
const char *ck_try(struct ck *ck, const char *name, const char *members);
/* Waits for the answer of one that was begun, and gives the same. */
const char *ck_outcome(struct ck *ck, int command);
/* The content of the n-th event of that name (from 0), or NULL; and how many there are. */
const cJSON *ck_told(const struct ck *ck, const char *event, size_t n);
size_t ck_count_told(const struct ck *ck, const char *event);
/* Until there is one. */
const cJSON *ck_wait_told(struct ck *ck, const char *event);
/* The n-th event (from 0) of that name for that command so far, or NULL. */
const cJSON *ck_said(const struct ck *ck, int command, const char *event, size_t n);
/* Whether the first event of that name for that command came before the first `other` one. */
bool ck_said_before(const struct ck *ck, int command, const char *event, const char *other);
/* Waits until the stream is over: "well" or "with an error". */
const char *ck_ending(struct ck *ck, int stream);
/* How many requests of that target have come. */
unsigned long long ck_count(const struct ck *ck, enum cs_target target);
/* The text with a star in the place of the chat's id. */
const char *ck_starred(struct ck *ck, const char *text);
/* The member at a dotted path as JSON, or "nothing". */
const char *ck_member(struct ck *ck, const cJSON *value, const char *path);

/* ---- waiting ---- */

const struct cs_logged *ck_wait_request(struct ck *ck, enum cs_target target, uint64_t number);
/* Until the client has closed the connection of this request. */
void ck_wait_gone(struct ck *ck, const struct cs_logged *request);
/* Until the stream has delivered that many chunks. */
void ck_wait_chunks(struct ck *ck, int stream, size_t n);
/* Until the stream has ended well; fails at once when it ends with an error. */
void ck_wait_end(struct ck *ck, int stream);
/* Until the stream is over (true), or that request has come (false). */
bool ck_wait_over_or_request(struct ck *ck, int stream, enum cs_target target, uint64_t number);
/* Until the stream is over, one way or the other; true when it ended well. */
bool ck_wait_over(struct ck *ck, int stream);
/* Until the stream, or the command that should have made one, has failed; fails at once when it
 * ends well. Gives the error {name, message, status?, code?}. */
const cJSON *ck_wait_error(struct ck *ck, int stream);
/* Until the command was answered; true when the answer says that there is a stream. */
bool ck_wait_stream(struct ck *ck, int command);
/* For rows that forbid a request: gives a client the time in which a hasty retry would come. */
void ck_settle(struct ck *ck);
/* The same for one request that a client may also make late, after a backoff: true once it came. */
bool ck_settle_for(struct ck *ck, enum cs_target target, uint64_t number);
/* Has the stream ended, one way or the other? */
bool ck_is_over(struct ck *ck, int stream);

/* Now, in the time of cs_logged.at_ms. */
int64_t ck_now(const struct ck *ck);

/* ---- judging ---- */

/* Exactly these many appends and subscriptions, at most one create (and one more for each append
 * that was answered 404), and nothing unexpected. */
void ck_expect_counts(struct ck *ck, uint64_t appends, uint64_t subscriptions);
/* The request's target, byte for byte. */
void ck_expect_path(struct ck *ck, const struct cs_logged *request, const char *path);
/* Authorization is Bearer and the token of that name. */
void ck_expect_bearer(struct ck *ck, const struct cs_logged *request, const char *token_name);
/* Header equals `value`; NULL: it is absent. */
void ck_expect_header(struct ck *ck, const struct cs_logged *request, const char *name,
                      const char *value);
/* The header's value as a string, failing when it is absent. */
const char *ck_need_header(struct ck *ck, const struct cs_logged *request, const char *name);
/* The member at a dotted path of the JSON body ("payload.message.id"; "" for the whole) equals this
 * JSON; NULL: it is absent. */
void ck_expect_body(struct ck *ck, const struct cs_logged *request, const char *path,
                    const char *json);
/* No request so far holds this text anywhere in its head or body. */
void ck_expect_never_sent(struct ck *ck, const char *text, const char *what);
/* The stream's chunks so far are text deltas (`T n word` in scripts) and nothing else, and these,
 * divided by spaces. */
void ck_expect_deltas(struct ck *ck, int stream, const char *deltas);
/* The same, passing over chunks that are no text deltas. */
void ck_expect_texts(struct ck *ck, int stream, const char *deltas);
/* The n-th chunk (from 0) of the stream is this JSON. */
void ck_expect_chunk(struct ck *ck, int stream, size_t n, const char *json);
/* A whole case: one turn, whose append gets `seq` and whose stream is `items`; it ends well, with
 * exactly these deltas, on one subscription. */
struct ck *ck_one_turn(struct cs_case_run *run, unsigned seq, const char *items,
                       const char *deltas);
/* A whole case: one turn over two connections. The first plays `first`, which lets the gate "seen"
 * stand before its end ("T 0 one; AWAIT seen | RST"); that is opened once `n` chunks were
 * delivered. The second plays `second` and was asked for from `cursor` (NULL: not looked at). The
 * turn ends well, with exactly these deltas. */
struct ck *ck_resumed_turn(struct cs_case_run *run, const char *first, size_t n, const char *cursor,
                           const char *second, const char *deltas);
/* How often the client has asked for a fresh token (or, with "start", for a session). */
void ck_expect_asks(struct ck *ck, const char *kind, unsigned n);

/* ---- recording ---- */

/* The server, for counting: cs_scripted_count_of. */
const struct cs_scripted *ck_server(const struct ck *ck);
/* How often the client has asked for a token, or with "start" for a session. */
unsigned ck_asks(const struct ck *ck, const char *kind);
/* A parameter of the client's first question of that kind as JSON, or "nothing". */
const char *ck_asked(struct ck *ck, const char *kind, const char *parameter);
/* What was delivered so far, as ck_expect_deltas compares it. */
const char *ck_delivered(struct ck *ck, int stream);
/* A member of the client's storable state as text: "true", the string, the JSON, or "nothing". */
const char *ck_state(struct ck *ck, const char *name);
/* A header's value, or "none". */
const char *ck_header(struct ck *ck, const struct cs_logged *request, const char *name);
/* The member at a dotted path of the request's JSON body as JSON, or "nothing". */
const char *ck_body(struct ck *ck, const struct cs_logged *request, const char *path);
/* "NAME STATUS CODE" of an error, as far as it has them. */
const char *ck_error_text(struct ck *ck, const cJSON *error);
/* The lifecycle events of that type that the client has reported so far. */
size_t ck_count_events(const struct ck *ck, const char *type);
/* The n-th of them (from 0), or NULL. */
const cJSON *ck_life_event(const struct ck *ck, const char *type, size_t n);
/* A fact that the catalogue records of the published SDK: there a difference from it is told, of
 * any other client the fact is merely kept. */
void ck_record(struct ck *ck, const char *name, const char *recorded, const char *fmt, ...)
    CS_PRINTF(4, 5);
/* The same where the record changed between versions: a fact of the catalogue, 1 for yes. */
void ck_record_flag(struct ck *ck, const char *name, const char *fact, bool value);

#endif
