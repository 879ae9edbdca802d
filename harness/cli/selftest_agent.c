/* selftest of the agent role: the worker with a fault between the SDK and the wire, and workers
 * that do nothing useful. The SDK is the one that the requirements are newest for, and has to be
 * there or be had. */
#include <stdlib.h>

#include "cli/paths.h"
#include "cli/selftest.h"
#include "conformance/agent/agent_role.h"
#include "conformance/agent/violations.h"
#include "conformance/peers/peers.h"
#include "peer/null_agent.h"

#define BROKEN_PATIENCE_MS 4000 /* for what a violation keeps from coming */
#define NULL_PATIENCE_MS   300
#define JOBS               4u
#define COLUMNS_AT_A_TIME  ((size_t)16)

struct agents {
    struct cs_peer_command *commands; /* per column of now */
    const char *(*nulls)[4];
    struct cs_client_env *envs;
    struct cs_peer_command client; /* for the cases with one on the other side: as it is */
    size_t n;
};

static const char *null_name(size_t null)
{
    return cs_null_agents[null].name;
}

static bool violation(size_t n, struct cs_matrix_violation *ret_violation)
{
    const struct cs_agent_violation *row = &cs_agent_violations[n];
    *ret_violation = (struct cs_matrix_violation){.id = row->fault,
                                                  .requirements = row->requirements,
                                                  .noticed_by = row->noticed_by,
                                                  .affects = row->affects};
    return row->fault != NULL;
}

static bool is_row(const struct cs_case *test)
{
    return test->level == CS_MUST || test->level == CS_SHOULD;
}

static enum cs_err fill_column(const struct cs_selftest *test, struct agents *agents, size_t column,
                               size_t at, struct cs_diag *diag)
{
    size_t null;
    const struct cs_matrix_violation *broken = cs_selftest_violation(test, column);
    struct cs_client_env *env = &agents->envs[at];
    if (cs_selftest_is_null(test, column, &null)) {
        const char **words = agents->nulls[at];
        words[0] = "/bin/sh";
        words[1] = "-c";
        words[2] = cs_null_agents[null].script;
        *env = (struct cs_client_env){.argv = words, .patience_ms = NULL_PATIENCE_MS};
        return CS_OK;
    }
    struct cs_peer_command *command = &agents->commands[at];
    char *cache = cs_build_folder("sdk");
    enum cs_err err =
        cache ? cs_sdk_peer(CS_PROFILE_LATEST, NULL, cache, command, diag) : CS_ERR_IO;
    free(cache);
    if (err == CS_OK) {
        err = cs_sdk_worker(command, NULL, broken ? broken->id : NULL, diag);
    }
    *env = (struct cs_client_env){.argv = (const char *const *)command->words,
                                  .client_argv = (const char *const *)agents->client.words,
                                  .patience_ms = broken ? BROKEN_PATIENCE_MS : 0};
    return err;
}

static int begin(struct cs_selftest *test, size_t first, size_t n)
{
    struct agents *agents = calloc(1, sizeof *agents);
    test->state = agents;
    if (!agents) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    agents->n = n;
    agents->commands = calloc(n, sizeof *agents->commands);
    agents->nulls = calloc(n, sizeof *agents->nulls);
    agents->envs = calloc(n, sizeof *agents->envs);
    if (!agents->commands || !agents->nulls || !agents->envs) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    struct cs_diag why = {0};
    char *cache = cs_build_folder("sdk");
    enum cs_err err =
        cache ? cs_sdk_peer(CS_PROFILE_LATEST, NULL, cache, &agents->client, &why) : CS_ERR_IO;
    free(cache);
    if (err != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the agent role cannot be tried: %s", why.text);
    }
    for (size_t i = 0; i < n; i++) {
        struct cs_diag diag = {0};
        if (fill_column(test, agents, first + i, i, &diag) != CS_OK) {
            return cs_say(CS_EXIT_TROUBLE, "the agent role cannot be tried: %s", diag.text);
        }
        test->envs[first + i] = &agents->envs[i];
    }
    return CS_EXIT_OK;
}

static bool is_well(const struct cs_selftest *test)
{
    (void)test;
    return true;
}

static void end(struct cs_selftest *test)
{
    struct agents *agents = test->state;
    if (agents) {
        for (size_t i = 0; agents->commands && i < agents->n; i++) {
            cs_peer_command_free(&agents->commands[i]);
        }
        free(agents->commands);
        cs_peer_command_free(&agents->client);
        free(agents->nulls);
        free(agents->envs);
        free(agents);
        test->state = NULL;
    }
}

const struct cs_selftest_role cs_selftest_agent = {
    .role = &cs_agent_role,
    .plain = "the SDK's agents",
    .jobs = JOBS,
    .sample = 0,
    .one_kin_of = 10, /* a run is a second of two processors */
    .columns_at_a_time = COLUMNS_AT_A_TIME,
    .n_nulls = CS_N_NULL_AGENTS,
    .null_name = null_name,
    .violation = violation,
    .is_row = is_row,
    .begin = begin,
    .is_well = is_well,
    .end = end,
};
