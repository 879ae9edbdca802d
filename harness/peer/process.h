/* A peer that is a program of its own: an adapter that speaks one JSON object per line.
 *
 * The child gets its own process group, so that everything it starts goes with it. Its stderr is
 * kept (bounded) as evidence. Pipes are inherited by forked case processes: whoever runs the case
 * talks to the adapter directly.
 */
#ifndef CHATSPEC_PEER_PROCESS_H
#define CHATSPEC_PEER_PROCESS_H

#include <sys/types.h>

#include "wire/bytes.h"

#define CS_PEER_MAX_LINE ((size_t)40 * 1024 * 1024) /* a 6 MiB record, escaped as JSON */

struct cs_process;

struct cs_process_config {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    const char *const *env;  /* extra NAME=value lines, NULL-terminated; may be NULL */
    const char *directory;   /* working directory; NULL: ours */
    bool
        shares_group; /* stays in our process group, and ends with it, instead of leading its own */
};

/* Splits a command line as a shell splits words (quotes and backslashes, nothing else) into a
 * NULL-terminated vector: one free() frees it. NULL with diag on an open quote or no word. */
char **cs_command_split(const char *command, struct cs_diag *diag);

/* Adds `word` to `out` so that a shell, and cs_command_split, read it as that one word: as it is,
 * or in single quotes where it holds anything but letters, digits and what no shell minds. */
void cs_command_quote(struct cs_buf *out, const char *word);

/* Errors: CS_ERR_IO with the reason in diag ("node: No such file or directory"). */
CS_MUST_USE enum cs_err cs_process_start(const struct cs_process_config *config,
                                         struct cs_process **ret_process, struct cs_diag *diag);
/* Ends the whole group: SIGTERM, then SIGKILL after `grace_ms`; reaps it and frees. */
void cs_process_end(struct cs_process *process, int64_t grace_ms);

/* Kills the group and waits until the child is gone, so that whoever shares it finds it exited; may
 * be called in a forked case process, which cannot reap it. cs_process_end is still needed. */
void cs_process_kill(struct cs_process *process);

pid_t cs_process_pid(const struct cs_process *process);
/* Descriptors for an event loop: the child's stdout (readable) and stdin (writable). */
int cs_process_out(const struct cs_process *process);
int cs_process_in(const struct cs_process *process);

/* Writes a line (a newline is added). Errors: CS_ERR_CLOSED, CS_ERR_TIMEOUT. */
CS_MUST_USE enum cs_err cs_process_write_line(struct cs_process *process, struct cs_view line,
                                              int64_t timeout_ms);
/* The next line without its newline, valid until the next call. Errors: CS_ERR_TIMEOUT,
 * CS_ERR_CLOSED (end of output), CS_ERR_LIMIT (line over CS_PEER_MAX_LINE). */
CS_MUST_USE enum cs_err cs_process_read_line(struct cs_process *process, int64_t timeout_ms,
                                             struct cs_view *ret_line);
/* For event loops: reads what is there without waiting and gives the next complete line if there
 * is one. CS_OK with ret_line->ptr == NULL: no complete line yet. */
CS_MUST_USE enum cs_err cs_process_poll_line(struct cs_process *process, struct cs_view *ret_line);
/* Stderr so far (the last 64 KiB of it). */
struct cs_view cs_process_stderr(struct cs_process *process);
/* True when it has exited; *ret_status is as from waitpid. */
bool cs_process_exited(struct cs_process *process, int *ret_status);

#endif
