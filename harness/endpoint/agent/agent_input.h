/* What a record of `in`, or the payload of a run, asks of the agent (REC-21). */
#ifndef CHATSPEC_ENDPOINT_AGENT_INPUT_H
#define CHATSPEC_ENDPOINT_AGENT_INPUT_H

#include "wire/bytes.h"

enum cs_ask {
    CS_ASK_NOTHING,    /* unknown kinds, broken JSON, preload: passed over */
    CS_ASK_ANSWER,     /* submit-message with a user's text */
    CS_ASK_REGENERATE, /* the last text once more */
    CS_ASK_ACTION,     /* an action: a turn without an answer */
    CS_ASK_RESULT,     /* an assistant message that answers a tool call or an approval */
    CS_ASK_STOP,
    CS_ASK_CLOSE
};

struct cs_agent_input {
    enum cs_ask ask;
    struct cs_buf text;         /* CS_ASK_ANSWER: text parts, joined */
    struct cs_buf tool_call_id; /* CS_ASK_RESULT */
    bool denied;                /* CS_ASK_RESULT: an approval that was refused */
    bool approved;              /* CS_ASK_RESULT: one that was given */
};

/* Into a zeroed struct; free it in any case. */
void cs_agent_input_read(struct cs_view record_body, struct cs_agent_input *ret_input);
/* The same for a run's payload, which has the members of a message's payload. */
void cs_agent_payload_read(struct cs_view payload, struct cs_agent_input *ret_input);
void cs_agent_input_free(struct cs_agent_input *input);

#endif
