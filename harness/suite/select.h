/* Which cases a run is about. */
#ifndef CHATSPEC_SUITE_SELECT_H
#define CHATSPEC_SUITE_SELECT_H

#include "suite/requirement.h"
#include "suite/runner.h"

/* Patterns as given on the command line, each a comma-separated list of globs ("*" crosses '/').
 * A glob selects the cases whose id it matches, with or without its role ("endpoint/"), and those
 * that list a requirement it matches. */
struct cs_selection {
    const char *const *only; /* none: all */
    size_t n_only;
    const char *const *skip;
    size_t n_skip;
    const char *only_group;            /* cases that list a requirement of that group; NULL: all */
    const struct cs_requirements *set; /* to look groups up; required with only_group */
    unsigned shard;                    /* 1..n_shards; n_shards 0: no sharding */
    unsigned n_shards;
};

/* True when the glob selects the case. */
bool cs_glob_matches(const char *glob, const struct cs_case *test);

/* The cases of the roles that are selected, sorted by id, with `env` still to be set; the caller
 * frees the array. Shards take turns over the sorted ids, first those of long cases and then the
 * others: together they are the whole selection, no case is in two, and their sizes differ by one
 * at most.
 * Errors: CS_ERR_NO_MEMORY; CS_ERR_USAGE when a glob of `only` or `skip` matches no case, no
 * requirement is of the group, or nothing is left: `why` gets a line that names the nearest. */
CS_MUST_USE enum cs_err cs_select(const struct cs_role *const *roles, size_t n_roles,
                                  const struct cs_selection *selection, struct cs_work **ret_work,
                                  size_t *ret_n, struct cs_buf *why);

/* "K/N" with 1 <= K <= N. Errors: CS_ERR_SYNTAX, CS_ERR_RANGE. */
CS_MUST_USE enum cs_err cs_shard_parse(const char *text, unsigned *ret_shard,
                                       unsigned *ret_n_shards);

#endif
