#include "client/distort.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/json.h"
#include "wire/utf8.h"

#define MAX_LINE   ((size_t)32 * 1024 * 1024)
#define SMALL_READ 16
#define BOM        "\xef\xbb\xbf"

bool cs_distort_needed(const struct cs_chat_policy *policy)
{
    int64_t any = 0;
#define ADD_FIELD(field, preset, what) any |= policy->field;
    CS_CHAT_POLICY_DECODING(ADD_FIELD)
#undef ADD_FIELD
    return any != 0;
}

void cs_distort_restart(struct cs_distort *distort, const struct cs_chat_policy *policy)
{
    distort->line.max = MAX_LINE;
    distort->out.max = 2 * MAX_LINE;
    distort->cursor.max = 1024;
    if (!policy->keep_partial_line) {
        cs_buf_clear(&distort->line);
    }
    distort->event_name[0] = '\0';
    distort->event_has_name = distort->event_has_data = false;
    distort->after_cr = distort->started = false;
}

void cs_distort_free(struct cs_distort *distort)
{
    cs_buf_free(&distort->line);
    cs_buf_free(&distort->out);
    cs_buf_free(&distort->cursor);
}

/* ---- lines ---- */

static void put_line(struct cs_distort *distort, struct cs_view line)
{
    cs_buf_add(&distort->out, line);
    cs_buf_char(&distort->out, '\n');
}

static bool is_field(struct cs_view line, const char *name)
{
    size_t len = strlen(name);
    return cs_view_starts_with(line, cs_view_str(name)) &&
           (line.len == len || line.ptr[len] == ':');
}

static bool holds(struct cs_view line, const char *text)
{
    return cs_view_find(line, cs_view_str(text)) != SIZE_MAX;
}

/* What a decoder that does not expect it loses a whole batch to. */
static bool loses_batch(const struct cs_chat_policy *policy, struct cs_view line)
{
    return (policy->lose_null_headers &&
            (holds(line, "\"headers\":null") || holds(line, "\"headers\":[]"))) ||
           (policy->lose_unknown_members && holds(line, "\"x_")) ||
           (policy->lose_without_timestamp && holds(line, "\"seq_num\"") &&
            !holds(line, "\"timestamp\"")) ||
           (policy->lose_proto && holds(line, "__proto__")) ||
           (policy->need_utf8 && cs_utf8_valid_prefix(line) < line.len);
}

static void take_string_seq(struct cs_distort *distort, struct cs_view line)
{
    static const char key[] = "\"seq_num\":\"";
    size_t at = cs_view_find(line, CS_VIEW("\"seq_num\":\""));
    if (at == SIZE_MAX) {
        return;
    }
    const char *start = line.ptr + at + sizeof key - 1;
    const char *end = memchr(start, '"', (size_t)(line.ptr + line.len - start));
    if (end) {
        cs_buf_clear(&distort->cursor);
        cs_json_unescape(cs_view_of(start, (size_t)(end - start)), &distort->cursor);
    }
}

static void data_line(struct cs_distort *distort, const struct cs_chat_policy *policy,
                      struct cs_view line)
{
    if ((policy->event_line_first && !distort->event_has_name && !holds(line, "[DONE]")) ||
        loses_batch(policy, line)) {
        return;
    }
    if (policy->string_seq_is_cursor) {
        take_string_seq(distort, line);
    }
    bool named = policy->event_name_sticks && !distort->event_has_name && distort->event_name[0];
    if (named) {
        cs_buf_printf(&distort->out, "event: %s\n", distort->event_name);
    }
    distort->event_has_data = true;
    if (policy->fail_on_empty_list && holds(line, "\"records\":[]")) {
        cs_buf_str(&distort->out, "event: error\n"); /* the last name counts */
    }
    put_line(distort, line);
    if (policy->data_line_is_event) {
        put_line(distort, (struct cs_view){0});
    }
}

static void event_line(struct cs_distort *distort, const struct cs_chat_policy *policy,
                       struct cs_view line)
{
    struct cs_view name = cs_view_trim(cs_view_of(line.ptr + 5, line.len - 5));
    if (name.len > 0 && name.ptr[0] == ':') {
        name = cs_view_trim(cs_view_of(name.ptr + 1, name.len - 1));
    }
    snprintf(distort->event_name, sizeof distort->event_name, "%.*s", CS_VIEW_ARG(name));
    distort->event_has_name = true;
    if (!(policy->ignore_batches && cs_view_eq(name, CS_VIEW("batch")))) {
        put_line(distort, line);
    }
}

static void blank_line(struct cs_distort *distort, const struct cs_chat_policy *policy)
{
    bool keeps = policy->empty_event_sticks && distort->event_has_name && !distort->event_has_data;
    if (!keeps) {
        put_line(distort, (struct cs_view){0});
        distort->event_has_name = false;
    }
    distort->event_has_data = false;
}

static void other_line(struct cs_distort *distort, const struct cs_chat_policy *policy,
                       struct cs_view line)
{
    bool comment = line.ptr[0] == ':';
    bool known = is_field(line, "id") || is_field(line, "retry");
    if (policy->adopt_retry && is_field(line, "retry") && line.len > 7) {
        int64_t retry_ms = strtoll(line.ptr + 6, NULL, 10);
        distort->retry_ms = retry_ms > 0 ? retry_ms : distort->retry_ms;
    }
    bool ends = comment ? policy->comment_ends_event : !known && policy->unknown_field_ends_event;
    put_line(distort, ends ? (struct cs_view){0} : line);
}

/* One line without its end; NUL-terminated. */
static void take_line(struct cs_distort *distort, const struct cs_chat_policy *policy,
                      struct cs_view line)
{
    char *colon = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;
    bool field = colon && colon > line.ptr;
    if (policy->need_space && field && colon + 1 < line.ptr + line.len && colon[1] != ' ') {
        return;
    }
    if (policy->names_by_prefix && cs_view_starts_with(line, CS_VIEW("eventx:"))) {
        cs_buf_str(&distort->out, "event:");
        put_line(distort, cs_view_of(line.ptr + 7, line.len - 7));
        return;
    }
    if (line.len == 0) {
        blank_line(distort, policy);
    } else if (is_field(line, "data")) {
        data_line(distort, policy, line);
    } else if (is_field(line, "event")) {
        event_line(distort, policy, line);
    } else {
        other_line(distort, policy, line);
    }
}

static void end_line(struct cs_distort *distort, const struct cs_chat_policy *policy)
{
    cs_buf_char(&distort->line, '\0');
    take_line(distort, policy, cs_view_of(distort->line.ptr, distort->line.len - 1));
    cs_buf_clear(&distort->line);
}

/* ---- bytes ---- */

/* The length of a character that this decoder takes for a line end, or 0. */
static size_t unicode_end(struct cs_view rest)
{
    return cs_view_starts_with(rest, CS_VIEW("\xe2\x80\xa8")) ||
                   cs_view_starts_with(rest, CS_VIEW("\xe2\x80\xa9"))
               ? 3
           : cs_view_starts_with(rest, CS_VIEW("\xc2\x85")) ? 2
                                                            : 0;
}

/* One byte or line end; gives how many bytes that took. */
static size_t take_byte(struct cs_distort *distort, const struct cs_chat_policy *policy,
                        struct cs_view rest)
{
    char c = rest.ptr[0];
    bool after_cr = distort->after_cr;
    distort->after_cr = false;
    size_t special = policy->unicode_line_ends ? unicode_end(rest) : 0;
    if (special > 0) {
        end_line(distort, policy);
        return special;
    }
    if (c == '\n') {
        if (!after_cr || policy->crlf_in_two_reads) {
            end_line(distort, policy);
        }
        return 1;
    }
    bool lone = rest.len < 2 || rest.ptr[1] != '\n';
    bool text = policy->lf_lines_only || (policy->cr_is_text && lone);
    if (c == '\r' && !text) {
        end_line(distort, policy);
        distort->after_cr = true;
        return 1;
    }
    cs_buf_char(&distort->line, c == '\r' ? ' ' : c);
    return 1;
}

struct cs_view cs_distort(struct cs_distort *distort, const struct cs_chat_policy *policy,
                          struct cs_view bytes)
{
    cs_buf_clear(&distort->out);
    if (!distort->started) {
        distort->started = true;
        /* The reader takes one mark away, so that the other one stays. */
        if (policy->keep_bom && cs_view_starts_with(bytes, CS_VIEW(BOM))) {
            cs_buf_str(&distort->out, BOM);
        }
    }
    for (size_t i = 0; i < bytes.len;) {
        i += take_byte(distort, policy, cs_view_of(bytes.ptr + i, bytes.len - i));
        /* The pieces that the server sent may have come as one. */
        if (policy->line_per_read && i % SMALL_READ == 0) {
            cs_buf_clear(&distort->line);
        }
    }
    return cs_buf_view(&distort->out);
}
