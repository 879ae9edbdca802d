/* What the parts of the reference client's adapter share: see main.c for what it is.
 *
 *   hello.c   what it offers
 *   ask.c     reading commands, and asking the suite
 *   obey.c    doing commands
 *   turns.c   reading turns
 */
#ifndef CHATSPEC_CONFORMANCE_PEERS_REFERENCE_ADAPTER_H
#define CHATSPEC_CONFORMANCE_PEERS_REFERENCE_ADAPTER_H

#include <cjson/cJSON.h>

#include "client/chat.h"
#include "conformance/peers/reference/lines.h"

#define ADAPTER_FOR_EVER INT64_MAX

enum reading {
    READ_NOTHING,
    READ_TURN,
    READ_RESUMED
};

struct adapter {
    struct cs_lines lines;
    struct cs_chat_policy policy;
    struct cs_chat *chat;
    cJSON *opened;                     /* the `open` command */
    struct session *session;           /* of the kind `session`; NULL: a transport */
    struct subscription *subscription; /* of the kind `subscription`; or NULL */
    bool hopped;                       /* a head start has been used */
    cJSON *kept;                       /* all chunks that were delivered: the keep_chunks fault */
    cJSON *deferred;                   /* commands that came while an answer was waited for */
    int last_ask;
    int reading_id; /* the command whose turn is read, or is to be read next */
    enum reading next;
    int n_chunks;   /* of the turn that is read */
    int cut_behind; /* the turn of a later command is cut short: the late_stop_ends_read fault */
    bool silent;    /* what is read now was dropped by a reset */
    bool over;
};

void adapter_say_hello(void);
/* Is there such a command? */
bool adapter_knows(const char *command);

/* A member that is a number, or -1. */
int number_of(const cJSON *object, const char *name);
/* The next command, or NULL when there was none in time; at the end of input the adapter is over.
 */
cJSON *adapter_read(struct adapter *adapter, int64_t timeout_ms);
/* Ask the suite for what a browser asks its server for: the callbacks of a chat, whose ctx is the
 * adapter. */
bool adapter_ask_start(void *ctx, struct cs_buf *ret_token, struct cs_diag *diag);
bool adapter_ask_token(void *ctx, struct cs_buf *ret_token, struct cs_diag *diag);

/* Does the command and answers it. */
void adapter_obey(struct adapter *adapter, cJSON *command);
void adapter_drop_chat(struct adapter *adapter);
void adapter_forget_opened(struct adapter *adapter);
/* "fail" for a command, "error" for a stream. */
void adapter_say_failed(struct adapter *adapter, const char *name, int id,
                        enum cs_chat_result result);

/* Reads turns until there is none left to read: one may supersede the other. */
void adapter_read_turns(struct adapter *adapter);

#endif
