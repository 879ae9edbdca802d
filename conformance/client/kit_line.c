/* A line of the adapter as JSON. */
#include "conformance/client/kit_internal.h"
#include "wire/json.h"

#define ESCAPE_LEN 6 /* \uXXXX */
#define NO_ESCAPE  (-1)

/* The code unit that is escaped at `at`, or NO_ESCAPE. */
static int code_unit(struct cs_view text, size_t at)
{
    int value = 0;
    if (text.len < ESCAPE_LEN || at > text.len - ESCAPE_LEN || text.ptr[at] != '\\' ||
        text.ptr[at + 1] != 'u') {
        return NO_ESCAPE;
    }
    for (size_t i = at + 2; i < at + ESCAPE_LEN; i++) {
        char c = text.ptr[i];
        int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        value = value << 4 | (digit & 0xf);
    }
    return value;
}

static bool is_high(int unit)
{
    return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(int unit)
{
    return unit >= 0xdc00 && unit < 0xe000;
}

/* Half a surrogate pair, escaped, and NUL become U+FFFD. In valid JSON a backslash begins an escape
 * of two bytes or of six with four digits; of anything else some copy is made. */
static size_t mend(struct cs_view json, struct cs_buf *out)
{
    size_t n_replaced = 0;
    for (size_t at = 0; at < json.len;) {
        int unit = code_unit(json, at);
        size_t len = unit != NO_ESCAPE ? ESCAPE_LEN : json.ptr[at] == '\\' ? 2 : 1;
        if (is_high(unit) && is_low(code_unit(json, at + ESCAPE_LEN))) {
            len = (size_t)2 * ESCAPE_LEN;
        } else if (unit == 0 || is_high(unit) || is_low(unit)) {
            cs_buf_str(out, "\\ufffd");
            n_replaced++;
            at += ESCAPE_LEN;
            continue;
        }
        len = len < json.len - at ? len : json.len - at;
        cs_buf_add(out, cs_view_of(json.ptr + at, len));
        at += len;
    }
    return n_replaced;
}

cJSON *ck_parse_line(struct cs_view line, size_t *ret_n_replaced)
{
    *ret_n_replaced = 0;
    if (line.len > 0 && memchr(line.ptr, '\0', line.len)) {
        return NULL; /* cJSON would end the string there */
    }
    bool has_nul = cs_view_find(line, CS_VIEW("\\u0000")) != SIZE_MAX;
    cJSON *value = cJSON_ParseWithLength(line.ptr, line.len);
    /* cJSON cuts a string at a NUL, and refuses what JavaScript prints for one that is cut in the
     * middle of a character; either is a client's good right. */
    if (value ? has_nul : cs_json_check(line, NULL) == CS_OK) {
        struct cs_buf mended = CS_BUF(2 * CS_PEER_MAX_LINE);
        cJSON_Delete(value);
        value = NULL;
        *ret_n_replaced = mend(line, &mended);
        if (cs_buf_error(&mended) == CS_OK) {
            value = cJSON_ParseWithLength(mended.ptr, mended.len);
        }
        cs_buf_free(&mended);
    }
    return value;
}
