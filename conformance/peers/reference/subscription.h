/* The kind `subscription` of the reference client: one channel, record by record, over as many
 * connections as that takes. */
#ifndef CHATSPEC_CONFORMANCE_PEERS_SUBSCRIPTION_H
#define CHATSPEC_CONFORMANCE_PEERS_SUBSCRIPTION_H

#include <cjson/cJSON.h>

#include "client/policy.h"
#include "conformance/peers/reference/heed.h"

struct subscription;

/* From the `open` command, which is answered. NULL when that was with a refusal. */
struct subscription *subscription_open(const cJSON *command, const struct cs_chat_policy *policy,
                                       struct heed heed, int id);
void subscription_free(struct subscription *subscription);
/* Reads to the end. */
void subscription_read(struct subscription *subscription, const cJSON *command, int id);
/* Tells what was kept back while the stream was paused; may be called while it is read. */
void subscription_resume(struct subscription *subscription, int id);

#endif
