#include "conformance/decode/divergences.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/decode/base64.h"
#include "embedded/cs_decode_divergences_json.h"
#include "wire/json.h"
#include "wire/version.h"

#define STREAM_MAX ((size_t)8 * 1024 * 1024)
#define LINE_MAX   ((size_t)1024 * 1024)

/* ---- reading ---- */

static bool take_text(struct cs_view row, const char *name, char *text, size_t size)
{
    struct cs_view value;
    struct cs_buf out = CS_BUF(size - 1);
    bool there = cs_json_get(row, cs_view_str(name), &value) == CS_OK &&
                 cs_json_string(value, &out) == CS_OK;

    if (there) {
        (void)snprintf(text, size, "%.*s", CS_VIEW_ARG(cs_buf_view(&out)));
    }
    cs_buf_free(&out);
    return there;
}

/* How a version compares with a bound of the row; `absent` when either is not known. */
static int compare(struct cs_view row, const char *name, const char *version, int absent)
{
    char bound[32];
    struct cs_version theirs;
    struct cs_version limit;

    if (!take_text(row, name, bound, sizeof bound) || cs_version_parse(bound, &limit) ||
        cs_version_parse(version, &theirs)) {
        return absent;
    }
    return cs_version_compare(theirs, limit);
}

/* Rows hold from `since` on and before `until`. */
static bool applies(struct cs_view row, const char *version, const char *parser)
{
    return compare(row, "since", version, 0) >= 0 && compare(row, "until", version, -1) < 0 &&
           compare(row, "parser_since", parser, 0) >= 0 &&
           compare(row, "parser_until", parser, -1) < 0;
}

static bool take_stream(struct cs_view row, struct cs_buf *stream)
{
    struct cs_view value;

    *stream = CS_BUF(STREAM_MAX);
    if (cs_json_get(row, CS_VIEW("base64"), &value) == CS_OK) {
        return value.len >= 2 && cs_base64_read(cs_view_of(value.ptr + 1, value.len - 2), stream);
    }
    return cs_json_get(row, CS_VIEW("stream"), &value) == CS_OK &&
           cs_json_string(value, stream) == CS_OK;
}

static void take_cut(struct cs_view row, struct cs_cut *cut)
{
    struct cs_view value;
    struct cs_json json;
    struct cs_json_token token;

    *cut = (struct cs_cut){.n = 0};
    if (cs_json_get(row, CS_VIEW("cut"), &value)) {
        return;
    }
    cs_json_init(&json, value);
    while (cs_json_next(&json, &token, NULL) > CS_JSON_END && token.type != CS_JSON_ERROR) {
        if (token.type == CS_JSON_NUMBER && cut->n < CS_TRIAL_PIECES &&
            cs_json_u64(&token, &cut->pieces[cut->n]) == CS_OK) {
            cut->n++;
        }
    }
}

static enum cs_err take_row(struct cs_view text, struct cs_divergence *row, struct cs_diag *diag)
{
    if (!take_text(text, "id", row->id, sizeof row->id)) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "a divergence without id");
    }
    if (!take_text(text, "kind", row->kind, sizeof row->kind) || !take_stream(text, &row->stream) ||
        cs_json_get(text, CS_VIEW("signatures"), &row->signatures) ||
        cs_json_get(text, CS_VIEW("ours"), &row->ours) ||
        cs_json_get(text, CS_VIEW("theirs"), &row->theirs)) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "divergence %s lacks a member", row->id);
    }
    take_cut(text, &row->cut);
    if (!take_text(text, "cause", row->cause, sizeof row->cause)) {
        return cs_fail(diag, CS_ERR_MISSING, 0, "divergence %s lacks its cause", row->id);
    }
    (void)take_text(text, "since", row->since, sizeof row->since);
    (void)take_text(text, "until", row->until, sizeof row->until);
    (void)take_text(text, "parser_since", row->parser_since, sizeof row->parser_since);
    (void)take_text(text, "parser_until", row->parser_until, sizeof row->parser_until);
    return CS_OK;
}

static struct cs_divergence *add(struct cs_divergences *known)
{
    struct cs_divergence *more = realloc(known->rows, (known->n + 1) * sizeof *known->rows);

    if (!more) {
        return NULL;
    }
    known->rows = more;
    more[known->n] = (struct cs_divergence){.n_seen = 0};
    return &more[known->n++];
}

enum cs_err cs_divergences_load(const char *version, const char *parser,
                                struct cs_divergences *ret_known, struct cs_diag *diag)
{
    struct cs_view all =
        cs_view_of((const char *)cs_decode_divergences_json, cs_decode_divergences_json_len);
    struct cs_view text;
    struct cs_json json;
    struct cs_json_token token;
    enum cs_err err = cs_json_check(all, diag);

    *ret_known = (struct cs_divergences){0};
    if (err || cs_json_get(all, CS_VIEW("divergences"), &text)) {
        return err ? err : cs_fail(diag, CS_ERR_MISSING, 0, "no divergences");
    }
    cs_json_init(&json, text);
    (void)cs_json_next(&json, &token, NULL);
    while (!err && cs_json_next(&json, &token, diag) == CS_JSON_OBJECT) {
        err = cs_json_value_text(&json, &token, &text, diag);
        if (!err && applies(text, version, parser)) {
            struct cs_divergence *row = add(ret_known);
            err = row ? take_row(text, row, diag) : CS_ERR_NO_MEMORY;
        }
    }
    if (err) {
        cs_divergences_free(ret_known);
    }
    return err;
}

void cs_divergences_free(struct cs_divergences *known)
{
    for (size_t i = 0; i < known->n; i++) {
        cs_buf_free(&known->rows[i].stream);
    }
    free(known->rows);
    *known = (struct cs_divergences){0};
}

/* ---- asking ---- */

bool cs_divergence_is(const struct cs_divergence *row, const struct cs_fault *fault)
{
    struct cs_json json;
    struct cs_json_token token;
    bool is = false;

    cs_json_init(&json, row->signatures);
    while (!is && cs_json_next(&json, &token, NULL) > CS_JSON_END && token.type != CS_JSON_ERROR) {
        char glob[320];
        struct cs_buf text = CS_BUF(sizeof glob - 1);

        if (token.type == CS_JSON_STRING) {
            cs_json_unescape(token.raw, &text);
            (void)snprintf(glob, sizeof glob, "%.*s", CS_VIEW_ARG(cs_buf_view(&text)));
            is = fnmatch(glob, fault->cause, 0) == 0;
        }
        cs_buf_free(&text);
    }
    return is;
}

struct cs_divergence *cs_divergence_of(const struct cs_divergences *known,
                                       const struct cs_fault *fault)
{
    for (size_t i = 0; i < known->n; i++) {
        if (cs_divergence_is(&known->rows[i], fault)) {
            return &known->rows[i];
        }
    }
    return NULL;
}

bool cs_divergence_says(struct cs_view lines, const struct cs_event_list *list)
{
    struct cs_buf text = CS_BUF(LINE_MAX);
    struct cs_json json;
    struct cs_json_token token;
    bool same;

    cs_json_init(&json, lines);
    while (cs_json_next(&json, &token, NULL) > CS_JSON_END && token.type != CS_JSON_ERROR) {
        if (token.type == CS_JSON_STRING) {
            cs_json_unescape(token.raw, &text);
            cs_buf_char(&text, '\n');
        }
    }
    same = cs_view_eq(cs_buf_view(&text), cs_buf_view(&list->text));
    cs_buf_free(&text);
    return same;
}

/* ---- writing ---- */

static void write_string(struct cs_buf *out, const char *name, struct cs_view text)
{
    cs_buf_printf(out, "\"%s\": \"", name);
    cs_json_escape(out, text);
    cs_buf_str(out, "\"");
}

static void write_lines(struct cs_buf *out, const char *name, const struct cs_event_list *list)
{
    cs_buf_printf(out, ",\n   \"%s\": [", name);
    for (size_t i = 0; i < list->n; i++) {
        cs_buf_str(out, i > 0 ? ", \"" : "\"");
        cs_json_escape(out, cs_event_list_line(list, i));
        cs_buf_char(out, '"');
    }
    cs_buf_char(out, ']');
}

static bool is_text(struct cs_view stream)
{
    for (size_t i = 0; i < stream.len; i++) {
        unsigned char c = (unsigned char)stream.ptr[i];
        if (c >= 0x7f || c == 0) {
            return false;
        }
    }
    return true;
}

void cs_divergence_write(const struct cs_trial *trial, const struct cs_fault *fault,
                         struct cs_view stream, struct cs_buf *out)
{
    const struct cs_event_list *ours =
        trial->comparable == CS_OK ? &trial->wanted : &trial->whole.list;

    cs_buf_str(out, "  {\"id\": \"\", \"since\": \"\", \"kind\": \"\", \"cause\": \"\",\n   ");
    cs_buf_str(out, "\"signatures\": [\"");
    cs_json_escape(out, cs_view_str(fault->cause));
    cs_buf_str(out, "\"],\n   ");
    if (is_text(stream)) {
        write_string(out, "stream", stream);
    } else {
        cs_buf_str(out, "\"base64\": \"");
        cs_base64_add(out, stream);
        cs_buf_char(out, '"');
    }
    for (size_t i = 0; i < fault->cut.n; i++) {
        cs_buf_printf(out, "%s%llu", i == 0 ? ", \"cut\": [" : ", ",
                      (unsigned long long)fault->cut.pieces[i]);
    }
    cs_buf_str(out, fault->cut.n > 0 ? "]" : "");
    write_lines(out, "ours", ours);
    write_lines(out, "theirs", &trial->answer.list);
    cs_buf_str(out, "}\n");
}
