/* Rate limits of the management API: a bucket per environment for secret keys (LIM-18), a fixed
 * window per Authorization value for public tokens (LIM-19).
 */
#ifndef CHATSPEC_ENDPOINT_RATELIMIT_H
#define CHATSPEC_ENDPOINT_RATELIMIT_H

#include "endpoint/internal.h"

struct cs_windows *cs_windows_new(void);
void cs_windows_free(struct cs_windows *windows);

/* Counts this call and adds the x-ratelimit headers to its answer (LIM-20). False when it was
 * answered: 401 without Authorization (TOK-16), 429 when the limit is used up (LIM-21). */
bool cs_rate_limit_check(struct cs_call *call);
/* The same for appends, which lie outside the management API and are let through generously
 * (LIM-22); who sends no Authorization is the route's business. */
bool cs_rate_limit_append(struct cs_call *call);

#endif
