/* chatspec agent: the agent role, against the runtime of an SDK version. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/role_run.h"
#include "cli/subject_client.h"
#include "conformance/agent/agent_role.h"
#include "peer/process.h"

#define AGENT_JOBS 4u /* each place keeps a worker process; a case mostly waits for its agent */

static int run_subject(struct cs_role_plan *plan, const struct cs_client_subject *agent,
                       const struct cs_args *args)
{
    const char *file = args->task_file;
    const char *from = args->from;
    struct cs_buf text = CS_BUF(16384);
    cs_buf_printf(&text, "./chatspec agent %s", agent->options);
    if (from) {
        cs_buf_str(&text, " --from ");
        cs_command_quote(&text, from);
    }
    if (file) {
        cs_buf_str(&text, " --task-file ");
        cs_command_quote(&text, file);
    }
    char *command = cs_buf_take(&text);
    if (!command) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    const struct cs_role_subject subject = {
        .role = &cs_agent_role, .env = &agent->env, .version = cs_client_sdk_version(agent)};
    const struct cs_role_run run = {.subjects = &subject,
                                    .n_subjects = 1,
                                    .command = command,
                                    .peer = cs_client_subject_peer(agent),
                                    .default_jobs = AGENT_JOBS};
    int status = cs_role_plan_run(plan, &run);
    free(command);
    return status;
}

/* What is asked of an agent of one's own, unless something else is. */
static const char *const own_cases[] = {"agent/own/*"};

static int run(const struct cs_args *given)
{
    struct cs_args own = *given;
    const struct cs_args *args = &own;
    if (own.task_file && access(own.task_file, R_OK) != 0) {
        return cs_say(CS_EXIT_USAGE, "--task-file %s: %s", own.task_file, strerror(errno));
    }
    if (own.task_file && own.only.n == 0) {
        own.only = (struct cs_list){.items = (void *)own_cases, .n = 1};
    }
    static const struct cs_role *const roles[] = {&cs_agent_role};
    struct cs_role_plan *plan = NULL;
    struct cs_client_subject agent;
    int status = cs_role_plan_new(args, roles, 1, &plan);
    if (status != CS_EXIT_OK) {
        return status;
    }
    struct cs_client_subject older = {0};
    struct cs_args of_older = own;
    of_older.sdk = own.from;
    status = cs_client_subject_open(args, CS_PART_AGENTS, &agent);
    if (status == CS_EXIT_OK && own.from) {
        status = cs_client_subject_open(&of_older, CS_PART_AGENTS, &older);
        cs_client_subject_rest(&older);
        agent.env.older_argv = older.env.argv;
        agent.env.client_argv = older.env.client_argv;
    }
    if (status == CS_EXIT_OK) {
        status = run_subject(plan, &agent, args);
    }
    cs_client_subject_close(&agent);
    cs_client_subject_close(&older);
    cs_role_plan_free(plan);
    return status;
}

static const struct cs_option options[] = {
    CS_ROW("sdk", CS_OPTION_TEXT, sdk, "SOURCE",
           "the SDK: a version, a tag, a .tgz or a folder with a / (latest)", 0),
    CS_ROW("from", CS_OPTION_TEXT, from, "SOURCE",
           "an older SDK: its runs hand over to this one, its client talks to it (none)", 0),
    CS_ROW("ai", CS_OPTION_TEXT, ai, "VERSION",
           "version of the model library, ai, beside the SDK (the newest 6)", 0),
    CS_ROW("task-file", CS_OPTION_TEXT, task_file, "FILE",
           "a module of yours that registers agents: runs the rows that apply to any", 0),
    CS_ROW("peer", CS_OPTION_TEXT, peer, "COMMAND", "a worker of your own", 0),
    CS_ROWS_RUN,
    CS_ROWS_END,
};

const struct cs_command cs_command_agent = {
    .name = "agent",
    .summary = "test the SDK's agent runtime: what a chat.agent puts on the wire",
    .usage = "[--sdk SOURCE | --peer COMMAND] [options]",
    .details = "Runs real agents of that SDK in a worker process (conformance/peers/worker) and\n"
               "plays the platform for them: sessions, streams, snapshots, waitpoints. A scripted\n"
               "model takes the place of a language model, so nothing leaves this machine. Judged\n"
               "is what reaches the wire: the records of .out in their order, control headers,\n"
               "cursors, trims, requests, and the prompts that the model was given.\n"
               "\n"
               "Examples:\n"
               "  chatspec agent --sdk 4.8.3\n"
               "  chatspec agent --sdk latest --only 'agent/hitl/*'\n"
               "  chatspec agent --only 'agent/mistakes/*' --verbose\n"
               "  chatspec agent --sdk 4.8.3 --task-file ./my-agent.mjs\n"
               "  chatspec agent --sdk 4.8.3 --from 4.6.4 --only 'agent/handover/*'\n"
               "  chatspec agent --sdk 4.8.3 --from 4.5.0 --only 'agent/pair/*'\n"
               "  chatspec agent --sdk 4.8.3 --ai 6.0.116 --only AGT-FST-22\n"
               "  chatspec explain AGT-TRN-17",
    .options = options,
    .run = run,
};
