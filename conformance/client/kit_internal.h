/* What the files of the client kit share. */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_KIT_INTERNAL_H
#define CHATSPEC_CONFORMANCE_CLIENT_KIT_INTERNAL_H

#include "conformance/client/adapter.h"
#include "conformance/client/kit.h"
#include "conformance/client/talk.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "script/arena.h"

#define CK_MAX_TOKENS 32
#define CK_MAX_TEXT   ((size_t)64 * 1024 * 1024)

struct ck_token {
    char name[16];
    char *text;
};

struct ck_platform;

struct ck {
    struct cs_case_run *run;
    const struct cs_client_env *env;
    struct cs_talk talk; /* with the adapter */
    struct cs_loop *loop;
    struct cs_scripted *server;
    struct cs_scripted *other;    /* at a second address; NULL: there is none */
    struct ck_platform *platform; /* kit_platform.h; NULL: the server is the scripted one */
    char *chat;
    const char *kind;  /* of the client that was opened by ck_open_kind; NULL: a transport */
    const char *base;  /* what the base URL says behind the server's address; NULL: nothing */
    bool adapter_owes; /* what is waited for is the adapter's to say, whatever its client does */
    bool heavy;        /* the case is heavy work: ck_sub_heavy */
    size_t n_shown;    /* requests that are evidence already */
    size_t n_other_shown;
    size_t n_sent_shown; /* answers, and events of theirs */
    unsigned n_asks[2];
    bool refuse_tokens;
    struct ck_token tokens[CK_MAX_TOKENS];
    size_t n_tokens;
    struct cs_arena arena;
};

enum {
    CK_ASK_START,
    CK_ASK_TOKEN
};

/* kit.c: makes evidence of what the scripted server sends; a `sent` of its config. */
void ck_show_sent(void *ctx, const struct cs_logged *request, bool is_head, uint64_t offset,
                  struct cs_view bytes);

/* role.c */
/* The scripted server for the chat of now. */
void ck_start_server(struct ck *ck);
struct cs_scripted *ck_new_server(struct ck *ck);

/* kit.c */
_Noreturn void ck_no_memory(struct ck *ck);
/* A copy that ends with the case. */
char *ck_keep(struct ck *ck, struct cs_view text);
/* Runs the loop until `done` says so; fails with "the client did not ..." when the patience is over
 * or the adapter is gone. */
void ck_wait(struct ck *ck, bool (*done)(struct ck *ck, const void *arg), const void *arg,
             const char *fmt, ...) CS_PRINTF(4, 5);
/* The token of ours that this is, or NULL. */
const char *ck_token_name(const struct ck *ck, struct cs_view text);

/* kit_lost.c: the case ends in error when it is the adapter that fails. */
/* How long to wait for the next step. */
int64_t ck_patience(const struct ck *ck);
_Noreturn void ck_adapter_lost(struct ck *ck, const char *what);
_Noreturn void ck_adapter_owes(struct ck *ck, const char *what, int64_t patience_ms);

/* kit_platform.c */
const char *ck_platform_url(const struct ck_platform *platform);
/* NULL is fine. */
void ck_platform_end(struct ck_platform *platform);

/* kit_client.c */
/* Waits for a command's `ok` and gives its value (NULL: none); fails when the client refuses. */
const cJSON *ck_value(struct ck *ck, int command, const char *name);

/* kit_kinds.c */
/* Skips the case unless hello lists the command for that kind. */
void ck_need_command(struct ck *ck, const char *kind, const char *name);

/* kit_judge.c */
/* The member at a dotted path, or NULL. */
const cJSON *ck_at_path(const cJSON *value, const char *path);
const char *ck_print(struct ck *ck, const cJSON *value);

/* kit_adapter.c */
/* Sends a command (its `command` member is set; owned from here on) and gives its number; skips the
 * case when the adapter does not offer it. */
int ck_command(struct ck *ck, cJSON *command);
/* Starts listening to the adapter. */
void ck_listen(struct ck *ck);
/* Brings the adapter back to where it was before the case; true when it answered. */
bool ck_reset(struct ck *ck);
/* The first event of that name, or NULL. */
const cJSON *ck_find_event(const struct ck *ck, const char *name);
/* The n-th event (from 0) of that name for that command, or NULL. A NULL name: any. */
const cJSON *ck_event(const struct ck *ck, int command, const char *name, size_t n);

#endif
