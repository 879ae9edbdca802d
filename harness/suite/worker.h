/* Inside the runner: the child process of one case, from fork to result. */
#ifndef CHATSPEC_SUITE_WORKER_H
#define CHATSPEC_SUITE_WORKER_H

#include <sys/types.h>

#include "suite/captured.h"
#include "suite/runner.h"

/* A zeroed struct with pid 0 is idle. */
struct cs_worker {
    size_t index; /* of the item being run */
    pid_t pid;
    int exit_fd;   /* readable when the child has ended; -1: must be asked for */
    int report_fd; /* lines from the suite's code in the child; -1 after its end */
    int output_fd; /* its stdout and stderr; as above */
    int64_t started_ms;
    int64_t deadline_ms;
    int64_t limit_s;
    int64_t extended_ms; /* of the time so far: waits that are no part of the case */
    struct cs_buf lines; /* a started report line */
    struct cs_buf notes;
    struct cs_captured output;
    struct cs_secrets secrets; /* that the case registered: its output is cleaned here */
    struct cs_result result;
    bool has_end;    /* the child reported an outcome */
    bool bad_report; /* a line that cannot be used: out of memory or over the bound */
    bool plain_assertion;
};

struct cs_worker_job {
    size_t index;
    const struct cs_work *work;
    void *slot;
    uint64_t seed;
    int64_t scale;
    int64_t limit_s;
};

/* Forks the child. Errors: CS_ERR_IO. */
CS_MUST_USE enum cs_err cs_worker_start(struct cs_worker *worker, const struct cs_worker_job *job,
                                        struct cs_diag *diag);
/* Takes what the child wrote, without waiting. */
void cs_worker_read(struct cs_worker *worker);
/* True when the child has ended (it is not reaped yet). */
bool cs_worker_exited(const struct cs_worker *worker);
/* Kills the child's whole group, reaps it and moves the result out; the worker is idle again.
 * `late` says that the deadline was the reason. True when the case had ended by itself. */
bool cs_worker_finish(struct cs_worker *worker, bool late, struct cs_result *ret_result);

#endif
