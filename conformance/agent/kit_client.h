/* A real client on the other side of the platform: the SDK's own transport, in a process of its own
 * (peers/sdk/adapter.mjs), of the version that --from names, or of the agent's. What it is told to
 * do are the commands of peers/PROTOCOL.md; what it delivers is held against the records that the
 * agent wrote.
 *
 * As in kit.h, every wait has a deadline, what is returned lives until the end of the case, and
 * JSON in arguments may be written with ' in the place of ".
 */
#ifndef CHATSPEC_CONFORMANCE_AGENT_KIT_CLIENT_H
#define CHATSPEC_CONFORMANCE_AGENT_KIT_CLIENT_H

#include "conformance/agent/kit.h"

/* Opens a transport for the case's chat and sends its first message. The session is started as an
 * application's server does it, by the SDK's helper of the client's version; the run that the
 * platform is asked for is that of `agent`. Gives the number of the send, and of the run. Skips the
 * case where there is no client. */
int ak_client_begin(struct ak *ak, const char *agent, const char *text, const char *metadata,
                    int *ret_run);

/* The next message of the user's; a whole conversation, whose last message is new; any other
 * command with its members. Each gives the number of the command, and skips the case where the
 * client does not have the command. `metadata` (JSON, NULL: none) is that of kit.h. */
int ak_client_send(struct ak *ak, const char *text, const char *metadata);
int ak_client_send_messages(struct ak *ak, const char *messages, const char *metadata);
int ak_client_do(struct ak *ak, const char *command, const char *members);
/* The value with which the client answered it, as JSON, or "nothing"; a refusal fails the case. */
const char *ak_client_value(struct ak *ak, int command);
/* A page that is loaded anew: the client's process is gone with all that it did, and a transport in
 * another is opened with what the first had to store. Gives that state. */
const cJSON *ak_client_reload(struct ak *ak);

/* Until the stream of that command has delivered so many chunks, or has ended. An error in its
 * place fails the case. */
void ak_client_wait_chunks(struct ak *ak, int stream, size_t n);
void ak_client_wait_end(struct ak *ak, int stream);
size_t ak_client_count(struct ak *ak, int stream);
/* Has it ended by now? */
bool ak_client_is_over(struct ak *ak, int stream);

/* What the stream has delivered are exactly the chunks of the data records of .out from index
 * `from` up to before `to`, in their order, and nothing else. */
void ak_expect_delivered(struct ak *ak, int stream, size_t from, size_t to);
/* They are the first of these. */
void ak_expect_delivered_start(struct ak *ak, int stream, size_t from, size_t to);

/* The n-th request (from 1) of that pattern (ak_count), an append or a subscription of the client,
 * carries the token of that turn's boundary (from 1). */
void ak_expect_token_of(struct ak *ak, const char *pattern, size_t n, size_t turn);

#endif
