/* Peer processes: small shell programs that misbehave one way each. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer/process.h"

#define WAIT_MS 20000

static int set_up(void **state)
{
    *state = NULL;
    return 0;
}

static int tear_down(void **state)
{
    cs_process_end(*state, 0);
    return 0;
}

static struct cs_process *start(void **state, const char *script, const char *const *env)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct cs_process_config config = {.argv = argv, .env = env};
    struct cs_process *process = NULL;
    struct cs_diag diag = {0};
    if (cs_process_start(&config, &process, &diag)) {
        fail_msg("start: %s", diag.text);
    }
    *state = process;
    return process;
}

static void expect_line(struct cs_process *process, const char *want)
{
    struct cs_view line;
    assert_int_equal(cs_process_read_line(process, WAIT_MS, &line), CS_OK);
    if (!cs_view_eq(line, cs_view_str(want))) {
        fail_msg("got \"%.*s\", wanted \"%s\"", CS_VIEW_ARG(line), want);
    }
}

static void expect_end(struct cs_process *process)
{
    struct cs_view line;
    assert_int_equal(cs_process_read_line(process, WAIT_MS, &line), CS_ERR_CLOSED);
    assert_int_equal(cs_process_poll_line(process, &line), CS_ERR_CLOSED);
}

/* The kernel tells when a process is gone; nobody has to guess how long that takes. */
static void wait_until_gone(pid_t pid)
{
    int fd = pidfd_open(pid, 0);
    if (fd < 0) {
        assert_int_equal(errno, ESRCH);
        return;
    }
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    int n = poll(&watched, 1, WAIT_MS);
    close(fd);
    assert_int_equal(n, 1);
}

static void test_echo(void **state)
{
    struct cs_process *process = start(state, "exec cat", NULL);
    assert_int_equal(cs_process_write_line(process, CS_VIEW("{\"id\":1}"), WAIT_MS), CS_OK);
    expect_line(process, "{\"id\":1}");
    assert_int_equal(cs_process_write_line(process, CS_VIEW("a\nb\n"), WAIT_MS), CS_OK);
    expect_line(process, "a");
    expect_line(process, "b");
    expect_line(process, "");
    struct cs_view line;
    assert_int_equal(cs_process_poll_line(process, &line), CS_OK);
    assert_null(line.ptr);
    assert_int_equal(cs_process_read_line(process, 20, &line), CS_ERR_TIMEOUT);
    assert_int_equal(getpgid(cs_process_pid(process)), cs_process_pid(process));
}

static void test_lines_through_poll(void **state)
{
    struct cs_process *process = start(state, "read x; echo one; printf 'two\\n\\nthr'", NULL);
    struct cs_view line;
    assert_int_equal(cs_process_poll_line(process, &line), CS_OK);
    assert_null(line.ptr);
    assert_int_equal(cs_process_write_line(process, CS_VIEW("go"), WAIT_MS), CS_OK);
    static const char *const want[] = {"one", "two", "", "thr"};
    for (size_t i = 0; i < 4;) {
        struct pollfd watched = {.fd = cs_process_out(process), .events = POLLIN};
        assert_int_equal(cs_process_poll_line(process, &line), CS_OK);
        if (line.ptr) {
            assert_int_equal(line.len, strlen(want[i]));
            assert_memory_equal(line.ptr, want[i], line.len);
            i++;
        } else {
            assert_int_equal(poll(&watched, 1, WAIT_MS), 1);
        }
    }
    expect_end(process);
}

/* Both directions at once: the child writes back before it has read everything. */
static void test_long_line(void **state)
{
    const size_t len = (size_t)6 * 1024 * 1024;
    struct cs_process *process = start(state, "exec cat", NULL);
    char *text = malloc(len);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++) {
        text[i] = (char)('a' + i % 25);
    }
    enum cs_err sent = cs_process_write_line(process, cs_view_of(text, len), WAIT_MS);
    struct cs_view line = {0};
    enum cs_err got = sent ? sent : cs_process_read_line(process, WAIT_MS, &line);
    bool same = line.len == len && memcmp(line.ptr, text, len) == 0;
    free(text);
    assert_int_equal(sent, CS_OK);
    assert_int_equal(got, CS_OK);
    assert_true(same);
}

static void test_many_lines_in_order(void **state)
{
    struct cs_process *process = start(state, "seq 1 20000", NULL);
    for (int i = 1; i <= 20000; i++) {
        char want[16];
        snprintf(want, sizeof want, "%d", i);
        expect_line(process, want);
    }
    expect_end(process);
}

static void test_line_over_the_limit(void **state)
{
    struct cs_process *process =
        start(state, "head -c 42000000 /dev/zero | tr '\\0' x; echo", NULL);
    struct cs_view line;
    assert_int_equal(cs_process_read_line(process, WAIT_MS, &line), CS_ERR_LIMIT);
    assert_int_equal(cs_process_read_line(process, WAIT_MS, &line), CS_ERR_LIMIT);
}

static void test_no_newline_at_the_end(void **state)
{
    struct cs_process *process = start(state, "printf 'whole\\nhal'", NULL);
    expect_line(process, "whole");
    expect_line(process, "hal");
    expect_end(process);
}

static void test_exit_status(void **state)
{
    int status = -1;
    struct cs_process *process = start(state, "read x; exit 7", NULL);
    assert_false(cs_process_exited(process, &status));
    assert_int_equal(cs_process_write_line(process, CS_VIEW(""), WAIT_MS), CS_OK);
    expect_end(process);
    wait_until_gone(cs_process_pid(process));
    assert_true(cs_process_exited(process, &status));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_true(cs_process_exited(process, &status)); /* as often as one likes */
    /* Nobody reads any more: told as an error, not by a signal that ends us. */
    assert_int_equal(cs_process_write_line(process, CS_VIEW("late"), WAIT_MS), CS_ERR_CLOSED);
}

static void test_killed_by_signal(void **state)
{
    int status = -1;
    struct cs_process *process = start(state, "kill -USR1 $$", NULL);
    expect_end(process);
    wait_until_gone(cs_process_pid(process));
    assert_true(cs_process_exited(process, &status));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGUSR1);
}

static void test_write_times_out(void **state)
{
    struct cs_process *process = start(state, "echo ready; kill -STOP $$", NULL);
    const size_t len = (size_t)1024 * 1024;
    char *text = calloc(1, len);
    assert_non_null(text);
    expect_line(process, "ready");
    enum cs_err err = cs_process_write_line(process, cs_view_of(text, len), 50);
    free(text);
    assert_int_equal(err, CS_ERR_TIMEOUT);
}

static void test_cannot_start(void **state)
{
    static const char *const missing[] = {"/nonexistent/chatspec-peer", NULL};
    static const char *const unfound[] = {"chatspec-no-such-program", "x", NULL};
    static const char *const shell[] = {"sh", "-c", "exit", NULL};
    struct cs_process *process = NULL;
    struct cs_diag diag = {0};
    struct cs_process_config config = {.argv = missing};
    assert_int_equal(cs_process_start(&config, &process, &diag), CS_ERR_IO);
    assert_string_equal(diag.text, "/nonexistent/chatspec-peer: No such file or directory");
    config.argv = unfound;
    assert_int_equal(cs_process_start(&config, &process, &diag), CS_ERR_IO);
    assert_string_equal(diag.text, "chatspec-no-such-program: No such file or directory");
    config = (struct cs_process_config){.argv = shell, .directory = "/nonexistent"};
    assert_int_equal(cs_process_start(&config, &process, &diag), CS_ERR_IO);
    assert_string_equal(diag.text, "/nonexistent: No such file or directory");
    assert_null(process);
    assert_null(*state);
}

static void test_environment_and_directory(void **state)
{
    static const char *const env[] = {"CHATSPEC_A=from us", "CHATSPEC_B=added", NULL};
    const char *const argv[] = {"sh", "-c", "pwd; echo $CHATSPEC_A $CHATSPEC_B ${HOME:+home}",
                                NULL};
    struct cs_process_config config = {.argv = argv, .env = env, .directory = "/"};
    struct cs_process *process = NULL;
    assert_int_equal(setenv("CHATSPEC_A", "from outside", 1), 0);
    assert_int_equal(setenv("HOME", "/", 0), 0);
    assert_int_equal(cs_process_start(&config, &process, NULL), CS_OK);
    *state = process;
    expect_line(process, "/");
    expect_line(process, "from us added home");
}

/* What we had ourselves without close-on-exec is not looked at: only ends of pipes of this room. */
static void test_child_gets_no_pipe_of_another(void **state)
{
    struct cs_process *first = start(state, "exec cat", NULL);
    const char *const argv[] = {"sh", "-c", "ls -l /proc/$$/fd | tr '\\n' ' '", NULL};
    struct cs_process_config config = {.argv = argv};
    struct cs_process *second = NULL;
    char link[64];
    char name[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", cs_process_in(first));
    ssize_t len = readlink(link, name, sizeof name); /* such as pipe:[1234] */
    assert_true(len > 0);
    assert_int_equal(cs_process_start(&config, &second, NULL), CS_OK);
    struct cs_view line = {0};
    enum cs_err err = cs_process_read_line(second, WAIT_MS, &line);
    bool listed = cs_view_find(line, CS_VIEW("pipe:[")) != SIZE_MAX;
    bool leaked = cs_view_find(line, cs_view_of(name, (size_t)len)) != SIZE_MAX;
    cs_process_end(second, 0);
    assert_int_equal(err, CS_OK);
    assert_true(listed);
    assert_false(leaked);
}

static void test_stderr_is_kept_and_bounded(void **state)
{
    struct cs_process *process =
        start(state, "echo first >&2; seq 1 100000 >&2; echo last >&2; echo done", NULL);
    expect_line(process, "done");
    expect_end(process);
    struct cs_view text = cs_process_stderr(process);
    assert_int_equal(text.len, (size_t)64 * 1024);
    assert_memory_equal(text.ptr + text.len - 12, "100000\nlast\n", 12);
    assert_int_equal(cs_view_find(text, CS_VIEW("first")), SIZE_MAX);
}

static void test_sigterm_is_enough(void **state)
{
    struct cs_process *process = start(state, "trap 'exit 0' TERM; echo ready; cat; wait", NULL);
    expect_line(process, "ready");
    pid_t pid = cs_process_pid(process);
    *state = NULL;
    cs_process_end(process, WAIT_MS);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void test_child_that_ignores_sigterm(void **state)
{
    struct cs_process *process =
        start(state, "trap '' TERM; echo ready; while :; do sleep 100; done", NULL);
    expect_line(process, "ready");
    pid_t pid = cs_process_pid(process);
    *state = NULL;
    cs_process_end(process, 20);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void test_grandchildren_go_too(void **state)
{
    struct cs_process *process =
        start(state, "(trap '' TERM; echo ready; sleep 1000) & echo $!; wait", NULL);
    pid_t grandchild = 0;
    for (int i = 0; i < 2; i++) {
        struct cs_view line;
        assert_int_equal(cs_process_read_line(process, WAIT_MS, &line), CS_OK);
        uint64_t number;
        if (cs_view_u64(line, &number) == CS_OK) {
            grandchild = (pid_t)number;
        }
    }
    assert_true(grandchild > 0);
    assert_int_equal(kill(grandchild, 0), 0);
    *state = NULL;
    cs_process_end(process, 0);
    wait_until_gone(grandchild);
}

static void test_a_forked_case_talks_to_it(void **state)
{
    struct cs_process *process = start(state, "exec cat", NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct cs_view line;
        int status;
        bool ok = cs_process_write_line(process, CS_VIEW("from the case"), WAIT_MS) == CS_OK &&
                  cs_process_read_line(process, WAIT_MS, &line) == CS_OK &&
                  cs_view_eq(line, CS_VIEW("from the case")) &&
                  !cs_process_exited(process, &status);
        _exit(ok ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(cs_process_write_line(process, CS_VIEW("next"), WAIT_MS), CS_OK);
    expect_line(process, "next");
}

static void test_a_forked_case_kills_it(void **state)
{
    struct cs_process *process = start(state, "exec cat", NULL);
    pid_t pid = fork();
    if (pid == 0) {
        cs_process_kill(process);
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(cs_process_exited(process, &status));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

struct split_row {
    const char *command;
    const char *words; /* joined by '|'; NULL: refused */
};

static void test_command_split(void **state)
{
    (void)state;
    static const struct split_row rows[] = {
        {"node", "node"},
        {"  node  a.js\t--x\n", "node|a.js|--x"},
        {"'a b' \"c d\"", "a b|c d"},
        {"a'b c'd\"e\"", "ab cde"},
        {"'' \"\"", "|"},
        {"\"a\\\"b\\\\c\\n\"", "a\"b\\c\\n"},
        {"'a\\b'", "a\\b"},
        {"a\\ b \\'", "a b|'"},
        {"trailing\\", "trailing\\"},
        {"a $HOME;*", "a|$HOME;*"},
        {"", NULL},
        {" \t", NULL},
        {"a 'b", NULL},
        {"\"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cs_diag diag = {0};
        char **words = cs_command_split(rows[i].command, &diag);
        struct cs_buf joined = CS_BUF(256);
        for (size_t k = 0; words && words[k]; k++) {
            cs_buf_str(&joined, k > 0 ? "|" : "");
            cs_buf_str(&joined, words[k]);
        }
        bool refused = words == NULL;
        free(words);
        char *text = cs_buf_take(&joined);
        bool same = text && rows[i].words && strcmp(text, rows[i].words) == 0;
        free(text);
        assert_int_equal(refused, rows[i].words == NULL);
        assert_int_equal(refused, diag.code == CS_ERR_SYNTAX);
        assert_int_equal(refused, !same);
    }
}

static void test_command_quote(void **state)
{
    (void)state;
    static const struct {
        const char *word, *quoted;
    } rows[] = {
        {"./a-b_c/d.mjs", "./a-b_c/d.mjs"},
        {"http://h:1/v1", "http://h:1/v1"},
        {"", "''"},
        {"a b", "'a b'"},
        {"$(x);*&", "'$(x);*&'"},
        {"it's", "'it'\\''s'"},
        {"\n", "'\n'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cs_buf out = CS_BUF(64);
        struct cs_diag diag = {0};
        cs_command_quote(&out, rows[i].word);
        char *text = cs_buf_take(&out);
        assert_non_null(text);
        assert_string_equal(text, rows[i].quoted);
        char **words = cs_command_split(text, &diag);
        free(text);
        assert_non_null(words);
        assert_string_equal(words[0], rows[i].word);
        assert_null(words[1]);
        free(words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_echo, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lines_through_poll, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_lines_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_line_over_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_newline_at_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_exit_status, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_killed_by_signal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_write_times_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cannot_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_environment_and_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_child_gets_no_pipe_of_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stderr_is_kept_and_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sigterm_is_enough, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_child_that_ignores_sigterm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_grandchildren_go_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_forked_case_talks_to_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_forked_case_kills_it, set_up, tear_down),
        cmocka_unit_test(test_command_split),
        cmocka_unit_test(test_command_quote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
