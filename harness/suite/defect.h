/* Known defects: what a published SDK is known to get wrong, so that a run against it reads well.
 *
 * The catalogue says of a requirement which versions of the SDK break it (its `defect`). A case of
 * such a requirement still fails or warns there, but its result is `known` and says so, and does
 * not make a run fail. When it passes there, the result is `known` too: the catalogue is out of
 * date, or the case saw too little. Any other client has no known defects.
 */
#ifndef CHATSPEC_SUITE_DEFECT_H
#define CHATSPEC_SUITE_DEFECT_H

#include "suite/result.h"
#include "suite/runner.h"

/* Marks the result of a case that was run. */
void cs_defect_mark(const struct cs_work *work, struct cs_result *result);

#endif
