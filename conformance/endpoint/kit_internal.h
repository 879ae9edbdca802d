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

struct ep {
    struct cs_case_run *run;
    const struct cs_endpoint_env *env;
    struct cs_http *http;
    struct ep_owned *owned;
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

#endif
