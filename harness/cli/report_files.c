#include "cli/report_files.h"

#include <stdlib.h>

#include "reports/html.h"
#include "reports/markdown.h"
#include "reports/output_file.h"

#define MAX_DOCUMENT ((size_t)512 * 1024 * 1024)

/* What of a subject has no function, that kind cannot write. */
struct report_kind {
    const char *name;
    void (*write)(const struct cs_report *report, struct cs_buf *out);
    /* NULL: a file for each version, by the function above */
    enum cs_err (*write_versions)(const struct cs_report *reports, size_t n,
                                  const struct cs_requirements *set, struct cs_buf *out);
    enum cs_err (*write_comparison)(const struct cs_read_report *older,
                                    const struct cs_read_report *newer,
                                    const struct cs_requirements *set, struct cs_buf *out);
};

static const struct report_kind report_kinds[] = {
    {"json", cs_report_json, NULL, cs_compare_document},
    {"junit", cs_report_junit, NULL, NULL},
    {"html", cs_report_html, cs_versions_html, cs_compare_html},
    {"markdown", cs_report_markdown, cs_versions_markdown, cs_compare_markdown},
};

struct cs_report_file {
    const struct report_kind *kind;
    struct cs_output_file file;
};

static const struct report_kind *kind_of(struct cs_view name)
{
    for (size_t i = 0; i < sizeof report_kinds / sizeof report_kinds[0]; i++) {
        if (cs_view_eq(cs_view_str(report_kinds[i].name), name)) {
            return &report_kinds[i];
        }
    }
    return NULL;
}

/* The tag goes before the ending of the last part of the path. */
static char *tagged(const char *path, const char *tag)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t stem = dot && dot > name ? (size_t)(dot - path) : strlen(path);
    struct cs_buf text = CS_BUF(65536);
    cs_buf_printf(&text, "%.*s%s%s%s", (int)stem, path, tag ? "-" : "", tag ? tag : "",
                  path + stem);
    return cs_buf_take(&text);
}

/* Others write to a job's summary as well. */
static bool is_shared(const char *path)
{
    const char *summary = getenv("GITHUB_STEP_SUMMARY");
    return summary && summary[0] && strcmp(summary, path) == 0;
}

static int cannot(const char *asked, enum cs_report_subject subject)
{
    struct cs_buf names = CS_BUF(4096);
    for (size_t i = 0; i < sizeof report_kinds / sizeof report_kinds[0]; i++) {
        if (subject != CS_REPORT_COMPARISON || report_kinds[i].write_comparison) {
            cs_buf_printf(&names, "%s%s=PATH", names.len > 0 ? ", " : "", report_kinds[i].name);
        }
    }
    char *text = cs_buf_take(&names);
    (void)cs_say(CS_EXIT_USAGE, "--report %s: it takes %s", asked, text ? text : "KIND=PATH");
    free(text);
    return CS_EXIT_USAGE;
}

static bool is_for(const struct report_kind *kind, enum cs_report_subject subject)
{
    return subject == CS_REPORT_VERSION    ? !kind->write_versions
           : subject == CS_REPORT_VERSIONS ? kind->write_versions != NULL
                                           : true;
}

/* *ret_file has no kind when it is not for this subject. */
static int open_one(const char *asked, enum cs_report_subject subject, const char *tag,
                    struct cs_report_file *ret_file)
{
    const char *equals = strchr(asked, '=');
    const struct report_kind *kind =
        equals ? kind_of(cs_view_of(asked, (size_t)(equals - asked))) : NULL;
    if (!kind || equals[1] == '\0' ||
        (subject == CS_REPORT_COMPARISON && !kind->write_comparison)) {
        return cannot(asked, subject);
    }
    if (!is_for(kind, subject)) {
        return CS_EXIT_OK;
    }
    char *path = tagged(equals + 1, tag);
    struct cs_diag diag = {0};
    if (!path) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    enum cs_err err = is_shared(path) ? cs_output_file_append(path, &ret_file->file, &diag)
                                      : cs_output_file_open(path, &ret_file->file, &diag);
    free(path);
    ret_file->kind = kind;
    return err == CS_OK ? CS_EXIT_OK : cs_say(CS_EXIT_USAGE, "--report: %s", diag.text);
}

int cs_report_files_open(const struct cs_args *args, enum cs_report_subject subject,
                         const char *tag, struct cs_report_files *ret_files)
{
    const struct cs_list *list = &args->report;
    struct cs_report_files files = {calloc(list->n ? list->n : 1, sizeof *files.items), 0};
    if (!files.items) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    for (size_t i = 0; i < list->n; i++) {
        int status = open_one(list->items[i], subject, tag, &files.items[files.n]);
        if (status != CS_EXIT_OK) {
            cs_report_files_close(&files);
            return status;
        }
        files.n += files.items[files.n].kind != NULL;
    }
    *ret_files = files;
    return CS_EXIT_OK;
}

/* Puts the document in place and frees it. */
static int commit(struct cs_report_file *file, enum cs_err err, struct cs_buf *out)
{
    struct cs_diag diag = {0};
    int status = CS_EXIT_OK;
    if (err != CS_OK || cs_buf_error(out) != CS_OK) {
        status = cs_say(CS_EXIT_TROUBLE, "the %s report is too large for the memory here",
                        file->kind->name);
    } else if (cs_output_file_commit(&file->file, cs_buf_view(out), &diag) != CS_OK) {
        status = cs_say(CS_EXIT_TROUBLE, "--report: %s", diag.text);
    }
    cs_buf_free(out);
    return status;
}

int cs_report_files_write(struct cs_report_files *files, const struct cs_report *report)
{
    int status = CS_EXIT_OK;
    for (size_t i = 0; i < files->n; i++) {
        struct cs_buf out = CS_BUF(MAX_DOCUMENT);
        files->items[i].kind->write(report, &out);
        int one = commit(&files->items[i], CS_OK, &out);
        status = one != CS_EXIT_OK ? one : status;
    }
    return status;
}

int cs_report_files_write_versions(struct cs_report_files *files, const struct cs_report *reports,
                                   size_t n, const struct cs_requirements *set)
{
    int status = CS_EXIT_OK;
    for (size_t i = 0; i < files->n; i++) {
        struct cs_buf out = CS_BUF(MAX_DOCUMENT);
        enum cs_err err = files->items[i].kind->write_versions(reports, n, set, &out);
        int one = commit(&files->items[i], err, &out);
        status = one != CS_EXIT_OK ? one : status;
    }
    return status;
}

int cs_report_files_write_comparison(struct cs_report_files *files,
                                     const struct cs_read_report *older,
                                     const struct cs_read_report *newer,
                                     const struct cs_requirements *set)
{
    int status = CS_EXIT_OK;
    for (size_t i = 0; i < files->n; i++) {
        struct cs_buf out = CS_BUF(MAX_DOCUMENT);
        enum cs_err err = files->items[i].kind->write_comparison(older, newer, set, &out);
        int one = commit(&files->items[i], err, &out);
        status = one != CS_EXIT_OK ? one : status;
    }
    return status;
}

void cs_report_files_close(struct cs_report_files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        cs_output_file_abandon(&files->items[i].file);
    }
    free(files->items);
    *files = (struct cs_report_files){0};
}
