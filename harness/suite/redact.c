#include "suite/redact.h"

#include <stdlib.h>

#include "wire/utf8.h"

#define MAX_SECRETS    64
#define MIN_SECRET_LEN 4

enum cs_err cs_secrets_add(struct cs_secrets *secrets, struct cs_view secret)
{
    if (secret.len < MIN_SECRET_LEN) {
        return CS_OK;
    }
    if (secrets->n >= MAX_SECRETS) {
        return CS_ERR_LIMIT;
    }
    size_t len = secret.len < CS_REDACT_MAX_SECRET ? secret.len : CS_REDACT_MAX_SECRET;
    char *copy = strndup(secret.ptr, len);
    char **grown = reallocarray(secrets->items, secrets->n + 1, sizeof *secrets->items);
    if (grown) {
        secrets->items = grown;
    }
    if (!copy || !grown) {
        free(copy);
        return CS_ERR_NO_MEMORY;
    }
    secrets->items[secrets->n++] = copy;
    return CS_OK;
}

void cs_secrets_free(struct cs_secrets *secrets)
{
    for (size_t i = 0; i < secrets->n; i++) {
        free(secrets->items[i]);
    }
    free(secrets->items);
    *secrets = (struct cs_secrets){0};
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_base64url(char c)
{
    return is_alnum(c) || c == '-' || c == '_';
}

/* What RFC 6750 allows in a bearer token. */
static bool is_token68(char c)
{
    return is_base64url(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}

static size_t span(struct cs_view text, size_t from, bool (*allowed)(char))
{
    size_t at = from;
    while (at < text.len && allowed(text.ptr[at])) {
        at++;
    }
    return at - from;
}

/* Each matcher looks at the start of `text`: it appends what to show and returns how many bytes
 * that stands for, or returns 0. */

static size_t match_registered(const struct cs_secrets *secrets, struct cs_view text,
                               struct cs_buf *out)
{
    for (size_t i = 0; secrets && i < secrets->n; i++) {
        struct cs_view secret = cs_view_str(secrets->items[i]);
        if (cs_view_starts_with(text, secret)) {
            cs_buf_str(out, "[secret]");
            return secret.len;
        }
    }
    return 0;
}

static size_t match_bearer(struct cs_view text, struct cs_buf *out)
{
    const size_t word = sizeof "Bearer" - 1;
    if (text.len <= word || !cs_view_eq_nocase(cs_view_of(text.ptr, word), CS_VIEW("Bearer"))) {
        return 0;
    }
    size_t value = word;
    while (value < text.len && (text.ptr[value] == ' ' || text.ptr[value] == '\t')) {
        value++;
    }
    size_t len = span(text, value, is_token68);
    if (value == word || len == 0) {
        return 0;
    }
    cs_buf_append(out, text.ptr, value);
    cs_buf_str(out, "[token]");
    return value + len;
}

static size_t match_jwt(struct cs_view text, struct cs_buf *out)
{
    if (!cs_view_starts_with(text, CS_VIEW("eyJ"))) {
        return 0;
    }
    size_t at = span(text, 0, is_base64url);
    if (at >= text.len || text.ptr[at] != '.') {
        return 0;
    }
    at++;
    at += span(text, at, is_base64url);
    if (at >= text.len || text.ptr[at] != '.') {
        return 0;
    }
    at++;
    size_t signature = span(text, at, is_base64url);
    if (signature == 0) {
        return 0;
    }
    cs_buf_append(out, text.ptr, at);
    cs_buf_str(out, "[signature]");
    return at + signature;
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static size_t match_key(struct cs_view text, struct cs_buf *out)
{
    const size_t prefix = sizeof "tr_" - 1;
    if (!cs_view_starts_with(text, CS_VIEW("tr_"))) {
        return 0;
    }
    size_t at = prefix + span(text, prefix, is_lower);
    if (at == prefix || at >= text.len || text.ptr[at] != '_') {
        return 0;
    }
    at++;
    size_t len = span(text, at, is_alnum);
    if (len < 8) {
        return 0;
    }
    cs_buf_append(out, text.ptr, at);
    cs_buf_str(out, "[key]");
    return at + len;
}

static bool is_query_value(char c)
{
    return is_token68(c) || c == '%';
}

/* What a presigned URL is worth: the parameter that signs it, and that of a temporary key. */
static size_t match_presigned(struct cs_view text, struct cs_buf *out)
{
    static const struct cs_view names[] = {
        {"X-Amz-Signature=", sizeof "X-Amz-Signature=" - 1},
        {"X-Amz-Security-Token=", sizeof "X-Amz-Security-Token=" - 1},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t name = names[i].len;
        size_t value = text.len > name && cs_view_eq_nocase(cs_view_of(text.ptr, name), names[i])
                           ? span(text, name, is_query_value)
                           : 0;
        if (value > 0) {
            cs_buf_append(out, text.ptr, name);
            cs_buf_str(out, "[signature]");
            return name + value;
        }
    }
    return 0;
}

void cs_redact(const struct cs_secrets *secrets, struct cs_view bytes, struct cs_buf *out)
{
    size_t at = 0;
    size_t plain = 0; /* start of the bytes that stay as they are */
    while (at < bytes.len) {
        struct cs_view rest = cs_view_of(bytes.ptr + at, bytes.len - at);
        struct cs_buf shown = CS_BUF(out->max);
        size_t used = match_registered(secrets, rest, &shown);
        /* The other shapes are words: in the middle of one nothing new begins. */
        if (used == 0 && (at == 0 || !is_alnum(bytes.ptr[at - 1]))) {
            used = match_bearer(rest, &shown);
            used = used ? used : match_jwt(rest, &shown);
            used = used ? used : match_key(rest, &shown);
            used = used ? used : match_presigned(rest, &shown);
        }
        if (used > 0) {
            cs_buf_append(out, bytes.ptr + plain, at - plain);
            cs_buf_add(out, cs_buf_view(&shown));
            cs_buf_free(&shown);
            plain = at + used;
        }
        at += used > 0 ? used : 1;
    }
    if (bytes.ptr) {
        cs_buf_append(out, bytes.ptr + plain, bytes.len - plain);
    }
}

static void put_byte(unsigned char byte, struct cs_buf *out)
{
    switch (byte) {
    case '\n':
        cs_buf_char(out, '\n');
        break;
    case '\r':
        cs_buf_str(out, "\\r");
        break;
    case '\t':
        cs_buf_str(out, "\\t");
        break;
    case '\\':
        cs_buf_str(out, "\\\\");
        break;
    default:
        cs_buf_printf(out, "\\x%02x", byte);
    }
}

/* Length of the run of bytes at the start that can be shown as they are, within valid UTF-8. */
static size_t plain_run(enum cs_text_kind kind, struct cs_view valid)
{
    size_t at = 0;
    while (at < valid.len) {
        unsigned char byte = (unsigned char)valid.ptr[at];
        bool c1 = byte == 0xc2 && at + 1 < valid.len && (unsigned char)valid.ptr[at + 1] < 0xa0;
        if (byte < 0x20 || byte == 0x7f || (byte == '\\' && kind == CS_TEXT_BYTES) || c1) {
            break;
        }
        at++;
    }
    return at;
}

void cs_readable(enum cs_text_kind kind, struct cs_view bytes, struct cs_buf *out)
{
    size_t valid_until = 0; /* all before it is known to be valid UTF-8 */
    size_t at = 0;
    while (at < bytes.len) {
        if (at >= valid_until) {
            struct cs_view rest = cs_view_of(bytes.ptr + at, bytes.len - at);
            valid_until = at + cs_utf8_valid_prefix(rest);
        }
        size_t run = plain_run(kind, cs_view_of(bytes.ptr + at, valid_until - at));
        cs_buf_append(out, bytes.ptr + at, run);
        at += run;
        if (at < bytes.len && (run == 0 || at < valid_until)) {
            unsigned char lead = (unsigned char)bytes.ptr[at];
            put_byte(lead, out);
            at++;
            if (lead == 0xc2 && at < valid_until) { /* the second byte of a C1 character */
                put_byte((unsigned char)bytes.ptr[at++], out);
            }
        }
    }
}

/* Cuts text that is over `max` bytes, not in the middle of a character. */
static uint64_t cut(struct cs_buf *text, size_t max)
{
    if (text->len <= max) {
        return 0;
    }
    size_t keep = max;
    while (max - keep < 3 && keep > 0 && ((unsigned char)text->ptr[keep] & 0xc0) == 0x80) {
        keep--;
    }
    uint64_t left_out = text->len - keep;
    text->len = keep;
    return left_out;
}

char *cs_safe_text(const struct cs_secrets *secrets, enum cs_text_kind kind, struct cs_view bytes,
                   size_t max, uint64_t *ret_left_out)
{
    /* A secret that begins before the cut must be seen whole, or its first part would show. */
    size_t window = max + CS_REDACT_MAX_SECRET;
    size_t looked_at = bytes.len < window ? bytes.len : window;
    struct cs_buf clean = CS_BUF(8 * window);
    struct cs_buf text = CS_BUF(64 * window); /* a byte becomes at most four, a key "[token]" */
    cs_redact(secrets, cs_view_of(bytes.ptr, looked_at), &clean);
    uint64_t left_out = cut(&clean, max) + (bytes.len - looked_at);
    cs_readable(kind, cs_buf_view(&clean), &text);
    left_out += cut(&text, max);
    cs_buf_free(&clean);
    cs_buf_char(&text, '\0');
    char *copy = cs_buf_take(&text);
    if (copy && ret_left_out) {
        *ret_left_out = left_out;
    }
    return copy;
}
