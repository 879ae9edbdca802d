#include "reports/findings.h"

#include <stdlib.h>

static enum cs_finding_kind kind_of(const struct cs_report *report, size_t index)
{
    const struct cs_result *result = &report->results[index];
    if (!result->done) {
        return CS_FINDING_NONE;
    }
    switch (result->expected.state) {
    case CS_EXPECTED_FAILURE: /* told apart: see expected_terminal.c */
    case CS_TOLERATED_PASS:
        return CS_FINDING_NONE;
    case CS_UNEXPECTED_PASS:
    case CS_EXPECTATION_OVER:
        return CS_FINDING_BROKEN;
    default:
        break;
    }
    if (cs_report_is_flaky(report, index)) {
        return CS_FINDING_FLAKY;
    }
    if (result->known) {
        return result->verdict == CS_PASS ? CS_FINDING_FIXED : CS_FINDING_KNOWN;
    }
    switch (result->verdict) {
    case CS_FAIL:
        return CS_FINDING_BROKEN;
    case CS_WARN:
        return CS_FINDING_WARN;
    case CS_ERROR:
        return CS_FINDING_ERROR;
    case CS_INCONCLUSIVE:
        return CS_FINDING_UNCLEAR;
    case CS_INFO:
        return result->differs ? CS_FINDING_DIFFERS : CS_FINDING_NONE;
    default:
        return CS_FINDING_NONE;
    }
}

struct entry {
    struct cs_finding finding;
    const struct cs_case *test;
};

static int by_weight(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    if (left->finding.kind != right->finding.kind) {
        return left->finding.kind < right->finding.kind ? -1 : 1;
    }
    int order = strcmp(left->test->requirements, right->test->requirements);
    return order != 0 ? order : strcmp(left->test->id, right->test->id);
}

bool cs_findings_of(const struct cs_report *report, struct cs_findings *ret_findings)
{
    struct cs_findings findings = {0};
    size_t room = report->n ? report->n : 1;
    struct entry *entries = calloc(room, sizeof *entries);
    findings.items = calloc(room, sizeof *findings.items);
    if (!entries || !findings.items) {
        free(entries);
        free(findings.items);
        return false;
    }
    for (size_t i = 0; i < report->n; i++) {
        enum cs_finding_kind kind = kind_of(report, i);
        if (kind != CS_FINDING_NONE) {
            entries[findings.n++] = (struct entry){{kind, i}, report->work[i].test};
            findings.counts[kind]++;
        }
    }
    qsort(entries, findings.n, sizeof *entries, by_weight);
    for (size_t i = 0; i < findings.n; i++) {
        findings.items[i] = entries[i].finding;
    }
    free(entries);
    *ret_findings = findings;
    return true;
}

void cs_findings_free(struct cs_findings *findings)
{
    free(findings->items);
    *findings = (struct cs_findings){0};
}

const char *cs_finding_name(enum cs_finding_kind kind, size_t n)
{
    static const char *const names[CS_N_FINDINGS][2] = {
        [CS_FINDING_BROKEN] = {"broken", "broken"},
        [CS_FINDING_FLAKY] = {"flaky", "flaky"},
        [CS_FINDING_ERROR] = {"error", "errors"},
        [CS_FINDING_WARN] = {"warning", "warnings"},
        [CS_FINDING_UNCLEAR] = {"unclear", "unclear"},
        [CS_FINDING_FIXED] = {"known defect that is gone", "known defects that are gone"},
        [CS_FINDING_DIFFERS] = {"not as recorded", "not as recorded"},
        [CS_FINDING_KNOWN] = {"known defect", "known defects"},
    };
    return kind < CS_FINDING_NONE ? names[kind][n != 1] : "";
}

const char *cs_result_why(const struct cs_result *result)
{
    if (result->expected.state == CS_UNEXPECTED_PASS) {
        return "it passes, and is listed as an expected failure: take its entry out";
    }
    if (result->message) {
        return result->message;
    }
    if (result->expected.state == CS_EXPECTATION_OVER) {
        return "its entry in the list of expected failures is past its day";
    }
    return result->verdict == CS_INFO ? "as recorded" : "no reason given";
}

const char *cs_result_evidence(const struct cs_result *result, const char *kind)
{
    for (size_t i = 0; i < result->n_evidence; i++) {
        if (strcmp(result->evidence[i].kind, kind) == 0) {
            return result->evidence[i].text;
        }
    }
    return NULL;
}

enum cs_outcome cs_report_outcome(const struct cs_report *report, const char **ret_text)
{
    const size_t *n = report->summary.n_verdicts;
    bool is_flaky = cs_report_n_flaky(report) > 0;
    if (report->summary.interrupted) {
        *ret_text = "interrupted";
        return CS_OUTCOME_INTERRUPTED;
    }
    if (cs_run_is_broken(&report->summary, false) || is_flaky) {
        *ret_text = "failed";
        return CS_OUTCOME_FAILED;
    }
    if (n[CS_ERROR] + n[CS_INCONCLUSIVE] > 0 || report->summary.n_judged == 0) {
        *ret_text = report->summary.n_judged == 0 && n[CS_ERROR] + n[CS_INCONCLUSIVE] == 0
                        ? "nothing was judged"
                        : "not everything could be judged";
        return CS_OUTCOME_UNJUDGED;
    }
    bool is_warned = cs_run_is_broken(&report->summary, true);
    *ret_text = is_warned ? "passed, with warnings" : "passed";
    return is_warned ? CS_OUTCOME_WARNED : CS_OUTCOME_PASSED;
}

const char *cs_report_peer_version(const struct cs_report *report)
{
    const struct cs_report_peer *peer = &report->peer;
    bool is_sdk = peer->kind && strcmp(peer->kind, "sdk") == 0;
    const char *version = is_sdk && peer->label ? peer->label : peer->version;
    return version ? version : "";
}

struct cs_view cs_case_area(const struct cs_case *test)
{
    const char *first = strchr(test->id, '/');
    const char *start = first ? first + 1 : test->id;
    const char *end = strchr(start, '/');
    return cs_view_of(start, end ? (size_t)(end - start) : strlen(start));
}
