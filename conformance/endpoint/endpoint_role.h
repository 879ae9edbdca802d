/* The endpoint role: cases that test a server, and what they need to know of it. */
#ifndef CHATSPEC_CONFORMANCE_ENDPOINT_ROLE_H
#define CHATSPEC_CONFORMANCE_ENDPOINT_ROLE_H

#include "suite/case.h"

struct cs_endpoint_env {
    const char *url;              /* "http://127.0.0.1:1234", without a slash at the end */
    const char *secret_key;       /* NULL: none is known and nearly everything is skipped */
    const char *other_secret_key; /* of a second environment; NULL: none */
    const char *restricted_key;   /* additional, with the scope write:sessions; NULL: none */
    const char *preview_key;      /* of a preview environment; NULL: none */
    const char *branch;           /* ... and the branch to name beside it */
    const char *task;             /* task to bind sessions to that no agent answers (SES-07) */
    const char *agent_task;       /* task behind which an agent echoes messages; NULL: none */
    bool can_mint;                /* secret_key is the root key, so tokens can be signed with it */
    bool has_runs_api;            /* runs can be read and cancelled with the secret key */
    int64_t patience_ms;          /* longest wait for an answer that should come at once */
};

/* `env` of its cases is a struct cs_endpoint_env. */
extern const struct cs_role cs_endpoint_role;

#endif
