#include "suite/captured.h"

#define MAX_OUTPUT    ((size_t)64 * 1024)
#define MAX_ASSERTION ((size_t)8 * 1024)

void cs_captured_add(struct cs_captured *captured, struct cs_view bytes)
{
    struct cs_buf *buf = &captured->bytes;
    const size_t half = MAX_OUTPUT / 2;
    buf->max = 2 * MAX_OUTPUT;
    while (bytes.len > 0) {
        size_t n = bytes.len < MAX_OUTPUT ? bytes.len : MAX_OUTPUT;
        cs_buf_append(buf, bytes.ptr, n);
        if (cs_buf_error(buf) != CS_OK) {
            captured->left_out += bytes.len;
            return;
        }
        if (buf->len > MAX_OUTPUT) {
            size_t dropped = buf->len - MAX_OUTPUT;
            memmove(buf->ptr + half, buf->ptr + half + dropped, half);
            buf->len = MAX_OUTPUT;
            captured->left_out += dropped;
        }
        bytes = cs_view_of(bytes.ptr + n, bytes.len - n);
    }
}

void cs_captured_free(struct cs_captured *captured)
{
    cs_buf_free(&captured->bytes);
    *captured = (struct cs_captured){0};
}

static bool is_cmocka_line(struct cs_view line)
{
    static const char *const starts[] = {
        "[==========]", "[ RUN      ]", "[       OK ]",      "[  PASSED  ]",
        "[  FAILED  ]", "[  SKIPPED ]", " 1 FAILED TEST(S)", " 1 SKIPPED TEST(S)",
    };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (cs_view_starts_with(line, cs_view_str(starts[i]))) {
            return true;
        }
    }
    /* What cs_case_fail leaves: an error without a text, only a place in our own code. */
    return cs_view_starts_with(line, CS_VIEW("[  ERROR   ] --- [   LINE   ] --- "));
}

char *cs_captured_text(const struct cs_captured *captured, const struct cs_secrets *secrets,
                       uint64_t *ret_left_out)
{
    struct cs_view rest = cs_buf_view(&captured->bytes);
    struct cs_buf kept = CS_BUF(2 * MAX_OUTPUT);
    while (rest.len > 0) {
        const char *newline = memchr(rest.ptr, '\n', rest.len);
        size_t len = newline ? (size_t)(newline - rest.ptr) + 1 : rest.len;
        struct cs_view line = cs_view_of(rest.ptr, len);
        bool empty = line.len == 1 && line.ptr[0] == '\n';
        if (!is_cmocka_line(line) && !empty) {
            cs_buf_add(&kept, line);
        }
        rest = cs_view_of(rest.ptr + len, rest.len - len);
    }
    uint64_t cut = 0;
    char *text = cs_safe_text(secrets, CS_TEXT_PROSE, cs_buf_view(&kept), MAX_OUTPUT, &cut);
    cs_buf_free(&kept);
    *ret_left_out = cut + captured->left_out;
    return text;
}

/* cmocka prints "[  ERROR   ] --- 0x1 != 0x2\n[   LINE   ] --- file.c:8: error: Failure!\n". */
char *cs_captured_assertion(const struct cs_captured *captured, const struct cs_secrets *secrets)
{
    const struct cs_view start = CS_VIEW("[  ERROR   ] --- ");
    const struct cs_view place = CS_VIEW("[   LINE   ] --- ");
    struct cs_view output = cs_buf_view(&captured->bytes);
    struct cs_buf text = CS_BUF(2 * MAX_OUTPUT);
    size_t at = cs_view_find(output, start);
    if (at == SIZE_MAX) {
        return cs_safe_text(secrets, CS_TEXT_PROSE, CS_VIEW("an assertion failed"), MAX_ASSERTION,
                            NULL);
    }
    struct cs_view rest = cs_view_of(output.ptr + at + start.len, output.len - at - start.len);
    size_t end = cs_view_find(rest, place);
    cs_buf_append(&text, rest.ptr, end == SIZE_MAX ? rest.len : end);
    while (text.len > 0 && text.ptr[text.len - 1] == '\n') {
        text.len--;
    }
    if (end != SIZE_MAX) {
        struct cs_view where = cs_view_of(rest.ptr + end + place.len, rest.len - end - place.len);
        const char *newline = memchr(where.ptr, '\n', where.len);
        cs_buf_str(&text, text.len > 0 ? " at " : "an assertion failed at ");
        cs_buf_append(&text, where.ptr, newline ? (size_t)(newline - where.ptr) : where.len);
    }
    char *safe = cs_safe_text(secrets, CS_TEXT_PROSE, cs_buf_view(&text), MAX_ASSERTION, NULL);
    cs_buf_free(&text);
    return safe;
}
