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

/* ---- the client ---- */

/* Opens the client: its session starter and its token refresher are ours. `sessions` is the stored
 * state of chats as JSON ({"chat-id":{...}}), as after a page reload; NULL: a fresh client. */
void ck_open(struct ck *ck, const char *sessions);
/* From now on the client's questions for a fresh token are answered with an error. */
void ck_refuse_tokens(struct ck *ck);
/* The next commands start something that runs on: the number names its stream. */
int ck_send(struct ck *ck, const char *text);
/* A whole conversation; `messages` is a JSON array of UI messages. */
int ck_send_messages(struct ck *ck, const char *messages);
int ck_regenerate(struct ck *ck, const char *messages);
int ck_action(struct ck *ck, const char *action_json);
int ck_reconnect(struct ck *ck);
/* Stops the running turn and waits until the client has answered. */
void ck_stop(struct ck *ck);
/* The client's storable state of the case's chat; NULL when it keeps none. */
const cJSON *ck_session(struct ck *ck);

/* ---- waiting ---- */

const struct cs_logged *ck_wait_request(struct ck *ck, enum cs_target target, uint64_t number);
/* Until the client has closed the connection of this request. */
void ck_wait_gone(struct ck *ck, const struct cs_logged *request);
/* Until the stream has delivered that many chunks. */
void ck_wait_chunks(struct ck *ck, int stream, size_t n);
/* Until the stream has ended well; fails at once when it ends with an error. */
void ck_wait_end(struct ck *ck, int stream);
/* Until the stream is over, one way or the other; true when it ended well. */
bool ck_wait_over(struct ck *ck, int stream);
/* Until the stream, or the command that should have made one, has failed; fails at once when it
 * ends well. Gives the error {name, message, status?, code?}. */
const cJSON *ck_wait_error(struct ck *ck, int stream);
/* Until the command was answered; true when the answer says that there is a stream. */
bool ck_wait_stream(struct ck *ck, int command);
/* For rows that forbid a request: gives a client the time in which a hasty retry would come. */
void ck_settle(struct ck *ck);

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
/* How often the client has asked for a fresh token (or, with "start", for a session). */
void ck_expect_asks(struct ck *ck, const char *kind, unsigned n);

#endif
