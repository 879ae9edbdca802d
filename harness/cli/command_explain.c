/* chatspec explain ID: what a case, a requirement or a violation means and where it comes from. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/pages.h"
#include "cli/roles.h"
#include "client/violations.h"
#include "conformance/agent/violations.h"
#include "conformance/client/violations_sdk.h"
#include "endpoint/policy/violations.h"
#include "peer/place.h"
#include "suite/nearest.h"
#include "suite/profile.h"
#include "suite/requirement.h"
#include "suite/version_words.h"

static void wrapped(const char *indent, const char *text)
{
    size_t column = 0;
    while (*text) {
        size_t len = strcspn(text, " \n");
        if (column > 0 && column + 1 + len > 88) {
            putchar('\n');
            column = 0;
        }
        column += (size_t)printf("%s%.*s", column == 0 ? indent : " ", (int)len, text);
        text += len + (text[len] != '\0');
    }
    putchar('\n');
}

static void print_case_line(void *ctx, const struct cs_case *test)
{
    (void)ctx;
    printf("  %s (%s)\n      %s\n", test->id, cs_level_name(test->level), test->title);
}

/* What it asks for, where that changed: "most tags of triggerConfig: 5 from 4.5.0, 10 from 4.5.16".
 */
static void print_facts(const struct cs_requirements *set, const struct cs_requirement *item)
{
    for (size_t i = 0; i < set->n_facts; i++) {
        const struct cs_fact *fact = &set->facts[i];
        if (!cs_fact_is_of(fact, item->id)) {
            continue;
        }
        printf("  %s:", fact->text);
        for (size_t s = 0; s < fact->n_steps; s++) {
            const struct cs_version *since = &fact->steps[s].since;
            printf("%s %lld from %u.%u.%u", s > 0 ? "," : "", (long long)fact->steps[s].value,
                   since->major, since->minor, since->patch);
        }
        putchar('\n');
    }
}

/* The codes in a source such as "CP; core:jwt.js" that the catalogue explains. */
static void print_sources(const struct cs_requirements *set, const struct cs_requirement *item)
{
    printf("\nSource:\n");
    wrapped("  ", item->source);
    for (const char *at = item->source; *at;) {
        size_t len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        char code[16];
        if (len > 0 && len < sizeof code) {
            memcpy(code, at, len);
            code[len] = '\0';
            const char *meaning = cs_requirements_source(set, item->role, code);
            if (meaning) {
                printf("  %s: %s\n", code, meaning);
            }
        }
        at += len;
        at += strcspn(at, " ;,");
        at += strspn(at, " ;,");
    }
}

/* What is on the page of findings (conformance/FINDINGS.md) of this requirement. */
static void print_finding(const struct cs_requirements *set, const struct cs_requirement *item)
{
    struct cs_finding finding;
    cs_finding_of(set, item, &finding);
    if (finding.kind == CS_FINDING_NONE) {
        return;
    }
    printf("\nWhat runs show:\n");
    wrapped("  ", finding.say);
    if (finding.command[0]) {
        printf("  %s %s\n", cs_place_called(), finding.command);
    }
}

static void print_versions(const struct cs_requirement *item)
{
    struct cs_buf out = CS_BUF(65536);
    cs_version_words(item, &out);
    char *text = out.len > 0 ? cs_buf_take(&out) : NULL;
    if (text) {
        printf("\nVersions:\n");
        wrapped("  ", text);
    }
    free(text);
    cs_buf_free(&out);
    if (item->since || item->until) {
        printf("  checked under profiles%s%s%s%s\n", item->since ? " from " : "",
               item->since ? item->since : "", item->until ? " until " : "",
               item->until ? item->until : "");
    }
}

static void explain_requirement(const struct cs_requirements *set,
                                const struct cs_requirement *item)
{
    printf("%s  %s  %s role, %s\n\n", item->id, cs_level_name(item->level), item->role,
           cs_requirement_area_of(set, item)->title);
    wrapped("  ", item->text);
    print_versions(item);
    print_facts(set, item);
    const char *why = cs_requirements_why(set, item->id);
    if (why) {
        bool changed = strcmp(item->versions, "all") != 0;
        printf("\n%s:\n", changed ? "What a change means to who upgrades" : "Why it matters");
        wrapped("  ", why);
    }
    print_finding(set, item);
    print_sources(set, item);
    printf("\nHow to see it:\n");
    wrapped("  ", item->observe);
    printf("\nChecked by:\n");
    if (cs_cases_of_requirement(item->id, print_case_line, NULL) == 0) {
        printf("  no case%s\n", item->unobservable ? ", because:" : " yet");
        if (item->unobservable) {
            wrapped("    ", item->unobservable);
        }
    }
    for (const struct cs_violation *violation = cs_violations; violation->id; violation++) {
        if (strcmp(violation->requirement, item->id) == 0) {
            printf("\nViolation %s: %s\n", violation->id, violation->title);
        }
    }
    for (const struct cs_client_violation *row = cs_client_violations; row->fault; row++) {
        if (cs_client_violation_is_of(row, item->id)) {
            printf("\nViolation %s, of: %s\n", row->fault, cs_client_violation_title(row));
        }
    }
    for (const struct cs_sdk_violation *row = cs_sdk_violations; row->id; row++) {
        if (cs_sdk_violation_is_of(row, item->id)) {
            printf("\nViolation %s: %s\n", row->id, row->title);
        }
    }
    for (const struct cs_agent_violation *row = cs_agent_violations; row->fault; row++) {
        if (cs_agent_violation_is_of(row, item->id)) {
            printf("\nViolation %s: %s\n", row->fault, row->title);
        }
    }
}

static void explain_case(const struct cs_requirements *set, const struct cs_case *test,
                         const struct cs_role *role)
{
    printf("%s  %s\n\n  %s\n\nRequirements:\n", test->id, cs_level_name(test->level), test->title);
    for (const char *at = test->requirements; *at;) {
        size_t len = strcspn(at, " ");
        char id[64];
        snprintf(id, sizeof id, "%.*s", (int)len, at);
        const struct cs_requirement *item = cs_requirement_find(set, id);
        printf("  %s (%s)\n", id, item ? cs_level_name(item->level) : "not in the catalogue");
        wrapped("      ", item ? item->text : "");
        at += len;
        at += strspn(at, " ");
    }
    printf("\nRun it:\n  %s %s --only %s%s\n", cs_place_called(), role->name, test->id,
           test->needs & CS_NEEDS_LONG ? " --include long" : "");
}

static void explain_violation(const struct cs_requirements *set,
                              const struct cs_violation *violation)
{
    const struct cs_requirement *item = cs_requirement_find(set, violation->requirement);
    printf("%s: %s\n\nBreaks %s:\n", violation->id, violation->title, violation->requirement);
    wrapped("  ", item ? item->text : "not in the catalogue");
    printf("\nTry it:\n  %s serve --violate %s\n", cs_place_called(), violation->id);
}

static void explain_client_violation(const struct cs_client_violation *violation)
{
    printf("%s, a decision of the reference client turned around:\n  %s\n\nBreaks:\n",
           violation->fault, cs_client_violation_title(violation));
    wrapped("  ", violation->requirements);
    printf("\nNoticed by:\n");
    wrapped("  ", violation->noticed_by);
    if (violation->affects) {
        printf("\nAlso fail, since %s:\n", violation->reason);
        wrapped("  ", violation->affects);
    }
    printf("\nTry it:\n  %s selftest --violate %s --full\n", cs_place_called(), violation->fault);
}

static void explain_agent_violation(const struct cs_agent_violation *violation)
{
    printf("%s, between the SDK's agents and the wire:\n  %s\n\nBreaks:\n", violation->fault,
           violation->title);
    wrapped("  ", violation->requirements);
    printf("\nNoticed by:\n");
    wrapped("  ", violation->noticed_by);
    if (violation->affects) {
        printf("\nAlso fail, since %s:\n", violation->reason);
        wrapped("  ", violation->affects);
    }
    printf("\nTry it:\n  %s selftest --role agent --violate %s --full\n", cs_place_called(),
           violation->fault);
}

static void explain_sdk_violation(const struct cs_sdk_violation *violation)
{
    printf("%s, between the SDK's clients and the wire:\n  %s\n\nBreaks:\n", violation->id,
           violation->title);
    wrapped("  ", violation->requirements);
    printf("\nNoticed by:\n");
    wrapped("  ", violation->noticed_by);
    if (cs_place_is_installed()) {
        return; /* there is no such folder */
    }
    printf("\nTry it, in the checkout, with an SDK in build/sdk:\n  ./chatspec client --peer 'node "
           "conformance/peers/sdk/adapter.mjs --root build/sdk/" CS_PROFILE_LATEST
           " --violate %s' --only %.*s\n",
           violation->id, (int)strcspn(violation->noticed_by, " "), violation->noticed_by);
}

struct names {
    const char **items;
    size_t n;
};

static bool add_name(struct names *names, const char *name)
{
    const char **grown = reallocarray(names->items, names->n + 1, sizeof *names->items);
    if (grown) {
        names->items = grown;
        grown[names->n++] = name;
    }
    return grown != NULL;
}

static bool all_names(const struct cs_requirements *set, struct names *names)
{
    bool good = true;
    for (size_t i = 0; good && i < set->n_items; i++) {
        good = add_name(names, set->items[i].id);
    }
    for (const struct cs_violation *row = cs_violations; good && row->id; row++) {
        good = add_name(names, row->id);
    }
    for (const struct cs_client_violation *row = cs_client_violations; good && row->fault; row++) {
        good = add_name(names, row->fault);
    }
    for (const struct cs_agent_violation *row = cs_agent_violations; good && row->fault; row++) {
        good = add_name(names, row->fault);
    }
    for (const struct cs_sdk_violation *row = cs_sdk_violations; good && row->id; row++) {
        good = add_name(names, row->id);
    }
    for (size_t r = 0; r < cs_n_roles; r++) {
        for (size_t g = 0; g < cs_roles[r]->n_groups; g++) {
            for (const struct cs_case *test = cs_roles[r]->groups[g]; good && test->id; test++) {
                good = add_name(names, test->id);
            }
        }
    }
    return good;
}

static int unknown(const struct cs_requirements *set, const char *id)
{
    struct names names = {0};
    const char *nearest[CS_NEAREST_MAX] = {0};
    struct cs_buf text = CS_BUF(1024);
    size_t found = all_names(set, &names) ? cs_nearest(names.items, names.n, id, nearest) : 0;
    for (size_t i = 0; i < found; i++) {
        cs_buf_printf(&text, "%s%s", i == 0 ? "; nearest: " : ", ", nearest[i]);
    }
    char *list = cs_buf_take(&text);
    int status = cs_say(CS_EXIT_USAGE, "no case, requirement or violation is called %s%s", id,
                        list ? list : "");
    free(list);
    free(names.items);
    return status;
}

static int run(const struct cs_args *args)
{
    struct cs_requirements set = {0};
    struct cs_diag diag = {0};
    if (args->rest.n == 0) {
        return cs_say(CS_EXIT_USAGE, "explain needs an id: chatspec explain TOK-20");
    }
    if (cs_requirements_load(&set, &diag) != CS_OK) {
        return cs_say(CS_EXIT_TROUBLE, "the requirements cannot be read: %s", diag.text);
    }
    const char *id = args->rest.items[0];
    const struct cs_role *role = NULL;
    const struct cs_case *test = cs_case_find(id, &role);
    const struct cs_requirement *item = cs_requirement_find(&set, id);
    const struct cs_violation *violation = cs_violation_find(id);
    const struct cs_client_violation *of_client = cs_client_violation_find(id);
    int status = CS_EXIT_OK;
    if (test) {
        explain_case(&set, test, role);
    } else if (item) {
        explain_requirement(&set, item);
    } else if (violation) {
        explain_violation(&set, violation);
    } else if (of_client) {
        explain_client_violation(of_client);
    } else if (cs_sdk_violation_find(id)) {
        explain_sdk_violation(cs_sdk_violation_find(id));
    } else if (cs_agent_violation_find(id)) {
        explain_agent_violation(cs_agent_violation_find(id));
    } else {
        status = unknown(&set, id);
    }
    cs_requirements_free(&set);
    return status;
}

static const struct cs_option options[] = {CS_ROWS_END};

const struct cs_command cs_command_explain = {
    .name = "explain",
    .summary = "say what a case, requirement or violation means",
    .usage = "ID",
    .details = "Examples:\n"
               "  chatspec explain TOK-20\n"
               "  chatspec explain endpoint/token/run-scoped-cannot-subscribe\n"
               "  chatspec explain token-cross-session",
    .options = options,
    .max_rest = 1,
    .run = run,
};
