#include "endpoint/streams/sse_render.h"

#include <inttypes.h>
#include <limits.h>
#include <openssl/evp.h>

#include "wire/append.h"
#include "wire/json.h"
#include "wire/utf8.h"

void cs_put_raw_string(struct cs_buf *out, struct cs_view bytes)
{
    cs_buf_char(out, '"');
    if (cs_utf8_valid_prefix(bytes) == bytes.len) {
        cs_json_escape(out, bytes);
    } else {
        struct cs_buf text = CS_BUF(bytes.len <= SIZE_MAX / 4 ? bytes.len * 3 + 16 : SIZE_MAX / 2);
        struct cs_utf8 utf8 = {.started = true}; /* a leading byte order mark is text here */
        cs_utf8_feed(&utf8, bytes, &text);
        cs_utf8_finish(&utf8, &text);
        cs_json_escape(out, cs_buf_view(&text));
        cs_buf_free(&text);
    }
    cs_buf_char(out, '"');
}

static void put_base64(struct cs_buf *out, struct cs_view bytes)
{
    size_t size = bytes.len / 3 * 4 + 4;
    cs_buf_char(out, '"');
    char *room = bytes.len <= INT_MAX / 2 ? cs_buf_reserve(out, size + 1) : NULL;
    if (room != NULL && bytes.len > 0) {
        int n = EVP_EncodeBlock((unsigned char *)room, (const unsigned char *)bytes.ptr,
                                (int)bytes.len);
        out->len += n > 0 ? (size_t)n : 0;
    }
    cs_buf_char(out, '"');
}

static void put_text(enum cs_format format, struct cs_view bytes, struct cs_buf *out)
{
    if (format == CS_FORMAT_BASE64) {
        put_base64(out, bytes);
    } else {
        cs_put_raw_string(out, bytes);
    }
}

static void put_lower_case(struct cs_buf *out, struct cs_view name)
{
    struct cs_buf lower = CS_BUF(name.len + 16);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        cs_buf_char(&lower, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
    cs_put_raw_string(out, cs_buf_view(&lower));
    cs_buf_free(&lower);
}

static void put_headers(enum cs_format format, const struct cs_header *headers, size_t n,
                        bool lower_case_names, struct cs_buf *out)
{
    cs_buf_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        cs_buf_str(out, i > 0 ? ",[" : "[");
        if (lower_case_names && format == CS_FORMAT_RAW) {
            put_lower_case(out, headers[i].name);
        } else {
            put_text(format, headers[i].name, out);
        }
        cs_buf_char(out, ',');
        put_text(format, headers[i].value, out);
        cs_buf_char(out, ']');
    }
    cs_buf_char(out, ']');
}

void cs_put_headers(struct cs_buf *out, const struct cs_header *headers, size_t n,
                    bool lower_case_names)
{
    put_headers(CS_FORMAT_RAW, headers, n, lower_case_names, out);
}

static bool is_fence(const struct cs_record *record)
{
    return record->kind == CS_RECORD_COMMAND &&
           cs_view_eq(record->headers[0].value, CS_VIEW("fence"));
}

static void put_body(const struct cs_policy *policy, enum cs_format format,
                     const struct cs_record *record, struct cs_buf *out)
{
    uint64_t first_kept = 0;
    struct cs_view body = record->body;
    if (policy->sse_max_body > 0 && body.len > (size_t)policy->sse_max_body) {
        body.len = (size_t)policy->sse_max_body;
    }
    if (is_fence(record) && !policy->sse_fence_body) {
        return;
    }
    if (record->kind == CS_RECORD_CONTROL && policy->sse_control_body) {
        cs_buf_str(out, ",\"body\":\"{}\"");
    } else if (record->kind == CS_RECORD_COMMAND && policy->sse_trim_as_decimal &&
               cs_trim_decode(record->body, &first_kept) == CS_OK) {
        cs_buf_printf(out, ",\"body\":\"%" PRIu64 "\"", first_kept);
    } else if (body.len > 0 || policy->sse_empty_members) { /* OUT-10 */
        cs_buf_str(out, ",\"body\":");
        size_t before = out->len;
        put_text(format, body, out);
        if (policy->sse_max_body_text > 0 &&
            out->len - before > (size_t)policy->sse_max_body_text) {
            out->len = before;
            put_text(format, cs_view_of(body.ptr, body.len / 2), out);
        }
    }
}

/* The fault of sse_control_by_body: what agents before the header form wrote (REC-20). */
static bool speaks_of_trigger(const struct cs_policy *policy, const struct cs_record *record)
{
    return policy->sse_control_by_body && record->kind == CS_RECORD_DATA &&
           cs_view_find(record->body, CS_VIEW("\"trigger:")) != SIZE_MAX;
}

static bool is_hidden(const struct cs_policy *policy, const struct cs_record *record)
{
    static const char *const known[] = {"turn-complete", "upgrade-required", "session-closed",
                                        "pending-version"};
    if (record->kind == CS_RECORD_COMMAND) {
        return policy->sse_hides_commands;
    }
    if (policy->sse_hides_closed &&
        cs_view_eq(cs_record_control(record), CS_VIEW("session-closed"))) {
        return true;
    }
    if (record->kind != CS_RECORD_CONTROL || !policy->sse_hides_unknown_control) {
        return false;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (cs_view_eq(cs_record_control(record), cs_view_str(known[i]))) {
            return false;
        }
    }
    return true;
}

static void put_record(const struct cs_policy *policy, enum cs_format format,
                       const struct cs_record *record, struct cs_buf *out)
{
    int64_t timestamp = record->timestamp;
    if (policy->sse_time_goes_back) {
        timestamp -= (int64_t)(record->seq_num * 1000);
    }
    const char *quote = policy->sse_seq_as_text ? "\"" : "";
    cs_buf_printf(out, "{\"seq_num\":%s%" PRIu64 "%s,\"timestamp\":%" PRId64, quote,
                  record->seq_num, quote, timestamp);
    if (speaks_of_trigger(policy, record)) {
        cs_buf_str(out, ",\"headers\":[[\"trigger-control\",\"turn-complete\"]]");
    } else if (record->n_headers > 0 || policy->sse_empty_members) { /* OUT-10 */
        cs_buf_str(out, ",\"headers\":");
        put_headers(format, record->headers, record->n_headers, policy->sse_lower_case_headers,
                    out);
    }
    put_body(policy, format, record, out);
    cs_buf_char(out, '}');
}

void cs_put_tail(const struct cs_policy *policy, struct cs_position tail, struct cs_buf *out)
{
    cs_buf_printf(out, "\"tail\":{\"seq_num\":%" PRIu64 ",\"timestamp\":%" PRId64 "}",
                  tail.seq_num + (uint64_t)policy->sse_tail_offset,
                  tail.timestamp + policy->sse_tail_time_offset);
}

/* Leaves out what the policy hides. */
void cs_put_records(const struct cs_policy *policy, enum cs_format format,
                    const struct cs_record *records, size_t n, bool comma, struct cs_buf *out)
{
    bool first = !comma;
    for (size_t i = 0; i < n; i++) {
        if (is_hidden(policy, &records[i])) {
            continue;
        }
        cs_buf_str(out, first ? "" : ",");
        put_record(policy, format, &records[i], out);
        first = false;
    }
    if (policy->sse_repeats_last || (policy->sse_overfull && n == CS_BATCH_MAX_RECORDS)) {
        cs_buf_str(out, first ? "" : ",");
        put_record(policy, format, &records[n - 1], out);
    }
}

/* The form that the channels page shows: an event for each record (OUT-42). */
static void put_plain(const struct cs_record *records, size_t n, struct cs_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (records[i].kind == CS_RECORD_DATA) {
            cs_buf_printf(out, "id: %" PRIu64 "\ndata: %.*s\n\n", records[i].seq_num,
                          CS_VIEW_ARG(records[i].body));
        }
    }
}

static void put_batch_id(const struct cs_policy *policy, uint64_t seq,
                         const struct cs_sse_counters *counters, struct cs_buf *out)
{
    if (policy->sse_id_is_seq) {
        cs_buf_printf(out, "id: %" PRIu64 "\n", seq);
    } else {
        cs_buf_printf(out, "id: %" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", seq, counters->n_records,
                      counters->metered + (uint64_t)policy->sse_id_bytes_offset);
    }
}

void cs_sse_put_data(const struct cs_policy *policy, enum cs_format format,
                     const struct cs_record *records, size_t n, const struct cs_position *tail,
                     struct cs_buf *out)
{
    cs_buf_str(out, "data: {\"records\":[");
    cs_put_records(policy, format, records, n, false, out);
    cs_buf_char(out, ']');
    for (int64_t line = 1; line < policy->sse_data_lines; line++) {
        cs_buf_str(out, "\ndata: ");
    }
    if (tail != NULL) {
        cs_buf_char(out, ',');
        cs_put_tail(policy, *tail, out);
    }
    cs_buf_str(out, "}\n\n");
}

void cs_sse_put_batch(const struct cs_policy *policy, const struct cs_sse_batch *batch,
                      struct cs_sse_counters *counters, struct cs_buf *out)
{
    const struct cs_record *records = batch->records;
    size_t n = batch->n;
    if (policy->sse_empty_batch && counters->n_records == 0) {
        cs_buf_str(out, "event: batch\nid: 0,0,0\ndata: {\"records\":[]}\n\n");
    }
    counters->n_records = (policy->sse_id_per_batch ? 0 : counters->n_records) + n;
    counters->metered += batch->metered;
    cs_buf_str(out, "event: batch\n");
    put_batch_id(policy, records[policy->sse_id_starts ? 0 : n - 1].seq_num, counters, out);
    cs_buf_add(out, batch->data);
    if (policy->sse_plain_too) {
        put_plain(records, n, out);
    }
}

void cs_sse_put_ping(const struct cs_policy *policy, int64_t now_ms, const struct cs_position *tail,
                     struct cs_buf *out)
{
    const char *quote = policy->sse_ping_time_as_text ? "\"" : "";
    cs_buf_str(out, "event: ping\n");
    cs_buf_str(out, policy->sse_ping_has_id ? "id: 0,0,0\n" : "");
    cs_buf_printf(out, "data: {\"timestamp\":%s%" PRId64 "%s", quote, now_ms, quote);
    if (tail != NULL) {
        cs_buf_char(out, ',');
        cs_put_tail(policy, *tail, out);
    }
    cs_buf_str(out, "}\n\n");
    if (policy->sse_extra_event) {
        cs_buf_str(out, "event: heartbeat\ndata: {}\n\n");
    }
}

void cs_sse_put_error(const char *code, const char *message, struct cs_buf *out)
{
    cs_buf_str(out, "event: error\ndata: {\"code\":");
    cs_put_raw_string(out, cs_view_str(code));
    cs_buf_str(out, ",\"message\":");
    cs_put_raw_string(out, cs_view_str(message));
    cs_buf_str(out, "}\n\n");
}
