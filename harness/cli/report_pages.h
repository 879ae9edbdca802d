/* The files of --report that show several reports together: a comparison, or versions side by side.
 * Opened before the work and written whole after it, as those of a single report are
 * (report_files.h). */
#ifndef CHATSPEC_CLI_REPORT_PAGES_H
#define CHATSPEC_CLI_REPORT_PAGES_H

#include "cli/options.h"

struct cs_page_kind {
    const char *name; /* "html"; NULL ends a table */
    enum cs_err (*write)(const void *what, struct cs_buf *out);
};

struct cs_report_page;

/* A zeroed struct has no files. */
struct cs_report_pages {
    struct cs_report_page *items;
    size_t n;
};

/* Opens those of --report whose kind is in the table. Others are left to others; with `all` they
 * are a mistake. On failure says why and gives the exit status, with nothing left open; else 0. */
CS_MUST_USE int cs_report_pages_open(const struct cs_args *args, const struct cs_page_kind *kinds,
                                     bool all, struct cs_report_pages *ret_pages);
/* Writes `what` to each of them; says what could not be written. 0 or the exit status. */
CS_MUST_USE int cs_report_pages_write(struct cs_report_pages *pages, const void *what);
/* Leaves files that were not written as they were. */
void cs_report_pages_close(struct cs_report_pages *pages);

#endif
