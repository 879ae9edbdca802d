/* Judgements, and what the worker tells of hooks and prompts. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/agent/kit_internal.h"

/* ---- hooks, prompts, notes ---- */

/* The n-th (from 1) event of that kind of the run whose member `key` is `name` (NULL: any). */
static const cJSON *find(const struct ak *ak, int run, const char *kind, const char *name, size_t n)
{
    for (size_t i = 0;; i++) {
        const cJSON *event = ak_event(ak, run, kind, i);
        if (!event) {
            return NULL;
        }
        const char *its = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "name"));
        if ((!name || (its && strcmp(its, name) == 0)) && --n == 0) {
            return event;
        }
    }
}

static size_t count(const struct ak *ak, int run, const char *kind, const char *name)
{
    size_t n = 0;
    while (find(ak, run, kind, name, n + 1)) {
        n++;
    }
    return n;
}

struct told_wait {
    int run;
    const char *kind;
    const char *name;
    size_t n;
};

static bool was_told(struct ak *ak, const void *arg)
{
    const struct told_wait *wait = arg;
    return find(ak, wait->run, wait->kind, wait->name, wait->n) != NULL;
}

static const cJSON *data_of(const cJSON *event)
{
    return cJSON_GetObjectItemCaseSensitive(event, "data");
}

const cJSON *ak_wait_hook(struct ak *ak, int run, const char *hook, size_t n)
{
    const struct told_wait wait = {run, "hook", hook, n};
    ak_wait(ak, was_told, &wait, "call %s %zu times", hook, n);
    return data_of(find(ak, run, "hook", hook, n));
}

const cJSON *ak_wait_prompt(struct ak *ak, int run, size_t n)
{
    const struct told_wait wait = {run, "prompt", NULL, n};
    ak_wait(ak, was_told, &wait, "call the model %zu times", n);
    return find(ak, run, "prompt", NULL, n);
}

const cJSON *ak_wait_note(struct ak *ak, int run, const char *name)
{
    const struct told_wait wait = {run, "note", name, 1};
    ak_wait(ak, was_told, &wait, "tell \"%s\"", name);
    return data_of(find(ak, run, "note", name, 1));
}

const cJSON *ak_wait_nth_note(struct ak *ak, int run, const char *name, size_t n)
{
    const struct told_wait wait = {run, "note", name, n};
    ak_wait(ak, was_told, &wait, "tell \"%s\" %zu times", name, n);
    return data_of(find(ak, run, "note", name, n));
}

const char *ak_wait_end(struct ak *ak, int run)
{
    return strncmp(ak_outcome(ak, run), "an error", 8) == 0 ? ak_outcome(ak, run) : "done";
}

const char *ak_hooks(struct ak *ak, int run)
{
    struct cs_buf text = CS_BUF((size_t)64 * 1024);
    for (size_t n = 1;; n++) {
        const cJSON *event = find(ak, run, "hook", NULL, n);
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "name"));
        if (!event) {
            break;
        }
        cs_buf_printf(&text, "%s%s", n > 1 ? " " : "", name ? name : "?");
    }
    const char *kept = ak_keep(ak, cs_buf_view(&text));
    cs_buf_free(&text);
    return kept;
}

size_t ak_count_hooks(const struct ak *ak, int run, const char *hook)
{
    return count(ak, run, "hook", hook);
}

size_t ak_count_prompts(const struct ak *ak, int run)
{
    return count(ak, run, "prompt", NULL);
}

size_t ak_count_notes(const struct ak *ak, int run, const char *name)
{
    return count(ak, run, "note", name);
}

const cJSON *ak_hook(const struct ak *ak, int run, const char *hook, size_t n)
{
    return data_of(find(ak, run, "hook", hook, n));
}

const cJSON *ak_note(const struct ak *ak, int run, const char *name, size_t n)
{
    return data_of(find(ak, run, "note", name, n));
}

int64_t ak_told_at(struct ak *ak, int run, const char *kind, const char *name, size_t n)
{
    const struct told_wait wait = {run, kind, name, n};
    ak_wait(ak, was_told, &wait, "tell %s %s", kind, name ? name : "");
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(find(ak, run, kind, name, n), "at");
    if (!cJSON_IsNumber(at)) {
        cs_case_error(ak->run, "the worker told %s without a time", kind);
    }
    return (int64_t)at->valuedouble;
}

/* Text of a content: a string, or parts; what is no text shows as [type]. */
static void put_content(struct cs_buf *out, const cJSON *content)
{
    if (cJSON_IsString(content)) {
        cs_buf_str(out, content->valuestring);
        return;
    }
    const cJSON *part;
    cJSON_ArrayForEach(part, content)
    {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(part, "text"));
        const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(part, "type"));
        if (text) {
            cs_buf_str(out, text);
        } else {
            cs_buf_printf(out, "[%s]", type ? type : "?");
        }
    }
}

const char *ak_prompt(struct ak *ak, int run, size_t n)
{
    const cJSON *event = ak_wait_prompt(ak, run, n);
    struct cs_buf text = CS_BUF(AK_MAX_TEXT);
    const cJSON *message;
    cJSON_ArrayForEach(message, cJSON_GetObjectItemCaseSensitive(event, "messages"))
    {
        const char *role = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "role"));
        cs_buf_printf(&text, "%s%s: ", text.len > 0 ? "\n" : "", role ? role : "?");
        put_content(&text, cJSON_GetObjectItemCaseSensitive(message, "content"));
    }
    const char *kept = ak_keep(ak, cs_buf_view(&text));
    cs_buf_free(&text);
    return kept;
}

/* ---- judging ---- */

const char *ak_member(struct ak *ak, const cJSON *value, const char *path)
{
    const cJSON *member = ak_at_path(value, path);
    return member ? ak_print(ak, member) : "nothing";
}

void ak_expect(struct ak *ak, const char *what, const cJSON *value, const char *path,
               const char *json)
{
    cJSON *expected = ak_parse(ak, json);
    const cJSON *actual = ak_at_path(value, path);
    bool equal = actual && cJSON_Compare(actual, expected, true);
    const char *shown = ak_print(ak, expected);
    cJSON_Delete(expected);
    if (!equal) {
        cs_case_fail_diff(ak->run, shown, ak_member(ak, value, path), "%s%s%s is not right", what,
                          *path ? ": " : "", path);
    }
}

void ak_expect_text(struct ak *ak, const char *what, const char *actual, const char *expected)
{
    if (!actual || strcmp(actual, expected) != 0) {
        cs_case_fail_diff(ak->run, expected, actual ? actual : "nothing", "%s is not right", what);
    }
}

void ak_expect_number(struct ak *ak, const char *what, uint64_t actual, uint64_t expected)
{
    if (actual != expected) {
        cs_case_fail_diff(ak->run, ak_text(ak, "%llu", (unsigned long long)expected),
                          ak_text(ak, "%llu", (unsigned long long)actual), "%s is not right", what);
    }
}

void ak_expect_header(struct ak *ak, const struct ak_record *record, const char *name,
                      const char *value)
{
    const char *actual = ak_record_header(ak, record, name);
    bool right = value ? actual && strcmp(actual, value) == 0 : !actual;
    if (!right) {
        cs_case_fail_diff(ak->run, value ? value : "no such header", actual ? actual : "nothing",
                          "the header %s of record %llu is not right", name,
                          (unsigned long long)record->seq);
    }
}

/* ---- recording ---- */

void ak_record_fact(struct ak *ak, const char *name, const char *recorded, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *value = cs_arena_vtext(&ak->arena, AK_MAX_TEXT, fmt, args);
    va_end(args);
    if (!value) {
        ak_no_memory(ak);
    }
    if (cs_case_published(ak->run) && recorded[0]) {
        cs_case_observe_as(ak->run, name, recorded, "%s", value);
    } else {
        cs_case_observe(ak->run, name, "%s", value);
    }
}

void ak_record_flag(struct ak *ak, const char *name, const char *fact, bool value)
{
    const char *recorded =
        cs_case_published(ak->run) ? cs_case_fact(ak->run, fact) ? "true" : "false" : "";
    ak_record_fact(ak, name, recorded, "%s", value ? "true" : "false");
}
