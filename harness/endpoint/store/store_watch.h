/* A store around another one that tells what was stored. Reads go straight through. */
#ifndef CHATSPEC_ENDPOINT_STORE_WATCH_H
#define CHATSPEC_ENDPOINT_STORE_WATCH_H

#include "endpoint/store/store.h"

/* Records of one batch as they are stored, with numbers and times; valid during the call, which
 * comes before whoever appended is answered. Must not call the store. */
typedef void cs_stored_fn(void *ctx, struct cs_view stream, const struct cs_record *records,
                          size_t n);

/* Takes `inner` over and frees it with itself. NULL when out of memory: `inner` is still the
 * caller's. An append for whose copy there is no memory is stored and not told. */
struct cs_store *cs_store_watch_new(struct cs_store *inner, cs_stored_fn *stored, void *ctx);

#endif
