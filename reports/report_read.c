#include "reports/report_read.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/report.h"

#define MAX_FILE ((size_t)512 * 1024 * 1024)

static enum cs_err read_file(const char *path, struct cs_buf *out, struct cs_diag *diag)
{
    char chunk[65536];
    size_t n;
    FILE *file = fopen(path, "rbe");
    if (!file) {
        return cs_fail(diag, CS_ERR_IO, 0, "%.120s: %s", path, strerror(errno));
    }
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0) {
        cs_buf_append(out, chunk, n);
    }
    bool bad = ferror(file) != 0;
    int error = errno;
    fclose(file);
    if (bad) {
        return cs_fail(diag, CS_ERR_IO, 0, "%.120s: %s", path, strerror(error));
    }
    enum cs_err err = cs_buf_error(out);
    return err == CS_OK ? CS_OK
                        : cs_fail(diag, err, 0, "%.120s: %s", path,
                                  err == CS_ERR_LIMIT ? "larger than 512 MiB" : "out of memory");
}

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

bool cs_read_verdict(const char *name, enum cs_verdict *ret_verdict)
{
    for (int i = 0; name && i < CS_N_VERDICTS; i++) {
        if (strcmp(name, cs_verdict_name((enum cs_verdict)i)) == 0) {
            *ret_verdict = (enum cs_verdict)i;
            return true;
        }
    }
    return false;
}

bool cs_read_level(const char *name, enum cs_level *ret_level)
{
    static const enum cs_level levels[] = {CS_MUST, CS_SHOULD, CS_MAY, CS_OBSERVED};
    for (size_t i = 0; name && i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(name, cs_level_name(levels[i])) == 0) {
            *ret_level = levels[i];
            return true;
        }
    }
    return false;
}

static bool are_strings(const cJSON *object)
{
    const cJSON *member = NULL;
    bool good = cJSON_IsObject(object);
    cJSON_ArrayForEach(member, object)
    {
        good = good && cJSON_IsString(member);
    }
    return good;
}

/* Ids divided by spaces, as cases have them; NULL when that is no list of texts. */
static char *join(const cJSON *list)
{
    struct cs_buf text = CS_BUF(4096);
    const cJSON *item = NULL;
    bool good = !list || cJSON_IsArray(list);
    cJSON_ArrayForEach(item, list)
    {
        good = good && cJSON_IsString(item);
        cs_buf_printf(&text, "%s%s", text.len > 0 ? " " : "", good ? item->valuestring : "");
    }
    char *ids = cs_buf_take(&text);
    if (!good) {
        free(ids);
        return NULL;
    }
    return ids;
}

static bool read_case(const cJSON *row, struct cs_read_case *ret_case)
{
    struct cs_read_case item = {
        .id = text_of(row, "id"),
        .message = text_of(row, "message"),
        .observations = cJSON_GetObjectItemCaseSensitive(row, "observations"),
    };
    bool good = item.id && item.message &&
                cs_read_verdict(text_of(row, "verdict"), &item.verdict) &&
                cs_read_level(text_of(row, "level"), &item.level) && are_strings(item.observations);
    item.requirements = good ? join(cJSON_GetObjectItemCaseSensitive(row, "requirements")) : NULL;
    *ret_case = item;
    return good && item.requirements;
}

static int by_id(const void *a, const void *b)
{
    const struct cs_read_case *left = a;
    const struct cs_read_case *right = b;
    return strcmp(left->id, right->id);
}

static enum cs_err read_cases(const cJSON *rows, const char *path, struct cs_read_report *report,
                              struct cs_diag *diag)
{
    size_t n = (size_t)cJSON_GetArraySize(rows);
    const cJSON *row = NULL;
    report->cases = calloc(n ? n : 1, sizeof *report->cases);
    if (!report->cases) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "%.120s: out of memory", path);
    }
    cJSON_ArrayForEach(row, rows)
    {
        if (!read_case(row, &report->cases[report->n_cases])) {
            return cs_fail(diag, CS_ERR_TYPE, 0, "%.120s: case %zu of it is damaged", path,
                           report->n_cases + 1);
        }
        report->n_cases++;
    }
    qsort(report->cases, report->n_cases, sizeof *report->cases, by_id);
    return CS_OK;
}

static enum cs_err read_document(const char *path, struct cs_read_report *report,
                                 struct cs_diag *diag)
{
    const cJSON *peer = cJSON_GetObjectItemCaseSensitive(report->document, "peer");
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(report->document, "cases");
    const char *schema = text_of(report->document, "schema");
    if (schema && strcmp(schema, "chatspec-matrix/1") == 0) {
        return cs_fail(diag, CS_ERR_TYPE, 0,
                       "%.80s: a matrix of versions, and not the report of one (matrix --report "
                       "json=PATH writes one for each)",
                       path);
    }
    if (!schema || strcmp(schema, CS_REPORT_SCHEMA) != 0) {
        return cs_fail(diag, CS_ERR_TYPE, 0,
                       "%.120s: no report of schema " CS_REPORT_SCHEMA
                       " (--report json=PATH writes one)",
                       path);
    }
    report->suite = text_of(report->document, "suite");
    report->profile = text_of(report->document, "profile");
    report->peer_name = text_of(peer, "name");
    report->peer_version = text_of(peer, "version");
    const char *source = text_of(peer, "source");
    const char *parser = text_of(peer, "parser");
    report->peer_source = source ? source : "";
    report->peer_parser = parser ? parser : "";
    report->interrupted =
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(report->document, "interrupted"));
    if (!report->suite || !report->profile || !report->peer_name || !report->peer_version ||
        !cJSON_IsArray(rows)) {
        return cs_fail(diag, CS_ERR_TYPE, 0, "%.120s: a damaged report", path);
    }
    return read_cases(rows, path, report, diag);
}

enum cs_err cs_document_parse(struct cs_view text, const char *label, cJSON **ret_document,
                              struct cs_diag *diag)
{
    *ret_document = cJSON_ParseWithLength(text.ptr, text.len);
    return *ret_document ? CS_OK
                         : cs_fail(diag, CS_ERR_SYNTAX, 0, "%.120s: this is not JSON", label);
}

enum cs_err cs_document_read(const char *path, cJSON **ret_document, struct cs_diag *diag)
{
    struct cs_buf text = CS_BUF(MAX_FILE);
    enum cs_err err = read_file(path, &text, diag);
    err = err == CS_OK ? cs_document_parse(cs_buf_view(&text), path, ret_document, diag) : err;
    cs_buf_free(&text);
    return err;
}

static enum cs_err finish(enum cs_err err, const char *label, struct cs_read_report *report,
                          struct cs_read_report *ret_report, struct cs_diag *diag)
{
    err = err == CS_OK ? read_document(label, report, diag) : err;
    if (err != CS_OK) {
        cs_read_report_free(report);
        return err;
    }
    *ret_report = *report;
    return CS_OK;
}

enum cs_err cs_report_parse(struct cs_view text, const char *label,
                            struct cs_read_report *ret_report, struct cs_diag *diag)
{
    struct cs_read_report report = {0};
    enum cs_err err = cs_document_parse(text, label, &report.document, diag);
    return finish(err, label, &report, ret_report, diag);
}

enum cs_err cs_report_read(const char *path, struct cs_read_report *ret_report,
                           struct cs_diag *diag)
{
    struct cs_read_report report = {0};
    enum cs_err err = cs_document_read(path, &report.document, diag);
    return finish(err, path, &report, ret_report, diag);
}

void cs_read_report_free(struct cs_read_report *report)
{
    for (size_t i = 0; i < report->n_cases; i++) {
        free(report->cases[i].requirements);
    }
    free(report->cases);
    cJSON_Delete(report->document);
    *report = (struct cs_read_report){0};
}

const struct cs_read_case *cs_read_report_find(const struct cs_read_report *report, const char *id)
{
    const struct cs_read_case key = {.id = id};
    return report->n_cases > 0 ? bsearch(&key, report->cases, report->n_cases, sizeof key, by_id)
                               : NULL;
}
