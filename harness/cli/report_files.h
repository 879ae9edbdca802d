/* The files of --report: opened before a run, so that a path that cannot be written is known at
 * once, and written whole after it. */
#ifndef CHATSPEC_CLI_REPORT_FILES_H
#define CHATSPEC_CLI_REPORT_FILES_H

#include "cli/options.h"
#include "reports/report.h"

struct cs_report_file;

/* A zeroed struct has no files. */
struct cs_report_files {
    struct cs_report_file *items;
    size_t n;
};

/* Opens what --report asks for; with `tag` (may be NULL) "PATH.json" becomes "PATH-TAG.json", and
 * kinds that show all versions on one page (report_pages.h) are left out. On failure says why and
 * gives the exit status, with nothing left open; 0 otherwise. */
CS_MUST_USE int cs_report_files_open(const struct cs_args *args, const char *tag,
                                     struct cs_report_files *ret_files);
/* Writes the report to each of them; says what could not be written. 0 or the exit status. */
CS_MUST_USE int cs_report_files_write(struct cs_report_files *files,
                                      const struct cs_report *report);
/* Leaves files that were not written as they were. */
void cs_report_files_close(struct cs_report_files *files);

#endif
