/* selftest of the client role: violations of the reference client, and adapters that do nothing
 * useful. A case's worker starts them, so there is nothing to keep running here. */
#include <stdlib.h>

#include "cli/selftest.h"
#include "cli/subject_client.h"
#include "client/violations.h"
#include "peer/null_client.h"

#define PLAIN_PATIENCE_MS  10000
#define BROKEN_PATIENCE_MS 2000 /* for what a violation keeps from coming */
#define NULL_PATIENCE_MS   100
#define MAX_WORDS          4

struct clients {
    struct cs_peer_command plain;
    const char *(*words)[MAX_WORDS]; /* per column */
    struct cs_client_env *envs;
};

static const char *null_name(size_t null)
{
    return cs_null_clients[null].name;
}

static bool violation(size_t n, struct cs_matrix_violation *ret_violation)
{
    const struct cs_client_violation *row = &cs_client_violations[n];
    *ret_violation = (struct cs_matrix_violation){.id = row->fault,
                                                  .requirements = row->requirements,
                                                  .noticed_by = row->noticed_by,
                                                  .affects = row->affects};
    return row->fault != NULL;
}

/* What nobody promises differs only from a record of the published SDK, never of this client. */
static bool is_row(const struct cs_case *test)
{
    return test->level == CS_MUST || test->level == CS_SHOULD;
}

static void fill_column(const struct cs_selftest *test, struct clients *clients, size_t column,
                        size_t at)
{
    size_t null;
    const struct cs_matrix_violation *broken = cs_selftest_violation(test, column);
    struct cs_client_env *env = &clients->envs[at];
    const char **words = clients->words[at];
    *env = (struct cs_client_env){.argv = words};
    if (cs_selftest_is_null(test, column, &null)) {
        words[0] = "/bin/sh";
        words[1] = "-c";
        words[2] = cs_null_clients[null].script;
        env->patience_ms = NULL_PATIENCE_MS;
        return;
    }
    words[0] = clients->plain.words[0];
    words[1] = broken ? "--fault" : NULL;
    words[2] = broken ? broken->id : NULL;
    env->patience_ms = broken ? BROKEN_PATIENCE_MS : PLAIN_PATIENCE_MS;
}

static int begin(struct cs_selftest *test, size_t first, size_t n)
{
    struct clients *clients = calloc(1, sizeof *clients);
    struct cs_diag diag = {0};
    test->state = clients;
    if (!clients) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    clients->envs = calloc(n, sizeof *clients->envs);
    clients->words = calloc(n, sizeof *clients->words);
    if (!clients->envs || !clients->words) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    if (cs_builtin_peer(&clients->plain, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "%s", diag.text);
    }
    for (size_t i = 0; i < n; i++) {
        fill_column(test, clients, first + i, i);
        test->envs[first + i] = &clients->envs[i];
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
    struct clients *clients = test->state;
    if (clients) {
        cs_peer_command_free(&clients->plain);
        free(clients->words);
        free(clients->envs);
        free(clients);
        test->state = NULL;
    }
}

const struct cs_selftest_role cs_selftest_client = {
    .role = &cs_client_role,
    .plain = "the reference client",
    .jobs = 64,
    .sample = 4,
    .columns_at_a_time = SIZE_MAX,
    .n_nulls = CS_N_NULL_CLIENTS,
    .null_name = null_name,
    .violation = violation,
    .is_row = is_row,
    .begin = begin,
    .is_well = is_well,
    .end = end,
};
