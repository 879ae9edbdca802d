/* Which parser is tested: --library, --peer, --sdk or --builtin. */
#ifndef CHATSPEC_CLI_PARSER_OPTION_H
#define CHATSPEC_CLI_PARSER_OPTION_H

#include "cli/options.h"
#include "conformance/decode/parser_peer.h"

#define CS_ROWS_PARSER                                                                        \
    CS_ROW("library", CS_OPTION_TEXT, library, "FILE",                                        \
           "a shared library with the functions of chatspec_parser.h", 0),                    \
        CS_ROW("peer", CS_OPTION_TEXT, peer, "COMMAND",                                       \
               "a program that speaks the adapter protocol and can decode", 0),               \
        CS_ROW("sdk", CS_OPTION_TEXT, sdk, "SOURCE",                                          \
               "the SDK's own reader: a version, a tag, a .tgz file or a built folder", 0),   \
        CS_ROW("parser", CS_OPTION_TEXT, parser, "VERSION",                                   \
               "with --sdk: the version of eventsource-parser below it", 0),                  \
        CS_ROW("builtin", CS_OPTION_FLAG, builtin, NULL, "chatspec's own reader", 0),         \
        CS_ROW("timeout", CS_OPTION_NUMBER, timeout_s, "SECONDS",                             \
               "by the clock, for one stream (20); a library also has 2 s of processor time", \
               3600)

#define CS_PARSER_TIMEOUT_S 20

/* How it is to be started, but for an SDK, whose command is found at its start; Ctrl-C ends what
 * is waited for. The exit status, CS_EXIT_OK when one
 * parser is named; otherwise the reason was said. */
int cs_parser_option_config(const struct cs_args *args, bool builtin_by_default,
                            struct cs_parser_config *ret_config);
/* Starts it. The exit status, CS_EXIT_OK when it runs; otherwise the reason was said. */
int cs_parser_option_start(const struct cs_args *args, bool builtin_by_default,
                           struct cs_parser_peer **ret_peer);
/* What is tested, for people. */
const char *cs_parser_option_name(const struct cs_args *args);
/* The option that names it again, for a command line to be copied: "--library './mine.so'". */
void cs_parser_option_write(const struct cs_args *args, struct cs_buf *out);

#endif
