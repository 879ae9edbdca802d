/* What the two halves of the group `reader` share. */
#ifndef CHATSPEC_BENCH_READER_H
#define CHATSPEC_BENCH_READER_H

#include "bench/bench.h"
#include "bench/stream.h"
#include "wire/reader.h"

#define CS_BENCH_SDK "4.8.3" /* whose reader is the peer */

/* Reads one piece of a stream and lists its events; false when something in it is not right, or the
 * list is full. */
bool cs_bench_read_piece(struct cs_reader *reader, struct cs_view piece,
                         struct cs_bench_events *events);

/* Whether cost and memory stay the same for a stream of any length. */
void cs_bench_reader_length(struct cs_bench *bench, struct cs_view stream,
                            struct cs_bench_events *events);

#endif
