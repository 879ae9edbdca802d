/* Sessions: the table, what a body may say about one, and how one is shown. */
#ifndef CHATSPEC_ENDPOINT_SESSION_H
#define CHATSPEC_ENDPOINT_SESSION_H

#include "endpoint/internal.h"

#define CS_SESSIONS_MAX                                                      \
    ((size_t)200000) /* of one endpoint; further ones are refused with a 500 \
                      */

/* What a create body says, checked; strings are owned. */
struct cs_session_input {
    char *external_id; /* NULL when absent */
    char *type;
    char *task;
    char *trigger_config;
    char *base_payload;
    char *tags;     /* "[]" when absent */
    char *metadata; /* NULL when absent */
    int64_t expires_ms;
};

void cs_session_input_free(struct cs_session_input *input);

/* Why a body was refused: an answer's status and its error text. */
struct cs_refusal {
    int status;
    char text[256];
};

/* Reads a create body (valid JSON). False with *ret_refusal filled (SES-22 to SES-33, ERR-21). */
bool cs_session_input_read(const struct cs_policy *policy, struct cs_view json,
                           struct cs_session_input *ret_input, struct cs_refusal *ret_refusal);

/* Adds a row and takes the strings out of `input`. NULL when out of memory or full. */
struct cs_session *cs_session_add(struct cs_endpoint *endpoint,
                                  const struct cs_environment *environment,
                                  struct cs_session_input *input);
/* Replaces the trigger config by that of `input` (SES-11, SES-12). */
void cs_session_take_config(struct cs_session *session, struct cs_session_input *input);
/* ... and the members that srv leaves alone (SES-11). */
void cs_session_take_rest(struct cs_session *session, struct cs_session_input *input);
/* Takes the row out of the table and frees it. Its runs are gone already. */
void cs_session_remove(struct cs_endpoint *endpoint, struct cs_session *session);
void cs_sessions_free(struct cs_endpoint *endpoint);

/* ---- forget.c ---- */

/* The session was closed just now. */
void cs_session_forget_later(struct cs_endpoint *endpoint, struct cs_session *session);
/* Forgets sessions whose time has come (forget_closed_ms), a few per call. To be called where
 * nothing but calls and agents points to a session. */
void cs_sessions_forget(struct cs_endpoint *endpoint);

/* Appends the members of the session item without braces, so that create can add its own (SES-02).
 * List rows leave out the trigger config (SES-48). */
void cs_session_members(const struct cs_endpoint *endpoint, const struct cs_session *session,
                        bool with_config, struct cs_buf *out);
/* Answers with the item alone. */
void cs_answer_session(struct cs_call *call, int status, const struct cs_session *session);

/* Closes the row, unless it is closed (CLS-03); a close by another than the current run is told on
 * `in` (CLS-12, CLS-13). `reason` and `calling_run` may be NULL. `done` is called once that record
 * is stored or lost, or there is none; possibly before this returns. */
void cs_session_close(struct cs_endpoint *endpoint, struct cs_session *session, const char *reason,
                      const char *calling_run, void (*done)(void *ctx), void *ctx);
/* Tells whoever waits on `in` that the session was closed from outside (CLS-12). `done` is called
 * once the record is stored or lost, possibly before this returns. */
void cs_session_send_close(struct cs_endpoint *endpoint, struct cs_session *session,
                           void (*done)(void *ctx), void *ctx);
/* Puts a record on `in` as an append would, body as given. `done` as above; may be NULL. */
void cs_session_put_input(struct cs_endpoint *endpoint, struct cs_session *session,
                          struct cs_view body, void (*done)(void *ctx), void *ctx);

#endif
