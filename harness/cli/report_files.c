#include "cli/report_files.h"

#include <stdlib.h>

#include "reports/html.h"
#include "reports/output_file.h"

#define MAX_DOCUMENT ((size_t)512 * 1024 * 1024)

struct report_kind {
    const char *name;
    void (*write)(const struct cs_report *report, struct cs_buf *out);
    bool is_page; /* of several versions there is one for all: report_pages.h */
};

static const struct report_kind report_kinds[] = {
    {"json", cs_report_json, false},
    {"junit", cs_report_junit, false},
    {"html", cs_report_html, true},
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

static const struct report_kind *kind_asked(const char *asked)
{
    const char *equals = strchr(asked, '=');
    return equals && equals[1] != '\0' ? kind_of(cs_view_of(asked, (size_t)(equals - asked)))
                                       : NULL;
}

static int open_one(const char *asked, const char *tag, struct cs_report_file *ret_file)
{
    const struct report_kind *kind = kind_asked(asked);
    if (!kind) {
        return cs_say(CS_EXIT_USAGE, "--report %s: it takes json=PATH, junit=PATH or html=PATH",
                      asked);
    }
    char *path = tagged(strchr(asked, '=') + 1, tag);
    struct cs_diag diag = {0};
    if (!path) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    enum cs_err err = cs_output_file_open(path, &ret_file->file, &diag);
    free(path);
    ret_file->kind = kind;
    return err == CS_OK ? CS_EXIT_OK : cs_say(CS_EXIT_USAGE, "--report: %s", diag.text);
}

int cs_report_files_open(const struct cs_args *args, const char *tag,
                         struct cs_report_files *ret_files)
{
    const struct cs_list *list = &args->report;
    struct cs_report_files files = {calloc(list->n ? list->n : 1, sizeof *files.items), 0};
    if (!files.items) {
        return cs_say(CS_EXIT_TROUBLE, "out of memory");
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct report_kind *kind = kind_asked(list->items[i]);
        if (tag && kind && kind->is_page) {
            continue;
        }
        int status = open_one(list->items[i], tag, &files.items[files.n]);
        if (status != CS_EXIT_OK) {
            cs_report_files_close(&files);
            return status;
        }
        files.n++;
    }
    *ret_files = files;
    return CS_EXIT_OK;
}

int cs_report_files_write(struct cs_report_files *files, const struct cs_report *report)
{
    int status = CS_EXIT_OK;
    for (size_t i = 0; i < files->n; i++) {
        struct cs_buf out = CS_BUF(MAX_DOCUMENT);
        struct cs_diag diag = {0};
        files->items[i].kind->write(report, &out);
        if (cs_buf_error(&out) != CS_OK) {
            status = cs_say(CS_EXIT_TROUBLE, "the %s report is too large for the memory here",
                            files->items[i].kind->name);
        } else if (cs_output_file_commit(&files->items[i].file, cs_buf_view(&out), &diag) !=
                   CS_OK) {
            status = cs_say(CS_EXIT_TROUBLE, "--report: %s", diag.text);
        }
        cs_buf_free(&out);
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
