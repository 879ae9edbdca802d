/* The line that shows how a run is going, while it is going and stderr is a terminal. */
#ifndef CHATSPEC_CLI_LIVE_H
#define CHATSPEC_CLI_LIVE_H

#include "suite/runner.h"

struct cs_live {
    bool on;
    const struct cs_work *work;
    unsigned round; /* that is running, of so many: shown when there are several */
    unsigned n_rounds;
};

/* For `on_tick` of the runner; ctx is the struct cs_live. */
void cs_live_tick(void *ctx, const struct cs_progress *progress);
/* Takes the line away again. */
void cs_live_end(const struct cs_live *live);

#endif
