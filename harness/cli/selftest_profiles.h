/* selftest --profiles: the built-in endpoint as a server of each version, held to each version. */
#ifndef CHATSPEC_CLI_SELFTEST_PROFILES_H
#define CHATSPEC_CLI_SELFTEST_PROFILES_H

#include "cli/options.h"
#include "suite/requirement.h"
#include "suite/runner.h"

/* Runs `n` cases (their `test` is read) in all pairs of versions and prints what shows. Gives the
 * exit status. */
int cs_selftest_profiles(const struct cs_args *args, const struct cs_requirements *set,
                         const struct cs_work *selected, size_t n);

#endif
