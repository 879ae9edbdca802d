/* A whole report read back from its JSON, as the model that every writer works on: for merging, and
 * to make JUnit or any other form of a stored report.
 *
 * A report file is input like any other: it may come from another machine, and what is in it goes
 * to terminals. Text is made safe to show again, ids and counts are checked, and the digest of the
 * executed cases must fit the cases. */
#ifndef CHATSPEC_REPORTS_REPORT_LOAD_H
#define CHATSPEC_REPORTS_REPORT_LOAD_H

#include "reports/report.h"

struct cJSON;

/* `report` points into the rest, which lives until cs_stored_report_free. Its cases are those of
 * the document in that order, all of them done; roles and cases have the members that writers
 * read, and cannot be run. */
struct cs_stored_report {
    struct cs_report report;
    struct cs_role *roles; /* one for each name */
    size_t n_roles;
    struct cs_case *tests;
    struct cs_work *work;
    struct cs_result *results;
    struct cs_repeat *repeats;
    struct cs_report_origin *origins;
    char **texts; /* what the others borrow */
    size_t n_texts;
};

/* Errors, with a line for people in diag that begins with `label`: CS_ERR_TYPE (no report of schema
 * chatspec-report/1, a damaged one, one whose cases are not those that it says were run),
 * CS_ERR_NO_MEMORY. Nothing of the document is kept. */
CS_MUST_USE enum cs_err cs_report_load_document(const struct cJSON *document, const char *label,
                                                struct cs_stored_report *ret_stored,
                                                struct cs_diag *diag);
/* The same from a file. Errors: those of cs_document_read too. */
CS_MUST_USE enum cs_err cs_report_load(const char *path, struct cs_stored_report *ret_stored,
                                       struct cs_diag *diag);
void cs_stored_report_free(struct cs_stored_report *stored);

#endif
