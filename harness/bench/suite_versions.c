/* Versions of the SDK side by side: how they share the time that their adapters take to start. */
#include <stdio.h>

#include "bench/suite.h"

#define ONE_CASE "--only 'client/framing/*' --shard 1/60" /* one: the start counts */

static enum cs_err side_by_side(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    struct suite_took took = {0};
    enum cs_err err = suite_have(ctx, suite_versions, SUITE_VERSIONS, diag);
    if (err == CS_OK) {
        err = suite_chatspec(ctx, "matrix --sdk " SUITE_VERSION_LIST " --seed 1 " ONE_CASE, &took,
                             diag);
    }
    *ret_figure = took.seconds;
    return err;
}

static enum cs_err one_after_another(void *ctx, double *ret_figure, struct cs_diag *diag)
{
    enum cs_err err = suite_have(ctx, suite_versions, SUITE_VERSIONS, diag);
    *ret_figure = 0;
    for (size_t i = 0; i < SUITE_VERSIONS && err == CS_OK; i++) {
        char line[SUITE_PATH_LEN];
        struct suite_took took = {0};
        snprintf(line, sizeof line, "client --sdk %s --jobs 1 --seed 1 " ONE_CASE,
                 suite_versions[i]);
        err = suite_chatspec(ctx, line, &took, diag);
        *ret_figure += took.seconds;
    }
    return err;
}

/* An adapter alone, from its start to its end. */
static enum cs_err start_one(struct cs_bench *bench, const char *version, struct suite_took *ret,
                             struct cs_diag *diag)
{
    char command[SUITE_PATH_LEN];
    uint64_t status = 0;
    snprintf(command, sizeof command,
             "echo '{\"id\":1,\"command\":\"quit\"}' | "
             "node \"$0/conformance/peers/sdk/adapter.mjs\" --root \"$0/build/sdk/%s\"",
             version);
    enum cs_err err = suite_shell(bench, command, cs_bench_home(bench), ret, &status, diag);
    return err == CS_OK && status != 0
               ? cs_fail(diag, CS_ERR_IO, 0, "the adapter of %s: exit status %u", version,
                         (unsigned)status)
               : err;
}

/* The least that five starts can take: the longest, or the work of all shared by the processors. */
static enum cs_err least_of_starts(struct cs_bench *bench, double *ret_least, struct cs_diag *diag)
{
    enum cs_err err = suite_have(bench, suite_versions, SUITE_VERSIONS, diag);
    double work = 0;
    *ret_least = 0;
    for (size_t i = 0; i < SUITE_VERSIONS && err == CS_OK; i++) {
        struct suite_took took = {0};
        err = start_one(bench, suite_versions[i], &took, diag);
        work += took.processor / suite_processors();
        *ret_least = took.seconds > *ret_least ? took.seconds : *ret_least;
    }
    *ret_least = work > *ret_least ? work : *ret_least;
    return err;
}

/* The best of several, of both: what is needed is asked, not what others do to the machine. */
static void measure_starts(struct cs_bench *bench)
{
    const struct cs_bench_spec spec = {
        .name = "suite/versions-starts",
        .what = "the same, in the longest start or the work of all starts, whichever is more",
        .unit = "times",
        .lower_is_better = true};
    if (!cs_bench_wants(bench, spec.name)) {
        return;
    }
    struct cs_diag diag = {0};
    enum cs_err err = CS_OK;
    double least = 0;
    double took = 0;
    for (unsigned i = 0; i < CS_BENCH_PAIRS && err == CS_OK; i++) {
        double starts = 0;
        double matrix = 0;
        err = least_of_starts(bench, &starts, &diag);
        err = err == CS_OK ? side_by_side(bench, &matrix, &diag) : err;
        least = i == 0 || starts < least ? starts : least;
        took = i == 0 || matrix < took ? matrix : took;
    }
    if (err == CS_OK) {
        (void)cs_bench_bound(bench, &spec, took / least, 2);
    } else if (err == CS_ERR_MISSING) {
        cs_bench_absent(bench, &spec, &diag);
    } else {
        cs_bench_trouble(bench, spec.name, &diag);
    }
}

void suite_measure_versions(struct cs_bench *bench)
{
    if (cs_bench_is_short(bench)) {
        return; /* needs SDKs, which CI may not have */
    }
    bool parallel = suite_processors() > 1;
    const struct cs_bench_spec spec = {
        .name = "suite/versions",
        .what = "five SDK versions, a case each: the starts of their adapters",
        .unit = "s",
        .lower_is_better = true,
        .want = parallel ? 1.2 : 0};
    const struct cs_bench_side ours = {.name = "matrix", .once = side_by_side, .ctx = bench};
    const struct cs_bench_side peer = {
        .name = "one after another", .once = one_after_another, .ctx = bench};
    (void)cs_bench_pair(bench, &spec, &ours, &peer);
    measure_starts(bench);
}
