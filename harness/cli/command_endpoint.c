/* chatspec endpoint: the endpoint role, against a URL or the built-in endpoint. */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/live_server.h"
#include "cli/role_run.h"
#include "cli/subject_endpoint.h"
#include "cli/subject_s2.h"
#include "peer/process.h"

#define BUILTIN_PATIENCE_MS 10000
/* Its cases mostly wait, and no rate limit of somebody else is to be kept. */
#define BUILTIN_JOBS 64

static void add_option(struct cs_buf *command, const char *name, const char *value)
{
    if (value) {
        cs_buf_printf(command, " --%s ", name);
        cs_command_quote(command, value);
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
    add_option(&command, "profile", args->profile);
    add_option(&command, "stream", args->stream);
    add_option(&command, "basin", args->basin);
    add_option(&command, "stream-token-env", args->stream_token_env);
    cs_s2_rerun(args, &command);
    cs_buf_str(&command, args->no_mint ? " --no-mint" : "");
    cs_buf_str(&command, args->any_store_token ? " --any-store-token" : "");
    return cs_buf_take(&command);
}

static int run_against(struct cs_role_plan *plan, const struct cs_args *args,
                       const struct cs_endpoint_env *env, const char *kind, const char *name,
                       const char *version, bool trouble_is_told)
{
    char *command = rerun_command(args);
    if (!command) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    const struct cs_role_subject subject = {.role = &cs_endpoint_role, .env = env};
    const struct cs_role_run run = {.subjects = &subject,
                                    .n_subjects = 1,
                                    .command = command,
                                    .peer = {.kind = kind, .name = name, .version = version},
                                    .default_jobs = strcmp(kind, "builtin") == 0 ? BUILTIN_JOBS : 0,
                                    .trouble_is_told = trouble_is_told};
    int status = cs_role_plan_run(plan, &run);
    free(command);
    return status;
}

static int run_builtin(struct cs_role_plan *plan, const struct cs_args *args)
{
    struct cs_stream_option stream;
    struct cs_host host;
    struct cs_diag diag = {0};
    if (args->secret_key_env || args->other_secret_key_env || args->restricted_key_env ||
        args->preview_key_env || args->branch || args->task || args->agent_task) {
        return cs_say(CS_EXIT_USAGE, "keys and tasks belong to a server: give its --url too");
    }
    int status = cs_stream_option_read(args, &stream);
    if (status != CS_EXIT_OK) {
        return status;
    }
    const struct cs_host_spec spec = {.profile = args->profile,
                                      .stream = stream.url ? &stream : NULL};
    if (cs_host_start(&spec, 1, args->seed, &host, &diag) == CS_OK) {
        struct cs_endpoint_env env = cs_builtin_env(host.urls[0], BUILTIN_PATIENCE_MS);
        /* Who may write is then for that store to say, and s2-lite lets everybody. */
        env.store_checks_tokens = !stream.url;
        if (stream.url) { /* the cases about S2 speak to it themselves */
            env.s2_url = stream.url;
            env.s2_basin = stream.basin;
            env.s2_token = stream.token;
        }
        status = run_against(plan, args, &env, "builtin",
                             stream.url ? "the built-in endpoint on an S2 stream store"
                                        : "the built-in endpoint",
                             CHATSPEC_VERSION, false);
        status = cs_host_is_well(&host) ? status : CS_EXIT_TROUBLE;
        cs_host_stop(&host);
    } else {
        status = cs_say(CS_EXIT_TROUBLE, "%s", diag.text);
    }
    cs_stream_option_free(&stream);
    return status;
}

static int run_url(struct cs_role_plan *plan, const struct cs_args *args)
{
    struct cs_live_server server = {0};
    int status = cs_live_server_open(args, plan, &server);
    /* of a server that is not there, whoever wants reports gets them all the same */
    bool runs = status == CS_EXIT_OK || (server.is_missing && args->report.n > 0);
    if (runs) {
        const char *name = server.url ? server.url : server.s2_url;
        int ended = run_against(plan, args, &server.env, "url", name, "", server.is_missing);
        status = status == CS_EXIT_OK ? ended : status;
    }
    cs_live_server_close(&server);
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
    bool is_remote = args->url || args->s2_url || args->s2_basin || args->s2_token_env;
    if (is_remote && (args->stream || args->basin || args->stream_token_env)) {
        status = cs_say(CS_EXIT_USAGE, "--stream and --basin are of the built-in endpoint: the "
                                       "server of --url has its own store");
    } else {
        status = is_remote ? run_url(plan, args) : run_builtin(plan, args);
    }
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
    CS_ROW("any-store-token", CS_OPTION_FLAG, any_store_token, NULL,
           "the server's stream store takes any token, as s2-lite does", 0),
    CS_ROWS_STREAM,
    CS_ROWS_S2,
    CS_ROWS_RUN,
    CS_ROWS_END,
};

const struct cs_command cs_command_endpoint = {
    .name = "endpoint",
    .summary = "test a server of the protocol, or the built-in one",
    .usage = "[options]",
    .details =
        "Runs the cases of the endpoint role. Without --url the subject is the built-in\n"
        "endpoint, started for the run. Without a secret key most cases are skipped, and\n"
        "say so. With --s2-url the cases of the stream store run on that store; without a\n"
        "--url they are the only ones that do.\n"
        "\n"
        "A server behind --url needs to do nothing for it: the cases make sessions with ids\n"
        "of their own, bound to a task that nobody runs, and close them at the end, after\n"
        "Ctrl-C too. Calls keep within the rate limit that the server tells of, and the run\n"
        "waits for it. A key with _sk_, or --no-mint: tokens with other scopes are then asked\n"
        "for, and what takes a forged token is skipped. A server that stops answering ends\n"
        "the run with one line, exit status 3 and the reports so far.\n"
        "\n"
        "Examples:\n"
        "  chatspec endpoint\n"
        "  chatspec endpoint --only 'endpoint/token/*' --verbose\n"
        "  chatspec endpoint --only TOK-20,APP-05\n"
        "  chatspec endpoint --url https://api.example.com --secret-key-env TRIGGER_KEY \\\n"
        "      --report junit=endpoint.xml --report json=endpoint.json\n"
        "  chatspec endpoint --s2-url http://127.0.0.1:8080/v1 --s2-basin my-basin \\\n"
        "      --only 's2/*'",
    .options = options,
    .run = run,
};
