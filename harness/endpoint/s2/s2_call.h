/* What all routes of the stream store's own door share: who calls, which stream it is about, and
 * how it refuses (CHN-07 to CHN-13, STO-06, STO-07, STO-09). */
#ifndef CHATSPEC_ENDPOINT_S2_CALL_H
#define CHATSPEC_ENDPOINT_S2_CALL_H

#include "endpoint/streams/streams.h"

/* Answers {"code":...,"message":...}. */
void cs_s2_fault(struct cs_call *call, int status, const char *code, const char *message);
/* Appends the JSON of an error. */
void cs_s2_fault_text(const struct cs_endpoint *endpoint, const char *code, const char *message,
                      struct cs_buf *out);
/* The same for a store that failed (anything but CS_STORE_OK); returns the status that fits. */
int cs_s2_store_fault_text(const struct cs_endpoint *endpoint, enum cs_store_status status,
                           const char *message, struct cs_buf *out);
/* Answers JSON without the charset that the session routes add; the text is freed. */
void cs_s2_answer(struct cs_call *call, int status, struct cs_buf *text);
/* Answers 416 {"tail":...}. */
void cs_s2_unwritten(struct cs_call *call, struct cs_position tail);
/* A store that failed, in S2's words. */
void cs_s2_store_fault(struct cs_call *call, enum cs_store_status status, const char *message);

/* Settles who calls (the bearer's token must allow `action`), that S2-Basin can be a basin's name,
 * and the stream. Appends the store's own name of the stream to `name`, but for a call that names
 * none in its path. False after having answered. */
bool cs_s2_open(struct cs_call *call, const char *action, struct cs_buf *name);
/* Is it our basin? Looked at after all that the request itself can be refused for. False after
 * having answered 404. */
bool cs_s2_basin(struct cs_call *call);
/* S2-Format, raw when there is none. False after having answered. */
bool cs_s2_format(struct cs_call *call, enum cs_format *ret_format);
/* The store's name of the stream of that public name. Errors as in cs_s2_open: a reason, or NULL.
 */
const char *cs_s2_stream_name(const struct cs_environment *environment, struct cs_view public_name,
                              struct cs_buf *out);

#endif
