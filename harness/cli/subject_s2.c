#include "cli/subject_s2.h"

#include <stdlib.h>

#include "cli/subject_endpoint.h"
#include "peer/process.h"

int cs_s2_env(const struct cs_args *args, struct cs_endpoint_env *env, char **url_store)
{
    if (!args->s2_url) {
        return args->s2_basin || args->s2_token_env
                   ? cs_say(CS_EXIT_USAGE, "--s2-basin and --s2-token-env belong to an --s2-url")
                   : CS_EXIT_OK;
    }
    if (!args->s2_basin) {
        return cs_say(CS_EXIT_USAGE, "--s2-url needs the name of a basin there: --s2-basin NAME");
    }
    int status = cs_read_key("s2-token-env", args->s2_token_env, &env->s2_token);
    if (status != CS_EXIT_OK) {
        return status;
    }
    *url_store = cs_checked_url(args->s2_url);
    if (!*url_store) {
        return cs_say(CS_EXIT_USAGE,
                      "--s2-url %s: it takes http://HOST[:PORT]/v1 or https://HOST[:PORT]/v1",
                      args->s2_url);
    }
    env->s2_url = *url_store;
    env->s2_basin = args->s2_basin;
    return CS_EXIT_OK;
}

static void add(struct cs_buf *out, const char *name, const char *value)
{
    if (value) {
        cs_buf_printf(out, " --%s ", name);
        cs_command_quote(out, value);
    }
}

void cs_s2_rerun(const struct cs_args *args, struct cs_buf *out)
{
    add(out, "s2-url", args->s2_url);
    add(out, "s2-basin", args->s2_basin);
    add(out, "s2-token-env", args->s2_token_env);
}
