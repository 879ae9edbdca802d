/* What the agent says in one turn: UI message chunks, in order. */
#ifndef CHATSPEC_ENDPOINT_AGENT_SCRIPT_H
#define CHATSPEC_ENDPOINT_AGENT_SCRIPT_H

#include "wire/bytes.h"

#define CS_SCRIPT_MAX_DELTAS ((uint64_t)10000)

/* In place of a chunk: all subscriptions of the session break here. */
#define CS_SCRIPT_CUT "!cut"

/* What the turn ends with. */
enum cs_script_end {
    CS_END_COMPLETE, /* turn-complete */
    CS_END_UPGRADE,  /* upgrade-required: a new run has the same message (AGT-VUP-01) */
    CS_END_SILENT,   /* nothing */
    CS_END_CRASH     /* nothing, and the run has failed */
};

/* A zeroed script is empty. */
struct cs_script {
    struct cs_buf text; /* the chunks, one JSON text per line; before one may stand what is to be
                         * waited for it, in milliseconds, and a space */
    size_t at;          /* where the next one begins */
    bool slow;          /* a pause before each delta */
    bool ends_run;
    bool closes;        /* the agent closes the session after the turn */
    bool asks_approval; /* the turn ends with a request that a later message answers */
    bool is_whole;      /* a chunk that is too large fails the turn (AGT-BIG-05), not passed over */
    enum cs_script_end end;
};

void cs_script_free(struct cs_script *script);

/* The answer to a user's text (see agent.h for the words that it knows). */
void cs_script_answer(struct cs_script *script, struct cs_view text, const char *message_id,
                      const char *tool_call_id);
/* The answer to a tool result or an approval, in the message of the call. */
void cs_script_result(struct cs_script *script, bool denied, const char *message_id,
                      struct cs_view tool_call_id);

/* For who composes a script: its first chunk; what is to be waited before the line that follows;
 * and the length of a delta of at least `least` bytes of the text: it ends after a space, or where
 * it grows too long, never inside a character. */
void cs_script_open(struct cs_script *script, const char *message_id);
void cs_script_delay(struct cs_script *script, int64_t delay_ms);
size_t cs_script_piece(struct cs_view text, size_t least);

/* The next chunk or CS_SCRIPT_CUT, or the empty view at the end. */
struct cs_view cs_script_next(struct cs_script *script);
/* What the next chunk waits for: its own time, or in a slow script `slow_ms` when it is a piece of
 * text; -1: nothing. */
int64_t cs_script_wait(const struct cs_script *script, int64_t slow_ms);
/* Nothing more is said. */
void cs_script_skip(struct cs_script *script);

#endif
