/* What the cases about questions to the user share. */
#ifndef CHATSPEC_CONFORMANCE_AGENT_HITL_H
#define CHATSPEC_CONFORMANCE_AGENT_HITL_H

#include "conformance/agent/kit.h"

/* A turn of the agent `hitl` in which the model says "wait" and calls that tool as `call1` with the
 * input {"q":1}; back when the turn is over and its subscription is open. Gives the run. */
int hitl_ask(struct ak *ak, const char *tool);
/* The client's answer: an assistant message of that id with one part for `call1`, whose members
 * beside its type and toolCallId are `members` ("'state':'output-available','output':1"). */
uint64_t hitl_answer(struct ak *ak, const char *message_id, const char *tool, const char *members,
                     const char *metadata);
/* The part of that call in a list of messages, or NULL. */
const cJSON *hitl_part(const cJSON *messages, const char *call);
/* What the n-th onTurnComplete was told: waits for it. The part in its uiMessages. */
const cJSON *hitl_part_after(struct ak *ak, int run, size_t n);

#endif
