#include "cli/report_pages.h"

#include <stdlib.h>

#include "reports/output_file.h"

#define MAX_DOCUMENT ((size_t)512 * 1024 * 1024)

struct cs_report_page {
    const struct cs_page_kind *kind;
    struct cs_output_file file;
};

static const struct cs_page_kind *kind_of(const struct cs_page_kind *kinds, const char *asked)
{
    const char *equals = strchr(asked, '=');
    for (; equals && equals[1] != '\0' && kinds->name; kinds++) {
        if (cs_view_eq(cs_view_str(kinds->name), cs_view_of(asked, (size_t)(equals - asked)))) {
            return kinds;
        }
    }
    return NULL;
}

static int refuse(const struct cs_page_kind *kinds, const char *asked)
{
    struct cs_buf names = CS_BUF(1024);
    for (const struct cs_page_kind *kind = kinds; kind->name; kind++) {
        cs_buf_printf(&names, "%s%s=PATH", kind > kinds ? " or " : "", kind->name);
    }
    char *text = cs_buf_take(&names);
    int status = cs_say(CS_EXIT_USAGE, "--report %s: here it takes %s", asked, text ? text : "");
    free(text);
    return status;
}

int cs_report_pages_open(const struct cs_args *args, const struct cs_page_kind *kinds, bool all,
                         struct cs_report_pages *ret_pages)
{
    const struct cs_list *list = &args->report;
    struct cs_report_pages pages = {calloc(list->n ? list->n : 1, sizeof *pages.items), 0};
    int status = pages.items ? CS_EXIT_OK : cs_say(CS_EXIT_TROUBLE, "out of memory");
    for (size_t i = 0; i < list->n && status == CS_EXIT_OK; i++) {
        const struct cs_page_kind *kind = kind_of(kinds, list->items[i]);
        struct cs_diag diag = {0};
        if (!kind) {
            status = all ? refuse(kinds, list->items[i]) : CS_EXIT_OK;
        } else if (cs_output_file_open(strchr(list->items[i], '=') + 1, &pages.items[pages.n].file,
                                       &diag) != CS_OK) {
            status = cs_say(CS_EXIT_USAGE, "--report: %s", diag.text);
        } else {
            pages.items[pages.n++].kind = kind;
        }
    }
    if (status != CS_EXIT_OK) {
        cs_report_pages_close(&pages);
        return status;
    }
    *ret_pages = pages;
    return CS_EXIT_OK;
}

int cs_report_pages_write(struct cs_report_pages *pages, const void *what)
{
    int status = CS_EXIT_OK;
    for (size_t i = 0; i < pages->n; i++) {
        struct cs_buf out = CS_BUF(MAX_DOCUMENT);
        struct cs_diag diag = {0};
        enum cs_err err = pages->items[i].kind->write(what, &out);
        if (err != CS_OK || cs_buf_error(&out) != CS_OK) {
            status = cs_say(CS_EXIT_TROUBLE, "the %s report is too large for the memory here",
                            pages->items[i].kind->name);
        } else if (cs_output_file_commit(&pages->items[i].file, cs_buf_view(&out), &diag) !=
                   CS_OK) {
            status = cs_say(CS_EXIT_TROUBLE, "--report: %s", diag.text);
        }
        cs_buf_free(&out);
    }
    return status;
}

void cs_report_pages_close(struct cs_report_pages *pages)
{
    for (size_t i = 0; i < pages->n; i++) {
        cs_output_file_abandon(&pages->items[i].file);
    }
    free(pages->items);
    *pages = (struct cs_report_pages){0};
}
