/* The reference endpoint: the server side of the Sessions wire protocol, on one loop and one port.
 *
 * It has two environments with a secret key each; data lives in memory and dies with it, but for
 * streams in a store of their own. Behind
 * every session a scripted agent answers, but not behind those whose task identifier begins with
 * "absent": their runs stay queued, as those of a task that nobody deployed (SES-07).
 *
 * It is the mock server of `chatspec serve`, the built-in subject of the endpoint role, and, with a
 * violation switched on, the proof that the cases of that role can fail.
 */
#ifndef CHATSPEC_ENDPOINT_ENDPOINT_H
#define CHATSPEC_ENDPOINT_ENDPOINT_H

#include "endpoint/policy/violations.h"
#include "endpoint/tap.h"
#include "net/server.h"

struct cs_endpoint;
struct cs_scenario;

struct cs_endpoint_config {
    const char *address;          /* NULL: 127.0.0.1 */
    uint16_t port;                /* 0: the kernel chooses */
    const char *secret_key;       /* NULL: CS_ENDPOINT_SECRET_KEY; also signs tokens (TOK-05) */
    const char *other_secret_key; /* of a second environment; NULL: CS_ENDPOINT_OTHER_SECRET_KEY */
    const char *profile;          /* behave as a server of that version; NULL: the newest */
    const struct cs_violation *const *violations;
    size_t n_violations;
    uint64_t seed; /* for ids; 0: from the system */
    /* Calls per interval with a secret key (LIM-18); 0: so many that nobody notices. */
    int64_t bucket_size;
    int64_t bucket_interval_ms; /* 0: the default */
    int64_t replica_lag_ms;     /* how long reads miss a new session (SES-52) */
    /* Where streams are kept: an S2 endpoint (store_s2.h), such as "http://127.0.0.1:8080/v1".
     * NULL: in memory. PUT then hands out this URL and basin, so direct writes go there too. */
    const char *stream_url;
    const char *stream_basin;
    const char *stream_token;  /* NULL: none, as s2-lite wants it */
    const char *const *faults; /* what to do wrong when (faults/README.md) */
    size_t n_faults;
    /* What the scripted agent answers (scenario/scenario.h); NULL: what it is told. */
    const struct cs_scenario *scenario;
    const struct cs_tap *tap; /* sees what happens (tap.h); NULL: nobody looks */
    /* Milliseconds since the epoch, where time is scripted (cs_loop_set_clock); NULL: the system's
     */
    int64_t (*clock)(void *ctx);
    void *clock_ctx;
    /* Sessions that were closed so long ago are forgotten, with their runs, streams and snapshot,
     * as if they had never been; 0: none is. Those with a call or an agent that is still at work,
     * and those whose side channels were used, are kept. Part ids are known for some time, so no
     * session is forgotten before that (APP-15). Not with a store elsewhere. */
    int64_t forget_closed_ms;
    bool no_agent; /* no session has a scripted agent: runs are somebody else's */
    bool quiet;    /* false: one line per request on stderr */
};

#define CS_ENDPOINT_SECRET_KEY       "tr_dev_chatspec0000000000000000"
#define CS_ENDPOINT_OTHER_SECRET_KEY "tr_stg_chatspec1111111111111111"
/* An additional key of the first environment, and its one scope (TOK-36). */
#define CS_ENDPOINT_RESTRICTED_KEY   "tr_dev_sk_chatspec2222222222222222"
#define CS_ENDPOINT_RESTRICTED_SCOPE "write:sessions"
/* A preview environment with one branch (TOK-39). */
#define CS_ENDPOINT_PREVIEW_KEY "tr_preview_chatspec333333333333"
#define CS_ENDPOINT_BRANCH      "chatspec-branch"

/* Errors as cs_server_start, and CS_ERR_SYNTAX: the profile is no version. */
CS_MUST_USE enum cs_err cs_endpoint_start(struct cs_loop *loop,
                                          const struct cs_endpoint_config *config,
                                          struct cs_endpoint **ret_endpoint, struct cs_diag *diag);
/* One more fault rule, which counts from now on. Errors: CS_ERR_SYNTAX with diag, CS_ERR_LIMIT,
 * CS_ERR_NO_MEMORY. Not from a hook of the tap. */
CS_MUST_USE enum cs_err cs_endpoint_fault(struct cs_endpoint *endpoint, const char *rule,
                                          struct cs_diag *diag);
/* Forgets all fault rules; requests that one holds stay held. */
void cs_endpoint_clear_faults(struct cs_endpoint *endpoint);
/* Another scenario, or none, for the turns that begin from now on; it must live until it is
 * replaced or the endpoint stops. The fault rules of a scenario are the caller's to add. */
void cs_endpoint_scenario(struct cs_endpoint *endpoint, const struct cs_scenario *scenario);
void cs_endpoint_stop(struct cs_endpoint *endpoint);
/* "http://127.0.0.1:PORT", valid as long as the endpoint. */
const char *cs_endpoint_url(const struct cs_endpoint *endpoint);

#endif
