/* --stream, --basin and --stream-token-env: where a built-in endpoint keeps its streams. */
#ifndef CHATSPEC_CLI_STREAM_OPTION_H
#define CHATSPEC_CLI_STREAM_OPTION_H

#include "cli/options.h"

struct cs_stream_option {
    char *url;         /* NULL: in memory */
    const char *basin; /* borrowed, as is the token */
    const char *token; /* NULL: none */
};

/* Reads the options and makes sure that the store is there. On failure says why and gives the exit
 * status; 0 with *ret_option otherwise. */
CS_MUST_USE int cs_stream_option_read(const struct cs_args *args,
                                      struct cs_stream_option *ret_option);
void cs_stream_option_free(struct cs_stream_option *option);

#endif
