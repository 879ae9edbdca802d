/* An S2S append session: the body of one HTTP/2 request is frames with a batch each, the body of
 * its answer a frame with the acknowledgement of each, in order (CSS-01 and following). */
#ifndef CHATSPEC_ENDPOINT_S2_SESSION_H
#define CHATSPEC_ENDPOINT_S2_SESSION_H

#include "endpoint/internal.h"

/* "s2s/proto" on an append over HTTP/2. */
bool cs_s2_is_session(const struct cs_call *call);
/* Answers with a head at once, or with an error as a whole; afterwards reads the call's body as it
 * comes (call->on_body). An error in the open session is a terminal frame, after the
 * acknowledgements of what came before it; then the stream ends. */
void cs_s2_session_start(struct cs_call *call);

#endif
