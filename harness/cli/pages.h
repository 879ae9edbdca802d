/* Pages made from the tables: conformance/CASES.md and conformance/FINDINGS.md. A test holds the
 * files to what is written here. */
#ifndef CHATSPEC_CLI_PAGES_H
#define CHATSPEC_CLI_PAGES_H

#include "suite/requirement.h"

/* All cases as Markdown, role by role and area by area. */
void cs_pages_cases(const struct cs_requirements *set, struct cs_buf *out);

enum cs_finding_kind {
    CS_FINDING_NONE,
    CS_FINDING_DEFECT,   /* versions of the published SDK break the requirement */
    CS_FINDING_RECORDED, /* they are known to do it, and no case judges that */
    CS_FINDING_SERVER    /* documents and the server's source disagree */
};

/* What runs show of a requirement beside its verdicts. Texts are one line. */
struct cs_finding {
    enum cs_finding_kind kind;
    char say[1024];
    char command[256]; /* that shows it, without "./chatspec "; "" when no case does */
};

/* *ret_finding has kind CS_FINDING_NONE when nothing is known. Needs no freeing. */
void cs_finding_of(const struct cs_requirements *set, const struct cs_requirement *item,
                   struct cs_finding *ret_finding);

/* All findings as Markdown: SDK versions, readers of streams, the server's source. Errors:
 * CS_ERR_NO_MEMORY, or those of cs_divergences_load. */
CS_MUST_USE enum cs_err cs_pages_findings(const struct cs_requirements *set, struct cs_buf *out,
                                          struct cs_diag *diag);

/* One line of text inside Markdown: what would be markup is escaped, line ends become spaces. */
void cs_pages_prose(struct cs_buf *out, const char *text);

#endif
