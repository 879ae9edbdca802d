/* Runs the program under test, for tests that look at what it says and how it exits.
 *
 * To be included after cmocka.h; CHATSPEC_BINARY is the program.
 */
#ifndef CHATSPEC_TESTS_PROGRAM_H
#define CHATSPEC_TESTS_PROGRAM_H

#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORDS 16

struct program {
    pid_t pid;
    int out; /* memory files that hold what it printed */
    int err;
};

extern char **environ;

/* With that descriptor, which is closed in the end, as stdout. */
static inline struct program start_to(const char *const words[MAX_WORDS], int out)
{
    struct program program = {.out = out, .err = memfd_create("err", MFD_CLOEXEC)};
    char *argv[MAX_WORDS + 2] = {0};
    char name[] = CHATSPEC_BINARY;
    argv[0] = name;
    for (size_t i = 0; i < MAX_WORDS && words[i]; i++) {
        argv[i + 1] = strdup(words[i]);
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, program.out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, program.err, STDERR_FILENO);
    assert_int_equal(posix_spawn(&program.pid, name, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; i < MAX_WORDS; i++) {
        free(argv[i + 1]);
    }
    return program;
}

static inline struct program start(const char *const words[MAX_WORDS])
{
    return start_to(words, memfd_create("out", MFD_CLOEXEC));
}

/* What a file holds, or "" of what is no file. */
static inline char *content(int fd)
{
    off_t len = lseek(fd, 0, SEEK_END);
    len = len < 0 ? 0 : len;
    char *text = calloc(1, (size_t)len + 1);
    assert_non_null(text);
    assert_true(len == 0 || pread(fd, text, (size_t)len, 0) == len);
    return text;
}

struct ended {
    int status; /* exit status; 1000 and the signal's number for a signal */
    char *out;
    char *err;
};

static inline struct ended finish(struct program *program)
{
    int status = 0;
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    struct ended ended = {.status =
                              WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status),
                          .out = content(program->out),
                          .err = content(program->err)};
    close(program->out);
    close(program->err);
    return ended;
}

static inline void release(struct ended *ended)
{
    free(ended->out);
    free(ended->err);
}

static inline void assert_says(const char *text, const char *word)
{
    if (!strstr(text, word)) {
        fail_msg("'%s' is not in: %s", word, text);
    }
}

#define WORDS(...) ((const char *const[MAX_WORDS]){__VA_ARGS__})

/* Runs to the end and checks the exit status and a word of stderr (NULL: any). */
static inline void assert_ends(const char *const words[MAX_WORDS], int status, const char *word)
{
    struct program program = start(words);
    struct ended ended = finish(&program);
    if (ended.status != status) {
        fail_msg("exit status %d and not %d: %s%s", ended.status, status, ended.out, ended.err);
    }
    if (word) {
        assert_says(ended.err, word);
    }
    release(&ended);
}

/* ---- `chatspec serve` beside it ---- */

struct served {
    pid_t pid;
    int log; /* a line per request, unless it is --quiet: memory, or a pipe */
    char url[64];
    char key[64];
};

/* With `follow` the log is a pipe, for a test that waits for the next line; the server waits when
 * nobody reads it. Otherwise it is memory. */
static inline struct served serve(const char *const words[MAX_WORDS], bool follow)
{
    struct served served = {0};
    int out[2];
    int log[2];
    assert_int_equal(pipe(out), 0);
    if (follow) {
        assert_int_equal(pipe(log), 0);
    } else {
        log[0] = memfd_create("log", MFD_CLOEXEC);
        log[1] = dup(log[0]);
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, log[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    posix_spawn_file_actions_addclose(&actions, log[0]);
    char *argv[MAX_WORDS + 3] = {0};
    char name[] = CHATSPEC_BINARY;
    char command[] = "serve";
    argv[0] = name;
    argv[1] = command;
    for (size_t i = 0; i < MAX_WORDS && words[i]; i++) {
        argv[i + 2] = strdup(words[i]);
    }
    assert_int_equal(posix_spawn(&served.pid, name, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; i < MAX_WORDS; i++) {
        free(argv[i + 2]);
    }
    close(out[1]);
    close(log[1]);
    FILE *lines = fdopen(out[0], "r");
    assert_non_null(lines);
    assert_int_equal(fscanf(lines, "endpoint %63s secret key %63s", served.url, served.key), 2);
    fclose(lines);
    served.log = log[0];
    return served;
}

static inline void end_served(struct served *served)
{
    int status;
    kill(served->pid, SIGKILL);
    assert_int_equal(waitpid(served->pid, &status, 0), served->pid);
    close(served->log);
}

#endif
