/* A head-start handler, a route of an application's own that begins a first turn itself and hands
 * it over to the agent: the case plays its browser's request, its model and the agent.
 *
 * As in kit.h, waits have a deadline, and what is returned lives until the end of the case.
 */
#ifndef CHATSPEC_CONFORMANCE_CLIENT_KIT_HANDLER_H
#define CHATSPEC_CONFORMANCE_CLIENT_KIT_HANDLER_H

#include "conformance/client/kit_platform.h"

/* The conversation that the browser sends, and what the model says: a message of one word. */
#define CK_HANDLER_HISTORY                          \
    "[{\"id\":\"u1\",\"role\":\"user\",\"parts\":[" \
    "{\"type\":\"text\",\"text\":\"hello\"}]}]"
#define CK_HANDLER_START       "{\"type\":\"start\"}"
#define CK_HANDLER_DELTA       "{\"type\":\"text-delta\",\"id\":\"t1\",\"delta\":\"one\"}"
#define CK_HANDLER_CHUNKS      "[" CK_HANDLER_START "," CK_HANDLER_DELTA "]"
#define CK_HANDLER_AGENT(text) "{\"type\":\"text-delta\",\"id\":\"t2\",\"delta\":\"" text "\"}"

/* Opens a handler with that model and options (JSON objects, as `open` takes them in PROTOCOL.md;
 * `options` may be NULL). */
void ck_handler_open(struct ck *ck, const char *model, const char *options);
/* The browser's request; gives the stream of the answer. */
int ck_handler_begin(struct ck *ck);
/* Both, on the reference endpoint. */
int ck_handler_platform(struct ck *ck, const char *model, const char *options);
/* The same with a model that says its word and is done. */
int ck_handler_plain(struct ck *ck);
/* The agent's side of the turn, once the handler listens: these chunks (NULL: none) and the end,
 * whose sequence it gives. */
uint64_t ck_handler_agent(struct ck *ck, const char *first, const char *second);
/* The n-th frame (from 0) of the answer so far as JSON text, or NULL. */
const char *ck_handler_frame(struct ck *ck, int stream, size_t n);

#endif
