#include "cli/live_server.h"

#include <stdlib.h>

#include "cli/subject_s2.h"
#include "conformance/endpoint/ledger.h"
#include "conformance/endpoint/pace.h"

#define SWEEP_MS 10000
#define HASTE_MS 300
/* As measured; near enough for people. */
#define SESSIONS_PER_10_CASES 15u

static bool is_loopback(const char *url)
{
    const char *host = strstr(url, "://") + 3;
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
    struct cs_view name = cs_view_of(host, len);
    return cs_view_eq(name, CS_VIEW("localhost")) || cs_view_eq(name, CS_VIEW("[::1]")) ||
           strncmp(host, "127.", 4) == 0;
}

static void announce(const struct cs_live_server *server, const struct cs_role_plan *plan,
                     const struct cs_args *args)
{
    const struct cs_endpoint_env *env = &server->env;
    size_t n = cs_role_plan_count(plan, &cs_endpoint_role, cs_endpoint_role.offers(env));
    fprintf(stderr,
            "chatspec: testing %s with the key in %s; cases: %zu.\n"
            "  They make about %zu sessions with ids of their own, each with a queued run of the\n"
            "  task \"%s\"%s%s%s, and tokens that expire within 30 days. All sessions are closed\n"
            "  at the end; their runs stay. Nothing else is touched.\n",
            server->url, args->secret_key_env, n, n * SESSIONS_PER_10_CASES / 10 + 1, env->task,
            env->agent_task ? " or \"" : "", env->agent_task ? env->agent_task : "",
            env->agent_task ? "\"" : "");
}

static int look(struct cs_live_server *server)
{
    struct cs_diag diag = {0};
    struct cs_endpoint_traits traits = {0};
    if (cs_endpoint_role.probe(&server->env, &diag) != CS_OK) {
        server->is_missing = true;
        server->env.patience_ms = HASTE_MS; /* it has had its chance */
        return cs_say(CS_EXIT_TROUBLE,
                      "the server cannot be reached: %s; is it the right URL, and does it run?",
                      diag.text);
    }
    if (server->url && cs_endpoint_ask(&server->env, &traits, &diag) != CS_OK) {
        return cs_say(CS_EXIT_USAGE, "%s: %s; is it a key of this server?", server->url, diag.text);
    }
    server->env.hands_out_tokens = traits.hands_out_tokens;
    server->env.has_runs_api = traits.has_runs_api;
    return CS_EXIT_OK;
}

int cs_live_server_open(const struct cs_args *args, const struct cs_role_plan *plan,
                        struct cs_live_server *ret_server)
{
    struct cs_live_server *server = ret_server;
    int status = cs_url_env(args, &server->env, &server->url);
    status = status == CS_EXIT_OK ? cs_s2_env(args, &server->env, &server->s2_url) : status;
    if (status != CS_EXIT_OK) {
        return status;
    }
    if (!server->url) { /* a stream store alone, where nothing is counted and nothing closed */
        server->env.is_live = false;
        return look(server);
    }
    server->env.pace = cs_pace_new(cs_role_plan_jobs(plan));
    server->env.ledger = cs_ledger_new();
    if (!server->env.pace || !server->env.ledger) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    status = look(server);
    if (status == CS_EXIT_OK && server->env.secret_key && !is_loopback(server->url)) {
        announce(server, plan, args);
    }
    return status;
}

static void say_pace(const struct cs_live_server *server)
{
    struct cs_pace_figures figures = cs_pace_figures(server->env.pace);
    if (figures.waited_ms > 0 && figures.limit > 0) {
        (void)cs_say(0,
                     "paced: the server allows %lld calls at a time, and cases waited %lld s for "
                     "them, together",
                     (long long)figures.limit, (long long)(figures.waited_ms + 999) / 1000);
    }
    if (figures.n_refused > 0) {
        (void)cs_say(0, "%llu calls were answered 429 and sent again",
                     (unsigned long long)figures.n_refused);
    }
}

static void sweep(const struct cs_live_server *server)
{
    struct cs_ledger_counts counts = cs_ledger_counts(server->env.ledger);
    struct cs_sweep sweep = cs_ledger_sweep(&server->env, 0, SWEEP_MS, NULL);
    if (sweep.n_left > 0) {
        (void)cs_say(0, "of %zu sessions that were made %zu could not be closed (%s): %s%s%s%s%s%s",
                     counts.n_made, sweep.n_left, sweep.reason, sweep.left[0],
                     sweep.n_left > 1 ? " " : "", sweep.left[1], sweep.n_left > 2 ? " " : "",
                     sweep.left[2], sweep.n_left > 3 ? " and others" : "");
    } else if (!is_loopback(server->url) && counts.n_made > 0) {
        (void)cs_say(0, "all %zu sessions that were made are closed", counts.n_made);
    } else if (sweep.n_closed > 1) { /* one is the runner's own */
        (void)cs_say(0, "closed %zu sessions that were still open", sweep.n_closed);
    }
}

void cs_live_server_close(struct cs_live_server *server)
{
    if (server->env.ledger && server->env.secret_key && server->url) {
        sweep(server);
    }
    if (server->env.pace) {
        say_pace(server);
    }
    cs_pace_free(server->env.pace);
    cs_ledger_free(server->env.ledger);
    free(server->url);
    free(server->s2_url);
    *server = (struct cs_live_server){0};
}
