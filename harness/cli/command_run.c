/* chatspec run: every role that can be run here, against what is built in, with reports. */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/paths.h"
#include "cli/role_run.h"
#include "cli/roles.h"
#include "cli/subject_client.h"
#include "cli/subject_endpoint.h"
#include "conformance/agent/agent_role.h"
#include "conformance/decode/decode_role.h"

#define PATIENCE_MS 10000

#define N_REPORTS 3

struct default_reports {
    char *paths[N_REPORTS];
    const char *items[N_REPORTS];
};

static bool name_reports(struct default_reports *reports, const char *folder)
{
    static const char *const kinds[N_REPORTS] = {"json", "junit", "html"};
    static const char *const extensions[N_REPORTS] = {"json", "xml", "html"};
    bool good = true;
    for (size_t i = 0; i < N_REPORTS; i++) {
        struct cs_buf text = CS_BUF(4096);
        cs_buf_printf(&text, "%s=%s/run.%s", kinds[i], folder, extensions[i]);
        reports->paths[i] = cs_buf_take(&text);
        reports->items[i] = reports->paths[i];
        good = good && reports->paths[i];
    }
    return good;
}

/* What a run is against, beside the endpoint. */
struct sdk {
    struct cs_client_subject client;
    struct cs_client_subject agents; /* of the same SDK; zeroed: none */
};

/* All subjects are there: runs the plan against them. */
static int run_against(struct cs_role_plan *plan, const struct cs_args *args,
                       const struct cs_host *host, const struct sdk *sdk)
{
    const struct cs_client_subject *client = &sdk->client;
    const struct cs_endpoint_env endpoint = cs_builtin_env(host->urls[0], PATIENCE_MS);
    const struct cs_decode_env decode = {
        .parser = {.library = "builtin", .timeout_ms = PATIENCE_MS}};
    const struct cs_role_subject subjects[] = {
        {.role = &cs_endpoint_role, .env = &endpoint},
        {.role = &cs_decode_role, .env = &decode},
        {.role = &cs_client_role, .env = &client->env, .version = cs_client_sdk_version(client)},
        {.role = &cs_agent_role,
         .env = &sdk->agents.env,
         .version = cs_client_sdk_version(&sdk->agents)},
    };
    struct cs_buf name = CS_BUF(1024);
    cs_buf_printf(&name, "the built-in endpoint%s%s", client->name ? " and the client " : "",
                  client->name ? client->name : "");
    char *peer_name = cs_buf_take(&name);
    struct cs_buf text = CS_BUF(8192);
    cs_buf_printf(&text, "./chatspec run%s%s", client->options ? " " : "",
                  client->options ? client->options : "");
    if (!client->options && args->profile) {
        cs_buf_printf(&text, " --profile %s", args->profile);
    }
    char *command = cs_buf_take(&text);
    struct cs_report_peer peer = cs_client_subject_peer(client);
    peer.kind = "builtin";
    peer.name = peer_name ? peer_name : "";
    peer.version = client->version ? client->version : "";
    const struct cs_role_run what = {.subjects = subjects,
                                     .n_subjects = sizeof subjects / sizeof subjects[0],
                                     .command = command ? command : "./chatspec run",
                                     .peer = peer};
    int status = cs_role_plan_run(plan, &what);
    free(peer_name);
    free(command);
    return status;
}

static int run_plan(struct cs_role_plan *plan, const struct cs_args *args, const struct sdk *sdk)
{
    const struct cs_host_spec spec = {.profile = args->profile};
    struct cs_host host;
    struct cs_diag diag = {0};
    if (cs_host_start(&spec, 1, args->seed, &host, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "%s", diag.text);
    }
    int status = run_against(plan, args, &host, sdk);
    status = cs_host_is_well(&host) ? status : CS_EXIT_TROUBLE;
    cs_host_stop(&host);
    return status;
}

/* Agents are an SDK's: without one the role is left out, which is said. */
static int leave_out_agents(const struct cs_args *args, struct cs_role_plan **plan)
{
    const struct cs_role *roles[8];
    size_t n = 0;
    for (size_t i = 0; i < cs_n_roles && n < sizeof roles / sizeof roles[0]; i++) {
        if (cs_roles[i] != &cs_agent_role) {
            roles[n++] = cs_roles[i];
        }
    }
    (void)cs_say(CS_EXIT_OK, "no SDK: the agent role is left out");
    cs_role_plan_free(*plan);
    *plan = NULL;
    return cs_role_plan_new(args, roles, n, plan);
}

/* The client that was asked for, and the agents of the same SDK. */
static int open_sdk(const struct cs_args *args, struct cs_role_plan **plan, struct sdk *sdk)
{
    bool wants_client = cs_role_plan_has(*plan, &cs_client_role);
    bool wants_agents = cs_role_plan_has(*plan, &cs_agent_role);
    int status = CS_EXIT_OK;
    if (wants_client || wants_agents) {
        status = cs_client_subject_open(args, CS_PART_CLIENTS, &sdk->client);
    }
    if (status != CS_EXIT_OK || !wants_agents) {
        return status;
    }
    if (strcmp(sdk->client.kind, "sdk") != 0) {
        return leave_out_agents(args, plan);
    }
    struct cs_args same = *args;
    same.sdk = args->sdk ? args->sdk : sdk->client.version;
    return cs_client_subject_open(&same, CS_PART_AGENTS, &sdk->agents);
}

static int run_with_reports(const struct cs_args *args)
{
    struct cs_role_plan *plan = NULL;
    struct sdk sdk = {0};
    int status = cs_role_plan_new(args, cs_roles, cs_n_roles, &plan);
    if (status == CS_EXIT_OK) {
        status = open_sdk(args, &plan, &sdk);
    }
    if (status == CS_EXIT_OK) {
        status = run_plan(plan, args, &sdk);
    }
    cs_client_subject_close(&sdk.client);
    cs_client_subject_close(&sdk.agents);
    cs_role_plan_free(plan);
    return status;
}

static int run(const struct cs_args *args)
{
    if (args->report.n > 0) {
        return run_with_reports(args);
    }
    char *folder = cs_build_folder("reports");
    if (!folder) {
        return CS_EXIT_TROUBLE;
    }
    struct default_reports reports = {0};
    struct cs_args with_reports = *args;
    int status = CS_EXIT_TROUBLE;
    if (name_reports(&reports, folder)) {
        with_reports.report = (struct cs_list){reports.items, N_REPORTS};
        status = run_with_reports(&with_reports);
    }
    for (size_t i = 0; i < N_REPORTS; i++) {
        free(reports.paths[i]);
    }
    free(folder);
    return status;
}

static const struct cs_option options[] = {
    CS_ROW("sdk", CS_OPTION_TEXT, sdk, "SOURCE",
           "client to test: an SDK version, tag, .tgz or folder (latest)", 0),
    CS_ROW("parser", CS_OPTION_TEXT, parser, "VERSION",
           "version of eventsource-parser that it uses (what npm takes)", 0),
    CS_ROW("builtin", CS_OPTION_FLAG, builtin, NULL, "client to test: the reference client", 0),
    CS_ROWS_RUN,
    CS_ROWS_END,
};

const struct cs_command cs_command_run = {
    .name = "run",
    .summary = "run everything that can be run here, with reports",
    .usage = "[options]",
    .details =
        "Runs the endpoint role against the built-in endpoint, the client and the agent role\n"
        "against the newest SDK (or the client role against the built-in client, where Node\n"
        "or the registry is missing), and holds chatspec's own reader to the decode vectors.\n"
        "Writes run.json, run.xml (JUnit) and run.html to build/reports (an installed program:\n"
        "./chatspec-reports), unless --report says otherwise.\n"
        "\n"
        "Examples:\n"
        "  chatspec run\n"
        "  chatspec run --sdk 4.8.3 --seed 7\n"
        "  chatspec run --shard 1/4 --report json=shard-1.json",
    .options = options,
    .run = run,
};
