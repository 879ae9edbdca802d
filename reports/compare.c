#include "reports/compare.h"

#include <cjson/cJSON.h>

#define MAX_SHOWN ((size_t)400)

/* What became of a case. */
enum change {
    SAME,
    REGRESSION,
    FIX,
    OBSERVATION,
    UNJUDGED,
    JUDGED,
    NEW,
    REMOVED,
    N_CHANGES
};

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
static bool is_about_peer(const char *name)
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
        if (!is_about_peer(member->string) && (!other || strcmp(other, member->valuestring) != 0)) {
            return false;
        }
    }
    return true;
}

static bool same_observations(const struct cs_read_case *a, const struct cs_read_case *b)
{
    return is_part_of(a, b) && is_part_of(b, a);
}

static enum change change_of(const struct cs_read_case *older, const struct cs_read_case *newer)
{
    if (!older || !newer) {
        return older ? REMOVED : NEW;
    }
    if (older->verdict != CS_SKIP && newer->verdict == CS_SKIP) {
        return UNJUDGED;
    }
    int worse = badness(newer->verdict) - badness(older->verdict);
    if (worse != 0) {
        return worse > 0 ? REGRESSION : FIX;
    }
    if (older->verdict == CS_SKIP && newer->verdict != CS_SKIP) {
        return JUDGED;
    }
    return older->verdict == newer->verdict && same_observations(older, newer) ? SAME : OBSERVATION;
}

/* ---- text ---- */

static void put_text(struct cs_buf *out, const char *text)
{
    cs_buf_escaped(out, cs_view_str(text), MAX_SHOWN);
}

static void put_observation(struct cs_buf *out, const char *name, const char *before,
                            const char *after)
{
    if (is_about_peer(name) || (before && after && strcmp(before, after) == 0)) {
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
    cs_buf_str(out, ", held to ");
    put_text(out, report->profile);
    cs_buf_printf(out, ", %zu cases%s\n", report->n_cases,
                  report->interrupted ? ", interrupted before its end" : "");
}

static void put_heading(struct cs_buf *out, enum change change)
{
    static const char *const headings[N_CHANGES] = {
        [REGRESSION] = "Regressions",
        [FIX] = "Fixes",
        [OBSERVATION] = "Same verdict, other observations",
        [UNJUDGED] = "Judged before, skipped now",
        [JUDGED] = "Skipped before, judged now",
        [NEW] = "New cases",
        [REMOVED] = "Removed cases",
    };
    cs_buf_printf(out, "\n%s:\n", headings[change]);
}

/* Both lists are sorted by id: one walk over them sees each case once. */
static void walk(const struct cs_read_report *older, const struct cs_read_report *newer,
                 size_t counts[N_CHANGES], enum change wanted, struct cs_buf *out)
{
    size_t a = 0;
    size_t b = 0;
    size_t n = 0;
    while (a < older->n_cases || b < newer->n_cases) {
        int order = a == older->n_cases   ? 1
                    : b == newer->n_cases ? -1
                                          : strcmp(older->cases[a].id, newer->cases[b].id);
        const struct cs_read_case *left = order <= 0 ? &older->cases[a++] : NULL;
        const struct cs_read_case *right = order >= 0 ? &newer->cases[b++] : NULL;
        enum change change = change_of(left, right);
        if (counts) {
            counts[change]++;
        }
        if (out && change == wanted) {
            if (n++ == 0) {
                put_heading(out, change);
            }
            put_case(out, left, right);
        }
    }
}

struct cs_comparison cs_compare(const struct cs_read_report *older,
                                const struct cs_read_report *newer, struct cs_buf *out)
{
    size_t counts[N_CHANGES] = {0};
    put_name(out, "old", older);
    put_name(out, "new", newer);
    walk(older, newer, counts, SAME, NULL);
    for (int change = REGRESSION; change < N_CHANGES; change++) {
        walk(older, newer, NULL, (enum change)change, out);
    }
    return (struct cs_comparison){
        .n_same = counts[SAME],
        .n_regressions = counts[REGRESSION],
        .n_fixes = counts[FIX],
        .n_observations = counts[OBSERVATION],
        .n_unjudged = counts[UNJUDGED],
        .n_judged = counts[JUDGED],
        .n_new = counts[NEW],
        .n_removed = counts[REMOVED],
    };
}
