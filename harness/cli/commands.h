/* The commands, one small file each. */
#ifndef CHATSPEC_CLI_COMMANDS_H
#define CHATSPEC_CLI_COMMANDS_H

#include "cli/options.h"

extern const struct cs_command cs_command_run;
extern const struct cs_command cs_command_endpoint;
extern const struct cs_command cs_command_client;
extern const struct cs_command cs_command_agent;
extern const struct cs_command cs_command_decode;
extern const struct cs_command cs_command_fuzz;
extern const struct cs_command cs_command_matrix;
extern const struct cs_command cs_command_serve;
extern const struct cs_command cs_command_selftest;
extern const struct cs_command cs_command_compare;
extern const struct cs_command cs_command_merge;
extern const struct cs_command cs_command_list;
extern const struct cs_command cs_command_explain;

#endif
