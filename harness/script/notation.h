/* The notation for what a scripted server answers: text in, a list of rules out. Pure.
 *
 * README.md in this folder describes it with examples. A script is checked as a whole before any of
 * it is served; a mistake in it is a mistake of ours and is told with its offset.
 */
#ifndef CHATSPEC_SCRIPT_NOTATION_H
#define CHATSPEC_SCRIPT_NOTATION_H

#include "wire/bytes.h"

/* What a request is for. */
enum cs_target {
    CS_TARGET_CREATE, /* POST /api/v1/sessions */
    CS_TARGET_APP,    /* POST /realtime/v1/sessions/{id}/in/append */
    CS_TARGET_OUT,    /* GET /realtime/v1/sessions/{id}/out */
    CS_TARGET_HOP,    /* POST /head-start */
    /* The same two of a side channel: /realtime/v1/sessions/{id}/channels/{name}/... */
    CS_TARGET_SIDE_APP,
    CS_TARGET_SIDE_OUT,
    CS_TARGET_RETRIEVE, /* GET /api/v1/sessions/{id} */
    CS_TARGET_UPDATE,   /* PATCH /api/v1/sessions/{id} */
    CS_TARGET_CLOSE,    /* POST /api/v1/sessions/{id}/close */
    CS_TARGET_LIST,     /* GET /api/v1/sessions */
    CS_TARGET_CLAIMS,   /* POST /api/v1/auth/jwt/claims */
    CS_TARGET_PUT,      /* PUT /realtime/v1/sessions/{id}/out */
    CS_TARGET_OTHER     /* anything else; a script has no rules for it */
};
#define CS_N_TARGETS 13

/* As in a script: "create", "app", "out", "side-app", ..., or "other". */
const char *cs_target_name(enum cs_target target);

/* Something to wait for: the number-th request of a target, or a gate that is released by name. */
struct cs_await {
    enum cs_target target;
    uint64_t number; /* 0: a gate */
    const char *gate;
};

enum cs_play_kind {
    CS_PLAY_BYTES, /* send these bytes of the body */
    CS_PLAY_SPLIT, /* from here on in pieces of `split` bytes; 0: no more pieces */
    CS_PLAY_AWAIT
};

struct cs_play {
    enum cs_play_kind kind;
    struct cs_view bytes;
    size_t split;
    struct cs_await await;
    const struct cs_play *next;
};

enum cs_ending {
    CS_ENDING_HOLD, /* the connection stays open until the client leaves */
    CS_ENDING_EOF,  /* the body ends cleanly */
    CS_ENDING_RST   /* the connection is reset once the client's kernel has all bytes */
};

struct cs_extra_header {
    const char *name;
    const char *value; /* NULL: the header that would be sent anyway is left out */
    struct cs_extra_header *next;
};

enum cs_seq_kind {
    CS_SEQ_NONE, /* the answer has no `seq` */
    CS_SEQ_NEXT, /* one more than in the answer before */
    CS_SEQ_GIVEN
};

struct cs_answer {
    int status; /* 0: no answer at all, only the ending */
    enum cs_seq_kind seq_kind;
    uint64_t seq;
    bool has_await;
    struct cs_await await; /* before the first byte of the answer */
    bool has_body;
    struct cs_view body; /* instead of the usual body */
    struct cs_extra_header *headers;
    bool is_stream;              /* written as OUT{...} */
    const struct cs_play *plays; /* of an event stream */
    enum cs_ending ending;
};

struct cs_rule {
    enum cs_target target;
    uint64_t first; /* 1-based numbers of the requests that it answers */
    uint64_t last;
    struct cs_answer answer;
    const struct cs_rule *next;
};

struct cs_notation;

/* Errors: CS_ERR_SYNTAX, CS_ERR_RANGE, CS_ERR_LIMIT, CS_ERR_NO_MEMORY; diag->offset counts from the
 * start of `text`, which is not needed afterwards. */
CS_MUST_USE enum cs_err cs_notation_parse(struct cs_view text, struct cs_notation **ret_script,
                                          struct cs_diag *diag);
void cs_notation_free(struct cs_notation *script);

/* The rules in the order of the text. */
const struct cs_rule *cs_notation_rules(const struct cs_notation *script);
/* The first rule for this request, or NULL. */
const struct cs_rule *cs_notation_find(const struct cs_notation *script, enum cs_target target,
                                       uint64_t number);

#endif
