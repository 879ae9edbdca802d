/* chatspec: finds the command, reads its options, runs it. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "cli/commands.h"
#include "cli/manual.h"
#include "suite/nearest.h"

static const struct cs_command *const commands[] = {
    &cs_command_run,      &cs_command_endpoint, &cs_command_client, &cs_command_agent,
    &cs_command_decode,   &cs_command_fuzz,     &cs_command_matrix, &cs_command_serve,
    &cs_command_selftest, &cs_command_compare,  &cs_command_merge,  &cs_command_list,
    &cs_command_explain,
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

/* What the launcher of a checkout does by itself, since it has to build something first. */
static const struct {
    const char *name;
    const char *summary;
} of_checkout[] = {
    {"test", "build and pass the project's own tests"},
    {"bench", "the performance figures, as ratios in one run"},
    {"replay", "run the inputs of a fuzz target again"},
};
#define N_OF_CHECKOUT (sizeof of_checkout / sizeof of_checkout[0])

static void help(FILE *out)
{
    fputs("chatspec: conformance tests for the chat.agent Sessions wire protocol\n\n"
          "  chatspec COMMAND [options]\n\n",
          out);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\nIn a checkout, by ./chatspec:\n\n", out);
    for (size_t i = 0; i < N_OF_CHECKOUT; i++) {
        fprintf(out, "  %-10s %s\n", of_checkout[i].name, of_checkout[i].summary);
    }
    fputs("\n"
          "  chatspec COMMAND --help    what a command does, with examples\n"
          "  chatspec --version\n"
          "\n"
          "Exit status: 0 all as expected, 1 a requirement is broken, 2 usage, 3 something could\n"
          "not be judged, 130 interrupted.\n",
          out);
}

static const struct cs_command *find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[N_COMMANDS];
    const char *nearest[CS_NEAREST_MAX];
    for (size_t i = 0; i < N_OF_CHECKOUT; i++) {
        if (strcmp(of_checkout[i].name, name) == 0) {
            return cs_say(CS_EXIT_USAGE,
                          "%s has to build something first: in a checkout, ./chatspec %s", name,
                          name);
        }
    }
    for (size_t i = 0; i < N_COMMANDS; i++) {
        names[i] = commands[i]->name;
    }
    size_t found = cs_nearest(names, N_COMMANDS, name, nearest);
    return cs_say(CS_EXIT_USAGE, "no such command: %s%s%s; all of them: chatspec --help", name,
                  found > 0 ? "; did you mean " : "", found > 0 ? nearest[0] : "");
}

static int run(const struct cs_command *command, int argc, const char *const *argv)
{
    struct cs_args args;
    struct cs_buf why = CS_BUF(4096);
    enum cs_err err = cs_args_read(command, argc, argv, &args, &why);
    if (err != CS_OK) {
        char *text = cs_buf_take(&why);
        int status = err == CS_ERR_USAGE ? CS_EXIT_USAGE : CS_EXIT_TROUBLE;
        (void)cs_say(status, "%s", text && err == CS_ERR_USAGE ? text : "out of memory");
        free(text);
        return status;
    }
    int status = CS_EXIT_OK;
    if (args.help) {
        cs_command_help(command, stdout);
    } else {
        status = command->run(&args);
    }
    cs_buf_free(&why);
    cs_args_free(&args);
    return status;
}

/* `help --man` and `help --completion SHELL`: the tables as data, for the installation. */
static int help_as_data(int argc, const char *const *words)
{
    struct cs_buf out = CS_BUF((size_t)4 << 20);
    bool known = true;
    if (strcmp(words[2], "--man") == 0) {
        cs_manual_write(commands, N_COMMANDS, &out);
    } else {
        known = argc == 4 && strcmp(words[2], "--completion") == 0 &&
                cs_completion_write(words[3], commands, N_COMMANDS, &out);
    }
    if (!known) {
        cs_buf_free(&out);
        return cs_say(CS_EXIT_USAGE, "help takes a command, --man, or --completion bash|zsh");
    }
    bool good = cs_buf_error(&out) == CS_OK && fwrite(out.ptr, 1, out.len, stdout) == out.len &&
                fflush(stdout) == 0;
    cs_buf_free(&out);
    return good ? CS_EXIT_OK : cs_say(CS_EXIT_TROUBLE, "the help could not be printed");
}

/* Each case takes three descriptors here, and a test may hold thousands of connections. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    const char *const *words = (const char *const *)argv;
    signal(SIGPIPE, SIG_IGN); /* a peer that goes away is an answer, not the end */
    raise_descriptor_limit();
    if (argc < 2) {
        help(stderr);
        return CS_EXIT_USAGE;
    }
    const char *name = words[1];
    if (strcmp(name, "--version") == 0) {
        puts("chatspec " CHATSPEC_VERSION);
        return CS_EXIT_OK;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        (strcmp(name, "help") == 0 && argc == 2)) {
        help(stdout);
        return CS_EXIT_OK;
    }
    bool wants_help = strcmp(name, "help") == 0;
    if (wants_help && words[2][0] == '-') {
        return help_as_data(argc, words);
    }
    const struct cs_command *command = find(wants_help ? words[2] : name);
    if (!command) {
        return unknown(wants_help ? words[2] : name);
    }
    if (wants_help) {
        cs_command_help(command, stdout);
        return CS_EXIT_OK;
    }
    return run(command, argc - 2, words + 2);
}
