/* What a matrix of versions prints and how it exits, be it fresh or merged from its shards. */
#ifndef CHATSPEC_CLI_MATRIX_OUTPUT_H
#define CHATSPEC_CLI_MATRIX_OUTPUT_H

#include "cli/options.h"
#include "reports/versions.h"

struct cs_matrix_output {
    const struct cs_args *args; /* format, gate, expect */
    const struct cs_requirements *set;
    const struct cs_report *reports; /* a column each; those with n 0 could not be had */
    size_t n;
};

/* Was that --format asked for? */
bool cs_matrix_has_format(const struct cs_args *args, const char *name);

/* Prints the table and the changes, or the document. 0, or says why not and gives the exit status;
 * *ret_newest counts the changes to the last version. */
int cs_matrix_output_print(const struct cs_matrix_output *output, struct cs_comparison *ret_newest);
/* Old versions may fail; what counts is whether all could be judged, what the gate says of the
 * newest and, with a list of expected failures, what it does not name. */
int cs_matrix_output_status(const struct cs_matrix_output *output,
                            const struct cs_comparison *newest);

#endif
