/* What a person reads at the end of a run. */
#include "reports/report.h"

#include <stdio.h>
#include <stdlib.h>

#include "reports/areas.h"
#include "reports/terminal_page.h"
#include "reports/wrap.h"

#define MAX_SAME_REASON 3u /* ids named of cases that share a reason */

/* ---- the table: within 80 columns ---- */

static void put_counts(const struct cs_page *page, const size_t counts[CS_N_VERDICTS])
{
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        char cell[32];
        if (counts[v] > 0) {
            snprintf(cell, sizeof cell, "%7zu", counts[v]);
        } else {
            snprintf(cell, sizeof cell, "%7s", ".");
        }
        cs_page_put(page, counts[v] ? cs_page_style((enum cs_verdict)v) : CS_DIM, cell);
    }
    cs_buf_char(page->out, '\n');
}

static void put_table(const struct cs_page *page)
{
    struct cs_area_row *rows;
    size_t n;
    if (!cs_areas_of(page->report, &rows, &n)) {
        page->out->failed = CS_ERR_NO_MEMORY;
        return;
    }
    cs_page_put(page, CS_BOLD, "role      area              ");
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        char cell[32];
        const char *name = v == CS_INCONCLUSIVE ? "unclear" : cs_verdict_name((enum cs_verdict)v);
        snprintf(cell, sizeof cell, v == CS_INCONCLUSIVE ? " %s" : "%7s", name);
        cs_page_put(page, CS_BOLD, cell);
    }
    cs_buf_char(page->out, '\n');
    for (size_t i = 0; i < n; i++) {
        cs_buf_printf(page->out, "%-9s %-18.*s", rows[i].role->name, CS_VIEW_ARG(rows[i].area));
        put_counts(page, rows[i].n_verdicts);
    }
    cs_page_put(page, CS_BOLD, "total                       ");
    put_counts(page, page->report->summary.n_verdicts);
    free(rows);
}

/* ---- what was not judged ---- */

static bool same_reason(const struct cs_result *a, const struct cs_result *b)
{
    return a->done && b->done && a->verdict == b->verdict && a->message && b->message &&
           strcmp(a->message, b->message) == 0;
}

static bool reason_was_put(const struct cs_report *report, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (same_reason(&report->results[i], &report->results[index])) {
            return true;
        }
    }
    return false;
}

static void put_reason(const struct cs_page *page, size_t index)
{
    const struct cs_report *report = page->report;
    const struct cs_result *result = &report->results[index];
    size_t n = 0;
    for (size_t i = index; i < report->n; i++) {
        n += i == index || same_reason(&report->results[i], result);
    }
    cs_buf_str(page->out, "\n  ");
    cs_page_counted(page, result->verdict, n);
    cs_buf_str(page->out, ":\n");
    cs_page_text(page, "    ", result->message ? result->message : "no reason given");
    size_t named = 0;
    for (size_t i = index; i < report->n && named < MAX_SAME_REASON; i++) {
        if (i == index || same_reason(&report->results[i], result)) {
            cs_buf_printf(page->out, "    %s\n", report->work[i].test->id);
            named++;
        }
    }
    if (n > named) {
        cs_buf_printf(page->out, "    and %zu more\n", n - named);
    }
    if (result->verdict != CS_SKIP && n == 1) {
        cs_page_evidence(page, result);
    }
}

static void put_unjudged(const struct cs_page *page)
{
    static const enum cs_verdict kinds[] = {CS_SKIP, CS_INCONCLUSIVE, CS_ERROR};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (size_t i = 0; i < page->report->n; i++) {
            const struct cs_result *result = &page->report->results[i];
            if (result->done && result->verdict == kinds[k] && !reason_was_put(page->report, i)) {
                put_reason(page, i);
            }
        }
    }
}

/* ---- what changed from round to round ---- */

static void put_flaky_case(const struct cs_page *page, size_t index)
{
    const struct cs_repeat *repeat = &page->report->repeats[index];
    cs_buf_printf(page->out, "  %s: ", page->report->work[index].test->id);
    cs_repeat_describe(repeat, page->out);
    cs_buf_char(page->out, '\n');
    if (!repeat->different.done) {
        return;
    }
    const struct cs_result *sides[] = {&page->report->results[index], &repeat->different};
    for (size_t i = 0; i < 2; i++) {
        cs_buf_printf(page->out, "    round %u ", i == 0 ? 1 : repeat->different_round);
        cs_page_verdict(page, sides[i]->verdict);
        cs_buf_str(page->out, sides[i]->message ? ":\n" : "\n");
        cs_page_text(page, "      ", sides[i]->message ? sides[i]->message : "");
        if (sides[i]->verdict != CS_PASS) {
            cs_page_evidence(page, sides[i]);
        }
    }
    cs_page_command(page, "    ", index, true);
}

static void put_flaky(const struct cs_page *page)
{
    const struct cs_report *report = page->report;
    if (cs_repeat_n_flaky(report->repeats, report->n) > 0) {
        cs_buf_str(page->out, "\nflaky, not always the same verdict:\n");
    }
    for (size_t i = 0; i < report->n; i++) {
        if (cs_report_is_flaky(report, i)) {
            put_flaky_case(page, i);
        }
    }
}

static void put_expected(const struct cs_page *page)
{
    struct cs_buf text = CS_BUF(page->out->max);
    cs_report_expected_terminal(page->report, &text);
    cs_wrap(cs_buf_view(&text), "", page->how->width, page->out);
    cs_buf_free(&text);
}

/* ---- the last line ---- */

static void put_conclusion(const struct cs_page *page)
{
    const struct cs_report *report = page->report;
    const struct cs_run_summary *summary = &report->summary;
    size_t n_known = summary->n_known[CS_FAIL] + summary->n_known[CS_WARN];
    size_t n_expected = summary->n_expected[CS_FAIL] + summary->n_expected[CS_WARN];
    size_t n_flaky = cs_report_n_flaky(report);
    const char *text;
    enum cs_outcome outcome = cs_report_outcome(report, &text);
    bool good = outcome == CS_OUTCOME_PASSED || outcome == CS_OUTCOME_WARNED;
    const char *style = good ? CS_GREEN : outcome == CS_OUTCOME_INTERRUPTED ? CS_YELLOW : CS_RED;
    struct cs_buf line = CS_BUF(16384);
    cs_buf_str(&line, text);
    if (n_known > 0) {
        cs_buf_printf(&line, ", %zu %s", n_known, cs_finding_name(CS_FINDING_KNOWN, n_known));
    }
    if (n_expected > 0) {
        cs_buf_printf(&line, ", %zu failed as expected", n_expected);
    }
    if (report->repeats) {
        cs_buf_printf(&line, ", %zu flaky in %u rounds", n_flaky, report->n_rounds);
    }
    cs_buf_printf(&line, ": %zu of %zu cases judged in %lld.%lld s against %s%s%s, seed %llu",
                  summary->n_judged, report->n, (long long)(report->duration_ms / 1000),
                  (long long)(report->duration_ms % 1000 / 100), report->peer.name,
                  cs_report_peer_version(report)[0] ? " " : "", cs_report_peer_version(report),
                  (unsigned long long)report->seed);
    char *whole = cs_buf_take(&line);
    struct cs_buf broken = CS_BUF(65536);
    const struct cs_page apart = {report, page->how, &broken};
    cs_page_text(&apart, "", whole ? whole : text);
    cs_buf_char(page->out, '\n');
    cs_page_put(page, style, text); /* only these words are coloured, and they begin it */
    if (whole && cs_buf_error(&broken) == CS_OK && broken.len >= strlen(text)) {
        cs_buf_append(page->out, broken.ptr + strlen(text), broken.len - strlen(text));
    } else {
        page->out->failed = CS_ERR_NO_MEMORY;
    }
    cs_buf_free(&broken);
    free(whole);
}

void cs_report_terminal(const struct cs_report *report, const struct cs_report_terminal *how,
                        struct cs_buf *out)
{
    const struct cs_page page = {report, how, out};
    struct cs_findings findings;
    if (!cs_findings_of(report, &findings)) {
        out->failed = CS_ERR_NO_MEMORY;
        return;
    }
    put_table(&page);
    put_unjudged(&page);
    cs_page_findings(&page, &findings);
    put_flaky(&page);
    put_expected(&page);
    put_conclusion(&page);
    cs_findings_free(&findings);
}
