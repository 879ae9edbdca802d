/* Deterministic random numbers (splitmix64): the same seed and case id give the same sequence. */
#ifndef CHATSPEC_SUITE_RANDOM_H
#define CHATSPEC_SUITE_RANDOM_H

#include <stdint.h>

/* The state for one case: its id takes part, so that the order of cases plays no role. */
uint64_t cs_random_state(uint64_t seed, const char *id);
uint64_t cs_random_next(uint64_t *state);

#endif
