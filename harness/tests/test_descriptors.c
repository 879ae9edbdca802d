/* The program with few descriptors, whatever their number: it does its work, or says in words that
 * it cannot and exits with 3. It never crashes, never hangs, and never calls its peer at fault. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "program.h"

#define PATIENCE_MS 120000
#define LEAST       4u
#define EACH_UP_TO  20u /* then every eighth, up to 64 */
#define MOST        64u

static unsigned next_limit(unsigned limit)
{
    return limit < EACH_UP_TO ? limit + 1 : limit < 24 ? 24 : limit + 8;
}

static struct program start_limited(const char *const words[MAX_WORDS], unsigned limit)
{
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct program program = {.out = memfd_create("out", MFD_CLOEXEC),
                              .err = memfd_create("err", MFD_CLOEXEC)};
    const struct rlimit low = {.rlim_cur = limit, .rlim_max = limit};
    program.pid = fork();
    assert_true(program.pid >= 0);
    if (program.pid == 0) {
        const char *argv[MAX_WORDS + 2] = {CHATSPEC_BINARY};
        for (size_t i = 0; i < MAX_WORDS && words[i]; i++) {
            argv[i + 1] = words[i];
        }
        /* Whoever runs the tests may have left descriptors open: the program begins with three. */
        if (dup2(program.out, STDOUT_FILENO) < 0 || dup2(program.err, STDERR_FILENO) < 0 ||
            syscall(SYS_close_range, 3u, ~0u, 0u) != 0 || setrlimit(RLIMIT_NOFILE, &low) != 0) {
            _exit(99);
        }
        execv(CHATSPEC_BINARY, (char *const *)(uintptr_t)argv);
        _exit(98);
    }
    return program;
}

/* False: it did not end in time, and was killed. */
static bool ends_in_time(const struct program *program, int patience_ms)
{
    int fd = (int)syscall(SYS_pidfd_open, program->pid, 0);
    assert_true(fd >= 0);
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    bool in_time = poll(&ended, 1, patience_ms) == 1;
    if (!in_time) {
        kill(program->pid, SIGKILL);
    }
    close(fd);
    return in_time;
}

/* A case process that crashed is a crash too. */
static bool has_crashed(const struct ended *ended)
{
    return ended->status >= 1000 || strstr(ended->out, "was ended by signal") ||
           strstr(ended->err, "Sanitizer");
}

static void with_each_limit(const char *const words[MAX_WORDS], int wanted)
{
    unsigned n_good = 0;
    for (unsigned limit = LEAST; limit <= MOST; limit = next_limit(limit)) {
        struct program program = start_limited(words, limit);
        bool in_time = ends_in_time(&program, PATIENCE_MS);
        struct ended ended = finish(&program);
        bool says = ended.out[0] != '\0' || ended.err[0] != '\0';
        bool clean = ended.status == wanted || (ended.status == 3 && (says || limit <= LEAST));
        if (!in_time || has_crashed(&ended) || !clean) {
            fail_msg("%s with %u descriptors: %s, exit status %d\n%s\n%s", words[0], limit,
                     in_time ? "ended" : "did not end", ended.status, ended.out, ended.err);
        }
        n_good += ended.status == wanted;
        release(&ended);
    }
    assert_true(n_good > 0);
}

static void decode(void **state)
{
    (void)state;
    with_each_limit(WORDS("decode", "--only", "framing/*"), 0);
}

static void client(void **state)
{
    (void)state;
    with_each_limit(WORDS("client", "--builtin", "--jobs", "2", "--only",
                          "client/resume/after-reset,client/resume/after-clean-end"),
                    0);
}

static void endpoint(void **state)
{
    (void)state;
    struct served served = serve(WORDS("--quiet"), false);
    assert_int_equal(setenv("CHATSPEC_TEST_KEY", served.key, 1), 0);
    with_each_limit(WORDS("endpoint", "--url", served.url, "--secret-key-env", "CHATSPEC_TEST_KEY",
                          "--jobs", "2", "--only", "APP-05,APP-13"),
                    0);
    end_served(&served);
}

/* An agent's adapter that never was one: with all descriptors it is told so, with 3 as well. */
static void agent(void **state)
{
    (void)state;
    with_each_limit(WORDS("agent", "--peer", "exit 7", "--only", "agent/session/*"), 3);
}

/* It serves until it is told to end. */
static void server(void **state)
{
    (void)state;
    unsigned n_served = 0;
    for (unsigned limit = LEAST; limit <= MOST; limit = next_limit(limit)) {
        struct program program = start_limited(WORDS("serve", "--quiet"), limit);
        bool serves = false;
        bool over = false;
        for (int waited = 0; !serves && !over && waited < PATIENCE_MS; waited += 20) {
            siginfo_t info = {0};
            over = waitid(P_PID, (id_t)program.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                   info.si_pid == program.pid;
            char *text = content(program.out);
            serves = strstr(text, "Ctrl-C") != NULL;
            free(text);
            poll(NULL, 0, serves || over ? 0 : 20);
        }
        if (serves) {
            kill(program.pid, SIGTERM);
        }
        bool in_time = ends_in_time(&program, PATIENCE_MS);
        struct ended ended = finish(&program);
        if (!in_time || ended.status != (serves ? 0 : 3) ||
            (!serves && ended.err[0] == '\0' && limit > LEAST)) {
            fail_msg("serve with %u descriptors: exit status %d\n%s\n%s", limit, ended.status,
                     ended.out, ended.err);
        }
        n_served += serves;
        release(&ended);
    }
    assert_true(n_served > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode), cmocka_unit_test(client), cmocka_unit_test(endpoint),
        cmocka_unit_test(agent),  cmocka_unit_test(server),
    };
    return cmocka_run_group_tests_name("descriptors", tests, NULL, NULL) != 0;
}
