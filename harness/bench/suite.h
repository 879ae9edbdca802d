/* The suite as its own program runs it: starting it, and reading what came of it. */
#ifndef CHATSPEC_BENCH_SUITE_H
#define CHATSPEC_BENCH_SUITE_H

#include "bench/bench.h"

#define SUITE_PATH_LEN 4096

/* Versions of the SDK that are compared, the newest one last. */
#define SUITE_VERSIONS     5
#define SUITE_VERSION_LIST "4.5.0,4.5.16,4.6.4,4.7.7,4.8.3"
extern const char *const suite_versions[SUITE_VERSIONS];

/* What something took that was started. */
struct suite_took {
    double seconds;
    double processor; /* seconds of all processors, of it and of what it started */
};

/* What a run took, and its longest case. */
struct suite_figures {
    double seconds; /* of the run itself, as it reports it */
    double processor;
    double longest;
    double waits; /* of all cases, one after another */
    size_t n_cases;
};

double suite_processors(void);

/* CS_ERR_MISSING when one of these versions is not installed. */
enum cs_err suite_have(struct cs_bench *bench, const char *const *which, size_t n,
                       struct cs_diag *diag);
/* A command of the shell, `$0` being `folder`, to its end; *ret_status is its exit status. */
enum cs_err suite_shell(struct cs_bench *bench, const char *command, const char *folder,
                        struct suite_took *ret, uint64_t *ret_status, struct cs_diag *diag);
/* The program beside this one with those arguments, to its end. What a run finds is no figure; one
 * that did not happen is a failure. */
enum cs_err suite_chatspec(struct cs_bench *bench, const char *arguments, struct suite_took *ret,
                           struct cs_diag *diag);
/* A run of the program with a report; a matrix writes one for each of its `n_versions`. */
enum cs_err suite_reported_run(struct cs_bench *bench, const char *arguments, size_t n_versions,
                               struct suite_figures *ret, struct cs_diag *diag);

/* ---- suite_versions.c ---- */

void suite_measure_versions(struct cs_bench *bench);

#endif
