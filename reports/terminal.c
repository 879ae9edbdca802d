/* What a person reads at the end of a run. */
#include "reports/report.h"

#include <stdio.h>
#include <stdlib.h>

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define DIM    "\033[2m"
#define PLAIN  "\033[0m"

#define MAX_SAME_REASON 3u /* ids named of cases that share a reason */

struct page {
    const struct cs_report *report;
    const struct cs_report_terminal *how;
    struct cs_buf *out;
};

static void put(const struct page *page, const char *style, const char *text)
{
    cs_buf_str(page->out, page->how->color ? style : "");
    cs_buf_str(page->out, text);
    cs_buf_str(page->out, page->how->color ? PLAIN : "");
}

static const char *style_of(enum cs_verdict verdict)
{
    switch (verdict) {
    case CS_PASS:
        return GREEN;
    case CS_FAIL:
    case CS_ERROR:
        return RED;
    case CS_WARN:
    case CS_INCONCLUSIVE:
        return YELLOW;
    default:
        return DIM;
    }
}

/* Text of several lines, each indented. */
static void put_indented(const struct page *page, const char *indent, const char *text)
{
    while (*text) {
        const char *end = strchrnul(text, '\n');
        cs_buf_str(page->out, indent);
        cs_buf_append(page->out, text, (size_t)(end - text));
        cs_buf_char(page->out, '\n');
        text = *end ? end + 1 : end;
    }
}

/* ---- the table ---- */

/* The second part of "role/area/name". */
static struct cs_view area_of(const struct cs_case *test)
{
    const char *first = strchr(test->id, '/');
    const char *start = first ? first + 1 : test->id;
    const char *end = strchr(start, '/');
    return cs_view_of(start, end ? (size_t)(end - start) : strlen(start));
}

static bool same_row(const struct cs_work *a, const struct cs_work *b)
{
    return a->role == b->role && cs_view_eq(area_of(a->test), area_of(b->test));
}

static void put_counts(const struct page *page, const size_t counts[CS_N_VERDICTS])
{
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        char cell[32];
        if (counts[v] > 0) {
            snprintf(cell, sizeof cell, "%8zu", counts[v]);
        } else {
            snprintf(cell, sizeof cell, "%8s", ".");
        }
        put(page, counts[v] ? style_of((enum cs_verdict)v) : DIM, cell);
    }
    cs_buf_char(page->out, '\n');
}

static void put_row(const struct page *page, const struct cs_work *first)
{
    size_t counts[CS_N_VERDICTS] = {0};
    for (size_t i = 0; i < page->report->n; i++) {
        if (page->report->results[i].done && same_row(&page->report->work[i], first)) {
            counts[page->report->results[i].verdict]++;
        }
    }
    struct cs_view area = area_of(first->test);
    cs_buf_printf(page->out, "%-10s %-14.*s", first->role->name, CS_VIEW_ARG(area));
    put_counts(page, counts);
}

static bool row_was_put(const struct cs_report *report, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (report->results[i].done && same_row(&report->work[i], &report->work[index])) {
            return true;
        }
    }
    return false;
}

static void put_table(const struct page *page)
{
    put(page, BOLD, "role       area          ");
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        char cell[32];
        const char *name = v == CS_INCONCLUSIVE ? "unclear" : cs_verdict_name((enum cs_verdict)v);
        snprintf(cell, sizeof cell, "%8s", name);
        put(page, BOLD, cell);
    }
    cs_buf_char(page->out, '\n');
    for (size_t i = 0; i < page->report->n; i++) {
        if (page->report->results[i].done && !row_was_put(page->report, i)) {
            put_row(page, &page->report->work[i]);
        }
    }
    put(page, BOLD, "total                    ");
    put_counts(page, page->report->summary.n_verdicts);
}

/* ---- broken requirements ---- */

static void put_evidence(const struct page *page, const struct cs_result *result)
{
    for (size_t i = 0; i < result->n_evidence; i++) {
        const struct cs_evidence *item = &result->evidence[i];
        bool compared = strcmp(item->kind, "expected") == 0 || strcmp(item->kind, "actual") == 0;
        if (!page->how->verbose && !compared) {
            continue;
        }
        cs_buf_printf(page->out, "      %s%s%s:\n", item->kind, compared ? "" : ": ",
                      compared ? "" : item->title);
        put_indented(page, "        ", item->text);
        if (item->left_out > 0) {
            cs_buf_printf(page->out, "        (%llu bytes left out)\n",
                          (unsigned long long)item->left_out);
        }
    }
}

static const char *message_of(const struct cs_result *result)
{
    if (result->message) {
        return result->message;
    }
    return result->verdict == CS_INFO ? "as recorded" : "no reason given";
}

static void put_case(const struct page *page, size_t index)
{
    const struct cs_result *result = &page->report->results[index];
    const struct cs_case *test = page->report->work[index].test;
    cs_buf_str(page->out, "    ");
    put(page, style_of(result->verdict), cs_verdict_name(result->verdict));
    cs_buf_printf(page->out, " %s\n", test->id);
    put_indented(page, "      ", message_of(result));
    for (size_t i = 0; page->how->verbose && i < result->n_observations; i++) {
        cs_buf_printf(page->out, "      %s: %s\n", result->observations[i].name,
                      result->observations[i].value);
    }
    put_evidence(page, result);
    struct cs_buf command = CS_BUF(4096);
    cs_report_rerun(page->report, index, &command);
    char *text = cs_buf_take(&command);
    cs_buf_str(page->out, "      ");
    put(page, DIM, text ? text : "");
    cs_buf_char(page->out, '\n');
    free(text);
}

/* Orders by requirement, then id, so that one heading serves all cases of a requirement. */
static int by_requirement(const void *a, const void *b)
{
    const struct cs_case *left = (*(const struct cs_work *const *)a)->test;
    const struct cs_case *right = (*(const struct cs_work *const *)b)->test;
    int order = strcmp(left->requirements, right->requirements);
    return order != 0 ? order : strcmp(left->id, right->id);
}

static void put_broken(const struct page *page)
{
    const struct cs_report *report = page->report;
    const struct cs_work **order = calloc(report->n ? report->n : 1, sizeof(void *));
    if (!order) {
        page->out->failed = CS_ERR_NO_MEMORY;
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < report->n; i++) {
        const struct cs_result *result = &report->results[i];
        bool listed = result->expected.state == CS_EXPECTED_FAILURE && !page->how->verbose;
        bool told = result->verdict == CS_FAIL || result->verdict == CS_WARN || result->known ||
                    (result->verdict == CS_INFO && (page->how->verbose || result->differs));
        if (result->done && told && !listed) {
            order[n++] = &report->work[i];
        }
    }
    qsort(order, n, sizeof(void *), by_requirement);
    const char *heading = "";
    for (size_t i = 0; i < n; i++) {
        const struct cs_case *test = order[i]->test;
        if (strcmp(test->requirements, heading) != 0) {
            heading = test->requirements;
            cs_buf_str(page->out, "\n  ");
            put(page, BOLD, heading);
            cs_buf_printf(page->out, " (%s) %s\n", cs_level_name(test->level), test->title);
        }
        put_case(page, (size_t)(order[i] - report->work));
    }
    free(order);
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

static void put_reason(const struct page *page, size_t index)
{
    const struct cs_report *report = page->report;
    const struct cs_result *result = &report->results[index];
    size_t n = 0;
    for (size_t i = index; i < report->n; i++) {
        n += i == index || same_reason(&report->results[i], result);
    }
    cs_buf_printf(page->out, "\n  %zu ", n);
    put(page, style_of(result->verdict), cs_verdict_name(result->verdict));
    cs_buf_str(page->out, ":\n");
    put_indented(page, "    ", result->message ? result->message : "no reason given");
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
        put_evidence(page, result);
    }
}

static void put_unjudged(const struct page *page)
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

static void put_flaky_case(const struct page *page, size_t index)
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
        put(page, style_of(sides[i]->verdict), cs_verdict_name(sides[i]->verdict));
        cs_buf_str(page->out, sides[i]->message ? ":\n" : "\n");
        put_indented(page, "      ", sides[i]->message ? sides[i]->message : "");
        if (sides[i]->verdict != CS_PASS) {
            put_evidence(page, sides[i]);
        }
    }
    struct cs_buf command = CS_BUF(4096);
    cs_report_rerun_different(page->report, index, &command);
    char *text = cs_buf_take(&command);
    cs_buf_str(page->out, "    ");
    put(page, DIM, text ? text : "");
    cs_buf_char(page->out, '\n');
    free(text);
}

static void put_flaky(const struct page *page)
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

/* ---- the last line ---- */

/* Of an SDK that is more than its version: where it came from, its parser. */
static const char *version_of(const struct cs_report *report)
{
    bool is_sdk = strcmp(report->peer.kind, "sdk") == 0;
    return is_sdk && report->peer.label ? report->peer.label : report->peer.version;
}

static void put_conclusion(const struct page *page)
{
    const struct cs_run_summary *summary = &page->report->summary;
    const size_t *n = summary->n_verdicts;
    const size_t *known = summary->n_known;
    size_t n_flaky = cs_report_n_flaky(page->report);
    cs_buf_char(page->out, '\n');
    if (summary->interrupted) {
        put(page, YELLOW, "interrupted");
    } else if (cs_run_is_broken(summary, false) || n_flaky > 0) {
        put(page, RED, "failed");
    } else if (n[CS_ERROR] + n[CS_INCONCLUSIVE] > 0) {
        put(page, RED, "not everything could be judged");
    } else if (summary->n_judged == 0) {
        put(page, RED, "nothing was judged");
    } else {
        put(page, GREEN, cs_run_is_broken(summary, true) ? "passed, with warnings" : "passed");
    }
    if (known[CS_FAIL] + known[CS_WARN] > 0) {
        cs_buf_printf(page->out, ", %zu known defects", known[CS_FAIL] + known[CS_WARN]);
    }
    if (summary->n_expected[CS_FAIL] + summary->n_expected[CS_WARN] > 0) {
        cs_buf_printf(page->out, ", %zu failed as expected",
                      summary->n_expected[CS_FAIL] + summary->n_expected[CS_WARN]);
    }
    if (page->report->repeats) {
        cs_buf_printf(page->out, ", %zu flaky in %u rounds", n_flaky, page->report->n_rounds);
    }
    cs_buf_printf(page->out, ": %zu of %zu cases judged in %lld.%lld s against %s%s%s, seed %llu\n",
                  summary->n_judged, page->report->n, (long long)(page->report->duration_ms / 1000),
                  (long long)(page->report->duration_ms % 1000 / 100), page->report->peer.name,
                  version_of(page->report)[0] ? " " : "", version_of(page->report),
                  (unsigned long long)page->report->seed);
}

void cs_report_terminal(const struct cs_report *report, const struct cs_report_terminal *how,
                        struct cs_buf *out)
{
    const struct page page = {report, how, out};
    put_table(&page);
    put_unjudged(&page);
    put_broken(&page);
    put_flaky(&page);
    cs_report_expected_terminal(report, out);
    put_conclusion(&page);
}
