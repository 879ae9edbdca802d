/* The case's side of the contract in case.h: what it can ask, and how it ends. */
#include "suite/case.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <cmocka.h>

#include "net/http_client.h"
#include "suite/case_run.h"
#include "suite/profile.h"
#include "suite/random.h"

void *cs_case_subject(const struct cs_case_run *run)
{
    return run->subject;
}

void cs_case_set_subject(struct cs_case_run *run, void *subject)
{
    run->subject = subject;
}

const void *cs_case_env(const struct cs_case_run *run)
{
    return run->env;
}

void *cs_case_slot(const struct cs_case_run *run)
{
    return run->slot;
}

const struct cs_case *cs_case_of(const struct cs_case_run *run)
{
    return run->test;
}

uint64_t cs_case_random(struct cs_case_run *run)
{
    return cs_random_next(&run->random);
}

int64_t cs_case_scale(const struct cs_case_run *run)
{
    return run->scale;
}

int64_t cs_case_time_left(const struct cs_case_run *run)
{
    int64_t left = run->deadline_ms - cs_now_ms();
    return left > 0 ? left : 0;
}

const char *cs_case_name(struct cs_case_run *run)
{
    if (run->name[0] != '\0') {
        return run->name;
    }
    const char *slash = strrchr(run->test->id, '/');
    const char *last = slash ? slash + 1 : run->test->id;
    size_t len = 0;
    for (; last[len] != '\0' && len < 48; len++) {
        char c = last[len];
        bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        run->name[len] = allowed ? c : '-';
    }
    /* From the system and not from the seed: a second run with the same seed must not meet the
     * sessions that the first one left on a server. */
    uint64_t unique = 0;
    if (getrandom(&unique, sizeof unique, 0) != (ssize_t)sizeof unique) {
        unique = cs_random_next(&run->random) ^ (uint64_t)cs_wall_ms();
    }
    snprintf(run->name + len, sizeof run->name - len, "-%016llx", (unsigned long long)unique);
    return run->name;
}

int64_t cs_case_fact(struct cs_case_run *run, const char *name)
{
    const struct cs_fact *fact = run->profile ? cs_fact_find(run->profile->set, name) : NULL;
    if (!fact) {
        cs_case_error(run, "the catalogue has no fact %s, or the run no profile", name);
    }
    return cs_fact_at(fact, run->profile->version);
}

bool cs_case_published(const struct cs_case_run *run)
{
    return run->profile && run->profile->published;
}

/* Records the first outcome; later ones (a tear-down that fails after its case did) do not count.
 */
static void record(struct cs_case_run *run, enum cs_verdict verdict, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));
static void record(struct cs_case_run *run, enum cs_verdict verdict, const char *fmt, va_list args)
{
    if (run->has_outcome) {
        return;
    }
    run->has_outcome = true;
    run->outcome = verdict;
    if (vasprintf(&run->message, fmt, args) < 0) {
        run->message = NULL;
    }
}

static _Noreturn void leave_failed(void)
{
    fail();
    abort(); /* cmocka's fail is not declared to stay away, but does */
}

static _Noreturn void leave_skipped(void)
{
    skip();
    abort();
}

enum cs_verdict cs_verdict_broken(enum cs_level level)
{
    switch (level) {
    case CS_MUST:
        return CS_FAIL;
    case CS_SHOULD:
        return CS_WARN;
    default:
        return CS_INFO;
    }
}

void cs_case_fail(struct cs_case_run *run, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    record(run, cs_verdict_broken(run->test->level), fmt, args);
    va_end(args);
    leave_failed();
}

void cs_case_fail_diff(struct cs_case_run *run, const char *expected, const char *actual,
                       const char *fmt, ...)
{
    if (!run->has_outcome) {
        run->expected = expected ? strdup(expected) : NULL;
        run->actual = actual ? strdup(actual) : NULL;
    }
    va_list args;
    va_start(args, fmt);
    record(run, cs_verdict_broken(run->test->level), fmt, args);
    va_end(args);
    leave_failed();
}

void cs_case_skip(struct cs_case_run *run, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    record(run, CS_SKIP, fmt, args);
    va_end(args);
    leave_skipped();
}

void cs_case_error(struct cs_case_run *run, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    record(run, CS_ERROR, fmt, args);
    va_end(args);
    leave_failed();
}

void cs_case_inconclusive(struct cs_case_run *run, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    record(run, CS_INCONCLUSIVE, fmt, args);
    va_end(args);
    leave_failed();
}
