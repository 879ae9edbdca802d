/* All roles that this program knows, and lookups over their cases. */
#ifndef CHATSPEC_CLI_ROLES_H
#define CHATSPEC_CLI_ROLES_H

#include "suite/case.h"

extern const struct cs_role *const cs_roles[];
extern const size_t cs_n_roles;

/* By exact id, with its role; NULL when there is none. */
const struct cs_case *cs_case_find(const char *id, const struct cs_role **ret_role);
/* Calls `visit` (may be NULL) for each case that lists the requirement; returns how many. */
size_t cs_cases_of_requirement(const char *requirement,
                               void (*visit)(void *ctx, const struct cs_case *test), void *ctx);

#endif
