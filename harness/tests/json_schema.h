/* Holding a JSON value against a JSON Schema: the keywords that conformance/peers/schema uses, and
 * a failure of the test for any other, so that none is passed over in silence. */
#ifndef CHATSPEC_TESTS_JSON_SCHEMA_H
#define CHATSPEC_TESTS_JSON_SCHEMA_H

#include <cjson/cJSON.h>
#include <stdio.h>
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

static inline bool schema_keyword_holds(struct schema *schema, const cJSON *keyword,
                                        const cJSON *value)
{
    const char *name = keyword->string;
    if (strcmp(name, "description") == 0 || strcmp(name, "additionalProperties") == 0) {
        return strcmp(name, "description") == 0 || cJSON_IsTrue(keyword);
    }
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
    if (strcmp(name, "minItems") == 0) {
        return !cJSON_IsArray(value) || cJSON_GetArraySize(value) >= keyword->valueint;
    }
    if (strcmp(name, "required") == 0) {
        return !cJSON_IsObject(value) || schema_all_there(keyword, value);
    }
    if (strcmp(name, "properties") == 0) {
        return !cJSON_IsObject(value) || schema_properties_hold(schema, keyword, value);
    }
    if (strcmp(name, "items") == 0) {
        return schema_items_hold(schema, keyword, value);
    }
    if (strcmp(name, "$ref") == 0) {
        return schema_holds(schema, schema_resolve(schema, keyword->valuestring), value);
    }
    fail_msg("the validator does not know \"%s\"", name);
    return false;
}

static inline bool schema_holds(struct schema *schema, const cJSON *rule, const cJSON *value)
{
    const cJSON *keyword;
    cJSON_ArrayForEach(keyword, rule)
    {
        if (!schema_keyword_holds(schema, keyword, value)) {
            if (!schema->reason[0]) {
                snprintf(schema->reason, sizeof schema->reason, "\"%s\" of \"%s\" does not hold",
                         keyword->string, value->string ? value->string : "the line");
            }
            return false;
        }
    }
    return true;
}

#endif
