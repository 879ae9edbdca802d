/* The files of --report: opened before a run, so that a path that cannot be written is known at
 * once, and written whole after it. */
#ifndef CHATSPEC_CLI_REPORT_FILES_H
#define CHATSPEC_CLI_REPORT_FILES_H

#include "cli/options.h"
#include "reports/compare.h"
#include "reports/report.h"

struct cs_report_file;

/* A zeroed struct has no files. */
struct cs_report_files {
    struct cs_report_file *items;
    size_t n;
};

/* What the files tell. Of several versions some kinds write a file each, others one of all. */
enum cs_report_subject {
    CS_REPORT_RUN,
    CS_REPORT_VERSION,  /* one of several: only the kinds that write a file each */
    CS_REPORT_VERSIONS, /* all of them: only the other kinds */
    CS_REPORT_COMPARISON
};

/* Opens what --report asks for and the subject takes; with `tag` (may be NULL) "PATH.json" becomes
 * "PATH-TAG.json". Markdown goes behind what is there when PATH is that of $GITHUB_STEP_SUMMARY. On
 * failure says why and gives the exit status, with nothing left open; 0 otherwise. */
CS_MUST_USE int cs_report_files_open(const struct cs_args *args, enum cs_report_subject subject,
                                     const char *tag, struct cs_report_files *ret_files);
/* Each writes to all the files; says what could not be written. 0 or the exit status. */
CS_MUST_USE int cs_report_files_write(struct cs_report_files *files,
                                      const struct cs_report *report);
CS_MUST_USE int cs_report_files_write_versions(struct cs_report_files *files,
                                               const struct cs_report *reports, size_t n,
                                               const struct cs_requirements *set);
CS_MUST_USE int cs_report_files_write_comparison(struct cs_report_files *files,
                                                 const struct cs_read_report *older,
                                                 const struct cs_read_report *newer,
                                                 const struct cs_requirements *set);
/* Leaves files that were not written as they were. */
void cs_report_files_close(struct cs_report_files *files);

#endif
