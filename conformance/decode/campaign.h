/* Fuzzing of a parser: streams made and changed at random, our own reader as the oracle, findings
 * made small, told apart by cause and written to files. */
#ifndef CHATSPEC_DECODE_CAMPAIGN_H
#define CHATSPEC_DECODE_CAMPAIGN_H

#include <signal.h>

#include "conformance/decode/divergences.h"

struct cs_campaign_progress {
    uint64_t runs;       /* streams decoded */
    uint64_t findings;   /* causes */
    uint64_t duplicates; /* further streams with a cause that is known */
    uint64_t known;      /* of the runs: those with a divergence that is listed */
    uint64_t compared;   /* of the runs: those that had to give our events */
    int64_t elapsed_ms;
};

struct cs_campaign_config {
    struct cs_parser_peer *peer;
    uint64_t seed;
    uint64_t max_runs;   /* 0: no limit */
    int64_t duration_ms; /* 0: no limit */
    uint64_t max_findings;
    const char *folder; /* for reproducers; must be there */
    const volatile sig_atomic_t *stop;
    /* Files and folders of streams to start from (seeds.h); NULL: the vectors alone. */
    const char *const *seeds;
    /* No findings, and counted in it; NULL: everything is one. With it findings are also written as
     * rows for the list, and the streams of files go first as they are. */
    struct cs_divergences *known;
    /* Called for every finding, with what is to be said of it and the file of its stream. */
    void (*found)(const char *text, const char *path, void *context);
    /* Called about once a second. */
    void (*progress)(const struct cs_campaign_progress *progress, void *context);
    void *context;
};

/* Runs until a limit or *stop. Errors: CS_ERR_NO_MEMORY; CS_ERR_IO when a reproducer cannot be
 * written or the parser cannot be started again. What was found before stands in *progress. */
CS_MUST_USE enum cs_err cs_campaign_run(const struct cs_campaign_config *config,
                                        struct cs_campaign_progress *progress,
                                        struct cs_diag *diag);

/* Writes bytes to FOLDER/NAME; false with errno. `ret_path` may be NULL; the caller frees it. */
bool cs_write_reproducer(const char *folder, const char *name, struct cs_view bytes,
                         char **ret_path);

#endif
