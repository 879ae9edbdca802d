/* What the reading of a stored report's head and of its cases share. */
#ifndef CHATSPEC_REPORTS_REPORT_LOAD_IMPL_H
#define CHATSPEC_REPORTS_REPORT_LOAD_IMPL_H

#include "reports/report_load.h"

#define CS_LOAD_MAX_NUMBER 9007199254740991.0 /* what every JSON reader gets right */

struct cs_report_loader {
    const char *label;
    struct cs_diag *diag;
    struct cs_stored_report *stored;
    size_t texts_cap;
    bool out_of_memory;
};

/* NULL when the object has no such member. */
const struct cJSON *cs_load_member(const struct cJSON *object, const char *name);
/* Text that is safe to show; the caller frees it. Of what was safe already nothing changes. */
char *cs_load_safe_copy(const char *text);
/* Keeps a text, which it takes, until the report is freed; NULL for NULL, and out of memory. */
const char *cs_load_keep_text(struct cs_report_loader *loader, char *text);
/* The same of a safe copy of a member; NULL also when that is no text. */
const char *cs_load_keep(struct cs_report_loader *loader, const struct cJSON *object,
                         const char *name);
/* False when the member is not there or no whole number from 0 to `max`. */
bool cs_load_number(const struct cJSON *object, const char *name, double max, uint64_t *ret_number);
/* Reads the i-th case into the report's arrays; false when it is damaged, or out of memory. */
bool cs_load_case(struct cs_report_loader *loader, const struct cJSON *row, size_t i);

#endif
