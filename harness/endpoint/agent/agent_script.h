/* What the agent says in one turn: UI message chunks, in order. */
#ifndef CHATSPEC_ENDPOINT_AGENT_SCRIPT_H
#define CHATSPEC_ENDPOINT_AGENT_SCRIPT_H

#include "wire/bytes.h"

#define CS_SCRIPT_MAX_DELTAS ((uint64_t)10000)

/* A zeroed script is empty. */
struct cs_script {
    struct cs_buf text; /* the chunks, one JSON text per line */
    size_t at;          /* where the next one begins */
    bool slow;          /* a pause before each delta */
    bool ends_run;
    bool closes;        /* the agent closes the session after the turn */
    bool asks_approval; /* the turn ends with a request that a later message answers */
};

void cs_script_free(struct cs_script *script);

/* The answer to a user's text (see agent.h for the words that it knows). */
void cs_script_answer(struct cs_script *script, struct cs_view text, const char *message_id,
                      const char *tool_call_id);
/* The answer to a tool result or an approval, in the message of the call. */
void cs_script_result(struct cs_script *script, bool denied, const char *message_id,
                      struct cs_view tool_call_id);

/* The next chunk, or the empty view at the end. */
struct cs_view cs_script_next(struct cs_script *script);
/* Is the next chunk a piece of text that a slow script waits for? */
bool cs_script_waits(const struct cs_script *script);

#endif
