/* What the files of the reference client share; nobody else includes this. */
#ifndef CHATSPEC_CLIENT_CHAT_IMPL_H
#define CHATSPEC_CLIENT_CHAT_IMPL_H

#include "client/chat.h"
#include "client/distort.h"
#include "wire/reader.h"

#define CHAT_MAX_TOKEN   ((size_t)16384)
#define CHAT_MAX_URL     ((size_t)32768)
#define CHAT_MAX_BODY    ((size_t)16 * 1024 * 1024) /* of what we send */
#define CHAT_MAX_ANSWER  ((size_t)4 * 1024 * 1024)  /* to an append or create */
#define CHAT_UUID_SIZE   37
#define CHAT_SEEN_IDS    256
#define CHAT_SEEN_ID_LEN 64 /* longer ids are not compared: nobody writes them */

/* The last envelope ids, to know a repeated record by (REC-04). Repeats come soon or not at all. */
struct seen_ids {
    struct {
        uint8_t len;
        char text[CHAT_SEEN_ID_LEN];
    } ids[CHAT_SEEN_IDS];
    size_t next;
};

struct seq {
    bool known;
    uint64_t number;
};

struct cs_chat {
    struct cs_http *http;
    struct cs_chat_policy policy;
    struct cs_chat_error error;

    char *base_url;
    char *task;
    char *chat_id;
    char *secret_key;
    char *client_data;
    cs_chat_token_fn *start;
    cs_chat_token_fn *refresh;
    void (*on_exchange)(void *ctx, const struct cs_exchange *exchange);
    void *ctx;
    int64_t timeout_s;

    char *token;
    char *session_id;
    char *run_id;
    char *closed_reason;
    bool closed;

    struct seq cursor;     /* of the last record */
    struct seq last_seq;   /* of the last append */
    struct seq active_seq; /* of the append whose turn is read */
    bool streaming;        /* a turn was begun and its end was not seen */
    bool gate;             /* a turn was stopped: hide its tail until its boundary (CST-07) */
    struct seq gate_seq;   /* of the append of that turn */
    unsigned n_sends;
    char part_id[CHAT_UUID_SIZE]; /* for the one_part_id fault */

    struct cs_exchange *out; /* the open subscription, at most one (CRS-44) */
    bool reading;            /* a read is under way */
    bool interrupted;        /* a send or stop ended it */
    unsigned n_hidden;       /* chunks that the gate kept back */
    int64_t reset_wait_ms;   /* of the last refused subscription; -1 when it said nothing */
    struct seen_ids seen;
    char id_line[64];          /* for the cursor_from_id_line fault */
    struct cs_distort distort; /* for the faults of decoding */
    unsigned oddities;
};

/* What a read hands over and how long it may take. */
struct turn {
    struct cs_chat *chat;
    cs_chat_chunk_fn *on_chunk;
    void *ctx;
    int64_t deadline;
    bool peek;
    bool done; /* `result` says how the turn ended */
    enum cs_chat_result result;
    bool progressed; /* this window brought a record that was not seen before */
};

/* ---- chat.c ---- */

/* Fills chat->error and returns `result`. */
enum cs_chat_result cs_chat_failed(struct cs_chat *chat, enum cs_chat_result result,
                                   enum cs_err cause, int status, const char *fmt, ...)
    CS_PRINTF(5, 6);
/* Replaces *field by a copy; *field stays as it is when out of memory. */
bool cs_chat_set(char **field, struct cs_view text);
/* A token that can stand in a header line: visible ASCII, not too long (CTK-36). */
bool cs_chat_token_fits(struct cs_view token);
void cs_chat_mark_closed(struct cs_chat *chat, struct cs_view reason);

/* ---- chat_session.c ---- */

/* A token where there was none, or a session where the server knows none (CTK-30, CTK-40). */
enum cs_chat_result cs_chat_ask_start(struct cs_chat *chat);
/* A fresh token after a 401 or 403. */
enum cs_chat_result cs_chat_ask_refresh(struct cs_chat *chat);
bool cs_chat_can_start(const struct cs_chat *chat);

/* ---- chat_http.c ---- */

struct cs_chat_post {
    const char *url;
    char *const *bearer; /* read anew for every try */
    char *part_id;       /* NULL: not sent; CHAT_UUID_SIZE bytes */
    struct cs_view body;
};

/* The trigger_task fault. */
void cs_chat_trigger_task(struct cs_chat *chat);
/* "{base}/realtime/v1/sessions/{id}/{rest}"; NULL when out of memory. */
char *cs_chat_url(const struct cs_chat *chat, const char *rest);
/* Posts until there is an answer that is not worth another try (429, 5xx, lost). On CS_CHAT_OK
 * there is some answer; the caller frees *ret_exchange. */
enum cs_chat_result cs_chat_post(struct cs_chat *chat, const struct cs_chat_post *post,
                                 struct cs_exchange **ret_exchange);
/* An answer that means no: fills the error from its status and body. */
enum cs_chat_result cs_chat_refused(struct cs_chat *chat, struct cs_exchange *exchange);
/* Appends one record with all that may be needed for it: start, refresh, resend (APP, CTK). */
enum cs_chat_result cs_chat_append(struct cs_chat *chat, struct cs_view record,
                                   struct seq *ret_seq);
/* Waits `delay_ms`, but not beyond `deadline`; false when that came first. */
bool cs_chat_wait(struct cs_chat *chat, int64_t delay_ms, int64_t deadline);
/* How long to wait after so many tries in vain (from 1). */
int64_t cs_chat_backoff(const struct cs_chat *chat, int64_t n_failed);
/* Wait until x-ratelimit-reset; -1 when it is not given or too far away. */
int64_t cs_chat_reset_wait(const struct cs_chat *chat, struct cs_exchange *exchange);
/* The x-trigger-jwt fault, and the on_exchange hook. */
void cs_chat_exchanged(struct cs_chat *chat, struct cs_exchange *exchange);

/* ---- chat_turn.c ---- */

/* One record of the stream: delivers, moves the cursor, knows the end. */
void cs_chat_on_record(struct turn *turn, const struct cs_record *record);

/* ---- input.c: bodies; all append to `out` ---- */

void cs_input_create(struct cs_buf *out, const struct cs_chat *chat);
/* kind message; `extra` is "message" or "action" with its JSON value, or NULL for neither. */
void cs_input_message(struct cs_buf *out, const struct cs_chat *chat, const char *trigger,
                      const char *extra, struct cs_view value);
void cs_input_stop(struct cs_buf *out, const struct cs_chat *chat, const char *reason);
/* A UIMessage with a fresh id and one text part. */
void cs_input_user_message(struct cs_buf *out, const char *text);
/* A random version 4 UUID. */
void cs_uuid(char ret_text[CHAT_UUID_SIZE]);

#endif
