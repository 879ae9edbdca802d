#include "reports/markdown_text.h"

#include <stdlib.h>

#include "reports/plain_text.h"

#define NO_WIDTH  "\xe2\x80\x8b" /* U+200B: breaks up a mention and is not seen */
#define MAX_FENCE 64u

/* "@name", "#12", "GH-12" and "www.": made links of after all escapes are gone. */
static bool is_made_a_link(struct cs_view rest, char c)
{
    return c == '@' || c == '#' || ((c == 'H' || c == 'h') && rest.len > 0 && rest.ptr[0] == '-') ||
           ((c == 'w' || c == 'W') && rest.len > 0 && rest.ptr[0] == '.');
}

void cs_markdown_text(const char *text, size_t max, struct cs_buf *out)
{
    char step[CS_PLAIN_STEP_MAX];
    struct cs_view rest = cs_view_str(text);
    size_t start = out->len;
    while (rest.len > 0 && out->len - start < max && cs_buf_error(out) == CS_OK) {
        size_t len = cs_plain_step(&rest, step);
        for (size_t i = 0; i < len; i++) {
            if (step[i] != '\0' && strchr("\\`*_[]<>&#@|~!$:", step[i])) {
                cs_buf_char(out, '\\');
            }
            cs_buf_char(out, step[i] == '\n' ? ' ' : step[i]);
        }
        if (len == 1 && is_made_a_link(rest, step[0])) {
            cs_buf_str(out, NO_WIDTH);
        }
    }
    cs_buf_str(out, rest.len > 0 ? "..." : "");
}

static size_t longest_run(const char *text, char c)
{
    size_t longest = 0;
    for (size_t run = 0; *text; text++) {
        run = *text == c ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void put_fence(size_t n, struct cs_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        cs_buf_char(out, '`');
    }
}

/* Of `text` what is safe to show; the fence has a maximum, so longer runs are broken up. */
static char *plain(const char *text, const char *newline, size_t max, struct cs_buf *out)
{
    struct cs_buf buf = CS_BUF(max + 64);
    cs_plain_text(cs_view_str(text), newline, max, &buf);
    char *copy = cs_buf_take(&buf);
    if (!copy) {
        out->failed = CS_ERR_NO_MEMORY;
        return NULL;
    }
    for (size_t run = 0, i = 0; copy[i]; i++) {
        run = copy[i] == '`' ? run + 1 : 0;
        if (run == MAX_FENCE) {
            copy[i] = '\'';
            run = 0;
        }
    }
    return copy;
}

void cs_markdown_code(const char *text, size_t max, struct cs_buf *out)
{
    char *copy = plain(text, " ", max, out);
    if (!copy || copy[strspn(copy, " ")] == '\0') {
        cs_buf_char(out, '-');
        free(copy);
        return;
    }
    size_t fence = longest_run(copy, '`') + 1;
    bool pad = copy[0] == '`' || copy[strlen(copy) - 1] == '`';
    put_fence(fence, out);
    cs_buf_str(out, pad ? " " : "");
    cs_buf_str(out, copy);
    cs_buf_str(out, pad ? " " : "");
    put_fence(fence, out);
    free(copy);
}

void cs_markdown_pre(const char *text, size_t max, struct cs_buf *out)
{
    char *copy = plain(text, "\n", max, out);
    cs_buf_str(out, "<pre>");
    for (const char *at = copy ? copy : ""; *at; at++) {
        switch (*at) {
        case '&':
            cs_buf_str(out, "&amp;");
            break;
        case '<':
            cs_buf_str(out, "&lt;");
            break;
        case '>':
            cs_buf_str(out, "&gt;");
            break;
        case '\n':
            cs_buf_str(out, "&#10;");
            break;
        default:
            cs_buf_char(out, *at);
        }
    }
    cs_buf_str(out, "</pre>");
    free(copy);
}
