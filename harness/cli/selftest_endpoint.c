/* selftest of the endpoint role: violations of the reference endpoint, and servers that do nothing
 * useful. They listen in a process of their own. */
#include <stdlib.h>

#include "cli/host.h"
#include "cli/selftest.h"
#include "cli/subject_endpoint.h"
#include "endpoint/policy/violations.h"

#define PLAIN_PATIENCE_MS  10000
#define BROKEN_PATIENCE_MS 2500 /* for answers that a violation keeps back */
#define NULL_PATIENCE_MS   300

struct servers {
    struct cs_host host;
    struct cs_endpoint_env *envs;
};

static const char *null_name(size_t null)
{
    return cs_null_kind_name((enum cs_null_kind)null);
}

static bool violation(size_t n, struct cs_matrix_violation *ret_violation)
{
    const struct cs_violation *row = &cs_violations[n];
    *ret_violation = (struct cs_matrix_violation){
        .id = row->id, .requirements = row->requirement, .affects = row->affects};
    return row->id != NULL;
}

static int64_t fill_spec(const struct cs_selftest *test, size_t column,
                         struct cs_host_spec *ret_spec)
{
    size_t null;
    const struct cs_matrix_violation *broken = cs_selftest_violation(test, column);
    *ret_spec = (struct cs_host_spec){0};
    if (cs_selftest_is_null(test, column, &null)) {
        ret_spec->is_null = true;
        ret_spec->null_kind = (enum cs_null_kind)null;
        return NULL_PATIENCE_MS;
    }
    ret_spec->violation = broken ? cs_violation_find(broken->id) : NULL;
    return broken ? BROKEN_PATIENCE_MS : PLAIN_PATIENCE_MS;
}

static int begin(struct cs_selftest *test, size_t first, size_t n)
{
    struct servers *servers = calloc(1, sizeof *servers);
    struct cs_host_spec *specs = calloc(n, sizeof *specs);
    int64_t *patience = calloc(n, sizeof *patience);
    test->state = servers;
    if (servers) {
        servers->envs = calloc(n, sizeof *servers->envs);
    }
    int status = CS_EXIT_OK;
    struct cs_diag diag = {0};
    if (!servers || !servers->envs || !specs || !patience) {
        status = cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    for (size_t i = 0; status == CS_EXIT_OK && i < n; i++) {
        patience[i] = fill_spec(test, first + i, &specs[i]);
    }
    if (status == CS_EXIT_OK &&
        cs_host_start(specs, n, test->args->seed, &servers->host, &diag) != CS_OK) {
        status = cs_say(CS_EXIT_TROUBLE, "%s", diag.text);
    }
    for (size_t i = 0; status == CS_EXIT_OK && i < n; i++) {
        servers->envs[i] = cs_builtin_env(servers->host.urls[i], patience[i]);
        test->envs[first + i] = &servers->envs[i];
    }
    free(patience);
    free(specs);
    return status;
}

static bool is_well(const struct cs_selftest *test)
{
    return cs_host_is_well(&((const struct servers *)test->state)->host);
}

static void end(struct cs_selftest *test)
{
    struct servers *servers = test->state;
    if (servers) {
        cs_host_stop(&servers->host);
        free(servers->envs);
        free(servers);
        test->state = NULL;
    }
}

const struct cs_selftest_role cs_selftest_endpoint = {
    .role = &cs_endpoint_role,
    .plain = "the built-in endpoint",
    .jobs = 128,
    .sample = 16,
    .columns_at_a_time = 100, /* servers on one loop; what they store goes with them */
    .n_nulls = CS_N_NULL_KINDS,
    .null_name = null_name,
    .violation = violation,
    .begin = begin,
    .is_well = is_well,
    .end = end,
};
