/* What came of a case, as the runner keeps it and the report writers read it.
 *
 * All text in here is safe to show: secrets are out, control bytes escaped, UTF-8 valid.
 */
#ifndef CHATSPEC_SUITE_RESULT_H
#define CHATSPEC_SUITE_RESULT_H

#include "suite/case.h"

/* One piece of evidence; see cs_case_evidence for `kind`. The runner adds the kinds "expected",
 * "actual" and "output" (what the case's process printed). */
struct cs_evidence {
    char *kind;
    char *title;
    char *text;
    uint64_t left_out; /* bytes that were cut from the end of the text */
    int64_t at_ms;     /* since the case began; -1: not known, which a new one begins with */
};

struct cs_observation {
    char *name;
    char *value;
    char *recorded; /* what the requirement says instead; NULL when the value is that or any */
};

/* What the user's own list of expected failures (reports/expect.h) says of a result. */
enum cs_expected_state {
    CS_NOT_LISTED,
    CS_EXPECTED_FAILURE, /* fails as listed: does not count */
    CS_TOLERATED_PASS,   /* passes, and the list says that it does not always */
    CS_UNEXPECTED_PASS,  /* passes, and is listed: the entry has to go */
    CS_EXPECTATION_OVER  /* listed until a day that is past: judged as if it were not */
};
#define CS_N_EXPECTED_STATES 5

struct cs_expected {
    enum cs_expected_state state;
    char *reason; /* NULL with CS_NOT_LISTED, else the entry's, as is `until` */
    char *until;  /* its last day: "2027-01-31" */
    bool flaky;   /* the entry says that the case passes at times */
};

/* A zeroed struct is the result of a case that was not run. */
struct cs_result {
    bool done; /* false: not run, or the run was interrupted before its end */
    bool ran;  /* the case's own code was run (a skip for a missing need never runs it) */
    enum cs_verdict verdict;
    bool differs; /* something recorded is not as the requirement says */
    bool known;   /* see suite/defect.h: a fail or warn was to be expected, a pass was not */
    struct cs_expected expected;
    char *message; /* NULL: nothing to say */
    struct cs_observation *observations;
    size_t n_observations;
    struct cs_evidence *evidence;
    size_t n_evidence;
    unsigned n_attempts;
    int64_t duration_ms; /* of the last attempt */
};

void cs_result_free(struct cs_result *result);
/* The pieces below copy their text and return false when out of memory. */
bool cs_result_set_message(struct cs_result *result, const char *text);
bool cs_result_observe(struct cs_result *result, const char *name, const char *value,
                       const char *recorded);
bool cs_result_add_evidence(struct cs_result *result, const char *kind, const char *title,
                            const char *text, uint64_t left_out);
/* Replaces what the list says; with CS_NOT_LISTED the texts are not looked at. */
bool cs_result_set_expected(struct cs_result *result, const struct cs_expected *expected);
const char *cs_expected_state_name(enum cs_expected_state state);
/* Frees the evidence alone. */
void cs_result_drop_evidence(struct cs_result *result);

#endif
