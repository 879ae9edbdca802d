/* The bytes of a scripted answer up to where a stream's body starts, or all of it if it is none.
 * Only for the files of this folder. Pure.
 */
#ifndef CHATSPEC_SCRIPT_REPLIES_H
#define CHATSPEC_SCRIPT_REPLIES_H

#include "script/scripted_server.h"

struct cs_reply_facts {
    const struct cs_logged *request;
    const char *session; /* external id to name when the request names none; NULL: null */
    const char *token;   /* publicAccessToken of a create's answer */
    bool has_seq;        /* of an append's answer */
    uint64_t seq;
};

void cs_reply_build(struct cs_buf *out, const struct cs_answer *answer,
                    const struct cs_reply_facts *facts);

#endif
