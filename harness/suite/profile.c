#include "suite/profile.h"

#include <stdio.h>

enum cs_err cs_profile_init(const char *name, const struct cs_requirements *set,
                            struct cs_profile *ret_profile, struct cs_diag *diag)
{
    struct cs_profile profile = {.set = set, .name = name ? name : CS_PROFILE_LATEST};
    struct cs_version oldest = {0};
    enum cs_err err = cs_version_parse(profile.name, &profile.version);
    if (err != CS_OK || cs_version_parse(CS_PROFILE_OLDEST, &oldest) != CS_OK) {
        return cs_fail(diag, CS_ERR_SYNTAX, 0, "'%.40s' is no version such as " CS_PROFILE_LATEST,
                       profile.name);
    }
    if (cs_version_compare(profile.version, oldest) < 0) {
        return cs_fail(diag, CS_ERR_RANGE, 0,
                       "%.40s is older than " CS_PROFILE_OLDEST ", the first version with sessions",
                       profile.name);
    }
    *ret_profile = profile;
    return CS_OK;
}

void cs_profile_of_sdk(const char *version, const struct cs_requirements *set,
                       struct cs_profile *ret_profile, char ret_remark[CS_PROFILE_REMARK_MAX])
{
    struct cs_profile newest = {.set = set, .name = CS_PROFILE_LATEST, .published = true};
    ret_remark[0] = '\0';
    (void)!cs_version_parse(CS_PROFILE_LATEST, &newest.version);
    if (cs_profile_init(version, set, ret_profile, NULL) == CS_OK &&
        cs_version_compare(ret_profile->version, newest.version) <= 0) {
        ret_profile->published = true;
        return;
    }
    *ret_profile = newest;
    snprintf(ret_remark, CS_PROFILE_REMARK_MAX,
             "%.64s is none of the versions that the catalogue describes (" CS_PROFILE_OLDEST
             " to " CS_PROFILE_LATEST "): it is held to " CS_PROFILE_LATEST,
             version);
}

/* The catalogue was checked when it was read, so its versions parse. */
static bool is_before(struct cs_version version, const char *limit)
{
    struct cs_version parsed = {0};
    return limit && cs_version_parse(limit, &parsed) == CS_OK &&
           cs_version_compare(version, parsed) < 0;
}

static bool is_after(struct cs_version version, const char *limit)
{
    struct cs_version parsed = {0};
    return limit && cs_version_parse(limit, &parsed) == CS_OK &&
           cs_version_compare(version, parsed) > 0;
}

bool cs_profile_has(const struct cs_profile *profile, const struct cs_requirement *requirement)
{
    return !is_before(profile->version, requirement->since) &&
           !is_after(profile->version, requirement->until);
}

static bool lacks(const struct cs_profile *profile, const struct cs_requirement *item)
{
    return !cs_profile_has(profile, item);
}

static bool breaks(const struct cs_profile *profile, const struct cs_requirement *item)
{
    return item->defect_since && !is_before(profile->version, item->defect_since) &&
           !is_after(profile->version, item->defect_until);
}

/* The first requirement of the case of which that is so, or NULL. */
static const struct cs_requirement *
first_of(const struct cs_profile *profile, const struct cs_case *test,
         bool (*is_so)(const struct cs_profile *profile, const struct cs_requirement *item))
{
    for (const char *at = test->requirements; *at;) {
        char id[64];
        size_t len = strcspn(at, " ");
        snprintf(id, sizeof id, "%.*s", (int)len, at);
        const struct cs_requirement *item = cs_requirement_find(profile->set, id);
        if (item && is_so(profile, item)) {
            return item;
        }
        at += len + (at[len] == ' ');
    }
    return NULL;
}

bool cs_profile_leaves_out(const struct cs_profile *profile, const struct cs_case *test,
                           char *ret_reason, size_t size)
{
    if (!first_of(profile, test, lacks)) {
        return false;
    }
    snprintf(ret_reason, size, "its requirement does not hold in profile %s", profile->name);
    return true;
}

const struct cs_requirement *cs_profile_defect(const struct cs_profile *profile,
                                               const struct cs_case *test)
{
    return profile->published ? first_of(profile, test, breaks) : NULL;
}

bool cs_profiles_differ(const struct cs_profile *a, const struct cs_profile *b,
                        const struct cs_requirement *requirement)
{
    if (cs_profile_has(a, requirement) != cs_profile_has(b, requirement)) {
        return true;
    }
    for (size_t i = 0; i < a->set->n_facts; i++) {
        const struct cs_fact *fact = &a->set->facts[i];
        if (cs_fact_is_of(fact, requirement->id) &&
            cs_fact_at(fact, a->version) != cs_fact_at(fact, b->version)) {
            return true;
        }
    }
    return false;
}
