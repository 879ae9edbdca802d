/* Inside the suite: a case while it runs, and the line-by-line message stream to its runner.
 *
 * The child tells the runner what it has as it goes, one JSON object per line, so that a crash or
 * a hang still leaves the evidence up to that point:
 *     {"evidence":{"kind":..,"title":..,"text":..,"left_out":N,"at_ms":N}}
 *     {"observe":{"name":..,"value":..,"recorded":..}}    "recorded" where it differs
 *     {"note":".."}
 *     {"secret":".."}    to take out of what the process printed
 *     {"extend":N}       the deadline moves by N ms
 *     {"end":"pass","assertion":false,"differs":false,"message":"..","expected":"..","actual":".."}
 *                        once, last
 * "end" is a verdict's name; "differs" says that an info is one because something was not as the
 * requirement says. With "assertion" a plain cmocka assertion failed, and what it printed
 * is the message.
 */
#ifndef CHATSPEC_SUITE_CASE_RUN_H
#define CHATSPEC_SUITE_CASE_RUN_H

#include "suite/case.h"
#include "suite/redact.h"

#define CS_EVIDENCE_MAX_ITEM  ((size_t)64 * 1024)
#define CS_EVIDENCE_MAX_CASE  ((size_t)512 * 1024)
#define CS_EVIDENCE_MAX_ITEMS 256u
#define CS_MESSAGE_MAX        ((size_t)8 * 1024)

struct cs_profile;

struct cs_case_run {
    const struct cs_case *test;
    const struct cs_role *role;
    const void *env;
    const struct cs_profile *profile;
    void *slot;
    void *subject;
    int64_t scale;
    int64_t started_ms;  /* cs_now_ms time */
    int64_t deadline_ms; /* the same */
    int64_t extended_ms; /* of that: by cs_case_extend */
    uint64_t random;
    char name[96];
    struct cs_secrets secrets;
    int report_fd;

    bool has_outcome;     /* the first one counts */
    bool returned;        /* the case's function came to its end */
    bool plain_assertion; /* a cmocka assert_... failed: its text is in what the process printed */
    enum cs_verdict outcome;
    char *message; /* raw; made safe when sent */
    char *expected;
    char *actual;
    char *differences; /* "name is A, recorded is B; ...": raw, NULL when there are none */

    /* Bounds on what one case may say. */
    size_t evidence_bytes;
    unsigned n_evidence;
    unsigned n_evidence_dropped;
    unsigned n_observations;
    size_t note_bytes;
};

/* Runs the case through cmocka in this process, which the runner has just forked for it, and sends
 * everything to run->report_fd. Never returns. */
_Noreturn void cs_child_run(struct cs_case_run *run);

/* The last line; `verdict` with the texts that stand in `run`. */
void cs_child_send_end(struct cs_case_run *run, enum cs_verdict verdict);
/* What a broken requirement of that level is worth. */
enum cs_verdict cs_verdict_broken(enum cs_level level);

#endif
