/* Bytes of an event stream as a home-made decoder would take them (policy.h, DECODING).
 *
 * The reader of wire/ does not make the mistakes that the cases of decoding are there for. So a
 * faulty client is made by handing it other bytes: those that a right decoder reads as the wrong
 * one would have read the true bytes. A correct client never comes here.
 */
#ifndef CHATSPEC_CLIENT_DISTORT_H
#define CHATSPEC_CLIENT_DISTORT_H

#include "client/policy.h"
#include "wire/bytes.h"

struct cs_distort {
    struct cs_buf line;   /* not ended yet */
    struct cs_buf out;    /* what the last call gave */
    struct cs_buf cursor; /* string_seq_is_cursor: empty until there is one */
    char event_name[64];  /* of the last event line */
    bool event_has_name;
    bool event_has_data;
    bool after_cr; /* the last byte was a CR that ended a line */
    bool started;
    int64_t retry_ms; /* adopt_retry; 0: none */
};

/* Does this policy need it? */
bool cs_distort_needed(const struct cs_chat_policy *policy);
/* A new connection. */
void cs_distort_restart(struct cs_distort *distort, const struct cs_chat_policy *policy);
/* What is to be read instead of `bytes`, one read of the connection; lives until the next call. */
struct cs_view cs_distort(struct cs_distort *distort, const struct cs_chat_policy *policy,
                          struct cs_view bytes);
void cs_distort_free(struct cs_distort *distort);

#endif
