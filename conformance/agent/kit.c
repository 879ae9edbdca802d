/* The kit's house-keeping: memory, names, JSON, waiting. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/agent/kit_internal.h"
#include "net/http_client.h"

/* Long enough for what an agent does without waiting for anything. */
#define SETTLE_MS 400

struct ak *ak_of(struct cs_case_run *run)
{
    return cs_case_subject(run);
}

struct cs_case_run *ak_run_case(const struct ak *ak)
{
    return ak->run;
}

_Noreturn void ak_no_memory(struct ak *ak)
{
    cs_case_error(ak->run, "out of memory");
}

/* ---- memory and names ---- */

char *ak_keep(struct ak *ak, struct cs_view text)
{
    char *kept = cs_arena_string(&ak->arena, text);
    if (!kept) {
        ak_no_memory(ak);
    }
    return kept;
}

static const char *vtext(struct ak *ak, const char *fmt, va_list args) CS_PRINTF(2, 0);

static const char *vtext(struct ak *ak, const char *fmt, va_list args)
{
    const char *kept = cs_arena_vtext(&ak->arena, AK_MAX_TEXT, fmt, args);
    if (!kept) {
        ak_no_memory(ak);
    }
    return kept;
}

const char *ak_text(struct ak *ak, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *text = vtext(ak, fmt, args);
    va_end(args);
    return text;
}

const char *ak_chat(const struct ak *ak)
{
    return ak->chat;
}

void ak_use_chat(struct ak *ak, const char *chat)
{
    ak->chat = ak_text(ak, "%s", chat);
}

/* ---- JSON ---- */

const char *ak_quotes(struct ak *ak, const char *json)
{
    char *text = ak_keep(ak, cs_view_str(json));
    for (char *c = text; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return text;
}

cJSON *ak_parse(struct ak *ak, const char *json)
{
    const char *text = ak_quotes(ak, json);
    cJSON *value = cJSON_Parse(text);
    if (!value) {
        cs_case_error(ak->run, "the case's own JSON is wrong: %s", text);
    }
    return value;
}

const char *ak_print(struct ak *ak, const cJSON *value)
{
    char *text = cJSON_PrintUnformatted(value);
    if (!text) {
        ak_no_memory(ak);
    }
    const char *kept = ak_keep(ak, cs_view_str(text));
    cJSON_free(text);
    return kept;
}

const cJSON *ak_at_path(const cJSON *value, const char *path)
{
    while (value && *path) {
        size_t len = strcspn(path, ".");
        char key[64];
        if (len >= sizeof key) {
            return NULL;
        }
        memcpy(key, path, len);
        key[len] = '\0';
        value = cJSON_IsArray(value) ? cJSON_GetArrayItem(value, (int)strtol(key, NULL, 10))
                                     : cJSON_GetObjectItemCaseSensitive(value, key);
        path += len + (path[len] == '.');
    }
    return value;
}

/* ---- lists ---- */

bool ak_push(struct ak_list *list, void *item, size_t max)
{
    if (list->n == max) {
        return false;
    }
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 64;
        void **grown = realloc(list->items, cap * sizeof(void *));
        if (!grown) {
            return false;
        }
        list->items = grown;
        list->cap = cap;
    }
    ((void **)list->items)[list->n++] = item;
    return true;
}

struct ak_run *ak_run_of(struct ak *ak, int run)
{
    for (size_t i = 0; i < ak->n_runs; i++) {
        if (ak->runs[i].command == run) {
            return &ak->runs[i];
        }
    }
    cs_case_error(ak->run, "the case names a run that it did not begin");
}

/* ---- waiting ---- */

int64_t ak_patience(const struct ak *ak)
{
    int64_t patience = cs_client_patience(ak->env);
    if (patience < ak->at_least_ms) {
        patience = ak->at_least_ms;
    }
    return patience * cs_case_scale(ak->run);
}

void ak_be_patient(struct ak *ak, int64_t at_least_ms)
{
    ak->at_least_ms = at_least_ms;
}

/* Why a wait was in vain, in the words of the first run that ended badly. */
static void tell_endings(struct ak *ak)
{
    for (size_t i = 0; i < ak->n_runs; i++) {
        const cJSON *error = ak_event(ak, ak->runs[i].command, "error", 0);
        if (error) {
            cs_case_evidence(ak->run, "note", "a run had ended with an error",
                             cs_view_str(ak_print(ak, error)));
        }
    }
}

/* The text of the last error chunk that the agent wrote, which often says why nothing came; or "".
 */
static const char *last_error(struct ak *ak)
{
    for (size_t i = ak_out_count(ak); i > 0; i--) {
        const cJSON *chunk = ak_out(ak, i - 1)->chunk;
        const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(chunk, "type"));
        const char *text =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(chunk, "errorText"));
        if (type && strcmp(type, "error") == 0) {
            return ak_text(ak, "; it had written the error \"%.300s\"", text ? text : "");
        }
    }
    return "";
}

static void check_worker(struct ak *ak, const char *what)
{
    if (ak->no_memory) {
        ak_no_memory(ak);
    }
    if (ak->talk.lost != CS_OK) {
        cs_case_evidence(ak->run, "stderr", "the worker's process",
                         cs_process_stderr(ak->talk.adapter->process));
        cs_case_error(ak->run, "the agent did not %s: its worker %s", what,
                      ak->talk.lost == CS_ERR_CLOSED   ? "ended"
                      : ak->talk.lost == CS_ERR_SYNTAX ? "wrote a line that is no event"
                      : ak->talk.lost == CS_ERR_LIMIT  ? "says more than an agent has to say"
                                                       : cs_err_name(ak->talk.lost));
    }
}

void ak_wait(struct ak *ak, bool (*done)(struct ak *ak, const void *arg), const void *arg,
             const char *fmt, ...)
{
    int64_t patience = ak_patience(ak);
    int64_t deadline = cs_now_ms() + patience;
    while (!done(ak, arg)) {
        bool happened = ak->talk.lost == CS_OK && !ak->no_memory && cs_loop_run(ak->loop, deadline);
        if (happened || done(ak, arg)) {
            continue;
        }
        va_list args;
        va_start(args, fmt);
        const char *what = vtext(ak, fmt, args);
        va_end(args);
        check_worker(ak, what);
        tell_endings(ak);
        cs_case_fail(ak->run, "the agent did not %s within %lld ms%s", what, (long long)patience,
                     last_error(ak));
    }
}

void ak_settle(struct ak *ak)
{
    int64_t deadline = cs_now_ms() + SETTLE_MS * cs_case_scale(ak->run);
    while (ak->talk.lost == CS_OK && cs_loop_run(ak->loop, deadline)) {
        /* Whatever comes is judged by who asked for the quiet. */
    }
    check_worker(ak, "stay quiet");
}
