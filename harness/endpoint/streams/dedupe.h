/* X-Part-Id: which appends were made already (APP-13 to APP-19).
 *
 * A claim is taken before the append and given back when the append fails. It lives for a fixed
 * time and is forgotten earlier when there are too many.
 */
#ifndef CHATSPEC_ENDPOINT_DEDUPE_H
#define CHATSPEC_ENDPOINT_DEDUPE_H

#include <sys/queue.h>

#include "wire/bytes.h"

#define CS_DEDUPE_MAX_CLAIMS ((size_t)65536)

struct cs_claim;
TAILQ_HEAD(cs_claim_list, cs_claim);

/* `claims` must be initialised; the rest zeroed. */
struct cs_dedupe {
    void *by_key;                /* a tsearch tree */
    struct cs_claim_list claims; /* oldest first */
    size_t n_claims;
};

void cs_dedupe_free(struct cs_dedupe *dedupe);
/* True when `key` was free and is claimed now, or cannot be kept for want of memory; false when it
 * was claimed less than `window_ms` ago. */
bool cs_dedupe_claim(struct cs_dedupe *dedupe, struct cs_view key, int64_t now_ms,
                     int64_t window_ms);
void cs_dedupe_release(struct cs_dedupe *dedupe, struct cs_view key);

#endif
