/* chatspec list: what there is. */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/coverage.h"
#include "cli/pages.h"
#include "cli/roles.h"
#include "client/violations.h"
#include "conformance/agent/violations.h"
#include "conformance/client/violations_sdk.h"
#include "endpoint/policy/violations.h"
#include "suite/requirement.h"
#include "suite/select.h"

static int list_cases(const struct cs_args *args)
{
    struct cs_requirements set = {0};
    struct cs_diag diag = {0};
    if (cs_requirements_load(&set, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    }
    const struct cs_selection selection = {.only = args->only.items,
                                           .n_only = args->only.n,
                                           .skip = args->skip.items,
                                           .n_skip = args->skip.n,
                                           .only_group = args->only_group,
                                           .set = &set};
    struct cs_work *work = NULL;
    size_t n = 0;
    struct cs_buf why = CS_BUF(4096);
    enum cs_err err = cs_select(cs_roles, cs_n_roles, &selection, &work, &n, &why);
    cs_requirements_free(&set);
    if (err != CS_OK) {
        char *text = cs_buf_take(&why);
        int status = cs_say(err == CS_ERR_USAGE ? CS_EXIT_USAGE : CS_EXIT_TROUBLE, "%s",
                            text ? text : "out of memory");
        free(text);
        return status;
    }
    for (size_t i = 0; i < n; i++) {
        const struct cs_case *test = work[i].test;
        printf("%-56s %-8s %s\n", test->id, cs_level_name(test->level), test->requirements);
    }
    printf("%zu cases\n", n);
    free(work);
    cs_buf_free(&why);
    return CS_EXIT_OK;
}

static int list_coverage(void)
{
    struct cs_requirements set = {0};
    struct cs_diag diag = {0};
    if (cs_requirements_load(&set, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    }
    struct cs_buf out = CS_BUF((size_t)4 << 20);
    cs_coverage_table(&set, &out);
    fwrite(out.ptr ? out.ptr : "", 1, out.len, stdout);
    cs_buf_free(&out);
    cs_requirements_free(&set);
    return CS_EXIT_OK;
}

static int list_requirements(void)
{
    struct cs_requirements set = {0};
    struct cs_diag diag = {0};
    if (cs_requirements_load(&set, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    }
    size_t n_checked = 0;
    for (size_t i = 0; i < set.n_items; i++) {
        const struct cs_requirement *item = &set.items[i];
        size_t n = cs_cases_of_requirement(item->id, NULL, NULL);
        n_checked += n > 0;
        printf("%-8s %-8s %-8s %zu cases\n", item->id, item->role, cs_level_name(item->level), n);
    }
    printf("%zu requirements, %zu of them checked by cases\n", set.n_items, n_checked);
    cs_requirements_free(&set);
    return CS_EXIT_OK;
}

static int list_violations(void)
{
    size_t n = 0;
    for (const struct cs_violation *violation = cs_violations; violation->id; violation++) {
        printf("%-34s %-8s %s\n", violation->id, violation->requirement, violation->title);
        n++;
    }
    for (const struct cs_client_violation *row = cs_client_violations; row->fault; row++) {
        printf("%-34s %-8s %s\n", row->fault, row->requirements, cs_client_violation_title(row));
        n++;
    }
    for (const struct cs_sdk_violation *row = cs_sdk_violations; row->id; row++) {
        printf("%-34s %-8s %s\n", row->id, row->requirements, row->title);
        n++;
    }
    for (const struct cs_agent_violation *row = cs_agent_violations; row->fault; row++) {
        printf("%-34s %-8s %s\n", row->fault, row->requirements, row->title);
        n++;
    }
    printf("%zu violations\n", n);
    return CS_EXIT_OK;
}

/* Cases or findings as a page. */
static int list_page(bool findings)
{
    struct cs_requirements set = {0};
    struct cs_diag diag = {0};
    if (cs_requirements_load(&set, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    }
    struct cs_buf out = CS_BUF((size_t)16 << 20);
    enum cs_err err = CS_OK;
    if (findings) {
        err = cs_pages_findings(&set, &out, &diag);
    } else {
        cs_pages_cases(&set, &out);
    }
    cs_requirements_free(&set);
    bool good = err == CS_OK && cs_buf_error(&out) == CS_OK &&
                fwrite(out.ptr, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    cs_buf_free(&out);
    return good ? CS_EXIT_OK : cs_say(CS_EXIT_TROUBLE, "the page cannot be made: %s", diag.text);
}

static int list_findings(void)
{
    struct cs_requirements set = {0};
    struct cs_diag diag = {0};
    if (cs_requirements_load(&set, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    }
    size_t n = 0;
    for (size_t i = 0; i < set.n_items; i++) {
        struct cs_finding finding;
        cs_finding_of(&set, &set.items[i], &finding);
        if (finding.kind != CS_FINDING_NONE) {
            printf("%-10s %s\n", set.items[i].id, finding.say);
            n++;
        }
    }
    printf("%zu findings; more of one: chatspec explain ID\n", n);
    cs_requirements_free(&set);
    return CS_EXIT_OK;
}

static int run(const struct cs_args *args)
{
    const char *what = args->rest.n > 0 ? args->rest.items[0] : "cases";
    bool findings = strcmp(what, "findings") == 0;
    bool page = args->format && strcmp(args->format, "markdown") == 0;
    if (args->format && !page && strcmp(args->format, "human") != 0) {
        return cs_say(CS_EXIT_USAGE, "--format is human or markdown, not '%s'", args->format);
    }
    if (page) {
        bool selected = args->only.n > 0 || args->skip.n > 0 || args->only_group || args->coverage;
        if ((!findings && strcmp(what, "cases") != 0) || selected) {
            return cs_say(CS_EXIT_USAGE, "pages are of all cases, or of all findings");
        }
        return list_page(findings);
    }
    if (findings) {
        return list_findings();
    }
    if (args->coverage) {
        return list_coverage();
    }
    if (strcmp(what, "cases") == 0) {
        return list_cases(args);
    }
    if (strcmp(what, "requirements") == 0) {
        return list_requirements();
    }
    if (strcmp(what, "violations") == 0) {
        return list_violations();
    }
    return cs_say(CS_EXIT_USAGE, "list takes cases, requirements, violations or findings, not '%s'",
                  what);
}

static const struct cs_option options[] = {
    CS_ROWS_SELECTION,
    CS_ROW("coverage", CS_OPTION_FLAG, coverage, NULL,
           "per area: requirements, and which have cases and violations", 0),
    CS_ROW("format", CS_OPTION_TEXT, format, "human|markdown",
           "all cases, or all findings, as a page (human)", 0),
    CS_ROWS_END,
};

const struct cs_command cs_command_list = {
    .name = "list",
    .summary = "list cases, requirements, violations or findings",
    .usage = "[cases|requirements|violations|findings] [--only GLOB] [--skip GLOB] | --coverage",
    .details = "Examples:\n"
               "  chatspec list\n"
               "  chatspec list --only 'endpoint/token/*'\n"
               "  chatspec list --only TOK-20\n"
               "  chatspec list violations\n"
               "  chatspec list findings\n"
               "  chatspec list --coverage",
    .options = options,
    .max_rest = 1,
    .run = run,
};
