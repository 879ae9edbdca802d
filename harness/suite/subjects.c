#include "suite/subjects.h"

#include <stdio.h>
#include <stdlib.h>

#define PATIENCE 3u /* errors before a subject is suspected */

/* Place of the item's subject; subjects->n when it is a new one. */
static size_t find(const struct cs_subjects *subjects, const struct cs_work *work)
{
    /* From the newest: neighbours mostly share a subject. */
    for (size_t at = subjects->n; at > 0; at--) {
        const struct cs_subject *subject = &subjects->items[at - 1];
        if (subject->role == work->role && subject->env == work->env) {
            return at - 1;
        }
    }
    return subjects->n;
}

enum cs_err cs_subjects_init(struct cs_subjects *subjects, const struct cs_work *work, size_t n)
{
    *subjects = (struct cs_subjects){0};
    subjects->items = calloc(n ? n : 1, sizeof *subjects->items);
    subjects->of = calloc(n ? n : 1, sizeof *subjects->of);
    if (!subjects->items || !subjects->of) {
        cs_subjects_free(subjects);
        return CS_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        size_t at = find(subjects, &work[i]);
        if (at == subjects->n) {
            const struct cs_role *role = work[i].role;
            subjects->items[subjects->n++] = (struct cs_subject){
                .role = role,
                .env = work[i].env,
                .offers = role->offers ? role->offers(work[i].env) : 0,
                .patience = PATIENCE,
            };
        }
        subjects->of[i] = at;
    }
    return CS_OK;
}

void cs_subjects_free(struct cs_subjects *subjects)
{
    free(subjects->items);
    free(subjects->of);
    *subjects = (struct cs_subjects){0};
}

struct cs_subject *cs_subject_of(struct cs_subjects *subjects, size_t index)
{
    return &subjects->items[subjects->of[index]];
}

static void bury(struct cs_subject *subject, const char *what, const struct cs_diag *why)
{
    subject->dead = true;
    snprintf(subject->reason, sizeof subject->reason, "%s: %s", what,
             why->text[0] ? why->text : "no reason given");
}

static void examine(struct cs_subject *subject)
{
    const struct cs_role *role = subject->role;
    struct cs_diag diag = {0};
    const char *requirement = NULL;
    bool first = !subject->probed;
    subject->probed = true;
    subject->n_errors = 0;
    if (role->probe && role->probe(subject->env, &diag) != CS_OK) {
        subject->silent = true;
        bury(subject, first ? "the peer cannot be reached" : "the peer can no longer be reached",
             &diag);
    } else if (role->canary && role->canary(subject->env, &requirement, &diag) != CS_OK) {
        bury(subject,
             first ? "the peer does not do what all cases begin with"
                   : "the peer has stopped answering properly",
             &diag);
        /* one that did it before has trouble, and is not judged by that */
        subject->broken = first ? requirement : NULL;
    }
}

bool cs_subject_can(struct cs_subject *subject, const struct cs_case *test)
{
    if (!subject->probed) {
        examine(subject);
    }
    return !subject->dead || (subject->broken && cs_case_lists(test, subject->broken));
}

void cs_subject_ended(struct cs_subject *subject, enum cs_verdict verdict)
{
    if (verdict == CS_PASS || verdict == CS_INFO) {
        subject->n_errors = 0;
    } else if (verdict == CS_ERROR) {
        subject->n_errors++;
    }
    if (subject->n_errors >= subject->patience && !subject->dead) {
        subject->patience *= 2;
        examine(subject);
    }
}

bool cs_subject_still_there(struct cs_subject *subject)
{
    struct cs_diag diag = {0};
    const struct cs_role *role = subject->role;
    if (!subject->dead && role->probe && role->probe(subject->env, &diag) != CS_OK) {
        subject->silent = true;
        bury(subject, "the peer can no longer be reached", &diag);
    }
    return !subject->silent;
}

void cs_subject_slot(struct cs_subject *subject, const struct cs_diag *diag)
{
    subject->n_slot_failures = diag ? subject->n_slot_failures + 1 : 0;
    if (subject->n_slot_failures >= PATIENCE) {
        subject->dead = true;
        snprintf(subject->reason, sizeof subject->reason, "the peer does not start: %s",
                 diag->text);
    }
}

const char *cs_missing_need(unsigned needs, unsigned offers, bool include_long)
{
    static const struct {
        unsigned bit;
        const char *reason;
    } rows[] = {
        {CS_NEEDS_SECRET_KEY, "needs a secret key of the environment"},
        {CS_NEEDS_MINT, "needs the key that signs tokens, to sign its own"},
        {CS_NEEDS_SCOPES,
         "needs tokens with scopes of its choice: the key that signs them, or a server "
         "that hands them out"},
        {CS_NEEDS_STREAM, "needs write access to the stream store"},
        {CS_NEEDS_S2, "needs to read the stream store directly (--s2-url)"},
        {CS_NEEDS_TWO_ENVIRONMENTS, "needs a secret key of a second environment"},
        {CS_NEEDS_RUN, "needs a live agent behind the session"},
        {CS_NEEDS_RESTRICTED_KEY, "needs a restricted key"},
        {CS_NEEDS_PREVIEW, "needs the key of a preview environment and a branch"},
        {CS_NEEDS_RUNS_API, "needs the API that reads and cancels runs"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((needs & rows[i].bit) && !(offers & rows[i].bit)) {
            return rows[i].reason;
        }
    }
    return (needs & CS_NEEDS_LONG) && !include_long
               ? "takes half a minute or more: runs with --include long"
               : NULL;
}
