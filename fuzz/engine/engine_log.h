/* What libFuzzer prints while it runs, line by line: how far it is, and what it found. */
#ifndef CHATSPEC_FUZZ_ENGINE_LOG_H
#define CHATSPEC_FUZZ_ENGINE_LOG_H

#include "wire/bytes.h"

#define CS_ENGINE_TEXT_MAX 512

/* A zeroed struct has read nothing. */
struct cs_engine_log {
    uint64_t executions; /* inputs run */
    uint64_t coverage;   /* edges and the like that some input reached ("cov:") */
    uint64_t features;   /* the same with counts told apart ("ft:") */
    uint64_t inputs;     /* kept because each reached something new ("corp:") */
    /* The first complaint of an oracle or a sanitizer, in its own words; empty: none. */
    char cause[CS_ENGINE_TEXT_MAX];
    /* The file that the input was written to which brought it about; empty: none. */
    char artifact[CS_ENGINE_TEXT_MAX];
};

void cs_engine_log_line(struct cs_engine_log *log, struct cs_view line);

#endif
