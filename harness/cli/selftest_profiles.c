#include "cli/selftest_profiles.h"

#include <stdlib.h>

#include "cli/host.h"
#include "cli/live.h"
#include "cli/profile_matrix.h"
#include "cli/selftest.h"
#include "cli/subject_endpoint.h"
#include "net/http_client.h"

#define DEFAULT_JOBS 32u
#define PATIENCE_MS  5000
#define MAX_PAGE     ((size_t)16 * 1024 * 1024)

/* The versions whose documents differ. */
static const char *const versions[] = {"4.5.0", "4.5.16", "4.6.4", "4.7.7", "4.8.3"};
#define N_VERSIONS (sizeof versions / sizeof versions[0])

struct trial {
    const struct cs_args *args;
    const struct cs_work *selected;
    size_t n_cases;
    struct cs_profile profiles[N_VERSIONS];
    struct cs_endpoint_env envs[N_VERSIONS];
    struct cs_host host;
    const struct cs_case **cases;
    struct cs_work *work; /* as the cells of the matrix lie */
    struct cs_result *results;
    size_t n_work;
};

static int start(struct trial *trial, const struct cs_requirements *set)
{
    struct cs_host_spec specs[N_VERSIONS] = {0};
    struct cs_diag diag = {0};
    for (size_t i = 0; i < N_VERSIONS; i++) {
        specs[i].profile = versions[i];
        if (cs_profile_init(versions[i], set, &trial->profiles[i], &diag) != CS_OK) {
            return cs_say(CS_EXIT_TROUBLE, "%s", diag.text);
        }
    }
    if (cs_host_start(specs, N_VERSIONS, trial->args->seed, &trial->host, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "%s", diag.text);
    }
    trial->n_work = N_VERSIONS * N_VERSIONS * trial->n_cases;
    trial->cases = calloc(trial->n_cases, sizeof(void *));
    trial->work = calloc(trial->n_work, sizeof *trial->work);
    trial->results = calloc(trial->n_work, sizeof *trial->results);
    if (!trial->cases || !trial->work || !trial->results) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    return CS_EXIT_OK;
}

static void lay_out(struct trial *trial)
{
    for (size_t row = 0; row < trial->n_cases; row++) {
        trial->cases[row] = trial->selected[row].test;
    }
    for (size_t served = 0; served < N_VERSIONS; served++) {
        trial->envs[served] = cs_builtin_env(trial->host.urls[served], PATIENCE_MS);
    }
    size_t at = 0;
    for (size_t held = 0; held < N_VERSIONS; held++) {
        for (size_t served = 0; served < N_VERSIONS; served++) {
            for (size_t row = 0; row < trial->n_cases; row++) {
                trial->work[at++] = (struct cs_work){.role = trial->selected[row].role,
                                                     .test = trial->cases[row],
                                                     .env = &trial->envs[served],
                                                     .profile = &trial->profiles[held]};
            }
        }
    }
}

static int print(const struct trial *trial, int64_t duration_ms)
{
    const struct cs_profile_matrix matrix = {.cases = trial->cases,
                                             .n_cases = trial->n_cases,
                                             .profiles = trial->profiles,
                                             .n_profiles = N_VERSIONS,
                                             .cells = trial->results};
    struct cs_buf page = CS_BUF(MAX_PAGE);
    struct cs_profile_counts counts = cs_profile_matrix_judge(&matrix, &page);
    printf("%zu cases, %zu versions: %zu runs in %lld.%lld s\n", trial->n_cases, N_VERSIONS,
           trial->n_work, (long long)(duration_ms / 1000), (long long)(duration_ms % 1000 / 100));
    printf("not right for their own version  %zu\n", counts.n_own_bad);
    printf("documented differences shown     %zu of %zu\n", counts.n_shown, counts.n_expected);
    printf("undocumented differences shown   %zu, and %zu could not be judged\n\n",
           counts.n_unexpected, counts.n_blocked);
    fwrite(page.ptr ? page.ptr : "", 1, page.len, stdout);
    bool good = cs_profile_matrix_is_good(&counts);
    printf("\n%s\n", good ? "selftest of profiles passed" : "selftest of profiles failed");
    bool printed = fflush(stdout) == 0 && cs_buf_error(&page) == CS_OK;
    cs_buf_free(&page);
    if (!printed) {
        return cs_say(CS_EXIT_TROUBLE, "the matrix could not be printed");
    }
    return good ? CS_EXIT_OK : CS_EXIT_BROKEN;
}

static int run(struct trial *trial)
{
    struct cs_live live = cs_live_new(trial->work);
    const struct cs_run_options options = cs_selftest_options(trial->args, DEFAULT_JOBS, &live);
    struct cs_run_summary summary;
    struct cs_diag diag = {0};
    int64_t started = cs_now_ms();
    enum cs_err err = cs_run(trial->work, trial->n_work, &options, trial->results, &summary, &diag);
    cs_live_end(&live);
    if (err != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the run could not go on: %s", diag.text);
    }
    if (summary.interrupted) {
        return cs_say(CS_EXIT_INTERRUPTED, "interrupted after %zu of %zu runs: there is no matrix", summary.n_done,
                      trial->n_work);
    }
    int status = print(trial, cs_now_ms() - started);
    return cs_host_is_well(&trial->host) ? status : CS_EXIT_TROUBLE;
}

int cs_selftest_profiles(const struct cs_args *args, const struct cs_requirements *set,
                         const struct cs_work *selected, size_t n)
{
    struct trial trial = {.args = args, .selected = selected, .n_cases = n};
    int status = start(&trial, set);
    if (status == CS_EXIT_OK) {
        lay_out(&trial);
        status = run(&trial);
    }
    for (size_t i = 0; trial.results && i < trial.n_work; i++) {
        cs_result_free(&trial.results[i]);
    }
    cs_host_stop(&trial.host);
    free(trial.results);
    free(trial.work);
    free(trial.cases);
    return status;
}
