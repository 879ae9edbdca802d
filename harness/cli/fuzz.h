/* The two halves of `chatspec fuzz`. Each gives the exit status. */
#ifndef CHATSPEC_CLI_FUZZ_H
#define CHATSPEC_CLI_FUZZ_H

#include "cli/options.h"

/* Our own targets under libFuzzer, as cases of a role. */
int cs_fuzz_targets(const struct cs_args *args);
/* Streams made at random through the parser that is named, compared with our own reader. */
int cs_fuzz_parser(const struct cs_args *args);

#endif
