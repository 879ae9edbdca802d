/* What a run came to, as the writers for people tell it: one word for the whole, and the cases that
 * are not as they should be, those that matter most first.
 */
#ifndef CHATSPEC_REPORTS_FINDINGS_H
#define CHATSPEC_REPORTS_FINDINGS_H

#include "reports/report.h"

/* In the order in which they matter. */
enum cs_finding_kind {
    CS_FINDING_BROKEN,  /* a MUST is broken */
    CS_FINDING_FLAKY,   /* not always the same verdict */
    CS_FINDING_ERROR,   /* nothing could be judged */
    CS_FINDING_WARN,    /* a SHOULD is broken */
    CS_FINDING_UNCLEAR, /* the machine was too slow to tell */
    CS_FINDING_FIXED,   /* a known defect that is not there: the catalogue is out of date */
    CS_FINDING_DIFFERS, /* an observation is not as recorded */
    CS_FINDING_KNOWN,   /* a known defect */
    CS_FINDING_NONE
};
#define CS_N_FINDINGS CS_FINDING_NONE

struct cs_finding {
    enum cs_finding_kind kind;
    size_t index; /* of the case in the report */
};

struct cs_findings {
    struct cs_finding *items; /* by kind, then by requirement, then by id */
    size_t n;
    size_t counts[CS_N_FINDINGS];
};

/* False when out of memory. */
bool cs_findings_of(const struct cs_report *report, struct cs_findings *ret_findings);
void cs_findings_free(struct cs_findings *findings);

/* "broken", "flaky", ...: what n of them are called. */
const char *cs_finding_name(enum cs_finding_kind kind, size_t n);
/* What a case says, never NULL. */
const char *cs_result_why(const struct cs_result *result);

/* The text of its first piece of evidence of that kind; NULL when there is none. */
const char *cs_result_evidence(const struct cs_result *result, const char *kind);

enum cs_outcome {
    CS_OUTCOME_PASSED,
    CS_OUTCOME_WARNED, /* passed, with warnings */
    CS_OUTCOME_FAILED,
    CS_OUTCOME_UNJUDGED, /* not everything could be judged, or nothing was */
    CS_OUTCOME_INTERRUPTED
};
/* *ret_text is a few words for people. */
enum cs_outcome cs_report_outcome(const struct cs_report *report, const char **ret_text);

/* Of an SDK that is more than its version: where it came from, its parser. */
const char *cs_report_peer_version(const struct cs_report *report);
/* The second part of "role/area/name". */
struct cs_view cs_case_area(const struct cs_case *test);

#endif
