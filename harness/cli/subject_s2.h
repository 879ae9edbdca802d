/* --s2-url and what goes with it: a stream store that the cases of the store run on by itself. */
#ifndef CHATSPEC_CLI_SUBJECT_S2_H
#define CHATSPEC_CLI_SUBJECT_S2_H

#include "cli/options.h"
#include "conformance/endpoint/endpoint_role.h"

/* Adds the store to *env, if one was named. `url_store` holds the URL without slashes at its end,
 * and is the caller's to free. On failure says why and gives the exit status, else 0. */
CS_MUST_USE int cs_s2_env(const struct cs_args *args, struct cs_endpoint_env *env,
                          char **url_store);
/* The options as they stand in the command that runs a case again. */
void cs_s2_rerun(const struct cs_args *args, struct cs_buf *out);

#define CS_ROWS_S2                                                                             \
    CS_ROW("s2-url", CS_OPTION_TEXT, s2_url, "URL",                                            \
           "stream store for the cases endpoint/s2/*, such as http://127.0.0.1:8080/v1", 0),   \
        CS_ROW("s2-basin", CS_OPTION_TEXT, s2_basin, "NAME", "basin of that store to use", 0), \
        CS_ROW("s2-token-env", CS_OPTION_TEXT, s2_token_env, "VAR",                            \
               "environment variable that holds its access token (none)", 0)

#endif
