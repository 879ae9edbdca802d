/* The kind `session` of the reference client: the handle of a session and the sessions API, each
 * call one exchange. Enough to show that its cases can fail. */
#ifndef CHATSPEC_CONFORMANCE_PEERS_SESSION_H
#define CHATSPEC_CONFORMANCE_PEERS_SESSION_H

#include <cjson/cJSON.h>

#include "client/policy.h"

struct session;

/* From the `open` command, which is answered. NULL when that was with a refusal. */
struct session *session_open(const cJSON *command, const struct cs_chat_policy *policy, int id);
void session_free(struct session *session);
/* Does the command and answers it. */
void session_obey(struct session *session, const cJSON *command, const char *name, int id);

#endif
