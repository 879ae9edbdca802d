#include "reports/report_load.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "reports/report_load_impl.h"
#include "reports/report_read.h"
#include "suite/redact.h"

#define MAX_CASES 1000000

static enum cs_err damaged(const struct cs_report_loader *loader, const char *what)
{
    return loader->out_of_memory
               ? cs_fail(loader->diag, CS_ERR_NO_MEMORY, 0, "%.120s: out of memory", loader->label)
               : cs_fail(loader->diag, CS_ERR_TYPE, 0, "%.100s: a damaged report: %.60s",
                         loader->label, what);
}

const cJSON *cs_load_member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* Text that is safe to show; the caller frees it. Of what was safe already nothing changes. */
char *cs_load_safe_copy(const char *text)
{
    struct cs_buf out = CS_BUF(SIZE_MAX / 2);
    cs_readable(CS_TEXT_PROSE, cs_view_str(text), &out);
    return cs_buf_take(&out);
}

/* Keeps such a copy until the report is freed; NULL for NULL, and when out of memory. */
const char *cs_load_keep_text(struct cs_report_loader *loader, char *text)
{
    struct cs_stored_report *stored = loader->stored;
    if (text && stored->n_texts == loader->texts_cap) {
        size_t cap = loader->texts_cap ? 2 * loader->texts_cap : 256;
        char **grown = reallocarray(stored->texts, cap, sizeof *grown);
        if (!grown) {
            free(text);
            text = NULL;
        } else {
            stored->texts = grown;
            loader->texts_cap = cap;
        }
    }
    if (!text) {
        loader->out_of_memory = true;
        return NULL;
    }
    stored->texts[stored->n_texts++] = text;
    return text;
}

const char *cs_load_keep(struct cs_report_loader *loader, const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cs_load_member(object, name));
    return text ? cs_load_keep_text(loader, cs_load_safe_copy(text)) : NULL;
}

/* False when it is not there or no whole number from 0 to `max`. */
bool cs_load_number(const cJSON *object, const char *name, double max, uint64_t *ret_number)
{
    const cJSON *item = cs_load_member(object, name);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= max)) {
        return false;
    }
    *ret_number = (uint64_t)item->valuedouble;
    return (double)*ret_number == item->valuedouble;
}

static bool read_time(const char *text, int64_t *ret_ms)
{
    struct tm parts = {0};
    const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
    uint64_t ms;
    if (!rest || strlen(rest) != 5 || rest[0] != '.' || rest[4] != 'Z' ||
        cs_view_u64(cs_view_of(rest + 1, 3), &ms) != CS_OK) {
        return false;
    }
    *ret_ms = (int64_t)timegm(&parts) * 1000 + (int64_t)ms;
    return true;
}

/* ---- the head ---- */

static bool read_shard(struct cs_report_loader *loader, const cJSON *object,
                       struct cs_report_shard *shard)
{
    uint64_t k;
    uint64_t n;
    uint64_t total;
    const char *selected = cJSON_GetStringValue(cs_load_member(object, "selected"));
    (void)loader;
    if (!cs_load_number(object, "k", 1000, &k) || !cs_load_number(object, "n", 1000, &n) ||
        !cs_load_number(object, "total", MAX_CASES, &total) || k < 1 || k > n || !selected ||
        strspn(selected, "0123456789abcdef") != CS_REPORT_DIGEST_LEN ||
        selected[CS_REPORT_DIGEST_LEN]) {
        return false;
    }
    *shard = (struct cs_report_shard){.k = (unsigned)k, .n = (unsigned)n, .total = (size_t)total};
    memcpy(shard->selected, selected, CS_REPORT_DIGEST_LEN + 1);
    return true;
}

static void read_peer(struct cs_report_loader *loader, const cJSON *object)
{
    loader->stored->report.peer = (struct cs_report_peer){
        .kind = cs_load_keep(loader, object, "kind"),
        .name = cs_load_keep(loader, object, "name"),
        .version = cs_load_keep(loader, object, "version"),
        .source = cs_load_keep(loader, object, "source"),
        .runtime = cs_load_keep(loader, object, "runtime"),
        .parser = cs_load_keep(loader, object, "parser"),
        .ai = cs_load_keep(loader, object, "ai"),
    };
}

static enum cs_err read_head(struct cs_report_loader *loader, const cJSON *document)
{
    struct cs_report *report = &loader->stored->report;
    uint64_t duration = 0;
    uint64_t rounds = 0;
    const char *command = cs_load_keep(loader, document, "command");
    report->suite = cs_load_keep(loader, document, "suite");
    report->profile = cs_load_keep(loader, document, "profile");
    report->command = command ? command : "./chatspec run";
    report->interrupted = cJSON_IsTrue(cs_load_member(document, "interrupted"));
    read_peer(loader, cs_load_member(document, "peer"));
    bool good = report->suite && report->profile && report->peer.kind && report->peer.name &&
                report->peer.version;
    if (!good ||
        !read_time(cJSON_GetStringValue(cs_load_member(document, "started")),
                   &report->started_ms) ||
        !cs_load_number(document, "duration_ms", CS_LOAD_MAX_NUMBER, &duration) ||
        !cs_load_number(document, "seed", CS_LOAD_MAX_NUMBER, &report->seed)) {
        return damaged(loader, "what it says of the run");
    }
    report->duration_ms = (int64_t)duration;
    if (cs_load_member(document, "rounds")) {
        if (!cs_load_number(document, "rounds", UINT32_MAX, &rounds) || rounds < 1) {
            return damaged(loader, "its rounds");
        }
        report->n_rounds = (unsigned)rounds;
        report->repeats = loader->stored->repeats;
    }
    if (cs_load_member(document, "shard") &&
        !read_shard(loader, cs_load_member(document, "shard"), &report->shard)) {
        return damaged(loader, "its shard");
    }
    return CS_OK;
}

/* ---- the whole ---- */

static int by_id(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Nothing is there twice, and all of it is what the document says was run. */
static enum cs_err check_ids(const struct cs_report_loader *loader, const cJSON *document)
{
    const struct cs_report *report = &loader->stored->report;
    const char *executed = cJSON_GetStringValue(cs_load_member(document, "executed"));
    char digest[CS_REPORT_DIGEST_LEN + 1];
    const char **ids = calloc(report->n ? report->n : 1, sizeof *ids);
    if (!ids) {
        return cs_fail(loader->diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    for (size_t i = 0; i < report->n; i++) {
        ids[i] = report->work[i].test->id;
    }
    qsort(ids, report->n, sizeof *ids, by_id);
    const char *twice = NULL;
    for (size_t i = 1; i < report->n; i++) {
        twice = strcmp(ids[i - 1], ids[i]) == 0 ? ids[i] : twice;
    }
    enum cs_err err = CS_OK;
    if (twice) {
        err = cs_fail(loader->diag, CS_ERR_TYPE, 0, "%.100s: case %.60s is in it twice",
                      loader->label, twice);
    } else if (!cs_report_digest_of(ids, report->n, digest)) {
        err = cs_fail(loader->diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    } else if (!executed || strcmp(executed, digest) != 0) {
        err = cs_fail(loader->diag, CS_ERR_TYPE, 0,
                      "%.100s: its cases are not those that it says were run (\"executed\")",
                      loader->label);
    }
    free(ids);
    return err;
}

static bool make_room(struct cs_stored_report *stored, size_t n)
{
    stored->roles = calloc(n + 1, sizeof *stored->roles);
    stored->tests = calloc(n + 1, sizeof *stored->tests);
    stored->work = calloc(n + 1, sizeof *stored->work);
    stored->results = calloc(n + 1, sizeof *stored->results);
    stored->repeats = calloc(n + 1, sizeof *stored->repeats);
    stored->origins = calloc(n + 1, sizeof *stored->origins);
    return stored->roles && stored->tests && stored->work && stored->results && stored->repeats &&
           stored->origins;
}

static enum cs_err load(struct cs_report_loader *loader, const cJSON *document)
{
    struct cs_stored_report *stored = loader->stored;
    struct cs_report *report = &stored->report;
    const cJSON *rows = cs_load_member(document, "cases");
    const cJSON *row = NULL;
    const char *schema = cJSON_GetStringValue(cs_load_member(document, "schema"));
    if (!schema || strcmp(schema, CS_REPORT_SCHEMA) != 0) {
        return cs_fail(loader->diag, CS_ERR_TYPE, 0,
                       "%.120s: no report of schema " CS_REPORT_SCHEMA
                       " (--report json=PATH writes one)",
                       loader->label);
    }
    size_t n = (size_t)cJSON_GetArraySize(rows);
    if (!cJSON_IsArray(rows) || n > MAX_CASES) {
        return damaged(loader, "its cases");
    }
    loader->out_of_memory = !make_room(stored, n);
    enum cs_err err = loader->out_of_memory ? damaged(loader, "") : read_head(loader, document);
    cJSON_ArrayForEach(row, rows)
    {
        char which[48];
        snprintf(which, sizeof which, "its case %zu", report->n + 1);
        if (err == CS_OK && !cs_load_case(loader, row, report->n++)) {
            err = damaged(loader, which);
        }
    }
    if (err != CS_OK) {
        return err;
    }
    report->work = stored->work;
    report->results = stored->results;
    report->origins = stored->origins;
    cs_run_summarise(stored->results, n, &report->summary);
    report->summary.interrupted = report->interrupted;
    return check_ids(loader, document);
}

enum cs_err cs_report_load_document(const cJSON *document, const char *label,
                                    struct cs_stored_report *ret_stored, struct cs_diag *diag)
{
    struct cs_stored_report stored = {0};
    struct cs_report_loader loader = {.label = label, .diag = diag, .stored = &stored};
    enum cs_err err = load(&loader, document);
    if (err != CS_OK) {
        stored.report.n = (size_t)cJSON_GetArraySize(cs_load_member(document, "cases"));
        cs_stored_report_free(&stored);
        return err;
    }
    *ret_stored = stored;
    return CS_OK;
}

enum cs_err cs_report_load(const char *path, struct cs_stored_report *ret_stored,
                           struct cs_diag *diag)
{
    cJSON *document = NULL;
    enum cs_err err = cs_document_read(path, &document, diag);
    if (err == CS_OK) {
        err = cs_report_load_document(document, path, ret_stored, diag);
    }
    cJSON_Delete(document);
    return err;
}

void cs_stored_report_free(struct cs_stored_report *stored)
{
    for (size_t i = 0; i < stored->report.n; i++) {
        if (stored->results) {
            cs_result_free(&stored->results[i]);
        }
        if (stored->repeats) {
            cs_repeat_free(&stored->repeats[i]);
        }
    }
    for (size_t i = 0; i < stored->n_texts; i++) {
        free(stored->texts[i]);
    }
    free(stored->texts);
    free(stored->roles);
    free(stored->tests);
    free(stored->work);
    free(stored->results);
    free(stored->repeats);
    free(stored->origins);
    *stored = (struct cs_stored_report){0};
}
