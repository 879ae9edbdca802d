/* The page around the data: its template, its style, its script, and the policy that names them. */
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "embedded/page_html.h"
#include "embedded/page_css_layout.h"
#include "embedded/page_css_case.h"
#include "embedded/page_css_print.h"
#include "embedded/page_js_text.h"
#include "embedded/page_js_model.h"
#include "embedded/page_js_wire.h"
#include "embedded/page_js_timeline.h"
#include "embedded/page_js_case.h"
#include "embedded/page_js_summary.h"
#include "embedded/page_js_grid.h"
#include "embedded/page_js_keys.h"
#include "embedded/page_js_main.h"
#include "reports/html.h"
#include "wire/utf8.h"

#define MAX_PART    ((size_t)1024 * 1024)
#define HASH_LENGTH (4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1)

struct part {
    const unsigned char *bytes;
    const size_t *len;
};

/* In this order: later files use what earlier ones define. */
static const struct part styles[] = {
    {page_css_layout, &page_css_layout_len},
    {page_css_case, &page_css_case_len},
    {page_css_print, &page_css_print_len},
    {NULL, NULL},
};

static const struct part scripts[] = {
    {page_js_text, &page_js_text_len}, {page_js_model, &page_js_model_len},
    {page_js_wire, &page_js_wire_len}, {page_js_timeline, &page_js_timeline_len},
    {page_js_case, &page_js_case_len}, {page_js_summary, &page_js_summary_len},
    {page_js_grid, &page_js_grid_len}, {page_js_keys, &page_js_keys_len},
    {page_js_main, &page_js_main_len}, {NULL, NULL},
};

static void put_parts(const struct part *parts, struct cs_buf *out)
{
    for (; parts->bytes; parts++) {
        cs_buf_append(out, (const char *)parts->bytes, *parts->len);
    }
}

/* 'sha256-...' of exactly the bytes between the element's tags. */
static void put_hash(const struct part *parts, struct cs_buf *out)
{
    struct cs_buf text = CS_BUF(MAX_PART);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    unsigned char encoded[HASH_LENGTH];
    put_parts(parts, &text);
    if (cs_buf_error(&text) != CS_OK) {
        out->failed = CS_ERR_NO_MEMORY;
    } else {
        SHA256((const unsigned char *)text.ptr, text.len, digest);
        EVP_EncodeBlock(encoded, digest, sizeof digest);
        cs_buf_printf(out, "'sha256-%s'", (const char *)encoded);
    }
    cs_buf_free(&text);
}

static void put_policy(struct cs_buf *out)
{
    cs_buf_str(out, "default-src 'none'; script-src ");
    put_hash(scripts, out);
    cs_buf_str(out, "; style-src ");
    put_hash(styles, out);
    cs_buf_str(out, "; base-uri 'none'; form-action 'none'");
}

/* Appends the template from `at` to the next {{NAME}}, which is put in `ret_name`; an empty name at
 * the end. Returns where it goes on. */
static size_t put_template(size_t at, struct cs_view *ret_name, struct cs_buf *out)
{
    struct cs_view rest = cs_view_of((const char *)page_html + at, page_html_len - at);
    size_t start = cs_view_find(rest, CS_VIEW("{{"));
    *ret_name = (struct cs_view){0};
    if (start == SIZE_MAX) {
        cs_buf_add(out, rest);
        return page_html_len;
    }
    cs_buf_append(out, rest.ptr, start);
    struct cs_view name = cs_view_of(rest.ptr + start + 2, rest.len - start - 2);
    size_t len = cs_view_find(name, CS_VIEW("}}"));
    *ret_name = cs_view_of(name.ptr, len);
    return at + start + 2 + len + 2;
}

/* From `at` to the place of the data, or from there to the end. */
static size_t put_page(size_t at, struct cs_buf *out)
{
    struct cs_view name;
    do {
        at = put_template(at, &name, out);
        if (cs_view_eq(name, CS_VIEW("policy"))) {
            put_policy(out);
        } else if (cs_view_eq(name, CS_VIEW("style"))) {
            put_parts(styles, out);
        } else if (cs_view_eq(name, CS_VIEW("script"))) {
            put_parts(scripts, out);
        }
    } while (name.len > 0 && !cs_view_eq(name, CS_VIEW("data")));
    return at;
}

void cs_html_open(struct cs_buf *out)
{
    (void)put_page(0, out);
}

void cs_html_close(struct cs_buf *out)
{
    struct cs_buf before = CS_BUF(2 * MAX_PART);
    size_t at = put_page(0, &before);
    cs_buf_free(&before);
    (void)put_page(at, out);
}

/* ---- the data ---- */

/* The code point of the character at the start of valid UTF-8, and its length. */
static unsigned code_point(struct cs_view text, size_t *ret_len)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    if (p[0] < 0x80) {
        *ret_len = 1;
        return p[0];
    }
    if (p[0] < 0xe0) {
        *ret_len = 2;
        return (unsigned)(p[0] & 0x1f) << 6 | (p[1] & 0x3fu);
    }
    if (p[0] < 0xf0) {
        *ret_len = 3;
        return (unsigned)(p[0] & 0x0f) << 12 | (unsigned)(p[1] & 0x3f) << 6 | (p[2] & 0x3fu);
    }
    *ret_len = 4;
    return 0x10000; /* none of those has a special meaning here */
}

/* What could end the element or begin a comment in it, what a reader of the source would not see,
 * and what would turn the text around it. White space between the members stays. */
static bool is_special(unsigned code)
{
    return code == '<' || code == '>' || code == '&' ||
           (code < 0x20 && code != '\n' && code != '\r' && code != '\t') ||
           (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

static void put_escaped(struct cs_view json, struct cs_buf *out)
{
    size_t at = 0;
    size_t plain = 0; /* from here on nothing is written yet */
    size_t valid_until = 0;
    while (at < json.len) {
        if (at >= valid_until) {
            valid_until = at + cs_utf8_valid_prefix(cs_view_of(json.ptr + at, json.len - at));
        }
        bool valid = at < valid_until;
        size_t len = 1;
        unsigned code = valid ? code_point(cs_view_of(json.ptr + at, valid_until - at), &len) : 0;
        if (!valid || is_special(code)) {
            cs_buf_append(out, json.ptr + plain, at - plain);
            if (valid) {
                cs_buf_printf(out, "\\u%04x", code);
            } else { /* as text: JSON has no escape for a byte */
                cs_buf_printf(out, "\\\\x%02x", (unsigned char)json.ptr[at]);
            }
            plain = at + len;
        }
        at += len;
    }
    cs_buf_append(out, json.ptr ? json.ptr + plain : NULL, json.len - plain);
}

void cs_html_data(struct cs_buf *out, const char *class, struct cs_view json)
{
    cs_buf_printf(out, "<script type=\"application/json\" class=\"%s\">", class);
    put_escaped(json.len > 0 ? json : CS_VIEW("null"), out);
    cs_buf_str(out, "</script>\n");
}
