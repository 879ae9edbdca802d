/* The manual page and the shells' completions, made from the tables of commands and options, so
 * that they say what --help says. `chatspec help --man`, `help --completion bash|zsh`. */
#ifndef CHATSPEC_CLI_MANUAL_H
#define CHATSPEC_CLI_MANUAL_H

#include "cli/options.h"

/* A page for section 1 in the man macros. */
void cs_manual_write(const struct cs_command *const *commands, size_t n, struct cs_buf *out);

/* Completions for "bash" or "zsh"; false for any other shell. */
bool cs_completion_write(const char *shell, const struct cs_command *const *commands, size_t n,
                         struct cs_buf *out);

#endif
