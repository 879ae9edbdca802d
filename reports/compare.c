#include "reports/compare.h"

#include <cjson/cJSON.h>

#include "reports/plain_text.h"

#define MAX_SHOWN ((size_t)400)

/* The worse, the higher. What could not be judged is as bad as a failure: it may hide one. */
static int badness(enum cs_verdict verdict)
{
    switch (verdict) {
    case CS_WARN:
        return 1;
    case CS_FAIL:
    case CS_ERROR:
    case CS_INCONCLUSIVE:
        return 2;
    default:
        return 0;
    }
}

/* What a case notes about who the peer is ("peer.version") is told once, above, and not per case.
 */
bool cs_observation_is_about_peer(const char *name)
{
    return strncmp(name, "peer.", 5) == 0;
}

static const char *observed(const struct cs_read_case *item, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item->observations, name));
}

/* Everything that `a` observed is in `b` too, with the same value. */
static bool is_part_of(const struct cs_read_case *a, const struct cs_read_case *b)
{
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, a->observations)
    {
        const char *other = observed(b, member->string);
        if (!cs_observation_is_about_peer(member->string) &&
            (!other || strcmp(other, member->valuestring) != 0)) {
            return false;
        }
    }
    return true;
}

static bool same_observations(const struct cs_read_case *a, const struct cs_read_case *b)
{
    return is_part_of(a, b) && is_part_of(b, a);
}

static enum cs_change_kind change_of(const struct cs_read_case *older,
                                     const struct cs_read_case *newer)
{
    if (!older || !newer) {
        return older ? CS_CHANGE_REMOVED : CS_CHANGE_NEW;
    }
    if (older->verdict != CS_SKIP && newer->verdict == CS_SKIP) {
        return CS_CHANGE_UNJUDGED;
    }
    int worse = badness(newer->verdict) - badness(older->verdict);
    if (worse != 0) {
        return worse > 0 ? CS_CHANGE_REGRESSION : CS_CHANGE_FIX;
    }
    if (older->verdict == CS_SKIP && newer->verdict != CS_SKIP) {
        return CS_CHANGE_JUDGED;
    }
    return older->verdict == newer->verdict && same_observations(older, newer)
               ? CS_CHANGE_NONE
               : CS_CHANGE_OBSERVATION;
}

/* ---- text ---- */

static void put_text(struct cs_buf *out, const char *text)
{
    cs_plain_text(cs_view_str(text), "\\n", MAX_SHOWN, out);
}

static void put_observation(struct cs_buf *out, const char *name, const char *before,
                            const char *after)
{
    if (cs_observation_is_about_peer(name) || (before && after && strcmp(before, after) == 0)) {
        return;
    }
    cs_buf_str(out, "      ");
    put_text(out, name);
    cs_buf_str(out, ": ");
    put_text(out, before ? before : "(not there)");
    cs_buf_str(out, " -> ");
    put_text(out, after ? after : "(not there)");
    cs_buf_char(out, '\n');
}

static void put_observations(struct cs_buf *out, const struct cs_read_case *older,
                             const struct cs_read_case *newer)
{
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, older->observations)
    {
        put_observation(out, member->string, member->valuestring, observed(newer, member->string));
    }
    cJSON_ArrayForEach(member, newer->observations)
    {
        if (!observed(older, member->string)) {
            put_observation(out, member->string, NULL, member->valuestring);
        }
    }
}

static void put_case(struct cs_buf *out, const struct cs_read_case *older,
                     const struct cs_read_case *newer)
{
    const struct cs_read_case *item = newer ? newer : older;
    cs_buf_str(out, "  ");
    put_text(out, item->id);
    cs_buf_printf(out, " (%s)  %s%s%s\n", cs_level_name(item->level),
                  older ? cs_verdict_name(older->verdict) : "",
                  older && newer && older->verdict != newer->verdict ? " -> " : "",
                  newer && (!older || older->verdict != newer->verdict)
                      ? cs_verdict_name(newer->verdict)
                      : "");
    if (newer && newer->message[0] && (!older || older->verdict != newer->verdict)) {
        cs_buf_str(out, "      ");
        put_text(out, newer->message);
        cs_buf_char(out, '\n');
    }
    if (older && newer) {
        put_observations(out, older, newer);
    }
}

static void put_name(struct cs_buf *out, const char *label, const struct cs_read_report *report)
{
    cs_buf_printf(out, "%s  ", label);
    put_text(out, report->peer_name);
    cs_buf_str(out, report->peer_version[0] ? " " : "");
    put_text(out, report->peer_version);
    if (report->peer_source[0]) {
        cs_buf_str(out, " from ");
        put_text(out, report->peer_source);
    }
    if (report->peer_parser[0]) {
        cs_buf_str(out, ", parser ");
        put_text(out, report->peer_parser);
    }
    cs_buf_str(out, ", held to ");
    put_text(out, report->profile);
    cs_buf_printf(out, ", %zu cases%s\n", report->n_cases,
                  report->interrupted ? ", interrupted before its end" : "");
}

const char *cs_change_heading(enum cs_change_kind change)
{
    static const char *const headings[CS_N_CHANGES] = {
        [CS_CHANGE_NONE] = "The same",
        [CS_CHANGE_REGRESSION] = "Regressions",
        [CS_CHANGE_FIX] = "Fixes",
        [CS_CHANGE_OBSERVATION] = "Same verdict, other observations",
        [CS_CHANGE_UNJUDGED] = "Judged before, skipped now",
        [CS_CHANGE_JUDGED] = "Skipped before, judged now",
        [CS_CHANGE_NEW] = "New cases",
        [CS_CHANGE_REMOVED] = "Removed cases",
    };
    return headings[change];
}

/* Both lists are sorted by id: one walk over them sees each case once. */
bool cs_changes_next(struct cs_changes *changes, struct cs_change *ret_change)
{
    const struct cs_read_report *older = changes->older;
    const struct cs_read_report *newer = changes->newer;
    if (changes->a == older->n_cases && changes->b == newer->n_cases) {
        return false;
    }
    int order = changes->a == older->n_cases ? 1
                : changes->b == newer->n_cases
                    ? -1
                    : strcmp(older->cases[changes->a].id, newer->cases[changes->b].id);
    ret_change->older = order <= 0 ? &older->cases[changes->a++] : NULL;
    ret_change->newer = order >= 0 ? &newer->cases[changes->b++] : NULL;
    ret_change->kind = change_of(ret_change->older, ret_change->newer);
    return true;
}

static void put_why(struct cs_buf *out, const struct cs_change *change,
                    const struct cs_requirements *set)
{
    const struct cs_read_case *item = change->newer ? change->newer : change->older;
    const char *why = set ? cs_requirements_why(set, item->requirements) : NULL;
    if (why) {
        cs_buf_str(out, "      why: ");
        cs_buf_str(out, why);
        cs_buf_char(out, '\n');
    }
}

static void put_kind(const struct cs_read_report *older, const struct cs_read_report *newer,
                     enum cs_change_kind wanted, const struct cs_requirements *set,
                     struct cs_buf *out)
{
    struct cs_changes changes = {.older = older, .newer = newer};
    struct cs_change change;
    bool first = true;
    while (cs_changes_next(&changes, &change)) {
        if (change.kind == wanted) {
            if (first) {
                cs_buf_printf(out, "\n%s:\n", cs_change_heading(wanted));
            }
            first = false;
            put_case(out, change.older, change.newer);
            put_why(out, &change, set);
        }
    }
}

struct cs_comparison cs_compare(const struct cs_read_report *older,
                                const struct cs_read_report *newer,
                                const struct cs_requirements *set, struct cs_buf *out)
{
    size_t counts[CS_N_CHANGES] = {0};
    struct cs_changes changes = {.older = older, .newer = newer};
    struct cs_change change;
    while (cs_changes_next(&changes, &change)) {
        counts[change.kind]++;
    }
    put_name(out, "old", older);
    put_name(out, "new", newer);
    for (int kind = CS_CHANGE_REGRESSION; kind < CS_N_CHANGES; kind++) {
        put_kind(older, newer, (enum cs_change_kind)kind, set, out);
    }
    return (struct cs_comparison){
        .n_same = counts[CS_CHANGE_NONE],
        .n_regressions = counts[CS_CHANGE_REGRESSION],
        .n_fixes = counts[CS_CHANGE_FIX],
        .n_observations = counts[CS_CHANGE_OBSERVATION],
        .n_unjudged = counts[CS_CHANGE_UNJUDGED],
        .n_judged = counts[CS_CHANGE_JUDGED],
        .n_new = counts[CS_CHANGE_NEW],
        .n_removed = counts[CS_CHANGE_REMOVED],
    };
}
