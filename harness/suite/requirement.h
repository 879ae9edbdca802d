/* The requirement catalogues: what the protocol asks for, as data.
 *
 * They live in conformance/requirements/ROLE.json, one requirement per line, and are part of the
 * program. Nothing here judges anything; cases name the ids that they check.
 */
#ifndef CHATSPEC_SUITE_REQUIREMENT_H
#define CHATSPEC_SUITE_REQUIREMENT_H

#include "suite/case.h"
#include "wire/version.h"

#define CS_REQUIREMENTS_SCHEMA "chatspec-requirements/1"
#define CS_REQUIREMENT_CLIENTS 7

/* Strings are those of the catalogue and live as long as the struct cs_requirements. */
struct cs_requirement {
    const char *id;   /* "TOK-20" */
    const char *role; /* "endpoint", "client" or "agent" */
    const char *area; /* "TOK" */
    enum cs_level level;
    const char *text;
    const char *versions;     /* for which versions it holds, in words */
    const char *since;        /* first version, when `versions` says just that; else NULL */
    const char *until;        /* last version, when `versions` says just that; else NULL */
    const char *source;       /* codes that cs_requirements_source explains, and places in them */
    const char *observe;      /* how to see it */
    const char *unobservable; /* why no case can see it from outside; NULL: one can */
    const char *group;        /* "security" and the like, for --only-group; NULL: none */
    const char *why;          /* what a change of it means to who upgrades; NULL: not said */
    unsigned needs;           /* CS_NEEDS_...; endpoint role only */
    char clients[CS_REQUIREMENT_CLIENTS + 1]; /* client role only: its kinds, such as "TAX" */
    bool known_bug; /* some versions are known to break it: `versions` and `text` say which */
    /* The published SDK breaks what the cases of this requirement ask for, from that version to
     * that one: see suite/defect.h. NULL since: it does not; NULL until: it still does. */
    const char *defect_since;
    const char *defect_until;
};

/* A number that a requirement asks for and that changed between versions. */
#define CS_FACT_STEPS_MAX 8
struct cs_fact {
    const char *name;        /* "trigger_tags_max": what cases ask for */
    const char *requirement; /* "SES-31", or several ids divided by single spaces */
    const char *text;        /* what the number is */
    size_t n_steps;
    struct {
        struct cs_version since;
        int64_t value;
    } steps[CS_FACT_STEPS_MAX]; /* oldest first; the first one holds from the beginning */
};

struct cs_requirement_area {
    const char *role;
    const char *id;
    const char *title;
    const char *why; /* of its requirements that say none themselves; NULL: not said */
};

/* A zeroed struct is an empty set. */
struct cs_requirements {
    struct cs_requirement *items; /* in the order of the catalogues */
    size_t n_items;
    struct cs_requirement_area *areas;
    size_t n_areas;
    struct cs_fact *facts;
    size_t n_facts;
    struct cs_requirement **by_id; /* sorted */
    struct cJSON **documents;      /* what the strings belong to */
    size_t n_documents;
};

/* Reads the three catalogues of the program into an empty set. Errors: CS_ERR_NO_MEMORY; the others
 * of cs_requirements_add only if the program was built from a broken file. */
CS_MUST_USE enum cs_err cs_requirements_load(struct cs_requirements *ret_set, struct cs_diag *diag);
/* Adds one catalogue. On failure the set holds what it held before.
 * Errors: CS_ERR_SYNTAX (not JSON; an id twice), CS_ERR_MISSING, CS_ERR_TYPE (a member that is not
 * there, or not what it should be; a level, need, area or client that is not known; a version that
 * is none; a fact of no requirement),
 * CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_requirements_add(struct cs_requirements *set, struct cs_view json,
                                            struct cs_diag *diag);
void cs_requirements_free(struct cs_requirements *set);

/* By exact id; NULL when there is none. */
const struct cs_requirement *cs_requirement_find(const struct cs_requirements *set, const char *id);
/* The one after `previous` (NULL: the first) of that role (NULL: of any); NULL at the end. */
const struct cs_requirement *cs_requirement_next(const struct cs_requirements *set,
                                                 const char *role,
                                                 const struct cs_requirement *previous);
/* The area that a requirement belongs to; never NULL for a requirement of the set. */
const struct cs_requirement_area *cs_requirement_area_of(const struct cs_requirements *set,
                                                         const struct cs_requirement *requirement);
/* What a change in cases of these requirements (ids divided by single spaces) means to who
 * upgrades: what the first that says so says, else their area's words; NULL when neither says
 * anything. */
const char *cs_requirements_why(const struct cs_requirements *set, const char *ids);
/* By exact name; NULL when there is none. */
const struct cs_fact *cs_fact_find(const struct cs_requirements *set, const char *name);
/* True when it belongs to exactly that requirement, perhaps beside others. */
bool cs_fact_is_of(const struct cs_fact *fact, const char *requirement);
/* Its value in that version. */
int64_t cs_fact_at(const struct cs_fact *fact, struct cs_version version);
/* What a code such as "CP" in a requirement's source stands for, or NULL. */
const char *cs_requirements_source(const struct cs_requirements *set, const char *role,
                                   const char *code);

#endif
