#include "cli/subject_endpoint.h"

#include <stdlib.h>

#define URL_PATIENCE_MS 10000 /* of cases, with a server that may be far away */

struct cs_endpoint_env cs_builtin_env(const char *url, int64_t patience_ms)
{
    return (struct cs_endpoint_env){
        .url = url,
        .secret_key = CS_ENDPOINT_SECRET_KEY,
        .other_secret_key = CS_ENDPOINT_OTHER_SECRET_KEY,
        .restricted_key = CS_ENDPOINT_RESTRICTED_KEY,
        .preview_key = CS_ENDPOINT_PREVIEW_KEY,
        .branch = CS_ENDPOINT_BRANCH,
        .task = "absent", /* see harness/endpoint/agent/agent.h */
        .agent_task = "echo",
        .has_s2 = true,
        .s2_basin = "chatspec-basin",
        .s2_token = CS_ENDPOINT_SECRET_KEY,
        .can_mint = true,
        .has_runs_api = true,
        .store_checks_tokens = true,
        .patience_ms = patience_ms,
    };
}

int cs_read_key(const char *option, const char *variable, const char **ret_key)
{
    if (!variable) {
        return CS_EXIT_OK;
    }
    const char *key = getenv(variable);
    if (!key || !key[0]) {
        return cs_say(CS_EXIT_USAGE,
                      "--%s %s: there is no such environment variable, or it is "
                      "empty (the option takes a name, not the key)",
                      option, variable);
    }
    *ret_key = key;
    return CS_EXIT_OK;
}

char *cs_checked_url(const char *url)
{
    const char *scheme_end = strstr(url, "://");
    struct cs_view scheme = cs_view_of(url, scheme_end ? (size_t)(scheme_end - url) : 0);
    bool known = cs_view_eq(scheme, CS_VIEW("http")) || cs_view_eq(scheme, CS_VIEW("https"));
    const char *host = scheme_end ? scheme_end + 3 : url;
    size_t len = strlen(url);
    if (!known || strcspn(host, "/:?#@") == 0 || host[strcspn(host, "?#@ \t\r\n")] != '\0') {
        return NULL;
    }
    while (url[len - 1] == '/') {
        len--;
    }
    return strndup(url, len);
}

int cs_url_env(const struct cs_args *args, struct cs_endpoint_env *ret_env, char **url_store)
{
    struct cs_endpoint_env env = {
        .task = args->task ? args->task : "absent",
        .agent_task = args->agent_task,
        .store_checks_tokens = !args->any_store_token,
        .branch = args->branch,
        .patience_ms = URL_PATIENCE_MS,
    };
    int status = cs_read_key("secret-key-env", args->secret_key_env, &env.secret_key);
    if (status == CS_EXIT_OK) {
        status =
            cs_read_key("other-secret-key-env", args->other_secret_key_env, &env.other_secret_key);
    }
    if (status == CS_EXIT_OK) {
        status = cs_read_key("restricted-key-env", args->restricted_key_env, &env.restricted_key);
    }
    if (status == CS_EXIT_OK) {
        status = cs_read_key("preview-key-env", args->preview_key_env, &env.preview_key);
    }
    if (status != CS_EXIT_OK) {
        return status;
    }
    if (!env.preview_key != !env.branch) {
        return cs_say(CS_EXIT_USAGE, "--preview-key-env and --branch go together");
    }
    *url_store = args->url ? cs_checked_url(args->url) : NULL;
    if (args->url && !*url_store) {
        return cs_say(CS_EXIT_USAGE, "--url %s: it takes http://HOST[:PORT] or https://HOST[:PORT]",
                      args->url);
    }
    env.url = *url_store;
    /* Additional keys of an environment carry "_sk_": tokens are signed with the root one (TOK-05).
     */
    env.can_mint = env.secret_key && !args->no_mint && !strstr(env.secret_key, "_sk_");
    env.is_live = true;
    *ret_env = env;
    return CS_EXIT_OK;
}
