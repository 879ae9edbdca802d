/* Streams of the protocol, made from random numbers: all the freedom that the protocol leaves (line
 * ends, order and repetition of fields, escapes, white space, kinds of records), and, where asked
 * for, departures from it. */
#ifndef CHATSPEC_DECODE_GENERATE_H
#define CHATSPEC_DECODE_GENERATE_H

#include "wire/bytes.h"

/* Appends a stream. It keeps to the protocol when `oddness` is 0; otherwise it leaves it at about
 * every so many-th of the places where it can. `random` as in suite/random.h. */
void cs_generate_stream(uint64_t *random, unsigned oddness, struct cs_buf *out);

/* Appends `base` with one to four changes: of bits, bytes, ranges, lines, line ends, words of the
 * protocol, or a crossing with `other` at a line. */
void cs_mutate_stream(uint64_t *random, struct cs_view base, struct cs_view other,
                      struct cs_buf *out);

#endif
