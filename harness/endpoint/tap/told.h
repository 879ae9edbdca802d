/* How the files of the endpoint speak to the tap; all do nothing when there is none. */
#ifndef CHATSPEC_ENDPOINT_TOLD_H
#define CHATSPEC_ENDPOINT_TOLD_H

#include "endpoint/internal.h"

/* A complete request, once: numbers it and tells it. */
void cs_tell_request(struct cs_call *call, enum cs_form form, struct cs_view part);
/* The answer's head is on its way; before that the request, if it is answered on its head. */
void cs_tell_answer(struct cs_call *call, int status);
/* The connection is gone; tells an answer that never was. */
void cs_tell_gone(struct cs_call *call);
void cs_tell_subscribed(const struct cs_call *call, bool begins);
void cs_tell_run(const struct cs_endpoint *endpoint, const struct cs_run *run, bool is_current);

/* Milliseconds since the endpoint's start. */
int64_t cs_told_at(const struct cs_endpoint *endpoint);

/* The observer of the store (store_watch.h); ctx is the endpoint. */
void cs_told_stored(void *ctx, struct cs_view stream, const struct cs_record *records, size_t n);

#endif
