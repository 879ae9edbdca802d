#include "reports/plain_text.h"

#include <stdio.h>

#include "wire/utf8.h"

static uint32_t code_point_of(const char *bytes, size_t len)
{
    static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)bytes[0] & lead_bits[len];
    for (size_t i = 1; i < len; i++) {
        code = code << 6 | ((unsigned char)bytes[i] & 0x3f);
    }
    return code;
}

/* Marks of direction, joiners, separators of lines, byte order marks, tags: nothing to see, and
 * something to be taken in by. */
static bool is_hidden(uint32_t code)
{
    return (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0x061c || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe007f);
}

size_t cs_plain_step(struct cs_view *rest, char ret_step[CS_PLAIN_STEP_MAX])
{
    size_t len = cs_utf8_sequence(*rest);
    const char *bytes = rest->ptr;
    uint32_t code = len > 0 ? code_point_of(bytes, len) : 0;
    size_t taken = len > 0 ? len : 1;
    *rest = cs_view_of(bytes + taken, rest->len - taken);
    if (len == 0 || (code < 0x20 && code != '\n') || (code >= 0x7f && code < 0xa0)) {
        return (size_t)snprintf(ret_step, CS_PLAIN_STEP_MAX, "\\x%02x",
                                len > 0 ? (unsigned)code : (unsigned char)bytes[0]);
    }
    if (is_hidden(code)) {
        return (size_t)snprintf(ret_step, CS_PLAIN_STEP_MAX, "\\u{%x}", (unsigned)code);
    }
    memcpy(ret_step, bytes, len);
    return len;
}

void cs_plain_text(struct cs_view text, const char *newline, size_t max, struct cs_buf *out)
{
    char step[CS_PLAIN_STEP_MAX];
    size_t start = out->len;
    while (text.len > 0) {
        if (out->len - start >= max) {
            cs_buf_str(out, "...");
            return;
        }
        size_t len = cs_plain_step(&text, step);
        if (len == 1 && step[0] == '\n') {
            cs_buf_str(out, newline);
        } else {
            cs_buf_append(out, step, len);
        }
        if (cs_buf_error(out) != CS_OK) {
            return;
        }
    }
}
