/* Workers that do nothing useful (conformance/peers/PROTOCOL.md, "Agents"). `selftest` runs every
 * case of the agent role with them: whatever passes for one of these tests nothing.
 */
#ifndef CHATSPEC_PEER_NULL_AGENT_H
#define CHATSPEC_PEER_NULL_AGENT_H

#define CS_N_NULL_AGENTS 5

struct cs_null_agent {
    const char *name;
    const char *script; /* for /bin/sh -c */
};

extern const struct cs_null_agent cs_null_agents[CS_N_NULL_AGENTS];

#endif
