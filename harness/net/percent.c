#include "net/http_request.h"
#include "wire/utf8.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/* Appends the decoded text; `plus_is_space` is the form encoding of queries. What was appended is
 * taken back when the text turns out to be malformed. */
static enum cs_err decode(struct cs_view text, bool plus_is_space, struct cs_buf *out)
{
    size_t start = out->len;
    enum cs_err err = CS_OK;
    for (size_t i = 0; i < text.len && err == CS_OK; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = text.len - i > 2 ? hex_value(text.ptr[i + 1]) : -1;
            int low = text.len - i > 2 ? hex_value(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0) {
                err = CS_ERR_SYNTAX;
                break;
            }
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        cs_buf_char(out, c);
        err = cs_buf_error(out);
    }
    if (err == CS_OK) {
        /* decodeURIComponent refuses escapes that do not make UTF-8, and so do we. */
        struct cs_view decoded = cs_view_of(out->ptr ? out->ptr + start : NULL, out->len - start);
        err = cs_utf8_valid_prefix(decoded) == decoded.len ? CS_OK : CS_ERR_SYNTAX;
    }
    if (err != CS_OK) {
        out->len = start;
    }
    return err;
}

enum cs_err cs_percent_decode(struct cs_view text, struct cs_buf *out)
{
    return decode(text, false, out);
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-_.!~*'()", c) != NULL);
}

void cs_percent_encode(struct cs_view text, struct cs_buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.ptr[i])) {
            cs_buf_char(out, text.ptr[i]);
        } else {
            cs_buf_printf(out, "%%%02X", (unsigned)(unsigned char)text.ptr[i]);
        }
    }
}

/* Whether the still encoded `key` spells `name`; without memory nobody knows, and `out` fails. */
static bool key_is(struct cs_view key, const char *name, struct cs_buf *out)
{
    struct cs_buf decoded = CS_BUF(key.len + 1);
    enum cs_err err = decode(key, true, &decoded);
    bool same = err == CS_OK;
    if (err == CS_ERR_NO_MEMORY) {
        out->failed = err;
    }
    if (decoded.ptr) {
        same = same && cs_view_eq(cs_buf_view(&decoded), cs_view_str(name));
    } else {
        same = same && name[0] == '\0'; /* an empty key has no memory */
    }
    cs_buf_free(&decoded);
    return same;
}

bool cs_query_get(struct cs_view query, const char *name, bool last, struct cs_buf *out)
{
    struct cs_view found = {0};
    bool seen = false;
    while (query.len > 0 && (last || !seen)) {
        const char *end = memchr(query.ptr, '&', query.len);
        size_t pair_len = end ? (size_t)(end - query.ptr) : query.len;
        const char *equals = memchr(query.ptr, '=', pair_len);
        size_t key_len = equals ? (size_t)(equals - query.ptr) : pair_len;
        if (pair_len > 0 && key_is(cs_view_of(query.ptr, key_len), name, out)) {
            size_t value_at = equals ? key_len + 1 : pair_len;
            found = cs_view_of(query.ptr + value_at, pair_len - value_at);
            seen = true;
        }
        size_t step = end ? pair_len + 1 : pair_len;
        query = cs_view_of(query.ptr + step, query.len - step);
    }
    return seen && cs_buf_error(out) == CS_OK && decode(found, true, out) == CS_OK;
}
