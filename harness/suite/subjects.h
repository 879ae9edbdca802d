/* Inside the runner: what is known of each subject, so that a dead one is noticed once and not once
 * per case.
 */
#ifndef CHATSPEC_SUITE_SUBJECTS_H
#define CHATSPEC_SUITE_SUBJECTS_H

#include "suite/runner.h"

struct cs_subject {
    const struct cs_role *role;
    const void *env;
    unsigned offers;
    bool probed;
    bool dead;
    bool silent;                        /* dead because nobody answers at all */
    char reason[CS_DIAG_TEXT_MAX + 64]; /* why it is dead */
    const char *broken;       /* requirement that a dead one is still judged by; or NULL */
    unsigned n_errors;        /* with no case between them that passed */
    unsigned patience;        /* how many of them make it suspect */
    unsigned n_slot_failures; /* in a row */
};

struct cs_subjects {
    struct cs_subject *items;
    size_t n;
    size_t *of; /* per work item: index of its subject */
};

CS_MUST_USE enum cs_err cs_subjects_init(struct cs_subjects *subjects, const struct cs_work *work,
                                         size_t n);
void cs_subjects_free(struct cs_subjects *subjects);
struct cs_subject *cs_subject_of(struct cs_subjects *subjects, size_t index);

/* True when this case can be run against the subject; the first call asks the role's probe and
 * canary. */
bool cs_subject_can(struct cs_subject *subject, const struct cs_case *test);
/* Takes note of how a case ended: after three errors without a pass between them probe and canary
 * are asked again. Each time that they are content, twice as many are needed for the next. */
void cs_subject_ended(struct cs_subject *subject, enum cs_verdict verdict);
/* A case against the subject found fault with it. False when nobody answers there any more: a case
 * that waited in vain then knows nothing, and its verdict is no one's. Sets reason. */
bool cs_subject_still_there(struct cs_subject *subject);
/* slot_open failed, or (diag NULL) it did not. Three failures in a row are the end of a subject. */
void cs_subject_slot(struct cs_subject *subject, const struct cs_diag *diag);

/* What of `needs` is missing, as a reason to skip, or NULL when nothing is. */
const char *cs_missing_need(unsigned needs, unsigned offers, bool include_long);

#endif
