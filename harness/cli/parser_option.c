#include "cli/parser_option.h"

#define TIMEOUT_S 20

int cs_parser_option_start(const struct cs_args *args, bool builtin_by_default,
                           struct cs_parser_peer **ret_peer)
{
    int n = (args->library != NULL) + (args->peer != NULL) + args->builtin;
    struct cs_diag diag = {0};

    if (n > 1 || (n == 0 && !builtin_by_default)) {
        return cs_say(CS_EXIT_USAGE,
                      "name one parser: --library FILE, --peer 'COMMAND' or --builtin");
    }
    const struct cs_parser_config config = {
        .library = n == 0 || args->builtin ? "builtin" : args->library,
        .command = args->peer,
        .timeout_ms = (int64_t)(args->timeout_s ? args->timeout_s : TIMEOUT_S) * 1000};
    switch (cs_parser_peer_start(&config, ret_peer, &diag)) {
    case CS_OK:
        return CS_EXIT_OK;
    case CS_ERR_USAGE:
        return cs_say(CS_EXIT_USAGE, "%s", diag.text);
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
