/* What a case is, and what it can say while it runs.
 *
 * A case is a C function in the style of a cmocka test with a table row beside it. It runs in a
 * child process of its own with a deadline: a crash, a hang or a leak in one is a verdict and not
 * the end of the run. cs_case_fail and its siblings leave the function through cmocka's fail and
 * skip, so nothing after them runs; what a case allocated is freed with its process.
 */
#ifndef CHATSPEC_SUITE_CASE_H
#define CHATSPEC_SUITE_CASE_H

#include "wire/bytes.h"

/* How binding a requirement is. It decides what a broken one is worth: a MUST fails, a SHOULD
 * warns, MAY and OBSERVED only inform. */
enum cs_level {
    CS_MUST,
    CS_SHOULD,
    CS_MAY,
    CS_OBSERVED
};

enum cs_verdict {
    CS_PASS,
    CS_FAIL,        /* a MUST is broken */
    CS_WARN,        /* a SHOULD is broken */
    CS_INFO,        /* an observation was recorded, no judgement: how MAY and OBSERVED cases end */
    CS_SKIP,        /* something the case needs is not there: the message says what */
    CS_ERROR,       /* not the peer's fault, or nothing of the peer could be judged */
    CS_INCONCLUSIVE /* the machine was too slow to tell; timing cases only */
};
#define CS_N_VERDICTS 7

/* What a case needs of its subject; the role says what there is. */
enum {
    CS_NEEDS_SECRET_KEY = 1u << 0, /* a secret key of the environment */
    CS_NEEDS_MINT = 1u << 1,       /* may sign tokens of its own (root key) */
    CS_NEEDS_STREAM = 1u << 2,     /* may write to the stream store directly */
    CS_NEEDS_LONG = 1u << 3,       /* takes 30 s or more: only with --include long */
    CS_NEEDS_TWO_ENVIRONMENTS = 1u << 4,
    CS_NEEDS_RUN = 1u << 5,      /* a live agent behind the session */
    CS_NEEDS_RUNS_API = 1u << 6, /* cancel and read runs through the management API */
    CS_NEEDS_S2 = 1u << 7,       /* may read the stream store directly */
    CS_TIMING = 1u << 8,         /* judges durations: retried at 2x and 4x before a verdict */
    CS_NEEDS_SCOPES = 1u << 9,   /* tokens with scopes of one's own choice */
    CS_NEEDS_RESTRICTED_KEY = 1u << 10, /* an additional key whose one scope is write:sessions */
    CS_NEEDS_PREVIEW = 1u << 11,        /* the key of a preview environment, and a branch of it */
    CS_WAITS = 1u << 12 /* cannot end before 1.5 s or more: begins before the others */
};

struct cs_case_run;

struct cs_case {
    const char *id;           /* "endpoint/token/run-scoped-cannot-subscribe"; never changes */
    const char *title;        /* one line, what is right */
    const char *requirements; /* ids divided by single spaces, at least one */
    enum cs_level level;
    unsigned needs;     /* CS_NEEDS_... */
    unsigned timeout_s; /* 0: 30 */
    void (*run)(struct cs_case_run *run);
};

/* True when that requirement is among the case's. */
bool cs_case_lists(const struct cs_case *test, const char *requirement);

/* True when the id is one of those in `ids`, which are divided by single spaces. */
bool cs_ids_hold(const char *ids, const char *id);

/* A role: a table of cases and how to give each its subject. */
struct cs_role {
    const char *name;                    /* "endpoint", "client", ... */
    const struct cs_case *const *groups; /* arrays of cases, each ended by a row with NULL id */
    size_t n_groups;
    /* What the subject in `env` offers (CS_NEEDS_... bits). */
    unsigned (*offers)(const void *env);
    /* In the case's own process, around run. set_up stores the subject with cs_case_set_subject and
     * may fail, skip or error the case. */
    void (*set_up)(struct cs_case_run *run);
    void (*tear_down)(struct cs_case_run *run);
    /* In the runner: something expensive that a worker slot keeps between cases (an adapter
     * process); all may be NULL. slot_open returns NULL with diag on failure: the cases of
     * that slot end in error. A slot is closed and opened afresh after a case that did not end by
     * itself, or when slot_usable says no. */
    void *(*slot_open)(const void *env, struct cs_diag *diag);
    /* How far is a slot that slot_open only began to open? CS_OK: open; CS_ERR_TIMEOUT: not yet,
     * ask again when *ret_fd is readable, or after a while; any other: it failed, with diag. Never
     * waits, so that slots open side by side while cases run. NULL: slot_open does it all. */
    enum cs_err (*slot_poll)(void *slot, int *ret_fd, struct cs_diag *diag);
    bool (*slot_usable)(void *slot);
    void (*slot_close)(void *slot);
    /* In the runner: can the peer be reached at all? Asked before the first case, and again after
     * cases that ended in error; NULL: always. */
    enum cs_err (*probe)(const void *env, struct cs_diag *diag);
    /* In the runner: does the peer do what nearly every case begins with? Asked when probe is
     * content, and at the same times. Where it does not and a requirement says that it must,
     * *ret_requirement is its id: its own cases are run then, and no others. NULL: always. */
    enum cs_err (*canary)(const void *env, const char **ret_requirement, struct cs_diag *diag);
    /* In the runner: a few words about what the peer makes the run wait for, or an empty text; for
     * the progress line. NULL: nothing. */
    void (*waits_for)(const void *env, char *text, size_t size);
};

/* ---- inside a case ---- */

/* What set_up stored, and what the runner was given for this subject. */
void *cs_case_subject(const struct cs_case_run *run);
void cs_case_set_subject(struct cs_case_run *run, void *subject);
const void *cs_case_env(const struct cs_case_run *run);
void *cs_case_slot(const struct cs_case_run *run);
const struct cs_case *cs_case_of(const struct cs_case_run *run);
/* A name unique to this run of this case, of letters, digits and '-', for sessions and the like. */
const char *cs_case_name(struct cs_case_run *run);
/* Deterministic random numbers from the run's seed and the case's id. */
uint64_t cs_case_random(struct cs_case_run *run);
/* Times that a timing case may stretch by: 1, then 2 and 4 on retries. */
int64_t cs_case_scale(const struct cs_case_run *run);
/* Milliseconds until the runner ends this case. */
int64_t cs_case_time_left(const struct cs_case_run *run);
/* The case is about to wait for something that is no part of it (a rate limit of the peer): its
 * deadline moves by as much, and its duration does not count it. A timing case that would fail
 * after that is inconclusive. */
void cs_case_extend(struct cs_case_run *run, int64_t ms);

/* A number that changed between versions, for the profile of this run: one of the catalogue's facts
 * by its name (suite/profile.h). */
int64_t cs_case_fact(struct cs_case_run *run, const char *name);

/* Is the peer the published SDK of the run's profile? What the catalogue records of versions is
 * said of that one alone. */
bool cs_case_published(const struct cs_case_run *run);

/* The requirement is broken: fail, warn or info by the case's level. `expected` and `actual` may be
 * NULL. Does not return. */
_Noreturn void cs_case_fail(struct cs_case_run *run, const char *fmt, ...) CS_PRINTF(2, 3);
_Noreturn void cs_case_fail_diff(struct cs_case_run *run, const char *expected, const char *actual,
                                 const char *fmt, ...) CS_PRINTF(4, 5);
/* Something the case needs is not there. */
_Noreturn void cs_case_skip(struct cs_case_run *run, const char *fmt, ...) CS_PRINTF(2, 3);
/* Nothing could be judged: no connection, no memory, our own fault. */
_Noreturn void cs_case_error(struct cs_case_run *run, const char *fmt, ...) CS_PRINTF(2, 3);
_Noreturn void cs_case_inconclusive(struct cs_case_run *run, const char *fmt, ...) CS_PRINTF(2, 3);
/* A message that ends up with a pass or an info. */
void cs_case_note(struct cs_case_run *run, const char *fmt, ...) CS_PRINTF(2, 3);

#define cs_case_check(run, condition, ...)    \
    do {                                      \
        if (!(condition)) {                   \
            cs_case_fail((run), __VA_ARGS__); \
        }                                     \
    } while (0)

/* A named fact about the peer; compare and matrix show how it changes. Same name: replaced. */
void cs_case_observe(struct cs_case_run *run, const char *name, const char *fmt, ...)
    CS_PRINTF(3, 4);

/* The same for a fact that the catalogue tells too: where the value is not `recorded`, the result
 * counts a difference and its message names it. A case of level MAY or OBSERVED ends as an info
 * either way, so that compare and matrix show what changed and no run fails by it. */
void cs_case_observe_as(struct cs_case_run *run, const char *name, const char *recorded,
                        const char *fmt, ...) CS_PRINTF(4, 5);

/* Evidence, kept in order, shown for every verdict but pass. Bytes are escaped, secrets taken out
 * and the text cut here, so callers give what they have. `kind` is one of request, response,
 * event, sent, received, note, stderr; `title` is one line. */
void cs_case_evidence(struct cs_case_run *run, const char *kind, const char *title,
                      struct cs_view bytes);
/* The same for what happened at `now_ms` of cs_now_ms and is told later. */
void cs_case_evidence_at(struct cs_case_run *run, int64_t now_ms, const char *kind,
                         const char *title, struct cs_view bytes);
/* From now on this string is replaced by a placeholder in everything the case reports. JWT
 * signatures and Bearer values are always replaced. */
void cs_case_secret(struct cs_case_run *run, struct cs_view secret);

const char *cs_verdict_name(enum cs_verdict verdict);
const char *cs_level_name(enum cs_level level);

#endif
