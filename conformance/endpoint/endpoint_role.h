/* The endpoint role: cases that test a server, and what they need to know of it. */
#ifndef CHATSPEC_CONFORMANCE_ENDPOINT_ROLE_H
#define CHATSPEC_CONFORMANCE_ENDPOINT_ROLE_H

#include "suite/case.h"

struct cs_pace;
struct cs_ledger;

struct cs_endpoint_env {
    const char *url;              /* "http://127.0.0.1:1234", without a slash at the end; NULL: only
                                     the store below is known */
    const char *secret_key;       /* NULL: none is known and nearly everything is skipped */
    const char *other_secret_key; /* of a second environment; NULL: none */
    const char *restricted_key;   /* additional, with the scope write:sessions; NULL: none */
    const char *preview_key;      /* of a preview environment; NULL: none */
    const char *branch;           /* ... and the branch to name beside it */
    const char *task;             /* task to bind sessions to that no agent answers (SES-07) */
    const char *agent_task;       /* task behind which an agent echoes messages; NULL: none */
    /* The stream store by itself, for the cases that speak to it and to nobody else. */
    const char *s2_url;       /* "http://127.0.0.1:1234/v1"; NULL: none, or see has_s2 */
    const char *s2_basin;     /* known where there is a store */
    const char *s2_token;     /* NULL: it asks for none */
    bool has_s2;              /* without s2_url: the store stands at `url` and "/v1" */
    bool can_mint;            /* secret_key is the root key, so tokens can be signed with it */
    bool hands_out_tokens;    /* with scopes of one's own choice (TOK-41) */
    bool has_runs_api;        /* runs can be read and cancelled with the secret key */
    bool store_checks_tokens; /* direct appends need the token that PUT handed out */
    int64_t patience_ms;      /* longest wait for an answer that should come at once */
    /* A server of somebody else's. The rest is all unset for one that was started for the run. */
    bool is_live;         /* sessions are closed, and trouble is looked into before it spreads */
    struct cs_pace *pace; /* its rate limits; NULL: calls are not counted */
    struct cs_ledger *ledger; /* what was made there; NULL: nobody wants to know */
};

/* What a server can do that no option says, found out with a few calls. */
struct cs_endpoint_traits {
    bool hands_out_tokens;
    bool has_runs_api;
};

/* Asks a live server for its traits. CS_ERR_USAGE, with diag for people, when it refuses the secret
 * key; other trouble is left for the cases to judge. */
CS_MUST_USE enum cs_err cs_endpoint_ask(const struct cs_endpoint_env *env,
                                        struct cs_endpoint_traits *ret_traits,
                                        struct cs_diag *diag);

/* `env` of its cases is a struct cs_endpoint_env. */
extern const struct cs_role cs_endpoint_role;

#endif
