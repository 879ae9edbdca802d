/* The JUnit report: one test suite per role. Verdicts that JUnit does not know (warn, info,
 * inconclusive) are passes or skips for a build server; system-out tells the rest. It holds against
 * the schema of Jenkins (junit-4.xsd), which knows no properties of a case and only text in
 * `skipped`. */
#include "reports/report.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/utf8.h"

/* True for what XML 1.0 lets stand in a document. */
static bool is_xml_char(unsigned char byte)
{
    return byte >= 0x20 || byte == '\t' || byte == '\n' || byte == '\r';
}

/* U+FFFE and U+FFFF, which are valid UTF-8 and yet not XML. */
static bool is_noncharacter(struct cs_view rest)
{
    return rest.len >= 3 && memcmp(rest.ptr, "\xef\xbf", 2) == 0 &&
           ((unsigned char)rest.ptr[2] == 0xbe || (unsigned char)rest.ptr[2] == 0xbf);
}

static void put_char(char c, bool attribute, struct cs_buf *out)
{
    switch (c) {
    case '&':
        cs_buf_str(out, "&amp;");
        break;
    case '<':
        cs_buf_str(out, "&lt;");
        break;
    case '>':
        cs_buf_str(out, "&gt;");
        break;
    case '"':
        cs_buf_str(out, "&quot;");
        break;
    case '\r':
        cs_buf_str(out, "&#13;");
        break;
    case '\n':
    case '\t':
        if (attribute) {
            cs_buf_printf(out, "&#%d;", c); /* a plain one would become a space */
        } else {
            cs_buf_char(out, c);
        }
        break;
    default:
        cs_buf_char(out, c);
    }
}

static void xml_text(const char *text, bool attribute, struct cs_buf *out)
{
    struct cs_view rest = cs_view_str(text);
    size_t valid = cs_utf8_valid_prefix(rest);
    while (rest.len > 0) {
        size_t step = 1;
        if (valid == 0 || !is_xml_char((unsigned char)rest.ptr[0])) {
            cs_utf8_put(out, 0xfffd);
        } else if (is_noncharacter(rest)) {
            cs_utf8_put(out, 0xfffd);
            step = 3;
        } else {
            put_char(rest.ptr[0], attribute, out);
        }
        rest = cs_view_of(rest.ptr + step, rest.len - step);
        valid = valid >= step ? valid - step : 0;
        if (valid == 0) {
            valid = cs_utf8_valid_prefix(rest);
        }
    }
}

static void attribute(const char *name, const char *value, struct cs_buf *out)
{
    cs_buf_printf(out, " %s=\"", name);
    xml_text(value, true, out);
    cs_buf_char(out, '"');
}

static void property(const char *name, const char *value, struct cs_buf *out)
{
    cs_buf_str(out, "<property");
    attribute("name", name, out);
    attribute("value", value, out);
    cs_buf_str(out, "/>\n");
}

static void seconds(const char *name, int64_t ms, struct cs_buf *out)
{
    cs_buf_printf(out, " %s=\"%lld.%03lld\"", name, (long long)(ms / 1000), (long long)(ms % 1000));
}

/* Message, evidence and the command that runs the case again, as one text. */
static void details(const struct cs_report *report, size_t index, struct cs_buf *out)
{
    const struct cs_result *result = &report->results[index];
    for (size_t i = 0; i < result->n_evidence; i++) {
        const struct cs_evidence *item = &result->evidence[i];
        cs_buf_str(out, "--- ");
        xml_text(item->kind, false, out);
        cs_buf_str(out, ": ");
        xml_text(item->title, false, out);
        cs_buf_char(out, '\n');
        xml_text(item->text, false, out);
        cs_buf_char(out, '\n');
        if (item->left_out > 0) {
            cs_buf_printf(out, "(%llu bytes left out)\n", (unsigned long long)item->left_out);
        }
    }
    struct cs_buf command = CS_BUF(4096);
    cs_report_rerun(report, index, &command);
    cs_buf_char(&command, '\0');
    if (cs_buf_error(&command) == CS_OK) {
        cs_buf_str(out, "--- run again: ");
        xml_text(command.ptr, false, out);
        cs_buf_char(out, '\n');
    }
    cs_buf_free(&command);
}

static void verdict_element(const char *element, const struct cs_report *report, size_t index,
                            struct cs_buf *out)
{
    const struct cs_result *result = &report->results[index];
    cs_buf_printf(out, "<%s", element);
    attribute("message", result->message ? result->message : "", out);
    attribute("type", cs_level_name(report->work[index].test->level), out);
    cs_buf_char(out, '>');
    details(report, index, out);
    cs_buf_printf(out, "</%s>\n", element);
}

/* A build server shall see what makes the run fail. */
static void flaky(const struct cs_report *report, size_t index, struct cs_buf *out)
{
    struct cs_buf text = CS_BUF(1024);
    cs_buf_str(&text, "flaky: ");
    cs_repeat_describe(&report->repeats[index], &text);
    char *message = cs_buf_take(&text);
    const struct cs_result *different = &report->repeats[index].different;
    cs_buf_str(out, "<failure");
    attribute("message", message ? message : "flaky", out);
    attribute("type", "flaky", out);
    cs_buf_char(out, '>');
    if (different->done) {
        cs_buf_printf(out, "round %u: %s: ", report->repeats[index].different_round,
                      cs_verdict_name(different->verdict));
        xml_text(different->message ? different->message : "", false, out);
        cs_buf_char(out, '\n');
    }
    details(report, index, out);
    cs_buf_str(out, "</failure>\n");
    free(message);
}

/* What the list of expected failures makes of a result: a build server shall be red for what makes
 * the exit status 1, and for nothing else. */
enum listed {
    LISTED_NOT,
    LISTED_SKIPPED, /* an expected failure */
    LISTED_FAILED   /* an unexpected pass, an entry that is past its day */
};

static enum listed listed(const struct cs_result *result)
{
    switch (result->expected.state) {
    case CS_EXPECTED_FAILURE:
        return LISTED_SKIPPED;
    case CS_UNEXPECTED_PASS:
    case CS_EXPECTATION_OVER:
        return LISTED_FAILED;
    default:
        return LISTED_NOT;
    }
}

static void listed_outcome(const struct cs_report *report, size_t index, struct cs_buf *out)
{
    const struct cs_result *result = &report->results[index];
    bool is_failed = listed(result) == LISTED_FAILED;
    struct cs_buf text = CS_BUF((size_t)1024 * 1024);
    cs_buf_printf(&text, "%s, listed until %s: %s%s%s",
                  result->expected.state == CS_EXPECTED_FAILURE  ? "expected failure"
                  : result->expected.state == CS_UNEXPECTED_PASS ? "unexpected pass"
                                                                 : "the entry is past its day",
                  result->expected.until, result->expected.reason, result->message ? ": " : "",
                  result->message ? result->message : "");
    char *message = cs_buf_take(&text);
    cs_buf_str(out, is_failed ? "<failure" : "<skipped");
    attribute("message", message ? message : "", out);
    if (is_failed) {
        attribute("type", cs_expected_state_name(result->expected.state), out);
        cs_buf_char(out, '>');
        details(report, index, out);
        cs_buf_str(out, "</failure>\n");
    } else {
        cs_buf_str(out, "/>\n");
    }
    free(message);
}

/* A known defect does not make the run fail, and no build server shall say that it did. */
static enum cs_verdict verdict_of(const struct cs_result *result)
{
    bool is_defect = result->known && result->verdict != CS_PASS;
    return is_defect ? CS_SKIP : result->verdict;
}

static void outcome(const struct cs_report *report, size_t index, struct cs_buf *out)
{
    if (cs_report_is_flaky(report, index) && !report->results[index].expected.flaky) {
        flaky(report, index, out);
        return;
    }
    const struct cs_result *result = &report->results[index];
    const char *message = result->message ? result->message : "";
    if (listed(result) != LISTED_NOT) {
        listed_outcome(report, index, out);
        return;
    }
    switch (verdict_of(result)) {
    case CS_FAIL:
        verdict_element("failure", report, index, out);
        break;
    case CS_ERROR:
        verdict_element("error", report, index, out);
        break;
    case CS_SKIP:
    case CS_INCONCLUSIVE:
        cs_buf_str(out, "<skipped>");
        xml_text(message, false, out);
        cs_buf_str(out, "</skipped>\n");
        break;
    default:
        break;
    }
}

static void fact(const char *name, const char *value, struct cs_buf *out)
{
    xml_text(name, false, out);
    cs_buf_str(out, ": ");
    xml_text(value, false, out);
    cs_buf_char(out, '\n');
}

/* What of a case no attribute can tell. */
static void facts(const struct cs_report *report, size_t index, struct cs_buf *out)
{
    const struct cs_case *test = report->work[index].test;
    const struct cs_result *result = &report->results[index];
    bool tells_more = result->verdict == CS_WARN || result->verdict == CS_INFO || result->known;
    cs_buf_str(out, "<system-out>");
    fact("title", test->title, out);
    fact("requirements", test->requirements, out);
    fact("level", cs_level_name(test->level), out);
    fact("verdict", cs_verdict_name(result->verdict), out);
    if (result->known) {
        fact("known defect", result->verdict == CS_PASS ? "expected, and not there" : "yes", out);
    }
    for (size_t i = 0; i < result->n_observations; i++) {
        cs_buf_str(out, "observation.");
        fact(result->observations[i].name, result->observations[i].value, out);
    }
    if (tells_more) {
        if (result->message) {
            fact("message", result->message, out);
        }
        details(report, index, out);
    }
    cs_buf_str(out, "</system-out>\n");
}

static void test_case(const struct cs_report *report, size_t index, struct cs_buf *out)
{
    const struct cs_case *test = report->work[index].test;
    const struct cs_result *result = &report->results[index];
    const char *slash = strrchr(test->id, '/');
    struct cs_view group = cs_view_of(test->id, slash ? (size_t)(slash - test->id) : 0);
    cs_buf_printf(out, "<testcase classname=\"%.*s\"", CS_VIEW_ARG(group));
    attribute("name", slash ? slash + 1 : test->id, out);
    seconds("time", result->duration_ms, out);
    cs_buf_str(out, ">\n");
    outcome(report, index, out);
    facts(report, index, out);
    cs_buf_str(out, "</testcase>\n");
}

struct counts {
    size_t tests;
    size_t failures;
    size_t errors;
    size_t skipped;
    int64_t ms;
};

static struct counts count(const struct cs_report *report, const struct cs_role *role)
{
    struct counts counts = {0};
    for (size_t i = 0; i < report->n; i++) {
        const struct cs_result *result = &report->results[i];
        if (!result->done || (role && report->work[i].role != role)) {
            continue;
        }
        counts.tests++;
        counts.ms += result->duration_ms;
        if (cs_report_is_flaky(report, i) && !result->expected.flaky) {
            counts.failures++;
            continue;
        }
        if (listed(result) != LISTED_NOT) {
            counts.failures += listed(result) == LISTED_FAILED;
            counts.skipped += listed(result) == LISTED_SKIPPED;
            continue;
        }
        enum cs_verdict verdict = verdict_of(result);
        counts.failures += verdict == CS_FAIL;
        counts.errors += verdict == CS_ERROR;
        counts.skipped += verdict == CS_SKIP || verdict == CS_INCONCLUSIVE;
    }
    return counts;
}

static void count_attributes(const struct counts *counts, struct cs_buf *out)
{
    cs_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"", counts->tests,
                  counts->failures, counts->errors);
}

static void suite(const struct cs_report *report, const struct cs_role *role, struct cs_buf *out)
{
    struct counts counts = count(report, role);
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)report->seed);
    cs_buf_str(out, "<testsuite");
    attribute("name", role->name, out);
    count_attributes(&counts, out);
    cs_buf_printf(out, " skipped=\"%zu\"", counts.skipped);
    seconds("time", counts.ms, out);
    cs_buf_str(out, ">\n<properties>\n");
    property("chatspec", report->suite, out);
    property("profile", report->profile, out);
    property("peer.kind", report->peer.kind, out);
    property("peer.name", report->peer.name, out);
    property("peer.version", report->peer.version, out);
    property("seed", seed, out);
    if (report->peer.parser && report->peer.parser[0]) {
        property("peer.parser", report->peer.parser, out);
    }
    cs_buf_str(out, "</properties>\n");
    for (size_t i = 0; i < report->n; i++) {
        if (report->results[i].done && report->work[i].role == role) {
            test_case(report, i, out);
        }
    }
    cs_buf_str(out, "</testsuite>\n");
}

static bool seen_before(const struct cs_report *report, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (report->work[i].role == report->work[index].role) {
            return true;
        }
    }
    return false;
}

void cs_report_junit(const struct cs_report *report, struct cs_buf *out)
{
    struct counts all = count(report, NULL);
    cs_buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"chatspec\"");
    count_attributes(&all, out);
    seconds("time", report->duration_ms, out);
    cs_buf_str(out, ">\n");
    for (size_t i = 0; i < report->n; i++) {
        if (!seen_before(report, i)) {
            suite(report, report->work[i].role, out);
        }
    }
    cs_buf_str(out, "</testsuites>\n");
}
