/* Reading a JSON report back, for those who compare or merge reports. */
#ifndef CHATSPEC_REPORTS_REPORT_READ_H
#define CHATSPEC_REPORTS_REPORT_READ_H

#include "suite/result.h"

/* Texts are those of the document and live as long as the struct. */
struct cs_read_case {
    const char *id;
    enum cs_level level;
    enum cs_verdict verdict;
    const char *message;              /* "" when there is none */
    char *requirements;               /* ids divided by single spaces */
    const struct cJSON *observations; /* an object of strings */
};

struct cs_read_report {
    const char *suite;
    const char *profile;
    const char *peer_name;
    const char *peer_version;
    const char *peer_source; /* "" when its version says it all */
    const char *peer_parser; /* "" when not known */
    bool interrupted;
    struct cs_read_case *cases; /* sorted by id */
    size_t n_cases;
    struct cJSON *document;
};

/* Any JSON document; its texts may hold any bytes. The caller deletes it. Errors, with a line for
 * people in diag: CS_ERR_IO, CS_ERR_LIMIT (over 512 MiB), CS_ERR_SYNTAX, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_document_read(const char *path, struct cJSON **ret_document,
                                         struct cs_diag *diag);
CS_MUST_USE enum cs_err cs_document_parse(struct cs_view text, const char *label,
                                          struct cJSON **ret_document, struct cs_diag *diag);

/* The name as reports have it; false when it is none. */
bool cs_read_verdict(const char *name, enum cs_verdict *ret_verdict);
bool cs_read_level(const char *name, enum cs_level *ret_level);

/* Reads a whole report file. Errors, each with a line for people in diag that names the path:
 * CS_ERR_IO (cannot be read), CS_ERR_LIMIT (over 512 MiB), CS_ERR_SYNTAX (not JSON), CS_ERR_TYPE
 * (no report of schema chatspec-report/1, or one that is damaged), CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_report_read(const char *path, struct cs_read_report *ret_report,
                                       struct cs_diag *diag);
/* The same from the text of one; `label` stands for it in diag. */
CS_MUST_USE enum cs_err cs_report_parse(struct cs_view text, const char *label,
                                        struct cs_read_report *ret_report, struct cs_diag *diag);
void cs_read_report_free(struct cs_read_report *report);
/* NULL when the report has no case of that id. */
const struct cs_read_case *cs_read_report_find(const struct cs_read_report *report, const char *id);

#endif
