/* What in a stream a difference comes from, where the stream leaves the protocol there. */
#ifndef CHATSPEC_DECODE_BLAME_H
#define CHATSPEC_DECODE_BLAME_H

#include "conformance/decode/event_list.h"

/* Writes why our strict reader finds the event malformed in which line `line` of the lenient list
 * comes to be, or is left out; or what is unusual about the stream's framing; or nothing. `ends`:
 * the other list has no such line. */
void cs_blame(struct cs_view stream, uint32_t traits, size_t line, bool ends, char *text,
              size_t size);

#endif
