/* A report file: opened before the run, so that a path that cannot be written is known at once, and
 * put in place whole after it, so that nobody ever reads half a report.
 */
#ifndef CHATSPEC_REPORTS_OUTPUT_FILE_H
#define CHATSPEC_REPORTS_OUTPUT_FILE_H

#include "wire/bytes.h"

struct cs_output_file {
    char *path;
    char *temporary; /* in the same folder; NULL when `path` is written directly (a pipe, a tty) */
    int fd;
    bool goes_on; /* something is there already: an empty line comes first */
};

/* Errors: CS_ERR_IO with a line for people in diag, CS_ERR_NO_MEMORY. */
CS_MUST_USE enum cs_err cs_output_file_open(const char *path, struct cs_output_file *ret_file,
                                            struct cs_diag *diag);
/* The same for a file that others write to as well (a job's summary): what is there stays, and the
 * bytes of the commit go behind it. */
CS_MUST_USE enum cs_err cs_output_file_append(const char *path, struct cs_output_file *ret_file,
                                              struct cs_diag *diag);
/* Writes and puts in place; the file is closed whatever happens. Errors: CS_ERR_IO. */
CS_MUST_USE enum cs_err cs_output_file_commit(struct cs_output_file *file, struct cs_view bytes,
                                              struct cs_diag *diag);
/* Leaves what was at the path before. Does nothing after a commit. */
void cs_output_file_abandon(struct cs_output_file *file);

#endif
