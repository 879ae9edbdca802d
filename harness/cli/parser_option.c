#include "cli/parser_option.h"

#include <stdlib.h>

#include "cli/paths.h"
#include "cli/stop.h"
#include "conformance/peers/peers.h"

/* The SDK's adapter: what is missing is installed first. */
static enum cs_err find_sdk(const struct cs_args *args, struct cs_peer_command *ret_command,
                            struct cs_diag *diag)
{
    char *cache = cs_build_folder("sdk");
    enum cs_err err =
        cache ? cs_sdk_peer(args->sdk, args->parser, cache, ret_command, diag) : CS_ERR_IO;

    free(cache);
    return err;
}

int cs_parser_option_config(const struct cs_args *args, bool builtin_by_default,
                            struct cs_parser_config *ret_config)
{
    int n = (args->library != NULL) + (args->peer != NULL) + (args->sdk != NULL) + args->builtin;

    if (n > 1 || (n == 0 && !builtin_by_default)) {
        return cs_say(
            CS_EXIT_USAGE,
            "name one parser: --library FILE, --peer 'COMMAND', --sdk SOURCE or --builtin");
    }
    if (args->parser && !args->sdk) {
        return cs_say(CS_EXIT_USAGE, "--parser is of an SDK: give its --sdk");
    }
    *ret_config = (struct cs_parser_config){
        .library = n == 0 || args->builtin ? "builtin" : args->library,
        .command = args->peer,
        .timeout_ms = (int64_t)(args->timeout_s ? args->timeout_s : CS_PARSER_TIMEOUT_S) * 1000,
        .stop = cs_stop_flag()};
    return CS_EXIT_OK;
}

int cs_parser_option_start(const struct cs_args *args, bool builtin_by_default,
                           struct cs_parser_peer **ret_peer)
{
    struct cs_parser_config config = {0};
    struct cs_peer_command command = {0};
    struct cs_diag diag = {0};
    enum cs_err err = CS_OK;
    int status = cs_parser_option_config(args, builtin_by_default, &config);

    if (status != CS_EXIT_OK) {
        return status;
    }
    if (args->sdk) {
        err = find_sdk(args, &command, &diag);
        config.words = command.words;
    }
    err = err ? err : cs_parser_peer_start(&config, ret_peer, &diag);
    cs_peer_command_free(&command);
    switch (err) {
    case CS_OK:
        return CS_EXIT_OK;
    case CS_ERR_USAGE:
        return config.stop && *config.stop ? CS_EXIT_INTERRUPTED
                                           : cs_say(CS_EXIT_USAGE, "%s", diag.text);
    default:
        return cs_say(CS_EXIT_TROUBLE, "the parser's process does not start: %s", diag.text);
    }
}

const char *cs_parser_option_name(const struct cs_args *args)
{
    if (args->library || args->sdk) {
        return args->library ? args->library : args->sdk;
    }
    return args->peer ? args->peer : "chatspec's own reader";
}

void cs_parser_option_write(const struct cs_args *args, struct cs_buf *out)
{
    if (args->sdk) {
        cs_buf_printf(out, "--sdk '%s'", args->sdk);
        if (args->parser) {
            cs_buf_printf(out, " --parser '%s'", args->parser);
        }
    } else if (args->library || args->peer) {
        cs_buf_printf(out, "--%s '%s'", args->library ? "library" : "peer",
                      args->library ? args->library : args->peer);
    } else {
        cs_buf_str(out, "--builtin");
    }
}
