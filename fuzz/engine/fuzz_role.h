/* The targets as a role of the suite: a case each, whose subject is libFuzzer's program for it. So
 * selection, progress, Ctrl-C and reports are those of every other role.
 */
#ifndef CHATSPEC_FUZZ_ENGINE_FUZZ_ROLE_H
#define CHATSPEC_FUZZ_ENGINE_FUZZ_ROLE_H

#include "suite/case.h"

#define CS_FUZZ_MAX_TARGETS 32

/* How the targets are doing, in the order of the cases; in memory that they share with the one who
 * shows it. */
struct cs_fuzz_live {
    struct cs_fuzz_count {
        _Atomic uint64_t executions;
        _Atomic uint64_t duration_ms;
        _Atomic uint64_t coverage; /* see engine_log.h */
        _Atomic uint64_t features;
        _Atomic uint64_t findings;
    } targets[CS_FUZZ_MAX_TARGETS];
};

struct cs_fuzz_env {
    const char *programs; /* folder of fuzz_TARGET */
    const char *home;     /* the project's folder: fuzz/TARGET.dict, corpus/TARGET */
    const char *inputs;   /* folder where what is found interesting is kept, between runs too */
    const char *findings; /* folder for inputs that bring a fault about */
    uint64_t seconds;     /* for each target; 0: until `runs` */
    uint64_t runs;        /* inputs for each target; 0: until `seconds` */
    uint64_t seed;        /* of the engine, which takes 32 bits of it */
    struct cs_fuzz_live *live;
};

/* Appends a table of what the targets have done so far. */
void cs_fuzz_table(const struct cs_fuzz_live *live, struct cs_buf *out);

/* `env` of its cases is a struct cs_fuzz_env. */
extern const struct cs_role cs_fuzz_role;

#endif
