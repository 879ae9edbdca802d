#include "cli/stream_option.h"

#include <stdlib.h>

#include "cli/subject_endpoint.h"
#include "endpoint/store/store_s2.h"

/* A URL without a path means the usual one, as S2's own clients take it. */
static char *with_path(char *url)
{
    struct cs_buf text = CS_BUF(65536);
    if (url && !strchr(strstr(url, "://") + 3, '/')) {
        cs_buf_printf(&text, "%s/v1", url);
        free(url);
        url = cs_buf_take(&text);
    }
    return url;
}

static bool is_basin(const char *name)
{
    size_t len = strlen(name);
    return len >= 8 && len <= 48 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len &&
           name[0] != '-' && name[len - 1] != '-';
}

int cs_stream_option_read(const struct cs_args *args, struct cs_stream_option *ret_option)
{
    struct cs_stream_option option = {.basin = args->basin};
    struct cs_diag diag = {0};
    if (!args->stream) {
        *ret_option = (struct cs_stream_option){0};
        return !args->basin && !args->stream_token_env
                   ? CS_EXIT_OK
                   : cs_say(CS_EXIT_USAGE,
                            "--basin and --stream-token-env belong to a stream store: "
                            "give its --stream URL too");
    }
    if (!args->basin) {
        return cs_say(CS_EXIT_USAGE, "--stream %s: give the --basin of that store too",
                      args->stream);
    }
    if (!is_basin(args->basin)) {
        return cs_say(
            CS_EXIT_USAGE,
            "--basin %s: a basin has 8 to 48 lower-case letters, digits and inner hyphens",
            args->basin);
    }
    int status = cs_read_key("stream-token-env", args->stream_token_env, &option.token);
    if (status != CS_EXIT_OK) {
        return status;
    }
    option.url = with_path(cs_checked_url(args->stream));
    if (!option.url) {
        return cs_say(CS_EXIT_USAGE, "--stream %s: it takes a URL such as http://127.0.0.1:8080/v1",
                      args->stream);
    }
    const struct cs_store_s2_config config = {
        .url = option.url, .basin = option.basin, .token = option.token};
    if (cs_store_s2_probe(&config, &diag) != CS_OK) {
        cs_stream_option_free(&option);
        return cs_say(CS_EXIT_TROUBLE, "%s", diag.text);
    }
    *ret_option = option;
    return CS_EXIT_OK;
}

void cs_stream_option_free(struct cs_stream_option *option)
{
    free(option->url);
    *option = (struct cs_stream_option){0};
}
