#include "cli/parser_option.h"

#include "cli/stop.h"

#define CS_EXIT_INTERRUPTED 130

int cs_parser_option_config(const struct cs_args *args, bool builtin_by_default,
                            struct cs_parser_config *ret_config)
{
    int n = (args->library != NULL) + (args->peer != NULL) + args->builtin;

    if (n > 1 || (n == 0 && !builtin_by_default)) {
        return cs_say(CS_EXIT_USAGE,
                      "name one parser: --library FILE, --peer 'COMMAND' or --builtin");
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
    struct cs_parser_config config;
    struct cs_diag diag = {0};
    int status = cs_parser_option_config(args, builtin_by_default, &config);

    if (status != CS_EXIT_OK) {
        return status;
    }
    switch (cs_parser_peer_start(&config, ret_peer, &diag)) {
    case CS_OK:
        return CS_EXIT_OK;
    case CS_ERR_USAGE:
        return *config.stop ? CS_EXIT_INTERRUPTED : cs_say(CS_EXIT_USAGE, "%s", diag.text);
    default:
        return cs_say(CS_EXIT_TROUBLE, "the parser's process does not start: %s", diag.text);
    }
}

const char *cs_parser_option_name(const struct cs_args *args)
{
    if (args->library) {
        return args->library;
    }
    return args->peer ? args->peer : "chatspec's own reader";
}

void cs_parser_option_write(const struct cs_args *args, struct cs_buf *out)
{
    if (args->library || args->peer) {
        cs_buf_printf(out, "--%s '%s'", args->library ? "library" : "peer",
                      args->library ? args->library : args->peer);
    } else {
        cs_buf_str(out, "--builtin");
    }
}
