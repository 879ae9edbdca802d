/* A line of the adapter as JSON. */
#include "conformance/client/kit_internal.h"
#include "wire/json.h"

#define ESCAPE_LEN 6 /* \uXXXX */

/* The code unit that is escaped at `at`, or 0. */
static unsigned code_unit(struct cs_view text, size_t at)
{
    unsigned value = 0;
    if (text.len - at < ESCAPE_LEN || text.ptr[at] != '\\' || text.ptr[at + 1] != 'u') {
        return 0;
    }
    for (size_t i = at + 2; i < at + ESCAPE_LEN; i++) {
        char c = text.ptr[i];
        unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
        value = value << 4 | digit;
    }
    return value;
}

static bool is_high(unsigned unit)
{
    return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(unsigned unit)
{
    return unit >= 0xdc00 && unit < 0xe000;
}

/* Half a surrogate pair, escaped, becomes U+FFFD. `json` is valid, so a backslash begins an escape
 * of two bytes or of six with four digits. */
static void mend(struct cs_view json, struct cs_buf *out)
{
    for (size_t at = 0; at < json.len;) {
        unsigned unit = code_unit(json, at);
        size_t len = unit ? ESCAPE_LEN : json.ptr[at] == '\\' ? 2 : 1;
        if (is_high(unit) && is_low(code_unit(json, at + ESCAPE_LEN))) {
            len = (size_t)2 * ESCAPE_LEN;
        } else if (is_high(unit) || is_low(unit)) {
            cs_buf_str(out, "\\ufffd");
            at += ESCAPE_LEN;
            continue;
        }
        cs_buf_add(out, cs_view_of(json.ptr + at, len));
        at += len;
    }
}

cJSON *ck_parse_line(struct cs_view line)
{
    cJSON *value = cJSON_ParseWithLength(line.ptr, line.len);
    /* cJSON refuses what JavaScript prints for a string that is cut in the middle of a character;
     * such a chunk is a client's good right. */
    if (!value && cs_json_check(line, NULL) == CS_OK) {
        struct cs_buf mended = CS_BUF(2 * CS_PEER_MAX_LINE);
        mend(line, &mended);
        if (cs_buf_error(&mended) == CS_OK) {
            value = cJSON_ParseWithLength(mended.ptr, mended.len);
        }
        cs_buf_free(&mended);
    }
    return value;
}
