#include "reports/report_load.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "reports/report_read.h"
#include "suite/redact.h"

#define MAX_NUMBER 9007199254740991.0 /* what every JSON reader gets right */
#define MAX_CASES  1000000

struct loader {
    const char *label;
    struct cs_diag *diag;
    struct cs_stored_report *stored;
    size_t texts_cap;
    bool out_of_memory;
};

static enum cs_err damaged(const struct loader *loader, const char *what)
{
    return loader->out_of_memory
               ? cs_fail(loader->diag, CS_ERR_NO_MEMORY, 0, "%.120s: out of memory", loader->label)
               : cs_fail(loader->diag, CS_ERR_TYPE, 0, "%.100s: a damaged report: %.60s",
                         loader->label, what);
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* Text that is safe to show; the caller frees it. Of what was safe already nothing changes. */
static char *safe_copy(const char *text)
{
    struct cs_buf out = CS_BUF(SIZE_MAX / 2);
    cs_readable(CS_TEXT_PROSE, cs_view_str(text), &out);
    return cs_buf_take(&out);
}

/* Keeps such a copy until the report is freed; NULL for NULL, and when out of memory. */
static const char *keep_text(struct loader *loader, char *text)
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

static const char *keep(struct loader *loader, const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(member(object, name));
    return text ? keep_text(loader, safe_copy(text)) : NULL;
}

/* False when it is not there or no whole number from 0 to `max`. */
static bool read_number(const cJSON *object, const char *name, double max, uint64_t *ret_number)
{
    const cJSON *item = member(object, name);
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

static bool read_shard(struct loader *loader, const cJSON *object, struct cs_report_shard *shard)
{
    uint64_t k;
    uint64_t n;
    uint64_t total;
    const char *selected = cJSON_GetStringValue(member(object, "selected"));
    (void)loader;
    if (!read_number(object, "k", 1000, &k) || !read_number(object, "n", 1000, &n) ||
        !read_number(object, "total", MAX_CASES, &total) || k < 1 || k > n || !selected ||
        strspn(selected, "0123456789abcdef") != CS_REPORT_DIGEST_LEN ||
        selected[CS_REPORT_DIGEST_LEN]) {
        return false;
    }
    *shard = (struct cs_report_shard){.k = (unsigned)k, .n = (unsigned)n, .total = (size_t)total};
    memcpy(shard->selected, selected, CS_REPORT_DIGEST_LEN + 1);
    return true;
}

static void read_peer(struct loader *loader, const cJSON *object)
{
    loader->stored->report.peer = (struct cs_report_peer){
        .kind = keep(loader, object, "kind"),
        .name = keep(loader, object, "name"),
        .version = keep(loader, object, "version"),
        .source = keep(loader, object, "source"),
        .runtime = keep(loader, object, "runtime"),
        .parser = keep(loader, object, "parser"),
        .ai = keep(loader, object, "ai"),
    };
}

static enum cs_err read_head(struct loader *loader, const cJSON *document)
{
    struct cs_report *report = &loader->stored->report;
    uint64_t duration = 0;
    uint64_t rounds = 0;
    const char *command = keep(loader, document, "command");
    report->suite = keep(loader, document, "suite");
    report->profile = keep(loader, document, "profile");
    report->command = command ? command : "./chatspec run";
    report->interrupted = cJSON_IsTrue(member(document, "interrupted"));
    read_peer(loader, member(document, "peer"));
    bool good = report->suite && report->profile && report->peer.kind && report->peer.name &&
                report->peer.version;
    if (!good ||
        !read_time(cJSON_GetStringValue(member(document, "started")), &report->started_ms) ||
        !read_number(document, "duration_ms", MAX_NUMBER, &duration) ||
        !read_number(document, "seed", MAX_NUMBER, &report->seed)) {
        return damaged(loader, "what it says of the run");
    }
    report->duration_ms = (int64_t)duration;
    if (member(document, "rounds")) {
        if (!read_number(document, "rounds", UINT32_MAX, &rounds) || rounds < 1) {
            return damaged(loader, "its rounds");
        }
        report->n_rounds = (unsigned)rounds;
        report->repeats = loader->stored->repeats;
    }
    if (member(document, "shard") &&
        !read_shard(loader, member(document, "shard"), &report->shard)) {
        return damaged(loader, "its shard");
    }
    return CS_OK;
}

/* ---- cases ---- */

/* What no shell takes for anything else: ids go into rerun lines. */
static bool is_id(const char *id)
{
    return id && strchr(id, '/') && id[0] != '/' && strlen(id) < 512 &&
           id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-./")] == '\0';
}

static const struct cs_role *role_of(struct loader *loader, const char *name)
{
    struct cs_stored_report *stored = loader->stored;
    for (size_t i = 0; i < stored->n_roles; i++) {
        if (strcmp(stored->roles[i].name, name) == 0) {
            return &stored->roles[i];
        }
    }
    stored->roles[stored->n_roles] = (struct cs_role){.name = name};
    return &stored->roles[stored->n_roles++];
}

static const char *join(struct loader *loader, const cJSON *list)
{
    struct cs_buf text = CS_BUF(65536);
    const cJSON *item = NULL;
    bool good = cJSON_IsArray(list);
    cJSON_ArrayForEach(item, list)
    {
        const char *id = cJSON_GetStringValue(item);
        good = good && id && id[0] && !strchr(id, ' ');
        cs_buf_printf(&text, "%s%s", text.len > 0 ? " " : "", good ? id : "");
    }
    char *raw = cs_buf_take(&text);
    char *ids = good && raw && raw[0] ? safe_copy(raw) : NULL;
    free(raw);
    return ids ? keep_text(loader, ids) : NULL;
}

static bool read_evidence(const cJSON *list, struct cs_result *result)
{
    const cJSON *item = NULL;
    bool good = cJSON_IsArray(list);
    cJSON_ArrayForEach(item, list)
    {
        const char *kind = cJSON_GetStringValue(member(item, "kind"));
        const char *title = cJSON_GetStringValue(member(item, "title"));
        const char *text = cJSON_GetStringValue(member(item, "text"));
        uint64_t left_out;
        if (!good || !kind || !title || !text ||
            !read_number(item, "left_out", MAX_NUMBER, &left_out)) {
            return false;
        }
        if (strcmp(kind, "rerun") == 0) {
            continue; /* whoever writes the report makes it anew */
        }
        char *safe[] = {safe_copy(kind), safe_copy(title), safe_copy(text)};
        good = safe[0] && safe[1] && safe[2] &&
               cs_result_add_evidence(result, safe[0], safe[1], safe[2], left_out);
        for (size_t i = 0; i < 3; i++) {
            free(safe[i]);
        }
        uint64_t at_ms;
        if (good && read_number(item, "at_ms", MAX_NUMBER, &at_ms)) {
            result->evidence[result->n_evidence - 1].at_ms = (int64_t)at_ms;
        }
    }
    return good;
}

static bool read_observations(const cJSON *row, struct cs_result *result)
{
    const cJSON *recorded = member(row, "recorded");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, member(row, "observations"))
    {
        const char *other = cJSON_GetStringValue(member(recorded, item->string));
        char *safe[] = {safe_copy(item->string),
                        cJSON_IsString(item) ? safe_copy(item->valuestring) : NULL,
                        other ? safe_copy(other) : NULL};
        bool good = safe[0] && safe[1] && (!other || safe[2]) &&
                    cs_result_observe(result, safe[0], safe[1], safe[2]);
        result->differs = result->differs || other;
        for (size_t i = 0; i < 3; i++) {
            free(safe[i]);
        }
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool read_outcome(const cJSON *row, struct cs_result *result)
{
    const char *message = cJSON_GetStringValue(member(row, "message"));
    char *safe = message ? safe_copy(message) : NULL;
    bool good = safe && (!safe[0] || cs_result_set_message(result, safe)) &&
                cs_read_verdict(cJSON_GetStringValue(member(row, "verdict")), &result->verdict);
    free(safe);
    result->done = true;
    result->ran = result->verdict != CS_SKIP;
    return good && read_evidence(member(row, "evidence"), result);
}

static bool read_expected(const cJSON *object, struct cs_result *result)
{
    const char *name = cJSON_GetStringValue(member(object, "state"));
    const char *reason = cJSON_GetStringValue(member(object, "reason"));
    const char *until = cJSON_GetStringValue(member(object, "until"));
    struct cs_expected expected = {.flaky = cJSON_IsTrue(member(object, "flaky"))};
    if (!object) {
        return true;
    }
    for (int s = CS_NOT_LISTED + 1; name && s < CS_N_EXPECTED_STATES; s++) {
        if (strcmp(name, cs_expected_state_name((enum cs_expected_state)s)) == 0) {
            expected.state = (enum cs_expected_state)s;
        }
    }
    if (expected.state == CS_NOT_LISTED || !reason || !until) {
        return false;
    }
    expected.reason = safe_copy(reason);
    expected.until = safe_copy(until);
    bool good = expected.reason && expected.until && cs_result_set_expected(result, &expected);
    free(expected.reason);
    free(expected.until);
    return good;
}

static bool read_rounds(const cJSON *row, struct cs_repeat *repeat)
{
    const cJSON *rounds = member(row, "rounds");
    const cJSON *different = member(row, "different");
    for (int v = 0; v < CS_N_VERDICTS; v++) {
        uint64_t n = 0;
        const char *name = cs_verdict_name((enum cs_verdict)v);
        if (member(rounds, name) && !read_number(rounds, name, UINT32_MAX, &n)) {
            return false;
        }
        repeat->n_verdicts[v] = (unsigned)n;
    }
    if (!different) {
        return cJSON_IsObject(rounds);
    }
    uint64_t round = 0;
    bool good = cJSON_IsObject(rounds) && read_number(different, "round", UINT32_MAX, &round) &&
                read_number(different, "seed", MAX_NUMBER, &repeat->different_seed) &&
                read_outcome(different, &repeat->different);
    repeat->different_round = (unsigned)round;
    return good;
}

static bool read_case(struct loader *loader, const cJSON *row, size_t i)
{
    struct cs_stored_report *stored = loader->stored;
    struct cs_case *test = &stored->tests[i];
    struct cs_result *result = &stored->results[i];
    struct cs_report_origin *origin = &stored->origins[i];
    uint64_t duration = 0;
    const char *role = keep(loader, row, "role");
    const char *command = keep(loader, row, "command");
    test->id = keep(loader, row, "id");
    test->title = keep(loader, row, "title");
    test->requirements = join(loader, member(row, "requirements"));
    test->needs = cJSON_IsTrue(member(row, "long")) ? CS_NEEDS_LONG : 0;
    *origin = (struct cs_report_origin){.command = command ? command : stored->report.command,
                                        .seed = stored->report.seed};
    result->known = cJSON_IsTrue(member(row, "known"));
    bool good = role && is_id(test->id) && test->title && test->requirements &&
                cs_read_level(cJSON_GetStringValue(member(row, "level")), &test->level) &&
                read_number(row, "duration_ms", MAX_NUMBER, &duration) &&
                (!member(row, "seed") || read_number(row, "seed", MAX_NUMBER, &origin->seed)) &&
                read_outcome(row, result) && read_observations(row, result) &&
                read_expected(member(row, "expected"), result) &&
                (!stored->report.repeats || read_rounds(row, &stored->repeats[i]));
    result->duration_ms = (int64_t)duration;
    if (good) {
        stored->work[i] = (struct cs_work){.role = role_of(loader, role), .test = test};
    }
    return good;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Nothing is there twice, and all of it is what the document says was run. */
static enum cs_err check_ids(const struct loader *loader, const cJSON *document)
{
    const struct cs_report *report = &loader->stored->report;
    const char *executed = cJSON_GetStringValue(member(document, "executed"));
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

static enum cs_err load(struct loader *loader, const cJSON *document)
{
    struct cs_stored_report *stored = loader->stored;
    struct cs_report *report = &stored->report;
    const cJSON *rows = member(document, "cases");
    const cJSON *row = NULL;
    const char *schema = cJSON_GetStringValue(member(document, "schema"));
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
        if (err == CS_OK && !read_case(loader, row, report->n++)) {
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
    struct loader loader = {.label = label, .diag = diag, .stored = &stored};
    enum cs_err err = load(&loader, document);
    if (err != CS_OK) {
        stored.report.n = (size_t)cJSON_GetArraySize(member(document, "cases"));
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
