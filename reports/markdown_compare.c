/* What changed between reports, as Markdown. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/markdown.h"
#include "reports/markdown_part.h"
#include "reports/markdown_text.h"

#define LINE      CS_MARKDOWN_LINE
#define VALUE     120u /* bytes of an observed value on a line */
#define N_VALUES  8u   /* observations of a case that are told */
#define PIECE_MAX ((size_t)1 << 20)

/* ---- one case ---- */

static const char *observed(const struct cs_read_case *item, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item->observations, name));
}

static void put_observation(const char *name, const char *before, const char *after, size_t *n,
                            struct cs_buf *out)
{
    if (cs_observation_is_about_peer(name) || (before && after && strcmp(before, after) == 0)) {
        return;
    }
    if (++*n > N_VALUES) {
        return;
    }
    cs_buf_str(out, "  - ");
    cs_markdown_code(name, VALUE, out);
    cs_buf_str(out, ": ");
    cs_markdown_code(before ? before : "", VALUE, out);
    cs_buf_str(out, " \xe2\x86\x92 ");
    cs_markdown_code(after ? after : "", VALUE, out);
    cs_buf_char(out, '\n');
}

static void put_observations(const struct cs_change *change, struct cs_buf *out)
{
    const cJSON *member = NULL;
    size_t n = 0;
    cJSON_ArrayForEach(member, change->older->observations)
    {
        put_observation(member->string, member->valuestring,
                        observed(change->newer, member->string), &n, out);
    }
    cJSON_ArrayForEach(member, change->newer->observations)
    {
        if (!observed(change->older, member->string)) {
            put_observation(member->string, NULL, member->valuestring, &n, out);
        }
    }
    if (n > N_VALUES) {
        cs_buf_printf(out, "  - and %zu more\n", n - N_VALUES);
    }
}

static void put_case(const struct cs_change *change, const struct cs_requirements *set,
                     struct cs_buf *out)
{
    const struct cs_read_case *item = change->newer ? change->newer : change->older;
    const char *why = set ? cs_requirements_why(set, item->requirements) : NULL;
    bool turned =
        change->older && change->newer && change->older->verdict != change->newer->verdict;
    cs_buf_str(out, "- ");
    if (change->older && (turned || !change->newer)) {
        cs_buf_printf(out, "%s ", cs_markdown_glyph(change->older->verdict));
    }
    cs_buf_str(out, turned ? "\xe2\x86\x92 " : "");
    if (change->newer) {
        cs_buf_printf(out, "%s ", cs_markdown_glyph(change->newer->verdict));
    }
    cs_markdown_code(item->id, LINE, out);
    cs_buf_str(out, " (");
    cs_markdown_text(item->requirements, LINE, out);
    cs_buf_printf(out, ", %s)", cs_level_name(item->level));
    if (turned && change->newer->message[0]) {
        cs_buf_str(out, ": ");
        cs_markdown_code(change->newer->message, LINE, out);
    }
    cs_buf_char(out, '\n');
    if (change->older && change->newer) {
        put_observations(change, out);
    }
    if (why) {
        cs_buf_str(out, "  - why it matters: ");
        cs_markdown_text(why, 2 * LINE, out);
        cs_buf_char(out, '\n');
    }
}

/* ---- sections ---- */

static size_t count_kind(const struct cs_read_report *older, const struct cs_read_report *newer,
                         enum cs_change_kind kind)
{
    struct cs_changes changes = {.older = older, .newer = newer};
    struct cs_change change;
    size_t n = 0;
    while (cs_changes_next(&changes, &change)) {
        n += change.kind == kind;
    }
    return n;
}

static void put_section(struct cs_markdown_page *page, const struct cs_read_report *older,
                        const struct cs_read_report *newer, enum cs_change_kind kind,
                        const struct cs_requirements *set, const char *level)
{
    size_t n = count_kind(older, newer, kind);
    bool is_folded = kind != CS_CHANGE_REGRESSION && kind != CS_CHANGE_FIX;
    struct cs_changes changes = {.older = older, .newer = newer};
    struct cs_change change;
    struct cs_buf piece = CS_BUF(PIECE_MAX);
    if (n == 0) {
        return;
    }
    if (page->out->len + 1000 > page->limit) {
        cs_buf_printf(page->out, "\n%s: %zu.\n", cs_change_heading(kind), n);
        return;
    }
    if (is_folded) {
        cs_buf_printf(page->out, "\n<details><summary>%s (%zu)</summary>\n\n",
                      cs_change_heading(kind), n);
    } else {
        cs_buf_printf(page->out, "\n%s %s (%zu)\n\n", level, cs_change_heading(kind), n);
    }
    while (cs_changes_next(&changes, &change)) {
        if (change.kind == kind) {
            put_case(&change, set, &piece);
            cs_markdown_add(page, &piece);
        }
    }
    cs_markdown_left_out(page, "cases");
    cs_buf_str(page->out, is_folded ? "\n</details>\n" : "");
    cs_buf_free(&piece);
}

void cs_markdown_changes(struct cs_markdown_page *page, const struct cs_read_report *older,
                         const struct cs_read_report *newer, const struct cs_requirements *set,
                         const char *level)
{
    for (int kind = CS_CHANGE_REGRESSION; kind < CS_N_CHANGES; kind++) {
        put_section(page, older, newer, (enum cs_change_kind)kind, set, level);
    }
}

void cs_markdown_counts(const struct cs_comparison *counts, struct cs_buf *out)
{
    const struct {
        size_t n;
        const char *one;
        const char *many;
    } parts[] = {
        {counts->n_regressions, "regression", "regressions"},
        {counts->n_fixes, "fix", "fixes"},
        {counts->n_observations, "with other observations", "with other observations"},
        {counts->n_unjudged, "no longer judged", "no longer judged"},
        {counts->n_judged, "newly judged", "newly judged"},
        {counts->n_new, "new", "new"},
        {counts->n_removed, "removed", "removed"},
        {counts->n_same, "the same", "the same"},
    };
    const char *between = "\n**";
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].n > 0 || i == 0) {
            cs_buf_printf(out, "%s%zu %s", between, parts[i].n,
                          parts[i].n == 1 ? parts[i].one : parts[i].many);
            between = ", ";
        }
    }
    cs_buf_str(out, "**\n");
}

/* ---- a comparison ---- */

static void put_name(const char *label, const struct cs_read_report *report, struct cs_buf *out)
{
    cs_buf_printf(out, "- %s: ", label);
    cs_markdown_code(report->peer_name, LINE, out);
    cs_buf_char(out, ' ');
    cs_markdown_code(report->peer_version, LINE, out);
    cs_buf_str(out, report->peer_source[0] ? " from " : "");
    if (report->peer_source[0]) {
        cs_markdown_code(report->peer_source, LINE, out);
    }
    cs_buf_str(out, report->peer_parser[0] ? ", parser " : "");
    if (report->peer_parser[0]) {
        cs_markdown_code(report->peer_parser, LINE, out);
    }
    cs_buf_str(out, ", held to ");
    cs_markdown_code(report->profile, LINE, out);
    cs_buf_printf(out, ", %zu cases%s\n", report->n_cases,
                  report->interrupted ? ", interrupted before its end" : "");
}

enum cs_err cs_compare_markdown(const struct cs_read_report *older,
                                const struct cs_read_report *newer,
                                const struct cs_requirements *set, struct cs_buf *out)
{
    struct cs_markdown_page page = {.out = out, .limit = CS_MARKDOWN_MAX - 1000};
    struct cs_buf none = CS_BUF((size_t)256 * 1024 * 1024);
    struct cs_comparison counts = cs_compare(older, newer, NULL, &none);
    cs_buf_free(&none);
    size_t n_changed = counts.n_regressions + counts.n_fixes + counts.n_observations +
                       counts.n_unjudged + counts.n_judged + counts.n_new + counts.n_removed;
    cs_buf_printf(out, "## %s chatspec compare: ",
                  cs_markdown_glyph(counts.n_regressions > 0 ? CS_FAIL : CS_PASS));
    if (counts.n_regressions > 0) {
        cs_buf_printf(out, "%zu regression%s\n\n", counts.n_regressions,
                      counts.n_regressions == 1 ? "" : "s");
    } else {
        cs_buf_str(out, n_changed > 0 ? "no regression\n\n" : "nothing changed\n\n");
    }
    put_name("old", older, out);
    put_name("new", newer, out);
    cs_markdown_counts(&counts, out);
    cs_markdown_changes(&page, older, newer, set, "###");
    return cs_buf_error(out);
}
