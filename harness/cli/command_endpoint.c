/* chatspec endpoint: the endpoint role, against a URL or the built-in endpoint. */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/role_run.h"
#include "cli/subject_endpoint.h"

#define REACH_MS            5000 /* how long a server has to give a first sign of life */
#define BUILTIN_PATIENCE_MS 10000

static void add_option(struct cs_buf *command, const char *name, const char *value)
{
    if (value) {
        cs_buf_printf(command, " --%s %s", name, value);
    }
}

/* What leads to the same subject again. */
static char *rerun_command(const struct cs_args *args)
{
    struct cs_buf command = CS_BUF(8192);
    cs_buf_str(&command, "./chatspec endpoint");
    add_option(&command, "url", args->url);
    add_option(&command, "secret-key-env", args->secret_key_env);
    add_option(&command, "other-secret-key-env", args->other_secret_key_env);
    add_option(&command, "restricted-key-env", args->restricted_key_env);
    add_option(&command, "preview-key-env", args->preview_key_env);
    add_option(&command, "branch", args->branch);
    add_option(&command, "task", args->task);
    add_option(&command, "agent-task", args->agent_task);
    cs_buf_str(&command, args->no_mint ? " --no-mint" : "");
    return cs_buf_take(&command);
}

static int run_against(struct cs_role_plan *plan, const struct cs_args *args,
                       const struct cs_endpoint_env *env, const char *kind, const char *name,
                       const char *version)
{
    char *command = rerun_command(args);
    if (!command) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    const struct cs_role_subject subject = {&cs_endpoint_role, env};
    const struct cs_role_run run = {.subjects = &subject,
                                    .n_subjects = 1,
                                    .command = command,
                                    .peer_kind = kind,
                                    .peer_name = name,
                                    .peer_version = version};
    int status = cs_role_plan_run(plan, &run);
    free(command);
    return status;
}

static int run_builtin(struct cs_role_plan *plan, const struct cs_args *args)
{
    const struct cs_host_spec spec = {0};
    struct cs_host host;
    struct cs_diag diag = {0};
    if (args->secret_key_env || args->other_secret_key_env || args->restricted_key_env ||
        args->preview_key_env || args->branch || args->task || args->agent_task) {
        return cs_say(CS_EXIT_USAGE, "keys and tasks belong to a server: give its --url too");
    }
    if (cs_host_start(&spec, 1, args->seed, &host, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "%s", diag.text);
    }
    const struct cs_endpoint_env env = cs_builtin_env(host.urls[0], BUILTIN_PATIENCE_MS);
    int status =
        run_against(plan, args, &env, "builtin", "the built-in endpoint", CHATSPEC_VERSION);
    cs_host_stop(&host);
    return status;
}

static int run_url(struct cs_role_plan *plan, const struct cs_args *args)
{
    struct cs_endpoint_env env = {0};
    struct cs_diag diag = {0};
    char *url = NULL;
    int status = cs_url_env(args, &env, &url);
    if (status == CS_EXIT_OK) {
        struct cs_endpoint_env hasty = env;
        hasty.patience_ms = REACH_MS;
        if (cs_endpoint_role.probe(&hasty, &diag) != CS_OK) {
            status = cs_say(CS_EXIT_TROUBLE, "%s cannot be reached: %s", url, diag.text);
        }
    }
    if (status == CS_EXIT_OK) {
        status = run_against(plan, args, &env, "url", url, "");
    }
    free(url);
    return status;
}

static int run(const struct cs_args *args)
{
    static const struct cs_role *const roles[] = {&cs_endpoint_role};
    struct cs_role_plan *plan = NULL;
    int status = cs_role_plan_new(args, roles, 1, &plan);
    if (status != CS_EXIT_OK) {
        return status;
    }
    status = args->url ? run_url(plan, args) : run_builtin(plan, args);
    cs_role_plan_free(plan);
    return status;
}

static const struct cs_option options[] = {
    CS_ROW("url", CS_OPTION_TEXT, url, "URL", "server to test (the built-in endpoint)", 0),
    CS_ROW("secret-key-env", CS_OPTION_TEXT, secret_key_env, "VAR",
           "environment variable that holds its secret key", 0),
    CS_ROW("other-secret-key-env", CS_OPTION_TEXT, other_secret_key_env, "VAR",
           "the same for a second environment of that server", 0),
    CS_ROW("restricted-key-env", CS_OPTION_TEXT, restricted_key_env, "VAR",
           "the same for an additional key whose only scope is write:sessions", 0),
    CS_ROW("preview-key-env", CS_OPTION_TEXT, preview_key_env, "VAR",
           "the same for a preview environment; needs --branch", 0),
    CS_ROW("branch", CS_OPTION_TEXT, branch, "NAME", "a branch of that preview environment", 0),
    CS_ROW("task", CS_OPTION_TEXT, task, "ID", "task that no agent answers (absent)", 0),
    CS_ROW("agent-task", CS_OPTION_TEXT, agent_task, "ID",
           "task whose agent repeats what it is told (none)", 0),
    CS_ROW("no-mint", CS_OPTION_FLAG, no_mint, NULL,
           "the key does not sign tokens (keys with _sk_ never do)", 0),
    CS_ROWS_RUN,
    CS_ROWS_END,
};

const struct cs_command cs_command_endpoint = {
    .name = "endpoint",
    .summary = "test a server of the protocol, or the built-in one",
    .usage = "[options]",
    .details = "Runs the cases of the endpoint role. Without --url the subject is the built-in\n"
               "endpoint, started for the run. Without a secret key most cases are skipped, and\n"
               "say so.\n"
               "\n"
               "Examples:\n"
               "  chatspec endpoint\n"
               "  chatspec endpoint --only 'endpoint/token/*' --verbose\n"
               "  chatspec endpoint --only TOK-20,APP-05\n"
               "  chatspec endpoint --url https://api.example.com --secret-key-env TRIGGER_KEY \\\n"
               "      --report junit=endpoint.xml --report json=endpoint.json",
    .options = options,
    .run = run,
};
