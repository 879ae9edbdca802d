/* Spans of time as people write them. */
#ifndef CHATSPEC_ENDPOINT_SPAN_H
#define CHATSPEC_ENDPOINT_SPAN_H

#include <stdbool.h>
#include <stdint.h>

/* "15m", "2 hours", "1y": a number and a unit, as the token library reads a life time; in seconds,
 * cut to whole ones. */
bool cs_span_read(const char *text, int64_t *ret_s);

#endif
