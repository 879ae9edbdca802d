#include "reports/areas.h"

#include <stdlib.h>

#include "reports/findings.h"

static struct cs_area_row *row_of(struct cs_area_row *rows, size_t *n, const struct cs_work *work)
{
    struct cs_view area = cs_case_area(work->test);
    for (size_t i = *n; i > 0; i--) { /* most often the last one */
        if (rows[i - 1].role == work->role && cs_view_eq(rows[i - 1].area, area)) {
            return &rows[i - 1];
        }
    }
    rows[*n] = (struct cs_area_row){.role = work->role, .area = area};
    return &rows[(*n)++];
}

bool cs_areas_of(const struct cs_report *report, struct cs_area_row **ret_rows, size_t *ret_n)
{
    struct cs_area_row *rows = calloc(report->n ? report->n : 1, sizeof *rows);
    size_t n = 0;
    if (!rows) {
        return false;
    }
    for (size_t i = 0; i < report->n; i++) {
        const struct cs_result *result = &report->results[i];
        if (result->done) {
            struct cs_area_row *row = row_of(rows, &n, &report->work[i]);
            row->n_verdicts[result->verdict]++;
            row->n_known += (result->known && result->verdict != CS_PASS) ||
                            result->expected.state == CS_EXPECTED_FAILURE;
        }
    }
    *ret_rows = rows;
    *ret_n = n;
    return true;
}

bool cs_area_is_fine(const struct cs_area_row *row)
{
    const size_t *n = row->n_verdicts;
    return n[CS_FAIL] + n[CS_WARN] <= row->n_known && n[CS_ERROR] + n[CS_INCONCLUSIVE] == 0;
}
