/* What the list of expected failures said of a run, as Markdown: one line per case, folded. What
 * does not fit the list any more is broken, and stands with the findings. */
#include "reports/expect.h"
#include "reports/markdown_part.h"
#include "reports/markdown_text.h"

#define PIECE_MAX ((size_t)64 * 1024)
#define FRAME     1000u /* bytes that the heading, the end and the count of the rest take */

static bool is_listed(const struct cs_result *result)
{
    return result->done && (result->expected.state == CS_EXPECTED_FAILURE ||
                            result->expected.state == CS_TOLERATED_PASS);
}

static void put_case(const struct cs_report *report, size_t index, struct cs_buf *out)
{
    const struct cs_result *result = &report->results[index];
    const struct cs_expected *expected = &result->expected;
    bool is_missing = strcmp(expected->reason, CS_EXPECT_NO_REASON) == 0;
    cs_buf_printf(out, "- %s ", cs_markdown_glyph(result->verdict));
    cs_markdown_code(report->work[index].test->id, CS_MARKDOWN_LINE, out);
    cs_buf_str(out, expected->state == CS_TOLERATED_PASS ? " passed this time, until " : " until ");
    cs_markdown_text(expected->until, CS_MARKDOWN_LINE, out);
    cs_buf_str(out, ": ");
    cs_markdown_text(is_missing ? "reason missing" : expected->reason, CS_MARKDOWN_LINE, out);
    cs_buf_str(out, expected->flaky ? " (flaky)\n" : "\n");
}

void cs_markdown_expected(struct cs_markdown_page *page, const struct cs_report *report)
{
    struct cs_buf piece = CS_BUF(PIECE_MAX);
    size_t n = 0;
    for (size_t i = 0; i < report->n; i++) {
        n += is_listed(&report->results[i]);
    }
    if (n == 0) {
        return;
    }
    if (page->out->len + FRAME > page->limit) {
        cs_buf_printf(page->out, "\n%zu listed as expected failures.\n", n);
        return;
    }
    cs_buf_printf(page->out, "\n<details><summary>%zu listed as expected failure%s</summary>\n\n",
                  n, n == 1 ? "" : "s");
    for (size_t i = 0; i < report->n; i++) {
        if (is_listed(&report->results[i])) {
            put_case(report, i, &piece);
            cs_markdown_add(page, &piece);
        }
    }
    cs_markdown_left_out(page, "expected failures");
    cs_buf_str(page->out, "\n</details>\n");
    cs_buf_free(&piece);
}
