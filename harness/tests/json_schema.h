/* Holding a JSON value against a JSON Schema: the keywords that conformance/peers/schema,
 * harness/endpoint/scenario and reports/ use, and a failure of the test for any other, so that none
 * is passed over in silence. */
#ifndef CHATSPEC_TESTS_JSON_SCHEMA_H
#define CHATSPEC_TESTS_JSON_SCHEMA_H

#include <cjson/cJSON.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_MAX_REASON 256

struct schema {
    const cJSON *root;
    char reason[SCHEMA_MAX_REASON]; /* why the last value did not hold */
};

static inline const cJSON *schema_member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* "#/$defs/a/b" in the schema's own document. */
static inline const cJSON *schema_resolve(const struct schema *schema, const char *ref)
{
    const cJSON *at = schema->root;
    assert_true(strncmp(ref, "#/", 2) == 0);
    for (const char *name = ref + 2; *name;) {
        char key[64];
        size_t len = strcspn(name, "/");
        assert_true(len < sizeof key);
        memcpy(key, name, len);
        key[len] = '\0';
        at = schema_member(at, key);
        name += len + (name[len] == '/');
    }
    assert_non_null(at);
    return at;
}

static inline bool schema_has_type(const cJSON *value, const char *type)
{
    return (strcmp(type, "object") == 0 && cJSON_IsObject(value)) ||
           (strcmp(type, "array") == 0 && cJSON_IsArray(value)) ||
           (strcmp(type, "string") == 0 && cJSON_IsString(value)) ||
           (strcmp(type, "boolean") == 0 && cJSON_IsBool(value)) ||
           (strcmp(type, "null") == 0 && cJSON_IsNull(value)) ||
           (strcmp(type, "integer") == 0 && cJSON_IsNumber(value) &&
            value->valuedouble == (double)(long long)value->valuedouble);
}

static inline bool schema_type_holds(const cJSON *type, const cJSON *value)
{
    if (cJSON_IsString(type)) {
        return schema_has_type(value, type->valuestring);
    }
    const cJSON *one;
    cJSON_ArrayForEach(one, type)
    {
        if (schema_has_type(value, one->valuestring)) {
            return true;
        }
    }
    return false;
}

static inline bool schema_is_one_of(const cJSON *values, const cJSON *value)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, values)
    {
        if (cJSON_Compare(one, value, true)) {
            return true;
        }
    }
    return false;
}

static inline bool schema_holds(struct schema *schema, const cJSON *rule, const cJSON *value);

static inline bool schema_all_there(const cJSON *names, const cJSON *value)
{
    const cJSON *name;
    cJSON_ArrayForEach(name, names)
    {
        if (!schema_member(value, name->valuestring)) {
            return false;
        }
    }
    return true;
}

static inline bool schema_properties_hold(struct schema *schema, const cJSON *rules,
                                          const cJSON *value)
{
    const cJSON *rule;
    cJSON_ArrayForEach(rule, rules)
    {
        const cJSON *member = schema_member(value, rule->string);
        if (member && !schema_holds(schema, rule, member)) {
            return false;
        }
    }
    return true;
}

/* Of the members that `properties` does not name. */
static inline bool schema_others_hold(struct schema *schema, const cJSON *rule, const cJSON *value)
{
    const cJSON *others = schema_member(rule, "additionalProperties");
    const cJSON *named = schema_member(rule, "properties");
    const cJSON *member;
    cJSON_ArrayForEach(member, value)
    {
        if (schema_member(named, member->string)) {
            continue;
        }
        if (cJSON_IsFalse(others) ||
            (cJSON_IsObject(others) && !schema_holds(schema, others, member))) {
            return false;
        }
    }
    return true;
}

static inline bool schema_matches(const char *pattern, const char *text)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool matches = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return matches;
}

static inline bool schema_items_hold(struct schema *schema, const cJSON *rule, const cJSON *value)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        if (cJSON_IsArray(value) && !schema_holds(schema, rule, item)) {
            return false;
        }
    }
    return true;
}

/* Exactly one of the alternatives holds; why the others do not is nothing to tell. */
static inline bool schema_one_holds(struct schema *schema, const cJSON *rules, const cJSON *value)
{
    size_t n = 0;
    const cJSON *rule;
    cJSON_ArrayForEach(rule, rules)
    {
        struct schema tried = {.root = schema->root};
        n += schema_holds(&tried, rule, value);
    }
    return n == 1;
}

/* What speaks to a reader and asks nothing. */
static inline bool schema_is_remark(const char *keyword)
{
    return strcmp(keyword, "description") == 0 || strcmp(keyword, "title") == 0 ||
           strcmp(keyword, "$schema") == 0 || strcmp(keyword, "$id") == 0 ||
           strcmp(keyword, "$defs") == 0;
}

static inline bool schema_scalar_holds(const cJSON *keyword, const cJSON *value, bool *ret_known)
{
    const char *name = keyword->string;
    *ret_known = true;
    if (strcmp(name, "type") == 0) {
        return schema_type_holds(keyword, value);
    }
    if (strcmp(name, "const") == 0) {
        return cJSON_Compare(keyword, value, true);
    }
    if (strcmp(name, "enum") == 0) {
        return schema_is_one_of(keyword, value);
    }
    if (strcmp(name, "minimum") == 0) {
        return !cJSON_IsNumber(value) || value->valuedouble >= keyword->valuedouble;
    }
    if (strcmp(name, "maximum") == 0) {
        return !cJSON_IsNumber(value) || value->valuedouble <= keyword->valuedouble;
    }
    if (strcmp(name, "minLength") == 0) {
        return !cJSON_IsString(value) || strlen(value->valuestring) >= (size_t)keyword->valueint;
    }
    if (strcmp(name, "pattern") == 0) {
        return !cJSON_IsString(value) || schema_matches(keyword->valuestring, value->valuestring);
    }
    *ret_known = false;
    return false;
}

static inline bool schema_keyword_holds(struct schema *schema, const cJSON *rule,
                                        const cJSON *keyword, const cJSON *value)
{
    const char *name = keyword->string;
    bool known;
    bool holds = schema_scalar_holds(keyword, value, &known);
    if (known || schema_is_remark(name)) {
        return holds || schema_is_remark(name);
    }
    if (strcmp(name, "minItems") == 0) {
        return !cJSON_IsArray(value) || cJSON_GetArraySize(value) >= keyword->valueint;
    }
    if (strcmp(name, "required") == 0) {
        return !cJSON_IsObject(value) || schema_all_there(keyword, value);
    }
    if (strcmp(name, "properties") == 0) {
        return !cJSON_IsObject(value) || schema_properties_hold(schema, keyword, value);
    }
    if (strcmp(name, "additionalProperties") == 0) {
        return !cJSON_IsObject(value) || schema_others_hold(schema, rule, value);
    }
    if (strcmp(name, "items") == 0) {
        return schema_items_hold(schema, keyword, value);
    }
    if (strcmp(name, "oneOf") == 0) {
        return schema_one_holds(schema, keyword, value);
    }
    if (strcmp(name, "$ref") == 0) {
        return schema_holds(schema, schema_resolve(schema, keyword->valuestring), value);
    }
    if (strcmp(name, "oneOf") == 0) {
        size_t n = 0;
        const cJSON *one;
        cJSON_ArrayForEach(one, keyword)
        {
            n += schema_holds(schema, one, value);
        }
        return n == 1;
    }
    fail_msg("the validator does not know \"%s\"", name);
    return false;
}

static inline bool schema_holds(struct schema *schema, const cJSON *rule, const cJSON *value)
{
    const cJSON *keyword;
    cJSON_ArrayForEach(keyword, rule)
    {
        if (!schema_keyword_holds(schema, rule, keyword, value)) {
            if (!schema->reason[0]) {
                snprintf(schema->reason, sizeof schema->reason, "\"%s\" of \"%s\" does not hold",
                         keyword->string, value->string ? value->string : "the whole");
            }
            return false;
        }
    }
    return true;
}

/* The reader above looks only at what a document has: here, every keyword of the schema. */
static inline void schema_assert_known(const cJSON *rule)
{
    static const char *const known[] = {
        "type",    "const",    "enum",       "minimum",  "maximum",
        "pattern", "minItems", "minLength",  "required", "additionalProperties",
        "items",   "$ref",     "properties", "$defs",    "oneOf",
    };
    static const char *const tables[] = {"properties", "$defs"};
    const cJSON *part;
    cJSON_ArrayForEach(part, rule)
    {
        bool found = schema_is_remark(part->string);
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            found = found || strcmp(part->string, known[i]) == 0;
        }
        if (!found) {
            fail_msg("the schema uses %s", part->string);
        }
    }
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        cJSON_ArrayForEach(part, schema_member(rule, tables[i]))
        {
            schema_assert_known(part);
        }
    }
    cJSON_ArrayForEach(part, schema_member(rule, "oneOf"))
    {
        schema_assert_known(part);
    }
    if (schema_member(rule, "items")) {
        schema_assert_known(schema_member(rule, "items"));
    }
    if (cJSON_IsObject(schema_member(rule, "additionalProperties"))) {
        schema_assert_known(schema_member(rule, "additionalProperties"));
    }
}

/* The document at `path`, to be freed by cJSON_Delete. */
static inline cJSON *schema_read(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(getdelim(&text, &size, '\0', file) > 0);
    fclose(file);
    cJSON *document = cJSON_Parse(text);
    free(text);
    assert_non_null(document);
    return document;
}

/* Holds a text, which is JSON and nothing behind it, against the schema at `path`. */
static inline void schema_assert_holds(const char *path, const char *text)
{
    cJSON *root = schema_read(path);
    cJSON *document = cJSON_ParseWithLengthOpts(text, strlen(text) + 1, NULL, true);
    struct schema schema = {.root = root};
    assert_non_null(document);
    schema_assert_known(root);
    if (!schema_holds(&schema, root, document)) {
        fail_msg("%s: %s", path, schema.reason);
    }
    cJSON_Delete(document);
    cJSON_Delete(root);
}

#endif
