#include "reports/wrap.h"

#define LEAST_COLUMNS 20u

/* How many bytes of a line fit: up to the last space before the end, all of a longer word. */
static size_t fitting(struct cs_view line, size_t columns)
{
    size_t column = 0;
    size_t last_space = 0;
    for (size_t i = 0; i < line.len; i++) {
        if (((unsigned char)line.ptr[i] & 0xc0) == 0x80) {
            continue;
        }
        if (line.ptr[i] == ' ' && i > 0) {
            last_space = i;
        }
        if (++column > columns && last_space > 0) {
            return last_space;
        }
    }
    return line.len;
}

static void wrap_line(struct cs_view line, const char *indent, size_t columns, struct cs_buf *out)
{
    size_t own = 0; /* leading spaces */
    while (own < line.len && line.ptr[own] == ' ') {
        own++;
    }
    size_t before = strlen(indent) + own;
    size_t room =
        columns >= LEAST_COLUMNS && columns > before + LEAST_COLUMNS ? columns - before : SIZE_MAX;
    struct cs_view rest = cs_view_of(line.ptr + own, line.len - own);
    do {
        size_t len = fitting(rest, room);
        cs_buf_str(out, indent);
        cs_buf_append(out, line.ptr, own);
        cs_buf_append(out, rest.ptr, len);
        cs_buf_char(out, '\n');
        len += len < rest.len; /* the space */
        rest = cs_view_of(rest.ptr + len, rest.len - len);
    } while (rest.len > 0);
}

void cs_wrap(struct cs_view text, const char *indent, size_t columns, struct cs_buf *out)
{
    while (text.len > 0) {
        const char *newline = memchr(text.ptr, '\n', text.len);
        size_t len = newline ? (size_t)(newline - text.ptr) : text.len;
        wrap_line(cs_view_of(text.ptr, len), indent, columns, out);
        len += newline != NULL;
        text = cs_view_of(text.ptr + len, text.len - len);
    }
}
