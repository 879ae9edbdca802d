#include "cli/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts one server and gives its port; 0 when it does not start, with the reason on stderr. */
static uint16_t start_one(struct cs_loop *loop, const struct cs_host_spec *spec, uint64_t seed)
{
    struct cs_diag diag = {0};
    if (spec->is_null) {
        struct cs_null_server *server = NULL;
        if (cs_null_server_start(loop, spec->null_kind, &server, &diag) == CS_OK) {
            return cs_null_server_port(server);
        }
    } else {
        const struct cs_endpoint_config config = {
            .profile = spec->profile,
            .violations = &spec->violation,
            .n_violations = spec->violation ? 1 : 0,
            .seed = seed,
            .quiet = true,
            .stream_url = spec->stream ? spec->stream->url : NULL,
            .stream_basin = spec->stream ? spec->stream->basin : NULL,
            .stream_token = spec->stream ? spec->stream->token : NULL,
        };
        struct cs_endpoint *endpoint = NULL;
        if (cs_endpoint_start(loop, &config, &endpoint, &diag) == CS_OK) {
            const char *colon = strrchr(cs_endpoint_url(endpoint), ':');
            return (uint16_t)strtoul(colon + 1, NULL, 10);
        }
    }
    fprintf(stderr, "a built-in server does not start: %s\n", diag.text);
    return 0;
}

/* The servers are never stopped one by one: they go with the process. */
static _Noreturn void serve(const struct cs_host_spec *specs, size_t n, uint64_t seed, int fd,
                            pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN); /* the terminal sends it to us too; who started us decides */
    signal(SIGTERM, SIG_DFL);
    if (getppid() != parent) {
        _exit(1);
    }
    struct cs_loop *loop = cs_loop_new();
    for (size_t i = 0; loop && i < n; i++) {
        uint16_t port = start_one(loop, &specs[i], seed);
        if (port == 0 || write(fd, &port, sizeof port) != (ssize_t)sizeof port) {
            _exit(1);
        }
    }
    close(fd);
    if (loop) {
        (void)cs_loop_run(loop, INT64_MAX);
    }
    _exit(1);
}

/* Reads a port per server; false when the process ended before it had told all. */
static bool read_ports(int fd, struct cs_host *host)
{
    for (size_t i = 0; i < host->n; i++) {
        uint16_t port = 0;
        ssize_t n;
        do {
            n = read(fd, &port, sizeof port);
        } while (n < 0 && errno == EINTR);
        if (n != (ssize_t)sizeof port) { /* writes of two bytes into a pipe are never split */
            return false;
        }
        snprintf(host->urls[i], sizeof host->urls[i], "http://127.0.0.1:%u", port);
    }
    return true;
}

enum cs_err cs_host_start(const struct cs_host_spec *specs, size_t n, uint64_t seed,
                          struct cs_host *ret_host, struct cs_diag *diag)
{
    struct cs_host host = {.n = n, .urls = calloc(n ? n : 1, sizeof *host.urls)};
    int fds[2];
    if (!host.urls) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    if (pipe2(fds, O_CLOEXEC) != 0) {
        int error = errno;
        free(host.urls);
        return cs_fail(diag, CS_ERR_IO, 0, "pipe: %s", strerror(error));
    }
    fflush(NULL);
    pid_t parent = getpid();
    host.pid = fork();
    if (host.pid == 0) {
        close(fds[0]);
        serve(specs, n, seed, fds[1], parent);
    }
    int error = errno;
    close(fds[1]);
    bool good = host.pid > 0 && read_ports(fds[0], &host);
    close(fds[0]);
    if (!good) {
        bool forked = host.pid > 0;
        cs_host_stop(&host);
        return cs_fail(diag, CS_ERR_IO, 0, "the built-in servers do not start: %s",
                       forked ? "see above" : strerror(error));
    }
    *ret_host = host;
    return CS_OK;
}

bool cs_host_is_well(const struct cs_host *host)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)host->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0) {
        return true;
    }
    bool killed = info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
    fprintf(stderr,
            "chatspec: the built-in servers ended during the run, by %s %d: a fault of "
            "ours, and nothing was judged from there on\n",
            killed ? "signal" : "exit status", info.si_status);
    return false;
}

void cs_host_stop(struct cs_host *host)
{
    if (host->pid > 0) {
        kill(host->pid, SIGKILL);
        while (waitpid(host->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    free(host->urls);
    *host = (struct cs_host){0};
}
