#include "cli/live.h"

#include <stdio.h>

#define CLEAR_LINE "\r\033[K"

void cs_live_tick(void *ctx, const struct cs_progress *progress)
{
    const struct cs_live *live = ctx;
    if (!live->on) {
        return;
    }
    const size_t *n = progress->n_verdicts;
    fputs(CLEAR_LINE, stderr);
    if (live->n_rounds > 1) {
        fprintf(stderr, "round %u/%u: ", live->round, live->n_rounds);
    }
    fprintf(stderr, "%zu/%zu done, %zu running", progress->n_done, progress->n_total,
            progress->n_running);
    if (n[CS_FAIL] + n[CS_WARN] + n[CS_ERROR] > 0) {
        fprintf(stderr, ", %zu fail, %zu warn, %zu error", n[CS_FAIL], n[CS_WARN], n[CS_ERROR]);
    }
    if (progress->slowest != SIZE_MAX) {
        fprintf(stderr, "; longest: %.60s (%lld s)", live->work[progress->slowest].test->id,
                (long long)(progress->slowest_ms / 1000));
    }
    if (progress->waits_for[0]) {
        fprintf(stderr, "; %s", progress->waits_for);
    }
    fflush(stderr);
}

void cs_live_end(const struct cs_live *live)
{
    if (live->on) {
        fputs(CLEAR_LINE, stderr);
        fflush(stderr);
    }
}
