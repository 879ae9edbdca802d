/* A smaller stream with the same fault. */
#ifndef CHATSPEC_DECODE_MINIMISE_H
#define CHATSPEC_DECODE_MINIMISE_H

#include <signal.h>

#include "conformance/decode/trial.h"

/* The same fault without a cut, or cut in two alone, where there is such: then the place of the cut
 * is its cause. */
void cs_simplify_cut(struct cs_trial *trial, struct cs_view stream, struct cs_fault *fault);

/* Makes `stream` smaller as long as the fault's cause stays the same, within `budget_ms` and until
 * *stop (NULL: nothing stops it). *fault and the trial's answers are those of what is left. */
void cs_minimise(struct cs_trial *trial, struct cs_buf *stream, struct cs_fault *fault,
                 int64_t budget_ms, const volatile sig_atomic_t *stop);

#endif
