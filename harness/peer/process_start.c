/* Starting a child: pipes, environment, process group. */
#include "peer/process_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

/* stdin, stdout, stderr: [0] is read from, [1] written to. */
struct pipes {
    int fd[3][2];
};

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void close_pipes(struct pipes *pipes)
{
    for (int i = 0; i < 3; i++) {
        close_fd(&pipes->fd[i][0]);
        close_fd(&pipes->fd[i][1]);
    }
}

/* Out of the range of the standard descriptors, in case ours were closed when we were started:
 * otherwise installing one of the child's would overwrite another. */
static bool move_up(int *fd)
{
    if (*fd > STDERR_FILENO) {
        return true;
    }
    int higher = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(*fd);
    *fd = higher;
    return higher >= 0;
}

static bool open_pipes(struct pipes *pipes)
{
    *pipes = (struct pipes){{{-1, -1}, {-1, -1}, {-1, -1}}};
    for (int i = 0; i < 3; i++) {
        if (pipe2(pipes->fd[i], O_CLOEXEC) < 0 || !move_up(&pipes->fd[i][0]) ||
            !move_up(&pipes->fd[i][1])) {
            return false;
        }
    }
    /* Each end has its own open file, so this leaves the child's ends blocking. */
    return fcntl(pipes->fd[0][1], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(pipes->fd[1][0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(pipes->fd[2][0], F_SETFL, O_NONBLOCK) == 0;
}

static bool same_name(const char *a, const char *b)
{
    size_t len = strcspn(a, "=");
    return len == strcspn(b, "=") && strncmp(a, b, len) == 0;
}

/* Our environment with the `extra` lines put over it. Only the vector is allocated. */
static char **merge_environment(const char *const *extra)
{
    size_t n_ours = 0;
    size_t n_extra = 0;
    while (environ && environ[n_ours]) {
        n_ours++;
    }
    while (extra && extra[n_extra]) {
        n_extra++;
    }
    char **merged = malloc((n_ours + n_extra + 1) * sizeof *merged);
    if (!merged) {
        return NULL;
    }
    size_t n = 0;
    for (size_t i = 0; i < n_ours; i++) {
        bool replaced = false;
        for (size_t k = 0; k < n_extra; k++) {
            replaced = replaced || same_name(environ[i], extra[k]);
        }
        if (!replaced) {
            merged[n++] = environ[i];
        }
    }
    for (size_t k = 0; k < n_extra; k++) {
        merged[n++] = (char *)extra[k]; /* posix_spawn's type lacks const; it does not write */
    }
    merged[n] = NULL;
    return merged;
}

/* What happens in the child before it runs the program. */
static int set_actions(posix_spawn_file_actions_t *actions, const struct pipes *pipes,
                       int directory)
{
    int failed = posix_spawn_file_actions_adddup2(actions, pipes->fd[0][0], STDIN_FILENO);
    failed =
        failed ? failed : posix_spawn_file_actions_adddup2(actions, pipes->fd[1][1], STDOUT_FILENO);
    failed =
        failed ? failed : posix_spawn_file_actions_adddup2(actions, pipes->fd[2][1], STDERR_FILENO);
    if (!failed && directory >= 0) {
        failed = posix_spawn_file_actions_addfchdir_np(actions, directory);
    }
    return failed;
}

/* A group of its own unless it shares ours, and signals as a fresh program expects them whatever we
 * do with ours. */
static int set_attributes(posix_spawnattr_t *attributes, bool shares_group)
{
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    sigaddset(&defaults, SIGCHLD);
    int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    flags |= shares_group ? 0 : POSIX_SPAWN_SETPGROUP;
    int failed = posix_spawnattr_setflags(attributes, (short)flags);
    failed = failed ? failed : posix_spawnattr_setpgroup(attributes, 0);
    failed = failed ? failed : posix_spawnattr_setsigmask(attributes, &none);
    return failed ? failed : posix_spawnattr_setsigdefault(attributes, &defaults);
}

/* posix_spawn returns only once the program runs, or with the reason why it does not; glibc has
 * done so since 2.24, so no report pipe of our own is needed. */
static int spawn(const struct cs_process_config *config, const struct pipes *pipes, int directory,
                 pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char **environment = merge_environment(config->env);
    int failed = environment ? posix_spawn_file_actions_init(&actions) : ENOMEM;
    if (failed) {
        free(environment);
        return failed;
    }
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = set_actions(&actions, pipes, directory);
        failed = failed ? failed : set_attributes(&attributes, config->shares_group);
        failed = failed ? failed
                        : posix_spawnp(ret_pid, config->argv[0], &actions, &attributes,
                                       (char *const *)config->argv, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return failed;
}

enum cs_err cs_process_spawn(const struct cs_process_config *config, struct cs_process *process,
                             struct cs_diag *diag)
{
    struct pipes pipes;
    int directory = -1;
    if (config->directory) {
        directory = open(config->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0) {
            return cs_fail(diag, CS_ERR_IO, 0, "%s: %s", config->directory, strerror(errno));
        }
    }
    int failed = open_pipes(&pipes) ? spawn(config, &pipes, directory, &process->pid) : errno;
    close_fd(&directory);
    if (failed) {
        close_pipes(&pipes);
        return cs_fail(diag, CS_ERR_IO, 0, "%s: %s", config->argv[0], strerror(failed));
    }
    close_fd(&pipes.fd[0][0]);
    close_fd(&pipes.fd[1][1]);
    close_fd(&pipes.fd[2][1]);
    process->killed = config->shares_group ? process->pid : -process->pid;
    process->in = pipes.fd[0][1];
    process->out = pipes.fd[1][0];
    process->err = pipes.fd[2][0];
    return CS_OK;
}
