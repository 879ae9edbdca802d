/* What the list of expected failures said of a run, in the terminal: a line per case, because who
 * wrote the list knows these cases, and what does not fit any more with what to do about it. */
#include "reports/expect.h"
#include "reports/report.h"

static const struct {
    enum cs_expected_state state;
    const char *heading;
} sections[] = {
    {CS_EXPECTED_FAILURE, "expected to fail"},
    {CS_TOLERATED_PASS, "passed this time, and listed as flaky"},
    {CS_UNEXPECTED_PASS, "passed though they are listed: take their entries out"},
    {CS_EXPECTATION_OVER, "listed until a day that is past: look again, then move it or fix it"},
};

static size_t count(const struct cs_report *report, enum cs_expected_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < report->n; i++) {
        n += report->results[i].done && report->results[i].expected.state == state;
    }
    return n;
}

static void put_line(const struct cs_report *report, size_t index, struct cs_buf *out)
{
    const struct cs_result *result = &report->results[index];
    const struct cs_expected *expected = &result->expected;
    bool is_missing = strcmp(expected->reason, CS_EXPECT_NO_REASON) == 0;
    cs_buf_printf(out, "    %s %s\n      until %s: %s%s\n", cs_verdict_name(result->verdict),
                  report->work[index].test->id, expected->until,
                  is_missing ? "reason missing" : expected->reason,
                  expected->flaky ? " (flaky)" : "");
}

void cs_report_expected_terminal(const struct cs_report *report, struct cs_buf *out)
{
    for (size_t s = 0; s < sizeof sections / sizeof sections[0]; s++) {
        size_t n = count(report, sections[s].state);
        if (n == 0) {
            continue;
        }
        cs_buf_printf(out, "\n  %zu %s:\n", n, sections[s].heading);
        for (size_t i = 0; i < report->n; i++) {
            if (report->results[i].done && report->results[i].expected.state == sections[s].state) {
                put_line(report, i, out);
            }
        }
    }
}
