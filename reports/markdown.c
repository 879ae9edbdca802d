/* The Markdown report of a run. */
#include "reports/markdown.h"

#include <stdio.h>
#include <stdlib.h>

#include "reports/areas.h"
#include "reports/findings.h"
#include "reports/markdown_part.h"
#include "reports/markdown_text.h"

#define LINE      CS_MARKDOWN_LINE
#define PIECE_MAX ((size_t)1 << 20)
#define COMPARED  80u /* bytes of what was compared */
#define RERUN_MAX 2000u
#define IN_GROUP  12u /* cases that a requirement names */

const char *cs_markdown_glyph(enum cs_verdict verdict)
{
    static const char *const glyphs[CS_N_VERDICTS] = {
        [CS_PASS] = "\xe2\x9c\x85",
        [CS_FAIL] = "\xe2\x9d\x8c",
        [CS_WARN] = "\xe2\x9a\xa0\xef\xb8\x8f",
        [CS_INFO] = "\xe2\x84\xb9\xef\xb8\x8f",
        [CS_SKIP] = "\xe2\x8f\xad\xef\xb8\x8f",
        [CS_ERROR] = "\xf0\x9f\x92\xa5",
        [CS_INCONCLUSIVE] = "\xe2\x9d\x94",
    };
    return glyphs[verdict];
}

void cs_markdown_add(struct cs_markdown_page *page, struct cs_buf *piece)
{
    if (cs_buf_error(piece) == CS_ERR_NO_MEMORY) {
        page->out->failed = CS_ERR_NO_MEMORY;
    } else if (cs_buf_error(piece) != CS_OK || page->out->len + piece->len > page->limit) {
        page->n_left_out++;
    } else {
        cs_buf_add(page->out, cs_buf_view(piece));
    }
    cs_buf_clear(piece);
}

void cs_markdown_left_out(struct cs_markdown_page *page, const char *what)
{
    if (page->n_left_out > 0) {
        cs_buf_printf(page->out, "\n%zu more %s, for which there is no room here.\n",
                      page->n_left_out, what);
    }
    page->n_left_out = 0;
}

/* ---- head ---- */

static const char *glyph_of(enum cs_outcome outcome)
{
    switch (outcome) {
    case CS_OUTCOME_PASSED:
        return cs_markdown_glyph(CS_PASS);
    case CS_OUTCOME_FAILED:
        return cs_markdown_glyph(CS_FAIL);
    default:
        return cs_markdown_glyph(CS_WARN);
    }
}

static void put_head(const struct cs_report *report, const struct cs_findings *findings,
                     struct cs_buf *out)
{
    const char *text;
    enum cs_outcome outcome = cs_report_outcome(report, &text);
    cs_buf_printf(out, "## %s chatspec: %s\n\n", glyph_of(outcome), text);
    cs_markdown_code(report->peer.name, LINE, out);
    if (cs_report_peer_version(report)[0]) {
        cs_buf_char(out, ' ');
        cs_markdown_code(cs_report_peer_version(report), LINE, out);
    }
    cs_buf_str(out, ", held to ");
    cs_markdown_code(report->profile, LINE, out);
    cs_buf_printf(out, ": %zu of %zu cases judged in %lld.%lld s, seed %llu",
                  report->summary.n_judged, report->n, (long long)(report->duration_ms / 1000),
                  (long long)(report->duration_ms % 1000 / 100), (unsigned long long)report->seed);
    if (report->repeats) {
        cs_buf_printf(out, ", %u rounds", report->n_rounds);
    }
    cs_buf_str(out, ".\n");
    const char *between = "\n**";
    for (int kind = 0; kind < CS_N_FINDINGS; kind++) {
        if (findings->counts[kind] > 0) {
            cs_buf_printf(out, "%s%zu %s", between, findings->counts[kind],
                          cs_finding_name((enum cs_finding_kind)kind, findings->counts[kind]));
            between = ", ";
        }
    }
    cs_buf_str(out, findings->n > 0 ? "**\n" : "");
}

/* ---- table ---- */

static void put_cells(const size_t n_verdicts[CS_N_VERDICTS], size_t n_known, struct cs_buf *out)
{
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        if (n_verdicts[v] > 0) {
            cs_buf_printf(out, " %zu |", n_verdicts[v]);
        } else {
            cs_buf_str(out, " |");
        }
    }
    if (n_known > 0) {
        cs_buf_printf(out, " %zu |\n", n_known);
    } else {
        cs_buf_str(out, " |\n");
    }
}

static void put_table_head(struct cs_buf *out)
{
    cs_buf_str(out, "\n| role | area |");
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        cs_buf_printf(out, " %s %s |", cs_markdown_glyph((enum cs_verdict)v),
                      v == CS_INCONCLUSIVE ? "unclear" : cs_verdict_name((enum cs_verdict)v));
    }
    cs_buf_str(out, " of these known |\n|---|---|");
    for (int v = 0; v <= CS_N_VERDICTS; v++) {
        cs_buf_str(out, "--:|");
    }
    cs_buf_char(out, '\n');
}

static void put_row(const struct cs_area_row *row, struct cs_buf *out)
{
    char area[128];
    snprintf(area, sizeof area, "%.*s", CS_VIEW_ARG(row->area));
    cs_buf_str(out, "| ");
    cs_markdown_text(row->role->name, 64, out);
    cs_buf_str(out, " | ");
    cs_markdown_text(area, 64, out);
    cs_buf_str(out, " |");
    put_cells(row->n_verdicts, row->n_known, out);
}

static void put_table(const struct cs_report *report, struct cs_buf *out)
{
    struct cs_area_row *rows;
    size_t n;
    if (!cs_areas_of(report, &rows, &n)) {
        out->failed = CS_ERR_NO_MEMORY;
        return;
    }
    put_table_head(out);
    size_t n_fine = 0;
    size_t n_known = 0;
    for (size_t i = 0; i < n; i++) {
        n_fine += cs_area_is_fine(&rows[i]);
        n_known += rows[i].n_known;
        if (!cs_area_is_fine(&rows[i]) && out->len < CS_MARKDOWN_MAX / 4) {
            put_row(&rows[i], out);
        }
    }
    cs_buf_str(out, "| **all** | |");
    put_cells(report->summary.n_verdicts, n_known, out);
    if (n_fine > 0 && out->len < CS_MARKDOWN_MAX / 4) {
        cs_buf_printf(out, "\n<details><summary>%zu area%s without a complaint</summary>\n", n_fine,
                      n_fine == 1 ? "" : "s");
        put_table_head(out);
        for (size_t i = 0; i < n && out->len < CS_MARKDOWN_MAX / 3; i++) {
            if (cs_area_is_fine(&rows[i])) {
                put_row(&rows[i], out);
            }
        }
        cs_buf_str(out, "\n</details>\n");
    }
    free(rows);
}

/* ---- findings ---- */

static void put_case(const struct cs_report *report, const struct cs_finding *finding,
                     const char *indent, struct cs_buf *out)
{
    const struct cs_result *result = &report->results[finding->index];
    const struct cs_result *shown = result;
    if (finding->kind == CS_FINDING_FLAKY && report->repeats[finding->index].different.done) {
        shown = &report->repeats[finding->index].different;
    }
    cs_buf_printf(out, "%s- %s ", indent, cs_markdown_glyph(shown->verdict));
    cs_markdown_code(report->work[finding->index].test->id, LINE, out);
    cs_buf_str(out, ": ");
    if (finding->kind == CS_FINDING_FLAKY) {
        cs_repeat_describe(&report->repeats[finding->index], out);
        cs_buf_str(out, ": ");
    }
    cs_markdown_code(cs_result_why(shown), LINE, out);
    if (cs_result_evidence(shown, "expected") && cs_result_evidence(shown, "actual")) {
        cs_buf_str(out, ", expected ");
        cs_markdown_code(cs_result_evidence(shown, "expected"), COMPARED, out);
        cs_buf_str(out, ", came ");
        cs_markdown_code(cs_result_evidence(shown, "actual"), COMPARED, out);
    }
    cs_buf_char(out, '\n');
}

static void put_reruns(const struct cs_report *report, const struct cs_finding *items, size_t n,
                       struct cs_buf *out)
{
    struct cs_buf commands = CS_BUF(PIECE_MAX);
    for (size_t i = 0; i < n && i < IN_GROUP; i++) {
        cs_buf_str(&commands, i > 0 ? "\n" : "");
        if (items[i].kind == CS_FINDING_FLAKY && report->repeats[items[i].index].different.done) {
            cs_report_rerun_different(report, items[i].index, &commands);
        } else {
            cs_report_rerun(report, items[i].index, &commands);
        }
    }
    char *text = cs_buf_take(&commands);
    cs_buf_str(out, "  <details><summary>run again</summary>");
    cs_markdown_pre(text ? text : "", RERUN_MAX, out);
    cs_buf_str(out, "</details>\n");
    free(text);
}

/* The cases from items[0] on that are of the same kind and requirement; gives how many. */
static size_t put_group(const struct cs_report *report, const struct cs_finding *items, size_t n,
                        struct cs_buf *out)
{
    const struct cs_case *first = report->work[items[0].index].test;
    size_t in_group = 0;
    cs_buf_str(out, "- **");
    cs_markdown_text(first->requirements, LINE, out);
    cs_buf_printf(out, "** (%s) ", cs_level_name(first->level));
    cs_markdown_text(first->title, LINE, out);
    cs_buf_char(out, '\n');
    while (in_group < n && items[in_group].kind == items[0].kind &&
           strcmp(report->work[items[in_group].index].test->requirements, first->requirements) ==
               0) {
        if (in_group < IN_GROUP) {
            put_case(report, &items[in_group], "  ", out);
        }
        in_group++;
    }
    if (in_group > IN_GROUP) {
        cs_buf_printf(out, "  - and %zu more\n", in_group - IN_GROUP);
    }
    put_reruns(report, items, in_group, out);
    return in_group;
}

static void put_heading(enum cs_finding_kind kind, size_t n, struct cs_buf *out)
{
    static const char *const headings[CS_N_FINDINGS] = {
        [CS_FINDING_BROKEN] = "Broken",
        [CS_FINDING_FLAKY] = "Not always the same verdict",
        [CS_FINDING_ERROR] = "Could not be judged",
        [CS_FINDING_WARN] = "Warnings",
        [CS_FINDING_UNCLEAR] = "Too slow to tell",
        [CS_FINDING_FIXED] = "Known defects that are gone: the catalogue is out of date",
        [CS_FINDING_DIFFERS] = "Not as recorded",
    };
    cs_buf_printf(out, "\n### %s (%zu)\n\n", headings[kind], n);
}

/* One line each, folded. */
static void put_known(struct cs_markdown_page *page, const struct cs_report *report,
                      const struct cs_finding *items, size_t n)
{
    struct cs_buf piece = CS_BUF(PIECE_MAX);
    if (page->out->len + 1000 > page->limit) {
        cs_buf_printf(page->out, "\n%zu known defects.\n", n);
        return;
    }
    cs_buf_printf(page->out, "\n<details><summary>%zu %s of this version</summary>\n\n", n,
                  cs_finding_name(CS_FINDING_KNOWN, n));
    for (size_t i = 0; i < n; i++) {
        put_case(report, &items[i], "", &piece);
        cs_markdown_add(page, &piece);
    }
    cs_markdown_left_out(page, "known defects");
    cs_buf_str(page->out, "\n</details>\n");
    cs_buf_free(&piece);
}

static void put_findings(struct cs_markdown_page *page, const struct cs_report *report,
                         const struct cs_findings *findings)
{
    struct cs_buf piece = CS_BUF(PIECE_MAX);
    enum cs_finding_kind heading = CS_FINDING_NONE;
    size_t at = 0;
    while (at < findings->n && findings->items[at].kind != CS_FINDING_KNOWN) {
        const struct cs_finding *items = &findings->items[at];
        if (items->kind != heading) {
            heading = items->kind;
            put_heading(heading, findings->counts[heading], &piece);
        }
        at += put_group(report, items, findings->n - at, &piece);
        cs_markdown_add(page, &piece);
    }
    cs_markdown_left_out(page, "requirements");
    cs_buf_free(&piece);
    if (at < findings->n) {
        put_known(page, report, &findings->items[at], findings->n - at);
    }
}

void cs_report_markdown(const struct cs_report *report, struct cs_buf *out)
{
    struct cs_findings findings;
    if (!cs_findings_of(report, &findings)) {
        out->failed = CS_ERR_NO_MEMORY;
        return;
    }
    struct cs_markdown_page page = {.out = out, .limit = CS_MARKDOWN_MAX - 500};
    put_head(report, &findings, out);
    put_table(report, out);
    put_findings(&page, report, &findings);
    cs_markdown_expected(&page, report);
    cs_findings_free(&findings);
}
