/* Several versions side by side, as Markdown. */
#include <stdio.h>
#include <stdlib.h>

#include "reports/markdown.h"
#include "reports/markdown_part.h"
#include "reports/markdown_text.h"
#include "reports/versions.h"

#define LINE      CS_MARKDOWN_LINE
#define TABLE_MAX ((size_t)15000) /* bytes of the table */

/* A step from one version to the next that is there. */
struct step {
    const struct cs_report *older;
    const struct cs_report *newer;
};

/* Gives how many there are; `steps` has room for n. */
static size_t find_steps(const struct cs_report *reports, size_t n, struct step *steps)
{
    const struct cs_report *older = NULL;
    size_t n_steps = 0;
    for (size_t i = 0; i < n; i++) {
        if (reports[i].n > 0) {
            if (older) {
                steps[n_steps++] = (struct step){older, &reports[i]};
            }
            older = &reports[i];
        }
    }
    return n_steps;
}

static void put_arrow(const struct step *step, struct cs_buf *out)
{
    cs_markdown_text(cs_versions_label(step->older), LINE, out);
    cs_buf_str(out, " \xe2\x86\x92 ");
    cs_markdown_text(cs_versions_label(step->newer), LINE, out);
}

static enum cs_err put_step(struct cs_markdown_page *page, const struct step *step, bool is_newest,
                            const struct cs_requirements *set)
{
    struct cs_read_report older = {0};
    struct cs_read_report newer = {0};
    struct cs_buf none = CS_BUF((size_t)256 * 1024 * 1024);
    enum cs_err err = cs_versions_reread(step->older, &older);
    err = err == CS_OK ? cs_versions_reread(step->newer, &newer) : err;
    if (err == CS_OK) {
        struct cs_comparison counts = cs_compare(&older, &newer, NULL, &none);
        const char *glyph = cs_markdown_glyph(counts.n_regressions > 0 ? CS_FAIL : CS_PASS);
        cs_buf_printf(page->out, is_newest ? "## %s chatspec matrix: " : "\n## %s ", glyph);
        put_arrow(step, page->out);
        cs_buf_char(page->out, '\n');
        cs_markdown_counts(&counts, page->out);
        cs_markdown_changes(page, &older, &newer, set, "###");
    }
    cs_buf_free(&none);
    cs_read_report_free(&older);
    cs_read_report_free(&newer);
    return err;
}

/* ---- the table ---- */

static void put_row(const struct cs_report *reports, size_t n, struct cs_view area, bool is_total,
                    struct cs_buf *out)
{
    char name[128];
    snprintf(name, sizeof name, "%.*s", CS_VIEW_ARG(is_total ? CS_VIEW("all") : area));
    cs_buf_str(out, "| ");
    cs_markdown_text(name, 100, out);
    cs_buf_str(out, " |");
    for (size_t i = 0; i < n; i++) {
        char cell[CS_VERSIONS_CELL_MAX];
        cs_versions_cell(&reports[i], is_total ? (struct cs_view){0} : area, cell);
        cs_buf_printf(out, " %s |", cell);
    }
    cs_buf_char(out, '\n');
}

static void put_table(const struct cs_report *reports, size_t n, struct cs_buf *out)
{
    const struct cs_report *pattern = NULL;
    cs_buf_str(out, "\n| area |");
    for (size_t i = 0; i < n; i++) {
        cs_buf_char(out, ' ');
        cs_markdown_text(cs_versions_label(&reports[i]), 100, out);
        cs_buf_str(out, " |");
        pattern = !pattern && reports[i].n > 0 ? &reports[i] : pattern;
    }
    cs_buf_str(out, "\n|---|");
    for (size_t i = 0; i < n; i++) {
        cs_buf_str(out, "---|");
    }
    cs_buf_char(out, '\n');
    size_t start = out->len;
    struct cs_view last = {0};
    for (size_t i = 0; pattern && i < pattern->n; i++) {
        struct cs_view area = cs_versions_area(pattern->work[i].test);
        if ((i == 0 || !cs_view_eq(area, last)) && out->len - start < TABLE_MAX) {
            put_row(reports, n, area, false, out);
        }
        last = area;
    }
    put_row(reports, n, last, true, out);
}

static void put_missing(const struct cs_report *reports, size_t n, struct cs_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (reports[i].n == 0 && reports[i].peer.missing) {
            cs_buf_printf(out, "\n%s ", cs_markdown_glyph(CS_SKIP));
            cs_markdown_text(cs_versions_label(&reports[i]), 100, out);
            cs_buf_str(out, " is left out: ");
            cs_markdown_code(reports[i].peer.missing, LINE, out);
            cs_buf_char(out, '\n');
        }
    }
}

enum cs_err cs_versions_markdown(const struct cs_report *reports, size_t n,
                                 const struct cs_requirements *set, struct cs_buf *out)
{
    struct cs_buf table = CS_BUF(CS_MARKDOWN_MAX);
    struct step *steps = calloc(n ? n : 1, sizeof *steps);
    enum cs_err err = steps ? CS_OK : CS_ERR_NO_MEMORY;
    size_t n_steps = steps ? find_steps(reports, n, steps) : 0;
    put_missing(reports, n, &table);
    put_table(reports, n, &table);
    struct cs_markdown_page page = {.out = out, .limit = CS_MARKDOWN_MAX - 1000 - table.len};
    if (n_steps == 0) {
        cs_buf_str(out, "## chatspec matrix\n");
    }
    for (size_t i = n_steps; i > 0 && err == CS_OK; i--) {
        if (out->len + 2000 > page.limit) {
            cs_buf_printf(out, "\n%zu more steps, for which there is no room here.\n", i);
            break;
        }
        err = put_step(&page, &steps[i - 1], i == n_steps, set);
    }
    err = err == CS_OK ? cs_buf_error(&table) : err;
    cs_buf_add(out, cs_buf_view(&table));
    cs_buf_free(&table);
    free(steps);
    return err;
}
