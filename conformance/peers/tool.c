#include "conformance/peers/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/http_client.h"

#define MAX_OUTPUT ((size_t)1024 * 1024)

extern char **environ;

static enum cs_err no_pipe(struct cs_diag *diag)
{
    return cs_fail(diag, CS_ERR_IO, 0, "pipe: %s", strerror(errno));
}

static void close_both(int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

/* A group of its own, so that a timeout ends everything that the tool has started. */
static int spawn(const char *const *argv, const char *directory, int out, int err, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    if (directory) {
        posix_spawn_file_actions_addchdir_np(&actions, directory);
    }
    int failed =
        posix_spawnp(ret_pid, argv[0], &actions, &attributes, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

/* Reads what is there; false at the end of the output. What is over the limit is read and dropped,
 * so that the tool is not held up. */
static bool read_some(int fd, struct cs_buf *to)
{
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n > 0) {
        size_t room = to->max - to->len;
        cs_buf_append(to, bytes, (size_t)n < room ? (size_t)n : room);
    }
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Until both outputs have ended. */
static enum cs_err collect(int out, int err, int64_t deadline, struct cs_tool_run *run)
{
    struct pollfd fds[2] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        int64_t left = deadline - cs_now_ms();
        if (left <= 0) {
            return CS_ERR_TIMEOUT;
        }
        if (poll(fds, 2, (int)left) < 0 && errno != EINTR) {
            return CS_ERR_IO;
        }
        for (int i = 0; i < 2; i++) {
            if (fds[i].fd >= 0 && fds[i].revents != 0 &&
                !read_some(fds[i].fd, i == 0 ? &run->out : &run->err)) {
                fds[i].fd = -1;
            }
        }
    }
    return CS_OK;
}

enum cs_err cs_tool_run(const char *const *argv, const char *directory, int64_t timeout_ms,
                        struct cs_tool_run *run, struct cs_diag *diag)
{
    *run = (struct cs_tool_run){.out = CS_BUF(MAX_OUTPUT), .err = CS_BUF(MAX_OUTPUT)};
    int out[2];
    int err[2];
    if (pipe2(out, O_CLOEXEC) != 0) {
        return no_pipe(diag);
    }
    if (pipe2(err, O_CLOEXEC) != 0) {
        close_both(out);
        return no_pipe(diag);
    }
    pid_t pid;
    int failed = spawn(argv, directory, out[1], err[1], &pid);
    close(out[1]);
    close(err[1]);
    enum cs_err result = CS_OK;
    if (failed) {
        result = cs_fail(diag, failed == ENOENT ? CS_ERR_MISSING : CS_ERR_IO, 0, "%s: %s", argv[0],
                         strerror(failed));
    } else {
        result = collect(out[0], err[0], cs_now_ms() + timeout_ms, run);
        if (result != CS_OK) {
            kill(-pid, SIGKILL);
            cs_fail(diag, result, 0, "%s did not end within %lld s", argv[0],
                    (long long)(timeout_ms / 1000));
        }
        while (waitpid(pid, &run->status, 0) < 0 && errno == EINTR) {
        }
    }
    close(out[0]);
    close(err[0]);
    return result;
}

void cs_tool_free(struct cs_tool_run *run)
{
    cs_buf_free(&run->out);
    cs_buf_free(&run->err);
}

bool cs_tool_succeeded(const struct cs_tool_run *run)
{
    return WIFEXITED(run->status) && WEXITSTATUS(run->status) == 0;
}
