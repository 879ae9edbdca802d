/* chatspec client: the client role, against an SDK version, a command or the built-in client. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/role_run.h"
#include "cli/subject_client.h"

/* Cases mostly wait; but each place keeps an adapter process, and a JavaScript one is heavy. The
 * reference client is not. */
#define CLIENT_JOBS  8u
#define BUILTIN_JOBS 64u

static int run_subject(struct cs_role_plan *plan, const struct cs_args *args,
                       const struct cs_client_subject *client)
{
    char *command = NULL;
    if (asprintf(&command, "./chatspec client %s", client->options) < 0) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    const struct cs_role_subject subject = {
        .role = &cs_client_role, .env = &client->env, .version = cs_client_sdk_version(client)};
    const struct cs_role_run run = {.subjects = &subject,
                                    .n_subjects = 1,
                                    .command = command,
                                    .peer = cs_client_subject_peer(client),
                                    .default_jobs = args->builtin ? BUILTIN_JOBS : CLIENT_JOBS};
    int status = cs_role_plan_run(plan, &run);
    free(command);
    return status;
}

static int run(const struct cs_args *args)
{
    static const struct cs_role *const roles[] = {&cs_client_role};
    struct cs_role_plan *plan = NULL;
    struct cs_client_subject client;
    int status = cs_role_plan_new(args, roles, 1, &plan);
    if (status != CS_EXIT_OK) {
        return status;
    }
    status = cs_client_subject_open(args, CS_PART_CLIENTS, &client);
    if (status == CS_EXIT_OK) {
        status = run_subject(plan, args, &client);
        cs_client_subject_close(&client);
    }
    cs_role_plan_free(plan);
    return status;
}

static const struct cs_option options[] = {
    CS_ROW("sdk", CS_OPTION_TEXT, sdk, "SOURCE",
           "the SDK: a version, a tag, a .tgz or a folder with a / (latest)", 0),
    CS_ROW("parser", CS_OPTION_TEXT, parser, "VERSION",
           "version of eventsource-parser that the SDK uses (what npm takes)", 0),
    CS_ROW("peer", CS_OPTION_TEXT, peer, "COMMAND", "an adapter of your own", 0),
    CS_ROW("builtin", CS_OPTION_FLAG, builtin, NULL, "the reference client", 0),
    CS_ROWS_RUN,
    CS_ROWS_END,
};

const struct cs_command cs_command_client = {
    .name = "client",
    .summary = "test a client: an SDK version, your transport, the built-in one",
    .usage = "[--sdk SOURCE | --peer COMMAND | --builtin] [options]",
    .details = "Runs the cases of the client role against an adapter: a program that drives one\n"
               "client and speaks JSON lines (conformance/peers/PROTOCOL.md). SDKs are installed\n"
               "below build/sdk, once each, without their install scripts: a version, what a tag\n"
               "such as latest means now, a packed .tgz, or the folder of a built package.\n"
               "\n"
               "Examples:\n"
               "  chatspec client --sdk 4.8.3\n"
               "  chatspec client --sdk ./trigger.dev-sdk-4.9.0-beta.1.tgz\n"
               "  chatspec client --sdk 4.8.3 --parser 3.0.0\n"
               "  chatspec client --peer 'python3 my_adapter.py' --verbose\n"
               "  chatspec client --builtin --only 'client/resume/*'",
    .options = options,
    .run = run,
};
