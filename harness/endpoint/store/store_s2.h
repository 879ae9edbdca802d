/* The S2 backend of the stream store: any S2 endpoint over HTTP, s2-lite or the cloud.
 *
 * Nothing is kept here but what is on its way. Appends to one stream go out one request at a time,
 * in the order in which they were asked for; those that wait share the next request. An append is
 * never sent twice: when it is not known what became of it, it has failed. A reader is one SSE read
 * session, which is opened anew from where it stood when S2 ends or drops it.
 */
#ifndef CHATSPEC_ENDPOINT_STORE_S2_H
#define CHATSPEC_ENDPOINT_STORE_S2_H

#include "endpoint/store/store.h"

struct cs_store_s2_config {
    const char *url;   /* "http://127.0.0.1:8080/v1": /streams/... follows */
    const char *basin; /* value of S2-Basin */
    const char *token; /* bearer of every request; NULL or empty: none */
    /* How long an S2 that does not answer is waited for; 0: 10000. */
    int64_t patience_ms;
    /* Longest silence of a read session, which S2 fills with pings; 0: 30000. */
    int64_t silence_ms;
    /* Pause before a read session is opened anew without any event of the last one; doubled up to
     * ten times that. 0: 100. */
    int64_t retry_ms;
};

/* The loop must outlive the store; texts are copied. NULL when out of memory. */
struct cs_store *cs_store_s2_new(struct cs_loop *loop, const struct cs_store_s2_config *config);

/* Is an S2 with that basin there? Blocks, for at most as long as patience says. Errors:
 * CS_ERR_CONNECT and its like; CS_ERR_MISSING (no such basin); CS_ERR_USAGE (it wants another
 * token); CS_ERR_TYPE (it does not answer as S2 does), with one line in diag. */
CS_MUST_USE enum cs_err cs_store_s2_probe(const struct cs_store_s2_config *config,
                                          struct cs_diag *diag);

#endif
