/* Races, imitated: this endpoint does one thing after the other, so what a server without locks
 * does wrong is to look now and to act, by what it saw, a little later. */
#ifndef CHATSPEC_ENDPOINT_LATER_H
#define CHATSPEC_ENDPOINT_LATER_H

#include "endpoint/internal.h"
#include "net/loop.h"

/* `seen`: the session as it was found, or NULL. */
typedef void cs_later_fn(struct cs_call *call, struct cs_session *seen);

/* Calls `then` after `delay_ms`, at once when that is 0; not at all when the client leaves. */
void cs_call_later(struct cs_call *call, int64_t delay_ms, cs_later_fn *then,
                   struct cs_session *seen);

#endif
