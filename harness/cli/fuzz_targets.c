#include "cli/fuzz.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/paths.h"
#include "cli/role_run.h"
#include "fuzz/engine/fuzz_role.h"
#include "peer/place.h"

#define MINUTE_S 60

struct setting {
    struct cs_fuzz_env env;
    char *home;
    char *programs;
    char *inputs;
    char *findings;
    const char **ids; /* "fuzz/sse" for "sse" */
};

static void close_setting(struct setting *setting, const struct cs_args *args)
{
    for (size_t i = 0; setting->ids && i < args->rest.n; i++) {
        free((char *)setting->ids[i]);
    }
    free(setting->ids);
    free(setting->programs);
    free(setting->inputs);
    free(setting->findings);
    free(setting->home);
    if (setting->env.live) {
        munmap(setting->env.live, sizeof *setting->env.live);
    }
}

/* The names of targets become the ids of their cases. */
static bool name_cases(struct setting *setting, const struct cs_args *args)
{
    setting->ids = calloc(args->rest.n + 1, sizeof(char *));
    for (size_t i = 0; setting->ids && i < args->rest.n; i++) {
        char *id = NULL;
        if (asprintf(&id, "fuzz/%s", args->rest.items[i]) < 0) {
            return false;
        }
        setting->ids[i] = id;
    }
    return setting->ids != NULL;
}

static int open_setting(struct setting *setting, const struct cs_args *args, uint64_t seed)
{
    /* For tests, and for programs that were built elsewhere. */
    const char *programs = getenv("CHATSPEC_FUZZ_PROGRAMS");
    if (!(programs && programs[0]) && !getenv("CHATSPEC_HOME") && cs_place_is_installed()) {
        return cs_say(CS_EXIT_USAGE,
                      "our own targets are built in a checkout of the project: "
                      "./chatspec fuzz there; of a parser: --library, --peer, --sdk");
    }
    setting->inputs = cs_build_folder("fuzz-inputs");
    setting->findings = setting->inputs ? cs_build_folder("fuzz-findings") : NULL;
    const char *home = getenv("CHATSPEC_HOME");
    setting->home = realpath(home ? home : ".", NULL);
    if (!setting->findings) {
        return CS_EXIT_TROUBLE;
    }
    void *live = mmap(NULL, sizeof(struct cs_fuzz_live), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (live == MAP_FAILED || !setting->home || !name_cases(setting, args) ||
        (programs && programs[0]
             ? asprintf(&setting->programs, "%s", programs)
             : asprintf(&setting->programs, "%s/build/fuzz/fuzz", setting->home)) < 0) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    setting->env = (struct cs_fuzz_env){
        .programs = setting->programs,
        .home = setting->home,
        .inputs = setting->inputs,
        .findings = setting->findings,
        .seconds = args->minutes ? args->minutes * MINUTE_S
                   : args->runs  ? 0
                                 : MINUTE_S,
        .runs = args->runs,
        .seed = seed,
        .live = live,
    };
    return CS_EXIT_OK;
}

static int run_targets(const struct setting *setting, const struct cs_args *args)
{
    static const struct cs_role *const roles[] = {&cs_fuzz_role};
    struct cs_role_plan *plan = NULL;
    int status = cs_role_plan_new(args, roles, 1, &plan);
    if (status != CS_EXIT_OK) {
        return status;
    }
    const struct cs_role_subject subject = {.role = &cs_fuzz_role, .env = &setting->env};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const struct cs_role_run run = {
        .subjects = &subject,
        .n_subjects = 1,
        .command = "./chatspec fuzz",
        .peer = {.kind = "builtin", .name = "chatspec's own parsers", .version = CHATSPEC_VERSION},
        .default_jobs = processors > 0 ? (unsigned)processors : 1};
    status = cs_role_plan_run(plan, &run);
    cs_role_plan_free(plan);
    if (!args->format || strcmp(args->format, "json") != 0) {
        struct cs_buf table = CS_BUF(65536);
        cs_buf_add(&table, CS_VIEW("\n"));
        cs_fuzz_table(setting->env.live, &table);
        (void)fwrite(table.ptr, 1, table.len, stdout);
        cs_buf_free(&table);
    }
    return status;
}

int cs_fuzz_targets(const struct cs_args *args)
{
    struct setting setting = {0};
    struct cs_args seeded = *args;
    seeded.seed = args->has_seed ? args->seed : cs_fresh_seed();
    seeded.has_seed = true;
    int status = open_setting(&setting, args, seeded.seed);
    if (status == CS_EXIT_OK) {
        if (args->rest.n > 0) {
            seeded.only = (struct cs_list){setting.ids, args->rest.n};
        }
        status = run_targets(&setting, &seeded);
    }
    close_setting(&setting, args);
    return status;
}
