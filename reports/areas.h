/* How a run did by role and area: the rows of the tables. */
#ifndef CHATSPEC_REPORTS_AREAS_H
#define CHATSPEC_REPORTS_AREAS_H

#include "reports/report.h"

struct cs_area_row {
    const struct cs_role *role;
    struct cs_view area; /* part of a case's id */
    size_t n_verdicts[CS_N_VERDICTS];
    size_t n_known; /* of the fails and warns, known defects */
};

/* In the order in which they come in the report; cases that were not done are in none. The caller
 * frees *ret_rows. False when out of memory. */
bool cs_areas_of(const struct cs_report *report, struct cs_area_row **ret_rows, size_t *ret_n);

/* All pass, or record, or were skipped, known defects aside. */
bool cs_area_is_fine(const struct cs_area_row *row);

#endif
