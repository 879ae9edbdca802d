/* Annotations for GitHub: workflow commands in a job's output. */
#include <stdlib.h>

#include "reports/findings.h"
#include "reports/plain_text.h"

#define SHOWN 10u /* of each kind, per step */
#define TEXT  600u
#define TITLE 200u
#define LIMIT ((size_t)8192)

enum {
    ERRORS,
    WARNINGS,
    NOTICES,
    N_KINDS
};

static unsigned kind_of(enum cs_finding_kind kind)
{
    switch (kind) {
    case CS_FINDING_BROKEN:
    case CS_FINDING_FLAKY:
    case CS_FINDING_ERROR:
        return ERRORS;
    case CS_FINDING_WARN:
    case CS_FINDING_UNCLEAR:
    case CS_FINDING_FIXED:
        return WARNINGS;
    default:
        return NOTICES;
    }
}

/* What ends a command, or one of its properties, is written as %XX. */
static void put_escaped(const char *text, size_t max, bool is_property, struct cs_buf *out)
{
    struct cs_buf plain = CS_BUF(max + 64);
    cs_plain_text(cs_view_str(text), "\n", max, &plain);
    for (size_t i = 0; i < plain.len; i++) {
        char c = plain.ptr[i];
        bool is_special = c == '%' || c == '\n' || (is_property && (c == ':' || c == ','));
        if (is_special) {
            cs_buf_printf(out, "%%%02X", (unsigned char)c);
        } else {
            cs_buf_char(out, c);
        }
    }
    if (cs_buf_error(&plain) != CS_OK) {
        out->failed = cs_buf_error(&plain);
    }
    cs_buf_free(&plain);
}

static void put_compared(const struct cs_result *result, const char *kind, struct cs_buf *out)
{
    const char *text = cs_result_evidence(result, kind);
    if (text) {
        cs_buf_printf(out, "%%0A%s: ", kind);
        put_escaped(text, TITLE, false, out);
    }
}

static void put_finding(const struct cs_report *report, const struct cs_finding *finding,
                        const char *command, struct cs_buf *out)
{
    const struct cs_case *test = report->work[finding->index].test;
    const struct cs_result *result = &report->results[finding->index];
    struct cs_buf title = CS_BUF(LIMIT);
    struct cs_buf rerun = CS_BUF(LIMIT);
    bool differs =
        finding->kind == CS_FINDING_FLAKY && report->repeats[finding->index].different.done;
    cs_buf_printf(&title, "%s: %s (%s)", cs_finding_name(finding->kind, 1), test->requirements,
                  cs_level_name(test->level));
    if (differs) {
        cs_report_rerun_different(report, finding->index, &rerun);
        result = &report->repeats[finding->index].different;
    } else {
        cs_report_rerun(report, finding->index, &rerun);
    }
    char *title_text = cs_buf_take(&title);
    char *rerun_text = cs_buf_take(&rerun);
    cs_buf_printf(out, "::%s title=", command);
    put_escaped(title_text ? title_text : "chatspec", TITLE, true, out);
    cs_buf_str(out, "::");
    put_escaped(test->id, TITLE, false, out);
    cs_buf_str(out, ": ");
    put_escaped(test->title, TITLE, false, out);
    cs_buf_str(out, "%0A");
    put_escaped(cs_result_why(result), TEXT, false, out);
    put_compared(result, "expected", out);
    put_compared(result, "actual", out);
    cs_buf_str(out, "%0A");
    put_escaped(rerun_text ? rerun_text : "", TEXT, false, out);
    cs_buf_char(out, '\n');
    free(title_text);
    free(rerun_text);
}

void cs_report_github(const struct cs_report *report, struct cs_buf *out)
{
    static const char *const commands[N_KINDS] = {"error", "warning", "notice"};
    struct cs_findings findings;
    size_t n_of[N_KINDS] = {0};
    size_t n_put[N_KINDS] = {0};
    if (!cs_findings_of(report, &findings)) {
        out->failed = CS_ERR_NO_MEMORY;
        return;
    }
    for (int kind = 0; kind < CS_N_FINDINGS; kind++) {
        n_of[kind_of((enum cs_finding_kind)kind)] += findings.counts[kind];
    }
    for (size_t i = 0; i < findings.n; i++) {
        unsigned kind = kind_of(findings.items[i].kind);
        size_t room = n_of[kind] > SHOWN ? SHOWN - 1 : SHOWN;
        if (n_put[kind] < room) {
            put_finding(report, &findings.items[i], commands[kind], out);
            n_put[kind]++;
        }
    }
    for (unsigned kind = 0; kind < N_KINDS; kind++) {
        if (n_of[kind] > n_put[kind]) {
            cs_buf_printf(out, "::%s title=chatspec::%zu more cases, which the reports name\n",
                          commands[kind], n_of[kind] - n_put[kind]);
        }
    }
    cs_findings_free(&findings);
}
