#include <stdio.h>
#include <stdlib.h>

#include "cli/pages.h"
#include "cli/roles.h"
#include "conformance/decode/divergences.h"
#include "suite/profile.h"
#include "suite/version_words.h"

/* Where a text of the catalogue goes on with what the documents say and the server does not do. */
#define DISAGREE "doc!=srv: "

#define MAX_BOUNDS 64

/* ---- one requirement ---- */

static bool has_case(const struct cs_requirement *item)
{
    return cs_cases_of_requirement(item->id, NULL, NULL) > 0;
}

static bool in_latest(const struct cs_requirement *item)
{
    struct cs_version until;
    struct cs_version latest;
    return !item->defect_until || (cs_version_parse(item->defect_until, &until) == CS_OK &&
                                   cs_version_parse(CS_PROFILE_LATEST, &latest) == CS_OK &&
                                   cs_version_compare(until, latest) >= 0);
}

/* The cases that judge a requirement, and which of them a plain run would come to. */
struct judges {
    struct cs_profile profile;
    size_t n;
    size_t n_quick;      /* that do not take --include long */
    size_t n_held;       /* that the profile does not leave out */
    size_t n_quick_held; /* both */
};

static void count_judge(void *ctx, const struct cs_case *test)
{
    struct judges *judges = ctx;
    char reason[256];
    if (test->level != CS_MUST && test->level != CS_SHOULD) {
        return;
    }
    bool held = !cs_profile_leaves_out(&judges->profile, test, reason, sizeof reason);
    bool quick = (test->needs & CS_NEEDS_LONG) == 0;
    judges->n++;
    judges->n_quick += quick;
    judges->n_held += held;
    judges->n_quick_held += held && quick;
}

/* A case may be about something else too that does not hold yet in that version, or take its time:
 * the command says what it takes, so that it shows what it is there for. */
static void fill_command(const struct cs_requirements *set, const struct cs_requirement *item,
                         const char *version, struct cs_finding *finding)
{
    struct judges judges = {.n = 0};
    if (cs_profile_init(version, set, &judges.profile, NULL) == CS_OK) {
        (void)cs_cases_of_requirement(item->id, count_judge, &judges);
    }
    size_t n_quick = judges.n_held > 0 ? judges.n_quick_held : judges.n_quick;
    snprintf(finding->command, sizeof finding->command, "%s --sdk %s%s --only %s%s", item->role,
             version, judges.n > 0 && judges.n_held == 0 ? " --profile " CS_PROFILE_LATEST : "",
             item->id, judges.n > 0 && n_quick == 0 ? " --include long" : "");
}

static void fill_defect(const struct cs_requirements *set, const struct cs_requirement *item,
                        struct cs_finding *finding)
{
    const char *last = in_latest(item) ? CS_PROFILE_LATEST : item->defect_until;
    if (in_latest(item)) {
        snprintf(finding->say, sizeof finding->say,
                 "The published SDK breaks this from %s on, and still does in %s.",
                 item->defect_since, CS_PROFILE_LATEST);
    } else if (strcmp(item->defect_since, item->defect_until) == 0) {
        snprintf(finding->say, sizeof finding->say, "The published SDK breaks this in %s.",
                 item->defect_since);
    } else {
        snprintf(finding->say, sizeof finding->say, "The published SDK breaks this from %s to %s.",
                 item->defect_since, item->defect_until);
    }
    fill_command(set, item, last, finding);
}

void cs_finding_of(const struct cs_requirements *set, const struct cs_requirement *item,
                   struct cs_finding *ret_finding)
{
    const char *disagree = strstr(item->text, DISAGREE);
    *ret_finding = (struct cs_finding){.kind = CS_FINDING_NONE};
    if (item->defect_since) {
        ret_finding->kind = CS_FINDING_DEFECT;
        fill_defect(set, item, ret_finding);
    } else if (disagree) {
        ret_finding->kind = CS_FINDING_SERVER;
        snprintf(ret_finding->say, sizeof ret_finding->say,
                 "Documents and the server's source disagree: %s", disagree + strlen(DISAGREE));
        snprintf(
            ret_finding->command, sizeof ret_finding->command,
            "endpoint --url https://my.server --secret-key-env TRIGGER_KEY --only %s --verbose",
            item->id);
    } else if (item->known_bug) {
        ret_finding->kind = CS_FINDING_RECORDED;
        struct cs_buf words = CS_BUF(sizeof ret_finding->say);
        cs_version_words(item, &words);
        snprintf(
            ret_finding->say, sizeof ret_finding->say,
            "The published SDK is known to do this (versions: %.*s); what it does is recorded.",
            CS_VIEW_ARG(cs_buf_view(&words)));
        cs_buf_free(&words);
        snprintf(ret_finding->command, sizeof ret_finding->command,
                 "%s --sdk " CS_PROFILE_LATEST " --only %s --verbose", item->role, item->id);
    }
    if (ret_finding->kind != CS_FINDING_NONE && !has_case(item)) {
        ret_finding->command[0] = '\0';
    }
}

/* ---- the page ---- */

static void put_command(struct cs_buf *out, const char *command)
{
    if (command[0]) {
        cs_buf_printf(out, "  `./chatspec %s`\n", command);
    }
}

static void put_finding(struct cs_buf *out, const struct cs_requirements *set,
                        const struct cs_requirement *item)
{
    struct cs_finding finding;
    const char *disagree = strstr(item->text, DISAGREE);
    cs_finding_of(set, item, &finding);
    cs_buf_printf(out, "- **%s** (%s): ", item->id, cs_level_name(item->level));
    if (disagree) { /* it is said once */
        char rule[2048];
        snprintf(rule, sizeof rule, "%.*s", (int)(disagree - item->text), item->text);
        cs_pages_prose(out, rule);
    } else {
        cs_pages_prose(out, item->text);
    }
    cs_buf_str(out, "\n  ");
    cs_pages_prose(out, finding.say);
    cs_buf_char(out, '\n');
    if (item->why) {
        cs_buf_str(out, "  ");
        cs_pages_prose(out, item->why);
        cs_buf_char(out, '\n');
    }
    put_command(out, finding.command);
}

enum when {
    ANY_TIME,
    STILL,
    MENDED
};

/* The findings of one kind and role as a list; returns how many. */
static size_t put_list(const struct cs_requirements *set, const char *role,
                       enum cs_finding_kind kind, enum when when, struct cs_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < set->n_items; i++) {
        const struct cs_requirement *item = &set->items[i];
        struct cs_finding finding;
        cs_finding_of(set, item, &finding);
        if (finding.kind == kind && strcmp(item->role, role) == 0 &&
            (when == ANY_TIME || in_latest(item) == (when == STILL))) {
            put_finding(out, set, item);
            n++;
        }
    }
    if (n == 0) {
        cs_buf_str(out, "None.\n");
    }
    return n;
}

/* ---- the table of versions ---- */

struct bounds {
    const char *names[MAX_BOUNDS];
    struct cs_version versions[MAX_BOUNDS];
    size_t n;
};

/* Keeps them sorted, each once; what has no room or is no version is left out. */
static void add_bound(struct bounds *bounds, const char *name)
{
    struct cs_version version;
    size_t at = 0;
    if (!name || cs_version_parse(name, &version) != CS_OK || bounds->n == MAX_BOUNDS) {
        return;
    }
    while (at < bounds->n && cs_version_compare(bounds->versions[at], version) < 0) {
        at++;
    }
    if (at < bounds->n && cs_version_compare(bounds->versions[at], version) == 0) {
        return;
    }
    memmove(&bounds->names[at + 1], &bounds->names[at], (bounds->n - at) * sizeof(char *));
    memmove(&bounds->versions[at + 1], &bounds->versions[at],
            (bounds->n - at) * sizeof bounds->versions[0]);
    bounds->names[at] = name;
    bounds->versions[at] = version;
    bounds->n++;
}

static bool breaks(const struct cs_requirement *item, struct cs_version version)
{
    struct cs_version since;
    struct cs_version until;
    return item->defect_since && cs_version_parse(item->defect_since, &since) == CS_OK &&
           cs_version_compare(since, version) <= 0 &&
           (!item->defect_until || (cs_version_parse(item->defect_until, &until) == CS_OK &&
                                    cs_version_compare(version, until) <= 0));
}

static size_t count_breaks(const struct cs_requirements *set, const char *role,
                           struct cs_version version)
{
    size_t n = 0;
    for (size_t i = 0; i < set->n_items; i++) {
        n += strcmp(set->items[i].role, role) == 0 && breaks(&set->items[i], version);
    }
    return n;
}

static void put_versions(const struct cs_requirements *set, struct cs_buf *out)
{
    struct bounds bounds = {.n = 0};
    add_bound(&bounds, CS_PROFILE_OLDEST);
    add_bound(&bounds, CS_PROFILE_LATEST);
    for (size_t i = 0; i < set->n_items; i++) {
        add_bound(&bounds, set->items[i].defect_since);
        add_bound(&bounds, set->items[i].defect_until);
    }
    cs_buf_str(out, "\n## SDK versions\n\nHow many requirements each version breaks, where that "
                    "number changes. See a column of it:\n`./chatspec matrix --role all --sdk "
                    "4.5.0,4.8.3`.\n\n| SDK | client | agent |\n| --- | ---: | ---: |\n");
    for (size_t i = 0; i < bounds.n; i++) {
        cs_buf_printf(out, "| %s | %zu | %zu |\n", bounds.names[i],
                      count_breaks(set, "client", bounds.versions[i]),
                      count_breaks(set, "agent", bounds.versions[i]));
    }
}

/* ---- readers of streams ---- */

static void put_divergence(struct cs_buf *out, const struct cs_divergence *row)
{
    cs_buf_printf(out, "- **%s** (%s): ", row->id, row->kind);
    cs_pages_prose(out, row->cause);
    cs_buf_printf(out, ".\n  SDK from %s%s%s", row->since, row->until[0] ? ", mended in " : " on",
                  row->until);
    if (row->parser_since[0]) {
        cs_buf_printf(out, ", with eventsource-parser from %s on", row->parser_since);
    }
    if (row->parser_until[0]) {
        cs_buf_printf(out, ", with eventsource-parser before %s", row->parser_until);
    }
    cs_buf_str(out, ".\n");
}

static enum cs_err put_divergences(struct cs_buf *out, struct cs_diag *diag)
{
    struct cs_divergences known;
    enum cs_err err = cs_divergences_load("", "", &known, diag);
    if (err != CS_OK) {
        return err;
    }
    cs_buf_str(out,
               "\n## Readers of streams\n\nStreams that versions of the SDK read otherwise than "
               "ours, from\n[divergences.json](decode/divergences.json). Each shows on its own "
               "example:\n`./chatspec decode --sdk 4.8.3`, and with another parser\n`./chatspec "
               "decode --sdk 4.8.3 --parser 3.0.0`.\n\n");
    for (size_t i = 0; i < known.n; i++) {
        put_divergence(out, &known.rows[i]);
    }
    cs_divergences_free(&known);
    return CS_OK;
}

enum cs_err cs_pages_findings(const struct cs_requirements *set, struct cs_buf *out,
                              struct cs_diag *diag)
{
    cs_buf_str(out,
               "# What the suite shows\n\n"
               "Each finding with the command that shows it. Made from the catalogues by\n"
               "`./chatspec list findings --format markdown`; a test holds this page to them, and\n"
               "`./chatspec explain ID` says the same of one. A finding about a version that no\n"
               "longer shows in a run is told there as an unexpected pass.\n");
    put_versions(set, out);
    cs_buf_printf(out, "\n### Clients, still so in %s\n\n", CS_PROFILE_LATEST);
    (void)put_list(set, "client", CS_FINDING_DEFECT, STILL, out);
    cs_buf_str(out, "\n### Clients, mended since\n\n");
    (void)put_list(set, "client", CS_FINDING_DEFECT, MENDED, out);
    cs_buf_str(out, "\n### Clients, recorded and not judged\n\n");
    (void)put_list(set, "client", CS_FINDING_RECORDED, ANY_TIME, out);
    cs_buf_printf(out, "\n### The agent runtime, still so in %s\n\n", CS_PROFILE_LATEST);
    (void)put_list(set, "agent", CS_FINDING_DEFECT, STILL, out);
    cs_buf_str(out, "\n### The agent runtime, mended since\n\n");
    (void)put_list(set, "agent", CS_FINDING_DEFECT, MENDED, out);
    cs_buf_str(out, "\n### The agent runtime, recorded and not judged\n\n");
    (void)put_list(set, "agent", CS_FINDING_RECORDED, ANY_TIME, out);
    enum cs_err err = put_divergences(out, diag);
    cs_buf_str(out, "\n## The server's source and the documents\n\nWhere the documents say one "
                    "thing and the server's public source does another. A server\nthat is tested "
                    "answers for itself: the cases record what it does.\n\n");
    (void)put_list(set, "endpoint", CS_FINDING_SERVER, ANY_TIME, out);
    return err;
}
