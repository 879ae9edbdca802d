/* The reference client: a correct custom transport for one chat, in C.
 *
 *     struct cs_chat *chat = cs_chat_new(&options);
 *     cs_chat_send(chat, "hello");
 *     cs_chat_read_turn(chat, on_chunk, ctx, 60000);
 *
 * Blocking, for one thread. A send appends one record to the session's `.in`; reading subscribes to
 * its `.out` and hands over data chunks until the turn that the send began is complete. Lost
 * connections are resumed from the last record, tokens refreshed, refused appends sent again with
 * the same part id where that is safe.
 *
 * Waits: the first retry comes after 100 ms, each further one after twice that, up to 2 s; five
 * tries without any progress are the end. A window that ended cleanly after records is followed by
 * the next one at once. The numbers and every other decision are in policy.h.
 */
#ifndef CHATSPEC_CLIENT_CHAT_H
#define CHATSPEC_CLIENT_CHAT_H

#include "client/policy.h"
#include "net/http_client.h"

struct cs_chat;

/* What a call came to. Not enum cs_err: most of these are answers of the server and not faults. */
enum cs_chat_result {
    CS_CHAT_OK = 0,      /* done; for reads: the turn is complete */
    CS_CHAT_NOTHING,     /* reconnect: there is nothing to resume; no request was made */
    CS_CHAT_SETTLED,     /* the server says that nothing more will come (X-Session-Settled) */
    CS_CHAT_STOPPED,     /* a read ended because the chat was stopped or the callback said so */
    CS_CHAT_CLOSED,      /* the session is closed for good: nothing can be sent any more */
    CS_CHAT_REFUSED,     /* the server answered with an error: see cs_chat_error */
    CS_CHAT_UNREACHABLE, /* no answer, as often as was tried */
    CS_CHAT_GAVE_UP,     /* the stream ended again and again without any record */
    CS_CHAT_LOST,        /* a stopped turn never ended, and hid the answer to the next send */
    CS_CHAT_NO_TOKEN,    /* there is none, and none was to be had */
    CS_CHAT_TIMEOUT,     /* the time given to the call is over; the read can be taken up again */
    CS_CHAT_USAGE,       /* an argument is not what it must be (JSON, UTF-8) */
    CS_CHAT_NO_MEMORY
};

/* Gives a token by appending it to `ret_token`; false with `diag` when there is none. */
typedef bool cs_chat_token_fn(void *ctx, struct cs_buf *ret_token, struct cs_diag *diag);

/* All strings are copied. */
struct cs_chat_options {
    const char *base_url; /* one slash at its end is dropped */
    const char *task;     /* needed to create the session */
    const char *chat_id;  /* the external id, or a session_... id */
    /* Either a secret key: the chat creates its session itself and gets fresh tokens by creating it
     * again (which is idempotent); or callbacks, as in a browser that must not know the key. */
    const char *secret_key;
    cs_chat_token_fn *start;   /* creates the session elsewhere and gives its token */
    cs_chat_token_fn *refresh; /* a fresh token for the session */
    void *ctx;                 /* for both, and for on_exchange */
    int64_t timeout_s;         /* Timeout-Seconds of reads; 0: 120; negative: not sent (CRS-42) */
    const char *client_data;   /* JSON object, sent as `metadata`; NULL: none */
    const struct cs_chat_policy *policy; /* NULL: cs_chat_policy_default */
    /* After each HTTP exchange, whatever came of it: for evidence. May be NULL. */
    void (*on_exchange)(void *ctx, const struct cs_exchange *exchange);
};

/* NULL when out of memory, without base_url or chat_id, with one that is not UTF-8 or no path
 * segment ("." and ".."), or with client
 * data that is not a JSON object. */
struct cs_chat *cs_chat_new(const struct cs_chat_options *options);
void cs_chat_free(struct cs_chat *chat);

/* Gets the session going ahead of the first send, which otherwise does so itself. With a secret
 * key: POST /api/v1/sessions (again, if called again); else the start callback, unless a token is
 * there. */
enum cs_chat_result cs_chat_start(struct cs_chat *chat);

/* ---- sending; each is one append ---- */

/* One user message with one text part (UTF-8). The next cs_chat_read_turn reads its turn; a read
 * that is under way ends. */
enum cs_chat_result cs_chat_send(struct cs_chat *chat, const char *text);
/* As cs_chat_send with a whole UIMessage (JSON object), shipped unchanged: user messages, and
 * answers to approvals or tool calls under the assistant message's id (CAP-34). */
enum cs_chat_result cs_chat_send_message(struct cs_chat *chat, const char *message_json);
/* A message for the turn that is running: its reader goes on (CAP-36). */
enum cs_chat_result cs_chat_steer(struct cs_chat *chat, const char *text);
enum cs_chat_result cs_chat_steer_message(struct cs_chat *chat, const char *message_json);
/* The last answer again. Read it as after a send. */
enum cs_chat_result cs_chat_regenerate(struct cs_chat *chat);
/* `action_json`: any JSON value. Read its turn as after a send. */
enum cs_chat_result cs_chat_action(struct cs_chat *chat, const char *action_json);
/* Stops the running turn; a read that is under way ends. `reason` may be NULL. May be called from
 * within callbacks, like the other sends. */
enum cs_chat_result cs_chat_stop(struct cs_chat *chat, const char *reason);

/* ---- reading ---- */

struct cs_chat_chunk {
    struct cs_view data; /* JSON text of the chunk, as the agent wrote it */
    struct cs_view type; /* its `type`, when it is an object with a string of that name */
    uint64_t seq;        /* of its record */
};

/* Views live during the call. False ends the read with CS_CHAT_STOPPED (nothing is posted). */
typedef bool cs_chat_chunk_fn(void *ctx, const struct cs_chat_chunk *chunk);

/* Reads the turn that the last send began to its end. */
enum cs_chat_result cs_chat_read_turn(struct cs_chat *chat, cs_chat_chunk_fn *on_chunk, void *ctx,
                                      int64_t timeout_ms);
/* After a reload, with imported state: takes up a turn that was running, or finds that nothing is
 * left of it (CRS-29). CS_CHAT_NOTHING for a chat that is unknown, closed, or not streaming. */
enum cs_chat_result cs_chat_reconnect(struct cs_chat *chat, cs_chat_chunk_fn *on_chunk, void *ctx,
                                      int64_t timeout_ms);

/* Ends a read that is under way with CS_CHAT_STOPPED; nothing is posted, the turn goes on. */
void cs_chat_cancel(struct cs_chat *chat);
/* While any call waits, `ready` is called whenever `fd` is readable, and may call the functions of
 * this chat but for reads: so a program can take commands, such as stop, while it reads. -1 ends
 * it. */
void cs_chat_watch(struct cs_chat *chat, int fd, void (*ready)(void *ctx), void *ctx);

/* ---- state ---- */

/* Why the last call did not end in CS_CHAT_OK. */
struct cs_chat_error {
    enum cs_err cause; /* of the transport; CS_OK when the server answered */
    int status;        /* HTTP status; 0 when there was no answer */
    char code[64];     /* `code` of a JSON error body, such as session_closed; or "" */
    char text[256];    /* one line for people */
};
const struct cs_chat_error *cs_chat_error(const struct cs_chat *chat);
const char *cs_chat_result_name(enum cs_chat_result result);

/* What a page keeps over a reload, as a JSON object (publicAccessToken, lastEventId, isStreaming,
 * activeInputSeq, closed, closedReason). The caller frees it; NULL when out of memory. */
char *cs_chat_export(const struct cs_chat *chat);
/* Takes it up again. A missing isStreaming counts as true. Errors: CS_ERR_SYNTAX, CS_ERR_TYPE,
 * CS_ERR_NO_MEMORY; the chat is then as before. */
CS_MUST_USE enum cs_err cs_chat_import(struct cs_chat *chat, const char *state_json);

const char *cs_chat_token(const struct cs_chat *chat);      /* NULL: none */
const char *cs_chat_session_id(const struct cs_chat *chat); /* of the create answer, or NULL */
const char *cs_chat_run_id(const struct cs_chat *chat);
const char *cs_chat_closed_reason(const struct cs_chat *chat);
bool cs_chat_closed(const struct cs_chat *chat);
bool cs_chat_streaming(const struct cs_chat *chat);
/* False when no record was seen yet. */
bool cs_chat_cursor(const struct cs_chat *chat, uint64_t *ret_seq);
/* Of the last append whose answer said so. */
bool cs_chat_last_seq(const struct cs_chat *chat, uint64_t *ret_seq);
/* Records of the last read that held no deliverable chunk although they should have, and events
 * that the protocol does not allow: passed over, but worth a word (CRE-26, CTC-20). */
unsigned cs_chat_oddities(const struct cs_chat *chat);

#endif
