/* A direct read as one JSON answer: {"records":[...],"tail"?} (STO-01, STO-04). */
#ifndef CHATSPEC_ENDPOINT_S2_UNARY_H
#define CHATSPEC_ENDPOINT_S2_UNARY_H

#include "endpoint/streams/streams.h"

/* Answers the call once the bounds of `start` are met, the live edge is reached, or, when nothing
 * was there and it waits, the first records came. */
void cs_s2_unary_start(struct cs_call *call, const struct cs_sse_start *start);

#endif
