/* A head start: the first turn of a session goes to a URL of the application's own, whose answer
 * brings the chunks, the token and the cursor for all others. */
#ifndef CHATSPEC_CONFORMANCE_PEERS_HEAD_START_H
#define CHATSPEC_CONFORMANCE_PEERS_HEAD_START_H

#include <cjson/cJSON.h>

#include "client/chat.h"
#include "conformance/peers/reference/heed.h"

struct head_start {
    const cJSON *opened; /* the `open` command, whose option `headStart` is the URL */
    const struct cs_chat_policy *policy;
    struct cs_chat *chat; /* takes what the answer brings */
    struct heed heed;
};

/* The `send` command by such a request, to the end of its answer. */
void head_start_send(const struct head_start *start, const cJSON *command, int id);

#endif
