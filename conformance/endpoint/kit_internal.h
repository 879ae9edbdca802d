/* Shared by the kit's own files only. */
#ifndef CHATSPEC_CONFORMANCE_ENDPOINT_KIT_INTERNAL_H
#define CHATSPEC_CONFORMANCE_ENDPOINT_KIT_INTERNAL_H

#include "conformance/endpoint/kit.h"

/* Something to be freed when the case ends, newest first. */
struct ep_owned {
    struct ep_owned *next;
    void (*release)(void *object);
    void *object;
};

/* What a call to a live server needs beside the exchange: see kit_live.c. */
struct ep_live_call {
    struct ep_live_call *next;
    struct ep_call call; /* a copy that can be sent again */
    struct cs_exchange *exchange;
    struct cs_ledger_entry *entry; /* of a create call */
    uint64_t window;               /* of the rate limit; 0: none */
    bool tells_window;             /* its answer says what is left there */
    bool was_told;                 /* and has been taken note of */
    bool sent_again;
};

struct ep_pending {
    struct cs_exchange *exchange;
    struct ep_live_call *live; /* NULL: the server is not a live one */
};

struct ep {
    struct cs_case_run *run;
    const struct cs_endpoint_env *env;
    struct cs_http *http;
    struct ep_owned *owned;
    struct ep_live_call *live_calls;
    unsigned n_unique;
};

void *ep_alloc(struct ep *ep, size_t size);
/* Has `release(object)` called at the end of the case; returns the object. Ends the case with
 * `error` when object is NULL (out of memory). */
void *ep_own(struct ep *ep, void *object, void (*release)(void *));
/* Keeps the request and what came of the answer as evidence. */
void ep_evidence(struct ep *ep, struct cs_exchange *exchange);
/* The exchange failed as transport: ends the case. */
_Noreturn void ep_transport_error(struct ep *ep, struct cs_exchange *exchange, enum cs_err err);
/* Starts the exchange for a call. */
struct cs_exchange *ep_start(struct ep *ep, const struct ep_call *call);

/* Live servers: all of these do nothing for others. */
void ep_live_set_up(struct ep *ep);
/* Closes the sessions that the case left open. */
void ep_live_tear_down(struct ep *ep);
/* Before the call is sent: waits for the rate limit, enters a create call into the ledger. */
struct ep_live_call *ep_live_begin(struct ep *ep, const struct ep_call *call);
/* Its answer is there: takes note of it. True when the call was sent again, because the answer was
 * a 429 that the case is not about, or a 404 for a session that was only just made. */
bool ep_live_again(struct ep *ep, struct ep_pending *pending);

#endif
