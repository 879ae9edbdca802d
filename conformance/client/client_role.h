/* The client role: cases that test a client, and what they need to know of it. */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_ROLE_H
#define CHATSPEC_CONFORMANCE_CLIENT_ROLE_H

#include "suite/case.h"

struct cs_adapter;

struct cs_client_env {
    const char *const *argv; /* the adapter's command, NULL-terminated (peers/PROTOCOL.md) */
    int64_t patience_ms;     /* longest wait for one step of the client; 0: 10000 */
    /* Of the agent role: the command for an earlier version, which hands its chats over to this
     * one; NULL: there is none. */
    const char *const *older_argv;
    /* Of the agent role: the command of the client that talks to its agents (agent/kit_client.h);
     * NULL: there is none. */
    const char *const *client_argv;
    /* An adapter that has said hello and done nothing yet, for the first place that wants one: it
     * is taken from there. NULL, or pointing at NULL: there is none. */
    struct cs_adapter **started;
};

/* What the adapter says of itself, cut where it is long; "" for what it does not say. */
#define CS_CLIENT_FACT_MAX 64
struct cs_client_facts {
    char name[CS_CLIENT_FACT_MAX];
    char version[CS_CLIENT_FACT_MAX];
    char runtime[CS_CLIENT_FACT_MAX];
    char parser[CS_CLIENT_FACT_MAX];
    char ai[CS_CLIENT_FACT_MAX];
};

/* Starts the adapter once, to its hello: can it be talked to at all? The reason why not is in diag.
 * In two parts, so that several adapters start side by side: what _begin gives is for _end, or for
 * _cancel. After _end it is there for `started`, or for _cancel; after an error of _end it is gone.
 */
CS_MUST_USE enum cs_err cs_client_probe_begin(const struct cs_client_env *env,
                                              struct cs_adapter **ret_adapter,
                                              struct cs_diag *diag);
CS_MUST_USE enum cs_err cs_client_probe_end(struct cs_adapter *adapter,
                                            struct cs_client_facts *ret_facts,
                                            struct cs_diag *diag);
void cs_client_probe_cancel(struct cs_adapter *adapter); /* NULL is fine */

/* `env` of its cases is a struct cs_client_env. */
extern const struct cs_role cs_client_role;

#endif
