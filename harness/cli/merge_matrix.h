/* Merging the documents of a matrix whose cases were run in shards. */
#ifndef CHATSPEC_CLI_MERGE_MATRIX_H
#define CHATSPEC_CLI_MERGE_MATRIX_H

#include "cli/options.h"

struct cJSON;

/* Merges column by column, prints what the matrix would have printed and gives its exit status. The
 * documents must have the same columns, there and not there, and the reports of each must merge. */
int cs_merge_matrices(const struct cs_args *args, struct cJSON *const *documents,
                      const char *const *labels, size_t n);

#endif
