/* chatspec run: every role that can be run here, against what is built in, with reports. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/role_run.h"
#include "cli/roles.h"
#include "cli/subject_endpoint.h"

#define PATIENCE_MS 10000

/* build/reports in the project's folder, or in this one. Made if it is not there. */
static char *reports_folder(void)
{
    const char *home = getenv("CHATSPEC_HOME");
    struct cs_buf path = CS_BUF(4096);
    cs_buf_printf(&path, "%s/build", home && home[0] ? home : ".");
    for (int step = 0; step < 2; step++) {
        cs_buf_str(&path, step == 1 ? "/reports" : "");
        cs_buf_char(&path, '\0');
        if (cs_buf_error(&path) != CS_OK || (mkdir(path.ptr, 0777) != 0 && errno != EEXIST)) {
            (void)cs_say(CS_EXIT_USAGE, "the folder for reports cannot be made: %s",
                         strerror(errno));
            cs_buf_free(&path);
            return NULL;
        }
        path.len--;
    }
    return cs_buf_take(&path);
}

struct default_reports {
    char *paths[2];
    const char *items[2];
};

static bool name_reports(struct default_reports *reports, const char *folder)
{
    static const char *const kinds[] = {"json", "junit"};
    static const char *const extensions[] = {"json", "xml"};
    for (size_t i = 0; i < 2; i++) {
        struct cs_buf text = CS_BUF(4096);
        cs_buf_printf(&text, "%s=%s/run.%s", kinds[i], folder, extensions[i]);
        reports->paths[i] = cs_buf_take(&text);
        reports->items[i] = reports->paths[i];
    }
    return reports->paths[0] && reports->paths[1];
}

static int run_builtin(struct cs_role_plan *plan, const struct cs_args *args)
{
    const struct cs_host_spec spec = {0};
    struct cs_host host;
    struct cs_diag diag = {0};
    if (cs_host_start(&spec, 1, args->seed, &host, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "%s", diag.text);
    }
    const struct cs_endpoint_env env = cs_builtin_env(host.urls[0], PATIENCE_MS);
    const struct cs_role_subject subject = {&cs_endpoint_role, &env};
    const struct cs_role_run what = {.subjects = &subject,
                                     .n_subjects = 1,
                                     .command = "./chatspec run",
                                     .peer_kind = "builtin",
                                     .peer_name = "the built-in endpoint",
                                     .peer_version = CHATSPEC_VERSION};
    int status = cs_role_plan_run(plan, &what);
    cs_host_stop(&host);
    return status;
}

static int run_with_reports(const struct cs_args *args)
{
    struct cs_role_plan *plan = NULL;
    int status = cs_role_plan_new(args, cs_roles, cs_n_roles, &plan);
    if (status == CS_EXIT_OK) {
        status = run_builtin(plan, args);
    }
    cs_role_plan_free(plan);
    return status;
}

static int run(const struct cs_args *args)
{
    if (args->report.n > 0) {
        return run_with_reports(args);
    }
    char *folder = reports_folder();
    if (!folder) {
        return CS_EXIT_USAGE;
    }
    struct default_reports reports = {0};
    struct cs_args with_reports = *args;
    int status = CS_EXIT_TROUBLE;
    if (name_reports(&reports, folder)) {
        with_reports.report = (struct cs_list){reports.items, 2};
        status = run_with_reports(&with_reports);
    }
    free(reports.paths[0]);
    free(reports.paths[1]);
    free(folder);
    return status;
}

static const struct cs_option options[] = {
    CS_ROWS_RUN,
    CS_ROWS_END,
};

const struct cs_command cs_command_run = {
    .name = "run",
    .summary = "run everything that can be run here, with reports",
    .usage = "[options]",
    .details = "Runs the endpoint role against the built-in endpoint, and writes run.json and\n"
               "run.xml (JUnit) to build/reports, unless --report says otherwise.\n"
               "\n"
               "Examples:\n"
               "  chatspec run\n"
               "  chatspec run --include long --seed 7\n"
               "  chatspec run --shard 1/4 --report json=shard-1.json",
    .options = options,
    .run = run,
};
