/* The agent role: cases that test the runtime which runs a chat agent, and what they need to know
 * of it. */
#ifndef CHATSPEC_CONFORMANCE_AGENT_ROLE_H
#define CHATSPEC_CONFORMANCE_AGENT_ROLE_H

#include "conformance/client/client_role.h"

/* `env` of its cases is a struct cs_client_env whose command is that of a worker: an adapter that
 * runs agents (peers/PROTOCOL.md, "Agents"). */
extern const struct cs_role cs_agent_role;

#endif
