/* A profile: the version of the protocol that a peer is held to.
 *
 * What changed between versions is data of the catalogue: `since` and `until` of a requirement say
 * whether it holds at all, and its facts say what it asks for. Cases ask for facts by name
 * (cs_case_fact) and never for versions.
 */
#ifndef CHATSPEC_SUITE_PROFILE_H
#define CHATSPEC_SUITE_PROFILE_H

#include "suite/requirement.h"
#include "wire/version.h"

/* The newest version that the catalogues describe, and the oldest. */
#define CS_PROFILE_LATEST "4.8.3"
#define CS_PROFILE_OLDEST "4.5.0"

struct cs_profile {
    const struct cs_requirements *set;
    const char *name; /* as given */
    struct cs_version version;
    bool published; /* the peer is the published SDK of that version, not merely held to it */
};

/* `name` is a version from 4.5.0 on, or NULL for the newest described; borrowed, as is the set.
 * Errors: CS_ERR_SYNTAX, CS_ERR_RANGE (older than the oldest), with a line for people in diag. */
CS_MUST_USE enum cs_err cs_profile_init(const char *name, const struct cs_requirements *set,
                                        struct cs_profile *ret_profile, struct cs_diag *diag);

/* The profile of a published SDK: of its own version where the catalogues describe that, else of
 * the newest that they do, which *ret_remark then tells people (it is empty otherwise). `version`
 * is borrowed, as is the set. */
#define CS_PROFILE_REMARK_MAX 192
void cs_profile_of_sdk(const char *version, const struct cs_requirements *set,
                       struct cs_profile *ret_profile, char ret_remark[CS_PROFILE_REMARK_MAX]);

/* False when the requirement does not hold in that version. */
bool cs_profile_has(const struct cs_profile *profile, const struct cs_requirement *requirement);
/* Why the case is left out under this profile (a requirement that it lists does not hold), written
 * to `ret_reason`; false when it is not. */
bool cs_profile_leaves_out(const struct cs_profile *profile, const struct cs_case *test,
                           char *ret_reason, size_t size);
/* The requirement of the case that the published SDK of this profile is known to break, or NULL. */
const struct cs_requirement *cs_profile_defect(const struct cs_profile *profile,
                                               const struct cs_case *test);
/* Do the two profiles ask for something else in this requirement: does one lack it, or do they
 * differ in one of its facts? */
bool cs_profiles_differ(const struct cs_profile *a, const struct cs_profile *b,
                        const struct cs_requirement *requirement);

#endif
