/* What the files of this room share; nobody else includes this. */
#ifndef CHATSPEC_PEER_PROCESS_IMPL_H
#define CHATSPEC_PEER_PROCESS_IMPL_H

#include "peer/process.h"

#define STDERR_KEPT ((size_t)64 * 1024)
#define READ_STEP   ((size_t)64 * 1024)

struct cs_process {
    pid_t pid;
    pid_t killed; /* whom signals go to: its whole group, as a negative id, or it alone */
    int in;       /* our ends: the child's stdin, stdout and stderr; all non-blocking */
    int out;
    int err;
    bool out_ended;
    bool err_ended;
    struct cs_buf lines; /* stdout that was read; lines up to `taken` were given away */
    size_t taken;
    size_t searched; /* no newline between `taken` and here */
    struct cs_buf err_text;
};

/* process_start.c: the child with its pipes, started or not at all. */
CS_MUST_USE enum cs_err cs_process_spawn(const struct cs_process_config *config,
                                         struct cs_process *process, struct cs_diag *diag);

#endif
