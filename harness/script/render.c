#include "script/render.h"

#include "wire/append.h"
#include "wire/json.h"

/* Records are stamped from here on, one millisecond apart, so that a script always gives the same
 * bytes. */
#define FIRST_TIMESTAMP UINT64_C(1767225600000)

static uint64_t timestamp_of(uint64_t seq_num)
{
    /* Far sequence numbers would leave the range of dates; no reader compares them with a clock. */
    return FIRST_TIMESTAMP + seq_num % UINT64_C(1000000000);
}

static void put_string(struct cs_buf *out, struct cs_view text)
{
    cs_buf_char(out, '"');
    cs_json_escape(out, text);
    cs_buf_char(out, '"');
}

static void put_record(struct cs_buf *out, const struct cs_render_record *record)
{
    if (record->raw.len > 0) {
        cs_buf_add(out, record->raw);
        return;
    }
    cs_buf_printf(out, "{\"seq_num\":%llu,\"timestamp\":%llu", (unsigned long long)record->seq_num,
                  (unsigned long long)timestamp_of(record->seq_num));
    for (size_t i = 0; i < record->n_headers; i++) {
        cs_buf_str(out, i == 0 ? ",\"headers\":[[" : ",[");
        put_string(out, record->headers[i].name);
        cs_buf_char(out, ',');
        put_string(out, record->headers[i].value);
        cs_buf_char(out, ']');
    }
    if (record->n_headers > 0) {
        cs_buf_char(out, ']');
    }
    if (record->body.len > 0) {
        cs_buf_str(out, ",\"body\":");
        put_string(out, record->body);
    }
    cs_buf_char(out, '}');
}

void cs_render_batch(struct cs_render *render, const struct cs_render_record *records,
                     size_t n_records)
{
    uint64_t last = 0;
    for (size_t i = 0; i < n_records; i++) {
        if (records[i].raw.len == 0) {
            last = records[i].seq_num;
            render->n_bytes +=
                cs_record_metered(records[i].headers, records[i].n_headers, records[i].body.len);
        } else {
            render->n_bytes += records[i].raw.len;
        }
    }
    render->n_records += n_records;

    struct cs_buf *out = render->out;
    cs_buf_printf(out, "event: batch%sid: %llu,%llu,%llu%sdata: {\"records\":[", render->eol,
                  (unsigned long long)last, (unsigned long long)render->n_records,
                  (unsigned long long)render->n_bytes, render->eol);
    for (size_t i = 0; i < n_records; i++) {
        if (i > 0) {
            cs_buf_char(out, ',');
        }
        put_record(out, &records[i]);
    }
    cs_buf_printf(out, "],\"tail\":{\"seq_num\":%llu,\"timestamp\":%llu}}%s%s",
                  (unsigned long long)last + 1, (unsigned long long)timestamp_of(last), render->eol,
                  render->eol);
}

void cs_render_ping(struct cs_render *render, struct cs_view data)
{
    cs_buf_printf(render->out, "event: ping%sdata: ", render->eol);
    if (data.len > 0) {
        cs_buf_add(render->out, data);
    } else {
        cs_buf_printf(render->out, "{\"timestamp\":%llu}", (unsigned long long)FIRST_TIMESTAMP);
    }
    cs_buf_printf(render->out, "%s%s", render->eol, render->eol);
}

void cs_render_error(struct cs_render *render, struct cs_view text)
{
    cs_buf_printf(render->out, "event: error%sdata: ", render->eol);
    cs_buf_add(render->out, text);
    cs_buf_printf(render->out, "%s%s", render->eol, render->eol);
}

void cs_render_done(struct cs_render *render)
{
    cs_buf_printf(render->out, "data: [DONE]%s%s", render->eol, render->eol);
}

void cs_render_envelope(struct cs_buf *out, struct cs_view json, struct cs_view id)
{
    cs_buf_str(out, "{\"data\":");
    cs_buf_add(out, json);
    cs_buf_str(out, ",\"id\":");
    put_string(out, id);
    cs_buf_char(out, '}');
}
