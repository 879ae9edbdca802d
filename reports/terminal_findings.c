/* The cases that a person reads about, grouped by requirement. */
#include <stdlib.h>

#include "reports/terminal_page.h"

static const char *requirements_of(const struct cs_page *page, const struct cs_finding *finding)
{
    return page->report->work[finding->index].test->requirements;
}

static void put_observations(const struct cs_page *page, const struct cs_result *result)
{
    for (size_t i = 0; i < result->n_observations; i++) {
        struct cs_buf line = CS_BUF(16384);
        cs_buf_printf(&line, "%s: %s", result->observations[i].name, result->observations[i].value);
        char *text = cs_buf_take(&line);
        cs_page_text(page, "      ", text ? text : "");
        free(text);
    }
}

static void put_case(const struct cs_page *page, size_t index)
{
    const struct cs_result *result = &page->report->results[index];
    cs_buf_str(page->out, "    ");
    cs_page_verdict(page, result->verdict);
    cs_buf_printf(page->out, " %s\n", page->report->work[index].test->id);
    cs_page_text(page, "      ", cs_result_why(result));
    if (page->how->verbose) {
        put_observations(page, result);
    }
    cs_page_evidence(page, result);
    cs_page_command(page, "      ", index, false);
}

static void put_heading(const struct cs_page *page, const struct cs_finding *finding)
{
    const struct cs_case *test = page->report->work[finding->index].test;
    struct cs_buf line = CS_BUF(8192);
    cs_buf_char(page->out, '\n');
    cs_buf_printf(&line, "%s (%s) %s", test->requirements, cs_level_name(test->level), test->title);
    char *text = cs_buf_take(&line);
    cs_buf_str(page->out, page->how->color ? CS_BOLD : "");
    cs_page_text(page, "  ", text ? text : test->requirements);
    cs_buf_str(page->out, page->how->color ? CS_PLAIN : "");
    free(text);
}

static void put_groups(const struct cs_page *page, const struct cs_finding *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i == 0 ||
            strcmp(requirements_of(page, &items[i]), requirements_of(page, &items[i - 1])) != 0) {
            put_heading(page, &items[i]);
        }
        put_case(page, items[i].index);
    }
}

/* Was to be expected: the id and why, no more. The defect says its requirement itself. */
static void put_known(const struct cs_page *page, const struct cs_finding *items, size_t n)
{
    cs_buf_printf(page->out, "\n%zu %s", n, cs_finding_name(CS_FINDING_KNOWN, n));
    cs_buf_str(page->out, page->how->verbose ? ":\n" : " (--verbose shows all of it):\n");
    if (page->how->verbose) {
        put_groups(page, items, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct cs_result *result = &page->report->results[items[i].index];
        cs_buf_str(page->out, "  ");
        cs_page_verdict(page, result->verdict);
        cs_buf_printf(page->out, " %s\n", page->report->work[items[i].index].test->id);
        cs_page_text(page, "      ", cs_result_why(result));
    }
}

/* Infos that were recorded, for --verbose. */
static void put_infos(const struct cs_page *page)
{
    for (size_t i = 0; i < page->report->n; i++) {
        const struct cs_result *result = &page->report->results[i];
        if (result->done && result->verdict == CS_INFO && !result->differs) {
            const struct cs_finding finding = {CS_FINDING_DIFFERS, i};
            put_heading(page, &finding);
            put_case(page, i);
        }
    }
}

void cs_page_findings(const struct cs_page *page, const struct cs_findings *findings)
{
    static const char *const headings[CS_N_FINDINGS] = {
        [CS_FINDING_BROKEN] = "broken",
        [CS_FINDING_WARN] = "to warn of",
        [CS_FINDING_FIXED] = "known to be a defect, and gone: the catalogue is out of date",
        [CS_FINDING_DIFFERS] = "not as recorded",
    };
    if (page->how->verbose) {
        put_infos(page);
    }
    size_t end = findings->n;
    for (int kind = CS_FINDING_KNOWN; kind >= 0; kind--) {
        size_t n = findings->counts[kind];
        const struct cs_finding *items = &findings->items[end - n];
        end -= n;
        if (n > 0 && kind == CS_FINDING_KNOWN) {
            put_known(page, items, n);
        } else if (n > 0 && headings[kind]) {
            cs_buf_printf(page->out, "\n%zu ", n);
            cs_page_put(page, CS_BOLD, headings[kind]);
            cs_buf_str(page->out, ":\n");
            put_groups(page, items, n);
        }
    }
}
