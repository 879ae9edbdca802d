/* What changed between two reports, as JSON. */
#include <cjson/cJSON.h>

#include "reports/compare.h"

static const char *const kind_names[CS_N_CHANGES] = {
    [CS_CHANGE_NONE] = "same",         [CS_CHANGE_REGRESSION] = "regression",
    [CS_CHANGE_FIX] = "fix",           [CS_CHANGE_OBSERVATION] = "observation",
    [CS_CHANGE_UNJUDGED] = "unjudged", [CS_CHANGE_JUDGED] = "judged",
    [CS_CHANGE_NEW] = "new",           [CS_CHANGE_REMOVED] = "removed",
};

static const char *observed(const struct cs_read_case *item, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item->observations, name));
}

static void add_observation(cJSON *list, const char *name, const char *before, const char *after)
{
    if (cs_observation_is_about_peer(name) || (before && after && strcmp(before, after) == 0)) {
        return;
    }
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", name);
    if (before) {
        cJSON_AddStringToObject(item, "before", before);
    }
    if (after) {
        cJSON_AddStringToObject(item, "after", after);
    }
    if (!cJSON_AddItemToArray(list, item)) {
        cJSON_Delete(item); /* without memory there may be no list */
    }
}

static void add_observations(cJSON *object, const struct cs_change *change)
{
    const cJSON *member = NULL;
    cJSON *list = cJSON_AddArrayToObject(object, "observations");
    if (!change->older || !change->newer) {
        return;
    }
    cJSON_ArrayForEach(member, change->older->observations)
    {
        add_observation(list, member->string, member->valuestring,
                        observed(change->newer, member->string));
    }
    cJSON_ArrayForEach(member, change->newer->observations)
    {
        if (!observed(change->older, member->string)) {
            add_observation(list, member->string, NULL, member->valuestring);
        }
    }
}

static cJSON *change_object(const struct cs_change *change, const struct cs_requirements *set)
{
    const struct cs_read_case *item = change->newer ? change->newer : change->older;
    const char *why = set ? cs_requirements_why(set, item->requirements) : NULL;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "case", item->id);
    cJSON_AddStringToObject(object, "change", kind_names[change->kind]);
    cJSON_AddStringToObject(object, "level", cs_level_name(item->level));
    cJSON_AddStringToObject(object, "requirements", item->requirements);
    if (change->older) {
        cJSON_AddStringToObject(object, "before", cs_verdict_name(change->older->verdict));
    }
    if (change->newer) {
        cJSON_AddStringToObject(object, "after", cs_verdict_name(change->newer->verdict));
        cJSON_AddStringToObject(object, "message", change->newer->message);
    }
    add_observations(object, change);
    if (why) {
        cJSON_AddStringToObject(object, "why", why);
    }
    return object;
}

enum cs_err cs_compare_json(const struct cs_read_report *older, const struct cs_read_report *newer,
                            const struct cs_requirements *set, struct cs_buf *out)
{
    struct cs_changes changes = {.older = older, .newer = newer};
    struct cs_change change;
    size_t counts[CS_N_CHANGES] = {0};
    cJSON *root = cJSON_CreateObject();
    cJSON *summary = cJSON_AddObjectToObject(root, "summary");
    cJSON *cases = cJSON_AddArrayToObject(root, "cases");
    while (cs_changes_next(&changes, &change)) {
        counts[change.kind]++;
        if (change.kind != CS_CHANGE_NONE) {
            cJSON *object = change_object(&change, set);
            if (!cJSON_AddItemToArray(cases, object)) {
                cJSON_Delete(object);
            }
        }
    }
    for (size_t kind = 0; kind < CS_N_CHANGES; kind++) {
        cJSON_AddNumberToObject(summary, kind_names[kind], (double)counts[kind]);
    }
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    if (!text) {
        return CS_ERR_NO_MEMORY;
    }
    cs_buf_str(out, text);
    cJSON_free(text);
    return CS_OK;
}

static void add_known(cJSON *object, const char *name, const char *text)
{
    if (text[0]) {
        cJSON_AddStringToObject(object, name, text);
    }
}

/* Appends the report's own members as an object. */
static enum cs_err put_report(const struct cs_read_report *report, struct cs_buf *out)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "suite", report->suite);
    cJSON_AddStringToObject(object, "profile", report->profile);
    cJSON_AddStringToObject(object, "name", report->peer_name);
    cJSON_AddStringToObject(object, "version", report->peer_version);
    add_known(object, "source", report->peer_source);
    add_known(object, "parser", report->peer_parser);
    cJSON_AddNumberToObject(object, "cases", (double)report->n_cases);
    cJSON_AddBoolToObject(object, "interrupted", report->interrupted);
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    if (!text) {
        return CS_ERR_NO_MEMORY;
    }
    cs_buf_str(out, text);
    cJSON_free(text);
    return CS_OK;
}

enum cs_err cs_compare_document(const struct cs_read_report *older,
                                const struct cs_read_report *newer,
                                const struct cs_requirements *set, struct cs_buf *out)
{
    cs_buf_str(out, "{\"schema\":\"" CS_COMPARE_SCHEMA "\",\n\"old\":");
    enum cs_err err = put_report(older, out);
    cs_buf_str(out, ",\n\"new\":");
    err = err == CS_OK ? put_report(newer, out) : err;
    cs_buf_str(out, ",\n\"changes\":");
    err = err == CS_OK ? cs_compare_json(older, newer, set, out) : err;
    cs_buf_str(out, "}\n");
    return err;
}
