/* chatspec selftest: proof that the cases can fail. Every case is run against the plain peer of its
 * role, against each violation and against each null peer. */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/selftest.h"
#include "cli/selftest_profiles.h"
#include "cli/violation_option.h"
#include "conformance/agent/agent_role.h"
#include "conformance/client/client_role.h"
#include "conformance/endpoint/endpoint_role.h"
#include "suite/select.h"

static const struct cs_selftest_role *const kinds[] = {&cs_selftest_endpoint, &cs_selftest_client,
                                                       &cs_selftest_agent};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

struct plan {
    const struct cs_args *args;
    struct cs_requirements set;
    struct cs_profile profile;            /* the newest: what the built-in peers are by default */
    struct cs_profile published;          /* the SDK of that version */
    const struct cs_role *roles[N_KINDS]; /* those that were asked for */
    size_t n_roles;
    struct cs_work *selected; /* of the shard, where there is one */
    size_t n_selected;
    struct cs_work *whole; /* what it is a shard of; NULL: of nothing */
    size_t n_whole;
};

static bool has_violation(const struct cs_selftest_role *kind, const char *id)
{
    struct cs_matrix_violation violation;
    bool found = false;
    for (size_t n = 0; !found && kind->violation(n, &violation); n++) {
        found = strcmp(violation.id, id) == 0;
    }
    return found;
}

static int check_violations(const struct plan *plan)
{
    const struct cs_list *asked = &plan->args->violate;
    for (size_t i = 0; i < asked->n; i++) {
        bool found = false;
        for (size_t k = 0; k < N_KINDS && !found; k++) {
            found = has_violation(kinds[k], asked->items[i]);
        }
        if (!found) {
            return cs_unknown_violation(asked->items[i], true);
        }
    }
    return CS_EXIT_OK;
}

/* --profiles is about servers alone; the agent role needs an SDK, and is tried when it is named. */
static int choose_roles(struct plan *plan)
{
    const char *name = plan->args->profiles ? "endpoint" : plan->args->role;
    for (size_t k = 0; k < N_KINDS; k++) {
        bool asked =
            name ? strcmp(name, kinds[k]->role->name) == 0 : kinds[k] != &cs_selftest_agent;
        if (asked) {
            plan->roles[plan->n_roles++] = kinds[k]->role;
        }
    }
    return plan->n_roles > 0
               ? CS_EXIT_OK
               : cs_say(CS_EXIT_USAGE, "--role takes endpoint, client or agent, not '%s'", name);
}

static int choose(struct plan *plan)
{
    const struct cs_args *args = plan->args;
    struct cs_diag diag = {0};
    if (check_violations(plan) != CS_EXIT_OK || choose_roles(plan) != CS_EXIT_OK) {
        return CS_EXIT_USAGE;
    }
    if (cs_requirements_load(&plan->set, &diag) != CS_OK ||
        cs_profile_init(NULL, &plan->set, &plan->profile, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    }
    char remark[CS_PROFILE_REMARK_MAX];
    cs_profile_of_sdk(CS_PROFILE_LATEST, &plan->set, &plan->published, remark);
    struct cs_selection selection = {.only_group = args->only_group,
                                     .set = &plan->set,
                                     .only = args->only.items,
                                     .n_only = args->only.n,
                                     .skip = args->skip.items,
                                     .n_skip = args->skip.n};
    struct cs_buf why = CS_BUF(4096);
    enum cs_err err = CS_OK;
    if (args->shard) {
        err = cs_select(plan->roles, plan->n_roles, &selection, &plan->whole, &plan->n_whole, &why);
        if (cs_shard_parse(args->shard, &selection.shard, &selection.n_shards) != CS_OK) {
            cs_buf_free(&why);
            return cs_say(CS_EXIT_USAGE, "--shard takes K/N with 1 <= K <= N, not '%s'",
                          args->shard);
        }
    }
    err = err == CS_OK ? cs_select(plan->roles, plan->n_roles, &selection, &plan->selected,
                                   &plan->n_selected, &why)
                       : err;
    char *text = cs_buf_take(&why);
    int status = CS_EXIT_OK;
    if (err != CS_OK) {
        status = cs_say(err == CS_ERR_USAGE ? CS_EXIT_USAGE : CS_EXIT_TROUBLE, "%s",
                        text ? text : "out of memory");
    }
    free(text);
    return status;
}

/* All of them, also when one has failed; trouble of our own ends it. */
static int run_roles(const struct plan *plan)
{
    int worst = CS_EXIT_OK;
    for (size_t k = 0; k < N_KINDS; k++) {
        /* its plain peer is the published SDK, with what that is known to get wrong */
        bool published = kinds[k] == &cs_selftest_agent;
        const struct cs_selftest_rows rows = {plan->selected, plan->n_selected,
                                              plan->whole ? plan->whole : plan->selected,
                                              plan->whole ? plan->n_whole : plan->n_selected};
        int status = cs_selftest_role_run(kinds[k], plan->args,
                                          published ? &plan->published : &plan->profile, &rows);
        if (status != CS_EXIT_OK && status != CS_EXIT_BROKEN) {
            return status;
        }
        worst = status > worst ? status : worst;
    }
    printf("%s\n", worst == CS_EXIT_OK ? "selftest passed" : "selftest failed");
    return worst;
}

static int run(const struct cs_args *args)
{
    struct plan plan = {.args = args};
    int status = choose(&plan);
    if (status == CS_EXIT_OK && args->profiles) {
        status = cs_selftest_profiles(args, &plan.set, plan.selected, plan.n_selected);
    } else if (status == CS_EXIT_OK) {
        status = run_roles(&plan);
    }
    free(plan.selected);
    free(plan.whole);
    cs_requirements_free(&plan.set);
    return status;
}

static const struct cs_option options[] = {
    CS_ROW("role", CS_OPTION_TEXT, role, "endpoint|client|agent", "this role alone (the first two)",
           0),
    CS_ROWS_SELECTION,
    CS_ROW("include", CS_OPTION_LIST, include, "long", "cases that take 30 s or more too", 0),
    CS_ROW("profiles", CS_OPTION_FLAG, profiles, NULL,
           "instead: servers of all versions, held to all versions", 0),
    CS_ROW("violate", CS_OPTION_LIST, violate, "ID", "these violations alone; repeatable", 0),
    CS_ROW("full", CS_OPTION_FLAG, full, NULL, "every case against every violation", 0),
    CS_ROW("shard", CS_OPTION_TEXT, shard, "K/N",
           "the K-th of N parts of the cases, against every violation", 0),
    CS_ROW("jobs", CS_OPTION_NUMBER, jobs, "N", "cases side by side (endpoint 128, client 64)",
           512),
    CS_ROW("seed", CS_OPTION_SEED, seed, "N", "seed of all random choices (a fresh one)",
           CS_SEED_LIMIT),
    CS_ROW("no-color", CS_OPTION_FLAG, no_color, NULL, "plain text (it always is)", 0),
    CS_ROWS_END,
};

const struct cs_command cs_command_selftest = {
    .name = "selftest",
    .summary = "prove that the cases can fail: the kill matrix",
    .usage = "[options]",
    .details =
        "Runs every case against the built-in peer of its role, against each of that peer's\n"
        "violations and against peers that do nothing. Under a violation the cases that it is\n"
        "there for must fail, and no others but those that list the same requirement or that\n"
        "the violation names as affected; for a peer that does nothing no case may pass. Other\n"
        "cases are tried where they are about the same area, and a sample of the rest; all of\n"
        "them with --full. With --only, the violations are those of the requirements that the\n"
        "selected cases list. With --shard each job takes a part of the cases through all\n"
        "violations; the selftest has passed when every shard has. Agents are those of the newest\n"
        "SDK that is known, and take long: they are tried when --role names them.\n"
        "\n"
        "Examples:\n"
        "  chatspec selftest\n"
        "  chatspec selftest --full\n"
        "  chatspec selftest --role client\n"
        "  chatspec selftest --role agent --only agent/turn/stop\n"
        "  chatspec selftest --only TOK-20\n"
        "  chatspec selftest --violate token-cross-session --full\n"
        "  chatspec selftest --violate adopt_token=0\n"
        "  chatspec selftest --profiles",
    .options = options,
    .run = run,
};
