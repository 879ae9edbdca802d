/* A command line, split into words as a shell does, and put together again. */
#include "peer/process.h"

#include <stdlib.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* Copies the word at *from to *to without its quotes and backslashes; false on an open quote. In
 * single quotes everything is literal; in double quotes a backslash protects only `"` and itself.
 */
static bool split_word(const char **from, char **to)
{
    const char *in = *from;
    char *out = *to;
    char quote = '\0';
    while (*in && (quote || !is_space(*in))) {
        if (quote ? *in == quote : *in == '"' || *in == '\'') {
            quote = quote ? '\0' : *in;
            in++;
            continue;
        }
        bool escapes = *in == '\\' && in[1] &&
                       (quote == '\0' || (quote == '"' && (in[1] == '"' || in[1] == '\\')));
        in += escapes ? 1 : 0;
        *out++ = *in++;
    }
    *out++ = '\0';
    *from = in;
    *to = out;
    return quote == '\0';
}

char **cs_command_split(const char *command, struct cs_diag *diag)
{
    /* One block: at most (len + 1) / 2 words and a NULL, then their text, which is never longer
     * than the command. */
    size_t len = strlen(command);
    size_t max_words = len / 2 + 2;
    char **words = malloc(max_words * sizeof *words + len + 1);
    if (!words) {
        cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
        return NULL;
    }
    char *text = (char *)(words + max_words);
    const char *at = command;
    size_t n = 0;
    for (;;) {
        while (is_space(*at)) {
            at++;
        }
        if (!*at) {
            break;
        }
        const char *word = at;
        words[n++] = text;
        if (!split_word(&at, &text)) {
            cs_fail(diag, CS_ERR_SYNTAX, (uint64_t)(word - command), "a quote is not closed: %s",
                    word);
            free(words);
            return NULL;
        }
    }
    words[n] = NULL;
    if (n == 0) {
        cs_fail(diag, CS_ERR_SYNTAX, 0, "the command is empty");
        free(words);
        return NULL;
    }
    return words;
}

void cs_command_quote(struct cs_buf *out, const char *word)
{
    size_t len = strlen(word);
    if (len > 0 && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "._-+/@:,=") == len) {
        cs_buf_str(out, word);
        return;
    }
    cs_buf_str(out, "'");
    for (const char *at = word; *at; at++) {
        if (*at == '\'') { /* ends the quotes, stands by itself, begins them anew */
            cs_buf_str(out, "'\\''");
        } else {
            cs_buf_add(out, cs_view_of(at, 1));
        }
    }
    cs_buf_str(out, "'");
}
