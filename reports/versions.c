#include "reports/versions.h"

#include <stdio.h>

#include "wire/json.h"

#define MAX_DOCUMENT ((size_t)512 * 1024 * 1024)

/* "role/area" of "role/area/name". */
struct cs_view cs_versions_area(const struct cs_case *test)
{
    const char *last = strrchr(test->id, '/');
    return cs_view_of(test->id, last ? (size_t)(last - test->id) : strlen(test->id));
}

static const struct cs_report *first_run(const struct cs_report *reports, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (reports[i].n > 0) {
            return &reports[i];
        }
    }
    return NULL;
}

const char *cs_versions_label(const struct cs_report *report)
{
    return report->peer.label ? report->peer.label : report->peer.version;
}

/* Why a version is not there, below the table. */
static void put_missing(const struct cs_report *reports, size_t n, struct cs_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (reports[i].n == 0 && reports[i].peer.missing) {
            cs_buf_printf(out, "%s skipped: %s\n", cs_versions_label(&reports[i]),
                          reports[i].peer.missing);
        }
    }
}

/* "12 ok 1 fail 2 warn 3 known" (defects that this version is known to have), without what is zero,
 * and without what was skipped: most of that does not hold in that version. */
void cs_versions_cell(const struct cs_report *report, struct cs_view area,
                      char ret_text[CS_VERSIONS_CELL_MAX])
{
    static const enum cs_verdict shown[] = {CS_FAIL, CS_WARN, CS_ERROR, CS_INCONCLUSIVE};
    size_t counts[CS_N_VERDICTS] = {0};
    size_t n_known = 0;
    size_t used = 0;
    for (size_t i = 0; i < report->n; i++) {
        bool in_area = area.len == 0 || cs_view_eq(cs_versions_area(report->work[i].test), area);
        const struct cs_result *result = &report->results[i];
        bool is_known = result->known && result->verdict != CS_PASS;
        n_known += in_area && result->done && is_known;
        counts[result->verdict] += in_area && result->done && !is_known;
    }
    size_t n_good = counts[CS_PASS] + counts[CS_INFO];
    if (n_good > 0) {
        used = (size_t)snprintf(ret_text, CS_VERSIONS_CELL_MAX, "%zu ok", n_good);
    }
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (counts[shown[i]] > 0 && used < CS_VERSIONS_CELL_MAX) {
            used +=
                (size_t)snprintf(ret_text + used, CS_VERSIONS_CELL_MAX - used, "%s%zu %s",
                                 used > 0 ? " " : "", counts[shown[i]], cs_verdict_name(shown[i]));
        }
    }
    if (n_known > 0 && used < CS_VERSIONS_CELL_MAX) {
        (void)snprintf(ret_text + used, CS_VERSIONS_CELL_MAX - used, "%s%zu known",
                       used > 0 ? " " : "", n_known);
    }
    if (n_good + used + n_known == 0) {
        (void)snprintf(ret_text, CS_VERSIONS_CELL_MAX, "%s", report->n > 0 ? "." : "skipped");
    }
}

static bool is_first_of_area(const struct cs_report *report, size_t index)
{
    struct cs_view area = cs_versions_area(report->work[index].test);
    return index == 0 || !cs_view_eq(cs_versions_area(report->work[index - 1].test), area);
}

/* A column is as wide as the widest of what it holds. */
static int width_of(const struct cs_report *report, const struct cs_report *pattern)
{
    char cell[CS_VERSIONS_CELL_MAX];
    size_t width = strlen(cs_versions_label(report));
    for (size_t row = 0; pattern && row <= pattern->n; row++) {
        if (row == pattern->n || is_first_of_area(pattern, row)) {
            struct cs_view area =
                row == pattern->n ? (struct cs_view){0} : cs_versions_area(pattern->work[row].test);
            cs_versions_cell(report, area, cell);
            width = strlen(cell) > width ? strlen(cell) : width;
        }
    }
    return (int)width;
}

static void put_row(const struct cs_report *reports, size_t n, const struct cs_report *pattern,
                    struct cs_view area, struct cs_buf *out)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", CS_VIEW_ARG(area.len > 0 ? area : CS_VIEW("total")));
    cs_buf_printf(out, "%-22s", name);
    for (size_t i = 0; i < n; i++) {
        char cell[CS_VERSIONS_CELL_MAX];
        cs_versions_cell(&reports[i], area, cell);
        cs_buf_printf(out, "  %-*s", i + 1 < n ? width_of(&reports[i], pattern) : 0, cell);
    }
    cs_buf_char(out, '\n');
}

void cs_versions_table(const struct cs_report *reports, size_t n, struct cs_buf *out)
{
    const struct cs_report *pattern = first_run(reports, n);
    cs_buf_printf(out, "%-22s", "area");
    for (size_t i = 0; i < n; i++) {
        cs_buf_printf(out, "  %-*s", i + 1 < n ? width_of(&reports[i], pattern) : 0,
                      cs_versions_label(&reports[i]));
    }
    cs_buf_char(out, '\n');
    for (size_t row = 0; pattern && row < pattern->n; row++) {
        if (is_first_of_area(pattern, row)) {
            put_row(reports, n, pattern, cs_versions_area(pattern->work[row].test), out);
        }
    }
    if (pattern) {
        put_row(reports, n, pattern, (struct cs_view){0}, out);
    }
    put_missing(reports, n, out);
}

/* A report as a reader of its document sees it. */
enum cs_err cs_versions_reread(const struct cs_report *report, struct cs_read_report *ret_report)
{
    struct cs_buf text = CS_BUF(MAX_DOCUMENT);
    cs_report_json(report, &text);
    enum cs_err err = cs_buf_error(&text);
    if (err == CS_OK) {
        err = cs_report_parse(cs_buf_view(&text), report->peer.version, ret_report, NULL);
    }
    cs_buf_free(&text);
    return err == CS_OK ? CS_OK : CS_ERR_NO_MEMORY;
}

static void put_string(struct cs_buf *out, struct cs_view text)
{
    cs_buf_char(out, '"');
    cs_json_escape(out, text);
    cs_buf_char(out, '"');
}

/* One version and the one before it that is there. */
struct pair {
    struct cs_read_report older;
    struct cs_read_report newer;
};

static enum cs_err read_pair(const struct cs_report *older, const struct cs_report *newer,
                             struct pair *ret_pair)
{
    *ret_pair = (struct pair){0};
    enum cs_err err = cs_versions_reread(older, &ret_pair->older);
    return err == CS_OK ? cs_versions_reread(newer, &ret_pair->newer) : err;
}

static void free_pair(struct pair *pair)
{
    cs_read_report_free(&pair->older);
    cs_read_report_free(&pair->newer);
}

/* Appends what changed to `page` for people, and to `json` as a list; one of them may be NULL. */
static enum cs_err put_changes(const struct cs_report *reports, size_t n,
                               const struct cs_requirements *set, struct cs_comparison *ret_newest,
                               struct cs_buf *page, struct cs_buf *json)
{
    const struct cs_report *older = NULL;
    enum cs_err err = CS_OK;
    size_t n_put = 0;
    struct cs_buf none = CS_BUF(MAX_DOCUMENT);
    for (size_t i = 0; i < n && err == CS_OK; i++) {
        const struct cs_report *newer = &reports[i];
        if (newer->n > 0 && older) {
            struct pair pair;
            err = read_pair(older, newer, &pair);
            if (err == CS_OK && page) {
                cs_buf_printf(page, "\n== %s -> %s\n", cs_versions_label(older),
                              cs_versions_label(newer));
            }
            if (err == CS_OK) {
                *ret_newest = cs_compare(&pair.older, &pair.newer, set, page ? page : &none);
            }
            if (err == CS_OK && json) {
                cs_buf_str(json, n_put++ > 0 ? ",\n{\"from\":" : "\n{\"from\":");
                put_string(json, cs_view_str(cs_versions_label(older)));
                cs_buf_str(json, ",\"to\":");
                put_string(json, cs_view_str(cs_versions_label(newer)));
                cs_buf_str(json, ",\"changes\":");
                err = cs_compare_json(&pair.older, &pair.newer, set, json);
                cs_buf_char(json, '}');
            }
            free_pair(&pair);
        }
        older = newer->n > 0 ? newer : older;
    }
    cs_buf_free(&none);
    return err;
}

enum cs_err cs_versions_changes(const struct cs_report *reports, size_t n,
                                const struct cs_requirements *set, struct cs_comparison *ret_newest,
                                struct cs_buf *out)
{
    return put_changes(reports, n, set, ret_newest, out, NULL);
}

static void put_member(struct cs_buf *out, const char *name, const char *text)
{
    if (text && text[0]) {
        cs_buf_printf(out, ",\"%s\":", name);
        put_string(out, cs_view_str(text));
    }
}

static void put_column(const struct cs_report *report, struct cs_buf *out)
{
    const char *name;
    const char *text;
    cs_buf_str(out, "{\"label\":");
    put_string(out, cs_view_str(cs_versions_label(report)));
    for (size_t i = 0; (name = cs_report_peer_member(&report->peer, i, &text)); i++) {
        put_member(out, name, text);
    }
    put_member(out, "profile", report->profile);
    if (report->n == 0) {
        put_member(out, "skipped", report->peer.missing);
    }
    cs_buf_str(out, ",\"summary\":{");
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        cs_buf_printf(out, "%s\"%s\":%zu", v > 0 ? "," : "", cs_verdict_name((enum cs_verdict)v),
                      report->summary.n_verdicts[v]);
    }
    cs_buf_str(out, "}}");
}

enum cs_err cs_versions_json(const struct cs_report *reports, size_t n,
                             const struct cs_requirements *set, struct cs_comparison *ret_newest,
                             struct cs_buf *out)
{
    cs_buf_str(out, "{\"schema\":\"" CS_MATRIX_SCHEMA "\",\"columns\":[");
    for (size_t i = 0; i < n; i++) {
        cs_buf_str(out, i > 0 ? ",\n" : "\n");
        put_column(&reports[i], out);
    }
    cs_buf_str(out, "],\"steps\":[");
    enum cs_err err = put_changes(reports, n, set, ret_newest, NULL, out);
    cs_buf_str(out, "],\"reports\":[");
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        if (reports[i].n > 0) {
            cs_buf_str(out, first ? "\n" : ",\n");
            cs_report_json(&reports[i], out);
            first = false;
        }
    }
    cs_buf_str(out, "]}\n");
    return err;
}
