/* The annotations of a run. */
#include <stdlib.h>

#include "reports/findings.h"
#include "reports/github.h"

#define TEXT  600u
#define TITLE 200u
#define LIMIT ((size_t)8192)

static enum cs_annotation kind_of(enum cs_finding_kind kind)
{
    switch (kind) {
    case CS_FINDING_BROKEN:
    case CS_FINDING_FLAKY:
    case CS_FINDING_ERROR:
        return CS_ANNOTATE_ERROR;
    case CS_FINDING_WARN:
    case CS_FINDING_UNCLEAR:
    case CS_FINDING_FIXED:
        return CS_ANNOTATE_WARNING;
    default:
        return CS_ANNOTATE_NOTICE;
    }
}

static void put_compared(const struct cs_result *result, const char *kind, struct cs_buf *out)
{
    const char *text = cs_result_evidence(result, kind);
    if (text) {
        cs_buf_printf(out, "%%0A%s: ", kind);
        cs_annotation_text(text, TITLE, false, out);
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
    cs_annotation_text(title_text ? title_text : "chatspec", TITLE, true, out);
    cs_buf_str(out, "::");
    cs_annotation_text(test->id, TITLE, false, out);
    cs_buf_str(out, ": ");
    cs_annotation_text(test->title, TITLE, false, out);
    cs_buf_str(out, "%0A");
    cs_annotation_text(cs_result_why(result), TEXT, false, out);
    put_compared(result, "expected", out);
    put_compared(result, "actual", out);
    cs_buf_str(out, "%0A");
    cs_annotation_text(rerun_text ? rerun_text : "", TEXT, false, out);
    cs_buf_char(out, '\n');
    free(title_text);
    free(rerun_text);
}

void cs_report_github(const struct cs_report *report, struct cs_buf *out)
{
    struct cs_findings findings;
    size_t n_of[CS_N_ANNOTATIONS] = {0};
    size_t n_put[CS_N_ANNOTATIONS] = {0};
    if (!cs_findings_of(report, &findings)) {
        out->failed = CS_ERR_NO_MEMORY;
        return;
    }
    for (int kind = 0; kind < CS_N_FINDINGS; kind++) {
        n_of[kind_of((enum cs_finding_kind)kind)] += findings.counts[kind];
    }
    for (size_t i = 0; i < findings.n; i++) {
        enum cs_annotation kind = kind_of(findings.items[i].kind);
        if (n_put[kind] < cs_annotations_room(n_of[kind])) {
            put_finding(report, &findings.items[i], cs_annotation_name(kind), out);
            n_put[kind]++;
        }
    }
    cs_annotations_rest(n_of, out);
    cs_findings_free(&findings);
}
