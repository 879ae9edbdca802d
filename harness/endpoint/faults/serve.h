/* Faults of HTTP/1.1 requests, served. */
#ifndef CHATSPEC_ENDPOINT_FAULT_SERVE_H
#define CHATSPEC_ENDPOINT_FAULT_SERVE_H

#include "endpoint/internal.h"

/* Asks the rules about a complete request, and tells the tap of it. */
void cs_fault_ask(struct cs_call *call);
/* Does what the rule says; `serve` does what would be done without one, now or later. */
void cs_fault_serve(struct cs_call *call, void (*serve)(struct cs_call *call));
/* The whole answer is ready: true when it must not be sent now. `answer` is then taken over and the
 * call not to be touched. */
bool cs_fault_withholds(struct cs_call *call, struct cs_buf *answer);

#endif
