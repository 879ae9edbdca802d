/* Reading the requirement catalogues. They are documents of our own, so cJSON reads them; the
 * strict scanner goes over them first, since it says where a mistake is. */
#include "suite/requirement.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "embedded/cs_requirements_agent_json.h"
#include "embedded/cs_requirements_client_json.h"
#include "embedded/cs_requirements_endpoint_json.h"
#include "wire/json.h"

struct word {
    const char *name;
    unsigned value;
};

static const struct word levels[] = {
    {"MUST", CS_MUST}, {"SHOULD", CS_SHOULD}, {"MAY", CS_MAY}, {"OBSERVED", CS_OBSERVED}, {0},
};

static const struct word needs[] = {
    {"SK", CS_NEEDS_SECRET_KEY},
    {"MINT", CS_NEEDS_MINT},
    {"RUN", CS_NEEDS_RUN},
    {"S2", CS_NEEDS_STREAM},
    {"LONG", CS_NEEDS_LONG},
    {"2ENV", CS_NEEDS_TWO_ENVIRONMENTS},
    {0},
};

/* Each kind of client is one letter, and its place is its bit. */
static const struct word clients[] = {
    {"T", 1u << 0}, {"A", 1u << 1}, {"S", 1u << 2}, {"H", 1u << 3},
    {"W", 1u << 4}, {"D", 1u << 5}, {"X", 1u << 6}, {0},
};
_Static_assert(sizeof clients / sizeof clients[0] - 1 == CS_REQUIREMENT_CLIENTS,
               "a requirement has room for one letter of each kind");

static const struct {
    const char *name;
    size_t offset;
    bool required;
} texts[] = {
    {"id", offsetof(struct cs_requirement, id), true},
    {"area", offsetof(struct cs_requirement, area), true},
    {"text", offsetof(struct cs_requirement, text), true},
    {"versions", offsetof(struct cs_requirement, versions), true},
    {"since", offsetof(struct cs_requirement, since), false},
    {"until", offsetof(struct cs_requirement, until), false},
    {"source", offsetof(struct cs_requirement, source), true},
    {"observe", offsetof(struct cs_requirement, observe), true},
    {"unobservable", offsetof(struct cs_requirement, unobservable), false},
    {"group", offsetof(struct cs_requirement, group), false},
    {"why", offsetof(struct cs_requirement, why), false},
};

static const struct word *find_word(const struct word *words, const cJSON *value)
{
    for (; cJSON_IsString(value) && words->name != NULL; words++) {
        if (strcmp(words->name, value->valuestring) == 0) {
            return words;
        }
    }
    return NULL;
}

static const char *string_member(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* The bits of a list of words; an absent list has none. */
static enum cs_err read_bits(const cJSON *row, const char *name, const struct word *words,
                             const char *id, unsigned *ret_bits, struct cs_diag *diag)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(row, name);
    const cJSON *item = NULL;
    *ret_bits = 0;
    if (list != NULL && !cJSON_IsArray(list)) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "%.40s: %s is not an array", id, name);
    }
    cJSON_ArrayForEach(item, list)
    {
        const struct word *word = find_word(words, item);
        if (word == NULL) {
            return cs_fail(diag, CS_ERR_TYPE, 0, "%.40s: unknown word in %s", id, name);
        }
        *ret_bits |= word->value;
    }
    return CS_OK;
}

static enum cs_err read_texts(const cJSON *row, struct cs_requirement *item, struct cs_diag *diag)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(row, texts[i].name);
        const char *id = item->id ? item->id : "a requirement";
        if (member == NULL && texts[i].required) {
            return cs_fail(diag, CS_ERR_MISSING, 0, "%.40s: no %s", id, texts[i].name);
        }
        if (member != NULL && !cJSON_IsString(member)) {
            return cs_fail(diag, CS_ERR_TYPE, 0, "%.40s: %s is not a string", id, texts[i].name);
        }
        const char *text = cJSON_GetStringValue(member);
        memcpy((char *)item + texts[i].offset, &text, sizeof text);
    }
    return CS_OK;
}

/* A version that a profile could not be compared with would quietly hold for all. */
static bool is_version(const char *text)
{
    struct cs_version version;
    return !text || cs_version_parse(text, &version) == CS_OK;
}

static enum cs_err read_defect(const cJSON *row, struct cs_requirement *item, struct cs_diag *diag)
{
    const cJSON *defect = cJSON_GetObjectItemCaseSensitive(row, "defect");
    item->defect_since = string_member(defect, "since");
    item->defect_until = string_member(defect, "until");
    bool good = !defect || (item->defect_since && is_version(item->defect_since) &&
                            is_version(item->defect_until));
    return good ? CS_OK
                : cs_fail(diag, CS_ERR_TYPE, 0, "%.40s: a defect has a version since, and until",
                          item->id);
}

static enum cs_err read_item(const cJSON *row, const char *role, struct cs_requirement *ret_item,
                             struct cs_diag *diag)
{
    struct cs_requirement item = {.role = role};
    unsigned kinds = 0;
    if (!cJSON_IsObject(row)) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "a requirement is not an object");
    }
    enum cs_err err = read_texts(row, &item, diag);
    if (err != CS_OK) {
        return err;
    }
    const struct word *level = find_word(levels, cJSON_GetObjectItemCaseSensitive(row, "level"));
    if (level == NULL) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "%.40s: unknown level", item.id);
    }
    if (!is_version(item.since) || !is_version(item.until)) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "%.40s: since or until is no version", item.id);
    }
    item.level = (enum cs_level)level->value;
    item.known_bug = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "known_bug"));
    err = read_defect(row, &item, diag);
    if (err == CS_OK) {
        err = read_bits(row, "needs", needs, item.id, &item.needs, diag);
    }
    if (err == CS_OK) {
        err = read_bits(row, "clients", clients, item.id, &kinds, diag);
    }
    size_t n_kinds = 0;
    for (size_t i = 0; i < CS_REQUIREMENT_CLIENTS; i++) {
        if ((kinds & clients[i].value) != 0) {
            item.clients[n_kinds++] = clients[i].name[0];
        }
    }
    if (err == CS_OK) {
        *ret_item = item;
    }
    return err;
}

/* Makes room for that many more of each, and one to spare: asking for no memory at all need not
 * give any. */
static bool make_room(struct cs_requirements *set, size_t n_areas, size_t n_items, size_t n_facts)
{
    struct cs_fact *facts = reallocarray(set->facts, set->n_facts + n_facts + 1, sizeof *facts);
    if (facts == NULL) {
        return false;
    }
    set->facts = facts;
    struct cs_requirement_area *areas =
        reallocarray(set->areas, set->n_areas + n_areas + 1, sizeof *areas);
    if (areas == NULL) {
        return false;
    }
    set->areas = areas;
    struct cs_requirement *items =
        reallocarray(set->items, set->n_items + n_items + 1, sizeof *items);
    if (items == NULL) {
        return false;
    }
    set->items = items;
    struct cs_requirement **by_id =
        reallocarray(set->by_id, set->n_items + n_items + 1, sizeof(struct cs_requirement *));
    if (by_id == NULL) {
        return false;
    }
    set->by_id = by_id;
    struct cJSON **documents =
        reallocarray(set->documents, set->n_documents + 1, sizeof(struct cJSON *));
    if (documents == NULL) {
        return false;
    }
    set->documents = documents;
    return true;
}

static enum cs_err read_areas(struct cs_requirements *set, const cJSON *list, const char *role,
                              struct cs_diag *diag)
{
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, list)
    {
        const char *id = string_member(row, "id");
        const char *title = string_member(row, "title");
        if (id == NULL || title == NULL) {
            return cs_fail(diag, CS_ERR_MISSING, 0, "an area without id or title");
        }
        set->areas[set->n_areas++] =
            (struct cs_requirement_area){role, id, title, string_member(row, "why")};
    }
    return CS_OK;
}

static enum cs_err read_items(struct cs_requirements *set, const cJSON *list, const char *role,
                              struct cs_diag *diag)
{
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, list)
    {
        struct cs_requirement *item = &set->items[set->n_items];
        enum cs_err err = read_item(row, role, item, diag);
        if (err != CS_OK) {
            return err;
        }
        if (cs_requirement_area_of(set, item) == NULL) {
            return cs_fail(diag, CS_ERR_TYPE, 0, "%.40s: unknown area %.40s", item->id, item->area);
        }
        set->n_items++;
    }
    return CS_OK;
}

static enum cs_err read_steps(const cJSON *list, struct cs_fact *fact, struct cs_diag *diag)
{
    const cJSON *step = NULL;
    cJSON_ArrayForEach(step, list)
    {
        const char *since = string_member(step, "since");
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(step, "value");
        struct cs_version version = {0};
        if (since == NULL || cs_version_parse(since, &version) != CS_OK || !cJSON_IsNumber(value) ||
            fact->n_steps == CS_FACT_STEPS_MAX ||
            (fact->n_steps > 0 &&
             cs_version_compare(fact->steps[fact->n_steps - 1].since, version) >= 0)) {
            return cs_fail(diag, CS_ERR_TYPE, 0, "%.40s: a value that is none, or out of order",
                           fact->name);
        }
        fact->steps[fact->n_steps].since = version;
        fact->steps[fact->n_steps++].value = (int64_t)value->valuedouble;
    }
    return fact->n_steps > 0
               ? CS_OK
               : cs_fail(diag, CS_ERR_MISSING, 0, "%.40s: a fact without values", fact->name);
}

static bool all_known(const struct cs_requirements *set, const char *ids)
{
    char id[64];
    for (const char *at = ids; *at != '\0';) {
        size_t len = strcspn(at, " ");
        if (len == 0 || len >= sizeof id) {
            return false;
        }
        memcpy(id, at, len);
        id[len] = '\0';
        if (cs_requirement_find(set, id) == NULL) {
            return false;
        }
        at += len + (at[len] == ' ');
    }
    return true;
}

/* Behind the items, which facts speak of. */
static enum cs_err read_facts(struct cs_requirements *set, const cJSON *list, struct cs_diag *diag)
{
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, list)
    {
        struct cs_fact fact = {.name = string_member(row, "name"),
                               .requirement = string_member(row, "requirement"),
                               .text = string_member(row, "text")};
        if (fact.name == NULL || fact.requirement == NULL || fact.text == NULL) {
            return cs_fail(diag, CS_ERR_MISSING, 0, "a fact without name, requirement or text");
        }
        if (!all_known(set, fact.requirement)) {
            return cs_fail(diag, CS_ERR_TYPE, 0, "%.40s: no requirement %.40s", fact.name,
                           fact.requirement);
        }
        enum cs_err err = read_steps(cJSON_GetObjectItemCaseSensitive(row, "values"), &fact, diag);
        if (err != CS_OK) {
            return err;
        }
        set->facts[set->n_facts++] = fact;
    }
    return CS_OK;
}

static int compare_ids(const void *a, const void *b)
{
    const struct cs_requirement *const *left = a;
    const struct cs_requirement *const *right = b;
    return strcmp((*left)->id, (*right)->id);
}

static void sort_items(struct cs_requirements *set)
{
    for (size_t i = 0; i < set->n_items; i++) {
        set->by_id[i] = &set->items[i];
    }
    if (set->n_items > 0) {
        qsort(set->by_id, set->n_items, sizeof(struct cs_requirement *), compare_ids);
    }
}

static enum cs_err check_ids(const struct cs_requirements *set, struct cs_diag *diag)
{
    for (size_t i = 1; i < set->n_items; i++) {
        if (strcmp(set->by_id[i - 1]->id, set->by_id[i]->id) == 0) {
            return cs_fail(diag, CS_ERR_SYNTAX, 0, "%.40s stands there twice", set->by_id[i]->id);
        }
    }
    return CS_OK;
}

/* On success the set owns the document. On failure its counts may be too high, no more. */
static enum cs_err add_document(struct cs_requirements *set, cJSON *document, struct cs_diag *diag)
{
    const char *schema = string_member(document, "schema");
    const char *role = string_member(document, "role");
    const cJSON *areas = cJSON_GetObjectItemCaseSensitive(document, "areas");
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(document, "requirements");
    if (schema == NULL || strcmp(schema, CS_REQUIREMENTS_SCHEMA) != 0) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "the schema is not " CS_REQUIREMENTS_SCHEMA);
    }
    if (role == NULL || !cJSON_IsArray(areas) || !cJSON_IsArray(items)) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "role, areas or requirements are not there");
    }
    const cJSON *facts = cJSON_GetObjectItemCaseSensitive(document, "facts");
    if (!make_room(set, (size_t)cJSON_GetArraySize(areas), (size_t)cJSON_GetArraySize(items),
                   (size_t)cJSON_GetArraySize(facts))) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "no memory for the requirements");
    }
    enum cs_err err = read_areas(set, areas, role, diag);
    if (err == CS_OK) {
        err = read_items(set, items, role, diag);
    }
    if (err == CS_OK) {
        sort_items(set);
        err = check_ids(set, diag);
    }
    if (err == CS_OK) {
        err = read_facts(set, facts, diag);
    }
    if (err == CS_OK) {
        set->documents[set->n_documents++] = document;
    }
    return err;
}

enum cs_err cs_requirements_add(struct cs_requirements *set, struct cs_view json,
                                struct cs_diag *diag)
{
    enum cs_err err = cs_json_check(json, diag);
    if (err != CS_OK) {
        return err == CS_ERR_LIMIT ? CS_ERR_SYNTAX : err;
    }
    cJSON *document = cJSON_ParseWithLength(json.ptr, json.len);
    if (document == NULL) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "no memory for the document");
    }
    size_t n_areas = set->n_areas;
    size_t n_items = set->n_items;
    size_t n_facts = set->n_facts;
    err = add_document(set, document, diag);
    if (err != CS_OK) {
        set->n_areas = n_areas;
        set->n_items = n_items;
        set->n_facts = n_facts;
        sort_items(set);
        cJSON_Delete(document);
    }
    return err;
}

enum cs_err cs_requirements_load(struct cs_requirements *ret_set, struct cs_diag *diag)
{
    const struct cs_view catalogues[] = {
        {(const char *)cs_requirements_endpoint_json, cs_requirements_endpoint_json_len},
        {(const char *)cs_requirements_client_json, cs_requirements_client_json_len},
        {(const char *)cs_requirements_agent_json, cs_requirements_agent_json_len},
    };
    struct cs_requirements set = {0};
    for (size_t i = 0; i < sizeof catalogues / sizeof catalogues[0]; i++) {
        enum cs_err err = cs_requirements_add(&set, catalogues[i], diag);
        if (err != CS_OK) {
            cs_requirements_free(&set);
            return err;
        }
    }
    *ret_set = set;
    return CS_OK;
}
