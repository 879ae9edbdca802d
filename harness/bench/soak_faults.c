/* The faults that a session can be given, and what the client must make of each. */
#include "bench/soak.h"

#define OK      CS_CHAT_OK
#define REFUSED CS_CHAT_REFUSED
#define NOBODY  CS_CHAT_UNREACHABLE
#define GAVE_UP CS_CHAT_GAVE_UP
#define ROW(kind, text, send, read)  \
    {                                \
        kind, text, text, send, read \
    }
#define RULE(text, send, read) ROW(SOAK_RULE, text, send, read)
/* Of kinds that the client must not notice at all: without a rule, and with one. */
#define DONE(kind, text)         \
    {                            \
        kind, text, NULL, OK, OK \
    }
#define UNSEEN(kind, text, rule) \
    {                            \
        kind, text, rule, OK, OK \
    }
#define EACH(what)                                                                              \
    RULE(what " 1: 500", OK, OK), RULE(what " 1: 503", OK, OK), RULE(what " 1: reset", OK, OK), \
        RULE(what " 1-3: reset", OK, OK), RULE(what " 1: silent", OK, OK),                      \
        RULE(what " 1: delay 400", OK, OK), RULE(what " 2: reset", OK, OK)
#define DONE_ONCE(what)                                                           \
    RULE(what " 1: apply-reset", OK, OK), RULE(what " 1-2: apply-reset", OK, OK), \
        RULE(what " 1: apply-silent", OK, OK), RULE(what " 1: apply-delay 400", OK, OK)

static const struct soak_fault faults[] = {
    EACH("create"),
    DONE_ONCE("create"),
    RULE("create 1-9: 500", REFUSED, OK),
    RULE("create 1-9: reset", NOBODY, OK),
    RULE("create 1: 422", REFUSED, OK),
    EACH("append/in"),
    DONE_ONCE("append/in"),
    RULE("append/in 1-4: 503", OK, OK),
    RULE("append/in 1-9: 503", REFUSED, OK),
    RULE("append/in 1-9: reset", NOBODY, OK),
    RULE("append/in 1-9: apply-reset", NOBODY, OK),
    RULE("append/in 1: 401", OK, OK),
    RULE("append/in 1-2: 401", REFUSED, OK),
    RULE("append/in 1: 404", OK, OK),
    RULE("append/in 1: 413", REFUSED, OK),
    RULE("append/in 1: 409 {\"ok\":false,\"code\":\"session_closed\"}", CS_CHAT_CLOSED, OK),
    EACH("out"),
    RULE("out 1: cut", OK, OK),
    RULE("out 1-3: cut", OK, OK),
    RULE("out 1: end", OK, OK),
    RULE("out 1: 401", OK, OK),
    RULE("out 1: 403", OK, OK),
    RULE("out 1-9: 500", OK, REFUSED),
    RULE("out 1-9: reset", OK, GAVE_UP),
    RULE("out 1: 404", OK, REFUSED),
    DONE(SOAK_CUT, "a connection ends at a byte"),
    DONE(SOAK_HALF, "half an append, then all of it"),
    DONE(SOAK_TWICE, "an append again"),
    DONE(SOAK_TWIN, "a record of out again"),
    DONE(SOAK_READER, "a reader that leaves and resumes"),
    UNSEEN(SOAK_REORDER, "answers in another order", "append/in 2: delay 300"),
    UNSEEN(SOAK_REORDER, "answers in another order", "append/in 2: apply-delay 300"),
    UNSEEN(SOAK_CLOSE, "the answer to a close is lost", "close 1: apply-reset"),
    UNSEEN(SOAK_CLOSE, "a close is lost", "close 1: reset"),
    ROW(SOAK_S2S, "s2s 1: reset", OK, OK),
    ROW(SOAK_S2S, "s2s 1: apply-reset", OK, OK),
    ROW(SOAK_S2S, "s2s-batch 1: apply-reset", OK, OK),
    ROW(SOAK_S2S, "s2s-batch 2: apply-reset", OK, OK),
    ROW(SOAK_S2S, "s2s-batch 2: reset", OK, OK),
    ROW(SOAK_S2S, "s2s-batch 2: terminal 503", OK, OK),
    ROW(SOAK_S2S, "s2s-batch 1: delay 40", OK, OK),
};
#define N_FAULTS (sizeof faults / sizeof faults[0])

/* Kinds of a single row would otherwise be rare: half of the draws are by kind. */
const struct soak_fault *soak_draw_fault(struct soak *soak)
{
    uint64_t kind = soak_draw(soak, (uint64_t)2 * SOAK_KINDS);
    for (;;) {
        const struct soak_fault *fault = &faults[soak_draw(soak, N_FAULTS)];
        if (kind >= SOAK_KINDS || (uint64_t)fault->kind == kind) {
            return fault;
        }
    }
}

const char *soak_kind_name(enum soak_kind kind)
{
    static const char *const names[SOAK_KINDS] = {
        [SOAK_RULE] = "rules",     [SOAK_CUT] = "cuts",     [SOAK_HALF] = "half appends",
        [SOAK_TWICE] = "repeats",  [SOAK_TWIN] = "twins",   [SOAK_REORDER] = "reordered",
        [SOAK_READER] = "readers", [SOAK_CLOSE] = "closes", [SOAK_S2S] = "append sessions"};
    return names[kind];
}
