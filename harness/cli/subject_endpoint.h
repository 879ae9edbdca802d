/* The subject of the endpoint role: a URL from the command line, or a built-in endpoint. */
#ifndef CHATSPEC_CLI_SUBJECT_ENDPOINT_H
#define CHATSPEC_CLI_SUBJECT_ENDPOINT_H

#include "cli/host.h"
#include "cli/options.h"
#include "conformance/endpoint/endpoint_role.h"

/* What the cases are told of a built-in endpoint at `url` (borrowed). */
struct cs_endpoint_env cs_builtin_env(const char *url, int64_t patience_ms);

/* The value of the environment variable that an option names; `variable` NULL: none is wanted. On
 * failure says why and gives the exit status. */
CS_MUST_USE int cs_key_from(const char *option, const char *variable, const char **ret_key);
/* A copy without slashes at its end; NULL when it is no URL of http or https. */
char *cs_url_checked(const char *url);

/* From --url, --secret-key-env and so on. On failure says why and gives the exit status; 0 with
 * *ret_env otherwise. `url_store` holds the URL without slashes at its end, and is the caller's to
 * free. */
CS_MUST_USE int cs_url_env(const struct cs_args *args, struct cs_endpoint_env *ret_env,
                           char **url_store);

#endif
