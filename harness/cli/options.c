#include "cli/options.h"

#include <stdarg.h>
#include <stdlib.h>

#include "suite/nearest.h"

#define MAX_OPTIONS 64

int cs_say(int status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("chatspec: ", stderr);
    vfprintf(stderr, fmt, args); /* NOLINT(clang-analyzer-valist.Uninitialized): started above */
    fputc('\n', stderr);
    va_end(args);
    return status;
}

void cs_args_free(struct cs_args *args)
{
    struct cs_list *const lists[] = {&args->only,    &args->skip,  &args->report, &args->violate,
                                     &args->include, &args->fault, &args->rest};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        free(lists[i]->items);
        *lists[i] = (struct cs_list){0};
    }
}

static enum cs_err list_add(struct cs_list *list, const char *item)
{
    const char **grown = reallocarray(list->items, list->n + 1, sizeof *list->items);
    if (!grown) {
        return CS_ERR_NO_MEMORY;
    }
    list->items = grown;
    grown[list->n++] = item;
    return CS_OK;
}

static const struct cs_option *find(const struct cs_command *command, struct cs_view name)
{
    for (const struct cs_option *option = command->options; option->name; option++) {
        if (cs_view_eq(cs_view_str(option->name), name)) {
            return option;
        }
    }
    return NULL;
}

static enum cs_err unknown(const struct cs_command *command, struct cs_view name,
                           struct cs_buf *why)
{
    const char *names[MAX_OPTIONS];
    const char *nearest[CS_NEAREST_MAX];
    char word[64];
    size_t n = 0;
    for (const struct cs_option *option = command->options; option->name; option++) {
        if (n < MAX_OPTIONS) {
            names[n++] = option->name;
        }
    }
    snprintf(word, sizeof word, "%.*s", CS_VIEW_ARG(name));
    size_t found = cs_nearest(names, n, word, nearest);
    cs_buf_printf(why, "%s has no option --%s", command->name, word);
    for (size_t i = 0; i < found; i++) {
        cs_buf_printf(why, "%s--%s", i == 0 ? "; nearest: " : ", ", nearest[i]);
    }
    cs_buf_printf(why, "; all of them: chatspec %s --help", command->name);
    return CS_ERR_USAGE;
}

static enum cs_err set_number(const struct cs_option *option, const char *value, uint64_t *target,
                              struct cs_buf *why)
{
    uint64_t number = 0;
    if (cs_view_u64(cs_view_str(value), &number) != CS_OK || number > option->max) {
        cs_buf_printf(why, "--%s takes a number from 0 to %llu, not '%s'", option->name,
                      (unsigned long long)option->max, value);
        return CS_ERR_USAGE;
    }
    *target = number;
    return CS_OK;
}

static enum cs_err set(const struct cs_option *option, const char *value, struct cs_args *args,
                       struct cs_buf *why)
{
    void *target = (char *)args + option->offset;
    switch (option->kind) {
    case CS_OPTION_FLAG:
        *(bool *)target = true;
        return CS_OK;
    case CS_OPTION_TEXT:
        *(const char **)target = value;
        return CS_OK;
    case CS_OPTION_LIST:
        return list_add(target, value);
    case CS_OPTION_SEED:
        args->has_seed = true;
        return set_number(option, value, target, why);
    case CS_OPTION_NUMBER:
        return set_number(option, value, target, why);
    }
    return CS_ERR_USAGE;
}

/* Reads argv[*at] and, where the option takes a value that is not behind a '=', the next one. */
static enum cs_err read_option(const struct cs_command *command, int argc, const char *const *argv,
                               int *at, struct cs_args *args, struct cs_buf *why)
{
    const char *text = argv[*at] + 2;
    const char *equals = strchr(text, '=');
    struct cs_view name = cs_view_of(text, equals ? (size_t)(equals - text) : strlen(text));
    const struct cs_option *option = find(command, name);
    if (!option) {
        return unknown(command, name, why);
    }
    const char *value = equals ? equals + 1 : NULL;
    if (option->kind == CS_OPTION_FLAG && value) {
        cs_buf_printf(why, "--%s takes no value", option->name);
        return CS_ERR_USAGE;
    }
    if (option->kind != CS_OPTION_FLAG && !value) {
        if (*at + 1 >= argc) {
            cs_buf_printf(why, "--%s needs a value: --%s %s", option->name, option->name,
                          option->meta);
            return CS_ERR_USAGE;
        }
        value = argv[++*at];
    }
    return set(option, value, args, why);
}

static enum cs_err read_all(const struct cs_command *command, int argc, const char *const *argv,
                            struct cs_args *args, struct cs_buf *why)
{
    bool only_rest = false;
    for (int at = 0; at < argc; at++) {
        enum cs_err err = CS_OK;
        if (!only_rest && (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)) {
            args->help = true;
            return CS_OK;
        }
        if (!only_rest && strcmp(argv[at], "--") == 0) {
            only_rest = true;
        } else if (!only_rest && strncmp(argv[at], "--", 2) == 0) {
            err = read_option(command, argc, argv, &at, args, why);
        } else if (args->rest.n < command->max_rest) {
            err = list_add(&args->rest, argv[at]);
        } else {
            cs_buf_printf(why, "%s does not know what to do with '%s': chatspec %s --help",
                          command->name, argv[at], command->name);
            err = CS_ERR_USAGE;
        }
        if (err != CS_OK) {
            return err;
        }
    }
    return CS_OK;
}

enum cs_err cs_args_read(const struct cs_command *command, int argc, const char *const *argv,
                         struct cs_args *ret_args, struct cs_buf *why)
{
    struct cs_args args = {0};
    enum cs_err err = read_all(command, argc, argv, &args, why);
    if (err != CS_OK) {
        cs_args_free(&args);
        return err;
    }
    *ret_args = args;
    return CS_OK;
}

void cs_command_help(const struct cs_command *command, FILE *out)
{
    fprintf(out, "chatspec %s %s\n\n%s\n\n%s\n", command->name, command->usage, command->summary,
            command->details);
    if (command->options->name) {
        fputs("\nOptions:\n", out);
    }
    for (const struct cs_option *option = command->options; option->name; option++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", option->name, option->meta ? " " : "",
                 option->meta ? option->meta : "");
        fprintf(out, "  %-30s %s\n", left, option->help);
    }
}
