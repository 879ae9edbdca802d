/* Writes HTML reports for a browser to open: write_pages FOLDER N_CASES
 *
 *   run.html, versions.html, compare.html   hostile texts everywhere (hostile_page.h)
 *   large.html                              a run of so many cases, with evidence
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hostile_page.h"

#define MAX_PAGE   ((size_t)512 << 20)
#define AREA_CASES 80 /* in each area */
#define ID_SIZE    64
#define N_EVIDENCE 12

static void save(const char *folder, const char *name, const char *page, size_t len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(page, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void save_text(const char *folder, const char *name, char *page)
{
    save(folder, name, page, strlen(page));
    free(page);
}

/* Every 50th fails and every 7th is an observation: these have evidence. */
static void end_large(struct cs_report *report, struct cs_result *result, size_t i)
{
    result->done = result->ran = true;
    result->verdict = i % 50 == 0 ? CS_FAIL : i % 7 == 0 ? CS_INFO : CS_PASS;
    result->duration_ms = (int64_t)(i % 900);
    report->summary.n_verdicts[result->verdict]++;
    for (size_t n = 0; result->verdict != CS_PASS && n < N_EVIDENCE; n++) {
        assert_true(cs_result_add_evidence(result, "received", "event stream, from byte 0",
                                           HOSTILE_STREAM, 0));
    }
}

static void save_large(const char *folder, size_t n)
{
    struct hostile base;
    hostile_set_up(&base, "1.0.0", true);
    struct cs_case *rows = calloc(n, sizeof *rows);
    char(*ids)[ID_SIZE] = calloc(n, sizeof *ids);
    struct cs_work *work = calloc(n, sizeof *work);
    struct cs_result *results = calloc(n, sizeof *results);
    assert_true(rows && ids && work && results);
    struct cs_report report = base.report;
    report.summary = (struct cs_run_summary){0};
    for (size_t i = 0; i < n; i++) {
        snprintf(ids[i], sizeof ids[i], "endpoint/area-%zu/case-%zu", i / AREA_CASES, i);
        rows[i] = (struct cs_case){
            .id = ids[i], .title = "what this case is about", .requirements = "TOK-20"};
        work[i] = (struct cs_work){.role = &hostile_role, .test = &rows[i]};
        end_large(&report, &results[i], i);
    }
    report.work = work;
    report.results = results;
    report.n = n;
    struct cs_buf out = CS_BUF(MAX_PAGE);
    cs_report_html(&report, &out);
    assert_int_equal(cs_buf_error(&out), CS_OK);
    save(folder, "large.html", out.ptr, out.len);
    cs_buf_free(&out);
    for (size_t i = 0; i < n; i++) {
        cs_result_free(&results[i]);
    }
    free(rows);
    free(ids);
    free(work);
    free(results);
    hostile_tear_down(&base);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    save_text(argv[1], "run.html", hostile_page_of_run());
    save_text(argv[1], "versions.html", hostile_page_of_versions());
    save_text(argv[1], "compare.html", hostile_page_of_comparison());
    save_large(argv[1], strtoul(argv[2], NULL, 10));
    return 0;
}
