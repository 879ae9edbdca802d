#include "reports/html.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "reports/versions.h"
#include "suite/version_words.h"

#define MAX_DOCUMENT ((size_t)512 * 1024 * 1024)
#define MAX_VERSIONS ((size_t)64 * 1024)

/* ---- requirements ---- */

static void mark_used(const struct cs_requirements *set, const char *ids, bool *used)
{
    for (const char *at = ids; *at;) {
        const char *end = strchrnul(at, ' ');
        char *id = strndup(at, (size_t)(end - at));
        const struct cs_requirement *item = id ? cs_requirement_find(set, id) : NULL;
        if (item) {
            used[item - set->items] = true;
        }
        free(id);
        at = *end ? end + 1 : end;
    }
}

/* What a word such as "CP", "R6;" or "core:router" stands for: as it is, as a group of files
 * ("core:"), or by the letters that it begins with ("CP:120"). */
static const char *meaning_of(const struct cs_requirements *set, const char *role, char *word)
{
    size_t len = strcspn(word, ";,()");
    word[len] = '\0';
    const char *meaning = cs_requirements_source(set, role, word);
    char *colon = strchr(word, ':');
    if (!meaning && colon) {
        colon[1] = '\0';
        meaning = cs_requirements_source(set, role, word);
    }
    if (!meaning) {
        word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] = '\0';
        meaning = word[0] ? cs_requirements_source(set, role, word) : NULL;
    }
    return meaning;
}

static void add_sources(const struct cs_requirements *set, const struct cs_requirement *item,
                        cJSON *object)
{
    cJSON *sources = cJSON_AddObjectToObject(object, "sources");
    char *copy = strdup(item->source);
    char *rest = NULL;
    for (char *word = copy ? strtok_r(copy, " ", &rest) : NULL; word;
         word = strtok_r(NULL, " ", &rest)) {
        const char *meaning = meaning_of(set, item->role, word);
        if (meaning && !cJSON_HasObjectItem(sources, word)) {
            cJSON_AddStringToObject(sources, word, meaning);
        }
    }
    free(copy);
}

static void add_text(cJSON *object, const char *name, const char *text)
{
    if (text) {
        cJSON_AddStringToObject(object, name, text);
    }
}

/* In words, where there is more to say than that all versions are alike. */
static void add_versions(const struct cs_requirement *item, cJSON *object)
{
    struct cs_buf words = CS_BUF(MAX_VERSIONS);
    if (strcmp(item->versions, "all") != 0) {
        cs_version_words(item, &words);
    }
    char *text = words.len > 0 ? cs_buf_take(&words) : NULL;
    add_text(object, "versions", text);
    free(text);
    cs_buf_free(&words);
}

static cJSON *requirement_object(const struct cs_requirements *set,
                                 const struct cs_requirement *item)
{
    cJSON *object = cJSON_CreateObject();
    add_text(object, "role", item->role);
    add_text(object, "area", cs_requirement_area_of(set, item)->title);
    add_text(object, "level", cs_level_name(item->level));
    add_text(object, "text", item->text);
    add_versions(item, object);
    add_text(object, "source", item->source);
    add_sources(set, item, object);
    add_text(object, "observe", item->observe);
    add_text(object, "why", cs_requirements_why(set, item->id));
    add_text(object, "defect_since", item->defect_since);
    add_text(object, "defect_until", item->defect_until);
    return object;
}

void cs_html_requirements(const struct cs_requirements *set, const bool *used, struct cs_buf *out)
{
    cJSON *root = cJSON_CreateObject();
    for (size_t i = 0; i < set->n_items; i++) {
        if (used[i]) {
            cJSON_AddItemToObject(root, set->items[i].id, requirement_object(set, &set->items[i]));
        }
    }
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    if (!text) {
        out->failed = CS_ERR_NO_MEMORY;
        return;
    }
    cs_buf_str(out, text);
    cJSON_free(text);
}

/* Frees `used`, which is NULL when out of memory. */
static void put_requirements(const struct cs_requirements *set, bool *used, struct cs_buf *out)
{
    struct cs_buf text = CS_BUF(MAX_DOCUMENT);
    if (set && used) {
        cs_html_requirements(set, used, &text);
    }
    if (cs_buf_error(&text) != CS_OK || (set && !used)) {
        out->failed = CS_ERR_NO_MEMORY;
    }
    cs_html_data(out, "requirements", cs_buf_view(&text));
    cs_buf_free(&text);
    free(used);
}

static bool *new_marks(const struct cs_requirements *set)
{
    return set ? calloc(set->n_items ? set->n_items : 1, sizeof(bool)) : NULL;
}

/* ---- pages ---- */

static void mark_report(const struct cs_report *report, const struct cs_requirements *set,
                        bool *used)
{
    for (size_t i = 0; set && used && i < report->n; i++) {
        if (report->results[i].done) {
            mark_used(set, report->work[i].test->requirements, used);
        }
    }
}

static void put_report(const struct cs_report *report, struct cs_buf *out)
{
    struct cs_buf text = CS_BUF(MAX_DOCUMENT);
    if (report->n > 0) {
        cs_report_json(report, &text);
    }
    if (cs_buf_error(&text) != CS_OK) {
        out->failed = CS_ERR_NO_MEMORY;
    }
    cs_html_data(out, "report", cs_buf_view(&text));
    cs_buf_free(&text);
}

void cs_report_html(const struct cs_report *report, struct cs_buf *out)
{
    bool *used = new_marks(report->requirements);
    cs_html_open(out);
    put_report(report, out);
    mark_report(report, report->requirements, used);
    put_requirements(report->requirements, used, out);
    cs_html_close(out);
}

enum cs_err cs_versions_html(const struct cs_report *reports, size_t n,
                             const struct cs_requirements *set, struct cs_buf *out)
{
    struct cs_buf text = CS_BUF(MAX_DOCUMENT);
    struct cs_comparison newest = {0};
    bool *used = new_marks(set);
    enum cs_err err = cs_versions_json(reports, n, set, &newest, &text);
    cs_html_open(out);
    cs_html_data(out, "matrix", cs_buf_view(&text));
    for (size_t i = 0; i < n; i++) {
        put_report(&reports[i], out);
        mark_report(&reports[i], set, used);
    }
    put_requirements(set, used, out);
    cs_html_close(out);
    err = err == CS_OK ? cs_buf_error(&text) : err;
    cs_buf_free(&text);
    return err;
}

static enum cs_err put_document(const struct cJSON *document, struct cs_buf *out)
{
    char *text = cJSON_PrintUnformatted(document);
    cs_html_data(out, "report", cs_view_str(text ? text : ""));
    cJSON_free(text);
    return text ? CS_OK : CS_ERR_NO_MEMORY;
}

enum cs_err cs_compare_html(const struct cs_read_report *older, const struct cs_read_report *newer,
                            const struct cs_requirements *set, struct cs_buf *out)
{
    const struct cs_read_report *const sides[] = {older, newer};
    struct cs_buf text = CS_BUF(MAX_DOCUMENT);
    bool *used = new_marks(set);
    enum cs_err err = cs_compare_json(older, newer, set, &text);
    cs_html_open(out);
    cs_html_data(out, "compare", cs_buf_view(&text));
    for (size_t side = 0; side < 2; side++) {
        enum cs_err put = put_document(sides[side]->document, out);
        err = err == CS_OK ? put : err;
        for (size_t i = 0; used && i < sides[side]->n_cases; i++) {
            mark_used(set, sides[side]->cases[i].requirements, used);
        }
    }
    put_requirements(set, used, out);
    cs_html_close(out);
    err = err == CS_OK ? cs_buf_error(&text) : err;
    cs_buf_free(&text);
    return err;
}
