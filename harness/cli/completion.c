#include <ctype.h>

#include "cli/manual.h"

/* What the value of an option is, told by the name that stands for it in the help. */
enum value_kind {
    VALUE_ANY,
    VALUE_WORDS, /* "human|json": one of these */
    VALUE_FILE,
    VALUE_REPORT, /* KIND=PATH */
    VALUE_CASE
};

static enum value_kind kind_of(const struct cs_option *option)
{
    static const char *const files[] = {"FILE", "FOLDER", "SOURCE", "PATH", "NAME|FILE"};
    if (strcmp(option->meta, "KIND=PATH") == 0) {
        return VALUE_REPORT;
    }
    if (strcmp(option->meta, "GLOB") == 0) {
        return VALUE_CASE;
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strcmp(option->meta, files[i]) == 0) {
            return VALUE_FILE;
        }
    }
    return strspn(option->meta, "abcdefghijklmnopqrstuvwxyz|") == strlen(option->meta) ? VALUE_WORDS
                                                                                       : VALUE_ANY;
}

/* Words divided by '|' as words divided by spaces. */
static void put_words(struct cs_buf *out, struct cs_view words)
{
    for (size_t i = 0; i < words.len; i++) {
        cs_buf_char(out, words.ptr[i] == '|' ? ' ' : words.ptr[i]);
    }
}

/* "[cases|requirements]" at the start of a command's usage: what its first word may be. */
static struct cs_view first_words(const struct cs_command *command)
{
    const char *usage = command->usage;
    if (command->max_rest == 0 || usage[0] != '[' || !islower((unsigned char)usage[1])) {
        return CS_VIEW("");
    }
    return cs_view_of(usage + 1, strcspn(usage + 1, "]"));
}

/* ---- bash ---- */

static const char bash_top[] =
    "# Completion of chatspec for bash; made from its tables: chatspec help --completion bash\n"
    "_chatspec()\n"
    "{\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local command=${COMP_WORDS[1]-} words= files=\n"
    "    COMPREPLY=()\n"
    "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n";

static const char bash_values[] = "    case $previous in\n"
                                  "    --*=) ;;\n"
                                  "    --*)\n"
                                  "        case $command:$previous in\n";

static const char bash_bottom[] =
    "    if [ \"$words\" = CASES ]; then\n"
    "        words=$(chatspec list 2>/dev/null | sed -n 's|^\\([a-z0-9]*/[^ ]*\\) .*|\\1|p')\n"
    "    fi\n"
    "    if [ -n \"$words\" ]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
    "    fi\n"
    "    if [ -n \"$files\" ]; then\n"
    "        mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -f -- \"$word\")\n"
    "    fi\n"
    "}\n"
    "complete -o filenames -o bashdefault -F _chatspec chatspec ./chatspec\n";

static void bash_value(struct cs_buf *out, const char *command, const struct cs_option *option)
{
    cs_buf_printf(out, "        %s:--%s) ", command, option->name);
    switch (kind_of(option)) {
    case VALUE_WORDS:
        cs_buf_str(out, "words='");
        put_words(out, cs_view_str(option->meta));
        cs_buf_str(out, "' ;;\n");
        break;
    case VALUE_REPORT:
        cs_buf_str(out, "words='json= junit= html= markdown=' ;;\n");
        break;
    case VALUE_CASE:
        cs_buf_str(out, "words=CASES ;;\n");
        break;
    case VALUE_FILE:
        cs_buf_str(out, "files=1 ;;\n");
        break;
    case VALUE_ANY:
        cs_buf_str(out, "words=' ' ;;\n");
        break;
    }
}

static void bash_options(struct cs_buf *out, const struct cs_command *command)
{
    cs_buf_printf(out, "        %s) words='", command->name);
    if (strcmp(command->usage, "ID") != 0) {
        put_words(out, first_words(command));
    }
    for (const struct cs_option *option = command->options; option->name; option++) {
        cs_buf_printf(out, " --%s", option->name);
    }
    cs_buf_str(out, " --help'");
    if (strcmp(command->usage, "ID") == 0) {
        cs_buf_str(out, "; [ \"${word#-}\" != \"$word\" ] || words=CASES");
    } else if (command->max_rest > 0) {
        cs_buf_str(out, "; files=1");
    }
    cs_buf_str(out, " ;;\n");
}

static void bash(const struct cs_command *const *commands, size_t n, struct cs_buf *out)
{
    cs_buf_str(out, bash_top);
    cs_buf_str(out, "        words='");
    for (size_t i = 0; i < n; i++) {
        cs_buf_printf(out, "%s ", commands[i]->name);
    }
    cs_buf_str(out, "help --help --version'\n    elif [ \"$command\" = help ]; then\n"
                    "        words='");
    for (size_t i = 0; i < n; i++) {
        cs_buf_printf(out, "%s ", commands[i]->name);
    }
    cs_buf_str(out, "'\n    fi\n");
    cs_buf_str(out, bash_values);
    for (size_t i = 0; i < n; i++) {
        for (const struct cs_option *option = commands[i]->options; option->name; option++) {
            if (option->meta) {
                bash_value(out, commands[i]->name, option);
            }
        }
    }
    cs_buf_str(out, "        esac\n        ;;\n    esac\n"
                    "    if [ -z \"$words$files\" ]; then\n"
                    "        case $command in\n");
    for (size_t i = 0; i < n; i++) {
        bash_options(out, commands[i]);
    }
    cs_buf_str(out, "        esac\n    fi\n");
    cs_buf_str(out, bash_bottom);
}

/* ---- zsh ---- */

/* Inside single quotes, and inside the brackets of a description where `in_spec`. */
static void zsh_text(struct cs_buf *out, const char *text, bool in_spec)
{
    for (; *text; text++) {
        if (*text == '\'') {
            cs_buf_str(out, "'\\''");
            continue;
        }
        if (*text == ':' || (in_spec && strchr("[]\\", *text))) {
            cs_buf_char(out, '\\');
        }
        cs_buf_char(out, *text);
    }
}

static void zsh_option(struct cs_buf *out, const struct cs_option *option)
{
    cs_buf_printf(out, "            '%s--%s[", option->kind == CS_OPTION_LIST ? "*" : "",
                  option->name);
    zsh_text(out, option->help, true);
    cs_buf_char(out, ']');
    if (option->meta) {
        cs_buf_char(out, ':');
        zsh_text(out, option->meta, true);
        cs_buf_char(out, ':');
        switch (kind_of(option)) {
        case VALUE_WORDS:
            cs_buf_char(out, '(');
            put_words(out, cs_view_str(option->meta));
            cs_buf_char(out, ')');
            break;
        case VALUE_REPORT:
            cs_buf_str(out, "(json= junit= html= markdown=)");
            break;
        case VALUE_CASE:
            cs_buf_str(out, "_chatspec_cases");
            break;
        case VALUE_FILE:
            cs_buf_str(out, "_files");
            break;
        case VALUE_ANY:
            break;
        }
    }
    cs_buf_str(out, "' \\\n");
}

static void zsh_command(struct cs_buf *out, const struct cs_command *command)
{
    struct cs_view words = first_words(command);
    cs_buf_printf(out, "    %s)\n        _arguments \\\n", command->name);
    for (const struct cs_option *option = command->options; option->name; option++) {
        zsh_option(out, option);
    }
    if (words.len > 0) {
        cs_buf_str(out, "            '1::what:(");
        put_words(out, words);
        cs_buf_str(out, ")' \\\n");
    } else if (strcmp(command->usage, "ID") == 0) {
        cs_buf_str(out, "            '1:id:_chatspec_cases' \\\n");
    } else if (command->max_rest > 0) {
        cs_buf_str(out, "            '*:file:_files' \\\n");
    }
    cs_buf_str(out, "            '--help[what the command does]'\n        ;;\n");
}

static void zsh_names(struct cs_buf *out, const struct cs_command *const *commands, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cs_buf_printf(out, "        '%s:", commands[i]->name);
        zsh_text(out, commands[i]->summary, false);
        cs_buf_str(out, "'\n");
    }
}

static void zsh(const struct cs_command *const *commands, size_t n, struct cs_buf *out)
{
    cs_buf_str(out, "#compdef chatspec\n"
                    "# Completion of chatspec for zsh; made from its tables: chatspec help "
                    "--completion zsh\n"
                    "_chatspec_cases() {\n"
                    "    local -a cases\n"
                    "    cases=(${(f)\"$(chatspec list 2>/dev/null | "
                    "sed -n 's|^\\([a-z0-9]*/[^ ]*\\) .*|\\1|p')\"})\n"
                    "    compadd -a cases\n"
                    "}\n"
                    "_chatspec() {\n"
                    "    local -a commands\n"
                    "    commands=(\n");
    zsh_names(out, commands, n);
    cs_buf_str(out, "        'help:what a command does'\n    )\n"
                    "    if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then\n"
                    "        _describe command commands\n"
                    "        return\n"
                    "    fi\n"
                    "    shift words\n"
                    "    (( CURRENT-- ))\n"
                    "    case $words[1] in\n");
    for (size_t i = 0; i < n; i++) {
        zsh_command(out, commands[i]);
    }
    cs_buf_str(out, "    esac\n}\n_chatspec \"$@\"\n");
}

bool cs_completion_write(const char *shell, const struct cs_command *const *commands, size_t n,
                         struct cs_buf *out)
{
    if (strcmp(shell, "bash") == 0) {
        bash(commands, n, out);
        return true;
    }
    if (strcmp(shell, "zsh") == 0) {
        zsh(commands, n, out);
        return true;
    }
    return false;
}
