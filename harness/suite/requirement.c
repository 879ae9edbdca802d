/* Finding requirements, and what changed between versions. requirement_read.c reads them. */
#include "suite/requirement.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

void cs_requirements_free(struct cs_requirements *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->n_documents; i++) {
        cJSON_Delete(set->documents[i]);
    }
    free(set->documents);
    free(set->by_id);
    free(set->items);
    free(set->areas);
    free(set->facts);
    *set = (struct cs_requirements){0};
}

static int compare_to_id(const void *key, const void *element)
{
    const struct cs_requirement *const *item = element;
    return strcmp(key, (*item)->id);
}

const struct cs_requirement *cs_requirement_find(const struct cs_requirements *set, const char *id)
{
    if (set->n_items == 0) {
        return NULL;
    }
    struct cs_requirement **found =
        bsearch(id, set->by_id, set->n_items, sizeof(struct cs_requirement *), compare_to_id);
    return found ? *found : NULL;
}

const struct cs_requirement *cs_requirement_next(const struct cs_requirements *set,
                                                 const char *role,
                                                 const struct cs_requirement *previous)
{
    size_t i = previous ? (size_t)(previous - set->items) + 1 : 0;
    for (; i < set->n_items; i++) {
        if (role == NULL || strcmp(role, set->items[i].role) == 0) {
            return &set->items[i];
        }
    }
    return NULL;
}

const struct cs_requirement_area *cs_requirement_area_of(const struct cs_requirements *set,
                                                         const struct cs_requirement *requirement)
{
    for (size_t i = 0; i < set->n_areas; i++) {
        if (strcmp(set->areas[i].role, requirement->role) == 0 &&
            strcmp(set->areas[i].id, requirement->area) == 0) {
            return &set->areas[i];
        }
    }
    return NULL;
}

const char *cs_requirements_why(const struct cs_requirements *set, const char *ids)
{
    const char *of_area = NULL;
    for (const char *at = ids; *at != '\0';) {
        char id[64] = "";
        size_t len = strcspn(at, " ");
        if (len < sizeof id) {
            memcpy(id, at, len);
            id[len] = '\0';
        }
        const struct cs_requirement *item = cs_requirement_find(set, id);
        if (item != NULL && item->why != NULL) {
            return item->why;
        }
        if (item != NULL && of_area == NULL) {
            of_area = cs_requirement_area_of(set, item)->why;
        }
        at += len + (at[len] == ' ');
    }
    return of_area;
}

static const char *member(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

const char *cs_requirements_source(const struct cs_requirements *set, const char *role,
                                   const char *code)
{
    for (size_t i = 0; i < set->n_documents; i++) {
        const char *its_role = member(set->documents[i], "role");
        if (its_role != NULL && strcmp(its_role, role) == 0) {
            return member(cJSON_GetObjectItemCaseSensitive(set->documents[i], "sources"), code);
        }
    }
    return NULL;
}

const struct cs_fact *cs_fact_find(const struct cs_requirements *set, const char *name)
{
    for (size_t i = 0; i < set->n_facts; i++) {
        if (strcmp(set->facts[i].name, name) == 0) {
            return &set->facts[i];
        }
    }
    return NULL;
}

bool cs_fact_is_of(const struct cs_fact *fact, const char *requirement)
{
    size_t len = strlen(requirement);
    for (const char *at = fact->requirement; (at = strstr(at, requirement)) != NULL; at += len) {
        bool starts = at == fact->requirement || at[-1] == ' ';
        if (starts && (at[len] == ' ' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

int64_t cs_fact_at(const struct cs_fact *fact, struct cs_version version)
{
    int64_t value = fact->steps[0].value;
    for (size_t i = 1; i < fact->n_steps; i++) {
        if (cs_version_compare(fact->steps[i].since, version) <= 0) {
            value = fact->steps[i].value;
        }
    }
    return value;
}
