/* Talking to a child in lines, and ending it. */
#include "peer/process_impl.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/http_client.h" /* cs_now_ms */

/* What is killed is gone at once, unless the machine is very busy. */
#define KILL_GRACE_MS 5000

enum cs_err cs_process_start(const struct cs_process_config *config,
                             struct cs_process **ret_process, struct cs_diag *diag)
{
    struct cs_process *process = calloc(1, sizeof *process);
    if (!process) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    process->lines = CS_BUF(2 * CS_PEER_MAX_LINE);
    process->err_text = CS_BUF(STDERR_KEPT + READ_STEP);
    enum cs_err err = cs_process_spawn(config, process, diag);
    if (err) {
        free(process);
        return err;
    }
    *ret_process = process;
    return CS_OK;
}

pid_t cs_process_pid(const struct cs_process *process)
{
    return process->pid;
}

int cs_process_out(const struct cs_process *process)
{
    return process->out;
}

int cs_process_in(const struct cs_process *process)
{
    return process->in;
}

/* ---- what the child says ---- */

/* Reads what is there; true when the other end is closed for good. */
static bool drain(int fd, struct cs_buf *to, size_t max_len)
{
    while (to->len < max_len) {
        char *at = cs_buf_reserve(to, READ_STEP);
        if (!at) {
            return false;
        }
        ssize_t n = read(fd, at, READ_STEP);
        if (n > 0) {
            to->len += (size_t)n;
        } else if (n == 0) {
            return true;
        } else if (errno != EINTR) {
            return errno != EAGAIN;
        }
    }
    return false;
}

static void drain_stderr(struct cs_process *process)
{
    struct cs_buf *text = &process->err_text;
    while (!process->err_ended) {
        process->err_ended = drain(process->err, text, STDERR_KEPT + 1);
        if (text->len <= STDERR_KEPT) {
            return;
        }
        cs_buf_consume(text, text->len - STDERR_KEPT);
    }
}

/* Drops the lines that were given away once they are the larger part, so that many short lines in
 * one long buffer are not moved down one by one. */
static void compact(struct cs_process *process)
{
    if (process->taken == process->lines.len) {
        cs_buf_clear(&process->lines);
    } else if (process->taken > process->lines.len / 2) {
        cs_buf_consume(&process->lines, process->taken);
    } else {
        return;
    }
    process->searched -= process->taken;
    process->taken = 0;
}

static bool over_limit(const struct cs_process *process)
{
    return process->searched - process->taken > CS_PEER_MAX_LINE;
}

static void drain_stdout(struct cs_process *process)
{
    if (!process->out_ended && !over_limit(process)) {
        process->out_ended = drain(process->out, &process->lines, 2 * CS_PEER_MAX_LINE - READ_STEP);
    }
}

/* The next line that is already here: CS_OK with ptr NULL when there is none yet. The last line of
 * the output counts without a newline too: half a line says more about a crash than nothing. */
static enum cs_err take_line(struct cs_process *process, struct cs_view *ret_line)
{
    struct cs_view rest = cs_buf_view(&process->lines);
    const char *end = NULL;
    if (process->searched < rest.len) {
        end = memchr(rest.ptr + process->searched, '\n', rest.len - process->searched);
    }
    size_t stop = end ? (size_t)(end - rest.ptr) : rest.len;
    process->searched = stop;
    if (over_limit(process)) {
        return CS_ERR_LIMIT;
    }
    if (!end && !process->out_ended) {
        *ret_line = (struct cs_view){0};
        return CS_OK;
    }
    if (!end && process->taken == rest.len) {
        return CS_ERR_CLOSED;
    }
    *ret_line = cs_view_of(rest.ptr + process->taken, stop - process->taken);
    process->taken = stop + (end ? 1 : 0);
    process->searched = process->taken;
    return CS_OK;
}

enum cs_err cs_process_poll_line(struct cs_process *process, struct cs_view *ret_line)
{
    compact(process);
    enum cs_err err = take_line(process, ret_line);
    if (err || ret_line->ptr) {
        return err;
    }
    drain_stderr(process);
    drain_stdout(process);
    return take_line(process, ret_line);
}

struct cs_view cs_process_stderr(struct cs_process *process)
{
    drain_stderr(process);
    return cs_buf_view(&process->err_text);
}

/* ---- waiting ---- */

/* Waits until the child said something, or takes input when `for_input`, and reads what it said: a
 * child that blocks on a full pipe would never come to what we wait for. */
static enum cs_err wait_for_child(struct cs_process *process, bool for_input, int64_t deadline)
{
    bool out_open = !process->out_ended && !over_limit(process) &&
                    process->lines.len < 2 * CS_PEER_MAX_LINE - READ_STEP;
    int64_t left = deadline - cs_now_ms();
    struct pollfd watched[] = {
        {.fd = for_input ? process->in : -1, .events = POLLOUT},
        {.fd = out_open ? process->out : -1, .events = POLLIN},
        {.fd = process->err_ended ? -1 : process->err, .events = POLLIN},
    };
    int n = poll(watched, 3, left > 60000 ? 60000 : left > 0 ? (int)left : 0);
    if (n == 0 && left <= 0) {
        return CS_ERR_TIMEOUT;
    }
    if (watched[1].revents) {
        drain_stdout(process);
    }
    if (watched[2].revents) {
        drain_stderr(process);
    }
    return CS_OK;
}

static int64_t deadline_in(int64_t timeout_ms)
{
    int64_t now = cs_now_ms();
    return timeout_ms > INT64_MAX - now ? INT64_MAX : now + timeout_ms;
}

enum cs_err cs_process_read_line(struct cs_process *process, int64_t timeout_ms,
                                 struct cs_view *ret_line)
{
    int64_t deadline = deadline_in(timeout_ms);
    for (;;) {
        struct cs_view line;
        enum cs_err err = cs_process_poll_line(process, &line);
        if (err) {
            return err;
        }
        if (line.ptr) {
            *ret_line = line;
            return CS_OK;
        }
        err = wait_for_child(process, false, deadline);
        if (err) {
            return err;
        }
    }
}

/* write() without the SIGPIPE that a closed pipe raises: blocked for the moment, and taken away
 * again if it is ours. The program's own handling of the signal is left as it is. */
static ssize_t write_quietly(int fd, const char *bytes, size_t len)
{
    sigset_t sigpipe;
    sigset_t before;
    sigset_t pending;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    sigpending(&pending);
    bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
    ssize_t n = write(fd, bytes, len);
    int failed = errno;
    if (n < 0 && failed == EPIPE && !was_pending) {
        struct timespec now = {0};
        sigtimedwait(&sigpipe, NULL, &now);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failed;
    return n;
}

static enum cs_err write_all(struct cs_process *process, struct cs_view bytes, int64_t deadline)
{
    while (bytes.len > 0) {
        ssize_t n = write_quietly(process->in, bytes.ptr, bytes.len);
        if (n >= 0) {
            bytes = cs_view_of(bytes.ptr + n, bytes.len - (size_t)n);
        } else if (errno == EAGAIN) {
            enum cs_err err = wait_for_child(process, true, deadline);
            if (err) {
                return err;
            }
        } else if (errno != EINTR) {
            return errno == EPIPE ? CS_ERR_CLOSED : CS_ERR_IO;
        }
    }
    return CS_OK;
}

enum cs_err cs_process_write_line(struct cs_process *process, struct cs_view line,
                                  int64_t timeout_ms)
{
    int64_t deadline = deadline_in(timeout_ms);
    enum cs_err err = write_all(process, line, deadline);
    return err ? err : write_all(process, CS_VIEW("\n"), deadline);
}

/* ---- the end ---- */

bool cs_process_exited(struct cs_process *process, int *ret_status)
{
    /* WNOWAIT: the child stays a zombie until cs_process_end, which keeps its id, and so the id of
     * its group, from being given to somebody else. */
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
        info.si_pid == 0) {
        return false;
    }
    if (info.si_code == CLD_EXITED) {
        *ret_status = W_EXITCODE(info.si_status, 0);
    } else {
        *ret_status = W_EXITCODE(0, info.si_status | (info.si_code == CLD_DUMPED ? WCOREFLAG : 0));
    }
    return true;
}

/* Waits for the child to exit. Where the kernel has no descriptors for processes there is no grace:
 * it is killed at once. */
static void wait_for_exit(const struct cs_process *process, int64_t grace_ms)
{
    int fd = pidfd_open(process->pid, 0);
    if (fd < 0) {
        return;
    }
    int64_t deadline = deadline_in(grace_ms);
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    int64_t left = grace_ms;
    while (left > 0 && poll(&watched, 1, left > 60000 ? 60000 : (int)left) <= 0) {
        left = deadline - cs_now_ms();
    }
    close(fd);
}

void cs_process_kill(struct cs_process *process)
{
    kill(process->killed, SIGKILL);
    wait_for_exit(process, KILL_GRACE_MS);
}

void cs_process_end(struct cs_process *process, int64_t grace_ms)
{
    if (!process) {
        return;
    }
    close(process->in);
    close(process->out);
    close(process->err);
    kill(process->killed, SIGTERM);
    wait_for_exit(process, grace_ms);
    kill(process->killed, SIGKILL); /* also what the child leaves behind */
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    cs_buf_free(&process->lines);
    cs_buf_free(&process->err_text);
    free(process);
}
